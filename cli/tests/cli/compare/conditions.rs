//! `--baseline` and `--fail-if`: what a result is held against, and how that ends.

use super::{LOAD, results, save};
use crate::helper::{Folder, follows_schema, json};

#[test]
fn conditions_decide_how_it_ends() {
    let folder = results();
    let say = |args: &[&str]| folder.say(&[&["compare"], args].concat());
    let files = ["--baseline", "full.json", "half.json"];
    let with = |conditions: &[&str]| say(&[&files[..], conditions].concat());
    let said = with(&["--fail-if", "throughput<-5%"]).expect_code(99);
    assert!(
        said.flat().contains("throughput<-5%: FAILS, -49.9"),
        "{}",
        said.out
    );
    with(&["--fail-if", "throughput<-60%"]).expect_code(0);
    with(&["--fail-if", "throughput<-60%", "--fail-if", "p99>+10%"]).expect_code(99);
    with(&["--fail-if", "errors>0%"]).expect_code(0);
    with(&["--fail-if", "p99.9>+10%"]).expect_code(99);
    with(&["--fail-if", "notify.p99.9>+1000%"]).expect_code(0);
    let unknown = with(&["--fail-if", "thruput<-5%"]).expect_code(104);
    unknown.expect_err(&["has a figure `thruput`; did you mean `throughput`?"]);
    say(&["half.json", "full.json", "--fail-if", "throughput<-5%"]).expect_code(0);
    for (args, words) in [
        (&["--fail-if", "p98>1%"][..], &["a figure `p98`"][..]),
        (&["--fail-if", "p99>1"], &["lacks its %"]),
        (&["--fail-if", "p99"], &["compares nothing"]),
        (&["-c", "5"], &["nothing is run of `--jobs 5"]),
    ] {
        with(args).expect_code(104).expect_err(words);
    }
}

/// No share of nothing is that much, and it was measured all the same.
#[test]
fn from_none_to_some_is_more_than_any_share() {
    let folder = results();
    let fails = ["--set", "engine.op_timeout=300us", "-o", "bad.json"];
    folder.say(&[&LOAD[..], &fails].concat()).expect_code(99);
    let compare = ["compare", "full.json", "bad.json", "--fail-if"];
    let said = folder.say(&[&compare[..], &["errors>+1%"]].concat());
    let said = said.expect_code(99);
    let words = "errors>+1%: FAILS, something where there was nothing";
    assert!(said.flat().contains(words), "{}", said.out);
    let less = [&compare[..], &["errors<-1%", "--format", "json"]].concat();
    // Calls that fail are expected by nobody, whatever is asked of their number.
    let report = json(&folder.say(&less).expect_code(99));
    assert_eq!(report["conditions"][0]["from_nothing"], true);
    assert_eq!(report["conditions"][0]["fails"], false);
    follows_schema("compare", &report);
}

#[test]
fn the_load_is_run_against_a_baseline() {
    let folder = results();
    let condition = ["--baseline", "full.json", "--fail-if", "throughput<-5%"];
    let run = |slices: &str| {
        let slices = format!("device.asym.slices={slices}");
        let args = [&["compare"], &LOAD[1..], &condition, &["--set", &slices]].concat();
        folder.say(&args)
    };
    let same = run("28").expect_code(0);
    assert!(same.flat().contains("passes, 0.00 %"), "{}", same.out);
    assert!(!same.flat().contains("differs"), "{}", same.out);
    let worse = run("20").expect_code(99);
    assert!(
        worse.flat().contains("throughput<-5%: FAILS"),
        "{}",
        worse.flat()
    );
}

#[test]
fn a_baseline_says_whose_time_it_is() {
    let folder = Folder::new();
    save(&folder, "virtual.json", &["-n", "500"], 0);
    let run = ["compare", "--baseline", "virtual.json", "-n", "500"];
    let said = folder.say(&run).expect_code(0);
    assert!(
        said.flat().contains("The candidate is as fast."),
        "{}",
        said.out
    );
    assert!(!said.flat().contains("differs clock"), "{}", said.out);
    let report = json(&folder.say(&[&run[..], &["--format", "json"]].concat()));
    let command = report["command"].as_str().expect("a command");
    assert!(command.contains("--clock virtual"), "{command}");
    // Whoever wants the wall clock has it, and is told.
    let said = folder.say(&[&run[..], &["--clock", "wall"]].concat());
    let why = ", but the baseline is by the virtual clock, and the candidate by the wall one.";
    assert!(said.flat().contains(why), "{}", said.out);
    let help = folder.say(&["compare", "--help"]).expect_code(0).flat();
    for part in [
        "Whose time; virtual if not said, beside --baseline that of the baseline",
        "Modes have to hold nothing",
        "10k if not said for modes under virtual time",
        "modes are all run",
        "none under virtual time",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[test]
fn a_result_that_a_condition_ended_is_held_against_nothing() {
    let folder = results();
    let early = [
        "--set",
        "abort.p99=\"<1ms\"",
        "--set",
        "abort.after=\"2ms\"",
    ];
    let slices = ["--set", "device.asym.slices=28"];
    let condition = ["--baseline", "full.json", "--fail-if", "throughput<-5%"];
    let args = [&["compare"], &LOAD[1..], &slices, &early, &condition].concat();
    let said = folder.say(&args).expect_code(99);
    for part in [
        "ABORTED: this run: ended before its time: p99 <1ms did not hold: ",
        "Not held against each other: the candidate was ended before its time.",
        "throughput<-5%: not judged",
        "Exit code 99: ",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    assert!(!said.flat().contains("The candidate is"), "{}", said.out);
    // An SLO of the run fails by its name.
    let slo = ["--baseline", "full.json", "--slo", "p99<1ms"];
    let said = folder.say(&[&["compare"], &LOAD[1..], &slices, &slo].concat());
    let why = "FAILED: this run: p99 <1ms fails: ";
    assert!(said.expect_code(99).flat().contains(why));
}

#[test]
fn a_candidate_without_a_result_has_no_verdict_and_fails() {
    let folder = Folder::new();
    save(&folder, "good.json", &["-n", "2k"], 0);
    let fails = ["-n", "200", "--set", "engine.op_timeout=1ns"];
    save(&folder, "bad.json", &fails, 99);
    save(&folder, "empty.json", &["-R", "10", "-d", "1ms"], 103);
    let say = |files: [&str; 2], code| {
        let fail = ["--fail-if", "throughput<-5%"];
        folder
            .say(&[&["compare"], &files[..], &fail].concat())
            .expect_code(code)
    };
    let said = say(["good.json", "bad.json"], 99);
    for part in [
        "FAILED CALLS: bad.json: 200 calls failed",
        "Not held against each other: the candidate returned nothing.",
        "throughput<-5%: FAILS, -100.00 %",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    let said = say(["empty.json", "empty.json"], 103);
    for part in [
        "NOTHING RETURNED: empty.json: ",
        "the baseline returned nothing, and the candidate returned nothing.",
        "not judged",
        "Exit code 103: figures mean nothing.",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    assert!(!said.out.contains("as fast"), "{}", said.out);
}

#[test]
fn a_point_that_the_candidate_lacks_fails() {
    let folder = Folder::new();
    for (name, jobs) in [("four.json", "1..4"), ("two.json", "1..2")] {
        let sweep = ["sweep", "--jobs", jobs, "-n", "50", "-q", "-o", name];
        folder.say(&sweep).expect_code(0);
    }
    let fail = ["--fail-if", "throughput<-5%"];
    let say = |files: [&str; 2]| folder.say(&[&["compare"], &files[..], &fail].concat());
    let said = say(["four.json", "two.json"]).expect_code(99);
    let words = "throughput<-5%: FAILS in 1 of 3: jobs=4 (not measured)";
    assert!(said.flat().contains(words), "{}", said.out);
    // What the baseline lacks is news, and no failure.
    say(["two.json", "four.json"]).expect_code(0);
}
