//! Probes: how long and how many they are, and which of them are no answer.

use super::{found, knee};
use crate::helper::{Folder, follows_schema, json, number};

#[test]
fn a_probe_that_is_too_short_says_so() {
    let default = |args: &[&str]| {
        let args = [&["knee", "--slo", "p99<2ms"], args].concat();
        let folder = Folder::new();
        let text = folder.say(&args).expect_code(0).flat();
        let report = json(&folder.say(&[&args[..], &["--format", "json"]].concat()));
        (text, report)
    };
    for (args, ops) in [(["-d", "1ms"], "6"), (["-n", "10"], "10 ops")] {
        let (text, report) = default(&args);
        assert!(number(&report, "/answer/holds_at") < 66_975.0, "{text}");
        let words = format!("TOO FEW OPS: p99 is of {ops}");
        assert!(text.contains(&words), "{text}");
        assert!(text.contains("from 1,000 on 10 lie beyond it"), "{text}");
        assert!(text.contains("(--duration, or --ops 1000)"), "{text}");
        assert!(text.contains("TOO SHORT: this is 99."), "{text}");
        let probe = &report["probes"][0]["runs"][0];
        assert_eq!(probe["figures"][0]["too_few"], true, "{probe}");
    }
    let lower = ["-d", "1s", "--max-rate", "30k", "--rate", "30k"];
    let (text, report) = default(&lower);
    assert!(!text.contains("TOO "), "{text}");
    let probe = &report["probes"][0]["runs"][0];
    assert_eq!(probe["figures"][0]["too_few"], false, "{probe}");
}

#[test]
fn a_probe_that_was_ended_before_its_time_does_not_hold() {
    let sets = ["abort.p99=< 150us", "abort.after=1ms", "abort.every=1ms"];
    let sets = sets.iter().flat_map(|set| ["--set", *set]);
    let args = ["--slo", "errors==0", "-d", "50ms", "--arrival", "constant"];
    let args: Vec<&str> = args.into_iter().chain(sets).collect();
    let report = found(4, &args);
    let holds = number(&report, "/answer/holds_at");
    assert!((39_000.0..=40_000.0).contains(&holds), "{holds}");
    let probes = report["probes"].as_array().expect("probes");
    let aborted = probes
        .iter()
        .filter(|it| it["runs"][0]["aborted"].is_string());
    let aborted: Vec<_> = aborted.collect();
    assert!(!aborted.is_empty());
    for probe in aborted {
        assert_eq!(probe["verdict"], "too_high", "{probe}");
    }
    assert!(knee(4, &args).expect_code(0).out.contains("aborted"));
}

#[test]
fn seeds_are_runs_of_their_own_and_the_majority_decides() {
    let args = [
        "--slo",
        "p99<300us",
        "-d",
        "20ms",
        "--repeat",
        "3",
        "--seed",
        "40",
    ];
    let report = found(4, &args);
    let probes = report["probes"].as_array().expect("probes");
    let mut is_split = false;
    for probe in probes {
        let runs = probe["runs"].as_array().expect("runs");
        let seeds: Vec<_> = runs.iter().map(|run| run["seed"].as_u64()).collect();
        assert_eq!(seeds, [Some(40), Some(41), Some(42)]);
        let held = runs.iter().filter(|run| run["holds"] == true).count();
        assert_eq!(probe["held"], held);
        assert_eq!(probe["holds"], held >= 2);
        is_split |= held == 1 || held == 2;
    }
    let words = report["words"].as_str().expect("words");
    assert_eq!(words.contains("Seeds disagree"), is_split, "{words}");
}

#[test]
fn by_the_wall_clock_each_probe_is_run_three_times() {
    // What no machine fails: the answer is the limit.
    let args = ["--clock", "wall", "--slo", "p99<100s", "-n", "20"];
    let rates = [
        "--rate",
        "5k",
        "--max-rate",
        "5k",
        "--set",
        "load.late_after=10s",
    ];
    let args = [&args[..], &rates, &["--format", "json"]].concat();
    let said = knee(4, &args).expect_code(0);
    assert!(
        said.err
            .starts_with("by the wall clock, each probe is run 3 times for 20 ops\n")
    );
    let report = json(&said);
    assert_eq!(report["repeat"], 3);
    let runs = report["probes"][0]["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run["ops"] == 20), "{runs:?}");
}

/// No start is a nanosecond after its time: no run measures the device.
#[test]
fn probes_that_measured_the_generator_alone_are_no_answer() {
    let args = [
        "--clock", "wall", "--slo", "p99<100s", "-n", "20", "--repeat", "2",
    ];
    let rates = [
        "--rate",
        "5k",
        "--min-rate",
        "5k",
        "--set",
        "load.late_after=1ns",
        "-q",
    ];
    let args = [&args[..], &rates, &["--format", "json"]].concat();
    let said = knee(4, &args).expect_code(103);
    assert_eq!(said.err, "");
    let report = json(&said);
    follows_schema("knee", &report);
    assert_eq!(report["answer"]["kind"], "invalid");
    let words = report["words"].as_str().expect("words");
    assert!(
        words.starts_with("INVALID: the device was not measured. At 5 k/s"),
        "{words}"
    );
    assert!(
        words.contains("the load generator was the bottleneck"),
        "{words}"
    );
    assert!(words.contains("(load.late_after)."), "{words}");
}

/// By default chance leaves the answer no wider open than the search does.
#[test]
fn probes_are_as_long_as_the_answer_is_close() {
    for (precision, ops) in [("1%", 320_000), ("10%", 200_000)] {
        let once = ["--rate", "1k", "--max-rate", "1k", "--precision", precision];
        let report = found(1, &[&["--slo", "mean<150us"][..], &once].concat());
        assert_eq!(report["probes"][0]["runs"][0]["ops"], ops, "{precision}");
    }
}

/// 29 slices of 433 us: 26 jobs do 60,046 ops per second, and 30 reach what the device can do.
#[test]
fn probes_of_too_few_ops_for_their_jobs_are_no_answer() {
    let search = |slo: &str, length: &[&str]| {
        let free = ["--set", "host.base=free"];
        let args = [&["knee", "--fewest-jobs", "--slo", slo], &free[..]].concat();
        Folder::new().say(&[&args, length].concat())
    };
    // Some jobs have nothing to do.
    for ops in ["10", "100"] {
        let said = search("throughput>60k/s", &["-n", ops])
            .expect_code(103)
            .flat();
        assert!(
            said.contains("INVALID: the device was not measured"),
            "{said}"
        );
        let short = format!("TOO SHORT: {ops} ops are fewer than there were jobs");
        assert!(said.contains(&short), "{said}");
        assert!(
            said.contains("(--ops or --duration: some 100 ops for each job)"),
            "{said}"
        );
        assert!(!said.contains("No number of jobs"), "{said}");
    }
    // All have, but of few ops the last ones that are waited for are many.
    for (slo, length) in [
        ("throughput>66k/s", ["-d", "5ms"]),
        ("throughput>60k/s", ["-n", "1000"]),
    ] {
        let said = search(slo, &length).flat();
        assert!(said.contains("TOO SHORT: in the probe of "), "{said}");
        assert!(said.contains("fewer jobs may do"), "{said}");
    }
    let said = search("throughput>60k/s", &["-n", "30k"])
        .expect_code(0)
        .flat();
    assert!(
        said.contains("are 26 jobs") && !said.contains("TOO SHORT"),
        "{said}"
    );
    let said = search("throughput>90k/s", &["-n", "10k", "--max-jobs", "64"]);
    let said = said.expect_code(99).flat();
    assert!(
        said.contains("No number of jobs up to 64 jobs") && !said.contains("TOO SHORT"),
        "{said}"
    );
}
