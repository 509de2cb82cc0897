//! What the engine and the jobs have told, in one order.

use std::cell::RefCell;

use pausewake_device::Nanos;
use pausewake_engine::Error;
use pausewake_engine::events::{Event, Observer};
use pausewake_jobs::JobId;

/// One thing that was told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// By the engine.
    Event(Event),
    /// By the job's function, at its beginning.
    Began { job: usize, id: JobId },
    /// By the job's function, before a call.
    Call { job: usize, at: Nanos },
    /// By the job's function, after it.
    CallEnded {
        job: usize,
        result: Result<usize, Error>,
        /// What the call filled, undone by its input: the same for all calls that went well.
        keystream: [u8; 4],
    },
    /// By the job's function, at its end.
    Ended { job: usize },
}

/// What was told and not yet looked at.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    told: RefCell<Vec<Told>>,
}

impl Feed {
    pub(crate) fn tell(&self, told: Told) {
        self.told.borrow_mut().push(told);
    }

    pub(crate) fn take(&self) -> Vec<Told> {
        self.told.take()
    }
}

impl Observer for Feed {
    fn event(&self, _at: Nanos, event: &Event) {
        self.tell(Told::Event(event.clone()));
    }
}
