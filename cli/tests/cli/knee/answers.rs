//! Answers: held against what theory says of the device, and against what is out of reach.

use super::{found, knee};
use crate::helper::{Folder, json, number};

/// Evenly spaced arrivals never wait up to c/S, and queue without end above it: in short probes, too,
/// whose latency does not show it.
#[test]
fn the_knee_of_even_arrivals_is_c_by_s() {
    for (slo, length) in [
        ("p99<200us", ["-d", "1s"]),
        ("p99<100s", ["-d", "100ms"]),
        ("p99<100s", ["-d", "5ms"]),
        ("mean<1s", ["-n", "10"]),
    ] {
        let args = [&["--arrival", "constant", "--slo", slo][..], &length].concat();
        let report = found(4, &args);
        let (holds, fails) = (
            number(&report, "/answer/holds_at"),
            number(&report, "/answer/fails_at"),
        );
        assert!(holds <= 40_000.0 && 40_000.0 < fails, "{holds} {fails}");
        assert!(fails <= holds * 1.01, "{holds} {fails}");
    }
}

/// M/D/1: the mean wait is S/2 where the load is one half (Pollaczek and Khinchine).
#[test]
fn the_knee_of_an_m_d_1_queue_is_the_formulas() {
    for length in [["-d", "8s"], ["-d", "2s"], ["-n", "10k"]] {
        let args = [&["--slo", "mean<150us", "--rate", "4k"][..], &length].concat();
        let report = found(1, &args);
        let holds = number(&report, "/answer/holds_at");
        // It says how far it may be off.
        let chance = number(&report, "/chance") + 0.01;
        assert!((holds / 5_000.0 - 1.0).abs() < chance, "{holds}");
        assert!(chance < 0.07, "{chance}");
    }
}

/// n jobs do n/S ops each second, up to the slices.
#[test]
fn the_fewest_jobs_are_those_of_littles_law() {
    let args = ["--fewest-jobs", "--slo", "throughput>65k/s", "-d", "100ms"];
    let report = found(29, &args);
    assert_eq!(number(&report, "/answer/holds_at"), 7.0);
    assert_eq!(number(&report, "/answer/fails_at"), 6.0);
    assert_eq!(report["searched"], "jobs");
    let text = knee(29, &args).expect_code(0).flat();
    assert!(
        text.contains("are 7 jobs (holds with 7 jobs, fails with 6"),
        "{text}"
    );
}

/// What a TPM does is less than a rate that one would try first.
#[test]
fn the_search_goes_as_low_as_a_slow_device_needs() {
    let tpm = ["knee", "--profile", "tpm", "--slo", "p99<700ms", "-n", "10"];
    let said = Folder::new().say(&[&tpm[..], &["--format", "json"]].concat());
    let report = json(&said.expect_code(0));
    let holds = number(&report, "/answer/holds_at");
    assert!((0.1..=4.0).contains(&holds), "{holds}");
    let said = Folder::new().say(&[&tpm[..], &["--min-rate", "10"]].concat());
    let said = said.expect_code(99).flat();
    assert!(
        said.contains("even the lowest that was tried, 10 /s, fails"),
        "{said}"
    );
    assert!(
        said.contains("The modelled device can do 4 /s at most"),
        "{said}"
    );
    assert!(
        said.contains("--min-rate lets the search try what is below"),
        "{said}"
    );
}

#[test]
fn nothing_may_hold_and_everything_may() {
    let args = ["--slo", "p99<50us", "-d", "100ms", "--min-rate", "200"];
    let said = knee(4, &args).expect_code(99);
    assert!(
        said.flat().contains("No rate holds p99 < 50us"),
        "{}",
        said.flat()
    );
    assert!(
        said.flat().contains("200 /s, fails (p99 100µs)"),
        "{}",
        said.flat()
    );
    let args = ["--slo", "p99<1ms", "-d", "100ms", "--max-rate", "5k"];
    let said = knee(4, &args).expect_code(0);
    assert!(said.flat().contains("lies above it"), "{}", said.flat());
    let jobs = ["--fewest-jobs", "--max-jobs", "16", "-d", "10ms"];
    let args = [&jobs[..], &["--slo", "throughput>1M/s"]].concat();
    let said = knee(4, &args).expect_code(99);
    assert!(
        said.flat().contains("No number of jobs up to 16"),
        "{}",
        said.flat()
    );
    let args = [&jobs[..], &["--slo", "throughput>1k/s"]].concat();
    let said = knee(4, &args).expect_code(0);
    assert!(
        said.flat().contains("with 1 job already"),
        "{}",
        said.flat()
    );
}

/// More ops do not help where they fail.
#[test]
fn a_search_in_which_all_calls_fail_says_that_they_fail() {
    let args = ["--slo", "p99<2ms", "-n", "2000", "--min-rate", "500"];
    let args = [&args[..], &["--set", "engine.op_timeout=1ns"]].concat();
    let said = knee(4, &args).expect_code(99).flat();
    assert!(
        said.contains("All of the 2,000 calls failed there"),
        "{said}"
    );
    assert!(said.contains("pausewake load"), "{said}");
    for wrong in ["TOO FEW", "Longer probes", "--min-rate lets"] {
        assert!(!said.contains(wrong), "{wrong}: {said}");
    }
}

/// 16 lanes that wait 10 ms for each other: with more load there are more of them at once, until there are too many.
#[test]
fn more_load_may_mean_less_latency() {
    let batches = [
        "knee",
        "--profile",
        "software-batching",
        "--slo",
        "p99<10ms",
    ];
    let search = |more: &[&str]| {
        let said = Folder::new().say(&[&batches, more, &["--format", "json"]].concat());
        json(&said.expect_code(0))
    };
    let holds_at = |more: &[&str]| number(&search(more), "/answer/holds_at");
    let below = search(&["-n", "20k"]);
    let words = below["words"].as_str().expect("words");
    assert!(words.contains("there ops wait for others"), "{words}");
    let (from_below, from_above) = (
        number(&below, "/answer/holds_at"),
        holds_at(&["-n", "20k", "--rate", "3k"]),
    );
    assert!(
        (from_below / from_above - 1.0).abs() < 0.011,
        "{from_below} {from_above}"
    );
    // Eight jobs fill the batch of a lane.
    for first in ["1", "4", "8", "64"] {
        let jobs = ["--fewest-jobs", "-n", "2000", "--jobs", first];
        assert_eq!(holds_at(&jobs), 8.0, "{first}");
    }
    // What no load shortens is not gone after for long.
    let said = knee(4, &["--slo", "p99<50us", "-n", "2000", "--min-rate", "500"]);
    let text = said.expect_code(99).out;
    assert!(
        !text.contains("\n32 k/s") && !text.contains("\n64 k/s"),
        "{text}"
    );
}

/// The same with something else that is to hold, and where so little is wanted that few rates are quick enough.
#[test]
fn what_holds_above_may_be_narrow() {
    let search = |slos: &[&str]| {
        let slos: Vec<&str> = slos.iter().flat_map(|slo| ["--slo", *slo]).collect();
        let device = ["knee", "--profile", "software-batching", "-n", "20k"];
        Folder::new().say(&[&device, &slos[..]].concat())
    };
    for slos in [&["p99<10ms", "throughput>5k/s"][..], &["p99<4ms"]] {
        let said = search(slos).expect_code(0).flat();
        assert!(said.contains("The highest rate that holds"), "{said}");
    }
    let few = [
        "--fewest-jobs",
        "--max-jobs",
        "7",
        "--slo",
        "p99<10ms",
        "-n",
        "2000",
    ];
    let device = ["knee", "--profile", "software-batching"];
    let said = Folder::new().say(&[&device[..], &few].concat());
    let said = said.expect_code(99).flat();
    assert!(said.contains("--max-jobs lets the search try"), "{said}");
    assert!(!said.contains("are too many"), "{said}");
    let said = search(&["p99<1ms"]).expect_code(99).flat();
    assert!(
        said.contains("Nothing that was tried holds p99 < 1ms"),
        "{said}"
    );
    assert!(!said.contains("--min-rate lets"), "{said}");
}

/// Above what the host does for calls that wait for room, it is a matter of time until all of them do.
#[test]
fn a_rate_from_which_there_is_no_way_back_is_doubted() {
    let search = |rate: &str| {
        let aes = ["--op", "aes-128-gcm-seal", "--notify", "fd", "-n", "20k"];
        let args = [
            "knee",
            "--slo",
            "p99<2ms",
            "--rate",
            rate,
            "--max-rate",
            rate,
        ];
        Folder::new()
            .say(&[&args[..], &aes].concat())
            .expect_code(0)
            .flat()
    };
    assert!(search("900k").contains("TIPS OVER"), "{}", search("900k"));
    assert!(!search("600k").contains("TIPS OVER"), "{}", search("600k"));
}
