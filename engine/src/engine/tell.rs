//! Telling jobs: that their operation is complete, that there is room, or that their time is up.
//!
//! A wake runs the application's code, and that may poll, which finds more to tell. So what is to be
//! told stands in a queue, and only the outermost call empties it: a callback that makes a
//! synchronous call does not run the callbacks of a hundred others on its own stack.

use pausewake_device::Nanos;
use pausewake_device::protocol::Cookie;
use pausewake_jobs::JobId;

use super::{EngineState, Inner};
use crate::contain::contain;
use crate::events::{Event, NotifiedBy};
use crate::notify::Waiter;

/// Something to tell.
pub(super) enum Tell {
    /// The operation is complete.
    Complete {
        op: Cookie,
        at_ns: Nanos,
        /// The reaper thread has woken the job already.
        is_told: bool,
    },
    /// The operation's time is up.
    TimedOut {
        op: Cookie,
        /// The reaper thread has woken the job already.
        is_told: bool,
    },
    /// There is room, or no more time to wait for it.
    Room(Waiter),
}

impl Inner {
    pub(super) fn tell_later(&self, tell: Tell) {
        self.to_tell.borrow_mut().push_back(tell);
    }

    /// Tells everything that is to be told, unless somebody further up the stack is at it.
    #[inline]
    pub(super) fn tell_now(&self) {
        if !self.to_tell.borrow().is_empty() {
            self.tell_all();
        }
    }

    fn tell_all(&self) {
        if self.is_telling.replace(true) {
            return;
        }
        // On the stack of a job that made room, a callback's call waits in place: paused here, the job
        // would keep everybody else from being told.
        let _in_place = pausewake_jobs::block_pause();
        // Also when a callback panics: what is left is told by the next call.
        let _telling = Telling(self);
        loop {
            let next = self.to_tell.borrow_mut().pop_front();
            match next {
                None => return,
                Some(Tell::Room(waiter)) => self.tell_of_room(&waiter),
                Some(Tell::TimedOut { op, is_told }) => self.tell_of_end(op, None, is_told),
                Some(Tell::Complete { op, at_ns, is_told }) => {
                    self.tell_of_end(op, Some(at_ns), is_told);
                }
            }
        }
    }

    /// Wakes the job whose operation is over, if it still waits for it.
    #[inline]
    fn tell_of_end(&self, op: Cookie, completed_ns: Option<Nanos>, is_told: bool) {
        let Some((waiter, job)) = self.state.borrow_mut().take_waiter(op) else {
            return;
        };
        let by = waiter.by();
        if by == NotifiedBy::Nobody {
            self.news.set(self.news.get() + 1);
        }
        let told_ns = self.charge_wake(by);
        // Woken even if the observer panics.
        let wake = (!is_told).then(|| WakeOnDrop(&waiter));
        if let Some(at_ns) = completed_ns {
            self.tell(
                || told_ns.unwrap_or(at_ns),
                || Event::Notify { op, job, by },
            );
        }
        drop(wake);
        // The last count on a callback runs code of the application, too.
        contain(move || drop(waiter));
    }

    /// What a wake costs the host. Says what time it is then, if it costs anything.
    #[inline]
    fn charge_wake(&self, by: NotifiedBy) -> Option<Nanos> {
        let cost = match by {
            NotifiedBy::Callback => self.costs.callback_ns,
            NotifiedBy::Fd => self.costs.fd_wake_ns,
            NotifiedBy::InPlace | NotifiedBy::Nobody => Nanos::ZERO,
        };
        if cost == Nanos::ZERO && self.costs.reap_ns == Nanos::ZERO {
            return None;
        }
        self.charge(cost);
        // Several are told of one batch, each at its own time.
        Some(self.now())
    }

    /// The call of `op` has waited in place, and found that it is over.
    pub(crate) fn waited_in_place(&self, op: Cookie) {
        self.count(|stats| stats.waits_in_place += 1);
        let job = self.with_slot(op, |slot| slot.op.job).flatten();
        let by = NotifiedBy::InPlace;
        self.tell(|| self.now(), || Event::Notify { op, job, by });
    }

    /// Wakes somebody who stands in line.
    fn tell_of_room(&self, waiter: &Waiter) {
        match waiter.by() {
            NotifiedBy::Callback | NotifiedBy::Fd => self.count(|stats| stats.wakes_for_room += 1),
            NotifiedBy::Nobody => self.news.set(self.news.get() + 1),
            NotifiedBy::InPlace => {}
        }
        self.charge_wake(waiter.by());
        wake(waiter);
    }
}

impl EngineState {
    /// Who waits for this operation, which is over, and its job; counts the wake. `None`: its call is
    /// gone since, cancelled by the callback of another one, or it looks for itself.
    fn take_waiter(&mut self, op: Cookie) -> Option<(Waiter, Option<JobId>)> {
        let slot = self.slots.get(op).filter(|slot| slot.state.is_over())?;
        match slot.op.waiter.by() {
            NotifiedBy::Callback => self.stats.wakes_by_callback += 1,
            NotifiedBy::Fd => self.stats.wakes_by_fd += 1,
            NotifiedBy::Nobody => {}
            // It says so itself.
            NotifiedBy::InPlace => return None,
        }
        let waiter = slot.op.waiter.take_to_tell();
        Some((waiter, slot.op.job))
    }
}

struct WakeOnDrop<'a>(&'a Waiter);

impl Drop for WakeOnDrop<'_> {
    fn drop(&mut self) {
        wake(self.0);
    }
}

/// A callback that panics costs its own job's wake and no other's: it may run in the middle of somebody
/// else's call, and on a stack that unwinds.
fn wake(waiter: &Waiter) {
    contain(|| waiter.tell());
}

struct Telling<'a>(&'a Inner);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.0.is_telling.set(false);
    }
}
