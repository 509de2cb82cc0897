//! Rings that are shallow, limits that bind, and who is told of room.

use std::sync::Arc;

use pausewake_device::protocol::Status;
use pausewake_device::{Device, DeviceConfig, Nanos, WaitStrategy};
use pausewake_engine::{EngineConfig, Heuristic, Notify, OnFull, Reactor, Reap};
use pausewake_jobs::Callback;
use pausewake_tests::{Cell, Keys, Rig, Time, seal};

use crate::support::{device_config, engine, offload_all, paused_jobs, simulated};

/// Room in a shallow ring is announced when the device fetches, not when something completes: here
/// nothing ever does.
#[test]
fn a_shallow_ring_does_not_throttle_a_device_that_fetches() {
    const JOBS: u32 = 60;
    // A reaper thread passes the news on, also while it lets completions gather.
    let reaper = Reap::Thread {
        interval_ns: Nanos::from_millis(2),
    };
    for (notify, reap) in [
        (Notify::Callback, Reap::Event),
        (Notify::Fd, Reap::Event),
        (Notify::Callback, reaper),
        (Notify::Fd, reaper),
    ] {
        let config = device_config(2, 64, Nanos::from_secs(3_600));
        let device = Device::thread(config, WaitStrategy::Sleep, None).expect("a thread is left");
        let key = Keys::import(&device).aes;
        let config = EngineConfig {
            notify,
            reap,
            ..offload_all()
        };
        let engine = engine(&device, config, None);
        let mut reactor = Reactor::new(engine.clone()).expect("descriptors are left");
        for _ in 0..JOBS {
            let engine = engine.clone();
            let job = move || {
                let _ = seal(&engine, key);
            };
            reactor.spawn(job).expect("a job can be had");
        }
        // Each turn sleeps until there is room; a second without any means that nobody was told.
        let mut turns = 0;
        while device.stats().in_flight < JOBS {
            let until = engine.now() + Nanos::from_secs(1);
            reactor.turn(Some(until)).expect("the loop works");
            turns += 1;
            assert!(turns < 1_000, "{} in flight", device.stats().in_flight);
        }
    }
}

/// A limit of one's own is not the ring's: while it binds, there is nothing to look for.
#[test]
fn a_loop_whose_engine_has_reached_its_limit_sleeps() {
    let config = device_config(64, 64, Nanos::from_millis(200));
    let device = Device::thread(config, WaitStrategy::Sleep, None).expect("a thread is left");
    let key = Keys::import(&device).aes;
    let config = EngineConfig {
        max_in_flight: Some(1),
        ..offload_all()
    };
    let engine = engine(&device, config, None);
    let mut reactor = Reactor::new(engine.clone()).expect("descriptors are left");
    for _ in 0..2 {
        let engine = engine.clone();
        let job = move || assert_eq!(seal(&engine, key), Ok(20));
        reactor.spawn(job).expect("a job can be had");
    }
    let mut turns = 0;
    while reactor.live_jobs() > 0 {
        reactor.turn(None).expect("the loop works");
        turns += 1;
    }
    // Two operations of 200 ms: a loop that spins turns many thousand times.
    assert!(turns < 50, "{turns} turns");
}

/// A ring that is full of what the device was not shown yet is not full.
#[test]
fn a_call_that_does_not_wait_shows_the_device_what_fills_the_ring() {
    let device = simulated(device_config(1, 64, Nanos::from_millis(1)));
    let key = Keys::import(&device).aes;
    let config = EngineConfig {
        on_full: OnFull::Fail,
        ..offload_all()
    };
    let engine = engine(&device, config, None);
    let mut reactor = Reactor::new(engine.clone()).expect("descriptors are left");
    let caller = engine.clone();
    let job = move || assert_eq!(seal(&caller, key), Ok(20));
    reactor.spawn(job).expect("a job can be had");
    assert_eq!(seal(&engine, key), Ok(20), "in place");
    reactor.run().expect("the job is told");
}

/// A loop of somebody else's by thresholds, with room in the ring and a call in line: the look that is
/// not due serves the line all the same, and the loop sleeps.
#[test]
fn a_heuristic_loop_without_a_reactor_does_not_spin_on_room() {
    let heuristic = Heuristic::default();
    let cell = Cell {
        notify: Notify::Callback,
        reap: Reap::Heuristic(heuristic),
    };
    let mut config = DeviceConfig::default();
    config.queue.slots = 8;
    config.queue.ring_depth = 1;
    config.model.in_flight_limit = 1;
    let rig = Rig::with(Time::Manual, cell, config, None);
    let (engine, silent): (_, Callback) = (&rig.engine, Arc::new(|| {}));
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.extend(paused_jobs(engine, rig.keys.aes, [silent.clone()]));
        engine.ring_doorbell();
    }
    let pending = rig.manual().pending();
    assert_eq!(pending.len(), 1);
    let completed = rig.manual().complete(pending[0].id, Status::Ok);
    completed.expect("it is pending");
    let sleeps = |_: &usize| {
        engine.ring_doorbell();
        let is_quiet = engine.arm_signal();
        if !is_quiet {
            engine.disarm_signal();
            engine.poll_heuristically(100);
        }
        is_quiet
    };
    let turns = (0..10).find(sleeps);
    assert!(turns.is_some(), "the loop never sleeps");
    assert_eq!(engine.stats().wakes_for_room, 1);
    drop(jobs);
}
