//! Room for operations: slots and places in the ring, and the line of those that wait for them.

use pausewake_device::Nanos;
use pausewake_device::protocol::Cookie;
use pausewake_jobs::WaitStatus;

use super::tell::Tell;
use super::{EngineState, Inner};
use crate::config::OnFull;
use crate::error::Retry;
use crate::line::{Left, Progress, Ticket};
use crate::notify::{Caller, Waiter};

impl Inner {
    /// Takes a slot and a place in the ring, if both are free and nobody waits for them.
    #[inline]
    pub(crate) fn grant(&self) -> Option<Cookie> {
        let max_in_flight = self.config.max_in_flight;
        let mut state = self.state.borrow_mut();
        if state.line.is_empty() {
            state.grant(max_in_flight)
        } else {
            None
        }
    }

    /// Joins the line, or says that the engine has none. Says also how many wait in it now.
    pub(crate) fn join_line(
        &self,
        caller: &Caller,
        waiter: &Waiter,
        deadline_ns: Option<Nanos>,
    ) -> Result<(Ticket, u32), Retry> {
        if let Caller::Job { wait_ctx, .. } = caller {
            wait_ctx.set_status(WaitStatus::EAGAIN);
        }
        if self.config.on_full == OnFull::Fail || self.config.fallback.on_full {
            return Err(Retry::Full);
        }
        self.count(|stats| stats.full_waits += 1);
        let mut state = self.state.borrow_mut();
        let ticket = state.line.join(waiter.clone(), deadline_ns);
        let waiting = u32::try_from(state.line.len()).unwrap_or(u32::MAX);
        drop(state);
        Ok((ticket, waiting))
    }

    /// What became of the holder of this ticket; told once, if it is no longer in line.
    pub(crate) fn collect(&self, ticket: Ticket) -> Progress {
        self.state.borrow_mut().line.collect(ticket)
    }

    /// The holder of this ticket looks for itself from now on.
    pub(crate) fn line_in_place(&self, ticket: Ticket) {
        let told_before = self.state.borrow_mut().line.wait_in_place(ticket);
        drop(told_before);
    }

    /// The holder of this ticket goes away. Says whether it had been told of anything.
    pub(crate) fn leave_line(&self, ticket: Ticket) -> bool {
        let left = self.state.borrow_mut().line.leave(ticket);
        match left {
            Left::Served(op) => {
                self.give_back(op);
                true
            }
            Left::TimedOut => true,
            Left::Waiting { .. } => false,
        }
    }

    /// A granted slot is not used after all.
    pub(crate) fn give_back(&self, op: Cookie) {
        let mut state = self.state.borrow_mut();
        state.granted -= 1;
        state.slots.release(op);
        drop(state);
        self.serve_line();
    }

    /// Whether [`serve_line`](Self::serve_line) would find room for somebody.
    pub(crate) fn can_serve_line(&self) -> bool {
        let mut state = self.state.borrow_mut();
        !state.line.is_empty() && state.has_slot(self.config.max_in_flight) && state.has_place()
    }

    /// Hands room to those who wait for it, first come first served.
    #[inline]
    pub(crate) fn serve_line(&self) {
        if !self.state.borrow().line.is_empty() {
            self.serve_all();
        }
        self.tell_now();
    }

    fn serve_all(&self) {
        loop {
            // A statement of its own: in the head of a `while let`, the borrow would last longer.
            let served = self.state.borrow_mut().serve_one(self.config.max_in_flight);
            let Some(waiter) = served else {
                return;
            };
            self.tell_later(Tell::Room(waiter));
        }
    }
}

impl EngineState {
    /// Whether a slot can be granted, as far as it is not for the ring to say.
    pub(super) fn has_slot(&self, max_in_flight: Option<u32>) -> bool {
        let is_within = |limit: u32| self.slots.used_count() < limit as usize;
        self.slots.free_count() > 0 && max_in_flight.is_none_or(is_within)
    }

    /// Whether the ring has a place that is not granted.
    fn has_place(&mut self) -> bool {
        self.queue.has_room_beyond(self.granted)
    }

    fn grant(&mut self, max_in_flight: Option<u32>) -> Option<Cookie> {
        if !self.has_slot(max_in_flight) {
            return None;
        }
        if !self.has_place() {
            return None;
        }
        self.granted += 1;
        self.slots.grant()
    }

    fn serve_one(&mut self, max_in_flight: Option<u32>) -> Option<Waiter> {
        if self.line.is_empty() {
            return None;
        }
        let op = self.grant(max_in_flight)?;
        self.line.serve(op)
    }
}
