//! A million ops under virtual time, by the program itself: `pausewake run`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::{Benchmark, Context};
use crate::failure::Failure;
use crate::measure::{interleaved, ns_each};
use crate::row::{Reach, Row, Unit};

pub(super) const VIRTUAL_STORM: Benchmark = Benchmark {
    name: "virtual-storm",
    about: "simulated op/s of `pausewake run`: random service times, histograms, from start to exit",
    run: virtual_storm,
};

fn virtual_storm(context: &Context) -> Result<Vec<Row>, Failure> {
    let program = program()?;
    let ops = context.effort.count(OPS);
    let rounds = interleaved(
        context.effort.rounds(ROUNDS),
        &mut || simulated_per_s(&program, ops),
        None,
    )?;
    let row = Row::new(VIRTUAL_STORM.name, Unit::PerS)
        .with_rounds(&rounds, "")
        .reaching(Reach::at_least(2e6));
    Ok(vec![row])
}

/// Simulated ops per second of real time, of one run.
fn simulated_per_s(program: &Path, ops: u64) -> Result<f64, Failure> {
    let begin = Instant::now();
    let output = Command::new(program)
        .args(["run", SCENARIO, "--quiet", "--format", "json", "--set"])
        .arg(format!("load.ops={ops}"))
        .arg("--set")
        .arg(format!("expect.ops=== {ops}"))
        .output()
        .map_err(Failure::unavailable)?;
    let per_s = 1e9 / ns_each(begin, ops);
    if !output.status.success() {
        return Err(Failure::check(format!(
            "pausewake ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| Failure::of(&error))?;
    if report["ops"] != ops {
        return Err(Failure::check(format!(
            "{} ops are reported, and {ops} were asked for",
            report["ops"]
        )));
    }
    Ok(per_s)
}

/// The program, built as we are, by the cargo that runs us: one that lies around may be old.
fn program() -> Result<PathBuf, Failure> {
    let cargo = std::env::var_os("CARGO").ok_or_else(|| {
        Failure::unavailable("the program is built by cargo; run this by `cargo run`")
    })?;
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "pausewake"]);
    command.args(["--message-format", "json-render-diagnostics"]);
    command.arg("--manifest-path").arg(MANIFEST);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command.output().map_err(Failure::unavailable)?;
    if !output.status.success() {
        return Err(Failure::unavailable(format!(
            "cargo cannot build the program: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    // One message per line; the program's names the file.
    let messages = String::from_utf8_lossy(&output.stdout);
    let path = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    path.ok_or_else(|| Failure::unavailable("cargo does not say where the program is"))
}

const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/virtual-storm.toml");
const OPS: u64 = 1_000_000;
const ROUNDS: usize = 5;
