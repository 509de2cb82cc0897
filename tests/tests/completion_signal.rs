//! The completion signal as a loop of somebody else's sees it: armed, looked at, readable.

use std::os::fd::OwnedFd;

use pausewake_device::protocol::Status;
use pausewake_device::{Device, DeviceConfig};
use pausewake_engine::{Engine, EngineConfig, Notify, Reap, SmallOps};
use pausewake_jobs::{Job, WaitCtx, start};
use pausewake_tests::{Keys, Rig, Time};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

fn is_readable(fd: &OwnedFd) -> bool {
    let no_time = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    poll(&mut fds, Some(&no_time)).expect("it can be polled") > 0
}

fn wait_until_readable(fd: &OwnedFd) {
    let mut fds = [PollFd::new(fd, PollFlags::IN)];
    while poll(&mut fds, None) != Ok(1) {}
}

/// A job that has submitted one operation.
fn one_op(engine: &Engine, keys: Keys) -> Job<()> {
    let caller = engine.clone();
    let outcome = start(Some(&WaitCtx::new()), move || {
        let sealed = caller.aead_seal(keys.aes, [0; 12], b"", b"text", &mut [0; 20]);
        assert_eq!(sealed, Ok(20));
    });
    let job = outcome.expect("a job can be had").paused();
    engine.ring_doorbell();
    job.expect("it waits")
}

#[test]
fn it_comes_when_it_was_asked_for_and_only_then() {
    let rig = Rig::new(Time::Manual, Notify::Fd);
    let signal = rig.engine.signal_fd().expect("descriptors are left");
    let signal = signal.expect("the engine reaps for itself");

    // Asked for before the completion: it comes.
    let job = one_op(&rig.engine, rig.keys);
    assert!(rig.engine.arm_signal(), "there is nothing yet");
    assert!(!is_readable(&signal));
    assert_eq!(rig.complete_all(), 1);
    assert!(is_readable(&signal));
    rig.engine.disarm_signal();
    assert!(!is_readable(&signal));
    assert_eq!(rig.engine.poll(), 1);
    assert!(job.resume().expect("no job").finished().is_some());

    // Asked for after it: the answer is no, and nobody sleeps.
    let job = one_op(&rig.engine, rig.keys);
    assert_eq!(rig.complete_all(), 1);
    assert!(!rig.engine.arm_signal(), "there is something already");
    assert!(!is_readable(&signal), "not asked for");
    assert_eq!(rig.engine.poll(), 1);
    assert!(job.resume().expect("no job").finished().is_some());

    // Taken back: it does not come.
    let job = one_op(&rig.engine, rig.keys);
    assert!(rig.engine.arm_signal());
    rig.engine.disarm_signal();
    assert_eq!(rig.complete_all(), 1);
    assert!(!is_readable(&signal));
    assert_eq!(rig.engine.poll(), 1);
    assert!(job.resume().expect("no job").finished().is_some());
}

#[test]
fn a_reaper_thread_signals_by_the_same_contract() {
    let (device, manual) = Device::manual(DeviceConfig::default(), None).expect("it is possible");
    let keys = Keys::import(&device);
    let config = EngineConfig {
        notify: Notify::Fd,
        reap: Reap::THREAD,
        small_ops: SmallOps::NONE,
        ..EngineConfig::default()
    };
    let queue = device.open_queue().expect("descriptors are left");
    let engine = Engine::new(queue, config, None).expect("the cell is allowed");
    let signal = engine.signal_fd().expect("descriptors are left");
    let signal = signal.expect("the reaper has a bell");
    for _ in 0..100 {
        let job = one_op(&engine, keys);
        assert!(engine.arm_signal(), "there is nothing yet");
        let pending = manual.pending();
        let completed = manual.complete(pending[0].id, Status::Ok);
        completed.expect("it is pending");
        // A signal is a hint, and can come for nothing: then the loop sleeps again.
        loop {
            wait_until_readable(&signal);
            engine.disarm_signal();
            if engine.poll() == 1 || !engine.arm_signal() && engine.poll() == 1 {
                break;
            }
        }
        assert!(job.resume().expect("no job").finished().is_some());
    }
    assert_eq!(engine.slots_in_use(), 0);
}

#[test]
fn the_fd_outlives_the_engine() {
    let rig = Rig::new(Time::Simulated, Notify::Fd);
    let signal = rig.engine.signal_fd().expect("descriptors are left");
    drop(rig);
    assert!(!is_readable(&signal.expect("the engine reaps for itself")));
}
