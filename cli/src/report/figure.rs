//! The figures of a report by name, as `[expect]` names them.

use std::fmt;

use pausewake_device::Nanos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Report;
use super::parts::{SliceFigures, Times};
use crate::scenario::figures::canonical;

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Nanoseconds, ops per second, a count, or a share.
    pub value: f64,
    /// Of what.
    pub unit: Unit,
}

/// What a figure is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Nanoseconds.
    Time,
    /// Ops per second.
    Rate,
    /// Something that is counted.
    Count,
    /// A count, averaged.
    Mean,
    /// A part of a whole.
    Share,
}

impl Report {
    /// The figure of this name, if there is one, and there was something to measure:
    ///
    /// - of latency `mean`, `p50`, `p90`, `p95`, `p99`, `p999` (which may be written `p99.9`),
    ///   `max`, and the same of each stage behind its name and a dot (`notify.p99`, `full_wait.max`); the
    ///   name alone is its mean;
    /// - in an open loop `uncorrected.p99` and its like, `lateness.p99` and its like, and the counts
    ///   `late`, `late_by_generator`, `late_for_a_job` and `dropped`;
    /// - `throughput`, `mean_wait`;
    /// - counts of ops, calls and jobs, and what was done for them, as [`count_of`] lists them;
    /// - `in_flight` (calls, averaged over time), `utilisation.asym`, `utilisation.sym`;
    /// - under the wall clock `compute_late.mean` and `compute_late.max`, `compute_bound` (the share
    ///   of ops), `device_late.mean` and `device_late.max`.
    pub fn figure(&self, name: &str) -> Option<Figure> {
        let name = &*canonical(name);
        match name.split_once('.') {
            None => self.plain(name),
            Some(("utilisation", class)) if self.elapsed_ns > 0 => {
                let of_class = |slices: &&SliceFigures| slices.class == class;
                let slices = self.slices.iter().find(of_class)?;
                Some(Figure::new(slices.utilisation, Unit::Share))
            }
            Some(("compute_late", of)) => late(&self.compute.as_ref()?.late, of),
            Some(("device_late", of)) => late(self.device_thread.as_ref()?, of),
            Some(("uncorrected", of)) => time_of(self.uncorrected.as_ref()?, of),
            Some(("lateness", of)) => time_of(&self.open_loop.as_ref()?.lateness, of),
            Some((stage, of)) => {
                let stage = self.stages.iter().find(|figures| figures.stage == stage)?;
                time_of(&stage.times, of)
            }
        }
    }

    fn plain(&self, name: &str) -> Option<Figure> {
        match name {
            "throughput" => Some(Figure::new(self.ops_per_s?, Unit::Rate)),
            "mean_wait" => self.queue_wait.mean_ns.map(Figure::time),
            "in_flight" if self.elapsed_ns > 0 => {
                Some(Figure::new(self.littles_law[0].measured, Unit::Mean))
            }
            "late" | "late_by_generator" | "late_for_a_job" | "dropped" => {
                let open_loop = self.open_loop.as_ref()?;
                Some(Figure::count(match name {
                    "late" => open_loop.late,
                    "dropped" => open_loop.dropped,
                    "late_for_a_job" => open_loop.late_for_a_job,
                    _ => open_loop.late_by_generator,
                }))
            }
            "compute_bound" => {
                let compute = self.compute.as_ref()?;
                let completions = self.signals.completions;
                (completions > 0)
                    .then(|| Figure::new(share(compute.late_ops, completions), Unit::Share))
            }
            _ => {
                let stage = self.stages.iter().find(|stage| stage.stage == name);
                stage
                    .and_then(|stage| stage.times.mean_ns.map(Figure::time))
                    .or_else(|| count_of(self, name).map(Figure::count))
                    .or_else(|| time_of(&self.latency, name))
            }
        }
    }
}

/// The count of this name.
fn count_of(report: &Report, name: &str) -> Option<u64> {
    let (wakes, doorbells, signals) = (&report.wakes, &report.doorbells, &report.signals);
    let (errors, software) = (&report.errors, &report.software);
    Some(match name {
        "ops" => report.ops,
        "device_ops" => report.device_ops,
        "errors" => errors.total,
        "misuse" => errors.misuse,
        "device_errors" => errors.device.total(),
        "retries" => errors.retry,
        "not_authentic" => errors.not_authentic,
        "timed_out" => errors.timed_out,
        "jobs" => report.jobs.started,
        "cancelled" => report.jobs.cancelled,
        "max_jobs" => report.jobs.max_live,
        "wakes" => wakes.callback.saturating_add(wakes.fd),
        "wakes_by_callback" => wakes.callback,
        "wakes_by_fd" => wakes.fd,
        "waits_in_place" => wakes.in_place,
        "looks" => wakes.by_look,
        "spurious" => wakes.spurious,
        "full_waits" => doorbells.full_waits,
        "doorbells" => doorbells.rung,
        "device_wakes" => doorbells.woke_device,
        "orphans" => doorbells.orphans,
        "abandoned" => doorbells.abandoned,
        "signals" => signals.given,
        "host_wakes" => signals.woke_host,
        "coalesced" => signals.coalesced,
        "software" => software.total(),
        "verified" => report.verified.right,
        _ => return None,
    })
}

fn time_of(times: &Times, of: &str) -> Option<Figure> {
    let time_ns = match of {
        "mean" => times.mean_ns,
        "p50" => times.p50_ns,
        "p90" => times.p90_ns,
        "p95" => times.p95_ns,
        "p99" => times.p99_ns,
        "p999" => times.p999_ns,
        "max" => times.max_ns,
        _ => return None,
    };
    time_ns.map(Figure::time)
}

fn late(late: &super::parts::LateFigures, of: &str) -> Option<Figure> {
    match of {
        "mean" => Some(Figure::time(late.late_mean_ns)),
        "max" => Some(Figure::time(late.late_max_ns)),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

impl Figure {
    fn new(value: f64, unit: Unit) -> Self {
        Self { value, unit }
    }

    fn time(time_ns: u64) -> Self {
        Self::new(Nanos::new(time_ns).as_f64(), Unit::Time)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
    fn count(count: u64) -> Self {
        Self::new(count as f64, Unit::Count)
    }
}

/// As the report says it beside an expectation: precise enough to see why it failed.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.unit {
            Unit::Time => write!(f, "{}", Nanos::from_f64(value)),
            Unit::Rate => write!(f, "{value:.1}/s"),
            Unit::Count => write!(f, "{value:.0}"),
            Unit::Mean => write!(f, "{value:.2}"),
            Unit::Share => write!(f, "{:.1} %", value * 100.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_said_in_their_units() {
        for (figure, text) in [
            (Figure::time(433_217), "433.2µs"),
            (Figure::new(64_913.26, Unit::Rate), "64913.3/s"),
            (Figure::count(20), "20"),
            (Figure::new(0.987_6, Unit::Share), "98.8 %"),
            (Figure::new(63.999_9, Unit::Mean), "64.00"),
        ] {
            assert_eq!(figure.to_string(), text);
        }
    }
}
