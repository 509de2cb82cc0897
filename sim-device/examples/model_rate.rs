//! How fast the model is: simulated ops per second of this machine's time, on one thread.
//!
//! ```text
//! cargo run --release -p pausewake-device --example model_rate [millions of ops]
//! ```
//!
//! A closed loop keeps a number of ops in flight: each one that is handed out is followed by
//! another in the same moment. So every op is one `submit` and its share of `advance` and
//! `next_deadline`, as in a driver's loop.
#![allow(clippy::print_stdout, reason = "printing is what this program is for")]

use std::time::Instant;

use pausewake_device::Nanos;
use pausewake_device::keys::KeyId;
use pausewake_device::model::{
    ClassConfig, Distribution, LinkConfig, Model, ModelConfig, Request, ServiceTime,
};
use pausewake_device::protocol::{OpKind, Scheme};
use pausewake_device::random::Seed;

fn main() {
    let millions = std::env::args().nth(1).map_or(Ok(5), |text| text.parse());
    let Ok(millions) = millions else {
        println!("usage: model_rate [millions of ops]");
        return;
    };
    println!(
        "{:<34} {:>9} {:>12} {:>9}",
        "device", "in flight", "op/s", "ns/op"
    );
    for (name, config) in devices() {
        for in_flight in [1, 48, 1_000] {
            let elapsed = run(&config, in_flight, millions * 1_000_000_u64);
            println!(
                "{name:<34} {in_flight:>9} {:>12.0} {elapsed:>9.1}",
                1e9 / elapsed
            );
        }
    }
}

/// Nanoseconds per op.
fn run(config: &ModelConfig, in_flight: u32, ops: u64) -> f64 {
    let mut model = Model::new(config.clone(), Seed(1), 1);
    let queue = model.queues().next().expect("there is one");
    let request = |token, submitted_ns| Request {
        kind: OpKind::RsaSign,
        scheme: Scheme::None,
        modulus_bits: 2_048,
        key: KeyId::NONE,
        bytes_in: 512,
        bytes_out: 256,
        submitted_ns,
        token,
    };
    for token in 0..in_flight {
        model
            .submit(Nanos::ZERO, queue, request(token, Nanos::ZERO))
            .expect("there is room for all of them");
    }
    let mut handed_out = Vec::with_capacity(1_024);
    let mut count = 0;
    let start = Instant::now();
    while let Some(deadline) = model.next_deadline()
        && count < ops
    {
        model.advance(deadline, &mut |done| handed_out.push(done));
        for done in handed_out.drain(..) {
            count += 1;
            model
                .submit(deadline, queue, request(done.token, done.visible_ns))
                .expect("a place was given back");
        }
    }
    let elapsed = start.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "a count of ops")]
    let ops = count as f64;
    elapsed.as_secs_f64() * 1e9 / ops
}

fn devices() -> [(&'static str, ModelConfig); 6] {
    let device = |distribution, link, queue_depth| {
        let service = ServiceTime {
            distribution,
            base_ns: Nanos::from_micros(60),
            per_byte_ns: 0.1,
        };
        let class = ClassConfig {
            queue_depth,
            ..ClassConfig::new(6, service)
        };
        ModelConfig {
            asymmetric: class.clone(),
            symmetric: class,
            link,
            in_flight_limit: 1_023,
        }
    };
    let free = LinkConfig::default();
    let pcie = LinkConfig {
        to_device_ns: Nanos::new(600),
        to_host_ns: Nanos::new(600),
        bandwidth_bytes_per_s: Some(8_000_000_000),
    };
    let normal = Distribution::Normal { deviation: 0.1 };
    let log_normal = Distribution::LogNormal { deviation: 0.5 };
    [
        ("constant", device(Distribution::Constant, free, None)),
        ("constant, link", device(Distribution::Constant, pcie, None)),
        (
            "constant, queue_depth",
            device(Distribution::Constant, free, Some(1_023)),
        ),
        ("exponential", device(Distribution::Exponential, free, None)),
        ("normal, link", device(normal, pcie, None)),
        (
            "log-normal, link, queue_depth",
            device(log_normal, pcie, Some(1_023)),
        ),
    ]
}
