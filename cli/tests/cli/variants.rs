//! `[[variant]]`: one scenario several times, compared.

use serde_json::Value;

use crate::helper::{Folder, GOOD, Said};

/// [`GOOD`] with two variants: two slices as it says, and one slice with half the ops.
fn two() -> String {
    format!(
        "{GOOD}\n[[variant]]\nname = \"two\"\n\n[[variant]]\nname = \"one\"\ndevice.asym.slices = 1\n\
         load.ops = 10\nexpect.ops = \"\"\nexpect.throughput = \"== 0.5x two\"\n"
    )
}

fn variants(said: &Said) -> Vec<Value> {
    let report: Value = serde_json::from_str(&said.out).expect("the report is JSON");
    report["variants"].as_array().expect("variants").clone()
}

fn run(scenario: &str, sets: &[&str]) -> Said {
    let mut args: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    args.extend(["--format", "json"]);
    Folder::with(scenario).run(&args)
}

#[test]
fn each_variant_is_run_with_what_differs() {
    let said = run(&two(), &[]).expect_code(0);
    let [two, one] = &variants(&said)[..] else {
        panic!("two variants: {}", said.out);
    };
    assert_eq!(two["scenario"]["variant"], "two");
    assert_eq!(two["ops"], 20);
    assert_eq!(two["elapsed_ns"], 1_000_000);
    assert_eq!(one["scenario"]["variant"], "one");
    assert_eq!(one["ops"], 10);
    assert_eq!(one["elapsed_ns"], 1_000_000);
    assert_eq!(one["expected"][0]["figure"], "throughput");
    assert_eq!(one["expected"].as_array().unwrap().len(), 1);
}

#[test]
fn a_comparison_that_fails_ends_with_99_and_shows_both_figures() {
    let scenario = two().replace("== 0.5x two", "> two");
    let said = Folder::with(&scenario).run(&[]).expect_code(99);
    let line = said.out.lines().find(|line| line.contains("FAILS"));
    let line = line.expect("the text says so");
    assert!(
        line.contains("> two") && line.contains("10000.0/s, two 20000.0/s"),
        "{line}"
    );
}

#[test]
fn overrides_are_for_all_variants_or_for_one() {
    let ops = |sets: &[&str]| -> Vec<u64> {
        let said = run(&two(), sets).expect_code(0);
        let ops = variants(&said);
        ops.iter().map(|v| v["ops"].as_u64().unwrap()).collect()
    };
    assert_eq!(ops(&["load.ops=40", "expect.ops="]), [40, 40]);
    let one = ["variant.one.load.ops=40", "variant.one.expect.throughput="];
    assert_eq!(ops(&one), [20, 40]);
    let said = run(&two(), &["variant.three.load.ops=40"]).expect_code(104);
    said.expect_err(&[
        "--set variant.three.load.ops=40",
        "no variant `three`",
        "two, one",
    ]);
    let said = run(GOOD, &["variant.two.load.ops=40"]).expect_code(104);
    said.expect_err(&["no variant `two`", "a path without variant"]);
}

#[test]
fn variants_share_their_chance() {
    let scenario = GOOD
        .replace("constant", "exponential")
        .replace("jobs = 4", "rate = \"8k/s\"")
        + "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\nengine.notify = \"fd\"\n";
    let said = run(&scenario, &[]).expect_code(0);
    let [a, b] = &variants(&said)[..] else {
        panic!("two variants: {}", said.out);
    };
    for figure in ["elapsed_ns", "latency", "queue_wait"] {
        assert_eq!(a[figure], b[figure], "{figure}");
    }
    let other = run(&scenario, &["seed=2"]).expect_code(0);
    assert_ne!(variants(&other)[0]["latency"], a["latency"]);
}

#[test]
fn what_is_wrong_with_variants_is_told_with_its_place() {
    for (from, to, words) in [
        (
            "name = \"one\"",
            "name = \"two\"",
            &["it.toml:23:8", "a second variant", "the first one"][..],
        ),
        (
            "name = \"one\"",
            "",
            &["it.toml:22:1", "a variant without a name"],
        ),
        (
            "name = \"one\"",
            "name = \"1st\"",
            &["it.toml:23:8", "no name for a variant"],
        ),
        (
            "device.asym.slices = 1",
            "device.asym.slicez = 1",
            &[
                "it.toml:24:13",
                "unknown field `slicez`",
                "in the variants: one",
            ],
        ),
        (
            "device.asym.slices = 1",
            "variant = 1",
            &["it.toml:24:1", "unknown field `variant`"],
        ),
        (
            "0.5x two",
            "0.5x three",
            &[
                "it.toml:27:21",
                "`three` is no value, and no variant",
                "two",
            ],
        ),
        (
            "0.5x two",
            "0.5x one",
            &["it.toml:27:21", "compared with itself"],
        ),
        (
            "slices = 2",
            "slices = 0",
            &[
                "it.toml:8:10",
                "a whole number from 1",
                "in the variants: two",
            ],
        ),
        (
            "ring_depth = 64",
            "ring_depth = 60",
            &["it.toml:5:14", "not a power of two"],
        ),
    ] {
        let scenario = two().replace(from, to);
        let said = Folder::with(&scenario).run(&[]).expect_code(104);
        let said = said.expect_err(words).expect_err(&["accepted: "]);
        assert_eq!(said.err.matches("error: ").count(), 1, "{}", said.err);
    }
    // Of all variants it is told once, and says which there are.
    let nobody = ["--set", "expect.p99=< 2x nobody"];
    let said = Folder::with(&two()).run(&nobody).expect_code(104);
    let said = said.expect_err(&["another one of the variants: two, one"]);
    assert_eq!(said.err.matches("error: ").count(), 1, "{}", said.err);
    let said = Folder::with(GOOD).run(&nobody).expect_code(104);
    said.expect_err(&["no [[variant]] to compare with"]);
    let list = GOOD.to_owned() + "[variant]\nname = \"a\"\n";
    let said = Folder::with(&list).run(&[]).expect_code(104);
    said.expect_err(&["it.toml:18:1", "must be a list of tables"]);
}
