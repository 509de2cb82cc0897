//! What a run offers the device, or software: kinds and sizes of ops, and how many of them, as the scenario says.

use pausewake_device::protocol::OpKind;
use pausewake_engine::{HostCosts, Notify, OnFull};

use super::collect::Figures;
use super::prediction::{Demand, Host, Jobs, Offered, Prediction};
use super::service_means::mean_ns;
use crate::scenario::{Clock, Load, MixItem, Mode, Pacing, Scenario};

/// What `scenario` offers the device, or software; `None` where phases change it, or the CPU has to show what
/// software does.
fn offered(scenario: &Scenario) -> Option<Offered> {
    let load = &scenario.load;
    if !load.phases.is_empty() {
        return None;
    }
    let (demands, host) = match scenario.mode {
        Mode::Software => (Vec::new(), software(scenario)?),
        Mode::Async | Mode::Sync => {
            let demands = demands(load);
            let host = host(scenario, &demands);
            (demands, host)
        }
    };
    let ops = ops_each_time(load);
    Some(Offered {
        // A job of an open loop does something once.
        arrivals_per_s: match load.pacing {
            Pacing::Open { rate_per_s, .. } => Some(rate_per_s * ops),
            Pacing::Closed { .. } => None,
        },
        jobs: Jobs {
            at_once: f64::from(load.pacing.jobs()),
            think_ns: load.think.map_or(0.0, |think| mean_ns(think, 0.0)) / ops,
            room: f64::from(room(scenario)) * f64::from(load.threads),
            is_room_held_by_calls: scenario.mode == Mode::Sync,
        },
        host,
        demands,
    })
}

/// Ops that were to begin each second in an open loop; `None` where phases change it, or software takes some.
pub fn arrivals_per_s(scenario: &Scenario, figures: &Figures) -> Option<f64> {
    known(scenario, figures)?.arrivals_per_s
}

/// What follows from `scenario` of its ops; `None` where it does not say all that matters, or software took
/// some of them.
pub fn prediction(scenario: &Scenario, figures: &Figures) -> Option<Prediction> {
    Prediction::new(&scenario.model_by_kind()?, &known(scenario, figures)?)
}

fn known(scenario: &Scenario, figures: &Figures) -> Option<Offered> {
    let is_as_said = figures.software.total() == 0 || scenario.mode == Mode::Software;
    is_as_said.then(|| offered(scenario))?
}

/// The ops of `load` by their weights. Each item of a mix has its key.
fn demands(load: &Load) -> Vec<Demand> {
    let all: u64 = (load.mix.iter())
        .map(|item| u64::from(item.weight) * item.work.ops())
        .sum();
    let items = load.mix.iter().enumerate();
    let demands = items.flat_map(|(key, item)| {
        let ops = item.work.payloads().into_iter();
        ops.map(move |(kind, [bytes_in, bytes_out])| Demand {
            kind,
            key,
            share: ratio(u64::from(item.weight), all),
            bytes_in,
            bytes_out,
        })
    });
    demands.collect()
}

/// What is charged to the threads for each op, under virtual time. The doorbell is rung for many at
/// once, if there are many; where a call does not pause, it is rung for each. A call that waits for room
/// pauses once more, and is woken once more.
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
    let begun_ns = begun_ns(scenario, costs);
    let verified_ns = match (scenario.clock, scenario.engine.verify_signatures) {
        (Clock::Virtual, true) => verified_ns(scenario),
        _ => 0.0,
    };
    let pauses_for_room = scenario.mode == Mode::Async && scenario.engine.on_full == OnFull::Wait;
    Host {
        op_ns: own.get() as f64 + begun_ns + copied_ns + verified_ns,
        full_wait_ns: match pauses_for_room {
            true => to_wake.get() as f64,
            false => 0.0,
        },
        threads: f64::from(scenario.load.threads),
    }
}

/// What is charged to the threads for each op that they compute themselves, under virtual time.
fn software(scenario: &Scenario) -> Option<Host> {
    (scenario.clock == Clock::Virtual).then(|| Host {
        op_ns: in_software_ns(scenario, Some) + begun_ns(scenario, scenario.engine.host),
        full_wait_ns: 0.0,
        threads: f64::from(scenario.load.threads),
    })
}

/// What it takes of each op that its job begins, which is a switch to it; none on a single thread whose calls
/// never pause, which makes them without jobs.
#[expect(clippy::cast_precision_loss, reason = "costs are far below 2^53 ns")]
fn begun_ns(scenario: &Scenario, costs: HostCosts) -> f64 {
    let load = &scenario.load;
    if scenario.mode != Mode::Async && load.threads == 1 {
        return 0.0;
    }
    let times = match load.pacing {
        Pacing::Open { .. } => 1,
        Pacing::Closed { .. } => load.ops_per_job,
    };
    costs.switch_ns.get() as f64 / (f64::from(times) * ops_each_time(load))
}

/// What it takes on average to verify what ops sign.
fn verified_ns(scenario: &Scenario) -> f64 {
    in_software_ns(scenario, |kind| match kind {
        OpKind::RsaSign => Some(OpKind::RsaVerify),
        OpKind::EcdsaSign => Some(OpKind::EcdsaVerify),
        _ => None,
    })
}

/// What software takes on average for what `computed` says of each op's kind.
#[expect(clippy::cast_precision_loss, reason = "costs are far below 2^53 ns")]
fn in_software_ns(scenario: &Scenario, computed: impl Fn(OpKind) -> Option<OpKind>) -> f64 {
    let costs = &scenario.engine.host.software;
    let of_item = |item: &MixItem| {
        let (scheme, key_bits) = (item.work.curve(), item.work.key_bits());
        let ops = item.work.payloads().into_iter();
        let each = ops.filter_map(|(kind, [bytes_in, _])| {
            let cost = costs.of(computed(kind)?, scheme, key_bits);
            Some(cost.per_op_ns.get() as f64 + f64::from(cost.per_byte_ps) * bytes_in / 1e3)
        });
        each.sum()
    };
    mean_of(&scenario.load, of_item) / ops_each_time(&scenario.load)
}

/// Ops that what a job does next takes, on average.
fn ops_each_time(load: &Load) -> f64 {
    mean_of(load, |item| ratio(item.work.ops(), 1))
}

/// The mean over what jobs do next, by its weights.
fn mean_of(load: &Load, of: impl Fn(&MixItem) -> f64) -> f64 {
    let weight = |item: &MixItem| f64::from(item.weight);
    let weighed = load.mix.iter().map(|item| weight(item) * of(item));
    weighed.sum::<f64>() / load.mix.iter().map(weight).sum::<f64>()
}

/// Ops that a thread can have under way at once.
fn room(scenario: &Scenario) -> u32 {
    match scenario.mode {
        Mode::Async => {}
        Mode::Sync => return 1,
        Mode::Software => return u32::MAX,
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
