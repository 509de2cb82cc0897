//! Jobs that call an engine without end, and are measured while they do.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use pausewake_device::compute::{ComputeMode, KeyMaterial};
use pausewake_device::keys::KeyId;
use pausewake_device::{Device, DeviceConfig, Nanos};
use pausewake_engine::events::Observer;
use pausewake_engine::{Engine, EngineConfig, Error, Reactor, SmallOps, Turn};

use crate::failure::Failure;
use crate::measure::ns_each;

/// Jobs on one thread, all in the middle of their work.
pub(super) struct Load {
    /// What they call.
    pub(super) engine: Engine,
    reactor: Reactor,
    orders: Rc<Orders>,
}

/// What the jobs are told, and tell.
#[derive(Default)]
struct Orders {
    stop: Cell<bool>,
    error: RefCell<Option<Error>>,
}

impl Load {
    /// Starts `jobs` jobs, each of which does `call` again and again, for the first time now.
    pub(super) fn start(
        device: &Device,
        config: EngineConfig,
        observer: Option<Rc<dyn Observer>>,
        jobs: u32,
        call: impl Fn(&Engine) -> Result<(), Error> + Clone + 'static,
    ) -> Result<Self, Failure> {
        let queue = device.open_queue().map_err(Failure::unavailable)?;
        let engine = Engine::new(queue, config, observer).map_err(|error| Failure::of(&error))?;
        let mut reactor = Reactor::new(engine.clone()).map_err(|error| Failure::of(&error))?;
        let orders = Rc::new(Orders::default());
        for _ in 0..jobs {
            let (engine, orders, call) = (engine.clone(), orders.clone(), call.clone());
            let job = move || {
                while !orders.stop.get() {
                    if let Err(error) = call(&engine) {
                        orders.error.replace(Some(error));
                        orders.stop.set(true);
                    }
                }
            };
            reactor
                .spawn(job)
                .map_err(|error| Failure::unavailable(format!("{error:?}")))?;
        }
        Ok(Self {
            engine,
            reactor,
            orders,
        })
    }

    /// Lets at least `count` ops return; says what one took, ns.
    pub(super) fn ns_per_op(&mut self, count: u64) -> Result<f64, Failure> {
        let before = self.engine.stats().returned;
        let begin = Instant::now();
        let returned = self.run(before + count)? - before;
        Ok(ns_each(begin, returned))
    }

    /// How many ops fill a round: as many as return in some milliseconds, and at most `most`. Where
    /// the machine is busy, or two spin for one core, an op can take a thousand times longer than
    /// usual; the run shall end all the same. Warms up by the way.
    pub(super) fn ops_per_round(&mut self, most: u64) -> Result<u64, Failure> {
        let mut ops = most.min(FIRST_OPS);
        loop {
            let begin = Instant::now();
            self.ns_per_op(ops)?;
            if ops >= most || begin.elapsed() >= ROUND {
                return Ok(ops);
            }
            ops = most.min(ops * 2);
        }
    }

    /// Turns the loop until so many ops have returned; says how many it were.
    pub(super) fn run(&mut self, until: u64) -> Result<u64, Failure> {
        loop {
            let returned = self.engine.stats().returned;
            if returned >= until {
                return Ok(returned);
            }
            match self.reactor.turn(None) {
                Ok(Turn::Progress | Turn::TimedOut) => {}
                Ok(Turn::Idle) => return Err(self.stalled()),
                Err(error) => return Err(Failure::of(&error)),
            }
        }
    }

    /// Ends the jobs, and checks that each op was answered once and nothing is left.
    pub(super) fn end(mut self) -> Result<(), Failure> {
        self.orders.stop.set(true);
        self.reactor.run().map_err(|error| Failure::of(&error))?;
        if let Some(error) = self.orders.error.take() {
            return Err(Failure::of(&error));
        }
        let (stats, left) = (self.engine.stats(), self.engine.slots_in_use());
        if stats.submitted != stats.returned || stats.orphans != 0 || left != 0 {
            return Err(Failure::check(format!(
                "{} ops were submitted and {} returned; {} orphans, {left} slots left",
                stats.submitted, stats.returned, stats.orphans
            )));
        }
        Ok(())
    }

    fn stalled(&self) -> Failure {
        match self.orders.error.take() {
            Some(error) => Failure::of(&error),
            None => Failure::check("jobs are paused and nothing will wake them"),
        }
    }
}

/// A device that takes no time and computes nothing, with a slot for each of `jobs`.
pub(super) fn instant_device(jobs: u32) -> DeviceConfig {
    let mut config = DeviceConfig {
        compute: ComputeMode::None,
        ..DeviceConfig::default()
    };
    config.model.symmetric.service.base_ns = Nanos::ZERO;
    config.model.symmetric.service.per_byte_ns = 0.0;
    let depth = jobs.max(64).next_power_of_two();
    config.model.in_flight_limit = depth;
    config.queue.ring_depth = depth;
    config.queue.completion_depth = depth;
    config.queue.slots = depth;
    config.queue.slot_size = 256;
    config
}

/// Everything goes to the device, however small it is.
pub(super) fn engine_config() -> EngineConfig {
    EngineConfig {
        small_ops: SmallOps::NONE,
        ..EngineConfig::default()
    }
}

/// A call that seals 16 bytes on this device.
pub(super) fn seal_on(
    device: &Device,
) -> Result<impl Fn(&Engine) -> Result<(), Error> + Clone + 'static, Failure> {
    let key = aes_key(device)?;
    Ok(move |engine: &Engine| {
        let mut sealed = [0; 32];
        let len = engine.aead_seal(key, [0; 12], b"", &[0; 16], &mut sealed)?;
        debug_assert_eq!(len, sealed.len());
        Ok(())
    })
}

/// An AES key in this device.
pub(super) fn aes_key(device: &Device) -> Result<KeyId, Failure> {
    let key = device.import_key(KeyMaterial::AesGcm(&[7; 16]));
    key.map_err(|error| Failure::of(&error))
}

const FIRST_OPS: u64 = 16;
const ROUND: Duration = Duration::from_millis(5);
