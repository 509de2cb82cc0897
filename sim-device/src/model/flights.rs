//! Ops between acceptance and handing out, in order of their completion.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

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
/// Where ops are done in the order in which they were accepted, a line is all that it takes; whoever
/// is done before one that was accepted earlier overtakes the line, by way of a heap. The heap holds
/// small keys; what they stand for lies still in a slab. Nothing allocates once it has seen the most
/// ops at once that it will see.
#[derive(Debug, Default)]
pub(super) struct Flights {
    accepted: u64,
    in_line: VecDeque<(Order, Flight)>,
    overtaking: BinaryHeap<Reverse<Key>>,
    slab: Vec<Flight>,
    vacant: Vec<u32>,
}

/// When an op is done, and then which one was accepted: the time above, the number below.
type Order = u128;

/// Compared field by field, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    order: Order,
    place: u32,
}

impl Flights {
    pub(super) fn reserve(&mut self, additional: usize) {
        self.in_line.reserve(additional);
        self.overtaking.reserve(additional);
        self.slab.reserve(additional);
        self.vacant.reserve(additional);
    }

    /// Puts an op in that is done at `done_ns`.
    #[inline]
    pub(super) fn insert(&mut self, done_ns: Nanos, flight: Flight) {
        let order = u128::from(done_ns.get()) << u64::BITS | u128::from(self.accepted);
        self.accepted += 1;
        let last = self.in_line.back();
        if last.is_none_or(|(last, _)| *last < order) {
            self.in_line.push_back((order, flight));
        } else {
            self.overtake(order, flight);
        }
    }

    fn overtake(&mut self, order: Order, flight: Flight) {
        let place = if let Some(place) = self.vacant.pop() {
            self.slab[place as usize] = flight;
            place
        } else {
            self.slab.push(flight);
            u32::try_from(self.slab.len() - 1).expect("an op has a token of 32 bits")
        };
        self.overtaking.push(Reverse(Key { order, place }));
    }

    /// The op that is done first, and when.
    #[inline]
    pub(super) fn first(&self) -> Option<(Nanos, &Flight)> {
        let in_line = self.in_line.front();
        let (order, flight) = match self.overtaking.peek() {
            Some(Reverse(key)) if in_line.is_none_or(|(order, _)| key.order < *order) => {
                (key.order, &self.slab[key.place as usize])
            }
            _ => in_line.map(|(order, flight)| (*order, flight))?,
        };
        Some((done_ns(order), flight))
    }

    /// Takes out the op that is done first.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<(Nanos, Flight)> {
        let in_line = self.in_line.front();
        let overtakes =
            |Reverse(key): &Reverse<Key>| in_line.is_none_or(|(order, _)| key.order < *order);
        if self.overtaking.peek().is_some_and(overtakes) {
            let Reverse(key) = self.overtaking.pop()?;
            self.vacant.push(key.place);
            return Some((done_ns(key.order), self.slab[key.place as usize]));
        }
        let (order, flight) = self.in_line.pop_front()?;
        Some((done_ns(order), flight))
    }
}

const fn done_ns(order: Order) -> Nanos {
    Nanos::new((order >> u64::BITS) as u64)
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
            [
                flights.in_line.capacity(),
                flights.overtaking.capacity(),
                flights.slab.capacity(),
                flights.vacant.capacity(),
            ]
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
        assert!(flights.slab.len() <= 64);
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
