//! Points 21 to 28, one by one. `wait_ctx_model` mixes them.

use std::cell::RefCell;
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use pausewake_jobs::{
    ChangedFds, Cleanup, WaitCtx, WaitFd, WaitKey, WaitStatus, current, pause, start,
};

use crate::support::{finished, paused};

const A: WaitKey = WaitKey(1);
const B: WaitKey = WaitKey(2);

/// Setting puts the new one in front: nothing is replaced or checked.
#[test]
fn point_21_set_prepends() {
    let wait_ctx = WaitCtx::new();
    let [first, second, other] = fds();
    wait_ctx.set_wait_fd(A, first.clone(), None);
    wait_ctx.set_wait_fd(B, other.clone(), None);
    wait_ctx.set_wait_fd(A, second.clone(), None);
    assert_eq!(
        wait_ctx.all_fds(),
        [second.clone(), other.clone(), first.clone()]
    );
    assert_eq!(wait_ctx.fd(A), Some(second));
    assert!(wait_ctx.clear_fd(A));
    assert_eq!(wait_ctx.fd(A), Some(first.clone()));
    assert_eq!(wait_ctx.all_fds(), [other, first]);
}

/// Both lists are newest first, without deleted ones; reading, or only counting, resets nothing.
#[test]
fn point_22_lists_are_newest_first() {
    let wait_ctx = WaitCtx::new();
    let [first, second, third] = fds();
    wait_ctx.set_wait_fd(A, first.clone(), None);
    wait_ctx.set_wait_fd(B, second.clone(), None);
    reset(&wait_ctx);
    wait_ctx.set_wait_fd(A, third.clone(), None);
    wait_ctx.clear_fd(B);
    for _ in 0..2 {
        assert_eq!(wait_ctx.fd_count(), 2);
        assert_eq!(wait_ctx.changed_counts(), (1, 1));
        assert_eq!(wait_ctx.all_fds(), [third.clone(), first.clone()]);
        assert_eq!(
            changed(&wait_ctx),
            (vec![third.clone()], vec![second.clone()])
        );
    }
    // Into a caller's own list, behind what is there.
    let mut all = vec![second];
    wait_ctx.all_fds_into(&mut all);
    assert_eq!(all.len(), 3);
    // Or as numbers.
    let mut numbers = vec![-1];
    wait_ctx.raw_fds_into(&mut numbers);
    assert_eq!(numbers, [-1, third.as_raw_fd(), first.as_raw_fd()]);
}

/// Clearing: without a trace if it is news, else reported; 0 if missing. Never the cleanup.
#[test]
fn point_23_clear_reports_only_old_ones() {
    let calls = Calls::default();
    let wait_ctx = WaitCtx::new();
    let [old, new, _] = fds();
    assert!(!wait_ctx.clear_fd(A));
    wait_ctx.set_wait_fd(A, old.clone(), Some(calls.cleanup(1)));
    reset(&wait_ctx);
    wait_ctx.set_wait_fd(B, new, Some(calls.cleanup(2)));
    assert!(wait_ctx.clear_fd(B));
    assert_eq!(changed(&wait_ctx), (vec![], vec![]));
    assert!(wait_ctx.clear_fd(A));
    assert_eq!(changed(&wait_ctx), (vec![], vec![old]));
    assert!(!wait_ctx.clear_fd(A));
    assert_eq!((wait_ctx.fd(A), wait_ctx.fd_count()), (None, 0));
    drop(wait_ctx);
    assert_eq!(calls.taken(), []);
}

/// Set then clear is no change; clear then set of the same key is two.
#[test]
fn point_24_changes_of_one_key() {
    let wait_ctx = WaitCtx::new();
    let [first, second, _] = fds();
    wait_ctx.set_wait_fd(A, first.clone(), None);
    wait_ctx.clear_fd(A);
    assert_eq!(wait_ctx.changed_counts(), (0, 0));
    wait_ctx.set_wait_fd(A, first.clone(), None);
    reset(&wait_ctx);
    wait_ctx.clear_fd(A);
    wait_ctx.set_wait_fd(A, second.clone(), None);
    assert_eq!(changed(&wait_ctx), (vec![second.clone()], vec![first]));
    assert_eq!(wait_ctx.all_fds(), [second]);
}

/// The change lists begin anew when a paused job resumes, and at no other time.
#[test]
fn point_25_resume_alone_resets_changes() {
    let wait_ctx = WaitCtx::new();
    let [first, second, _] = fds();
    wait_ctx.set_wait_fd(A, first.clone(), None);
    let inner = second.clone();
    let job = paused(start(Some(&wait_ctx), move || {
        let mine = current().unwrap().wait_ctx();
        // Not at the start.
        assert_eq!(mine.changed_counts(), (1, 0));
        let _ = pause();
        // At the resume.
        assert_eq!(mine.changed_counts(), (0, 0));
        mine.clear_fd(A);
        mine.set_wait_fd(B, inner, None);
    }));
    assert_eq!(wait_ctx.changed_counts(), (1, 0));
    finished(job.resume());
    // Not at the finish.
    assert_eq!(changed(&wait_ctx), (vec![second], vec![first]));
    // Not at the end of a job that does not pause, or is cancelled.
    finished(start(Some(&wait_ctx), || ()));
    drop(paused(start(Some(&wait_ctx), pause)));
    assert_eq!(wait_ctx.changed_counts(), (1, 1));
}

/// A deleted descriptor stays open until the lists begin anew.
#[test]
fn point_25_deleted_fd_is_open_until_the_reset() {
    let wait_ctx = WaitCtx::new();
    let weak = {
        let [fd, _, _] = fds();
        wait_ctx.set_wait_fd(A, fd.clone(), None);
        fd.as_raw_fd()
    };
    reset(&wait_ctx);
    wait_ctx.clear_fd(A);
    let deleted = wait_ctx.changed_fds().deleted;
    assert_eq!(deleted[0].as_raw_fd(), weak);
    assert!(rustix::io::fcntl_getfd(deleted[0].as_fd()).is_ok());
    drop(deleted);
    reset(&wait_ctx);
    assert_eq!(wait_ctx.changed_counts(), (0, 0));
}

/// Asking for a key that is not there gives nothing.
#[test]
fn point_26_fd_without_match() {
    let wait_ctx = WaitCtx::new();
    let [fd, _, _] = fds();
    wait_ctx.set_wait_fd(A, fd, None);
    assert_eq!(wait_ctx.fd(B), None);
    assert!(wait_ctx.wake_by_fd(B).is_none());
}

/// The end of a context calls the cleanups of what is in it, newest first, with key and fd.
#[test]
fn point_27_end_calls_cleanups_newest_first() {
    let calls = Calls::default();
    let wait_ctx = WaitCtx::new();
    let [first, second, third] = fds();
    wait_ctx.set_wait_fd(A, first.clone(), Some(calls.cleanup(1)));
    wait_ctx.set_wait_fd(B, second, Some(calls.cleanup(2)));
    wait_ctx.set_wait_fd(B, third.clone(), Some(calls.cleanup(3)));
    wait_ctx.set_wait_fd(A, third.clone(), None);
    reset(&wait_ctx);
    wait_ctx.clear_fd(B);
    wait_ctx.set_wait_fd(B, third.clone(), Some(calls.cleanup(4)));
    // Not while the job holds it.
    let job = paused(start(Some(&wait_ctx), pause));
    drop(wait_ctx);
    assert_eq!(calls.taken(), []);
    assert!(finished(job.resume()).is_resumed());
    let raw = |fd: &WaitFd| fd.as_raw_fd();
    let taken = calls.taken();
    assert_eq!(taken[0], (4, B, raw(&third)));
    assert_eq!((taken[1].0, taken[1].1), (2, B));
    assert_eq!(taken[2], (1, A, raw(&first)));
    assert_eq!(taken.len(), 3);
}

/// A cleanup that panics keeps no other from being called.
#[test]
fn point_27_panicking_cleanup() {
    let calls = Calls::default();
    let wait_ctx = WaitCtx::new();
    let [first, second, _] = fds();
    wait_ctx.set_wait_fd(A, first, Some(calls.cleanup(1)));
    wait_ctx.set_wait_fd(
        B,
        second,
        Some(Box::new(|_, _| std::panic::resume_unwind(Box::new(8)))),
    );
    let payload = catch_unwind(AssertUnwindSafe(|| drop(wait_ctx))).unwrap_err();
    assert_eq!(payload.downcast_ref::<i32>(), Some(&8));
    assert_eq!(calls.taken().len(), 1);
}

/// The callback is there until it is unset, and nobody but the engine calls it. The status starts
/// at 0, takes any number, and survives jobs.
#[test]
fn point_28_callback_and_status() {
    let wait_ctx = WaitCtx::new();
    assert!(wait_ctx.callback().is_none());
    assert_eq!(wait_ctx.status(), WaitStatus(0));
    let count = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&count);
    wait_ctx.set_callback(Some(Arc::new(move || {
        counter.fetch_add(1, Ordering::Relaxed);
    })));
    let job = paused(start(Some(&wait_ctx), || {
        let mine = current().unwrap().wait_ctx();
        mine.set_status(WaitStatus(-7));
        let _ = pause();
    }));
    finished(job.resume());
    assert_eq!(count.load(Ordering::Relaxed), 0);
    assert_eq!(wait_ctx.status(), WaitStatus(-7));
    finished(start(Some(&wait_ctx), || ()));
    assert_eq!(wait_ctx.status(), WaitStatus(-7));
    assert_eq!(
        [
            WaitStatus::UNSUPPORTED,
            WaitStatus::ERR,
            WaitStatus::OK,
            WaitStatus::EAGAIN
        ],
        [0, 1, 2, 3].map(WaitStatus)
    );
    // What was fetched stays callable after it is unset.
    let wake = wait_ctx.callback().unwrap();
    wait_ctx.set_callback(None);
    assert!(wait_ctx.callback().is_none());
    wake.wake().unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

/// A callback may use the context that it comes from: nothing is borrowed while it runs, nor while
/// what it captured is dropped.
#[test]
fn point_28_callbacks_run_with_nothing_borrowed() {
    thread_local! {
        static CTX: WaitCtx = WaitCtx::new();
    }
    struct UsesCtx;
    impl Drop for UsesCtx {
        fn drop(&mut self) {
            CTX.with(|wait_ctx| {
                wait_ctx.set_wait_fd(B, WaitFd::eventfd().unwrap(), None);
                assert!(wait_ctx.clear_fd(B));
                let callback = wait_ctx.callback();
                wait_ctx.set_callback(None);
                drop(callback);
            });
        }
    }
    CTX.with(|wait_ctx| {
        let uses = UsesCtx;
        wait_ctx.set_callback(Some(Arc::new(move || {
            let _ = &uses;
            CTX.with(|wait_ctx| {
                wait_ctx.set_callback(None);
                wait_ctx.set_status(WaitStatus::OK);
            });
        })));
        wait_ctx.callback().unwrap().wake().unwrap();
        assert_eq!(wait_ctx.status(), WaitStatus::OK);
        // The same for a cleanup that is dropped by clearing and by the reset.
        for reset_between in [false, true] {
            let uses = UsesCtx;
            let cleanup: Cleanup = Box::new(move |_, _| drop(uses));
            wait_ctx.set_wait_fd(A, WaitFd::eventfd().unwrap(), Some(cleanup));
            if reset_between {
                reset(wait_ctx);
            }
            assert!(wait_ctx.clear_fd(A));
            reset(wait_ctx);
        }
        assert_eq!(wait_ctx.changed_counts(), (0, 0));
    });
}

/// Three eventfds.
fn fds() -> [WaitFd; 3] {
    [(); 3].map(|()| WaitFd::eventfd().unwrap())
}

fn changed(wait_ctx: &WaitCtx) -> (Vec<WaitFd>, Vec<WaitFd>) {
    let ChangedFds { added, deleted } = wait_ctx.changed_fds();
    assert_eq!(wait_ctx.changed_counts(), (added.len(), deleted.len()));
    (added, deleted)
}

/// Begins the change lists anew by the one means there is.
pub(crate) fn reset(wait_ctx: &WaitCtx) {
    assert!(finished(paused(start(Some(wait_ctx), pause)).resume()).is_resumed());
}

/// The cleanups that were called: number, key and fd.
#[derive(Default)]
pub(crate) struct Calls(Rc<RefCell<Vec<(u32, WaitKey, i32)>>>);

impl Calls {
    pub(crate) fn cleanup(&self, number: u32) -> Cleanup {
        let calls = Rc::clone(&self.0);
        Box::new(move |key, fd| calls.borrow_mut().push((number, key, fd.as_raw_fd())))
    }

    pub(crate) fn taken(&self) -> Vec<(u32, WaitKey, i32)> {
        self.0.take()
    }
}
