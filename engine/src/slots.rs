//! The slot table: where every operation's state lives, and nowhere else.
//!
//! A completion names a slot and the generation of its use. It never reaches a job's stack: it
//! changes the slot, if generation and state allow, and else it is an orphan and changes nothing.
//! So a late, a doubled and a forged completion are all harmless, and a job may vanish at any time.
//!
//! ```text
//!            grant            submit             complete           take
//!   Free ──────────► Granted ────────► InFlight ─────────► Completed ────► Free
//!                       │                 │ abandon            │ abandon
//!                       └──► Free         └──► Abandoned       └──► Free
//!                        give back               │ complete
//!                                                └──► Free
//! ```

use pausewake_device::Nanos;
use pausewake_device::protocol::{Completion, Cookie, OpKind};
use pausewake_jobs::JobId;

use crate::notify::Waiter;

/// Where an operation stands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    Free,
    Granted,
    InFlight,
    Completed(Completion),
    /// The call's time is up, and it has not returned yet. The payload belongs to the device until
    /// it has answered.
    TimedOut {
        answered: bool,
    },
    /// In flight, and nobody waits for it: the slot's payload still belongs to the device.
    Abandoned,
}

impl State {
    /// Whether the call can return.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Completed(_) | Self::TimedOut { .. })
    }
}

/// One slot.
#[derive(Debug)]
pub(crate) struct Slot {
    generation: u32,
    pub(crate) state: State,
    pub(crate) op: Op,
}

/// What is known of the operation in a slot.
#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) kind: OpKind,
    pub(crate) job: Option<JobId>,
    /// Whom to tell.
    pub(crate) waiter: Waiter,
    pub(crate) seen: Seen,
    /// Bytes of the payload slot that hold something to wipe.
    pub(crate) used_bytes: usize,
}

/// What is known of an operation when it is submitted, beside whom to tell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About {
    pub(crate) kind: OpKind,
    pub(crate) job: Option<JobId>,
    /// Bytes of the payload slot that will hold something to wipe.
    pub(crate) used_bytes: usize,
    pub(crate) call_ns: Nanos,
    pub(crate) granted_ns: Nanos,
}

/// The moments of an operation that the engine sees for itself, as far as they have come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) call_ns: Nanos,
    pub(crate) granted_ns: Nanos,
    pub(crate) doorbell_ns: Nanos,
    pub(crate) known_ns: Nanos,
}

/// What a completion did.
pub(crate) enum Completed {
    /// It was waited for.
    Known,
    /// Nobody waits any more; the slot is free again. Says how much of it to wipe.
    Freed { used_bytes: usize },
    /// Its call is told already that the time is up.
    Late,
    /// It named nothing that is in flight.
    Orphan,
}

/// All slots of one queue.
#[derive(Debug)]
pub(crate) struct SlotTable {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl SlotTable {
    pub(crate) fn new(count: u32) -> Self {
        Self {
            slots: (0..count).map(|_| Slot::new()).collect(),
            // The lowest index is handed out first: its payload is the likeliest to be cached.
            free: (0..count).rev().collect(),
        }
    }

    /// Takes a free slot and begins a new generation of it.
    #[inline]
    pub(crate) fn grant(&mut self) -> Option<Cookie> {
        let index = self.free.pop()?;
        let slot = &mut self.slots[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.state = State::Granted;
        Some(Cookie {
            slot: index,
            generation: slot.generation,
        })
    }

    /// Slots that are free now.
    pub(crate) fn free_count(&self) -> usize {
        self.free.len()
    }

    /// Slots that are not free now.
    pub(crate) fn used_count(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Slots, free or not.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether the device owes the answer to `op`, and its call waits for it.
    pub(crate) fn is_in_flight(&mut self, op: Cookie) -> bool {
        self.get(op)
            .is_some_and(|slot| matches!(slot.state, State::InFlight))
    }

    /// The slot, if this is its current use.
    #[inline]
    pub(crate) fn get(&mut self, op: Cookie) -> Option<&mut Slot> {
        self.slots
            .get_mut(op.slot as usize)
            .filter(|slot| slot.generation == op.generation)
    }

    /// Enters a completion, known at `known_ns`.
    #[inline]
    pub(crate) fn complete(&mut self, completion: Completion, known_ns: Nanos) -> Completed {
        let Some(slot) = self.get(completion.cookie) else {
            return Completed::Orphan;
        };
        match slot.state {
            State::InFlight => {
                slot.state = State::Completed(completion);
                slot.op.seen.known_ns = known_ns;
                Completed::Known
            }
            State::Abandoned => {
                let used_bytes = slot.op.used_bytes;
                self.release(completion.cookie);
                Completed::Freed { used_bytes }
            }
            State::TimedOut { answered: false } => {
                slot.state = State::TimedOut { answered: true };
                Completed::Late
            }
            State::Free
            | State::Granted
            | State::Completed(_)
            | State::TimedOut { answered: true } => Completed::Orphan,
        }
    }

    /// The time of `op` is up. Says whether it was still in flight.
    pub(crate) fn time_out(&mut self, op: Cookie) -> bool {
        let slot = self.get(op);
        let Some(slot) = slot.filter(|slot| matches!(slot.state, State::InFlight)) else {
            return false;
        };
        slot.state = State::TimedOut { answered: false };
        true
    }

    /// Frees a slot, whatever its state.
    #[inline]
    pub(crate) fn release(&mut self, op: Cookie) {
        if let Some(slot) = self.get(op) {
            debug_assert!(
                !matches!(slot.state, State::Free),
                "slot {op} is freed twice"
            );
            slot.state = State::Free;
            // What is known of the last operation stays until the next one; whom it would have told
            // does not. The last count on a callback may run code of the application: whoever
            // releases a slot has taken the waiter out before.
            slot.op.waiter = Waiter::IN_PLACE;
            self.free.push(op.slot);
        }
    }
}

impl Slot {
    /// The operation is in flight. Field by field: what is built elsewhere is copied twice.
    #[inline]
    pub(crate) fn begin(&mut self, about: About, waiter: Waiter) {
        self.state = State::InFlight;
        self.op.kind = about.kind;
        self.op.job = about.job;
        self.op.waiter = waiter;
        self.op.used_bytes = about.used_bytes;
        self.op.seen.call_ns = about.call_ns;
        self.op.seen.granted_ns = about.granted_ns;
    }

    fn new() -> Self {
        Self {
            generation: 0,
            state: State::Free,
            op: Op::none(),
        }
    }
}

/// What an observer is told of an operation that is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    pub(crate) kind: OpKind,
    pub(crate) job: Option<JobId>,
    pub(crate) seen: Seen,
}

impl Op {
    pub(crate) fn life(&self) -> Life {
        Life {
            kind: self.kind,
            job: self.job,
            seen: self.seen,
        }
    }

    /// From now on nobody is told. Gives back who would have been, to be dropped when nothing is
    /// borrowed any more.
    pub(crate) fn stop_telling(&mut self) -> Waiter {
        std::mem::replace(&mut self.waiter, Waiter::IN_PLACE)
    }

    pub(crate) fn none() -> Self {
        Self {
            kind: OpKind::Task,
            job: None,
            waiter: Waiter::IN_PLACE,
            seen: Seen::default(),
            used_bytes: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use pausewake_device::protocol::{CompletionFlags, Status};

    use super::*;

    fn completion(cookie: Cookie) -> Completion {
        Completion {
            cookie,
            status: Status::Ok,
            flags: CompletionFlags::default(),
            output_len: 0,
            done_ns: Nanos::ZERO,
            queue_ns: Nanos::ZERO,
            service_ns: Nanos::ZERO,
        }
    }

    fn complete(table: &mut SlotTable, op: Cookie) -> Completed {
        table.complete(completion(op), Nanos::new(1))
    }

    #[test]
    fn only_what_is_in_flight_can_complete_and_only_once() {
        let mut table = SlotTable::new(1);
        let op = table.grant().expect("one is free");
        assert!(table.grant().is_none());
        assert!(matches!(complete(&mut table, op), Completed::Orphan));
        table.get(op).expect("its use goes on").state = State::InFlight;
        assert!(matches!(complete(&mut table, op), Completed::Known));
        assert!(matches!(complete(&mut table, op), Completed::Orphan));
        table.release(op);
        assert!(matches!(complete(&mut table, op), Completed::Orphan));
        let next = table.grant().expect("it is free again");
        table.get(next).expect("its use goes on").state = State::InFlight;
        assert_eq!(next.slot, op.slot);
        assert!(matches!(complete(&mut table, op), Completed::Orphan));
        assert!(matches!(complete(&mut table, next), Completed::Known));
    }

    #[test]
    fn an_abandoned_slot_is_free_when_the_device_answers() {
        let mut table = SlotTable::new(2);
        let op = table.grant().expect("two are free");
        let slot = table.get(op).expect("its use goes on");
        (slot.state, slot.op.used_bytes) = (State::Abandoned, 48);
        assert_eq!((table.used_count(), table.free_count()), (1, 1));
        let completed = complete(&mut table, op);
        assert!(matches!(completed, Completed::Freed { used_bytes: 48 }));
        assert_eq!((table.used_count(), table.free_count()), (0, 2));
        assert!(matches!(complete(&mut table, op), Completed::Orphan));
    }

    #[test]
    fn a_cookie_out_of_range_names_nothing() {
        let mut table = SlotTable::new(4);
        let op = Cookie {
            slot: 4,
            generation: 0,
        };
        assert!(table.get(op).is_none());
        assert!(matches!(complete(&mut table, op), Completed::Orphan));
    }
}
