//! The ops that a manual device holds.

use crate::compute::WorkItem;
use crate::driver::front::Accepted;
use crate::model::QueueId;
use crate::protocol::{Class, Completion, CompletionFlags, Cookie, OpKind, Status};
use crate::time::Nanos;

/// Names an op that a manual device holds; never used twice, and grows from fetch to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PendingId(pub(super) u64);

/// An op that a manual device holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingOp {
    /// Its name, for [`Manual::complete`](crate::Manual::complete) and its like.
    pub id: PendingId,
    /// The queue that it came from.
    pub queue: QueueId,
    /// What its completion will name.
    pub op: Cookie,
    /// What it asks.
    pub kind: OpKind,
    /// When the device took it.
    pub fetched_ns: Nanos,
    /// How far it is.
    pub state: PendingState,
}

/// How far a pending op is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PendingState {
    /// It can be finished, completed or lost.
    InService,
    /// It is done, and nobody can see that yet: it can be published or lost.
    Finished,
}

/// *Misuse*: no pending op of that name is where this needs it to be. It was never pending, was
/// published, lost or reset; or it is finished and cannot be finished again, or it is not finished
/// and cannot be published. [`Manual::pending`](crate::Manual::pending) tells which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no op with this id is pending in the state that this needs; an op is finished once, then \
     published once, unless it is lost or reset: see what pending() lists"
)]
pub struct NotPending;

/// An op between fetch and answer.
pub(super) struct Held {
    id: PendingId,
    pub(super) queue: QueueId,
    pub(super) op: Cookie,
    pub(super) slot: u32,
    pub(super) item: Box<WorkItem>,
    pub(super) progress: Progress,
    pub(super) fetched_ns: Nanos,
    kind: OpKind,
}

/// How far an op is, and what it will be answered with.
#[derive(Clone, Copy)]
pub(super) enum Progress {
    InService,
    Finished(Completion),
}

impl Held {
    pub(super) fn new(
        id: PendingId,
        queue: QueueId,
        accepted: &Accepted,
        item: Box<WorkItem>,
        now: Nanos,
    ) -> Self {
        Self {
            id,
            queue,
            op: accepted.cookie,
            slot: accepted.slot,
            item,
            progress: Progress::InService,
            kind: accepted.kind,
            fetched_ns: now,
        }
    }

    pub(super) fn class(&self) -> Class {
        self.kind.class()
    }

    pub(super) fn is_finished(&self) -> bool {
        matches!(self.progress, Progress::Finished(_))
    }

    /// The op as a test sees it.
    pub(super) fn shown(&self) -> PendingOp {
        PendingOp {
            id: self.id,
            queue: self.queue,
            op: self.op,
            kind: self.kind,
            fetched_ns: self.fetched_ns,
            state: match self.progress {
                Progress::InService => PendingState::InService,
                Progress::Finished(_) => PendingState::Finished,
            },
        }
    }

    /// The answer of an op that is done at `now`.
    pub(super) fn completion(&self, result: Result<usize, Status>, now: Nanos) -> Completion {
        let (status, output_len) = match result {
            Ok(len) => (Status::Ok, u32::try_from(len).unwrap_or(u32::MAX)),
            Err(status) => (status, 0),
        };
        Completion {
            cookie: self.op,
            status,
            flags: CompletionFlags::default(),
            output_len,
            done_ns: now,
            queue_ns: Nanos::ZERO,
            service_ns: now - self.fetched_ns,
        }
    }
}
