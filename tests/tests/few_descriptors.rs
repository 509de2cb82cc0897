//! What happens when descriptors run out. A program of its own, because the limit is the process's.

use std::cell::RefCell;
use std::rc::Rc;

use pausewake_engine::{Error, Notify, Retry, raise_fd_limit};
use pausewake_jobs::WaitFd;
use pausewake_tests::{Rig, Time, open_fds};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const JOBS: usize = 100;
/// About so many jobs get their descriptor.
const ROOM: usize = 40;

/// Allows this many descriptors; the hard limit stays.
fn set_soft_limit(soft: u64) {
    let limit = Rlimit {
        current: Some(soft),
        maximum: getrlimit(Resource::Nofile).maximum,
    };
    setrlimit(Resource::Nofile, limit).expect("lowering is allowed");
}

/// How many descriptors can still be made: the limit is one of their numbers, so that an inherited
/// one with a high number does not count.
fn room_for_fds() -> usize {
    let made = std::iter::from_fn(|| WaitFd::eventfd().ok()).collect::<Vec<_>>();
    made.len()
}

#[test]
fn a_job_without_a_descriptor_gets_an_error_and_nothing_hangs() {
    for time in [Time::Simulated, Time::Thread] {
        let before = open_fds();
        let mut rig = Rig::new(time, Notify::Fd);
        let limit = open_fds() + ROOM;
        set_soft_limit(limit as u64);
        let lucky = room_for_fds();
        assert!((1..JOBS).contains(&lucky), "{lucky} descriptors are left");
        let results = Rc::new(RefCell::new(Vec::new()));
        for _ in 0..JOBS {
            let (engine, key, results) = (rig.engine.clone(), rig.keys.aes, results.clone());
            rig.spawn(move || {
                let sealed = engine.aead_seal(key, [0; 12], b"", b"text", &mut [0; 20]);
                results.borrow_mut().push(sealed);
            });
        }
        let refused = Err(Error::Retry(Retry::NoDescriptor));
        assert_eq!(*results.borrow(), vec![refused; JOBS - lucky], "{time:?}");
        assert_eq!(rig.reactor.live_jobs(), lucky, "{time:?}: the others wait");
        rig.run();
        let sealed = results
            .borrow()
            .iter()
            .filter(|len| **len == Ok(20))
            .count();
        assert_eq!((sealed, results.borrow().len()), (lucky, JOBS), "{time:?}");
        assert_eq!(rig.engine.stats().submitted, lucky as u64);
        assert_eq!(rig.engine.slots_in_use(), 0);

        // With the limit raised, places that had no descriptor before get one.
        let raised = raise_fd_limit((limit + JOBS) as u64);
        assert!(
            raised.raised && raised.allows((limit + JOBS) as u64),
            "{raised:?}"
        );
        results.borrow_mut().clear();
        for _ in 0..JOBS {
            let (engine, key, results) = (rig.engine.clone(), rig.keys.aes, results.clone());
            rig.spawn(move || {
                let sealed = engine.aead_seal(key, [0; 12], b"", b"text", &mut [0; 20]);
                results.borrow_mut().push(sealed);
            });
        }
        rig.run();
        assert_eq!(*results.borrow(), vec![Ok(20); JOBS], "{time:?}");
        drop(rig);
        assert_eq!(open_fds(), before, "{time:?}: every descriptor is closed");
    }
}
