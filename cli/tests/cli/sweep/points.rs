//! Points that wait for others, break off, fail, or mean nothing.

use serde_json::Value;

use super::{points, sweep, sweep_of_jobs};
use crate::helper::{Folder, Said, json};

/// Points run at once draw on one number of stacks: together more than a process may have, none of them
/// alone.
#[test]
fn points_that_do_not_fit_beside_each_other_wait() {
    let args = ["sweep", "--jobs", "16k,17k", "-n", "20k"];
    let said = Folder::new().say(&[&args[..], &["--format", "json"]].concat());
    let live: Vec<Value> = points(&said.expect_code(0))
        .iter()
        .map(|it| it["report"]["jobs"]["max_live"].clone())
        .collect();
    assert_eq!(live, [16_000, 17_000]);
}

/// Whether points have their descriptors does not depend on which others are run beside them.
#[test]
fn points_share_the_descriptors_that_there_are() {
    let folder = Folder::new();
    let program = env!("CARGO_BIN_EXE_pausewake");
    let sweep = "sweep --jobs 256,512 --notify fd --compute none -n 2000";
    let limited = |limit: &str| {
        let run = format!("ulimit {limit}; exec {program} {sweep}");
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", &run]).current_dir(folder.path("."));
        crate::helper::said(output.output().expect("a shell"))
    };
    let free = limited("-Sn 1024").expect_code(0);
    // A soft limit is raised; below a hard one of 700 there is room for one point after the other.
    for limit in ["-Sn 256", "-n 700"] {
        assert_eq!(limited(limit).expect_code(0).out, free.out, "{limit}");
    }
    let said = limited("-n 400").expect_code(104);
    said.expect_err(&["512 jobs told by fd, with a descriptor each"]);
}

#[test]
fn a_point_that_breaks_off_does_not_take_the_others_with_it() {
    let folder = Folder::new();
    let shell = "ulimit -v 1200000; exec \"$0\" \"$@\"";
    let line = "sweep --jobs 4,20k -n 20k -q -o it.json -o it.html -o it.hgrm";
    let output = std::process::Command::new("sh")
        .args(["-c", shell, env!("CARGO_BIN_EXE_pausewake")])
        .args(line.split(' '))
        .current_dir(folder.path("."))
        .output()
        .expect("a shell");
    crate::helper::said(output).expect_code(103);
    let said = folder.say(&["report", "it.json"]).expect_code(0);
    assert!(said.out.contains("INCOMPLETE: 1 of 2"), "{}", said.out);
    assert!(
        said.flat().contains("jobs=20000: the run broke off"),
        "{}",
        said.out
    );
    let row = said.out.lines().find(|line| line.starts_with("20,000"));
    assert!(
        row.is_some_and(|row| row.ends_with("BROKE OFF")),
        "{}",
        said.out
    );
    let saved = folder.say(&["report", "it.json", "--format", "json"]);
    let saved = json(&saved.expect_code(0));
    assert_eq!(saved["points"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        saved["broke_off"][0]["at"],
        Value::from([20_000].as_slice())
    );
    // Files are called after the points that they are of.
    let lens = ["it.jobs=4.hgrm", "it.jobs=20000.hgrm"]
        .map(|name| std::fs::metadata(folder.path(name)).expect("a file").len());
    assert!(lens[0] > 0 && lens[1] == 0, "{lens:?}");
}

/// A call that failed was a call: where there were enough of them, the run was not too short.
#[test]
fn failed_calls_have_a_column_and_the_points_are_named() {
    let folder = Folder::new();
    let line = "--jobs 1,8,64 -n 500 --set engine.op_timeout=500us";
    let points = json(&sweep(&folder, line, &["--format", "json"]).expect_code(99));
    let last = &points["points"][2]["report"];
    let [returned, failed] = [&last["ops"], &last["errors"]["total"]];
    assert_eq!(
        returned.as_u64().zip(failed.as_u64()).map(|(a, b)| a + b),
        Some(500)
    );
    let said = format!("FAILED CALLS at jobs=64 ({failed} of 500 calls): ");
    let text = sweep(&folder, line, &[]).expect_code(99);
    assert!(above(&text).contains(&said), "{}", text.out);
    assert!(text.flat().contains("busy failed"), "{}", text.out);
    let row = text
        .out
        .lines()
        .find(|line| line.trim_start().starts_with("64 "));
    let row = row.expect("a row");
    assert!(row.trim_end().ends_with(&failed.to_string()), "{row}");
    assert!(!text.out.contains("TOO SHORT"), "{}", text.out);
    let knee = "from 8 jobs (at 1 not yet) on throughput grows no more: calls fail, ";
    assert!(text.flat().contains(knee), "{}", text.out);
    let html = sweep(&folder, line, &["--format", "html"]).expect_code(99);
    assert!(html.out.contains(&said), "{}", html.out);
    // Where all of them fail there is no figure, and no knee.
    let none = "--jobs 1,8,64 -n 500 --set engine.op_timeout=1ns";
    let text = sweep(&folder, none, &[]).expect_code(99);
    let said =
        "jobs=1 (500 of 500 calls), jobs=8 (500 of 500 calls) and jobs=64 (500 of 500 calls)";
    assert!(above(&text).contains(said), "{}", text.out);
    assert!(!text.out.contains("TOO SHORT"), "{}", text.out);
    assert!(
        text.flat().contains("too few points that mean something"),
        "{}",
        text.out
    );
}

#[test]
fn points_at_which_nothing_returned_are_told_with_why() {
    let folder = Folder::new();
    let line = "--rate 1,10,10k -d 1ms";
    let text = sweep(&folder, line, &[]).expect_code(103);
    let said =
        "NOTHING RETURNED at rate=1 and rate=10: no call ended in the time that was measured.";
    assert!(above(&text).contains(said), "{}", text.out);
    let html = sweep(&folder, line, &["--format", "html"]).expect_code(103);
    assert!(html.out.contains(said), "{}", html.out);
    let all = sweep(&folder, "--rate 10k,20k -d 1ms", &[]).expect_code(0);
    assert!(!all.out.contains("NOTHING"), "{}", all.out);
}

/// What stands above the table of points.
fn above(said: &Said) -> String {
    let words = said.flat();
    let end = words.find(" op/s predicted ");
    words[..end.expect("a table")].to_owned()
}

/// What was invalid says nothing of a knee.
#[test]
fn invalid_points_are_shown_and_not_believed() {
    let folder = Folder::new();
    sweep_of_jobs(&folder, &["-o", "it.json"]).expect_code(0);
    let file = folder.read("it.json");
    let mut sweep: Value = serde_json::from_str(&file).expect("JSON");
    let points = sweep["points"].as_array_mut().expect("points");
    for point in points.iter_mut().skip(5) {
        point["report"]["invalid"] = "made up".into();
    }
    folder.write("it.json", sweep.to_string().as_bytes());
    let said = folder.say(&["report", "it.json"]);
    // Once for the one reason, above the table.
    let reason = "INVALID at jobs=32, jobs=64 and jobs=128: made up\n";
    let above = said.out.split("predicted").next();
    assert!(above.is_some_and(|it| it.contains(reason)), "{}", said.out);
    let words = said.flat();
    let sixteen = "nothing is saturated up to 16 jobs; throughput still grows";
    assert!(words.contains(sixteen), "{words}");
}

/// Each has a descriptor or not, and all have as many jobs.
#[test]
fn notifications_are_held_against_each_other_with_the_same_jobs() {
    let folder = Folder::new();
    let said = sweep(&folder, "--notify fd,callback --rate 80k -n 40k", &[]).expect_code(0);
    let said = said.out.lines().filter(|line| line.contains("saturated"));
    let p99s: Vec<&str> = said
        .filter_map(|row| row.split_whitespace().nth(4))
        .collect();
    assert_eq!(p99s.len(), 2, "{p99s:?}");
    assert_eq!(p99s[0], p99s[1]);
}
