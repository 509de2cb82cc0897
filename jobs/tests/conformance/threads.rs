//! Point 29.

use std::cell::RefCell;
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;

use pausewake_jobs::{JobId, WaitCtx, WaitFd, WaitKey, Wake, current, pause, start};

use crate::support::{finished, paused};

const KEY: WaitKey = WaitKey(1);

/// From another thread, a wake through the fd or a callback is allowed; and nothing else can
/// get there, because `Wake` alone is `Send`.
#[test]
fn point_29_other_threads_may_only_wake() {
    fn may_travel<T: Send + Sync + Clone>() {}
    trait AmbiguousIfSend<Marker> {
        fn check() {}
    }
    impl<T> AmbiguousIfSend<()> for T {}
    impl<T: Send> AmbiguousIfSend<u8> for T {}
    may_travel::<Wake>();
    <WaitCtx as AmbiguousIfSend<_>>::check();

    let wait_ctx = WaitCtx::new();
    let (wakes, woken) = mpsc::channel::<Wake>();
    let waker = thread::spawn(move || woken.iter().map(|wake| wake.wake().unwrap()).count());
    let job = paused(start(Some(&wait_ctx), move || {
        let mine = current().unwrap().wait_ctx();
        let fd = WaitFd::eventfd().unwrap();
        mine.set_wait_fd(KEY, fd, None);
        wakes.send(mine.wake_by_fd(KEY).unwrap()).unwrap();
        let _ = pause();
    }));
    let fd = wait_ctx.fd(KEY).unwrap();
    let mut polled = [rustix::event::PollFd::new(
        &fd,
        rustix::event::PollFlags::IN,
    )];
    assert_eq!(rustix::event::poll(&mut polled, None), Ok(1));
    finished(job.resume());
    assert_eq!(waker.join().unwrap(), 1);
    assert_eq!(fd.drain().unwrap(), 1);
    assert_eq!(fd.drain().unwrap(), 0);
}

/// A late wake keeps its own descriptor open, so that it never hits another one of that number.
#[test]
fn point_29_late_wake_hits_nothing_else() {
    let wait_ctx = WaitCtx::new();
    let number = {
        let fd = WaitFd::eventfd().unwrap();
        wait_ctx.set_wait_fd(KEY, fd.clone(), None);
        fd.as_raw_fd()
    };
    let wake = wait_ctx.wake_by_fd(KEY).unwrap();
    wait_ctx.clear_fd(KEY);
    drop(wait_ctx);
    let others: Vec<_> = (0..16).map(|_| WaitFd::eventfd().unwrap()).collect();
    assert!(others.iter().all(|fd| fd.as_raw_fd() != number));
    thread::spawn(move || wake.wake().unwrap()).join().unwrap();
    assert!(others.iter().all(|fd| fd.drain().unwrap() == 0));
}

/// A late callback is still there, and runs.
#[test]
fn point_29_late_callback_is_alive() {
    let count = Arc::new(AtomicU32::new(0));
    let wake = {
        let wait_ctx = WaitCtx::new();
        let counter = Arc::clone(&count);
        wait_ctx.set_callback(Some(Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        })));
        wait_ctx.callback().unwrap()
    };
    assert_eq!(Arc::strong_count(&count), 2);
    thread::spawn(move || wake.wake().unwrap()).join().unwrap();
    assert_eq!(
        (count.load(Ordering::Relaxed), Arc::strong_count(&count)),
        (1, 1)
    );
}

/// Waking a descriptor that cannot be written to is an error and no panic; a full one is awake.
#[test]
fn point_29_wake_errors() {
    let read_only = File::open("/dev/null").unwrap();
    assert!(
        Wake::from_fd(WaitFd::from(OwnedFd::from(read_only)))
            .wake()
            .is_err()
    );
    let full = WaitFd::eventfd().unwrap();
    rustix::io::write(&full, &(u64::MAX - 1).to_ne_bytes()).unwrap();
    Wake::from_fd(full.clone()).wake().unwrap();
    assert_eq!(full.drain().unwrap(), u64::MAX - 1);
}

/// Ids are unique in the process, also with many threads that start jobs.
#[test]
fn point_29_threads_share_nothing_but_ids() {
    let threads = [(); 4].map(|()| {
        thread::spawn(|| {
            let ids = RefCell::new(Vec::<JobId>::new());
            for _ in 0..1_000 {
                let job = paused(start(None, pause));
                ids.borrow_mut().push(job.id());
                assert!(finished(job.resume()).is_resumed());
            }
            ids.into_inner()
        })
    });
    let mut ids: Vec<JobId> = threads
        .into_iter()
        .flat_map(|t| t.join().unwrap())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4_000);
}
