//! How jobs end that are cancelled or dropped.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use pausewake_jobs::{
    CANCEL_ATTEMPTS, Cancelled, Pause, block_pause, cleanup_thread, init_thread, pause,
    process_stats, start, thread_stats,
};

use crate::support::{Probe, child, finished, paused, pauses};

#[test]
fn cancel_unwinds_and_runs_destructors_once() {
    let probe = Probe::new();
    let job = paused(start(None, probe.guarding(pauses)));
    assert_eq!(probe.drops(), 0);
    assert!(matches!(job.cancel(), Cancelled::Unwound));
    assert_eq!(probe.drops(), 1);
    assert_eq!((thread_stats().pooled, thread_stats().handed_out), (1, 0));
    assert_eq!(finished(start(None, || 4)), 4);
}

#[test]
fn drop_cancels_once() {
    let probe = Probe::new();
    let jobs: Vec<_> = (0..100)
        .map(|_| paused(start(None, probe.guarding(pauses))))
        .collect();
    drop(jobs);
    assert_eq!(probe.drops(), 100);
    assert_eq!((thread_stats().pooled, thread_stats().handed_out), (100, 0));
}

#[test]
fn cancelled_job_may_return() {
    let probe = Probe::new();
    let result = probe.guard();
    let job = paused(start(None, move || {
        let caught = catch_unwind(pause);
        assert!(caught.is_err());
        result
    }));
    assert!(matches!(job.cancel(), Cancelled::Finished));
    // What it returned was dropped.
    assert_eq!(probe.drops(), 1);
    assert_eq!(thread_stats().pooled, 1);
}

#[test]
fn cancelled_job_may_panic() {
    let job = paused(start(None, || {
        let _ = catch_unwind(pause);
        std::panic::resume_unwind(Box::new("its own"));
    }));
    let job: pausewake_jobs::Job<()> = job;
    let Cancelled::Panicked(payload) = job.cancel() else {
        panic!("it panicked")
    };
    assert_eq!(payload.downcast_ref(), Some(&"its own"));
    assert_eq!(thread_stats().pooled, 1);
}

#[test]
fn swallowed_cancellation_is_raised_again() {
    for swallows in 1..CANCEL_ATTEMPTS {
        let seen = Rc::new(Cell::new(0));
        let counter = Rc::clone(&seen);
        let job = paused(start(None, move || {
            for _ in 0..swallows {
                let _ = catch_unwind(pause);
                counter.set(counter.get() + 1);
            }
            let _ = pause();
        }));
        assert!(matches!(job.cancel(), Cancelled::Unwound));
        assert_eq!(seen.get(), swallows);
    }
}

#[test]
fn job_that_will_not_be_cancelled_is_given_up() {
    child::isolated(|| {
        init_thread(1, 0).unwrap();
        let seen = Rc::new(Cell::new(0));
        let counter = Rc::clone(&seen);
        let job = paused(start(None, move || {
            loop {
                let _ = catch_unwind(pause);
                counter.set(counter.get() + 1);
            }
        }));
        let job: pausewake_jobs::Job<()> = job;
        assert!(matches!(job.cancel(), Cancelled::Refused));
        assert_eq!(seen.get(), CANCEL_ATTEMPTS);
        assert!(!std::thread::panicking());
        // Its place is free, its stack is lost.
        assert_eq!((thread_stats().pooled, thread_stats().handed_out), (0, 0));
        assert_eq!(
            (
                process_stats().stacks_alive,
                process_stats().stacks_given_up
            ),
            (1, 1)
        );
        assert_eq!(finished(start(None, || 5)), 5);
        cleanup_thread();
        assert_eq!(
            (
                process_stats().stacks_alive,
                process_stats().stacks_given_up
            ),
            (1, 1)
        );
    });
}

#[test]
fn destructor_that_pauses_while_cancelled_neither_switches_nor_unwinds() {
    struct Pauses(Rc<Cell<Option<Pause>>>);
    impl Drop for Pauses {
        fn drop(&mut self) {
            self.0.set(Some(pause()));
        }
    }
    let said = Rc::new(Cell::new(None));
    let pauses = Pauses(Rc::clone(&said));
    let probe = Probe::new();
    let job = paused(start(
        None,
        probe.guarding(move || {
            let _pauses = pauses;
            let _ = pause();
        }),
    ));
    assert!(matches!(job.cancel(), Cancelled::Unwound));
    assert_eq!(said.get(), Some(Pause::Unwinding));
    assert_eq!(probe.drops(), 1);
}

#[test]
fn cancelled_job_is_not_unwound_while_blocked() {
    let job = paused(start(None, || {
        let _ = catch_unwind(pause);
        let _block = block_pause();
        assert_eq!(pause(), Pause::Blocked);
    }));
    assert!(matches!(job.cancel(), Cancelled::Finished));
}

#[test]
fn cancelled_jobs_cancel_those_they_own() {
    let probe = Probe::new();
    let mut nest = paused(start(None, probe.guarding(pauses)));
    for _ in 0..10 {
        nest = paused(start(
            None,
            probe.guarding(move || {
                let _inner = nest;
                let _ = pause();
            }),
        ));
    }
    assert!(matches!(nest.cancel(), Cancelled::Unwound));
    assert_eq!(probe.drops(), 11);
    assert_eq!((thread_stats().pooled, thread_stats().handed_out), (11, 0));
}

#[test]
fn cancellation_raised_elsewhere_is_a_panic_there() {
    let job = paused(start(None, || catch_unwind(pauses).unwrap_err()));
    let stolen = Rc::new(Cell::new(None));
    let thief = Rc::clone(&stolen);
    drop(job);
    let job = paused(start(None, move || {
        thief.set(catch_unwind(pauses).err());
    }));
    assert!(matches!(job.cancel(), Cancelled::Finished));
    let payload = stolen.take().unwrap();
    let raised = catch_unwind(AssertUnwindSafe(|| {
        let _ = start(None, move || std::panic::resume_unwind(payload));
    }));
    assert!(raised.is_err());
    assert_eq!(finished(start(None, || 6)), 6);
}

/// No hook hears of a cancellation, but it does of a panic in a cancelled job.
#[test]
fn cancellation_passes_no_panic_hook() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static CALLS: AtomicU32 = AtomicU32::new(0);
    child::isolated(|| {
        std::panic::set_hook(Box::new(|_| {
            CALLS.fetch_add(1, Ordering::Relaxed);
        }));
        drop(paused(start(None, pause)));
        assert!(matches!(
            paused(start(None, pause)).cancel(),
            Cancelled::Unwound
        ));
        assert_eq!(CALLS.load(Ordering::Relaxed), 0);
        let job = paused(start(None, || {
            let _ = catch_unwind(pause);
            panic!("heard");
        }));
        let job: pausewake_jobs::Job<()> = job;
        assert!(matches!(job.cancel(), Cancelled::Panicked(_)));
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
    });
}
