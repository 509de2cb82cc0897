//! What happens when descriptors run out. A program of its own, because the limit is the process's.

use std::cell::RefCell;
use std::rc::Rc;

use pausewake_device::ring::CreateError;
use pausewake_device::{Device, DeviceConfig};
use pausewake_engine::{
    Engine, EngineError, Error, ErrorFamily, Notify, Reactor, ReactorError, ReaperError, Retry,
    raise_fd_limit,
};
use pausewake_jobs::WaitFd;
use pausewake_tests::{Cell, Rig, Time, alone, everywhere, open_fds, seal};
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

/// What came of the calls of jobs.
type Results = Rc<RefCell<Vec<Result<usize, Error>>>>;

fn spawn_jobs(rig: &mut Rig, results: &Results) {
    for _ in 0..JOBS {
        let (engine, key, results) = (rig.engine.clone(), rig.keys.aes, results.clone());
        rig.spawn(move || {
            let sealed = seal(&engine, key);
            results.borrow_mut().push(sealed);
        });
    }
}

#[test]
fn a_job_without_a_descriptor_gets_an_error_and_nothing_hangs() {
    let _alone = alone();
    everywhere(|time, cell| {
        // Only those that are told by fd need one.
        if cell.is_by_fd() {
            run_out_of_descriptors(time, cell);
        }
    });
}

fn run_out_of_descriptors(time: Time, cell: Cell) {
    let context = format!("{time:?} {cell:?}");
    let before = open_fds();
    let mut rig = Rig::new(time, cell);
    let limit = open_fds() + ROOM;
    set_soft_limit(limit as u64);
    let lucky = room_for_fds();
    assert!((1..JOBS).contains(&lucky), "{lucky} descriptors are left");
    let results = Results::default();
    spawn_jobs(&mut rig, &results);
    let refused = Error::Retry(Retry::NoDescriptor);
    assert_eq!(refused.family(), Some(ErrorFamily::Retry));
    assert_eq!(
        *results.borrow(),
        vec![Err(refused); JOBS - lucky],
        "{context}"
    );
    assert_eq!(rig.reactor.live_jobs(), lucky, "{context}: the others wait");
    rig.run();
    let sealed = results
        .borrow()
        .iter()
        .filter(|len| **len == Ok(20))
        .count();
    assert_eq!((sealed, results.borrow().len()), (lucky, JOBS), "{context}");
    assert_eq!(rig.engine.stats().submitted, lucky as u64);
    assert_eq!(rig.engine.slots_in_use(), 0);

    // With the limit raised, places that had no descriptor before get one.
    let raised = raise_fd_limit((limit + JOBS) as u64);
    assert!(
        raised.raised && raised.allows((limit + JOBS) as u64),
        "{raised:?}"
    );
    results.borrow_mut().clear();
    spawn_jobs(&mut rig, &results);
    rig.run();
    assert_eq!(*results.borrow(), vec![Ok(20); JOBS], "{context}");
    drop(rig);
    assert_eq!(open_fds(), before, "{context}: every descriptor is closed");
}

/// Tries with no descriptor, then with one, and so on; gives what was in the way each time.
fn with_ever_more_descriptors<T, E>(mut attempt: impl FnMut() -> Result<T, E>) -> (T, Vec<E>) {
    set_soft_limit((open_fds() + ROOM) as u64);
    let mut held: Vec<_> = std::iter::from_fn(|| WaitFd::eventfd().ok()).collect();
    let mut errors = Vec::new();
    loop {
        match attempt() {
            Ok(made) => return (made, errors),
            Err(error) => errors.push(error),
        }
        held.pop().expect("so many are not needed");
    }
}

#[test]
fn a_loop_and_a_reaper_without_descriptors_say_to_try_again_and_then_work() {
    let _alone = alone();
    let mut rig = Rig::new(Time::Simulated, Notify::Callback);
    let (reactor, errors) = with_ever_more_descriptors(|| Reactor::new(rig.engine.clone()));
    assert_eq!(errors.len(), 3, "a loop needs three: {errors:?}");
    assert!(matches!(errors[0], ReactorError::Bell(_)), "{errors:?}");
    for error in &errors {
        assert_eq!(error.family(), ErrorFamily::Retry, "{error:?}");
    }
    rig.reactor = reactor;
    let (engine, key) = (rig.engine.clone(), rig.keys.aes);
    rig.spawn(move || assert_eq!(seal(&engine, key), Ok(20)));
    rig.run();

    let with_thread = Time::Manual.cells().filter(|cell| cell.has_thread());
    for cell in with_thread {
        let (device, _manual) = Device::manual(DeviceConfig::default(), None)
            .expect("the limit leaves room for a device");
        let (first, errors) = with_ever_more_descriptors(|| device.open_queue());
        assert!(!errors.is_empty(), "a queue pair needs some");
        assert!(errors.iter().all(CreateError::is_retry), "{errors:?}");
        // A queue pair goes down with the engine that was not made.
        let second = device.open_queue().expect("and another queue");
        let mut queues = vec![second, first];
        let (engine, errors) = with_ever_more_descriptors(|| {
            let queue = queues.pop().expect("two are enough");
            Engine::new(queue, cell.config(), None)
        });
        assert!(
            matches!(errors[..], [EngineError::Reaper(ReaperError::Bell(_))]),
            "{errors:?}"
        );
        assert_eq!(errors[0].family(), ErrorFamily::Retry);
        assert_eq!(engine.poll(), 0);
    }
}
