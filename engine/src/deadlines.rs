//! When operations in flight time out.
//!
//! A deadline counts from the call, and calls wait in line before they submit: so deadlines do not
//! come in order, and a heap orders them. Most operations are over long before their time is up.
//! Their entries go when they come to the top, and all at once when there are more of them than of
//! others: the heap never holds more than a few entries per slot.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use pausewake_device::Nanos;
use pausewake_device::protocol::Cookie;

use crate::slots::SlotTable;

/// The deadlines of one engine's operations.
#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    heap: BinaryHeap<Reverse<Entry>>,
}

/// Deadline, slot, generation.
type Entry = (Nanos, u32, u32);

impl Deadlines {
    /// The time of `op` is up at `deadline_ns`.
    pub(crate) fn push(&mut self, deadline_ns: Nanos, op: Cookie, slots: &mut SlotTable) {
        if self.heap.len() >= ENTRIES_PER_SLOT * slots.len() {
            self.heap.retain(|Reverse((_, slot, generation))| {
                slots.is_in_flight(named(*slot, *generation))
            });
        }
        self.heap
            .push(Reverse((deadline_ns, op.slot, op.generation)));
    }

    /// When the next operation that is still in flight times out.
    pub(crate) fn next_ns(&mut self, slots: &mut SlotTable) -> Option<Nanos> {
        while let Some(Reverse((deadline_ns, slot, generation))) = self.heap.peek().copied() {
            if slots.is_in_flight(named(slot, generation)) {
                return Some(deadline_ns);
            }
            self.heap.pop();
        }
        None
    }

    /// Takes an operation that is still in flight and whose time is up.
    pub(crate) fn pop_due(&mut self, now: Nanos, slots: &mut SlotTable) -> Option<Cookie> {
        if self.next_ns(slots)? > now {
            return None;
        }
        let Reverse((_, slot, generation)) = self.heap.pop()?;
        Some(named(slot, generation))
    }
}

fn named(slot: u32, generation: u32) -> Cookie {
    Cookie { slot, generation }
}

/// An operation has one entry; of two entries per slot, at least half are of operations that are
/// over, so that a sweep halves the heap.
const ENTRIES_PER_SLOT: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slots::State;

    fn submit(slots: &mut SlotTable, deadlines: &mut Deadlines, deadline_ns: u64) -> Cookie {
        let op = slots.grant().expect("a slot is free");
        slots.get(op).expect("its use goes on").state = State::InFlight;
        deadlines.push(Nanos::new(deadline_ns), op, slots);
        op
    }

    #[test]
    fn the_earliest_comes_first_whenever_it_was_submitted() {
        let (mut slots, mut deadlines) = (SlotTable::new(3), Deadlines::default());
        let late = submit(&mut slots, &mut deadlines, 30);
        let early = submit(&mut slots, &mut deadlines, 10);
        let over = submit(&mut slots, &mut deadlines, 5);
        slots.release(over);
        assert_eq!(deadlines.next_ns(&mut slots), Some(Nanos::new(10)));
        assert_eq!(deadlines.pop_due(Nanos::new(9), &mut slots), None);
        assert_eq!(deadlines.pop_due(Nanos::new(10), &mut slots), Some(early));
        assert_eq!(deadlines.pop_due(Nanos::new(29), &mut slots), None);
        assert_eq!(deadlines.pop_due(Nanos::new(99), &mut slots), Some(late));
        assert_eq!(deadlines.next_ns(&mut slots), None);
    }

    #[test]
    fn a_million_ops_that_end_in_time_leave_a_bounded_heap() {
        let (mut slots, mut deadlines) = (SlotTable::new(8), Deadlines::default());
        // One that stays, and is the earliest: what is over hides behind it.
        let stays = submit(&mut slots, &mut deadlines, 1);
        for number in 0..1_000_000 {
            let op = submit(&mut slots, &mut deadlines, 1_000_000_000 + number);
            slots.release(op);
            assert!(deadlines.heap.len() <= ENTRIES_PER_SLOT * 8);
        }
        assert_eq!(deadlines.next_ns(&mut slots), Some(Nanos::new(1)));
        assert_eq!(deadlines.pop_due(Nanos::new(1), &mut slots), Some(stays));
    }
}
