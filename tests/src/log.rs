//! An observer that keeps everything.

use std::cell::RefCell;
use std::rc::Rc;

use pausewake_device::Nanos;
use pausewake_engine::events::{Event, Observer, Returned};

/// Every event with its time, in the order in which they were told.
#[derive(Debug, Default)]
pub struct Log {
    events: RefCell<Vec<(Nanos, Event)>>,
}

impl Log {
    /// An empty log.
    #[must_use]
    pub fn new() -> Rc<Self> {
        Rc::default()
    }

    /// What was told so far.
    #[must_use]
    pub fn events(&self) -> Vec<(Nanos, Event)> {
        self.events.borrow().clone()
    }

    /// The operations that have returned so far.
    #[must_use]
    pub fn returned(&self) -> Vec<Returned> {
        let events = self.events.borrow();
        let returned = events.iter().filter_map(|(_, event)| match event {
            Event::Returned(returned) => Some(*returned),
            _ => None,
        });
        returned.collect()
    }
}

impl Observer for Log {
    fn event(&self, at: Nanos, event: &Event) {
        self.events.borrow_mut().push((at, event.clone()));
    }
}
