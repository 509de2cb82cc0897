//! Device, engine and reactor of a run: the one file that knows how they are put together.

use std::rc::Rc;
use std::sync::Arc;

use pausewake_device::compute::ComputeMode;
use pausewake_device::ring::QueueLayout;
use pausewake_device::{Device, DeviceConfig, DeviceObserver, Nanos, WaitStrategy};
use pausewake_engine::events::{Event, Observer};
use pausewake_engine::{
    Engine, EngineConfig, ErrorFamily, Reactor, ReactorError, Reap, SmallOps, SpawnError, Turn,
};
use pausewake_jobs::StartReason;

use super::RunError;
use crate::report::{Collector, Figures};
use crate::scenario::{Clock, Compute, Mode, Scenario, Wait};
use crate::story::LogHandle;

/// Makes the device that `scenario` describes.
///
/// # Errors
/// [`RunError::Setup`]: it cannot be made, or the system has no descriptor, thread or memory for it.
pub fn device(scenario: &Scenario, log: Option<&LogHandle>) -> Result<Device, RunError> {
    let config = device_config(scenario);
    let observer = log
        .cloned()
        .map(|log| Arc::new(log) as Arc<dyn DeviceObserver>);
    let device = match scenario.clock {
        Clock::Wall => Device::thread(config, wait(scenario), observer),
        Clock::Virtual => Device::simulated(config, observer),
    };
    device.map_err(setup)
}

/// One of the reactor's turns.
type TurnFn = fn(&mut Reactor, Option<Nanos>) -> Result<Turn, ReactorError>;

/// Everything that a thread of a run works with.
pub struct World {
    reactor: Reactor,
    watch: Rc<Watch>,
    clock: Clock,
    /// Nobody but this program polls.
    polls: bool,
    idle_turns: u32,
}

impl World {
    /// An engine and an event loop on `device`, as `scenario` describes them.
    ///
    /// # Errors
    /// [`RunError::Setup`]: the system has no descriptor or memory for them.
    pub fn new(
        scenario: &Scenario,
        device: &Device,
        log: Option<LogHandle>,
    ) -> Result<Self, RunError> {
        let watch = Rc::new(Watch {
            collector: Rc::new(Collector::new()),
            log,
        });
        let queue = device.open_queue().map_err(setup)?;
        let config = engine_config(scenario);
        let engine = Engine::new(queue, config, Some(watch.clone())).map_err(setup)?;
        let reactor = Reactor::new(engine).map_err(setup)?;
        Ok(Self::from_parts(reactor, watch, scenario.clock))
    }

    /// The event loop and what watches it, for [`Timelines`](pausewake_engine::Timelines).
    pub fn into_parts(self) -> (Reactor, Rc<Watch>) {
        (self.reactor, self.watch)
    }

    /// What [`into_parts`](Self::into_parts) took apart.
    pub fn from_parts(reactor: Reactor, watch: Rc<Watch>, clock: Clock) -> Self {
        Self {
            polls: reactor.engine().config().reap == Reap::External,
            reactor,
            watch,
            clock,
            idle_turns: 0,
        }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        self.reactor.engine()
    }

    /// The device's time.
    pub fn now(&self) -> Nanos {
        self.engine().now()
    }

    /// Whether time passes by itself.
    pub fn is_wall(&self) -> bool {
        self.clock == Clock::Wall
    }

    /// Jobs that have not ended.
    pub fn live_jobs(&self) -> usize {
        self.reactor.live_jobs()
    }

    /// What collects the figures.
    pub fn collector(&self) -> &Rc<Collector> {
        &self.watch.collector
    }

    /// Starts a job.
    ///
    /// # Errors
    /// [`RunError::Broken`]: there is no stack or descriptor for it.
    pub fn spawn(&mut self, job: impl FnOnce() + 'static) -> Result<(), RunError> {
        self.idle_turns = 0;
        let spawned = self.reactor.spawn(job);
        spawned.map_err(|error| no_room(self.reactor.live_jobs(), error))
    }

    /// Lets the reactor go on, at most until `until`.
    ///
    /// # Errors
    /// [`RunError::Broken`]: the system's event queue failed, or jobs wait for nothing.
    pub fn turn(&mut self, until: Option<Nanos>) -> Result<Turn, RunError> {
        let turn = self.turn_and_poll(until, Reactor::turn)?;
        self.look_for_standstill(turn)
    }

    /// The same, without coming back before the jobs that time has woken have run; for callers who would
    /// have nothing to do then.
    ///
    /// # Errors
    /// As [`turn`](Self::turn).
    pub fn turn_through(&mut self, until: Option<Nanos>) -> Result<Turn, RunError> {
        let turn = self.turn_and_poll(until, Reactor::turn_through)?;
        self.look_for_standstill(turn)
    }

    fn look_for_standstill(&mut self, turn: Turn) -> Result<Turn, RunError> {
        // With external and heuristic reaping, the last thing that a turn does is to give calls in
        // line the room that the device has made: it wakes their jobs for the next turn. Two such
        // turns in a row have nothing left to give.
        self.idle_turns = if turn == Turn::Idle {
            self.idle_turns + 1
        } else {
            0
        };
        if self.idle_turns > 1 && self.live_jobs() > 0 {
            let jobs = self.live_jobs();
            return Err(RunError::Broken(format!(
                "{jobs} jobs are paused and nothing will wake them"
            )));
        }
        Ok(turn)
    }

    /// A turn; with external polling, this program is the one that polls.
    fn turn_and_poll(&mut self, until: Option<Nanos>, turn: TurnFn) -> Result<Turn, RunError> {
        if !self.polls {
            return turn(&mut self.reactor, until).map_err(broken);
        }
        // Nobody wakes a loop that polls, so under the wall clock it does not sleep; and under virtual time
        // what the device did in no time is there before any passes.
        let now = Some(self.now());
        let until = if self.is_wall() { now } else { until };
        if !self.is_wall() {
            self.reactor.turn(now).map_err(broken)?;
            if self.engine().poll() > 0 {
                return Ok(Turn::Progress);
            }
        }
        let turn = self.reactor.turn(until).map_err(broken)?;
        if self.engine().poll() > 0 {
            return Ok(Turn::Progress);
        }
        if turn == Turn::TimedOut {
            std::thread::yield_now();
        }
        Ok(turn)
    }

    /// With external polling, polls for what calls have left in the device: nobody else does.
    fn drain(&mut self) -> Result<(), RunError> {
        while self.polls && self.engine().stats().in_flight > 0 {
            self.turn(None)?;
            if self.idle_turns > 1 {
                break;
            }
        }
        Ok(())
    }

    /// Ends everything at once: cancels the jobs that are left, and leaves to the device what it has of
    /// theirs. Gives what was collected.
    pub fn abandon(self) -> Figures {
        let Self { reactor, watch, .. } = self;
        drop(reactor);
        watch.collector.take()
    }

    /// Ends everything in order; gives what was collected.
    ///
    /// # Errors
    /// [`RunError::Broken`]: something was left over that should not be.
    pub fn finish(mut self) -> Result<Figures, RunError> {
        self.drain()?;
        let engine = self.engine().clone();
        let shutdown = self.reactor.shutdown().map_err(broken)?;
        if shutdown.slots_left > 0 {
            let slots = shutdown.slots_left;
            return Err(RunError::Broken(format!(
                "{slots} slots were not given back by the device"
            )));
        }
        let mut figures = self.watch.collector.take();
        if figures.timed_out + figures.abandoned > 0 {
            // What calls have left in the device kept it busy after the last of them.
            figures.lasted_until(engine.now());
        }
        Ok(figures)
    }
}

/// Gets the event log, and hands it to those who look at it.
pub struct Watch {
    collector: Rc<Collector>,
    log: Option<LogHandle>,
}

impl Watch {
    /// What collects the figures.
    pub fn collector(&self) -> &Collector {
        &self.collector
    }
}

impl Observer for Watch {
    fn event(&self, at: Nanos, event: &Event) {
        if let Some(log) = &self.log {
            log.push(at, event);
        }
        self.collector.event(at, event);
    }

    /// The story tells of them, the report does not.
    fn hears_pauses(&self) -> bool {
        self.log.is_some()
    }
}

fn device_config(scenario: &Scenario) -> DeviceConfig {
    let device = &scenario.device;
    DeviceConfig {
        model: device.model.clone(),
        coalesce: device.coalesce,
        queue: QueueLayout {
            ring_depth: device.ring_depth,
            completion_depth: device.completion_depth,
            slots: device.slots,
            slot_size: device.slot_size,
        },
        compute: match compute(scenario) {
            Compute::Real => ComputeMode::Real,
            Compute::Cached => ComputeMode::Cached,
            Compute::None => ComputeMode::None,
        },
        workers: device.workers,
        seed: scenario.seed,
    }
}

/// What computes the results. Where software does, and its own time is what counts, it finds no
/// answers that were computed before.
pub(super) fn compute(scenario: &Scenario) -> Compute {
    match (scenario.device.compute, scenario.mode, scenario.clock) {
        (Compute::Cached, Mode::Software, Clock::Wall) => Compute::Real,
        (compute, _, _) => compute,
    }
}

/// A device that gets nothing to do takes no time from the CPU either.
fn wait(scenario: &Scenario) -> WaitStrategy {
    match scenario.device.wait {
        _ if scenario.mode == Mode::Software => WaitStrategy::Sleep,
        Wait::Spin => WaitStrategy::Spin,
        Wait::Adaptive => WaitStrategy::Adaptive,
        Wait::Sleep => WaitStrategy::Sleep,
    }
}

/// As the scenario says it; where software is to compute, everything is too small for the device.
fn engine_config(scenario: &Scenario) -> EngineConfig {
    let small_ops = match scenario.mode {
        Mode::Software => SmallOps {
            rsa_bytes: u32::MAX,
            ecdsa_bytes: u32::MAX,
            aes_gcm_bytes: u32::MAX,
        },
        Mode::Async | Mode::Sync => scenario.engine.small_ops,
    };
    EngineConfig {
        small_ops,
        ..scenario.engine
    }
}

/// A job could not be started beside `live` others.
pub(super) fn no_room<F>(live: usize, error: SpawnError<F>) -> RunError {
    if error.family() != ErrorFamily::Retry {
        return broken(error);
    }
    let cause = match error {
        // Without its advice, which is for programs that call `jobs`.
        SpawnError::NotStarted {
            reason: StartReason::StackAllocation(error),
            ..
        } => error.cause.to_string(),
        other => chain(&other),
    };
    RunError::Broken(format!(
        "there is no room for another job beside {live}: {cause}. Lower load.jobs, or raise that \
         limit"
    ))
}

/// `error` could not be prevented by any check of the scenario.
pub(super) fn setup(error: impl std::error::Error) -> RunError {
    RunError::Setup(chain(&error))
}

pub(super) fn broken(error: impl std::error::Error) -> RunError {
    RunError::Broken(chain(&error))
}

/// The error and what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
