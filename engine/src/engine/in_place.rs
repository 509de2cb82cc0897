//! Waiting for the device: in place, for calls that cannot pause, and in an event loop.

use std::os::fd::{AsRawFd, RawFd};

use pausewake_device::protocol::Cookie;
use pausewake_device::{Nanos, QueuePair, TimeKind};

use super::{EngineState, Inner};
use crate::config::Reap;
use crate::error::{Error, Misuse};
use crate::reaper::{Forgotten, Reaper};

impl Inner {
    /// The holder of this operation looks for itself from now on. Says whether the reaper's thread
    /// had told it already.
    pub(crate) fn look_in_place(&self, op: Cookie) -> bool {
        // Dropped after the borrow: the last count on a callback may run code of the application.
        let Some(told_before) = self.with_slot(op, |slot| slot.op.stop_telling()) else {
            return false;
        };
        let state = self.state.borrow();
        let reaper = state.reaper.as_ref().filter(|_| told_before.is_job());
        let forgotten = reaper.map(|reaper| reaper.forget(op));
        drop(state);
        drop(told_before);
        matches!(forgotten, Some(Forgotten::Told))
    }

    /// Whether the reaper's thread may still wake somebody, though nothing is in flight.
    pub(crate) fn is_telling(&self) -> bool {
        let state = self.state.borrow();
        state.reaper.as_ref().is_some_and(Reaper::is_telling)
    }

    /// The fd that becomes readable when there is something to poll for, for the reactor.
    pub(crate) fn signal_fd(&self) -> Option<RawFd> {
        let state = self.state.borrow();
        match &state.reaper {
            Some(reaper) => Some(reaper.bell_fd().as_raw_fd()),
            None => Some(state.queue.signal_fd()?.as_raw_fd()),
        }
    }

    /// Asks for that fd to become readable. `false`: there is something to poll for already. Where
    /// the application or a timer decides when to poll, only room is asked for, if calls wait for it.
    pub(crate) fn arm_signal(&self) -> bool {
        self.request_signal();
        let is_quiet = self.is_quiet();
        if !is_quiet {
            self.disarm_signal();
        }
        is_quiet
    }

    /// Raises the flags, behind which stands a full fence; what is published before it is seen by
    /// a look after it.
    pub(crate) fn request_signal(&self) {
        let mut state = self.state.borrow_mut();
        match (self.config.reap, &mut state.reaper) {
            (_, Some(reaper)) => reaper.request(),
            (Reap::Event, None) => state.queue.request_signal(),
            (Reap::External | Reap::Heuristic(_) | Reap::Inline | Reap::Thread { .. }, None) => {}
        }
        if state.needs_room(self.config.max_in_flight) {
            state.queue.request_room();
        }
    }

    /// Whether there is nothing that those flags ask for, and nobody is left to be told.
    pub(crate) fn is_quiet(&self) -> bool {
        let mut state = self.state.borrow_mut();
        let has_arrived = match (self.config.reap, &state.reaper) {
            (_, Some(reaper)) => reaper.has_arrived(),
            (Reap::Event, None) => state.queue.has_completion(),
            (Reap::External | Reap::Heuristic(_) | Reap::Inline | Reap::Thread { .. }, None) => {
                false
            }
        };
        let is_all_told = self.to_tell.borrow().is_empty();
        is_all_told && !has_arrived && !state.has_room_for_line(self.config.max_in_flight)
    }

    /// Takes [`arm_signal`](Self::arm_signal) back.
    pub(crate) fn disarm_signal(&self) {
        let mut state = self.state.borrow_mut();
        match &mut state.reaper {
            Some(reaper) => reaper.disarm(),
            None => state.queue.disarm_signal(),
        }
        state.queue.disarm_room();
    }

    /// Forgets that the fd was readable.
    pub(crate) fn drain_signal(&self) {
        self.with_queue(QueuePair::drain_signal);
    }

    /// Reaps until the device has answered all that is in flight. A manual device is not waited for.
    pub(crate) fn reap_all(&self) {
        self.ring_doorbell();
        self.poll();
        while self.has_in_flight() && self.time_kind != TimeKind::Manual {
            if self.wait_for_device().is_err() {
                return;
            }
            // A callback that the poll ran may have submitted.
            self.ring_doorbell();
            self.poll();
        }
    }

    /// Waits until something may have completed, or a call's time is up.
    ///
    /// # Errors
    /// [`Misuse::Stalled`]: virtual time stands still, nothing is due.
    pub(crate) fn wait_for_device(&self) -> Result<(), Error> {
        let mut state = self.state.borrow_mut();
        let until = state.next_deadline_ns();
        let now = state.queue.now();
        let timeout = until.map(|until| until - now);
        if self.time_kind == TimeKind::Virtual {
            state.queue.advance(until).ok_or(Misuse::Stalled)?;
            return Ok(());
        }
        // A manual device's clock moves only when somebody moves it, so a wall-clock timeout would be
        // one of another time: wait in slices and look at the manual clock.
        let slice = (self.time_kind == TimeKind::Manual).then_some(MANUAL_SLICE_NS);
        let is_quiet = state.arm_room(self.config.max_in_flight);
        if let Some(reaper) = &mut state.reaper {
            if is_quiet {
                reaper.wait(slice.or(timeout));
            }
        } else if is_quiet && state.queue.arm_signal() {
            let limit = timeout.map(|timeout| slice.unwrap_or(timeout));
            let _signalled = state.queue.wait_signal(limit);
            state.queue.disarm_signal();
            state.queue.drain_signal();
        }
        state.queue.disarm_room();
        Ok(())
    }
}

impl EngineState {
    /// Asks to hear of room in the ring, if calls wait for it and could use it. `false`: there is
    /// some.
    fn arm_room(&mut self, max_in_flight: Option<u32>) -> bool {
        let granted = self.granted;
        !self.needs_room(max_in_flight) || self.queue.arm_room(granted)
    }

    /// Whether calls wait for room in the ring, and for nothing else.
    fn needs_room(&self, max_in_flight: Option<u32>) -> bool {
        !self.line.is_empty() && self.has_slot(max_in_flight)
    }

    fn has_room_for_line(&mut self, max_in_flight: Option<u32>) -> bool {
        self.needs_room(max_in_flight) && self.queue.room() > self.granted
    }
}

/// How long a call that waits in place on a manual device sleeps before it looks at its clock.
const MANUAL_SLICE_NS: Nanos = Nanos::from_millis(1);
