//! CSV: a row for each variant, with the figures of the report.

use serde_json::Value;

use super::{report, varied};
use crate::helper::{Folder, UNREAL, json, rows};

#[test]
fn csv_has_a_row_for_each_variant_and_the_figures_of_the_report() {
    let folder = Folder::with(&varied());
    let said = folder.run(&["--format", "csv"]).expect_code(0).out;
    let json = report(&folder);
    let rows = rows(&said);
    assert_eq!(rows.len(), 2);
    for (index, row) in rows.iter().enumerate() {
        let variant = &json["variants"][index];
        assert_eq!(row["variant"], variant["scenario"]["variant"]);
        assert_eq!(row["verdict"], "passed");
        for (column, value) in [
            ("ops", &variant["ops"]),
            ("elapsed_ns", &variant["elapsed_ns"]),
            ("p99_ns", &variant["latency"]["p99_ns"]),
            ("service_p50_ns", &variant["stages"][3]["p50_ns"]),
            ("throughput", &variant["ops_per_s"]),
            ("utilisation_asym", &variant["slices"][0]["utilisation"]),
            ("doorbells", &variant["doorbells"]["rung"]),
        ] {
            assert_eq!(row[column], value.to_string(), "{column}");
        }
        // Nothing was computed late under virtual time, as there is nothing that could be.
        assert_eq!(row["compute_bound"], "");
    }
}

/// What arrives and is started late, or never, is in a table for programs too.
#[test]
fn csv_of_an_open_loop_has_what_makes_it_one() {
    let folder = Folder::new();
    let args = [&UNREAL[..], &["-R", "90k"]].concat();
    let args = [
        &args[..],
        &["-n", "5000", "-c", "64", "--set", "load.backlog=50"],
    ]
    .concat();
    let row = |args: &[&str]| {
        let csv = folder.say(&[args, &["--format", "csv"]].concat()).out;
        rows(&csv).swap_remove(0)
    };
    let lossy = row(&args);
    let said = folder.say(&[&args[..], &["--format", "json"]].concat());
    let report = json(&said);
    for (head, at) in [
        ("p95_ns", "/latency/p95_ns"),
        ("uncorrected_p99_ns", "/uncorrected/p99_ns"),
        ("uncorrected_mean_ns", "/uncorrected/mean_ns"),
        ("lateness_p99_ns", "/open_loop/lateness/p99_ns"),
        ("late", "/open_loop/late"),
        ("late_by_generator", "/open_loop/late_by_generator"),
        ("late_for_a_job", "/open_loop/late_for_a_job"),
        ("dropped", "/open_loop/dropped"),
    ] {
        let value = report.pointer(at).map(Value::to_string);
        assert_eq!(Some(&lossy[head]), value.as_ref(), "{head}");
    }
    assert_ne!(lossy["dropped"], "0");
    assert_eq!(lossy["rate"], "90000");
    // A closed loop has none of it.
    let closed = row(&[&UNREAL[..], &["-n", "50"]].concat());
    assert_eq!(
        ["rate", "dropped", "late"].map(|head| &closed[head]),
        [""; 3]
    );
}
