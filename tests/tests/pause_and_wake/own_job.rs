//! Jobs of our own, outside of any loop, on a device that does nothing by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use pausewake_device::DeviceConfig;
use pausewake_jobs::{Job, Outcome, WaitCtx};
use pausewake_tests::{Cell, Rig, Time, seal};

/// Every cell that is allowed on a device that does nothing by itself: all but poll by event.
pub(crate) fn cells() -> impl Iterator<Item = Cell> {
    Time::Manual.cells()
}

/// A manual device with few slots.
pub(crate) fn with_slots(cell: impl Into<Cell>, slots: u32) -> Rig {
    let mut config = DeviceConfig::default();
    config.queue.slots = slots;
    Rig::with(Time::Manual, cell, config, None)
}

/// A job of our own, outside of the loop, that makes `ops` calls. Its wait context counts wakes.
pub(crate) fn own_job(rig: &Rig, ops: usize) -> (Job<()>, WaitCtx, Arc<AtomicUsize>) {
    let wait_ctx = WaitCtx::new();
    let wakes = Arc::new(AtomicUsize::new(0));
    let counted = wakes.clone();
    wait_ctx.set_callback(Some(Arc::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    })));
    let (engine, key) = (rig.engine.clone(), rig.keys.aes);
    let outcome = pausewake_jobs::start(Some(&wait_ctx), move || {
        for _ in 0..ops {
            assert_eq!(seal(&engine, key), Ok(20));
        }
    });
    let job = outcome.expect("a job can be had").paused();
    (job.expect("it waits"), wait_ctx, wakes)
}

/// Where jobs are told by callback, so often; elsewhere the callback is not called.
pub(crate) fn assert_wakes(wakes: &AtomicUsize, cell: Cell, expected: usize) {
    let expected = if cell.is_by_callback() { expected } else { 0 };
    // A reaper thread calls after it has handed over.
    while cell.has_thread() && wakes.load(Ordering::Relaxed) < expected {
        thread::yield_now();
    }
    assert_eq!(wakes.load(Ordering::Relaxed), expected, "{cell:?}");
}

/// What a job comes to when it is resumed.
pub(crate) fn resumed(job: Job<()>) -> Outcome<()> {
    job.resume().expect("we are in no job")
}
