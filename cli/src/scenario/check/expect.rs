//! `[expect]`: figures and the conditions that they must meet.

use pausewake_device::Nanos;
use serde_spanned::Spanned;

use super::{Around, Problems};
use crate::scenario::condition::{Bound, Comparison, Condition};
use crate::scenario::file::{Clock, Compute, ExpectSection, File};
use crate::scenario::{Expectation, Metric, Target};
use crate::units::{Duration, Large, Rate};

/// Checks the expectations, in the order in which the report shows them.
pub fn check(file: &File, around: &Around<'_>, problems: &mut Problems) -> Vec<Expectation> {
    let section = &file.expect;
    let mut list = List {
        expectations: Vec::new(),
        clock: *file.clock.get_ref(),
        around,
        problems,
    };
    list.latencies(section);
    list.add(
        Metric::Throughput,
        section.throughput.as_ref(),
        |rate: &Rate| rate.per_second(),
    );
    list.counts(section);
    let without_results = match &file.device.compute {
        Some(compute) => *compute.get_ref() == Compute::None,
        None => false,
    };
    if let Some(verified) = &section.verified {
        if without_results {
            let wrong = "with compute = \"none\" there are no results to verify";
            let accepted = "compute = \"real\" or \"cached\", or no expectation of verified";
            list.problems.add(verified.span(), wrong, accepted);
        }
        list.expectations.push(Expectation {
            metric: Metric::Verified,
            comparison: Comparison::Equal,
            target: Target::Value(1.0),
            text: "all".to_owned(),
        });
    }
    list.expectations
}

struct List<'a> {
    expectations: Vec<Expectation>,
    clock: Clock,
    around: &'a Around<'a>,
    problems: &'a mut Problems,
}

impl List<'_> {
    fn latencies(&mut self, section: &ExpectSection) {
        for (metric, condition) in [
            (Metric::P50, &section.p50),
            (Metric::P90, &section.p90),
            (Metric::P99, &section.p99),
            (Metric::P999, &section.p999),
            (Metric::Max, &section.max),
            (Metric::Mean, &section.mean),
            (Metric::MeanWait, &section.mean_wait),
        ] {
            self.add(metric, condition.as_ref(), |duration: &Duration| {
                Nanos::as_f64(duration.0)
            });
        }
    }

    fn counts(&mut self, section: &ExpectSection) {
        for (metric, condition) in [
            (Metric::Ops, &section.ops),
            (Metric::Errors, &section.errors),
            (Metric::Spurious, &section.spurious),
        ] {
            #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
            self.add(metric, condition.as_ref(), |count: &Large| {
                count.get() as f64
            });
        }
    }

    fn add<T>(
        &mut self,
        metric: Metric,
        condition: Option<&Spanned<Condition<T>>>,
        value: impl Fn(&T) -> f64,
    ) {
        let Some(spanned) = condition else { return };
        let condition = spanned.get_ref();
        if condition.comparison == Comparison::Near && metric != Metric::MeanWait {
            let wrong = "`~` needs a confidence interval, which this figure has not";
            self.problems
                .add(spanned.span(), wrong, "< <= > >= ==, or `~` with mean_wait");
        } else if condition.comparison == Comparison::Near && self.clock == Clock::Wall {
            let wrong = "`~` needs a confidence interval, which runs under the wall clock have not";
            self.problems.add(
                spanned.span(),
                wrong,
                "< <= > >= ==, or clock = \"virtual\"",
            );
        }
        let target = match &condition.bound {
            Bound::Value(bound) => Target::Value(value(bound)),
            Bound::Variant { factor, name } => {
                self.other_variant(name, spanned, condition.comparison);
                Target::Variant {
                    factor: *factor,
                    name: name.clone(),
                }
            }
        };
        self.expectations.push(Expectation {
            metric,
            comparison: condition.comparison,
            target,
            text: condition.text.clone(),
        });
    }

    /// A comparison needs another variant to compare with.
    fn other_variant<T>(
        &mut self,
        name: &str,
        condition: &Spanned<Condition<T>>,
        comparison: Comparison,
    ) {
        let others: Vec<&str> = self
            .around
            .names
            .iter()
            .map(String::as_str)
            .filter(|other| Some(*other) != self.around.own)
            .collect();
        let accepted = match others.is_empty() {
            true => "a value".to_owned(),
            false => format!(
                "a value, or one of the other variants: {}",
                others.join(", ")
            ),
        };
        if comparison == Comparison::Near {
            let wrong = "`~` compares with a value, not with a variant";
            self.problems.add(condition.span(), wrong, "< <= > >= ==");
        } else if Some(name) == self.around.own {
            let wrong = format!("the variant `{name}` is compared with itself");
            self.problems.add(condition.span(), wrong, accepted);
        } else if !others.contains(&name) {
            let wrong = format!("`{name}` is no value, and no variant of this scenario");
            self.problems.add(condition.span(), wrong, accepted);
        }
    }
}
