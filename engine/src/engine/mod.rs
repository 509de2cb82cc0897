//! The engine: one queue pair, its slots, and the line in front of them.
//!
//! What it does stands in the files beside this one, in the order of an operation's life: `room`
//! grants slots, `submit` fills them and rings the doorbell, `reap` takes completions, `tell` wakes
//! the jobs, `settle` ends operations, `in_place` waits for those that cannot pause. `timers` knows what
//! time will change, and `signal` is what event loops of somebody else's wait for.

mod in_place;
mod reap;
mod room;
mod settle;
mod signal;
mod submit;
mod tell;
mod timers;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use pausewake_device::compute::Vault;
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::Cookie;
use pausewake_device::{CatchUp, Nanos, QueuePair, TimeKind};

pub(crate) use settle::Settled;
use tell::Tell;

use crate::config::{EngineConfig, Reap, Refused};
use crate::contain::contain;
use crate::deadlines::Deadlines;
use crate::error::{Error, ErrorFamily};
use crate::events::{Event, Observer};
use crate::host::HostCosts;
use crate::line::Line;
use crate::notify::{Caller, WAIT_KEY, Waiter};
use crate::observe::JobTap;
use crate::ops::Signature;
use crate::reaper::{Arrived, Reaper, ReaperError};
use crate::slots::{Slot, SlotTable};
use crate::stats::EngineStats;

/// Crypto calls that pause. Clones are the same engine; it belongs to one thread.
///
/// In a job, a call submits its operation, pauses the job, and returns when the operation is
/// complete and the job was woken. Outside of a job, or where pausing is impossible, the call waits
/// in place and reaps for itself.
///
/// Dropping the last clone hands what is in flight to the device, which forgets it when it is done.
///
/// An engine stays on its thread:
/// ```compile_fail,E0277
/// fn needs_send<T: Send>() {}
/// needs_send::<pausewake_engine::Engine>();
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Rc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: EngineConfig,
    pub(crate) time_kind: TimeKind,
    /// What host work costs: nothing, where time passes by itself or is a test's to move.
    pub(crate) costs: HostCosts,
    /// Somebody else lets the device catch up: it serves several timelines, and must not run ahead
    /// of any of them.
    is_on_timeline: Cell<bool>,
    /// A job of this timeline runs.
    is_running: Cell<bool>,
    slot_size: u32,
    vault: Arc<dyn Vault>,
    state: RefCell<EngineState>,
    /// Whom to tell, in order. Told by the outermost poll alone: a callback that polls does not
    /// recurse into other jobs' callbacks.
    to_tell: RefCell<VecDeque<Tell>>,
    is_telling: Cell<bool>,
    /// Jobs that would have been told, if they were not ones that look for themselves.
    news: Cell<u64>,
    observer: Option<Rc<dyn Observer>>,
    _jobs: Option<JobTap>,
}

/// What is borrowed for a moment at a time, and never while anything of the application runs.
struct EngineState {
    queue: QueuePair,
    stats: EngineStats,
    /// Takes completions in place of us, if that is the configuration.
    reaper: Option<Reaper>,
    /// What the reaper has handed over and we have not entered yet.
    arrived: VecDeque<Arrived>,
    slots: SlotTable,
    line: Line,
    /// Granted and not yet pushed: each has its place in the submission ring.
    granted: u32,
    /// Pushed since the last doorbell, to be stamped by it.
    pushed: Vec<Cookie>,
    /// When operations time out.
    deadlines: Deadlines,
    /// When somebody last looked at the completion ring.
    polled_ns: Nanos,
    /// Since when completions are known to lie unread.
    unread_since_ns: Option<Nanos>,
    /// The watchdog has spoken, and nobody has polled since.
    is_watchdog_told: bool,
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// *Misuse*: it cannot work as it was configured.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// *Retry* with another queue pair, when the system has a thread or a descriptor for the reaper;
    /// *misuse* if somebody else reaps the queue pair ([`ReaperError::Taken`]).
    #[error("the reaper thread cannot be started")]
    Reaper(#[from] ReaperError),
}

impl EngineError {
    /// Which family. Never the device's.
    #[must_use]
    pub fn family(&self) -> ErrorFamily {
        match self {
            Self::Refused(_) => ErrorFamily::Misuse,
            Self::Reaper(error) => error.family(),
        }
    }
}

impl Engine {
    /// An engine over `queue`. With an observer it tells everything that happens in it and in the
    /// jobs of this thread.
    ///
    /// # Errors
    /// [`EngineError`]: the configuration is refused with its reason, or no reaper thread could be
    /// started.
    pub fn new(
        mut queue: QueuePair,
        config: EngineConfig,
        observer: Option<Rc<dyn Observer>>,
    ) -> Result<Self, EngineError> {
        config.check(queue.time_kind())?;
        let reaper = match config.reap {
            Reap::Thread { interval_ns } => Some(Reaper::start(&mut queue, interval_ns)?),
            Reap::Event | Reap::External | Reap::Heuristic(_) | Reap::Inline => None,
        };
        let inner = Rc::new_cyclic(|engine| Inner {
            config,
            time_kind: queue.time_kind(),
            costs: match queue.time_kind() {
                TimeKind::Virtual => config.host,
                TimeKind::Wall | TimeKind::Manual => HostCosts::FREE,
            },
            is_on_timeline: Cell::new(false),
            is_running: Cell::new(false),
            slot_size: queue.slot_size(),
            vault: queue.vault().clone(),
            to_tell: RefCell::default(),
            is_telling: Cell::new(false),
            news: Cell::new(0),
            _jobs: observer
                .clone()
                .map(|observer| JobTap::install(engine.clone(), observer)),
            observer,
            state: RefCell::new(EngineState {
                stats: EngineStats::default(),
                slots: SlotTable::new(queue.slots()),
                polled_ns: queue.now(),
                queue,
                reaper,
                arrived: VecDeque::new(),
                line: Line::default(),
                granted: 0,
                pushed: Vec::new(),
                deadlines: Deadlines::default(),
                unread_since_ns: None,
                is_watchdog_told: false,
            }),
        });
        Ok(Self { inner })
    }

    /// What time it is on the device's clock; under virtual time that of this engine's thread, which
    /// may have worked on while the device's clock stands behind.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.inner.now()
    }

    /// The application works for `span` on this engine's thread: under virtual time, that is how much
    /// later it is for this thread then, while the device works on. Does nothing by a wall clock,
    /// where work takes the time that it takes, and with a manual device.
    pub fn charge(&self, span: Nanos) {
        self.inner.charge(span);
    }

    /// What the engine was made with.
    #[must_use]
    pub fn config(&self) -> EngineConfig {
        self.inner.config
    }

    /// What the engine has counted.
    #[must_use]
    pub fn stats(&self) -> EngineStats {
        self.inner.state.borrow().stats
    }

    /// Slots in use: operations in flight, results not yet taken, and what was abandoned and not
    /// yet answered. Zero after an orderly shutdown.
    #[must_use]
    pub fn slots_in_use(&self) -> usize {
        self.inner.state.borrow().slots.used_count()
    }

    /// Calls that stand in line now: they found no room, and wait for their turn.
    #[must_use]
    pub fn calls_in_line(&self) -> usize {
        self.inner.state.borrow().line.len()
    }

    /// Places of the submission ring that are free: those of descriptors that the device has not
    /// fetched are not.
    #[must_use]
    pub fn ring_room(&self) -> u32 {
        self.inner.with_queue(QueuePair::room)
    }

    /// Takes what the device has completed and tells the jobs (QAT_Engine's `POLL`); ends the calls whose time is up. Says
    /// how many completions there were.
    ///
    /// Never blocks. May be called from anywhere on the engine's thread, from a wait context's
    /// callback too. With a reaper thread it enters what that thread has taken.
    pub fn poll(&self) -> usize {
        self.inner.poll()
    }

    /// [`poll`](Self::poll)s if it is time to, by the thresholds of
    /// [`Reap::Heuristic`]: enough is in flight, or every one of `live_jobs` waits for the device,
    /// or the backstop's time has passed. For event loops of your own; call it once per turn.
    pub fn poll_heuristically(&self, live_jobs: usize) -> usize {
        if self.inner.is_poll_due(live_jobs) {
            self.poll()
        } else {
            // The device may have made room without completing anything.
            self.inner.serve_line();
            0
        }
    }

    /// Shows the device what was submitted since the last time. A reactor does this once per turn;
    /// an event loop of your own does it before it sleeps.
    pub fn ring_doorbell(&self) {
        self.inner.ring_doorbell();
    }

    /// When [`poll`](Self::poll) will have something to do even if the device is silent: a call's
    /// time is up, or the heuristic's backstop has passed. For the timeout of an event loop of your
    /// own.
    #[must_use]
    pub fn next_timer_ns(&self) -> Option<Nanos> {
        self.inner.next_timer_ns()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }
}

impl Inner {
    pub(crate) fn now(&self) -> Nanos {
        self.state.borrow().queue.now()
    }

    /// The host works for `span`.
    #[inline]
    pub(crate) fn charge(&self, span: Nanos) {
        if span > Nanos::ZERO {
            self.with_queue(|queue| queue.charge(span));
        }
    }

    /// Lets a device whose clock stands behind do what it has done by now, unless it serves several
    /// timelines. Stops where it signals another queue.
    pub(crate) fn catch_up(&self) {
        if self.time_kind == TimeKind::Virtual && !self.is_on_timeline.get() {
            let _how_far: CatchUp = self.with_queue(QueuePair::catch_up);
        }
    }

    /// Whether the device's clock stands behind, and is ours to move.
    pub(crate) fn has_to_catch_up(&self) -> bool {
        self.time_kind == TimeKind::Virtual
            && !self.is_on_timeline.get()
            && self.with_queue(|queue| queue.is_ahead())
    }

    pub(crate) fn set_on_timeline(&self, is_on_timeline: bool) {
        self.is_on_timeline.set(is_on_timeline);
    }

    /// While the guard lives, what jobs do on this thread is done on this engine's timeline, if it is
    /// on one.
    pub(crate) fn run(&self) -> Option<Running<'_>> {
        self.is_on_timeline.get().then(|| {
            self.is_running.set(true);
            Running(self)
        })
    }

    pub(crate) fn is_running(&self) -> bool {
        self.is_running.get()
    }

    pub(crate) fn slot_size(&self) -> u32 {
        self.slot_size
    }

    pub(crate) fn vault(&self) -> &dyn Vault {
        &*self.vault
    }

    /// Runs `look` on the queue pair; for the reactor, which waits for it.
    pub(crate) fn with_queue<R>(&self, look: impl FnOnce(&mut QueuePair) -> R) -> R {
        look(&mut self.state.borrow_mut().queue)
    }

    /// Runs `look` on the slot of `op`, if that use of it is still going on.
    fn with_slot<R>(&self, op: Cookie, look: impl FnOnce(&mut Slot) -> R) -> Option<R> {
        self.state.borrow_mut().slots.get(op).map(look)
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut EngineStats)) {
        change(&mut self.state.borrow_mut().stats);
    }

    pub(crate) fn tell(&self, at: impl FnOnce() -> Nanos, event: impl FnOnce() -> Event) {
        let Some(observer) = &self.observer else {
            return;
        };
        if std::thread::panicking() {
            // A job is being cancelled, or has panicked.
            contain(|| observer.event(at(), &event()));
        } else {
            observer.event(at(), &event());
        }
    }

    /// Who calls, and whom to tell.
    pub(crate) fn caller(&self) -> Result<(Caller, Waiter), Error> {
        Caller::here(self.config.notify, WAIT_KEY)
    }

    /// Room that a signature of this key needs, bytes. What the link carries home and what a slot
    /// must hold follows from it, so it is exact where the key is known.
    pub(crate) fn signature_capacity(&self, key: KeyId) -> usize {
        let len = self.vault.signature_max_len(key);
        len.unwrap_or(Signature::MAX_LEN)
    }

    /// Whether the device owes an answer to anything.
    pub(crate) fn has_in_flight(&self) -> bool {
        self.state.borrow().stats.in_flight > 0
    }

    /// Whether a completion can be entered now.
    pub(crate) fn has_arrived(&self) -> bool {
        self.state.borrow_mut().has_completion()
    }

    /// How often something happened that jobs which look for themselves want to see.
    pub(crate) fn news(&self) -> u64 {
        self.news.get()
    }
}

/// A job of a timeline runs.
pub(crate) struct Running<'a>(&'a Inner);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.is_running.set(false);
    }
}
