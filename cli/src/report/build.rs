//! From what was collected to what is reported.

use pausewake_device::Nanos;
use pausewake_device::protocol::Status;
use pausewake_engine::events::Stage;

use super::batch_means::Estimate;
use super::collect::Figures;
use super::series::Series;
use super::verdict::judge;
use super::{
    ComputeFigures, DoorbellFigures, ErrorFigures, FORMAT, JobFigures, Latency, QueueWait, Report,
    ScenarioInfo, SoftwareFigures, StageFigures, StatusCount, Theory, Verification, WakeFigures,
    theory,
};
use crate::scenario::{Arrival, Clock, Pacing, Scenario};

/// What is known when a run is over.
#[derive(Debug)]
pub struct Facts {
    /// From the event log.
    pub figures: Figures,
    /// Results that were checked.
    pub verification: Verification,
    /// Calls that failed, whether or not the device had them.
    pub failed_calls: u64,
    /// Of them, those that failed before the device had them.
    pub refused_calls: u64,
    /// What the first of those said.
    pub first_refusal: Option<String>,
    /// How much later than modelled completions were published, under the wall clock: mean, worst.
    pub lateness: Option<(Nanos, Nanos)>,
    /// Why the figures mean nothing, if so.
    pub invalid: Option<String>,
}

/// A run of one variant.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The variant's name; `None` if the scenario has no variants.
    pub name: Option<&'a str>,
    /// What was run.
    pub scenario: &'a Scenario,
    /// What came of it.
    pub facts: Facts,
}

impl Report {
    /// The report of `outcome`, one of `all` variants, which its expectations may compare it with.
    pub fn new(outcome: &Outcome<'_>, all: &[Outcome<'_>]) -> Self {
        let (scenario, facts) = (outcome.scenario, &outcome.facts);
        let figures = &facts.figures;
        let (first, last) = figures.span.unwrap_or_default();
        let elapsed = last - first;
        let ops = figures.latency.count();
        let ops_per_s = per_second(ops, elapsed);
        let wait = wait(scenario, figures);
        Self {
            format: FORMAT,
            scenario: scenario_info(outcome),
            invalid: facts.invalid.clone().or_else(|| saturation(figures)),
            elapsed_ns: elapsed.get(),
            ops,
            ops_per_s,
            latency: latency(&figures.latency),
            stages: stages(figures),
            saturated_ops: figures.saturated,
            queue_wait: queue_wait(scenario, wait, figures),
            jobs: JobFigures {
                started: figures.jobs.started,
                finished: figures.jobs.finished,
                cancelled: figures.jobs.cancelled,
                max_live: figures.jobs.max_live,
            },
            wakes: WakeFigures {
                callback: figures.wakes.callback,
                fd: figures.wakes.fd,
                in_place: figures.wakes.in_place,
                by_look: figures.wakes.by_look,
                spurious: figures.wakes.spurious,
            },
            doorbells: DoorbellFigures {
                rung: figures.doorbells,
                woke_device: figures.device_wakes,
                descriptors: figures.submitted,
                full_waits: figures.full_waits,
                orphans: figures.orphans,
                abandoned: figures.abandoned,
            },
            software: SoftwareFigures {
                by_mode: figures.software.by_mode,
                small: figures.software.small,
                full: figures.software.full,
                device_error: figures.software.device_error,
            },
            errors: errors(facts),
            verified: facts.verification.clone(),
            compute: facts.lateness.map(|(mean, max)| ComputeFigures {
                bound_ops: figures.compute_bound,
                lateness_mean_ns: mean.get(),
                lateness_max_ns: max.get(),
            }),
            expected: judge(outcome, all),
            story: None,
            story_left_out: None,
        }
    }
}

/// To three decimals, so that JSON shows no digits that mean nothing.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub(super) fn per_second(ops: u64, elapsed: Nanos) -> f64 {
    if elapsed == Nanos::ZERO {
        return 0.0;
    }
    (ops as f64 / elapsed.as_secs_f64() * 1e3).round() / 1e3
}

fn scenario_info(outcome: &Outcome<'_>) -> ScenarioInfo {
    let scenario = outcome.scenario;
    ScenarioInfo {
        name: scenario.name.clone(),
        variant: outcome.name.map(str::to_owned),
        about: scenario.about.clone(),
        clock: match scenario.clock {
            Clock::Wall => "wall",
            Clock::Virtual => "virtual",
        },
        seed: scenario.seed.0,
        compute: scenario.device.compute.name(),
        notify: scenario.engine.notify.name(),
        reap: scenario.engine.reap.name(),
        load: format!(
            "{}, {}",
            scenario.load.describe(),
            pacing(scenario.load.pacing)
        ),
    }
}

fn pacing(pacing: Pacing) -> String {
    match pacing {
        Pacing::Closed { jobs: 1 } => "1 job at a time".to_owned(),
        Pacing::Closed { jobs } => format!("{jobs} jobs at once"),
        Pacing::Open {
            rate_per_s,
            arrival,
            ..
        } => {
            let arrival = match arrival {
                Arrival::Poisson => "Poisson",
                Arrival::Constant => "evenly spaced",
            };
            format!("{arrival} arrivals at {rate_per_s}/s")
        }
    }
}

/// That completions could not say what their ops' times were, if so.
fn saturation(figures: &Figures) -> Option<String> {
    (figures.saturated > 0).then(|| {
        format!(
            "{} of {} ops waited for a slice, or were served, for {} or longer, which is the most \
             that a completion can say: stages and waits are wrong. Choose a faster device \
             (service, slices), or let fewer ops wait (load.jobs, load.rate)",
            figures.saturated,
            figures.latency.count(),
            Nanos::new(u64::from(u32::MAX)),
        )
    })
}

fn latency(series: &Series) -> Latency {
    Latency {
        mean_ns: series.mean().get(),
        p50_ns: series.quantile(0.5).get(),
        p90_ns: series.quantile(0.9).get(),
        p99_ns: series.quantile(0.99).get(),
        p999_ns: series.quantile(0.999).get(),
        max_ns: series.max().get(),
    }
}

fn stages(figures: &Figures) -> Vec<StageFigures> {
    let stage = |name, series: &Series| StageFigures {
        stage: name,
        mean_ns: series.mean().get(),
        p50_ns: series.quantile(0.5).get(),
        p99_ns: series.quantile(0.99).get(),
    };
    Stage::ALL
        .into_iter()
        .map(|s| stage(s.name(), &figures.stages[s.index()]))
        .chain([stage("full wait", &figures.full_wait)])
        .collect()
}

/// Under the wall clock the machine decides when the queue is empty: there is no steady state.
pub(super) fn wait(scenario: &Scenario, figures: &Figures) -> Estimate {
    let mut wait = figures.queue_wait.estimate();
    if scenario.clock == Clock::Wall {
        wait.steady = None;
    }
    wait
}

fn queue_wait(scenario: &Scenario, wait: Estimate, figures: &Figures) -> QueueWait {
    let theory = match scenario.load.pacing {
        Pacing::Open {
            rate_per_s,
            arrival: Arrival::Poisson,
            ..
        } if is_unlimited(scenario, figures) => scenario.load.only().and_then(|work| {
            theory::mean_wait(&scenario.device.model, work.kind(), rate_per_s)
        }),
        _ => None,
    };
    QueueWait {
        mean_ns: Nanos::from_f64(wait.mean).get(),
        steady_mean_ns: wait.steady.map(|steady| Nanos::from_f64(steady.mean).get()),
        interval_ns: wait
            .steady
            .map(|steady| [steady.low, steady.high].map(|end| Nanos::from_f64(end).get())),
        theory: theory.map(|prediction| Theory {
            queue: prediction.queue,
            mean_ns: Nanos::from_f64(prediction.mean_wait_ns).get(),
        }),
    }
}

/// Whether no limit between the caller and the slices can have bound: the queues of theory have none.
fn is_unlimited(scenario: &Scenario, figures: &Figures) -> bool {
    let device = &scenario.device;
    let room = [
        device.slots,
        device.ring_depth,
        device.model.in_flight_limit,
    ];
    let in_flight = scenario.engine.max_in_flight;
    let fits = room
        .iter()
        .chain(&in_flight)
        .all(|room| figures.jobs.max_live <= u64::from(*room));
    let other_ways = figures.timed_out + figures.software.total();
    fits && figures.full_waits + figures.errors() + figures.saturated + other_ways == 0
}

fn errors(facts: &Facts) -> ErrorFigures {
    let count = |status: Status| facts.figures.by_status[status as usize];
    ErrorFigures {
        total: facts.failed_calls,
        by_status: Status::ALL
            .into_iter()
            .filter(|status| *status != Status::Ok && count(*status) > 0)
            .map(|status| StatusCount {
                status: status.name(),
                count: count(status),
            })
            .collect(),
        timed_out: facts.figures.timed_out,
        refused_calls: facts.refused_calls,
        first_refusal: facts.first_refusal.clone(),
    }
}
