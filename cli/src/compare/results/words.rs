//! How results stand to each other, in sentences.

use super::super::{broken, dropped, exit_in_words};
use super::differences::{Difference, Differing, Pair, Stand};
use super::many::some_of;
use super::{ResultsReport, Sides, is_void};
use crate::report::numbers::{count, difference as percent};
use crate::report::{Report, Verdict, remarks};

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
        let said = self.cut_off().chain(said);
        said.chain(self.broken()).chain(self.remarks()).collect()
    }

    /// Whether a signal ended one of them.
    pub(super) fn is_aborted(&self) -> bool {
        self.are_aborted.contains(&true)
    }

    /// Sweeps that a signal ended: no report of one says so.
    fn cut_off(&self) -> impl Iterator<Item = String> {
        let sides = self.names.iter().zip(&self.reports).zip(self.are_aborted);
        let cut_off = sides.filter(|((_, reports), is_aborted)| {
            let mut variants = reports.variants().iter();
            *is_aborted && !variants.any(|it| it.aborted.is_some())
        });
        cut_off.map(|((name, _), _)| {
            format!(
                "ABORTED: {name}: a signal ended the sweep before its time; points are missing."
            )
        })
    }

    /// What the reports themselves remark; of many variants which of them do.
    fn remarks(&self) -> Vec<String> {
        let mut said = Vec::new();
        for (reports, name) in self.reports.iter().zip(&self.names) {
            let variants = reports.variants();
            let mut by_head: Vec<(String, Vec<&str>)> = Vec::new();
            for report in variants {
                for remark in remarks(report) {
                    let (head, rest) = remark.split_once(": ").unwrap_or((&remark, ""));
                    if let [_] = variants {
                        said.push(format!("{head}: {name}: {rest}"));
                        continue;
                    }
                    match by_head.iter_mut().find(|(known, _)| known == head) {
                        Some((_, labels)) => labels.push(report.label()),
                        None => by_head.push((head.to_owned(), vec![report.label()])),
                    }
                }
            }
            let many = by_head.iter();
            said.extend(many.map(|(head, labels)| format!("{head}: {name}: {}.", some_of(labels))));
        }
        said
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
    /// It as a sentence without its end, if it is one of those that decide.
    pub(super) fn in_words(&self) -> Option<String> {
        let (subject, above, below) = match self.figure.as_str() {
            "throughput" => ("The candidate is", "faster", "slower"),
            "mean" => ("Its mean latency is", "higher", "lower"),
            "p99" => ("Its p99 is", "higher", "lower"),
            _ => return None,
        };
        let known = self.half().map(|half| format!(" ± {half}"));
        let known = known.unwrap_or_default();
        let by = |than: &str| format!("{subject} {than} by {:.2} %{known}", self.size() * 100.0);
        Some(match self.stand()? {
            Stand::Same if self.figure == "throughput" => format!("{subject} as fast"),
            Stand::Same => format!("{subject} the same"),
            Stand::Unclear => {
                let difference = percent(self.difference?);
                format!("{subject} not certainly {above} or {below}: {difference}{known}")
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

/// How the candidate stands to the baseline, by those of `figures` that decide. What one of the two lost, and whose
/// time theirs is, is said with the throughput.
pub fn verdicts(figures: &[Difference], before: &Report, after: &Report) -> Vec<String> {
    let sides = [("the baseline", before), ("the candidate", after)].into_iter();
    let dropped = sides.filter_map(|(side, report)| dropped(side, [report]));
    let clocks = [before, after].map(|it| &*it.scenario.clock);
    let other_clocks = (clocks[0] != clocks[1]).then(|| {
        format!(
            "the baseline is by the {} clock, and the candidate by the {} one",
            clocks[0], clocks[1]
        )
    });
    let but: Vec<String> = dropped.chain(other_clocks).collect();
    let but = match but.is_empty() {
        true => String::new(),
        false => format!(", but {}", but.join(", and ")),
    };
    let said = figures.iter().filter_map(|it| {
        let but = if it.figure == "throughput" { &*but } else { "" };
        Some(format!("{}{but}.", it.in_words()?))
    });
    said.collect()
}

/// `said` of a variant, if there are several.
pub fn of_variant(variant: &Option<String>, said: &str) -> String {
    match variant {
        Some(name) => format!("{name}: {said}"),
        None => said.to_owned(),
    }
}
