//! Devices and loads to try, likely ones and hostile ones.

use pausewake_device::Nanos;
use pausewake_device::keys::KeyId;
use pausewake_device::model::{
    BatchConfig, ClassConfig, Distribution, LinkConfig, ModelConfig, QueueId, RateLimit, Request,
    ServiceTime,
};
use pausewake_device::protocol::{OpKind, Scheme};
use proptest::prelude::*;

use super::{Device, Op};

pub(crate) fn device() -> impl Strategy<Value = Device> {
    let class = || {
        let depth = prop::option::of(1_u32..6);
        (1_u32..5, service(), depth)
            .prop_map(|(slices, service, depth)| class(slices, service, depth))
    };
    let bandwidth = prop::option::of(1_000_000_u64..10_000_000_000);
    let link = (0_u64..3_000, 0_u64..3_000, bandwidth).prop_map(
        |(to_device, to_host, bandwidth_bytes_per_s)| LinkConfig {
            to_device_ns: Nanos::new(to_device),
            to_host_ns: Nanos::new(to_host),
            bandwidth_bytes_per_s,
        },
    );
    (class(), class(), link, 1_u32..8, 1_u32..4).prop_map(
        |(asymmetric, symmetric, link, in_flight_limit, queues)| Device {
            config: ModelConfig {
                asymmetric,
                symmetric,
                link,
                in_flight_limit,
            },
            queues,
        },
    )
}

pub(crate) fn class(slices: u32, service: ServiceTime, queue_depth: Option<u32>) -> ClassConfig {
    ClassConfig {
        queue_depth,
        ..ClassConfig::new(slices, service)
    }
}

/// Devices with limits of rate, with batches, or with both.
pub(crate) fn gated_device() -> impl Strategy<Value = Device> {
    let rate = || {
        let limit = (1e5_f64..1e7, 1_u32..5);
        prop::option::of(limit.prop_map(|(ops_per_s, burst)| RateLimit { ops_per_s, burst }))
    };
    let batch = (1_u32..6, 0_u64..10_000).prop_map(|(size, flush)| BatchConfig {
        size,
        flush_ns: Nanos::new(flush),
    });
    (device(), rate(), rate(), prop::option::of(batch)).prop_map(
        |(mut device, rate, rate_per_key, batch)| {
            for class in [&mut device.config.asymmetric, &mut device.config.symmetric] {
                (class.rate, class.rate_per_key, class.batch) = (rate, rate_per_key, batch);
            }
            device
        },
    )
}

fn service() -> impl Strategy<Value = ServiceTime> {
    (distribution(0.0..=1.0), 0_u64..10_000, 0.0..2.0).prop_map(
        |(distribution, base, per_byte_ns)| ServiceTime {
            distribution,
            base_ns: Nanos::new(base),
            per_byte_ns,
        },
    )
}

fn distribution(shape: impl Strategy<Value = f64> + Clone) -> impl Strategy<Value = Distribution> {
    prop_oneof![
        Just(Distribution::Constant),
        Just(Distribution::Exponential),
        shape
            .clone()
            .prop_map(|spread| Distribution::Uniform { spread }),
        shape
            .clone()
            .prop_map(|deviation| Distribution::Normal { deviation }),
        shape.prop_map(|deviation| Distribution::LogNormal { deviation }),
    ]
}

pub(crate) fn ops() -> impl Strategy<Value = Vec<Op>> {
    let gap = prop_oneof![1 => Just(0_u64), 3 => 0_u64..8_000];
    let op = (
        gap,
        0_usize..3,
        prop::sample::select(&OpKind::ALL),
        0_u32..3,
        0_u32..5_000,
        0_u32..5_000,
    );
    prop::collection::vec(op, 1..80).prop_map(|ops| {
        let mut submitted_ns = Nanos::ZERO;
        let stamp = |(gap, queue, kind, key, bytes_in, bytes_out)| {
            submitted_ns += Nanos::new(gap);
            Op {
                submitted_ns,
                queue,
                kind,
                key: KeyId {
                    index: key,
                    generation: 0,
                },
                bytes_in,
                bytes_out,
            }
        };
        ops.into_iter().map(stamp).collect()
    })
}

pub(crate) fn hostile_config() -> impl Strategy<Value = ModelConfig> {
    let class = || {
        let service = (distribution(any::<f64>()), any::<u64>(), any::<f64>()).prop_map(
            |(distribution, base, per_byte_ns)| ServiceTime {
                distribution,
                base_ns: Nanos::new(base),
                per_byte_ns,
            },
        );
        let rate = || {
            let limit = (any::<f64>(), extreme_u32());
            prop::option::of(limit.prop_map(|(ops_per_s, burst)| RateLimit { ops_per_s, burst }))
        };
        let batch = (extreme_u32(), extreme_u64()).prop_map(|(size, flush)| BatchConfig {
            size,
            flush_ns: Nanos::new(flush),
        });
        (
            extreme_u32(),
            service,
            prop::option::of(extreme_u32()),
            rate(),
            rate(),
            prop::option::of(batch),
        )
            .prop_map(
                |(slices, service, depth, rate, rate_per_key, batch)| ClassConfig {
                    rate,
                    rate_per_key,
                    batch,
                    ..class(slices, service, depth)
                },
            )
    };
    let link = (any::<u64>(), any::<u64>(), prop::option::of(extreme_u64())).prop_map(
        |(to_device, to_host, bandwidth_bytes_per_s)| LinkConfig {
            to_device_ns: Nanos::new(to_device),
            to_host_ns: Nanos::new(to_host),
            bandwidth_bytes_per_s,
        },
    );
    (class(), class(), link, extreme_u32()).prop_map(
        |(asymmetric, symmetric, link, in_flight_limit)| ModelConfig {
            asymmetric,
            symmetric,
            link,
            in_flight_limit,
        },
    )
}

/// Submit or advance, at a time, to a queue that may not exist.
pub(crate) fn hostile_step() -> impl Strategy<Value = (bool, Nanos, QueueId, Request)> {
    let request = (
        prop::sample::select(&OpKind::ALL),
        extreme_u32(),
        extreme_u32(),
        extreme_u32(),
        extreme_u64(),
        any::<u32>(),
    )
        .prop_map(
            |(kind, modulus_bits, bytes_in, bytes_out, submitted, token)| Request {
                kind,
                scheme: Scheme::None,
                modulus_bits,
                key: KeyId::NONE,
                bytes_in,
                bytes_out,
                submitted_ns: Nanos::new(submitted),
                token,
            },
        );
    let queue = prop_oneof![9 => 0_u32..2, 1 => any::<u32>()].prop_map(QueueId);
    (
        any::<bool>(),
        extreme_u64().prop_map(Nanos::new),
        queue,
        request,
    )
}

fn extreme_u32() -> impl Strategy<Value = u32> {
    prop_oneof![0_u32..4, Just(u32::MAX), any::<u32>()]
}

fn extreme_u64() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..4, 0_u64..1_000_000, Just(u64::MAX), any::<u64>()]
}

/// A look at the end of time.
pub(crate) const END: (bool, Nanos, QueueId, Request) = (
    false,
    Nanos::MAX,
    QueueId(0),
    Request {
        kind: OpKind::Task,
        scheme: Scheme::None,
        modulus_bits: 0,
        key: KeyId::NONE,
        bytes_in: 0,
        bytes_out: 0,
        submitted_ns: Nanos::ZERO,
        token: 0,
    },
);
