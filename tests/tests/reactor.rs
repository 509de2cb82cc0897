//! The loop, and engines beside each other on one thread.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use pausewake_device::{Device, DeviceConfig, Nanos};
use pausewake_engine::events::{Event, Observer};
use pausewake_engine::{
    Engine, EngineConfig, Notify, Reactor, ReactorError, SmallOps, SpawnError, Turn,
};
use pausewake_jobs::{StartReason, WaitCtx, WaitFd, WaitKey, pause};
use pausewake_tests::{Keys, Log, Rig, Time, everywhere};

#[test]
fn a_turn_times_out_at_until_and_not_before() {
    for time in [Time::Simulated, Time::Thread] {
        for notify in [Notify::Callback, Notify::Fd] {
            let mut rig = Rig::new(time, notify);
            for span_ns in [0, 1, 300_000, 1_500_000] {
                let until = rig.engine.now() + Nanos::new(span_ns);
                let turn = turn_until(&mut rig.reactor, until);
                assert_eq!(turn, Turn::TimedOut, "{time:?} {notify:?}");
                assert!(rig.engine.now() >= until);
                if time == Time::Simulated {
                    assert_eq!(rig.engine.now(), until);
                }
            }
        }
    }
}

/// Turns that do not time out yet may come early, by an old timer.
fn turn_until(reactor: &mut Reactor, until: Nanos) -> Turn {
    loop {
        let turn = reactor.turn(Some(until)).expect("the loop works");
        if turn != Turn::Progress {
            return turn;
        }
        assert_eq!(reactor.live_jobs(), 0);
    }
}

#[test]
fn under_virtual_time_an_op_that_is_due_later_stays_in_flight() {
    let mut rig = Rig::new(Time::Simulated, Notify::Callback);
    let (engine, key) = (rig.engine.clone(), rig.keys.aes);
    rig.spawn(move || {
        let sealed = engine.aead_seal(key, [0; 12], b"", &[0; 100], &mut [0; 116]);
        assert_eq!(sealed, Ok(116));
    });
    // 2 µs and 0.3 ns per byte.
    let turn = rig.reactor.turn(Some(Nanos::new(1_000)));
    assert_eq!(turn.expect("the loop works"), Turn::TimedOut);
    assert_eq!(
        (rig.engine.now(), rig.reactor.live_jobs()),
        (Nanos::new(1_000), 1)
    );
    rig.run();
    assert_eq!(rig.engine.now(), Nanos::new(2_030));
}

#[test]
fn nothing_left_is_idle() {
    everywhere(|time, cell| {
        let mut rig = Rig::new(time, cell);
        let turn = rig.reactor.turn(None).expect("the loop works");
        assert_eq!(turn, Turn::Idle, "{time:?} {cell:?}");
        assert!(rig.reactor.run().is_ok());
    });
}

#[test]
fn a_job_that_nothing_wakes_stalls_the_run() {
    for time in [Time::Simulated, Time::Manual] {
        for notify in [Notify::Callback, Notify::Fd] {
            let mut rig = Rig::new(time, notify);
            rig.spawn(|| {
                let _ = pause();
            });
            let stalled = rig.reactor.run();
            assert!(matches!(stalled, Err(ReactorError::Stalled { jobs: 1 })));
            let shutdown = rig.reactor.shutdown().expect("the loop works");
            assert_eq!(shutdown.cancelled_jobs, 1);
        }
    }
}

#[test]
fn inside_a_job_no_loop_spawns_or_turns() {
    let mut outer = Rig::new(Time::Simulated, Notify::Callback);
    let mut inner = Rig::new(Time::Simulated, Notify::Callback);
    let (engine, key) = (inner.engine.clone(), inner.keys.aes);
    let slept = Rc::new(Cell::new(0));
    let woken = slept.clone();
    inner.spawn(move || {
        let sealed = engine.aead_seal(key, [0; 12], b"", b"text", &mut [0; 20]);
        woken.set(sealed.expect("the device is well"));
    });
    let (given_back, taken) = (Rc::new(RefCell::new(None)), Rc::new(Cell::new(false)));
    let (give_back, take) = (given_back.clone(), taken.clone());
    outer.spawn(move || {
        let spawned = inner.reactor.spawn(move || take.set(true));
        match spawned {
            Err(SpawnError::NotStarted { reason, f }) => {
                assert!(matches!(reason, StartReason::Nested { .. }));
                assert!(!reason.is_retry());
                f();
            }
            other => panic!("a job was started in a job: {other:?}"),
        }
        assert!(matches!(inner.reactor.turn(None), Err(ReactorError::InJob)));
        *give_back.borrow_mut() = Some(inner);
    });
    assert!(taken.get(), "the function came back, and was called here");
    let mut inner = given_back.take().expect("the job has ended");
    inner.run();
    assert_eq!(slept.get(), 20, "the refused turn took no wake");
}

#[test]
fn a_wake_from_another_thread_ends_the_sleep() {
    for notify in [Notify::Callback, Notify::Fd] {
        let mut rig = Rig::new(Time::Thread, notify);
        let (send_wake, wakes) = mpsc::channel::<pausewake_jobs::Wake>();
        let (go, gone) = mpsc::channel::<()>();
        let helper = thread::spawn(move || {
            let wake = wakes.recv().expect("the job sends it");
            gone.recv().expect("the loop says when");
            wake.wake().expect("it can be woken");
        });
        let woken = Rc::new(Cell::new(false));
        let told = woken.clone();
        rig.spawn(move || {
            let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
            let wake = if notify == Notify::Callback {
                wait_ctx.callback()
            } else {
                let fd = WaitFd::eventfd().expect("descriptors are left");
                wait_ctx.set_wait_fd(WaitKey(usize::MAX), fd, None);
                wait_ctx.wake_by_fd(WaitKey(usize::MAX))
            };
            send_wake
                .send(wake.expect("it was set"))
                .expect("the helper waits");
            assert!(pause().is_resumed());
            told.set(true);
        });
        go.send(()).expect("the helper waits");
        rig.run();
        assert!(woken.get());
        helper.join().expect("the helper is well");
    }
}

#[test]
fn a_busy_loop_sees_the_fds_of_others() {
    for notify in [Notify::Callback, Notify::Fd] {
        let mut rig = Rig::new(Time::Simulated, notify);
        let (fd, seen) = (
            WaitFd::eventfd().expect("descriptors are left"),
            Rc::new(Cell::new(false)),
        );
        let (theirs, told) = (fd.clone(), seen.clone());
        rig.spawn(move || {
            let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
            wait_ctx.set_wait_fd(WaitKey(usize::MAX), theirs, None);
            assert!(pause().is_resumed());
            told.set(true);
        });
        fd.signal().expect("it is an eventfd");
        let stop = Rc::new(Cell::new(false));
        for _ in 0..8 {
            let (engine, key, stop) = (rig.engine.clone(), rig.keys.aes, stop.clone());
            rig.spawn(move || {
                while !stop.get() {
                    let sealed = engine.aead_seal(key, [0; 12], b"", b"text", &mut [0; 20]);
                    assert_eq!(sealed, Ok(20));
                }
            });
        }
        for _ in 0..1_000 {
            rig.reactor.turn(None).expect("the loop works");
        }
        assert!(seen.get(), "{notify:?}");
        stop.set(true);
        rig.run();
    }
}

/// Forty jobs with few slots finish at the same virtual time by callback and by fd: no job that is
/// ready waits for the clock.
#[test]
fn notification_does_not_change_virtual_time() {
    for (slots, ring_depth) in [(64, 64), (3, 64), (64, 4), (4, 4)] {
        let end_ns = [Notify::Callback, Notify::Fd].map(|notify| {
            let mut config = DeviceConfig::default();
            config.queue.slots = slots;
            config.queue.ring_depth = ring_depth;
            // As many slices as jobs: what waits, waits for slot or ring.
            config.model.symmetric.slices = 40;
            config.model.symmetric.service.per_byte_ns = 0.0;
            let mut rig = Rig::with(Time::Simulated, notify, config, None);
            for _ in 0..40 {
                let (engine, key) = (rig.engine.clone(), rig.keys.aes);
                rig.spawn(move || {
                    for _ in 0..5 {
                        let sealed = engine.aead_seal(key, [0; 12], b"", b"text", &mut [0; 20]);
                        assert_eq!(sealed, Ok(20));
                    }
                });
            }
            rig.run();
            rig.engine.now()
        });
        // 200 ops of 2 µs, as many at a time as there are slots.
        let at_a_time = slots.min(40);
        let expected = Nanos::from_micros(u64::from(2 * 200_u32.div_ceil(at_a_time)));
        assert_eq!(end_ns, [expected; 2], "{slots} slots, ring of {ring_depth}");
    }
}

fn engine_on(device: &Device, notify: Notify, observer: Option<Rc<dyn Observer>>) -> Engine {
    let config = EngineConfig {
        notify,
        small_ops: SmallOps::NONE,
        ..EngineConfig::default()
    };
    Engine::new(
        device.open_queue().expect("descriptors are left"),
        config,
        observer,
    )
    .expect("the cell is allowed")
}

#[test]
fn one_wait_context_serves_two_engines() {
    let one = Device::simulated(DeviceConfig::default(), None).expect("it is possible");
    let other = Device::simulated(DeviceConfig::default(), None).expect("it is possible");
    for second in [&one, &other] {
        let keys = [Keys::import(&one), Keys::import(second)];
        let engines = [
            engine_on(&one, Notify::Fd, None),
            engine_on(second, Notify::Fd, None),
        ];
        let wait_ctx = WaitCtx::new();
        let callers = engines.clone();
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || {
            for round in 0..6 {
                let (engine, keys) = (&callers[round % 2], keys[round % 2]);
                let sealed = engine.aead_seal(keys.aes, [0; 12], b"", b"text", &mut [0; 20]);
                assert_eq!(sealed, Ok(20));
            }
        });
        // Each engine's loop reaps; neither knows the job, which a loop of somebody else's resumes.
        let mut reactors = engines
            .clone()
            .map(|engine| Reactor::new(engine).expect("descriptors are left"));
        let mut job = outcome.expect("a job can be had").paused();
        let mut resumes = 0;
        while let Some(paused) = job.take() {
            for reactor in &mut reactors {
                while reactor.turn(None).expect("the loop works") == Turn::Progress {}
            }
            assert!(is_readable(&wait_ctx), "told by fd");
            resumes += 1;
            job = paused.resume().expect("we are in no job").paused();
        }
        assert_eq!(resumes, 6);
        let fds: HashSet<_> = wait_ctx
            .all_fds()
            .iter()
            .map(std::os::fd::AsRawFd::as_raw_fd)
            .collect();
        assert_eq!(fds.len(), 1, "one eventfd, which counts the wakes of both");
        assert!(!is_readable(&wait_ctx), "every wake was taken");
        assert!(engines.iter().all(|engine| engine.slots_in_use() == 0));
        assert!(
            engines
                .iter()
                .all(|engine| engine.stats().spurious_resumes == 0)
        );
    }
}

/// Whether an fd of the context has something to read: looks, and puts back what it took.
fn is_readable(wait_ctx: &WaitCtx) -> bool {
    wait_ctx.all_fds().iter().any(|fd| {
        let taken = fd.drain().expect("it is an eventfd");
        for _ in 0..taken {
            fd.signal().expect("it is an eventfd");
        }
        taken > 0
    })
}

#[test]
fn engines_of_one_thread_are_observed_beside_each_other() {
    let device = Device::simulated(DeviceConfig::default(), None).expect("it is possible");
    let jobs_heard = |log: &Log| {
        let events = log.events();
        let jobs = events
            .iter()
            .filter(|(_, event)| matches!(event, Event::Job(_)));
        jobs.count()
    };
    let run_a_job = || {
        let outcome = pausewake_jobs::start(None, || ());
        assert!(outcome.expect("a job can be had").finished().is_some());
    };
    let (first_log, second_log) = (Log::new(), Log::new());
    let first = engine_on(&device, Notify::Callback, Some(first_log.clone()));
    let second = engine_on(&device, Notify::Callback, Some(second_log.clone()));
    // A third that shares the second's observer, which hears everything once all the same.
    let third = engine_on(&device, Notify::Callback, Some(second_log.clone()));
    run_a_job();
    assert_eq!((jobs_heard(&first_log), jobs_heard(&second_log)), (2, 2));
    drop(first);
    run_a_job();
    assert_eq!((jobs_heard(&first_log), jobs_heard(&second_log)), (2, 4));
    drop(second);
    run_a_job();
    assert_eq!((jobs_heard(&first_log), jobs_heard(&second_log)), (2, 6));
    drop(third);
    run_a_job();
    assert_eq!((jobs_heard(&first_log), jobs_heard(&second_log)), (2, 6));
    assert_eq!(Rc::strong_count(&first_log), 1, "nobody holds on to it");
    assert_eq!(Rc::strong_count(&second_log), 1);
}
