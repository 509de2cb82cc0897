//! Rules that concern the whole process: descriptors, threads, and calls that nobody helps.

use std::cell::{self, RefCell};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use pausewake_device::keys::KeyId;
use pausewake_device::{Device, DeviceConfig, Manual, Nanos, WaitStrategy};
use pausewake_engine::{DeviceFault, Engine, EngineConfig, Notify, Reactor, Reap};
use pausewake_jobs::{Job, Outcome, WaitCtx, WaitFd, WaitKey, process_stats};
use pausewake_tests::{
    Cell, Keys, Rig, Time, alone, complete_all, everywhere, forged, open_fds, seal,
};

#[test]
fn another_fd_of_the_same_context_fires_and_the_job_sleeps_on() {
    let _alone = alone();
    for cell in Time::Manual.cells() {
        let mut rig = Rig::new(Time::Manual, cell);
        let other = WaitFd::eventfd().expect("descriptors are left");
        let done = Rc::new(cell::Cell::new(false));
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let (theirs, told) = (other.clone(), done.clone());
        rig.spawn(move || {
            let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
            wait_ctx.set_wait_fd(WaitKey(usize::MAX), theirs, None);
            assert_eq!(seal(&engine, key), Ok(20));
            told.set(true);
        });
        rig.settle();
        let vain = rig.resumes_in_vain();
        for round in 1..=3 {
            other.signal().expect("it is an eventfd");
            // A busy loop would find it in a later turn.
            for _ in 0..70 {
                rig.turn(Some(rig.engine.now()));
            }
            assert_eq!(rig.resumes_in_vain() - vain, round, "{cell:?}");
            assert!(!done.get(), "{cell:?}");
        }
        assert_eq!(other.drain().expect("an eventfd"), 3, "not ours to take");
        rig.run();
        assert!(done.get(), "{cell:?}");
        assert_eq!(rig.engine.slots_in_use(), 0);
    }
}

/// How a job of our own came to its end before its operation did.
type Ending = fn(&Rig, Job<()>);

#[test]
fn a_late_wake_does_not_reach_a_reused_fd_number() {
    let _alone = alone();
    each_fd_cell_with_its_number_reused(|_, job| drop(job));
}

#[test]
fn a_late_wake_of_a_call_that_timed_out_does_not_reach_a_reused_fd_number() {
    let _alone = alone();
    each_fd_cell_with_its_number_reused(|rig, job| {
        rig.manual().advance(TIMEOUT_NS);
        rig.engine.poll();
        assert_eq!(rig.engine.stats().timed_out, 1);
        let outcome = job.resume().expect("we are in no job");
        assert!(matches!(outcome, Outcome::Finished(())), "its time is up");
    });
}

const TIMEOUT_NS: Nanos = Nanos::from_millis(1);

/// A job has an operation in flight and comes to its `end`; its wait context is freed, somebody else
/// gets the number of its fd, and then the device answers, and once more. Nothing is written to whoever
/// has the number now.
fn each_fd_cell_with_its_number_reused(end: Ending) {
    for cell in Time::Manual.cells().filter(|cell| cell.is_by_fd()) {
        let config = EngineConfig {
            op_timeout_ns: Some(TIMEOUT_NS),
            ..cell.config()
        };
        let rig = Rig::made(Time::Manual, DeviceConfig::default(), config, None);
        let wait_ctx = WaitCtx::new();
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let job = pausewake_jobs::start(Some(&wait_ctx), move || {
            assert_eq!(seal(&engine, key), Err(DeviceFault::TimedOut.into()));
        });
        let job = job.expect("a job can be had").paused().expect("it waits");
        rig.engine.ring_doorbell();
        let op = rig.manual().pending()[0];
        let number = wait_ctx.all_fds()[0].as_raw_fd();
        end(&rig, job);
        drop(wait_ctx);
        // The kernel gives out the lowest free number.
        let mut reused = Vec::new();
        while reused.iter().all(|fd: &WaitFd| fd.as_raw_fd() != number) {
            assert!(reused.len() < 1_000, "{number} was not closed: {cell:?}");
            reused.push(WaitFd::eventfd().expect("descriptors are left"));
        }
        assert_eq!(rig.engine.slots_in_use(), 1, "the device owes an answer");
        assert_eq!(rig.complete_all(), 1);
        rig.manual().forge(op.queue, forged(op.op, 20));
        rig.poll_for(2);
        for fd in &reused {
            assert_eq!(fd.drain().expect("an eventfd"), 0, "{cell:?}");
        }
        assert_eq!(rig.engine.stats().wakes_by_fd, rig.engine.stats().timed_out);
        assert_eq!(rig.engine.stats().orphans, 1, "the doubled one");
        assert_eq!(rig.engine.slots_in_use(), 0);
    }
}

#[test]
fn a_synchronous_call_ends_though_nobody_polls_and_tells_the_jobs() {
    let _alone = alone();
    everywhere(|time, cell| {
        let mut rig = Rig::new(time, cell);
        let done = Rc::new(cell::Cell::new(0));
        for _ in 0..5 {
            let (engine, key, done) = (rig.engine.clone(), rig.keys.aes, done.clone());
            rig.spawn(move || {
                assert_eq!(seal(&engine, key), Ok(20));
                done.set(done.get() + 1);
            });
        }
        // No loop turns, nobody polls.
        let key = rig.keys.aes;
        assert_eq!(rig.in_place(|engine| seal(engine, key)), Ok(20));
        assert_eq!(done.get(), 0, "jobs are resumed by their own loop");
        rig.run();
        assert_eq!(done.get(), 5, "{time:?} {cell:?}");
        assert_eq!(rig.engine.stats().spurious_resumes, 0);
        assert_eq!(rig.engine.slots_in_use(), 0);
    });
}

/// A completion on the reaper's thread and a cancellation, or a call that waits in place, in the same
/// moment: whoever comes first, no wake stays in the fd of the wait context.
#[test]
fn a_wake_of_the_reapers_thread_is_never_left_over() {
    let _alone = alone();
    let cell = Cell {
        notify: Notify::Fd,
        reap: Reap::Thread {
            interval_ns: Nanos::ZERO,
        },
    };
    let rig = Rig::new(Time::Manual, cell);
    let wait_ctx = WaitCtx::new();
    let (go, gone) = mpsc::channel();
    let manual = rig.manual().clone();
    let device = thread::spawn(move || {
        for () in gone {
            complete_all(&manual);
        }
    });
    for round in 0..6_000 {
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let job = pausewake_jobs::start(Some(&wait_ctx), move || {
            let _ = seal(&engine, key);
        });
        let mut job = job.expect("a job can be had").paused();
        rig.engine.ring_doorbell();
        go.send(()).expect("the device listens");
        for _ in 0..round % 200 {
            std::hint::spin_loop();
        }
        if round % 2 == 0 {
            drop(job.take());
        }
        // Resumed without waiting for its wake.
        while let Some(paused) = job.take() {
            job = paused.resume().expect("we are in no job").paused();
        }
        while rig.engine.slots_in_use() > 0 {
            rig.engine.poll();
        }
        for fd in wait_ctx.all_fds() {
            assert_eq!(fd.drain().expect("an eventfd"), 0, "round {round}");
        }
    }
    drop(go);
    device.join().expect("the device is well");
    let stats = rig.engine.stats();
    assert_eq!(stats.submitted, stats.returned + stats.abandoned);
}

thread_local! {
    /// Dropped when the thread ends, after its function.
    static LEFT: RefCell<Vec<(Reactor, Job<()>)>> = const { RefCell::new(Vec::new()) };
}

/// A thread's life: jobs in flight and in line, and then it is over.
fn live_and_end(device: &Device, key: KeyId, cell: Cell, in_thread_local: bool) {
    let queue = device.open_queue().expect("descriptors are left");
    let engine = Engine::new(queue, cell.config(), None).expect("the cell is allowed");
    let mut reactor = Reactor::new(engine.clone()).expect("descriptors are left");
    let forever = |engine: Engine| move || while seal(&engine, key).is_ok() {};
    for _ in 0..4 {
        reactor
            .spawn(forever(engine.clone()))
            .expect("a job can be had");
    }
    reactor.turn(Some(engine.now())).expect("the loop works");
    let wait_ctx = WaitCtx::new();
    wait_ctx.set_callback(Some(std::sync::Arc::new(|| {})));
    let own = pausewake_jobs::start(Some(&wait_ctx), forever(engine));
    let own = own.expect("a job can be had").paused().expect("it waits");
    if in_thread_local {
        LEFT.with_borrow_mut(|left| left.push((reactor, own)));
    }
}

/// 3 slots for 5 jobs of each thread.
fn shallow() -> DeviceConfig {
    let mut config = DeviceConfig::default();
    config.queue.slots = 3;
    config.queue.ring_depth = 4;
    config.model.symmetric.service.base_ns = Nanos::from_micros(30);
    config
}

#[test]
fn threads_that_end_with_jobs_paused_leave_nothing() {
    let _alone = alone();
    let (device, manual) = Device::manual(shallow(), None).expect("it is possible");
    end_threads(&device, Some(&manual), Time::Manual);
    drop((device, manual));
    let device = Device::thread(shallow(), WaitStrategy::Sleep, None).expect("it is possible");
    end_threads(&device, None, Time::Thread);
}

/// 1,000 one after another and as many eight at a time, through all cells.
fn end_threads(device: &Device, manual: Option<&Manual>, time: Time) {
    let key = Keys::import(device).aes;
    let cells: Vec<Cell> = time.cells().collect();
    let batch = |number: usize, at_a_time: usize| {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..at_a_time)
                .map(|thread| {
                    let index = number * at_a_time + thread;
                    let cell = cells[index % cells.len()];
                    scope.spawn(move || live_and_end(device, key, cell, index.is_multiple_of(2)))
                })
                .collect();
            // Joined one by one: a scope does not wait for thread-locals.
            for thread in threads {
                thread.join().expect("the thread is well");
            }
        });
        if let Some(manual) = manual {
            // Nothing was answered while the threads lived: each left as much as there is room for.
            assert_eq!(complete_all(manual), 3 * at_a_time);
        }
        wait_until_quiet(device);
    };
    batch(0, 8);
    let (fds, stacks) = (open_fds(), process_stats().stacks_alive);
    for (batches, at_a_time) in [(1_000, 1), (125, 8)] {
        for number in 0..batches {
            batch(number, at_a_time);
        }
        assert_eq!(open_fds(), fds, "{at_a_time} at a time, {time:?}");
        let stats = process_stats();
        assert_eq!(
            stats.stacks_alive, stacks,
            "{at_a_time} at a time, {time:?}"
        );
        assert_eq!(stats.stacks_given_up, 0);
    }
}

/// Until the device has answered all, and forgotten the queues.
fn wait_until_quiet(device: &Device) {
    loop {
        let stats = device.stats();
        if (stats.in_flight, stats.queues_open) == (0, 0) {
            return;
        }
        thread::yield_now();
    }
}
