//! Whether what was expected holds.

use pausewake_device::Nanos;

use super::batch_means::Estimate;
use super::build::Facts;
use super::{ExpectationResult, Report};
use crate::exit::Exit;
use crate::scenario::{Comparison, Expectation, Metric};

/// What a report comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything holds.
    Holds,
    /// An expectation does not.
    ExpectationFailed,
    /// A result was wrong.
    WrongResult,
    /// The figures mean nothing.
    Invalid,
}

impl Verdict {
    /// The worst that is to be said of `report`: a wrong result before figures that mean nothing,
    /// and these before an expectation that they fail.
    pub fn of(report: &Report) -> Self {
        if report.verified.wrong > 0 {
            Self::WrongResult
        } else if report.invalid.is_some() {
            Self::Invalid
        } else if report.expected.iter().any(|expected| !expected.holds) {
            Self::ExpectationFailed
        } else {
            Self::Holds
        }
    }

    /// How a program ends that has to tell it.
    pub fn exit(self) -> Exit {
        match self {
            Self::Holds => Exit::Success,
            Self::ExpectationFailed => Exit::ExpectationFailed,
            Self::WrongResult => Exit::VerificationFailed,
            Self::Invalid => Exit::Invalid,
        }
    }
}

/// Holds each expectation against what was measured.
pub(super) fn judge(
    expectations: &[Expectation],
    facts: &Facts,
    ops_per_s: f64,
    wait: Estimate,
) -> Vec<ExpectationResult> {
    let judge = |expectation: &Expectation| {
        let (holds, measured) = match expectation.metric {
            Metric::Verified => all_verified(facts),
            Metric::MeanWait => mean_wait(expectation, wait),
            Metric::Throughput => plain(expectation, ops_per_s, format!("{ops_per_s:.1}/s")),
            Metric::Ops | Metric::Errors | Metric::Spurious => {
                let count = count_of(expectation.metric, facts);
                #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
                plain(expectation, count as f64, count.to_string())
            }
            metric => {
                let time = latency_of(metric, facts);
                plain(expectation, time.as_f64(), time.to_string())
            }
        };
        ExpectationResult {
            figure: expectation.metric.name(),
            condition: expectation.text.clone(),
            holds,
            measured,
        }
    };
    expectations.iter().map(judge).collect()
}

fn plain(expectation: &Expectation, figure: f64, measured: String) -> (bool, String) {
    let holds = expectation.comparison.holds(figure, expectation.value);
    (holds, measured)
}

fn all_verified(facts: &Facts) -> (bool, String) {
    let verified = &facts.verification;
    let holds = verified.applies && verified.results > 0 && verified.right == verified.results;
    // A result that was never looked at must not pass for one that was found right.
    let complete = facts.failed_calls == 0;
    let measured = format!("{} of {}", verified.right, verified.results);
    (holds && complete, measured)
}

fn mean_wait(expectation: &Expectation, wait: Estimate) -> (bool, String) {
    let mean = Nanos::from_f64(wait.mean);
    match (expectation.comparison, wait.steady) {
        (Comparison::Near, Some(steady)) => {
            let holds = steady.contains(expectation.value);
            let [low, high] = [steady.low, steady.high].map(Nanos::from_f64);
            (holds, format!("{low} to {high}"))
        }
        (Comparison::Near, None) => (false, format!("{mean}, too few ops for an interval")),
        (comparison, _) => {
            let holds = comparison.holds(wait.mean, expectation.value);
            (holds, mean.to_string())
        }
    }
}

fn count_of(metric: Metric, facts: &Facts) -> u64 {
    match metric {
        Metric::Errors => facts.failed_calls,
        Metric::Spurious => facts.figures.wakes.spurious,
        _ => facts.figures.latency.count(),
    }
}

fn latency_of(metric: Metric, facts: &Facts) -> Nanos {
    let latency = &facts.figures.latency;
    match metric {
        Metric::P50 => latency.quantile(0.5),
        Metric::P90 => latency.quantile(0.9),
        Metric::P99 => latency.quantile(0.99),
        Metric::P999 => latency.quantile(0.999),
        Metric::Max => latency.max(),
        _ => latency.mean(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Collector, Verification};

    /// A run of nothing, of which `verification` is known.
    fn report(verification: Verification, invalid: Option<&str>) -> Report {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/hello.toml");
        let scenario = crate::scenario::read(&path, &[], None).expect("a shipped scenario");
        let facts = Facts {
            figures: Collector::new().take(),
            verification,
            failed_calls: 0,
            refused_calls: 0,
            first_refusal: None,
            lateness: None,
            invalid: invalid.map(str::to_owned),
        };
        Report::new(&scenario, &facts)
    }

    fn verified(right: u64, wrong: u64) -> Verification {
        Verification {
            applies: true,
            results: right + wrong,
            right,
            wrong,
            how: "by hand",
        }
    }

    #[test]
    fn the_worst_is_told() {
        let wrong = report(verified(9, 1), Some("too slow"));
        assert_eq!(Verdict::of(&wrong).exit().code(), 100);
        assert!(wrong.to_text().contains("1 of 10 results are WRONG"));
        let invalid = report(verified(10, 0), Some("too slow"));
        assert_eq!(Verdict::of(&invalid).exit().code(), 103);
        let failed = report(verified(10, 0), None);
        assert_eq!(Verdict::of(&failed).exit().code(), 99);
    }

    #[test]
    fn a_run_without_ops_verifies_nothing() {
        let report = report(verified(0, 0), None);
        let all = report.expected.iter().find(|e| e.figure == "verified");
        assert!(!all.expect("hello expects it").holds);
    }
}
