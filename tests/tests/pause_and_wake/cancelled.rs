//! Jobs that are cancelled with an operation in flight, in line, or done.

use std::cell;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use pausewake_device::keys::KeyId;
use pausewake_engine::Engine;
use pausewake_jobs::Cancelled;
use pausewake_tests::{Rig, Time, everywhere, seal, while_completing};

use crate::own_job::{assert_wakes, cells, own_job, resumed, with_slots};

#[test]
fn a_cancelled_job_leaves_its_slot_to_the_device() {
    for cell in cells() {
        let rig = Rig::new(Time::Manual, cell);
        let (job, wait_ctx, wakes) = own_job(&rig, 1);
        rig.engine.ring_doorbell();
        assert!(matches!(job.cancel(), Cancelled::Unwound));
        let stats = rig.engine.stats();
        assert_eq!((stats.abandoned, stats.in_flight), (1, 1));
        assert_eq!(
            rig.engine.slots_in_use(),
            1,
            "the device still writes there"
        );
        // The late completion comes when even the wait context is gone.
        drop(wait_ctx);
        assert_eq!(rig.complete_all(), 1);
        rig.poll_for(1);
        assert_eq!(rig.engine.slots_in_use(), 0);
        assert_eq!(wakes.load(Ordering::Relaxed), 0);
        let stats = rig.engine.stats();
        assert_eq!((stats.abandoned, stats.in_flight, stats.orphans), (1, 0, 0));
    }
}

#[test]
fn a_job_cancelled_before_the_doorbell_leaves_its_slot_too() {
    for cell in cells() {
        let rig = Rig::new(Time::Manual, cell);
        let (job, _wait_ctx, wakes) = own_job(&rig, 1);
        drop(job);
        assert_eq!(rig.engine.slots_in_use(), 1);
        rig.engine.ring_doorbell();
        assert_eq!(rig.complete_all(), 1);
        rig.poll_for(1);
        assert_eq!(rig.engine.slots_in_use(), 0, "{cell:?}");
        assert_eq!(wakes.load(Ordering::Relaxed), 0, "{cell:?}");
    }
}

#[test]
fn a_job_cancelled_after_its_wake_leaves_no_wake_behind() {
    for cell in cells() {
        let rig = Rig::new(Time::Manual, cell);
        let (job, wait_ctx, wakes) = own_job(&rig, 1);
        rig.engine.ring_doorbell();
        rig.complete_all();
        rig.poll_for(1);
        assert_wakes(&wakes, cell, 1);
        drop(job);
        assert_eq!(rig.engine.slots_in_use(), 0);
        let stats = rig.engine.stats();
        assert_eq!(
            (stats.submitted, stats.returned, stats.abandoned),
            (1, 0, 1)
        );
        let fds = wait_ctx.all_fds();
        assert_eq!(fds.len(), usize::from(cell.is_by_fd()), "{cell:?}");
        for fd in fds {
            assert_eq!(fd.drain().expect("it is an eventfd"), 0, "{cell:?}");
        }
        // What a callback has said cannot be taken back: it is said once.
        rig.engine.poll();
        assert_wakes(&wakes, cell, 1);
    }
}

#[test]
fn a_job_dropped_in_line_leaves_the_line() {
    for cell in cells() {
        let rig = with_slots(cell, 1);
        let (holder, _a, _) = own_job(&rig, 1);
        let (leaver, _b, leaver_wakes) = own_job(&rig, 1);
        let (next, next_ctx, _) = own_job(&rig, 1);
        assert_eq!(rig.engine.stats().full_waits, 2);
        drop(leaver);
        rig.engine.ring_doorbell();
        rig.complete_all();
        rig.poll_for(1);
        assert!(resumed(holder).finished().is_some());
        assert_eq!(leaver_wakes.load(Ordering::Relaxed), 0);
        // The slot went to the next one; it too is dropped, before it comes for it.
        assert_eq!(rig.engine.slots_in_use(), 1);
        drop(next);
        assert_eq!(rig.engine.slots_in_use(), 0);
        if cell.is_by_fd() {
            assert_eq!(next_ctx.all_fds()[0].drain().expect("an eventfd"), 0);
        }
        let (last, _c, _) = own_job(&rig, 1);
        rig.engine.ring_doorbell();
        assert_eq!(rig.complete_all(), 1);
        rig.poll_for(1);
        assert!(resumed(last).finished().is_some());
    }
}

#[test]
fn a_destructor_may_call_while_its_job_is_cancelled() {
    struct CallsWhenDropped(Engine, KeyId, Rc<cell::Cell<usize>>);
    impl Drop for CallsWhenDropped {
        fn drop(&mut self) {
            self.2
                .set(seal(&self.0, self.1).expect("it waits in place"));
        }
    }
    everywhere(|time, cell| {
        let mut rig = Rig::new(time, cell);
        let said = Rc::new(cell::Cell::new(0));
        let (engine, key, told) = (rig.engine.clone(), rig.keys.aes, said.clone());
        rig.spawn(move || {
            let _guard = CallsWhenDropped(engine.clone(), key, told);
            let _ = seal(&engine, key);
        });
        rig.engine.ring_doorbell();
        let Rig {
            reactor,
            engine,
            manual,
            ..
        } = rig;
        let shutdown = while_completing(manual.as_ref(), || reactor.shutdown());
        let shutdown = shutdown.expect("the loop works");
        assert_eq!(shutdown.cancelled_jobs, 1, "{time:?} {cell:?}");
        assert_eq!(said.get(), 20, "{time:?} {cell:?}");
        // A manual device is not waited for; what it held is answered by now.
        assert!(manual.is_some() || shutdown.slots_left == 0, "{cell:?}");
        while engine.slots_in_use() > 0 {
            engine.poll();
        }
    });
}
