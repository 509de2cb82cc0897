//! The accelerator as an application holds it.

use std::fmt;
use std::sync::Arc;

use crate::compute::{CacheStats, ImportError, KeyMaterial, PrepareError, Vault, Work, Workers};
use crate::config::{ConfigError, DeviceConfig};
use crate::driver::clock::Clock;
use crate::driver::core::Core;
use crate::driver::executor::Executor;
use crate::driver::front::Front;
use crate::driver::manual::ManualDriver;
use crate::driver::port::Link;
use crate::driver::simulated::SimulatedDriver;
use crate::driver::thread::{ThreadDriver, ThreadError};
use crate::driver::wait::WaitStrategy;
use crate::events::DeviceObserver;
use crate::keys::KeyId;
use crate::manual::Manual;
use crate::model::QueueId;
use crate::queue_pair::{CatchUp, QueuePair, TimeKind};
use crate::ring::{self, CreateError, DeviceSide};
use crate::stats::DeviceStats;
use crate::time::Nanos;

/// A simulated accelerator. Clones are the same device.
///
/// `Send + Sync`: open one queue pair per application thread. The device lives until its last
/// handle and its last queue pair are dropped.
#[derive(Clone, Debug)]
pub struct Device {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) clock: Clock,
    config: DeviceConfig,
    vault: Arc<dyn Vault>,
    driver: Driver,
}

/// RSA answers that a device of mode `cached` keeps at most.
const MAX_CACHED_ANSWERS: usize = 65_536;

enum Driver {
    Thread(ThreadDriver),
    Simulated(Box<SimulatedDriver>),
    Manual(Box<ManualDriver>),
}

impl Device {
    /// A device on a thread of its own, by the wall clock.
    ///
    /// # Errors
    /// [`DeviceError`]: the configuration cannot be, or the system gives no thread or descriptor.
    pub fn thread(
        config: DeviceConfig,
        wait: WaitStrategy,
        observer: Option<Arc<dyn DeviceObserver>>,
    ) -> Result<Self, DeviceError> {
        config.check()?;
        if config.coalesce.count > 1 && config.coalesce.time_ns == Nanos::MAX {
            return Err(ConfigError::CoalesceWithoutTime.into());
        }
        let clock = Clock::wall();
        let vault = config.compute.vault(MAX_CACHED_ANSWERS);
        let build = |bell: ring::Ringer| {
            let notify: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
                bell.ring();
            });
            let count = config.workers as usize;
            let workers = Workers::start(&vault, count, POOL_CAPACITY, &notify)?;
            Ok(Core::new(
                config.clone(),
                Executor::pool(vault.clone(), workers),
                observer,
            ))
        };
        let driver = ThreadDriver::start(clock.clone(), wait, build)?;
        Ok(Self::with(clock, config, vault, Driver::Thread(driver)))
    }

    /// A device in the caller's thread under virtual time: deterministic, and as fast as the model
    /// can be computed. Time moves by [`QueuePair::advance`].
    ///
    /// # Errors
    /// [`DeviceError`]: the configuration cannot be.
    pub fn simulated(
        config: DeviceConfig,
        observer: Option<Arc<dyn DeviceObserver>>,
    ) -> Result<Self, DeviceError> {
        config.check()?;
        let clock = Clock::stopped();
        let vault = config.compute.vault(MAX_CACHED_ANSWERS);
        let core = Core::new(config.clone(), Executor::inline(vault.clone()), observer);
        let driver = SimulatedDriver::new(core, clock.clone());
        Ok(Self::with(
            clock,
            config,
            vault,
            Driver::Simulated(Box::new(driver)),
        ))
    }

    /// A device that does nothing by itself, and the handle by which a test lets it.
    ///
    /// # Errors
    /// [`DeviceError`]: the configuration cannot be.
    pub fn manual(
        config: DeviceConfig,
        observer: Option<Arc<dyn DeviceObserver>>,
    ) -> Result<(Self, Manual), DeviceError> {
        config.check()?;
        let clock = Clock::stopped();
        let vault = config.compute.vault(MAX_CACHED_ANSWERS);
        let front = Front::new(config.clone(), observer);
        let driver = ManualDriver::new(front, vault.clone(), clock.clone());
        let device = Self::with(clock, config, vault, Driver::Manual(Box::new(driver)));
        let manual = Manual::new(device.inner.clone());
        Ok((device, manual))
    }

    fn with(clock: Clock, config: DeviceConfig, vault: Arc<dyn Vault>, driver: Driver) -> Self {
        Self {
            inner: Arc::new(Inner {
                clock,
                config,
                vault,
                driver,
            }),
        }
    }

    /// What the device was made of.
    #[must_use]
    pub fn config(&self) -> &DeviceConfig {
        &self.inner.config
    }

    /// The device's time. Under virtual time a host that works is ahead of it: see
    /// [`QueuePair::now`].
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.inner.clock.now()
    }

    /// Gives the device a key; all its queues can use it by the name that comes back.
    ///
    /// # Errors
    /// Why the key cannot be used, and what to do.
    pub fn import_key(&self, material: KeyMaterial<'_>) -> Result<KeyId, ImportError> {
        self.inner.vault.import(material)
    }

    /// Forgets a key. Ops that are being computed with it finish; later ones end as
    /// [`Status::BadKey`](crate::protocol::Status::BadKey). `false`: there was no such key.
    #[must_use = "false means that no key had this name"]
    pub fn revoke_key(&self, key: KeyId) -> bool {
        self.inner.vault.revoke(key)
    }

    /// The keys and the cryptography, for computing in software what the device would compute.
    #[must_use]
    pub fn vault(&self) -> &Arc<dyn Vault> {
        &self.inner.vault
    }

    /// Computes an answer beforehand, for a device of mode `cached` to give it later at the model's
    /// pace.
    ///
    /// # Errors
    /// [`PrepareError`]: the work cannot be done or kept.
    pub fn prepare(&self, key: KeyId, work: Work<'_>) -> Result<(), PrepareError> {
        self.inner.vault.prepare(key, work)
    }

    /// How often prepared answers were found; `None` unless the mode is `cached`.
    #[must_use]
    pub fn cache_stats(&self) -> Option<CacheStats> {
        self.inner.vault.cache_stats()
    }

    /// A new queue pair.
    ///
    /// # Errors
    /// [`CreateError`]: the system has no descriptor or no memory left.
    pub fn open_queue(&self) -> Result<QueuePair, CreateError> {
        let (host, side) = ring::create(self.inner.config.queue)?;
        let link = Link::new();
        let waker = side.completion_signal.clone();
        let id = self.inner.open(side, link.clone());
        Ok(QueuePair::new(host, waker, id, link, self.inner.clone()))
    }

    /// What the device has counted.
    #[must_use]
    pub fn stats(&self) -> DeviceStats {
        self.inner.stats()
    }

    /// Forgets what was counted, and counts from `from` on, which is about now: of ops that are in the
    /// device then, times count as far as they lie behind `from`. What is in flight and which queues
    /// are open is not forgotten.
    pub fn restart_stats(&self, from: Nanos) {
        match &self.inner.driver {
            Driver::Thread(driver) => driver.restart_stats(from),
            Driver::Simulated(driver) => driver.restart_stats(from),
            Driver::Manual(driver) => driver.restart_stats(from),
        }
    }
}

impl Inner {
    pub(crate) fn vault(&self) -> &Arc<dyn Vault> {
        &self.vault
    }

    pub(crate) fn time_kind(&self) -> TimeKind {
        match self.driver {
            Driver::Thread(_) => TimeKind::Wall,
            Driver::Simulated(_) => TimeKind::Virtual,
            Driver::Manual(_) => TimeKind::Manual,
        }
    }

    /// Descriptors have been published: devices without a thread look at once.
    pub(crate) fn doorbell(&self) {
        match &self.driver {
            Driver::Thread(_) => {}
            Driver::Simulated(driver) => driver.turn(),
            Driver::Manual(driver) => driver.fetch(),
        }
    }

    /// Something changed that no ring tells.
    pub(crate) fn nudge(&self) {
        match &self.driver {
            Driver::Thread(driver) => driver.nudge(),
            Driver::Simulated(driver) => driver.turn(),
            Driver::Manual(driver) => driver.fetch(),
        }
    }

    /// Completion signals given so far, to any queue, under virtual time.
    pub(crate) fn signals(&self) -> u64 {
        match &self.driver {
            Driver::Simulated(driver) => driver.signals(),
            Driver::Thread(_) | Driver::Manual(_) => 0,
        }
    }

    pub(crate) fn advance(&self, until: Option<Nanos>) -> Option<Nanos> {
        match &self.driver {
            Driver::Simulated(driver) => driver.advance(until),
            Driver::Thread(_) | Driver::Manual(_) => None,
        }
    }

    /// When something is due next, under virtual time.
    pub(crate) fn next_deadline(&self) -> Option<Nanos> {
        match &self.driver {
            Driver::Simulated(driver) => driver.next_deadline(),
            Driver::Thread(_) | Driver::Manual(_) => None,
        }
    }

    /// Lets the device run on to `until`, under virtual time.
    pub(crate) fn catch_up(&self, link: &Link, until: Nanos) -> CatchUp {
        match &self.driver {
            Driver::Simulated(driver) => driver.catch_up(link, until),
            Driver::Thread(_) | Driver::Manual(_) => CatchUp::Complete,
        }
    }

    fn open(&self, side: DeviceSide, link: Arc<Link>) -> QueueId {
        match &self.driver {
            Driver::Thread(driver) => driver.open(side, link),
            Driver::Simulated(driver) => driver.open(side, link),
            Driver::Manual(driver) => driver.open(side, link),
        }
    }

    fn stats(&self) -> DeviceStats {
        match &self.driver {
            Driver::Thread(driver) => driver.stats(),
            Driver::Simulated(driver) => driver.stats(),
            Driver::Manual(driver) => driver.stats(),
        }
    }

    pub(crate) fn manual(&self) -> &ManualDriver {
        match &self.driver {
            Driver::Manual(driver) => driver,
            Driver::Thread(_) | Driver::Simulated(_) => {
                unreachable!("a manual handle is made with a manual device")
            }
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("time", &self.time_kind())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Why there is no device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// *Misuse*: it cannot be configured so.
    #[error("this device cannot be made")]
    Config(#[from] ConfigError),
    /// *Retry*, when descriptors or memory are free again.
    #[error("the device's thread cannot be woken")]
    Bell(#[source] CreateError),
    /// *Retry*, when threads are free again.
    #[error("the device's thread cannot be started; raise the limit of threads (`ulimit -u`)")]
    Spawn(#[source] std::io::Error),
    /// *Retry*, when threads are free again.
    #[error("the device's compute workers cannot be started")]
    Workers(#[source] crate::compute::StartError),
}

/// Items that the compute pool holds; more wait in the device, bounded by the in-flight limits.
const POOL_CAPACITY: usize = 1024;

impl From<ThreadError> for DeviceError {
    fn from(error: ThreadError) -> Self {
        match error {
            ThreadError::Bell(error) => Self::Bell(error),
            ThreadError::Spawn(error) => Self::Spawn(error),
            ThreadError::Workers(error) => Self::Workers(error),
        }
    }
}
