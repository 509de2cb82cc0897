//! Whether what was expected holds.

use pausewake_device::Nanos;

use super::build::{Facts, Outcome};
use super::figure::measure;
use super::{ExpectationResult, Report};
use crate::exit::Exit;
use crate::scenario::{Comparison, Expectation, Metric, Target};

/// What a report comes to, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Everything holds.
    Holds,
    /// An expectation does not.
    ExpectationFailed,
    /// The figures mean nothing.
    Invalid,
    /// A result was wrong.
    WrongResult,
}

impl Verdict {
    /// The worst that is to be said of any of `reports`.
    pub fn of_all(reports: &[Report]) -> Self {
        reports.iter().map(Self::of).max().unwrap_or(Self::Holds)
    }

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

/// Holds each expectation of `outcome` against what was measured, in it and in the others of `all`.
pub(super) fn judge(outcome: &Outcome<'_>, all: &[Outcome<'_>]) -> Vec<ExpectationResult> {
    let judge = |expectation: &Expectation| {
        let (holds, measured) = match (expectation.metric, &expectation.target) {
            (Metric::Verified, _) => verified(expectation.comparison, &outcome.facts),
            (metric, Target::Value(value)) => {
                let figure = measure(metric, outcome);
                match (expectation.comparison, figure.steady) {
                    (Comparison::Near, Some(steady)) => {
                        let [low, high] = [steady.low, steady.high].map(Nanos::from_f64);
                        (steady.contains(*value), format!("{low} to {high}"))
                    }
                    (Comparison::Near, None) => (
                        false,
                        format!("{}, too few ops for an interval", figure.text),
                    ),
                    (comparison, _) => (comparison.holds(figure.value, *value), figure.text),
                }
            }
            (metric, Target::Variant { factor, name }) => {
                let figure = measure(metric, outcome);
                let other = all.iter().find(|other| other.name == Some(name));
                // A scenario that names no variant is refused; one that was not run is not met.
                other.map_or((false, figure.text.clone()), |other| {
                    let other = measure(metric, other);
                    let holds = expectation
                        .comparison
                        .holds(figure.value, factor * other.value);
                    (holds, format!("{}, {name} {}", figure.text, other.text))
                })
            }
        };
        ExpectationResult {
            figure: expectation.metric.name(),
            condition: expectation.text.clone(),
            holds,
            measured,
        }
    };
    outcome.scenario.expectations.iter().map(judge).collect()
}

/// `==`: all of them; else a sample.
fn verified(comparison: Comparison, facts: &Facts) -> (bool, String) {
    let verified = &facts.verification;
    let enough = match comparison {
        Comparison::Equal => verified.right == verified.results,
        _ => verified.wrong == 0,
    };
    let holds = verified.applies && verified.right > 0 && enough;
    // A result that was never looked at must not pass for one that was found right.
    let complete = facts.failed_calls == 0;
    let measured = format!("{} of {}", verified.right, verified.results);
    (holds && complete, measured)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Collector, Verification};

    /// A run of nothing, of which `verification` is known.
    fn report(verification: Verification, invalid: Option<&str>) -> Report {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/hello.toml");
        let variants = crate::scenario::read(&path, &[], None).expect("a shipped scenario");
        let facts = Facts {
            figures: Collector::new().take(),
            verification,
            failed_calls: 0,
            refused_calls: 0,
            first_refusal: None,
            lateness: None,
            invalid: invalid.map(str::to_owned),
        };
        let outcome = Outcome {
            name: None,
            scenario: &variants[0].scenario,
            facts,
        };
        Report::new(&outcome, &[])
    }

    fn verified(right: u64, wrong: u64) -> Verification {
        Verification {
            applies: true,
            results: right + wrong,
            right,
            wrong,
            how: "by hand".to_owned(),
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
