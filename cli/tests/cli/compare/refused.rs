//! What cannot be compared, and is refused before anything runs.

use super::{results, save};
use crate::helper::Folder;

#[test]
fn what_cannot_be_compared_is_refused() {
    let folder = results();
    folder.write("notes.txt", b"no result");
    for (args, words) in [
        (&["full.json"][..], &["alone has nothing to compare"][..]),
        (
            &["full.json", "missing.json"],
            &["cannot read missing.json"],
        ),
        (&["full.json", "notes.txt"], &["notes.txt is no JSON"]),
        (
            &["full.json", "half.json", "--baseline", "full.json"],
            &["are three"],
        ),
        (&["--fail-if", "p99>1%"], &["nothing to compare with"]),
        (&["--slo", "p99<1ms"], &["--slo", "--fail-if"]),
        (&["--notify", "poll"], &["--notify poll", "fd or callback"]),
        (&["--set", "engine.mode=sync"], &["engine.mode"]),
        (&["--set", "engine={mode=\"sync\"}"], &["engine.mode"]),
        (&["--profile", "abacus"], &["--profile abacus"]),
        (
            &["--format", "hgrm"],
            &[
                "invalid value 'hgrm'",
                "[possible values: text, json, csv, html]",
            ],
        ),
        (&["-o", "it.hlog"], &["cannot be written as hlog"]),
        (
            &["--set", "expect.p99=\"<1ms\""],
            &["--set expect", "--fail-if"],
        ),
        (&["--seeds", "0"], &["--seeds"]),
    ] {
        let said = folder.say(&[&["compare"], args].concat());
        assert_eq!(said.expect_code(104).expect_err(words).out, "");
    }
}

#[test]
fn what_cannot_be_held_against_the_baseline_is_not_run() {
    let folder = Folder::new();
    let sweep = [
        "sweep",
        "--jobs",
        "1..8",
        "-n",
        "50",
        "-q",
        "-o",
        "swept.json",
    ];
    folder.say(&sweep).expect_code(0);
    let said = folder.say(&["compare", "--baseline", "swept.json", "-d", "1000000s"]);
    let words = ["no variant in common: jobs=1; jobs=2;", "load, in this run"];
    said.expect_code(104).expect_err(&words);
    save(&folder, "one.json", &["-n", "50"], 0);
    for (flags, words) in [
        (&["--seeds", "3"][..], "--seeds is for modes"),
        (&["--no-break-even"], "--no-break-even is for modes"),
        (&["-c", "8"], "nothing is run of `--jobs 8`"),
        (&["--fail-if", "throughput<-200%"], "never met"),
    ] {
        let said = folder.say(&[&["compare", "one.json", "one.json"], flags].concat());
        said.expect_code(104).expect_err(&[words]);
    }
    let beside = folder.say(&["compare", "--baseline", "one.json", "--seeds", "3"]);
    beside
        .expect_code(104)
        .expect_err(&["--seeds is for modes"]);
}
