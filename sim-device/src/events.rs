//! What the device tells of itself.

use crate::model::QueueId;
use crate::protocol::{Cookie, OpKind, Status};
use crate::time::Nanos;

/// Something that the device did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceEvent {
    /// A descriptor was taken from the submission ring and accepted.
    Fetched {
        /// Where from.
        queue: QueueId,
        /// Whose.
        op: Cookie,
        /// What it asks.
        kind: OpKind,
    },
    /// A descriptor was taken from the submission ring and refused.
    Refused {
        /// Where from.
        queue: QueueId,
        /// Whose, if it is anybody's.
        op: Cookie,
        /// Why.
        status: Status,
    },
    /// A slice finished an op. Told when its completion is published, with the time of the slice.
    Done {
        /// Where it goes.
        queue: QueueId,
        /// Whose.
        op: Cookie,
        /// How it ended.
        status: Status,
        /// How long it waited for a slice.
        queue_ns: Nanos,
        /// How long the slice worked.
        service_ns: Nanos,
        /// When the slice was done.
        done_ns: Nanos,
    },
    /// A completion was published, and the signal for it waits for more or for time.
    Coalesced {
        /// Where.
        queue: QueueId,
    },
    /// The completion signal was given.
    Signalled {
        /// Where.
        queue: QueueId,
        /// Whether the host slept: only then its eventfd was written.
        woke: bool,
    },
    /// The device went down: until it is up again it answers every descriptor with
    /// [`Status::DeviceDown`].
    Down,
    /// The device came up again.
    Up,
    /// The device forgot to answer an op; a reset answers it.
    Lost {
        /// Where it came from.
        queue: QueueId,
        /// Whose.
        op: Cookie,
    },
    /// The device was reset. Every op that it held is answered next, as [`Status::DeviceError`].
    Reset {
        /// How many ops it held, lost ones included.
        held: u32,
    },
}

/// Gets every event of a device, with its time on the device's clock.
///
/// Called from the device's own thread under the thread driver, from the caller's under the others.
/// It is called from the middle of the device's work: it must not call the device, and should be
/// quick. An observer that panics is told nothing more; the device goes on, and where it works in
/// the caller's thread, the panic comes out of the call when the work is done.
pub trait DeviceObserver: Send + Sync {
    /// `event` happened at `at`.
    fn device_event(&self, at: Nanos, event: &DeviceEvent);
}
