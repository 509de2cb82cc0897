//! A device, an engine and a loop, for each kind of time and each cell of the matrix.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use pausewake_device::{Device, DeviceConfig, Manual, Nanos, TimeKind, WaitStrategy};
use pausewake_engine::events::Observer;
use pausewake_engine::{Engine, EngineConfig, Heuristic, Notify, Reactor, Reap, SmallOps, Turn};

use crate::{Keys, complete_all};

/// Which driver of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Virtual time, in the caller's thread.
    Simulated,
    /// A test decides. What a rig holds completes when the loop has nothing else to do.
    Manual,
    /// A device thread, by the wall clock.
    Thread,
}

impl Time {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Simulated, Self::Manual, Self::Thread];

    fn kind(self) -> TimeKind {
        match self {
            Self::Simulated => TimeKind::Virtual,
            Self::Manual => TimeKind::Manual,
            Self::Thread => TimeKind::Wall,
        }
    }

    /// The cells that are allowed with it.
    pub fn cells(self) -> impl Iterator<Item = Cell> {
        let all = Cell::all();
        all.filter(move |cell| cell.config().check(self.kind()).is_ok())
    }
}

/// How jobs are told, and who reaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// How jobs are told.
    pub notify: Notify,
    /// Who reaps.
    pub reap: Reap,
}

impl Cell {
    /// The whole matrix, with what is refused.
    pub fn all() -> impl Iterator<Item = Self> {
        let reaps = [
            Reap::Event,
            Reap::External,
            Reap::Heuristic(Heuristic::default()),
            Reap::Inline,
            Reap::THREAD,
        ];
        let notifies = [Notify::Callback, Notify::Fd, Notify::Poll];
        notifies
            .into_iter()
            .flat_map(move |notify| reaps.map(|reap| Self { notify, reap }))
    }

    /// An engine of this cell that offloads everything.
    #[must_use]
    pub fn config(self) -> EngineConfig {
        EngineConfig {
            notify: self.notify,
            reap: self.reap,
            small_ops: SmallOps::NONE,
            ..EngineConfig::default()
        }
    }

    /// Whether jobs are told by the callback of their wait context.
    #[must_use]
    pub fn is_by_callback(self) -> bool {
        self.notify == Notify::Callback
    }

    /// Whether jobs are told by the eventfd of their wait context.
    #[must_use]
    pub fn is_by_fd(self) -> bool {
        self.notify == Notify::Fd
    }

    /// Whether a thread of the engine's own reaps.
    #[must_use]
    pub fn has_thread(self) -> bool {
        matches!(self.reap, Reap::Thread { .. })
    }
}

/// With the reactor on the completion eventfd.
impl From<Notify> for Cell {
    fn from(notify: Notify) -> Self {
        Self {
            notify,
            reap: Reap::Event,
        }
    }
}

/// Runs `test` for every driver with every cell that is allowed with it.
pub fn everywhere(test: impl Fn(Time, Cell)) {
    for time in Time::ALL {
        for cell in time.cells() {
            test(time, cell);
        }
    }
}

/// A device with keys, an engine and a loop.
pub struct Rig {
    /// The driver of time.
    pub time: Time,
    /// The loop.
    pub reactor: Reactor,
    /// The engine.
    pub engine: Engine,
    /// The keys.
    pub keys: Keys,
    /// Decides, if the driver is the manual one.
    pub manual: Option<Manual>,
    /// The device.
    pub device: Device,
}

impl Rig {
    /// A rig with everything as by default.
    #[must_use]
    pub fn new(time: Time, cell: impl Into<Cell>) -> Self {
        Self::with(time, cell, DeviceConfig::default(), None)
    }

    /// A rig over a device of this configuration.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn with(
        time: Time,
        cell: impl Into<Cell>,
        config: DeviceConfig,
        observer: Option<Rc<dyn Observer>>,
    ) -> Self {
        Self::made(time, config, cell.into().config(), observer)
    }

    /// A rig of which everything is given.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn made(
        time: Time,
        config: DeviceConfig,
        engine_config: EngineConfig,
        observer: Option<Rc<dyn Observer>>,
    ) -> Self {
        let (device, manual) = match time {
            Time::Simulated => (
                Device::simulated(config, None).expect("it is possible"),
                None,
            ),
            Time::Thread => {
                let device = Device::thread(config, WaitStrategy::Sleep, None);
                (device.expect("it is possible"), None)
            }
            Time::Manual => {
                let (device, manual) = Device::manual(config, None).expect("it is possible");
                (device, Some(manual))
            }
        };
        let keys = Keys::import(&device);
        let queue = device.open_queue().expect("descriptors are left");
        let engine = Engine::new(queue, engine_config, observer).expect("the cell is allowed");
        Self {
            time,
            reactor: Reactor::new(engine.clone()).expect("descriptors are left"),
            engine,
            keys,
            manual,
            device,
        }
    }

    /// A rig on a queue of a device that others use as well, and a thread or a clock drives.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn on(time: Time, device: Device, keys: Keys, engine_config: EngineConfig) -> Self {
        let queue = device.open_queue().expect("descriptors are left");
        let engine = Engine::new(queue, engine_config, None).expect("the cell is allowed");
        Self {
            time,
            reactor: Reactor::new(engine.clone()).expect("descriptors are left"),
            engine,
            keys,
            manual: None,
            device,
        }
    }

    /// The decider of a manual device.
    ///
    /// # Panics
    /// If the device is another.
    #[must_use]
    pub fn manual(&self) -> &Manual {
        self.manual.as_ref().expect("the device is a manual one")
    }

    /// Starts a job.
    ///
    /// # Panics
    /// If none can be had.
    pub fn spawn(&mut self, f: impl FnOnce() + 'static) {
        self.reactor.spawn(f).expect("a job can be had");
    }

    /// One turn of the loop, at the longest until `until`, and what the application owes to it:
    /// where reaping is external, it polls.
    ///
    /// # Panics
    /// If the loop fails.
    pub fn turn(&mut self, until: Option<Nanos>) -> Turn {
        if self.engine.config().reap != Reap::External {
            return self.reactor.turn(until).expect("the loop works");
        }
        // Nothing would end its sleep: an application that polls does not sleep for long.
        let is_wall = self.time == Time::Thread && self.reactor.live_jobs() > 0;
        let soon = is_wall.then(|| self.engine.now() + EXTERNAL_POLL_NS);
        let first = until.into_iter().chain(soon).min();
        let turn = self.reactor.turn(first).expect("the loop works");
        if self.engine.poll() > 0 {
            return Turn::Progress;
        }
        match turn {
            Turn::TimedOut if until.is_none_or(|until| self.engine.now() < until) => Turn::Progress,
            turn => turn,
        }
    }

    /// Turns the loop until nothing happens by itself any more.
    ///
    /// # Panics
    /// If the loop fails.
    pub fn settle(&mut self) {
        while self.turn(None) == Turn::Progress || self.is_on_its_way() {}
    }

    /// Whether a manual device has answered, and the answer has not come through yet. If that takes
    /// manual time, time passes.
    fn is_on_its_way(&self) -> bool {
        let Some(manual) = &self.manual else {
            return false;
        };
        let held = (manual.pending().len() + manual.lost()) as u64;
        // Beyond its limit, operations wait in the submission ring.
        let limit = u64::from(self.device.config().model.in_flight_limit);
        let is_answered = held < limit && self.engine.stats().in_flight > held;
        match self.engine.config().reap {
            Reap::Heuristic(heuristic) if is_answered => manual.advance(heuristic.backstop_ns),
            _ => {}
        }
        is_answered
    }

    /// Polls until `count` completions have been taken, which is at once, unless a reaper thread
    /// has to take them first.
    ///
    /// # Panics
    /// If there are others.
    pub fn poll_for(&self, count: usize) {
        let mut taken = self.engine.poll();
        while taken < count && matches!(self.engine.config().reap, Reap::Thread { .. }) {
            thread::yield_now();
            taken += self.engine.poll();
        }
        assert_eq!(taken, count, "completions");
    }

    /// Resumes that found nothing, by whatever name the engine counts them.
    #[must_use]
    pub fn resumes_in_vain(&self) -> u64 {
        let stats = self.engine.stats();
        stats.spurious_resumes + stats.looks_in_vain
    }

    /// Lets a manual device complete all that it holds. Says how much that was.
    ///
    /// # Panics
    /// If the device is another.
    pub fn complete_all(&self) -> usize {
        complete_all(self.manual())
    }

    /// Turns the loop until no job is left; a manual device completes when nothing else is to do.
    ///
    /// # Panics
    /// If the loop fails, or jobs are left that nothing wakes.
    pub fn run(&mut self) {
        while self.reactor.live_jobs() > 0 {
            if self.turn(None) == Turn::Progress || self.is_on_its_way() {
                continue;
            }
            let left = self.reactor.live_jobs();
            let completed = self.manual.as_ref().map_or(0, complete_all);
            assert!(
                completed > 0 || left == 0,
                "{left} jobs are paused and the device holds nothing"
            );
        }
    }

    /// Runs `f`, which waits in place. Another thread lets a manual device complete meanwhile.
    pub fn in_place<R>(&self, f: impl FnOnce(&Engine) -> R) -> R {
        while_completing(self.manual.as_ref(), || f(&self.engine))
    }
}

/// Runs `f`, while another thread completes whatever a manual device holds, if there is one.
pub fn while_completing<R>(manual: Option<&Manual>, f: impl FnOnce() -> R) -> R {
    let Some(manual) = manual else {
        return f();
    };
    thread::scope(|scope| {
        let stop = Stop(Arc::default());
        let stopped = stop.0.clone();
        scope.spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                complete_all(manual);
                thread::yield_now();
            }
        });
        f()
    })
}

/// Ends the other thread, also when this one panics.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How long an application sleeps between its polls.
const EXTERNAL_POLL_NS: Nanos = Nanos::from_micros(20);
