//! What is full, and since when there has been room again.
//!
//! A limit is a number of *places*. An op takes one, keeps it for its time, and gives it back at a
//! known moment. That moment outlives the op: whoever takes the place next may have been waiting
//! outside, and cannot have been in the device before the place was empty. So empty places are
//! kept with the time since which they are empty, and a request that is looked at late is still
//! put where it belongs.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::time::Nanos;

/// The places under one limit.
///
/// Memory grows with the number of places that were ever taken at once, not with the limit.
#[derive(Debug)]
pub(super) struct Places {
    taken: u32,
    /// Places that nobody has had yet: empty since the beginning.
    unused: u32,
    /// Places given back, by the time since which they are empty, oldest first.
    empty_since: VecDeque<Nanos>,
}

impl Places {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            taken: 0,
            unused: limit,
            empty_since: VecDeque::with_capacity(reserved(limit)),
        }
    }

    pub(super) const fn taken(&self) -> u32 {
        self.taken
    }

    pub(super) fn is_full(&self) -> bool {
        self.unused == 0 && self.empty_since.is_empty()
    }

    /// Takes a place for an op that would come at `wanted` if it could, and says when it can: at
    /// `wanted`, or later, when a place became empty.
    ///
    /// There must be a place; the caller has asked [`is_full`](Self::is_full).
    pub(super) fn take(&mut self, wanted: Nanos) -> Nanos {
        debug_assert!(!self.is_full(), "the caller asks first");
        self.taken = self.taken.saturating_add(1);
        match self.empty_since.front() {
            Some(&since) if since <= wanted || self.unused == 0 => {
                self.empty_since.pop_front();
                wanted.max(since)
            }
            _ => {
                self.unused = self.unused.saturating_sub(1);
                wanted
            }
        }
    }

    /// A taken place is empty since `at`.
    pub(super) fn give_back(&mut self, at: Nanos) {
        debug_assert!(self.taken > 0, "given back more often than taken");
        self.taken = self.taken.saturating_sub(1);
        self.empty_since.push_back(at);
    }
}

/// The `queue_depth` of a class: places that are given back when the slice is done, which is known
/// in advance, rather than when the completion is handed out.
#[derive(Debug)]
pub(super) struct Depth {
    places: Places,
    /// When the taken places will be given back.
    leaving: BinaryHeap<Reverse<Nanos>>,
}

impl Depth {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            places: Places::new(limit),
            leaving: BinaryHeap::with_capacity(reserved(limit)),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.places.is_full()
    }

    /// As [`Places::take`].
    pub(super) fn take(&mut self, wanted: Nanos) -> Nanos {
        self.places.take(wanted)
    }

    /// The place that was taken last will be given back at `done`.
    pub(super) fn leave_at(&mut self, done: Nanos) {
        self.leaving.push(Reverse(done));
    }

    /// Gives back what is due by `now`.
    pub(super) fn pass_to(&mut self, now: Nanos) {
        while let Some(&Reverse(done)) = self.leaving.peek() {
            if done > now {
                return;
            }
            self.leaving.pop();
            self.places.give_back(done);
        }
    }

    /// When there will be room, if there is none.
    pub(super) fn room_from(&self) -> Option<Nanos> {
        if !self.is_full() {
            return None;
        }
        self.leaving.peek().map(|&Reverse(done)| done)
    }
}

/// Room to reserve for a limit: all of a hardware ring's, but not of a limit that means 'none'.
pub(super) fn reserved(limit: u32) -> usize {
    limit.min(MOST_RESERVED) as usize
}

const MOST_RESERVED: u32 = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn ns(ns: u64) -> Nanos {
        Nanos::new(ns)
    }

    #[test]
    fn whoever_waited_comes_when_a_place_is_empty() {
        let mut places = Places::new(2);
        assert_eq!(places.take(ns(10)), ns(10));
        assert_eq!(places.take(ns(10)), ns(10));
        assert!(places.is_full());
        places.give_back(ns(50));
        places.give_back(ns(60));
        assert_eq!(places.take(ns(11)), ns(50));
        assert_eq!(places.take(ns(12)), ns(60));
        assert!(places.is_full());
        assert_eq!(places.taken(), 2);
    }

    #[test]
    fn nobody_waits_while_a_place_was_empty() {
        let mut places = Places::new(2);
        assert_eq!(places.take(ns(10)), ns(10));
        places.give_back(ns(50));
        assert_eq!(
            places.take(ns(20)),
            ns(20),
            "the second place was never taken"
        );
        assert_eq!(
            places.take(ns(70)),
            ns(70),
            "the first has been empty since 50"
        );
    }

    #[test]
    fn a_huge_limit_costs_what_is_used_of_it() {
        let mut places = Places::new(u32::MAX);
        for at in 0..10_000 {
            assert_eq!(places.take(ns(at)), ns(at));
            places.give_back(ns(at));
        }
        assert_eq!(places.empty_since.len(), 1);
    }

    #[test]
    fn a_class_gives_back_when_time_has_come() {
        let mut depth = Depth::new(1);
        assert_eq!(depth.room_from(), None);
        assert_eq!(depth.take(ns(5)), ns(5));
        depth.leave_at(ns(30));
        depth.pass_to(ns(29));
        assert_eq!(depth.room_from(), Some(ns(30)));
        depth.pass_to(ns(30));
        assert!(!depth.is_full());
        assert_eq!(depth.take(ns(6)), ns(30));
    }
}
