//! By hand: two slices of 100 µs for signatures, two of 10 µs for AES.

use super::*;
use pausewake_device::Nanos;
use pausewake_device::model::{
    BatchConfig, ClassConfig, Distribution, LinkConfig, RateLimit, ServiceTime,
};

const SIGN: Demand = Demand {
    kind: OpKind::RsaSign,
    key: 0,
    share: 1.0,
    bytes_in: 64.0,
    bytes_out: 256.0,
};

fn model() -> ModelConfig {
    let class = |base_us| ClassConfig::new(2, ServiceTime::constant(Nanos::from_micros(base_us)));
    ModelConfig {
        asymmetric: class(100),
        symmetric: class(10),
        link: LinkConfig::default(),
        in_flight_limit: 64,
    }
}

fn predicted(model: &ModelConfig, class: Class, load: &Offered) -> f64 {
    let predicted = Prediction::new(model, load).and_then(|it| it.utilisation(class));
    let predicted = predicted.expect("the class is used");
    assert_eq!(predicted.at_most, load.arrivals_per_s.is_none());
    predicted.utilisation
}

/// Of a closed loop, by a host whose work takes no time.
fn closed(demands: &[Demand], jobs: f64, think_us: f64) -> Offered {
    Offered {
        demands: demands.to_vec(),
        arrivals_per_s: None,
        jobs: Jobs {
            at_once: jobs,
            think_ns: think_us * 1e3,
            room: 64.0,
            is_room_held_by_calls: false,
        },
        host: Host {
            op_ns: 0.0,
            full_wait_ns: 0.0,
            threads: 1.0,
        },
    }
}

fn open(demands: &[Demand], arrivals_per_s: f64) -> Offered {
    Offered {
        arrivals_per_s: Some(arrivals_per_s),
        ..closed(demands, 64.0, 0.0)
    }
}

fn by_host(load: Offered, op_ns: f64, threads: f64) -> Offered {
    Offered {
        host: Host {
            op_ns,
            threads,
            ..load.host
        },
        ..load
    }
}

fn throughput(model: &ModelConfig, load: &Offered) -> Option<(f64, Limit)> {
    let predicted = Prediction::new(model, load)?.throughput()?;
    Some((predicted.at_most_per_s, predicted.limit?))
}

#[test]
fn the_host_is_a_part_of_the_round_and_may_be_the_slowest() {
    let at = |jobs, threads| {
        let load = by_host(closed(&[SIGN], jobs, 0.0), 100e3, threads);
        predicted(&model(), Class::Asymmetric, &load)
    };
    // A round of 200 µs, half of it in one of two slices; a thread can do 10,000/s, and the slices 20,000.
    assert_eq!(
        [at(1.0, 1.0), at(2.0, 1.0), at(64.0, 1.0)],
        [0.25, 0.5, 0.5]
    );
    assert_eq!(
        [at(2.0, 2.0), at(64.0, 2.0), at(64.0, 3.0)],
        [0.5, 1.0, 1.0]
    );
}

/// By hand: two slices of 100 µs, and 10 µs of the host for each op.
#[test]
fn host_and_device_take_turns_where_service_takes_always_the_same() {
    let at = |jobs, threads, distribution| {
        let mut model = model();
        model.asymmetric.service.distribution = distribution;
        let load = by_host(closed(&[SIGN], jobs, 0.0), 10e3, threads);
        let predicted = Prediction::new(&model, &load)?.utilisation(Class::Asymmetric);
        let in_turns = predicted.expect("the class is used").in_turns;
        in_turns.map(|it| (it.utilisation, it.host))
    };
    let constant = Distribution::Constant;
    // One job: 110 µs. Two are submitted one after the other, and end at once after 120 µs.
    let of = |us: f64| to_millionths(1.0 / us);
    assert_eq!(at(1.0, 1.0, constant), Some((of(2.2), of(11.0))));
    assert_eq!(at(2.0, 1.0, constant), Some((of(1.2), of(6.0))));
    // By two threads in 110 µs; of three jobs one waits in the device, which so never stands still.
    assert_eq!(at(2.0, 2.0, constant), Some((of(1.1), of(11.0))));
    assert_eq!(at(3.0, 1.0, constant), None);
    assert_eq!(at(2.0, 1.0, Distribution::Exponential), None);
    // Nor do ops end together that a link, or a rate, lets through one after the other.
    let two = by_host(closed(&[SIGN], 2.0, 0.0), 10e3, 1.0);
    let mut one_by_one = [model(), model(), model()];
    one_by_one[0].link.bandwidth_bytes_per_s = Some(1_000_000_000);
    one_by_one[1].asymmetric.rate = Some(RateLimit::even(1e6));
    one_by_one[2].asymmetric.rate_per_key = Some(RateLimit::even(1e6));
    for model in one_by_one {
        let predicted = Prediction::new(&model, &two).expect("all is known");
        assert_eq!(predicted.throughput().expect("some").in_turns_per_s, None);
    }
    let arrive = by_host(open(&[SIGN], 100.0), 10e3, 1.0);
    let predicted = Prediction::new(&model(), &arrive).expect("all is known");
    assert_eq!(predicted.throughput().expect("some").in_turns_per_s, None);
}

/// By hand: ten slices of 100 µs do 100,000/s, and a thread with 10 µs for an op, or 14 µs for one that waits
/// for room first, 100,000/s or 71,428.571429/s.
#[test]
fn calls_that_wait_for_room_are_more_work() {
    let at = |jobs, arrivals_per_s, full_wait_ns| {
        let mut model = model();
        model.asymmetric.slices = 10;
        let mut load = by_host(closed(&[SIGN], jobs, 0.0), 10e3, 1.0);
        load.host.full_wait_ns = full_wait_ns;
        load.jobs.room = 16.0;
        load.arrivals_per_s = arrivals_per_s;
        let predicted = Prediction::new(&model, &load)?;
        let capacity = predicted.capacity_per_s().round();
        let throughput = predicted.throughput()?;
        let (in_line, most) = (throughput.in_line_per_s, throughput.at_most_per_s);
        Some((capacity, most, in_line, throughput.limit))
    };
    let (all, in_line, host) = (100_000.0, 71_428.571_429, Some(Limit::Host));
    // Twice as many as there is room for always wait; one more than that does now and then.
    assert_eq!(
        at(17.0, None, 4e3),
        Some((all, all, None, Some(Limit::Slices)))
    );
    let waits = Some((all, in_line, Some(in_line), host));
    assert_eq!(at(32.0, None, 4e3), waits);
    assert_eq!(
        at(32.0, None, 0.0),
        Some((all, all, None, Some(Limit::Slices)))
    );
    // What arrives above the capacity has to wait; what is just below it may be served all the same.
    assert_eq!(at(1e3, Some(110e3), 4e3), waits);
    let (arrive, slices) = (80_000.0, Some(Limit::Slices));
    assert_eq!(
        at(1e3, Some(arrive), 4e3),
        Some((all, arrive, Some(in_line), slices))
    );
}

/// By hand: room for one op of 100 µs, and 10 µs of the host.
#[test]
fn room_is_held_by_ops_in_the_device_or_by_calls() {
    let at = |is_room_held_by_calls| {
        let mut load = by_host(closed(&[SIGN], 4.0, 0.0), 10e3, 1.0);
        load.jobs.room = 1.0;
        load.jobs.is_room_held_by_calls = is_room_held_by_calls;
        throughput(&model(), &load)
    };
    assert_eq!(at(false), Some((10_000.0, Limit::Room)));
    assert_eq!(at(true), Some((9_090.909_091, Limit::Room)));
}

#[test]
fn the_capacity_is_that_of_the_slowest_part_or_of_a_limit() {
    let mut model = model();
    let capacity = |model: &ModelConfig, jobs| throughput(model, &closed(&[SIGN], jobs, 0.0));
    // Two slices of 100 us; one job is half of that.
    assert_eq!(capacity(&model, 64.0), Some((20_000.0, Limit::Slices)));
    assert_eq!(capacity(&model, 1.0), Some((10_000.0, Limit::Jobs)));
    model.asymmetric.rate = Some(RateLimit::even(1_000.0));
    assert_eq!(capacity(&model, 64.0), Some((1_000.0, Limit::Rate)));
}

#[test]
fn a_key_has_a_rate_and_ops_of_a_mix_have_keys_of_their_own() {
    let mut model = model();
    model.asymmetric.rate_per_key = Some(RateLimit::even(1_000.0));
    let of = |demands: &[Demand], jobs| throughput(&model, &closed(demands, jobs, 0.0));
    assert_eq!(of(&[SIGN], 64.0), Some((1_000.0, Limit::RatePerKey)));
    let rare = |key, share| Demand { key, share, ..SIGN };
    let two = [rare(0, 0.5), rare(1, 0.5)];
    assert_eq!(of(&two, 64.0), Some((2_000.0, Limit::RatePerKey)));
    // The key that is asked for most is the limit.
    let uneven = [rare(0, 0.8), rare(1, 0.2)];
    assert_eq!(of(&uneven, 64.0), Some((1_250.0, Limit::RatePerKey)));
    let slow = closed(&[SIGN], 1.0, 9_900.0);
    assert_eq!(throughput(&model, &slow), Some((100.0, Limit::Jobs)));
}

/// By hand: batches of four on two slices of 100 µs, a flush of 900 µs.
#[test]
fn batches_are_full_or_wait_for_their_flush() {
    let with_flush = |flush_us, load: &Offered| {
        let mut model = model();
        model.asymmetric.batch = Some(BatchConfig {
            size: 4,
            flush_ns: Nanos::from_micros(flush_us),
        });
        throughput(&model, load)
    };
    let at = |jobs, flush_us| with_flush(flush_us, &closed(&[SIGN], jobs, 0.0));
    assert_eq!(at(1.0, 900), Some((1_000.0, Limit::Jobs)));
    assert_eq!(at(3.0, 900), Some((3_000.0, Limit::Jobs)));
    // Four of them fill one slice, and whether the other gets some nobody knows.
    assert_eq!([at(4.0, 900), at(7.0, 900)], [None, None]);
    assert_eq!(at(8.0, 900), Some((80_000.0, Limit::Slices)));
    assert_eq!(at(9.0, 900), Some((80_000.0, Limit::Slices)));
    // One that is left over is flushed before the others are back.
    assert_eq!(
        [at(9.0, 90), at(12.0, 90)],
        [None, Some((80_000.0, Limit::Slices))]
    );
    let arrive = open(&[SIGN], 90_000.0);
    assert_eq!(with_flush(900, &arrive), Some((80_000.0, Limit::Slices)));
    assert_eq!(with_flush(900, &closed(&[SIGN], 64.0, 1.0)), None);
}

#[test]
fn a_closed_loop_is_bounded_by_its_jobs_or_by_the_slowest_part() {
    let asym = Class::Asymmetric;
    let mut model = model();
    for (jobs, think_us, utilisation) in [
        (1.0, 0.0, 0.5),
        (2.0, 0.0, 1.0),
        (64.0, 0.0, 1.0),
        (1.0, 100.0, 0.25),
    ] {
        let load = closed(&[SIGN], jobs, think_us);
        assert_eq!(predicted(&model, asym, &load), utilisation);
    }
    model.link.to_device_ns = Nanos::from_micros(40);
    model.link.to_host_ns = Nanos::from_micros(60);
    assert_eq!(predicted(&model, asym, &closed(&[SIGN], 1.0, 0.0)), 0.25);
    // 256 bytes home at 1 byte per µs: 256 µs each, where two slices need 50 µs.
    model.link.bandwidth_bytes_per_s = Some(1_000_000);
    let full = closed(&[SIGN], 64.0, 0.0);
    let link_bound = predicted(&model, asym, &full);
    assert_eq!(link_bound, to_millionths(50.0 / 256.0));
    assert_eq!(throughput(&model, &full), Some((3_906.25, Limit::Link)));
}

#[test]
fn jobs_that_think_need_no_room() {
    let at = |jobs, room| {
        let mut load = closed(&[SIGN], jobs, 300.0);
        load.jobs.room = room;
        predicted(&model(), Class::Asymmetric, &load)
    };
    // Four jobs, each in service for a quarter of its time.
    assert_eq!([at(4.0, 4.0), at(4.0, 2.0), at(4.0, 1.0)], [0.5, 0.5, 0.5]);
    assert_eq!(at(40.0, 1.0), 0.5);
}

#[test]
fn an_open_loop_is_what_arrives_and_no_more_than_can_be_served() {
    let model = model();
    let at = |ops_per_s| predicted(&model, Class::Asymmetric, &open(&[SIGN], ops_per_s));
    assert_eq!(at(5_000.0), 0.25);
    assert_eq!(at(30_000.0), 1.0);
    let one_job = |arrivals_per_s| Offered {
        arrivals_per_s: Some(arrivals_per_s),
        ..closed(&[SIGN], 1.0, 0.0)
    };
    assert_eq!(
        throughput(&model, &one_job(300.0)),
        Some((300.0, Limit::Jobs))
    );
    assert_eq!(
        throughput(&model, &one_job(3e4)),
        Some((10_000.0, Limit::Jobs))
    );
}

#[test]
fn a_rate_bounds_what_the_slices_could_do() {
    let mut model = model();
    model.asymmetric.rate = Some(RateLimit::even(5_000.0));
    let at = |share| {
        let demand = Demand { share, ..SIGN };
        predicted(&model, Class::Asymmetric, &closed(&[demand], 64.0, 0.0))
    };
    // 5,000/s of 100 µs on two slices, whatever else there is.
    assert_eq!([at(1.0), at(0.5)], [0.25, 0.25]);
}

#[test]
fn in_a_mix_each_class_has_its_share_and_one_may_hold_up_the_other() {
    let mut model = model();
    model.symmetric.service.per_byte_ns = 10.0;
    let mix = [
        Demand {
            share: 0.25,
            ..SIGN
        },
        Demand {
            kind: OpKind::AeadSeal,
            key: 1,
            share: 0.75,
            bytes_in: 1_000.0,
            bytes_out: 1_016.0,
        },
    ];
    let some = open(&mix, 10_000.0);
    // 0.25 × 100 µs and 0.75 × (10 + 10) µs an op, on two slices each.
    assert_eq!(predicted(&model, Class::Asymmetric, &some), 0.125);
    assert_eq!(predicted(&model, Class::Symmetric, &some), 0.075);
    let mut full = closed(&mix, 1_000.0, 0.0);
    full.jobs.room = 1_000.0;
    assert_eq!(predicted(&model, Class::Asymmetric, &full), 1.0);
    assert_eq!(predicted(&model, Class::Symmetric, &full), 0.6);
    let signs = Prediction::new(&model, &closed(&[SIGN], 8.0, 0.0)).expect("all is known");
    assert_eq!(signs.utilisation(Class::Symmetric), None);
}
