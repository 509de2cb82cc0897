//! Calls whose time is up, tasks that are cancelled from outside, and the slots that the device
//! keeps meanwhile.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread;

use pausewake_device::protocol::Status;
use pausewake_device::{DeviceConfig, Nanos};
use pausewake_engine::{DeviceFault, EngineConfig, Error, Retry};
use pausewake_jobs::Cancelled;
use pausewake_tests::{Cell, Rig, Time, forged, seal};

const TIMEOUT_NS: Nanos = Nanos::from_millis(1);

type Results = Rc<RefCell<Vec<Result<usize, Error>>>>;

fn rig(time: Time, cell: Cell, config: DeviceConfig) -> Rig {
    let engine_config = EngineConfig {
        op_timeout_ns: Some(TIMEOUT_NS),
        ..cell.config()
    };
    Rig::made(time, config, engine_config, None)
}

fn spawn(rig: &mut Rig, results: &Results) {
    let (engine, key, results) = (rig.engine.clone(), rig.keys.aes, results.clone());
    rig.spawn(move || {
        let result = seal(&engine, key);
        results.borrow_mut().push(result);
    });
}

const TIMED_OUT: Result<usize, Error> = Err(Error::Device(DeviceFault::TimedOut));

fn assert_adds_up(rig: &Rig) {
    let stats = rig.engine.stats();
    let ended = stats.returned + stats.abandoned + stats.timed_out;
    assert_eq!(stats.submitted, ended, "{stats:?}");
    assert_eq!(
        stats.in_flight_asymmetric + stats.in_flight_symmetric,
        stats.in_flight
    );
}

#[test]
fn in_a_job_the_slot_is_kept_until_the_late_completion() {
    for cell in Time::Manual.cells() {
        let mut rig = rig(Time::Manual, cell, DeviceConfig::default());
        let results = Results::default();
        spawn(&mut rig, &results);
        rig.settle();
        rig.manual().advance(TIMEOUT_NS - Nanos::new(1));
        rig.settle();
        assert_eq!(results.take(), [], "{cell:?}: not yet");
        rig.manual().advance(Nanos::new(1));
        rig.settle();
        assert_eq!(results.take(), [TIMED_OUT], "{cell:?}");
        let stats = rig.engine.stats();
        assert_eq!((stats.timed_out, stats.in_flight), (1, 1), "{cell:?}");
        assert_eq!(rig.engine.slots_in_use(), 1, "the device may still write");
        assert_adds_up(&rig);
        assert_eq!(rig.complete_all(), 1);
        rig.poll_for(1);
        assert_eq!(rig.engine.slots_in_use(), 0, "{cell:?}");
        assert_eq!(
            (rig.engine.stats().in_flight, rig.engine.stats().orphans),
            (0, 0)
        );
        // No wake is left behind: the next job in this place sleeps until its own comes.
        let vain = rig.resumes_in_vain();
        spawn(&mut rig, &results);
        rig.settle();
        assert_eq!(rig.resumes_in_vain(), vain, "{cell:?}");
        rig.run();
        assert_eq!(results.take(), [Ok(20)]);
        assert_adds_up(&rig);
    }
}

#[test]
fn a_lost_op_keeps_its_slot_until_the_reset() {
    for cell in Time::Manual.cells() {
        let mut rig = rig(Time::Manual, cell, DeviceConfig::default());
        let results = Results::default();
        spawn(&mut rig, &results);
        rig.settle();
        let op = rig.manual().pending()[0].id;
        rig.manual().lose(op).expect("it is pending");
        rig.manual().advance(TIMEOUT_NS);
        rig.settle();
        assert_eq!(results.take(), [TIMED_OUT], "{cell:?}");
        assert_eq!(rig.engine.slots_in_use(), 1);
        rig.manual().reset();
        rig.poll_for(1);
        assert_eq!(rig.engine.slots_in_use(), 0, "{cell:?}");
    }
}

#[test]
fn in_line_there_was_no_room_in_time() {
    for cell in Time::Manual.cells() {
        let mut config = DeviceConfig::default();
        config.queue.slots = 1;
        let mut rig = rig(Time::Manual, cell, config);
        let results = Results::default();
        spawn(&mut rig, &results);
        rig.settle();
        rig.manual().advance(Nanos::new(10));
        spawn(&mut rig, &results);
        rig.settle();
        rig.manual().advance(TIMEOUT_NS - Nanos::new(10));
        rig.settle();
        assert_eq!(results.take(), [TIMED_OUT], "{cell:?}");
        rig.manual().advance(Nanos::new(10));
        rig.settle();
        assert_eq!(
            results.take(),
            [Err(Retry::NoRoomInTime.into())],
            "{cell:?}"
        );
        let stats = rig.engine.stats();
        assert_eq!((stats.timed_out, stats.timed_out_in_line), (1, 1));
        assert_eq!(stats.submitted, 1);
        rig.complete_all();
        rig.poll_for(1);
        assert_eq!(rig.engine.slots_in_use(), 0);
    }
}

#[test]
fn in_place_the_call_ends_by_the_devices_clock() {
    for cell in Time::Manual.cells() {
        let rig = rig(Time::Manual, cell, DeviceConfig::default());
        let manual = rig.manual().clone();
        let clock = thread::spawn(move || {
            while manual.pending().is_empty() {
                thread::yield_now();
            }
            manual.advance(TIMEOUT_NS);
        });
        assert_eq!(seal(&rig.engine, rig.keys.aes), TIMED_OUT, "{cell:?}");
        clock.join().expect("the clock is well");
        assert_eq!(rig.engine.slots_in_use(), 1);
        rig.complete_all();
        rig.poll_for(1);
        assert_eq!(rig.engine.slots_in_use(), 0);
        assert_adds_up(&rig);
    }
}

#[test]
fn under_virtual_time_and_by_the_wall_clock() {
    for time in [Time::Simulated, Time::Thread] {
        for cell in time.cells() {
            let mut config = DeviceConfig::default();
            // Twenty times as long as the calls may take.
            config.model.symmetric.service.base_ns = Nanos::from_millis(20);
            let mut rig = rig(time, cell, config);
            let results = Results::default();
            for _ in 0..3 {
                spawn(&mut rig, &results);
            }
            rig.run();
            assert_eq!(results.take(), [TIMED_OUT; 3], "{time:?} {cell:?}");
            if time == Time::Simulated {
                assert_eq!(rig.engine.now(), TIMEOUT_NS, "{cell:?}");
            }
            assert_eq!(rig.engine.slots_in_use(), 3);
            assert_eq!(seal(&rig.engine, rig.keys.aes), TIMED_OUT, "in place");
            assert_adds_up(&rig);
            let engine = rig.engine.clone();
            let shutdown = rig.reactor.shutdown().expect("the loop works");
            assert_eq!(shutdown.slots_left, 0, "{time:?} {cell:?}");
            assert_eq!(engine.stats().reaped, 4);
        }
    }
}

#[test]
fn a_job_cancelled_after_its_time_was_up_is_counted_once() {
    for cell in Time::Manual.cells() {
        let mut rig = rig(Time::Manual, cell, DeviceConfig::default());
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let task = rig.reactor.spawn_handle(move || {
            let _ = seal(&engine, key);
        });
        let task = task.expect("a job can be had");
        rig.engine.ring_doorbell();
        assert_eq!(rig.manual().pending().len(), 1);
        rig.manual().advance(TIMEOUT_NS);
        rig.engine.poll();
        let cancelled = rig.reactor.cancel(task);
        assert!(matches!(cancelled, Some(Cancelled::Unwound)), "{cell:?}");
        let stats = rig.engine.stats();
        assert_eq!((stats.timed_out, stats.abandoned), (1, 0), "{cell:?}");
        rig.complete_all();
        rig.poll_for(1);
        assert_eq!(rig.engine.slots_in_use(), 0);
        assert_adds_up(&rig);
    }
}

#[test]
fn a_task_is_cancelled_from_outside_by_its_handle() {
    for cell in Time::Manual.cells() {
        let mut rig = Rig::new(Time::Manual, cell);
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let task = rig.reactor.spawn_handle(move || {
            let _ = seal(&engine, key);
            panic!("it was cancelled");
        });
        let task = task.expect("a job can be had");
        rig.settle();
        assert!(matches!(rig.reactor.cancel(task), Some(Cancelled::Unwound)));
        assert!(rig.reactor.cancel(task).is_none(), "it is gone");
        assert_eq!(rig.reactor.live_jobs(), 0);
        assert_eq!(rig.engine.stats().abandoned, 1);
        // Another in the same place, which the old handle does not name.
        let results = Results::default();
        spawn(&mut rig, &results);
        assert!(rig.reactor.cancel(task).is_none());
        assert_eq!(rig.reactor.live_jobs(), 1);
        // The late completion wakes nobody; then it comes twice.
        let (first, queue) = {
            rig.settle();
            let pending = rig.manual().pending();
            assert_eq!(pending.len(), 2, "{cell:?}");
            (pending[0], pending[0].queue)
        };
        rig.manual()
            .complete(first.id, Status::Ok)
            .expect("it is pending");
        rig.settle();
        assert_eq!((rig.engine.slots_in_use(), rig.reactor.live_jobs()), (1, 1));
        rig.manual().forge(queue, forged(first.op, 20));
        rig.poll_for(1);
        assert_eq!(rig.engine.stats().orphans, 1);
        rig.run();
        assert_eq!(results.take(), [Ok(20)]);
        assert_eq!(rig.engine.slots_in_use(), 0);
        assert_adds_up(&rig);
    }
}
