//! What comparisons and merges must not pass over: failed calls, results that mean nothing, the same run
//! twice, and flags by which they would compare something else.

use serde_json::{Value, json};

use crate::compare::compare;
use crate::helper::{Folder, UNREAL, follows_schema, json as report_of};

#[test]
fn what_would_be_compared_with_something_else_is_refused() {
    for (args, words) in [
        (
            &["-n", "100", "--set", "seed=3"][..],
            &["--set seed", "--seed", "--seeds"][..],
        ),
        (
            &["--clock", "wall", "--compute", "none"],
            &["takes no time", "--compute real or cached"],
        ),
        (
            &["--set", "clock=wall", "--set", "device.compute=none"],
            &["takes no time"],
        ),
    ] {
        compare(args).expect_code(104).expect_err(words);
    }
}

#[test]
fn jobs_that_are_set_are_not_searched() {
    let args = ["-n", "100", "--seeds", "1", "--op", "aes-128-gcm-seal@64"];
    let set = ["--set", "load.jobs=7", "--format", "json"];
    let report = report_of(&compare(&[&args[..], &set].concat()).expect_code(0));
    follows_schema("compare", &report);
    let why = report["no_break_even"]["jobs"].as_str().expect("a reason");
    assert!(why.contains("--set load.jobs=7 says how many"), "{why}");
    let found = report["break_even"].as_array().expect("searches");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["over"], "bytes");
    let words = found[0]["words"].as_str().expect("words");
    assert!(
        words.starts_with("With aes-128-gcm-seal and 7 jobs, "),
        "{words}"
    );
}

/// A thread that waits in place holds the other ones under virtual time; all other modes go on.
#[test]
fn threads_are_compared_without_waiting_in_place() {
    for threads in [&["-t", "2"][..], &["--set", "load.threads=2"]] {
        let args = [&["-n", "400", "--seeds", "1", "--format", "json"], threads].concat();
        let report = report_of(&compare(&args).expect_code(0));
        let modes = report["modes"].as_array().expect("modes").iter();
        let modes: Vec<_> = modes.map(|mode| &mode["mode"]).collect();
        assert_eq!(modes, ["software", "fd", "callback"]);
        let notes = report["notes"].to_string();
        assert!(notes.contains("sync is left out"), "{notes}");
        assert_eq!(report["break_even"][0]["probes"][0]["at"], 2);
        let printed = compare(&[threads, &["--print-scenario"]].concat()).expect_code(0);
        assert!(!printed.out.contains("sync"), "{}", printed.out);
    }
}

#[test]
fn a_mode_whose_calls_fail_is_no_winner() {
    let args = [
        "-n",
        "500",
        "--seeds",
        "2",
        "--set",
        "engine.on_full=fail",
        "--set",
        "device.ring_depth=2",
    ];
    let folder = Folder::new();
    let files = [
        "-o", "it.json", "-o", "it.txt", "-o", "it.csv", "-o", "it.html",
    ];
    folder
        .say(&[&["compare"], &args[..], &files].concat())
        .expect_code(99);
    let read = |name: &str| std::fs::read_to_string(folder.path(name)).expect("a file");
    let report: Value = serde_json::from_str(&read("it.json")).expect("JSON");
    follows_schema("compare", &report);
    let callback = &report["modes"][3];
    let [ops, errors] = ["ops", "errors"].map(|it| callback[it].as_u64().expect("a count"));
    assert!(errors > 0 && ops + errors == 2 * 500, "{ops} {errors}");
    assert_eq!(report["modes"][0]["errors"], 0);
    let words = callback["words"].as_str().expect("words");
    let said = format!("{errors} of 1,000 calls FAILED in callback");
    assert!(words.starts_with(&said), "{words}");
    // With as many jobs as the ring has room for it wins, and with more of them it does not.
    let found = &report["break_even"][0];
    let probes = found["probes"].as_array().expect("probes");
    let failing = probes.iter().find(|it| it["offload_errors"] != 0);
    let failing = failing.expect("a probe that fails");
    let found_words = found["words"].as_str().expect("words");
    assert!(found_words.contains("Calls FAILED at "), "{found_words}");
    assert_eq!(found["wins_to_the_end"], false, "{found_words} {failing}");
    let text = read("it.txt");
    assert!(
        text.contains("\nerrors ") && text.contains("FAILED in callback"),
        "{text}"
    );
    assert!(read("it.html").contains("calls FAILED"));
    assert!(read("it.csv").contains(&format!("callback,errors,{errors},,2")));
}

/// Many jobs cost their threads more than few do: offload wins from somewhere on, and up to somewhere.
#[test]
fn where_it_loses_again_is_searched_too() {
    let folder = Folder::new();
    let load = ["compare", "--op", "aes-128-gcm-seal@1350", "-n", "1000"];
    let files = ["--seeds", "1", "-o", "it.json", "-o", "it.csv"];
    folder.say(&[&load[..], &files].concat()).expect_code(0);
    let read = |name: &str| std::fs::read_to_string(folder.path(name)).expect("a file");
    let report: Value = serde_json::from_str(&read("it.json")).expect("JSON");
    let found = &report["break_even"][0];
    assert_eq!(found["wins_to_the_end"], false, "{found}");
    let [wins, loses] = ["wins_at", "loses_at"].map(|it| {
        let at = &found["loses_again"][it];
        at.as_u64().unwrap_or_else(|| panic!("no {it}: {found}"))
    });
    assert_eq!(loses, wins + 1);
    for probe in found["probes"].as_array().expect("probes") {
        let rate = |it: &str| probe[it].as_f64().expect("a rate");
        let offload_wins = rate("offload_ops_per_s") > rate("software_ops_per_s");
        for (at, expected) in [(wins, true), (loses, false)] {
            assert!(probe["at"] != at || offload_wins == expected, "{probe}");
        }
    }
    let words = found["words"].as_str().expect("words");
    assert!(
        words.contains(&format!("but no longer from {loses} on")),
        "{words}"
    );
    let csv = read("it.csv");
    assert!(
        csv.contains(&format!("callback,break_even_jobs_until,{wins},,1")),
        "{csv}"
    );
    assert!(csv.contains("callback,break_even_bytes,"), "{csv}");
}

/// A result, as `change` has left it.
fn saved(folder: &Folder, name: &str, change: impl Fn(&mut Value)) {
    let args = [&UNREAL[..], &["-n", "300"]].concat();
    let mut report = report_of(&folder.say(&[&args[..], &["--format", "json"]].concat()));
    change(&mut report);
    folder.write(name, report.to_string().as_bytes());
}

#[test]
fn results_that_mean_nothing_are_told_whatever_is_asked() {
    let folder = Folder::new();
    saved(&folder, "good.json", |_| ());
    saved(&folder, "invalid.json", |it| {
        it["invalid"] = json!("too slow by half");
    });
    saved(&folder, "aborted.json", |it| {
        it["aborted"] = json!({ "by": "signal", "reason": "SIGINT" });
    });
    for (files, code, word, why) in [
        (
            ["invalid.json", "good.json"],
            103,
            "INVALID: invalid.json",
            "too slow by half",
        ),
        (
            ["good.json", "invalid.json"],
            103,
            "INVALID: invalid.json",
            "too slow by half",
        ),
        (
            ["good.json", "aborted.json"],
            105,
            "ABORTED: aborted.json",
            "ended before its time: SIGINT",
        ),
    ] {
        for conditions in [&[][..], &["--fail-if", "throughput<-5%"]] {
            let outputs = ["-o", "it.txt", "-o", "it.json", "-o", "it.html"];
            let args = [&["compare"], &files[..], conditions, &outputs].concat();
            folder.say(&args).expect_code(code);
            let read = |name: &str| std::fs::read_to_string(folder.path(name)).expect("a file");
            let report: Value = serde_json::from_str(&read("it.json")).expect("JSON");
            follows_schema("compare", &report);
            let objection = report["objections"][0].as_str().expect("an objection");
            assert!(
                objection.contains(word) && objection.contains(why),
                "{objection}"
            );
            let text = read("it.txt");
            assert!(text.contains(word), "{text}");
            assert!(read("it.html").contains(word));
            // A condition that cannot be held does not pass, nor does it fail.
            for condition in report["conditions"].as_array().expect("conditions") {
                assert_eq!(condition["fails"], Value::Null);
            }
            assert!(
                !text.contains("passes") && !text.contains("FAILS"),
                "{text}"
            );
            assert_eq!(
                text.contains("not judged"),
                !conditions.is_empty(),
                "{text}"
            );
        }
    }
}

/// It has failed, and what it tells is a part of it; but what was measured until then means something.
#[test]
fn a_result_that_a_condition_ended_is_told() {
    let folder = Folder::new();
    saved(&folder, "good.json", |_| ());
    saved(&folder, "ended.json", |it| {
        it["aborted"] = json!({ "by": "condition", "reason": "p99 < 1us" });
    });
    let said = folder.say(&["compare", "good.json", "ended.json"]);
    let said = said.expect_code(99);
    assert!(said.flat().contains("ABORTED: ended.json"), "{}", said.out);
}

/// Whether what is done is said by a flag or by a --set, it is called what it is.
#[test]
fn an_op_that_is_set_is_named() {
    let args = [
        "-n",
        "50",
        "--seeds",
        "1",
        "--set",
        "load.op=rsa2048-verify",
    ];
    let said = compare(&args).expect_code(0);
    assert!(
        said.flat().contains("With rsa2048-verify, offload"),
        "{}",
        said.out
    );
}

#[test]
fn lines_tell_how_far_a_comparison_is() {
    let args = ["-n", "50", "--seeds", "2", "--live", "line"];
    let said = compare(&args).expect_code(0);
    said.expect_err(&[
        "1 of 8 runs: software, seed 1\n",
        "8 of 8 runs: callback, seed 2\n",
        "break-even: with 1 job ",
    ]);
    assert_eq!(compare(&args[..4]).err, "", "no terminal");
}
