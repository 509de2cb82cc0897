//! The manual driver: a test decides what completes, when, and how.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::compute::{Vault, WorkItem};
use crate::driver::clock::Clock;
use crate::driver::front::{Accepted, Front};
use crate::driver::pending::{Held, NotPending, PendingId, PendingOp, Progress};
use crate::driver::port::Link;
use crate::events::DeviceEvent;
use crate::model::QueueId;
use crate::protocol::{Completion, Status};
use crate::ring::DeviceSide;
use crate::stats::DeviceStats;
use crate::time::Nanos;

pub(crate) struct ManualDriver {
    core: Mutex<ManualCore>,
    clock: Clock,
}

struct ManualCore {
    front: Front,
    vault: Arc<dyn Vault>,
    pending: BTreeMap<PendingId, Held>,
    /// Ops that only a reset answers. Each keeps its place in flight, so its queue stays too.
    lost: BTreeMap<PendingId, Held>,
    next_id: u64,
    next_queue: u32,
}

impl ManualDriver {
    pub(crate) fn new(front: Front, vault: Arc<dyn Vault>, clock: Clock) -> Self {
        Self {
            core: Mutex::new(ManualCore {
                front,
                vault,
                pending: BTreeMap::new(),
                lost: BTreeMap::new(),
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

    pub(crate) fn restart_stats(&self, from: Nanos) {
        self.core().front.restart_stats(from);
    }

    pub(crate) fn fetch(&self) {
        self.with_core(|core| core.fetch(&self.clock));
    }

    pub(crate) fn pending(&self) -> Vec<PendingOp> {
        self.with_core(|core| {
            core.fetch(&self.clock);
            core.pending.values().map(Held::shown).collect()
        })
    }

    pub(crate) fn lost(&self) -> usize {
        self.core().lost.len()
    }

    pub(crate) fn finish(&self, id: PendingId, status: Status) -> Result<(), NotPending> {
        self.with_core(|core| core.finish(id, status, self.clock.now()))
    }

    pub(crate) fn publish(&self, id: PendingId) -> Result<(), NotPending> {
        self.with_core(|core| {
            core.publish(id, self.clock.now())?;
            // There is room for one more now.
            core.fetch(&self.clock);
            Ok(())
        })
    }

    pub(crate) fn complete(&self, id: PendingId, status: Status) -> Result<(), NotPending> {
        self.with_core(|core| {
            let now = self.clock.now();
            core.finish(id, status, now)?;
            core.publish(id, now)?;
            core.fetch(&self.clock);
            Ok(())
        })
    }

    pub(crate) fn lose(&self, id: PendingId) -> Result<(), NotPending> {
        self.with_core(|core| core.lose(id, self.clock.now()))
    }

    pub(crate) fn reset(&self) {
        self.with_core(|core| {
            core.reset(self.clock.now());
            core.fetch(&self.clock);
        });
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.with_core(|core| {
            core.set_down(down, self.clock.now());
            core.fetch(&self.clock);
        });
    }

    pub(crate) fn is_down(&self) -> bool {
        self.core().front.down
    }

    pub(crate) fn signal(&self, queue: QueueId) {
        let now = self.clock.now();
        self.with_core(|core| core.front.signal(queue, now));
    }

    pub(crate) fn forge(&self, queue: QueueId, completion: Completion) {
        let now = self.clock.now();
        self.with_core(|core| core.front.publish(queue, completion, now));
    }

    /// Moves the clock on, and gives the signals that fall due on the way.
    pub(crate) fn advance(&self, span: Nanos) {
        self.with_core(|_| {
            let now = self.clock.now() + span;
            self.clock.move_to(now);
        });
    }

    /// Works on the device, and passes on what its observer panicked with.
    fn with_core<T>(&self, work: impl FnOnce(&mut ManualCore) -> T) -> T {
        let mut core = self.core();
        let done = work(&mut core);
        core.front.signal_due(self.clock.now());
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
            let fetched_before = self.front.stats.fetched;
            loop {
                let mut item = Box::default();
                let Some(accepted) = self.front.next(queue, now, &mut item, |_| true) else {
                    break;
                };
                self.hold(queue, &accepted, item, now);
            }
            self.front.signal_room(queue, fetched_before);
        }
    }

    fn hold(&mut self, queue: QueueId, accepted: &Accepted, item: Box<WorkItem>, now: Nanos) {
        let id = PendingId(self.next_id);
        self.next_id += 1;
        let class = accepted.kind.class();
        self.front.stats.classes.class_mut(class).accepted(0);
        self.pending
            .insert(id, Held::new(id, queue, accepted, item, now));
    }

    fn finish(&mut self, id: PendingId, status: Status, now: Nanos) -> Result<(), NotPending> {
        let held = self.pending.get_mut(&id).ok_or(NotPending)?;
        if held.is_finished() {
            return Err(NotPending);
        }
        let result = if status == Status::Ok {
            held.item.execute(&*self.vault)
        } else {
            Err(status)
        };
        held.progress = Progress::Finished(held.completion(result, now));
        Ok(())
    }

    fn publish(&mut self, id: PendingId, now: Nanos) -> Result<(), NotPending> {
        let Entry::Occupied(entry) = self.pending.entry(id) else {
            return Err(NotPending);
        };
        let Progress::Finished(completion) = entry.get().progress else {
            return Err(NotPending);
        };
        let held = entry.remove();
        self.answer(held, completion, now);
        Ok(())
    }

    fn lose(&mut self, id: PendingId, now: Nanos) -> Result<(), NotPending> {
        let held = self.pending.remove(&id).ok_or(NotPending)?;
        let (queue, op) = (held.queue, held.op);
        self.lost.insert(id, held);
        let lost = DeviceEvent::Lost { queue, op };
        self.front.telling.tell(now, &lost);
        Ok(())
    }

    /// Fails all that the device holds. Ids grow from fetch to fetch, so their order is the ops'.
    fn reset(&mut self, now: Nanos) {
        let mut all = std::mem::take(&mut self.pending);
        all.append(&mut self.lost);
        let held = u32::try_from(all.len()).unwrap_or(u32::MAX);
        self.front.telling.tell(now, &DeviceEvent::Reset { held });
        for mut held in all.into_values() {
            // A result that was computed and not published is not to be seen.
            held.item.wipe();
            let completion = held.completion(Err(Status::DeviceError), now);
            self.answer(held, completion, now);
        }
    }

    fn answer(&mut self, mut held: Held, completion: Completion, now: Nanos) {
        let stats = self.front.stats.classes.class_mut(held.class());
        stats.handed_out(held.fetched_ns, held.fetched_ns, completion.done_ns);
        self.front
            .answer(held.queue, held.slot, completion, &mut held.item, now);
    }

    fn set_down(&mut self, down: bool, now: Nanos) {
        if self.front.down == down {
            return;
        }
        self.front.down = down;
        let event = if down {
            DeviceEvent::Down
        } else {
            DeviceEvent::Up
        };
        self.front.telling.tell(now, &event);
    }
}
