//! What an observer hears.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;

use pausewake_jobs::{
    CancelHow, JobEvent, JobId, JobObserver, current_id, pause, set_observer, start, thread_stats,
};

use crate::support::{Probe, finished, paused, pauses};

#[derive(Default)]
struct Log(RefCell<Vec<JobEvent>>);

impl JobObserver for Log {
    fn job_event(&self, event: JobEvent) {
        assert_eq!(current_id(), None, "not inside the job");
        self.0.borrow_mut().push(event);
    }
}

#[test]
fn every_step_is_told() {
    let log = Rc::new(Log::default());
    assert!(set_observer(Some(Rc::clone(&log) as _)).is_none());
    let job = paused(start(None, pause));
    let first = job.id();
    assert!(finished(job.resume()).is_resumed());
    let job = paused(start(None, pause));
    let second = job.id();
    drop(job);
    let mut third = None;
    let caught = catch_unwind(AssertUnwindSafe(|| {
        start(None, || -> JobId {
            resume_unwind(Box::new(current_id().unwrap()))
        })
    }));
    if let Err(payload) = caught {
        third = payload.downcast_ref::<JobId>().copied();
    }
    let third = third.unwrap();
    assert!(set_observer(None).is_some());
    finished(start(None, || ()));
    assert_eq!(
        *log.0.borrow(),
        [
            JobEvent::Started { job: first },
            JobEvent::Paused { job: first },
            JobEvent::Resumed { job: first },
            JobEvent::Finished { job: first },
            JobEvent::Started { job: second },
            JobEvent::Paused { job: second },
            JobEvent::Cancelled {
                job: second,
                how: CancelHow::Unwound
            },
            JobEvent::Started { job: third },
            JobEvent::Panicked { job: third },
        ]
    );
    assert!(first < second && second < third);
}

/// An observer may start jobs, and change the observer.
#[test]
fn observer_may_use_jobs() {
    struct Starts;
    impl JobObserver for Starts {
        fn job_event(&self, event: JobEvent) {
            if matches!(event, JobEvent::Paused { .. }) {
                set_observer(None);
                assert_eq!(finished(start(None, || 3)), 3);
            }
        }
    }
    set_observer(Some(Rc::new(Starts)));
    let job = paused(start(None, pause));
    assert!(finished(job.resume()).is_resumed());
}

/// An observer that panics at any step leaves no job behind.
#[test]
fn panicking_observer_loses_no_job() {
    struct PanicsAt(usize, std::cell::Cell<usize>);
    impl JobObserver for PanicsAt {
        fn job_event(&self, _event: JobEvent) {
            let step = self.1.get();
            self.1.set(step + 1);
            if step == self.0 {
                resume_unwind(Box::new(()));
            }
        }
    }
    for step in 0..4 {
        let probe = Probe::new();
        let f = probe.guarding(pauses);
        set_observer(Some(Rc::new(PanicsAt(step, std::cell::Cell::new(0)))));
        let caught = catch_unwind(AssertUnwindSafe(|| {
            finished(paused(start(None, f)).resume());
        }));
        assert!(caught.is_err(), "step {step}");
        set_observer(None);
        assert_eq!(probe.drops(), 1, "step {step}");
        assert_eq!(
            (thread_stats().pooled, thread_stats().handed_out),
            (1, 0),
            "step {step}"
        );
    }
}

/// An observer that does not care for pauses hears the rest all the same.
#[test]
fn begins_and_ends_are_told_to_whom_pauses_do_not_matter() {
    #[derive(Default)]
    struct Ends(Log);
    impl JobObserver for Ends {
        fn job_event(&self, event: JobEvent) {
            self.0.job_event(event);
        }

        fn hears_pauses(&self) -> bool {
            false
        }
    }
    let ends = Rc::new(Ends::default());
    set_observer(Some(Rc::clone(&ends) as _));
    let job = paused(start(None, pause));
    let first = job.id();
    assert!(finished(job.resume()).is_resumed());
    let job = paused(start(None, pause));
    let second = job.id();
    drop(job);
    // Whoever takes its place hears everything again.
    let log = Rc::new(Log::default());
    set_observer(Some(Rc::clone(&log) as _));
    let job = paused(start(None, pause));
    let third = job.id();
    assert!(finished(job.resume()).is_resumed());
    set_observer(None);
    assert_eq!(
        *ends.0.0.borrow(),
        [
            JobEvent::Started { job: first },
            JobEvent::Finished { job: first },
            JobEvent::Started { job: second },
            JobEvent::Cancelled {
                job: second,
                how: CancelHow::Unwound
            },
        ]
    );
    assert_eq!(
        *log.0.borrow(),
        [
            JobEvent::Started { job: third },
            JobEvent::Paused { job: third },
            JobEvent::Resumed { job: third },
            JobEvent::Finished { job: third },
        ]
    );
}
