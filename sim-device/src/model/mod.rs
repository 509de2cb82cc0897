//! The device as a queueing model: no threads, no clock, no I/O.
//!
//! *Skeleton: the signatures below are the contract with the drivers; bodies come on the model branch.*

use crate::protocol::{Class, OpKind};
use crate::random::Seed;
use crate::time::Nanos;

/// Index of a queue pair of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(pub u32);

/// The law that service times follow. Mean is always `base_ns + per_byte_ns * bytes`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Always the mean.
    Constant,
    /// Evenly between `mean * (1 - spread)` and `mean * (1 + spread)`; `spread` from 0 to 1.
    Uniform {
        /// Half the width, as a share of the mean.
        spread: f64,
    },
    /// Normal with a standard deviation of `deviation * mean`, cut off at zero.
    Normal {
        /// Coefficient of variation.
        deviation: f64,
    },
    /// Exponential.
    Exponential,
    /// Log-normal with a coefficient of variation of `deviation`.
    LogNormal {
        /// Coefficient of variation.
        deviation: f64,
    },
}

/// How long a slice works on an op.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServiceTime {
    /// The law.
    pub distribution: Distribution,
    /// The part that every op takes.
    pub base_ns: Nanos,
    /// What each byte of payload adds, ns.
    pub per_byte_ns: f64,
}

/// One class of slices.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassConfig {
    /// Parallel servers.
    pub slices: u32,
    /// Service time of the class's ops.
    pub service: ServiceTime,
    /// Service times of single kinds of op, where they differ from the class's.
    pub service_by_op: Vec<(OpKind, ServiceTime)>,
    /// Ops waiting plus in service that the class takes; `None` = bounded by the queues' limits alone.
    pub queue_depth: Option<u32>,
}

/// The way between host and device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LinkConfig {
    /// Latency of a descriptor on its way to the device.
    pub to_device_ns: Nanos,
    /// Latency of a completion on its way home.
    pub to_host_ns: Nanos,
    /// Bytes per second each way, shared by all queues, first come first served; `None` = unlimited.
    pub bandwidth_bytes_per_s: Option<u64>,
}

/// The whole model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// Slices for public-key ops.
    pub asymmetric: ClassConfig,
    /// Slices for cipher ops.
    pub symmetric: ClassConfig,
    /// The way there and back.
    pub link: LinkConfig,
    /// Ops that the device accepts from one queue and has not completed.
    pub in_flight_limit: u32,
}

/// One op as the model sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it is; says the class and the service time.
    pub kind: OpKind,
    /// Payload bytes to the device (they cross the link and count for `per_byte`).
    pub bytes_in: u32,
    /// Payload bytes home.
    pub bytes_out: u32,
    /// When the submitter wrote the descriptor, already clamped to what is plausible by the driver.
    pub submitted_ns: Nanos,
    /// The driver's own name for the op; comes back in [`Done`].
    pub token: u32,
}

/// An op that has left its slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The driver's name for the op.
    pub token: u32,
    /// Its queue.
    pub queue: QueueId,
    /// When the device had the descriptor and its payload (link included).
    pub fetched_ns: Nanos,
    /// When a slice began.
    pub started_ns: Nanos,
    /// When the slice was done.
    pub done_ns: Nanos,
    /// When the completion is at the host (link home and bandwidth included).
    pub visible_ns: Nanos,
}

/// Why the model takes no op now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// The queue has `in_flight_limit` ops in the device.
    InFlightLimit,
    /// The class has `queue_depth` ops waiting or in service.
    QueueDepth(Class),
}

/// The state of the device.
#[derive(Debug)]
pub struct Model {}

impl Model {
    /// An idle device with `queues` queues.
    #[must_use]
    pub fn new(config: ModelConfig, seed: Seed, queues: u32) -> Self {
        let _ = (config, seed, queues);
        unimplemented!("written on the model branch")
    }

    /// Adds a queue and says its name.
    pub fn add_queue(&mut self) -> QueueId {
        unimplemented!("written on the model branch")
    }

    /// Takes an op at `now`.
    ///
    /// # Errors
    /// [`NoRoom`] says which limit is reached; the model is unchanged.
    pub fn submit(&mut self, now: Nanos, queue: QueueId, request: Request) -> Result<(), NoRoom> {
        let _ = (now, queue, request);
        unimplemented!("written on the model branch")
    }

    /// Whether `queue` could take an op of `class` now.
    #[must_use]
    pub fn room(&self, queue: QueueId, class: Class) -> Option<NoRoom> {
        let _ = (queue, class);
        unimplemented!("written on the model branch")
    }

    /// When something will next happen ([`Done::visible_ns`] of the next op), if ever.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Nanos> {
        unimplemented!("written on the model branch")
    }

    /// Lets time pass to `now`: every op visible by then goes to `sink`, in order of `visible_ns`,
    /// ties in order of submission.
    pub fn advance(&mut self, now: Nanos, sink: &mut impl FnMut(Done)) {
        let _ = (now, sink);
        unimplemented!("written on the model branch")
    }
}

/// When the completion eventfd is signalled: after `count` completions, or `time_ns` after the
/// first unsignalled one, whichever comes first. `count` 1 signals each at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoalesceConfig {
    /// Completions to gather.
    pub count: u32,
    /// How long the first one may wait.
    pub time_ns: Nanos,
}

/// Interrupt coalescing of one queue. Delays the signal alone: completions are visible before it.
#[derive(Debug)]
pub struct Coalescer {}

impl Coalescer {
    /// Nothing gathered yet.
    #[must_use]
    pub fn new(config: CoalesceConfig) -> Self {
        let _ = config;
        unimplemented!("written on the model branch")
    }

    /// A completion was published at `now`; `true`: signal now (and everything gathered is signalled).
    pub fn completed(&mut self, now: Nanos) -> bool {
        let _ = now;
        unimplemented!("written on the model branch")
    }

    /// When the gathered completions must be signalled, if there are any.
    #[must_use]
    pub fn deadline(&self) -> Option<Nanos> {
        unimplemented!("written on the model branch")
    }

    /// Time has come to `now`; `true`: the deadline has passed, signal now.
    pub fn expired(&mut self, now: Nanos) -> bool {
        let _ = now;
        unimplemented!("written on the model branch")
    }
}
