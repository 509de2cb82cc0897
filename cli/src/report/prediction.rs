//! How many ops a load makes of a device, by the configuration alone.
//!
//! An open loop does what arrives, or what the slowest part can do; a closed loop is bounded by the same and
//! by a round in which no op waits for another (Denning and Buzen, *The Operational Analysis of Queueing
//! Network Models*, 1978, on asymptotic bounds). The host's threads are a part as the others are.

use pausewake_device::model::{Distribution, LinkConfig, ModelConfig};
use pausewake_device::protocol::{Class, OpKind};

use super::little::to_millionths;
use super::parts::{InTurns, Limit, PredictedThroughput, PredictedUtilisation};
use super::service_means::{mean_ns, service_of};

/// What ops of one kind ask of the device.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// What they are.
    pub kind: OpKind,
    /// The number of their key: ops with the same one share it.
    pub key: usize,
    /// Their share of all ops.
    pub share: f64,
    /// Payload on the way to the device, bytes on average.
    pub bytes_in: f64,
    /// Payload on the way home.
    pub bytes_out: f64,
}

/// Who makes the ops, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Jobs {
    /// How many there are at once; of an open loop at most.
    pub at_once: f64,
    /// Time between an op of a job and its next one, ns.
    pub think_ns: f64,
    /// Ops that can be under way at once; a job that thinks needs no room.
    pub room: f64,
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
    /// Ops that arrive each second, in an open loop.
    pub arrivals_per_s: Option<f64>,
    /// Who asks.
    pub jobs: Jobs,
    /// Through whose hands they go.
    pub host: Host,
}

/// What follows from a configuration.
#[derive(Clone, Debug)]
pub struct Prediction {
    arrivals_per_ns: Option<f64>,
    /// The most ops that there can be, if enough arrive, and what does not let through more.
    capacity_per_ns: f64,
    limit: Limit,
    in_turns_per_ns: Option<f64>,
    host_ns: f64,
    round: Round,
}

/// What host and device do with an op.
#[derive(Clone, Debug)]
struct Round {
    /// How long it takes if it never waits for another, but to fill a batch.
    alone_ns: f64,
    /// What of the time of all slices of a class it takes; `None` where that depends on how many arrive together.
    slices_ns: [Option<f64>; 2],
    /// Ops that there are slices for at once.
    served_at_once: f64,
    /// Whether service takes always the same time, and all ops are alike.
    is_even: bool,
    /// Ops that each part can do.
    parts: Vec<(Limit, f64)>,
}

impl Prediction {
    /// What `load` makes of the device of `model`, which has one service time for each kind of op. `None` where
    /// that depends on more than the configuration says: on how ops of different kinds, or of jobs that
    /// think, come to share batches.
    pub fn new(model: &ModelConfig, load: &Offered) -> Option<Self> {
        let round = round(model, load)?;
        let Jobs {
            at_once,
            think_ns,
            room,
        } = load.jobs;
        let supplied = [
            (Limit::Jobs, per(at_once, round.alone_ns + think_ns)),
            (Limit::Room, per(room, round.alone_ns)),
        ];
        // Of two that are the same, the part is the limit: more jobs would not bring more.
        let all = round.parts.iter().copied().chain(supplied);
        let (limit, capacity_per_ns) = all.min_by(|(_, a), (_, b)| a.total_cmp(b))?;
        Some(Self {
            arrivals_per_ns: load.arrivals_per_s.map(|it| it / 1e9),
            capacity_per_ns,
            limit,
            in_turns_per_ns: in_turns_per_ns(load, &round).map(|it| it.min(capacity_per_ns)),
            host_ns: load.host.op_ns / load.host.threads,
            round,
        })
    }

    /// The most ops each second: if they are a closed loop of as many jobs as an open one has at most,
    /// what arrives above it waits for longer and longer. Infinite where nothing takes any time.
    pub fn capacity_per_s(&self) -> f64 {
        self.capacity_per_ns * 1e9
    }

    /// How long an op takes that never waits for another, ns.
    pub fn alone_ns(&self) -> f64 {
        self.round.alone_ns
    }

    fn at_most_per_ns(&self) -> f64 {
        let arrivals = self.arrivals_per_ns.unwrap_or(f64::INFINITY);
        arrivals.min(self.capacity_per_ns)
    }

    /// Ops each second; `None` where nothing takes any time.
    pub fn throughput(&self) -> Option<PredictedThroughput> {
        let at_most = self.at_most_per_ns();
        let per_s = |per_ns: f64| to_millionths(per_ns * 1e9);
        at_most.is_finite().then(|| PredictedThroughput {
            at_most_per_s: per_s(at_most),
            in_turns_per_s: self.in_turns_per_ns.map(per_s),
            limit: self.capacity_per_ns.is_finite().then_some(self.limit),
        })
    }

    /// How busy the slices of `class` are: throughput × service time / slices (the
    /// utilisation law). `None` if it serves nothing.
    pub fn utilisation(&self, class: Class) -> Option<PredictedUtilisation> {
        let own_ns = self.round.slices_ns[class.index()]?;
        if own_ns <= 0.0 {
            return None;
        }
        let busy = |ops_per_ns: f64| to_millionths(ops_per_ns * own_ns);
        Some(PredictedUtilisation {
            utilisation: busy(self.at_most_per_ns()),
            at_most: self.arrivals_per_ns.is_none(),
            in_turns: self.in_turns_per_ns.map(|ops_per_ns| InTurns {
                utilisation: busy(ops_per_ns),
                host: to_millionths(ops_per_ns * self.host_ns),
            }),
        })
    }
}

/// The ops of a closed loop in which host and device take turns, if they do: where nobody thinks, service
/// takes always the same time, and there is a slice for each op. Then ops that were submitted together end
/// together, the thread submits as many again before it rings the doorbell once, and until then no slice has
/// anything to do. So a round takes as long as the host needs for all of them, and as one op needs. With more
/// ops than slices some wait in the device, which goes on with them while the host works; service of varying
/// length pulls ops apart, too: both are nearer to the bound, and nobody knows how near.
fn in_turns_per_ns(load: &Offered, round: &Round) -> Option<f64> {
    let (host, jobs) = (load.host, load.jobs);
    let at_once = jobs.at_once.min(jobs.room);
    let is_in_turns = round.is_even
        && jobs.think_ns == 0.0
        && host.op_ns > 0.0
        && at_once <= round.served_at_once;
    (is_in_turns && load.arrivals_per_s.is_none()).then(|| {
        let together = (at_once / host.threads).max(1.0);
        per(at_once, round.alone_ns + (together - 1.0) * host.op_ns)
    })
}

fn round(model: &ModelConfig, load: &Offered) -> Option<Round> {
    let Offered { demands, host, .. } = load;
    let [there_ns, back_ns] = link_ns(&model.link, demands);
    let links_per_ns = per(1.0, there_ns.transfer.max(back_ns.transfer));
    let mut round = Round {
        alone_ns: host.op_ns + there_ns.total() + back_ns.total(),
        slices_ns: [Some(0.0); 2],
        served_at_once: 0.0,
        is_even: false,
        parts: vec![
            (Limit::Link, links_per_ns),
            (Limit::Host, per(host.threads, host.op_ns)),
        ],
    };
    for class in Class::ALL {
        let of_class: Vec<&Demand> = (demands.iter())
            .filter(|demand| demand.kind.class() == class)
            .collect();
        if of_class.is_empty() {
            continue;
        }
        let config = model.class(class);
        let service_ns: f64 = (of_class.iter())
            .map(|it| it.share * mean_ns(service_of(config, it.kind), it.bytes_in))
            .sum();
        let slices = f64::from(config.slices);
        let batch = match config.batch {
            None => Batch::NONE,
            Some(_) => batch(model, load, round.alone_ns + service_ns)?,
        };
        round.alone_ns += service_ns + batch.gathers_ns;
        round.served_at_once += slices * batch.ops;
        let own_ns = service_ns / (slices * batch.ops);
        let slices_ns = (load.arrivals_per_s.is_none() || config.batch.is_none()).then_some(own_ns);
        round.slices_ns[class.index()] = slices_ns;
        round.parts.push((Limit::Slices, per(1.0, own_ns)));
        if let Some(rate) = config.rate {
            let share: f64 = of_class.iter().map(|demand| demand.share).sum();
            round
                .parts
                .push((Limit::Rate, rate.ops_per_s / 1e9 / share));
        }
        if let Some(rate) = config.rate_per_key {
            let busiest = of_class
                .iter()
                .map(|of| {
                    let with_it = of_class.iter().filter(|demand| demand.key == of.key);
                    with_it.map(|demand| demand.share).sum::<f64>()
                })
                .fold(0.0, f64::max);
            let each = rate.ops_per_s / 1e9 / busiest;
            round.parts.push((Limit::RatePerKey, each));
        }
        round.is_even = demands.len() == 1
            && service_of(config, of_class[0].kind).distribution == Distribution::Constant;
    }
    Some(round)
}

/// How ops share turns of a slice.
struct Batch {
    /// Ops that share one.
    ops: f64,
    /// How long they wait for others.
    gathers_ns: f64,
}

impl Batch {
    const NONE: Self = Self {
        ops: 1.0,
        gathers_ns: 0.0,
    };
}

/// The batches of a load of one kind of op whose jobs never think, if they are alike: full ones, where there
/// are enough jobs for those of all slices; or one of all jobs, where they do not fill it and it waits for its
/// flush. In between, and where a batch takes as long as the longest of its ops does, nobody knows.
/// `alone_ns` is how long an op takes that waits for nothing.
fn batch(model: &ModelConfig, load: &Offered, alone_ns: f64) -> Option<Batch> {
    let &[demand] = load.demands.as_slice() else {
        return None;
    };
    let class = model.class(demand.kind.class());
    let batch = class.batch?;
    let is_constant = service_of(class, demand.kind).distribution == Distribution::Constant;
    if !is_constant || load.jobs.think_ns > 0.0 {
        return None;
    }
    let (size, flush_ns) = (f64::from(batch.size), batch.flush_ns.as_f64());
    let at_once = load.jobs.at_once.min(load.jobs.room);
    if at_once < size {
        return Some(Batch {
            ops: at_once,
            gathers_ns: flush_ns,
        });
    }
    // What is left over waits for those that are served now; their flush would make a batch of them.
    let none_is_flushed = at_once % size == 0.0 || flush_ns >= alone_ns;
    let are_full = at_once >= size * f64::from(class.slices) && none_is_flushed;
    are_full.then_some(Batch {
        ops: size,
        gathers_ns: 0.0,
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
    use pausewake_device::Nanos;
    use pausewake_device::model::{BatchConfig, ClassConfig, RateLimit, ServiceTime};

    const SIGN: Demand = Demand {
        kind: OpKind::RsaSign,
        key: 0,
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
            },
            host: Host {
                op_ns: 0.0,
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
            host: Host { op_ns, threads },
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
        let arrive = by_host(open(&[SIGN], 100.0), 10e3, 1.0);
        let predicted = Prediction::new(&model(), &arrive).expect("all is known");
        assert_eq!(predicted.throughput().expect("some").in_turns_per_s, None);
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
}
