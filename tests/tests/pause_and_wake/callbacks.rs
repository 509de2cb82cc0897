//! What a callback may do: submit, poll, start jobs, and wake others.

use std::cell::{self, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pausewake_device::keys::KeyId;
use pausewake_device::protocol::Status;
use pausewake_device::{DeviceConfig, Manual};
use pausewake_engine::{Engine, Error, Retry};
use pausewake_jobs::{Callback, Job, WaitCtx, Wake, current_id, pause};
use pausewake_tests::{Cell, Rig, Time, seal};

use crate::own_job::{assert_wakes, cells, resumed, with_slots};

/// The cells in which a callback can call the engine. A reaper thread runs callbacks on its own
/// thread, where there is no engine, and the compiler sees to it: a callback is `Send`, and `Engine`
/// is not (the documentation of `Reap::Thread` has the test). What is left to a callback there, to
/// wake others, is shown in every cell.
fn callbacks_that_call(time: Time) -> impl Iterator<Item = Cell> {
    let by_callback = time.cells().filter(|cell| cell.is_by_callback());
    by_callback.filter(|cell| !cell.has_thread())
}

thread_local! {
    /// What a callback may use: it is `Send + Sync`, and an engine is neither.
    static IN_CALLBACK: RefCell<Option<(Engine, KeyId)>> =
        const { RefCell::new(None) };
    static FROM_CALLBACK: RefCell<Vec<OwnJob>> = const { RefCell::new(Vec::new()) };
    /// Callbacks of the engine's that run now.
    static DEPTH: cell::Cell<usize> = const { cell::Cell::new(0) };
}

fn engine_in_callback() -> (Engine, KeyId) {
    IN_CALLBACK.with_borrow(|it| it.clone().expect("set by the test"))
}

/// A job that a callback has started, with one operation.
struct OwnJob {
    job: Job<()>,
    wakes: Arc<AtomicUsize>,
    resumes: usize,
}

fn counting(count: &Arc<AtomicUsize>) -> Callback {
    let count = count.clone();
    Arc::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
    })
}

fn start_from_callback(engine: Engine, key: KeyId) {
    let wait_ctx = WaitCtx::new();
    let wakes = Arc::default();
    wait_ctx.set_callback(Some(counting(&wakes)));
    let outcome = pausewake_jobs::start(Some(&wait_ctx), move || {
        assert_eq!(seal(&engine, key), Ok(20));
    });
    if let Some(job) = outcome.expect("a job can be had").paused() {
        let job = OwnJob {
            job,
            wakes,
            resumes: 0,
        };
        FROM_CALLBACK.with_borrow_mut(|jobs| jobs.push(job));
    }
}

/// Resumes those that were woken, as often as they were woken; says how many ran, and how many of
/// these have ended.
fn resume_what_callbacks_started() -> (usize, usize) {
    let (mut ran, mut ended) = (0, 0);
    for mut own in FROM_CALLBACK.take() {
        let wakes = own.wakes.load(Ordering::Relaxed);
        assert!(wakes - own.resumes <= 1, "woken twice for one thing");
        if wakes > own.resumes {
            ran += 1;
            own.resumes = wakes;
            let Some(paused) = resumed(own.job).paused() else {
                ended += 1;
                continue;
            };
            own.job = paused;
        }
        FROM_CALLBACK.with_borrow_mut(|jobs| jobs.push(own));
    }
    (ran, ended)
}

/// Jobs that sleep without any operation until a callback wakes them.
#[derive(Default)]
struct Sleepers {
    wakes: Vec<Wake>,
    resumes: Vec<Rc<cell::Cell<usize>>>,
}

impl Sleepers {
    fn spawn(rig: &mut Rig, count: usize) -> Self {
        let mut sleepers = Self::default();
        for _ in 0..count {
            let (wake, resumes) = (Rc::new(RefCell::new(None)), Rc::default());
            let (told, counted): (_, Rc<cell::Cell<usize>>) = (wake.clone(), Rc::clone(&resumes));
            rig.spawn(move || {
                let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
                *told.borrow_mut() = wait_ctx.callback();
                loop {
                    assert!(pause().is_resumed());
                    counted.set(counted.get() + 1);
                }
            });
            let wake = wake.take().expect("the loop has set a callback");
            sleepers.wakes.push(wake);
            sleepers.resumes.push(resumes);
        }
        sleepers
    }

    /// How often each was resumed.
    fn resumes(&self) -> Vec<usize> {
        self.resumes.iter().map(|resumes| resumes.get()).collect()
    }
}

/// What the callbacks of one test have done.
#[derive(Default)]
struct Done {
    calls: AtomicUsize,
    reaped: AtomicUsize,
    started: AtomicUsize,
}

/// A callback that does it all, and then wakes its own job.
fn calls_in(own: Wake, sleepers: Vec<Wake>, manual: Manual, done: Arc<Done>) -> Callback {
    Arc::new(move || {
        assert_eq!(DEPTH.replace(1), 0, "a callback on top of another");
        let call = done.calls.fetch_add(1, Ordering::Relaxed);
        let (engine, key) = engine_in_callback();
        // Submits: a job that will be told as all others are. One that takes its result, and makes
        // room by it, tells the next on its own stack, where no job can be started.
        if current_id().is_none() {
            start_from_callback(engine.clone(), key);
            done.started.fetch_add(1, Ordering::Relaxed);
        }
        // Polls, and finds something: the device answers another one in this very moment.
        engine.ring_doorbell();
        let completed = complete_first(&manual);
        assert_eq!(engine.poll(), completed);
        done.reaped.fetch_add(completed, Ordering::Relaxed);
        // Wakes another one's job, which waits for nothing of the engine's.
        sleepers[call].wake().expect("a callback does not fail");
        DEPTH.set(0);
        own.wake().expect("a callback does not fail");
    })
}

/// Completes one operation, and leaves others to be completed by callbacks. Says if there was one.
fn complete_first(manual: &Manual) -> usize {
    let first = manual.pending().first().map(|op| op.id);
    first.map_or(0, |id| {
        manual.complete(id, Status::Ok).expect("it is pending");
        1
    })
}

#[test]
fn a_callback_may_submit_poll_and_wake_from_inside() {
    for cell in callbacks_that_call(Time::Manual) {
        // With room for all, and with callbacks that tell of room.
        for slots in [64, 2] {
            submit_poll_and_wake_in_callbacks(cell, slots);
        }
    }
}

fn submit_poll_and_wake_in_callbacks(cell: Cell, slots: u32) {
    const JOBS: usize = 4;
    const OPS: usize = 3;
    // One for each call: of completions, and of room.
    const SLEEPERS: usize = 2 * JOBS * OPS;
    let context = format!("{cell:?}, {slots} slots");
    let mut rig = with_slots(cell, slots);
    IN_CALLBACK.set(Some((rig.engine.clone(), rig.keys.aes)));
    let sleepers = Sleepers::spawn(&mut rig, SLEEPERS);
    let (done, ended) = (Arc::new(Done::default()), Rc::new(cell::Cell::new(0)));
    for _ in 0..JOBS {
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let (wakes, manual) = (sleepers.wakes.clone(), rig.manual().clone());
        let (done, ended) = (done.clone(), ended.clone());
        rig.spawn(move || {
            let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
            let own = wait_ctx.callback().expect("the loop has set it");
            wait_ctx.set_callback(Some(calls_in(own, wakes, manual, done)));
            for _ in 0..OPS {
                assert_eq!(seal(&engine, key), Ok(20));
            }
            ended.set(ended.get() + 1);
        });
    }
    let mut started_ended = 0;
    loop {
        rig.settle();
        let (ran, ended) = resume_what_callbacks_started();
        started_ended += ended;
        if ran == 0 && complete_first(rig.manual()) == 0 {
            break;
        }
    }
    let started = done.started.load(Ordering::Relaxed);
    assert_eq!((ended.get(), started_ended), (JOBS, started), "{context}");
    assert!(FROM_CALLBACK.take().is_empty(), "{context}");
    assert!(done.reaped.load(Ordering::Relaxed) > 0, "{context}");

    // Each operation was told once, and each call in line once.
    let stats = rig.engine.stats();
    let ops = (JOBS * OPS + started) as u64;
    assert_eq!((stats.submitted, stats.returned), (ops, ops), "{context}");
    assert_eq!(stats.wakes_by_callback, ops, "{context}");
    assert_eq!(stats.wakes_for_room, stats.full_waits, "{context}");
    assert_eq!(slots < 64, stats.full_waits > 0, "{context}");
    assert_eq!((stats.spurious_resumes, stats.orphans), (0, 0), "{context}");
    assert_eq!(rig.engine.slots_in_use(), 0, "{context}");
    // Each call of a callback woke one sleeper, and that one ran once.
    let calls = done.calls.load(Ordering::Relaxed);
    assert!(calls >= JOBS * OPS, "{context}");
    // Where there is not room for all, some ran on the stack of the job that made room for theirs.
    assert_eq!(slots < 64, calls > started, "{context}");
    let resumes = sleepers.resumes();
    let expected = (0..SLEEPERS).map(|sleeper| usize::from(sleeper < calls));
    assert_eq!(resumes, expected.collect::<Vec<_>>(), "{context}");
    assert_eq!(rig.reactor.live_jobs(), SLEEPERS, "{context}");
    IN_CALLBACK.set(None);
}

#[test]
fn a_callback_may_poll_submit_and_start_jobs() {
    for time in [Time::Simulated, Time::Manual] {
        for cell in callbacks_that_call(time) {
            call_in_place_in_callbacks(time, cell);
        }
    }
}

/// Callbacks whose calls wait in place, in the middle of the poll that runs them.
fn call_in_place_in_callbacks(time: Time, cell: Cell) {
    let mut config = DeviceConfig::default();
    config.queue.slots = 2;
    // The last callback runs because a slot became free, the others because of completions.
    let rig = Rig::with(time, cell, config, None);
    let key = rig.keys.aes;
    IN_CALLBACK.set(Some((rig.engine.clone(), key)));
    let calls = Arc::new(AtomicUsize::new(0));
    let mut jobs = Vec::new();
    for _ in 0..3 {
        let wait_ctx = WaitCtx::new();
        let calls = calls.clone();
        wait_ctx.set_callback(Some(Arc::new(move || {
            let (engine, key) = engine_in_callback();
            calls.fetch_add(1, Ordering::Relaxed);
            engine.poll();
            engine.ring_doorbell();
            let _full_or_done = seal(&engine, key);
            if current_id().is_none() {
                start_from_callback(engine, key);
            }
        })));
        let engine = rig.engine.clone();
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || {
            assert_eq!(seal(&engine, key), Ok(20));
        });
        jobs.extend(outcome.expect("a job can be had").paused());
    }
    // Where a test decides what completes, another thread does so while calls wait in place.
    rig.in_place(|engine| {
        for _ in 0..100 {
            engine.ring_doorbell();
            engine.poll();
            jobs.extend(FROM_CALLBACK.take().into_iter().map(|own| own.job));
            jobs = std::mem::take(&mut jobs)
                .into_iter()
                .filter_map(|job| resumed(job).paused())
                .collect();
            if jobs.is_empty() {
                break;
            }
            // Nothing may be in flight any more, when all that is left are callbacks' own jobs.
            engine.ring_doorbell();
            let _in_place = seal(engine, key);
        }
    });
    assert!(jobs.is_empty() && FROM_CALLBACK.take().is_empty());
    IN_CALLBACK.set(None);
    assert!(calls.load(Ordering::Relaxed) >= 3);
    assert_eq!(rig.engine.slots_in_use(), 0);
    let stats = rig.engine.stats();
    assert_eq!(stats.submitted, stats.returned + stats.abandoned);
}

/// On the stack of a job that made room for another one, a callback's call waits in place: were that
/// job paused in the middle of it, nobody else would be told any more.
#[test]
fn a_callback_on_a_jobs_stack_does_not_pause_that_job() {
    for cell in callbacks_that_call(Time::Simulated) {
        for slots in [1, 2] {
            call_on_the_stacks_of_others(cell, slots);
        }
    }
}

fn call_on_the_stacks_of_others(cell: Cell, slots: u32) {
    const JOBS: usize = 4;
    let mut config = DeviceConfig::default();
    config.queue.slots = slots;
    let mut rig = Rig::with(Time::Simulated, cell, config, None);
    IN_CALLBACK.set(Some((rig.engine.clone(), rig.keys.aes)));
    let (calls, ended) = (Arc::new(AtomicUsize::new(0)), Rc::new(cell::Cell::new(0)));
    for _ in 0..JOBS {
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let (calls, ended) = (calls.clone(), ended.clone());
        rig.spawn(move || {
            let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
            let own = wait_ctx.callback().expect("the loop has set it");
            wait_ctx.set_callback(Some(Arc::new(move || {
                own.wake().expect("a callback does not fail");
                if current_id().is_some() {
                    let (engine, key) = engine_in_callback();
                    // All slots may belong to jobs that cannot run before this call has returned.
                    let sealed = seal(&engine, key);
                    assert!(matches!(sealed, Ok(20) | Err(Error::Retry(Retry::Full))));
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            })));
            for _ in 0..2 {
                assert_eq!(seal(&engine, key), Ok(20));
            }
            ended.set(ended.get() + 1);
        });
    }
    rig.run();
    assert_eq!(ended.get(), JOBS, "{cell:?} {slots}");
    assert!(calls.load(Ordering::Relaxed) > 0, "{cell:?} {slots}");
    assert_eq!(rig.engine.slots_in_use(), 0);
    IN_CALLBACK.set(None);
}

/// Their wait contexts are not its own. It may do so on a reaper's thread, too.
#[test]
fn a_callback_may_wake_another_job() {
    for cell in cells().filter(|cell| cell.is_by_callback()) {
        let mut rig = Rig::new(Time::Manual, cell);
        let sleepers = Sleepers::spawn(&mut rig, 3);
        let woken = Arc::new(AtomicUsize::new(0));
        for job in 0..2 {
            let (engine, key) = (rig.engine.clone(), rig.keys.aes);
            let (other, woken) = (sleepers.wakes[job].clone(), woken.clone());
            rig.spawn(move || {
                let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
                let own = wait_ctx.callback().expect("the loop has set it");
                wait_ctx.set_callback(Some(Arc::new(move || {
                    other.wake().expect("a callback does not fail");
                    woken.fetch_add(1, Ordering::Relaxed);
                    own.wake().expect("a callback does not fail");
                })));
                assert_eq!(seal(&engine, key), Ok(20));
            });
        }
        rig.settle();
        assert_eq!(sleepers.resumes(), [0, 0, 0], "{cell:?}");
        assert_eq!(rig.complete_all(), 2);
        while rig.reactor.live_jobs() > 3 {
            rig.settle();
        }
        rig.settle();
        assert_wakes(&woken, cell, 2);
        assert_eq!(sleepers.resumes(), [1, 1, 0], "{cell:?}");
        assert_eq!(rig.engine.stats().spurious_resumes, 0, "{cell:?}");
    }
}
