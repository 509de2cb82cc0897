//! What an application may do, and an engine must survive: found by attacking it.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pausewake_device::compute::ComputeMode;
use pausewake_device::keys::KeyId;
use pausewake_device::model::ServiceTime;
use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Status};
use pausewake_device::{Device, DeviceConfig, Manual, Nanos, WaitStrategy};
use pausewake_engine::events::{Event, Observer};
use pausewake_engine::{
    DeviceFault, EcdsaCurve, Engine, EngineConfig, Error, Heuristic, Notify, OnFull, Reactor, Reap,
    RsaPadding, SmallOps, Turn,
};
use pausewake_jobs::{Outcome, WaitCtx, Wake, block_pause};
use pausewake_tests::{Keys, Log};

/// A device on which a cipher op takes `service`, with as many slices and slots as are wanted.
fn device_config(ring_depth: u32, slots: u32, service: Nanos) -> DeviceConfig {
    let mut config = DeviceConfig {
        compute: ComputeMode::None,
        ..DeviceConfig::default()
    };
    config.queue.ring_depth = ring_depth;
    config.queue.slots = slots;
    config.queue.completion_depth = slots.next_power_of_two();
    config.queue.slot_size = 512;
    config.model.in_flight_limit = slots;
    config.model.symmetric.slices = 1_000;
    config.model.symmetric.service = ServiceTime::constant(service);
    config
}

fn simulated(config: DeviceConfig) -> Device {
    Device::simulated(config, None).expect("such a device can be made")
}

fn engine(device: &Device, config: EngineConfig, observer: Option<Rc<dyn Observer>>) -> Engine {
    let queue = device.open_queue().expect("descriptors are left");
    Engine::new(queue, config, observer).expect("the cell is allowed")
}

fn offload_all() -> EngineConfig {
    EngineConfig {
        small_ops: SmallOps::NONE,
        ..EngineConfig::default()
    }
}

fn seal(engine: &Engine, key: KeyId) -> Result<usize, Error> {
    engine.aead_seal(key, [0; 12], b"", b"text", &mut [0; 20])
}

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

/// With external reaping too, a call ends when its time is up, even if nobody ever polls; and whom
/// it would have told is let go.
#[test]
fn a_call_that_nobody_polls_for_ends_in_time_and_lets_its_callback_go() {
    let (device, manual) = Device::manual(device_config(64, 64, Nanos::ZERO), None)
        .expect("such a device can be made");
    let key = Keys::import(&device).aes;
    for notify in [Notify::Callback, Notify::Fd] {
        let config = EngineConfig {
            notify,
            reap: Reap::External,
            op_timeout_ns: Some(Nanos::from_millis(1)),
            ..offload_all()
        };
        let engine = engine(&device, config, None);
        let mut reactor = Reactor::new(engine.clone()).expect("descriptors are left");
        let caller = engine.clone();
        let job = move || {
            assert_eq!(seal(&caller, key), Err(DeviceFault::TimedOut.into()));
        };
        reactor.spawn(job).expect("a job can be had");
        reactor.turn(None).expect("the loop works");
        manual.advance(Nanos::from_millis(1));
        let mut turns = 0;
        while reactor.live_jobs() > 0 {
            reactor.turn(None).expect("the loop works");
            turns += 1;
            assert!(turns < 100, "{notify:?}: nobody told the job");
        }
        assert_eq!(engine.slots_in_use(), 1, "the device has not answered");
    }

    let config = EngineConfig {
        op_timeout_ns: Some(Nanos::from_millis(1)),
        ..offload_all()
    };
    let engine = engine(&device, config, None);
    let owned = Arc::new(());
    let wait_ctx = WaitCtx::new();
    let held = owned.clone();
    wait_ctx.set_callback(Some(Arc::new(move || {
        let _held = &held;
    })));
    let caller = engine.clone();
    let outcome = pausewake_jobs::start(Some(&wait_ctx), move || seal(&caller, key));
    let job = outcome
        .expect("a job can be had")
        .paused()
        .expect("it waits");
    manual.advance(Nanos::from_millis(1));
    engine.poll();
    assert!(matches!(job.resume(), Ok(Outcome::Finished(Err(_)))));
    drop(wait_ctx);
    assert_eq!(engine.slots_in_use(), 1, "the device has not answered");
    assert_eq!(Arc::strong_count(&owned), 1, "nobody holds the callback");
}

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
    static CALLED: Cell<usize> = const { Cell::new(0) };
}

/// Callbacks that make synchronous calls, each of which polls: not one on top of the other.
#[test]
fn callbacks_that_call_do_not_pile_up_on_a_jobs_stack() {
    const JOBS: usize = 120;
    let device = simulated(device_config(256, 256, Nanos::from_micros(100)));
    let key = Keys::import(&device).aes;
    let engine = engine(&device, offload_all(), None);
    ENGINE.set(Some(engine.clone()));
    let mut paused = Vec::new();
    for _ in 0..JOBS {
        let wait_ctx = WaitCtx::new();
        wait_ctx.set_callback(Some(Arc::new(move || {
            let engine = ENGINE.with_borrow(Clone::clone).expect("set above");
            assert_eq!(seal(&engine, key), Ok(20));
            CALLED.set(CALLED.get() + 1);
        })));
        let caller = engine.clone();
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || seal(&caller, key));
        paused.push(
            outcome
                .expect("a job can be had")
                .paused()
                .expect("it waits"),
        );
    }
    // A job that must not pause waits in place, on its small stack, and reaps for all.
    let wait_ctx = WaitCtx::new();
    wait_ctx.set_callback(Some(Arc::new(|| {})));
    let caller = engine.clone();
    let outcome = pausewake_jobs::start(Some(&wait_ctx), move || {
        let _blocked = block_pause();
        seal(&caller, key)
    });
    assert!(matches!(outcome, Ok(Outcome::Finished(Ok(20)))));
    assert_eq!(CALLED.get(), JOBS, "each was told once");
    for job in paused {
        assert!(matches!(job.resume(), Ok(Outcome::Finished(Ok(20)))));
    }
    ENGINE.set(None);
    assert_eq!(engine.slots_in_use(), 0);
}

/// An observer that panics costs its own call, and no job its wake.
#[test]
fn after_an_observers_panic_every_job_still_ends() {
    struct Panics {
        at: fn(&Event) -> bool,
        done: Cell<bool>,
    }
    impl Observer for Panics {
        fn event(&self, _at: Nanos, event: &Event) {
            if (self.at)(event) && !self.done.replace(true) {
                panic!("an observer that panics on purpose");
            }
        }
    }
    let kinds: [fn(&Event) -> bool; 3] = [
        |event| matches!(event, Event::Known { .. }),
        |event| matches!(event, Event::Notify { .. }),
        |event| matches!(event, Event::Doorbell { .. }),
    ];
    for (kind, at) in kinds.into_iter().enumerate() {
        let device = simulated(device_config(64, 64, Nanos::from_micros(100)));
        let key = Keys::import(&device).aes;
        let observer = Rc::new(Panics {
            at,
            done: Cell::new(false),
        });
        let engine = engine(&device, offload_all(), Some(observer));
        let mut reactor = Reactor::new(engine.clone()).expect("descriptors are left");
        for _ in 0..3 {
            let engine = engine.clone();
            let job = move || assert_eq!(seal(&engine, key), Ok(20));
            reactor.spawn(job).expect("a job can be had");
        }
        let first = catch_unwind(AssertUnwindSafe(|| reactor.run()));
        assert!(first.is_err(), "kind {kind}");
        reactor
            .run()
            .expect("nobody waits for a wake that was lost");
        assert_eq!((reactor.live_jobs(), engine.slots_in_use()), (0, 0));
    }
}

/// Whoever lets virtual time pass does it for all engines of a device.
#[test]
fn an_engine_does_not_jump_over_anothers_completion() {
    let mut config = device_config(64, 64, Nanos::from_millis(2));
    config.model.asymmetric.service = ServiceTime::constant(Nanos::from_millis(100));
    let device = simulated(config);
    let keys = Keys::import(&device);
    let engines = [(); 2].map(|()| engine(&device, offload_all(), None));
    let mut reactors = engines
        .clone()
        .map(|engine| Reactor::new(engine).expect("descriptors are left"));
    let ends: Rc<RefCell<Vec<Nanos>>> = Rc::default();
    let (quick, slow) = (engines[0].clone(), engines[1].clone());
    let quick_ends = ends.clone();
    let job = move || {
        assert_eq!(seal(&quick, keys.aes), Ok(20));
        quick_ends.borrow_mut().push(quick.now());
    };
    reactors[0].spawn(job).expect("a job can be had");
    let slow_ends = ends.clone();
    let job = move || {
        slow.ecdsa_sign(keys.p256, EcdsaCurve::P256, b"text")
            .expect("it signs");
        slow_ends.borrow_mut().push(slow.now());
    };
    reactors[1].spawn(job).expect("a job can be had");
    for engine in &engines {
        engine.ring_doorbell();
    }
    while reactors.iter().any(|reactor| reactor.live_jobs() > 0) {
        // Time passes only when nobody has anything to do now; the one that waits longer lets it.
        for (reactor, engine) in reactors.iter_mut().zip(&engines) {
            while reactor.turn(Some(engine.now())).expect("the loop works") == Turn::Progress {}
        }
        reactors[1].turn(None).expect("the loop works");
    }
    assert_eq!(
        *ends.borrow(),
        [Nanos::from_millis(2), Nanos::from_millis(100)]
    );
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

/// The link carries the signature that there is, not the largest that there could be.
#[test]
fn the_way_home_of_a_signature_is_as_long_as_the_signature() {
    let mut config = device_config(64, 64, Nanos::from_micros(1));
    config.compute = ComputeMode::Real;
    config.model.link.bandwidth_bytes_per_s = Some(1_000_000);
    let device = simulated(config);
    let keys = Keys::import(&device);
    let log = Log::new();
    let engine = engine(&device, offload_all(), Some(log.clone()));
    engine
        .rsa_sign(keys.rsa, RsaPadding::default(), b"text")
        .expect("it signs");
    engine
        .ecdsa_sign(keys.p256, EcdsaCurve::P256, b"text")
        .expect("it signs");
    let ways: Vec<Nanos> = log
        .returned()
        .iter()
        .map(|op| op.moments.known_ns - op.moments.done_ns)
        .collect();
    // At a byte per microsecond: 256 bytes of RSA-2048, at most 72 of ECDSA on P-256.
    assert_eq!(ways, [Nanos::from_micros(256), Nanos::from_micros(72)]);
}

/// A server that reloads its engine again and again keeps one eventfd per connection.
#[test]
fn engines_that_come_and_go_leave_one_eventfd_in_a_wait_context() {
    let device = simulated(device_config(64, 64, Nanos::from_micros(1)));
    let key = Keys::import(&device).aes;
    let wait_ctx = WaitCtx::new();
    for _ in 0..50 {
        let config = EngineConfig {
            notify: Notify::Fd,
            ..offload_all()
        };
        let engine = engine(&device, config, None);
        let caller = engine.clone();
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || seal(&caller, key));
        let job = outcome
            .expect("a job can be had")
            .paused()
            .expect("it waits");
        // In place, so that time passes and all completions are entered.
        assert_eq!(seal(&engine, key), Ok(20));
        assert!(matches!(job.resume(), Ok(Outcome::Finished(Ok(20)))));
        drop(engine);
    }
    assert_eq!(wait_ctx.fd_count(), 1);
}

/// What a closure owns may panic when it is dropped, and the closure may never have been run.
#[test]
fn a_task_that_panics_when_dropped_unrun_harms_no_other_queue() {
    struct PanicsWhenDropped;
    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            panic!("a destructor that panics on purpose");
        }
    }
    let config = device_config(64, 64, Nanos::from_millis(1));
    let device = Device::thread(config, WaitStrategy::Sleep, None).expect("a thread is left");
    let key = Keys::import(&device).aes;
    let mut queue = device.open_queue().expect("descriptors are left");
    let mut descriptor = Descriptor::new(
        OpKind::AeadSeal,
        Cookie {
            slot: 1,
            generation: 1,
        },
    );
    descriptor.key = key;
    descriptor.output_capacity = 16;
    queue.push(descriptor).expect("there is room");
    queue.ring_doorbell();
    let owned = PanicsWhenDropped;
    let task = move |_: &[u8], _: &mut [u8]| {
        let _owned = &owned;
        Ok(0)
    };
    queue
        .attach_task(0, Box::new(task))
        .expect("there is such a slot");
    drop(queue);
    // The device lives, and serves others.
    let engine = engine(&device, offload_all(), None);
    assert_eq!(seal(&engine, key), Ok(20));
    let _stats = device.stats();
}

/// Jobs on a manual device, each with one operation in flight, and a callback of its own.
fn paused_jobs(
    engine: &Engine,
    key: KeyId,
    callbacks: impl IntoIterator<Item = pausewake_jobs::Callback>,
) -> Vec<pausewake_jobs::Job<Result<usize, Error>>> {
    let jobs = callbacks.into_iter().map(|callback| {
        let wait_ctx = WaitCtx::new();
        wait_ctx.set_callback(Some(callback));
        let caller = engine.clone();
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || seal(&caller, key));
        outcome
            .expect("a job can be had")
            .paused()
            .expect("it waits")
    });
    jobs.collect()
}

/// Completes whatever a manual device holds.
fn complete_all(manual: &Manual) {
    for op in manual.pending() {
        manual.complete(op.id, Status::Ok).expect("it is pending");
    }
}

/// The boundary of 'every live job waits', to one job.
#[test]
fn the_heuristic_polls_when_the_last_live_job_waits_and_not_before() {
    let (device, manual) = Device::manual(device_config(64, 64, Nanos::ZERO), None)
        .expect("such a device can be made");
    let key = Keys::import(&device).aes;
    let far = Heuristic {
        asymmetric: 1_000,
        symmetric: 1_000,
        backstop_ns: Nanos::from_secs(3_600),
    };
    let config = EngineConfig {
        reap: Reap::Heuristic(far),
        ..offload_all()
    };
    let engine = engine(&device, config, None);
    let silent = || Arc::new(|| {}) as pausewake_jobs::Callback;
    let jobs = paused_jobs(&engine, key, [silent(), silent(), silent()]);
    engine.ring_doorbell();
    complete_all(&manual);
    assert_eq!(engine.poll_heuristically(4), 0, "one of four does not wait");
    assert_eq!(engine.poll_heuristically(3), 3, "all three wait");
    for job in jobs {
        assert!(matches!(job.resume(), Ok(Outcome::Finished(Ok(20)))));
    }
}

/// A callback may wake others: their wait contexts are not its own.
#[test]
fn a_callback_may_wake_another_job() {
    let (device, manual) = Device::manual(device_config(64, 64, Nanos::ZERO), None)
        .expect("such a device can be made");
    let key = Keys::import(&device).aes;
    let engine = engine(&device, offload_all(), None);
    let woken = Arc::new(AtomicUsize::new(0));
    let count = woken.clone();
    let other = Wake::from_callback(Arc::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    }));
    let wakes_another: pausewake_jobs::Callback = Arc::new(move || {
        other.wake().expect("a callback does not fail");
    });
    let jobs = paused_jobs(&engine, key, [wakes_another.clone(), wakes_another]);
    engine.ring_doorbell();
    complete_all(&manual);
    assert_eq!(engine.poll(), 2);
    assert_eq!(woken.load(Ordering::Relaxed), 2);
    for job in jobs {
        assert!(matches!(job.resume(), Ok(Outcome::Finished(Ok(20)))));
    }
}

/// A reaper thread takes the first completion at once, and lets the next ones gather for as long as it
/// was told; its engine's end does not wait for that.
#[test]
fn a_reaper_thread_lets_completions_gather_for_its_interval() {
    let (device, manual) = Device::manual(device_config(64, 64, Nanos::ZERO), None)
        .expect("such a device can be made");
    let key = Keys::import(&device).aes;
    let config = EngineConfig {
        reap: Reap::Thread {
            interval_ns: Nanos::from_secs(3_600),
        },
        ..offload_all()
    };
    let engine = engine(&device, config, None);
    let silent = || Arc::new(|| {}) as pausewake_jobs::Callback;
    let first = paused_jobs(&engine, key, [silent()]);
    engine.ring_doorbell();
    complete_all(&manual);
    while engine.poll() == 0 {
        std::thread::yield_now();
    }
    // A few may still be taken along with the first; the others wait for an hour to pass.
    let is_left_to_gather = (0..20).any(|_| {
        let job = paused_jobs(&engine, key, [silent()]);
        engine.ring_doorbell();
        complete_all(&manual);
        let taken = (0..10_000).any(|_| {
            std::thread::yield_now();
            engine.poll() > 0
        });
        drop(job);
        !taken
    });
    assert!(is_left_to_gather);
    for job in first {
        assert!(matches!(job.resume(), Ok(Outcome::Finished(Ok(20)))));
    }
}
