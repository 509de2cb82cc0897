//! A million ops under virtual time, by the program itself: `pausewake run`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rustix::param::clock_ticks_per_second;

use super::{Benchmark, Context};
use crate::failure::Failure;
use crate::measure::{interleaved, ns_each};
use crate::row::{Reach, Row, Unit};
use crate::summary::Summary;

pub(super) const VIRTUAL_STORM: Benchmark = Benchmark {
    name: "virtual-storm",
    about: "simulated op/s of `pausewake run`: random service times, histograms, from start to exit",
    run: virtual_storm,
};

fn virtual_storm(context: &Context) -> Result<Vec<Row>, Failure> {
    let program = match &context.program {
        Some(program) => program.clone(),
        None => built()?,
    };
    let each = row(context, &program, VIRTUAL_STORM.name, &[])?;
    let in_groups = format!("{}/in-groups", VIRTUAL_STORM.name);
    Ok(vec![
        each.reaching(Reach::at_least(2e6)),
        row(context, &program, &in_groups, &IN_GROUPS)?,
    ])
}

/// The storm with `sets`, as often as this run takes.
fn row(context: &Context, program: &Path, name: &str, sets: &[&str]) -> Result<Row, Failure> {
    let ops = context.effort.count(OPS);
    // The round that warms up need not be long.
    let mut ops_of_next = ops.div_ceil(10);
    let mut cpu_s = Vec::new();
    let mut ours = || {
        let before_s = children_cpu_s()?;
        let ops = std::mem::replace(&mut ops_of_next, ops);
        let per_s = simulated_per_s(program, ops, sets)?;
        cpu_s.push(children_cpu_s()? - before_s);
        Ok(per_s)
    };
    let rounds = interleaved(context.effort.rounds(ROUNDS), &mut ours, None)?;
    let row = Row::new(name, Unit::PerS).with_rounds(&rounds, "");
    let cpu_ns = Summary::of(&cpu_s[1..]).map_or(0.0, |cpu_s| cpu_s.median * 1e9 / as_f64(ops));
    Ok(row.noting(format!("{cpu_ns:.0} ns of CPU time per op")))
}

/// Simulated ops per second of real time, of one run.
fn simulated_per_s(program: &Path, ops: u64, sets: &[&str]) -> Result<f64, Failure> {
    let begin = Instant::now();
    let output = Command::new(program)
        .args(["run", SCENARIO, "--quiet", "--format", "json", "--set"])
        .arg(format!("load.ops={ops}"))
        .args(["--set", "expect=", "--set"])
        .arg(format!("expect.ops=== {ops}"))
        .args(sets.iter().flat_map(|set| ["--set", *set]))
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

/// CPU time of all child processes that have ended so far, seconds; the kernel counts it in steps of
/// ten milliseconds or so.
fn children_cpu_s() -> Result<f64, Failure> {
    let stat = fs::read_to_string("/proc/self/stat").map_err(Failure::unavailable)?;
    // The second field is a name in brackets, with whatever is in it.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<u64> = fields
        .split_whitespace()
        .skip(CHILDREN_TIMES_BEHIND_NAME)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    match ticks[..] {
        [user, system] => Ok(as_f64(user + system) / as_f64(clock_ticks_per_second())),
        _ => Err(Failure::unavailable("/proc/self/stat is not as expected")),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

/// The program, built as we are, by the cargo that runs us: one that lies around may be old.
fn built() -> Result<PathBuf, Failure> {
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
    // What cargo has told us of our own package. Build scripts of others look at it (ring's does), and
    // would run again each time that it is there or not.
    for (name, _) in std::env::vars_os() {
        let is_ours = |prefix: &str| name.to_string_lossy().starts_with(prefix);
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "OUT_DIR"]
            .into_iter()
            .any(is_ours)
        {
            command.env_remove(&name);
        }
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
const SCENARIO: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../scenarios/virtual-storm.toml"
);
/// `cutime` and `cstime` are fields 16 and 17; what follows the name begins with field 3.
const CHILDREN_TIMES_BEHIND_NAME: usize = 13;
const OPS: u64 = 1_000_000;
/// One signal for 32 completions, so that ops share turns of the loop and doorbells.
const IN_GROUPS: [&str; 2] = ["device.coalesce.count=32", "device.coalesce.time=500us"];
const ROUNDS: usize = 3;
