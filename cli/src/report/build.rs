//! From what was collected to what is reported.

use pausewake_device::protocol::{Completion, Status};
use pausewake_device::{DeviceStats, Lateness, Nanos};

use super::batch_means::Estimate;
use super::collect::Figures;
use super::errors::ErrorTally;
use super::little::{littles_law, to_millionths};
use super::offered::prediction;
use super::parts::{
    AbortedFigures, ComputeFigures, DoorbellFigures, ErrorFigures, ExpectationResult, JobFigures,
    LateFigures, QueueWait, ScenarioInfo, SignalFigures, SoftwareFigures, StageFigures,
    StatusCount, Theory, Times, Verification, WakeFigures,
};
use super::prediction::Prediction;
use super::punctuality::{Punctuality, ThreadCost};
use super::samples::Samples;
use super::series::Series;
use super::slices::slices;
use super::text::numbers::counted;
use super::{Report, inputs, loop_figures, theory};
use crate::scenario::{Arrival, Clock, Entries, Load, Mode, Pacing, Scenario, defaults};

/// What is known when a run is over.
#[derive(Debug)]
pub struct Facts {
    /// From the event log.
    pub figures: Figures,
    /// What the device counted.
    pub device: DeviceStats,
    /// Results that were checked.
    pub verification: Verification,
    /// Calls that failed, whether or not the device had them.
    pub errors: ErrorTally,
    /// Why the figures mean nothing, if so.
    pub invalid: Option<String>,
    /// What ended the run before its time, if something did.
    pub aborted: Option<Aborted>,
    /// How punctual the starts of an open loop were.
    pub punctuality: Option<Punctuality>,
    /// What the threads that made the load took from the CPU.
    pub cost: ThreadCost,
    /// What was to hold while it went on, and what became of it.
    pub limits: Vec<ExpectationResult>,
}

/// What ended a run before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aborted {
    /// SIGINT, SIGTERM or SIGHUP.
    BySignal,
    /// A condition of `[abort]` that did not hold, in words.
    ByCondition(String),
}

/// A run of one variant.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The variant's name; `None` if the scenario has no variants.
    pub name: Option<&'a str>,
    /// What was run.
    pub scenario: &'a Scenario,
    /// What is written of that.
    pub entries: &'a Entries,
    /// What came of it.
    pub facts: Facts,
}

impl Report {
    /// The report of `outcome`. What was expected of it is judged when all variants are known.
    pub(super) fn new(outcome: &Outcome<'_>) -> Self {
        let (scenario, facts) = (outcome.scenario, &outcome.facts);
        let (figures, device) = (&facts.figures, &facts.device);
        let (first, last) = figures.span.unwrap_or_default();
        let elapsed = last - first;
        let ops = figures.latency.count();
        let is_wall = scenario.clock == Clock::Wall;
        let prediction = prediction(scenario, figures);
        let samples = Samples::new(scenario, facts);
        let mut report = Self {
            scenario: scenario_info(outcome),
            seeds: vec![scenario.seed.0],
            invalid: (facts.invalid.clone())
                .or_else(|| saturation(figures))
                .or_else(|| loop_figures::bottleneck(scenario, facts)),
            aborted: facts.aborted.as_ref().map(aborted),
            warmup_ns: (scenario.load.warmup > Nanos::ZERO).then(|| scenario.load.warmup.get()),
            elapsed_ns: elapsed.get(),
            ops,
            ops_per_s: per_second(figures.served, figures.serving_ns()),
            device_ops: figures.device_ops(),
            latency: times(&samples.latency),
            uncorrected: samples.uncorrected.as_ref().map(times),
            open_loop: loop_figures::open_loop(scenario, facts, &samples),
            generator: loop_figures::generator(facts),
            phases: loop_figures::phases(scenario, &samples),
            stages: stages(&samples),
            saturated_ops: figures.saturated,
            queue_wait: queue_wait(scenario, figures, &samples),
            predicted: prediction.as_ref().and_then(Prediction::throughput),
            slices: slices(device, prediction.as_ref(), elapsed),
            littles_law: littles_law(&samples, elapsed),
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
                full_wait: times(&samples.full_waited),
                orphans: figures.orphans,
                abandoned: figures.abandoned,
            },
            signals: SignalFigures {
                completions: device.completed,
                coalesced: device.coalesced,
                given: device.signals,
                woke_host: device.signals_written,
            },
            software: software(scenario, figures),
            errors: errors(facts),
            verified: facts.verification.clone(),
            compute: is_wall.then(|| compute(&samples, device)),
            device_thread: is_wall.then(|| late(&device.driver_lateness)),
            expected: Vec::new(),
            story: None,
            story_left_out: None,
            config: outcome.entries.clone(),
            defaults: defaults::of(scenario, outcome.entries),
            files: inputs::of(scenario, outcome.entries),
            timeline: figures.timeline.clone().of_run(first, last),
            samples,
        };
        // What is read back from a file is computed there: so it is the same here.
        report.recompute();
        report
    }
}

fn aborted(aborted: &Aborted) -> AbortedFigures {
    match aborted {
        Aborted::BySignal => AbortedFigures {
            by: "signal".into(),
            reason: "a signal (SIGINT, SIGTERM or SIGHUP)".to_owned(),
        },
        Aborted::ByCondition(broken) => AbortedFigures {
            by: "condition".into(),
            reason: broken.clone(),
        },
    }
}

/// Where all is meant for software, nothing is an exception.
fn software(scenario: &Scenario, figures: &Figures) -> SoftwareFigures {
    let software = &figures.software;
    let (by_mode, small) = match scenario.mode {
        Mode::Software => (software.small, 0),
        Mode::Async | Mode::Sync => (0, software.small),
    };
    SoftwareFigures {
        by_mode,
        small,
        full: software.full,
        device_error: software.device_error,
    }
}

/// Whether the CPU kept up. An op that waited for it is late by its whole wait, so what the CPU
/// took away from the model is told by count and by time.
fn compute(samples: &Samples, device: &DeviceStats) -> ComputeFigures {
    let lateness = &device.compute_lateness;
    #[expect(clippy::cast_precision_loss, reason = "a share, to a millionth")]
    let share = match samples.latency.sum_ns() {
        0 => 0.0,
        sum_ns => lateness.total_ns().as_f64() / sum_ns as f64,
    };
    ComputeFigures {
        bound: is_compute_bound(lateness.count(), device.completed, share),
        late_ops: lateness.count(),
        late: late(lateness),
        share_of_latency: to_millionths(share),
    }
}

/// Whether the CPU decided the figures: most ops waited for it, or a tenth of their time was that.
pub(super) fn is_compute_bound(late_ops: u64, completions: u64, share: f64) -> bool {
    late_ops > completions / 2 || share > 0.1
}

fn late(lateness: &Lateness) -> LateFigures {
    LateFigures {
        late_mean_ns: lateness.mean_ns().get(),
        late_max_ns: lateness.max_ns().get(),
    }
}

/// To three decimals, so that JSON shows no digits that mean nothing.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub(super) fn per_second(ops: u64, elapsed: Nanos) -> Option<f64> {
    let per_s = (ops as f64 / elapsed.as_secs_f64() * 1e3).round() / 1e3;
    (elapsed > Nanos::ZERO).then_some(per_s)
}

fn scenario_info(outcome: &Outcome<'_>) -> ScenarioInfo {
    let scenario = outcome.scenario;
    ScenarioInfo {
        name: scenario.name.clone(),
        variant: outcome.name.map(str::to_owned),
        about: scenario.about.clone(),
        command: scenario.command.clone(),
        clock: match scenario.clock {
            Clock::Wall => "wall".into(),
            Clock::Virtual => "virtual".into(),
        },
        seed: scenario.seed.0,
        compute: scenario.device.compute.name().into(),
        mode: scenario.mode.name().into(),
        notify: scenario.engine.notify.name().into(),
        reap: scenario.engine.reap.name().into(),
        profile: scenario.device.profile.clone(),
        limits: scenario.device.limits(),
        load: format!("{}, {}", scenario.load.describe(), pacing(&scenario.load)),
    }
}

fn pacing(load: &Load) -> String {
    let mut text = pacing_before_phases(load);
    if !load.phases.is_empty() {
        let phases = counted(load.phases.len() as u64, "phase");
        text.push_str(&format!(", then {phases}"));
    }
    text
}

fn pacing_before_phases(load: &Load) -> String {
    match load.pacing {
        Pacing::Closed { jobs } => {
            let mut text = match jobs {
                1 => "1 job at a time".to_owned(),
                jobs => format!("{jobs} jobs at once"),
            };
            if load.threads > 1 {
                text.push_str(&format!(" on {} threads", load.threads));
            }
            if load.ops_per_job > 1 {
                text.push_str(&format!(", {} ops each", load.ops_per_job));
            }
            if let Some(think) = &load.think {
                text.push_str(&format!(", thinking for {} on average", think.base_ns));
            }
            text
        }
        Pacing::Open {
            rate_per_s,
            arrival,
            ..
        } => {
            let arrival = match arrival {
                Arrival::Poisson => "Poisson arrivals".to_owned(),
                Arrival::Constant => "evenly spaced arrivals".to_owned(),
                Arrival::Burst(size) => format!("arrivals in bursts of {size}"),
            };
            let mut text = format!("{arrival} at {rate_per_s}/s");
            if load.threads > 1 {
                text.push_str(&format!(" on {} threads", load.threads));
            }
            text
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
            figures.device_ops(),
            Completion::LONGEST,
        )
    })
}

pub(super) fn times(series: &Series) -> Times {
    let of_some = |time: Nanos| (series.count() > 0).then_some(time.get());
    let quantile = |quantile| of_some(series.quantile(quantile));
    Times {
        mean_ns: of_some(series.mean()),
        p50_ns: quantile(0.5),
        p90_ns: quantile(0.9),
        p95_ns: quantile(0.95),
        p99_ns: quantile(0.99),
        p999_ns: quantile(0.999),
        max_ns: of_some(series.max()),
    }
}

pub(super) fn stages(samples: &Samples) -> Vec<StageFigures> {
    let stages = samples.stages().into_iter();
    stages
        .map(|(stage, series)| StageFigures {
            stage: stage.into(),
            times: times(series),
        })
        .collect()
}

/// Under the wall clock the machine decides when the queue is empty: there is no steady state.
fn wait(scenario: &Scenario, figures: &Figures) -> Estimate {
    let mut wait = figures.queue_wait.estimate();
    if scenario.clock == Clock::Wall {
        wait.steady = None;
    }
    wait
}

fn queue_wait(scenario: &Scenario, figures: &Figures, samples: &Samples) -> QueueWait {
    let wait = wait(scenario, figures);
    let theory = match scenario.load.pacing {
        Pacing::Open {
            rate_per_s,
            arrival: Arrival::Poisson,
            ..
        } if is_unlimited(scenario, figures) && scenario.load.phases.is_empty() => {
            scenario.load.only().and_then(|work| {
                theory::mean_wait(&scenario.model_by_kind()?, work.kind(), rate_per_s)
            })
        }
        _ => None,
    };
    QueueWait {
        mean_ns: times(&samples.queue_wait).mean_ns,
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
    let (tally, figures) = (&facts.errors, &facts.figures);
    let count = |status: Status| figures.by_status[status as usize];
    ErrorFigures {
        total: tally.calls,
        misuse: tally.misuse,
        device: tally.device,
        retry: tally.retry,
        not_authentic: tally.not_authentic,
        refused_calls: tally.refused,
        first: tally.first.clone(),
        by_status: Status::ALL
            .into_iter()
            .filter(|status| *status != Status::Ok && count(*status) > 0)
            .map(|status| StatusCount {
                status: status.name().into(),
                count: count(status),
            })
            .collect(),
        timed_out: figures.timed_out,
    }
}
