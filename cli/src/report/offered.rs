//! What a run offers the device: kinds and sizes of ops as they went there, and how many of them by
//! the scenario's pacing.

use pausewake_device::protocol::OpKind;
use pausewake_engine::{HostCosts, Notify};

use super::collect::Figures;
use super::slices::{Demand, Host, Offered, Supply, mean_ns};
use crate::scenario::{Clock, Load, MixItem, Mode, Pacing, Scenario};

/// The ops that the device was asked for, and what decides how many there are; `None` when nothing
/// was asked, or software took some of the ops, or phases change the load.
pub fn offered(scenario: &Scenario, figures: &Figures) -> Option<Offered> {
    of_supply(scenario, figures, supply(scenario))
}

/// The same ops, by as many jobs as there may be at once, which are never idle.
pub fn at_most(scenario: &Scenario, figures: &Figures) -> Option<Offered> {
    let jobs = scenario.load.pacing.jobs();
    of_supply(scenario, figures, closed(scenario, jobs))
}

fn of_supply(scenario: &Scenario, figures: &Figures, supply: Supply) -> Option<Offered> {
    let demands = demands(scenario, figures)?;
    let host = host(scenario, &demands);
    Some(Offered {
        demands,
        supply,
        host,
    })
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

/// What is charged to the threads for each op, under virtual time. The doorbell is rung for many at
/// once, if there are many; where a call does not pause, it is rung for each.
#[expect(clippy::cast_precision_loss, reason = "costs are far below 2^53 ns")]
fn host(scenario: &Scenario, demands: &[Demand]) -> Host {
    let costs = match scenario.clock {
        Clock::Virtual => scenario.engine.host,
        Clock::Wall => HostCosts::FREE,
    };
    let to_wake = match (scenario.mode, scenario.engine.notify) {
        (Mode::Sync | Mode::Software, _) => costs.doorbell_ns,
        (Mode::Async, Notify::Callback) => costs.callback_ns + costs.switch_ns,
        (Mode::Async, Notify::Fd) => costs.fd_wake_ns + costs.switch_ns,
        (Mode::Async, Notify::Poll) => costs.switch_ns,
    };
    let bytes = |demand: &Demand| demand.share * (demand.bytes_in + demand.bytes_out);
    let copied_ns =
        demands.iter().map(bytes).sum::<f64>() * f64::from(costs.copy_ps_per_byte) / 1e3;
    let own = costs.submit_ns + costs.reap_ns + to_wake;
    Host {
        op_ns: own.get() as f64 + copied_ns,
        threads: f64::from(scenario.load.threads),
    }
}

fn supply(scenario: &Scenario) -> Supply {
    match scenario.load.pacing {
        // A job of an open loop does something once.
        Pacing::Open { rate_per_s, .. } => Supply::Open {
            ops_per_s: rate_per_s * ops_each_time(&scenario.load),
        },
        Pacing::Closed { jobs } => closed(scenario, jobs),
    }
}

/// Ops that what a job does next takes, on average.
fn ops_each_time(load: &Load) -> f64 {
    let weight = |item: &MixItem| f64::from(item.weight);
    let ops = |item: &MixItem| weight(item) * ratio(item.work.ops(), 1);
    load.mix.iter().map(ops).sum::<f64>() / load.mix.iter().map(weight).sum::<f64>()
}

fn closed(scenario: &Scenario, jobs: u32) -> Supply {
    let load = &scenario.load;
    let think_ns = load.think.map_or(0.0, |think| mean_ns(think, 0.0));
    Supply::Closed {
        jobs: f64::from(jobs),
        think_ns: think_ns / ops_each_time(load),
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
