//! Points 1 to 9.

use std::cell::Cell;
use std::rc::Rc;

use pausewake_jobs::{
    Cancelled, Job, Outcome, Pause, ResumeReason, StartReason, WaitCtx, WaitFd, WaitKey, current,
    current_id, init_thread, job_local, pause, set_job_local, start, thread_stats,
};

use crate::support::{finished, paused};

/// Only a pause sets the caller's job; a finish and a refused start leave none.
#[test]
fn point_01_only_a_pause_gives_a_job() {
    init_thread(1, 0).unwrap();
    assert!(matches!(start(None, || 1), Ok(Outcome::Finished(1))));
    let job = paused(start(None, || {
        let _ = pause();
        2
    }));
    assert!(start(None, || 3).is_err());
    assert!(matches!(job.resume(), Ok(Outcome::Finished(2))));
}

/// The result comes at the finish alone, and may be anything.
#[test]
fn point_02_result_comes_at_the_finish() {
    for value in [0, 1, -1, i32::MIN, i32::MAX] {
        let mut job = paused(start(None, move || {
            let _ = pause();
            let _ = pause();
            value
        }));
        job = paused(job.resume());
        assert_eq!(finished(job.resume()), value);
    }
    // Larger than a register, and with a destructor.
    let wide = finished(start(None, || ([7_u64; 40], "text".to_owned())));
    assert_eq!(wide, ([7; 40], "text".to_owned()));
    finished(start(None, || ()));
}

/// The arguments are the job's own: here, what the closure captured. They live until it
/// ends, and are dropped once.
#[test]
fn point_03_captures_live_as_long_as_the_job() {
    let captured = Rc::new(());
    let held = Rc::clone(&captured);
    let job = paused(start(None, move || {
        let _ = pause();
        Rc::strong_count(&held)
    }));
    assert_eq!(Rc::strong_count(&captured), 2);
    assert_eq!(finished(job.resume()), 2);
    assert_eq!(Rc::strong_count(&captured), 1);
    // None at all, and more than a few words.
    assert_eq!(finished(start(None, || 5)), 5);
    let many = [3_u64; 500];
    assert_eq!(
        finished(start(None, move || many.iter().sum::<u64>())),
        1_500
    );
}

/// A resumed job keeps its function and its wait context.
#[test]
fn point_04_resume_keeps_function_and_wait_ctx() {
    let (first, second) = (WaitCtx::new(), WaitCtx::new());
    let job = paused(start(Some(&first), || {
        let _ = pause();
        let mine = current().unwrap().wait_ctx();
        mine.set_wait_fd(WaitKey(1), WaitFd::eventfd().unwrap(), None);
        let _ = pause();
    }));
    let other = paused(start(Some(&second), || {
        let _ = pause();
    }));
    let job = paused(job.resume());
    assert_eq!((first.fd_count(), second.fd_count()), (1, 0));
    assert_eq!(job.wait_ctx().all_fds(), first.all_fds());
    finished(job.resume());
    finished(other.resume());
}

/// A full pool refuses, and gives the function back. (For memory see the process tests.)
#[test]
fn point_05_full_pool_gives_the_function_back() {
    init_thread(2, 0).unwrap();
    let jobs = [(); 2].map(|()| {
        paused(start(None, || {
            let _ = pause();
        }))
    });
    let witness = Rc::new(9);
    let captured = Rc::clone(&witness);
    let error = start(None, move || *captured).unwrap_err();
    assert_eq!(error.reason(), StartReason::NoJobs { max_size: 2 });
    assert!(error.reason().is_retry());
    assert!(error.to_string().contains("init_thread"), "{error}");
    assert_eq!(Rc::strong_count(&witness), 2);
    for job in jobs {
        finished(job.resume());
    }
    let f = error.into_inner();
    assert_eq!(finished(start(None, f)), 9);
}

/// What libraries keep per thread is kept per job in its local slot: not seen by the caller, or
/// another job, and back after the pause.
#[test]
fn point_06_job_local_value_is_switched_with_the_job() {
    fn local() -> Option<u32> {
        job_local().map(|value| *value.downcast::<u32>().unwrap())
    }
    fn keeps(value: u32) -> Job<(Option<u32>, Option<u32>)> {
        paused(start(None, move || {
            let inherited = local();
            set_job_local(Some(Rc::new(value))).unwrap();
            let _ = pause();
            (inherited, local())
        }))
    }
    let (a, b) = (keeps(1), keeps(2));
    assert_eq!(local(), None);
    assert_eq!(finished(a.resume()), (None, Some(1)));
    assert_eq!(local(), None);
    assert_eq!(finished(b.resume()), (None, Some(2)));
    // The next job on the same stack finds it empty, and the value is gone.
    let value = Rc::new(());
    let kept = Rc::clone(&value);
    finished(start(None, move || drop(set_job_local(Some(kept)))));
    assert_eq!(Rc::strong_count(&value), 1);
    assert!(finished(start(None, || job_local().is_none())));
    assert!(set_job_local(Some(Rc::new(()))).is_err());
}

/// No handle is left after the finish (a `compile_fail` doctest on `Job`), and the stack is in
/// the pool once.
#[test]
fn point_07_no_handle_survives_finish() {
    let job = paused(start(None, || {
        let _ = pause();
    }));
    assert_eq!((thread_stats().handed_out, thread_stats().pooled), (1, 0));
    finished(job.resume());
    assert_eq!((thread_stats().handed_out, thread_stats().pooled), (0, 1));
    let pair = [(); 2].map(|()| {
        paused(start(None, || {
            let _ = pause();
            current_id()
        }))
    });
    let ids = pair.each_ref().map(Job::id);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(pair.map(|job| finished(job.resume())), ids.map(Some));
}

/// Starting in a job is refused, whatever state the outer job is in; it goes on unharmed.
#[test]
fn point_08_nested_start_is_refused() {
    let job = paused(start(None, || {
        let me = current_id().unwrap();
        for _ in 0..2 {
            let error = start(None, || 5).unwrap_err();
            assert_eq!(error.reason(), StartReason::Nested { running: me });
            assert!(!error.reason().is_retry());
            assert_eq!(error.into_inner()(), 5);
            assert_eq!(current_id(), Some(me));
            assert_eq!(pause(), Pause::Resumed);
        }
        "unharmed"
    }));
    let job = paused(job.resume());
    assert_eq!(finished(job.resume()), "unharmed");
    assert_eq!(finished(start(None, || 6)), 6);
}

/// Resuming in a job is refused, and gives the inner job back, still paused.
#[test]
fn point_08_nested_resume_is_refused() {
    let inner = paused(start(None, || {
        let _ = pause();
        "inner"
    }));
    let outer = paused(start(None, move || {
        let me = current_id().unwrap();
        let error = inner.resume().unwrap_err();
        assert_eq!(error.reason(), ResumeReason::Nested { running: me });
        assert_eq!(pause(), Pause::Resumed);
        error.into_job()
    }));
    let inner = finished(outer.resume());
    assert_eq!(finished(inner.resume()), "inner");
}

/// Cancelling in a job is allowed: the outer job is the current one again afterwards.
#[test]
fn point_08_nested_cancel_is_allowed() {
    let dropped = Rc::new(Cell::new(0));
    let [cancelled, abandoned] = [(); 2].map(|()| {
        let dropped = Rc::clone(&dropped);
        paused(start(None, move || {
            let _count = CountDrop(dropped);
            let _ = pause();
        }))
    });
    let outer = paused(start(None, move || {
        let me = current_id();
        assert!(matches!(cancelled.cancel(), Cancelled::Unwound));
        assert_eq!(current_id(), me);
        drop(abandoned);
        assert_eq!(current_id(), me);
        pause()
    }));
    assert_eq!(dropped.get(), 2);
    assert_eq!(finished(outer.resume()), Pause::Resumed);
    assert_eq!((thread_stats().handed_out, thread_stats().pooled), (0, 3));
}

/// A job cannot be resumed on another thread, because it cannot get there: this compiles only as
/// long as `Job` is neither `Send` nor `Sync`.
#[test]
fn point_09_job_stays_on_its_thread() {
    trait AmbiguousIfSend<Marker> {
        fn check() {}
    }
    impl<T> AmbiguousIfSend<()> for T {}
    impl<T: Send> AmbiguousIfSend<u8> for T {}
    trait AmbiguousIfSync<Marker> {
        fn check() {}
    }
    impl<T> AmbiguousIfSync<()> for T {}
    impl<T: Sync> AmbiguousIfSync<u8> for T {}
    <Job<()> as AmbiguousIfSend<_>>::check();
    <Job<()> as AmbiguousIfSync<_>>::check();
}

struct CountDrop(Rc<Cell<u32>>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}
