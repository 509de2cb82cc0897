//! How many ops a load makes of a device, by the configuration alone.
//!
//! An open loop does what arrives, or what the slowest part can do; a closed loop is bounded by the same and
//! by a round in which no op waits for another (Denning and Buzen, *The Operational Analysis of Queueing
//! Network Models*, 1978, on asymptotic bounds). The host's threads are a part as the others are, and have
//! more to do for calls that wait for room.

mod batch;
mod link;
mod round;

use pausewake_device::model::ModelConfig;
use pausewake_device::protocol::{Class, OpKind};

use super::little::to_millionths;
use super::parts::{InTurns, Limit, PredictedThroughput, PredictedUtilisation};
use round::{Round, per};

/// What ops of one kind ask of the device.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// What they are.
    pub kind: OpKind,
    /// The number of their key: ops with the same one share it.
    pub key: usize,
    /// Their share of all ops.
    pub share: f64,
    /// Payload on the way to the device, bytes on average.
    pub bytes_in: f64,
    /// Payload on the way home.
    pub bytes_out: f64,
}

/// Who makes the ops, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Jobs {
    /// How many there are at once; of an open loop at most.
    pub at_once: f64,
    /// Time between an op of a job and its next one, ns.
    pub think_ns: f64,
    /// Ops that can be under way at once; a job that thinks needs no room.
    pub room: f64,
    /// Whether an op leaves its room only when the host has done its work for it, too: because its call holds
    /// the thread.
    pub is_room_held_by_calls: bool,
}

/// What the application's threads do for each op.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// The work of an op that no other shares, ns.
    pub op_ns: f64,
    /// What is added to it where the op's call waited for room, ns.
    pub full_wait_ns: f64,
    /// How many work.
    pub threads: f64,
}

/// All that a run offers the device.
#[derive(Clone, Debug)]
pub struct Offered {
    /// What is asked of it.
    pub demands: Vec<Demand>,
    /// Ops that arrive each second, in an open loop.
    pub arrivals_per_s: Option<f64>,
    /// Who asks.
    pub jobs: Jobs,
    /// Through whose hands they go.
    pub host: Host,
}

/// What follows from a configuration.
#[derive(Clone, Debug)]
pub struct Prediction {
    arrivals_per_ns: Option<f64>,
    /// The most ops that there can be, if enough arrive.
    capacity_per_ns: f64,
    /// What is left of it once all calls wait for room, if that is less.
    in_line_per_ns: Option<f64>,
    /// The most that there can be of this load, and what does not let through more.
    bound_per_ns: f64,
    limit: Limit,
    in_turns_per_ns: Option<f64>,
    host_ns: f64,
    round: Round,
}

impl Prediction {
    /// What `load` makes of the device of `model`, which has one service time for each kind of op. `None` where
    /// that depends on more than the configuration says: on how ops of different kinds, or of jobs that
    /// think, come to share batches.
    pub fn new(model: &ModelConfig, load: &Offered) -> Option<Self> {
        let round = Round::new(model, load)?;
        let Jobs {
            at_once,
            think_ns,
            room,
            is_room_held_by_calls,
        } = load.jobs;
        let in_room_ns = match is_room_held_by_calls {
            true => round.alone_ns,
            false => round.device_ns,
        };
        let host = load.host;
        let slowest = |host_ns| {
            let rest = [
                (Limit::Host, per(host.threads, host_ns)),
                (Limit::Jobs, per(at_once, round.alone_ns + think_ns)),
                (Limit::Room, per(room, in_room_ns)),
            ];
            // Of two that are the same, the part is the limit: more jobs would not bring more.
            let all = round.parts.iter().copied().chain(rest);
            all.min_by(|(_, a), (_, b)| a.total_cmp(b))
        };
        let at_best = slowest(host.op_ns)?;
        let in_line = slowest(host.op_ns + host.full_wait_ns)?;
        let arrivals_per_ns = load.arrivals_per_s.map(|it| it / 1e9);
        let (_, capacity_per_ns) = at_best;
        let can_wait = at_once >= 2.0 * room && in_line.1 < capacity_per_ns;
        let all_wait = match arrivals_per_ns {
            Some(arrivals) => arrivals > capacity_per_ns,
            None => think_ns == 0.0,
        };
        let (limit, bound_per_ns) = if can_wait && all_wait {
            in_line
        } else {
            at_best
        };
        Some(Self {
            arrivals_per_ns,
            capacity_per_ns,
            in_line_per_ns: can_wait.then_some(in_line.1),
            bound_per_ns,
            limit,
            in_turns_per_ns: round.in_turns_per_ns(load).map(|it| it.min(bound_per_ns)),
            host_ns: host.op_ns / host.threads,
            round,
        })
    }

    /// The most ops each second: if they are a closed loop of as many jobs as an open one has at most,
    /// what arrives above it waits for longer and longer. Infinite where nothing takes any time.
    pub fn capacity_per_s(&self) -> f64 {
        self.capacity_per_ns * 1e9
    }

    /// How long an op takes that never waits for another, ns.
    pub fn alone_ns(&self) -> f64 {
        self.round.alone_ns
    }

    fn at_most_per_ns(&self) -> f64 {
        let arrivals = self.arrivals_per_ns.unwrap_or(f64::INFINITY);
        arrivals.min(self.bound_per_ns)
    }

    /// Ops each second; `None` where nothing takes any time.
    pub fn throughput(&self) -> Option<PredictedThroughput> {
        let at_most = self.at_most_per_ns();
        let per_s = |per_ns: f64| to_millionths(per_ns * 1e9);
        at_most.is_finite().then(|| PredictedThroughput {
            at_most_per_s: per_s(at_most),
            in_turns_per_s: self.in_turns_per_ns.map(per_s),
            in_line_per_s: self.in_line_per_ns.map(per_s),
            limit: self.bound_per_ns.is_finite().then_some(self.limit),
        })
    }

    /// How busy the slices of `class` are: throughput × service time / slices (the
    /// utilisation law). `None` if it serves nothing.
    pub fn utilisation(&self, class: Class) -> Option<PredictedUtilisation> {
        let own_ns = self.round.slices_ns[class.index()]?;
        if own_ns <= 0.0 {
            return None;
        }
        let busy = |ops_per_ns: f64| to_millionths(ops_per_ns * own_ns);
        Some(PredictedUtilisation {
            utilisation: busy(self.at_most_per_ns()),
            at_most: self.arrivals_per_ns.is_none(),
            in_turns: self.in_turns_per_ns.map(|ops_per_ns| InTurns {
                utilisation: busy(ops_per_ns),
                host: to_millionths(ops_per_ns * self.host_ns),
            }),
        })
    }
}

#[cfg(test)]
mod tests;
