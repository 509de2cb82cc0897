//! Shards: parts of a sweep, run apart and merged to the whole.

use serde_json::Value;

use super::{SWEEP_OF_JOBS, points, sweep_of_jobs};
use crate::helper::Folder;

#[test]
fn shards_make_the_same_as_one_machine() {
    let folder = Folder::new();
    let whole = sweep_of_jobs(&folder, &["--format", "json"])
        .expect_code(0)
        .out;
    for shard in 1..=3 {
        let part = format!("{shard}/3");
        let file = format!("{shard}.json");
        sweep_of_jobs(&folder, &["--shard", &part, "-o", &file]).expect_code(0);
    }
    let merge = |files: &[&str]| folder.say(&[&["merge", "--format", "json"], files].concat());
    // In any order, and step by step.
    let said = merge(&["3.json", "1.json", "2.json"]).expect_code(0);
    assert!(said.out == whole, "shards give something else");
    let args = ["merge", "3.json", "1.json", "-o", "half.json"];
    folder.say(&args).expect_code(103);
    let said = merge(&["half.json", "2.json"]).expect_code(0);
    assert!(said.out == whole, "shards give something else");
    // Each of them once, and all of one cut.
    sweep_of_jobs(&folder, &["--shard", "1/4", "-o", "1-4.json"]).expect_code(0);
    folder.write("whole.json", whole.as_bytes());
    for (files, words) in [
        (
            &["3.json", "1.json", "2.json", "1.json"][..],
            ["1.json cannot be merged with 1.json", "both are shard 1/3"],
        ),
        (
            &["2.json", "3.json", "1-4.json"],
            [
                "1-4.json cannot be merged with 2.json",
                "one is shard 2/3, the other 1/4 of another",
            ],
        ),
        (
            &["half.json", "2.json", "3.json"],
            [
                "3.json cannot be merged with half.json",
                "both have the point jobs=4",
            ],
        ),
        (
            &["whole.json", "2.json"],
            [
                "2.json cannot be merged with whole.json",
                "both have the point jobs=2",
            ],
        ),
    ] {
        let said = merge(files).expect_code(104).expect_err(&words);
        said.expect_err(&["accepted: "]);
    }
    let said = merge(&["3.json", "1.json"]).expect_code(103);
    let said = said.expect_err(&["shards 2/3", "jobs=2; jobs=16; jobs=128"]);
    let points: Vec<Value> = points(&said);
    assert_eq!(points.len(), 5);
}

#[test]
fn shards_come_from_the_environment() {
    let folder = Folder::new();
    let args = [&SWEEP_OF_JOBS[..], &["--format", "json"]].concat();
    let by = |variables: &[(&str, &str)]| {
        let mut command = folder.command(&args);
        let output = command.envs(variables.iter().copied()).output();
        crate::helper::said(output.expect("the program starts"))
    };
    let flag = sweep_of_jobs(&folder, &["--format", "json", "--shard", "2/4"]).expect_code(0);
    let slurm = by(&[
        ("SLURM_ARRAY_TASK_ID", "1"),
        ("SLURM_ARRAY_TASK_MIN", "0"),
        ("SLURM_ARRAY_TASK_MAX", "3"),
        ("SLURM_ARRAY_TASK_COUNT", "4"),
    ]);
    assert_eq!(slurm.expect_code(0).out, flag.out);
    let kubernetes = by(&[("JOB_COMPLETION_INDEX", "1"), ("PAUSEWAKE_SHARDS", "4")]);
    assert_eq!(kubernetes.expect_code(0).out, flag.out);
    by(&[("JOB_COMPLETION_INDEX", "1")])
        .expect_code(104)
        .expect_err(&["PAUSEWAKE_SHARDS"]);
}

#[test]
fn more_shards_than_points_are_no_error() {
    let folder = Folder::new();
    for part in ["1/9", "9/9"] {
        let name = part.replace('/', "-");
        let args = ["--shard", part, "-o", &format!("{name}.json")];
        sweep_of_jobs(&folder, &args).expect_code(0);
    }
    let said = folder.say(&["report", "9-9.json"]).expect_code(0);
    assert!(said.out.contains("0 of 8: shard 9 of 9"), "{}", said.out);
    folder
        .say(&["report", "9-9.json", "--format", "html"])
        .expect_code(0);
    folder
        .say(&["merge", "9-9.json", "1-9.json"])
        .expect_code(103)
        .expect_err(&["shards 2/9, 3/9"]);
}

/// Where points are missing, nobody knows what they would show.
#[test]
fn a_part_of_a_sweep_has_no_knee_and_is_not_complete() {
    let folder = Folder::new();
    let said = sweep_of_jobs(&folder, &["--shard", "1/2"]).expect_code(0);
    assert!(!said.out.contains("%  knee"), "{}", said.out);
    assert!(!said.out.contains("saturated"), "{}", said.out);
    let words = said.flat();
    assert!(words.contains("`pausewake merge` joins them"), "{words}");
    sweep_of_jobs(&folder, &["--shard", "1/2", "-o", "1.json"]).expect_code(0);
    let shard = folder.say(&["report", "1.json", "--format", "html"]);
    assert!(
        shard
            .expect_code(0)
            .out
            .contains("Sweep of jobs, shard 1 of 2")
    );
    for format in ["text", "html"] {
        let half = folder.say(&["merge", "1.json", "--format", format]);
        let half = half.expect_code(103);
        assert!(half.out.contains("INCOMPLETE: 4 of 8"), "{}", half.out);
        assert!(!half.out.contains("saturated"), "{}", half.out);
    }
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let folder = Folder::new();
    sweep_of_jobs(&folder, &["--shard", "1/2", "-o", "1.json"]).expect_code(0);
    let other = [
        "sweep",
        "--jobs",
        "1..128",
        "-n",
        "300",
        "--compute",
        "none",
    ];
    let other = [&other[..], &["--seed", "7", "-o", "other.json"]].concat();
    folder.say(&other).expect_code(0);
    folder
        .say(&["merge", "1.json", "other.json"])
        .expect_code(104)
        .expect_err(&["other.json cannot be merged with 1.json", "--ops 300"]);
    // A shard that says that it is another one, and one that was run with something else.
    let kept = folder.read("1.json");
    let said = "\"number\": 1";
    assert!(kept.contains(said), "{kept}");
    folder.write(
        "other.json",
        kept.replacen(said, "\"number\": 2", 1).as_bytes(),
    );
    let other = folder.say(&["merge", "1.json", "other.json"]);
    let other = other.expect_code(104);
    other.expect_err(&["other.json is damaged: point 0 is none of shard 2/2"]);
    sweep_of_jobs(&folder, &["--shard", "2/2", "-o", "2.json"]).expect_code(0);
    let kept_2 = folder.read("2.json");
    let at = kept_2
        .rfind("\"device.asym.slices\": \"29\"")
        .expect("its configuration");
    let changed = format!("{}{}", &kept_2[..at], kept_2[at..].replacen("29", "28", 1));
    folder.write("changed.json", changed.as_bytes());
    let changed = folder.say(&["merge", "1.json", "changed.json"]);
    changed.expect_code(104).expect_err(&[
        "changed.json cannot be merged with 1.json",
        "device.asym.slices is 29 in one and 28 in the other",
    ]);
    folder
        .say(&["report", "1.json", "other.json"])
        .expect_code(104)
        .expect_err(&["a report is of one sweep"]);
    let moved = kept.replacen("\"index\": 2", "\"index\": 3", 1);
    folder.write("moved.json", moved.as_bytes());
    folder
        .say(&["report", "moved.json"])
        .expect_code(104)
        .expect_err(&["point 3 is none of its grid"]);
    let version = kept.replacen("pausewake-sweep/1", "pausewake-sweep/99", 1);
    folder.write("version.json", version.as_bytes());
    folder
        .say(&["report", "version.json"])
        .expect_code(104)
        .expect_err(&["pausewake-sweep/99", "reads pausewake-sweep/1"]);
    folder.write("half.json", &kept.as_bytes()[..kept.len() / 2]);
    folder
        .say(&["merge", "1.json", "half.json"])
        .expect_code(104)
        .expect_err(&["half.json is incomplete"]);
}
