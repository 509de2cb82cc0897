//! The servers of a class, and the queue before them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::config::ClassConfig;
use super::gate::Gate;
use super::limits::{Depth, reserved};
use super::op::Request;
use super::service::Service;
use super::stats::ClassStats;
use crate::random::Stream;
use crate::time::Nanos;

/// One class: its slices, its service times, its limit and its figures.
#[derive(Debug)]
pub(super) struct ClassState {
    pub(super) slices: Slices,
    pub(super) service: Service,
    pub(super) depth: Option<Depth>,
    /// Rate limits and batches, if it has any.
    pub(super) gate: Option<Box<Gate>>,
    pub(super) waiting: Waiting,
    pub(super) stats: ClassStats,
}

/// When a slice works on an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) started_ns: Nanos,
    pub(super) done_ns: Nanos,
}

impl ClassState {
    pub(super) fn new(config: &ClassConfig, stream: Stream) -> Self {
        Self {
            slices: Slices::new(config.slices),
            service: Service::new(config, stream),
            depth: config.queue_depth.map(Depth::new),
            gate: Gate::of(config),
            waiting: Waiting::default(),
            stats: ClassStats::new(config.slices),
        }
    }

    /// Whether time alone changes anything here.
    pub(super) fn follows_time(&self) -> bool {
        self.depth.is_some() || self.gate.is_some()
    }

    /// Gives the op of `request`, which the device has at `fetched`, its turn, where there is no gate.
    pub(super) fn serve(&mut self, fetched: Nanos, request: &Request) -> Turn {
        let duration = self.service.draw(request);
        let turn = self.slices.assign(fetched, duration);
        if let Some(depth) = &mut self.depth {
            depth.leave_at(turn.done_ns);
        }
        let waiting = self.waiting.join(fetched, turn.started_ns);
        self.stats.accepted(waiting);
        turn
    }
}

/// Parallel servers with one queue in order of arrival.
///
/// Who comes next and how long each takes is all there is to know, so an op's turn is settled when
/// it is accepted: the slice that is free first takes it, at the later of that moment and its own
/// (Kiefer and Wolfowitz's recursion for the queue G/G/c).
///
/// Memory grows with the number of slices that were ever busy at once.
#[derive(Debug)]
pub(super) struct Slices {
    /// Slices that have not worked yet.
    unused: u32,
    /// When each of the others is free.
    free_from: BinaryHeap<Reverse<Nanos>>,
}

impl Slices {
    fn new(count: u32) -> Self {
        Self {
            unused: count,
            free_from: BinaryHeap::with_capacity(reserved(count)),
        }
    }

    pub(super) fn assign(&mut self, ready: Nanos, duration: Nanos) -> Turn {
        let turn_from = |started_ns: Nanos| Turn {
            started_ns,
            done_ns: started_ns + duration,
        };
        let none_is_free = self.free_from.peek().is_none_or(|first| first.0 > ready);
        if none_is_free && self.unused > 0 {
            self.unused -= 1;
            let turn = turn_from(ready);
            self.free_from.push(Reverse(turn.done_ns));
            return turn;
        }
        let Some(mut first) = self.free_from.peek_mut() else {
            // A class without slices never serves.
            return turn_from(Nanos::MAX);
        };
        let turn = turn_from(ready.max(first.0));
        *first = Reverse(turn.done_ns);
        turn
    }
}

/// The ops that wait for a slice, as arriving ops find them; for the figures alone.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// When each one's turn comes, in order.
    starts: VecDeque<Nanos>,
}

impl Waiting {
    /// An op is fetched and has its turn at `started`; how many wait now, this one included.
    pub(super) fn join(&mut self, fetched: Nanos, started: Nanos) -> usize {
        while self.starts.front().is_some_and(|&start| start <= fetched) {
            self.starts.pop_front();
        }
        if started > fetched {
            self.starts.push_back(started);
        }
        self.starts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assign(slices: &mut Slices, ready: u64, duration: u64) -> (u64, u64) {
        let turn = slices.assign(Nanos::new(ready), Nanos::new(duration));
        (turn.started_ns.get(), turn.done_ns.get())
    }

    #[test]
    fn the_slice_that_is_free_first_takes_the_next_op() {
        let mut slices = Slices::new(2);
        assert_eq!(assign(&mut slices, 0, 100), (0, 100));
        assert_eq!(assign(&mut slices, 10, 20), (10, 30));
        assert_eq!(assign(&mut slices, 20, 5), (30, 35));
        assert_eq!(assign(&mut slices, 20, 100), (35, 135));
        assert_eq!(assign(&mut slices, 20, 1), (100, 101));
    }

    #[test]
    fn no_slices_never_serve_and_many_cost_nothing() {
        let mut none = Slices::new(0);
        assert_eq!(assign(&mut none, 5, 1), (u64::MAX, u64::MAX));
        let mut many = Slices::new(u32::MAX);
        for ready in 0..1_000 {
            assert_eq!(assign(&mut many, ready, 1), (ready, ready + 1));
        }
        assert_eq!(many.free_from.len(), 1);
    }

    #[test]
    fn the_queue_is_counted_as_arrivals_find_it() {
        let mut waiting = Waiting::default();
        let mut join = |fetched, started| waiting.join(Nanos::new(fetched), Nanos::new(started));
        assert_eq!(join(0, 0), 0);
        assert_eq!(join(1, 10), 1);
        assert_eq!(join(2, 20), 2);
        assert_eq!(join(10, 30), 2);
        assert_eq!(join(40, 40), 0);
    }
}
