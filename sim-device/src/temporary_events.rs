//! TEMPORARY: only what the command line program needs to compile.

use crate::Nanos;
use crate::model::QueueId;
use crate::protocol::{Cookie, OpKind, Status};

/// The device did something.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DeviceEvent {
    /// A descriptor and its payload arrived.
    Fetched {
        /// Through which queue.
        queue: QueueId,
        /// The op.
        op: Cookie,
        /// What it asks.
        kind: OpKind,
    },
    /// A slice was done with it.
    Done {
        /// Through which queue.
        queue: QueueId,
        /// The op.
        op: Cookie,
        /// How it ended.
        status: Status,
    },
    /// The completion eventfd was written.
    Signalled {
        /// Whose.
        queue: QueueId,
        /// For how many completions.
        completions: u32,
    },
}

/// Gets the device's events.
pub trait DeviceObserver: Send + Sync {
    /// `event` happened at `at`.
    fn device_event(&self, at: Nanos, event: &DeviceEvent);
}
