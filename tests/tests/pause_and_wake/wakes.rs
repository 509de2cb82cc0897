//! Wakes that come too early, not at all, or too late; and completions that need none.

use std::cell::{self, RefCell};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use pausewake_device::{Manual, Nanos};
use pausewake_engine::Engine;
use pausewake_engine::events::{Event, Observer};
use pausewake_jobs::block_pause;
use pausewake_tests::{Rig, Time, complete_all, seal};

use crate::own_job::{assert_wakes, cells, own_job, resumed};

#[test]
fn a_wake_before_the_pause_is_not_lost() {
    for cell in cells() {
        let mut rig = Rig::new(Time::Manual, cell);
        let (engine, key, manual) = (rig.engine.clone(), rig.keys.aes, rig.manual().clone());
        // The observer of its own submission: the op is complete, reaped and told before the job
        // comes to its pause.
        let completed = Rc::new(cell::Cell::new(0));
        let eager = Rc::new(Eager {
            manual,
            engine: RefCell::new(None),
            reaped: completed.clone(),
        });
        let queue = rig.device.open_queue().expect("descriptors are left");
        let eager_engine = Engine::new(queue, rig.engine.config(), Some(eager.clone()))
            .expect("the cell is allowed");
        eager.engine.replace(Some(eager_engine.clone()));
        let done = Rc::new(cell::Cell::new(0));
        let told = done.clone();
        rig.spawn(move || {
            for _ in 0..3 {
                assert_eq!(seal(&eager_engine, key), Ok(20));
                told.set(told.get() + 1);
            }
            // The next pause finds what is left of the early wakes, and sleeps on.
            assert_eq!(seal(&engine, key), Ok(20));
            told.set(told.get() + 1);
        });
        assert_eq!((done.get(), completed.get()), (3, 3), "{cell:?}");
        rig.settle();
        assert_eq!(done.get(), 3, "{cell:?}");
        rig.run();
        assert_eq!(done.get(), 4, "{cell:?}");
        // By callback each early wake is a resume too many; by fd the count was taken.
        let spurious = if cell.is_by_callback() { 3 } else { 0 };
        assert_eq!(rig.engine.stats().spurious_resumes, spurious, "{cell:?}");
        assert_eq!(rig.engine.slots_in_use(), 0);
        eager.engine.replace(None);
    }
}

/// Completes and reaps every op in the moment of its submission.
struct Eager {
    manual: Manual,
    engine: RefCell<Option<Engine>>,
    reaped: Rc<cell::Cell<usize>>,
}

impl Observer for Eager {
    fn event(&self, _at: Nanos, event: &Event) {
        if !matches!(event, Event::Submitted { .. }) {
            return;
        }
        // Misuse, and so quick that no device could be: but it must do no harm.
        let engine = self.engine.borrow().clone().expect("it is set");
        engine.ring_doorbell();
        complete_all(&self.manual);
        // A reaper thread takes its time.
        let mut reaped = engine.poll();
        while reaped == 0 {
            reaped = engine.poll();
        }
        self.reaped.set(self.reaped.get() + reaped);
    }
}

#[test]
fn a_resume_without_a_wake_puts_the_job_back_to_sleep() {
    for cell in cells() {
        let rig = Rig::new(Time::Manual, cell);
        let (mut job, _wait_ctx, wakes) = own_job(&rig, 1);
        rig.engine.ring_doorbell();
        for _ in 0..5 {
            job = resumed(job).paused().expect("its op is not complete");
        }
        assert_eq!(rig.resumes_in_vain(), 5);
        assert_eq!(rig.engine.stats().returned, 0);
        assert_eq!(rig.complete_all(), 1);
        rig.poll_for(1);
        assert_wakes(&wakes, cell, 1);
        assert!(resumed(job).finished().is_some());
        assert_eq!(rig.engine.slots_in_use(), 0);
    }
}

#[test]
fn a_blocked_job_waits_in_place_and_tells_the_others() {
    for cell in cells() {
        let mut rig = Rig::new(Time::Manual, cell);
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let others = Rc::new(cell::Cell::new(0));
        for _ in 0..3 {
            let (engine, others) = (engine.clone(), others.clone());
            rig.spawn(move || {
                assert_eq!(seal(&engine, key), Ok(20));
                others.set(others.get() + 1);
            });
        }
        let manual = rig.manual().clone();
        let (all_there, wait) = mpsc::channel();
        let helper = thread::spawn(move || {
            wait.recv().expect("the job says when");
            // The blocked job's own op is submitted by now, or is about to be.
            while manual.pending().len() < 4 {
                thread::yield_now();
            }
            complete_all(&manual);
        });
        rig.spawn(move || {
            let _block = block_pause();
            all_there.send(()).expect("the helper waits");
            assert_eq!(seal(&engine, key), Ok(20));
        });
        helper.join().expect("the helper is well");
        assert_eq!(rig.engine.stats().waits_in_place, 1);
        rig.run();
        assert_eq!(others.get(), 3, "{cell:?}");
        assert_eq!(rig.engine.slots_in_use(), 0);
    }
}

#[test]
fn a_wake_after_the_end_of_its_wait_context_hits_nothing() {
    for cell in cells() {
        let mut rig = Rig::new(Time::Manual, cell);
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let late = Rc::new(RefCell::new(None));
        let taken = late.clone();
        rig.spawn(move || {
            let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
            *taken.borrow_mut() = wait_ctx.callback();
            assert_eq!(seal(&engine, key), Ok(20));
        });
        rig.run();
        let wake = late.take();
        drop(rig);
        assert_eq!(wake.is_some(), cell.is_by_callback());
        if let Some(wake) = wake {
            wake.wake().expect("a callback has no errors");
        }
    }
}
