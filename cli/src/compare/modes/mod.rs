//! The same load in software, and offloaded in three ways.
//!
//! `ways` says what is run, `runs` runs it; `words`, `text`, `csv` and `page` show what came of it.

mod csv;
mod page;
mod runs;
mod text;
mod ways;
mod words;

pub use runs::run;
pub use ways::{in_mode, modes_of, said, scenario, threads};

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::break_even::{BreakEven, NotSearched};
use super::statistics::Estimate;
use crate::formats::{Render, json};
use crate::report::{Name, ReadError, Report, Verdict, document};

/// Modes side by side.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "pausewake compare, modes")]
pub struct ModesReport {
    /// Name and version of this format.
    #[schemars(extend("const" = FORMAT))]
    format: Name,
    /// The version of the program that wrote it.
    program: Name,
    /// The command that compares again.
    command: String,
    /// `virtual` or `wall`.
    clock: String,
    /// What was done, in words.
    load: String,
    /// The seeds with which each mode was run.
    seeds: Vec<u64>,
    /// Confidence of the intervals.
    confidence: f64,
    /// Software, sync, fd, callback.
    modes: Vec<ModeFigures>,
    /// Where offload begins to win.
    break_even: Vec<BreakEven>,
    /// Why something is missing there.
    no_break_even: NotSearched,
    /// Whether a signal ended it before all was run.
    aborted: bool,
    /// What else is to be said.
    notes: Vec<String>,
    /// A result of each mode, all its seeds merged, as a report has it.
    results: Vec<Report>,
}

/// A mode.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct ModeFigures {
    /// Its name.
    mode: Name,
    /// Calls that gave a result, of all seeds.
    ops: u64,
    /// Calls that failed, of all seeds.
    errors: u64,
    /// Throughput: of calls that gave a result.
    ops_per_s: Option<Estimate>,
    /// How many times that of software, seed by seed.
    speed_up: Option<Estimate>,
    /// Latency, ns.
    latency: Latency,
    /// What became of the arrivals, if the loop was open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open_loop: Option<OpenLoop>,
    /// Where the time of the device's ops went; empty in software.
    stages: Vec<StageMean>,
    /// How it stands to software, in words; `null` of software itself.
    words: Option<String>,
}

/// Latency over runs, ns.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Latency {
    /// Mean.
    mean_ns: Option<Estimate>,
    /// Median.
    p50_ns: Option<Estimate>,
    /// 99th percentile.
    p99_ns: Option<Estimate>,
}

/// The arrivals of an open loop, of all seeds.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct OpenLoop {
    /// Arrivals.
    arrivals: u64,
    /// Of them, those that were started late, for whatever reason.
    late: u64,
    /// Of them, those that were never started. They are in no figure.
    dropped: u64,
    /// 99th percentile from call to return, ns, which hides what was started late.
    uncorrected_p99_ns: Option<Estimate>,
}

/// A stage.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct StageMean {
    /// Its name.
    stage: String,
    /// Its mean over all runs, ns.
    mean_ns: Option<u64>,
}

impl ModesReport {
    /// The comparison that was saved at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or holds none.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        document(path, FORMAT, |it: &mut Self| {
            it.results.iter_mut().try_for_each(Report::settle)
        })
    }

    /// How the program ends.
    pub fn verdict(&self) -> Verdict {
        let aborted = self.aborted.then_some(Verdict::Aborted);
        aborted
            .into_iter()
            .fold(Verdict::of_all(&self.results), Verdict::max)
    }
}

impl Render for ModesReport {
    fn to_text(&self) -> String {
        self.text()
    }

    fn to_json(&self) -> String {
        json(self)
    }

    fn to_csv(&self) -> String {
        self.csv()
    }

    fn to_html(&self) -> String {
        self.page()
    }
}

/// Their names, as reports have them.
pub const MODES: [&str; 4] = ["software", "sync", "fd", "callback"];
/// Name and version of the JSON format.
const FORMAT: &str = "pausewake-compare-modes/3";
