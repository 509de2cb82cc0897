//! Nothing is left: no paused job, no descriptor, no slot.

use std::cell;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use pausewake_device::protocol::Status;
use pausewake_device::{DeviceConfig, Nanos};
use pausewake_engine::{Engine, EngineConfig, Notify, Reactor, SmallOps};
use pausewake_jobs::{process_stats, thread_stats};
use pausewake_tests::{Cell, Rig, Time, everywhere, open_fds};

/// Descriptors are the process's: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

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
                let sealed = engine.aead_seal(key, [0; 12], b"", b"text", &mut [0; 20]);
                assert_eq!(sealed, Ok(20));
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
                for op in manual.pending() {
                    manual.complete(op.id, Status::Ok).expect("it is pending");
                }
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
    let mut rig = loaded(Time::Simulated, Notify::Callback);
    rig.reactor
        .turn(Some(rig.engine.now()))
        .expect("the loop works");
    let Rig {
        reactor,
        engine,
        device,
        keys,
        ..
    } = rig;
    drop((reactor, engine));
    assert_eq!(device.stats().queues_open, 1, "its ops are still in flight");
    // Another queue lets time pass.
    let queue = device.open_queue().expect("descriptors are left");
    let other = Engine::new(queue, EngineConfig::default(), None).expect("the cell is allowed");
    for _ in 0..10 {
        let sealed = other.aead_seal(keys.aes, [0; 12], b"", &[0; 16_000], &mut [0; 16_016]);
        assert_eq!(sealed, Ok(16_016));
    }
    assert_eq!(device.stats().queues_open, 1, "only the other's");
}

#[test]
fn a_shutdown_does_not_wait_for_what_others_hold() {
    let _alone = alone();
    for time in [Time::Simulated, Time::Thread] {
        let rig = Rig::new(time, Notify::Fd);
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let outcome = pausewake_jobs::start(None, move || {
            engine.aead_seal(key, [0; 12], b"", b"text", &mut [0; 20])
        });
        let job = outcome
            .expect("a job can be had")
            .paused()
            .expect("it waits");
        let shutdown = rig.reactor.shutdown().expect("the loop works");
        assert_eq!((shutdown.cancelled_jobs, shutdown.slots_left), (0, 1));
        let result = job.resume().expect("we are in no job").finished();
        assert_eq!(result, Some(Ok(20)));
        assert_eq!(rig.engine.slots_in_use(), 0);
    }
}

#[test]
fn an_engine_per_thread_on_one_device() {
    let _alone = alone();
    let fds = open_fds();
    let rig = Rig::new(Time::Thread, Notify::Callback);
    let (device, keys) = (rig.device.clone(), rig.keys);
    drop(rig);
    let threads: Vec<_> = [Notify::Callback, Notify::Fd, Notify::Callback, Notify::Fd]
        .into_iter()
        .map(|notify| {
            let device = device.clone();
            thread::spawn(move || {
                let config = EngineConfig {
                    notify,
                    small_ops: SmallOps::NONE,
                    ..EngineConfig::default()
                };
                let queue = device.open_queue().expect("descriptors are left");
                let engine = Engine::new(queue, config, None).expect("the cell is allowed");
                let mut reactor = Reactor::new(engine.clone()).expect("descriptors are left");
                let done = Rc::new(cell::Cell::new(0));
                for _ in 0..16 {
                    let (engine, done) = (engine.clone(), done.clone());
                    reactor
                        .spawn(move || {
                            for _ in 0..50 {
                                let sealed =
                                    engine.aead_seal(keys.aes, [0; 12], b"", b"text", &mut [0; 20]);
                                assert_eq!(sealed, Ok(20));
                                done.set(done.get() + 1);
                            }
                        })
                        .expect("a job can be had");
                }
                reactor.run().expect("nothing stalls");
                assert_eq!(engine.slots_in_use(), 0);
                done.get()
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().expect("the thread is well"), 800);
    }
    assert_eq!(device.stats().in_flight, 0);
    assert_eq!(device.stats().completed, 3_200);
    drop(device);
    assert_eq!(open_fds(), fds);
}
