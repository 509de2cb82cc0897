//! The story: complete, in order, bounded.

use serde_json::Value;

use crate::helper::{Folder, GOOD, shipped};

#[test]
fn hello_tells_the_eight_moments_in_order() {
    for notify in ["callback", "fd"] {
        let engine = format!("engine.notify={notify}");
        let args = ["--story", "--set", &engine];
        let said = shipped("hello.toml", &args).expect_code(0);
        let story = said.flat();
        let mut after = 0;
        for moment in 1..=8 {
            let mark = format!("moment {moment}: ");
            let at = story
                .find(&mark)
                .unwrap_or_else(|| panic!("no {mark}: {story}"));
            assert!(at > after, "{mark} comes too early: {story}");
            after = at;
        }
        for what in ["START", "PAUSE", "WAKE", "RESUME", "FINISH"] {
            assert!(story.contains(what), "no {what}: {story}");
        }
    }
}

#[test]
fn a_story_is_bounded_and_says_what_it_leaves_out() {
    let folder = Folder::with(GOOD);
    let said = folder.run(&["--story=5"]).expect_code(0);
    let numbered = said
        .out
        .lines()
        .filter(|line| line.starts_with('#'))
        .count();
    assert_eq!(numbered, 5);
    assert!(said.out.contains("more events"), "{}", said.out);
    let said = folder
        .run(&["--story=100000", "--format", "json"])
        .expect_code(0);
    let report: Value = serde_json::from_str(&said.out).unwrap();
    let story = report["story"].as_array().unwrap();
    assert_eq!(report["story_left_out"], 0);
    let count = |what: &str| story.iter().filter(|line| line["what"] == what).count();
    for what in [
        "START", "SUBMIT", "PAUSE", "FETCH", "DONE", "REAP", "WAKE", "RETURN", "FINISH",
    ] {
        assert_eq!(count(what), 20, "{what}");
    }
    let times: Vec<u64> = story.iter().map(|l| l["at_ns"].as_u64().unwrap()).collect();
    assert!(times.is_sorted());
}

#[test]
fn a_pause_names_the_job_that_runs_next() {
    let said = Folder::with(GOOD).run(&["--story"]).expect_code(0);
    let story = said.flat();
    assert!(story.contains("the thread now runs job 2"), "{story}");
}

#[test]
fn a_full_ring_is_told() {
    let args = [
        "--story",
        "--set",
        "device.ring_depth=4",
        "--set",
        "load.jobs=9",
    ];
    let said = Folder::with(GOOD).run(&args).expect_code(0);
    assert!(said.out.contains(" FULL: "), "{}", said.out);
}
