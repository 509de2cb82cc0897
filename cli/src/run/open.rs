//! An open loop: arrivals at times of their own, and what becomes of those that find no job free.

use std::cell::RefCell;
use std::collections::VecDeque;

use pausewake_device::Nanos;

use super::arrivals::Arrivals;
use super::tickets::{Ticket, Tickets};
use crate::report::Punctuality;

/// The arrivals of one thread, and those that wait for a job.
///
/// An arrival that finds a job free should start at its own time; if it does not, the generator was
/// late. One that finds none waits in the backlog, which is what a slow device makes of it, and its
/// latency counts from its arrival all the same. One that finds the backlog full is dropped, and by the
/// wall clock one that is still to be started [`CATCH_UP`] after the end, because the generator was
/// slower than the load: else a run would go on for as long as that takes.
pub struct OpenLoop {
    arrivals: Arrivals,
    next: Option<Nanos>,
    backlog: VecDeque<Ticket>,
    max_backlog: usize,
    late_after: Nanos,
    measure_from: Nanos,
    /// When arrivals end, if time ends them.
    until: Option<Nanos>,
    /// From when on arrivals that nobody has started yet are dropped.
    too_late_from: Option<Nanos>,
    /// When it was broken off, if it was.
    gave_up_at: Option<Nanos>,
    /// Since when there is a job free, where calls hold the thread.
    free_since: Nanos,
    punctuality: Punctuality,
}

impl OpenLoop {
    /// `max_backlog` arrivals may wait for a job. One that starts more than `late_after` after its time
    /// is late. What comes before `measure_from` is not counted; time ends the arrivals at `until`, or a
    /// number of them.
    pub fn new(
        mut arrivals: Arrivals,
        max_backlog: usize,
        late_after: Nanos,
        measure_from: Nanos,
        until: Option<Nanos>,
    ) -> Self {
        Self {
            next: arrivals.next_at(),
            arrivals,
            backlog: VecDeque::new(),
            max_backlog,
            late_after,
            measure_from,
            until,
            too_late_from: None,
            gave_up_at: None,
            free_since: Nanos::ZERO,
            punctuality: Punctuality::default(),
        }
    }

    /// The generator may be slower than its load, as by the wall clock.
    #[must_use]
    pub fn may_be_behind(self) -> Self {
        Self {
            too_late_from: self.until.map(|until| until + CATCH_UP),
            ..self
        }
    }

    /// What is to be started `now`, if a job is free for it.
    pub fn pull(
        &mut self,
        now: Nanos,
        is_free: bool,
        tickets: &RefCell<Tickets>,
    ) -> Option<Ticket> {
        let blocked_until = if is_free { self.free_since } else { now };
        while let Some(ticket) = self.arrival(blocked_until, tickets) {
            self.wait(ticket);
        }
        if !is_free {
            return None;
        }
        if let Some(ticket) = self.backlog.pop_front() {
            self.starts(ticket, now, true);
            return Some(ticket);
        }
        if self.too_late_from.is_some_and(|from| now >= from) {
            while let Some(ticket) = self.arrival(now, tickets) {
                self.punctuality.dropped_by_generator += u64::from(self.counts(ticket));
                self.drops(ticket);
            }
        }
        let ticket = self.arrival(now, tickets)?;
        self.starts(ticket, now, false);
        Some(ticket)
    }

    /// When the next one arrives, if there will be one.
    pub fn next_at(&self, tickets: &RefCell<Tickets>) -> Option<Nanos> {
        self.next.filter(|at| tickets.borrow().allows(*at))
    }

    /// Whether arrivals wait for a job.
    pub fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Arrivals that wait for a job.
    pub fn backlog(&self) -> usize {
        self.backlog.len()
    }

    /// The thread was in a call until `now`, and nothing could be started.
    pub fn was_blocked_until(&mut self, now: Nanos) {
        self.free_since = now;
    }

    /// Nobody waits any more: the run is broken off `now`.
    pub fn give_up(&mut self, now: Nanos) {
        self.gave_up_at.get_or_insert(now);
        self.next = None;
        for ticket in std::mem::take(&mut self.backlog) {
            self.punctuality.left_waiting += u64::from(self.counts(ticket));
        }
    }

    /// Until when there was a load, once there are no more arrivals: a moment without one belongs to it.
    pub fn over_at(&self) -> Option<Nanos> {
        let over_at = self.until.or_else(|| self.arrivals.over_at());
        self.gave_up_at.into_iter().chain(over_at).min()
    }

    /// How punctual the starts were so far.
    pub fn punctuality(&self) -> &Punctuality {
        &self.punctuality
    }

    /// How punctual the starts were.
    pub fn into_punctuality(self) -> Punctuality {
        self.punctuality
    }

    /// Takes the next arrival, if it is not later than `until`.
    fn arrival(&mut self, until: Nanos, tickets: &RefCell<Tickets>) -> Option<Ticket> {
        let at = self.next.filter(|at| *at <= until)?;
        let Some(ticket) = tickets.borrow_mut().take(at) else {
            self.next = None;
            return None;
        };
        self.next = self.arrivals.next_at();
        Some(Ticket {
            intended_ns: Some(at),
            ..ticket
        })
    }

    fn wait(&mut self, ticket: Ticket) {
        if self.backlog.len() >= self.max_backlog {
            self.drops(ticket);
            return;
        }
        self.backlog.push_back(ticket);
        if self.counts(ticket) {
            let longest = &mut self.punctuality.max_backlog;
            *longest = (*longest).max(self.backlog.len() as u64);
        }
    }

    fn drops(&mut self, ticket: Ticket) {
        self.punctuality.dropped += u64::from(self.counts(ticket));
    }

    fn starts(&mut self, ticket: Ticket, now: Nanos, has_waited: bool) {
        if !self.counts(ticket) {
            return;
        }
        let late = now - ticket.intended_ns.unwrap_or(now);
        self.punctuality.lateness.record(late);
        if late > self.late_after {
            let late = match has_waited {
                true => &mut self.punctuality.late_for_a_job,
                false => &mut self.punctuality.late_by_generator,
            };
            *late += 1;
        }
    }

    fn counts(&self, ticket: Ticket) -> bool {
        ticket.intended_ns.is_some_and(|at| at >= self.measure_from)
    }
}

/// The generator may start what it is behind with for so long after the end of its load: a pause of the
/// machine that it came out of just then is no reason to drop anything.
const CATCH_UP: Nanos = Nanos::from_secs(1);

#[cfg(test)]
mod tests {
    use super::super::arrivals::Thread;
    use super::super::levels::Levels;
    use super::*;
    use crate::scenario::{self, Arrival};

    /// Arrivals each millisecond for ten of them, without the one that would come at the end.
    const LOAD: &str = r#"
        clock = "wall"
        [device]
        compute = "none"
        profile = "ideal"
        [load]
        op = "rsa2048-sign"
        rate = "1000/s"
        arrival = "constant"
        duration = "10ms"
    "#;

    #[test]
    fn what_is_not_started_within_the_time_to_catch_up_is_dropped() {
        let variants = scenario::of_flags("open", LOAD, &[], &[]).expect("a scenario");
        let scenario = &variants[0].scenario;
        let of_one = Thread { index: 0, of: 1 };
        let levels = Levels::new(1_000.0, Nanos::ZERO, &[]);
        let until = Nanos::from_millis(10);
        for (may_be_behind, started) in [(true, 3), (false, 9)] {
            let arrivals = Arrivals::new(
                scenario.seed,
                levels.clone(),
                Arrival::Constant,
                Nanos::ZERO,
                of_one,
            );
            let tickets = Tickets::new(scenario, 0, Nanos::ZERO, None);
            let tickets = RefCell::new(tickets);
            let open = OpenLoop::new(arrivals, 5, Nanos::MAX, Nanos::ZERO, Some(until));
            let mut open = match may_be_behind {
                true => open.may_be_behind(),
                false => open,
            };
            let mut pull = |now| open.pull(now, true, &tickets).is_some();
            // Late, and nothing is lost yet.
            let late = until + CATCH_UP - Nanos::new(1);
            assert_eq!([(); 3].map(|()| pull(late)), [true; 3]);
            let mut rest = 0;
            while pull(until + CATCH_UP) {
                rest += 1;
            }
            let punctuality = open.punctuality();
            assert_eq!(punctuality.started(), started);
            assert_eq!(punctuality.started(), 3 + rest);
            assert_eq!(punctuality.dropped, 9 - started);
            assert_eq!(punctuality.dropped_by_generator, 9 - started);
            assert_eq!(open.over_at(), Some(until));
            assert_eq!(open.next_at(&tickets), None);
        }
    }
}
