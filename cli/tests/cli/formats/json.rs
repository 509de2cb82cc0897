//! JSON: it gives its figures and its run again, and follows the published schemas.

use serde_json::Value;

use super::{decoded, report, varied};
use crate::helper::{Folder, GOOD, count, follows_schema, validator};

#[test]
fn json_has_histograms_that_give_its_figures() {
    let folder = Folder::with(&varied());
    for report in report(&folder)["variants"].as_array().expect("variants") {
        let samples = &report["samples"];
        for (figures, series) in [
            (&report["latency"], &samples["latency"]),
            (&report["stages"][3], &samples["service"]),
        ] {
            let histogram = decoded(series["histogram"].as_str().expect("text"));
            assert_eq!(histogram.len(), 5_000);
            assert_eq!(count(&series["count"]), 5_000);
            let max_ns = count(&series["max_ns"]);
            assert_eq!(count(&figures["max_ns"]), max_ns);
            let mean = (count(&series["sum_ns"]) + 2_500) / 5_000;
            assert_eq!(count(&figures["mean_ns"]), mean);
            for (name, quantile) in [("p50_ns", 0.5), ("p99_ns", 0.99), ("p999_ns", 0.999)] {
                let value = histogram.value_at_quantile(quantile).min(max_ns);
                assert_eq!(count(&figures[name]), value, "{name}");
            }
        }
        let timeline = &report["timeline"];
        let intervals = timeline["intervals"].as_array().expect("intervals");
        assert!((65..=128).contains(&intervals.len()), "{}", intervals.len());
        let sum = |name: &str| intervals.iter().map(|it| count(&it[name])).sum::<u64>();
        assert_eq!(sum("ops"), 5_000);
        assert_eq!(sum("covered_ns"), count(&report["elapsed_ns"]));
        assert_eq!(report["config"]["load.op"], "\"rsa-sign\"");
        assert_eq!(report["config"]["seed"], "1");
    }
}

#[test]
fn the_configuration_in_a_result_makes_the_same_run_again() {
    let folder = Folder::with(&varied());
    let original = report(&folder);
    for variant in original["variants"].as_array().expect("variants") {
        let [said, unsaid] = ["config", "defaults"].map(|it| {
            let entries = variant[it].as_object().expect("entries");
            let entries = entries
                .iter()
                .filter(|(path, _)| !path.starts_with("expect"));
            let line = |(path, value): (&String, &Value)| {
                format!("{path} = {}\n", value.as_str().expect("TOML"))
            };
            entries.map(line).collect::<String>()
        });
        assert!(unsaid.contains("device.ring_depth = "), "{unsaid}");
        // With the defaults of today, and with those that it says.
        for lines in [said.clone(), said + &unsaid] {
            let again = report(&Folder::with(&lines));
            assert_eq!(again["samples"], variant["samples"], "{lines}");
            assert_eq!(again["timeline"], variant["timeline"]);
        }
    }
}

/// The published schema is what every result follows.
#[test]
fn results_follow_the_published_schema() {
    for scenario in [GOOD, &varied()] {
        follows_schema("report", &report(&Folder::with(scenario)));
    }
}

/// A version that this program does not write is none of its schema.
#[test]
fn schemas_are_of_one_version() {
    let folder = Folder::with(GOOD);
    let mut report = report(&folder);
    follows_schema("report", &report);
    report["format"] = "pausewake-report/99".into();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/");
    for (name, family) in [
        ("report", "\"const\": \"pausewake-report/"),
        ("sweep", "\"const\": \"pausewake-sweep/"),
        ("knee", "\"const\": \"pausewake-knee/"),
        ("profiles", "\"const\": \"pausewake-profiles/"),
        ("compare", "\"const\": \"pausewake-compare-modes/"),
        ("compare", "\"const\": \"pausewake-compare-results/"),
    ] {
        let text = std::fs::read_to_string(format!("{schema}{name}.schema.json")).expect(name);
        assert!(text.contains(family), "{name}");
    }
    assert!(!validator("report").is_valid(&report));
}
