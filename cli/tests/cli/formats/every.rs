//! What all formats have in common: files, verdicts, the same bytes again, and runs that have little to show.

use super::{ALL, varied};
use crate::helper::{Folder, GOOD, UNREAL, count, json};

#[test]
fn the_same_seed_gives_the_same_bytes_in_every_format() {
    let folder = Folder::with(&varied());
    for format in ALL.into_iter().filter(|format| *format != "hgrm") {
        let [first, again] = [(); 2].map(|()| {
            folder
                .run(&["--format", format, "--seed", "7"])
                .expect_code(0)
                .out
        });
        assert_eq!(first, again, "{format}");
        let other = folder
            .run(&["--format", format, "--seed", "8"])
            .expect_code(0)
            .out;
        assert_ne!(first, other, "{format}");
    }
}

#[test]
fn files_of_several_formats_are_written_by_their_extensions() {
    let folder = Folder::with(GOOD);
    let names = [
        "r.txt", "r.json", "r.csv", "r.html", "r.hgrm", "r.HLOG", "plain",
    ];
    let mut args: Vec<&str> = names.iter().flat_map(|name| ["-o", name]).collect();
    args.extend(["-o", "-"]);
    let text = folder.run(&args).expect_code(0).out;
    assert_eq!(text, folder.run(&[]).expect_code(0).out);
    for (name, format) in names.into_iter().zip(ALL.into_iter().chain(["text"])) {
        let written = folder.read(name);
        let said = folder.run(&["--format", format]).expect_code(0).out;
        assert_eq!(written, said, "{name}");
    }
    // What --format says is said of those whose names say nothing.
    let args = ["-o", "x.json", "-o", "y.odd", "-o", "z", "-o", "-"];
    let said = folder
        .run(&[&["--format", "csv"], &args[..]].concat())
        .expect_code(0);
    for name in ["y.odd", "z"] {
        let written = folder.read(name);
        assert_eq!(written, said.out, "{name}");
    }
    assert!(said.out.starts_with("scenario,variant,"), "{}", said.out);
    let json = folder.read("x.json");
    assert!(json.starts_with('{'), "{json}");
}

#[test]
fn what_cannot_be_written_is_told_before_the_run_and_leaves_nothing() {
    let folder = Folder::with(&varied());
    for (args, says) in [
        (
            &["-o", "r.json", "-o", "r.xml"][..],
            ["r.xml", ".xml", ".hgrm"],
        ),
        (
            &["-o", "r.json", "-o", "./r.json"],
            ["./r.json", "twice", "once"],
        ),
        (&["-o", "-", "-o", "-"], ["-", "twice", "once"]),
        (&["--format", "hgrm"], ["hgrm", "2", "hlog"]),
        (
            &["--format", "text", "-o", "r.json"],
            ["--format text", "is for nothing", "accepted: -o -"],
        ),
        (
            &["-o", "r.json", "-o", "nowhere/r.csv"],
            ["nowhere/r.csv", "cannot write", "accepted"],
        ),
    ] {
        let said = folder.run(args).expect_code(104).expect_err(&says);
        assert_eq!(said.out, "");
        assert_eq!(folder.names(), ["it.toml"], "{args:?}");
    }
}

#[test]
fn a_file_is_only_there_if_all_could_be_written() {
    let folder = Folder::with(GOOD);
    // Where everything is full.
    let said = folder
        .run(&["-o", "r.json", "-o", "/dev/full", "-o", "r.csv"])
        .expect_code(104);
    said.expect_err(&["cannot write /dev/full"]);
    assert_eq!(folder.names(), ["it.toml"]);
}

#[test]
fn verdicts_are_told_in_every_format() {
    let folder = Folder::with(GOOD);
    let failing = ["--set", "expect.p99=< 1us"];
    for (format, says) in [("html", "class=\"banner failed\""), ("csv", ",failed,")] {
        let said = folder
            .run(&[&failing[..], &["--format", format]].concat())
            .expect_code(99);
        assert!(said.out.contains(says), "{format}: {}", said.out);
    }
    // Longer than a completion can say.
    let invalid = [
        "--set",
        "expect=",
        "--set",
        "device.asym.service.base=300000s",
    ];
    for (format, says) in [("html", "class=\"banner invalid\""), ("csv", ",invalid,")] {
        let said = folder
            .run(&[&invalid[..], &["--format", format]].concat())
            .expect_code(103);
        assert!(said.out.contains(says), "{format}: {}", said.out);
    }
}

#[test]
fn a_run_without_a_single_op_is_shown_too() {
    let folder = Folder::with(GOOD);
    let nothing = [
        "--set",
        "expect=",
        "--set",
        "load.ops=",
        "--set",
        "load.duration=1ns",
    ];
    for format in ALL {
        let said = folder.run(&[&nothing[..], &["--format", format]].concat());
        assert!(
            matches!(said.code, Some(0)),
            "{format}: {} {}",
            said.err,
            said.out
        );
        assert!(!said.out.is_empty(), "{format}");
    }
}

/// Of 100 calls, evenly spread, the 95th is where it must be; and it can be asked for by its name.
#[test]
fn the_95th_percentile_is_known_everywhere() {
    let folder = Folder::new();
    let load = [&UNREAL[..], &["-n", "1000", "-c", "1"]].concat();
    let service =
        "device.asym.service={ distribution = \"uniform\", base = \"1ms\", spread = 1.0 }";
    let load = [&load[..], &["--set", service]].concat();
    let of = |rest: &[&str]| folder.say(&[&load[..], rest].concat());
    let report = json(&of(&["--format", "json"]).expect_code(0));
    let [p90, p95, p99] = ["p90_ns", "p95_ns", "p99_ns"].map(|it| count(&report["latency"][it]));
    assert!(p90 < p95 && p95 < p99, "{p90} {p95} {p99}");
    // From nothing to two milliseconds.
    assert!(p95.abs_diff(1_900_000) < 60_000, "{p95}");
    of(&[
        "--slo",
        "p95<2ms",
        "--slo",
        "service.p95>1800us",
        "-o",
        "it.html",
        "-o",
        "it.json",
    ])
    .expect_code(0);
    of(&["--slo", "p95<1ms"]).expect_code(99);
    let html = folder.read("it.html");
    assert!(html.contains(">p95</th>"), "the table of percentiles");
    let slower = ["compare", "it.json", "it.json", "--fail-if", "p95>+1%"];
    folder.say(&slower).expect_code(0);
}
