//! From the completion ring to the job that waits.

use pausewake_device::Nanos;
use pausewake_device::protocol::{Completion, Cookie};

use super::submit::in_flight_of;
use super::tell::Tell;
use super::{EngineState, Inner};
use crate::events::Event;
use crate::notify::Waiter;
use crate::reaper::{Arrived, Forgotten};
use crate::slots::Completed;

impl Inner {
    /// Takes all completions that are there, tells the jobs, and ends the calls whose time is up.
    pub(crate) fn poll(&self) -> usize {
        self.catch_up();
        self.poll_now()
    }

    fn poll_now(&self) -> usize {
        let reaped = self.reap();
        self.time_out();
        self.serve_line();
        reaped
    }

    /// Takes completions until none is there; one clock read for all of them. Says how many there
    /// were.
    fn reap(&self) -> usize {
        let mut batch = Batch {
            reap_ns: self.costs.reap_ns,
            ..Batch::default()
        };
        let mut state = self.state.borrow_mut();
        state.begin_poll();
        if self.observer.is_none() {
            // Nothing of the application's runs in between.
            let mut to_tell = self.to_tell.borrow_mut();
            while let Some(reaped) = state.reap_one(&mut batch) {
                if let Some(tell) = reaped.tell() {
                    to_tell.push_back(tell);
                }
            }
        } else {
            drop(state);
            while let Some(reaped) = self.reap_observed(&mut batch) {
                self.tell_of(&reaped);
            }
            state = self.state.borrow_mut();
        }
        state.stats.empty_polls += u64::from(batch.reaped == 0);
        batch.reaped
    }

    /// Whom to tell stands in the queue before the observer is told, who may panic.
    fn reap_observed(&self, batch: &mut Batch) -> Option<Reaped> {
        let reaped = self.state.borrow_mut().reap_one(batch)?;
        if let Some(tell) = reaped.tell() {
            self.tell_later(tell);
        }
        Some(reaped)
    }

    /// [`poll`](Self::poll), if there is something to take or to end. Says whether there was.
    pub(crate) fn poll_if_due(&self) -> bool {
        self.catch_up();
        let mut state = self.state.borrow_mut();
        let due = state.has_completion() || state.is_time_up();
        drop(state);
        if due {
            self.poll_now();
        } else {
            // The device may have made room without completing anything.
            self.serve_line();
        }
        due
    }

    /// Tells the observer. Nothing is borrowed here.
    fn tell_of(&self, reaped: &Reaped) {
        let Completion { cookie, status, .. } = reaped.arrived.completion;
        let known_ns = reaped.arrived.known_ns;
        match reaped.completed {
            Completed::Known => self.tell(|| known_ns, || Event::Known { op: cookie, status }),
            Completed::Orphan => self.tell(|| known_ns, || Event::Orphan { op: cookie }),
            Completed::Freed { .. } | Completed::Late => {}
        }
    }

    /// Ends what has had its time: operations in flight, and calls in line. Says whether there was any.
    pub(crate) fn time_out(&self) -> bool {
        let mut any = false;
        // Only where there are timeouts at all is the clock worth reading.
        while let Some(overdue) = self.next_overdue() {
            any = true;
            match overdue {
                Overdue::Op { op, is_told } => {
                    self.count(|stats| stats.timed_out += 1);
                    let job = self.with_slot(op, |slot| slot.op.job).flatten();
                    self.tell_later(Tell::TimedOut { op, is_told });
                    self.tell(|| self.now(), || Event::TimedOut { op, job });
                }
                Overdue::InLine { waiter } => {
                    self.count(|stats| stats.timed_out_in_line += 1);
                    self.tell_later(Tell::Room(waiter));
                }
            }
        }
        any
    }

    fn next_overdue(&self) -> Option<Overdue> {
        let mut state = self.state.borrow_mut();
        if !state.is_time_up() {
            return None;
        }
        let now = state.queue.now();
        let EngineState {
            slots,
            deadlines,
            line,
            reaper,
            ..
        } = &mut *state;
        let Some(op) = deadlines.pop_due(now, slots) else {
            let waiter = line.time_out(now)?;
            return Some(Overdue::InLine { waiter });
        };
        slots.time_out(op);
        // The reaper's thread may have told the job in this very moment: once is enough, or a wake
        // would be left over.
        let is_job = slots.get(op).is_some_and(|slot| slot.op.waiter.is_job());
        let reaper = reaper.as_ref().filter(|_| is_job);
        let forgotten = reaper.map(|reaper| reaper.forget(op));
        Some(Overdue::Op {
            op,
            is_told: matches!(forgotten, Some(Forgotten::Told)),
        })
    }
}

/// A call whose time is up.
enum Overdue {
    /// Its operation is in flight.
    Op { op: Cookie, is_told: bool },
    /// It stood in line.
    InLine { waiter: Waiter },
}

/// A completion, and what it did.
struct Reaped {
    arrived: Arrived,
    completed: Completed,
}

impl Reaped {
    /// What is to be told of it.
    fn tell(&self) -> Option<Tell> {
        matches!(self.completed, Completed::Known).then_some(Tell::Complete {
            op: self.arrived.completion.cookie,
            at_ns: self.arrived.known_ns,
            is_told: self.arrived.is_told,
        })
    }
}

/// One run over the completion ring.
#[derive(Default)]
struct Batch {
    reaped: usize,
    known_ns: Option<Nanos>,
    /// What taking each of them costs the host.
    reap_ns: Nanos,
}

impl EngineState {
    pub(super) fn has_completion(&mut self) -> bool {
        match &self.reaper {
            Some(reaper) => !self.arrived.is_empty() || reaper.has_arrived(),
            None => self.queue.has_completion(),
        }
    }

    fn begin_poll(&mut self) {
        if let Some(reaper) = &self.reaper {
            reaper.take_into(&mut self.arrived);
        }
        self.unread_since_ns = None;
        self.is_watchdog_told = false;
        self.polled_ns = self.queue.now();
    }

    /// Takes one completion, enters and counts it.
    #[inline]
    fn reap_one(&mut self, batch: &mut Batch) -> Option<Reaped> {
        let arrived = self.next_completion(batch)?;
        let completion = arrived.completion;
        self.stats.reaped += 1;
        let class = self
            .slots
            .get(completion.cookie)
            .map(|slot| slot.op.kind.class());
        let completed = self.slots.complete(completion, arrived.known_ns);
        match (&completed, class) {
            (Completed::Orphan, _) | (_, None) => self.stats.orphans += 1,
            (_, Some(class)) => {
                self.stats.in_flight -= 1;
                *in_flight_of(&mut self.stats, class) -= 1;
            }
        }
        if let Completed::Freed { used_bytes } = completed {
            self.wipe(completion.cookie, used_bytes);
        }
        Some(Reaped { arrived, completed })
    }

    /// The next completion: out of the ring, or out of what the reaper has taken from it.
    fn next_completion(&mut self, batch: &mut Batch) -> Option<Arrived> {
        let arrived = if self.reaper.is_some() {
            self.arrived.pop_front()?
        } else {
            let completion = self.queue.reap()?;
            if batch.reap_ns > Nanos::ZERO {
                // Each is known when it has been taken, not when the first one was.
                self.queue.charge(batch.reap_ns);
                batch.known_ns = None;
            }
            let known_ns = match batch.known_ns {
                // Later in the batch than the clock read: it was published since.
                Some(known_ns) if completion.done_ns <= known_ns => known_ns,
                _ => *batch.known_ns.insert(self.queue.now()),
            };
            Arrived {
                completion,
                known_ns,
                is_told: false,
            }
        };
        batch.reaped += 1;
        Some(arrived)
    }

    pub(super) fn wipe(&self, op: Cookie, used_bytes: usize) {
        let wiped = self.queue.wipe_payload(op.slot, used_bytes);
        debug_assert!(wiped.is_ok(), "only what was written is wiped");
    }
}
