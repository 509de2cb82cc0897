//! One op on its way into the model and out of it.

use crate::keys::KeyId;
use crate::protocol::{Class, OpKind, Scheme};
use crate::time::Nanos;

/// Index of a queue pair of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(pub u32);

impl QueueId {
    /// The queue as an array index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One op as the model sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it is; says the class and the service time.
    pub kind: OpKind,
    /// How it is padded and hashed, and by which curve: may have a service time of its own.
    pub scheme: Scheme,
    /// Bits of the RSA key's modulus, as far as they are known (0: they are not), which count for the
    /// service time; of no meaning for other ops.
    pub modulus_bits: u32,
    /// With which key, for a limit of each key; of no meaning for a task.
    pub key: KeyId,
    /// Payload bytes to the device (they cross the link and count for `per_byte`).
    pub bytes_in: u32,
    /// Payload bytes home.
    pub bytes_out: u32,
    /// When the submitter wrote the descriptor, already clamped to what is plausible by the driver:
    /// not after its look at the clock, and not before the last look at which it found the ring
    /// empty (see [the module's page](super#a-late-look)).
    pub submitted_ns: Nanos,
    /// The driver's own name for the op; comes back in [`Done`].
    pub token: u32,
}

/// An op that has left its slice. Its moments are in order: fetched, started, done, visible.
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
    /// The queue has `in_flight_limit` ops in the device. (A queue that was never added has no
    /// room either.)
    InFlightLimit,
    /// The class has `queue_depth` ops waiting or in service.
    QueueDepth(Class),
}
