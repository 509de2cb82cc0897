//! Virtual time: the seed decides everything.

use pausewake_device::Nanos;
use pausewake_device::compute::{ComputeMode, KeyMaterial};
use pausewake_device::model::Distribution;
use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Status};
use pausewake_device::random::{Concern, Seed};
use rand::RngExt;

use super::rig::{DriverKind, Rig, config};

#[test]
fn the_seed_decides_every_completion() {
    let first = run(Seed(5));
    assert_eq!(first.len(), OPS as usize);
    assert_eq!(first, run(Seed(5)));
    let other = run(Seed(6));
    assert_eq!(other.len(), OPS as usize);
    assert_ne!(first, other);
}

/// A random load whose arrivals do not depend on the device's seed.
fn run(seed: Seed) -> Vec<(Cookie, Nanos, Status, (Nanos, Nanos))> {
    let mut config = config();
    config.seed = seed;
    config.compute = ComputeMode::None;
    for class in [&mut config.model.asymmetric, &mut config.model.symmetric] {
        class.service.distribution = Distribution::Exponential;
        class.slices = 2;
    }
    let mut rig = Rig::new(DriverKind::Simulated, config);
    let key = rig.device.import_key(KeyMaterial::AesGcm(&[1; 16]));
    let key = key.expect("a usable key");
    let mut arrivals = Seed(1).stream(Concern::Arrivals, 0);
    let mut seen = Vec::new();
    let mut free: Vec<u32> = (0..rig.queue.slots()).collect();
    let mut asked = 0;
    while seen.len() < OPS as usize {
        if asked < OPS
            && let Some(slot) = free.pop()
        {
            asked += 1;
            let kind = [OpKind::AeadSeal, OpKind::AeadOpen][usize::from(arrivals.random_bool(0.5))];
            let mut descriptor = Descriptor::new(
                kind,
                Cookie {
                    slot,
                    generation: asked,
                },
            );
            descriptor.key = key;
            descriptor.input_len = arrivals.random_range(0..64);
            descriptor.output_capacity = arrivals.random_range(0..128);
            rig.submit([descriptor]);
        }
        let next = rig.queue.now() + Nanos::new(arrivals.random_range(0..1_000));
        while rig.queue.now() < next {
            rig.queue.advance(Some(next)).expect("time has an aim");
            while let Some(done) = rig.queue.reap() {
                free.push(done.cookie.slot);
                let times = (done.queue_ns, done.service_ns);
                seen.push((done.cookie, done.done_ns, done.status, times));
            }
        }
    }
    assert_eq!(rig.device.stats().lateness.max_ns(), Nanos::ZERO);
    seen
}

const OPS: u32 = 5_000;
