//! The model itself: what an op passes, in order.

use super::config::ModelConfig;
use super::flights::{Flight, Flights};
use super::limits::{Depth, Places, reserved};
use super::link::Direction;
use super::op::{Done, NoRoom, QueueId, Request};
use super::slices::ClassState;
use super::stats::ModelStats;
use crate::protocol::Class;
use crate::random::{Concern, Seed};
use crate::time::Nanos;

/// The state of the device. See [the module](super) for what it computes and how to drive it.
///
/// ```
/// use pausewake_device::Nanos;
/// use pausewake_device::model::{
///     ClassConfig, LinkConfig, Model, ModelConfig, Request, ServiceTime,
/// };
/// use pausewake_device::keys::KeyId;
/// use pausewake_device::protocol::{OpKind, Scheme};
/// use pausewake_device::random::Seed;
///
/// let class = ClassConfig::new(1, ServiceTime::constant(Nanos::from_micros(400)));
/// let config = ModelConfig {
///     asymmetric: class.clone(),
///     symmetric: class,
///     link: LinkConfig::default(),
///     in_flight_limit: 63,
/// };
/// config.check()?;
///
/// let mut model = Model::new(config, Seed(1), 1);
/// let queue = model.queues().next().expect("one queue");
/// for (token, submitted_us) in [(1, 0), (2, 100)] {
///     let now = Nanos::from_micros(submitted_us);
///     let request = Request {
///         kind: OpKind::RsaSign,
///         scheme: Scheme::Pkcs1Sha256,
///         modulus_bits: 2_048,
///         key: KeyId::NONE,
///         bytes_in: 32,
///         bytes_out: 256,
///         submitted_ns: now,
///         token,
///     };
///     model.submit(now, queue, request).expect("room for 63");
/// }
///
/// let mut visible = Vec::new();
/// while let Some(deadline) = model.next_deadline() {
///     model.advance(deadline, &mut |done| visible.push((done.token, done.visible_ns)));
/// }
/// assert_eq!(visible, [(1, Nanos::from_micros(400)), (2, Nanos::from_micros(800))]);
/// # Ok::<(), pausewake_device::model::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct Model {
    /// The latest time that the driver has named.
    now: Nanos,
    in_flight_limit: u32,
    /// Whether any class has something that time alone changes: a limit of its own, or a gate.
    follows_time: bool,
    queues: Vec<Queue>,
    to_device: Direction,
    classes: [ClassState; Class::ALL.len()],
    flights: Flights,
    to_host: Direction,
}

/// What the device keeps of a queue pair.
#[derive(Debug)]
struct Queue {
    places: Places,
    /// When the last op was accepted. A ring is read in order, so the next one came no earlier.
    last_accepted_ns: Nanos,
}

impl Model {
    /// An idle device with `queues` queues, at time zero.
    ///
    /// Service times come from the streams of [`Concern::Service`], one for each class, by
    /// [`Class::index`]. The configuration is taken as it is, see [`ModelConfig::check`].
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the model is made from its configuration once; callers need not keep it"
    )]
    pub fn new(config: ModelConfig, seed: Seed, queues: u32) -> Self {
        let link = config.link;
        let classes = Class::ALL.map(|class| {
            let stream = seed.stream(Concern::Service, class.index() as u64);
            ClassState::new(config.class(class), stream)
        });
        let mut model = Self {
            now: Nanos::ZERO,
            in_flight_limit: config.in_flight_limit,
            follows_time: classes.iter().any(ClassState::follows_time),
            queues: Vec::new(),
            to_device: Direction::new(link.to_device_ns, link.bandwidth_bytes_per_s),
            classes,
            flights: Flights::default(),
            to_host: Direction::new(link.to_host_ns, link.bandwidth_bytes_per_s),
        };
        for _ in 0..queues {
            model.add_queue();
        }
        model
    }

    /// Adds a queue and says its name. Names count from zero and are never used again.
    ///
    /// # Panics
    /// When there are 2^32 queues already.
    pub fn add_queue(&mut self) -> QueueId {
        let index = u32::try_from(self.queues.len()).expect("fewer than 2^32 queues");
        self.queues.push(Queue {
            places: Places::new(self.in_flight_limit),
            last_accepted_ns: Nanos::ZERO,
        });
        self.flights.reserve(reserved(self.in_flight_limit));
        QueueId(index)
    }

    /// The names of the queues, in order.
    pub fn queues(&self) -> impl Iterator<Item = QueueId> + use<> {
        (0_u32..).take(self.queues.len()).map(QueueId)
    }

    /// Takes an op at `now`. Ask [`advance`](Self::advance) for the same `now` first: room that
    /// came by then is found only by it, or by the next call.
    ///
    /// The op counts as accepted at the latest of its `submitted_ns` (at most `now`), the moments
    /// since which there has been room for it, and the acceptance of the op before it in its
    /// queue. An earlier `now` than one named before counts as that one.
    ///
    /// # Errors
    /// [`NoRoom`] says which limit is reached; the model is unchanged but for the time.
    pub fn submit(&mut self, now: Nanos, queue: QueueId, request: Request) -> Result<(), NoRoom> {
        self.pass_to(now);
        let class = request.kind.class();
        if let Some(limit) = self.room(queue, class) {
            return Err(limit);
        }
        let accepted_ns = self.accept(queue, class, request.submitted_ns.min(self.now));
        let passage = self.to_device.passage(accepted_ns, request.bytes_in);
        let fetched_ns = self.to_device.pass(passage);
        let serving = &mut self.classes[class.index()];
        let mut flight = Flight {
            token: request.token,
            queue,
            class,
            bytes_out: request.bytes_out,
            fetched_ns,
            started_ns: fetched_ns,
            beside: false,
        };
        if serving.gate.is_some() {
            serving.enter(&request, flight, &mut self.flights);
            return Ok(());
        }
        let turn = serving.serve(fetched_ns, &request);
        flight.started_ns = turn.started_ns;
        self.flights.insert(turn.done_ns, flight);
        Ok(())
    }

    /// Why `queue` could take no op of `class` at the latest time that was named; `None`: it could.
    #[must_use]
    pub fn room(&self, queue: QueueId, class: Class) -> Option<NoRoom> {
        let open = self.queues.get(queue.index());
        if open.is_none_or(|queue| queue.places.is_full()) {
            return Some(NoRoom::InFlightLimit);
        }
        let depth = self.classes[class.index()].depth.as_ref();
        if depth.is_some_and(Depth::is_full) {
            return Some(NoRoom::QueueDepth(class));
        }
        None
    }

    /// Ops of `queue` that were accepted and are not handed out yet; 0 for a queue that was never
    /// added.
    #[must_use]
    pub fn in_flight(&self, queue: QueueId) -> u32 {
        let open = self.queues.get(queue.index());
        open.map_or(0, |queue| queue.places.taken())
    }

    /// When something will next happen, if ever: the next op is visible ([`Done::visible_ns`]), a
    /// class that has been full has room again, or an op goes on that waited for its rate or its
    /// batch.
    ///
    /// It is in the past when the device was looked at late; it may come closer by the next
    /// [`submit`](Self::submit).
    #[must_use]
    pub fn next_deadline(&self) -> Option<Nanos> {
        let visible = self.flights.first().map(|(done_ns, flight)| {
            let passage = self.to_host.passage(done_ns, flight.bytes_out);
            passage.arrival_ns
        });
        let depths = self.classes.iter().filter_map(|class| class.depth.as_ref());
        let gates = self.classes.iter().filter_map(|class| class.gate.as_ref());
        depths
            .filter_map(Depth::room_from)
            .chain(gates.filter_map(|gate| gate.next_release()))
            .chain(visible)
            .min()
    }

    /// Lets time pass to `now`: every op visible by then goes to `sink`, in order of `visible_ns`,
    /// ties in order of `done_ns` and then of acceptance. An earlier `now` than one named before
    /// counts as that one.
    ///
    /// An op that was submitted late can have been visible before others that an earlier call
    /// handed out; its `visible_ns` says so.
    pub fn advance(&mut self, now: Nanos, sink: &mut impl FnMut(Done)) {
        self.pass_to(now);
        while let Some((done_ns, first)) = self.flights.first() {
            let passage = self.to_host.passage(done_ns, first.bytes_out);
            if passage.arrival_ns > self.now {
                return;
            }
            let Some((_, flight)) = self.flights.pop() else {
                return;
            };
            let visible_ns = self.to_host.pass(passage);
            self.queues[flight.queue.index()]
                .places
                .give_back(visible_ns);
            let stats = &mut self.classes[flight.class.index()].stats;
            if flight.beside {
                stats.handed_out_beside(flight.fetched_ns, flight.started_ns, done_ns);
            } else {
                stats.handed_out(flight.fetched_ns, flight.started_ns, done_ns);
            }
            sink(Done {
                token: flight.token,
                queue: flight.queue,
                fetched_ns: flight.fetched_ns,
                started_ns: flight.started_ns,
                done_ns,
                visible_ns,
            });
        }
    }

    /// What has been counted so far.
    #[must_use]
    pub fn stats(&self) -> ModelStats {
        ModelStats::new(self.classes.each_ref().map(|class| class.stats))
    }

    /// Forgets what it has counted, and counts from `from` on: of what is in the device then, the rest.
    pub fn restart_stats(&mut self, from: Nanos) {
        for class in &mut self.classes {
            class.stats = class.stats.restarted(from);
        }
    }

    /// Time never goes back. Gates let through what is due, and classes have their room as soon as
    /// a slice is done.
    #[inline]
    fn pass_to(&mut self, now: Nanos) {
        self.now = self.now.max(now);
        if self.follows_time {
            self.pass_classes();
        }
    }

    fn pass_classes(&mut self) {
        for class in &mut self.classes {
            if class.gate.is_some() {
                class.release(self.now, &mut self.flights);
            }
            if let Some(depth) = &mut class.depth {
                depth.pass_to(self.now);
            }
        }
    }

    /// Takes the places for an op of a queue and a class that have room, and says since when the
    /// op has had them.
    fn accept(&mut self, queue: QueueId, class: Class, submitted_ns: Nanos) -> Nanos {
        let queue = &mut self.queues[queue.index()];
        let mut accepted_ns = submitted_ns.max(queue.last_accepted_ns);
        if let Some(depth) = &mut self.classes[class.index()].depth {
            accepted_ns = depth.take(accepted_ns);
        }
        accepted_ns = queue.places.take(accepted_ns);
        queue.last_accepted_ns = accepted_ns;
        accepted_ns
    }
}
