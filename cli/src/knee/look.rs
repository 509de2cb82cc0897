//! What is to be said of a run: whether the SLO holds with nothing lost that it does not allow, and if not,
//! whether the load was too low or too high for it.

use super::probes::{Figure, ProbeRun};
use crate::report::numbers::counted;
use crate::report::{ExpectationResult, Limit, Report};
use crate::scenario::{Comparison, Target};
use crate::search::Look;

/// What is to be said of a run, and whether it holds.
///
/// All figures that an SLO can be of grow with the load: one with an upper bound fails where the load is
/// too high, one with a lower bound where it is too low. What is lost, a device that is saturated, and a
/// generator that cannot follow, are of a load that is too high. Calls that failed, and arrivals that were
/// dropped, are lost unless the SLO says how many may be: then they are figures as any other.
pub fn look(report: &Report) -> ProbeRun {
    let open_loop = report.open_loop.as_ref();
    let dropped = open_loop.map_or(0, |open| open.dropped);
    let drops_allowed = report.expected.iter().any(|it| it.figure == "dropped");
    let errors_allowed = match report.ops {
        // Nothing is held by what returns nothing.
        0 => 0,
        _ => report.errors.total - report.unexpected_errors(),
    };
    let is_failing = report.errors.total > errors_allowed;
    let saturated = match drops_allowed {
        true => is_saturated_but_for_drops(report),
        false => report.is_saturated(),
    };
    let figures: Vec<_> = report
        .expected
        .iter()
        .map(|expected| {
            let figure = report.figure(&expected.figure);
            Figure {
                figure: expected.figure.clone(),
                condition: expected.condition.clone(),
                measured: expected.measured.clone(),
                value: figure.map(|figure| figure.value),
                bound: match expected.target {
                    Target::Value(bound) => Some(bound),
                    Target::Variant { .. } => None,
                },
                unit: figure.map(|figure| figure.unit),
                holds: !expected.fails(),
                verdict: verdict(expected, report),
                too_few: needed(&expected.figure).is_some_and(|needed| report.ops < needed),
            }
        })
        .collect();
    let is_lost =
        is_failing || (dropped > 0 && !drops_allowed) || saturated || report.aborted.is_some();
    let any = |wrong| {
        let mut verdicts = figures.iter().map(|figure| figure.verdict);
        verdicts.any(|verdict| verdict == wrong || verdict == Look::Neither)
    };
    let invalid = report.invalid.clone().or_else(|| too_few_for_jobs(report));
    let verdict = match invalid {
        // Its figures mean nothing.
        Some(_) => Look::TooHigh,
        None => Look::new(any(Look::TooLow), any(Look::TooHigh) || is_lost),
    };
    let mut run = ProbeRun {
        seed: report.scenario.seed,
        ops: report.ops,
        ops_per_s: report.ops_per_s,
        capacity_per_s: open_loop.and_then(|open| open.capacity_per_s),
        bound_per_s: bound_per_s(report),
        in_line_per_s: report.predicted.and_then(|it| it.in_line_per_s),
        errors: report.errors.total,
        errors_allowed,
        dropped,
        drops_allowed,
        saturated,
        invalid,
        late: report.is_device_late() || report.is_compute_bound(),
        aborted: report.aborted.as_ref().map(|it| it.reason.clone()),
        holds: verdict == Look::Holds,
        verdict,
        why_not: None,
        figures,
    };
    run.why_not = run.why_not_in_words();
    run
}

/// What no number of jobs brings more than, if the configuration says it.
fn bound_per_s(report: &Report) -> Option<f64> {
    let predicted = report.predicted.filter(|_| report.open_loop.is_none())?;
    let limit = predicted.limit.filter(|limit| *limit != Limit::Jobs);
    limit.map(|_| predicted.at_most_per_s)
}

/// That jobs of a closed loop had nothing to do, if there were fewer ops than jobs: the load was not that of so
/// many.
fn too_few_for_jobs(report: &Report) -> Option<String> {
    let jobs = closed_jobs(report).filter(|_| report.aborted.is_none())?;
    let ops = report.ops + report.errors.total;
    (ops < jobs).then(|| {
        format!(
            "TOO SHORT: {} are fewer than there were jobs, and some had nothing to do. Make probes longer (--ops \
             or --duration: some {TIMES_EACH} ops for each job), or try fewer jobs (--max-jobs)",
            counted(ops, "op")
        )
    })
}

/// The jobs of a closed loop.
fn closed_jobs(report: &Report) -> Option<u64> {
    let jobs = report.config.get("load.jobs")?.parse().ok();
    jobs.filter(|_| report.open_loop.is_none())
}

/// Whether more arrives than is served, where arrivals that were dropped are no sign of it.
fn is_saturated_but_for_drops(report: &Report) -> bool {
    let mut report = report.clone();
    if let Some(open_loop) = &mut report.open_loop {
        open_loop.dropped = open_loop.dropped_by_generator;
    }
    report.is_saturated()
}

/// For which loads a condition holds, seen from where it was looked at.
fn verdict(expected: &ExpectationResult, report: &Report) -> Look {
    let is_lost = report.errors.total > 0
        || (report.open_loop.as_ref()).is_some_and(|open_loop| open_loop.dropped > 0);
    let value = report.figure(&expected.figure).map(|figure| figure.value);
    match (expected.comparison, &expected.target, value) {
        _ if !expected.fails() => Look::Holds,
        // What ended a run before its time was no longer to be borne.
        _ if expected.is_abort() => Look::TooHigh,
        _ if report.ops == 0 && !is_lost => Look::TooLow,
        // No load makes it known.
        (_, _, None) if !is_lost => Look::Neither,
        (Comparison::Less | Comparison::AtMost, ..) => Look::TooHigh,
        (Comparison::Greater | Comparison::AtLeast, ..) => Look::TooLow,
        (Comparison::Equal | Comparison::Near, Target::Value(bound), Some(value)) => {
            match value < *bound {
                true => Look::TooLow,
                false => Look::TooHigh,
            }
        }
        // Results that were not all right, for one.
        (Comparison::Equal | Comparison::Near, ..) => match is_lost {
            true => Look::TooHigh,
            false => Look::Neither,
        },
    }
}

impl ProbeRun {
    /// What was not as it should be, beside the figures of the SLO.
    pub(super) fn losses(&self) -> Vec<String> {
        let (invalid, aborted) = (self.invalid.as_ref(), self.aborted.as_ref());
        let counts = [
            (self.lost_calls(), "failed"),
            (self.lost_arrivals(), "dropped"),
        ];
        let counts = counts.into_iter().filter(|(number, _)| *number > 0);
        let saturated = self
            .saturated
            .then(|| "more arrives than is served".to_owned());
        (invalid.map(|why| format!("invalid: {why}")).into_iter())
            .chain(aborted.map(|why| format!("aborted: {why}")))
            .chain(counts.map(|(number, what)| format!("{number} {what}")))
            .chain(saturated)
            .collect()
    }

    /// Calls that failed in a way of which the SLO does not say how many may.
    pub(super) fn lost_calls(&self) -> u64 {
        self.errors.saturating_sub(self.errors_allowed)
    }

    /// Arrivals that were dropped, and the SLO does not say how many may be.
    pub(super) fn lost_arrivals(&self) -> u64 {
        match self.drops_allowed {
            true => 0,
            false => self.dropped,
        }
    }

    fn why_not_in_words(&self) -> Option<String> {
        let mut why = self.losses();
        let broken = self.figures.iter().filter(|figure| !figure.holds);
        why.extend(broken.map(|figure| format!("{} {}", figure.figure, figure.measured)));
        (!why.is_empty()).then(|| why.join("; "))
    }
}

/// Of how many ops a percentile has to be, so that [`BEYOND`] of them lie beyond it; `None` of what is no
/// percentile.
pub fn needed(figure: &str) -> Option<u64> {
    let statistic = figure.rsplit('.').next().unwrap_or(figure);
    let one_in = match statistic {
        "p50" => 2,
        "p90" => 10,
        "p99" => 100,
        "p999" => 1_000,
        _ => return None,
    };
    Some(one_in * BEYOND)
}

/// Ops of each job that make where a probe begins and ends a small part of it: 1 %.
pub const TIMES_EACH: u64 = 100;
/// Ops beyond a percentile from which on it says something of other runs.
pub const BEYOND: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_need_ten_ops_beyond_them() {
        for (figure, ops) in [
            ("p99", Some(1_000)),
            ("p999", Some(10_000)),
            ("notify.p90", Some(100)),
            ("abort p50", None),
            ("mean", None),
            ("service.max", None),
        ] {
            assert_eq!(needed(figure), ops, "{figure}");
        }
    }
}
