//! What host and device do with an op, from its submission to the next one of its job.

use pausewake_device::model::{ClassConfig, Distribution, ModelConfig};
use pausewake_device::protocol::Class;

use super::super::parts::Limit;
use super::super::service_means::{mean_ns, service_of};
use super::batch::Batch;
use super::link::ways;
use super::{Demand, Offered};

/// What host and device do with an op.
#[derive(Clone, Debug)]
pub struct Round {
    /// How long the host and the device take if the op never waits for another, but to fill a batch.
    pub alone_ns: f64,
    /// How long the device takes of it, with the link.
    pub device_ns: f64,
    /// What of the time of all slices of a class it takes; `None` where that depends on how many arrive together.
    pub slices_ns: [Option<f64>; 2],
    /// Ops that each part of the device can do.
    pub parts: Vec<(Limit, f64)>,
    /// Ops that there are slices for at once.
    served_at_once: f64,
    /// Whether ops that are submitted together end together: all are alike, service takes always the same
    /// time, and nothing lets them through one after the other, as a link of some bandwidth or a rate does.
    ends_together: bool,
}

impl Round {
    /// The round of `load`; `None` where nobody knows how its ops come to share batches.
    pub fn new(model: &ModelConfig, load: &Offered) -> Option<Self> {
        let demands = &load.demands;
        let [there, back] = ways(&model.link, demands);
        let device_ns = there.total_ns() + back.total_ns();
        let links_per_ns = per(1.0, there.transfer_ns.max(back.transfer_ns));
        let mut round = Self {
            alone_ns: load.host.op_ns + device_ns,
            device_ns,
            slices_ns: [Some(0.0); 2],
            parts: vec![(Limit::Link, links_per_ns)],
            served_at_once: 0.0,
            ends_together: false,
        };
        for class in Class::ALL {
            let is_of_class = |demand: &&Demand| demand.kind.class() == class;
            let of_class: Vec<&Demand> = demands.iter().filter(is_of_class).collect();
            if !of_class.is_empty() {
                round.serve(model, load, class, &of_class)?;
            }
        }
        Some(round)
    }

    /// Adds what the slices of `class` do.
    fn serve(
        &mut self,
        model: &ModelConfig,
        load: &Offered,
        class: Class,
        demands: &[&Demand],
    ) -> Option<()> {
        let config = model.class(class);
        let means = demands
            .iter()
            .map(|it| it.share * mean_ns(service_of(config, it.kind), it.bytes_in));
        let service_ns: f64 = means.sum();
        let batch = match config.batch {
            None => Batch::NONE,
            Some(_) => Batch::new(model, load, self.alone_ns + service_ns)?,
        };
        self.alone_ns += service_ns + batch.gathers_ns;
        self.device_ns += service_ns + batch.gathers_ns;
        let slices = f64::from(config.slices);
        self.served_at_once += slices * batch.ops;
        let own_ns = service_ns / (slices * batch.ops);
        let is_known = load.arrivals_per_s.is_none() || config.batch.is_none();
        self.slices_ns[class.index()] = is_known.then_some(own_ns);
        self.parts.push((Limit::Slices, per(1.0, own_ns)));
        self.parts.extend(rates_per_ns(config, demands));
        let distribution = service_of(config, demands[0].kind).distribution;
        self.ends_together = load.demands.len() == 1
            && distribution == Distribution::Constant
            && model.link.bandwidth_bytes_per_s.is_none()
            && config.rate.is_none()
            && config.rate_per_key.is_none();
        Some(())
    }

    /// The ops of a closed loop in which host and device take turns, if they do: where nobody thinks, ops that
    /// were submitted together end together, and there is a slice for each, and room. Then the thread submits
    /// as many again before it rings the doorbell once, and until then no slice has anything to do. So a round
    /// takes as long as the host needs for all of them, and as one op needs. Ops that wait in the device, or in
    /// its ring, are what it goes on with while the host works; and what pulls ops apart lets both work at
    /// once, too: all of these are nearer to the bound, and nobody knows how near.
    pub fn in_turns_per_ns(&self, load: &Offered) -> Option<f64> {
        let (host, jobs) = (load.host, load.jobs);
        let is_in_turns = self.ends_together
            && jobs.think_ns == 0.0
            && host.op_ns > 0.0
            && jobs.at_once <= self.served_at_once
            && jobs.at_once <= jobs.room;
        (is_in_turns && load.arrivals_per_s.is_none()).then(|| {
            let together = (jobs.at_once / host.threads).max(1.0);
            per(jobs.at_once, self.alone_ns + (together - 1.0) * host.op_ns)
        })
    }
}

/// What the limits of a class let through, of all of its ops and of those of the busiest key.
fn rates_per_ns(config: &ClassConfig, demands: &[&Demand]) -> impl Iterator<Item = (Limit, f64)> {
    let share_of = |is_counted: &dyn Fn(&Demand) -> bool| -> f64 {
        let counted = demands.iter().filter(|demand| is_counted(demand));
        counted.map(|demand| demand.share).sum()
    };
    let all = share_of(&|_| true);
    let of_keys = demands
        .iter()
        .map(|of| share_of(&|demand| demand.key == of.key));
    let busiest = of_keys.fold(0.0, f64::max);
    let of_class = config
        .rate
        .map(|rate| (Limit::Rate, rate.ops_per_s / 1e9 / all));
    let of_key = config
        .rate_per_key
        .map(|rate| (Limit::RatePerKey, rate.ops_per_s / 1e9 / busiest));
    of_class.into_iter().chain(of_key)
}

/// What costs no time can be done without end.
pub fn per(number: f64, time_ns: f64) -> f64 {
    if time_ns > 0.0 {
        number / time_ns
    } else {
        f64::INFINITY
    }
}
