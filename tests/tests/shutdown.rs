//! Nothing is left: no paused job, no descriptor, no slot.

use std::cell;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use pausewake_device::{Device, DeviceConfig, Nanos};
use pausewake_engine::{Engine, EngineConfig, Notify};
use pausewake_jobs::{WaitCtx, process_stats, thread_stats};
use pausewake_tests::{Cell, Keys, Rig, Time, alone, complete_all, everywhere, open_fds, seal};

/// Jobs that a rig is given.
const JOBS: usize = 12;

/// A rig with jobs that never end by themselves: 4 have slots, 8 wait in line.
fn loaded(time: Time, cell: impl Into<Cell>) -> Rig {
    let mut config = DeviceConfig::default();
    config.queue.slots = 4;
    config.model.symmetric.service.base_ns = Nanos::from_micros(20);
    let mut rig = Rig::with(time, cell, config, None);
    for _ in 0..JOBS {
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        rig.spawn(move || {
            loop {
                assert_eq!(seal(&engine, key), Ok(20));
            }
        });
    }
    rig
}

/// Lets the loop run for a while, so that it is stopped in the middle of things.
fn turn_a_few_times(rig: &mut Rig, turns: usize) {
    for _ in 0..turns {
        let _turn = rig.turn(Some(rig.engine.now()));
        if rig.manual.is_some() {
            rig.complete_all();
        }
        let _turn = rig.turn(Some(rig.engine.now() + Nanos::from_micros(25)));
    }
}

fn assert_no_jobs(thread_before: usize, context: &str) {
    let stats = thread_stats();
    assert_eq!(stats.handed_out, thread_before, "{context}");
    assert_eq!(process_stats().stacks_given_up, 0, "{context}");
}

/// The first job and the first device of a process may open what stays open.
fn warm_up() {
    everywhere(|time, cell| {
        let mut rig = loaded(time, cell);
        turn_a_few_times(&mut rig, 2);
    });
}

#[test]
fn an_orderly_shutdown_leaves_nothing() {
    let _alone = alone();
    warm_up();
    everywhere(|time, cell| {
        for turns in [0, 1, 7] {
            let context = format!("{time:?} {cell:?} after {turns} turns");
            let fds = open_fds();
            let mut rig = loaded(time, cell);
            turn_a_few_times(&mut rig, turns);
            assert_eq!(rig.reactor.live_jobs(), JOBS, "{context}");
            let engine = rig.engine.clone();
            let shutdown = rig.reactor.shutdown().expect("the loop works");
            assert_eq!(shutdown.cancelled_jobs, JOBS, "{context}");
            assert_eq!(shutdown.slots_left, engine.slots_in_use(), "{context}");
            assert_no_jobs(0, &context);
            if let Some(manual) = &rig.manual {
                // What a manual device holds, it holds until the test says otherwise.
                complete_all(manual);
                engine.poll();
                // A reaper thread may still be on its way to them.
                while cell.has_thread() && engine.stats().in_flight > 0 {
                    thread::yield_now();
                    engine.poll();
                }
            }
            let stats = engine.stats();
            assert_eq!(engine.slots_in_use(), 0, "{context}");
            assert_eq!(stats.in_flight, 0, "{context}");
            assert_eq!(
                stats.submitted,
                stats.returned + stats.abandoned,
                "{context}"
            );
            drop((engine, rig.engine, rig.device, rig.manual));
            assert_eq!(open_fds(), fds, "{context}");
        }
    });
}

#[test]
fn a_hundred_rounds_leak_nothing() {
    let _alone = alone();
    warm_up();
    everywhere(|time, cell| {
        let fds = open_fds();
        let stacks = process_stats().stacks_alive;
        for round in 0..100 {
            let mut rig = loaded(time, cell);
            turn_a_few_times(&mut rig, round % 3);
            if round % 2 == 0 {
                let _shutdown = rig.reactor.shutdown().expect("the loop works");
            }
            // Or dropped as it is, with ops in flight and jobs in line.
        }
        let context = format!("{time:?} {cell:?}");
        assert_eq!(open_fds(), fds, "{context}");
        assert_eq!(process_stats().stacks_alive, stacks, "{context}");
        assert_no_jobs(0, &context);
    });
}

#[test]
fn dropped_in_any_order() {
    let _alone = alone();
    warm_up();
    everywhere(|time, cell| {
        let fds = open_fds();
        let orders: [fn(Rig); 3] = [
            |rig| {
                let Rig {
                    reactor,
                    engine,
                    device,
                    manual,
                    ..
                } = rig;
                drop((device, manual));
                drop(engine);
                drop(reactor);
            },
            |rig| {
                let Rig {
                    reactor,
                    engine,
                    device,
                    manual,
                    ..
                } = rig;
                drop(engine);
                drop(reactor);
                drop((device, manual));
            },
            |rig| {
                let Rig {
                    reactor,
                    engine,
                    device,
                    manual,
                    ..
                } = rig;
                drop(reactor);
                drop((device, manual));
                drop(engine);
            },
        ];
        for order in orders {
            let mut rig = loaded(time, cell);
            turn_a_few_times(&mut rig, 1);
            order(rig);
            assert_eq!(open_fds(), fds, "{time:?} {cell:?}");
            assert_no_jobs(0, "dropped");
        }
    });
}

#[test]
fn a_queue_whose_engine_is_gone_is_forgotten_by_the_device() {
    let _alone = alone();
    for time in [Time::Simulated, Time::Manual] {
        for cell in time.cells() {
            is_forgotten_by_the_device(time, cell);
        }
    }
}

fn is_forgotten_by_the_device(time: Time, cell: Cell) {
    let context = format!("{time:?} {cell:?}");
    let mut rig = loaded(time, cell);
    rig.turn(Some(rig.engine.now()));
    let Rig {
        reactor,
        engine,
        device,
        manual,
        keys,
        ..
    } = rig;
    drop((reactor, engine));
    // Of a device thread nobody knows how far it is.
    let open = device.stats().queues_open;
    assert_eq!(open, 1, "its ops are still in flight: {context}");
    match &manual {
        Some(manual) => assert_eq!(complete_all(manual), 4, "{context}"),
        // Another queue lets time pass.
        None => {
            let queue = device.open_queue().expect("descriptors are left");
            let config = EngineConfig::default();
            let other = Engine::new(queue, config, None).expect("the cell is allowed");
            for _ in 0..10 {
                let sealed =
                    other.aead_seal(keys.aes, [0; 12], b"", &[0; 16_000], &mut [0; 16_016]);
                assert_eq!(sealed, Ok(16_016));
            }
            assert_eq!(device.stats().queues_open, 1, "only the other's: {context}");
        }
    }
    // With the last engine goes the last queue, and what it had in flight is answered.
    assert_eq!(device.stats().queues_open, 0, "{context}");
    assert_eq!(device.stats().in_flight, 0, "{context}");
}

#[test]
fn a_shutdown_does_not_wait_for_what_others_hold() {
    let _alone = alone();
    everywhere(|time, cell| {
        let rig = Rig::new(time, cell);
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let wait_ctx = WaitCtx::new();
        wait_ctx.set_callback(Some(Arc::new(|| {})));
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || seal(&engine, key));
        let job = outcome
            .expect("a job can be had")
            .paused()
            .expect("it waits");
        let shutdown = rig.reactor.shutdown().expect("the loop works");
        assert_eq!((shutdown.cancelled_jobs, shutdown.slots_left), (0, 1));
        if let Some(manual) = &rig.manual {
            // A manual device is not waited for either.
            assert_eq!(complete_all(manual), 1, "{time:?} {cell:?}");
            while rig.engine.stats().in_flight > 0 {
                rig.engine.poll();
            }
        }
        let result = job.resume().expect("we are in no job").finished();
        assert_eq!(result, Some(Ok(20)), "{time:?} {cell:?}");
        assert_eq!(rig.engine.slots_in_use(), 0, "{time:?} {cell:?}");
    });
}

#[test]
fn an_engine_per_thread_on_one_device() {
    let _alone = alone();
    let fds = open_fds();
    let rig = Rig::new(Time::Thread, Notify::Callback);
    let (device, keys) = (rig.device.clone(), rig.keys);
    drop(rig);
    // The other drivers of time belong to one thread.
    let threads: Vec<_> = Time::Thread
        .cells()
        .map(|cell| {
            let device = device.clone();
            thread::spawn(move || seal_in_a_thread(device, keys, cell))
        })
        .collect();
    let engines = threads.len() as u64;
    for thread in threads {
        assert_eq!(thread.join().expect("the thread is well"), 800);
    }
    assert_eq!(device.stats().in_flight, 0);
    assert_eq!(device.stats().completed, 800 * engines);
    drop(device);
    assert_eq!(open_fds(), fds);
}

/// 16 jobs with 50 operations each; says how many there were.
fn seal_in_a_thread(device: Device, keys: Keys, cell: Cell) -> u32 {
    let mut rig = Rig::on(Time::Thread, device, keys, cell.config());
    let done = Rc::new(cell::Cell::new(0));
    for _ in 0..16 {
        let (engine, done) = (rig.engine.clone(), done.clone());
        rig.spawn(move || {
            for _ in 0..50 {
                assert_eq!(seal(&engine, keys.aes), Ok(20));
                done.set(done.get() + 1);
            }
        });
    }
    rig.run();
    assert_eq!(rig.engine.slots_in_use(), 0, "{cell:?}");
    done.get()
}
