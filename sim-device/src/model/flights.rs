//! Ops between acceptance and handing out, in order of their completion.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::op::QueueId;
use crate::protocol::Class;
use crate::time::Nanos;

/// What is kept of an op while it is in the device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) token: u32,
    pub(super) queue: QueueId,
    pub(super) class: Class,
    pub(super) bytes_out: u32,
    pub(super) fetched_ns: Nanos,
    pub(super) started_ns: Nanos,
}

/// A priority queue by the time of completion, ties in order of acceptance.
///
/// The heap holds small keys; what they stand for lies still in a slab. Neither allocates once it
/// has seen the most ops at once that it will see.
#[derive(Debug, Default)]
pub(super) struct Flights {
    keys: BinaryHeap<Reverse<Key>>,
    accepted: u64,
    slab: Vec<Flight>,
    vacant: Vec<usize>,
}

/// Compared field by field, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    done_ns: Nanos,
    accepted: u64,
    place: usize,
}

impl Flights {
    pub(super) fn reserve(&mut self, additional: usize) {
        self.keys.reserve(additional);
        self.slab.reserve(additional);
        self.vacant.reserve(additional);
    }

    /// Puts an op in that is done at `done_ns`.
    pub(super) fn insert(&mut self, done_ns: Nanos, flight: Flight) {
        let place = if let Some(place) = self.vacant.pop() {
            self.slab[place] = flight;
            place
        } else {
            self.slab.push(flight);
            self.slab.len() - 1
        };
        self.keys.push(Reverse(Key {
            done_ns,
            accepted: self.accepted,
            place,
        }));
        self.accepted += 1;
    }

    /// The op that is done first, and when.
    pub(super) fn first(&self) -> Option<(Nanos, &Flight)> {
        let Reverse(key) = self.keys.peek()?;
        Some((key.done_ns, &self.slab[key.place]))
    }

    /// Takes out the op that is done first.
    pub(super) fn pop(&mut self) -> Option<(Nanos, Flight)> {
        let Reverse(key) = self.keys.pop()?;
        self.vacant.push(key.place);
        Some((key.done_ns, self.slab[key.place]))
    }
}
