//! What a run reports: one model, rendered as tables or as JSON.
//!
//! Under virtual time nothing in it depends on the machine: the same scenario and seed give the
//! same report, byte for byte.
//!
//! [`Collector`] counts and measures while a run goes on; [`Facts`] are what is known in the end.
//! `build` makes a [`Report`] of them, `little` and `slices` hold it against theory, `verdict`
//! against what the scenario expects. `text` shows it to humans; JSON is the model as it is.

mod batch_means;
mod build;
mod collect;
mod errors;
mod figure;
mod little;
mod loop_figures;
mod offered;
mod parts;
mod punctuality;
#[cfg(test)]
mod schema;
mod series;
mod slices;
mod text;
mod theory;
mod verdict;

pub use build::{Aborted, Facts, Outcome};
pub use collect::{Collector, Figures, Window};
pub use errors::ErrorTally;
pub use parts::{ExpectationResult, Verification};
pub use punctuality::{Punctuality, ThreadCost};
pub use series::Series;
pub use verdict::Verdict;

use schemars::JsonSchema;
use serde::Serialize;

use crate::story::Line;
use parts::{
    AbortedFigures, ComputeFigures, DoorbellFigures, ErrorFigures, GeneratorFigures, JobFigures,
    LateFigures, Little, OpenLoopFigures, PhaseFigures, QueueWait, ScenarioInfo, SignalFigures,
    SliceFigures, SoftwareFigures, StageFigures, Times, WakeFigures,
};

/// The report of one run. Fields stand in the order in which JSON shows them; times are
/// nanoseconds.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    /// What was run.
    pub scenario: ScenarioInfo,
    /// Why the figures mean nothing, if so.
    pub invalid: Option<String>,
    /// What ended the run before its time, if something did: the figures are of what ran until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aborted: Option<AbortedFigures>,
    /// How long the load went on before figures were taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup_ns: Option<u64>,
    /// From the first call until the last one had ended, with a result or without, and the device had
    /// answered what calls had left there.
    pub elapsed_ns: u64,
    /// Calls that gave their caller a result, whoever computed it.
    pub ops: u64,
    /// Of them, each second; `null` if no time passed.
    pub ops_per_s: Option<f64>,
    /// Ops that the device answered while their calls waited, well or with an error. A call that is
    /// tried again makes several.
    pub device_ops: u64,
    /// Of `ops`: in a closed loop from call to return, in an open one from the time at which the call
    /// was to begin.
    pub latency: Times,
    /// In an open loop: from call to return, which hides what was started late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncorrected: Option<Times>,
    /// In an open loop: how punctual the starts were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_loop: Option<OpenLoopFigures>,
    /// What making the load cost; under the wall clock alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generator: Option<GeneratorFigures>,
    /// The same run by its phases, if it has some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseFigures>,
    /// Where the time of `device_ops` went: the wait for room, then the five stages. Where all calls
    /// are one op of the device each, they add up to the latency from call to return.
    pub stages: Vec<StageFigures>,
    /// Ops that waited for a slice, or were served, for longer than their completion could say
    /// (4.3 s); if there are any, stages and waits are wrong and the run is invalid.
    pub saturated_ops: u64,
    /// Waits for a slice.
    pub queue_wait: QueueWait,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute: Option<ComputeFigures>,
    /// How punctual the device's thread was; under the wall clock alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_thread: Option<LateFigures>,
    /// What was expected, and whether it holds.
    pub expected: Vec<ExpectationResult>,
    /// What happened, event by event, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story: Option<Vec<Line>>,
    /// Events that the story leaves out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub story_left_out: Option<u64>,
}

impl Report {
    fn is_aborted_by_signal(&self) -> bool {
        let aborted = self.aborted.as_ref();
        aborted.is_some_and(|aborted| aborted.by == "signal")
    }
}

/// The reports of all variants of a scenario, or of its only run.
#[derive(Debug)]
pub struct Reports {
    /// In the scenario's order; at least one.
    variants: Vec<Report>,
}

/// What JSON shows of a scenario.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "pausewake report")]
struct Document<'a> {
    /// Name and version of this format.
    format: &'static str,
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
    /// The reports of `outcomes`, and what became of their scenarios' expectations.
    pub fn new(outcomes: &[Outcome<'_>]) -> Self {
        let mut variants: Vec<Report> = outcomes.iter().map(Report::new).collect();
        let judged: Vec<_> = outcomes
            .iter()
            .zip(&variants)
            .map(|(outcome, report)| {
                verdict::judge(&outcome.scenario.expectations, report, &variants)
            })
            .collect();
        for (report, expected) in variants.iter_mut().zip(judged) {
            report.expected = expected;
        }
        for (outcome, report) in outcomes.iter().zip(&mut variants) {
            report.expected.extend(outcome.facts.limits.iter().cloned());
        }
        Self { variants }
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

    /// As text: the report, or the variants side by side.
    pub fn to_text(&self) -> String {
        text::of(&self.variants)
    }

    /// As one JSON object, and a line's end.
    pub fn to_json(&self) -> String {
        let content = match self.variants.as_slice() {
            [only] if only.scenario.variant.is_none() => Content::Only(only),
            variants => Content::Variants { variants },
        };
        let document = Document {
            format: FORMAT,
            content,
        };
        let mut json =
            serde_json::to_string_pretty(&document).expect("strings and numbers are JSON");
        json.push('\n');
        json
    }
}

/// Name and version of the JSON format. The version grows when something is taken out or comes to
/// mean something else.
const FORMAT: &str = "pausewake-report/4";
