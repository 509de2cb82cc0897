//! One run: Poisson arrivals into a model, driven exactly, as a virtual clock would.

use pausewake_device::Nanos;
use pausewake_device::keys::KeyId;
use pausewake_device::model::{Done, Model, ModelConfig, QueueId, Request};
use pausewake_device::protocol::{Class, OpKind, Scheme};
use pausewake_device::random::{Concern, Seed, Stream};
use rand::RngExt;
use rand_distr::Exp1;

use super::statistics::{BATCHES, Interval};

/// What stands for the time unit of the formulas: long enough that whole nanoseconds are exact.
pub(crate) const UNIT: Nanos = Nanos::from_millis(1);

/// Queues that the arrivals are spread over.
const QUEUES: u32 = 3;

/// What is submitted.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Arrivals per [`UNIT`].
    pub(crate) rate: f64,
    /// Payload sizes with their probabilities.
    pub(crate) sizes: Vec<(f64, u32)>,
    /// Arrivals in each batch.
    pub(crate) batch: usize,
}

/// What came of it; waits in units.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Fetched to started.
    pub(crate) wait_for_slice: Interval,
    /// Submitted to fetched.
    pub(crate) way_to_device: Interval,
    /// Share of the arrivals that the model refused.
    pub(crate) refused: Interval,
}

/// Runs one batch to warm up, which is discarded, and then the [`BATCHES`] that are measured.
///
/// # Panics
/// When the run violates Little's law.
pub(crate) fn run(config: ModelConfig, seed: Seed, load: &Load) -> Measured {
    let mut model = Model::new(config, seed, QUEUES);
    let mut arrivals = Arrivals::new(seed, load);
    let mut ledger = Ledger::new(load.batch);
    for _ in 0..(BATCHES + 1) * load.batch {
        let arrival = arrivals.next(load);
        ledger.drain(&mut model, arrival.at);
        let request = Request {
            kind: OpKind::RsaSign,
            scheme: Scheme::None,
            modulus_bits: 0,
            key: KeyId::NONE,
            bytes_in: arrival.bytes,
            bytes_out: 0,
            submitted_ns: arrival.at,
            token: ledger.next_token(),
        };
        let accepted = model.submit(arrival.at, arrival.queue, request).is_ok();
        ledger.arrived(&arrival, accepted);
    }
    ledger.drain(&mut model, Nanos::MAX);
    ledger.check_littles_law(&model, seed);
    ledger.measured()
}

struct Arrival {
    at: Nanos,
    queue: QueueId,
    bytes: u32,
}

struct Arrivals {
    times: Stream,
    mix: Stream,
    now: f64,
    mean_gap: f64,
}

impl Arrivals {
    fn new(seed: Seed, load: &Load) -> Self {
        Self {
            times: seed.stream(Concern::Arrivals, 0),
            mix: seed.stream(Concern::Mix, 0),
            now: 0.0,
            mean_gap: UNIT.as_f64() / load.rate,
        }
    }

    fn next(&mut self, load: &Load) -> Arrival {
        self.now += self.mean_gap * self.times.sample::<f64, _>(Exp1);
        let mut share = self.mix.random::<f64>();
        let mut sizes = load.sizes.iter();
        let mut bytes = 0;
        while share >= 0.0
            && let Some((probability, size)) = sizes.next()
        {
            bytes = *size;
            share -= probability;
        }
        Arrival {
            at: Nanos::from_f64(self.now),
            queue: QueueId(self.mix.random_range(0..QUEUES)),
            bytes,
        }
    }
}

/// What an observer outside the model writes down.
struct Ledger {
    batch: usize,
    submitted: Vec<Nanos>,
    wait_for_slice: [Mean; BATCHES],
    way_to_device: [Mean; BATCHES],
    refused: [Mean; BATCHES],
    queues: [Population; QUEUES as usize],
}

impl Ledger {
    fn new(batch: usize) -> Self {
        Self {
            batch,
            submitted: Vec::with_capacity((BATCHES + 1) * batch),
            wait_for_slice: [Mean::default(); BATCHES],
            way_to_device: [Mean::default(); BATCHES],
            refused: [Mean::default(); BATCHES],
            queues: [Population::default(); QUEUES as usize],
        }
    }

    fn next_token(&self) -> u32 {
        u32::try_from(self.submitted.len()).expect("runs are shorter")
    }

    /// The measured batch that a token belongs to; none in the warm-up.
    fn batch_of(&self, token: usize) -> Option<usize> {
        (token / self.batch).checked_sub(1)
    }

    /// Goes from deadline to deadline up to `until`.
    fn drain(&mut self, model: &mut Model, until: Nanos) {
        while let Some(deadline) = model.next_deadline()
            && deadline <= until
        {
            model.advance(deadline, &mut |done| self.handed_out(deadline, done));
        }
    }

    fn arrived(&mut self, arrival: &Arrival, accepted: bool) {
        let token = self.submitted.len();
        self.submitted.push(arrival.at);
        if let Some(batch) = self.batch_of(token) {
            self.refused[batch].add(if accepted { 0.0 } else { 1.0 });
        }
        if accepted {
            self.queues[arrival.queue.index()].enter(arrival.at);
        }
    }

    fn handed_out(&mut self, now: Nanos, done: Done) {
        let token = done.token as usize;
        let submitted = self.submitted[token];
        self.queues[done.queue.index()].leave(now, submitted, &done);
        if let Some(batch) = self.batch_of(token) {
            let units = |time: Nanos| time.as_f64() / UNIT.as_f64();
            self.wait_for_slice[batch].add(units(done.started_ns - done.fetched_ns));
            self.way_to_device[batch].add(units(done.fetched_ns - submitted));
        }
    }

    /// L = λW over the whole run, which begins and ends empty. With both sides times the run's
    /// length: the number of ops in the device, as seen from outside and summed over time, is the
    /// sum of the times that the ops say they were there. In whole nanoseconds it holds exactly.
    fn check_littles_law(&self, model: &Model, seed: Seed) {
        let (mut area, mut stays, mut ways) = (0, 0, 0);
        for (queue, population) in self.queues.iter().enumerate() {
            assert_eq!(
                population.present, 0,
                "queue {queue} is not empty, seed {seed}"
            );
            assert!(
                population.area > 0,
                "queue {queue} was never used, seed {seed}"
            );
            assert_eq!(
                population.area, population.stays,
                "Little's law in queue {queue}, seed {seed}"
            );
            area += population.area;
            stays += population.stays;
            ways += population.ways;
        }
        assert_eq!(area, stays, "Little's law overall, seed {seed}");

        let stats = model.stats();
        let stats = stats.class(Class::Asymmetric);
        assert_eq!(
            u128::from(stats.in_system_ns().get()) + ways,
            area,
            "the model's own figures, seed {seed}"
        );
        assert_eq!(stats.accepted_ops, stats.handed_out_ops, "seed {seed}");
    }

    fn measured(&self) -> Measured {
        let interval = |batches: &[Mean; BATCHES]| Interval::of(&batches.map(Mean::value));
        Measured {
            wait_for_slice: interval(&self.wait_for_slice),
            way_to_device: interval(&self.way_to_device),
            refused: interval(&self.refused),
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    fn value(self) -> f64 {
        self.sum / f64::from(self.count)
    }
}

/// The ops of one queue in the device, counted from outside.
#[derive(Clone, Copy, Default)]
struct Population {
    present: u64,
    counted_to: Nanos,
    /// Ops present, summed over time, op ns.
    area: u128,
    /// Submitted to visible, summed over ops, ns.
    stays: u128,
    /// Submitted to fetched, summed over ops, ns.
    ways: u128,
}

impl Population {
    fn enter(&mut self, now: Nanos) {
        self.count_to(now);
        self.present += 1;
    }

    fn leave(&mut self, now: Nanos, submitted: Nanos, done: &Done) {
        self.count_to(now);
        self.present -= 1;
        self.stays += u128::from((done.visible_ns - submitted).get());
        self.ways += u128::from((done.fetched_ns - submitted).get());
    }

    fn count_to(&mut self, now: Nanos) {
        assert!(now >= self.counted_to, "time goes back");
        let passed = (now - self.counted_to).get();
        self.area += u128::from(passed) * u128::from(self.present);
        self.counted_to = now;
    }
}
