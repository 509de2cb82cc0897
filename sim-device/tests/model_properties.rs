//! What holds for the model whatever the device, the load and the driver.

mod driving;
mod gating;

use driving::strategies::{END, class, device, hostile_config, hostile_step, ops};
use driving::{Device, Op, Record, drive_exactly, look_now_and_then};
use pausewake_device::Nanos;
use pausewake_device::keys::KeyId;
use pausewake_device::model::{
    LinkConfig, Model, ModelConfig, NoRoom, QueueId, Request, ServiceTime,
};
use pausewake_device::protocol::{Class, OpKind, Scheme};
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
        scheme: Scheme::None,
        modulus_bits: 0,
        key: KeyId::NONE,
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

/// A class has room again when its slice is done, before anything of that is visible at home.
#[test]
fn a_full_class_says_when_it_has_room() {
    let us = Nanos::from_micros;
    let mut class = class(1, ServiceTime::constant(us(100)), Some(1));
    class.service_by_op = vec![(OpKind::RsaVerify, ServiceTime::constant(us(7)))];
    let config = ModelConfig {
        asymmetric: class.clone(),
        symmetric: class,
        link: LinkConfig {
            to_device_ns: us(5),
            to_host_ns: us(30),
            bandwidth_bytes_per_s: None,
        },
        in_flight_limit: 8,
    };
    let mut model = Model::new(config, Seed(1), 0);
    let queue = model.add_queue();
    let request = |kind, token| Request {
        kind,
        scheme: Scheme::None,
        modulus_bits: 0,
        key: KeyId::NONE,
        bytes_in: 0,
        bytes_out: 0,
        submitted_ns: us(0),
        token,
    };
    let full = NoRoom::QueueDepth(Class::Asymmetric);
    let mut handed_out = Vec::new();

    assert_eq!(
        model.submit(us(0), queue, request(OpKind::RsaSign, 0)),
        Ok(())
    );
    let verify = request(OpKind::RsaVerify, 1);
    assert_eq!(model.submit(us(0), queue, verify), Err(full));
    assert_eq!(model.room(queue, Class::Symmetric), None);
    assert_eq!(model.next_deadline(), Some(us(105)), "room");
    model.advance(us(105), &mut |done| handed_out.push(done.token));
    assert_eq!(model.room(queue, Class::Asymmetric), None);
    assert_eq!(model.submit(us(106), queue, verify), Ok(()));
    assert_eq!(model.in_flight(queue), 2);
    // Accepted at 105, fetched at 110, done at 117; the first is visible at 135.
    assert_eq!(model.next_deadline(), Some(us(117)), "room");
    model.advance(us(117), &mut |done| handed_out.push(done.token));
    assert_eq!(handed_out, []);
    assert_eq!(model.next_deadline(), Some(us(135)), "visible");
    model.advance(us(147), &mut |done| handed_out.push(done.token));
    assert_eq!(handed_out, [0, 1]);
    assert_eq!(model.in_flight(queue), 0);
    assert_eq!(model.next_deadline(), None);
}

#[test]
fn a_queue_that_was_never_added_has_no_room() {
    let class = class(1, ServiceTime::constant(Nanos::new(1)), None);
    let config = ModelConfig {
        asymmetric: class.clone(),
        symmetric: class,
        link: LinkConfig::default(),
        in_flight_limit: 8,
    };
    let model = Model::new(config, Seed(1), 1);
    let stranger = QueueId(1);
    assert_eq!(
        model.room(stranger, Class::Symmetric),
        Some(NoRoom::InFlightLimit)
    );
    assert_eq!(model.in_flight(stranger), 0);
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
