//! How late a modelled latency is met by the device's thread, as the host sees it; and that it is
//! never early.

use std::time::{Duration, Instant};

use pausewake_device::compute::ComputeMode;
use pausewake_device::model::ServiceTime;
use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Status};
use pausewake_device::{Device, DeviceConfig, Nanos, QueuePair, WaitStrategy};

use super::load::aes_key;
use super::{Benchmark, Context};
use crate::failure::Failure;
use crate::row::{Reach, Row, Unit};
use crate::summary::Summary;

pub(super) const LATENCY: Benchmark = Benchmark {
    name: "latency",
    about: "how late the device's thread meets a modelled latency, by how it waits; never early",
    run: latency,
};

fn latency(context: &Context) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for (wait, name, limit_ns) in STRATEGIES {
        for (modelled_ns, label, samples) in LATENCIES {
            let count = context.effort.count(samples);
            let late = lateness_ns(wait, modelled_ns, count)?;
            let row = Row::new(format!("{}/{name}/{label}", LATENCY.name), Unit::Ns)
                .with_figure(Summary::of(&late))
                .reaching(Reach::at_most(limit_ns));
            rows.push(row);
        }
    }
    Ok(rows)
}

/// How much later than modelled each of `count` ops was seen in the completion ring, ns.
fn lateness_ns(wait: WaitStrategy, modelled_ns: Nanos, count: u64) -> Result<Vec<f64>, Failure> {
    let mut config = DeviceConfig {
        compute: ComputeMode::None,
        ..DeviceConfig::default()
    };
    config.model.symmetric.service = ServiceTime::constant(modelled_ns);
    let device = Device::thread(config, wait, None).map_err(|error| Failure::of(&error))?;
    let mut queue = device.open_queue().map_err(Failure::unavailable)?;
    let mut descriptor = Descriptor::new(
        OpKind::AeadSeal,
        Cookie {
            slot: 0,
            generation: 0,
        },
    );
    descriptor.key = aes_key(&device)?;
    descriptor.input_len = 16;
    descriptor.output_capacity = 32;
    let mut late = Vec::new();
    let begin = Instant::now();
    // On a busy machine an op can take a hundred times longer than modelled.
    while (late.len() as u64) <= count && (begin.elapsed() < MOST_TIME || late.len() <= FEWEST) {
        descriptor.cookie.generation += 1;
        late.push(one_op(&mut queue, descriptor, modelled_ns)?.as_f64());
    }
    // The first one warmed up.
    Ok(late.split_off(1))
}

/// How much later than modelled the op was seen. The host spins: what it takes to wake a host is
/// not the device's.
fn one_op(
    queue: &mut QueuePair,
    descriptor: Descriptor,
    modelled_ns: Nanos,
) -> Result<Nanos, Failure> {
    if queue.push(descriptor).is_err() {
        return Err(Failure::check("an empty ring had no room"));
    }
    let begin = queue.now();
    queue.ring_doorbell();
    let completion = loop {
        match queue.reap() {
            Some(completion) => break completion,
            None => std::hint::spin_loop(),
        }
    };
    let seen = queue.now();
    if completion.cookie != descriptor.cookie || completion.status != Status::Ok {
        return Err(Failure::check(format!(
            "a wrong completion: {completion:?}"
        )));
    }
    let due = begin + modelled_ns;
    if seen < due || completion.done_ns < due {
        return Err(Failure::check(format!(
            "a completion was early: due at {due} at the earliest, done at {}, seen at {seen}",
            completion.done_ns
        )));
    }
    Ok(seen - due)
}

/// With the name in the table, and how late the median may be, ns.
const STRATEGIES: [(WaitStrategy, &str, f64); 3] = [
    (WaitStrategy::Spin, "spin", 5_000.0),
    (WaitStrategy::Adaptive, "adaptive", 5_000.0),
    (WaitStrategy::Sleep, "sleep", 60_000.0),
];

/// With the name in the table, and how many ops: together a tenth of a second or two.
const LATENCIES: [(Nanos, &str, u64); 4] = [
    (Nanos::from_micros(20), "20us", 2_001),
    (Nanos::from_micros(100), "100us", 1_001),
    (Nanos::from_millis(1), "1ms", 201),
    (Nanos::from_millis(5), "5ms", 41),
];
/// Time after which no more samples are taken, if there are some.
const MOST_TIME: Duration = Duration::from_millis(500);
const FEWEST: usize = 5;
