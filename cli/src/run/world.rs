//! Device, engine and reactor of a run: the one file that knows how they are put together.

use std::rc::Rc;
use std::sync::Arc;

use pausewake_device::compute::ComputeMode;
use pausewake_device::ring::QueueLayout;
use pausewake_device::{Device, DeviceConfig, DeviceObserver, Nanos, WaitStrategy};
use pausewake_engine::events::{Event, Observer};
use pausewake_engine::{Engine, ErrorFamily, Reactor, Reap, SpawnError, Turn};
use pausewake_jobs::StartReason;

use super::RunError;
use crate::report::{Collector, Figures};
use crate::scenario::{Clock, Compute, Scenario, Wait};
use crate::story::LogHandle;

/// Everything that a run takes place in.
pub struct World {
    device: Device,
    reactor: Reactor,
    watch: Rc<Watch>,
    clock: Clock,
    idle_turns: u32,
}

impl World {
    /// Builds what `scenario` describes.
    ///
    /// # Errors
    /// [`RunError::Setup`]: the device cannot be made, or the system has no descriptor, thread or
    /// memory for it.
    pub fn new(scenario: &Scenario, log: Option<LogHandle>) -> Result<Self, RunError> {
        let config = device_config(scenario);
        let observer = log
            .clone()
            .map(|log| Arc::new(log) as Arc<dyn DeviceObserver>);
        let device = match scenario.clock {
            Clock::Wall => Device::thread(config, wait(scenario.device.wait), observer),
            Clock::Virtual => Device::simulated(config, observer),
        }
        .map_err(setup)?;
        let watch = Rc::new(Watch {
            collector: Collector::new(),
            log,
        });
        let queue = device.open_queue().map_err(setup)?;
        let engine = Engine::new(queue, scenario.engine, Some(watch.clone())).map_err(setup)?;
        Ok(Self {
            device,
            reactor: Reactor::new(engine).map_err(setup)?,
            watch,
            clock: scenario.clock,
            idle_turns: 0,
        })
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.device
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

    /// Ops that have returned.
    pub fn returned_ops(&self) -> u64 {
        self.watch.collector.returned()
    }

    /// Starts a job.
    ///
    /// # Errors
    /// [`RunError::Broken`]: there is no stack or descriptor for it.
    pub fn spawn(&mut self, job: impl FnOnce() + 'static) -> Result<(), RunError> {
        self.idle_turns = 0;
        self.reactor.spawn(job).map_err(|error| {
            if error.family() != ErrorFamily::Retry {
                return broken(error);
            }
            let live = self.reactor.live_jobs();
            let cause = match error {
                // Without its advice, which is for programs that call `jobs`.
                SpawnError::NotStarted {
                    reason: StartReason::StackAllocation(error),
                    ..
                } => error.cause.to_string(),
                other => chain(&other),
            };
            RunError::Broken(format!(
                "there is no room for another job beside {live}: {cause}. Lower load.jobs, or raise \
                 that limit"
            ))
        })
    }

    /// Lets the reactor go on, at most until `until`.
    ///
    /// # Errors
    /// [`RunError::Broken`]: the system's event queue failed, or jobs wait for nothing.
    pub fn turn(&mut self, until: Option<Nanos>) -> Result<(), RunError> {
        let turn = self.turn_and_poll(until)?;
        // A turn may find nothing to do and yet leave a wake for the next one; two such turns in
        // a row cannot.
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
        Ok(())
    }

    /// A turn; with external polling, this program is the one that polls.
    fn turn_and_poll(&mut self, until: Option<Nanos>) -> Result<Turn, RunError> {
        let is_external = self.engine().config().reap == Reap::External;
        if !is_external {
            return self.reactor.turn(until).map_err(broken);
        }
        // Nobody wakes a loop that polls, so under the wall clock it does not sleep.
        let until = if self.is_wall() {
            Some(self.now())
        } else {
            until
        };
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
        let is_external = self.engine().config().reap == Reap::External;
        while is_external && self.engine().stats().in_flight > 0 {
            self.turn(None)?;
            if self.idle_turns > 1 {
                break;
            }
        }
        Ok(())
    }

    /// Ends everything in order; gives what was collected, and under the wall clock how late the
    /// device was: mean and worst.
    ///
    /// # Errors
    /// [`RunError::Broken`]: something was left over that should not be.
    pub fn finish(mut self) -> Result<(Figures, Option<(Nanos, Nanos)>), RunError> {
        self.drain()?;
        let is_wall = self.is_wall();
        let shutdown = self.reactor.shutdown().map_err(broken)?;
        if shutdown.slots_left > 0 {
            let slots = shutdown.slots_left;
            return Err(RunError::Broken(format!(
                "{slots} slots were not given back by the device"
            )));
        }
        let lateness = self.device.stats().lateness;
        let lateness = is_wall.then(|| (lateness.mean_ns(), lateness.max_ns()));
        Ok((self.watch.collector.take(), lateness))
    }
}

/// Gets the event log, and hands it to those who look at it.
struct Watch {
    collector: Collector,
    log: Option<LogHandle>,
}

impl Observer for Watch {
    fn event(&self, at: Nanos, event: &Event) {
        self.collector.event(at, event);
        if let Some(log) = &self.log {
            log.push(at, event);
        }
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
        compute: match device.compute {
            Compute::Real => ComputeMode::Real,
            Compute::Cached => ComputeMode::Cached,
            Compute::None => ComputeMode::None,
        },
        workers: device.workers,
        seed: scenario.seed,
    }
}

fn wait(wait: Wait) -> WaitStrategy {
    match wait {
        Wait::Spin => WaitStrategy::Spin,
        Wait::Adaptive => WaitStrategy::Adaptive,
        Wait::Sleep => WaitStrategy::Sleep,
    }
}

/// `error` could not be prevented by any check of the scenario.
pub(super) fn setup(error: impl std::error::Error) -> RunError {
    RunError::Setup(chain(&error))
}

fn broken(error: impl std::error::Error) -> RunError {
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
