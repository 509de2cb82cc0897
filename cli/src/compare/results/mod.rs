//! Results held against each other, figure by figure.
//!
//! `differences` has the figures, `conditions` what must not be; `words`, `many`, `text`, `csv`, `page` and `charts` show them.

mod charts;
mod conditions;
mod csv;
mod differences;
mod many;
mod page;
mod text;
mod words;

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CompareError;
use super::condition::FailIf;
use crate::formats::{Render, json};
use crate::report::{Name, ReadError, Report, Reports, Verdict, document};
use conditions::Condition;
use differences::Pair;
use many::some_of;

/// The two that are compared.
pub struct Sides {
    /// What they are called: first the one that the other is held against.
    pub names: [String; 2],
    /// What they are.
    pub reports: [Reports; 2],
    /// Whether the second was not saved but run.
    pub was_run: bool,
    /// Of each, whether a signal ended it as a whole: a run, or a sweep that was saved.
    pub are_aborted: [bool; 2],
}

/// Results side by side.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "pausewake compare, results")]
pub struct ResultsReport {
    /// Name and version of this format.
    #[schemars(extend("const" = FORMAT))]
    format: Name,
    /// The version of the program that wrote it.
    program: Name,
    /// The command that compares again.
    command: String,
    /// The result that the other is held against.
    baseline: String,
    /// The other.
    candidate: String,
    /// Variants that both have, or the only one of each.
    pairs: Vec<Pair>,
    /// Variants that one of them has alone.
    alone: Vec<String>,
    /// What must not be, and whether it is.
    conditions: Vec<Condition>,
    /// What is to be said against the two of them, in words: what is invalid, was ended before its time,
    /// or wrong.
    objections: Vec<String>,
    /// Whether a signal ended the run that was held against the baseline.
    aborted: bool,
    /// What intervals are, and why some are missing.
    about_intervals: Name,
    /// The worst that is to be said: of both results, and by the conditions.
    verdict: Verdict,
    /// Both results in full, as a report has them, named after their sides.
    results: Vec<Report>,
}

impl ResultsReport {
    /// Compares both `sides`, and holds `conditions` against what differs.
    ///
    /// # Errors
    /// They have no variant in common, or a condition names a figure that neither has.
    pub fn new(command: String, sides: Sides, conditions: &[FailIf]) -> Result<Self, CompareError> {
        let [before, after] = [&sides.reports[0], &sides.reports[1]].map(Reports::variants);
        let (pairs, alone) = pair(before, after);
        if pairs.is_empty() {
            let [before, after] = alone.map(|it| it.into_iter().map(Report::label).collect());
            return Err(nothing_in_common([&before, &after], &sides.names));
        }
        for condition in conditions {
            let figure = |report: &&Report| report.figure(&condition.figure).is_some();
            if !pairs.iter().any(|(a, b)| figure(a) || figure(b)) {
                return Err(CompareError::Flags {
                    wrong: format!(
                        "--fail-if {}: neither result has a figure `{}`",
                        condition.text, condition.figure
                    ),
                    accepted: "figures as --slo and [expect] name them, which the load has: \
                               throughput, mean, p50, p99, notify.p99, errors, …",
                });
            }
        }
        let judged = pairs.iter().flat_map(|(before, after)| {
            conditions
                .iter()
                .map(|it| Condition::new(it, before, after))
        });
        // What the candidate lacks was not measured.
        let lacking = alone[0].iter().flat_map(|before| {
            let conditions = conditions.iter();
            conditions.map(|it| Condition::of_none(it, before))
        });
        let mut judged: Vec<_> = judged.chain(lacking).collect();
        let compared = pairs
            .iter()
            .map(|(a, b)| Pair::new(a, b, conditions))
            .collect();
        let verdict = verdict(&sides, &judged);
        if is_void(verdict) {
            for condition in &mut judged {
                condition.fails = None;
            }
        }
        let objections = sides.objections();
        let aborted = sides.is_aborted();
        let alone = in_words(&alone, &sides.names);
        let [baseline, candidate] = sides.names;
        let labels = labels(&baseline, &candidate);
        Ok(Self {
            format: FORMAT.into(),
            program: env!("CARGO_PKG_VERSION").into(),
            baseline,
            candidate,
            pairs: compared,
            alone,
            conditions: judged,
            objections,
            aborted,
            about_intervals: ABOUT_INTERVALS.into(),
            verdict,
            results: Reports::beside(labels.into_iter().zip(sides.reports), String::new())
                .into_variants(),
            command,
        })
    }

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
        self.verdict
    }
}

impl Render for ResultsReport {
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

/// Whether figures mean nothing, or are of a part of a run.
fn is_void(verdict: Verdict) -> bool {
    verdict > Verdict::ExpectationFailed
}

/// What the results come to whose figures are compared, and the conditions.
fn verdict(sides: &Sides, conditions: &[Condition]) -> Verdict {
    let [before, after] = [&sides.reports[0], &sides.reports[1]].map(Reports::verdict);
    // What the baseline was to hold is its own affair, but its figures must mean something.
    let before = Some(before).filter(|it| is_void(*it));
    let after = Some(after).filter(|it| sides.was_run || is_void(*it));
    let mut after_reports = sides.reports[1].variants().iter();
    let fails = conditions.iter().any(|it| it.fails == Some(true))
        || after_reports.any(Report::has_unexpected_errors);
    let failed = fails.then_some(Verdict::ExpectationFailed);
    let aborted = sides.is_aborted().then_some(Verdict::Aborted);
    // What a condition of its own has ended failed by that, and is told of a part of its run.
    let mut reports = sides.reports.iter().flat_map(Reports::variants);
    let ended = reports.any(|it| it.aborted.is_some());
    let ended = ended.then_some(Verdict::ExpectationFailed);
    let all = [before, after, failed, aborted, ended];
    all.into_iter().flatten().max().unwrap_or(Verdict::Holds)
}

type Pairs<'a> = Vec<(&'a Report, &'a Report)>;

/// Variants of the same name, and those of each side that have no partner; a single one of each goes with the other,
/// whatever it is called.
fn pair<'a>(before: &'a [Report], after: &'a [Report]) -> (Pairs<'a>, [Vec<&'a Report>; 2]) {
    if let ([before], [after]) = (before, after) {
        return (vec![(before, after)], [const { Vec::new() }; 2]);
    }
    let find =
        |all: &'a [Report], report: &Report| all.iter().find(|it| it.label() == report.label());
    let pairs = before.iter().filter_map(|it| Some((it, find(after, it)?)));
    let alone = |ours: &'a [Report], theirs: &'a [Report]| {
        let alone = ours.iter().filter(|it| find(theirs, it).is_none());
        alone.collect::<Vec<_>>()
    };
    (
        pairs.collect(),
        [alone(before, after), alone(after, before)],
    )
}

/// What each side has alone, with the side's name.
fn in_words(alone: &[Vec<&Report>; 2], names: &[String; 2]) -> Vec<String> {
    let sides = alone.iter().zip(names);
    let said = sides.flat_map(|(reports, name)| {
        let reports = reports.iter();
        reports.map(move |it| format!("{}, in {name}", it.label()))
    });
    said.collect()
}

/// That results with these variants, of these names, have none that both have.
pub fn nothing_in_common(labels: [&Vec<&str>; 2], names: &[String; 2]) -> CompareError {
    let sides = labels.into_iter().zip(names);
    let sides = sides.map(|(labels, name)| format!("{}, in {name}", some_of(labels)));
    CompareError::Flags {
        wrong: format!(
            "they have no variant in common: {}",
            sides.collect::<Vec<_>>().join("; ")
        ),
        accepted: "results of the same scenario, sweeps that have points in common, or results of one run each",
    }
}

/// What charts call them: distinct, whatever the files are.
fn labels(baseline: &str, candidate: &str) -> [String; 2] {
    match baseline == candidate {
        true => ["baseline".to_owned(), "candidate".to_owned()],
        false => [baseline.to_owned(), candidate.to_owned()],
    }
}

const ABOUT_INTERVALS: &str = "+- is a 95 % interval of the difference of throughput and mean, from 16 \
    or more stretches of each run, which are taken to be independent (batch means, Student's t). Of other \
    figures, and of short runs, none is known: it is one run each.";
/// Name and version of the JSON format.
const FORMAT: &str = "pausewake-compare-results/2";
