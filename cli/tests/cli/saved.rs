//! Saved results: read back, shown again, merged.

use serde_json::Value;

use crate::helper::{CHANCE, Folder, GOOD, UNREAL, count, flat, json, saved};

#[test]
fn a_saved_result_is_shown_as_the_run_was() {
    let folder = saved(CHANCE, &[7]);
    for format in ["text", "json", "csv", "html", "hgrm", "hlog"] {
        let run = folder
            .run(&["--seed", "7", "--format", format])
            .expect_code(0);
        let again = folder
            .say(&["report", "7.json", "--format", format])
            .expect_code(0);
        assert_eq!(again.out, run.out, "{format}");
    }
}

#[test]
fn several_results_stand_side_by_side() {
    let folder = saved(CHANCE, &[7, 8]);
    let said = folder
        .say(&["report", "7.json", "8.json", "--format", "json"])
        .expect_code(0);
    let report = json(&said);
    let names: Vec<_> = (0..2)
        .map(|n| &report["variants"][n]["scenario"]["variant"])
        .collect();
    assert_eq!(names, ["7", "8"]);
    let text = folder
        .say(&["report", "7.json", "8.json"])
        .expect_code(0)
        .out;
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    folder
        .say(&["report", "7.json", "8.json", "-o", "both.html"])
        .expect_code(0);
}

#[test]
fn merged_results_have_all_samples() {
    let folder = saved(CHANCE, &[1, 2, 3]);
    let [one, two, three] = [1, 2, 3].map(|seed| {
        let text = std::fs::read(folder.path(&format!("{seed}.json"))).expect("a result");
        serde_json::from_slice::<Value>(&text).expect("JSON")
    });
    let merged = json(
        &folder
            .say(&["merge", "1.json", "2.json", "3.json", "--format", "json"])
            .expect_code(0),
    );
    assert_eq!(merged["seeds"], serde_json::json!([1, 2, 3]));
    let parts = [&one, &two, &three];
    for path in [
        "/ops",
        "/elapsed_ns",
        "/device_ops",
        "/samples/latency/count",
        "/samples/latency/sum_ns",
        "/samples/totals/asym_busy_ns",
        "/slices/0/ops",
        "/doorbells/rung",
        "/signals/completions",
        "/jobs/finished",
    ] {
        let at = |report: &Value| count(report.pointer(path).expect(path));
        assert_eq!(
            at(&merged),
            parts.iter().map(|part| at(part)).sum::<u64>(),
            "{path}"
        );
    }
    let longest = parts
        .iter()
        .map(|part| count(&part["latency"]["max_ns"]))
        .max();
    assert_eq!(Some(count(&merged["latency"]["max_ns"])), longest);
    // Whatever the order, and in two steps.
    folder
        .say(&["merge", "3.json", "1.json", "-o", "some.json"])
        .expect_code(0);
    let other = folder.say(&["merge", "some.json", "2.json", "--format", "json"]);
    let other = json(&other.expect_code(0));
    for field in [
        "samples",
        "latency",
        "stages",
        "slices",
        "littles_law",
        "timeline",
        "expected",
    ] {
        assert_eq!(other[field], merged[field], "{field}");
    }
    let rate = count(&merged["ops"]) as f64 / count(&merged["elapsed_ns"]) as f64 * 1e9;
    assert!((merged["ops_per_s"].as_f64().expect("a rate") - rate).abs() < 1e-3);
    for law in merged["littles_law"].as_array().expect("two") {
        assert!(
            law["difference"].as_f64().expect("a number").abs() < 1e-5,
            "{law}"
        );
    }
}

/// Percentiles of the merged result are those of one run of all samples, not an average.
#[test]
fn percentiles_are_of_all_samples() {
    let folder = Folder::with(GOOD);
    // The same load twice, with devices so different that an average would be far off. That is refused,
    // and so the difference is hidden.
    let slow = GOOD.replace("100us", "900us");
    folder.run(&["-o", "fast.json"]).expect_code(0);
    folder.write("it.toml", slow.as_bytes());
    folder
        .run(&["--seed", "2", "-o", "slow.json"])
        .expect_code(0);
    let said = folder
        .say(&["merge", "fast.json", "slow.json"])
        .expect_code(104);
    said.expect_err(&[
        "slow.json",
        "device.asym.service.base",
        "100us",
        "900us",
        "seed",
    ]);
    let mut slow: Value =
        serde_json::from_slice(&std::fs::read(folder.path("slow.json")).expect("saved"))
            .expect("JSON");
    slow["config"]["device.asym.service.base"] = "\"100us\"".into();
    folder.write("slow.json", slow.to_string().as_bytes());
    let merged = json(&folder.say(&["merge", "fast.json", "slow.json", "--format", "json"]));
    // Twenty calls of 200 µs and twenty of 1.8 ms, with the first two of each half as long.
    assert_eq!(count(&merged["latency"]["p50_ns"]) / 1_000, 200);
    assert_eq!(count(&merged["latency"]["p90_ns"]) / 10_000, 180);
}

/// Another version may have other defaults; an early one did not tell them.
#[test]
fn what_nobody_said_has_to_be_the_same_too() {
    let folder = saved(CHANCE, &[1, 2]);
    let bytes = std::fs::read(folder.path("2.json")).expect("a result");
    let mut other: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(other["defaults"]["engine.watchdog"], "\"1s\"");
    other["defaults"]["engine.watchdog"] = "\"2s\"".into();
    folder.write("other.json", other.to_string().as_bytes());
    let merged = folder.say(&["merge", "1.json", "other.json"]);
    let said = "engine.watchdog is \"1s\" in one result and \"2s\" in the other";
    merged.expect_code(104).expect_err(&[said]);
    let compared = folder.say(&["compare", "1.json", "other.json"]);
    let compared = compared.expect_code(0).flat();
    let said = "differs engine.watchdog is \"1s\" and \"2s\"";
    assert!(compared.contains(said), "{compared}");
    // What was said is the same as what was not.
    let set = ["--seed", "3", "--set", "engine.watchdog=1s"];
    folder
        .run(&[&set[..], &["-o", "3.json"]].concat())
        .expect_code(0);
    folder.say(&["merge", "1.json", "3.json"]).expect_code(0);
    let early = other.as_object_mut().expect("an object");
    early.remove("defaults").expect("they are there");
    folder.write("early.json", other.to_string().as_bytes());
    folder
        .say(&["merge", "1.json", "early.json"])
        .expect_code(0);
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let folder = saved(CHANCE, &[1, 2]);
    folder
        .run(&["--seed", "3", "--set", "load.jobs=9", "-o", "other.json"])
        .expect_code(0);
    for (files, says) in [
        (["1.json", "1.json"], ["1.json", "seed 1", "same run twice"]),
        (
            ["1.json", "other.json"],
            ["other.json", "load.jobs is 8", "9"],
        ),
        (["1.json", "it.toml"], ["it.toml", "no JSON", "accepted"]),
    ] {
        let args = ["merge", files[0], files[1], "-o", "all.json"];
        folder.say(&args).expect_code(104).expect_err(&says);
        assert!(!folder.names().contains(&"all.json".to_owned()));
    }
    folder
        .say(&["merge", "1.json", "2.json", "-o", "all.json"])
        .expect_code(0);
    folder
        .say(&["merge", "all.json", "2.json"])
        .expect_code(104)
        .expect_err(&["seed 2", "same run twice"]);
}

/// By the wall clock no seed tells two runs from each other: the result itself does.
#[test]
fn the_same_result_is_not_merged_twice_by_any_clock() {
    let folder = Folder::new();
    for name in ["a.json", "b.json"] {
        let args = [
            "load",
            "--profile",
            "ideal",
            "-n",
            "64",
            "-c",
            "4",
            "-q",
            "-o",
            name,
        ];
        folder.say(&args).expect_code(0);
    }
    let merged = ["merge", "a.json", "b.json"];
    let all = json(
        &folder
            .say(&[&merged[..], &["--format", "json"]].concat())
            .expect_code(0),
    );
    assert_eq!(count(&all["ops"]), 128);
    std::fs::copy(folder.path("a.json"), folder.path("copy.json")).expect("a copy");
    for (files, pair) in [
        (
            &["a.json", "a.json"][..],
            ["a.json cannot be merged with a.json", "twice"],
        ),
        (
            &["b.json", "a.json", "copy.json"],
            ["copy.json cannot be merged with a.json", "twice"],
        ),
    ] {
        let said = folder.say(&[&["merge"], files].concat());
        said.expect_code(104).expect_err(&pair);
    }
}

#[test]
fn a_merged_report_tells_all_seeds_and_commands() {
    let folder = Folder::new();
    let name = |seed: u32| format!("{seed}.json");
    for seed in [1, 2, 3, 7] {
        let (seed, name) = (seed.to_string(), name(seed));
        let args = [&UNREAL[..], &["-n", "50"]].concat();
        let args = [&args[..], &["--seed", &seed, "-o", &name]].concat();
        folder.say(&args).expect_code(0);
    }
    let files = ["merge", "2.json", "1.json", "7.json", "3.json"];
    let outputs = ["-o", "all.txt", "-o", "all.html", "-o", "all.csv"];
    folder.say(&[&files[..], &outputs].concat()).expect_code(0);
    let [text, html, csv] = ["all.txt", "all.html", "all.csv"].map(|name| folder.read(name));
    assert!(
        text.contains("4 runs, seeds 1 to 3, 7, compute none"),
        "{text}"
    );
    let flat = flat(&text);
    for seed in [1, 2, 3, 7] {
        let command = format!("--ops 50 --seed {seed}");
        let alike = format!("--seed {seed}");
        assert!(flat.contains(&command) || flat.contains(&alike), "{text}");
        assert!(html.contains(&alike), "no {alike}");
    }
    assert_eq!(flat.matches("pausewake load ").count(), 4, "{text}");
    assert!(html.contains("1 to 3, 7"));
    assert!(csv.contains(",\"1 to 3, 7\",4,"), "{csv}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}
