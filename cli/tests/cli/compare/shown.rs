//! What a comparison is shown as: the same again in every format, on a page, as a scenario; and always in numbers.

use proptest::prelude::*;
use serde_json::Value;

use super::{priced, priced_report};
use crate::helper::{Folder, UNREAL, chart, json};

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
    let report = priced_report(&args);
    let html = priced(&[&args[..], &["--format", "html"]].concat());
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
