//! The simulated driver: the device in the caller's thread, on a clock that the caller moves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::driver::clock::Clock;
use crate::driver::core::Core;
use crate::driver::port::Link;
use crate::model::QueueId;
use crate::ring::DeviceSide;
use crate::stats::DeviceStats;
use crate::time::Nanos;

/// A device that lives in whoever turns it.
pub(crate) struct SimulatedDriver {
    /// Behind a lock because a device may be shared by threads; with one thread it is never waited
    /// for.
    core: Mutex<Core>,
    clock: Clock,
}

impl SimulatedDriver {
    pub(crate) fn new(core: Core, clock: Clock) -> Self {
        Self {
            core: Mutex::new(core),
            clock,
        }
    }

    pub(crate) fn open(&self, side: DeviceSide, link: Arc<Link>) -> QueueId {
        self.core().add_queue(side, link)
    }

    pub(crate) fn stats(&self) -> DeviceStats {
        self.core().stats()
    }

    /// Lets the device look around, at the time that it is.
    pub(crate) fn turn(&self) {
        self.core().turn(&self.clock);
    }

    /// Lets the device do what is to be done now, what has just been submitted for example. If that
    /// completes nothing, jumps to its next deadline, or to `until` if that is earlier, and does
    /// what is due there. Returns the time that it is then; `None`: nothing is due and no `until`
    /// was given, so time stands still.
    pub(crate) fn advance(&self, until: Option<Nanos>) -> Option<Nanos> {
        let mut core = self.core();
        let completed = core.front.stats.completed;
        core.turn(&self.clock);
        if core.front.stats.completed == completed {
            let target = core.next_deadline().into_iter().chain(until).min()?;
            self.clock.move_to(target);
            core.turn(&self.clock);
        }
        Some(self.clock.now())
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        // A poisoned core is one whose observer panicked; its counts are whole all the same.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
