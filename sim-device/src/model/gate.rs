//! What stands before the slices of a class that does not simply serve who comes: rate limits, and
//! the place where batches gather.
//!
//! ```text
//!  fetched ─► rate of its key ─► rate of the class ─► batch ─► slices
//! ```
//!
//! Elsewhere an op's turn is settled when it is accepted. Not so here: one that waits for its key
//! must not hold up another that comes later with a key of its own, and who else is in a batch is
//! not known when its first op comes. So an op is *held* until time has come, and gets its turn then:
//! at the time at which it was due, whenever the driver looks. Its service time is drawn at
//! acceptance all the same, so that a gate does not move it.
//!
//! A rate of the class alone holds nothing: its ops pass in order of acceptance, at times that are
//! known at once.
//!
//! What a late look costs: an op that was submitted before another was due, and is seen after that
//! one got its turn, comes behind it, or misses its batch. It is off by no more than the time since
//! the last look, and never early.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::batch::{Batches, Lane};
use super::config::ClassConfig;
use super::flights::{Flight, Flights};
use super::op::Request;
use super::rate::{Bucket, KeyBuckets};
use super::slices::ClassState;
use crate::protocol::OpKind;
use crate::time::Nanos;

/// The gate of a class.
#[derive(Debug)]
pub(super) struct Gate {
    by_key: Option<KeyBuckets>,
    of_class: Option<Bucket>,
    batches: Option<Batches>,
    held: BinaryHeap<Reverse<Entry>>,
    entered: u64,
}

/// An op that has been accepted and has no turn yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) lane: Lane,
    /// How long a slice will work on it.
    pub(super) duration: Nanos,
    pub(super) flight: Flight,
}

/// An op on its way through the gate, and when it goes on.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Nanos,
    entered: u64,
    passed_class: bool,
    op: Held,
}

/// What becomes of an op at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// It gets its turn from then on.
    Ready(Nanos),
    /// It gets its turn by [`Gate::release`].
    Held,
}

impl Gate {
    /// The gate of a class of `config`, if it needs one.
    pub(super) fn of(config: &ClassConfig) -> Option<Box<Self>> {
        let is_open =
            config.rate.is_none() && config.rate_per_key.is_none() && config.batch.is_none();
        (!is_open).then(|| {
            Box::new(Self {
                by_key: config.rate_per_key.map(KeyBuckets::new),
                of_class: config.rate.map(Bucket::new),
                batches: config.batch.map(Batches::new),
                held: BinaryHeap::new(),
                entered: 0,
            })
        })
    }

    /// Ops in it.
    pub(super) fn held(&self) -> usize {
        self.held.len() + self.batches.as_ref().map_or(0, Batches::gathered)
    }

    /// The op of `request`, which the device has since [`Flight::fetched_ns`], comes to the gate.
    pub(super) fn enter(&mut self, request: &Request, op: Held) -> Entered {
        let fetched_ns = op.flight.fetched_ns;
        let (at, passed_class) = match &mut self.by_key {
            // A task has no key.
            Some(keys) if request.kind != OpKind::Task => {
                (keys.pass(request.key, fetched_ns), self.of_class.is_none())
            }
            Some(_) => (fetched_ns, self.of_class.is_none()),
            None => match &mut self.of_class {
                Some(class) => (class.pass(fetched_ns), true),
                None => (fetched_ns, true),
            },
        };
        if self.by_key.is_none() && self.batches.is_none() {
            return Entered::Ready(at);
        }
        self.hold(at, passed_class, op);
        Entered::Held
    }

    /// When the next op goes on, if one is held.
    pub(super) fn next_release(&self) -> Option<Nanos> {
        let first = self.held.peek().map(|Reverse(entry)| entry.at);
        first.into_iter().chain(self.next_flush()).min()
    }

    /// Lets time pass to `now`. What is due by then goes to `serve`, in order: when its turn may
    /// begin, and the ops that share it, at least one.
    pub(super) fn release(&mut self, now: Nanos, serve: &mut impl FnMut(Nanos, &[Held])) {
        while let Some(at) = self.next_release().filter(|&at| at <= now) {
            // Who comes at the moment of the flush still joins.
            match self.held.peek() {
                Some(Reverse(first)) if first.at <= at => self.go_on(serve),
                _ => {
                    if let Some(batches) = &mut self.batches {
                        batches.flush(at, &mut *serve);
                    }
                }
            }
        }
    }

    /// The first of the held ops goes on.
    fn go_on(&mut self, serve: &mut impl FnMut(Nanos, &[Held])) {
        let Some(Reverse(Entry {
            at,
            passed_class,
            op,
            ..
        })) = self.held.pop()
        else {
            return;
        };
        if !passed_class && let Some(class) = &mut self.of_class {
            let passed = class.pass(at);
            if passed > at {
                return self.hold(passed, true, op);
            }
        }
        match &mut self.batches {
            None => serve(at, &[op]),
            Some(batches) => batches.join(at, op, serve),
        }
    }

    fn hold(&mut self, at: Nanos, passed_class: bool, op: Held) {
        self.held.push(Reverse(Entry {
            at,
            entered: self.entered,
            passed_class,
            op,
        }));
        self.entered += 1;
    }

    fn next_flush(&self) -> Option<Nanos> {
        self.batches.as_ref().and_then(Batches::next_flush)
    }
}

impl ClassState {
    /// The op of `request` comes to the class's gate; its turn goes to `flights` when it is known.
    pub(super) fn enter(&mut self, request: &Request, flight: Flight, flights: &mut Flights) {
        let op = Held {
            lane: Lane::of(request),
            duration: self.service.draw(request),
            flight,
        };
        let Some(gate) = &mut self.gate else { return };
        let entered = gate.enter(request, op);
        let held = gate.held();
        let waiting = match entered {
            Entered::Ready(at) => self.turn(at, &[op], flights),
            Entered::Held => self.waiting.join(flight.fetched_ns, flight.fetched_ns) + held,
        };
        self.stats.accepted(waiting);
    }

    /// Gives their turn to those whose time at the gate has come by `now`.
    pub(super) fn release(&mut self, now: Nanos, flights: &mut Flights) {
        let Some(mut gate) = self.gate.take() else {
            return;
        };
        gate.release(now, &mut |at, ops| {
            self.turn(at, ops, flights);
        });
        self.gate = Some(gate);
    }

    /// Gives `ops` a turn that begins at `at` or later; how many wait for a slice then.
    fn turn(&mut self, at: Nanos, ops: &[Held], flights: &mut Flights) -> usize {
        let longest = ops.iter().map(|op| op.duration).max();
        let turn = self.slices.assign(at, longest.unwrap_or_default());
        let mut waiting = 0;
        for (index, op) in ops.iter().enumerate() {
            if let Some(depth) = &mut self.depth {
                depth.leave_at(turn.done_ns);
            }
            waiting = self.waiting.join(op.flight.fetched_ns, turn.started_ns);
            let flight = Flight {
                started_ns: turn.started_ns,
                beside: index > 0,
                ..op.flight
            };
            flights.insert(turn.done_ns, flight);
        }
        waiting
    }
}

/// In order of time, ties in the order in which they came.
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.entered).cmp(&(other.at, other.entered))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
