//! How operations end: with a result, without one, or without anybody who wants it.

use pausewake_device::protocol::{Completion, Cookie, Status};

use super::Inner;
use crate::events::Event;
use crate::reaper::Forgotten;
use crate::slots::{Life, State};

/// What a call finds when its operation is over.
pub(crate) enum Settled {
    /// The device has answered. The life is for an observer, where there is one.
    Completed(Completion, Option<Life>),
    /// The time was up.
    TimedOut,
}

impl Inner {
    /// Whether the call of `op` can return.
    pub(crate) fn is_settled(&self, op: Cookie) -> bool {
        // With a reaper thread, a job can be told before its completion is entered.
        if self.state.borrow().reaper.is_some() {
            self.poll_if_due();
        }
        self.with_slot(op, |slot| slot.state.is_over())
            .unwrap_or(false)
    }

    /// Takes the result of an operation that is over. Its slot is free for others, unless the device
    /// still owes an answer. `None`: it is not over.
    pub(crate) fn take(&self, op: Cookie, output: &mut [u8]) -> Option<Settled> {
        let mut borrowed = self.state.borrow_mut();
        let state = &mut *borrowed;
        let slot = state.slots.get(op).filter(|slot| slot.state.is_over())?;
        let found = slot.state;
        // Dropped after the borrow: the last count on a callback may run code of the application.
        let told_before = slot.op.stop_telling();
        let used_bytes = slot.op.used_bytes;
        let settled = match found {
            State::Completed(completion) => {
                let life = self.observer.is_some().then(|| slot.op.life());
                let len = match completion.status {
                    Status::Ok => completion.output_len as usize,
                    _ => 0,
                };
                // More than there is room for is nonsense, and none of it is taken.
                let len = if len <= output.len() { len } else { 0 };
                let copied = state.queue.read_payload(op.slot, &mut output[..len]);
                debug_assert!(copied.is_ok(), "the output was checked to fit into a slot");
                state.wipe(op, used_bytes);
                state.slots.release(op);
                state.stats.returned += 1;
                Settled::Completed(completion, life)
            }
            State::TimedOut { answered: true } => {
                state.wipe(op, used_bytes);
                state.slots.release(op);
                Settled::TimedOut
            }
            State::TimedOut { answered: false } => {
                slot.state = State::Abandoned;
                Settled::TimedOut
            }
            State::Free | State::Granted | State::InFlight | State::Abandoned => {
                unreachable!("looked at above")
            }
        };
        drop(borrowed);
        drop(told_before);
        self.serve_line();
        Some(settled)
    }

    /// Nobody waits for this operation any more. Once in flight, its slot stays with the device
    /// until the device answers. Says whether the job had been told of its completion.
    pub(crate) fn abandon(&self, op: Cookie) -> bool {
        let mut state = self.state.borrow_mut();
        let forgotten = state.reaper.as_ref().map(|reaper| reaper.forget(op));
        let told_by_reaper = matches!(forgotten, Some(Forgotten::Told));
        let Some(slot) = state.slots.get(op) else {
            return false;
        };
        let used_bytes = slot.op.used_bytes;
        let was_job = slot.op.waiter.is_job();
        let told_before = slot.op.stop_telling();
        let is_timed_out = matches!(slot.state, State::TimedOut { .. });
        let told = match slot.state {
            State::InFlight => {
                slot.state = State::Abandoned;
                was_job && told_by_reaper
            }
            State::TimedOut { answered: false } => {
                slot.state = State::Abandoned;
                was_job
            }
            State::Completed(_) | State::TimedOut { answered: true } => {
                state.wipe(op, used_bytes);
                state.slots.release(op);
                was_job
            }
            State::Free | State::Granted | State::Abandoned => return false,
        };
        drop(state);
        // After the borrow: the last count on a callback may run code of the application.
        drop(told_before);
        // What has timed out is counted as that.
        self.count(|stats| stats.abandoned += u64::from(!is_timed_out));
        self.tell(|| self.now(), || Event::Abandoned { op });
        self.serve_line();
        told
    }
}
