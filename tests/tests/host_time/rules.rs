//! What must hold whatever the host's work costs and however many timelines there are.

use std::collections::HashMap;
use std::fmt::Write;

use pausewake_device::model::{CoalesceConfig, Distribution, QueueId};
use pausewake_device::protocol::Cookie;
use pausewake_device::random::{Concern, Seed, Stream};
use pausewake_device::{DeviceConfig, DeviceEvent, Nanos};
use pausewake_engine::events::Event;
use pausewake_engine::{EngineConfig, Heuristic, HostCosts, Notify, Reap, Timelines};
use pausewake_tests::Log;
use rand::RngExt;

use crate::world::{World, device, engine, ns, seal};

const SEEDS: u64 = 150;

/// A run that chance made up.
struct Case {
    device: DeviceConfig,
    engine: EngineConfig,
    /// For each timeline and each of its jobs the work before each op.
    work: Vec<Vec<Vec<Nanos>>>,
}

impl Case {
    fn of(seed: Seed) -> Self {
        let mut chance = seed.stream(Concern::Payload, 0);
        let mut device = device(
            chance.random_range(1..4),
            ns(chance.random_range(0..20_000)),
        );
        device.seed = seed;
        device.model.symmetric.service.distribution = match chance.random_range(0..3) {
            0 => Distribution::Constant,
            1 => Distribution::Uniform { spread: 0.9 },
            _ => Distribution::Exponential,
        };
        device.model.link.to_device_ns = ns(chance.random_range(0..2) * 700);
        device.model.link.to_host_ns = ns(chance.random_range(0..2) * 900);
        device.queue.ring_depth = 1 << chance.random_range(1..7);
        device.model.in_flight_limit = chance.random_range(1..=63);
        device.coalesce = CoalesceConfig {
            count: chance.random_range(1..4),
            time_ns: ns(chance.random_range(1..30_000)),
        };
        let engine = EngineConfig {
            notify: [Notify::Callback, Notify::Fd][chance.random_range(0..2)],
            reap: [
                Reap::Event,
                Reap::Inline,
                Reap::Heuristic(Heuristic {
                    asymmetric: 2,
                    symmetric: chance.random_range(1..6),
                    backstop_ns: ns(50_000),
                }),
            ][chance.random_range(0..3)],
            ..engine(costs(&mut chance))
        };
        let work = (0..chance.random_range(1..5))
            .map(|_| {
                (0..chance.random_range(1..7))
                    .map(|_| {
                        (0..chance.random_range(1..6))
                            .map(|_| ns(chance.random_range(0..2) * chance.random_range(0..9_000)))
                            .collect()
                    })
                    .collect()
            })
            .collect();
        Self {
            device,
            engine,
            work,
        }
    }

    fn ops(&self) -> usize {
        self.work.iter().flatten().map(Vec::len).sum()
    }
}

fn costs(chance: &mut Stream) -> HostCosts {
    let mut cost = |most: u64| ns(chance.random_range(0..2) * chance.random_range(0..most));
    HostCosts {
        submit_ns: cost(2_000),
        doorbell_ns: cost(3_000),
        reap_ns: cost(500),
        callback_ns: cost(500),
        fd_wake_ns: cost(3_000),
        switch_ns: cost(1_000),
        copy_ps_per_byte: 500,
        ..HostCosts::FREE
    }
}

/// What a run left behind.
struct Run {
    device: Vec<(Nanos, DeviceEvent)>,
    lines: Vec<Vec<(Nanos, Event)>>,
    returned: usize,
}

impl Run {
    fn of(case: &Case) -> Self {
        let world = World::new(case.device.clone());
        let mut logs = Vec::new();
        let mut reactors = Vec::new();
        for jobs in &case.work {
            let mut line = world.line(case.engine);
            for ops in jobs {
                let (engine, key, ops) = (line.reactor.engine().clone(), world.key, ops.clone());
                let started = line.reactor.spawn(move || {
                    for work in ops {
                        engine.charge(work);
                        seal(&engine, key);
                    }
                });
                started.expect("there are stacks");
            }
            logs.push(line.log);
            reactors.push(line.reactor);
        }
        let mut timelines = Timelines::new(reactors).expect("they fit");
        timelines.run().expect("nothing stalls");
        for found in timelines.shutdown().expect("the loops work") {
            assert_eq!((found.cancelled_jobs, found.slots_left), (0, 0));
        }
        Self {
            device: world.device_log.events(),
            returned: logs.iter().map(|log| log.returned().len()).sum(),
            lines: logs
                .iter()
                .map(|log: &std::rc::Rc<Log>| log.events())
                .collect(),
        }
    }

    /// The log as text, but for the jobs' names: they count on from run to run of a process.
    fn text(&self) -> String {
        let mut text = String::new();
        for (at, event) in &self.device {
            writeln!(text, "{at} {event:?}").expect("a string has room");
        }
        for event in self.lines.iter().flatten() {
            if let (at, Event::Returned(returned)) = event {
                let moments = returned.moments;
                writeln!(text, "{at} {} {moments:?}", returned.op).expect("a string has room");
            }
        }
        text
    }
}

#[test]
fn nobody_sees_the_future_and_nothing_is_lost() {
    for seed in (0..SEEDS).map(Seed) {
        let case = Case::of(seed);
        let run = Run::of(&case);
        assert_eq!(run.returned, case.ops(), "{seed}");
        check_order(&run, seed);
        check_little(&run, seed);
    }
}

#[test]
fn the_same_seed_gives_the_same_log() {
    for seed in (0..SEEDS / 5).map(Seed) {
        let case = Case::of(seed);
        assert_eq!(Run::of(&case).text(), Run::of(&case).text(), "{seed}");
    }
}

/// As device and engines said it themselves, each in its own log: nothing was held to what can be.
fn check_order(run: &Run, seed: Seed) {
    let device = || run.device.iter().map(|(at, _)| *at);
    assert!(device().is_sorted(), "{seed}: the device's clock went back");
    let mut fetched = HashMap::new();
    let mut published = HashMap::new();
    for (at, event) in &run.device {
        match *event {
            DeviceEvent::Fetched { queue, op, .. } => {
                assert!(fetched.insert((queue, op), *at).is_none(), "{seed}");
            }
            DeviceEvent::Done {
                queue, op, done_ns, ..
            } => {
                assert!(done_ns <= *at, "{seed}: {op} was published too early");
                assert!(published.insert((queue, op), *at).is_none(), "{seed}");
            }
            _ => {}
        }
    }
    for (index, events) in (0..).zip(&run.lines) {
        let queue = QueueId(index);
        assert!(
            events.iter().map(|(at, _)| *at).is_sorted(),
            "{seed}: time went back on timeline {index}"
        );
        for (at, event) in events {
            match event {
                Event::Known { op, .. } => {
                    let published: Nanos = published[&(queue, *op)];
                    assert!(
                        published <= *at,
                        "{seed}: {op} was known before it was done"
                    );
                }
                Event::Returned(returned) => {
                    let moments = returned.moments;
                    assert!(moments.in_order().is_sorted(), "{seed}: {moments:?}");
                    let fetched: Nanos = fetched[&(queue, returned.op)];
                    assert!(fetched >= moments.doorbell_ns, "{seed}: {}", returned.op);
                }
                _ => {}
            }
        }
    }
}

/// The ops that are in the device, over time, and the time of each op in it: the same area.
fn check_little(run: &Run, seed: Seed) {
    let mut spans: HashMap<(QueueId, Cookie), Nanos> = HashMap::new();
    let (mut inside, mut area, mut sum, mut last) = (0_u64, 0, 0, Nanos::ZERO);
    for (at, event) in &run.device {
        area += inside * (*at - last).get();
        last = *at;
        match *event {
            DeviceEvent::Fetched { queue, op, .. } => {
                inside += 1;
                spans.insert((queue, op), *at);
            }
            DeviceEvent::Done { queue, op, .. } => {
                inside -= 1;
                sum += (*at - spans[&(queue, op)]).get();
            }
            _ => {}
        }
    }
    assert_eq!((inside, area), (0, sum), "{seed}");
}
