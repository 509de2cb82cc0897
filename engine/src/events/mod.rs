//! The one event log: what happened, when, to which op and job.
//!
//! Every crate says what it does in typed events: `jobs` by its observer, the device by its own,
//! the engine here. An engine's [`Observer`] gets the engine's events and those of the jobs of its
//! thread, with their time; a device tells its [`DeviceObserver`], because it may live on another
//! thread. A log that is both has everything, with the device's as [`Event::Device`]; the numbered
//! story and the reports are views of such a log. Besides, engine and device keep plain counters
//! ([`EngineStats`](crate::EngineStats), [`DeviceStats`](pausewake_device::DeviceStats)), which cost
//! less than a log. An engine without an observer pays one branch per event.

mod moments;

pub use moments::{Moments, Stage, Stages};
pub use pausewake_device::{DeviceEvent, DeviceObserver};
pub use pausewake_jobs::{JobEvent, JobId};

use pausewake_device::Nanos;
use pausewake_device::protocol::{Cookie, OpKind, Status};

/// Something that happened at a known time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A job changed its state.
    Job(JobEvent),
    /// The device did something. Put in by a log that observes the device, too; the engine does not
    /// hear of it.
    Device(DeviceEvent),
    /// An op wanted to start and found no free slot or a full ring; it waits its turn.
    Full {
        /// The job that waits, unless the call is synchronous.
        job: Option<JobId>,
        /// Ops that wait, this one included.
        waiting: u32,
    },
    /// An op was granted a slot, and its descriptor stands in the submission ring.
    Submitted {
        /// The op.
        op: Cookie,
        /// The job that called, unless the call is synchronous.
        job: Option<JobId>,
        /// What was asked.
        kind: OpKind,
        /// Bytes that went into the slot.
        bytes: u32,
    },
    /// The submission ring's tail was published.
    Doorbell {
        /// Descriptors that became visible by it.
        entries: u32,
        /// Whether the device slept and was woken by its eventfd.
        woke: bool,
    },
    /// The completion was taken from the ring and matched to its slot.
    Known {
        /// The op.
        op: Cookie,
        /// How it ended.
        status: Status,
    },
    /// The op's job was told.
    Notify {
        /// The op.
        op: Cookie,
        /// The job.
        job: Option<JobId>,
        /// By what.
        by: NotifiedBy,
    },
    /// A completion named a slot or a generation that is not in flight; it was dropped.
    Orphan {
        /// What it named.
        op: Cookie,
    },
    /// A job was resumed before its op had completed, and pauses again.
    Spurious {
        /// The op.
        op: Cookie,
        /// The job.
        job: JobId,
    },
    /// Nobody waits for the op any more; its slot is freed when the device answers.
    Abandoned {
        /// The op.
        op: Cookie,
    },
    /// The call's time was up before the device had answered. The slot is kept until it does.
    TimedOut {
        /// The op.
        op: Cookie,
        /// The job, unless the call was synchronous.
        job: Option<JobId>,
    },
    /// An operation is computed in software.
    Software {
        /// The job that called, unless the call is synchronous.
        job: Option<JobId>,
        /// What was asked.
        kind: OpKind,
        /// Why.
        why: WhySoftware,
    },
    /// Completions lie in the ring, and nobody takes them: nobody polls.
    NobodyPolls {
        /// For how long, at least.
        unread_for_ns: Nanos,
    },
    /// The call returned to its caller.
    Returned(Returned),
}

/// An op's whole life, told when its call returns.
#[derive(Clone, Copy, Debug)]
pub struct Returned {
    /// The op.
    pub op: Cookie,
    /// The job that called, unless the call was synchronous.
    pub job: Option<JobId>,
    /// What was asked.
    pub kind: OpKind,
    /// How it ended.
    pub status: Status,
    /// Bytes that came out.
    pub output_len: u32,
    /// How long it waited for a slice, as the device modelled it; part of `fetched → done`.
    pub queue_ns: Nanos,
    /// Whether it waited or was served for longer than a completion can say (78 h): `queue_ns` is
    /// then a lower bound, and the moment `fetched` a guess.
    pub is_saturated: bool,
    /// Whether the CPU, not the model, decided when it was done.
    pub compute_bound: bool,
    /// When everything happened.
    pub moments: Moments,
}

/// How a job learned of its completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotifiedBy {
    /// The wait context's callback was called.
    Callback,
    /// The wait context's eventfd was written.
    Fd,
    /// Nothing: the job is resumed now and then, and looks.
    Nobody,
    /// Nothing: the caller waits in place and looks for itself.
    InPlace,
}

/// Why an operation was computed in software.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WhySoftware {
    /// Its input is below the threshold.
    Small,
    /// There was no room.
    Full,
    /// The device failed it, is down, or did not answer in time.
    DeviceError,
}

/// Gets every event of an engine and of the jobs of its thread, in order, on that thread.
pub trait Observer {
    /// `event` happened at `at` on the device's clock.
    ///
    /// Called with nothing of the engine borrowed, from the middle of a call: it must not call the
    /// engine, and should be quick.
    fn event(&self, at: Nanos, event: &Event);

    /// Whether it wants to be told of each pause and each resume of a job too, and not only of how jobs
    /// begin and end ([`JobEvent::is_switch`]). Asked once, when an engine is made with it: who does not
    /// is never called for them.
    fn hears_pauses(&self) -> bool {
        true
    }
}
