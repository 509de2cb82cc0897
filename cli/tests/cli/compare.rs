//! `pausewake compare`: modes, break-even and saved results, held against what is computed by hand.

use serde_json::Value;

use crate::helper::{Folder, Said, chart, flat, follows_schema, json, number};

/// The host's work is free but for software: a signature takes it 1 ms, sealing 100 ns and 1 ns for each
/// byte.
const HOST: [&str; 6] = [
    "--set",
    "host.base=free",
    "--set",
    "host.software.rsa-sign={ per_op = \"1ms\" }",
    "--set",
    "host.software.aead-seal={ per_op = \"100ns\", per_byte = \"1ns\" }",
];

fn compare(args: &[&str]) -> Said {
    Folder::new().say(&[&["compare"], &HOST[..], args].concat())
}

fn compared(args: &[&str]) -> Value {
    json(&compare(&[args, &["--format", "json"]].concat()).expect_code(0))
}

#[test]
fn modes_stand_side_by_side_with_what_they_must_have() {
    let report = compared(&["-n", "2k", "--seeds", "3", "--no-break-even"]);
    follows_schema("compare", &report);
    let modes = report["modes"].as_array().expect("modes");
    let names: Vec<_> = modes.iter().map(|mode| &mode["mode"]).collect();
    assert_eq!(names, ["software", "sync", "fd", "callback"]);
    assert_eq!(report["seeds"], serde_json::json!([1, 2, 3]));
    // One after the other, 1 ms and 433 us each; then 29 at a time.
    for (mode, rate) in [(0, 1_000.0), (1, 1e6 / 433.0)] {
        let measured = number(&report, &format!("/modes/{mode}/ops_per_s/mean"));
        assert!((measured / rate - 1.0).abs() < 1e-3, "{mode}: {measured}");
    }
    for mode in [2, 3] {
        let speed_up = number(&report, &format!("/modes/{mode}/speed_up/mean"));
        let wanted = 29.0 / 0.433;
        assert!((speed_up / wanted - 1.0).abs() < 0.03, "{speed_up}");
    }
    assert_eq!(number(&report, "/modes/0/latency/p50_ns/mean"), 1e6);
    assert_eq!(number(&report, "/modes/1/stages/3/mean_ns"), 433e3);
    // Nothing is random: there is no doubt, and that is said.
    assert_eq!(number(&report, "/modes/3/ops_per_s/half_width"), 0.0);
    let notes = report["notes"].to_string();
    assert!(notes.contains("nothing in this load is random"), "{notes}");
}

#[test]
fn chance_has_intervals_over_seeds_and_one_run_has_none() {
    let service = "device.asym.service={ distribution = \"exponential\", base = \"400us\" }";
    let args = ["--set", service, "-n", "500", "--no-break-even"];
    let report = compared(&args);
    let sync = number(&report, "/modes/1/ops_per_s/mean");
    let half_width = number(&report, "/modes/1/ops_per_s/half_width");
    assert!(
        half_width > 0.0 && (sync - 2_500.0).abs() < 2.0 * half_width,
        "{sync}"
    );
    let report = compared(&[&args[..], &["--seeds", "1"]].concat());
    assert!(report["modes"][1]["ops_per_s"]["half_width"].is_null());
    let text = compare(&[&args[..], &["--seeds", "1"]].concat()).out;
    assert!(text.contains("no interval is known"), "{text}");
}

#[test]
fn break_even_over_jobs_is_that_of_the_costs() {
    // n jobs do n/S, up to c/S; software does one each millisecond.
    for (service, slices, kind, at, words) in [
        ("2500us", "29", "from", Some(3.0), "wins from 3 jobs on"),
        ("500us", "29", "always", None, "always wins: from 1 job on"),
        ("2ms", "1", "never", None, "never wins"),
    ] {
        let service = format!("device.asym.service.base={service}");
        let slices = format!("device.asym.slices={slices}");
        let args = [
            "--set", &service, "--set", &slices, "-n", "1200", "--seeds", "1",
        ];
        let report = compared(&args);
        let answer = &report["break_even"][0];
        assert_eq!(answer["answer"]["kind"], kind, "{answer}");
        assert_eq!(answer["answer"]["wins_at"].as_f64(), at, "{answer}");
        let said = answer["words"].as_str().expect("words");
        assert!(said.contains(words), "{said}");
        assert!(compare(&args).flat().contains(words));
    }
}

#[test]
fn break_even_over_bytes_is_that_of_the_costs() {
    // 1 us + n/2 ns on one slice against 100 ns + n ns: equal at 1,800 bytes.
    let service =
        "device.sym.service={ distribution = \"constant\", base = \"1us\", per_byte = \"0.5ns\" }";
    let device = ["--set", service, "--set", "device.sym.slices=1"];
    let load = ["--op", "aes-128-gcm-seal", "-n", "2k", "--seeds", "1"];
    let report = compared(&[&device[..], &load].concat());
    let bytes = &report["break_even"][1];
    let wins = number(bytes, "/answer/wins_at");
    let loses = number(bytes, "/answer/loses_at");
    assert!((1_790.0..=1_840.0).contains(&wins), "{bytes}");
    assert!(loses < wins && loses >= wins * 0.98, "{bytes}");
    let words = bytes["words"].as_str().expect("words");
    assert!(
        words.starts_with("With aes-128-gcm-seal and 64 jobs, offload by callback wins from 1,8")
    );
    follows_schema("compare", &report);
}

#[test]
fn modes_are_the_same_again_in_every_format() {
    let folder = Folder::new();
    let args = ["compare", "-n", "300", "--seeds", "2", "--notify", "fd"];
    let files = [
        "-o", "it.json", "-o", "it.csv", "-o", "it.txt", "-o", "it.html",
    ];
    folder.say(&[&args[..], &files].concat()).expect_code(0);
    let [json, csv, text, html] =
        ["it.json", "it.csv", "it.txt", "it.html"].map(|name| folder.read(name));
    // Six figures of four modes, and both edges of the search over jobs.
    assert_eq!(csv.lines().count(), 1 + 4 * 6 + 2);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    assert!(text.contains("offload by fd"), "{text}");
    for mode in ["software", "sync", "fd", "callback"] {
        assert!(html.contains(mode));
    }
    folder.say(&[&args[..], &files].concat()).expect_code(0);
    let names = ["it.json", "it.csv", "it.txt", "it.html"];
    assert_eq!(
        names.map(|name| folder.read(name)),
        [json.clone(), csv, text, html]
    );
    // The command that is shown does the same.
    let report: Value = serde_json::from_str(&json).expect("JSON");
    let command = report["command"].as_str().expect("a command");
    let command = command.replace('\'', "");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let again = folder.say(&[&words[..], &["--format", "json"]].concat());
    assert_eq!(again.expect_code(0).out, json);
}

/// A load whose search over bytes has no sizes to try says so, everywhere.
#[test]
fn what_is_not_searched_over_bytes_is_said_with_its_reason() {
    let folder = Folder::new();
    folder.write("payload.bin", &[7; 3_000]);
    for (load, why) in [
        (&[][..], "rsa2048-sign does not cost by the byte"),
        (&["--op", "rsa2048-verify"], "rsa2048-verify does not cost"),
        (
            &["--mix", "rsa2048-sign:1,aes-128-gcm-seal@64:1"],
            "the messages of a --mix are of several sizes",
        ),
        (
            &["--op", "aes-128-gcm-seal@100", "--payload", "payload.bin"],
            "--payload says what the messages are",
        ),
        (
            &["--op", "aead-seal", "--set", "load.message_size=100B"],
            "--set load.message_size says what the messages are",
        ),
    ] {
        let files = ["-o", "it.json", "-o", "it.txt", "-o", "it.html"];
        let args = [&["compare", "-n", "100", "--seeds", "1"], load, &files].concat();
        folder.say(&args).expect_code(0);
        let report: Value = serde_json::from_str(&folder.read("it.json")).expect("JSON");
        follows_schema("compare", &report);
        let reason = report["no_break_even"]["bytes"].as_str().expect("a reason");
        assert!(
            reason.contains("From how many bytes") && reason.contains(why),
            "{reason}"
        );
        assert!(report["no_break_even"]["jobs"].is_null());
        assert_eq!(report["break_even"].as_array().map(Vec::len), Some(1));
        let text = folder.read("it.txt");
        let text = flat(&text);
        assert!(text.contains(reason), "{text}");
        assert!(folder.read("it.html").contains(reason));
    }
    // Nothing is missing where it was searched, and nobody is told what they did not want.
    let searched = compared(&["--op", "aead-seal", "-n", "100", "--seeds", "1"]);
    assert!(searched["no_break_even"]["bytes"].is_null());
    assert_eq!(searched["break_even"].as_array().map(Vec::len), Some(2));
    let args = ["-n", "100", "--seeds", "1", "--no-break-even"];
    let reason = compared(&args)["no_break_even"]["bytes"].to_string();
    assert!(reason.contains("--no-break-even"), "{reason}");
    assert!(!compare(&args).flat().contains("Nobody wanted"));
}

#[test]
fn the_page_has_what_makes_a_comparison() {
    let args = [
        "--op",
        "aes-128-gcm-seal@1350",
        "-n",
        "500",
        "--set",
        "device.sym.service={ distribution = \"exponential\", base = \"1us\", per_byte = \"0.1ns\" }",
    ];
    let report = compared(&args);
    let html = compare(&[&args[..], &["--format", "html"]].concat());
    let html = html.expect_code(0).out;
    let words = report["modes"].as_array().expect("modes").iter();
    let words: Vec<&str> = words.filter_map(|it| it["words"].as_str()).collect();
    assert_eq!(words.len(), 3, "of all but software");
    for word in words {
        assert!(
            word.contains(" than software by ") && word.contains(" ± "),
            "{word}"
        );
        assert!(html.contains(word), "{word}");
    }
    assert!(html.contains("<th scope=\"row\" class=\"inner\">+-</th>"));
    for (index, over) in ["jobs", "bytes"].into_iter().enumerate() {
        let found = &report["break_even"][index];
        assert!(html.contains(found["words"].as_str().expect("words")));
        let chart = chart(&html, &format!("break-even-{over}"));
        let probes = found["probes"].as_array().expect("probes");
        // A mark for each mode at each value that was tried.
        assert_eq!(chart.matches("<circle").count(), 4 * probes.len());
        let crosses = usize::from(found["answer"]["kind"] == "from");
        assert_eq!(chart.matches("var(--band)").count(), crosses, "{found}");
        for probe in probes {
            let others = probe["others"].as_array().expect("modes");
            let names: Vec<_> = others.iter().map(|it| &it["mode"]).collect();
            assert_eq!(names, ["sync", "fd"]);
        }
    }
    assert_eq!(report["break_even"][1]["answer"]["kind"], "from");
    // What each mode did, as before.
    for id in ["throughput", "latency", "percentiles", "stages"] {
        assert!(!chart(&html, id).is_empty());
    }
}

#[test]
fn the_scenario_is_printed_that_is_run() {
    let folder = Folder::new();
    for load in [
        &["-n", "300"][..],
        &[
            "--profile",
            "dh895xcc",
            "--notify",
            "fd",
            "-c",
            "5",
            "-n",
            "200",
        ],
        &[
            "--mix",
            "rsa2048-sign:1,aes-128-gcm-seal@64:4",
            "-n",
            "200",
            "--seed",
            "9",
        ],
    ] {
        let args = [&["compare", "--seeds", "1", "--no-break-even"], load].concat();
        let printed = folder.say(&[&args[..], &["--print-scenario"]].concat());
        folder.write("it.toml", printed.expect_code(0).out.as_bytes());
        let run = json(&folder.run(&["--format", "json"]).expect_code(0));
        let report = folder.say(&[&args[..], &["--format", "json"]].concat());
        let report = json(&report.expect_code(0));
        for (index, name) in ["software", "sync", "fd", "callback"].iter().enumerate() {
            let (variant, mode) = (&run["variants"][index], &report["modes"][index]);
            assert_eq!(variant["scenario"]["variant"], *name);
            assert_eq!(variant["ops_per_s"], mode["ops_per_s"]["mean"], "{name}");
            assert_eq!(
                variant["latency"]["p99_ns"].as_f64(),
                mode["latency"]["p99_ns"]["mean"].as_f64()
            );
        }
    }
    // Beside a baseline it is the load, by the baseline's clock; of saved results nothing is run.
    let load = ["--print-scenario", "-n", "300"];
    let beside = [&["compare", "--baseline", "a.json"], &load[..]].concat();
    let virtual_load = ["load", "--clock", "virtual"];
    let saved = [&virtual_load[..], &["-n", "50", "-o", "a.json"]].concat();
    folder.say(&saved).expect_code(0);
    let plain = folder.say(&[&virtual_load[..], &load[..]].concat());
    let plain = plain.expect_code(0);
    assert_eq!(folder.say(&beside).expect_code(0).out, plain.out);
    let saved = folder.say(&["compare", "a.json", "b.json", "--print-scenario"]);
    saved.expect_code(104).expect_err(&["nothing is run"]);
    let wrong = folder.say(&["compare", "--slo", "p99<1ms", "--print-scenario"]);
    wrong.expect_code(104).expect_err(&["--slo"]);
}

#[test]
fn an_open_loop_has_no_break_even_and_says_so() {
    let said = compare(&["-R", "500", "-n", "50", "--seeds", "1"]).expect_code(0);
    assert!(
        said.flat().contains("In an open loop throughput is"),
        "{}",
        said.out
    );
}

/// A folder with three results: two of the same load, one of half the device.
fn results() -> Folder {
    let folder = Folder::new();
    for (name, slices) in [("full.json", "28"), ("half.json", "14")] {
        let slices = format!("device.asym.slices={slices}");
        let args = [&LOAD[..], &["--set", &slices, "-o", name]].concat();
        folder.say(&args).expect_code(0);
    }
    folder
}

const LOAD: [&str; 7] = [
    "load",
    "--clock",
    "virtual",
    "--compute",
    "none",
    "-d",
    "400ms",
];

#[test]
fn saved_results_differ_by_what_differs() {
    let folder = results();
    let args = ["compare", "full.json", "half.json", "--format", "json"];
    let report = json(&folder.say(&args).expect_code(0));
    follows_schema("compare", &report);
    let throughput = &report["pairs"][0]["figures"][0];
    assert_eq!(throughput["figure"], "throughput");
    let difference = number(throughput, "/difference");
    assert!((difference + 0.5).abs() < 0.01, "{difference}");
    let half_width = number(throughput, "/half_width");
    assert!((0.0..0.02).contains(&half_width), "{half_width}");
    // Of a percentile nothing is known from one run each.
    let p99 = &report["pairs"][0]["figures"][5];
    assert_eq!(p99["figure"], "p99");
    assert!(p99["half_width"].is_null());
    let differing = &report["pairs"][0]["differing"][0];
    assert_eq!(differing["entry"], "device.asym.slices");
    assert_eq!(
        (&differing["baseline"], &differing["candidate"]),
        (&"28".into(), &"14".into())
    );
    let said = folder.say(&args[..3]).expect_code(0);
    let (text, flat) = (&said.out, said.flat());
    assert!(flat.contains("device.asym.slices is 28 and 14"), "{text}");
    assert!(flat.contains("it is one run each"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let same = ["compare", "full.json", "full.json", "--format", "json"];
    let report = json(&folder.say(&same).expect_code(0));
    for figure in report["pairs"][0]["figures"].as_array().expect("figures") {
        assert_eq!(figure["difference"], 0.0, "{figure}");
    }
    let words = [
        "The candidate is slower by 49.9",
        "Its mean latency is higher by 99.",
        "Its p99 is higher by ",
    ];
    for (index, start) in words.iter().enumerate() {
        let said = report_words(&args, &folder, index);
        assert!(said.starts_with(start), "{said}");
        assert_eq!(said.contains(" ± "), index < 2, "{said}");
        assert!(flat.contains(&said), "{text}");
    }
    let condition = ["--fail-if", "throughput<-5%", "--fail-if", "errors>0%"];
    let page = [&args[..3], &condition, &["-o", "it.html"]].concat();
    assert_eq!(folder.say(&page).expect_code(99).out, "");
    let html = folder.read("it.html");
    for part in [
        "The candidate is slower by 49.9",
        "class=\"bad\">FAILS<",
        "class=\"good\">passes<",
        "one run each",
    ] {
        assert!(html.contains(part), "{part}");
    }
    folder.say(&page).expect_code(99);
    assert_eq!(folder.read("it.html"), html);
    let csv = [&args[..3], &["--format", "csv"]].concat();
    let csv = folder.say(&csv).expect_code(0).out;
    assert!(
        csv.starts_with("variant,figure,baseline,candidate,"),
        "{csv}"
    );
}

/// A sentence of the only pair.
fn report_words(args: &[&str], folder: &Folder, index: usize) -> String {
    let report = json(&folder.say(args).expect_code(0));
    let words = report["pairs"][0]["words"][index].as_str();
    words.expect("a sentence").to_owned()
}

#[test]
fn conditions_decide_how_it_ends() {
    let folder = results();
    let say = |args: &[&str]| folder.say(&[&["compare"], args].concat());
    let files = ["--baseline", "full.json", "half.json"];
    let with = |conditions: &[&str]| say(&[&files[..], conditions].concat());
    let said = with(&["--fail-if", "throughput<-5%"]).expect_code(99);
    assert!(
        said.flat().contains("throughput<-5%: FAILS, -49.9"),
        "{}",
        said.out
    );
    with(&["--fail-if", "throughput<-60%"]).expect_code(0);
    with(&["--fail-if", "throughput<-60%", "--fail-if", "p99>+10%"]).expect_code(99);
    with(&["--fail-if", "errors>0%"]).expect_code(0);
    with(&["--fail-if", "p99.9>+10%"]).expect_code(99);
    with(&["--fail-if", "notify.p99.9>+1000%"]).expect_code(0);
    let unknown = with(&["--fail-if", "thruput<-5%"]).expect_code(104);
    unknown.expect_err(&["has a figure `thruput`; did you mean `throughput`?"]);
    say(&["half.json", "full.json", "--fail-if", "throughput<-5%"]).expect_code(0);
    for (args, words) in [
        (&["--fail-if", "p98>1%"][..], &["a figure `p98`"][..]),
        (&["--fail-if", "p99>1"], &["lacks its %"]),
        (&["--fail-if", "p99"], &["compares nothing"]),
        (&["-c", "5"], &["nothing is run of `--jobs 5"]),
    ] {
        with(args).expect_code(104).expect_err(words);
    }
}

/// No share of nothing is that much, and it was measured all the same.
#[test]
fn from_none_to_some_is_more_than_any_share() {
    let folder = results();
    let fails = ["--set", "engine.op_timeout=300us", "-o", "bad.json"];
    folder.say(&[&LOAD[..], &fails].concat()).expect_code(99);
    let compare = ["compare", "full.json", "bad.json", "--fail-if"];
    let said = folder.say(&[&compare[..], &["errors>+1%"]].concat());
    let said = said.expect_code(99);
    let words = "errors>+1%: FAILS, something where there was nothing";
    assert!(said.flat().contains(words), "{}", said.out);
    let less = [&compare[..], &["errors<-1%", "--format", "json"]].concat();
    let report = json(&folder.say(&less).expect_code(0));
    assert_eq!(report["conditions"][0]["from_nothing"], true);
    assert_eq!(report["conditions"][0]["fails"], false);
    follows_schema("compare", &report);
}

#[test]
fn the_load_is_run_against_a_baseline() {
    let folder = results();
    let condition = ["--baseline", "full.json", "--fail-if", "throughput<-5%"];
    let run = |slices: &str| {
        let slices = format!("device.asym.slices={slices}");
        let args = [&["compare"], &LOAD[1..], &condition, &["--set", &slices]].concat();
        folder.say(&args)
    };
    let same = run("28").expect_code(0);
    assert!(same.flat().contains("passes, 0.00 %"), "{}", same.out);
    assert!(!same.flat().contains("differs"), "{}", same.out);
    let worse = run("20").expect_code(99);
    assert!(
        worse.flat().contains("throughput<-5%: FAILS"),
        "{}",
        worse.flat()
    );
}

#[test]
fn variants_are_matched_by_their_names() {
    let folder = Folder::new();
    let scenario = |names: [&str; 2]| {
        let variant = |name| format!("[[variant]]\nname = \"{name}\"\n");
        format!(
            "{}{}{}",
            crate::helper::GOOD,
            variant(names[0]),
            variant(names[1])
        )
    };
    for (file, names) in [
        ("a", ["one", "two"]),
        ("b", ["two", "three"]),
        ("c", ["x", "y"]),
    ] {
        let (toml, result) = (format!("{file}.toml"), format!("{file}.json"));
        folder.write(&toml, scenario(names).as_bytes());
        folder.say(&["run", &toml, "-o", &result]).expect_code(0);
    }
    let text = folder
        .say(&["compare", "a.json", "b.json"])
        .expect_code(0)
        .out;
    assert!(text.contains("one, in a.json"), "{text}");
    assert!(text.contains("three, in b.json"), "{text}");
    let report = folder.say(&["compare", "a.json", "b.json", "--format", "json"]);
    let report = json(&report);
    assert_eq!(report["pairs"].as_array().expect("pairs").len(), 1);
    assert_eq!(report["pairs"][0]["variant"], "two");
    let said = folder
        .say(&["compare", "a.json", "c.json"])
        .expect_code(104);
    said.expect_err(&[
        "no variant in common",
        "one; two, in a.json",
        "x; y, in c.json",
    ]);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = results();
    folder.write("notes.txt", b"no result");
    for (args, words) in [
        (&["full.json"][..], &["alone has nothing to compare"][..]),
        (
            &["full.json", "missing.json"],
            &["cannot read missing.json"],
        ),
        (&["full.json", "notes.txt"], &["notes.txt is no JSON"]),
        (
            &["full.json", "half.json", "--baseline", "full.json"],
            &["are three"],
        ),
        (&["--fail-if", "p99>1%"], &["nothing to compare with"]),
        (&["--slo", "p99<1ms"], &["--slo", "--fail-if"]),
        (&["--notify", "poll"], &["--notify poll", "fd or callback"]),
        (&["--set", "engine.mode=sync"], &["engine.mode"]),
        (&["--set", "engine={mode=\"sync\"}"], &["engine.mode"]),
        (&["--profile", "abacus"], &["--profile abacus"]),
        (
            &["--format", "hgrm"],
            &[
                "invalid value 'hgrm'",
                "[possible values: text, json, csv, html]",
            ],
        ),
        (&["-o", "it.hlog"], &["cannot be written as hlog"]),
        (
            &["--set", "expect.p99=\"<1ms\""],
            &["--set expect", "--fail-if"],
        ),
        (&["--seeds", "0"], &["--seeds"]),
    ] {
        let said = folder.say(&[&["compare"], args].concat());
        assert_eq!(said.expect_code(104).expect_err(words).out, "");
    }
}

/// Two sweeps of the same load, the second with two slices for four.
fn sweeps(quantities: &[&str]) -> Folder {
    let folder = Folder::new();
    for (name, slices) in [("four.json", "4"), ("two.json", "2")] {
        let slices = format!("device.asym.slices={slices}");
        let sweep = ["sweep", "-n", "2k", "--set", &slices, "-o", name];
        folder
            .say(&[&sweep[..], quantities].concat())
            .expect_code(0);
    }
    folder
}

#[test]
fn sweeps_are_compared_at_a_glance() {
    let folder = sweeps(&["--jobs", "1..16"]);
    let args = ["compare", "four.json", "two.json"];
    let said = folder.say(&args).expect_code(0);
    let (text, flat) = (&said.out, said.flat());
    // Up to two jobs nobody waits; then half of the slices do half of the work.
    for part in [
        "compared 5 points",
        "throughput slower in 3 of 5, by ",
        "; the same in 2 of 5",
        "mean latency higher in 3 of 5, by ",
        "differs device.asym.slices is 4 and 2",
        "Figure by figure: --format html, csv or json",
    ] {
        assert!(flat.contains(part), "{part}: {text}");
    }
    for (jobs, verdict) in [(1, "same"), (2, "same"), (4, "slower"), (16, "slower")] {
        let mut rows = text.lines();
        let row = rows.find(|row| row.starts_with(&format!("jobs={jobs} ")));
        assert!(row.expect("a row for each").ends_with(verdict), "{text}");
    }
    let is_narrow = |line: &str| line.chars().count() <= 80;
    assert!(text.lines().all(is_narrow), "{text}");
    assert!(text.lines().count() < 30, "{text}");
    // Nothing is lost.
    let report = json(&folder.say(&[&args[..], &["--format", "json"]].concat()));
    follows_schema("compare", &report);
    assert_eq!(report["pairs"].as_array().map(Vec::len), Some(5));
    let csv = folder.say(&[&args[..], &["--format", "csv"]].concat());
    let service = csv.out.lines().filter(|it| it.contains(",service.mean,"));
    assert_eq!(service.count(), 5, "{}", csv.out);
    let html = folder.say(&[&args[..], &["--format", "html"]].concat()).out;
    assert!(html.contains("throughput: slower in 3 of 5, by "));
    for figure in ["throughput", "latency"] {
        let chart = chart(&html, &format!("compare-jobs-{figure}"));
        assert_eq!(chart.matches("<circle").count(), 2 * 5);
    }
    assert_eq!(html.matches(">service.mean<").count(), 5);
    // A condition is said once, with the points that fail by it.
    let fails = ["--fail-if", "throughput<-5%", "--fail-if", "errors>0%"];
    let said = folder.say(&[&args[..], &fails].concat()).expect_code(99);
    for part in [
        "throughput<-5%: FAILS in 3 of 5: jobs=4 (-",
        "errors>0%: passes in all 5",
        "Exit code 99: a --fail-if is met",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    // Of a grid, too, in 80 columns.
    let folder = sweeps(&[
        "--jobs",
        "1..8",
        "--notify",
        "fd,callback",
        "--threads",
        "1,2",
    ]);
    let said = folder.say(&args).expect_code(0);
    assert!(said.out.lines().all(is_narrow), "{}", said.out);
    assert!(said.flat().contains("compared 14 points"), "{}", said.out);
}

/// What ended early is no sample of the whole, and is told with its reason.
#[test]
fn a_mode_that_a_condition_ended_is_held_against_nothing() {
    let early = [
        "--set",
        "abort.p99=\"<1100us\"",
        "--set",
        "abort.after=\"2ms\"",
    ];
    let args = [&["-n", "5k", "--seeds", "2"], &early[..]].concat();
    let said = compare(&args).expect_code(99);
    for part in [
        "FAILED: callback was ended with seed 1 before its time, because p99 <1100us did not hold: ",
        "and is held against nothing.",
        "sync is faster than software by ",
        "--set abort may end runs before their time",
        "Exit code 99: an expectation failed, calls failed, or a condition ended a run.",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    let is_faster = "callback is faster";
    assert!(!said.flat().contains(is_faster), "{}", said.out);
    let report = json(&compare(&[&args[..], &["--format", "json"]].concat()));
    follows_schema("compare", &report);
    assert!(report["modes"][3]["speed_up"].is_null());
    assert!(!report["modes"][1]["speed_up"].is_null());
    // Looked at in the end alone, the run is whole, and fails.
    let late = [
        "-n",
        "500",
        "--seeds",
        "1",
        "--set",
        "abort.p99=\"<1100us\"",
    ];
    let said = compare(&late).expect_code(99);
    let why = "FAILED: callback: abort p99 <1100us fails: ";
    assert!(said.flat().contains(why), "{}", said.out);
    assert!(said.flat().contains(is_faster), "{}", said.out);
}

#[test]
fn a_result_that_a_condition_ended_is_held_against_nothing() {
    let folder = results();
    let early = [
        "--set",
        "abort.p99=\"<1ms\"",
        "--set",
        "abort.after=\"2ms\"",
    ];
    let slices = ["--set", "device.asym.slices=28"];
    let condition = ["--baseline", "full.json", "--fail-if", "throughput<-5%"];
    let args = [&["compare"], &LOAD[1..], &slices, &early, &condition].concat();
    let said = folder.say(&args).expect_code(99);
    for part in [
        "ABORTED: this run: ended before its time: p99 <1ms did not hold: ",
        "Not held against each other: the candidate was ended before its time.",
        "throughput<-5%: not judged",
        "Exit code 99: ",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    assert!(!said.flat().contains("The candidate is"), "{}", said.out);
    // An SLO of the run fails by its name.
    let slo = ["--baseline", "full.json", "--slo", "p99<1ms"];
    let said = folder.say(&[&["compare"], &LOAD[1..], &slices, &slo].concat());
    let why = "FAILED: this run: p99 <1ms fails: ";
    assert!(said.expect_code(99).flat().contains(why));
}
