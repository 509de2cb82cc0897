//! The line of calls that wait for room, served in the order in which they came.
//!
//! Room is handed to the first in line, not announced to all: a call that comes later cannot take
//! it, so nobody starves.

use std::collections::VecDeque;

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
}

/// The line.
#[derive(Debug, Default)]
pub(crate) struct Line {
    waiting: VecDeque<Waiting>,
    /// Those that were served and have not come for it yet.
    served: Vec<(Ticket, Cookie)>,
    next_ticket: u64,
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Puts a call at the end.
    pub(crate) fn join(&mut self, waiter: Waiter) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.waiting.push_back(Waiting { ticket, waiter });
        ticket
    }

    /// Gives a slot to the first in line, and says whom to tell.
    pub(crate) fn serve(&mut self, op: Cookie) -> Option<Waiter> {
        let first = self.waiting.pop_front()?;
        self.served.push((first.ticket, op));
        Some(first.waiter)
    }

    /// The slot that this call was given, if its turn has come.
    pub(crate) fn collect(&mut self, ticket: Ticket) -> Option<Cookie> {
        let index = self
            .served
            .iter()
            .position(|(served, _)| *served == ticket)?;
        Some(self.served.swap_remove(index).1)
    }

    /// Whether this call was given a slot and has not come for it yet.
    pub(crate) fn is_served(&self, ticket: Ticket) -> bool {
        self.served.iter().any(|(served, _)| *served == ticket)
    }

    /// From now on this call looks for itself. Gives back who would have been told, to be dropped
    /// when nothing is borrowed any more.
    pub(crate) fn wait_in_place(&mut self, ticket: Ticket) -> Option<Waiter> {
        let waiting = self.waiting.iter_mut().find(|w| w.ticket == ticket)?;
        Some(std::mem::replace(&mut waiting.waiter, Waiter::InPlace))
    }

    /// The call goes away.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Left {
        if let Some(op) = self.collect(ticket) {
            return Left::Served(op);
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
        let first = line.join(Waiter::InPlace);
        let second = line.join(Waiter::InPlace);
        assert!(line.serve(slot(4)).is_some());
        assert_eq!(line.collect(second), None);
        assert_eq!(line.collect(first), Some(slot(4)));
        assert_eq!(line.collect(first), None);
        assert_eq!(line.len(), 1);
    }

    #[test]
    fn whoever_leaves_gives_back_what_it_was_given() {
        let mut line = Line::default();
        let first = line.join(Waiter::InPlace);
        let second = line.join(Waiter::InPlace);
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
