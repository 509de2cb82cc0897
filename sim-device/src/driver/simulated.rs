//! The simulated driver: the device in the caller's thread, on a clock that the caller moves.
//!
//! Hosts may be ahead of that clock, each by its own work. What they submit waits in the ring for its
//! time, and the device is let to catch up before they look for completions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::driver::clock::Clock;
use crate::driver::core::Core;
use crate::driver::port::Link;
use crate::model::QueueId;
use crate::queue_pair::CatchUp;
use crate::ring::DeviceSide;
use crate::stats::DeviceStats;
use crate::time::Nanos;

/// A device that lives in whoever turns it.
pub(crate) struct SimulatedDriver {
    /// Behind a lock because a device may be shared by threads; with one thread it is never waited
    /// for.
    core: Mutex<Core>,
    clock: Clock,
    /// Completion signals given so far, to any queue: read without the lock.
    signals: AtomicU64,
}

impl SimulatedDriver {
    pub(crate) fn new(core: Core, clock: Clock) -> Self {
        Self {
            core: Mutex::new(core),
            clock,
            signals: AtomicU64::new(0),
        }
    }

    pub(crate) fn open(&self, side: DeviceSide, link: Arc<Link>) -> QueueId {
        self.core().add_queue(side, link)
    }

    pub(crate) fn stats(&self) -> DeviceStats {
        self.core().stats()
    }

    pub(crate) fn restart_stats(&self, from: Nanos) {
        self.core().restart_stats(from);
    }

    /// The doorbell: the device looks at its rings, at the time that it is.
    pub(crate) fn turn(&self) {
        self.turn_core(self.core());
    }

    pub(crate) fn signals(&self) -> u64 {
        self.signals.load(Ordering::Relaxed)
    }

    /// Jumps to the device's next deadline, or to `until` if that is earlier, and does what is due
    /// there. Returns the time that it is then; `None`: nothing is due and no `until` was given, so
    /// time stands still.
    pub(crate) fn advance(&self, until: Option<Nanos>) -> Option<Nanos> {
        let core = self.core();
        let target = core.next_deadline().into_iter().chain(until).min()?;
        self.clock.move_to(target);
        self.turn_core(core);
        Some(self.clock.now())
    }

    /// When something is due next.
    pub(crate) fn next_deadline(&self) -> Option<Nanos> {
        self.core().next_deadline()
    }

    /// Runs through every deadline up to `until`, one after another, so that each thing happens at
    /// its own time; stops where a queue other than that of `link` is signalled.
    pub(crate) fn catch_up(&self, link: &Link, until: Nanos) -> CatchUp {
        let mut core = self.core();
        let to_others = |core: &Core| core.front.stats.signals - link.signals();
        let before = to_others(&core);
        let caught_up = loop {
            let Some(deadline) = core.next_deadline().filter(|due| *due <= until) else {
                self.clock.move_to(until);
                break CatchUp::Complete;
            };
            self.clock.move_to(deadline);
            core.turn(&self.clock);
            if to_others(&core) != before {
                break CatchUp::OtherSignalled;
            }
        };
        self.settle(core);
        caught_up
    }

    /// One turn, and what the device's observer panicked with, if it did.
    fn turn_core(&self, mut core: MutexGuard<'_, Core>) {
        core.turn(&self.clock);
        self.settle(core);
    }

    /// The device's work is done for now: tells what came of it.
    fn settle(&self, mut core: MutexGuard<'_, Core>) {
        self.signals
            .store(core.front.stats.signals, Ordering::Relaxed);
        let panic = core.front.telling.take_panic();
        drop(core);
        panic.pass_on();
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        // Neither tasks nor observers panic through the core, so a poisoned one is as good.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
