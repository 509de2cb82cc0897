//! The manual driver: a test decides what completes, when, and how.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::compute::{Vault, WorkItem};
use crate::driver::clock::Clock;
use crate::driver::executor::execute;
use crate::driver::front::{Accepted, Front};
use crate::driver::port::Link;
use crate::model::QueueId;
use crate::protocol::{Completion, CompletionFlags, Cookie, OpKind, Status};
use crate::ring::DeviceSide;
use crate::stats::DeviceStats;
use crate::time::Nanos;

/// Names an op that a manual device holds; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PendingId(u64);

/// An op that a manual device holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingOp {
    /// Its name, for [`Manual::complete`](crate::Manual::complete).
    pub id: PendingId,
    /// The queue that it came from.
    pub queue: QueueId,
    /// What its completion will name.
    pub op: Cookie,
    /// What it asks.
    pub kind: OpKind,
    /// When the device took it.
    pub fetched_ns: Nanos,
}

/// No op of that name is pending: it was completed already, or never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no op with this id is pending; an op can be completed once")]
pub struct NotPending;

pub(crate) struct ManualDriver {
    core: Mutex<ManualCore>,
    clock: Clock,
}

struct ManualCore {
    front: Front,
    vault: Arc<dyn Vault>,
    pending: BTreeMap<PendingId, Held>,
    next_id: u64,
    next_queue: u32,
}

struct Held {
    op: PendingOp,
    slot: u32,
    item: WorkItem,
}

impl ManualDriver {
    pub(crate) fn new(front: Front, vault: Arc<dyn Vault>, clock: Clock) -> Self {
        Self {
            core: Mutex::new(ManualCore {
                front,
                vault,
                pending: BTreeMap::new(),
                next_id: 0,
                next_queue: 0,
            }),
            clock,
        }
    }

    pub(crate) fn open(&self, side: DeviceSide, link: Arc<Link>) -> QueueId {
        let mut core = self.core();
        let queue = core.front.ports.vacant().unwrap_or_else(|| {
            let unused = QueueId(core.next_queue);
            core.next_queue += 1;
            unused
        });
        core.front.add_queue(queue, side, link);
        queue
    }

    pub(crate) fn stats(&self) -> DeviceStats {
        self.core().front.stats()
    }

    pub(crate) fn fetch(&self) {
        self.with_core(|core| core.fetch(&self.clock));
    }

    pub(crate) fn pending(&self) -> Vec<PendingOp> {
        self.with_core(|core| {
            core.fetch(&self.clock);
            core.pending.values().map(|held| held.op).collect()
        })
    }

    pub(crate) fn complete(&self, id: PendingId, status: Status) -> Result<(), NotPending> {
        self.with_core(|core| {
            core.complete(id, status, self.clock.now())?;
            // There is room for one more now.
            core.fetch(&self.clock);
            Ok(())
        })
    }

    pub(crate) fn forge(&self, queue: QueueId, completion: Completion) {
        let now = self.clock.now();
        self.with_core(|core| core.front.publish(queue, completion, now));
    }

    /// Moves the clock on, and gives the signals that fall due on the way.
    pub(crate) fn advance(&self, span: Nanos) {
        self.with_core(|core| {
            let now = self.clock.now() + span;
            self.clock.move_to(now);
            core.front.signal_due(now);
        });
    }

    /// Works on the device, and passes on what its observer panicked with.
    fn with_core<T>(&self, work: impl FnOnce(&mut ManualCore) -> T) -> T {
        let mut core = self.core();
        let done = work(&mut core);
        let panic = core.front.telling.take_panic();
        drop(core);
        panic.pass_on();
        done
    }

    fn core(&self) -> MutexGuard<'_, ManualCore> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ManualCore {
    fn fetch(&mut self, clock: &Clock) {
        for queue in self.front.ports.ids_from(QueueId(0)) {
            let Some(now) = self.front.look(queue, clock) else {
                continue;
            };
            while let Some(accepted) = self.front.next(queue, now, |_| true) {
                self.hold(accepted, now);
            }
        }
    }

    fn hold(&mut self, accepted: Accepted, now: Nanos) {
        let id = PendingId(self.next_id);
        self.next_id += 1;
        let op = PendingOp {
            id,
            queue: accepted.queue,
            op: accepted.descriptor.cookie,
            kind: accepted.checked.kind,
            fetched_ns: now,
        };
        let held = Held {
            op,
            slot: accepted.descriptor.slot,
            item: accepted.item,
        };
        self.pending.insert(id, held);
    }

    fn complete(&mut self, id: PendingId, status: Status, now: Nanos) -> Result<(), NotPending> {
        let held = self.pending.remove(&id).ok_or(NotPending)?;
        let (result, item) = if status == Status::Ok {
            let finished = execute(held.item, &*self.vault);
            (finished.result, finished.item)
        } else {
            (Err(status), held.item)
        };
        let (status, output_len) = match result {
            Ok(len) => (Status::Ok, u32::try_from(len).unwrap_or(u32::MAX)),
            Err(status) => (status, 0),
        };
        let completion = Completion {
            cookie: held.op.op,
            status,
            flags: CompletionFlags::default(),
            output_len,
            done_ns: now,
            queue_ns: 0,
            service_ns: (now - held.op.fetched_ns).saturating_u32(),
        };
        self.front
            .answer(held.op.queue, held.slot, completion, item, now);
        Ok(())
    }
}
