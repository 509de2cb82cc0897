//! What holds for the model whatever the device, the load and the driver.

mod driving;

use driving::{Device, Op, Record, drive_exactly, look_now_and_then};
use pausewake_device::Nanos;
use pausewake_device::model::{
    ClassConfig, Distribution, LinkConfig, Model, ModelConfig, QueueId, Request, ServiceTime,
};
use pausewake_device::protocol::{Class, OpKind};
use pausewake_device::random::Seed;
use proptest::prelude::*;

proptest! {
    #[test]
    fn moments_are_in_order(device in device(), ops in ops(), period in 1_u64..20_000) {
        for records in [
            drive_exactly(&device, &ops),
            look_now_and_then(&device, &ops, period),
        ] {
            for record in records {
                let moments = record.moments();
                prop_assert!(moments.is_sorted(), "{moments:?}");
            }
        }
    }

    #[test]
    fn no_more_ops_in_service_than_slices(
        device in device(), ops in ops(), period in 1_u64..20_000
    ) {
        for records in [drive_exactly(&device, &ops), look_now_and_then(&device, &ops, period)] {
            for class in Class::ALL {
                let slices = device.config.class(class).slices as usize;
                let of_class = records.iter().filter(|record| record.class() == class);
                let most = most_at_once(of_class.map(|r| (r.done.started_ns, r.done.done_ns)));
                prop_assert!(most <= slices, "{most} ops on {slices} slices");
            }
        }
    }

    #[test]
    fn limits_hold_at_every_moment(device in device(), ops in ops(), period in 1_u64..20_000) {
        for records in [drive_exactly(&device, &ops), look_now_and_then(&device, &ops, period)] {
            for queue in 0..device.queues {
                let of_queue = records.iter().filter(|record| record.done.queue.0 == queue);
                let most = most_at_once(of_queue.map(|r| (r.done.fetched_ns, r.done.visible_ns)));
                prop_assert!(most <= device.config.in_flight_limit as usize, "queue: {most}");
            }
            for class in Class::ALL {
                let Some(depth) = device.config.class(class).queue_depth else { continue };
                let of_class = records.iter().filter(|record| record.class() == class);
                let most = most_at_once(of_class.map(|r| (r.done.fetched_ns, r.done.done_ns)));
                prop_assert!(most <= depth as usize, "class: {most}");
            }
        }
    }

    #[test]
    fn each_class_is_served_in_order_of_acceptance(device in device(), ops in ops()) {
        let mut records = drive_exactly(&device, &ops);
        records.sort_by_key(|record| record.accepted_as);
        for class in Class::ALL {
            let of_class = records.iter().filter(|record| record.class() == class);
            let starts: Vec<_> = of_class.map(|record| record.done.started_ns).collect();
            prop_assert!(starts.is_sorted(), "{starts:?}");
        }
    }

    #[test]
    fn no_slice_idles_while_an_op_waits(device in device(), ops in ops()) {
        let records = drive_exactly(&device, &ops);
        for class in Class::ALL {
            let of_class: Vec<_> = records.iter().filter(|r| r.class() == class).collect();
            let working_at = |at: Nanos| {
                let works = |r: &&&Record| r.done.started_ns <= at && at < r.done.done_ns;
                of_class.iter().filter(works).count()
            };
            let slices = device.config.class(class).slices as usize;
            for waiting in &of_class {
                // The number in service only falls where one is done.
                let (from, to) = (waiting.done.fetched_ns, waiting.done.started_ns);
                let moments = of_class.iter().map(|r| r.done.done_ns).chain([from]);
                for at in moments.filter(|at| (from..to).contains(at)) {
                    prop_assert_eq!(working_at(at), slices, "at {} of {:?}", at, waiting);
                }
            }
        }
    }

    #[test]
    fn equal_seeds_give_equal_runs(device in device(), ops in ops()) {
        prop_assert_eq!(drive_exactly(&device, &ops), drive_exactly(&device, &ops));
    }

    #[test]
    fn other_work_does_not_move_a_class(device in device(), ops in ops()) {
        // Service times are drawn in order of acceptance, so the order has to be the same with
        // and without the others: one queue for each class, no limit.
        let mut device = device.without_limits();
        device.queues = 2;
        let own_queue = |op: &Op| Op { queue: op.kind.class().index(), ..*op };
        let all: Vec<_> = ops.iter().map(own_queue).collect();
        let alone: Vec<_> = all.iter().copied().filter(|op| op.queue == 0).collect();
        let times = |ops: &[Op]| -> Vec<Nanos> {
            let mut records = drive_exactly(&device, ops);
            records.sort_by_key(|record| record.accepted_as);
            let own = records.iter().filter(|record| record.class() == Class::Asymmetric);
            own.map(|record| record.done.done_ns - record.done.started_ns).collect()
        };
        prop_assert_eq!(times(&all), times(&alone));
    }

    /// Whoever waited outside is put into the device when there was room, not when somebody looked:
    /// exactly, where ops leave in the order in which they came.
    #[test]
    fn a_late_look_is_exact_for_one_slice(
        device in device(), ops in ops(), period in 1_u64..20_000
    ) {
        let mut device = device;
        device.config.asymmetric.slices = 1;
        let one_class = |op: &Op| Op { queue: 0, kind: OpKind::RsaSign, ..*op };
        let ops: Vec<_> = ops.iter().map(one_class).collect();
        prop_assert_eq!(
            look_now_and_then(&device, &ops, period),
            drive_exactly(&device, &ops)
        );
    }

    /// Without a limit in the way, looking now and then is enough (for one queue, whose order is
    /// known, and a way home on which nobody waits).
    #[test]
    fn a_late_look_is_exact_without_limits(
        device in device(), ops in ops(), period in 1_u64..20_000
    ) {
        let mut device = device.without_limits();
        device.config.link.bandwidth_bytes_per_s = None;
        let ops: Vec<_> = ops.iter().map(|op| Op { queue: 0, ..*op }).collect();
        prop_assert_eq!(
            look_now_and_then(&device, &ops, period),
            drive_exactly(&device, &ops)
        );
    }

    #[test]
    fn nothing_panics_and_no_moment_goes_back(
        config in hostile_config(),
        steps in prop::collection::vec(hostile_step(), 1..60),
    ) {
        let mut model = Model::new(config, Seed(1), 2);
        let (mut accepted, mut handed_out) = (0, 0);
        let mut latest = Nanos::ZERO;
        for (submit, now, queue, request) in steps.into_iter().chain([END]) {
            latest = latest.max(now);
            if submit {
                accepted += usize::from(model.submit(now, queue, request).is_ok());
            } else {
                let mut last = Nanos::ZERO;
                let mut failure = None;
                model.advance(now, &mut |done| {
                    handed_out += 1;
                    let moments = [
                        done.fetched_ns, done.started_ns, done.done_ns, done.visible_ns, latest,
                    ];
                    if !moments.is_sorted() || done.visible_ns < last {
                        failure = Some((moments, last));
                    }
                    last = done.visible_ns;
                });
                prop_assert_eq!(failure, None);
                prop_assert!(model.next_deadline().is_none_or(|deadline| deadline > latest));
            }
        }
        // The last step went to the end of time, where everything is due.
        prop_assert_eq!(accepted, handed_out);
    }
}

/// The table on the module's page.
#[test]
fn the_worked_example_is_right() {
    let us = Nanos::from_micros;
    let class = class(1, ServiceTime::constant(us(100)), None);
    let device = Device {
        config: ModelConfig {
            asymmetric: class.clone(),
            symmetric: class,
            link: LinkConfig::default(),
            in_flight_limit: 1,
        },
        queues: 1,
    };
    let request = |token, submitted_us| Request {
        kind: OpKind::RsaSign,
        bytes_in: 0,
        bytes_out: 0,
        submitted_ns: us(submitted_us),
        token,
    };
    let queue = QueueId(0);
    for [first_look, second_look, third_look] in [[0, 10, 100], [3, 15, 108]] {
        let mut model = Model::new(device.config.clone(), Seed(1), device.queues);
        let mut handed_out = Vec::new();
        let (a, b) = (request(0, 0), request(1, 10));
        assert_eq!(model.submit(us(first_look), queue, a), Ok(()));
        assert!(model.submit(us(second_look), queue, b).is_err());
        model.advance(us(third_look), &mut |done| handed_out.push(done));
        assert_eq!(model.submit(us(third_look), queue, b), Ok(()));
        model.advance(us(1_000), &mut |done| handed_out.push(done));
        let times: Vec<_> = handed_out
            .iter()
            .map(|d| (d.started_ns, d.visible_ns))
            .collect();
        assert_eq!(times, [(us(0), us(100)), (us(100), us(200))]);
    }
}

/// The most of these spans (from, to; the end excluded) that overlap anywhere.
fn most_at_once(spans: impl Iterator<Item = (Nanos, Nanos)>) -> usize {
    // Ends sort before beginnings at the same moment.
    let mut edges: Vec<(Nanos, bool)> = spans
        .filter(|(from, to)| from < to)
        .flat_map(|(from, to)| [(from, true), (to, false)])
        .collect();
    edges.sort_unstable();
    let (mut present, mut most) = (0_usize, 0);
    for (_, begins) in edges {
        if begins {
            present += 1;
            most = most.max(present);
        } else {
            present -= 1;
        }
    }
    most
}

fn device() -> impl Strategy<Value = Device> {
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

fn class(slices: u32, service: ServiceTime, queue_depth: Option<u32>) -> ClassConfig {
    ClassConfig {
        slices,
        service,
        service_by_op: Vec::new(),
        queue_depth,
    }
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

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let gap = prop_oneof![1 => Just(0_u64), 3 => 0_u64..8_000];
    let op = (
        gap,
        0_usize..3,
        prop::sample::select(&OpKind::ALL),
        0_u32..5_000,
        0_u32..5_000,
    );
    prop::collection::vec(op, 1..80).prop_map(|ops| {
        let mut submitted_ns = Nanos::ZERO;
        let stamp = |(gap, queue, kind, bytes_in, bytes_out)| {
            submitted_ns += Nanos::new(gap);
            Op {
                submitted_ns,
                queue,
                kind,
                bytes_in,
                bytes_out,
            }
        };
        ops.into_iter().map(stamp).collect()
    })
}

fn hostile_config() -> impl Strategy<Value = ModelConfig> {
    let class = || {
        let service = (distribution(any::<f64>()), any::<u64>(), any::<f64>()).prop_map(
            |(distribution, base, per_byte_ns)| ServiceTime {
                distribution,
                base_ns: Nanos::new(base),
                per_byte_ns,
            },
        );
        (extreme_u32(), service, prop::option::of(extreme_u32()))
            .prop_map(|(slices, service, depth)| class(slices, service, depth))
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
fn hostile_step() -> impl Strategy<Value = (bool, Nanos, QueueId, Request)> {
    let request = (
        prop::sample::select(&OpKind::ALL),
        extreme_u32(),
        extreme_u32(),
        extreme_u64(),
        any::<u32>(),
    )
        .prop_map(|(kind, bytes_in, bytes_out, submitted, token)| Request {
            kind,
            bytes_in,
            bytes_out,
            submitted_ns: Nanos::new(submitted),
            token,
        });
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

const END: (bool, Nanos, QueueId, Request) = (
    false,
    Nanos::MAX,
    QueueId(0),
    Request {
        kind: OpKind::Task,
        bytes_in: 0,
        bytes_out: 0,
        submitted_ns: Nanos::ZERO,
        token: 0,
    },
);
