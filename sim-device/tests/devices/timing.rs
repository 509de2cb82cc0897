//! When completions become visible: never early under the wall clock, exactly then under a virtual
//! one.

use pausewake_device::compute::ComputeMode;
use pausewake_device::keys::KeyId;
use pausewake_device::model::{LinkConfig, ServiceTime};
use pausewake_device::protocol::{OpKind, Scheme};
use pausewake_device::{DeviceConfig, Nanos, WaitStrategy};

use super::rig::{Ask, DriverKind, Rig, config};

for_each_wait!(no_completion_is_early, no_completion_of_a_burst_is_early);

fn no_completion_is_early(wait: WaitStrategy) {
    let mut rig = rig(wait);
    let ops: u32 = 100;
    for _ in 0..ops {
        let submitted_ns = submit(&mut rig, 1);
        let completion = rig.completion();
        let now = rig.queue.now();
        assert!(
            now >= submitted_ns + TO_DEVICE + SERVICE + TO_HOST,
            "{submitted_ns} to {now}: {completion:?}"
        );
        assert!(completion.done_ns >= submitted_ns + TO_DEVICE + SERVICE);
        assert!(completion.fetched_ns() >= submitted_ns + TO_DEVICE);
        assert!(completion.service_ns >= SERVICE);
    }
    check_lateness(&rig, ops.into());
}

/// Ten at once on two slices: the n-th cannot be seen before n/2 services.
fn no_completion_of_a_burst_is_early(wait: WaitStrategy) {
    let mut rig = rig(wait);
    for _ in 0..10 {
        let submitted_ns = submit(&mut rig, 10);
        for turn in (1..=5).flat_map(|turn| [turn, turn]) {
            let completion = rig.completion();
            let now = rig.queue.now();
            let served = (0..turn).fold(Nanos::ZERO, |sum, _| sum + SERVICE);
            let due = submitted_ns + TO_DEVICE + served + TO_HOST;
            assert!(
                now >= due,
                "turn {turn}, due {due}, seen {now}: {completion:?}"
            );
        }
    }
    check_lateness(&rig, 100);
}

#[test]
fn virtual_time_is_exact() {
    let mut rig = Rig::new(DriverKind::Simulated, slow());
    for _ in 0..100 {
        let submitted_ns = submit(&mut rig, 10);
        for turn in (1..=5).flat_map(|turn| [turn, turn]) {
            let completion = rig.completion();
            let served = (0..turn).fold(Nanos::ZERO, |sum, _| sum + SERVICE);
            assert_eq!(completion.done_ns, submitted_ns + TO_DEVICE + served);
            assert_eq!(rig.queue.now(), completion.done_ns + TO_HOST);
        }
    }
    let lateness = rig.device.stats().lateness;
    assert_eq!((lateness.count(), lateness.max_ns()), (1_000, Nanos::ZERO));
}

fn check_lateness(rig: &Rig, ops: u64) {
    let stats = rig.device.stats();
    let lateness = stats.lateness;
    assert_eq!(lateness.count(), ops, "each op has a lateness");
    assert!(lateness.max_ns() >= lateness.mean_ns());
    assert!(
        lateness.max_ns() > Nanos::ZERO,
        "a thread is always a bit late"
    );
    assert!(lateness.quantile_at_most_ns(0.5) <= lateness.max_ns());
    assert_eq!(lateness.quantile_at_most_ns(1.0), lateness.max_ns());
}

fn rig(wait: WaitStrategy) -> Rig {
    Rig::new(wait.into(), slow())
}

fn slow() -> DeviceConfig {
    let mut config = config();
    config.model.symmetric.slices = 2;
    config.model.symmetric.service = ServiceTime::constant(SERVICE);
    config.model.link = LinkConfig {
        to_device_ns: TO_DEVICE,
        to_host_ns: TO_HOST,
        bandwidth_bytes_per_s: None,
    };
    config.compute = ComputeMode::None;
    config
}

/// Ops without a key: how they end is not what is looked at here.
fn submit(rig: &mut Rig, count: u32) -> Nanos {
    let ask = Ask {
        kind: OpKind::AeadSeal,
        scheme: Scheme::None,
        key: KeyId::NONE,
        input: b"",
        extra: b"",
        capacity: 16,
    };
    let descriptors: Vec<_> = (0..count)
        .map(|slot| ask.descriptor(rig.cookie(slot)))
        .collect();
    rig.submit(descriptors).at_ns
}

const TO_DEVICE: Nanos = Nanos::from_micros(40);
const SERVICE: Nanos = Nanos::from_micros(110);
const TO_HOST: Nanos = Nanos::from_micros(30);
