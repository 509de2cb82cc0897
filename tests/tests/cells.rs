//! Who reaps: which cells there are, what makes each of them look, and what says that nobody does.

use std::cell::RefCell;
use std::rc::Rc;

use pausewake_device::compute::ComputeMode;
use pausewake_device::protocol::Status;
use pausewake_device::{Device, DeviceConfig, Nanos};
use pausewake_engine::events::Event;
use pausewake_engine::{
    Engine, EngineConfig, EngineError, Heuristic, Notify, Reactor, Reap, Refused, RsaPadding, Turn,
};
use pausewake_tests::{Cell, Log, Rig, Time, seal};

fn spawn_seals(rig: &mut Rig, jobs: usize) {
    for _ in 0..jobs {
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        rig.spawn(move || assert_eq!(seal(&engine, key), Ok(20)));
    }
}

fn device(time: Time) -> Device {
    match time {
        Time::Simulated => Device::simulated(DeviceConfig::default(), None),
        Time::Manual => Device::manual(DeviceConfig::default(), None).map(|(device, _)| device),
        Time::Thread => Device::thread(
            DeviceConfig::default(),
            pausewake_device::WaitStrategy::Sleep,
            None,
        ),
    }
    .expect("it is possible")
}

#[test]
fn what_is_refused_says_why_and_what_to_choose_instead() {
    let (mut allowed, mut by_event, mut by_thread) = (0, 0, 0);
    for time in Time::ALL {
        let device = device(time);
        for cell in Cell::all() {
            let queue = device.open_queue().expect("descriptors are left");
            match Engine::new(queue, cell.config(), None) {
                Ok(engine) => {
                    allowed += 1;
                    assert_eq!(engine.config().reap, cell.reap);
                }
                Err(EngineError::Refused(reason @ Refused::PollByEvent)) => {
                    by_event += 1;
                    assert_eq!((cell.notify, cell.reap), (Notify::Poll, Reap::Event));
                    assert!(reason.to_string().contains("reap by external, heuristic"));
                }
                Err(EngineError::Refused(reason @ Refused::ThreadInVirtualTime)) => {
                    by_thread += 1;
                    assert!(cell.has_thread() && time == Time::Simulated);
                    assert!(reason.to_string().contains("reap by event, external"));
                }
                Err(error) => panic!("{time:?} {cell:?}: {error}"),
            }
        }
    }
    assert_eq!((allowed, by_event, by_thread), (39, 3, 3));
}

#[test]
fn settings_that_could_never_work_are_refused() {
    let no_backstop = Heuristic {
        backstop_ns: Nanos::ZERO,
        ..Heuristic::default()
    };
    let base = EngineConfig::default();
    let refused = [
        (
            EngineConfig {
                reap: Reap::Heuristic(no_backstop),
                ..base
            },
            Refused::NoBackstop,
        ),
        (
            EngineConfig {
                max_in_flight: Some(0),
                ..base
            },
            Refused::NothingInFlight,
        ),
        (
            EngineConfig {
                op_timeout_ns: Some(Nanos::ZERO),
                ..base
            },
            Refused::NoTime,
        ),
    ];
    for (config, reason) in refused {
        let queue = device(Time::Manual).open_queue().expect("descriptors");
        match Engine::new(queue, config, None) {
            Err(EngineError::Refused(found)) => assert_eq!(found, reason),
            other => panic!("{reason:?}: {:?}", other.map(|_| ())),
        }
    }
}

/// A manual rig that reaps by this heuristic, in the cell of `notify`.
fn heuristic_rig(notify: Notify, heuristic: Heuristic) -> Rig {
    let cell = Cell {
        notify,
        reap: Reap::Heuristic(heuristic),
    };
    Rig::new(Time::Manual, cell)
}

/// Never reached unless they are what a test is about.
const FAR: Heuristic = Heuristic {
    asymmetric: 1_000_000,
    symmetric: 1_000_000,
    backstop_ns: Nanos::from_secs(1_000),
};

const NOTIFIES: [Notify; 3] = [Notify::Callback, Notify::Fd, Notify::Poll];

/// Jobs that are alive and never call, so that not every live job waits.
fn spawn_idlers(rig: &mut Rig, jobs: usize) -> Rc<RefCell<bool>> {
    let stop = Rc::new(RefCell::new(false));
    for _ in 0..jobs {
        let stop = stop.clone();
        rig.spawn(move || {
            while !*stop.borrow() {
                let _ = pausewake_jobs::pause();
            }
        });
    }
    stop
}

#[test]
fn heuristic_polls_from_the_symmetric_threshold_on() {
    for notify in NOTIFIES {
        for threshold in [24, 3] {
            let heuristic = Heuristic {
                symmetric: threshold,
                ..FAR
            };
            let mut rig = heuristic_rig(notify, heuristic);
            let _idlers = spawn_idlers(&mut rig, 100);
            let below = threshold as usize - 1;
            spawn_seals(&mut rig, below);
            while rig.reactor.turn(None).expect("the loop works") == Turn::Progress {}
            assert_eq!(rig.manual().pending().len(), below);
            let one = rig.manual().pending()[0].id;
            rig.manual()
                .complete(one, Status::Ok)
                .expect("it is pending");
            for _ in 0..10 {
                rig.reactor.turn(None).expect("the loop works");
            }
            assert_eq!(
                rig.engine.stats().reaped,
                0,
                "below {threshold}: {notify:?}"
            );
            spawn_seals(&mut rig, 1);
            rig.reactor.turn(None).expect("the loop works");
            assert_eq!(rig.engine.stats().reaped, 1, "at {threshold}: {notify:?}");
        }
    }
}

#[test]
fn heuristic_polls_from_the_asymmetric_threshold_on() {
    for notify in NOTIFIES {
        for threshold in [48, 2] {
            let heuristic = Heuristic {
                asymmetric: threshold,
                ..FAR
            };
            let config = DeviceConfig {
                compute: ComputeMode::None,
                ..DeviceConfig::default()
            };
            let cell = Cell {
                notify,
                reap: Reap::Heuristic(heuristic),
            };
            let mut rig = Rig::with(Time::Manual, cell, config, None);
            let _idlers = spawn_idlers(&mut rig, 100);
            let sign = |rig: &mut Rig| {
                let (engine, key) = (rig.engine.clone(), rig.keys.rsa);
                rig.spawn(move || {
                    let signed = engine.rsa_sign(key, RsaPadding::default(), b"message");
                    assert!(signed.is_ok());
                });
            };
            // Ciphers are not counted here.
            spawn_seals(&mut rig, 1);
            for _ in 1..threshold {
                sign(&mut rig);
            }
            rig.reactor.turn(None).expect("the loop works");
            assert_eq!(rig.complete_all(), threshold as usize);
            rig.reactor.turn(None).expect("the loop works");
            assert_eq!(
                rig.engine.stats().reaped,
                0,
                "below {threshold}: {notify:?}"
            );
            sign(&mut rig);
            rig.reactor.turn(None).expect("the loop works");
            let reaped = rig.engine.stats().reaped;
            assert_eq!(reaped, u64::from(threshold), "at {threshold}: {notify:?}");
        }
    }
}

#[test]
fn heuristic_polls_when_every_live_job_waits_for_the_device_or_in_line() {
    for notify in NOTIFIES {
        for slots in [64, 2] {
            let mut config = DeviceConfig::default();
            config.queue.slots = slots;
            let cell = Cell {
                notify,
                reap: Reap::Heuristic(FAR),
            };
            let mut rig = Rig::with(Time::Manual, cell, config, None);
            let stop = spawn_idlers(&mut rig, 1);
            spawn_seals(&mut rig, 5);
            rig.reactor.turn(None).expect("the loop works");
            assert!(rig.complete_all() > 0);
            for _ in 0..10 {
                rig.reactor.turn(None).expect("the loop works");
            }
            assert_eq!(
                rig.engine.stats().reaped,
                0,
                "one does not wait: {notify:?}"
            );
            // The one that does not wait begins to; with two slots, that is in line.
            stop.replace(true);
            drop(rig.reactor);
            rig.reactor = Reactor::new(rig.engine.clone()).expect("descriptors are left");
            spawn_seals(&mut rig, 5);
            rig.reactor.turn(None).expect("the loop works");
            assert!(rig.engine.stats().reaped > 0, "{notify:?} {slots}");
        }
    }
}

#[test]
fn heuristic_polls_when_the_backstop_has_passed() {
    for notify in NOTIFIES {
        let heuristic = Heuristic {
            backstop_ns: Nanos::from_millis(1),
            ..FAR
        };
        let mut rig = heuristic_rig(notify, heuristic);
        let _idlers = spawn_idlers(&mut rig, 10);
        spawn_seals(&mut rig, 1);
        rig.reactor.turn(None).expect("the loop works");
        rig.complete_all();
        rig.manual().advance(Nanos::new(999_999));
        for _ in 0..10 {
            rig.reactor.turn(None).expect("the loop works");
        }
        assert_eq!(rig.engine.stats().reaped, 0, "{notify:?}");
        assert_eq!(rig.engine.next_timer_ns(), Some(Nanos::from_millis(1)));
        rig.manual().advance(Nanos::new(1));
        rig.reactor.turn(None).expect("the loop works");
        assert_eq!(rig.engine.stats().reaped, 1, "{notify:?}");
    }
}

#[test]
fn a_threshold_that_nobody_reaches_is_no_hang() {
    for time in [Time::Simulated, Time::Thread] {
        for notify in NOTIFIES {
            let heuristic = Heuristic {
                backstop_ns: Nanos::from_micros(100),
                ..FAR
            };
            let cell = Cell {
                notify,
                reap: Reap::Heuristic(heuristic),
            };
            let mut rig = Rig::new(time, cell);
            let stop = spawn_idlers(&mut rig, 1);
            let (engine, key, stopped) = (rig.engine.clone(), rig.keys.aes, stop.clone());
            rig.spawn(move || {
                for _ in 0..20 {
                    assert_eq!(seal(&engine, key), Ok(20));
                }
                stopped.replace(true);
            });
            while !*stop.borrow() {
                rig.reactor.turn(None).expect("the loop works");
            }
            assert_eq!(rig.engine.stats().returned, 20, "{time:?} {notify:?}");
        }
    }
}

#[test]
fn a_reaper_thread_of_any_interval_takes_all() {
    for time in [Time::Manual, Time::Thread] {
        for notify in NOTIFIES {
            for interval_ns in [Nanos::ZERO, Nanos::new(1), Nanos::from_millis(2)] {
                let cell = Cell {
                    notify,
                    reap: Reap::Thread { interval_ns },
                };
                let mut rig = Rig::new(time, cell);
                spawn_seals(&mut rig, 30);
                rig.run();
                let stats = rig.engine.stats();
                assert_eq!(
                    (stats.reaped, stats.returned),
                    (30, 30),
                    "{time:?} {cell:?}"
                );
            }
        }
    }
}

#[test]
fn a_reaper_thread_ends_with_its_engine() {
    // A stop that is slept through would hang here.
    for _ in 0..2_000 {
        let rig = Rig::new(
            Time::Manual,
            Cell {
                notify: Notify::Callback,
                reap: Reap::THREAD,
            },
        );
        drop(rig);
    }
}

/// A rig whose application has to poll.
fn external_rig(time: Time, notify: Notify) -> (Rig, Rc<Log>) {
    watched_rig(time, notify, Reap::External)
}

fn watched_rig(time: Time, notify: Notify, reap: Reap) -> (Rig, Rc<Log>) {
    let log = Log::new();
    let config = EngineConfig {
        watchdog_ns: Some(Nanos::from_millis(5)),
        ..Cell { notify, reap }.config()
    };
    let rig = Rig::made(time, DeviceConfig::default(), config, Some(log.clone()));
    (rig, log)
}

fn told(log: &Log) -> Vec<Nanos> {
    let events = log.events();
    let spans = events.iter().filter_map(|(_, event)| match event {
        Event::NobodyPolls { unread_for_ns } => Some(*unread_for_ns),
        _ => None,
    });
    spans.collect()
}

#[test]
fn the_watchdog_says_that_nobody_polls_once_per_episode_in_manual_time() {
    for notify in NOTIFIES {
        let (mut rig, log) = external_rig(Time::Manual, notify);
        for episode in 1..=3 {
            spawn_seals(&mut rig, 2);
            rig.reactor.turn(None).expect("the loop works");
            // In the device, nothing is unread, however long it takes.
            rig.manual().advance(Nanos::from_secs(9));
            rig.reactor.turn(None).expect("the loop works");
            assert_eq!(told(&log).len(), episode - 1);
            assert_eq!(rig.complete_all(), 2);
            rig.reactor.turn(None).expect("the loop works");
            rig.manual().advance(Nanos::new(4_999_999));
            rig.reactor.turn(None).expect("the loop works");
            assert_eq!(told(&log).len(), episode - 1, "not yet");
            rig.manual().advance(Nanos::new(1));
            for _ in 0..5 {
                rig.reactor.turn(None).expect("the loop works");
                assert_eq!(told(&log).len(), episode, "once: {notify:?}");
            }
            assert_eq!(rig.engine.stats().nobody_polls, episode as u64);
            rig.run();
        }
        assert_eq!(told(&log), [Nanos::from_millis(5); 3]);
    }
}

#[test]
fn the_watchdog_says_that_nobody_polls_in_virtual_time() {
    for notify in NOTIFIES {
        let (mut rig, log) = external_rig(Time::Simulated, notify);
        spawn_seals(&mut rig, 2);
        let stalled = rig.reactor.run();
        assert!(stalled.is_err(), "nobody polls, and the loop does not hang");
        assert_eq!(told(&log), [Nanos::from_millis(5)], "{notify:?}");
        rig.run();
        assert_eq!(rig.engine.stats().returned, 2);
    }
}

#[test]
fn the_watchdog_watches_loops_without_a_reactor() {
    let heuristic = Reap::Heuristic(Heuristic::default());
    for reap in [Reap::External, Reap::Event, Reap::Inline, heuristic] {
        watch_a_loop_that_forgets_to_poll(reap);
    }
}

fn watch_a_loop_that_forgets_to_poll(reap: Reap) {
    let (rig, log) = watched_rig(Time::Manual, Notify::Fd, reap);
    let (engine, key) = (rig.engine.clone(), rig.keys.aes);
    let job = pausewake_jobs::start(None, move || assert_eq!(seal(&engine, key), Ok(20)));
    let job = job.expect("a job can be had").paused().expect("it waits");
    rig.engine.ring_doorbell();
    rig.complete_all();
    rig.engine.ring_doorbell();
    rig.manual().advance(Nanos::from_millis(5));
    rig.engine.ring_doorbell();
    assert_eq!(told(&log).len(), 1);
    rig.engine.poll();
    assert!(job.resume().expect("we are in no job").finished().is_some());
}

#[test]
fn a_shutdown_polls_for_itself() {
    for time in Time::ALL {
        for notify in NOTIFIES {
            let (mut rig, _log) = external_rig(time, notify);
            spawn_seals(&mut rig, 4);
            rig.reactor
                .turn(Some(rig.engine.now()))
                .expect("the loop works");
            if time == Time::Manual {
                rig.complete_all();
            }
            let shutdown = rig.reactor.shutdown().expect("the loop works");
            assert_eq!((shutdown.cancelled_jobs, shutdown.slots_left), (4, 0));
        }
    }
}
