//! Where the threads of a run wait for each other, to start together.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use pausewake_device::Nanos;

/// The start of a run with several threads, by the wall clock. Making a thread ready takes a while, and of
/// hundreds of them the first would be done when the last begins, if each began when it can.
#[derive(Debug)]
pub(super) struct Gate {
    inside: Mutex<Inside>,
    moved: Condvar,
}

#[derive(Debug)]
struct Inside {
    /// Threads that are not ready yet.
    missing: u32,
    /// When the last one was.
    open_since: Option<Nanos>,
    /// Whether one will never be.
    is_off: bool,
}

impl Gate {
    /// For so many threads.
    pub(super) fn new(threads: u32) -> Self {
        Self {
            inside: Mutex::new(Inside {
                missing: threads,
                open_since: None,
                is_off: false,
            }),
            moved: Condvar::new(),
        }
    }

    /// This thread is ready: waits until all are, and says since when, by the clock `now`, which is the
    /// same for all of them. `None`: one of them never will be.
    pub(super) fn pass(&self, now: impl FnOnce() -> Nanos) -> Option<Nanos> {
        let mut inside = self.inside();
        inside.missing = inside.missing.saturating_sub(1);
        if inside.missing == 0 {
            inside.open_since = Some(now());
            self.moved.notify_all();
        }
        while inside.open_since.is_none() && !inside.is_off {
            let woken = self.moved.wait(inside);
            inside = woken.unwrap_or_else(PoisonError::into_inner);
        }
        inside.open_since
    }

    /// A thread has failed; if others wait for it, they need not.
    pub(super) fn call_off(&self) {
        self.inside().is_off = true;
        self.moved.notify_all();
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn all_start_when_the_last_is_ready() {
        let (gate, clock) = (Gate::new(8), AtomicU64::new(0));
        let starts = std::thread::scope(|scope| {
            let pass = || gate.pass(|| Nanos::new(clock.fetch_add(1, Ordering::Relaxed)));
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(pass)).collect();
            let starts = threads.into_iter().map(|it| it.join().unwrap());
            starts.collect::<Vec<_>>()
        });
        // Only one of them has looked at the clock.
        assert_eq!(starts, [Some(Nanos::ZERO); 8]);
    }

    #[test]
    fn nobody_waits_for_one_that_has_failed() {
        let gate = Gate::new(3);
        std::thread::scope(|scope| {
            let pass = || gate.pass(|| Nanos::ZERO);
            let waiting = [scope.spawn(pass), scope.spawn(pass)];
            gate.call_off();
            for thread in waiting {
                assert_eq!(thread.join().unwrap(), None);
            }
        });
    }
}
