//! What the test programs of this crate share.

pub(crate) mod child;
pub(crate) mod sys;

use std::cell::Cell;
use std::fmt::Debug;
use std::rc::Rc;

use pausewake_jobs::{Job, Outcome, pause};

/// The job, which must have paused.
#[track_caller]
pub(crate) fn paused<T: Debug, E: Debug>(outcome: Result<Outcome<T>, E>) -> Job<T> {
    match outcome {
        Ok(Outcome::Paused(job)) => job,
        other => panic!("not paused: {other:?}"),
    }
}

/// The result of the job, which must have finished.
#[track_caller]
pub(crate) fn finished<T: Debug, E: Debug>(outcome: Result<Outcome<T>, E>) -> T {
    match outcome {
        Ok(Outcome::Finished(value)) => value,
        other => panic!("not finished: {other:?}"),
    }
}

/// Counts how often what it gave out was dropped.
pub(crate) struct Probe(Rc<Cell<u32>>);

impl Probe {
    pub(crate) fn new() -> Probe {
        Probe(Rc::new(Cell::new(0)))
    }

    pub(crate) fn drops(&self) -> u32 {
        self.0.get()
    }

    pub(crate) fn guard(&self) -> ProbeGuard {
        ProbeGuard(Rc::clone(&self.0))
    }

    /// `f`, with a guard on the stack that it runs on.
    pub(crate) fn guarding<T, F: FnOnce() -> T>(&self, f: F) -> impl FnOnce() -> T + use<T, F> {
        let guard = self.guard();
        move || {
            let _guard = guard;
            f()
        }
    }
}

/// Counts its drop.
#[derive(Debug)]
pub(crate) struct ProbeGuard(Rc<Cell<u32>>);

impl Drop for ProbeGuard {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// A job that pauses once, and does not care how that went.
pub(crate) fn pauses() {
    let _ = pause();
}
