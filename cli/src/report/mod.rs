//! What a run reports: one model, rendered as tables or as JSON.
//!
//! Under virtual time nothing in it depends on the machine: the same scenario and seed give the
//! same report, byte for byte.
//!
//! [`Collector`] counts and measures while a run goes on; [`Facts`] are what is known in the end.
//! `build` makes a [`Report`] of them, `little` and `slices` hold it against theory, `verdict`
//! against what the scenario expects. `text` and `html` show it to humans; JSON is the model as it is,
//! with all [`Samples`], so that [`Reports::read`] gives it back, and `merge` loses nothing.

mod batch_means;
mod build;
mod collect;
mod counters;
mod csv;
mod errors;
mod figure;
mod hgrm;
mod hlog;
pub mod html;
mod inputs;
mod little;
mod loop_figures;
mod merge;
mod offered;
mod parts;
mod prediction;
mod punctuality;
mod recorder;
mod samples;
mod saturation;
mod saved;
#[cfg(test)]
pub mod schema;
mod series;
mod service_means;
mod settle;
mod slices;
mod sweep;
mod text;
mod theory;
mod timeline;
mod verdict;
mod wire;

pub use build::{Aborted, Facts, Outcome};
pub use collect::{Collector, Ending, Figures, Window};
pub use csv::rows;
pub use errors::ErrorTally;
pub use figure::{Figure, Unit};
pub use inputs::InputFile;
pub use parts::{ExpectationResult, Limit, Name, Verification};
pub use punctuality::{Punctuality, ThreadCost};
pub use samples::Samples;
pub use saved::{Kind, ReadError, document};
pub use series::Series;
pub use sweep::{LeftOut, Missing, Part, Place, Point, Quantity, SweepReport, Value};
pub use text::{doubts, numbers, paragraph, printable, remarks, table};
pub use timeline::Timeline;
pub use verdict::Verdict;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::formats::{Format, Histogram, Render, json};
use crate::scenario::Entries;
use crate::story::Line;
use parts::{
    AbortedFigures, ComputeFigures, DoorbellFigures, ErrorFigures, GeneratorFigures, JobFigures,
    LateFigures, Little, OpenLoopFigures, PhaseFigures, PredictedThroughput, QueueWait,
    ScenarioInfo, SignalFigures, SliceFigures, SoftwareFigures, StageFigures, Times, WakeFigures,
};

/// The report of one run. Fields stand in the order in which JSON shows them; times are
/// nanoseconds.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// What was run.
    pub scenario: ScenarioInfo,
    /// The seeds of all runs that were merged into this report: one, if none were.
    pub seeds: Vec<u64>,
    /// Why the figures mean nothing, if so.
    pub invalid: Option<String>,
    /// What ended the run before its time, if something did: the figures are of what ran until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aborted: Option<AbortedFigures>,
    /// How long the load went on before figures were taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup_ns: Option<u64>,
    /// From the first call until the last one had ended, with a result or without, and the device had
    /// answered what calls had left there. An open loop begins with its load, and does not end before it:
    /// when its time is over, or the next arrival would have been due. Of runs that were merged, the sum, so that what is told
    /// each second, and averages over time, are those of one of them.
    pub elapsed_ns: u64,
    /// Calls that gave their caller a result, whoever computed it.
    pub ops: u64,
    /// Calls that gave a result, each second; `null` if no time passed. Those that had begun before figures
    /// were taken and ended since are counted here, and not in `ops`; and if the run ends with a result, its
    /// time begins with one, the last of the warm-up.
    pub ops_per_s: Option<f64>,
    /// Ops that the device answered while their calls waited, well or with an error. A call that is
    /// tried again makes several.
    pub device_ops: u64,
    /// Of `ops`: in a closed loop from call to return, in an open one from the time at which the call
    /// was to begin.
    pub latency: Times,
    /// In an open loop: from call to return, which hides what was started late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncorrected: Option<Times>,
    /// In an open loop: how punctual the starts were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_loop: Option<OpenLoopFigures>,
    /// What making the load cost; under the wall clock alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<GeneratorFigures>,
    /// The same run by its phases, if it has some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseFigures>,
    /// Where the time of `device_ops` went: the wait for room, then the five stages. Where all calls
    /// are one op of the device each, they add up to the latency from call to return.
    pub stages: Vec<StageFigures>,
    /// Ops that waited for a slice, or were served, for longer than their completion could say
    /// (4.3 s); if there are any, stages and waits are wrong and the run is invalid.
    pub saturated_ops: u64,
    /// Waits for a slice.
    pub queue_wait: QueueWait,
    /// The throughput that follows from the configuration alone; `null` where it does not say enough.
    #[serde(default)]
    pub predicted: Option<PredictedThroughput>,
    /// How busy the slices were, by class: `asym`, then `sym`.
    pub slices: [SliceFigures; 2],
    /// Little's law, for calls and for the device: a check of the figures on each other.
    pub littles_law: [Little; 2],
    /// Jobs by what became of them.
    pub jobs: JobFigures,
    /// How jobs were told.
    pub wakes: WakeFigures,
    /// Submissions.
    pub doorbells: DoorbellFigures,
    /// Completions, and how the host was told of them.
    pub signals: SignalFigures,
    /// Ops that were computed in software.
    pub software: SoftwareFigures,
    /// Calls that did not end well.
    pub errors: ErrorFigures,
    /// Results that were checked.
    pub verified: Verification,
    /// Whether the CPU kept up with the model; under the wall clock alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compute: Option<ComputeFigures>,
    /// How punctual the device's thread was; under the wall clock alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_thread: Option<LateFigures>,
    /// What was expected, and whether it holds.
    pub expected: Vec<ExpectationResult>,
    /// What happened, event by event, if that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<Vec<Line>>,
    /// Events that the story leaves out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story_left_out: Option<u64>,
    /// What the scenario says, with its variant and all flags put over it: paths and values as `--set`
    /// takes them. What is not there has its default.
    pub config: Entries,
    /// What the scenario does not say, with the defaults of the version that ran it, in the same form;
    /// empty in files of earlier versions.
    #[serde(default)]
    pub defaults: Entries,
    /// The files that the scenario names, as they were; empty in files of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<InputFile>,
    /// Throughput and latency over time.
    pub timeline: Timeline,
    /// What was measured, in full: what results are merged by.
    pub samples: Samples,
}

impl Report {
    /// What the entry at `path` was, whether or not the scenario says it; `None` if it has no default.
    pub fn entry(&self, path: &str) -> Option<&str> {
        self.config.get(path).or_else(|| self.defaults.get(path))
    }

    /// Whether a signal ended it before its time.
    pub fn is_aborted_by_signal(&self) -> bool {
        let aborted = self.aborted.as_ref();
        aborted.is_some_and(|aborted| aborted.by == "signal")
    }
}

/// The reports of all variants of a scenario, or of its only run.
#[derive(Clone, Debug)]
pub struct Reports {
    /// In the scenario's order; at least one.
    variants: Vec<Report>,
    /// The command that made them.
    command: String,
}

/// What JSON shows of a scenario.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "pausewake report")]
struct Document<'a> {
    /// Name and version of this format.
    #[schemars(extend("const" = FORMAT))]
    format: &'static str,
    /// The version of the program that wrote it.
    program: &'static str,
    /// The command that makes the same run again.
    command: &'a str,
    /// The report itself, or the list of those of its variants.
    #[serde(flatten)]
    content: Content<'a>,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Content<'a> {
    /// Of a scenario without variants.
    Only(&'a Report),
    /// Of a scenario with variants.
    Variants {
        /// One for each variant, in the scenario's order.
        variants: &'a [Report],
    },
}

impl Reports {
    /// The reports of `outcomes`, which `command` has made, and what became of their scenarios'
    /// expectations.
    pub fn new(outcomes: &[Outcome<'_>], command: String) -> Self {
        let mut variants: Vec<Report> = outcomes.iter().map(Report::new).collect();
        for (report, outcome) in variants.iter_mut().zip(outcomes) {
            let expectations = outcome.scenario.expectations.iter();
            report.expected = expectations.map(verdict::expected).collect();
        }
        for (outcome, report) in outcomes.iter().zip(&mut variants) {
            report.expected.extend(outcome.facts.limits.iter().cloned());
        }
        verdict::judge(&mut variants);
        Self { variants, command }
    }

    /// The same by value.
    pub fn into_variants(self) -> Vec<Report> {
        self.variants
    }

    /// The reports, in order; at least one.
    pub fn variants(&self) -> &[Report] {
        &self.variants
    }

    /// Adds the story of each variant that has one, and how many events it leaves out.
    pub fn tell(&mut self, stories: impl IntoIterator<Item = Option<(Vec<Line>, u64)>>) {
        for (report, story) in self.variants.iter_mut().zip(stories) {
            (report.story, report.story_left_out) = story.unzip();
        }
    }

    /// The worst that is to be said of them.
    pub fn verdict(&self) -> Verdict {
        Verdict::of_all(&self.variants)
    }
}

impl Render for Reports {
    fn to_text(&self) -> String {
        text::of(&self.variants)
            .split('\n')
            .map(text::printable)
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn to_json(&self) -> String {
        let content = match self.variants.as_slice() {
            [only] if only.scenario.variant.is_none() => Content::Only(only),
            variants => Content::Variants { variants },
        };
        let document = Document {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION"),
            command: &self.command,
            content,
        };
        json(&document)
    }

    fn to_csv(&self) -> String {
        csv::of(&self.variants)
    }

    fn to_html(&self) -> String {
        html::of(self)
    }

    fn to_histogram(&self, format: Histogram) -> String {
        match format {
            Histogram::Percentiles => hgrm::of(&self.variants[0]),
            Histogram::Intervals => hlog::of(&self.variants),
        }
    }

    fn only(&self, index: usize, format: Format) -> String {
        let only = Self {
            variants: vec![self.variants[index].clone()],
            command: self.command.clone(),
        };
        only.to(format)
    }
}

/// Name and version of the JSON format. The version grows when something is taken out or comes to
/// mean something else.
const FORMAT: &str = "pausewake-report/4";
