//! `pausewake compare` where there is little to compare: arrivals that are lost, runs without a result, differences
//! within chance, flags and files that are not what they seem.

use proptest::prelude::*;
use serde_json::Value;

use crate::helper::{Folder, Said, UNREAL, flat, follows_schema, json};

fn compare(args: &[&str]) -> Said {
    Folder::new().say(&[&["compare"], args].concat())
}

/// What `args` write in each format that humans and spreadsheets read, and in JSON.
fn in_all_formats(folder: &Folder, args: &[&str], code: i32) -> [String; 4] {
    let files = [
        "-o", "it.txt", "-o", "it.csv", "-o", "it.html", "-o", "it.json",
    ];
    folder
        .say(&[&["compare"], args, &files].concat())
        .expect_code(code);
    ["it.txt", "it.csv", "it.html", "it.json"].map(|name| folder.read(name))
}

/// A saved load under virtual time.
fn save(folder: &Folder, name: &str, args: &[&str], code: i32) {
    folder
        .say(&[&UNREAL[..], &["-q"], args, &["-o", name]].concat())
        .expect_code(code);
}

#[test]
fn modes_of_an_open_loop_tell_what_they_lost() {
    let folder = Folder::new();
    let args = [
        "-R",
        "20k",
        "-n",
        "1k",
        "-c",
        "64",
        "--seeds",
        "2",
        "--set",
        "load.backlog=50",
    ];
    let [text, csv, html, report] = in_all_formats(&folder, &args, 0);
    let report: Value = serde_json::from_str(&report).expect("JSON");
    follows_schema("compare", &report);
    let of = |mode: usize, what: &str| {
        let count = report["modes"][mode]["open_loop"][what].as_u64();
        count.unwrap_or_else(|| panic!("no {what}: {report}"))
    };
    assert_eq!(of(0, "arrivals"), 2_000);
    let dropped = [of(0, "dropped"), of(1, "dropped")];
    assert!(dropped.iter().all(|it| *it > 0) && of(3, "dropped") == 0);
    assert!(of(0, "late") > 0);
    let thousands = |count: u64| format!("{},{:03}", count / 1_000, count % 1_000);
    let lost = format!(
        ", but software dropped {} of 2,000 arrivals",
        thousands(dropped[0])
    );
    let both = format!(
        "{lost}, and sync dropped {} of 2,000 arrivals.",
        thousands(dropped[1])
    );
    for said in [&flat(&text), &html] {
        assert!(said.contains("software: SATURATED: "), "{said}");
        assert!(said.contains("sync: SATURATED: "), "{said}");
        assert!(!said.contains("callback: SATURATED: "), "{said}");
        // No verdict without it.
        assert_eq!(said.contains(" than software by "), said.contains(&lost));
    }
    assert!(flat(&text).contains(&both), "{text}");
    for row in ["uncorr. p99", "late", "dropped"] {
        assert!(
            text.lines().any(|line| line.starts_with(row)),
            "{row}: {text}"
        );
    }
    for row in [
        format!("software,dropped,{},,2", dropped[0]),
        "callback,dropped,0,,2".to_owned(),
    ] {
        assert!(csv.contains(&row), "{csv}");
    }
    assert!(csv.contains("software,uncorrected_p99_ns,"), "{csv}");
    assert!(html.contains("dropped "), "{html}");
    // A closed loop has no such rows.
    let closed = compare(&["-n", "200", "--seeds", "1", "--no-break-even"]);
    assert!(!closed.expect_code(0).out.contains("dropped"));
}

#[test]
fn results_of_open_loops_tell_what_they_lost() {
    let folder = Folder::new();
    save(&folder, "calm.json", &["-R", "60k", "-d", "50ms"], 0);
    let lossy = [
        "-R",
        "90k",
        "-d",
        "50ms",
        "-c",
        "64",
        "--set",
        "load.backlog=50",
    ];
    save(&folder, "lossy.json", &lossy, 0);
    let files = ["calm.json", "lossy.json"];
    let [text, csv, html, report] = in_all_formats(&folder, &files, 0);
    follows_schema("compare", &serde_json::from_str(&report).expect("JSON"));
    for said in [&flat(&text), &html] {
        for part in [
            "SATURATED: lossy.json: more arrives than",
            ", but the candidate dropped ",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("SATURATED: calm.json"), "{said}");
    }
    for figure in ["uncorrected.p99", "late", "dropped"] {
        assert!(text.lines().any(|it| it.starts_with(figure)), "{text}");
        assert!(csv.contains(&format!("\n,{figure},")), "{csv}");
    }
    // Beside a closed loop, too: what the one has not is not zero.
    save(&folder, "closed.json", &["-n", "2k"], 0);
    let said = folder
        .say(&["compare", "closed.json", "lossy.json"])
        .expect_code(0);
    let dropped = said.out.lines().find(|it| it.starts_with("dropped"));
    let cells: Vec<&str> = dropped.expect("a row").split_whitespace().collect();
    assert_eq!((cells[1], cells[3]), ("n/a", "n/a"), "{}", said.out);
    // Of many points their names.
    for (name, backlog) in [("a.json", "1000"), ("b.json", "50")] {
        let backlog = format!("load.backlog={backlog}");
        let sweep = [
            "sweep",
            "--rate",
            "30k,90k,120k",
            "-c",
            "64",
            "-d",
            "20ms",
            "--set",
        ];
        folder
            .say(&[&sweep[..], &[&backlog, "-q", "-o", name]].concat())
            .expect_code(0);
    }
    let said = folder.say(&["compare", "a.json", "b.json"]).expect_code(0);
    for part in [
        "SATURATED: b.json: rate=90000; rate=120000.",
        "; arrivals were dropped in 2 of 3",
        "dropped arrivals of the candidate in 2 of 3",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    let row = said.out.lines().find(|it| it.starts_with("rate=90000 "));
    assert!(row.expect("a row").ends_with(" DROPS"), "{}", said.out);
}

#[test]
fn what_takes_no_time_is_never_beaten() {
    let args = ["-n", "200", "--seeds", "2", "--set", "host.base=free"];
    let said = compare(&args).expect_code(0);
    for part in [
        "software takes no time: callback is held against nothing.",
        "software takes no time here, and nothing wins against it",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    assert!(!said.out.contains("offload by"), "{}", said.out);
}

#[test]
fn a_candidate_without_a_result_has_no_verdict_and_fails() {
    let folder = Folder::new();
    save(&folder, "good.json", &["-n", "2k"], 0);
    let fails = ["-n", "200", "--set", "engine.op_timeout=1ns"];
    save(&folder, "bad.json", &fails, 99);
    save(&folder, "empty.json", &["-R", "10", "-d", "1ms"], 103);
    let say = |files: [&str; 2], code| {
        let fail = ["--fail-if", "throughput<-5%"];
        folder
            .say(&[&["compare"], &files[..], &fail].concat())
            .expect_code(code)
    };
    let said = say(["good.json", "bad.json"], 99);
    for part in [
        "FAILED CALLS: bad.json: 200 calls failed",
        "Not held against each other: the candidate returned nothing.",
        "throughput<-5%: FAILS, -100.00 %",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    let said = say(["empty.json", "empty.json"], 103);
    for part in [
        "NOTHING RETURNED: empty.json: ",
        "the baseline returned nothing, and the candidate returned nothing.",
        "not judged",
        "Exit code 103: figures mean nothing.",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    assert!(!said.out.contains("as fast"), "{}", said.out);
}

/// Whether a figure that is no number stands in a report.
fn has_no_number(said: &str) -> bool {
    let mut words = said.split(|c: char| !c.is_alphanumeric());
    words.any(|word| ["NaN", "nan", "inf", "infinity"].contains(&word))
}

proptest! {
    // Each case runs the program several times.
    #![proptest_config(ProptestConfig {
        cases: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// However little returned, nothing is shown that is no number.
    #[test]
    fn no_report_shows_what_is_no_number(
        rate in prop::option::of(1_u32..100_000),
        duration_us in 1_u32..3_000,
        timeout_ns in prop::option::of(1_u32..2_000_000),
        is_free in any::<bool>(),
        seeds in 1_u32..4,
        seed in 1_u64..1_000,
    ) {
        let folder = Folder::new();
        let mut flags = vec![
            "--duration".to_owned(), format!("{duration_us}us"), "--seed".to_owned(), seed.to_string(),
        ];
        if let Some(rate) = rate {
            flags.extend(["--rate".to_owned(), rate.to_string()]);
        }
        if let Some(timeout_ns) = timeout_ns {
            flags.extend(["--set".to_owned(), format!("engine.op_timeout={timeout_ns}ns")]);
        }
        if is_free {
            flags.extend(["--set".to_owned(), "host.base=free".to_owned()]);
        }
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let seeds = seeds.to_string();
        let files = ["-o", "it.txt", "-o", "it.csv", "-o", "it.html"];
        let modes = ["compare", "--no-break-even", "--seeds", &seeds];
        let check = |args: &[&str]| {
            for name in ["it.txt", "it.csv", "it.html"] {
                let _ = std::fs::remove_file(folder.path(name));
            }
            let said = folder.say(&[args, &files].concat());
            // Where nothing takes any time a duration never ends, and there is no report.
            if matches!(said.code, Some(103 | 104)) && !folder.names().contains(&"it.txt".to_owned()) {
                prop_assert!(is_free && said.err.starts_with("error"), "{args:?}: {}", said.err);
                return Ok(false);
            }
            for name in ["it.txt", "it.csv", "it.html"] {
                let said = folder.read(name);
                prop_assert!(!has_no_number(&said), "{args:?} {name}: {said}");
            }
            Ok(true)
        };
        if !check(&[&modes[..], &flags].concat())? {
            return Ok(());
        }
        let load = [&UNREAL[..], &["-q"]].concat();
        folder.say(&[&load[..], &flags, &["-o", "some.json"]].concat());
        folder.say(&[&load[..], &["-n", "100", "-o", "whole.json"]].concat());
        for pair in [["whole.json", "some.json"], ["some.json", "whole.json"], ["some.json", "some.json"]] {
            check(&[&["compare"], &pair[..]].concat())?;
        }
    }
}

/// Two jobs of 2 ms are as fast as software of 1 ms, but for chance.
#[test]
fn an_edge_that_chance_decides_is_told_as_such() {
    let args = [
        "--set",
        "host.base=free",
        "--set",
        "host.software.rsa-sign={ per_op = \"1ms\" }",
        "--set",
        "device.asym.service={ distribution = \"exponential\", base = \"2ms\" }",
        "-n",
        "600",
        "--seeds",
        "3",
    ];
    let report = json(&compare(&[&args[..], &["--format", "json"]].concat()).expect_code(0));
    follows_schema("compare", &report);
    let found = &report["break_even"][0];
    assert_eq!(found["open_from"], 2, "{found}");
    assert_eq!(found["answer"]["wins_at"], 3, "{found}");
    let probes = found["probes"].as_array().expect("probes");
    for (at, outcome) in [(1, "loses"), (2, "open"), (3, "wins")] {
        let probe = probes
            .iter()
            .find(|it| it["at"] == at)
            .expect("it was tried");
        assert_eq!(probe["outcome"], outcome, "{probe}");
        assert_eq!(probe["runs"], 3);
    }
    let words = found["words"].as_str().expect("words");
    for part in [
        "wins from 2 or 3 jobs on.",
        "Each number of jobs was tried with 600 ops, or 4 for each job where that is more, and 3 seeds; more ops may move an edge.",
    ] {
        assert!(words.contains(part), "{words}");
    }
}

/// Near an edge the two are nearly as fast, and win in turns.
#[test]
fn what_was_tried_does_not_contradict_what_is_said() {
    for size in ["1005", "1010"] {
        let op = format!("aes-128-gcm-seal@{size}");
        let args = ["--op", &op, "-n", "2k", "--seeds", "1", "--format", "json"];
        let report = json(&compare(&args).expect_code(0));
        for found in report["break_even"].as_array().expect("two searches") {
            let words = found["words"].as_str().expect("words");
            let parts = found["parts"].as_array().expect("parts");
            assert_eq!(
                words.contains("wins in parts: "),
                !parts.is_empty(),
                "{words}"
            );
            let number = |it: &Value| it.as_u64();
            let stretches: Vec<[u64; 2]> = match parts.is_empty() {
                true => {
                    let from = number(&found["answer"]["wins_at"]).expect("an edge");
                    let until = number(&found["loses_again"]["wins_at"]);
                    vec![[from, until.unwrap_or(u64::MAX)]]
                }
                false => {
                    let ends = |it: &Value| [0, 1].map(|end| number(&it[end]).expect("a value"));
                    parts.iter().map(ends).collect()
                }
            };
            for probe in found["probes"].as_array().expect("probes") {
                let at = number(&probe["at"]).expect("a value");
                let is_to_win = stretches
                    .iter()
                    .any(|[from, to]| (*from..=*to).contains(&at));
                assert_eq!(probe["outcome"] == "wins", is_to_win, "{words} {probe}");
            }
            // What the modes were run with was tried, too.
            let own = if found["over"] == "jobs" { "64" } else { size };
            let own: u64 = own.parse().expect("a number");
            let mut probes = found["probes"].as_array().expect("probes").iter();
            assert!(probes.any(|it| it["at"] == own), "{found}");
        }
    }
}

#[test]
fn a_baseline_says_whose_time_it_is() {
    let folder = Folder::new();
    save(&folder, "virtual.json", &["-n", "500"], 0);
    let run = ["compare", "--baseline", "virtual.json", "-n", "500"];
    let said = folder.say(&run).expect_code(0);
    assert!(
        said.flat().contains("The candidate is as fast."),
        "{}",
        said.out
    );
    assert!(!said.flat().contains("differs clock"), "{}", said.out);
    let report = json(&folder.say(&[&run[..], &["--format", "json"]].concat()));
    let command = report["command"].as_str().expect("a command");
    assert!(command.contains("--clock virtual"), "{command}");
    // Whoever wants the wall clock has it, and is told.
    let said = folder.say(&[&run[..], &["--clock", "wall"]].concat());
    let why = ", but the baseline is by the virtual clock, and the candidate by the wall one.";
    assert!(said.flat().contains(why), "{}", said.out);
    let help = folder.say(&["compare", "--help"]).expect_code(0).flat();
    for part in [
        "Whose time; virtual if not said, beside --baseline that of the baseline",
        "Modes have to hold nothing",
        "10k if not said for modes under virtual time",
        "modes are all run",
        "none under virtual time",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn what_cannot_be_held_against_the_baseline_is_not_run() {
    let folder = Folder::new();
    let sweep = [
        "sweep",
        "--jobs",
        "1..8",
        "-n",
        "50",
        "-q",
        "-o",
        "swept.json",
    ];
    folder.say(&sweep).expect_code(0);
    let said = folder.say(&["compare", "--baseline", "swept.json", "-d", "1000000s"]);
    let words = ["no variant in common: jobs=1; jobs=2;", "load, in this run"];
    said.expect_code(104).expect_err(&words);
    save(&folder, "one.json", &["-n", "50"], 0);
    for (flags, words) in [
        (&["--seeds", "3"][..], "--seeds is for modes"),
        (&["--no-break-even"], "--no-break-even is for modes"),
        (&["-c", "8"], "nothing is run of `--jobs 8`"),
        (&["--fail-if", "throughput<-200%"], "never met"),
    ] {
        let said = folder.say(&[&["compare", "one.json", "one.json"], flags].concat());
        said.expect_code(104).expect_err(&[words]);
    }
    let beside = folder.say(&["compare", "--baseline", "one.json", "--seeds", "3"]);
    beside
        .expect_code(104)
        .expect_err(&["--seeds is for modes"]);
}

#[test]
fn a_point_that_the_candidate_lacks_fails() {
    let folder = Folder::new();
    for (name, jobs) in [("four.json", "1..4"), ("two.json", "1..2")] {
        let sweep = ["sweep", "--jobs", jobs, "-n", "50", "-q", "-o", name];
        folder.say(&sweep).expect_code(0);
    }
    let fail = ["--fail-if", "throughput<-5%"];
    let say = |files: [&str; 2]| folder.say(&[&["compare"], &files[..], &fail].concat());
    let said = say(["four.json", "two.json"]).expect_code(99);
    let words = "throughput<-5%: FAILS in 1 of 3: jobs=4 (not measured)";
    assert!(said.flat().contains(words), "{}", said.out);
    // What the baseline lacks is news, and no failure.
    say(["two.json", "four.json"]).expect_code(0);
}

/// A path says nothing of what stands there: another file by the same name is another load.
#[test]
fn files_that_were_exchanged_between_runs_are_told() {
    let folder = Folder::new();
    let keys = [
        &include_bytes!("../../keys/test-rsa2048.pem")[..],
        include_bytes!("../../keys/test-rsa4096.pem"),
    ];
    let run = |name: &str, seed: &str, load: &[&str]| {
        save(
            &folder,
            name,
            &[load, &["-n", "50", "--seed", seed]].concat(),
            0,
        );
    };
    let payloads = [vec![1; 100], vec![2; 10_000]];
    for (label, load, files, about) in [
        (
            "payload it.bin",
            &["--op", "aead-seal", "--payload", "it.bin"][..],
            payloads.each_ref().map(Vec::as_slice),
            ["100 bytes, SHA-256 ", "10,000 bytes, SHA-256 "],
        ),
        (
            "key it.bin",
            &["--key", "it.bin"],
            keys,
            ["RSA-2048, SHA-256 ", "RSA-4096, SHA-256 "],
        ),
    ] {
        for (index, content) in files.into_iter().enumerate() {
            folder.write("it.bin", content);
            run(&format!("{index}.json"), &index.to_string(), load);
        }
        run("again.json", "9", load);
        let said = folder.say(&["compare", "0.json", "1.json"]).expect_code(0);
        for part in [label, about[0], about[1]] {
            assert!(said.flat().contains(part), "{part}: {}", said.out);
        }
        let merged = folder.say(&["merge", "0.json", "1.json", "-o", "all.json"]);
        merged
            .expect_code(104)
            .expect_err(&[label, about[0], about[1]]);
        // The same file is the same load.
        let said = folder
            .say(&["compare", "1.json", "again.json"])
            .expect_code(0);
        assert!(!said.flat().contains(label), "{}", said.out);
        let merge = ["merge", "1.json", "again.json", "--format", "json"];
        let merged = json(&folder.say(&merge).expect_code(0));
        follows_schema("report", &merged);
        let file = &merged["files"][0];
        assert_eq!(file["path"], "it.bin");
        assert_eq!(file["sha256"].as_str().map(str::len), Some(64), "{file}");
    }
    // Of a private key its public part: as `openssl rsa -RSAPublicKey_out -outform DER` has it.
    let report = folder.read("1.json");
    assert!(report.contains(RSA4096_SHA256));
}

/// Of the public part of `keys/test-rsa4096.pem`.
const RSA4096_SHA256: &str = "f232a7514bb40412ea114816dda31ec87f849b2d73a542b14b43f1a38f5480fa";

/// Ten ops are never more than ten jobs at once, and what those cannot do is no break-even.
#[test]
fn with_few_ops_every_job_has_some_of_them() {
    let words = |more: &[&str]| {
        let args = [
            "--op",
            "aes-128-gcm-seal@1350",
            "--seeds",
            "1",
            "--format",
            "json",
        ];
        let report = json(&compare(&[&args[..], more].concat()).expect_code(0));
        let found = &report["break_even"][0];
        found["words"].as_str().expect("words").to_owned()
    };
    for (ops, said) in [("10", "10 ops"), ("1", "1 op")] {
        let found = words(&["-n", ops]);
        let tried =
            format!("tried with {said}, or 4 for each job where that is more, and one seed");
        assert!(found.contains(&tried), "{found}");
        assert!(found.contains("wins from "), "{found}");
        assert!(!found.contains("TOO SHORT"), "{found}");
    }
    // Neither a duration nor a --set is changed: it is told.
    for more in [&["-d", "100us"][..], &["--set", "load.ops=10"]] {
        let few = words(more);
        assert!(
            few.contains("fewer than 4 for each job; what is told"),
            "{few}"
        );
    }
}
