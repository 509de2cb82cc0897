//! `[expect]`: figures and the conditions that they must meet.

use pausewake_device::Nanos;
use pausewake_device::protocol::Class;
use pausewake_engine::events::Stage;

use super::{Around, Problems};
use crate::scenario::condition::{Bound, Comparison, Condition};
use crate::scenario::file::{
    Clock, Compute, ExpectSection, File, StageConditions, UtilisationSection, Verified,
};
use crate::scenario::source::Span;
use crate::scenario::spanned::Spanned;
use crate::scenario::{Expectation, Metric, Span as Part, Statistic, Target, Verify};
use crate::units::{Duration, Large, Mean, Rate, Share};

/// Checks the expectations, in the order in which the report shows them.
pub fn check(file: &File, around: &Around<'_>, problems: &mut Problems) -> Vec<Expectation> {
    let section = &file.expect;
    let mut list = List::new(file, around, problems);
    list.latencies(section);
    if let Some(condition) = &section.throughput {
        let value = |rate: &Rate| rate.per_second();
        list.add(
            Metric::Throughput,
            condition.get_ref(),
            condition.span(),
            value,
        );
    }
    list.counts(section);
    list.in_flight(section.in_flight.as_ref());
    list.utilisation(&section.utilisation);
    if let Some(verified) = &section.verified {
        list.verified(verified, file);
    }
    list.expectations
}

/// Expectations, as they are found.
pub(super) struct List<'a> {
    pub(super) expectations: Vec<Expectation>,
    clock: Clock,
    is_open: bool,
    around: &'a Around<'a>,
    problems: &'a mut Problems,
}

impl<'a> List<'a> {
    /// None yet.
    pub(super) fn new(file: &File, around: &'a Around<'a>, problems: &'a mut Problems) -> Self {
        Self {
            expectations: Vec::new(),
            clock: *file.clock.get_ref(),
            is_open: file.load.get_ref().rate.is_some(),
            around,
            problems,
        }
    }

    fn latencies(&mut self, section: &ExpectSection) {
        let conditions = [
            &section.p50,
            &section.p90,
            &section.p95,
            &section.p99,
            &section.p999,
            &section.max,
            &section.mean,
        ];
        self.latency(conditions);
        self.time(Metric::MeanWait, section.mean_wait.as_ref());
        for (name, metric, conditions) in [
            ("lateness", Metric::Lateness as Of, &section.lateness),
            (
                "uncorrected",
                Metric::Uncorrected as Of,
                &section.uncorrected,
            ),
        ] {
            if let Some(conditions) = conditions {
                self.open_alone(name, conditions.span());
                self.statistics(metric, conditions);
            }
        }
        for (span, conditions) in [
            (Part::Stage(Stage::Prepare), &section.prepare),
            (Part::Stage(Stage::Ring), &section.ring),
            (Part::Stage(Stage::Service), &section.service),
            (Part::Stage(Stage::Notify), &section.notify),
            (Part::Stage(Stage::Resume), &section.resume),
            (Part::FullWait, &section.full_wait),
        ] {
            if let Some(conditions) = conditions {
                self.statistics(|statistic| Metric::Stage(span, statistic), conditions);
            }
        }
    }

    /// What is expected of latency: of its median, 90th, 95th, 99th and 99.9th percentile, its
    /// longest, its mean.
    pub(super) fn latency(&mut self, conditions: [&Option<Spanned<Condition<Duration>>>; 7]) {
        let statistics = [
            Statistic::P50,
            Statistic::P90,
            Statistic::P95,
            Statistic::P99,
            Statistic::P999,
            Statistic::Max,
            Statistic::Mean,
        ];
        for (statistic, condition) in statistics.into_iter().zip(conditions) {
            self.time(Metric::Latency(statistic), condition.as_ref());
        }
    }

    /// What is expected of a mean, or of several figures.
    fn statistics(
        &mut self,
        metric: impl Fn(Statistic) -> Metric,
        conditions: &Spanned<StageConditions>,
    ) {
        match conditions.get_ref() {
            StageConditions::Mean(mean) => {
                let metric = metric(Statistic::Mean);
                self.add(metric, mean, conditions.span(), nanoseconds);
            }
            StageConditions::Figures(figures) => {
                for (statistic, condition) in [
                    (Statistic::Mean, &figures.mean),
                    (Statistic::P50, &figures.p50),
                    (Statistic::P90, &figures.p90),
                    (Statistic::P95, &figures.p95),
                    (Statistic::P99, &figures.p99),
                    (Statistic::P999, &figures.p999),
                    (Statistic::Max, &figures.max),
                ] {
                    self.time(metric(statistic), condition.as_ref());
                }
            }
        }
    }

    fn counts(&mut self, section: &ExpectSection) {
        for (name, condition) in [
            ("ops", &section.ops),
            ("device_ops", &section.device_ops),
            ("late", &section.late),
            ("late_by_generator", &section.late_by_generator),
            ("late_for_a_job", &section.late_for_a_job),
            ("dropped", &section.dropped),
            ("errors", &section.errors),
            ("misuse", &section.misuse),
            ("device_errors", &section.device_errors),
            ("retries", &section.retries),
            ("not_authentic", &section.not_authentic),
            ("timed_out", &section.timed_out),
            ("jobs", &section.jobs),
            ("cancelled", &section.cancelled),
            ("max_jobs", &section.max_jobs),
            ("wakes", &section.wakes),
            ("wakes_by_callback", &section.wakes_by_callback),
            ("wakes_by_fd", &section.wakes_by_fd),
            ("waits_in_place", &section.waits_in_place),
            ("looks", &section.looks),
            ("spurious", &section.spurious),
            ("full_waits", &section.full_waits),
            ("doorbells", &section.doorbells),
            ("device_wakes", &section.device_wakes),
            ("orphans", &section.orphans),
            ("abandoned", &section.abandoned),
            ("signals", &section.signals),
            ("host_wakes", &section.host_wakes),
            ("coalesced", &section.coalesced),
            ("software", &section.software),
        ] {
            self.count(name, condition.as_ref());
        }
    }

    pub(super) fn count(
        &mut self,
        name: &'static str,
        condition: Option<&Spanned<Condition<Large>>>,
    ) {
        let Some(condition) = condition else { return };
        if OPEN_LOOP_COUNTS.contains(&name) {
            self.open_alone(name, condition.span());
        }
        #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
        let value = |count: &Large| count.get() as f64;
        let metric = Metric::Count(name);
        self.add(metric, condition.get_ref(), condition.span(), value);
    }

    /// What only an open loop has.
    fn open_alone(&mut self, name: &str, span: Span) {
        if !self.is_open {
            let wrong = format!("{name} belongs to an open loop, and this one is closed");
            self.problems.add(span, wrong, "a load with a rate");
        }
    }

    fn in_flight(&mut self, condition: Option<&Spanned<Condition<Mean>>>) {
        if let Some(condition) = condition {
            let value = |mean: &Mean| mean.get();
            self.add(
                Metric::InFlight,
                condition.get_ref(),
                condition.span(),
                value,
            );
        }
    }

    fn utilisation(&mut self, section: &UtilisationSection) {
        for (class, condition) in [
            (Class::Asymmetric, &section.asym),
            (Class::Symmetric, &section.sym),
        ] {
            let Some(condition) = condition else { continue };
            let metric = Metric::Utilisation(class);
            let value = |share: &Share| share.get();
            self.add(metric, condition.get_ref(), condition.span(), value);
        }
    }

    /// What is expected to be verified must be.
    fn verified(&mut self, verified: &Spanned<Verified>, file: &File) {
        let compute = file.device.compute.as_ref().map(Spanned::get_ref);
        let verify = file.load.get_ref().verify.as_ref();
        let expected = *verified.get_ref();
        if compute == Some(&Compute::None) {
            let wrong = "with compute = \"none\" there are no results to verify";
            let accepted = "compute = \"real\" or \"cached\", or no expectation of verified";
            self.problems.add(verified.span(), wrong, accepted);
        }
        match verify.map(|verify| *verify.get_ref()) {
            Some(Verify::None) => {
                let wrong = "with verify = \"none\" no result is verified";
                let accepted = "another verify, or no expectation of verified";
                self.problems.add(verified.span(), wrong, accepted);
            }
            Some(Verify::OneOf(part)) if expected == Verified::All => {
                let wrong = format!("with verify = \"1/{part}\" not all results are verified");
                let accepted = "verified = \"sample\", or verify = \"all\"";
                self.problems.add(verified.span(), wrong, accepted);
            }
            _ => {}
        }
        self.expectations.push(Expectation {
            metric: Metric::Verified,
            comparison: match expected {
                Verified::All => Comparison::Equal,
                Verified::Sample => Comparison::AtLeast,
            },
            target: Target::Value(1.0),
            text: match expected {
                Verified::All => "all".to_owned(),
                Verified::Sample => "sample".to_owned(),
            },
        });
    }

    pub(super) fn time(
        &mut self,
        metric: Metric,
        condition: Option<&Spanned<Condition<Duration>>>,
    ) {
        if let Some(condition) = condition {
            self.add(metric, condition.get_ref(), condition.span(), nanoseconds);
        }
    }

    fn add<T>(
        &mut self,
        metric: Metric,
        condition: &Condition<T>,
        span: Span,
        value: impl Fn(&T) -> f64,
    ) {
        if condition.comparison == Comparison::Near && metric != Metric::MeanWait {
            let wrong = "`~` needs a confidence interval, which this figure has not";
            let accepted = "< <= > >= ==, or `~` with mean_wait";
            self.problems.add(span.clone(), wrong, accepted);
        } else if condition.comparison == Comparison::Near && self.clock == Clock::Wall {
            let wrong = "`~` needs a confidence interval, which runs under the wall clock have not";
            let accepted = "< <= > >= ==, or clock = \"virtual\"";
            self.problems.add(span.clone(), wrong, accepted);
        }
        let target = match &condition.bound {
            Bound::Value(bound) => Target::Value(value(bound)),
            Bound::Variant { factor, name } => {
                self.other_variant(name, &span, condition.comparison);
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
    fn other_variant(&mut self, name: &str, span: &Span, comparison: Comparison) {
        let names = self.around.names;
        let accepted = match names.len() {
            0 => "a value: this scenario has no [[variant]] to compare with".to_owned(),
            1 => "a value: there is no other variant to compare with".to_owned(),
            _ => format!(
                "a value, or another one of the variants: {}",
                names.join(", ")
            ),
        };
        if comparison == Comparison::Near {
            let wrong = "`~` compares with a value, not with a variant";
            self.problems.add(span.clone(), wrong, "< <= > >= ==");
        } else if Some(name) == self.around.own {
            let wrong = format!("the variant `{name}` is compared with itself");
            self.problems.add(span.clone(), wrong, accepted);
        } else if !names.iter().any(|known| known == name) {
            let wrong = format!("`{name}` is no value, and no variant of this scenario");
            self.problems.add(span.clone(), wrong, accepted);
        }
    }
}

/// A figure of one kind, by what is told of it.
type Of = fn(Statistic) -> Metric;

/// Counts that a closed loop has not.
const OPEN_LOOP_COUNTS: [&str; 4] = ["late", "late_by_generator", "late_for_a_job", "dropped"];

fn nanoseconds(duration: &Duration) -> f64 {
    Nanos::as_f64(duration.0)
}
