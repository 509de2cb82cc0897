//! A run without end, and what it holds of memory.

use std::cell::Cell;
use std::rc::Rc;

use pausewake_device::{DeviceConfig, Nanos};
use pausewake_engine::{Engine, EngineConfig, Notify, Reactor, SmallOps};

use crate::{Rig, Time};

/// 64 jobs that seal for as long as they are let, with fewer slots than jobs. Every 64 operations a
/// job ends and another takes its place; operations have deadlines.
pub struct Soak {
    rig: Rig,
    stop: Rc<Cell<bool>>,
    returned: Rc<Cell<u64>>,
}

const JOBS: usize = 64;
const OPS_PER_JOB: u32 = 64;

impl Soak {
    /// Jobs that are told in this way.
    ///
    /// # Panics
    /// If the rig cannot be made.
    #[must_use]
    pub fn new(notify: Notify) -> Self {
        let mut config = DeviceConfig::default();
        config.queue.slots = 48;
        config.model.symmetric.service.base_ns = Nanos::from_micros(1);
        let mut rig = Rig::with(Time::Simulated, notify, config, None);
        let engine_config = EngineConfig {
            notify,
            small_ops: SmallOps::NONE,
            // Never reached: what waits for it must not pile up.
            op_timeout_ns: Some(Nanos::from_millis(3_600_000)),
            ..EngineConfig::default()
        };
        let queue = rig.device.open_queue().expect("descriptors are left");
        rig.engine = Engine::new(queue, engine_config, None).expect("the cell is allowed");
        rig.reactor = Reactor::new(rig.engine.clone()).expect("descriptors are left");
        Self {
            rig,
            stop: Rc::default(),
            returned: Rc::default(),
        }
    }

    /// Lets at least so many more operations return; says how many it were.
    ///
    /// # Panics
    /// If one fails.
    pub fn run(&mut self, ops: u64) -> u64 {
        let before = self.returned.get();
        while self.returned.get() - before < ops {
            while self.rig.reactor.live_jobs() < JOBS {
                self.spawn();
            }
            self.rig.reactor.turn(None).expect("the loop works");
        }
        self.returned.get() - before
    }

    fn spawn(&mut self) {
        let (engine, key) = (self.rig.engine.clone(), self.rig.keys.aes);
        let (stop, returned) = (self.stop.clone(), self.returned.clone());
        self.rig.spawn(move || {
            let mut sealed = [0; 80];
            for _ in 0..OPS_PER_JOB {
                if stop.get() {
                    break;
                }
                let len = engine.aead_seal(key, [0; 12], b"", &[1; 64], &mut sealed);
                assert_eq!(len, Ok(80));
                returned.set(returned.get() + 1);
            }
        });
    }

    /// Ends the jobs, and counts once more: every operation exactly once, nothing left.
    ///
    /// # Panics
    /// If a figure does not fit the others.
    pub fn end(mut self) {
        self.stop.set(true);
        self.rig.run();
        let (stats, returned) = (self.rig.engine.stats(), self.returned.get());
        assert_eq!((stats.submitted, stats.reaped), (returned, returned));
        assert_eq!((stats.returned, stats.in_flight), (returned, 0));
        assert_eq!((stats.orphans, stats.timed_out), (0, 0));
        assert_eq!(stats.wakes_for_room, stats.full_waits);
        assert!(stats.full_waits > 0, "there were fewer slots than jobs");
        assert_eq!(self.rig.engine.slots_in_use(), 0);
        let device = self.rig.device.stats();
        assert_eq!((device.fetched, device.completed), (returned, returned));
    }
}

/// Memory of this process that is resident, in bytes (`VmRSS`).
///
/// # Panics
/// Without a mounted `/proc`.
#[must_use]
pub fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kib: u64 = kib
        .and_then(|kib| kib.parse().ok())
        .expect("the kernel tells it in kB");
    kib * 1024
}
