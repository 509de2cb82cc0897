//! How results stand to each other, in sentences.

use super::super::{broken, exit_in_words};
use super::differences::{Difference, Differing, Pair, Stand};
use super::{ResultsReport, Sides, is_void};
use crate::report::Verdict;
use crate::report::numbers::{count, difference as percent};

impl Sides {
    /// What is to be said against the results.
    pub(super) fn objections(&self) -> Vec<String> {
        let reports = self.reports.iter().zip(&self.names);
        let reports = reports.flat_map(|(reports, name)| {
            let variants = reports.variants().iter();
            variants.map(move |report| (report, name))
        });
        let said = reports.flat_map(|(report, name)| {
            let of = match &report.scenario.variant {
                Some(variant) => format!("{name}, {variant}"),
                None => name.clone(),
            };
            let verified = &report.verified;
            let wrong = (verified.wrong > 0).then(|| {
                let [wrong, results] = [verified.wrong, verified.results].map(count);
                format!("WRONG RESULTS: {of}: {wrong} of {results} that were looked at.")
            });
            let invalid = report.invalid.as_ref();
            let invalid = invalid.map(|why| format!("INVALID: {of}: {why}"));
            let aborted = report.aborted.as_ref().map(|aborted| {
                format!(
                    "ABORTED: {of}: ended before its time: {}; its figures are of what ran until then.",
                    aborted.reason
                )
            });
            [wrong, invalid, aborted].into_iter().flatten()
        });
        said.chain(self.broken()).collect()
    }

    /// What was expected of the run and does not hold; of what was saved, it is its own affair.
    fn broken(&self) -> Vec<String> {
        let variants = self.reports[1].variants().iter().filter(|_| self.was_run);
        variants
            .flat_map(broken)
            .map(|it| format!("FAILED: {}: {it}.", self.names[1]))
            .collect()
    }
}

impl ResultsReport {
    /// How the program ended, if not well.
    pub(super) fn exit_in_words(&self) -> Option<String> {
        let is_met = self.conditions.iter().any(|it| it.fails == Some(true));
        match self.verdict {
            Verdict::ExpectationFailed if is_met => {
                let code = self.verdict.exit().code();
                Some(format!(
                    "Exit code {code}: a --fail-if is met, or was not measured."
                ))
            }
            verdict => exit_in_words(verdict),
        }
    }

    /// Why no condition can be held against the figures, if none can.
    pub(super) fn objection(&self) -> Option<String> {
        let is_void = is_void(self.verdict) && !self.conditions.is_empty();
        is_void.then(|| {
            format!(
                "{}: one of the results is, and no condition can be held against it.",
                self.verdict.name().to_uppercase()
            )
        })
    }
}

impl Pair {
    /// How the candidate stands to the baseline, with the variant's name.
    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        self.words.iter().map(|it| of_variant(&self.variant, it))
    }
}

impl Difference {
    /// It as a sentence, if it is one of those that decide.
    pub(super) fn in_words(&self) -> Option<String> {
        let (subject, above, below) = match self.figure.as_str() {
            "throughput" => ("The candidate is", "faster", "slower"),
            "mean" => ("Its mean latency is", "higher", "lower"),
            "p99" => ("Its p99 is", "higher", "lower"),
            _ => return None,
        };
        let known = self.half().map(|half| format!(" ± {half}"));
        let known = known.unwrap_or_default();
        let by = |than: &str| format!("{subject} {than} by {:.2} %{known}.", self.size() * 100.0);
        Some(match self.stand()? {
            Stand::Same if self.figure == "throughput" => format!("{subject} as fast."),
            Stand::Same => format!("{subject} the same."),
            Stand::Unclear => {
                let difference = percent(self.difference?);
                format!("{subject} not certainly {above} or {below}: {difference}{known}.")
            }
            Stand::Above => by(above),
            Stand::Below => by(below),
        })
    }

    /// How well the difference is known, in words.
    pub(super) fn half(&self) -> Option<String> {
        self.half_width.map(|half| format!("{:.2} %", half * 100.0))
    }
}

impl Differing {
    /// It as a sentence without its end.
    pub(super) fn in_words(&self) -> String {
        let or = |value: &Option<String>| value.clone().unwrap_or("not said".to_owned());
        let (a, b) = (or(&self.baseline), or(&self.candidate));
        format!("{} is {a} and {b}", self.entry)
    }
}

/// `said` of a variant, if there are several.
pub fn of_variant(variant: &Option<String>, said: &str) -> String {
    match variant {
        Some(name) => format!("{name}: {said}"),
        None => said.to_owned(),
    }
}
