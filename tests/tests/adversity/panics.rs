//! Callbacks and observers that panic, where others would have to pay for it.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pausewake_device::{DeviceConfig, Nanos};
use pausewake_engine::events::{Event, Observer};
use pausewake_engine::{Error, Notify, Reap};
use pausewake_jobs::{Callback, Cancelled, Job};
use pausewake_tests::{Cell, Log, Rig, Time};

use crate::support::paused_jobs;

/// The cells of a manual device in which a callback runs on the engine's own thread.
fn cells() -> impl Iterator<Item = Cell> {
    Time::Manual
        .cells()
        .filter(|cell| cell.notify == Notify::Callback && !matches!(cell.reap, Reap::Thread { .. }))
}

fn one_slot() -> DeviceConfig {
    let mut config = DeviceConfig::default();
    config.queue.slots = 1;
    config
}

fn panicking() -> Callback {
    Arc::new(|| panic!("a callback, on purpose"))
}

/// A callback, and how often it was called.
fn counting() -> (Callback, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let callback = Arc::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    (callback, calls)
}

/// The room that it leaves is told to the next in line, on a stack that unwinds.
#[test]
fn a_callback_that_panics_while_another_job_is_cancelled_ends_no_process() {
    for cell in cells() {
        let rig = Rig::with(Time::Manual, cell, one_slot(), None);
        let mut jobs = paused_jobs(&rig.engine, rig.keys.aes, [counting().0, panicking()]);
        rig.engine.ring_doorbell();
        assert_eq!((rig.complete_all(), rig.engine.poll()), (1, 1));
        assert!(matches!(jobs.remove(0).cancel(), Cancelled::Unwound));
        assert_eq!(rig.engine.stats().wakes_for_room, 1, "{cell:?}");
        drop(jobs);
        assert_eq!(rig.engine.slots_in_use(), 0);
    }
}

#[test]
fn a_callback_that_panics_on_the_stack_of_another_job_leaves_it_its_result() {
    for cell in cells() {
        let rig = Rig::with(Time::Manual, cell, one_slot(), None);
        let mut jobs = paused_jobs(&rig.engine, rig.keys.aes, [counting().0, panicking()]);
        rig.engine.ring_doorbell();
        assert_eq!((rig.complete_all(), rig.engine.poll()), (1, 1));
        let first = jobs.remove(0).resume().expect("we are in no job");
        assert_eq!(first.finished(), Some(Ok(20)), "{cell:?}");
    }
}

#[test]
fn a_callback_that_panics_costs_no_other_job_its_wake() {
    for cell in Time::Manual.cells() {
        if cell.notify != Notify::Callback {
            continue;
        }
        let rig = Rig::new(Time::Manual, cell);
        let (callback, calls) = counting();
        let jobs = paused_jobs(&rig.engine, rig.keys.aes, [panicking(), callback]);
        rig.engine.ring_doorbell();
        assert_eq!(rig.complete_all(), 2);
        rig.poll_for(2);
        // A reaper's thread may be at it still.
        while calls.load(Ordering::Relaxed) == 0 {
            std::thread::yield_now();
        }
        assert_eq!(calls.load(Ordering::Relaxed), 1, "{cell:?}");
        drop(jobs);
        assert_eq!(rig.engine.slots_in_use(), 0);
    }
}

/// A callback that cancels another job, whose completion came in the same poll: nobody is told of that.
#[test]
fn a_callback_may_cancel_a_job_that_was_to_be_told() {
    thread_local! {
        static OTHER: RefCell<Vec<Job<Result<usize, Error>>>> = const { RefCell::new(Vec::new()) };
    }
    for cell in cells() {
        let log = Log::new();
        let config = DeviceConfig::default();
        let rig = Rig::with(Time::Manual, cell, config, Some(log.clone()));
        let cancels: Callback = Arc::new(|| drop(OTHER.take()));
        let (callback, calls) = counting();
        let mut jobs = paused_jobs(&rig.engine, rig.keys.aes, [cancels, callback]);
        OTHER.set(vec![jobs.pop().expect("two jobs")]);
        rig.engine.ring_doorbell();
        assert_eq!((rig.complete_all(), rig.engine.poll()), (2, 2));
        let events = log.events();
        let is_notify = |event: &Event| matches!(event, Event::Notify { .. });
        let told = events.iter().filter(|(_, event)| is_notify(event)).count();
        assert_eq!((told, calls.load(Ordering::Relaxed)), (1, 0), "{cell:?}");
        let stats = rig.engine.stats();
        assert_eq!((stats.wakes_by_callback, stats.waits_in_place), (1, 0));
        drop(jobs);
    }
}

/// Panics at one kind of event, each time, as one with a poisoned lock does.
struct PanicsAt(fn(&Event) -> bool);

impl Observer for PanicsAt {
    fn event(&self, _at: Nanos, event: &Event) {
        assert!(!self.0(event), "on purpose, at {event:?}");
    }
}

#[test]
fn an_observer_that_panics_while_a_job_is_cancelled_ends_no_process() {
    for cell in cells() {
        let observer = Rc::new(PanicsAt(|event| matches!(event, Event::Abandoned { .. })));
        let config = DeviceConfig::default();
        let rig = Rig::with(Time::Manual, cell, config, Some(observer));
        let mut jobs = paused_jobs(&rig.engine, rig.keys.aes, [counting().0]);
        rig.engine.ring_doorbell();
        assert!(matches!(jobs.remove(0).cancel(), Cancelled::Unwound));
        assert_eq!(rig.engine.stats().abandoned, 1, "{cell:?}");
        assert_eq!(rig.complete_all(), 1);
        assert_eq!((rig.engine.poll(), rig.engine.slots_in_use()), (1, 0));
    }
}

#[test]
fn an_observer_that_panics_ever_after_ends_no_process() {
    for cell in cells() {
        let observer = Rc::new(PanicsAt(|event| {
            matches!(event, Event::Submitted { .. } | Event::Abandoned { .. })
        }));
        let config = DeviceConfig::default();
        let rig = Rig::with(Time::Manual, cell, config, Some(observer));
        let started = catch_unwind(AssertUnwindSafe(|| {
            paused_jobs(&rig.engine, rig.keys.aes, [counting().0])
        }));
        assert!(
            started.is_err(),
            "{cell:?}: its panic comes out of the start"
        );
        assert_eq!(rig.engine.stats().abandoned, 1);
    }
}

/// A panic out of the poll leaves somebody to be told: a loop that sleeps by the signal must not.
#[test]
fn whom_a_panic_of_an_observer_left_untold_is_told_before_the_loop_sleeps() {
    for cell in cells() {
        let once = std::cell::Cell::new(true);
        let observer = Rc::new(PanicsOnce(once));
        let rig = Rig::with(Time::Manual, cell, DeviceConfig::default(), Some(observer));
        let (callback, calls) = counting();
        let jobs = paused_jobs(&rig.engine, rig.keys.aes, [counting().0, callback]);
        rig.engine.ring_doorbell();
        assert_eq!(rig.complete_all(), 2);
        let polled = catch_unwind(AssertUnwindSafe(|| rig.engine.poll()));
        assert!(polled.is_err());
        for _ in 0..3 {
            if rig.engine.arm_signal() {
                break;
            }
            rig.engine.disarm_signal();
            rig.engine.poll();
        }
        assert_eq!(calls.load(Ordering::Relaxed), 1, "{cell:?}");
        drop(jobs);
    }
}

/// Panics at the first wake.
struct PanicsOnce(std::cell::Cell<bool>);

impl Observer for PanicsOnce {
    fn event(&self, _at: Nanos, event: &Event) {
        if matches!(event, Event::Notify { .. }) {
            assert!(!self.0.replace(false), "on purpose, at {event:?}");
        }
    }
}
