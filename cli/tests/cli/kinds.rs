//! Every kind of result that is saved as JSON: shown again as it was, or refused by its name.

use serde_json::Value;

use crate::helper::{Folder, Said, json, survives_damage};

const FEW: [&str; 8] = [
    "--clock",
    "virtual",
    "--compute",
    "none",
    "-n",
    "200",
    "--seed",
    "4",
];

/// A folder with a result of each kind.
fn all_kinds() -> Folder {
    let folder = Folder::new();
    let save = |command: &[&str], name: &str, code| {
        let args = [command, &["-o", name]].concat();
        folder.say(&args).expect_code(code);
    };
    save(&[&["load"], &FEW[..]].concat(), "run.json", 0);
    save(&[&["load", "-c", "8"], &FEW[..]].concat(), "run8.json", 0);
    for (name, slices) in [("sweep.json", "28"), ("sweep2.json", "14")] {
        let set = format!("device.asym.slices={slices}");
        let sweep = ["sweep", "--jobs", "1..64", "--set", &set];
        save(&[&sweep, &FEW[..]].concat(), name, 0);
    }
    let knee = ["knee", "--slo", "p99<2ms", "-d", "5ms", "--rate", "50k"];
    save(&knee, "knee.json", 0);
    let modes = ["compare", "-n", "100", "--seeds", "2"];
    save(&modes, "modes.json", 0);
    let fail_if = ["--fail-if", "throughput<-5%"];
    save(
        &[&["compare", "run.json", "run8.json"], &fail_if[..]].concat(),
        "results.json",
        99,
    );
    folder
}

/// The command that has written the result `name`, to write it as `format`.
fn again(folder: &Folder, name: &str, format: &str) -> Said {
    let text = std::fs::read_to_string(folder.path(name)).expect("a result");
    let saved: Value = serde_json::from_str(&text).expect("JSON");
    let command = saved["command"]
        .as_str()
        .expect("a command")
        .replace('\'', "");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    folder.say(&[&words[..], &["--format", format]].concat())
}

#[test]
fn a_report_of_any_kind_is_what_was_made_at_first() {
    let folder = all_kinds();
    for name in [
        "knee.json",
        "modes.json",
        "results.json",
        "sweep.json",
        "run.json",
    ] {
        for format in ["text", "json", "csv", "html"] {
            let shown = folder
                .say(&["report", name, "--format", format])
                .expect_code(0);
            let made = again(&folder, name, format).out;
            assert!(!made.is_empty());
            assert_eq!(shown.out, made, "{name} as {format}");
        }
    }
    for name in ["knee.json", "modes.json", "results.json"] {
        let said = folder
            .say(&["report", name, "--format", "hgrm"])
            .expect_code(104);
        said.expect_err(&["cannot be written as hgrm"]);
        let said = folder.say(&["report", name, "run.json"]).expect_code(104);
        said.expect_err(&["alone, and here are 2 files"]);
    }
}

#[test]
fn what_cannot_be_used_is_called_what_it_is() {
    let folder = all_kinds();
    for (args, words) in [
        (
            ["compare", "knee.json", "run.json"],
            "knee.json is a saved search for the knee",
        ),
        (
            ["compare", "run.json", "modes.json"],
            "modes.json is a saved comparison of modes",
        ),
        (
            ["merge", "results.json", "run.json"],
            "results.json is a saved comparison of results",
        ),
        (
            ["merge", "run.json", "sweep.json"],
            "sweep.json is a saved sweep",
        ),
        (
            ["merge", "sweep.json", "run.json"],
            "run.json is a saved result of a run",
        ),
        (
            ["report", "run.json", "knee.json"],
            "knee.json is a saved search for the knee",
        ),
    ] {
        let said = folder.say(&args).expect_code(104);
        said.expect_err(&[words, "is wanted", "`pausewake report`"]);
    }
}

#[test]
fn sweeps_are_compared_point_by_point() {
    let folder = all_kinds();
    let args = ["compare", "sweep.json", "sweep2.json", "--format", "json"];
    let report = json(&folder.say(&args).expect_code(0));
    let pairs = report["pairs"].as_array().expect("pairs");
    let names: Vec<_> = pairs
        .iter()
        .filter_map(|it| it["variant"].as_str())
        .collect();
    let jobs = [1, 2, 4, 8, 16, 32, 64].map(|jobs| format!("jobs={jobs}"));
    assert_eq!(names, jobs);
    for (pair, name) in pairs.iter().zip(names) {
        let throughput = &pair["figures"][0];
        let difference = throughput["difference"].as_f64().expect("a difference");
        let is_full = ["jobs=16", "jobs=32", "jobs=64"].contains(&name);
        assert_eq!(difference < -0.05, is_full, "{name}: {throughput}");
    }
    let fails = [&args[..3], &["--fail-if", "throughput<-5%"]].concat();
    folder.say(&fails).expect_code(99);
    // Another grid has the points in common that it has.
    let sweep = ["sweep", "--jobs", "2,3", "-o", "other.json"];
    folder.say(&[&sweep, &FEW[..]].concat()).expect_code(0);
    let said = folder
        .say(&["compare", "sweep.json", "other.json"])
        .expect_code(0);
    assert!(
        said.flat().contains("jobs=3, in other.json"),
        "{}",
        said.out
    );
    let said = folder
        .say(&["compare", "sweep.json", "run.json"])
        .expect_code(104);
    said.expect_err(&[
        "no variant in common",
        "jobs=1; jobs=2;",
        "load, in run.json",
    ]);
}

/// Whatever single character of a result is lost or changed, there is an answer.
#[test]
fn damage_never_ends_in_a_panic() {
    let folder = all_kinds();
    for name in ["knee.json", "modes.json", "results.json"] {
        survives_damage(&folder, name, 30);
    }
}
