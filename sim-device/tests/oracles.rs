//! The model against queueing theory.
//!
//! Each row of a table is a system whose answer is known in closed form. The model runs it on
//! Poisson arrivals in virtual time, and the answer has to lie within the 99.9 % confidence
//! interval over batch means, which in turn has to be narrow enough to say something. Add a row to
//! check another system. Every run also checks Little's law, per queue and overall.

mod queueing;

use pausewake_device::Nanos;
use pausewake_device::model::{
    BatchConfig, ClassConfig, Distribution, LinkConfig, ModelConfig, RateLimit, ServiceTime,
};
use pausewake_device::random::Seed;

use queueing::formulas::{Moments, erlang_b, erlang_c, wait_md1, wait_mg1, wait_mmc};
use queueing::run::{Load, Measured, UNIT, run};
use queueing::statistics::Interval;

/// M/M/c: mean wait by Erlang C.
#[test]
fn mmc_waits_as_erlang_c_says() {
    for (slices, utilisation, seed) in [
        (1, 0.5, 11),
        (1, 0.8, 12),
        (1, 0.9, 13),
        (4, 0.8, 14),
        (8, 0.9, 15),
    ] {
        let load = utilisation * f64::from(slices);
        let system = System::new(slices, Distribution::Exponential);
        let measured = system.run(seed, load);
        let expected = wait_mmc(slices, load);
        let name = format!("M/M/{slices} at {utilisation}, seed {seed}");
        expect(&name, measured.wait_for_slice, expected);
    }
}

/// M/D/1: half the wait of M/M/1.
#[test]
fn md1_waits_half_as_long() {
    for (load, seed) in [(0.5, 21), (0.8, 22), (0.9, 23)] {
        let measured = System::new(1, Distribution::Constant).run(seed, load);
        let name = format!("M/D/1 at {load}, seed {seed}");
        expect(&name, measured.wait_for_slice, wait_md1(load));
    }
}

/// M/G/1: mean wait by the first two moments of the service time alone.
#[test]
fn mg1_waits_as_pollaczek_and_khinchine_say() {
    let uniform = Distribution::Uniform { spread: 0.9 };
    let normal = Distribution::Normal { deviation: 0.25 };
    let cut_normal = Distribution::Normal { deviation: 0.8 };
    let log_normal = Distribution::LogNormal { deviation: 1.2 };
    for (distribution, moments, rate, seed) in [
        (uniform, Moments::of(1.0, 0.9 / 3_f64.sqrt()), 0.8, 31),
        (normal, Moments::of_cut_normal(0.25), 0.8, 32),
        (cut_normal, Moments::of_cut_normal(0.8), 0.7, 33),
        (log_normal, Moments::of(1.0, 1.2), 0.7, 34),
    ] {
        let measured = System::new(1, distribution).run(seed, rate);
        let name = format!("M/G/1, {distribution:?} at rate {rate}, seed {seed}");
        expect(&name, measured.wait_for_slice, wait_mg1(rate, moments));
    }
}

/// M/G/1 where the bytes make the service time: a mixture of one law per size.
#[test]
fn mg1_with_sizes_waits_as_their_mixture_says() {
    // Small records, packets and full records.
    let sizes = vec![(0.6, 64), (0.3, 1_350), (0.1, 16_384)];
    let (base, per_byte) = (0.1, 0.000_3);
    for (distribution, variation, rate, seed) in [
        (Distribution::Constant, 0.0, 1.0, 41),
        (Distribution::Exponential, 1.0, 0.8, 42),
        (Distribution::LogNormal { deviation: 0.5 }, 0.5, 1.0, 43),
    ] {
        let parts: Vec<_> = sizes
            .iter()
            .map(|&(share, bytes)| {
                let mean = base + per_byte * f64::from(bytes);
                (share, Moments::of(mean, variation))
            })
            .collect();
        let mut system = System::new(1, distribution);
        let service = &mut system.config.asymmetric.service;
        service.base_ns = Nanos::from_f64(base * UNIT.as_f64());
        service.per_byte_ns = per_byte * UNIT.as_f64();
        system.sizes.clone_from(&sizes);
        let measured = system.run(seed, rate);
        let name = format!("M/G/1 with sizes, {distribution:?} at rate {rate}, seed {seed}");
        let expected = wait_mg1(rate, Moments::mixed(&parts));
        expect(&name, measured.wait_for_slice, expected);
    }
}

/// M/M/c/c and M/G/c/c: the share that is refused, by Erlang B, whatever the law of service.
#[test]
fn loss_systems_refuse_as_erlang_b_says() {
    for (slices, load, distribution, seed) in [
        (1, 0.8, Distribution::Exponential, 51),
        (4, 3.2, Distribution::Exponential, 52),
        (8, 7.2, Distribution::Exponential, 53),
        (4, 3.2, Distribution::Constant, 54),
        (8, 7.2, Distribution::LogNormal { deviation: 1.0 }, 55),
    ] {
        let mut system = System::new(slices, distribution);
        system.config.asymmetric.queue_depth = Some(slices);
        let measured = system.run(seed, load);
        let name = format!("M/G/{slices}/{slices} at {load}, {distribution:?}, seed {seed}");
        expect(&name, measured.refused, erlang_b(slices, load));
        let waited = measured.wait_for_slice;
        assert!(waited.mean == 0.0, "{name}: nobody waits, but {waited}");
    }
}

/// The link is a server too: constant payloads before a line make an M/D/1 queue.
#[test]
fn a_link_is_an_md1_queue() {
    for (load, seed) in [(0.5, 61), (0.8, 62)] {
        let mut system = System::new(1, Distribution::Constant);
        system.config.asymmetric.service = ServiceTime::constant(Nanos::ZERO);
        system.config.link = LinkConfig {
            to_device_ns: UNIT,
            to_host_ns: Nanos::ZERO,
            // 1,000 bytes take one unit of 1 ms.
            bandwidth_bytes_per_s: Some(1_000_000),
        };
        system.sizes = vec![(1.0, 1_000)];
        let measured = system.run(seed, load);
        let (transfer, latency) = (1.0, 1.0);
        let name = format!("link at {load}, seed {seed}");
        let expected = wait_md1(load) + transfer + latency;
        expect(&name, measured.way_to_device, expected);
    }
}

/// A rate without bursts is a server as well: one that takes as long as two ops are apart. The
/// queues' ops have one key, so that a limit of each key is the same as one of the class.
#[test]
fn a_rate_limit_is_an_md1_queue() {
    let limit = Some(RateLimit::even(1e9 / UNIT.as_f64()));
    for (load, of_key, seed) in [(0.5, false, 63), (0.8, false, 64), (0.8, true, 65)] {
        let mut system = System::new(1, Distribution::Constant);
        let class = &mut system.config.asymmetric;
        class.service = ServiceTime::constant(Nanos::ZERO);
        match of_key {
            true => class.rate_per_key = limit,
            false => class.rate = limit,
        }
        let measured = system.run(seed, load);
        let name = format!("rate at {load}, seed {seed}");
        expect(&name, measured.wait_for_slice, wait_md1(load));
    }
}

/// Whoever opens a batch of n waits for n - 1 more, the next for n - 2, and the last for nobody.
#[test]
fn a_batch_waits_until_it_is_full() {
    for (size, rate, seed) in [(8, 2.0, 66), (5, 0.5, 67)] {
        let measured = batching(size, Nanos::from_secs(1_000_000)).run(seed, rate);
        let name = format!("batches of {size} at {rate}, seed {seed}");
        let expected = f64::from(size - 1) / 2.0 / rate;
        expect(&name, measured.wait_for_slice, expected);
    }
}

/// Batches that never fill: one op waits for the whole timeout, and those that come in this time,
/// as many as the rate says, for half of it.
#[test]
fn a_batch_waits_for_its_timeout_at_most() {
    for (rate, timeout, seed) in [(0.5, 3.0, 68), (4.0, 2.0, 69)] {
        let flush_ns = Nanos::from_f64(timeout * UNIT.as_f64());
        let measured = batching(u32::MAX, flush_ns).run(seed, rate);
        let name = format!("batches for {timeout} at {rate}, seed {seed}");
        let others = rate * timeout;
        let expected = (timeout + others * timeout / 2.0) / (1.0 + others);
        expect(&name, measured.wait_for_slice, expected);
    }
}

fn batching(size: u32, flush_ns: Nanos) -> System {
    let mut system = System::new(1, Distribution::Constant);
    system.config.in_flight_limit = u32::MAX;
    system.config.asymmetric.service = ServiceTime::constant(Nanos::ZERO);
    system.config.asymmetric.batch = Some(BatchConfig { size, flush_ns });
    system
}

/// A wrong system is found out: the same check that the others pass fails here.
#[test]
fn a_wrong_model_is_found_out() {
    // Service 3 % too slow.
    let mut slow = System::new(1, Distribution::Exponential);
    slow.config.asymmetric.service.base_ns = Nanos::from_f64(1.03 * UNIT.as_f64());
    expect_not(slow.run(71, 0.8).wait_for_slice, wait_mmc(1, 0.8));
    // One slice more, or less.
    let waits = System::new(4, Distribution::Exponential).run(72, 3.2);
    expect_not(waits.wait_for_slice, wait_mmc(5, 3.2));
    // Another law with the same mean.
    let waits = System::new(1, Distribution::Uniform { spread: 0.9 }).run(73, 0.8);
    expect_not(waits.wait_for_slice, wait_md1(0.8));
    // One more place than slices.
    let mut roomy = System::new(8, Distribution::Exponential);
    roomy.config.asymmetric.queue_depth = Some(9);
    expect_not(roomy.run(74, 7.2).refused, erlang_b(8, 7.2));
}

/// The formulas themselves, against published figures.
#[test]
fn formulas_give_the_published_figures() {
    let close = |got: f64, published: f64| {
        assert!(
            (got - published).abs() < 5.1e-6,
            "{got}, published {published}"
        );
    };
    close(wait_mmc(1, 0.8), 4.0);
    close(erlang_c(4, 3.2), 0.59643);
    close(wait_mmc(4, 3.2), 0.74554);
    close(erlang_c(8, 7.2), 0.70153);
    close(wait_mmc(8, 7.2), 0.87692);
    close(erlang_b(4, 3.2), 0.22814);
    close(erlang_b(8, 7.2), 0.19031);
    for (load, wait) in [(0.5, 0.5), (0.8, 2.0), (0.9, 4.5)] {
        close(wait_md1(load), wait);
        close(wait_mg1(load, Moments::of(1.0, 0.0)), wait);
        close(wait_mg1(load, Moments::of(1.0, 1.0)), 2.0 * wait);
    }
    // The standard normal's Φ(1) + φ(1) and 2Φ(1) + φ(1).
    close(Moments::of_cut_normal(1.0).first, 1.083_316);
    close(Moments::of_cut_normal(1.0).second, 1.924_660);
}

/// A device, and what is sent to it.
struct System {
    config: ModelConfig,
    sizes: Vec<(f64, u32)>,
}

impl System {
    /// Mean service time of one unit, no link, no limits, no payload.
    fn new(slices: u32, distribution: Distribution) -> Self {
        let service = ServiceTime {
            distribution,
            base_ns: UNIT,
            per_byte_ns: 0.0,
        };
        let class = ClassConfig::new(slices, service);
        Self {
            config: ModelConfig {
                asymmetric: class.clone(),
                symmetric: class,
                link: LinkConfig::default(),
                in_flight_limit: u32::MAX,
            },
            sizes: vec![(1.0, 0)],
        }
    }

    /// Runs it at `rate` arrivals per unit.
    fn run(self, seed: u64, rate: f64) -> Measured {
        let load = Load {
            rate,
            sizes: self.sizes,
            batch: BATCH,
        };
        run(self.config, Seed(seed), &load)
    }
}

/// Asserts that the interval holds the expected value and is narrow enough to mean it.
fn expect(name: &str, measured: Interval, expected: f64) {
    assert!(
        measured.contains(expected),
        "{name}: measured {measured}, expected {expected:.5}"
    );
    assert!(
        measured.half_width <= WIDEST * expected,
        "{name}: {measured} is too wide to say anything about {expected:.5}"
    );
}

fn expect_not(measured: Interval, wrong: f64) {
    assert!(
        !measured.contains(wrong),
        "{measured} does not tell its system from one with {wrong:.5}"
    );
}

/// Arrivals in a batch: hundreds of times as long as the queues remember (about 400 service times
/// at a utilisation of 0.9).
const BATCH: usize = 50_000;

/// Half-widths up to this share of the expected value are accepted. Service times that are 3 % too
/// long raise the mean wait of M/M/1 by 9 % at a utilisation of 0.5, by 21 % at 0.8 and by 45 % at
/// 0.9; intervals are widest where it moves most.
const WIDEST: f64 = 0.1;
