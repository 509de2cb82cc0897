//! How busy the slices were, and how busy the configuration lets expect them to be.

use pausewake_device::model::{ClassConfig, Distribution, LinkConfig, ModelConfig, ServiceTime};
use pausewake_device::protocol::{Class, OpKind};
use pausewake_device::{DeviceStats, Nanos};

use super::little::to_millionths;
use super::parts::{InTurns, PredictedUtilisation, SliceFigures};

/// What ops of one kind ask of the device.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// What they are.
    pub kind: OpKind,
    /// Their share of all ops.
    pub share: f64,
    /// Payload on the way to the device, bytes on average.
    pub bytes_in: f64,
    /// Payload on the way home.
    pub bytes_out: f64,
}

/// What decides how many ops there are.
#[derive(Clone, Copy, Debug)]
pub enum Supply {
    /// Ops arrive, so many per second.
    Open {
        /// Ops per second.
        ops_per_s: f64,
    },
    /// So many jobs do one after the other.
    Closed {
        /// Jobs at once.
        jobs: f64,
        /// Time between an op of a job and its next one, ns.
        think_ns: f64,
        /// Ops that can be under way at once; a job that thinks needs no room.
        room: f64,
    },
}

/// What the application's threads do for each op.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// The work of an op that no other shares, ns.
    pub op_ns: f64,
    /// How many work.
    pub threads: f64,
}

/// All that a run offers the device.
#[derive(Clone, Debug)]
pub struct Offered {
    /// What is asked of it.
    pub demands: Vec<Demand>,
    /// How many of them.
    pub supply: Supply,
    /// Through whose hands they go.
    pub host: Host,
}

/// The figures of the slices of each class in a run that took `elapsed`.
pub fn slices(
    device: &DeviceStats,
    model: Option<&ModelConfig>,
    load: Option<&Offered>,
    elapsed: Nanos,
) -> [SliceFigures; 2] {
    Class::ALL.map(|class| {
        let stats = device.class(class);
        SliceFigures {
            class: match class {
                Class::Asymmetric => "asym".into(),
                Class::Symmetric => "sym".into(),
            },
            slices: stats.slices,
            ops: stats.handed_out_ops,
            utilisation: to_millionths(stats.utilisation(elapsed)),
            predicted: load.and_then(|load| predict(model?, class, load)),
            waiting_mean: to_millionths(stats.mean_waiting(elapsed)),
            waiting_max: stats.max_waiting_ops as u64,
        }
    })
}

/// The utilisation of `class`: throughput × service time / slices. An open loop's throughput is
/// what arrives, or what the slowest part can do; a closed loop's is bounded by the same and by a
/// round in which no op waits for another (Denning and Buzen, *The Operational Analysis of Queueing
/// Network Models*, 1978, on asymptotic bounds). The host's threads are a part as the others are.
fn predict(model: &ModelConfig, class: Class, load: &Offered) -> Option<PredictedUtilisation> {
    let own_ns = service_ns(model, class, &load.demands);
    if own_ns <= 0.0 {
        return None;
    }
    let round = round(model, load)?;
    let busy = |ops_per_ns: f64| to_millionths(ops_per_ns * own_ns / slices_of(model, class));
    let at_most = matches!(load.supply, Supply::Closed { .. });
    let in_turns = in_turns_per_ns(model, load, &round).map(|ops_per_ns| InTurns {
        utilisation: busy(ops_per_ns),
        host: to_millionths(ops_per_ns * load.host.op_ns / load.host.threads),
    });
    Some(PredictedUtilisation {
        utilisation: busy(round.ops_per_ns(load.supply)),
        at_most,
        in_turns,
    })
}

/// The ops of a closed loop in which host and device take turns, if they do: where nobody thinks, and
/// service takes always the same time. Then ops that were submitted together end together, the thread
/// submits as many again before it rings the doorbell once, and until then those slices have nothing to do.
/// So a round takes as long as the host needs for all that a doorbell shows, which are as many as there are
/// slices at most, and as one op needs. Service of varying length pulls ops apart, and then it is nearer
/// to the bound.
fn in_turns_per_ns(model: &ModelConfig, load: &Offered, round: &Round) -> Option<f64> {
    let &[demand] = load.demands.as_slice() else {
        return None;
    };
    let class = demand.kind.class();
    let service = service_of(model.class(class), demand.kind);
    let is_constant = service.distribution == Distribution::Constant;
    let (op_ns, threads) = (load.host.op_ns, load.host.threads);
    match load.supply {
        Supply::Closed {
            jobs,
            think_ns,
            room,
        } if is_constant && think_ns == 0.0 && op_ns > 0.0 => {
            let at_once = jobs.min(room);
            let together = (at_once.min(slices_of(model, class)) / threads).max(1.0);
            let round_ns = round.round_ns + (together - 1.0) * op_ns;
            Some(per(at_once, round_ns).min(round.ops_per_ns(load.supply)))
        }
        Supply::Closed { .. } | Supply::Open { .. } => None,
    }
}

/// The most ops that `load` lets the device do in a second: if it is a closed loop of as many jobs as an
/// open one has at most, what arrives above it waits for longer and longer. `None` where the
/// configuration does not say.
pub fn capacity_per_s(model: &ModelConfig, load: &Offered) -> Option<f64> {
    let capacity = unbounded_capacity_per_s(model, load)?;
    capacity.is_finite().then(|| to_millionths(capacity))
}

/// The same, which is infinite where nothing takes any time.
pub fn unbounded_capacity_per_s(model: &ModelConfig, load: &Offered) -> Option<f64> {
    Some(round(model, load)?.ops_per_ns(load.supply) * 1e9)
}

/// How long an op of `load` takes that never waits for another, ns. `None` where the configuration does not
/// say.
pub fn alone_ns(model: &ModelConfig, load: &Offered) -> Option<f64> {
    Some(round(model, load)?.round_ns)
}

/// What host and device do with an op.
struct Round {
    /// Ops that the slowest part can do.
    fastest_per_ns: f64,
    /// How long it takes if it never waits for another.
    round_ns: f64,
}

impl Round {
    /// The ops that `supply` makes if nothing ever waits, as far as the slowest part can do them.
    fn ops_per_ns(&self, supply: Supply) -> f64 {
        let supplied_per_ns = match supply {
            Supply::Open { ops_per_s } => ops_per_s / 1e9,
            Supply::Closed {
                jobs,
                think_ns,
                room,
            } => per(jobs, self.round_ns + think_ns).min(per(room, self.round_ns)),
        };
        supplied_per_ns.min(self.fastest_per_ns)
    }
}

/// That of the ops of `load`; `None` where it depends on more than what `load` says.
fn round(model: &ModelConfig, load: &Offered) -> Option<Round> {
    let Offered { demands, host, .. } = load;
    // How many share a batch, or a key, the load alone does not say.
    let unknown = |class: Class| {
        let config = model.class(class);
        config.batch.is_some() || config.rate_per_key.is_some()
    };
    if demands.iter().any(|demand| unknown(demand.kind.class())) {
        return None;
    }
    let [there_ns, back_ns] = link_ns(&model.link, demands);
    let links_per_ns = per(1.0, there_ns.transfer.max(back_ns.transfer));
    let mut fastest_per_ns = links_per_ns.min(per(host.threads, host.op_ns));
    let mut round_ns = host.op_ns + there_ns.total() + back_ns.total();
    for class in Class::ALL {
        let service_ns = service_ns(model, class, demands);
        let of_class = demands.iter().filter(|demand| demand.kind.class() == class);
        let share: f64 = of_class.map(|demand| demand.share).sum();
        if let Some(rate) = model.class(class).rate.filter(|_| share > 0.0) {
            fastest_per_ns = fastest_per_ns.min(rate.ops_per_s / 1e9 / share);
        }
        fastest_per_ns = fastest_per_ns.min(per(slices_of(model, class), service_ns));
        round_ns += service_ns;
    }
    Some(Round {
        fastest_per_ns,
        round_ns,
    })
}

/// What costs no time can be done without end.
fn per(number: f64, time_ns: f64) -> f64 {
    if time_ns > 0.0 {
        number / time_ns
    } else {
        f64::INFINITY
    }
}

/// What an op asks of a class on average, ops of the other class included.
fn service_ns(model: &ModelConfig, class: Class, demands: &[Demand]) -> f64 {
    let of_class = demands.iter().filter(|demand| demand.kind.class() == class);
    of_class
        .map(|demand| {
            let service = service_of(model.class(class), demand.kind);
            demand.share * mean_ns(service, demand.bytes_in)
        })
        .sum()
}

/// The service time of ops of `kind`.
pub fn service_of(class: &ClassConfig, kind: OpKind) -> ServiceTime {
    class
        .service_by_op
        .iter()
        .find(|(op, _)| *op == kind)
        .map_or(class.service, |(_, service)| *service)
}

/// The mean of a service time. A normal law that is cut off at zero has a higher one than it says.
pub fn mean_ns(service: ServiceTime, bytes: f64) -> f64 {
    let mean_ns = service.base_ns.as_f64() + service.per_byte_ns * bytes;
    match service.distribution {
        Distribution::Normal { deviation } if deviation > 0.0 => mean_ns * cut_off(deviation),
        _ => mean_ns,
    }
}

/// By how much the cut raises the mean: Φ(1/d) + d φ(1/d).
fn cut_off(deviation: f64) -> f64 {
    let x = 1.0 / deviation;
    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    1.0 - upper_tail(x, density) + deviation * density
}

/// 1 − Φ(x) for x above 0, to 7.5e-8 (Abramowitz and Stegun 26.2.17).
fn upper_tail(x: f64, density: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x);
    let coefficients = [
        1.330_274_429,
        -1.821_255_978,
        1.781_477_937,
        -0.356_563_782,
        0.319_381_530,
    ];
    let sum = coefficients
        .iter()
        .fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    density * sum
}

fn slices_of(model: &ModelConfig, class: Class) -> f64 {
    f64::from(model.class(class).slices)
}

/// One way over the link, on average, ns.
#[derive(Clone, Copy)]
struct Way {
    /// That the payload takes by its length, and others wait for.
    transfer: f64,
    latency: f64,
}

impl Way {
    fn total(self) -> f64 {
        self.transfer + self.latency
    }
}

fn link_ns(link: &LinkConfig, demands: &[Demand]) -> [Way; 2] {
    let transfer = |bytes: fn(&Demand) -> f64| {
        let bytes: f64 = demands
            .iter()
            .map(|demand| demand.share * bytes(demand))
            .sum();
        #[expect(clippy::cast_precision_loss, reason = "a bandwidth, for an estimate")]
        link.bandwidth_bytes_per_s
            .map_or(0.0, |per_s| bytes / per_s as f64 * 1e9)
    };
    [
        Way {
            transfer: transfer(|demand| demand.bytes_in),
            latency: link.to_device_ns.as_f64(),
        },
        Way {
            transfer: transfer(|demand| demand.bytes_out),
            latency: link.to_host_ns.as_f64(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use pausewake_device::model::{BatchConfig, RateLimit};

    const SIGN: Demand = Demand {
        kind: OpKind::RsaSign,
        share: 1.0,
        bytes_in: 64.0,
        bytes_out: 256.0,
    };

    fn model() -> ModelConfig {
        let class =
            |base_us| ClassConfig::new(2, ServiceTime::constant(Nanos::from_micros(base_us)));
        ModelConfig {
            asymmetric: class(100),
            symmetric: class(10),
            link: LinkConfig::default(),
            in_flight_limit: 64,
        }
    }

    fn predicted(model: &ModelConfig, class: Class, demands: &[Demand], supply: Supply) -> f64 {
        let predicted = predict(model, class, &load(demands, supply)).expect("the class is used");
        assert_eq!(predicted.at_most, matches!(supply, Supply::Closed { .. }));
        predicted.utilisation
    }

    /// By a host whose work takes no time.
    fn load(demands: &[Demand], supply: Supply) -> Offered {
        Offered {
            demands: demands.to_vec(),
            supply,
            host: Host {
                op_ns: 0.0,
                threads: 1.0,
            },
        }
    }

    #[test]
    fn the_host_is_a_part_of_the_round_and_may_be_the_slowest() {
        let at = |jobs, threads| {
            let mut load = load(&[SIGN], closed(jobs, 0.0));
            load.host = Host {
                op_ns: 100e3,
                threads,
            };
            let predicted = predict(&model(), Class::Asymmetric, &load);
            predicted.expect("the class is used").utilisation
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
            let mut load = load(&[SIGN], closed(jobs, 0.0));
            load.host = Host {
                op_ns: 10e3,
                threads,
            };
            let predicted = predict(&model, Class::Asymmetric, &load);
            let in_turns = predicted.expect("the class is used").in_turns;
            in_turns.map(|it| (it.utilisation, it.host))
        };
        let constant = Distribution::Constant;
        // One job: 110 µs. Two are submitted one after the other, and end at once after 120 µs.
        let of = |us: f64| to_millionths(1.0 / us);
        assert_eq!(at(1.0, 1.0, constant), Some((of(2.2), of(11.0))));
        assert_eq!(at(2.0, 1.0, constant), Some((of(1.2), of(6.0))));
        // By two threads in 110 µs; three jobs are more than the slices show at once.
        assert_eq!(at(2.0, 2.0, constant), Some((of(1.1), of(11.0))));
        assert_eq!(at(3.0, 1.0, constant), Some((1.0, 0.2)));
        assert_eq!(at(2.0, 1.0, Distribution::Exponential), None);
        let open = load(&[SIGN], Supply::Open { ops_per_s: 100.0 });
        let predicted = predict(&model(), Class::Asymmetric, &open);
        assert_eq!(predicted.expect("the class is used").in_turns, None);
    }

    #[test]
    fn the_capacity_is_that_of_the_slowest_part_or_of_a_limit() {
        let mut model = model();
        let capacity =
            |model: &ModelConfig, jobs| capacity_per_s(model, &load(&[SIGN], closed(jobs, 0.0)));
        // Two slices of 100 us; one job is half of that.
        assert_eq!(capacity(&model, 64.0), Some(20_000.0));
        assert_eq!(capacity(&model, 1.0), Some(10_000.0));
        model.asymmetric.rate = Some(RateLimit::even(1_000.0));
        assert_eq!(capacity(&model, 64.0), Some(1_000.0));
        model.asymmetric.batch = Some(BatchConfig {
            size: 8,
            flush_ns: Nanos::ZERO,
        });
        assert_eq!(capacity(&model, 64.0), None);
    }

    fn closed(jobs: f64, think_us: f64) -> Supply {
        Supply::Closed {
            jobs,
            think_ns: think_us * 1e3,
            room: 64.0,
        }
    }

    #[test]
    fn a_closed_loop_is_bounded_by_its_jobs_or_by_the_slowest_part() {
        let asym = Class::Asymmetric;
        let mut model = model();
        for (supply, utilisation) in [
            (closed(1.0, 0.0), 0.5),
            (closed(2.0, 0.0), 1.0),
            (closed(64.0, 0.0), 1.0),
            (closed(1.0, 100.0), 0.25),
        ] {
            assert_eq!(predicted(&model, asym, &[SIGN], supply), utilisation);
        }
        model.link.to_device_ns = Nanos::from_micros(40);
        model.link.to_host_ns = Nanos::from_micros(60);
        assert_eq!(predicted(&model, asym, &[SIGN], closed(1.0, 0.0)), 0.25);
        // 256 bytes home at 1 byte per µs: 256 µs each, where two slices need 50 µs.
        model.link.bandwidth_bytes_per_s = Some(1_000_000);
        let link_bound = predicted(&model, asym, &[SIGN], closed(64.0, 0.0));
        assert_eq!(link_bound, to_millionths(50.0 / 256.0));
    }

    #[test]
    fn jobs_that_think_need_no_room() {
        let at = |room| {
            let supply = Supply::Closed {
                jobs: 4.0,
                think_ns: 300e3,
                room,
            };
            predicted(&model(), Class::Asymmetric, &[SIGN], supply)
        };
        // Four jobs, each in service for a quarter of its time.
        assert_eq!([at(4.0), at(2.0), at(1.0)], [0.5, 0.5, 0.5]);
        let many = Supply::Closed {
            jobs: 40.0,
            think_ns: 300e3,
            room: 1.0,
        };
        assert_eq!(predicted(&model(), Class::Asymmetric, &[SIGN], many), 0.5);
    }

    #[test]
    fn an_open_loop_is_what_arrives_and_no_more_than_can_be_served() {
        let model = model();
        let at = |ops_per_s| {
            let supply = Supply::Open { ops_per_s };
            predicted(&model, Class::Asymmetric, &[SIGN], supply)
        };
        assert_eq!(at(5_000.0), 0.25);
        assert_eq!(at(30_000.0), 1.0);
    }

    #[test]
    fn a_rate_bounds_what_the_slices_could_do() {
        let mut model = model();
        model.asymmetric.rate = Some(RateLimit::even(5_000.0));
        let at = |model: &ModelConfig, share| {
            let demand = Demand { share, ..SIGN };
            predicted(model, Class::Asymmetric, &[demand], closed(64.0, 0.0))
        };
        // 5,000/s of 100 µs on two slices, whatever else there is.
        assert_eq!([at(&model, 1.0), at(&model, 0.5)], [0.25, 0.25]);
        for spoil in [
            |class: &mut ClassConfig| class.rate_per_key = Some(RateLimit::even(1.0)),
            |class: &mut ClassConfig| {
                class.batch = Some(BatchConfig {
                    size: 8,
                    flush_ns: Nanos::ZERO,
                });
            },
        ] {
            let mut unknown = model.clone();
            spoil(&mut unknown.asymmetric);
            let supply = closed(1.0, 0.0);
            let load = load(&[SIGN], supply);
            assert_eq!(predict(&unknown, Class::Asymmetric, &load), None);
        }
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
                share: 0.75,
                bytes_in: 1_000.0,
                bytes_out: 1_016.0,
            },
        ];
        let supply = Supply::Open {
            ops_per_s: 10_000.0,
        };
        // 0.25 × 100 µs and 0.75 × (10 + 10) µs an op, on two slices each.
        assert_eq!(predicted(&model, Class::Asymmetric, &mix, supply), 0.125);
        assert_eq!(predicted(&model, Class::Symmetric, &mix, supply), 0.075);
        let full = closed(1_000.0, 0.0);
        assert_eq!(predicted(&model, Class::Asymmetric, &mix, full), 1.0);
        assert_eq!(predicted(&model, Class::Symmetric, &mix, full), 0.6);
        let signs = load(&[SIGN], full);
        assert_eq!(predict(&model, Class::Symmetric, &signs), None);
    }

    /// The table of [`Distribution::Normal`].
    #[test]
    fn the_cut_of_a_normal_law_raises_its_mean() {
        for (deviation, by) in [
            (0.2, 1e-7),
            (0.33, 0.000_113),
            (0.5, 0.004_2),
            (1.0, 0.083_3),
        ] {
            let raised = cut_off(deviation) - 1.0;
            assert!(
                (raised - by).abs() < 0.05 * by + 1e-7,
                "{deviation}: {raised}"
            );
        }
    }
}
