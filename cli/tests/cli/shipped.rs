//! Every shipped scenario runs, holds what it asserts, and is the same for the same seed.

use serde_json::Value;

use crate::helper::{json, scenarios, shipped};

/// Scenarios that are too long for a test as they are, with what makes them shorter.
const SHORTER: [(&str, &[&str]); 2] = [
    ("handshake-storm", &["load.ops=200", "expect.ops=== 200"]),
    (
        "virtual-storm",
        &[
            "load.ops=50000",
            "load.ops_per_job=200",
            "expect.ops=== 50000",
            "expect.wakes=== 50000",
            // Beginning and end weigh more here.
            "expect.utilisation.asym=> 95%",
            "expect.throughput=> 60000/s",
        ],
    ),
];

/// The flags that make a shipped scenario short enough.
pub(crate) fn sets(name: &str) -> Vec<&'static str> {
    let shorter = SHORTER.iter().find(|(of, _)| *of == name);
    let sets = shorter.map_or(&[][..], |(_, sets)| *sets);
    sets.iter().flat_map(|set| ["--set", *set]).collect()
}

/// The shipped scenarios, without their ending.
pub(crate) fn names() -> Vec<String> {
    let entries = std::fs::read_dir(scenarios()).expect("scenarios/ can be read");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let tomls = paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    let stem = |path: std::path::PathBuf| path.file_stem()?.to_str().map(str::to_owned);
    let mut names: Vec<String> = tomls.filter_map(stem).collect();
    names.sort();
    names
}

#[test]
fn every_shipped_scenario_holds_what_it_asserts() {
    let names = names();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        let args = [&sets(&name)[..], &["--format", "json"]].concat();
        let said = shipped(&format!("{name}.toml"), &args).expect_code(0);
        let report = json(&said);
        let variants = report["variants"].as_array().cloned();
        for run in variants.unwrap_or_else(|| vec![report.clone()]) {
            let expected = run["expected"].as_array().expect("expectations");
            assert!(!expected.is_empty(), "{name} asserts nothing: {run}");
            // What was started has ended, and every op exactly once.
            // (Some of what a warm-up starts ends behind it.)
            if run.get("warmup_ns").is_none() {
                assert_eq!(run["jobs"]["started"], run["jobs"]["finished"], "{name}");
            }
            assert_eq!(run["jobs"]["cancelled"], 0, "{name}");
            assert_eq!(run["doorbells"]["orphans"], 0, "{name}");
            assert_eq!(run["verified"]["wrong"], 0, "{name}");
        }
    }
}

#[test]
fn virtual_scenarios_are_the_same_for_the_same_seed() {
    let shorter = ["load.ops=500", "expect.ops=", "expect.wakes="];
    let threads = [
        "clock=virtual",
        "device.workers=",
        "device.compute=none",
        "load.verify=",
        "expect.verified=",
        "host={ base = \"measured\" }",
        "load.threads=3",
    ];
    for (name, sets, has_chance) in [
        ("sync-vs-async", &[][..], false),
        ("small-ops", &[], false),
        ("open-loop", &["load.ops=", "load.duration=2s"], true),
        ("spike", &["load.ops="], true),
        ("ring-full", &["expect.full_waits="], false),
        ("heuristic-polling", &["expect.notify="], true),
        ("mixed", &threads, true),
    ] {
        for format in ["text", "json"] {
            let report = |seed: &str| {
                let sets = shorter.iter().chain(sets).flat_map(|set| ["--set", *set]);
                let args: Vec<&str> = ["--seed", seed, "--format", format]
                    .into_iter()
                    .chain(sets)
                    .collect();
                let said = shipped(&format!("{name}.toml"), &args).expect_code(0);
                // The seed itself is told, and is not what must differ.
                let told = match format {
                    "text" => format!("seed {seed}"),
                    _ => format!("\"seed\": {seed}"),
                };
                assert!(said.out.contains(&told), "{name}: {}", said.out);
                (said.out.replace(&told, "seed"), said.out)
            };
            assert_eq!(report("7").1, report("7").1, "{name}, {format}");
            if has_chance {
                assert_ne!(report("7").0, report("8").0, "{name}, {format}");
            }
        }
    }
}

#[test]
fn without_a_threshold_in_reach_heuristic_polling_does_not_hold() {
    let away = "variant.many.engine.heuristic.asymmetric=1000";
    let said = shipped("heuristic-polling.toml", &["--set", away]).expect_code(99);
    let fails: Vec<&str> = said.out.lines().filter(|it| it.contains("FAILS")).collect();
    assert_eq!(fails.len(), 1, "{}", said.out);
    assert!(
        fails[0].contains("notify") && fails[0].contains("< 100us"),
        "{fails:?}"
    );
}

#[test]
fn what_the_headers_suggest_ends_as_they_say() {
    let fewer = ["variant.fd.load.jobs=8"];
    let slower = ["load.rate=950/s", "expect.mean_wait=~ 19ms"];
    let model = ["clock=virtual", "device.workers="];
    for (name, sets, code) in [
        ("sync-vs-async", &fewer[..], 99),
        ("virtual-mm1", &slower, 0),
        ("virtual-mm1", &slower[..1], 99),
        ("mixed", &model, 0),
    ] {
        let args: Vec<&str> = sets.iter().flat_map(|set| ["--set", *set]).collect();
        shipped(&format!("{name}.toml"), &args).expect_code(code);
    }
}

#[test]
fn sync_vs_async_runs_by_the_wall_clock_too() {
    let sets = [
        "clock=wall",
        "host=",
        "load.ops=100",
        "expect.ops=== 100",
        // Who is how fast is this machine's affair.
        "expect.throughput=",
        "expect.utilisation=",
    ];
    let mut args: Vec<&str> = sets.iter().flat_map(|set| ["--set", *set]).collect();
    args.extend(["--format", "json"]);
    let said = shipped("sync-vs-async.toml", &args).expect_code(0);
    let report = json(&said);
    let variants = report["variants"].as_array().expect("variants");
    let figures = |path: [&str; 2]| -> Vec<u64> {
        let figure = |run: &Value| run[path[0]][path[1]].as_u64().expect("a count");
        variants.iter().map(figure).collect()
    };
    assert_eq!(figures(["verified", "right"]), [100; 4]);
    assert_eq!(figures(["software", "by_mode"]), [100, 0, 0, 0]);
    assert_eq!(figures(["wakes", "in_place"]), [0, 100, 0, 0]);
    assert_eq!(figures(["wakes", "fd"]), [0, 0, 100, 0]);
    assert_eq!(figures(["wakes", "callback"]), [0, 0, 0, 100]);
}
