//! A device, an engine and a loop, for each kind of time and each cell of the matrix.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use pausewake_device::protocol::Status;
use pausewake_device::{Device, DeviceConfig, Manual, WaitStrategy};
use pausewake_engine::events::Observer;
use pausewake_engine::{Engine, EngineConfig, Notify, Reactor, SmallOps, Turn};

use crate::Keys;

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

/// Runs `test` for every driver with every notification.
pub fn everywhere(test: impl Fn(Time, Notify)) {
    for time in [Time::Simulated, Time::Manual, Time::Thread] {
        for notify in [Notify::Callback, Notify::Fd] {
            test(time, notify);
        }
    }
}

/// A device with keys, an engine and a loop.
pub struct Rig {
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
    pub fn new(time: Time, notify: Notify) -> Self {
        Self::with(time, notify, DeviceConfig::default(), None)
    }

    /// A rig over a device of this configuration.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn with(
        time: Time,
        notify: Notify,
        config: DeviceConfig,
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
        let engine_config = EngineConfig {
            notify,
            small_ops: SmallOps::NONE,
            ..EngineConfig::default()
        };
        let queue = device.open_queue().expect("descriptors are left");
        let engine = Engine::new(queue, engine_config, observer).expect("the cell is allowed");
        Self {
            reactor: Reactor::new(engine.clone()).expect("descriptors are left"),
            engine,
            keys: Keys::import(&device),
            manual,
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

    /// Turns the loop until nothing happens by itself any more.
    ///
    /// # Panics
    /// If the loop fails.
    pub fn settle(&mut self) {
        while self.reactor.turn(None).expect("the loop works") == Turn::Progress {}
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
        if self.manual.is_none() {
            self.reactor.run().expect("nothing stalls");
            return;
        }
        while self.reactor.live_jobs() > 0 {
            self.settle();
            let left = self.reactor.live_jobs();
            assert!(
                self.complete_all() > 0 || left == 0,
                "{left} jobs are paused and the device holds nothing"
            );
        }
    }

    /// Runs `f`, which waits in place. Another thread lets a manual device complete meanwhile.
    pub fn in_place<R>(&self, f: impl FnOnce(&Engine) -> R) -> R {
        let Some(manual) = &self.manual else {
            return f(&self.engine);
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
            f(&self.engine)
        })
    }
}

/// Ends the other thread, also when this one panics.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn complete_all(manual: &Manual) -> usize {
    let pending = manual.pending();
    for op in &pending {
        manual
            .complete(op.id, Status::Ok)
            .expect("it is pending, and nobody else completes");
    }
    pending.len()
}
