//! Ten thousand jobs in one loop, and four threads on one device: every operation exactly once.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::thread;

use pausewake_device::keys::KeyId;
use pausewake_device::{Device, DeviceConfig, Nanos, WaitStrategy};
use pausewake_engine::{Engine, EngineConfig, Notify, Reactor, Reap, SmallOps, raise_fd_limit};
use pausewake_tests::{Keys, Rig, Time, alone, open_fds};

const JOBS: u32 = 10_000;
/// Descriptors that are left to everybody else.
const SPARE_FDS: u64 = 256;

/// How many jobs can have a descriptor each. Where the limit may not be raised far enough, those are
/// fewer than wanted, and the test says so, past the harness that keeps passing tests quiet.
fn jobs_with_fds(wanted: u32) -> u32 {
    let limit = raise_fd_limit(u64::from(wanted) + SPARE_FDS);
    if limit.allows(u64::from(wanted) + SPARE_FDS) {
        return wanted;
    }
    let fit = limit.soft.unwrap_or(u64::MAX).saturating_sub(SPARE_FDS);
    let fit = u32::try_from(fit).unwrap_or(wanted).min(wanted);
    let said = writeln!(
        io::stderr(),
        "only {fit} of {wanted} jobs by fd: {limit:?} may not be raised further"
    );
    said.expect("stderr is open");
    assert!(fit >= 64, "{limit:?}: raise the hard limit, `ulimit -Hn`");
    fit
}

/// A quick device with this many slots, small ones.
fn device_config(slots: u32) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    config.queue.slots = slots;
    config.queue.ring_depth = slots;
    config.queue.completion_depth = slots;
    config.queue.slot_size = 128;
    config.model.in_flight_limit = slots;
    config.model.symmetric.service.base_ns = Nanos::from_micros(1);
    config
}

/// Seals a text of its own and opens it again: two operations, whose result is no other job's.
fn seal_and_open(engine: &Engine, key: KeyId, number: u32) {
    let text = number.to_le_bytes();
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&text);
    let (mut sealed, mut opened) = ([0; 20], [0; 4]);
    let sealed_len = engine.aead_seal(key, nonce, b"", &text, &mut sealed);
    assert_eq!(sealed_len, Ok(20));
    let opened_len = engine.aead_open(key, nonce, b"", &sealed, &mut opened);
    assert_eq!(opened_len, Ok(4));
    assert_eq!(opened, text);
}

/// All jobs are alive at once, each makes two calls.
fn crowd(time: Time, notify: Notify, jobs: u32, slots: u32) {
    let mut rig = match notify {
        Notify::Callback | Notify::Fd => Rig::with(time, notify, device_config(slots), None),
        Notify::Poll => rig_that_looks(time, slots),
    };
    let ended = Rc::new(RefCell::new(vec![0_u32; jobs as usize]));
    for job in 0..jobs {
        let (engine, key, ended) = (rig.engine.clone(), rig.keys.aes, ended.clone());
        rig.spawn(move || {
            seal_and_open(&engine, key, job);
            ended.borrow_mut()[job as usize] += 1;
        });
    }
    assert_eq!(rig.reactor.live_jobs(), jobs as usize, "all at once");
    rig.run();
    let case = format!("{time:?}, {notify:?}, {jobs} jobs, {slots} slots");
    assert!(ended.borrow().iter().all(|ended| *ended == 1), "{case}");
    let (stats, ops) = (rig.engine.stats(), u64::from(2 * jobs));
    assert_eq!((stats.submitted, stats.reaped), (ops, ops), "{case}");
    assert_eq!((stats.returned, stats.in_flight), (ops, 0), "{case}");
    let (by_callback, by_fd) = (stats.wakes_by_callback, stats.wakes_by_fd);
    match notify {
        Notify::Callback => assert_eq!((by_callback, by_fd), (ops, 0), "{case}"),
        Notify::Fd => assert_eq!((by_callback, by_fd), (0, ops), "{case}"),
        Notify::Poll => assert_eq!((by_callback, by_fd), (0, 0), "{case}"),
    }
    assert_eq!(
        stats.full_waits > 0,
        slots < jobs,
        "{case}: who waits for room"
    );
    assert_eq!(stats.spurious_resumes, 0, "{case}");
    assert_eq!((stats.orphans, stats.abandoned), (0, 0), "{case}");
    assert_eq!(rig.engine.slots_in_use(), 0, "{case}");
    let device = rig.device.stats();
    assert_eq!((device.fetched, device.completed), (ops, ops), "{case}");
}

/// As [`Rig::with`], but nobody is told: the loop polls between resumes, and the jobs look.
fn rig_that_looks(time: Time, slots: u32) -> Rig {
    let mut rig = Rig::with(time, Notify::Callback, device_config(slots), None);
    let config = EngineConfig {
        notify: Notify::Poll,
        reap: Reap::Inline,
        small_ops: SmallOps::NONE,
        ..EngineConfig::default()
    };
    let queue = rig.device.open_queue().expect("descriptors are left");
    rig.engine = Engine::new(queue, config, None).expect("the cell is allowed");
    rig.reactor = Reactor::new(rig.engine.clone()).expect("descriptors are left");
    rig
}

/// With a slot for each, and with a line of nearly ten thousand.
fn crowds(notify: Notify, jobs: u32) {
    for time in [Time::Simulated, Time::Thread] {
        for slots in [16_384, 64] {
            crowd(time, notify, jobs, slots);
        }
    }
}

#[test]
fn ten_thousand_jobs_by_callback() {
    let _alone = alone();
    crowds(Notify::Callback, JOBS);
}

#[test]
fn ten_thousand_jobs_by_fd() {
    let _alone = alone();
    let before = open_fds();
    crowds(Notify::Fd, jobs_with_fds(JOBS));
    assert_eq!(open_fds(), before, "every descriptor is closed");
}

/// Not ten thousand: where nobody is told, every look is a look at every job.
#[test]
fn a_thousand_jobs_that_look() {
    let _alone = alone();
    crowd(Time::Simulated, Notify::Poll, JOBS / 10, 16_384);
    crowd(Time::Thread, Notify::Poll, JOBS / 10, 64);
}

#[test]
fn ten_thousand_jobs_are_cancelled_in_line_and_in_flight() {
    let _alone = alone();
    for notify in [Notify::Callback, Notify::Fd] {
        let jobs = match notify {
            Notify::Fd => jobs_with_fds(JOBS),
            Notify::Callback | Notify::Poll => JOBS,
        };
        let before = (open_fds(), pausewake_jobs::thread_stats().handed_out);
        let mut rig = Rig::with(Time::Simulated, notify, device_config(1_024), None);
        for job in 0..jobs {
            let (engine, key) = (rig.engine.clone(), rig.keys.aes);
            rig.spawn(move || seal_and_open(&engine, key, job));
        }
        let (reactor, engine, device) = (rig.reactor, rig.engine, rig.device);
        let shutdown = reactor.shutdown().expect("the loop works");
        assert_eq!(shutdown.cancelled_jobs, jobs as usize, "{notify:?}");
        assert_eq!(shutdown.slots_left, 0, "{notify:?}");
        let stats = engine.stats();
        assert_eq!((stats.returned, stats.in_flight), (0, 0), "{notify:?}");
        assert_eq!(stats.abandoned, stats.submitted, "{notify:?}");
        drop((engine, device));
        let after = (open_fds(), pausewake_jobs::thread_stats().handed_out);
        assert_eq!(
            after, before,
            "{notify:?}: no descriptor and no stack is left"
        );
    }
}

const THREADS: u32 = 4;
const JOBS_PER_THREAD: u32 = 64;
const ROUNDS: u32 = 50;

/// One application thread with a queue pair, an engine and a loop of its own.
fn application_thread(device: &Device, key: KeyId, notify: Notify, thread: u32) {
    let config = EngineConfig {
        notify,
        small_ops: SmallOps::NONE,
        ..EngineConfig::default()
    };
    let queue = device.open_queue().expect("descriptors are left");
    let engine = Engine::new(queue, config, None).expect("the cell is allowed");
    let mut reactor = Reactor::new(engine.clone()).expect("descriptors are left");
    let ended = Rc::new(RefCell::new(vec![0; JOBS_PER_THREAD as usize]));
    for job in 0..JOBS_PER_THREAD {
        let (engine, ended) = (engine.clone(), ended.clone());
        let spawned = reactor.spawn(move || {
            for round in 0..ROUNDS {
                seal_and_open(&engine, key, (thread << 24) | (job << 12) | round);
                ended.borrow_mut()[job as usize] += 1;
            }
        });
        spawned.expect("a job can be had");
    }
    reactor.run().expect("nothing stalls");
    assert_eq!(*ended.borrow(), vec![ROUNDS; JOBS_PER_THREAD as usize]);
    let (stats, ops) = (engine.stats(), u64::from(2 * ROUNDS * JOBS_PER_THREAD));
    assert_eq!((stats.submitted, stats.reaped), (ops, ops));
    assert_eq!((stats.returned, stats.orphans), (ops, 0), "nobody else's");
    assert_eq!(engine.slots_in_use(), 0);
}

#[test]
fn four_threads_share_a_device_with_a_queue_pair_each() {
    let _alone = alone();
    for notify in [Notify::Callback, Notify::Fd] {
        // Fewer slots than jobs, so that each thread has a line of its own.
        let config = device_config(32);
        let device = Device::thread(config, WaitStrategy::Adaptive, None).expect("it is possible");
        let key = Keys::import(&device).aes;
        thread::scope(|scope| {
            for number in 0..THREADS {
                let device = &device;
                scope.spawn(move || application_thread(device, key, notify, number));
            }
        });
        let (stats, ops) = (
            device.stats(),
            u64::from(2 * ROUNDS * JOBS_PER_THREAD * THREADS),
        );
        assert_eq!((stats.fetched, stats.completed), (ops, ops), "{notify:?}");
    }
}
