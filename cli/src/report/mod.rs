//! What a run reports: one model, rendered as tables or as JSON.
//!
//! Under virtual time nothing in it depends on the machine: the same scenario and seed give the
//! same report, byte for byte.

mod batch_means;
mod build;
mod collect;
mod figure;
mod series;
mod text;
mod theory;
mod verdict;

pub use build::{Facts, Outcome};
pub use collect::{Collector, Figures};
pub use verdict::Verdict;

use std::borrow::Cow;

use serde::Serialize;

use crate::story::Line;

/// The report of one run. Fields stand in the order in which JSON shows them; times are
/// nanoseconds.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name and version of this format.
    pub format: &'static str,
    /// What was run.
    pub scenario: ScenarioInfo,
    /// Why the figures mean nothing, if so.
    pub invalid: Option<String>,
    /// From the first call to the last return.
    pub elapsed_ns: u64,
    /// Ops that returned.
    pub ops: u64,
    /// Of them, each second.
    pub ops_per_s: f64,
    /// Call to return.
    pub latency: Latency,
    /// Where that time went.
    pub stages: Vec<StageFigures>,
    /// Ops that waited for a slice, or were served, for longer than their completion could say
    /// (4.3 s); if there are any, stages and waits are wrong and the run is invalid.
    pub saturated_ops: u64,
    /// Waits for a slice.
    pub queue_wait: QueueWait,
    /// Jobs by what became of them.
    pub jobs: JobFigures,
    /// How jobs were told.
    pub wakes: WakeFigures,
    /// Submissions.
    pub doorbells: DoorbellFigures,
    /// Ops that were computed in software.
    pub software: SoftwareFigures,
    /// Calls that did not end well.
    pub errors: ErrorFigures,
    /// Results that were checked.
    pub verified: Verification,
    /// Real time against modelled time; under the wall clock alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute: Option<ComputeFigures>,
    /// What was expected, and whether it holds.
    pub expected: Vec<ExpectationResult>,
    /// What happened, event by event, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<Vec<Line>>,
    /// Events that the story leaves out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story_left_out: Option<u64>,
}

/// What was run.
#[derive(Debug, Serialize)]
pub struct ScenarioInfo {
    /// The scenario's name.
    pub name: String,
    /// Which of its variants, if it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What it says of itself.
    pub about: Option<String>,
    /// Whose time: `wall` or `virtual`.
    pub clock: &'static str,
    /// Start of all chance.
    pub seed: u64,
    /// What computed the results: `real`, `cached` or `none`.
    pub compute: &'static str,
    /// How jobs were told: `callback` or `fd`.
    pub notify: &'static str,
    /// Who took completions from the ring.
    pub reap: &'static str,
    /// The load, in words.
    pub load: String,
}

/// Latencies, ns.
#[derive(Debug, Serialize)]
pub struct Latency {
    /// Exact.
    pub mean_ns: u64,
    /// To three digits.
    pub p50_ns: u64,
    /// To three digits.
    pub p90_ns: u64,
    /// To three digits.
    pub p99_ns: u64,
    /// To three digits.
    pub p999_ns: u64,
    /// Exact.
    pub max_ns: u64,
}

/// One stage of an op's way, or the wait for a full ring before it.
#[derive(Debug, Serialize)]
pub struct StageFigures {
    /// Its name.
    pub stage: &'static str,
    /// Exact.
    pub mean_ns: u64,
    /// To three digits.
    pub p50_ns: u64,
    /// To three digits.
    pub p99_ns: u64,
}

/// Waits for a slice, ns.
#[derive(Debug, Serialize)]
pub struct QueueWait {
    /// Mean of all ops.
    pub mean_ns: u64,
    /// Mean without the run's start, when the queue was empty; under virtual time alone, and if the
    /// run was long enough to tell.
    pub steady_mean_ns: Option<u64>,
    /// The interval around it that contains the true mean with a confidence of 99.9 %.
    pub interval_ns: Option<[u64; 2]>,
    /// What theory predicts, where it does.
    pub theory: Option<Theory>,
}

/// A prediction.
#[derive(Debug, Serialize)]
pub struct Theory {
    /// The queue in Kendall's notation.
    pub queue: String,
    /// Its mean wait.
    pub mean_ns: u64,
}

/// Jobs by what became of them.
#[derive(Debug, Serialize)]
pub struct JobFigures {
    /// Started.
    pub started: u64,
    /// Ran to their end.
    pub finished: u64,
    /// Were cancelled.
    pub cancelled: u64,
    /// Live at once at most.
    pub max_live: u64,
}

/// How jobs were told.
#[derive(Debug, Serialize)]
pub struct WakeFigures {
    /// By callback.
    pub callback: u64,
    /// By eventfd.
    pub fd: u64,
    /// Not: they waited in place.
    pub in_place: u64,
    /// Completions that jobs were resumed to see, with notification by poll.
    pub by_look: u64,
    /// Resumed before their op had completed.
    pub spurious: u64,
}

/// Submissions.
#[derive(Debug, Serialize)]
pub struct DoorbellFigures {
    /// Times that the ring's tail was published.
    pub rung: u64,
    /// Times that this woke a sleeping device.
    pub woke_device: u64,
    /// Descriptors published by them.
    pub descriptors: u64,
    /// Ops that found no room and waited.
    pub full_waits: u64,
    /// Completions that nobody waited for.
    pub orphans: u64,
    /// Ops that their caller left.
    pub abandoned: u64,
}

/// Ops that were computed in software, by the reason. Exceptions are not among the ops of the report,
/// which are the device's.
#[derive(Debug, Serialize)]
pub struct SoftwareFigures {
    /// The scenario says so (`engine.mode`); these are among the ops of the report.
    pub by_mode: u64,
    /// Too small for the device.
    pub small: u64,
    /// There was no room.
    pub full: u64,
    /// The device failed them, or did not answer in time.
    pub device_error: u64,
}

/// Calls that did not end well.
#[derive(Debug, Serialize)]
pub struct ErrorFigures {
    /// All.
    pub total: u64,
    /// Completions by their status, those that occurred and were not ok. A call that was tried again
    /// or fell back to software may have ended well all the same.
    pub by_status: Vec<StatusCount>,
    /// Ops whose time was up before the device had answered; the same goes for them.
    pub timed_out: u64,
    /// Calls that failed before the device had them.
    pub refused_calls: u64,
    /// What the first of those said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_refusal: Option<String>,
}

/// Ops of one status.
#[derive(Debug, Serialize)]
pub struct StatusCount {
    /// The status.
    pub status: &'static str,
    /// How many.
    pub count: u64,
}

/// Results that were checked without the device's help.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Verification {
    /// Whether there are results to check (`compute = "none"` makes none).
    pub applies: bool,
    /// Results that there were.
    pub results: u64,
    /// Of them, found right.
    pub right: u64,
    /// Of them, found wrong.
    pub wrong: u64,
    /// How they were checked.
    pub how: String,
}

/// Real time against modelled time.
#[derive(Debug, Serialize)]
pub struct ComputeFigures {
    /// Ops whose result the CPU had ready later than the model wanted it.
    pub bound_ops: u64,
    /// How much later than modelled completions were published: mean.
    pub lateness_mean_ns: u64,
    /// The worst.
    pub lateness_max_ns: u64,
}

/// An expectation and what became of it.
#[derive(Debug, Serialize)]
pub struct ExpectationResult {
    /// The figure's name.
    pub figure: Cow<'static, str>,
    /// As the scenario wrote it.
    pub condition: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was measured.
    pub measured: String,
}

/// The reports of all variants of a scenario.
#[derive(Debug, Serialize)]
pub struct Reports {
    /// Name and version of this format.
    format: &'static str,
    /// One for each variant, in the scenario's order.
    variants: Vec<Report>,
}

impl Reports {
    /// Of `variants`, at least one.
    pub fn new(variants: Vec<Report>) -> Self {
        Self {
            format: FORMAT,
            variants,
        }
    }

    /// The worst that is to be said of them.
    pub fn verdict(&self) -> Verdict {
        Verdict::of_all(&self.variants)
    }

    /// Ops that returned, in all of them.
    pub fn ops(&self) -> u64 {
        self.variants.iter().map(|report| report.ops).sum()
    }

    /// As text: one report after the other.
    pub fn to_text(&self) -> String {
        let texts: Vec<String> = self.variants.iter().map(Report::to_text).collect();
        texts.join("\n")
    }

    /// As one JSON object, and a line's end: the report itself if there is only one.
    pub fn to_json(&self) -> String {
        let json = match self.variants.as_slice() {
            [only] if only.scenario.variant.is_none() => serde_json::to_string_pretty(only),
            _ => serde_json::to_string_pretty(self),
        };
        let mut json = json.expect("strings and numbers are JSON");
        json.push('\n');
        json
    }
}

/// Name and version of the JSON format.
const FORMAT: &str = "pausewake-report/1";
