//! Points 10 to 14.

use std::cell::RefCell;

use libc::SIGUSR1;
use pausewake_jobs::{
    Pause, PauseBlock, WaitCtx, WaitFd, WaitKey, block_pause, current, pause, start,
};

use crate::support::{finished, paused, sys};

/// Outside a job, and while blocked, a pause returns at once and says so.
#[test]
fn point_10_pause_says_what_happened() {
    assert_eq!(pause(), Pause::NotInJob);
    let blocked = finished(start(None, || {
        let _block = block_pause();
        pause()
    }));
    assert_eq!(blocked, Pause::Blocked);
    let job = paused(start(None, pause));
    assert_eq!(pause(), Pause::NotInJob);
    let said = finished(job.resume());
    assert_eq!(said, Pause::Resumed);
    assert!(said.is_resumed());
}

/// Blocks nest; what is unblocked too often counts as 0; outside a job nothing happens.
#[test]
fn point_11_blocks_nest() {
    let outside = block_pause();
    let job = paused(start(None, move || {
        let first = block_pause();
        let second = block_pause();
        assert_eq!(pause(), Pause::Blocked);
        drop(first);
        assert_eq!(pause(), Pause::Blocked);
        drop(second);
        // From outside: no block of this job's, so a surplus.
        drop(outside);
        assert_eq!(pause(), Pause::Resumed);
        let _again = block_pause();
        pause()
    }));
    assert_eq!(finished(job.resume()), Pause::Blocked);
    drop(block_pause());
    assert_eq!(pause(), Pause::NotInJob);
}

thread_local! {
    static LEAKED: RefCell<Option<PauseBlock>> = const { RefCell::new(None) };
}

/// A block that outlives its job holds no other job back, and its late end unblocks none.
#[test]
fn point_12_blocks_belong_to_their_job() {
    finished(start(None, || {
        LEAKED.with(|slot| *slot.borrow_mut() = Some(block_pause()));
        std::mem::forget(block_pause());
    }));
    let job = paused(start(None, || {
        assert_eq!(pause(), Pause::Resumed);
        let _mine = block_pause();
        LEAKED.with(|slot| slot.borrow_mut().take());
        pause()
    }));
    assert_eq!(finished(job.resume()), Pause::Blocked);
}

/// A block of an outer job can end while the outer job cancels another one.
#[test]
fn point_12_block_ends_from_within_a_nested_cancel() {
    struct EndBlock;
    impl Drop for EndBlock {
        fn drop(&mut self) {
            LEAKED.with(|slot| slot.borrow_mut().take());
        }
    }
    let inner = paused(start(None, || {
        let _end = EndBlock;
        let _ = pause();
    }));
    let outer = paused(start(None, move || {
        LEAKED.with(|slot| *slot.borrow_mut() = Some(block_pause()));
        assert_eq!(pause(), Pause::Blocked);
        drop(inner);
        pause()
    }));
    assert_eq!(finished(outer.resume()), Pause::Resumed);
}

/// A job without a wait context works, and gets one when somebody asks: the same inside and out.
#[test]
fn point_13_no_wait_ctx_works() {
    let job = paused(start(None, || {
        let _ = pause();
        let mine = current().unwrap().wait_ctx();
        mine.set_wait_fd(WaitKey(4), WaitFd::eventfd().unwrap(), None);
        let _ = pause();
    }));
    let job = paused(job.resume());
    let wait_ctx: WaitCtx = job.wait_ctx().clone();
    assert_eq!(wait_ctx.fd_count(), 1);
    finished(job.resume());
    // The next job on that stack has its own.
    assert_eq!(
        finished(start(None, || current().unwrap().wait_ctx().fd_count())),
        0
    );
}

/// `errno` and the rounding mode are the thread's: what a job changes, its caller sees.
#[test]
fn point_14_errno_and_rounding_belong_to_the_thread() {
    let normal = sys::rounding();
    let job = paused(start(None, || {
        sys::set_rounding(sys::ROUND_TO_ZERO);
        sys::set_errno(123);
        let _ = pause();
        (sys::rounding(), sys::errno())
    }));
    let (seen_rounding, seen_errno) = (sys::rounding(), sys::errno());
    sys::set_rounding(normal);
    sys::set_errno(321);
    assert_eq!((seen_rounding, seen_errno), (sys::ROUND_TO_ZERO, 123));
    assert_eq!(finished(job.resume()), (normal, 321));
}

/// The signal mask is the thread's: a job made under another mask does not bring that one back.
#[test]
fn point_14_first_entry_leaves_the_signal_mask_alone() {
    pausewake_jobs::init_thread(1, 1).unwrap();
    let before = sys::block_signal(SIGUSR1);
    let inside = finished(start(None, || sys::is_blocked(SIGUSR1)));
    let after = sys::is_blocked(SIGUSR1);
    sys::set_signal_mask(&before);
    assert!(inside);
    assert!(after);
    assert!(!sys::is_blocked(SIGUSR1));
    assert!(!finished(start(None, || sys::is_blocked(SIGUSR1))));
}
