//! Somebody else's generators, in and around jobs.

use generator::Gn;
use pausewake_jobs::{
    Job, Pause, StartReason, current_id, pause, process_stats, start, thread_stats,
};

use crate::support::{child, finished, paused};

#[test]
fn pause_inside_a_generator_inside_a_job_does_not_switch() {
    let job = paused(start(None, || {
        let mut foreign = Gn::<()>::new_scoped_local(|mut scope| {
            assert_eq!(pause(), Pause::ForeignGenerator);
            scope.yield_with(1);
            assert_eq!(pause(), Pause::ForeignGenerator);
            2
        });
        assert_eq!(foreign.next(), Some(1));
        assert_eq!(pause(), Pause::Resumed);
        assert_eq!(foreign.next(), Some(2));
        assert!(foreign.is_done());
        "end"
    }));
    assert_eq!(finished(job.resume()), "end");
}

#[test]
fn generator_that_left_its_job_does_not_pause_another() {
    let mut foreign = finished(start(None, || {
        let mut foreign = Gn::<()>::new_scoped_local(|mut scope| {
            loop {
                scope.yield_with(pause());
            }
        });
        assert_eq!(foreign.next(), Some(Pause::ForeignGenerator));
        foreign
    }));
    assert_eq!(foreign.next(), Some(Pause::NotInJob));
    let said = finished(start(None, move || {
        let said = foreign.next();
        // It has no end, and dropping it unfinished would swap the panic hook.
        std::mem::forget(foreign);
        said
    }));
    assert_eq!(said, Some(Pause::ForeignGenerator));
}

#[test]
fn job_started_inside_a_generator_may_leave_it() {
    let mut foreign = Gn::<()>::new_scoped_local(|mut scope| {
        let job: Job<Pause> = paused(start(None, pause));
        assert_eq!(current_id(), None);
        scope.yield_with(Some(job));
        None
    });
    let job = foreign.next().unwrap().unwrap();
    assert_eq!(finished(job.resume()), Pause::Resumed);
    assert!(foreign.next().unwrap().is_none());
}

#[test]
fn start_and_cancel_inside_a_generator_inside_a_job() {
    let other = paused(start(None, pause));
    finished(start(None, || {
        let mut foreign = Gn::<()>::new_scoped_local(move |_scope| {
            let me = current_id().unwrap();
            let error = start(None, || ()).unwrap_err();
            assert_eq!(error.reason(), StartReason::Nested { running: me });
            drop(other);
            assert_eq!(current_id(), Some(me));
        });
        foreign.next().unwrap();
    }));
    assert_eq!((thread_stats().pooled, thread_stats().handed_out), (2, 0));
}

/// In a process that used `generator` before us, its signal handler is the process's own, and
/// throws a job with an exhausted stack out of `start`. The stack is given up, the rest works.
#[test]
fn overflow_under_generators_own_handler() {
    #[inline(never)]
    fn recurse(depth: u64) -> u64 {
        let frame = std::hint::black_box([depth; 64]);
        if depth == 0 {
            frame[0]
        } else {
            recurse(depth - 1) + frame[1]
        }
    }
    child::isolated(|| {
        let mut first = Gn::<()>::new_scoped_local(|_scope| ());
        first.next();
        let caught = std::panic::catch_unwind(|| {
            let _ = start(None, || recurse(u64::MAX));
        });
        let payload = caught.unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&generator::Error::StackErr));
        assert_eq!(current_id(), None);
        assert_eq!((thread_stats().pooled, thread_stats().handed_out), (0, 0));
        assert_eq!(
            (
                process_stats().stacks_alive,
                process_stats().stacks_given_up
            ),
            (1, 1)
        );
        assert_eq!(finished(start(None, || 1)), 1);
    });
}
