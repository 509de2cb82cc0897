//! The line of calls that wait for room, served in the order in which they came.
//!
//! Room is handed to the first in line, not announced to all: a call that comes later cannot take
//! it, so nobody starves.

use std::collections::VecDeque;

use pausewake_device::Nanos;
use pausewake_device::protocol::Cookie;

use crate::notify::Waiter;

/// Names a place in the line. A place is used again when its call has come or gone; its generation
/// tells the uses apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    place: usize,
    generation: u64,
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

/// The line. Nothing here takes longer for a longer line: ten thousand calls may wait in it.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// The order in which they came. Those that have left since stand in it until they come to one
    /// of its ends, or until there are too many of them.
    order: VecDeque<Ticket>,
    /// How many of those still wait.
    waiting: usize,
    places: Vec<Place>,
    vacant: Vec<usize>,
}

/// Where a call waits, and finds what became of it.
#[derive(Debug)]
struct Place {
    generation: u64,
    state: PlaceState,
}

#[derive(Debug)]
enum PlaceState {
    Vacant,
    Waits {
        waiter: Waiter,
        /// When the call's time is up.
        deadline_ns: Option<Nanos>,
    },
    /// Served, and it has not come for its slot yet.
    Served(Cookie),
    /// Its time was up, and it has not noticed yet.
    TimedOut,
}

impl Line {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    /// Puts a call at the end. Deadlines never decrease along the line.
    pub(crate) fn join(&mut self, waiter: Waiter, deadline_ns: Option<Nanos>) -> Ticket {
        let place = self.vacant.pop().unwrap_or_else(|| {
            self.places.push(Place {
                generation: 0,
                state: PlaceState::Vacant,
            });
            self.places.len() - 1
        });
        self.places[place].state = PlaceState::Waits {
            waiter,
            deadline_ns,
        };
        let ticket = Ticket {
            place,
            generation: self.places[place].generation,
        };
        self.order.push_back(ticket);
        self.waiting += 1;
        ticket
    }

    /// Gives a slot to the first in line, and says whom to tell.
    pub(crate) fn serve(&mut self, op: Cookie) -> Option<Waiter> {
        self.dismiss_first(PlaceState::Served(op))
    }

    /// When the time of the first in line is up.
    pub(crate) fn deadline_ns(&self) -> Option<Nanos> {
        match self.state(*self.order.front()?)? {
            PlaceState::Waits { deadline_ns, .. } => *deadline_ns,
            PlaceState::Vacant | PlaceState::Served(_) | PlaceState::TimedOut => None,
        }
    }

    /// Sends the first in line away if its time is up, and says whom to tell.
    pub(crate) fn time_out(&mut self, now: Nanos) -> Option<Waiter> {
        if self.deadline_ns()? > now {
            return None;
        }
        self.dismiss_first(PlaceState::TimedOut)
    }

    /// What became of this call; told once, if it is no longer in line.
    pub(crate) fn collect(&mut self, ticket: Ticket) -> Progress {
        let progress = match self.state(ticket) {
            Some(PlaceState::Served(op)) => Progress::Served(*op),
            Some(PlaceState::TimedOut) => Progress::TimedOut,
            Some(PlaceState::Waits { .. } | PlaceState::Vacant) | None => return Progress::Waits,
        };
        self.vacate(ticket);
        progress
    }

    /// From now on this call looks for itself. Gives back who would have been told, to be dropped
    /// when nothing is borrowed any more.
    pub(crate) fn wait_in_place(&mut self, ticket: Ticket) -> Option<Waiter> {
        match &mut self.places[ticket.place] {
            Place {
                generation,
                state: PlaceState::Waits { waiter, .. },
            } if *generation == ticket.generation => {
                Some(std::mem::replace(waiter, Waiter::IN_PLACE))
            }
            _ => None,
        }
    }

    /// The call goes away.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Left {
        match self.collect(ticket) {
            Progress::Served(op) => return Left::Served(op),
            Progress::TimedOut => return Left::TimedOut,
            Progress::Waits => {}
        }
        let is_waiting = matches!(self.state(ticket), Some(PlaceState::Waits { .. }));
        let waiter = is_waiting.then(|| self.vacate(ticket)).flatten();
        if waiter.is_some() {
            self.waiting -= 1;
            self.tidy();
        }
        Left::Waiting { _waiter: waiter }
    }

    /// Takes the first out of the order, who finds `state` in its place.
    fn dismiss_first(&mut self, state: PlaceState) -> Option<Waiter> {
        let first = self.order.pop_front()?;
        let before = std::mem::replace(&mut self.places[first.place].state, state);
        self.waiting -= 1;
        self.tidy();
        match before {
            PlaceState::Waits { waiter, .. } => Some(waiter),
            _ => unreachable!("the first in the order waits: the line was tidied"),
        }
    }

    fn state(&self, ticket: Ticket) -> Option<&PlaceState> {
        let place = &self.places[ticket.place];
        (place.generation == ticket.generation).then_some(&place.state)
    }

    /// Ends this use of a place, and gives back who waited in it.
    fn vacate(&mut self, ticket: Ticket) -> Option<Waiter> {
        let place = &mut self.places[ticket.place];
        place.generation += 1;
        self.vacant.push(ticket.place);
        match std::mem::replace(&mut place.state, PlaceState::Vacant) {
            PlaceState::Waits { waiter, .. } => Some(waiter),
            PlaceState::Vacant | PlaceState::Served(_) | PlaceState::TimedOut => None,
        }
    }

    /// Sees to it that the first in the order waits, and that most of the others do too.
    fn tidy(&mut self) {
        let places = &self.places;
        let is_gone = |ticket: &Ticket| places[ticket.place].generation != ticket.generation;
        while self.order.pop_front_if(|ticket| is_gone(ticket)).is_some() {}
        // Each sweep is paid for by as many calls that have left.
        if self.order.len() > 2 * self.waiting + SPARE_PLACES {
            self.order.retain(|ticket| !is_gone(ticket));
        }
    }
}

/// So many that have left are not worth a sweep.
const SPARE_PLACES: usize = 32;

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
        let first = line.join(Waiter::IN_PLACE, None);
        let second = line.join(Waiter::IN_PLACE, None);
        assert!(line.serve(slot(4)).is_some());
        assert_eq!(line.collect(second), Progress::Waits);
        assert_eq!(line.collect(first), Progress::Served(slot(4)));
        assert_eq!(line.collect(first), Progress::Waits);
        assert_eq!(line.len(), 1);
    }

    #[test]
    fn whose_time_is_up_is_sent_away_once() {
        let mut line = Line::default();
        let first = line.join(Waiter::IN_PLACE, Some(Nanos::new(10)));
        let second = line.join(Waiter::IN_PLACE, Some(Nanos::new(20)));
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
        let first = line.join(Waiter::IN_PLACE, None);
        let second = line.join(Waiter::IN_PLACE, None);
        assert!(line.serve(slot(4)).is_some());
        assert!(matches!(line.leave(first), Left::Served(op) if op == slot(4)));
        assert!(matches!(
            line.leave(second),
            Left::Waiting { _waiter: Some(_) }
        ));
        assert!(line.is_empty());
        assert!(line.serve(slot(5)).is_none());
    }

    /// Somebody at the front is never served, and others come and go behind it.
    #[test]
    fn those_who_leave_take_no_room_and_no_turn() {
        let mut line = Line::default();
        let first = line.join(Waiter::IN_PLACE, Some(Nanos::new(5)));
        for _ in 0..10_000 {
            let next = line.join(Waiter::IN_PLACE, Some(Nanos::new(6)));
            assert_eq!(line.len(), 2);
            assert!(matches!(
                line.leave(next),
                Left::Waiting { _waiter: Some(_) }
            ));
            assert!(line.order.len() <= 4 + SPARE_PLACES);
            assert_eq!(line.collect(next), Progress::Waits, "it is gone");
        }
        assert_eq!(line.places.len(), 2, "places are used again");
        let last = line.join(Waiter::IN_PLACE, Some(Nanos::new(7)));
        assert!(matches!(line.leave(first), Left::Waiting { .. }));
        assert_eq!(line.deadline_ns(), Some(Nanos::new(7)), "the last is first");
        assert!(line.serve(slot(1)).is_some());
        assert_eq!(line.collect(last), Progress::Served(slot(1)));
        assert!(line.is_empty());
        assert!(line.serve(slot(2)).is_none());
    }

    /// A long line is served in order, whoever leaves it.
    #[test]
    fn every_third_leaves_a_line_of_ten_thousand() {
        let mut line = Line::default();
        let tickets: Vec<_> = (0..10_000)
            .map(|_| line.join(Waiter::IN_PLACE, None))
            .collect();
        for ticket in tickets.iter().step_by(3) {
            assert!(matches!(
                line.leave(*ticket),
                Left::Waiting { _waiter: Some(_) }
            ));
        }
        let left = tickets.iter().enumerate().filter(|(n, _)| n % 3 != 0);
        for (op, (_, ticket)) in (0..).zip(left) {
            assert!(line.serve(slot(op)).is_some());
            assert_eq!(line.collect(*ticket), Progress::Served(slot(op)));
        }
        assert!(line.is_empty());
    }
}
