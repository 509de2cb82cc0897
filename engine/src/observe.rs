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
    /// Made anew whenever a tap comes or goes, so that an event costs no search.
    listeners: Listeners,
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
            taps.listeners = Listeners::new(&taps.stamps);
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
            let listeners = Listeners::new(&taps.stamps);
            let gone = std::mem::replace(&mut taps.listeners, listeners);
            if taps.stamps.is_empty() {
                let before = taps.before.take();
                drop(taps);
                drop(pausewake_jobs::set_observer(before));
            } else {
                drop(taps);
            }
            // After the borrow: the last count on an observer may run code of the application.
            drop(gone);
        });
    }
}

impl JobObserver for FanOut {
    fn job_event(&self, event: JobEvent) {
        // Borrowed for a moment: an observer may make or drop an engine.
        let Ok(listeners) = TAPS.try_with(|taps| taps.borrow().listeners.clone()) else {
            return;
        };
        if let Some((engine, observer)) = running(&listeners) {
            observer.event(engine.now(), &Event::Job(event));
            return;
        }
        for stamp in listeners.first_of_each() {
            // An engine that is being dropped has no time to give any more.
            if let Some(engine) = stamp.engine.upgrade() {
                stamp.observer.event(engine.now(), &Event::Job(event));
            }
        }
    }
}

/// The engine on whose timeline a job runs now, and its observer: of several timelines on a thread,
/// the others neither see the job nor have its time.
fn running(listeners: &Listeners) -> Option<(Rc<Inner>, &Rc<dyn Observer>)> {
    let [_, _, ..] = &*listeners.0 else {
        return None;
    };
    listeners.0.iter().find_map(|(stamp, _)| {
        let engine = stamp.engine.upgrade()?;
        engine.is_running().then_some((engine, &stamp.observer))
    })
}

/// The taps of a thread as they were when the event came, and whether each is the first one of its
/// observer: engines that share one share its ears.
#[derive(Clone, Default)]
struct Listeners(Rc<[(Rc<Stamp>, bool)]>);

impl Listeners {
    fn new(stamps: &[Rc<Stamp>]) -> Self {
        let is_first = |position: usize| {
            let observer = &stamps[position].observer;
            let is_shared = |stamp: &Rc<Stamp>| Rc::ptr_eq(&stamp.observer, observer);
            !stamps[..position].iter().any(is_shared)
        };
        let marked = stamps
            .iter()
            .enumerate()
            .map(|(position, stamp)| (stamp.clone(), is_first(position)));
        Self(marked.collect())
    }

    fn first_of_each(&self) -> impl Iterator<Item = &Rc<Stamp>> {
        let firsts = self.0.iter().filter(|(_, is_first)| *is_first);
        firsts.map(|(stamp, _)| stamp)
    }
}
