//! Panics in jobs that nobody cancels.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::panicking;

use pausewake_jobs::{Job, Outcome, Pause, pause, start, thread_stats};

use crate::support::{Probe, finished, paused};

#[test]
fn panic_comes_out_of_start() {
    let probe = Probe::new();
    let f = probe.guarding(|| resume_unwind(Box::new("in start")));
    let caught = catch_unwind(AssertUnwindSafe(|| start::<(), _>(None, f)));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"in start"));
    assert_eq!(probe.drops(), 1);
    assert!(!panicking());
    assert_eq!((thread_stats().pooled, thread_stats().handed_out), (1, 0));
    assert_eq!(finished(start(None, || 1)), 1);
    assert_eq!(thread_stats().pooled, 1);
}

#[test]
fn panic_comes_out_of_resume() {
    let job: Job<()> = paused(start(None, || {
        let _ = pause();
        resume_unwind(Box::new("in resume"));
    }));
    let caught = catch_unwind(AssertUnwindSafe(|| job.resume()));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"in resume"));
    assert_eq!((thread_stats().pooled, thread_stats().handed_out), (1, 0));
}

/// The stack is deep enough for the standard library's own report, with a backtrace.
#[test]
fn ordinary_panic_with_its_report() {
    let caught = catch_unwind(|| start(None, || panic!("expected: a panic in a job")));
    let caught: std::thread::Result<Result<Outcome<()>, _>> = caught;
    assert_eq!(
        caught.unwrap_err().downcast_ref(),
        Some(&"expected: a panic in a job")
    );
}

#[test]
fn destructor_pauses_while_the_job_panics() {
    struct Pauses;
    impl Drop for Pauses {
        fn drop(&mut self) {
            assert_eq!(pause(), Pause::Unwinding);
            // Nor inside a catch, which may look like calm.
            assert_eq!(catch_unwind(pause).unwrap(), Pause::Unwinding);
        }
    }
    let job = paused(start(None, || {
        let caught = catch_unwind(|| {
            let _pauses = Pauses;
            resume_unwind(Box::new(1));
        });
        assert!(caught.is_err());
        // And once it is caught, pausing works again.
        pause()
    }));
    assert_eq!(finished(job.resume()), Pause::Resumed);
}
