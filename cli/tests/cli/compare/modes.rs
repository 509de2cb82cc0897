//! Modes side by side: how much faster each is than software, held against what is computed by hand.

use super::{compare, priced, priced_report};
use crate::helper::{follows_schema, json, number};

#[test]
fn modes_stand_side_by_side_with_what_they_must_have() {
    let report = priced_report(&["-n", "2k", "--seeds", "3", "--no-break-even"]);
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
    let report = priced_report(&args);
    let sync = number(&report, "/modes/1/ops_per_s/mean");
    let half_width = number(&report, "/modes/1/ops_per_s/half_width");
    assert!(
        half_width > 0.0 && (sync - 2_500.0).abs() < 2.0 * half_width,
        "{sync}"
    );
    let report = priced_report(&[&args[..], &["--seeds", "1"]].concat());
    assert!(report["modes"][1]["ops_per_s"]["half_width"].is_null());
    let text = priced(&[&args[..], &["--seeds", "1"]].concat()).out;
    assert!(text.contains("no interval is known"), "{text}");
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
    let said = priced(&args).expect_code(99);
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
    let report = json(&priced(&[&args[..], &["--format", "json"]].concat()));
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
    let said = priced(&late).expect_code(99);
    let why = "FAILED: callback: abort p99 <1100us fails: ";
    assert!(said.flat().contains(why), "{}", said.out);
    assert!(said.flat().contains(is_faster), "{}", said.out);
}
