//! What a run offers the device: kinds and sizes of ops as they went there, and how many of them by
//! the scenario's pacing.

use pausewake_device::protocol::OpKind;

use super::collect::Figures;
use super::slices::{Demand, Supply, mean_ns};
use crate::scenario::{Mode, Pacing, Scenario, Work};

/// The ops that the device was asked for, and what decides how many there are; `None` when nothing
/// was asked, or software took some of the ops, or phases change the load.
pub fn offered(scenario: &Scenario, figures: &Figures) -> Option<(Vec<Demand>, Supply)> {
    let ops_per_job = ratio(asked(figures), figures.jobs.started.max(1));
    Some((demands(scenario, figures)?, supply(scenario, ops_per_job)))
}

/// The same ops, by as many jobs as there may be at once, which are never idle.
pub fn at_most(scenario: &Scenario, figures: &Figures) -> Option<(Vec<Demand>, Supply)> {
    let jobs = scenario.load.pacing.jobs();
    Some((demands(scenario, figures)?, closed(scenario, jobs)))
}

fn asked(figures: &Figures) -> u64 {
    figures.asked.iter().map(|asked| asked.ops).sum()
}

fn demands(scenario: &Scenario, figures: &Figures) -> Option<Vec<Demand>> {
    let all = asked(figures);
    let is_steady = scenario.load.phases.is_empty();
    if all == 0 || figures.software.total() > 0 || !is_steady {
        return None;
    }
    let demands = OpKind::ALL
        .into_iter()
        .zip(figures.asked)
        .filter(|(_, asked)| asked.ops > 0)
        .map(|(kind, asked)| Demand {
            kind,
            share: ratio(asked.ops, all),
            bytes_in: ratio(asked.bytes_in, asked.ops),
            bytes_out: ratio(asked.bytes_out, asked.ops),
        })
        .collect();
    Some(demands)
}

fn supply(scenario: &Scenario, ops_per_job: f64) -> Supply {
    match scenario.load.pacing {
        Pacing::Open { rate_per_s, .. } => Supply::Open {
            ops_per_s: rate_per_s * ops_per_job,
        },
        Pacing::Closed { jobs } => closed(scenario, jobs),
    }
}

fn closed(scenario: &Scenario, jobs: u32) -> Supply {
    let load = &scenario.load;
    let ops = load.only().map_or(1, Work::ops);
    let think_ns = load.think.map_or(0.0, |think| mean_ns(think, 0.0));
    Supply::Closed {
        jobs: f64::from(jobs),
        think_ns: think_ns / ratio(ops, 1),
        room: f64::from(room(scenario)) * f64::from(load.threads),
    }
}

/// Ops that a thread can have under way at once.
fn room(scenario: &Scenario) -> u32 {
    if scenario.mode == Mode::Sync {
        return 1;
    }
    let device = &scenario.device;
    [
        device.slots,
        device.completion_depth,
        device.model.in_flight_limit,
    ]
    .into_iter()
    .chain(scenario.engine.max_in_flight)
    .min()
    .unwrap_or(u32::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}
