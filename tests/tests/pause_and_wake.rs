//! The rules of pause and wake, on a device that does nothing by itself.

use std::cell::{self, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{Completion, CompletionFlags, Cookie, Status};
use pausewake_device::{DeviceConfig, Manual, Nanos};
use pausewake_engine::events::{Event, Observer};
use pausewake_engine::{DeviceFault, Engine, Error, Notify, Retry};
use pausewake_jobs::{Cancelled, Job, Outcome, WaitCtx, block_pause};
use pausewake_tests::{Cell, Rig, Time};

/// Every cell that is allowed on a device that does nothing by itself: all but poll by event.
fn cells() -> impl Iterator<Item = Cell> {
    Time::Manual.cells()
}

fn seal(engine: &Engine, key: KeyId) -> Result<usize, Error> {
    engine.aead_seal(key, [0; 12], b"", b"text", &mut [0; 20])
}

/// A manual device with few slots.
fn with_slots(cell: impl Into<Cell>, slots: u32) -> Rig {
    let mut config = DeviceConfig::default();
    config.queue.slots = slots;
    Rig::with(Time::Manual, cell, config, None)
}

/// A job of our own, outside of the loop, that makes `ops` calls. Its wait context counts wakes.
fn own_job(rig: &Rig, ops: usize) -> (Job<()>, WaitCtx, Arc<AtomicUsize>) {
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
fn assert_wakes(wakes: &AtomicUsize, cell: Cell, expected: usize) {
    let expected = if told_by_callback(cell) { expected } else { 0 };
    // A reaper thread calls after it has handed over.
    while cell.has_thread() && wakes.load(Ordering::Relaxed) < expected {
        thread::yield_now();
    }
    assert_eq!(wakes.load(Ordering::Relaxed), expected, "{cell:?}");
}

fn told_by_callback(cell: Cell) -> bool {
    cell.notify == Notify::Callback
}

fn resumed(job: Job<()>) -> Outcome<()> {
    job.resume().expect("we are in no job")
}

fn forged(op: Cookie, output_len: u32) -> Completion {
    Completion {
        cookie: op,
        status: Status::Ok,
        flags: CompletionFlags::default(),
        output_len,
        done_ns: Nanos::ZERO,
        queue_ns: 0,
        service_ns: 0,
    }
}

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
        let spurious = if cell.notify == Notify::Callback {
            3
        } else {
            0
        };
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
        for op in self.manual.pending() {
            self.manual
                .complete(op.id, Status::Ok)
                .expect("it is pending");
        }
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
            for op in manual.pending() {
                manual.complete(op.id, Status::Ok).expect("it is pending");
            }
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
    let rig = Rig::new(Time::Manual, Notify::Callback);
    let (job, _wait_ctx, _wakes) = own_job(&rig, 1);
    drop(job);
    assert_eq!(rig.engine.slots_in_use(), 1);
    rig.engine.ring_doorbell();
    assert_eq!(rig.complete_all(), 1);
    rig.engine.poll();
    assert_eq!(rig.engine.slots_in_use(), 0);
}

#[test]
fn a_job_cancelled_after_its_wake_leaves_no_wake_behind() {
    let rig = Rig::new(Time::Manual, Notify::Fd);
    let (job, wait_ctx, _wakes) = own_job(&rig, 1);
    rig.engine.ring_doorbell();
    rig.complete_all();
    rig.engine.poll();
    drop(job);
    assert_eq!(rig.engine.slots_in_use(), 0);
    let stats = rig.engine.stats();
    assert_eq!(
        (stats.submitted, stats.returned, stats.abandoned),
        (1, 0, 1)
    );
    let fds = wait_ctx.all_fds();
    assert_eq!(fds.len(), 1);
    assert_eq!(fds[0].drain().expect("it is an eventfd"), 0);
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
        assert_eq!(wake.is_some(), told_by_callback(cell));
        if let Some(wake) = wake {
            wake.wake().expect("a callback has no errors");
        }
    }
}

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
    let rig = Rig::new(Time::Manual, Notify::Callback);
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
    rig.engine.poll();
    let result = job.resume().expect("we are in no job").finished();
    assert_eq!(result, Some(Err(Error::Device(DeviceFault::Nonsense))));
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
        if cell.notify == Notify::Fd {
            assert_eq!(next_ctx.all_fds()[0].drain().expect("an eventfd"), 0);
        }
        let (last, _c, _) = own_job(&rig, 1);
        rig.engine.ring_doorbell();
        assert_eq!(rig.complete_all(), 1);
        rig.poll_for(1);
        assert!(resumed(last).finished().is_some());
    }
}

/// Nobody is ever two rounds behind another and then passed again.
fn assert_fair(order: &[(usize, usize)]) {
    let mut rounds = [0_usize; 20];
    for (round, job) in order {
        assert_eq!(*round, rounds[*job]);
        rounds[*job] += 1;
        let behind = rounds.iter().min().expect("twenty jobs");
        assert!(rounds[*job] <= behind + 2, "{order:?}");
    }
    assert_eq!(rounds, [3; 20]);
}

#[test]
fn room_is_given_in_the_order_of_the_calls() {
    for cell in cells() {
        for (slots, ring_depth) in [(3, 64), (16, 2), (4, 4)] {
            let mut config = DeviceConfig::default();
            config.queue.slots = slots;
            config.queue.ring_depth = ring_depth;
            let mut rig = Rig::with(Time::Manual, cell, config, None);
            let order = Rc::new(RefCell::new(Vec::new()));
            for job in 0..20 {
                let (engine, key, order) = (rig.engine.clone(), rig.keys.aes, order.clone());
                rig.spawn(move || {
                    for round in 0..3 {
                        assert_eq!(seal(&engine, key), Ok(20));
                        order.borrow_mut().push((round, job));
                    }
                });
            }
            rig.run();
            let order = order.take();
            if cell.notify == Notify::Poll {
                // They are resumed by place, and not in the order of their wakes.
                assert_fair(&order);
            } else {
                let in_order: Vec<_> = (0..3)
                    .flat_map(|round| (0..20).map(move |job| (round, job)))
                    .collect();
                assert_eq!(order, in_order, "{cell:?} {slots} {ring_depth}");
            }
            assert_eq!(rig.engine.slots_in_use(), 0);
            assert!(rig.engine.stats().full_waits >= 17);
        }
    }
}

#[test]
fn a_call_in_place_does_not_wait_for_slots_that_cannot_become_free() {
    for time in Time::ALL {
        for cell in time.cells() {
            let mut config = DeviceConfig::default();
            config.queue.slots = 1;
            let mut rig = Rig::with(time, cell, config, None);
            let (engine, key) = (rig.engine.clone(), rig.keys.aes);
            rig.spawn(move || assert_eq!(seal(&engine, key), Ok(20)));
            // The one slot belongs to a job that cannot run before this call has returned.
            let result = rig.in_place(|engine| seal(engine, key));
            assert_eq!(result, Err(Error::Retry(Retry::Full)), "{time:?}");
            rig.run();
            assert_eq!(rig.in_place(|engine| seal(engine, key)), Ok(20));
            assert_eq!(rig.engine.slots_in_use(), 0);
        }
    }
}

thread_local! {
    /// What a callback may use: it is `Send + Sync`, and an engine is neither.
    static IN_CALLBACK: RefCell<Option<(Engine, KeyId)>> =
        const { RefCell::new(None) };
    static FROM_CALLBACK: RefCell<Vec<Job<()>>> = const { RefCell::new(Vec::new()) };
}

#[test]
fn a_callback_may_poll_submit_and_start_jobs() {
    // A reaper thread runs callbacks on its own thread, where there is no engine to call.
    for cell in Time::Simulated
        .cells()
        .filter(|cell| told_by_callback(*cell))
    {
        poll_submit_and_start_in_callbacks(cell);
    }
}

fn poll_submit_and_start_in_callbacks(cell: Cell) {
    let mut config = DeviceConfig::default();
    config.queue.slots = 2;
    // The last callback runs because a slot became free, the others because of completions.
    let rig = Rig::with(Time::Simulated, cell, config, None);
    let key = rig.keys.aes;
    IN_CALLBACK.set(Some((rig.engine.clone(), key)));
    let calls = Arc::new(AtomicUsize::new(0));
    let mut jobs = Vec::new();
    for _ in 0..3 {
        let wait_ctx = WaitCtx::new();
        let calls = calls.clone();
        wait_ctx.set_callback(Some(Arc::new(move || {
            let (engine, key) = IN_CALLBACK.with_borrow(|it| it.clone().expect("set above"));
            calls.fetch_add(1, Ordering::Relaxed);
            engine.poll();
            engine.ring_doorbell();
            let _full_or_done = seal(&engine, key);
            if pausewake_jobs::current_id().is_none() {
                let inner = engine.clone();
                let inner_ctx = WaitCtx::new();
                inner_ctx.set_callback(Some(Arc::new(|| {})));
                let outcome = pausewake_jobs::start(Some(&inner_ctx), move || {
                    assert_eq!(seal(&inner, key), Ok(20));
                });
                if let Some(job) = outcome.expect("a job can be had").paused() {
                    FROM_CALLBACK.with_borrow_mut(|jobs| jobs.push(job));
                }
            }
        })));
        let engine = rig.engine.clone();
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || {
            assert_eq!(seal(&engine, key), Ok(20));
        });
        jobs.extend(outcome.expect("a job can be had").paused());
    }
    for _ in 0..100 {
        rig.engine.ring_doorbell();
        rig.engine.poll();
        jobs.extend(FROM_CALLBACK.take());
        jobs = jobs
            .into_iter()
            .filter_map(|job| resumed(job).paused())
            .collect();
        if jobs.is_empty() {
            break;
        }
        // Nothing may be in flight any more, when all that is left are callbacks' own jobs.
        rig.engine.ring_doorbell();
        let _in_place = seal(&rig.engine, key);
    }
    assert!(jobs.is_empty() && FROM_CALLBACK.take().is_empty());
    IN_CALLBACK.set(None);
    assert!(calls.load(Ordering::Relaxed) >= 3);
    assert_eq!(rig.engine.slots_in_use(), 0);
    let stats = rig.engine.stats();
    assert_eq!(stats.submitted, stats.returned + stats.abandoned);
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
    for cell in Time::Simulated.cells() {
        let mut rig = Rig::new(Time::Simulated, cell);
        let said = Rc::new(cell::Cell::new(0));
        let (engine, key, told) = (rig.engine.clone(), rig.keys.aes, said.clone());
        rig.spawn(move || {
            let _guard = CallsWhenDropped(engine.clone(), key, told);
            let _ = seal(&engine, key);
        });
        let engine = rig.engine.clone();
        let shutdown = rig.reactor.shutdown().expect("the loop works");
        assert_eq!((shutdown.cancelled_jobs, shutdown.slots_left), (1, 0));
        assert_eq!(said.get(), 20);
        assert_eq!(engine.slots_in_use(), 0);
    }
}

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

#[test]
fn a_resume_without_room_puts_the_job_back_in_line() {
    for cell in cells() {
        let rig = with_slots(cell, 1);
        let (holder, _a, _) = own_job(&rig, 1);
        let (mut waiter, _b, _) = own_job(&rig, 1);
        for _ in 0..3 {
            waiter = resumed(waiter).paused().expect("there is no room");
        }
        assert_eq!(rig.resumes_in_vain(), 3);
        assert_eq!(rig.engine.stats().full_waits, 1);
        rig.engine.ring_doorbell();
        rig.complete_all();
        rig.poll_for(1);
        assert!(resumed(holder).finished().is_some());
        let waiter = resumed(waiter).paused().expect("its op is in flight now");
        rig.engine.ring_doorbell();
        assert_eq!(rig.complete_all(), 1);
        rig.poll_for(1);
        assert!(resumed(waiter).finished().is_some());
        assert_eq!(rig.resumes_in_vain(), 3);
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
    for cell in Time::Simulated.cells() {
        for (kind, is_kind) in kinds.into_iter().enumerate() {
            let mut config = DeviceConfig::default();
            config.queue.slots = 1;
            let observer = Rc::new(Panicky(cell::Cell::new(true), is_kind));
            let mut rig = Rig::with(Time::Simulated, cell, config, Some(observer));
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
            for _ in 0..20 {
                let turn = catch_unwind(AssertUnwindSafe(|| rig.turn(None)));
                panics += usize::from(turn.is_err());
            }
            assert_eq!(panics, 1, "{cell:?}, kind {kind}");
            let engine = rig.engine.clone();
            let _shutdown = rig.reactor.shutdown().expect("the loop works");
            assert_eq!(engine.slots_in_use(), 0, "{cell:?}, kind {kind}");
        }
    }
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
    let rig = Rig::new(Time::Manual, Notify::Callback);
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
    rig.complete_all();
    rig.engine.poll();
    assert_eq!(rig.engine.slots_in_use(), 0);
}
