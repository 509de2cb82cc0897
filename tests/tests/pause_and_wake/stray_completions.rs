//! Completions that nobody asked for, or that claim what cannot be.

use std::sync::Arc;

use pausewake_device::protocol::Cookie;
use pausewake_engine::{DeviceFault, Error};
use pausewake_jobs::WaitCtx;
use pausewake_tests::{Rig, Time, forged, seal};

use crate::own_job::{assert_wakes, cells, own_job, resumed, with_slots};

#[test]
fn doubled_forged_and_stale_completions_hit_nothing() {
    for cell in cells() {
        let rig = with_slots(cell, 2);
        let (job, _wait_ctx, wakes) = own_job(&rig, 2);
        rig.engine.ring_doorbell();
        let first = rig.manual().pending()[0];
        let forge = |op: Cookie| rig.manual().forge(first.queue, forged(op, 20));
        let Cookie { slot, generation } = first.op;
        // Other slot, slot that does not exist, other generations of the right slot.
        for op in [
            Cookie {
                slot: slot ^ 1,
                generation,
            },
            Cookie {
                slot: slot ^ 1,
                generation: 0,
            },
            Cookie {
                slot: 2,
                generation,
            },
            Cookie {
                slot: u32::MAX,
                generation: u32::MAX,
            },
            Cookie {
                slot,
                generation: generation + 1,
            },
            Cookie {
                slot,
                generation: generation.wrapping_sub(1),
            },
        ] {
            forge(op);
        }
        rig.poll_for(6);
        assert_eq!(rig.engine.stats().orphans, 6);
        let job = resumed(job).paused().expect("its op is not complete");

        // The real one, twice in one batch.
        rig.complete_all();
        forge(first.op);
        rig.poll_for(2);
        assert_eq!(rig.engine.stats().orphans, 7);
        let job = resumed(job).paused().expect("its second op");
        rig.engine.ring_doorbell();
        let second = rig.manual().pending()[0];
        assert_eq!(second.op.slot, slot, "the same slot in its next use");
        assert_ne!(second.op.generation, generation);
        // Late: the same slot, the generation of its last use.
        forge(first.op);
        rig.poll_for(1);
        assert_eq!(rig.engine.stats().orphans, 8);
        let job = resumed(job)
            .paused()
            .expect("its second op is not complete");
        rig.complete_all();
        rig.poll_for(1);
        assert!(resumed(job).finished().is_some());
        // And once more, for a slot that is free.
        forge(second.op);
        rig.poll_for(1);
        assert_eq!(rig.engine.stats().orphans, 9);
        assert_eq!(rig.engine.slots_in_use(), 0);
        assert_wakes(&wakes, cell, 2);
    }
}

#[test]
fn a_completion_that_claims_too_much_output_is_a_device_error() {
    for cell in cells() {
        let rig = Rig::new(Time::Manual, cell);
        let wait_ctx = WaitCtx::new();
        wait_ctx.set_callback(Some(Arc::new(|| {})));
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || seal(&engine, key));
        let job = outcome
            .expect("a job can be had")
            .paused()
            .expect("it waits");
        rig.engine.ring_doorbell();
        let pending = rig.manual().pending()[0];
        rig.manual()
            .forge(pending.queue, forged(pending.op, 1_000_000));
        rig.poll_for(1);
        let result = job.resume().expect("we are in no job").finished();
        assert_eq!(result, Some(Err(Error::Device(DeviceFault::Nonsense))));
        assert_eq!(rig.engine.slots_in_use(), 0, "{cell:?}");
    }
}
