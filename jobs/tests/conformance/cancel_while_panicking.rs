//! Jobs that are dropped, started and resumed by destructors, while their thread panics.

use std::cell::RefCell;
use std::panic::{catch_unwind, resume_unwind};
use std::rc::Rc;
use std::thread::panicking;

use pausewake_jobs::{Cancelled, Job, Pause, pause, start, thread_stats};

use crate::support::{Probe, child, finished, paused, pauses};

/// Runs `f` in a destructor while the thread panics, and checks that the thread's count of
/// panics comes out even.
fn while_panicking(f: impl FnOnce() + 'static) {
    struct OnDrop(Option<Box<dyn FnOnce()>>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            assert!(panicking());
            let f = self.0.take().expect("once");
            f();
            assert!(panicking());
        }
    }
    let on_drop = OnDrop(Some(Box::new(f)));
    let caught = catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _on_drop = on_drop;
        resume_unwind(Box::new(17));
    }));
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&17));
    assert!(!panicking());
}

#[test]
fn dropped_job_unwinds() {
    let probe = Probe::new();
    let jobs = [(); 3].map(|()| paused(start(None, probe.guarding(pauses))));
    while_panicking(move || drop(jobs));
    assert_eq!(probe.drops(), 3);
    assert_eq!((thread_stats().pooled, thread_stats().handed_out), (3, 0));
    // The stacks are fit for use, and know no panic.
    assert!(!finished(start(None, panicking)));
    assert!(finished(paused(start(None, pause)).resume()).is_resumed());
}

#[test]
fn cancel_says_unwound() {
    let job = paused(start(None, pause));
    while_panicking(move || assert!(matches!(job.cancel(), Cancelled::Unwound)));
}

/// Cancelled by the destructor of a job that panics, deep in nested stacks.
#[test]
fn panicking_job_drops_a_job() {
    let probe = Probe::new();
    let inner = paused(start(None, probe.guarding(pauses)));
    let outer = paused(start(None, move || {
        let _inner = inner;
        let _ = pause();
        resume_unwind(Box::new(3));
    }));
    let outer: Job<()> = outer;
    assert!(catch_unwind(std::panic::AssertUnwindSafe(|| outer.resume())).is_err());
    assert!(!panicking());
    assert_eq!(probe.drops(), 1);
    assert_eq!((thread_stats().pooled, thread_stats().handed_out), (2, 0));
}

#[test]
fn destructor_in_the_job_pauses() {
    struct Pauses(Rc<RefCell<Vec<Pause>>>);
    impl Drop for Pauses {
        fn drop(&mut self) {
            self.0.borrow_mut().push(pause());
        }
    }
    let said = Rc::new(RefCell::new(Vec::new()));
    let pauses = Pauses(Rc::clone(&said));
    let job = paused(start(None, move || {
        let _pauses = pauses;
        let _ = pause();
    }));
    while_panicking(move || assert!(matches!(job.cancel(), Cancelled::Unwound)));
    assert_eq!(*said.borrow(), [Pause::Unwinding]);
}

/// Nobody can tell then whether it unwinds by itself, so it runs to its end.
#[test]
fn started_job_does_not_pause() {
    while_panicking(|| assert_eq!(finished(start(None, pause)), Pause::Unwinding));
}

#[test]
fn resumed_job_does_not_pause_again() {
    let job = paused(start(None, || [pause(), pause()]));
    while_panicking(move || {
        assert_eq!(finished(job.resume()), [Pause::Resumed, Pause::Unwinding]);
    });
}

#[test]
fn swallowing_job_may_return() {
    let job = paused(start(None, || {
        let caught = catch_unwind(pause);
        assert!(caught.is_err());
        assert_eq!(pause(), Pause::Unwinding);
    }));
    while_panicking(move || assert!(matches!(job.cancel(), Cancelled::Finished)));
}

/// Bounded, even though pausing says 'unwinding' and raises nothing any more.
#[test]
fn job_that_will_not_be_cancelled_is_given_up() {
    child::isolated(|| {
        let job: Job<()> = paused(start(None, || {
            loop {
                let _ = catch_unwind(pause);
            }
        }));
        while_panicking(move || assert!(matches!(job.cancel(), Cancelled::Refused)));
        assert_eq!(thread_stats().handed_out, 0);
        assert_eq!(finished(start(None, || 1)), 1);
    });
}

/// The very first start of a process, by a thread that could not change the panic hook itself.
#[test]
fn first_start_of_the_process() {
    child::isolated(|| {
        while_panicking(|| assert_eq!(finished(start(None, || 2)), 2));
    });
}
