//! Panics of jobs and observers, which cost their own job and no other.

use std::cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;

use pausewake_device::{DeviceConfig, Nanos};
use pausewake_engine::events::{Event, Observer};
use pausewake_jobs::{Cancelled, WaitCtx};
use pausewake_tests::{Cell, Rig, Time, complete_all, seal};

use crate::own_job::cells;

#[test]
fn a_panic_in_a_job_comes_out_of_the_turn_and_the_loop_goes_on() {
    for cell in cells() {
        let mut rig = Rig::new(Time::Manual, cell);
        let done = Rc::new(cell::Cell::new(0));
        for job in 0..6 {
            let (engine, key, done) = (rig.engine.clone(), rig.keys.aes, done.clone());
            rig.spawn(move || {
                assert_eq!(seal(&engine, key), Ok(20));
                assert_ne!(job % 3, 1, "job {job} panics on purpose");
                done.set(done.get() + 1);
            });
        }
        let panicking = catch_unwind(AssertUnwindSafe(|| {
            rig.reactor.spawn(|| panic!("at once, on purpose"))
        }));
        assert!(panicking.is_err());
        rig.settle();
        assert_eq!(rig.complete_all(), 6);
        let mut panics = 0;
        while rig.reactor.live_jobs() > 0 {
            let turn = catch_unwind(AssertUnwindSafe(|| rig.settle()));
            panics += usize::from(turn.is_err());
        }
        // All six were woken in one batch: the jobs behind the ones that panicked ran as well.
        assert_eq!((panics, done.get()), (2, 4), "{cell:?}");
        assert_eq!(rig.engine.slots_in_use(), 0);
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        rig.spawn(move || assert_eq!(seal(&engine, key), Ok(20)));
        rig.run();
    }
}

/// Panics at one kind of event, once.
struct Panicky(cell::Cell<bool>, fn(&Event) -> bool);

impl Observer for Panicky {
    fn event(&self, _at: Nanos, event: &Event) {
        if self.1(event) && self.0.replace(false) {
            panic!("on purpose, at {event:?}");
        }
    }
}

#[test]
fn a_panic_of_an_observer_leaks_no_slot() {
    let kinds: [fn(&Event) -> bool; 5] = [
        |event| matches!(event, Event::Submitted { .. }),
        |event| matches!(event, Event::Full { .. }),
        |event| matches!(event, Event::Known { .. }),
        |event| matches!(event, Event::Returned(_)),
        |event| matches!(event, Event::Doorbell { .. }),
    ];
    for time in [Time::Simulated, Time::Manual] {
        for cell in time.cells() {
            for (kind, is_kind) in kinds.into_iter().enumerate() {
                let context = format!("{time:?} {cell:?}, kind {kind}");
                panic_once_and_leak_nothing(time, cell, is_kind, &context);
            }
        }
    }
}

fn panic_once_and_leak_nothing(time: Time, cell: Cell, is_kind: fn(&Event) -> bool, context: &str) {
    let mut config = DeviceConfig::default();
    config.queue.slots = 1;
    let observer = Rc::new(Panicky(cell::Cell::new(true), is_kind));
    let mut rig = Rig::with(time, cell, config, Some(observer));
    let mut panics = 0;
    for _ in 0..3 {
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let spawned = catch_unwind(AssertUnwindSafe(|| {
            rig.spawn(move || {
                let _ = seal(&engine, key);
            });
        }));
        panics += usize::from(spawned.is_err());
    }
    let mut runs = 0;
    while rig.reactor.live_jobs() > 0 {
        let run = catch_unwind(AssertUnwindSafe(|| rig.run()));
        panics += usize::from(run.is_err());
        runs += 1;
        assert!(runs < 10, "{context}");
    }
    assert_eq!(panics, 1, "{context}");
    let engine = rig.engine.clone();
    let shutdown = rig.reactor.shutdown().expect("the loop works");
    // A manual device is not waited for: it has what a job that is gone had in flight.
    while let (Some(manual), true) = (&rig.manual, engine.slots_in_use() > 0) {
        complete_all(manual);
        engine.poll();
    }
    assert!(
        rig.manual.is_some() || shutdown.slots_left == 0,
        "{context}"
    );
    assert_eq!(engine.slots_in_use(), 0, "{context}");
}

#[test]
fn a_panic_in_the_middle_of_an_op_abandons_it() {
    struct PanicsWhenDropped;
    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            if !thread::panicking() {
                panic!("on purpose");
            }
        }
    }
    for cell in cells() {
        let rig = Rig::new(Time::Manual, cell);
        let wait_ctx = WaitCtx::new();
        wait_ctx.set_callback(Some(Arc::new(|| {})));
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || {
            let _panics = catch_unwind(AssertUnwindSafe(|| seal(&engine, key)));
            drop(PanicsWhenDropped);
        });
        let job = outcome
            .expect("a job can be had")
            .paused()
            .expect("it waits");
        rig.engine.ring_doorbell();
        assert!(matches!(job.cancel(), Cancelled::Panicked(_)));
        assert_eq!(rig.complete_all(), 1);
        rig.poll_for(1);
        assert_eq!(rig.engine.slots_in_use(), 0, "{cell:?}");
    }
}
