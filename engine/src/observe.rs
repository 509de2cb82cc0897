//! Puts the jobs' events into the engine's log.

use std::rc::{Rc, Weak};

use pausewake_jobs::{JobEvent, JobObserver};

use crate::engine::Inner;
use crate::events::{Event, Observer};

/// While it lives, the jobs of this thread are observed.
pub(crate) struct JobTap {
    before: Option<Rc<dyn JobObserver>>,
}

/// Gives jobs' events the engine's time.
struct Stamp {
    engine: Weak<Inner>,
    observer: Rc<dyn Observer>,
}

impl JobTap {
    pub(crate) fn install(engine: Weak<Inner>, observer: Rc<dyn Observer>) -> Self {
        let stamp = Rc::new(Stamp { engine, observer });
        Self {
            before: pausewake_jobs::set_observer(Some(stamp)),
        }
    }
}

impl Drop for JobTap {
    fn drop(&mut self) {
        pausewake_jobs::set_observer(self.before.take());
    }
}

impl JobObserver for Stamp {
    fn job_event(&self, event: JobEvent) {
        // An engine that is being dropped has no time to give any more.
        if let Some(engine) = self.engine.upgrade() {
            self.observer.event(engine.now(), &Event::Job(event));
        }
    }
}
