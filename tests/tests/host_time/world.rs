//! A device that takes a constant time, jobs that seal, and logs of both sides.

use std::rc::Rc;
use std::sync::{Arc, Mutex};

use pausewake_device::compute::ComputeMode;
use pausewake_device::keys::KeyId;
use pausewake_device::model::{Distribution, ServiceTime};
use pausewake_device::{Device, DeviceConfig, DeviceEvent, DeviceObserver, Nanos};
use pausewake_engine::{Engine, EngineConfig, HostCosts, Reactor, SmallOps};
use pausewake_tests::{Keys, Log};

/// Everything that the device said.
#[derive(Debug, Default)]
pub(crate) struct DeviceLog(Mutex<Vec<(Nanos, DeviceEvent)>>);

impl DeviceLog {
    pub(crate) fn events(&self) -> Vec<(Nanos, DeviceEvent)> {
        self.0.lock().expect("nobody panics").clone()
    }

    /// When it gave its signals.
    pub(crate) fn signals(&self) -> Vec<Nanos> {
        let events = self.events().into_iter();
        events
            .filter(|(_, event)| matches!(event, DeviceEvent::Signalled { .. }))
            .map(|(at, _)| at)
            .collect()
    }
}

impl DeviceObserver for DeviceLog {
    fn device_event(&self, at: Nanos, event: &DeviceEvent) {
        let mut events = self.0.lock().expect("nobody panics");
        events.push((at, *event));
    }
}

pub(crate) struct World {
    pub(crate) device: Device,
    pub(crate) device_log: Arc<DeviceLog>,
    pub(crate) key: KeyId,
}

/// An application thread: its loop, and what its engine said.
pub(crate) struct Line {
    pub(crate) reactor: Reactor,
    pub(crate) log: Rc<Log>,
}

impl World {
    pub(crate) fn new(config: DeviceConfig) -> Self {
        let device_log = Arc::new(DeviceLog::default());
        let device = Device::simulated(config, Some(device_log.clone()));
        let device = device.expect("the configuration is sound");
        let key = Keys::import_aes(&device);
        Self {
            device,
            device_log,
            key,
        }
    }

    pub(crate) fn line(&self, config: EngineConfig) -> Line {
        let log = Log::new();
        let queue = self.device.open_queue().expect("there are descriptors");
        let engine = Engine::new(queue, config, Some(log.clone())).expect("the cell is allowed");
        let reactor = Reactor::new(engine).expect("there are descriptors");
        Line { reactor, log }
    }
}

/// `slices` of `service` each, nothing else that takes time.
pub(crate) fn device(slices: u32, service: Nanos) -> DeviceConfig {
    let mut config = DeviceConfig {
        compute: ComputeMode::None,
        ..DeviceConfig::default()
    };
    config.model.symmetric.slices = slices;
    config.model.symmetric.service = ServiceTime {
        distribution: Distribution::Constant,
        base_ns: service,
        per_byte_ns: 0.0,
    };
    config
}

/// Callback and event, nothing small.
pub(crate) fn engine(host: HostCosts) -> EngineConfig {
    EngineConfig {
        small_ops: SmallOps::NONE,
        host,
        ..EngineConfig::default()
    }
}

/// Seals 16 bytes, which gives 32.
pub(crate) fn seal(engine: &Engine, key: KeyId) {
    let sealed = engine.aead_seal(key, [0; 12], b"", &[7; 16], &mut [0; 32]);
    assert_eq!(sealed, Ok(32));
}

/// Starts a job that seals `ops` times.
pub(crate) fn spawn(reactor: &mut Reactor, key: KeyId, ops: usize) {
    let engine = reactor.engine().clone();
    let started = reactor.spawn(move || {
        for _ in 0..ops {
            seal(&engine, key);
        }
    });
    assert!(started.is_ok(), "{started:?}");
}

pub(crate) const fn us(us: u64) -> Nanos {
    Nanos::from_micros(us)
}

pub(crate) const fn ns(ns: u64) -> Nanos {
    Nanos::new(ns)
}
