//! The program from outside: flags, files, and every row once. Asserts counts, never speed.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn benches(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pausewake-benches"));
    command.args(args).output().expect("the program runs")
}

/// Runs it, and demands that it says this on standard error and ends with 104.
fn refused(args: &[&str], because: &str) {
    let output = benches(args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(104), "{args:?}: {said}");
    assert!(said.contains(because), "{args:?}: {said}");
    assert!(output.stdout.is_empty(), "{args:?} was run");
}

#[test]
fn wrong_flags_and_names_are_errors_before_anything_runs() {
    refused(&["--fast"], "--fast");
    refused(
        &["op-fast"],
        "no benchmark is called 'op-fast'; there are start-finish",
    );
    refused(&["--json"], "--json");
    refused(&["--list", "curve"], "cannot be used with");
    refused(&["--update", "README.md", "curve"], "cannot be used with");
    refused(&["--program", "none/pausewake"], "No such file");
}

#[test]
fn files_that_cannot_be_written_are_errors_before_anything_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    refused(
        &["start-finish", "--json", &at("none/figures.json")],
        "cannot write",
    );
    fs::write(at("plain.md"), "no markers\n").expect("written");
    refused(&["--update", &at("plain.md")], "<!-- table: begin -->");
    assert_eq!(
        fs::read_to_string(at("plain.md")).ok().as_deref(),
        Some("no markers\n")
    );
    assert_eq!(files(folder.path()), ["plain.md"]);
}

#[test]
fn the_list_names_every_benchmark_of_the_readme() {
    let output = benches(&["--list"]);
    assert_eq!(output.status.code(), Some(0));
    let list = String::from_utf8(output.stdout).expect("text");
    let readme = include_str!("../README.md");
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(names.len(), 12);
    for name in names {
        assert!(
            readme.contains(&format!("| `{name}` |")),
            "README.md lacks {name}"
        );
    }
}

#[test]
fn every_row_is_there_and_holds_its_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("figures.json");
    let file_name = file.display().to_string();
    let mut args = vec!["--quick", "--json", &file_name];
    // Who has built the program already says where it is; else it takes minutes from nothing.
    let program = std::env::var("PAUSEWAKE_PROGRAM").ok();
    if let Some(program) = &program {
        args.extend(["--program", program]);
    }
    let output = benches(&args);
    let said = String::from_utf8_lossy(&output.stdout);
    // A failed check, of a count or of an early completion, ends with 100.
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("THESE FIGURES MEAN NOTHING"), "{said}");
    let too_wide = said.lines().find(|line| line.chars().count() > 80);
    assert_eq!(too_wide, None);

    let report: Value = serde_json::from_slice(&fs::read(&file).expect("written")).expect("JSON");
    assert_eq!(files(folder.path()), ["figures.json"]);
    assert_eq!(report["effort"], "quick");
    for fact in ["cpu", "kernel", "rustc", "commit"] {
        assert!(report["machine"][fact].is_string(), "{fact}");
    }
    let rows = report["rows"].as_array().expect("rows");
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, expected_names());
    for row in rows {
        check(row, report["machine"]["libcrypto"].is_string());
    }
}

/// A row has a figure, and a ratio if its peer is there; or it says why not.
fn check(row: &Value, has_libcrypto: bool) {
    let (verdict, notes) = (row["verdict"].as_str(), row["notes"].to_string());
    assert_ne!(verdict, Some("failed"), "{row}");
    if row["ours"].is_null() {
        assert_eq!(verdict, Some("not_measured"), "{row}");
        assert!(notes.contains("not measured: "), "{row}");
        return;
    }
    assert!(row["ours"]["repetitions"].as_u64() >= Some(1), "{row}");
    assert!(row["ours"]["median"].as_f64() >= Some(0.0), "{row}");
    if row["reach"]["of"] == "ratio" && row["ratio"].is_null() {
        assert!(!has_libcrypto && notes.contains("no ratio: "), "{row}");
    }
    // In the steady state an op allocates nothing. Between two threads it is chance how many ops come
    // at once, and a run as short as this one may see the lists grow: there it is far less than one each.
    if let Some((allocations, _)) = notes.split_once(" allocations") {
        let zero = if row["name"] == "op-rings" {
            "0."
        } else {
            "0.00"
        };
        let figure = allocations.rsplit(['"', ' ']).next().unwrap_or_default();
        assert!(figure.starts_with(zero), "{row}");
    }
}

fn expected_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "start-finish",
        "start-pause-finish",
        "pause-resume",
        "pause-resume/floor",
        "wait-ctx",
        "op-callback",
        "op-callback/observed",
        "op-rings",
        "op-fd/64",
        "op-fd/4096",
        "virtual-storm",
        "virtual-storm/in-groups",
        "modelled/none",
        "modelled/cached",
    ]
    .map(str::to_owned)
    .into();
    for wait in ["spin", "adaptive", "sleep"] {
        names.extend(["20us", "100us", "1ms", "5ms"].map(|at| format!("latency/{wait}/{at}")));
    }
    names.push("memory".to_owned());
    for way in ["callback", "rings"] {
        let jobs = ["1", "4", "16", "64", "256", "1024", "4096"];
        names.extend(jobs.map(|jobs| format!("curve/{way}/{jobs}")));
    }
    names
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}
