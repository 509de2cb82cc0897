//! The engine: one queue pair, its slots, and the line in front of them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use pausewake_device::protocol::{Completion, Cookie, Descriptor, Status};
use pausewake_device::{Nanos, QueuePair, TimeKind};
use pausewake_jobs::{WaitKey, WaitStatus};

use crate::config::{EngineConfig, OnFull};
use crate::error::{Error, Misuse, Retry};
use crate::events::{Event, NotifiedBy, Observer};
use crate::line::{Left, Line, Ticket};
use crate::notify::{Caller, Waiter, unique_wait_key};
use crate::observe::JobTap;
use crate::slots::{Completed, Op, Slot, SlotTable, State};
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
    slot_size: u32,
    /// What this engine's eventfds are called in wait contexts.
    wait_key: WaitKey,
    state: RefCell<EngineState>,
    stats: Cell<EngineStats>,
    observer: Option<Rc<dyn Observer>>,
    _jobs: Option<JobTap>,
}

/// What is borrowed for a moment at a time, and never while anything of the application runs.
struct EngineState {
    queue: QueuePair,
    slots: SlotTable,
    line: Line,
    /// Granted and not yet pushed: each has its place in the submission ring.
    granted: u32,
    /// Pushed since the last doorbell, to be stamped by it.
    pushed: Vec<Cookie>,
}

impl Engine {
    /// An engine over `queue`. With an observer it tells everything that happens in it and in the
    /// jobs of this thread.
    #[must_use]
    pub fn new(queue: QueuePair, config: EngineConfig, observer: Option<Rc<dyn Observer>>) -> Self {
        let inner = Rc::new_cyclic(|engine| Inner {
            config,
            time_kind: queue.time_kind(),
            slot_size: queue.slot_size(),
            wait_key: unique_wait_key(),
            stats: Cell::default(),
            _jobs: observer
                .clone()
                .map(|observer| JobTap::install(engine.clone(), observer)),
            observer,
            state: RefCell::new(EngineState {
                slots: SlotTable::new(queue.slots()),
                queue,
                line: Line::default(),
                granted: 0,
                pushed: Vec::new(),
            }),
        });
        Self { inner }
    }

    /// The device's time.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.inner.now()
    }

    /// What the engine was made with.
    #[must_use]
    pub fn config(&self) -> EngineConfig {
        self.inner.config
    }

    /// What the engine has counted.
    #[must_use]
    pub fn stats(&self) -> EngineStats {
        self.inner.stats.get()
    }

    /// Slots in use: operations in flight, results not yet taken, and what was abandoned and not
    /// yet answered. Zero after an orderly shutdown.
    #[must_use]
    pub fn slots_in_use(&self) -> usize {
        self.inner.state.borrow().slots.used_count()
    }

    /// Takes what the device has completed and tells the jobs. Says how many completions there were.
    ///
    /// Never blocks. May be called from anywhere on the engine's thread, from a wait context's
    /// callback too.
    pub fn poll(&self) -> usize {
        self.inner.poll()
    }

    /// Shows the device what was submitted since the last time. A reactor does this once per turn;
    /// an event loop of your own does it before it sleeps.
    pub fn ring_doorbell(&self) {
        self.inner.ring_doorbell();
    }

    /// [`poll`](Self::poll), if the ring holds a completion. Says whether it did.
    pub(crate) fn poll_if_due(&self) -> bool {
        let due = self
            .inner
            .with_queue(pausewake_device::QueuePair::has_completion);
        if due {
            self.poll();
        }
        due
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }
}

impl Inner {
    pub(crate) fn now(&self) -> Nanos {
        self.state.borrow().queue.now()
    }

    pub(crate) fn slot_size(&self) -> u32 {
        self.slot_size
    }

    /// Runs `look` on the queue pair; for the reactor, which waits for it.
    pub(crate) fn with_queue<R>(&self, look: impl FnOnce(&mut QueuePair) -> R) -> R {
        look(&mut self.state.borrow_mut().queue)
    }

    /// Runs `look` on the slot of `op`, if that use of it is still going on.
    pub(crate) fn with_slot<R>(&self, op: Cookie, look: impl FnOnce(&mut Slot) -> R) -> Option<R> {
        self.state.borrow_mut().slots.get(op).map(look)
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut EngineStats)) {
        let mut stats = self.stats.get();
        change(&mut stats);
        self.stats.set(stats);
    }

    pub(crate) fn tell(&self, at: impl FnOnce() -> Nanos, event: impl FnOnce() -> Event) {
        if let Some(observer) = &self.observer {
            observer.event(at(), &event());
        }
    }

    /// Who calls.
    pub(crate) fn caller(&self) -> Result<Caller, Misuse> {
        Caller::here(self.config.notify, self.wait_key)
    }

    /// Takes a slot and a place in the ring, if both are free and nobody waits for them.
    pub(crate) fn grant(&self) -> Option<Cookie> {
        let mut state = self.state.borrow_mut();
        if state.line.is_empty() {
            state.grant()
        } else {
            None
        }
    }

    /// Joins the line, or says that the engine has none. Says also how many wait in it now.
    pub(crate) fn join_line(&self, caller: &Caller) -> Result<(Ticket, u32), Retry> {
        if let Caller::Job { wait_ctx, .. } = caller {
            wait_ctx.set_status(WaitStatus::EAGAIN);
        }
        if self.config.on_full == OnFull::Fail {
            return Err(Retry::Full);
        }
        self.count(|stats| stats.full_waits += 1);
        let mut state = self.state.borrow_mut();
        let ticket = state.line.join(caller.waiter());
        let waiting = u32::try_from(state.line.len()).unwrap_or(u32::MAX);
        drop(state);
        Ok((ticket, waiting))
    }

    /// The slot that was given to the holder of this ticket, if its turn has come.
    pub(crate) fn collect(&self, ticket: Ticket) -> Option<Cookie> {
        self.state.borrow_mut().line.collect(ticket)
    }

    /// Whether a slot was given to the holder of this ticket.
    pub(crate) fn is_served(&self, ticket: Ticket) -> bool {
        self.state.borrow().line.is_served(ticket)
    }

    /// The holder of this ticket looks for itself from now on.
    pub(crate) fn line_in_place(&self, ticket: Ticket) {
        let told_before = self.state.borrow_mut().line.wait_in_place(ticket);
        drop(told_before);
    }

    /// Whether the device owes an answer to anything.
    pub(crate) fn has_in_flight(&self) -> bool {
        self.stats.get().in_flight > 0
    }

    /// The holder of this operation looks for itself from now on.
    pub(crate) fn look_in_place(&self, op: Cookie) {
        // Dropped after the borrow: the last count on a callback may run code of the application.
        let told_before = self.with_slot(op, |slot| slot.op.stop_telling());
        drop(told_before);
    }

    /// The holder of this ticket goes away. Says whether it had been told to come for a slot.
    pub(crate) fn leave_line(&self, ticket: Ticket) -> bool {
        let left = self.state.borrow_mut().line.leave(ticket);
        let Left::Served(op) = left else {
            return false;
        };
        self.give_back(op);
        true
    }

    /// A granted slot is not used after all.
    pub(crate) fn give_back(&self, op: Cookie) {
        let mut state = self.state.borrow_mut();
        state.granted -= 1;
        state.slots.release(op);
        drop(state);
        self.serve_line();
    }

    /// Writes the payload and pushes the descriptor of a granted slot.
    ///
    /// # Errors
    /// The payload does not fit into a slot; the slot stays granted.
    pub(crate) fn submit(
        &self,
        descriptor: Descriptor,
        payload: [&[u8]; 2],
        op: Op,
    ) -> Result<(), Misuse> {
        let cookie = descriptor.cookie;
        let mut state = self.state.borrow_mut();
        let mut offset = 0;
        for part in payload {
            state
                .queue
                .write_payload(cookie.slot, offset, part)
                .map_err(|_| Misuse::TooLarge {
                    needed: payload.iter().map(|part| part.len()).sum(),
                    slot_size: self.slot_size,
                })?;
            offset += part.len();
        }
        state
            .queue
            .push(descriptor)
            .expect("a granted slot has its place in the ring");
        state.granted -= 1;
        state.pushed.push(cookie);
        let slot = state.slots.get(cookie).expect("a granted slot is in use");
        slot.state = State::InFlight;
        slot.op = op;
        drop(state);
        self.count(|stats| {
            stats.submitted += 1;
            stats.in_flight += 1;
        });
        Ok(())
    }

    pub(crate) fn ring_doorbell(&self) {
        let mut state = self.state.borrow_mut();
        if state.pushed.is_empty() {
            return;
        }
        let doorbell = state.queue.publish();
        let EngineState { slots, pushed, .. } = &mut *state;
        for op in pushed.drain(..) {
            if let Some(slot) = slots.get(op) {
                slot.op.moments.doorbell_ns = doorbell.at_ns;
            }
        }
        drop(state);
        self.count(|stats| {
            stats.doorbells += 1;
            stats.doorbells_woke += u64::from(doorbell.woke);
        });
        // The device looks after the event, so that the log has them in this order, and even if an
        // observer panics.
        let look = DeviceLook(self);
        self.tell(
            || doorbell.at_ns,
            || Event::Doorbell {
                entries: doorbell.entries,
                woke: doorbell.woke,
            },
        );
        drop(look);
        // What the device has fetched left room in the ring.
        self.serve_line();
    }

    pub(crate) fn poll(&self) -> usize {
        let mut batch = Batch::default();
        while let Some((completion, known_ns, completed)) = self.reap_one(&mut batch) {
            self.completed(completion, known_ns, &completed);
        }
        if batch.reaped == 0 {
            self.count(|stats| stats.empty_polls += 1);
        } else {
            self.serve_line();
        }
        batch.reaped
    }

    /// Takes one completion and enters it; one clock read per batch.
    fn reap_one(&self, batch: &mut Batch) -> Option<(Completion, Nanos, Completed)> {
        let mut state = self.state.borrow_mut();
        let completion = state.queue.reap()?;
        batch.reaped += 1;
        let known_ns = match batch.known_ns {
            // Later in the batch than the clock read: it was published since.
            Some(known_ns) if completion.done_ns <= known_ns => known_ns,
            _ => *batch.known_ns.insert(state.queue.now()),
        };
        let completed = state.slots.complete(completion, known_ns);
        if let Completed::Freed { used_bytes } = completed {
            state.wipe(completion.cookie, used_bytes);
        }
        Some((completion, known_ns, completed))
    }

    /// Counts, and tells whoever waits. Nothing is borrowed here: a callback may do anything but
    /// resume.
    fn completed(&self, completion: Completion, known_ns: Nanos, completed: &Completed) {
        let op = completion.cookie;
        self.count(|stats| stats.reaped += 1);
        match completed {
            Completed::Orphan => {
                self.count(|stats| stats.orphans += 1);
                self.tell(|| known_ns, || Event::Orphan { op });
            }
            Completed::Freed { .. } => {
                self.count(|stats| stats.in_flight -= 1);
            }
            Completed::Known => {
                self.count(|stats| stats.in_flight -= 1);
                let status = completion.status;
                self.tell(|| known_ns, || Event::Known { op, status });
                self.notify(op, known_ns);
            }
        }
    }

    fn notify(&self, op: Cookie, at: Nanos) {
        let Some((waiter, job)) = self.with_slot(op, |slot| (slot.op.waiter.clone(), slot.op.job))
        else {
            return;
        };
        let by = waiter.by();
        self.count_wake(by);
        self.tell(|| at, || Event::Notify { op, job, by });
        waiter.tell();
    }

    fn count_wake(&self, by: NotifiedBy) {
        self.count(|stats| match by {
            NotifiedBy::Callback => stats.wakes_by_callback += 1,
            NotifiedBy::Fd => stats.wakes_by_fd += 1,
            NotifiedBy::InPlace => stats.waits_in_place += 1,
        });
    }

    /// Hands room to those who wait for it, first come first served.
    pub(crate) fn serve_line(&self) {
        loop {
            // A statement of its own: in the head of a `while let`, the borrow would last until
            // the callback has returned.
            let served = self.state.borrow_mut().serve_one();
            let Some(waiter) = served else {
                return;
            };
            self.count(|stats| stats.wakes_for_room += u64::from(waiter.is_job()));
            waiter.tell();
        }
    }

    /// Takes the result of a completed operation and frees its slot. `None`: not completed.
    pub(crate) fn take(&self, op: Cookie, output: &mut [u8]) -> Option<(Completion, Op)> {
        let mut state = self.state.borrow_mut();
        let slot = state.slots.get(op)?;
        let State::Completed(completion) = slot.state else {
            return None;
        };
        let taken = std::mem::replace(&mut slot.op, Op::none());
        let len = match completion.status {
            Status::Ok => output.len().min(completion.output_len as usize),
            _ => 0,
        };
        let copied = state.queue.read_payload(op.slot, &mut output[..len]);
        debug_assert!(copied.is_ok(), "the output was checked to fit into a slot");
        state.wipe(op, taken.used_bytes);
        state.slots.release(op);
        drop(state);
        self.count(|stats| stats.returned += 1);
        self.serve_line();
        Some((completion, taken))
    }

    /// Nobody waits for this operation any more. Once in flight, its slot stays with the device
    /// until the device answers. Says whether the job had been told of its completion.
    pub(crate) fn abandon(&self, op: Cookie) -> bool {
        let mut state = self.state.borrow_mut();
        let Some(slot) = state.slots.get(op) else {
            return false;
        };
        let used_bytes = slot.op.used_bytes;
        let waiter = slot.op.stop_telling();
        let told = match slot.state {
            State::InFlight => {
                slot.state = State::Abandoned;
                false
            }
            State::Completed(_) => {
                state.wipe(op, used_bytes);
                state.slots.release(op);
                waiter.is_job()
            }
            State::Free | State::Granted | State::Abandoned => return false,
        };
        drop(state);
        drop(waiter);
        self.count(|stats| stats.abandoned += 1);
        self.tell(|| self.now(), || Event::Abandoned { op });
        self.serve_line();
        told
    }

    /// Waits until something may have completed. For a call that waits in place.
    ///
    /// # Errors
    /// [`Misuse::Stalled`]: virtual time stands still, nothing is due.
    pub(crate) fn wait_for_device(&self) -> Result<(), Error> {
        let mut state = self.state.borrow_mut();
        let queue = &mut state.queue;
        match self.time_kind {
            TimeKind::Virtual => {
                queue.advance(None).ok_or(Misuse::Stalled)?;
            }
            TimeKind::Wall | TimeKind::Manual => {
                if queue.arm_signal() {
                    let _signalled = queue.wait_signal(None);
                    queue.disarm_signal();
                    queue.drain_signal();
                }
            }
        }
        Ok(())
    }
}

/// Dropped, it lets a device without a thread look at its rings.
struct DeviceLook<'a>(&'a Inner);

impl Drop for DeviceLook<'_> {
    fn drop(&mut self) {
        self.0.with_queue(QueuePair::let_device_look);
    }
}

/// One run over the completion ring.
#[derive(Default)]
struct Batch {
    reaped: usize,
    known_ns: Option<Nanos>,
}

impl EngineState {
    fn grant(&mut self) -> Option<Cookie> {
        if self.slots.free_count() == 0 || self.queue.room() <= self.granted {
            return None;
        }
        self.granted += 1;
        self.slots.grant()
    }

    fn serve_one(&mut self) -> Option<Waiter> {
        if self.line.is_empty() {
            return None;
        }
        let op = self.grant()?;
        self.line.serve(op)
    }

    fn wipe(&self, op: Cookie, used_bytes: usize) {
        let wiped = self.queue.wipe_payload(op.slot, used_bytes);
        debug_assert!(wiped.is_ok(), "only what was written is wiped");
    }
}
