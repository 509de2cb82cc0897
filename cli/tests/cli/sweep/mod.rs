//! `pausewake sweep`: one load at many points.

mod grid;
mod knee;
mod points;
mod predictions;
mod refused;
mod shards;
mod shown;

use serde_json::Value;

use crate::helper::{Folder, Said, json, rows};

/// A sweep that shows a knee, at 32 of 29 slices' jobs.
const SWEEP_OF_JOBS: [&str; 9] = [
    "sweep",
    "--jobs",
    "1..128",
    "-n",
    "400",
    "--compute",
    "none",
    "--seed",
    "7",
];

fn sweep_of_jobs(folder: &Folder, args: &[&str]) -> Said {
    folder.say(&[&SWEEP_OF_JOBS[..], args].concat())
}

/// `line` as a sweep of a load that takes no time to compute.
fn sweep(folder: &Folder, line: &str, more: &[&str]) -> Said {
    let words: Vec<&str> = line.split(' ').collect();
    folder.say(&[&["sweep", "-q"], &words[..], more].concat())
}

/// The points of a sweep in JSON.
fn points(said: &Said) -> Vec<Value> {
    let points = json(said)["points"].as_array().cloned();
    points.expect("a list of points")
}

/// Of each point what was predicted, and measured.
fn throughput(folder: &Folder, line: &str, more: &[&str]) -> Vec<[f64; 2]> {
    let said = sweep(folder, line, &[more, &["--format", "csv"]].concat()).expect_code(0);
    let columns = ["predicted_throughput", "throughput"];
    let number = |cell: &String| cell.parse().unwrap_or(f64::NAN);
    let rows = rows(&said.out).into_iter();
    rows.map(|row| columns.map(|it| number(&row[it]))).collect()
}
