//! What an SLO may ask for: more as well as less, results that are right, calls that may fail or be dropped.

use super::{found, knee};
use crate::helper::{Folder, follows_schema, json, number};

/// The default device: 29 slices of 433 us, so 66,975 ops per second at most.
#[test]
fn an_slo_may_want_more_as_well_as_less() {
    let both = ["--slo", "p99<2ms", "--slo", "throughput>60k/s"];
    let search = |args: &[&str]| {
        let free = ["--set", "host.base=free"];
        let args = [
            &["knee", "-d", "100ms", "--format", "json"],
            &free[..],
            args,
        ]
        .concat();
        json(&Folder::new().say(&args).expect_code(0))
    };
    for slo in [&both[..], &both[2..]] {
        let report = search(slo);
        let holds = number(&report, "/answer/holds_at");
        assert!((64_000.0..66_975.0).contains(&holds), "{holds}");
        let probes = report["probes"].as_array().expect("probes");
        assert_eq!(probes[0]["verdict"], "too_low", "{}", probes[0]);
    }
    for jobs in ["1", "512"] {
        let report = search(&[&both[..], &["--fewest-jobs", "-c", jobs]].concat());
        let answer = &report["answer"];
        assert_eq!(
            (&answer["holds_at"], &answer["fails_at"]),
            (&26.0.into(), &25.0.into())
        );
    }
}

#[test]
fn conditions_may_contradict_each_other() {
    let args = [
        "--slo",
        "p99<100ms",
        "--slo",
        "throughput>45k/s",
        "-d",
        "100ms",
    ];
    let said = knee(4, &[&args[..], &["--format", "json"]].concat()).expect_code(99);
    let report = json(&said);
    follows_schema("knee", &report);
    assert_eq!(report["answer"]["kind"], "contradiction");
    let low = number(&report, "/answer/too_low_at");
    let high = number(&report, "/answer/too_high_at");
    assert!(
        low < 40_000.0 && 40_000.0 <= high && high <= low * 1.01,
        "{low} {high}"
    );
    let words = report["words"].as_str().expect("words");
    for part in [
        "No rate holds p99 < 100ms and throughput > 45k/s: the conditions contradict each other",
        " is too low for throughput > 45k/s (",
        " is too high for the device (more arrives than is served)",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let jobs = [
        "--fewest-jobs",
        "--max-jobs",
        "16",
        "-d",
        "10ms",
        "--slo",
        "p99<150us",
    ];
    let args = [&jobs[..], &["--slo", "throughput>50k/s"]].concat();
    let said = knee(4, &args).expect_code(99).flat();
    assert!(
        said.contains("No number of jobs up to 16 jobs")
            && said.contains("There throughput > 50k/s (40000.0/s) wants more")
            && said.contains("less is wanted by what fails: p99 < 150us (400"),
        "{said}"
    );
}

/// What high rates meet by themselves has no highest rate.
#[test]
fn a_knee_needs_an_upper_limit() {
    for slo in [&["p99>2ms"][..], &["mean>1ms", "late>5"]] {
        let flags: Vec<&str> = slo.iter().flat_map(|slo| ["--slo", slo]).collect();
        let said = knee(4, &[&flags[..], &["-n", "100"]].concat()).expect_code(104);
        said.expect_err(&["needs an upper limit", "--slo 'p99<2ms'"]);
    }
    // Of throughput there is one: what the device can do.
    let args = [
        "--slo",
        "throughput>10k/s",
        "--arrival",
        "constant",
        "-n",
        "1k",
    ];
    let report = found(4, &args);
    let holds = number(&report, "/answer/holds_at");
    assert!((39_000.0..=40_000.0).contains(&holds), "{holds}");
}

/// Results that are to be verified have to be there: nobody has to say so.
#[test]
fn verification_may_be_part_of_the_slo() {
    for slo in ["verified=all", "verified==all"] {
        let args = [
            "--slo",
            "p99<2s",
            "--slo",
            slo,
            "--max-rate",
            "2k",
            "-n",
            "50",
        ];
        let report = found(4, &args);
        let run = &report["probes"][0]["runs"][0];
        assert_eq!(run["figures"][1]["measured"], "50 of 50", "{run}");
    }
    let args = [
        "--slo",
        "p99<2s",
        "--slo",
        "verified=all",
        "--compute",
        "none",
    ];
    let said = knee(4, &args).expect_code(104);
    said.expect_err(&["no results to verify", "compute = \"real\""]);
}

#[test]
fn what_is_dropped_is_not_held() {
    // One job, and nothing may wait for it for long: above 1/S arrivals are lost.
    let limits = [
        "--jobs",
        "1",
        "--set",
        "load.backlog=5",
        "--arrival",
        "constant",
    ];
    let args = [&limits[..], &["--slo", "errors==0", "-d", "1s"]].concat();
    let report = found(4, &args);
    let holds = number(&report, "/answer/holds_at");
    assert!((holds / 10_000.0 - 1.0).abs() < 0.02, "{holds}");
    let probes = report["probes"].as_array().expect("probes");
    for probe in probes {
        let run = &probe["runs"][0];
        assert_eq!(run["holds"], run["dropped"] == 0, "{probe}");
        assert_eq!(run["figures"][0]["holds"], true, "{probe}");
    }
    let text = knee(4, &args).expect_code(0).out;
    assert!(text.contains(" lost"), "{text}");
}

/// An SLO that says how many calls may fail decides it; one that says nothing of them wants none.
#[test]
fn what_the_slo_allows_to_fail_is_not_lost() {
    // A full ring fails what comes to it.
    let full = [
        "--set",
        "engine.on_full=fail",
        "--set",
        "device.ring_depth=8",
        "-n",
        "2000",
        "--slo",
        "p99<2ms",
    ];
    let with = |slo: &[&str]| found(4, &[&full[..], slo].concat());
    let strict = number(&with(&[]), "/answer/holds_at");
    let none = number(&with(&["--slo", "errors==0"]), "/answer/holds_at");
    assert_eq!(strict, none);
    for figure in ["errors", "retries"] {
        let report = with(&["--slo", &format!("{figure}<=100")]);
        let holds = number(&report, "/answer/holds_at");
        assert!(holds > strict * 1.2, "{figure}: {holds} {strict}");
        for probe in report["probes"].as_array().expect("probes") {
            let run = &probe["runs"][0];
            let failed = run["errors"].as_u64().expect("a count");
            // A full ring is a retry.
            assert_eq!(run["errors_allowed"], failed);
            let saturated = run["saturated"].as_bool().expect("a flag");
            assert_eq!(run["holds"], failed <= 100 && !saturated, "{run}");
        }
    }
    // What is said of others speaks of those alone.
    for other in ["dropped<=100", "timed_out<=100", "device_errors<=100"] {
        let report = with(&["--slo", other]);
        assert_eq!(number(&report, "/answer/holds_at"), strict, "{other}");
    }
}

/// The same of arrivals that are dropped, as long as no more arrive than are served.
#[test]
fn what_the_slo_allows_to_be_dropped_is_not_lost() {
    // One job of 100 us, and one place to wait: at random arrivals some are dropped far below 10 k/s.
    let limits = ["--jobs", "1", "--set", "load.backlog=1", "-n", "2000"];
    let with = |slo: &str| {
        found(
            4,
            &[&limits[..], &["--slo", "p99<1s", "--slo", slo]].concat(),
        )
    };
    let strict = with("errors<=100");
    let report = with("dropped<=100");
    let (none, some) = (
        number(&strict, "/answer/holds_at"),
        number(&report, "/answer/holds_at"),
    );
    assert!(some > none * 1.2, "{some} {none}");
    for probe in report["probes"].as_array().expect("probes") {
        let run = &probe["runs"][0];
        let dropped = run["dropped"].as_u64().expect("a count");
        let saturated = run["saturated"].as_bool().expect("a flag");
        assert_eq!(run["holds"], dropped <= 100 && !saturated, "{run}");
    }
}
