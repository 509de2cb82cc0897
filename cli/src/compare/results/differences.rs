//! How two reports differ, figure by figure, and how well that is known.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::condition::FailIf;
use super::super::statistics::{mean, student_t, variance_of_mean};
use super::words::verdicts;
use crate::report::Report;
use crate::report::numbers::or_na;

/// The same variant of both.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// Its name; `null` if there is only one.
    pub(super) variant: Option<String>,
    /// Entries of the configuration that differ, with both values.
    pub(super) differing: Vec<Differing>,
    /// Figures.
    pub(super) figures: Vec<Difference>,
    /// How the candidate stands to the baseline, in sentences.
    pub(super) words: Vec<String>,
    /// Why the two are not held against each other, if they are not: one was ended before its time, or its
    /// figures mean nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) void: Option<String>,
}

/// An entry of the configuration.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Differing {
    /// Its path; of a file that changed, what it is for and the path of the file.
    pub(super) entry: String,
    /// In the baseline; `null` if it is not said there.
    pub(super) baseline: Option<String>,
    /// In the candidate.
    pub(super) candidate: Option<String>,
}

/// A figure of both.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Its name, as `[expect]` has it.
    pub(super) figure: String,
    /// Of the baseline: nanoseconds, ops per second, a count or a share; `null` if it has none.
    pub(super) baseline: Option<f64>,
    /// Of the candidate.
    pub(super) candidate: Option<f64>,
    /// Candidate less baseline, as a part of the baseline: 0.05 is 5 %; `null` if that is zero, or one has none.
    pub(super) difference: Option<f64>,
    /// Half of the interval around it that holds the true one with a confidence of 95 %; `null` where
    /// none is known.
    pub(super) half_width: Option<f64>,
    /// Both in words.
    pub(super) shown: [String; 2],
}

impl Pair {
    /// What differs between `before` and `after`, also in the figures of `conditions`.
    pub fn new(before: &Report, after: &Report, conditions: &[FailIf]) -> Self {
        // Defaults may be those of other versions; files of early ones do not tell them.
        let both = |(path, _): &(&str, &str)| after.defaults.get(path).is_some();
        let defaults = before.defaults.iter().filter(both);
        let entries = before.config.iter().chain(after.config.iter());
        let entries = entries.chain(defaults);
        let mut paths: Vec<&str> = entries.map(|(path, _)| path).collect();
        paths.sort_unstable();
        paths.dedup();
        let differing = paths.into_iter().filter_map(|path| {
            let [a, b] = [before, after].map(|it| it.entry(path).map(str::to_owned));
            (a != b).then(|| Differing {
                entry: path.to_owned(),
                baseline: a,
                candidate: b,
            })
        });
        let files = before.other_files(after).into_iter();
        let files = files.map(|(file, [a, b])| Differing {
            entry: file,
            baseline: Some(a),
            candidate: Some(b),
        });
        let mut names: Vec<&str> = FIGURES.to_vec();
        for condition in conditions {
            if !names.contains(&condition.figure.as_str()) {
                names.push(&condition.figure);
            }
        }
        let figures = names.into_iter();
        let figures: Vec<_> = figures
            .filter_map(|it| Difference::new(it, before, after))
            .collect();
        let void = void(before, after).or_else(|| nothing_returned(before, after));
        let words = match &void {
            Some(why) => vec![format!("Not held against each other: {why}.")],
            None => verdicts(&figures, before, after),
        };
        Self {
            variant: before.scenario.variant.clone(),
            differing: differing.chain(files).collect(),
            words,
            figures,
            void,
        }
    }
}

/// Why `before` and `after` cannot be held against each other, if so: what a run came to until something ended
/// it is no figure of the whole, and in most of them the load has only begun.
pub fn void(before: &Report, after: &Report) -> Option<String> {
    let sides = [("baseline", before), ("candidate", after)];
    let why = sides.into_iter().filter_map(|(side, report)| {
        let aborted = report.aborted.as_ref();
        let aborted = aborted.map(|_| format!("the {side} was ended before its time"));
        let invalid = report.invalid.as_ref();
        let invalid = invalid.map(|_| format!("the {side} is invalid"));
        // Where all calls failed, that is a result.
        let is_empty = report.ops == 0 && report.errors.total == 0;
        let empty = || is_empty.then(|| returned_nothing(side));
        aborted.or(invalid).or_else(empty)
    });
    joined(why)
}

/// Why there is no more to be said of how `before` and `after` stand to each other than what failed: of one of them
/// no call returned. Its throughput of nothing can be judged all the same.
fn nothing_returned(before: &Report, after: &Report) -> Option<String> {
    let sides = [("baseline", before), ("candidate", after)].into_iter();
    let empty = sides.filter(|(_, report)| report.ops == 0);
    joined(empty.map(|(side, _)| returned_nothing(side)))
}

fn returned_nothing(side: &str) -> String {
    format!("the {side} returned nothing")
}

fn joined(why: impl Iterator<Item = String>) -> Option<String> {
    let why: Vec<String> = why.collect();
    (!why.is_empty()).then(|| why.join(", and "))
}

impl Difference {
    /// Of a figure that one of them has.
    fn new(name: &str, before: &Report, after: &Report) -> Option<Self> {
        let figures = [before, after].map(|it| it.figure(name));
        let [baseline, candidate] = figures.map(|it| it.map(|it| it.value));
        baseline.or(candidate)?;
        let both = baseline.zip(candidate);
        Some(Self {
            figure: name.to_owned(),
            baseline,
            candidate,
            difference: both.and_then(|(a, b)| relative(a, b)),
            half_width: half_width(name, before, after).filter(|half| half.is_finite()),
            shown: figures.map(|it| or_na(it, |it| it.to_string())),
        })
    }

    /// How the candidate stands to the baseline; `None` where that is no number.
    pub(super) fn stand(&self) -> Option<Stand> {
        let difference = self.difference?;
        Some(if difference == 0.0 {
            Stand::Same
        } else if self.half_width.is_some_and(|half| difference.abs() <= half) {
            Stand::Unclear
        } else if difference > 0.0 {
            Stand::Above
        } else {
            Stand::Below
        })
    }

    /// How far apart they are, as a part of the baseline.
    pub(super) fn size(&self) -> f64 {
        self.difference.map_or(0.0, f64::abs)
    }
}

impl Pair {
    /// The figure of this name, if both have it.
    pub(super) fn figure(&self, name: &str) -> Option<&Difference> {
        self.figures.iter().find(|it| it.figure == name)
    }

    /// Whether the baseline, and the candidate, dropped arrivals.
    pub(super) fn drops(&self) -> [bool; 2] {
        let dropped = self.figure("dropped");
        let counts = dropped.map_or([None; 2], |it| [it.baseline, it.candidate]);
        counts.map(|count| count.is_some_and(|count| count > 0.0))
    }
}

/// How a figure of the candidate stands to that of the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It is the same.
    Same,
    /// It is higher.
    Above,
    /// It is lower.
    Below,
    /// They differ by less than is known.
    Unclear,
}

/// How far `after` is from `before`, as a part of it; two zeros do not differ.
pub fn relative(before: f64, after: f64) -> Option<f64> {
    if before == after {
        return Some(0.0);
    }
    (before != 0.0).then(|| after / before - 1.0)
}

/// Of the relative difference of throughput, or of mean latency: by the means of stretches of each run,
/// and the delta method for their ratio.
fn half_width(name: &str, before: &Report, after: &Report) -> Option<f64> {
    let of: fn(&Stretch) -> Option<f64> = match name {
        "throughput" => |it| ratio(it.ops * 1e9, it.covered_ns),
        "mean" => |it| ratio(it.latency_ns, it.ops),
        _ => return None,
    };
    let values = |report| {
        stretches(report)?
            .iter()
            .map(of)
            .collect::<Option<Vec<_>>>()
    };
    let (a, b) = (values(before)?, values(after)?);
    let relative_variance =
        |values: &[f64]| Some(variance_of_mean(values)? / mean(values)?.powi(2));
    let variance = relative_variance(&a)? + relative_variance(&b)?;
    let ratio = mean(&b)? / mean(&a)?;
    let degrees_of_freedom = a.len().min(b.len()) - 1;
    Some(student_t(degrees_of_freedom) * ratio * variance.sqrt())
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// A part of a run.
#[derive(Default)]
struct Stretch {
    ops: f64,
    latency_ns: f64,
    covered_ns: f64,
}

/// A run in stretches of equal length, if it is long enough; what is left at its ends is left out.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts and sums, to a millionth"
)]
fn stretches(report: &Report) -> Option<Vec<Stretch>> {
    let timeline = &report.timeline;
    let whole: Vec<_> = timeline
        .intervals()
        .map(|(_, interval)| interval)
        .filter(|interval| interval.covered_ns >= timeline.interval_ns())
        .collect();
    let len = whole.len() / STRETCHES;
    let chunks = (len > 0).then(|| whole.chunks_exact(len))?;
    let stretches = chunks.map(|chunk| {
        chunk.iter().fold(Stretch::default(), |sum, it| Stretch {
            ops: sum.ops + it.returned() as f64,
            latency_ns: sum.latency_ns + it.latency.sum_ns() as f64,
            covered_ns: sum.covered_ns + it.covered_ns as f64,
        })
    });
    Some(stretches.collect())
}

/// As `[expect]` names them.
const FIGURES: [&str; 17] = [
    "throughput",
    "mean",
    "p50",
    "p90",
    "p95",
    "p99",
    "p999",
    "max",
    "uncorrected.p99",
    "prepare.mean",
    "ring.mean",
    "service.mean",
    "notify.mean",
    "resume.mean",
    "late",
    "dropped",
    "errors",
];
/// As many as give means that are nearly normal and, of a run that is long enough, nearly independent.
const STRETCHES: usize = 16;
