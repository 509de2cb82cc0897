//! Many jobs, rings and slots smaller than the jobs: every operation has exactly one outcome, and
//! its eight moments fit together.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use pausewake_device::compute::ComputeMode;
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::Cookie;
use pausewake_device::{DeviceConfig, Nanos};
use pausewake_engine::events::{Event, JobEvent, NotifiedBy, Stage};
use pausewake_engine::{EcdsaCurve, Engine, Notify, RsaPadding};
use pausewake_tests::{Cell, Keys, Log, Rig, Time, everywhere};

const JOBS: u32 = 64;

/// A device that is small in every way, and quick.
fn small(compute: ComputeMode) -> DeviceConfig {
    let mut config = DeviceConfig {
        compute,
        ..DeviceConfig::default()
    };
    config.queue.ring_depth = 8;
    config.queue.slots = 24;
    config.queue.completion_depth = 32;
    config.model.in_flight_limit = 16;
    config.model.asymmetric.service.base_ns = Nanos::from_micros(5);
    config.model.symmetric.service.base_ns = Nanos::from_micros(1);
    config
}

/// Every job seals and opens its own texts; nothing gets lost, doubled, or mixed up.
fn storm(time: Time, cell: Cell, rounds: u32) {
    storm_on(small(ComputeMode::Real), time, cell, rounds);
}

fn storm_on(config: DeviceConfig, time: Time, cell: Cell, rounds: u32) {
    let mut rig = Rig::with(time, cell, config, None);
    let outcomes = Rc::new(RefCell::new(vec![0_u32; JOBS as usize]));
    for job in 0..JOBS {
        let (engine, key, outcomes) = (rig.engine.clone(), rig.keys.aes, outcomes.clone());
        rig.spawn(move || {
            for round in 0..rounds {
                seal_and_open(&engine, key, job, round);
                outcomes.borrow_mut()[job as usize] += 2;
            }
        });
    }
    rig.run();
    assert_eq!(*outcomes.borrow(), vec![2 * rounds; JOBS as usize]);
    let (stats, ops) = (rig.engine.stats(), u64::from(2 * rounds * JOBS));
    assert_eq!(stats.submitted, ops, "{time:?} {cell:?}");
    assert_eq!(stats.returned, ops);
    assert_eq!(stats.reaped, ops);
    let wakes = (
        stats.wakes_by_callback,
        stats.wakes_by_fd,
        stats.waits_in_place,
    );
    let expected = match cell.notify {
        Notify::Callback => (ops, 0, 0),
        Notify::Fd => (0, ops, 0),
        Notify::Poll => (0, 0, 0),
    };
    assert_eq!(wakes, expected);
    assert_eq!((stats.orphans, stats.abandoned, stats.in_flight), (0, 0, 0));
    let told_of_room = match cell.notify {
        Notify::Poll => 0,
        Notify::Callback | Notify::Fd => stats.full_waits,
    };
    assert_eq!(stats.wakes_for_room, told_of_room, "each was told once");
    assert!(stats.full_waits > 0, "64 jobs do not fit");
    assert_eq!(rig.engine.slots_in_use(), 0);
    let device = rig.device.stats();
    assert_eq!((device.fetched, device.completed), (ops, ops));
}

fn seal_and_open(engine: &Engine, key: KeyId, job: u32, round: u32) {
    let text = format!("job {job}, round {round}");
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&job.to_le_bytes());
    nonce[4..8].copy_from_slice(&round.to_le_bytes());
    let mut sealed = [0; 64];
    let sealed_len = engine
        .aead_seal(key, nonce, b"aad", text.as_bytes(), &mut sealed)
        .expect("seals");
    let mut opened = [0; 64];
    let opened_len = engine
        .aead_open(key, nonce, b"aad", &sealed[..sealed_len], &mut opened)
        .expect("its own tag fits");
    assert_eq!(&opened[..opened_len], text.as_bytes());
}

#[test]
fn twenty_thousand_ops_by_event_on_the_device_thread() {
    storm(Time::Thread, Notify::Callback.into(), 160);
    storm(Time::Thread, Notify::Fd.into(), 160);
}

#[test]
fn twenty_thousand_ops_by_event_under_virtual_time() {
    storm(Time::Simulated, Notify::Callback.into(), 160);
    storm(Time::Simulated, Notify::Fd.into(), 160);
}

#[test]
fn thousands_of_ops_in_every_cell() {
    everywhere(|time, cell| storm(time, cell, 20));
}

#[test]
fn with_a_link_and_signals_that_are_held_back() {
    for time in [Time::Simulated, Time::Thread] {
        for cell in time.cells() {
            let mut config = small(ComputeMode::Real);
            config.coalesce.count = 7;
            config.coalesce.time_ns = Nanos::from_micros(40);
            config.model.link.to_device_ns = Nanos::new(700);
            config.model.link.to_host_ns = Nanos::new(900);
            storm_on(config, time, cell, 15);
        }
    }
}

#[test]
fn jobs_and_calls_in_place_mix() {
    everywhere(|time, cell| {
        let mut rig = Rig::with(time, cell, small(ComputeMode::Real), None);
        for round in 0..40 {
            for job in 0..8 {
                let (engine, key) = (rig.engine.clone(), rig.keys.aes);
                rig.spawn(move || seal_and_open(&engine, key, job, round));
            }
            let key = rig.keys.aes;
            rig.in_place(|engine| seal_and_open(engine, key, 99, round));
            rig.run();
        }
        let stats = rig.engine.stats();
        assert_eq!(stats.returned, 40 * 9 * 2, "{time:?} {cell:?}");
        assert_eq!(stats.waits_in_place, 40 * 2);
        assert_eq!(rig.engine.slots_in_use(), 0);
    });
}

/// xorshift32; its seed is in every message.
struct Chance(u32);

impl Chance {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % bound
    }
}

fn random_op(engine: &Engine, keys: Keys, chance: &mut Chance) {
    let len = chance.below(4_000) as usize;
    let input = vec![7; len];
    let mut output = vec![0; len + 16];
    match chance.below(4) {
        0 => {
            let signed = engine.rsa_sign(keys.rsa, RsaPadding::PssSha256, &input);
            assert!(signed.is_ok());
        }
        1 => {
            let signed = engine.ecdsa_sign(keys.p256, EcdsaCurve::P256, &input);
            assert!(signed.is_ok());
        }
        _ => {
            let sealed = engine.aead_seal(keys.aes, [0; 12], b"", &input, &mut output);
            assert_eq!(sealed, Ok(len + 16));
        }
    }
}

fn random_workload(time: Time, cell: Cell, seed: u32) -> (Rc<Log>, usize) {
    let log = Log::new();
    let mut config = small(ComputeMode::None);
    config.model.link.to_device_ns = Nanos::new(700);
    config.model.link.to_host_ns = Nanos::new(900);
    let mut rig = Rig::with(time, cell, config, Some(log.clone()));
    let mut ops = 0;
    for job in 0..JOBS {
        let mut chance = Chance(seed ^ (job + 1) << 8);
        let rounds = 1 + chance.below(6) as usize;
        ops += rounds;
        let (engine, keys) = (rig.engine.clone(), rig.keys);
        rig.spawn(move || {
            for _ in 0..rounds {
                random_op(&engine, keys, &mut chance);
            }
        });
    }
    rig.run();
    let mut chance = Chance(seed);
    rig.in_place(|engine| random_op(engine, rig.keys, &mut chance));
    (log, ops + 1)
}

#[test]
fn the_eight_moments_fit_together() {
    everywhere(|time, cell| {
        for seed in [1, 2, 3] {
            let (log, ops) = random_workload(time, cell, seed);
            let returned = log.returned();
            assert_eq!(returned.len(), ops, "{time:?} {cell:?} seed {seed}");
            for op in returned {
                let moments = op.moments;
                assert!(
                    moments.in_order().is_sorted(),
                    "{time:?} {cell:?} seed {seed}: {op:?}"
                );
                let stages = moments.stages();
                let sum = Stage::ALL
                    .iter()
                    .map(|stage| stages.get(*stage).get())
                    .sum::<u64>();
                assert_eq!(
                    sum + stages.full_wait_ns.get(),
                    moments.total_ns().get(),
                    "{time:?} {cell:?} seed {seed}: {op:?}"
                );
            }
        }
    });
}

#[test]
fn the_log_tells_each_life_in_order() {
    everywhere(|time, cell| {
        let (log, ops) = random_workload(time, cell, 7);
        let mut lives: HashMap<Cookie, Vec<&str>> = HashMap::new();
        let mut living = HashSet::new();
        let (mut started, mut finished, mut last_at) = (0, 0, Nanos::ZERO);
        for (at, event) in log.events() {
            match event {
                Event::Submitted { op, .. } => lives.entry(op).or_default().push("submitted"),
                Event::Known { op, .. } => lives.entry(op).or_default().push("known"),
                Event::Notify { op, job, by } => {
                    assert_eq!(job.is_none(), by == NotifiedBy::InPlace);
                    lives.entry(op).or_default().push("notify");
                }
                Event::Returned(returned) => {
                    lives.entry(returned.op).or_default().push("returned");
                }
                Event::Job(event) => {
                    assert!(at >= last_at, "the engine's time: {at} after {last_at}");
                    last_at = at;
                    match event {
                        JobEvent::Started { job } => {
                            started += 1;
                            assert!(living.insert(job));
                        }
                        JobEvent::Finished { job } => {
                            finished += 1;
                            assert!(living.remove(&job));
                        }
                        JobEvent::Paused { job } | JobEvent::Resumed { job } => {
                            assert!(living.contains(&job));
                        }
                        other => panic!("nobody panics or cancels here: {other:?}"),
                    }
                }
                _ => {}
            }
        }
        assert_eq!(lives.len(), ops);
        for (op, life) in lives {
            let whole = ["submitted", "known", "notify", "returned"];
            assert_eq!(life, whole, "{time:?} {cell:?}: op {op}");
        }
        assert_eq!((started, finished), (JOBS, JOBS));
        assert!(time == Time::Manual || last_at > Nanos::ZERO);
    });
}
