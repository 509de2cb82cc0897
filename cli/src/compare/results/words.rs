//! How results stand to each other, in sentences.

use super::differences::{Difference, Pair};
use super::{ResultsReport, Sides, is_void};
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
                    "ABORTED: {of}: ended before its time, by {}; its figures are of what ran until then.",
                    aborted.reason
                )
            });
            [wrong, invalid, aborted].into_iter().flatten()
        });
        said.collect()
    }
}

impl ResultsReport {
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
        let difference = self.difference?;
        let known = self
            .half_width
            .map(|half| format!(" ± {:.2} %", half * 100.0));
        let known = known.unwrap_or_default();
        Some(if difference == 0.0 {
            let same = if self.figure == "throughput" {
                "as fast"
            } else {
                "the same"
            };
            format!("{subject} {same}.")
        } else if self.half_width.is_some_and(|half| difference.abs() <= half) {
            let difference = percent(difference);
            format!("{subject} not certainly {above} or {below}: {difference}{known}.")
        } else {
            let than = if difference > 0.0 { above } else { below };
            format!(
                "{subject} {than} by {:.2} %{known}.",
                difference.abs() * 100.0
            )
        })
    }
}

/// `said` of a variant, if there are several.
pub fn of_variant(variant: &Option<String>, said: &str) -> String {
    match variant {
        Some(name) => format!("{name}: {said}"),
        None => said.to_owned(),
    }
}
