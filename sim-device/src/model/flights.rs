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
    /// Whether it shares the turn of another op, in a batch.
    pub(super) beside: bool,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_done_comes_first_and_ties_in_order_of_acceptance() {
        let mut flights = Flights::default();
        for (token, done) in [(0, 20), (1, 10), (2, 20), (3, 10), (4, 5)] {
            flights.insert(Nanos::new(done), flight(token));
        }
        let (done, first) = flights.first().expect("five are in flight");
        assert_eq!((done.get(), first.token), (5, 4));
        assert_eq!(tokens(&mut flights), [4, 1, 3, 0, 2]);
        assert!(flights.first().is_none());
    }

    #[test]
    fn places_are_used_again() {
        let mut flights = Flights::default();
        flights.reserve(64);
        let capacities = |flights: &Flights| {
            let (keys, vacant) = (flights.keys.capacity(), flights.vacant.capacity());
            (keys, flights.slab.capacity(), vacant)
        };
        let reserved = capacities(&flights);
        for round in 0..100_u32 {
            for token in 0..64 {
                let done = Nanos::new(u64::from((round * 7 + token * 13) % 101));
                flights.insert(done, flight(token));
            }
            let mut left = tokens(&mut flights);
            left.sort_unstable();
            assert!(left.into_iter().eq(0..64));
        }
        assert_eq!(flights.slab.len(), 64);
        assert_eq!(capacities(&flights), reserved, "nothing is allocated");
    }

    fn tokens(flights: &mut Flights) -> Vec<u32> {
        std::iter::from_fn(|| flights.pop().map(|(_, flight)| flight.token)).collect()
    }

    fn flight(token: u32) -> Flight {
        Flight {
            token,
            queue: QueueId(0),
            class: Class::Symmetric,
            bytes_out: 0,
            fetched_ns: Nanos::ZERO,
            started_ns: Nanos::ZERO,
            beside: false,
        }
    }
}
