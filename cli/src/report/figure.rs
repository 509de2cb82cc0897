//! The figures that expectations name.

use pausewake_device::Nanos;

use super::batch_means::Steady;
use super::build::{Outcome, per_second, wait};
use super::series::Series;
use crate::scenario::{Count, Metric, Span, Statistic};

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
    match metric {
        Metric::Latency(statistic) => time(of_series(&figures.latency, statistic)),
        Metric::Stage(part, statistic) => {
            let series = match part {
                Span::Stage(stage) => &figures.stages[stage.index()],
                Span::FullWait => &figures.full_wait,
            };
            time(of_series(series, statistic))
        }
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
            let ops_per_s = per_second(figures.latency.count(), last - first);
            Measured {
                value: ops_per_s,
                text: format!("{ops_per_s:.1}/s"),
                steady: None,
            }
        }
        Metric::Count(of) => count(match of {
            Count::Ops => figures.latency.count(),
            Count::Errors => facts.failed_calls,
            Count::Jobs => figures.jobs.started,
            Count::Wakes => figures.wakes.callback + figures.wakes.fd,
            Count::Spurious => figures.wakes.spurious,
            Count::FullWaits => figures.full_waits,
            Count::Doorbells => figures.doorbells,
            Count::Coalesced => 0,
            Count::Software => figures.software.total(),
            Count::TimedOut => figures.timed_out,
        }),
        Metric::Utilisation(_) => count(0),
        Metric::Verified => count(facts.verification.right),
    }
}

fn of_series(series: &Series, statistic: Statistic) -> Nanos {
    match statistic {
        Statistic::Mean => series.mean(),
        Statistic::P50 => series.quantile(0.5),
        Statistic::P90 => series.quantile(0.9),
        Statistic::P99 => series.quantile(0.99),
        Statistic::P999 => series.quantile(0.999),
        Statistic::Max => series.max(),
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
