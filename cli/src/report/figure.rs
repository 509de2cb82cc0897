//! The figures that expectations name.

use pausewake_device::Nanos;

use super::batch_means::Steady;
use super::build::{Outcome, per_second, wait};
use crate::scenario::Metric;

/// A figure of a run.
#[derive(Debug)]
pub struct Measured {
    /// Nanoseconds, ops per second, or a count.
    pub value: f64,
    /// As the report shows it.
    pub text: String,
    /// What is known of its steady state, for those that `~` is for.
    pub steady: Option<Steady>,
}

/// What `metric` was in the run of `outcome`.
pub fn measure(metric: Metric, outcome: &Outcome<'_>) -> Measured {
    let facts = &outcome.facts;
    let figures = &facts.figures;
    let latency = &figures.latency;
    match metric {
        Metric::P50 => time(latency.quantile(0.5)),
        Metric::P90 => time(latency.quantile(0.9)),
        Metric::P99 => time(latency.quantile(0.99)),
        Metric::P999 => time(latency.quantile(0.999)),
        Metric::Max => time(latency.max()),
        Metric::Mean => time(latency.mean()),
        Metric::MeanWait => {
            let wait = wait(outcome.scenario, figures);
            Measured {
                value: wait.mean,
                text: Nanos::from_f64(wait.mean).to_string(),
                steady: wait.steady,
            }
        }
        Metric::Throughput => {
            let (first, last) = figures.span.unwrap_or_default();
            let ops_per_s = per_second(latency.count(), last - first);
            Measured {
                value: ops_per_s,
                text: format!("{ops_per_s:.1}/s"),
                steady: None,
            }
        }
        Metric::Ops => count(latency.count()),
        Metric::Errors => count(facts.failed_calls),
        Metric::Spurious => count(figures.wakes.spurious),
        Metric::Verified => count(facts.verification.right),
    }
}

fn time(time: Nanos) -> Measured {
    Measured {
        value: time.as_f64(),
        text: time.to_string(),
        steady: None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn count(count: u64) -> Measured {
    Measured {
        value: count as f64,
        text: count.to_string(),
        steady: None,
    }
}
