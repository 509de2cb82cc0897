//! Puts the jobs' events into the engines' logs.
//!
//! A thread has one observer of jobs, and may have several engines: one is set for all of them. It
//! gives each event to every observer of an engine once, with the time of that engine.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use pausewake_jobs::{JobEvent, JobObserver};

use crate::engine::Inner;
use crate::events::{Event, Observer};

/// While it lives, the jobs of this thread are observed for one engine.
pub(crate) struct JobTap {
    stamp: Rc<Stamp>,
}

/// Gives jobs' events an engine's time.
struct Stamp {
    engine: Weak<Inner>,
    observer: Rc<dyn Observer>,
}

/// The one observer of this thread's jobs.
struct FanOut;

/// The taps of this thread, and who observed its jobs before the first of them.
#[derive(Default)]
struct Taps {
    stamps: Vec<Rc<Stamp>>,
    before: Option<Rc<dyn JobObserver>>,
}

thread_local! {
    static TAPS: RefCell<Taps> = RefCell::default();
}

impl JobTap {
    pub(crate) fn install(engine: Weak<Inner>, observer: Rc<dyn Observer>) -> Self {
        let stamp = Rc::new(Stamp { engine, observer });
        TAPS.with_borrow_mut(|taps| {
            if taps.stamps.is_empty() {
                taps.before = pausewake_jobs::set_observer(Some(Rc::new(FanOut)));
            }
            taps.stamps.push(stamp.clone());
        });
        Self { stamp }
    }
}

impl Drop for JobTap {
    fn drop(&mut self) {
        // While the thread ends, its taps are gone, and so are its jobs.
        let _ = TAPS.try_with(|taps| {
            let mut taps = taps.borrow_mut();
            taps.stamps.retain(|stamp| !Rc::ptr_eq(stamp, &self.stamp));
            if taps.stamps.is_empty() {
                let before = taps.before.take();
                drop(taps);
                drop(pausewake_jobs::set_observer(before));
            }
        });
    }
}

impl JobObserver for FanOut {
    fn job_event(&self, event: JobEvent) {
        if let Some((engine, observer)) = running() {
            observer.event(engine.now(), &Event::Job(event));
            return;
        }
        let mut index = 0;
        // Borrowed for a moment at a time: an observer may make or drop an engine.
        while let Some(stamp) = nth_to_tell(index) {
            // An engine that is being dropped has no time to give any more.
            if let Some(engine) = stamp.engine.upgrade() {
                stamp.observer.event(engine.now(), &Event::Job(event));
            }
            index += 1;
        }
    }
}

/// The engine on whose timeline a job runs now, and its observer: of several timelines on a thread,
/// the others neither see the job nor have its time.
fn running() -> Option<(Rc<Inner>, Rc<dyn Observer>)> {
    let found = TAPS.try_with(|taps| {
        let taps = taps.borrow();
        taps.stamps.iter().find_map(|stamp| {
            let engine = stamp.engine.upgrade()?;
            engine
                .is_running()
                .then(|| (engine, stamp.observer.clone()))
        })
    });
    found.ok().flatten()
}

/// The `index`th tap of those that have observers of their own: engines that share one share its
/// ears.
fn nth_to_tell(index: usize) -> Option<Rc<Stamp>> {
    let taps = TAPS.try_with(|taps| {
        let taps = taps.borrow();
        let is_first = |position: usize| {
            let earlier = &taps.stamps[..position];
            let observer = &taps.stamps[position].observer;
            earlier
                .iter()
                .all(|stamp| !Rc::ptr_eq(&stamp.observer, observer))
        };
        (0..taps.stamps.len())
            .filter(|position| is_first(*position))
            .nth(index)
            .map(|position| taps.stamps[position].clone())
    });
    taps.ok().flatten()
}
