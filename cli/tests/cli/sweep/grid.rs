//! Which points there are: the values of each quantity, their grid, and places at which nothing can be run.

use serde_json::Value;

use super::points;
use crate::helper::{Folder, GOOD, follows_schema, json};

#[test]
fn several_quantities_make_a_grid() {
    let args = ["--notify", "fd,callback", "--format", "json", "--jobs"];
    let folder = Folder::new();
    let args = [
        &["sweep", "-n", "100", "--compute", "none"],
        &args[..],
        &["1,4"],
    ]
    .concat();
    let said = folder.say(&args).expect_code(0);
    let at: Vec<String> = points(&said)
        .iter()
        .map(|it| it["at"].to_string())
        .collect();
    assert_eq!(
        at,
        [
            "[\"fd\",1]",
            "[\"fd\",4]",
            "[\"callback\",1]",
            "[\"callback\",4]"
        ]
    );
    for point in points(&said) {
        assert_eq!(point["report"]["scenario"]["notify"], point["at"][0]);
        assert_eq!(point["report"]["jobs"]["max_live"], point["at"][1]);
        assert_eq!(point["report"]["ops"], 100);
    }
}

#[test]
fn rates_sizes_and_threads_are_swept() {
    let folder = Folder::new();
    let rate = [
        "sweep",
        "--rate",
        "40k..90k+10k",
        "-d",
        "50ms",
        "--compute",
        "none",
    ];
    let said = folder.say(&rate).expect_code(0);
    assert!(said.out.contains("at 60,000 not yet"), "{}", said.out);
    let size = ["sweep", "--size", "64..16K", "-n", "50", "--format", "json"];
    let said = folder.say(&size).expect_code(0);
    assert_eq!(points(&said).len(), 9);
    let last = points(&said).pop().expect("a point");
    assert_eq!(last["at"][0], 16_384);
    assert_eq!(
        last["report"]["config"]["load.op"],
        "\"aes-256-gcm-seal@16384\""
    );
    let threads = [
        "sweep",
        "--threads",
        "1..4",
        "-n",
        "80",
        "--compute",
        "none",
    ];
    let said = folder.say(&[&threads[..], &["--format", "json"]].concat());
    assert_eq!(points(&said.expect_code(0)).len(), 3);
}

#[test]
fn rates_need_not_be_whole() {
    let folder = Folder::new();
    let args = ["sweep", "--rate", "0.5..2", "-n", "5"];
    folder
        .say(
            &[
                &args[..],
                &["-o", "it.json", "-o", "it.txt", "-o", "it.html"],
            ]
            .concat(),
        )
        .expect_code(0);
    let text = folder.say(&["report", "it.json"]).expect_code(0).out;
    assert_eq!(text, folder.read("it.txt"));
    // What arrives is what is predicted.
    assert!(text.contains("\n0.5 "), "{text}");
    let row = text.lines().find(|line| line.starts_with("0.5 "));
    assert!(row.expect("a row").contains(" 0.500 "), "{text}");
    let report = folder.say(&["report", "it.json", "--format", "json"]);
    let points = points(&report);
    assert_eq!(points[0]["at"][0], 0.5);
    assert_eq!(points[1]["at"][0], 1);
    assert_eq!(points[0]["report"]["config"]["load.rate"], "\"0.5/s\"");
}

#[test]
fn all_notifications_are_reaped_alike() {
    let args = ["sweep", "--jobs", "1,4", "--notify", "fd,callback,poll"];
    let args = [
        &args[..],
        &["-n", "50", "--compute", "none", "--format", "json"],
    ]
    .concat();
    let said = Folder::new().say(&args).expect_code(0);
    assert_eq!(points(&said).len(), 6);
    for point in points(&said) {
        assert_eq!(point["report"]["scenario"]["reap"], "inline");
    }
}

/// The host's work costs what it was measured to, if nobody says otherwise.
#[test]
fn notifications_differ() {
    let sweep = |set: &[&str]| {
        let args = ["sweep", "--notify", "fd,callback", "--profile", "ideal"];
        let load = ["--op", "aes-128-gcm-seal@64", "-c", "16", "-n", "2k"];
        let args = [&args[..], &load, set, &["--format", "json"]].concat();
        let points = points(&Folder::new().say(&args).expect_code(0));
        let throughput = points.iter().map(|it| it["report"]["ops_per_s"].as_f64());
        throughput.collect::<Vec<_>>()
    };
    let by = sweep(&[]);
    assert!(by[0] < by[1].map(|callback| callback * 0.7), "{by:?}");
    let free = sweep(&["--set", "host.base=free"]);
    assert_eq!(free[0], free[1]);
}

#[test]
fn places_at_which_nothing_can_be_run_are_left_out() {
    let folder = Folder::new();
    let args = ["sweep", "--jobs", "1..4", "--threads", "1..4", "-n", "40"];
    let say = |more: &[&str]| folder.say(&[&args[..], more].concat()).expect_code(0);
    let said = say(&[]);
    let words = said.flat();
    let why = "6; 3 places of the grid left out (-): of 2 threads with 1 job some would have none";
    assert!(words.contains(why), "{}", said.out);
    for left_out in ["2 1 - - - - -", "4 1 - - - - -", "4 2 - - - - -"] {
        assert!(words.contains(left_out), "{}", said.out);
    }
    let whole = say(&["--format", "json"]).out;
    let document: Value = serde_json::from_str(&whole).expect("JSON");
    follows_schema("sweep", &document);
    assert_eq!(document["left_out"].as_array().map(Vec::len), Some(3));
    // They are missing nowhere.
    for shard in ["1/2", "2/2"] {
        let file = format!("{}.json", &shard[..1]);
        say(&["--shard", shard, "-o", &file]);
    }
    let merged = folder.say(&["merge", "1.json", "2.json", "--format", "json"]);
    assert!(merged.expect_code(0).out == whole);
    let html = say(&["--format", "html"]).out;
    assert!(html.contains("3 places of the grid left out"));
    // Where the jobs are said once, too.
    let fixed = ["sweep", "-c", "2", "--threads", "1..4", "-n", "40"];
    let said = folder.say(&fixed).expect_code(0);
    assert!(said.flat().contains("1 place of the grid left out"));
}

#[test]
fn a_scenario_file_is_swept() {
    let folder = Folder::with(GOOD);
    let args = ["sweep", "--scenario", "it.toml", "--jobs", "1,2,4"];
    let said = folder
        .say(&[&args[..], &["--format", "json"]].concat())
        .expect_code(0);
    let points = points(&said);
    assert_eq!(points.len(), 3);
    assert_eq!(points[2]["report"]["ops"], 20);
    assert_eq!(points[2]["report"]["expected"], serde_json::json!([]));
    let command = "pausewake sweep --scenario it.toml --jobs '1,2,4'";
    assert_eq!(json(&said)["command"], command);
}

/// What a file expects is not looked at, so nothing has to be computed for it.
#[test]
fn what_a_file_expects_is_not_in_the_way() {
    let real = GOOD.replace("compute = \"none\"", "compute = \"real\"");
    let folder = Folder::with(&format!("{real}verified = \"all\"\n"));
    let sweep = ["sweep", "--scenario", "it.toml", "--jobs", "1,2"];
    let none = [&sweep[..], &["--compute", "none", "--format", "json"]].concat();
    let said = folder.say(&none).expect_code(0);
    for point in points(&said) {
        assert_eq!(point["report"]["scenario"]["compute"], "none");
        assert_eq!(point["report"]["expected"], serde_json::json!([]));
    }
    assert!(!json(&said)["command"].to_string().contains("expect"));
    folder.say(&sweep).expect_code(0);
}
