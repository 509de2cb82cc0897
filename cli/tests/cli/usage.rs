//! The command line: what is wrong with it, and what it answers.

use crate::helper::{Folder, GOOD};

#[test]
fn a_wrong_override_names_the_flag_and_not_the_file() {
    let folder = Folder::with(GOOD);
    for (flag, words) in [
        (
            "device.asym.slicez=8",
            &[
                "--set device.asym.slicez=8",
                "unknown field `slicez`",
                "`slices`",
            ][..],
        ),
        (
            "device.asym.slices=many",
            &["--set device.asym.slices=many", "a whole number"],
        ),
        ("device.asym", &["--set device.asym", "without a `=`"]),
        (
            "device..slices=1",
            &["`device..slices` is not a path of keys"],
        ),
        (
            "clock.speed=1",
            &["--set clock.speed=1", "`clock` is no table"],
        ),
        (
            "load.file=x",
            &["--set load.file=x", "does not belong to this op"],
        ),
    ] {
        let said = folder.run(&["--set", flag]).expect_code(104);
        let said = said.expect_err(words);
        let first = said.err.lines().nth(1).unwrap_or_default();
        assert!(!first.contains("it.toml"), "{flag}: {}", said.err);
    }
}

#[test]
fn a_missing_scenario_and_wrong_flags_end_with_104() {
    let folder = Folder::with(GOOD);
    let said = folder.say(&["run", "nowhere.toml"]).expect_code(104);
    said.expect_err(&["nowhere.toml", "No such file"]);
    for (args, words) in [
        (&["run"][..], &["<SCENARIO>"][..]),
        (&["jog"], &["unrecognized subcommand 'jog'"]),
        (&[], &["Usage"]),
        (
            &["run", "it.toml", "--fast"],
            &["unexpected argument '--fast'"],
        ),
        (&["run", "it.toml", "--seed", "x"], &["invalid value 'x'"]),
        (&["run", "it.toml", "--format", "xml"], &["text, json"]),
        (&["run", "it.toml", "--story=0"], &["invalid value '0'"]),
    ] {
        folder.say(args).expect_code(104).expect_err(words);
    }
}

#[test]
fn help_and_version_are_answers_and_help_lists_the_exit_codes() {
    let folder = Folder::new();
    let said = folder.say(&["--version"]).expect_code(0);
    assert_eq!(
        said.out,
        format!("pausewake {}\n", env!("CARGO_PKG_VERSION"))
    );
    for args in [&["--help"][..], &["run", "--help"]] {
        let said = folder.say(args).expect_code(0);
        for code in ["0  ", "99  ", "100  ", "103  ", "104  ", "105  "] {
            assert!(said.out.contains(code), "{code} is not in: {}", said.out);
        }
    }
}
