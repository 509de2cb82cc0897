//! Code of the application's that calls, panics or comes and goes where it is least convenient.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use pausewake_device::protocol::{Cookie, Descriptor, OpKind};
use pausewake_device::{Device, Nanos, WaitStrategy};
use pausewake_engine::events::{Event, Observer};
use pausewake_engine::{Engine, EngineConfig};
use pausewake_jobs::{Callback, Outcome, WaitCtx, block_pause};
use pausewake_tests::{Keys, Rig, Time, seal};

use crate::support::{device_config, engine, offload_all, paused_jobs, simulated};

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
    static CALLED: Cell<usize> = const { Cell::new(0) };
}

/// Callbacks that make synchronous calls, each of which polls: not one on top of the other.
#[test]
fn callbacks_that_call_do_not_pile_up_on_a_jobs_stack() {
    // No reaper thread: its callbacks have no engine to call.
    for cell in Time::Simulated.cells().filter(|cell| cell.is_by_callback()) {
        call_from_callbacks(cell.config());
    }
}

fn call_from_callbacks(config: EngineConfig) {
    const JOBS: usize = 120;
    let device = simulated(device_config(256, 256, Nanos::from_micros(100)));
    let key = Keys::import(&device).aes;
    let engine = engine(&device, config, None);
    ENGINE.set(Some(engine.clone()));
    CALLED.set(0);
    let calls: Callback = Arc::new(move || {
        let engine = ENGINE.with_borrow(Clone::clone).expect("set above");
        assert_eq!(seal(&engine, key), Ok(20));
        CALLED.set(CALLED.get() + 1);
    });
    let paused = paused_jobs(&engine, key, (0..JOBS).map(|_| calls.clone()));
    // A job that must not pause waits in place, on its small stack, and reaps for all.
    let wait_ctx = WaitCtx::new();
    wait_ctx.set_callback(Some(Arc::new(|| {})));
    let caller = engine.clone();
    let outcome = pausewake_jobs::start(Some(&wait_ctx), move || {
        let _blocked = block_pause();
        seal(&caller, key)
    });
    assert!(matches!(outcome, Ok(Outcome::Finished(Ok(20)))));
    assert_eq!(CALLED.get(), JOBS, "each was told once");
    for job in paused {
        assert!(matches!(job.resume(), Ok(Outcome::Finished(Ok(20)))));
    }
    ENGINE.set(None);
    assert_eq!(engine.slots_in_use(), 0);
}

/// An observer that panics costs its own call, and no job its wake.
#[test]
fn after_an_observers_panic_every_job_still_ends() {
    struct Panics {
        at: fn(&Event) -> bool,
        done: Cell<bool>,
    }
    impl Observer for Panics {
        fn event(&self, _at: Nanos, event: &Event) {
            if (self.at)(event) && !self.done.replace(true) {
                panic!("an observer that panics on purpose");
            }
        }
    }
    let kinds: [fn(&Event) -> bool; 3] = [
        |event| matches!(event, Event::Known { .. }),
        |event| matches!(event, Event::Notify { .. }),
        |event| matches!(event, Event::Doorbell { .. }),
    ];
    for cell in Time::Simulated.cells() {
        for (kind, at) in kinds.into_iter().enumerate() {
            let observer = Rc::new(Panics {
                at,
                done: Cell::new(false),
            });
            let config = device_config(64, 64, Nanos::from_micros(100));
            let mut rig = Rig::with(Time::Simulated, cell, config, Some(observer));
            for _ in 0..3 {
                let (engine, key) = (rig.engine.clone(), rig.keys.aes);
                rig.spawn(move || assert_eq!(seal(&engine, key), Ok(20)));
            }
            let first = catch_unwind(AssertUnwindSafe(|| rig.run()));
            assert!(first.is_err(), "kind {kind}, {cell:?}");
            // Nobody waits for a wake that was lost.
            rig.run();
            assert_eq!(rig.engine.slots_in_use(), 0, "kind {kind}, {cell:?}");
        }
    }
}

/// A server that reloads its engine again and again keeps one eventfd per connection.
#[test]
fn engines_that_come_and_go_leave_one_eventfd_in_a_wait_context() {
    let device = simulated(device_config(64, 64, Nanos::from_micros(1)));
    let key = Keys::import(&device).aes;
    let wait_ctx = WaitCtx::new();
    let cells = Time::Simulated.cells().filter(|cell| cell.is_by_fd());
    for cell in cells.flat_map(|cell| [cell; 12]) {
        let engine = engine(&device, cell.config(), None);
        let caller = engine.clone();
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || seal(&caller, key));
        let job = outcome
            .expect("a job can be had")
            .paused()
            .expect("it waits");
        // In place, so that time passes and all completions are entered.
        assert_eq!(seal(&engine, key), Ok(20));
        assert!(matches!(job.resume(), Ok(Outcome::Finished(Ok(20)))));
        drop(engine);
    }
    assert_eq!(wait_ctx.fd_count(), 1);
}

/// What a closure owns may panic when it is dropped, and the closure may never have been run.
#[test]
fn a_task_that_panics_when_dropped_unrun_harms_no_other_queue() {
    struct PanicsWhenDropped;
    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            panic!("a destructor that panics on purpose");
        }
    }
    let config = device_config(64, 64, Nanos::from_millis(1));
    let device = Device::thread(config, WaitStrategy::Sleep, None).expect("a thread is left");
    let key = Keys::import(&device).aes;
    let mut queue = device.open_queue().expect("descriptors are left");
    let mut descriptor = Descriptor::new(
        OpKind::AeadSeal,
        Cookie {
            slot: 1,
            generation: 1,
        },
    );
    descriptor.key = key;
    descriptor.output_capacity = 16;
    queue.push(descriptor).expect("there is room");
    queue.ring_doorbell();
    let owned = PanicsWhenDropped;
    let task = move |_: &[u8], _: &mut [u8]| {
        let _owned = &owned;
        Ok(0)
    };
    queue
        .attach_task(0, Box::new(task))
        .expect("there is such a slot");
    drop(queue);
    // The device lives, and serves others.
    let engine = engine(&device, offload_all(), None);
    assert_eq!(seal(&engine, key), Ok(20));
    let _stats = device.stats();
}
