//! Somebody else's generators, in and around jobs.

use generator::Gn;
use pausewake_jobs::{Job, Pause, current_id, pause, start};

use crate::support::{finished, paused};

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
