//! A simulated crypto accelerator, to be driven like a real one.
//!
//! See the modules: [`protocol`] is what crosses the rings, [`ring`] carries it, [`model`] says when
//! things happen, [`compute`] does the cryptography, and the drivers let time pass.

#![deny(unsafe_code)]

pub mod compute;
mod config;
mod device;
mod driver;
mod events;
pub mod keys;
pub mod model;
pub mod protocol;
mod queue_pair;
pub mod random;
pub mod ring;
mod stats;
mod time;

pub use config::{ConfigError, DeviceConfig, MAX_WORKERS};
pub use device::{Device, DeviceError, Manual};
pub use driver::manual::{NotPending, PendingId, PendingOp};
pub use driver::wait::WaitStrategy;
pub use events::{DeviceEvent, DeviceObserver};
pub use queue_pair::{Doorbell, QueuePair, TimeKind};
pub use stats::{DeviceStats, Lateness};
pub use time::Nanos;
