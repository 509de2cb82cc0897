//! `pausewake load`: flags and defaults make a scenario, which is run like any other.

use std::process::Stdio;

use serde_json::Value;

use crate::helper::{Folder, GOOD, Said, json, said};

/// Under virtual time, with nothing to compute, and over at once.
const QUICK: [&str; 7] = [
    "load",
    "--clock",
    "virtual",
    "--compute",
    "none",
    "--duration",
    "20ms",
];

fn load(args: &[&str]) -> Said {
    Folder::new().say(&[&QUICK, args].concat())
}

fn report(args: &[&str]) -> Value {
    json(&load(&[args, &["--format", "json"]].concat()).expect_code(0))
}

/// Whatever the order is in which flags were typed, and whether the seed was.
#[test]
fn the_command_of_a_report_gives_the_same_bytes() {
    let folder = Folder::new();
    let key = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("keys/test-rsa2048.pem");
    folder.write("-k.pem", &std::fs::read(key).expect("a test key"));
    let own = ["--key=-k.pem", "-n", "20", "--slo", "throughput>1k"];
    let virtually = ["--compute", "none", "--clock", "virtual"];
    let args = [&["load"], &own[..], &virtually, &["--format", "json"]].concat();
    let first = folder.say(&args).expect_code(0);
    let report = json(&first);
    let command = report["scenario"]["command"].as_str().expect("a command");
    let program = env!("CARGO_BIN_EXE_pausewake");
    let command = command.strip_prefix("pausewake").expect("the program");
    let mut shell = std::process::Command::new("sh");
    let line = format!("{program}{command} --format json");
    let again = shell.args(["-c", &line]).current_dir(folder.path("."));
    let again = said(again.output().expect("a shell")).expect_code(0);
    assert_eq!(again.out, first.out);
}

#[test]
fn load_alone_does_something_useful() {
    // But not for five seconds.
    let args = ["load", "--ops", "200", "--format", "json"];
    let report = json(&Folder::new().say(&args).expect_code(0));
    assert_eq!(report["ops"], 200);
    assert_eq!(report["scenario"]["clock"], "wall");
    assert_eq!(report["scenario"]["compute"], "cached");
    assert_eq!(report["verified"]["right"], 200);
    assert_eq!(report["jobs"]["max_live"], 64);
    assert_eq!(
        report["scenario"]["command"],
        "pausewake load --seed 1 --ops 200"
    );
    assert!(
        report["generator"]["cpu_per_op_ns"]
            .as_u64()
            .expect("a time")
            > 0
    );
}

#[test]
fn flags_are_entries_of_a_scenario() {
    let is = |args: &[&str], path: &str, wanted: Value| {
        let found = report(args);
        assert_eq!(found.pointer(path), Some(&wanted), "{args:?}");
    };
    is(&["-c", "8"], "/jobs/max_live", 8.into());
    is(&["--jobs", "8", "-t", "2"], "/jobs/max_live", 8.into());
    is(&["--notify", "fd"], "/scenario/notify", "fd".into());
    is(&["--reap", "inline"], "/scenario/reap", "inline".into());
    is(&["--seed", "9"], "/scenario/seed", 9.into());
    is(&["--warmup", "5ms"], "/warmup_ns", 5_000_000.into());
    is(
        &["--op", "aes-256-gcm-seal@1350"],
        "/slices/0/ops",
        0.into(),
    );
    is(
        &["--set", "device.asym.slices=3"],
        "/slices/0/slices",
        3.into(),
    );
    // Evenly spaced from 1/rate on, up to the duration: the one at its end comes too late.
    let constant = ["-R", "10k", "--arrival", "constant"];
    is(&constant, "/open_loop/arrivals", 199.into());
    let burst = ["-R", "10k", "--arrival", "burst", "--set", "load.burst=50"];
    is(&burst, "/open_loop/arrivals", 200.into());
    is(&burst, "/jobs/max_live", 50.into());
    is(&["-R", "10k/s", "-c", "1"], "/jobs/max_live", 1.into());
    let mix = report(&["--mix", "rsa2048-verify:1,aead-seal@64:1"]);
    assert!(mix["slices"][0]["ops"].as_u64() > Some(0));
    assert!(mix["slices"][1]["ops"].as_u64() > Some(0));
}

#[test]
fn a_slo_that_does_not_hold_ends_with_99() {
    load(&["--slo", "p99<2ms", "--slo", "errors==0"]).expect_code(0);
    load(&["--slo", "notify.p99 < 1ms"]).expect_code(0);
    for rate in ["throughput>1k", "throughput > 1.5e3 ", "throughput>=1k/s"] {
        load(&["--slo", rate]).expect_code(0);
    }
    load(&["--slo", "throughput>10M"]).expect_code(99);
    // As the report heads its column.
    load(&["--slo", "p99.9<2ms", "--slo", "notify.p99.9<1ms"]).expect_code(0);
    let said = load(&["--slo", "p99.9<1us"]).expect_code(99);
    assert!(said.flat().contains("p999 <1us FAILS"), "{}", said.out);
    load(&["--set", "abort.p99.9=< 1us"]).expect_code(99);
    let twice = ["--slo", "p99.9<2ms", "--slo", "p999<1ms"];
    load(&twice).expect_code(104).expect_err(&["said twice"]);
    let said = load(&["--slo", "p99<1us", "--slo", "errors==0"]).expect_code(99);
    let fails: Vec<&str> = said.out.lines().filter(|it| it.contains("FAILS")).collect();
    assert_eq!(fails.len(), 1, "{}", said.out);
    assert!(fails[0].contains("p99 <1us"), "{fails:?}");
}

#[test]
fn what_is_wrong_is_shown_at_the_flag() {
    // A negative number is no flag.
    for (args, words) in [
        (["-d", "-1s"], ["--duration -1s", "accepted: "]),
        (["-n", "-1k"], ["--ops -1k", "a whole number from 1"]),
    ] {
        let said = Folder::new().say(&[&["load"], &args[..]].concat());
        said.expect_code(104).expect_err(&words);
    }
    for (args, words) in [
        (&["--rate", "0"][..], &["--rate 0", "above zero"][..]),
        (&["--rate", "fast"], &["--rate fast", "begin with a number"]),
        (&["--rate", "-5"], &["--rate -5", "accepted: "]),
        (&["-c", "-1"], &["--jobs -1", "a whole number from 1"]),
        (&["-t", "-1"], &["--threads -1", "a whole number from 1"]),
        (&["--warmup", "-1s"], &["--warmup -1s", "accepted: "]),
        (&["--jobs", "0"], &["--jobs 0", "a whole number from 1"]),
        (&["--jobs", "many"], &["--jobs many", "a whole number"]),
        (
            &["--jobs", "9999M"],
            &["--jobs 9999M", "no whole number in"],
        ),
        (&["--threads", "65"], &["--threads 65", "share 64 jobs"]),
        (&["--warmup", "5"], &["--warmup 5", "lacks a unit"]),
        (&["--op", "rsa-sing"], &["--op rsa-sing", "unknown value"]),
        (&["--mix", ""], &["--mix ", "a mix of 0 ops"]),
        (&["--mix", "rsa-sign:0"], &["--mix rsa-sign:0", "no whole"]),
        (
            &["--mix", "rsa-sign:1", "--op", "rsa-sign"],
            &["--mix rsa-sign:1", "both op and mix", "--op rsa-sign"],
        ),
        (&["--slo", "p99"], &["--slo p99", "does not begin with a"]),
        (&["--slo", "<2ms"], &["--slo <2ms", "names no figure"]),
        (&["--slo", "p98<2ms"], &["--slo p98<2ms", "unknown field"]),
        (&["--slo", "p99<2"], &["--slo p99<2", "lacks a unit"]),
        (&["--slo", "throughput>fast"], &["--slo throughput>fast"]),
        (&["--slo", "dropped==0"], &["--slo dropped==0", "open loop"]),
        (
            &["--slo", "p99<2ms", "--slo", "p99>1ms"],
            &["--slo p99>1ms", "said twice", "`--slo p99<2ms`"],
        ),
        (&["--arrival", "burst"], &["--arrival burst", "open loop"]),
        (&["--key", "missing.pem"], &["--key missing.pem", "no such"]),
        (&["--payload", "none"], &["--payload none", "cannot read"]),
        (&["--profile", "abacus"], &["--profile abacus"]),
        (&["--set", "load.joobs=3"], &["--set load.joobs=3"]),
        (
            &["--op", "rsa2048-sign", "--key", "k.pem"],
            &["--key k.pem", "no such file"],
        ),
        // clap's own, which name the flag too.
        (&["--notify", "pigeon"], &["--notify", "callback"]),
        (&["--seed", "x"], &["--seed"]),
    ] {
        let said = load(args).expect_code(104).expect_err(words);
        assert_eq!(said.out, "");
    }
    let folder = Folder::new();
    for (args, words) in [
        (
            &["-d", "0s"][..],
            &["--duration 0s", "a duration of zero"][..],
        ),
        (&["-d", "soon"], &["--duration soon", "accepted"]),
        (&["-n", "0"], &["--ops 0", "a whole number from 1"]),
        (
            &["-d", "1s", "-n", "5"],
            &["--duration 1s", "both ops and duration", "--ops 5"],
        ),
    ] {
        let args = [&["load"], args].concat();
        folder.say(&args).expect_code(104).expect_err(words);
    }
}

#[test]
fn what_a_flag_says_no_set_says_too() {
    let folder = Folder::with(GOOD);
    for (args, words) in [
        (
            &["load", "--slo", "p99<1us", "--set", "expect.p99=<1s"][..],
            &["--set expect.p99=<1s", "`--slo p99<1us` too"][..],
        ),
        (
            &["load", "--slo", "p99.9<1us", "--set", "expect.p999=<1s"],
            &["said twice", "`--slo p99.9<1us` too"],
        ),
        (
            &["load", "--slo", "p99<1us", "--set", "expect={p99=\"<1s\"}"],
            &["--set expect=", "`--slo p99<1us` too"],
        ),
        (
            &["load", "--seed", "3", "--set", "seed=9"],
            &["--set seed=9", "`--seed 3` too"],
        ),
        (
            &["load", "-c", "3", "--set", "load.jobs=9"],
            &["--set load.jobs=9", "`--jobs 3` too"],
        ),
        (
            &["load", "-c", "3", "--set", "load.jobs="],
            &["--set load.jobs=", "`--jobs 3` too"],
        ),
        (
            &["run", "it.toml", "--seed", "3", "--set", "seed=9"],
            &["--set seed=9", "`--seed 3` too"],
        ),
    ] {
        let said = folder.say(args).expect_code(104).expect_err(words);
        said.expect_err(&["this is said twice", "accepted: one of the two"]);
    }
    // Of the same table, something else; and of two sets the later.
    load(&["--slo", "p99<2ms", "--set", "expect.p90=<2ms"]).expect_code(0);
    let twice = ["--set", "load.jobs=9", "--set", "load.jobs=8"];
    let report = json(&load(&[&twice[..], &["--format", "json"]].concat()));
    assert_eq!(report["jobs"]["max_live"], 8);
}

/// A search or a comparison that chooses seeds itself does not say again what a `--set` says.
#[test]
fn a_seed_that_is_set_is_the_only_one() {
    let knee = ["knee", "--slo", "p99<2ms", "-n", "1k", "--precision", "50%"];
    let args = [&knee[..], &["--set", "seed=9", "--format", "json"]].concat();
    let report = json(&Folder::new().say(&args).expect_code(0));
    assert_eq!(report["probes"][0]["runs"][0]["seed"], 9);
    let command = report["command"].as_str().expect("a command");
    assert!(!command.contains("--seed"), "{command}");
}

#[test]
fn numbers_are_taken_as_people_write_them_and_within_what_can_be() {
    let is = |args: &[&str], pointer: &str, value: f64| {
        let args = [args, &["--format", "json"]].concat();
        let report = json(&load(&args).expect_code(0));
        let found = report.pointer(pointer).and_then(Value::as_f64);
        assert_eq!(found, Some(value), "{args:?}");
    };
    is(&["-c", "1e1"], "/jobs/max_live", 10.0);
    is(&["-c", "0.02k"], "/jobs/max_live", 20.0);
    is(&["-R", "1e4"], "/open_loop/offered_per_s", 10_000.0);
    for (args, words) in [
        (["-R", "18446744073709551616"], "too large: at most 1000M/s"),
        (["-R", "1e400"], "too large: at most 1000M/s"),
        (["-R", "inf"], "does not begin with a number"),
        (["-R", "nan"], "does not begin with a number"),
        (["-c", "1e30"], "a whole number from 1 to 4294967295"),
        (["-c", "1e-3"], "a whole number from 1 to 4294967295"),
        (["-c", "inf"], "a whole number from 1 to 4294967295"),
        (["-c", "18446744073709551616"], "a whole number from 1"),
        (["--warmup", "1e30s"], "too large: at most 9000000s"),
    ] {
        load(&args)
            .expect_code(104)
            .expect_err(&[args[1], words, "accepted: "]);
    }
    for (args, words) in [
        (["-n", "0"], "a whole number from 1"),
        (["-n", "1e-3"], "a whole number from 1"),
        (["-d", "0s"], "a duration of zero"),
        (["-d", "1e30s"], "too large: at most 9000000s"),
    ] {
        let said = Folder::new().say(&[&["load"], &args[..]].concat());
        said.expect_code(104)
            .expect_err(&[args[1], words, "accepted: "]);
    }
}

/// Jobs that began in the warm-up end behind it, and are among neither.
#[test]
fn no_more_jobs_end_than_begin() {
    for args in [
        &["--clock", "virtual", "-n", "1000", "--warmup", "5ms"][..],
        &[
            "--clock", "virtual", "-d", "10ms", "--warmup", "5ms", "-t", "2",
        ],
        &[
            "--clock", "wall", "-n", "1000", "--warmup", "5ms", "-t", "2", "-q",
        ],
    ] {
        let load = ["load", "--compute", "none", "--format", "json"];
        let report = json(
            &Folder::new()
                .say(&[&load[..], args].concat())
                .expect_code(0),
        );
        let jobs = &report["jobs"];
        let count = |name: &str| jobs[name].as_u64().expect("a count");
        assert!(count("started") > 0, "{jobs}");
        assert_eq!(
            count("started"),
            count("finished") + count("cancelled"),
            "{jobs}"
        );
        // By the wall clock a job may begin before the end of the warm-up, and its only call behind it.
        if report["scenario"]["clock"] == "virtual" {
            assert_eq!(report["ops"], count("finished"), "{jobs}");
        }
    }
}

#[test]
fn a_figure_has_the_same_names_everywhere() {
    let folder = Folder::with(&GOOD.replace(
        "ops = \"== 20\"",
        "\"p99.9\" = \"< 1s\"\nnotify = { \"p99.9\" = \"< 1s\" }\n[abort]\np99.9 = \"< 1s\"",
    ));
    folder.run(&[]).expect_code(0);
    let report = json(&folder.run(&["--format", "json"]).expect_code(0));
    let figures = report["expected"].as_array().expect("expectations").iter();
    let figures: Vec<_> = figures.map(|it| it["figure"].as_str()).collect();
    let names = ["p999", "notify.p999", "abort p999"];
    assert_eq!(figures, names.map(Some));
    for set in [
        "expect.p99.9=<1us",
        "expect.\"p99.9\"=<1us",
        "expect.'p99.9'=<1us",
        "expect.p999=<1us",
        "expect={\"p99.9\"=\"<1us\"}",
    ] {
        let said = folder.run(&["--set", set]).expect_code(99);
        assert!(said.flat().contains("p999 <"), "{set}: {}", said.out);
    }
    folder.write(
        "it.toml",
        GOOD.replace(
            "[expect]",
            "[expect]\np999 = \"< 1s\"\n\"p99.9\" = \"< 2s\"",
        )
        .as_bytes(),
    );
    let twice = folder.run(&[]).expect_code(104);
    twice.expect_err(&["it.toml:18:1", "`p99.9` is said twice", "as `p999` too"]);
    for (args, words) in [
        (
            ["--slo", "p98<2ms"],
            ["unknown field `p98`", "did you mean `p9"],
        ),
        (
            ["--slo", "thruput>1/s"],
            ["`thruput`", "did you mean `throughput`"],
        ),
        (
            ["--slo", "notfy.p99<2ms"],
            ["`notfy`", "did you mean `notify`"],
        ),
        (["--slo", "notify.p98<2ms"], ["`p98`", "did you mean `p9"]),
    ] {
        load(&args).expect_code(104).expect_err(&words);
    }
}

#[test]
fn the_scenario_is_printed_and_does_the_same() {
    let folder = Folder::new();
    folder.write("payload.bin", &[7; 5_000]);
    for args in [
        &[][..],
        &["-R", "20k", "--slo", "p99<2ms", "--warmup", "5ms"],
        &["-c", "100", "-t", "3", "--notify", "fd", "--seed", "77"],
        &[
            "--mix",
            "rsa2048-sign:1,aes-256-gcm-seal@1350:20",
            "-R",
            "50k",
        ],
        &[
            "-R",
            "9k",
            "--arrival",
            "burst",
            "--set",
            "engine.reap=inline",
        ],
        &["--payload", "payload.bin", "--op", "aead-seal@512"],
    ] {
        let args = [&QUICK, args].concat();
        let printed = folder.say(&[&args[..], &["--print-scenario"]].concat());
        folder.write("load.toml", printed.expect_code(0).out.as_bytes());
        for format in ["text", "json"] {
            let format = ["--format", format];
            let said = folder.say(&[&args[..], &format].concat()).expect_code(0);
            let again = folder.say(&[&["run", "load.toml"], &format[..]].concat());
            let again = again.expect_code(0);
            assert_ne!(said.out, again.out, "each has its own command, or none");
            let [said, again] = [said, again].map(|said| without_command(&said.out));
            assert_eq!(said, again, "{args:?}");
        }
    }
}

/// A report without the command that makes it.
fn without_command(report: &str) -> String {
    let mut skips = false;
    let mut kept = String::new();
    for line in report.lines() {
        // A long one goes on, further to the right.
        skips = match skips {
            true => line.starts_with("              "),
            false => false,
        } || line.starts_with("command  ")
            || line.contains("\"command\": ");
        if !skips {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

#[test]
fn the_command_that_is_shown_does_the_same_again() {
    let folder = Folder::new();
    let args = ["-R", "20k", "--set", "device.asym.slices=8"];
    let args = [&QUICK, &args[..], &["--format", "json"]].concat();
    let first = folder.say(&args).expect_code(0);
    let command = json(&first)["scenario"]["command"]
        .as_str()
        .map(str::to_owned);
    let command = command.expect("a command");
    let words = shlex::split(&command).expect("words of a shell");
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    let again = folder.say(&[&words[..], &["--format", "json"]].concat());
    let again = again.expect_code(0);
    let [first, again] = [first, again].map(|said| without_command(&said.out));
    assert_eq!(first, again);
}

#[test]
fn a_payload_is_what_is_signed_and_sealed() {
    let folder = Folder::new();
    folder.write("payload.bin", &[b'x'; 3_000]);
    for (op, bytes) in [
        ("aead-seal", "3000"),
        ("aead-seal@1000", "1000"),
        ("rsa-sign", "3000"),
    ] {
        let args = [
            "load",
            "--clock",
            "virtual",
            "--ops",
            "40",
            "--compute",
            "real",
        ];
        let args = [&args[..], &["--payload", "payload.bin", "--op", op]].concat();
        let said = folder.say(&args).expect_code(0);
        assert!(
            said.out.contains(&format!("of {bytes} bytes")),
            "{}",
            said.out
        );
        assert!(said.out.contains("all 40 ("), "{}", said.out);
    }
}

#[test]
fn a_key_of_ones_own_signs() {
    let folder = Folder::new();
    let key = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("keys/test-p384.pem");
    folder.write("ec.pem", &std::fs::read(key).expect("a test key"));
    let args = ["load", "--clock", "virtual", "-n", "4", "--key", "ec.pem"];
    let said = folder
        .say(&[&args[..], &["--op", "ecdsa-sign"]].concat())
        .expect_code(0);
    assert!(said.out.contains("key ec.pem"), "{}", said.out);
}

#[test]
fn full_disks_and_readers_that_leave() {
    let folder = Folder::new();
    let args = [&QUICK[..], &["-o", "/dev/full"]].concat();
    let said = folder.say(&args).expect_code(104);
    said.expect_err(&["cannot write /dev/full", "space"]);
    // Whatever there is to say: also what is not asked for by a load.
    for args in [
        &QUICK[..],
        &["--help"],
        &["load", "--help"],
        &["--version"],
        &["schema"],
        &["completions", "bash"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let mut command = folder.command(args);
        command
            .stdout(full.expect("/dev/full opens"))
            .stderr(Stdio::piped());
        let said = crate::helper::said(command.output().expect("the program starts"));
        let said = said.expect_code(104);
        said.expect_err(&["error: cannot write to standard output: ", "space"]);
    }
    let mut child = folder
        .command(&QUICK)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let said = folder.say(&[&QUICK[..], &["-o", "nowhere/report"]].concat());
    said.expect_code(104)
        .expect_err(&["cannot write nowhere/report"]);
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn every_help_tells_the_exit_codes() {
    for args in [
        &["--help"][..],
        &["run", "--help"],
        &["load", "--help"],
        &["knee", "--help"],
        &["compare", "--help"],
        &["schema", "--help"],
    ] {
        let said = Folder::new().say(args).expect_code(0);
        for code in [
            "    0  ", "   99  ", "  100  ", "  103  ", "  104  ", "  105  ",
        ] {
            assert!(said.out.contains(code), "{args:?}: {}", said.out);
        }
    }
}

/// Jobs that think alike work in step: what is measured of them begins behind their thinking, and ends before it.
#[test]
fn what_is_over_another_time_says_over_which() {
    let folder = Folder::new();
    let load = |more: &str| {
        let line =
            format!("load --clock virtual --compute none -c 100 --set load.think=10ms {more}");
        let args: Vec<&str> = line.split(' ').collect();
        let text = folder.say(&args).expect_code(0).flat();
        let json = json(&folder.say(&[&args[..], &["--format", "json"]].concat()));
        (text, json)
    };
    let (text, json) = load("--warmup 50ms -d 100ms");
    let serving_ns = json["samples"]["totals"]["serving_ns"]
        .as_f64()
        .expect("a time");
    let ops_per_s = 1_000.0 / serving_ns * 1e9;
    let said = json["ops_per_s"].as_f64().expect("a rate");
    assert!((said - ops_per_s).abs() < 0.001, "{said}, {ops_per_s}");
    let over =
        "1,000 ops in 97.8ms: 9,585 op/s over 104ms, from the warm-up\u{2019}s last result on";
    assert!(text.contains(over), "{text}");
    assert!(
        text.contains("Busier than at most: that is in the long run"),
        "{text}"
    );
    assert!(text.contains("What is busy is so of 97.8ms"), "{text}");
    // In the long run neither is to be said.
    let (text, _) = load("--warmup 50ms -d 10s");
    assert!(
        !text.contains("over ") && !text.contains("Busier"),
        "{text}"
    );
}
