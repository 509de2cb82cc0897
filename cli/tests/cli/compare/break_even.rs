//! From how many jobs or bytes on offload wins: held against the costs, and told with its doubts.

use serde_json::Value;

use super::{compare, priced, priced_report};
use crate::helper::{Folder, flat, follows_schema, json, number};

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
        let report = priced_report(&args);
        let answer = &report["break_even"][0];
        assert_eq!(answer["answer"]["kind"], kind, "{answer}");
        assert_eq!(answer["answer"]["wins_at"].as_f64(), at, "{answer}");
        let said = answer["words"].as_str().expect("words");
        assert!(said.contains(words), "{said}");
        assert!(priced(&args).flat().contains(words));
    }
}

#[test]
fn break_even_over_bytes_is_that_of_the_costs() {
    // 1 us + n/2 ns on one slice against 100 ns + n ns: equal at 1,800 bytes.
    let service =
        "device.sym.service={ distribution = \"constant\", base = \"1us\", per_byte = \"0.5ns\" }";
    let device = ["--set", service, "--set", "device.sym.slices=1"];
    let load = ["--op", "aes-128-gcm-seal", "-n", "2k", "--seeds", "1"];
    let report = priced_report(&[&device[..], &load].concat());
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
    let searched = priced_report(&["--op", "aead-seal", "-n", "100", "--seeds", "1"]);
    assert!(searched["no_break_even"]["bytes"].is_null());
    assert_eq!(searched["break_even"].as_array().map(Vec::len), Some(2));
    let args = ["-n", "100", "--seeds", "1", "--no-break-even"];
    let reason = priced_report(&args)["no_break_even"]["bytes"].to_string();
    assert!(reason.contains("--no-break-even"), "{reason}");
    assert!(!priced(&args).flat().contains("Nobody wanted"));
}

#[test]
fn an_open_loop_has_no_break_even_and_says_so() {
    let said = priced(&["-R", "500", "-n", "50", "--seeds", "1"]).expect_code(0);
    assert!(
        said.flat().contains("In an open loop throughput is"),
        "{}",
        said.out
    );
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
        assert!(found.contains("wins "), "{found}");
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
