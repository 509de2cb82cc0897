//! The loop, and engines beside each other on one thread.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use pausewake_device::{Device, DeviceConfig, Nanos};
use pausewake_engine::events::{Event, Observer};
use pausewake_engine::{
    Engine, ErrorFamily, Notify, Reactor, ReactorError, Reap, SpawnError, Turn,
};
use pausewake_jobs::{
    Cancelled, JobEvent, JobObserver, StartReason, WaitCtx, WaitFd, WaitKey, pause,
};
use pausewake_tests::{Keys, Log, Rig, Time, everywhere, seal};

#[test]
fn a_turn_times_out_at_until_and_not_before() {
    // Not on a manual device, whose time does not pass by itself.
    for time in [Time::Simulated, Time::Thread] {
        for cell in time.cells() {
            let mut rig = Rig::new(time, cell);
            for span_ns in [0, 1, 300_000, 1_500_000] {
                let until = rig.engine.now() + Nanos::new(span_ns);
                turn_until(&mut rig, until);
                assert!(rig.engine.now() >= until, "{time:?} {cell:?}");
                if time == Time::Simulated {
                    assert_eq!(rig.engine.now(), until, "{cell:?}");
                }
            }
        }
    }
}

/// Turns that do not time out yet may come early, by an old timer.
fn turn_until(rig: &mut Rig, until: Nanos) {
    loop {
        let turn = rig.reactor.turn(Some(until)).expect("the loop works");
        assert_eq!(rig.reactor.live_jobs(), 0);
        if turn == Turn::TimedOut {
            return;
        }
        assert_eq!(turn, Turn::Progress);
        assert!(rig.engine.now() < until || rig.time != Time::Simulated);
    }
}

#[test]
fn under_virtual_time_an_op_that_is_due_later_stays_in_flight() {
    for cell in Time::Simulated.cells() {
        let mut rig = Rig::new(Time::Simulated, cell);
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        rig.spawn(move || {
            let sealed = engine.aead_seal(key, [0; 12], b"", &[0; 100], &mut [0; 116]);
            assert_eq!(sealed, Ok(116));
        });
        // 2 µs and 0.3 ns per byte.
        while rig.engine.now() < Nanos::new(1_000) {
            rig.turn(Some(Nanos::new(1_000)));
        }
        assert_eq!(
            (rig.engine.now(), rig.reactor.live_jobs()),
            (Nanos::new(1_000), 1),
            "{cell:?}"
        );
        rig.run();
        let end_ns = match cell.reap {
            // Every live job waits, so it has looked, in vain, when the first turn ended.
            Reap::Heuristic(heuristic) => Nanos::new(1_000) + heuristic.backstop_ns,
            _ => Nanos::new(2_030),
        };
        assert_eq!(rig.engine.now(), end_ns, "{cell:?}");
    }
}

#[test]
fn nothing_left_is_idle() {
    everywhere(|time, cell| {
        let mut rig = Rig::new(time, cell);
        let turn = rig.reactor.turn(None).expect("the loop works");
        assert_eq!(turn, Turn::Idle, "{time:?} {cell:?}");
        assert!(rig.reactor.run().is_ok());
    });
}

#[test]
fn a_job_that_nothing_wakes_stalls_the_run() {
    // Not by the wall clock, where another thread may wake it at any time.
    for time in [Time::Simulated, Time::Manual] {
        for cell in time.cells() {
            let mut rig = Rig::new(time, cell);
            rig.spawn(|| {
                let _ = pause();
            });
            let stalled = rig.reactor.run().expect_err("nothing wakes it");
            assert!(matches!(stalled, ReactorError::Stalled { jobs: 1 }));
            assert_eq!(stalled.family(), ErrorFamily::Misuse, "{time:?} {cell:?}");
            let shutdown = rig.reactor.shutdown().expect("the loop works");
            assert_eq!(shutdown.cancelled_jobs, 1);
        }
    }
}

#[test]
fn inside_a_job_no_loop_spawns_or_turns() {
    let mut outer = Rig::new(Time::Simulated, Notify::Callback);
    let mut inner = Rig::new(Time::Simulated, Notify::Callback);
    let (engine, key) = (inner.engine.clone(), inner.keys.aes);
    let slept = Rc::new(Cell::new(0));
    let woken = slept.clone();
    inner.spawn(move || {
        woken.set(seal(&engine, key).expect("the device is well"));
    });
    let (given_back, taken) = (Rc::new(RefCell::new(None)), Rc::new(Cell::new(false)));
    let (give_back, take) = (given_back.clone(), taken.clone());
    outer.spawn(move || {
        let spawned = inner.reactor.spawn(move || take.set(true));
        let family = spawned.as_ref().err().map(SpawnError::family);
        assert_eq!(family, Some(ErrorFamily::Misuse));
        match spawned {
            Err(SpawnError::NotStarted { reason, f }) => {
                assert!(matches!(reason, StartReason::Nested { .. }));
                assert!(!reason.is_retry());
                f();
            }
            other => panic!("a job was started in a job: {other:?}"),
        }
        assert!(matches!(inner.reactor.turn(None), Err(ReactorError::InJob)));
        *give_back.borrow_mut() = Some(inner);
    });
    assert!(taken.get(), "the function came back, and was called here");
    let mut inner = given_back.take().expect("the job has ended");
    inner.run();
    assert_eq!(slept.get(), 20, "the refused turn took no wake");
}

/// The job has put something into its wait context that nobody can wait for: a file.
#[test]
fn a_job_whose_fd_cannot_be_watched_is_named_and_can_be_cancelled() {
    everywhere(|time, cell| {
        let mut rig = Rig::new(time, cell);
        let file = tempfile::tempfile().expect("a file can be made");
        let waits_for_a_file = move || {
            let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
            wait_ctx.set_wait_fd(WaitKey(usize::MAX), WaitFd::from(OwnedFd::from(file)), None);
            let _ = pause();
        };
        let spawned = rig.reactor.spawn_handle(waits_for_a_file);
        let error = spawned.expect_err("a file is always ready");
        assert_eq!(error.family(), ErrorFamily::Misuse, "{time:?} {cell:?}");
        let SpawnError::Watch { task, .. } = error else {
            panic!("{time:?} {cell:?}: {error:?}");
        };
        assert_eq!(rig.reactor.live_jobs(), 1, "{time:?} {cell:?}");
        let cancelled = rig.reactor.cancel(task);
        assert!(
            matches!(cancelled, Some(Cancelled::Unwound)),
            "{time:?} {cell:?}"
        );
        assert_eq!(rig.reactor.live_jobs(), 0, "{time:?} {cell:?}");
    });
}

#[test]
fn a_wake_from_another_thread_ends_the_sleep() {
    for cell in Time::Thread.cells() {
        let mut rig = Rig::new(Time::Thread, cell);
        let (send_wake, wakes) = mpsc::channel::<pausewake_jobs::Wake>();
        let (go, gone) = mpsc::channel::<()>();
        let helper = thread::spawn(move || {
            let wake = wakes.recv().expect("the job sends it");
            gone.recv().expect("the loop says when");
            wake.wake().expect("it can be woken");
        });
        let woken = Rc::new(Cell::new(false));
        let told = woken.clone();
        rig.spawn(move || {
            let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
            let wake = if cell.is_by_callback() {
                wait_ctx.callback()
            } else {
                let fd = WaitFd::eventfd().expect("descriptors are left");
                wait_ctx.set_wait_fd(WaitKey(usize::MAX), fd, None);
                wait_ctx.wake_by_fd(WaitKey(usize::MAX))
            };
            send_wake
                .send(wake.expect("it was set"))
                .expect("the helper waits");
            assert!(pause().is_resumed());
            told.set(true);
        });
        go.send(()).expect("the helper waits");
        rig.run();
        assert!(woken.get(), "{cell:?}");
        helper.join().expect("the helper is well");
    }
}

#[test]
fn a_busy_loop_sees_the_fds_of_others() {
    for cell in Time::Simulated.cells() {
        let mut rig = Rig::new(Time::Simulated, cell);
        let (fd, seen) = (
            WaitFd::eventfd().expect("descriptors are left"),
            Rc::new(Cell::new(false)),
        );
        let (theirs, told) = (fd.clone(), seen.clone());
        rig.spawn(move || {
            let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
            wait_ctx.set_wait_fd(WaitKey(usize::MAX), theirs, None);
            assert!(pause().is_resumed());
            told.set(true);
        });
        fd.signal().expect("it is an eventfd");
        let stop = Rc::new(Cell::new(false));
        for _ in 0..8 {
            let (engine, key, stop) = (rig.engine.clone(), rig.keys.aes, stop.clone());
            rig.spawn(move || {
                while !stop.get() {
                    assert_eq!(seal(&engine, key), Ok(20));
                }
            });
        }
        for _ in 0..1_000 {
            rig.turn(None);
        }
        assert!(seen.get(), "{cell:?}");
        stop.set(true);
        rig.run();
    }
}

/// Forty jobs with few slots finish at the same virtual time however they are told, and whoever reaps:
/// no job that is ready waits for the clock. A heuristic whose thresholds are not reached adds its
/// backstop to each round, and nothing else.
#[test]
fn notification_does_not_change_virtual_time() {
    for (slots, ring_depth) in [(64, 64), (3, 64), (64, 4), (4, 4)] {
        let ends_ns = Time::Simulated.cells().map(|cell| {
            let mut config = DeviceConfig::default();
            config.queue.slots = slots;
            config.queue.ring_depth = ring_depth;
            // As many slices as jobs: what waits, waits for slot or ring.
            config.model.symmetric.slices = 40;
            config.model.symmetric.service.per_byte_ns = 0.0;
            let mut rig = Rig::with(Time::Simulated, cell, config, None);
            for _ in 0..40 {
                let (engine, key) = (rig.engine.clone(), rig.keys.aes);
                rig.spawn(move || {
                    for _ in 0..5 {
                        assert_eq!(seal(&engine, key), Ok(20));
                    }
                });
            }
            rig.run();
            (cell, rig.engine.now())
        });
        // 200 ops of 2 µs, as many at a time as there are slots.
        let rounds = u64::from(200_u32.div_ceil(slots.min(40)));
        for (cell, end_ns) in ends_ns {
            let round_ns = match cell.reap {
                Reap::Heuristic(heuristic) => heuristic.backstop_ns,
                _ => Nanos::from_micros(2),
            };
            let expected = Nanos::new(rounds * round_ns.get());
            assert_eq!(
                end_ns, expected,
                "{cell:?}, {slots} slots, ring of {ring_depth}"
            );
        }
    }
}

fn engine_on(
    device: &Device,
    cell: impl Into<pausewake_tests::Cell>,
    observer: Option<Rc<dyn Observer>>,
) -> Engine {
    let queue = device.open_queue().expect("descriptors are left");
    Engine::new(queue, cell.into().config(), observer).expect("the cell is allowed")
}

#[test]
fn one_wait_context_serves_two_engines() {
    for cell in Time::Simulated.cells().filter(|cell| cell.is_by_fd()) {
        let one = Device::simulated(DeviceConfig::default(), None).expect("it is possible");
        let other = Device::simulated(DeviceConfig::default(), None).expect("it is possible");
        for second in [&one, &other] {
            serve_by_two_engines(cell, &one, second);
        }
    }
}

fn serve_by_two_engines(cell: pausewake_tests::Cell, one: &Device, second: &Device) {
    let keys = [Keys::import(one), Keys::import(second)];
    let engines = [engine_on(one, cell, None), engine_on(second, cell, None)];
    let wait_ctx = WaitCtx::new();
    let callers = engines.clone();
    let outcome = pausewake_jobs::start(Some(&wait_ctx), move || {
        for round in 0..6 {
            assert_eq!(seal(&callers[round % 2], keys[round % 2].aes), Ok(20));
        }
    });
    // Each engine's loop reaps, or its application polls; neither knows the job, which a loop of
    // somebody else's resumes.
    let mut reactors = engines
        .clone()
        .map(|engine| Reactor::new(engine).expect("descriptors are left"));
    let mut job = outcome.expect("a job can be had").paused();
    let mut resumes = 0;
    while let Some(paused) = job.take() {
        for reactor in &mut reactors {
            while reactor.turn(None).expect("the loop works") == Turn::Progress
                || (cell.reap == Reap::External && reactor.engine().poll() > 0)
            {}
        }
        assert!(is_readable(&wait_ctx), "told by fd");
        resumes += 1;
        job = paused.resume().expect("we are in no job").paused();
    }
    assert_eq!(resumes, 6, "{cell:?}");
    let fds: HashSet<_> = wait_ctx
        .all_fds()
        .iter()
        .map(std::os::fd::AsRawFd::as_raw_fd)
        .collect();
    assert_eq!(fds.len(), 1, "one eventfd, which counts the wakes of both");
    assert!(!is_readable(&wait_ctx), "every wake was taken");
    for engine in &engines {
        assert_eq!(engine.slots_in_use(), 0, "{cell:?}");
        assert_eq!(engine.stats().spurious_resumes, 0, "{cell:?}");
    }
}

/// Whether an fd of the context has something to read: looks, and puts back what it took.
fn is_readable(wait_ctx: &WaitCtx) -> bool {
    wait_ctx.all_fds().iter().any(|fd| {
        let taken = fd.drain().expect("it is an eventfd");
        for _ in 0..taken {
            fd.signal().expect("it is an eventfd");
        }
        taken > 0
    })
}

#[test]
fn engines_of_one_thread_are_observed_beside_each_other() {
    let device = Device::simulated(DeviceConfig::default(), None).expect("it is possible");
    let jobs_heard = |log: &Log| {
        let events = log.events();
        let jobs = events
            .iter()
            .filter(|(_, event)| matches!(event, Event::Job(_)));
        jobs.count()
    };
    let run_a_job = || {
        let outcome = pausewake_jobs::start(None, || ());
        assert!(outcome.expect("a job can be had").finished().is_some());
    };
    let (first_log, second_log) = (Log::new(), Log::new());
    let first = engine_on(&device, Notify::Callback, Some(first_log.clone()));
    let second = engine_on(&device, Notify::Callback, Some(second_log.clone()));
    // A third that shares the second's observer, which hears everything once all the same.
    let third = engine_on(&device, Notify::Callback, Some(second_log.clone()));
    run_a_job();
    assert_eq!((jobs_heard(&first_log), jobs_heard(&second_log)), (2, 2));
    drop(first);
    run_a_job();
    assert_eq!((jobs_heard(&first_log), jobs_heard(&second_log)), (2, 4));
    drop(second);
    run_a_job();
    assert_eq!((jobs_heard(&first_log), jobs_heard(&second_log)), (2, 6));
    drop(third);
    run_a_job();
    assert_eq!((jobs_heard(&first_log), jobs_heard(&second_log)), (2, 6));
    assert_eq!(Rc::strong_count(&first_log), 1, "nobody holds on to it");
    assert_eq!(Rc::strong_count(&second_log), 1);
}

/// Hears how jobs begin and end, and none of their pauses.
struct Ends(Rc<Log>);

impl Observer for Ends {
    fn event(&self, at: Nanos, event: &Event) {
        self.0.event(at, event);
    }

    fn hears_pauses(&self) -> bool {
        false
    }
}

/// Somebody else's observer of jobs.
struct Counts(Cell<u32>);

impl JobObserver for Counts {
    fn job_event(&self, _event: JobEvent) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn pauses_are_told_to_those_observers_that_care_for_them() {
    let device = Device::simulated(DeviceConfig::default(), None).expect("it is possible");
    let pause_once = || {
        let outcome = pausewake_jobs::start(None, pause).expect("a job can be had");
        let job = outcome.paused().expect("it pauses");
        assert!(
            job.resume()
                .is_ok_and(|outcome| outcome.finished().is_some())
        );
    };
    let (ends, all) = (Log::new(), Log::new());
    let heard = || (ends.events().len(), all.events().len());
    let first = engine_on(&device, Notify::Callback, Some(Rc::new(Ends(ends.clone()))));
    pause_once();
    assert_eq!(heard(), (2, 0));
    // One that comes later hears everything, and the first one no more than before.
    let second = engine_on(&device, Notify::Callback, Some(all.clone()));
    pause_once();
    assert_eq!(heard(), (4, 4));
    drop(second);
    pause_once();
    assert_eq!(heard(), (6, 4));
    drop(first);

    // Who takes our place keeps it, whatever an engine that comes then would hear.
    let first = engine_on(&device, Notify::Callback, Some(Rc::new(Ends(ends.clone()))));
    let counts = Rc::new(Counts(Cell::new(0)));
    let ours = pausewake_jobs::set_observer(Some(counts.clone()));
    assert!(ours.is_some());
    let second = engine_on(&device, Notify::Callback, Some(all.clone()));
    pause_once();
    assert_eq!((heard(), counts.0.get()), ((6, 4), 4));
    drop((first, second));
}
