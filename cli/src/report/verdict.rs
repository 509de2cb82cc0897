//! Whether what was expected holds.

use pausewake_device::Nanos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ExpectationResult, Report};
use crate::exit::Exit;
use crate::scenario::{Comparison, Expectation, Target};

/// What a report comes to, from good to bad.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Verdict {
    /// Everything holds.
    #[serde(rename = "passed")]
    Holds,
    /// An expectation does not.
    #[serde(rename = "failed")]
    ExpectationFailed,
    /// The figures mean nothing.
    #[serde(rename = "invalid")]
    Invalid,
    /// A signal ended it before its time: what it tells is a part of the run.
    #[serde(rename = "aborted")]
    Aborted,
    /// A result was wrong.
    #[serde(rename = "wrong")]
    WrongResult,
}

impl Verdict {
    /// The worst that is to be said of any of `reports`.
    pub fn of_all(reports: &[Report]) -> Self {
        reports.iter().map(Self::of).max().unwrap_or(Self::Holds)
    }

    /// The worst that is to be said of `report`: a wrong result before a run that somebody ended, this
    /// before figures that mean nothing, and these before an expectation that they fail. Calls that
    /// failed are expected by nobody who says nothing of them, and a run in which nothing returned shows
    /// nothing.
    pub fn of(report: &Report) -> Self {
        if report.verified.wrong > 0 {
            Self::WrongResult
        } else if report.is_aborted_by_signal() {
            Self::Aborted
        } else if report.invalid.is_some() {
            Self::Invalid
        } else if report.expected.iter().any(ExpectationResult::fails)
            || report.has_unexpected_errors()
        {
            Self::ExpectationFailed
        } else if report.is_empty() {
            Self::Invalid
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
            Self::Aborted => Exit::Aborted,
        }
    }
}

impl Report {
    /// Whether there is nothing to be read from it: nothing returned, though nobody ended the run, and nobody
    /// expects that.
    pub fn is_empty(&self) -> bool {
        let wants_failures = self.expected.iter().any(|expected| {
            let is_of_failures = expected.figure == "ops" || ERRORS.contains(&&*expected.figure);
            let is_upper_limit =
                matches!(expected.comparison, Comparison::Less | Comparison::AtMost);
            is_of_failures && !is_upper_limit
        });
        self.ops == 0 && self.aborted.is_none() && !wants_failures
    }

    /// Whether calls failed, and nothing was said of how many may.
    pub fn has_unexpected_errors(&self) -> bool {
        self.unexpected_errors() > 0
    }

    /// Calls that failed in a way of which nothing says how many may.
    pub fn unexpected_errors(&self) -> u64 {
        let errors = &self.errors;
        let is_said = |name: &str| self.expected.iter().any(|it| it.figure == name);
        let of_device = match is_said("device_errors") {
            true => errors.device.total(),
            false if is_said("timed_out") => errors.device.timed_out,
            false => 0,
        };
        let kinds = [
            ("misuse", errors.misuse),
            ("retries", errors.retry),
            ("not_authentic", errors.not_authentic),
        ];
        let expected = kinds.iter().filter(|(name, _)| is_said(name));
        let expected = expected.fold(of_device, |sum, (_, calls)| sum.saturating_add(*calls));
        match is_said("errors") {
            true => 0,
            false => errors.total.saturating_sub(expected),
        }
    }
}

/// What is expected by `expectation`, before anybody has looked.
pub(super) fn expected(expectation: &Expectation) -> ExpectationResult {
    ExpectationResult {
        figure: expectation.metric.name().into_owned(),
        condition: expectation.text.clone(),
        holds: Some(false),
        measured: String::new(),
        comparison: expectation.comparison,
        target: expectation.target.clone(),
    }
}

/// Holds what was expected against what was measured: each in its own report, and in another of `all`
/// where it names one.
pub(super) fn judge(all: &mut [Report]) {
    let judged: Vec<Vec<_>> = all
        .iter()
        .map(|report| {
            let expected = report.expected.iter();
            expected.map(|it| look(it, report, all)).collect()
        })
        .collect();
    for (report, judged) in all.iter_mut().zip(judged) {
        for (expected, (holds, measured)) in report.expected.iter_mut().zip(judged) {
            (expected.holds, expected.measured) = (holds, measured);
        }
    }
}

/// Whether it holds, and what was measured.
fn look(expected: &ExpectationResult, report: &Report, all: &[Report]) -> (Option<bool>, String) {
    let (holds, measured) = match expected.figure.as_str() {
        _ if expected.is_abort() => return (expected.holds, expected.measured.clone()),
        VERIFIED => verified(expected.comparison, report),
        _ => compared(expected, report, all),
    };
    (Some(holds), measured)
}

/// What was never measured is not met.
fn compared(expectation: &ExpectationResult, report: &Report, all: &[Report]) -> (bool, String) {
    let name = &*expectation.figure;
    let Some(figure) = report.figure(name) else {
        return (false, nothing_measured(report).to_owned());
    };
    match &expectation.target {
        Target::Value(value) if expectation.comparison == Comparison::Near => {
            match report.queue_wait.interval_ns {
                Some([low, high]) => {
                    let [low, high] = [low, high].map(Nanos::new);
                    let holds = (low.as_f64()..=high.as_f64()).contains(value);
                    (holds, format!("{low} to {high}"))
                }
                None => (false, format!("{figure}, too few ops for an interval")),
            }
        }
        Target::Value(value) => {
            let holds = expectation.comparison.holds(figure.value, *value);
            (holds, figure.to_string())
        }
        Target::Variant {
            factor,
            name: other,
        } => {
            // A scenario that names no variant is refused; one that was not run is not met.
            let its_name = Some(other.as_str());
            let mut others = all.iter();
            let its = others.find(|report| report.scenario.variant.as_deref() == its_name);
            match its.and_then(|report| report.figure(name)) {
                None => (false, figure.to_string()),
                Some(its) => {
                    let bound = factor * its.value;
                    let holds = expectation.comparison.holds(figure.value, bound);
                    (holds, format!("{figure}, {other} {its}"))
                }
            }
        }
    }
}

/// Why there is no figure.
fn nothing_measured(report: &Report) -> &'static str {
    if report.ops == 0 {
        "n/a: nothing returned"
    } else if report.device_ops == 0 {
        "n/a: nothing returned from the device"
    } else {
        "not measured"
    }
}

/// `==`: all of them; else a sample.
fn verified(comparison: Comparison, report: &Report) -> (bool, String) {
    let verified = &report.verified;
    let enough = match comparison {
        Comparison::Equal => verified.right == verified.results,
        _ => verified.wrong == 0,
    };
    let holds = verified.applies && verified.right > 0 && enough;
    // A result that was never looked at must not pass for one that was found right.
    let complete = report.errors.total == 0;
    let measured = format!("{} of {}", verified.right, verified.results);
    (holds && complete, measured)
}

/// Figures that say of calls that they failed.
const ERRORS: [&str; 6] = [
    "errors",
    "misuse",
    "device_errors",
    "retries",
    "not_authentic",
    "timed_out",
];
/// As [`Metric::Verified`](crate::scenario::Metric::Verified) is called.
const VERIFIED: &str = "verified";

#[cfg(test)]
mod tests {
    use crate::formats::Render as _;
    use crate::report::{Collector, ErrorTally, Facts, Outcome, Reports, ThreadCost, Verification};
    use pausewake_device::DeviceStats;

    /// A run of nothing, of which `verification` is known.
    fn report(verification: Verification, invalid: Option<&str>) -> Reports {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/hello.toml");
        let variants = crate::scenario::read(&path, &[], &[]).expect("a shipped scenario");
        let facts = Facts {
            figures: Collector::new().take(),
            verification,
            errors: ErrorTally::default(),
            device: DeviceStats::default(),
            invalid: invalid.map(str::to_owned),
            aborted: None,
            punctuality: None,
            cost: ThreadCost::default(),
            limits: Vec::new(),
        };
        let outcome = Outcome {
            name: None,
            scenario: &variants[0].scenario,
            entries: &variants[0].entries,
            facts,
        };
        Reports::new(&[outcome], String::new())
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
        assert_eq!(wrong.verdict().exit().code(), 100);
        assert!(wrong.to_text().contains("1 of 10 results are WRONG"));
        let invalid = report(verified(10, 0), Some("too slow"));
        assert_eq!(invalid.verdict().exit().code(), 103);
        let failed = report(verified(10, 0), None);
        assert_eq!(failed.verdict().exit().code(), 99);
    }

    #[test]
    fn a_run_without_ops_verifies_nothing() {
        let report = report(verified(0, 0), None);
        let all = report.variants[0]
            .expected
            .iter()
            .find(|e| e.figure == "verified");
        assert!(all.expect("hello expects it").fails());
    }
}
