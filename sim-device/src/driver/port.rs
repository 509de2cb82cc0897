//! The device's end of one queue pair.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::compute::Task;
use crate::model::{CoalesceConfig, Coalescer, QueueId};
use crate::protocol::{Completion, Descriptor};
use crate::ring::DeviceSide;
use crate::stats::DeviceStats;
use crate::time::Nanos;

/// What host and device share of a queue pair beside its memory.
pub(crate) struct Link {
    /// The host has dropped its end; what is in flight ends unheard.
    host_gone: AtomicBool,
    /// Completion signals that the device has given, armed or not.
    signals: AtomicU64,
    /// Closures for [`OpKind::Task`](crate::protocol::OpKind::Task), by slot.
    tasks: Mutex<Vec<Option<Task>>>,
}

impl Link {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            host_gone: AtomicBool::new(false),
            signals: AtomicU64::new(0),
            tasks: Mutex::default(),
        })
    }

    pub(crate) fn hang_up(&self) {
        self.host_gone.store(true, Ordering::Release);
    }

    pub(crate) fn host_gone(&self) -> bool {
        self.host_gone.load(Ordering::Acquire)
    }

    pub(crate) fn signals(&self) -> u64 {
        self.signals.load(Ordering::Acquire)
    }

    /// Attaches a closure to a slot, in place of any that stands there.
    pub(crate) fn attach_task(&self, slot: u32, task: Task) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let index = slot as usize;
        if tasks.len() <= index {
            tasks.resize_with(index + 1, || None);
        }
        tasks[index] = Some(task);
    }

    pub(crate) fn take_task(&self, slot: u32) -> Option<Task> {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.get_mut(slot as usize)?.take()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("host_gone", &self.host_gone())
            .field("signals", &self.signals())
            .finish_non_exhaustive()
    }
}

/// One queue, seen from the device.
pub(crate) struct Port {
    pub(crate) side: DeviceSide,
    pub(crate) link: Arc<Link>,
    coalescer: Coalescer,
    /// Ops accepted and not completed.
    pub(crate) in_flight: u32,
    /// When the submission ring was last seen empty: an entry found later was not there before.
    seen_empty_ns: Nanos,
}

impl Port {
    pub(crate) fn new(side: DeviceSide, link: Arc<Link>, coalesce: CoalesceConfig) -> Self {
        Self {
            side,
            link,
            coalescer: Coalescer::new(coalesce),
            in_flight: 0,
            seen_empty_ns: Nanos::ZERO,
        }
    }

    /// The next descriptor that is visible and that the completion ring has room to answer.
    pub(crate) fn peek(&mut self) -> Option<Descriptor> {
        // Unread completions and ops in flight both need their entry in the ring.
        if self.side.completions.free() <= self.in_flight {
            return None;
        }
        self.side.submissions.peek()
    }

    /// Entries visible now; `now` must have been read *before* this look for the note to hold.
    pub(crate) fn look(&mut self, now: Nanos) -> u32 {
        let available = self.side.submissions.available();
        if available == 0 {
            self.seen_empty_ns = now;
        }
        available
    }

    /// The submit time that a descriptor claims, held to what can be: not before the ring was last
    /// seen empty, and not in the future.
    pub(crate) fn plausible(&self, submitted_ns: Nanos, now: Nanos) -> Nanos {
        submitted_ns.max(self.seen_empty_ns).min(now)
    }

    /// Puts a completion into the ring, and gives the signal unless coalescing holds it back.
    pub(crate) fn complete(
        &mut self,
        now: Nanos,
        completion: Completion,
        stats: &mut DeviceStats,
    ) -> Published {
        if self.link.host_gone() {
            return Published::Unheard;
        }
        if self.side.completions.push(completion).is_err() {
            stats.lost_to_forgery += 1;
            return Published::Unheard;
        }
        stats.completed += 1;
        if self.coalescer.completed(now) {
            self.signal(stats)
        } else {
            Published::Coalesced
        }
    }

    /// Gives the held-back signal if its time has come.
    pub(crate) fn signal_if_due(
        &mut self,
        now: Nanos,
        stats: &mut DeviceStats,
    ) -> Option<Published> {
        self.coalescer.expired(now).then(|| self.signal(stats))
    }

    pub(crate) fn signal_deadline(&self) -> Option<Nanos> {
        self.coalescer.deadline()
    }

    fn signal(&self, stats: &mut DeviceStats) -> Published {
        self.link.signals.fetch_add(1, Ordering::Release);
        let woke = self.side.completion_signal.ring();
        stats.signals += 1;
        stats.signals_written += u64::from(woke);
        Published::Signalled { woke }
    }
}

/// What became of a completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Published {
    /// In the ring, and signalled.
    Signalled { woke: bool },
    /// In the ring; the signal waits.
    Coalesced,
    /// Nobody is there to hear it.
    Unheard,
}

/// The ports of a device. A place is used again once its queue is closed and drained.
#[derive(Default)]
pub(crate) struct Ports {
    by_id: Vec<Option<Port>>,
}

impl Ports {
    pub(crate) fn insert(&mut self, queue: QueueId, port: Port) {
        let index = queue.0 as usize;
        if self.by_id.len() <= index {
            self.by_id.resize_with(index + 1, || None);
        }
        self.by_id[index] = Some(port);
    }

    pub(crate) fn get(&mut self, queue: QueueId) -> Option<&mut Port> {
        self.by_id.get_mut(queue.0 as usize)?.as_mut()
    }

    pub(crate) fn remove(&mut self, queue: QueueId) {
        if let Some(place) = self.by_id.get_mut(queue.0 as usize) {
            *place = None;
        }
    }

    /// Every id that may name a port.
    pub(crate) fn ids(&self) -> impl Iterator<Item = QueueId> + use<> {
        (0..u32::try_from(self.by_id.len()).unwrap_or(u32::MAX)).map(QueueId)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Port> {
        self.by_id.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (QueueId, &mut Port)> {
        (0..)
            .zip(&mut self.by_id)
            .filter_map(|(index, port)| Some((QueueId(index), port.as_mut()?)))
    }
}
