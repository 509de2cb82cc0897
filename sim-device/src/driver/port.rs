//! The device's end of one queue pair.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::compute::{Task, discard};
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
    /// When the host last rang the doorbell, where it may be ahead of the device's clock: under
    /// virtual time. No descriptor was shown later, whatever its stamp says.
    rung_ns: AtomicU64,
    /// Closures for [`OpKind::Task`](crate::protocol::OpKind::Task), by slot.
    tasks: Mutex<Vec<Option<Task>>>,
}

impl Link {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            host_gone: AtomicBool::new(false),
            signals: AtomicU64::new(0),
            rung_ns: AtomicU64::new(0),
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

    /// One more signal. The device is the only one that counts them.
    fn count_signal(&self) {
        let signals = self.signals.load(Ordering::Relaxed) + 1;
        self.signals.store(signals, Ordering::Release);
    }

    /// The host shows its descriptors at `at`, which may be ahead of the device's clock.
    pub(crate) fn ring_at(&self, at: Nanos) {
        self.rung_ns.store(at.get(), Ordering::Release);
    }

    fn rung_ns(&self) -> Nanos {
        Nanos::new(self.rung_ns.load(Ordering::Acquire))
    }

    /// Attaches a closure to a slot, in place of any that stands there. The slot must exist: there
    /// is a place for each one below it.
    pub(crate) fn attach_task(&self, slot: u32, task: Task) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let index = slot as usize;
        if tasks.len() <= index {
            tasks.resize_with(index + 1, || None);
        }
        let replaced = tasks[index].replace(task);
        // What a closure owns is dropped with nothing locked.
        drop(tasks);
        drop(replaced);
    }

    /// Drops what was attached and never run. What it owns may panic when dropped; that stops here.
    pub(crate) fn drop_tasks(&self) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let never_run = std::mem::take(&mut *tasks);
        drop(tasks);
        for task in never_run {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(task))) {
                discard(panic);
            }
        }
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
    /// Coalescing holds the signal back no longer: it is given when the turn's completions are all in
    /// the ring, once for all of them.
    is_signal_due: bool,
    /// Ops accepted and not completed.
    pub(crate) in_flight: u32,
    /// When the submission ring was last looked at.
    looked_ns: Nanos,
    /// No entry that is visible now was there before this time: at the look of that time, the ring
    /// held nothing that has not been fetched since.
    earliest_ns: Nanos,
    /// When the host shows the next descriptor, if that lies ahead; else never ([`Nanos::MAX`]).
    ahead_ns: Nanos,
}

impl Port {
    pub(crate) fn new(side: DeviceSide, link: Arc<Link>, coalesce: CoalesceConfig) -> Self {
        Self {
            side,
            link,
            coalescer: Coalescer::new(coalesce),
            is_signal_due: false,
            in_flight: 0,
            looked_ns: Nanos::ZERO,
            earliest_ns: Nanos::ZERO,
            ahead_ns: Nanos::MAX,
        }
    }

    /// Whether nobody needs the queue any more: its host has gone, and its ops are all done.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.in_flight == 0 && self.link.host_gone()
    }

    /// The next descriptor that is visible and that the completion ring has room to answer.
    pub(crate) fn peek(&mut self) -> Option<Descriptor> {
        // Unread completions and ops in flight both need their entry in the ring.
        if !self.side.completions.has_room_beyond(self.in_flight) {
            return None;
        }
        self.side.submissions.peek()
    }

    /// Entries visible now; `now` must have been read *before* this look for the note to hold.
    pub(crate) fn look(&mut self, now: Nanos) -> u32 {
        if self.side.submissions.peek().is_none() {
            // All that the last look saw is fetched, so whatever this one sees came after it.
            self.earliest_ns = self.looked_ns;
        }
        self.looked_ns = now;
        self.ahead_ns = Nanos::MAX;
        self.side.submissions.available()
    }

    /// The submit time that a descriptor claims, held to what can be: not before the last look that
    /// did not see it, and not in the future.
    pub(crate) fn plausible(&self, submitted_ns: Nanos, now: Nanos) -> Nanos {
        submitted_ns.max(self.earliest_ns).min(now)
    }

    /// Whether a descriptor that is in the ring will be shown only later than `now`, because the
    /// host's local time is ahead of the device's clock. A stamp alone does not decide: a forged one
    /// is held to the last doorbell. By a wall clock nothing is ever ahead.
    pub(crate) fn is_ahead(&mut self, submitted_ns: Nanos, now: Nanos) -> bool {
        if submitted_ns <= now {
            return false;
        }
        let shown_ns = submitted_ns.min(self.link.rung_ns());
        let is_ahead = shown_ns > now;
        if is_ahead {
            self.ahead_ns = shown_ns;
        }
        is_ahead
    }

    /// Nothing more is taken from this ring.
    pub(crate) fn forget_what_is_ahead(&mut self) {
        self.ahead_ns = Nanos::MAX;
    }

    /// Puts a completion into the ring. Its signal is given by [`signal_if_due`](Self::signal_if_due).
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
            self.is_signal_due = true;
            Published::Due
        } else {
            stats.coalesced += 1;
            Published::Coalesced
        }
    }

    /// Gives the signal if its time has come.
    pub(crate) fn signal_if_due(
        &mut self,
        now: Nanos,
        stats: &mut DeviceStats,
    ) -> Option<Published> {
        let is_due = self.coalescer.expired(now) || self.is_signal_due;
        is_due.then(|| self.signal(stats))
    }

    /// When this queue has something to do next: a signal that was held back, or a descriptor that
    /// will be shown. [`Nanos::MAX`] if it has not.
    pub(crate) fn deadline(&self) -> Nanos {
        let signal = self.coalescer.deadline().unwrap_or(Nanos::MAX);
        signal.min(self.ahead_ns)
    }

    /// Gives the signal, whatever coalescing says.
    pub(crate) fn signal_now(&mut self, stats: &mut DeviceStats) -> Published {
        self.signal(stats)
    }

    fn signal(&mut self, stats: &mut DeviceStats) -> Published {
        // It tells of all that is in the ring, gathered or not.
        self.is_signal_due = false;
        self.coalescer.signalled();
        if self.link.host_gone() {
            return Published::Unheard;
        }
        self.link.count_signal();
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
    /// In the ring, to be signalled with all others of this turn.
    Due,
    /// In the ring; the signal waits.
    Coalesced,
    /// Nobody is there to hear it.
    Unheard,
}

/// The ports of a device. A place is used again once its queue is closed and drained.
#[derive(Default)]
pub(crate) struct Ports {
    by_id: Vec<Option<Port>>,
    /// Places whose queue is gone.
    vacant: Vec<QueueId>,
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
        let port = self.by_id.get_mut(queue.0 as usize).and_then(Option::take);
        if port.is_some() {
            self.vacant.push(queue);
        }
    }

    /// The name of a queue that is gone, to be given to a new one. Forgets what can be forgotten
    /// first, so that opening and closing in turn never needs more than one name.
    pub(crate) fn vacant(&mut self) -> Option<QueueId> {
        for queue in self.ids_from(QueueId(0)) {
            if self.get(queue).is_some_and(|port| port.is_abandoned()) {
                self.remove(queue);
            }
        }
        self.vacant.pop()
    }

    /// Every id that may name a port: from `first` on, then from zero.
    pub(crate) fn ids_from(&self, first: QueueId) -> impl Iterator<Item = QueueId> + use<> {
        let count = u32::try_from(self.by_id.len()).unwrap_or(u32::MAX);
        let first = if first.0 < count { first.0 } else { 0 };
        (first..count).chain(0..first).map(QueueId)
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
