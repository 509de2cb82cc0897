//! Rate limits and batches: worked examples by hand, and what holds whatever the device and the load.

use pausewake_device::Nanos;
use pausewake_device::keys::KeyId;
use pausewake_device::model::{
    BatchConfig, ClassConfig, LinkConfig, Model, ModelConfig, QueueId, RateLimit, Request,
    ServiceTime,
};
use pausewake_device::protocol::{Class, OpKind, Scheme};
use pausewake_device::random::Seed;
use proptest::prelude::*;

use crate::driving::strategies::{class, gated_device, ops};
use crate::driving::{Device, Op, Record, drive_exactly, look_now_and_then};

/// Eight at once fill a batch, and are done together; of nine, the last waits for the timeout, and
/// for the slice that works on the others.
#[test]
fn a_full_batch_goes_at_once_and_the_rest_after_the_timeout() {
    let device = signing(1, batches_of_8());
    for (count, last) in [
        (1, 12_000),
        (7, 12_000),
        (8, 2_000),
        (9, 12_000),
        (16, 4_000),
    ] {
        let ops: Vec<Op> = (0..count).map(|_| sign(0, 0, 0)).collect();
        let done = done_us(&drive_exactly(&device, &ops));
        let full = count / 8 * 8;
        let expected: Vec<u64> = (0..count)
            .map(|index| match index < full {
                true => 2_000 * (1 + index / 8),
                false => last,
            })
            .collect();
        assert_eq!(done, expected, "{count} at once");
    }
}

/// One caller that waits for each op waits for the timeout each time: 10 ms and 2 ms.
#[test]
fn a_synchronous_caller_waits_for_the_timeout_each_time() {
    let device = signing(1, batches_of_8());
    let ops: Vec<Op> = (0..5).map(|round| sign(12_000 * round, 0, 0)).collect();
    let done = done_us(&drive_exactly(&device, &ops));
    assert_eq!(done, [12_000, 24_000, 36_000, 48_000, 60_000]);
}

/// Who comes before the flush still joins; who comes later opens the next batch.
#[test]
fn the_timeout_counts_from_the_first() {
    let device = signing(1, batches_of_8());
    let ops = [0, 9_000, 9_999, 10_001].map(|at| sign(at, 0, 0));
    let records = drive_exactly(&device, &ops);
    assert_eq!(done_us(&records), [12_000, 12_000, 12_000, 22_001]);
    let started: Vec<u64> = records.iter().map(|r| us(r.done.started_ns)).collect();
    assert_eq!(started, [10_000, 10_000, 10_000, 20_001]);
}

/// Lanes work in step: each kind of op has a batch of its own.
#[test]
fn a_batch_is_of_one_kind() {
    let device = signing(2, batches_of_8());
    let verify = |at| Op {
        kind: OpKind::RsaVerify,
        ..sign(at, 0, 0)
    };
    let ops = [sign(0, 0, 0), verify(1_000), sign(2_000, 0, 0)];
    let done = done_us(&drive_exactly(&device, &ops));
    assert_eq!(done, [12_000, 13_000, 12_000]);
}

/// And each length of RSA key: signatures of 4,096 bits take eight times as long, and hold up no others.
#[test]
fn a_batch_is_of_one_length_of_key() {
    let mut model = Model::new(signing(2, batches_of_8()).config, Seed(1), 1);
    let queue = model.queues().next().expect("one queue");
    for (token, modulus_bits) in [(0, 2_048), (1, 4_096), (2, 0), (3, 4_096)] {
        let request = Request {
            kind: OpKind::RsaSign,
            scheme: Scheme::Pkcs1Sha256,
            modulus_bits,
            key: KeyId::NONE,
            bytes_in: 0,
            bytes_out: 0,
            submitted_ns: Nanos::ZERO,
            token,
        };
        let taken = model.submit(Nanos::ZERO, queue, request);
        taken.expect("there is room");
    }
    let mut done = Vec::new();
    model.advance(Nanos::from_secs(1), &mut |op| {
        done.push((op.token, us(op.visible_ns)));
    });
    assert_eq!(done, [(0, 12_000), (2, 12_000), (1, 26_000), (3, 26_000)]);
}

/// The queue for a slice: batches that become ready while it works start when it is free.
#[test]
fn a_batch_starts_at_the_slices_free_time_whenever_somebody_looks() {
    let device = signing(1, batches_of_8());
    let mut ops: Vec<Op> = (0..24).map(|_| sign(0, 0, 0)).collect();
    ops.push(sign(100, 0, 0));
    let exact = drive_exactly(&device, &ops);
    assert_eq!(us(exact[23].done.started_ns), 4_000);
    assert_eq!(us(exact[24].done.done_ns), 12_100);
    assert_eq!(look_now_and_then(&device, &ops, 777_000), exact);
}

/// A batch counts once in the time that its slice worked, and each of its ops in the time that ops
/// were there (Little's law).
#[test]
fn a_batch_keeps_its_slice_busy_once() {
    let mut model = Model::new(signing(1, batches_of_8()).config, Seed(1), 1);
    for token in 0..8 {
        let request = Request {
            kind: OpKind::RsaSign,
            scheme: Scheme::Pkcs1Sha256,
            modulus_bits: 0,
            key: KeyId::NONE,
            bytes_in: 0,
            bytes_out: 0,
            submitted_ns: Nanos::ZERO,
            token,
        };
        model
            .submit(Nanos::ZERO, QueueId(0), request)
            .expect("room");
    }
    model.advance(Nanos::from_secs(1), &mut |_| {});
    let stats = *model.stats().class(Class::Asymmetric);
    assert_eq!(stats.busy_ns, Nanos::from_millis(2));
    assert_eq!(stats.in_system_ns(), Nanos::from_millis(16));
    assert!((stats.utilisation(Nanos::from_millis(2)) - 1.0).abs() < 1e-12);
}

/// A thousand per second with each key, two slices: two keys get twice as much, and an op whose key
/// has to wait holds up nobody.
#[test]
fn each_key_has_its_own_rate() {
    let limit = RateLimit::even(1e3);
    let device = signing(1, |class| class.rate_per_key = Some(limit));
    let ops = [(0, 1), (0, 1), (0, 1), (10, 2), (10, 2)].map(|(at, key)| sign(at, 0, key));
    let started: Vec<u64> = drive_exactly(&device, &ops)
        .iter()
        .map(|record| us(record.done.started_ns))
        .collect();
    // The slice works for 2 ms: the rate lets key 1 go at 0, 1 and 2 ms, key 2 at 10 µs and 1.01 ms,
    // and the slice takes them in that order.
    assert_eq!(started, [0, 4_000, 8_000, 2_000, 6_000]);
}

#[test]
fn a_task_has_no_key_to_wait_for() {
    let device = signing(8, |class| class.rate_per_key = Some(RateLimit::even(1e3)));
    let task = Op {
        kind: OpKind::Task,
        ..sign(0, 0, 1)
    };
    let started = drive_exactly(&device, &[task, task, task]);
    assert!(
        started
            .iter()
            .all(|record| record.done.started_ns == Nanos::ZERO)
    );
}

proptest! {
    #[test]
    fn moments_are_in_order_and_limits_hold(
        device in gated_device(), ops in ops(), period in 1_u64..20_000
    ) {
        for records in [drive_exactly(&device, &ops), look_now_and_then(&device, &ops, period)] {
            for record in &records {
                let moments = record.moments();
                prop_assert!(moments.is_sorted(), "{moments:?}");
            }
            for class in Class::ALL {
                let config = device.config.class(class);
                let turns = turns(&records, class);
                if let Some(batch) = config.batch {
                    let most = turns.iter().map(|(_, ops)| *ops).max().unwrap_or(0);
                    // Turns that begin and end together cannot be told from one.
                    let at_once = config.slices * batch.size;
                    prop_assert!(most <= at_once as usize, "{most} ops in a batch");
                }
                let busiest = turns.iter().map(|((at, _), _)| {
                    turns.iter().filter(|((from, to), _)| from <= at && at < to).count()
                }).max().unwrap_or(0);
                prop_assert!(busiest <= config.slices as usize, "{busiest} turns at once");
            }
        }
    }

    /// The law of a token bucket for what leaves the gate: where slices are never short, that is
    /// what starts. (What passed evenly by its key can be bunched again by the limit of the class.)
    #[test]
    fn no_window_has_more_starts_than_the_limits_let_through(
        device in gated_device(), ops in ops(), period in 1_u64..20_000
    ) {
        let mut device = device;
        for class in [&mut device.config.asymmetric, &mut device.config.symmetric] {
            class.slices = 1_000;
            class.batch = None;
        }
        for records in [drive_exactly(&device, &ops), look_now_and_then(&device, &ops, period)] {
            for class in Class::ALL {
                let config = device.config.class(class);
                let of_class = || records.iter().filter(move |r| r.class() == class);
                if let Some(limit) = config.rate {
                    holds(limit, of_class())?;
                    continue;
                }
                let Some(limit) = config.rate_per_key else {
                    continue;
                };
                for index in 0..3 {
                    let of_key = of_class().filter(|r| r.kind != OpKind::Task);
                    holds(limit, of_key.filter(|r| r.key.index == index))?;
                }
            }
        }
    }

    /// Nobody waits longer for a batch than the timeout, if slices are never short.
    #[test]
    fn nobody_waits_longer_than_the_flush(device in gated_device(), ops in ops()) {
        let mut device = device.without_limits();
        for class in [&mut device.config.asymmetric, &mut device.config.symmetric] {
            class.slices = 1_000;
            (class.rate, class.rate_per_key) = (None, None);
        }
        for record in drive_exactly(&device, &ops) {
            let flush = device.config.class(record.class()).batch.map_or(Nanos::ZERO, |b| b.flush_ns);
            prop_assert!(record.done.started_ns - record.done.fetched_ns <= flush);
        }
    }

    /// What others do with their keys moves nobody, if slices are never short.
    #[test]
    fn keys_are_independent(device in gated_device(), ops in ops()) {
        let mut device = device.without_limits();
        device.config.link.bandwidth_bytes_per_s = None;
        for class in [&mut device.config.asymmetric, &mut device.config.symmetric] {
            class.slices = 1_000;
            class.service = ServiceTime::constant(Nanos::new(500));
            (class.rate, class.batch) = (None, None);
        }
        let own = |ops: &[Op]| -> Vec<_> {
            let records = drive_exactly(&device, ops);
            let own = records.iter().filter(|record| record.key.index == 0);
            own.map(Record::moments).collect()
        };
        let alone: Vec<Op> = ops.iter().copied().filter(|op| op.key.index == 0).collect();
        prop_assert_eq!(own(&ops), own(&alone));
    }

    /// A gate makes ops later, and no service time another: those are drawn at acceptance.
    #[test]
    fn a_gate_does_not_move_the_service_times(device in gated_device(), ops in ops()) {
        let mut gated = device.without_limits();
        gated.config.asymmetric.batch = None;
        gated.config.symmetric.batch = None;
        let mut open = gated.clone();
        for class in [&mut open.config.asymmetric, &mut open.config.symmetric] {
            (class.rate, class.rate_per_key) = (None, None);
        }
        let times = |device: &Device| -> Vec<Nanos> {
            let records = drive_exactly(device, &ops);
            records.iter().map(|r| r.done.done_ns - r.done.started_ns).collect()
        };
        prop_assert_eq!(times(&gated), times(&open));
    }

    #[test]
    fn equal_seeds_give_equal_runs(device in gated_device(), ops in ops()) {
        prop_assert_eq!(drive_exactly(&device, &ops), drive_exactly(&device, &ops));
    }

    /// A rate of the class is settled at acceptance, so that a late look is as good as an exact one.
    #[test]
    fn a_late_look_is_exact_for_a_rate_of_the_class(
        device in gated_device(), ops in ops(), period in 1_u64..20_000
    ) {
        let mut device = device.without_limits();
        device.config.link.bandwidth_bytes_per_s = None;
        for class in [&mut device.config.asymmetric, &mut device.config.symmetric] {
            (class.rate_per_key, class.batch) = (None, None);
        }
        let ops: Vec<_> = ops.iter().map(|op| Op { queue: 0, ..*op }).collect();
        prop_assert_eq!(
            look_now_and_then(&device, &ops, period),
            drive_exactly(&device, &ops)
        );
    }
}

/// Asserts the law of a token bucket for every window that begins and ends with a start.
fn holds<'a>(
    limit: RateLimit,
    records: impl Iterator<Item = &'a Record>,
) -> Result<(), TestCaseError> {
    let mut starts: Vec<u64> = records.map(|record| record.done.started_ns.get()).collect();
    starts.sort_unstable();
    for (first, from) in starts.iter().enumerate() {
        for (last, to) in starts.iter().enumerate().skip(first) {
            let ops = last - first + 1;
            let most = f64::from(limit.burst) + limit.ops_per_s * (to - from + 1) as f64 / 1e9;
            prop_assert!(
                ops as f64 <= most + 1e-6,
                "{ops} of {most} within {from}..{to}"
            );
        }
    }
    Ok(())
}

/// Started and done of each turn of the class's slices, and how many ops shared it. Ops that take no
/// time are in service at no moment.
fn turns(records: &[Record], class: Class) -> Vec<((Nanos, Nanos), usize)> {
    let mut turns: Vec<((Nanos, Nanos), usize)> = Vec::new();
    let of_class = records.iter().filter(|record| record.class() == class);
    for done in of_class
        .map(|record| record.done)
        .filter(|it| it.started_ns < it.done_ns)
    {
        let turn = (done.started_ns, done.done_ns);
        match turns.iter_mut().find(|(known, _)| *known == turn) {
            Some((_, ops)) => *ops += 1,
            None => turns.push((turn, 1)),
        }
    }
    turns
}

/// Slices that sign in 2 ms, one queue, and nothing else in the way.
fn signing(slices: u32, configure: impl FnOnce(&mut ClassConfig)) -> Device {
    let mut asymmetric = class(slices, ServiceTime::constant(Nanos::from_millis(2)), None);
    let symmetric = asymmetric.clone();
    configure(&mut asymmetric);
    Device {
        config: ModelConfig {
            asymmetric,
            symmetric,
            link: LinkConfig::default(),
            in_flight_limit: 64,
        },
        queues: 1,
    }
}

fn batches_of_8() -> impl FnOnce(&mut ClassConfig) {
    |class| {
        class.batch = Some(BatchConfig {
            size: 8,
            flush_ns: Nanos::from_millis(10),
        });
    }
}

fn sign(submitted_us: u64, queue: usize, key: u32) -> Op {
    Op {
        submitted_ns: Nanos::from_micros(submitted_us),
        queue,
        kind: OpKind::RsaSign,
        key: KeyId {
            index: key,
            generation: 0,
        },
        bytes_in: 0,
        bytes_out: 0,
    }
}

fn done_us(records: &[Record]) -> Vec<u64> {
    records
        .iter()
        .map(|record| us(record.done.done_ns))
        .collect()
}

fn us(time: Nanos) -> u64 {
    time.get() / 1_000
}
