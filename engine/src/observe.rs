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
    hears_pauses: bool,
}

/// The one observer of this thread's jobs.
struct FanOut {
    /// Whether any of the engines' observers wants to hear of pauses.
    hears_pauses: bool,
}

/// The taps of this thread, and who observed its jobs before the first of them.
#[derive(Default)]
struct Taps {
    stamps: Vec<Rc<Stamp>>,
    /// Made anew whenever a tap comes or goes, so that an event costs no search.
    listeners: Listeners,
    /// What observes the jobs for all of them.
    fan_out: Option<Rc<dyn JobObserver>>,
    before: Option<Rc<dyn JobObserver>>,
}

thread_local! {
    static TAPS: RefCell<Taps> = RefCell::default();
}

impl JobTap {
    pub(crate) fn install(engine: Weak<Inner>, observer: Rc<dyn Observer>) -> Self {
        let hears_pauses = observer.hears_pauses();
        let stamp = Rc::new(Stamp {
            engine,
            observer,
            hears_pauses,
        });
        TAPS.with_borrow_mut(|taps| {
            taps.observe(hears_pauses);
            taps.stamps.push(stamp.clone());
            taps.listeners = Listeners::new(&taps.stamps);
        });
        Self { stamp }
    }
}

impl Taps {
    /// Observes the jobs for one engine more, of all pauses or not.
    fn observe(&mut self, hears_pauses: bool) {
        let heard = self.stamps.iter().any(|stamp| stamp.hears_pauses);
        if !self.stamps.is_empty() && (heard || !hears_pauses) {
            return;
        }
        let fan_out: Rc<dyn JobObserver> = Rc::new(FanOut { hears_pauses });
        let ours = self.fan_out.replace(fan_out.clone());
        let replaced = pausewake_jobs::set_observer(Some(fan_out));
        match (ours, replaced) {
            (None, before) => self.before = before,
            (Some(ours), Some(replaced)) if Rc::ptr_eq(&ours, &replaced) => {}
            // Somebody has taken our place since the first engine came, and keeps it.
            (Some(_), replaced) => drop(pausewake_jobs::set_observer(replaced)),
        }
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
                taps.fan_out = None;
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
        if let Some((engine, stamp)) = running(&listeners) {
            stamp.tell(&engine, event);
            return;
        }
        for stamp in listeners.first_of_each() {
            // An engine that is being dropped has no time to give any more.
            if let Some(engine) = stamp.engine.upgrade() {
                stamp.tell(&engine, event);
            }
        }
    }

    fn hears_pauses(&self) -> bool {
        self.hears_pauses
    }
}

impl Stamp {
    fn tell(&self, engine: &Inner, event: JobEvent) {
        if self.hears_pauses || !event.is_switch() {
            self.observer.event(engine.now(), &Event::Job(event));
        }
    }
}

/// The engine on whose timeline a job runs now, and its stamp: of several timelines on a thread,
/// the others neither see the job nor have its time.
fn running(listeners: &Listeners) -> Option<(Rc<Inner>, &Rc<Stamp>)> {
    let [_, _, ..] = &*listeners.0 else {
        return None;
    };
    listeners.0.iter().find_map(|(stamp, _)| {
        let engine = stamp.engine.upgrade()?;
        engine.is_running().then_some((engine, stamp))
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
