//! Devices and engines with settings of which the usual rigs have none.

use std::rc::Rc;

use pausewake_device::compute::ComputeMode;
use pausewake_device::keys::KeyId;
use pausewake_device::model::ServiceTime;
use pausewake_device::{Device, DeviceConfig, Nanos};
use pausewake_engine::events::Observer;
use pausewake_engine::{Engine, EngineConfig, Error, SmallOps};
use pausewake_jobs::{Callback, Job, WaitCtx};
use pausewake_tests::seal;

/// A device on which a cipher op takes `service`, with as many slices and slots as are wanted.
pub(crate) fn device_config(ring_depth: u32, slots: u32, service: Nanos) -> DeviceConfig {
    let mut config = DeviceConfig {
        compute: ComputeMode::None,
        ..DeviceConfig::default()
    };
    config.queue.ring_depth = ring_depth;
    config.queue.slots = slots;
    config.queue.completion_depth = slots.next_power_of_two();
    config.queue.slot_size = 512;
    config.model.in_flight_limit = slots;
    config.model.symmetric.slices = 1_000;
    config.model.symmetric.service = ServiceTime::constant(service);
    config
}

/// One under virtual time.
pub(crate) fn simulated(config: DeviceConfig) -> Device {
    Device::simulated(config, None).expect("such a device can be made")
}

/// An engine on a queue of its own.
pub(crate) fn engine(
    device: &Device,
    config: EngineConfig,
    observer: Option<Rc<dyn Observer>>,
) -> Engine {
    let queue = device.open_queue().expect("descriptors are left");
    Engine::new(queue, config, observer).expect("the cell is allowed")
}

/// No operation is too small.
pub(crate) fn offload_all() -> EngineConfig {
    EngineConfig {
        small_ops: SmallOps::NONE,
        ..EngineConfig::default()
    }
}

/// Jobs on a manual device, each with one operation in flight, and a callback of its own.
pub(crate) fn paused_jobs(
    engine: &Engine,
    key: KeyId,
    callbacks: impl IntoIterator<Item = Callback>,
) -> Vec<Job<Result<usize, Error>>> {
    let jobs = callbacks.into_iter().map(|callback| {
        let wait_ctx = WaitCtx::new();
        wait_ctx.set_callback(Some(callback));
        let caller = engine.clone();
        let outcome = pausewake_jobs::start(Some(&wait_ctx), move || seal(&caller, key));
        outcome
            .expect("a job can be had")
            .paused()
            .expect("it waits")
    });
    jobs.collect()
}
