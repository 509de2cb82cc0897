//! What happens to jobs, told to one observer per thread.

use std::cell::RefCell;
use std::rc::Rc;

use crate::{JobId, fiber};

/// Something that happened to a job of this thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobEvent {
    /// It is about to run for the first time.
    Started {
        /// Which.
        job: JobId,
    },
    /// It has paused: `start` or `resume` is about to return.
    Paused {
        /// Which.
        job: JobId,
    },
    /// It is about to run on from its pause.
    Resumed {
        /// Which.
        job: JobId,
    },
    /// Its function has returned.
    Finished {
        /// Which.
        job: JobId,
    },
    /// Its function has panicked.
    Panicked {
        /// Which.
        job: JobId,
    },
    /// It was cancelled, by [`Job::cancel`](crate::Job::cancel) or because its handle was dropped.
    Cancelled {
        /// Which.
        job: JobId,
        /// How it ended.
        how: CancelHow,
    },
}

/// How a cancelled job ended: [`Cancelled`](crate::Cancelled) without what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CancelHow {
    /// Its stack was unwound.
    Unwound,
    /// It caught the cancellation, and returned.
    Finished,
    /// It caught the cancellation, and then panicked.
    Panicked,
    /// It caught the cancellation and paused again, every time.
    Refused,
}

impl JobEvent {
    /// Whether a job has only paused, or goes on: it has neither begun nor ended.
    #[must_use]
    pub fn is_switch(&self) -> bool {
        matches!(self, JobEvent::Paused { .. } | JobEvent::Resumed { .. })
    }
}

/// Hears what happens to the jobs of a thread. See [`set_observer`].
pub trait JobObserver {
    /// Called outside the job that the event is about, on its thread, with nothing of this
    /// crate borrowed or locked. Reads no clock; the observer may.
    fn job_event(&self, event: JobEvent);

    /// Whether it wants to be told of each pause and each resume too, and not only of how jobs begin
    /// and end ([`JobEvent::is_switch`]). Asked once, by [`set_observer`]: who does not costs a switch
    /// no more than nobody would.
    fn hears_pauses(&self) -> bool {
        true
    }
}

thread_local! {
    static OBSERVER: RefCell<Option<Rc<dyn JobObserver>>> = const { RefCell::new(None) };
}

/// Has `observer` told of everything that happens to this thread's jobs from now on, and returns
/// the one that was told so far. With `None`, an event costs one test of a flag.
pub fn set_observer(observer: Option<Rc<dyn JobObserver>>) -> Option<Rc<dyn JobObserver>> {
    let hears = match &observer {
        None => Hears::Nothing,
        Some(observer) if observer.hears_pauses() => Hears::All,
        Some(_) => Hears::Ends,
    };
    // While the thread ends, its observer is gone, and there is nobody to tell.
    let Ok(before) = OBSERVER.try_with(|slot| slot.replace(observer)) else {
        fiber::set_hears(Hears::Nothing);
        return None;
    };
    fiber::set_hears(hears);
    before
}

/// How much this thread's observer wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hears {
    /// There is none.
    Nothing,
    /// How jobs begin and end.
    Ends,
    /// Pauses and resumes too.
    All,
}

/// Tells that a job begins or ends.
#[inline]
pub(crate) fn emit(event: impl FnOnce() -> JobEvent) {
    if fiber::hears() >= Hears::Ends {
        tell(event());
    }
}

/// Tells that a job pauses or goes on.
#[inline(always)]
pub(crate) fn emit_switch(event: impl FnOnce() -> JobEvent) {
    if fiber::hears() >= Hears::All {
        tell(event());
    }
}

#[cold]
fn tell(event: JobEvent) {
    let observer = OBSERVER.try_with(|slot| slot.borrow().clone());
    if let Ok(Some(observer)) = observer {
        observer.job_event(event);
    }
}
