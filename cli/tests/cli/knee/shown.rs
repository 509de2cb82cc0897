//! What a search is shown as: in every format, on a page, as a scenario, and in the help.

use serde_json::Value;

use super::{found, knee};
use crate::helper::{Folder, chart, follows_schema};

#[test]
fn every_format_tells_the_same_search() {
    let folder = Folder::new();
    let files = [
        "-o", "it.json", "-o", "it.csv", "-o", "it.txt", "-o", "it.html",
    ];
    let args = [
        "knee", "--slo", "p99<1ms", "--slo", "mean<1ms", "-d", "50ms",
    ];
    folder.say(&[&args[..], &files].concat()).expect_code(0);
    let report: Value = serde_json::from_str(&folder.read("it.json")).expect("JSON");
    follows_schema("knee", &report);
    assert_eq!(report["format"], "pausewake-knee/1");
    let probes = report["probes"].as_array().expect("probes").len();
    assert_eq!(folder.read("it.csv").lines().count(), 1 + probes * 2);
    let text = folder.read("it.txt");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let lines = text
        .lines()
        .filter(|it| it.contains("holds") || it.contains("FAILS"));
    assert!(lines.count() >= probes, "{text}");
    // The command that is shown searches the same again.
    let command = report["command"].as_str().expect("a command");
    let command = command.replace('\'', "");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let again = folder.say(&[&words[..], &["--format", "json"]].concat());
    assert_eq!(again.expect_code(0).out, folder.read("it.json"));
    let again = folder.say(&[&words[..], &["--format", "html"]].concat());
    assert_eq!(again.expect_code(0).out, folder.read("it.html"));
    let said = folder.say(&[&args[..], &["-o", "it.hgrm"]].concat());
    said.expect_code(104)
        .expect_err(&["cannot be written as hgrm", "text, json, csv, html"]);
    assert!(!folder.path("it.hgrm").exists());
}

#[test]
fn the_page_shows_the_answer_and_how_it_was_found() {
    let args = [
        "--slo",
        "p99<300us",
        "--slo",
        "mean<250us",
        "-d",
        "50ms",
        "--repeat",
        "3",
    ];
    let report = found(4, &args);
    let html = knee(4, &[&args[..], &["--format", "html"]].concat())
        .expect_code(0)
        .out;
    let words = report["words"].as_str().expect("words");
    let (answer, _) = words.split_once(". ").expect("sentences");
    assert!(html.contains(&answer.replace('<', "&#60;")), "{answer}");
    let runs = report["probes"].as_array().expect("probes").iter();
    let runs = runs.flat_map(|probe| probe["runs"].as_array().expect("runs"));
    let held = runs.clone().filter(|run| run["holds"] == true).count();
    let failed = runs.count() - held;
    for figure in ["p99", "mean"] {
        let chart = chart(&html, &format!("probes-{figure}"));
        // A disc for each run that holds, a cross of two strokes for each that fails, a band.
        let discs = chart.matches("<circle").count();
        assert_eq!(discs, held, "{chart}");
        let inks = chart.matches("stroke=\"var(--bad)\"").count();
        assert_eq!(inks, 2 * failed, "{chart}");
        assert_eq!(chart.matches("var(--band)").count(), 1, "{chart}");
        assert!(chart.contains(&format!("SLO: {figure} &#60; ")), "{chart}");
    }
    // What differs from probe to probe is no part of what they have in common.
    assert!(report["config"]["load.rate"].is_null() && report["config"]["seed"].is_null());
    assert_eq!(report["config"]["load.duration"], "\"50ms\"");
    assert!(html.contains("<code>load.duration</code>"));
    assert!(!html.contains("<script") && html.contains("default-src 'none'"));
    // An answer of nothing has a page, too.
    let args = [
        "--slo",
        "p99<50us",
        "-d",
        "100ms",
        "--min-rate",
        "200",
        "--format",
        "html",
    ];
    let html = knee(4, &args).expect_code(99).out;
    assert!(html.contains("Nothing holds") && html.contains("id=\"probes-p99\""));
    assert!(!chart(&html, "probes-p99").contains("var(--band)"));
    let jobs = [
        "--fewest-jobs",
        "--slo",
        "throughput>15k/s",
        "-d",
        "50ms",
        "--format",
        "html",
    ];
    let html = knee(4, &jobs).expect_code(0).out;
    assert!(html.contains("id=\"probes-throughput\""), "{html}");
    assert!(html.contains("the answer: 2 jobs (holds) to 1 job (fails)"));
}

/// A page whose words doubt the answer is not green.
#[test]
fn an_answer_that_is_doubted_has_no_green_banner() {
    let page = |ops: &str| {
        let args = ["--slo", "p99<100s", "-n", ops, "--format", "html"];
        knee(4, &args).expect_code(0).out
    };
    let html = page("2k");
    assert!(html.contains("TOO SHORT"));
    assert!(html.contains("class=\"banner aborted\""));
    assert!(html.contains("Found, but not for certain"));
    let args = ["--slo", "mean<110us", "-n", "20k", "--format", "html"];
    let html = knee(4, &args).expect_code(0).out;
    assert!(!html.contains("TOO SHORT"));
    assert!(html.contains("class=\"banner passed\""));
}

#[test]
fn the_scenario_of_the_load_is_printed() {
    let said = knee(4, &["--slo", "p99<1ms", "--print-scenario"]).expect_code(0);
    assert!(said.out.contains("clock = \"virtual\""), "{}", said.out);
    // It is that of the first probe.
    assert!(said.out.contains("rate = \"1000/s\""), "{}", said.out);
    assert!(said.out.contains("ops = 320000\n"), "{}", said.out);
    let args = ["--fewest-jobs", "-c", "3", "--slo", "throughput>1k/s"];
    let said = knee(4, &[&args[..], &["--print-scenario"]].concat()).expect_code(0);
    assert!(said.out.contains("jobs = 3\n"), "{}", said.out);
    knee(4, &["--print-scenario"])
        .expect_code(104)
        .expect_err(&["needs an SLO"]);
}

#[test]
fn the_help_is_of_a_search() {
    let said = Folder::new().say(&["knee", "--help"]).expect_code(0).flat();
    assert!(said.contains("Whose time; virtual if not said"), "{said}");
    assert!(!said.contains("hgrm") && !said.contains("hlog"), "{said}");
    assert!(!said.contains("64 if not said") && !said.contains("the wall clock's if not"));
}
