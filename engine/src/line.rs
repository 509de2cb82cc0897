//! The line of calls that wait for room, served in the order in which they came.
//!
//! Room is handed to the first in line, not announced to all: a call that comes later cannot take
//! it, so nobody starves.

use std::collections::VecDeque;

use pausewake_device::Nanos;
use pausewake_device::protocol::Cookie;

use crate::notify::Waiter;

/// Names a place in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// A call that waits.
#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    waiter: Waiter,
    /// When the call's time is up.
    deadline_ns: Option<Nanos>,
}

/// What became of a call that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It still waits.
    Waits,
    /// It has a slot.
    Served(Cookie),
    /// Its time is up, and it is no longer in line.
    TimedOut,
}

/// The line.
#[derive(Debug, Default)]
pub(crate) struct Line {
    waiting: VecDeque<Waiting>,
    /// Those that were served and have not come for it yet.
    served: Vec<(Ticket, Cookie)>,
    /// Those whose time was up and who have not noticed yet.
    timed_out: Vec<Ticket>,
    next_ticket: u64,
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Puts a call at the end. Deadlines never decrease along the line.
    pub(crate) fn join(&mut self, waiter: Waiter, deadline_ns: Option<Nanos>) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.waiting.push_back(Waiting {
            ticket,
            waiter,
            deadline_ns,
        });
        ticket
    }

    /// Gives a slot to the first in line, and says whom to tell.
    pub(crate) fn serve(&mut self, op: Cookie) -> Option<Waiter> {
        let first = self.waiting.pop_front()?;
        self.served.push((first.ticket, op));
        Some(first.waiter)
    }

    /// When the time of the first in line is up.
    pub(crate) fn deadline_ns(&self) -> Option<Nanos> {
        self.waiting.front()?.deadline_ns
    }

    /// Sends the first in line away if its time is up, and says whom to tell.
    pub(crate) fn time_out(&mut self, now: Nanos) -> Option<Waiter> {
        if self.deadline_ns()? > now {
            return None;
        }
        let first = self.waiting.pop_front()?;
        self.timed_out.push(first.ticket);
        Some(first.waiter)
    }

    /// What became of this call; told once, if it is no longer in line.
    pub(crate) fn collect(&mut self, ticket: Ticket) -> Progress {
        let served = self.served.iter().position(|(served, _)| *served == ticket);
        if let Some(index) = served {
            return Progress::Served(self.served.swap_remove(index).1);
        }
        let timed_out = self.timed_out.iter().position(|gone| *gone == ticket);
        if let Some(index) = timed_out {
            self.timed_out.swap_remove(index);
            return Progress::TimedOut;
        }
        Progress::Waits
    }

    /// From now on this call looks for itself. Gives back who would have been told, to be dropped
    /// when nothing is borrowed any more.
    pub(crate) fn wait_in_place(&mut self, ticket: Ticket) -> Option<Waiter> {
        let waiting = self.waiting.iter_mut().find(|w| w.ticket == ticket)?;
        Some(std::mem::replace(&mut waiting.waiter, Waiter::InPlace))
    }

    /// The call goes away.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Left {
        match self.collect(ticket) {
            Progress::Served(op) => return Left::Served(op),
            Progress::TimedOut => return Left::TimedOut,
            Progress::Waits => {}
        }
        let index = self.waiting.iter().position(|w| w.ticket == ticket);
        let waiting = index.and_then(|index| self.waiting.remove(index));
        Left::Waiting {
            _waiter: waiting.map(|waiting| waiting.waiter),
        }
    }
}

/// How far a call had come that left the line.
#[derive(Debug)]
pub(crate) enum Left {
    /// It had been given this slot, and did not come for it.
    Served(Cookie),
    /// It had been sent away, and did not notice.
    TimedOut,
    /// It was not served, and nobody needs to be told any more; to be dropped when nothing is
    /// borrowed.
    Waiting { _waiter: Option<Waiter> },
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn slot(slot: u32) -> Cookie {
        Cookie {
            slot,
            generation: 1,
        }
    }

    #[test]
    fn served_in_order_and_only_once() {
        let mut line = Line::default();
        let first = line.join(Waiter::InPlace, None);
        let second = line.join(Waiter::InPlace, None);
        assert!(line.serve(slot(4)).is_some());
        assert_eq!(line.collect(second), Progress::Waits);
        assert_eq!(line.collect(first), Progress::Served(slot(4)));
        assert_eq!(line.collect(first), Progress::Waits);
        assert_eq!(line.len(), 1);
    }

    #[test]
    fn whose_time_is_up_is_sent_away_once() {
        let mut line = Line::default();
        let first = line.join(Waiter::InPlace, Some(Nanos::new(10)));
        let second = line.join(Waiter::InPlace, Some(Nanos::new(20)));
        assert!(line.time_out(Nanos::new(9)).is_none());
        assert!(line.time_out(Nanos::new(10)).is_some());
        assert!(line.time_out(Nanos::new(10)).is_none());
        assert_eq!(line.collect(first), Progress::TimedOut);
        assert_eq!(line.collect(first), Progress::Waits);
        assert!(line.serve(slot(1)).is_some());
        assert_eq!(line.collect(second), Progress::Served(slot(1)));
    }

    #[test]
    fn whoever_leaves_gives_back_what_it_was_given() {
        let mut line = Line::default();
        let first = line.join(Waiter::InPlace, None);
        let second = line.join(Waiter::InPlace, None);
        assert!(line.serve(slot(4)).is_some());
        assert!(matches!(line.leave(first), Left::Served(op) if op == slot(4)));
        assert!(matches!(
            line.leave(second),
            Left::Waiting { _waiter: Some(_) }
        ));
        assert!(line.is_empty());
        assert!(line.serve(slot(5)).is_none());
    }
}
