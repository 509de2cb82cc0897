//! Crypto calls that look synchronous and pause.

#![forbid(unsafe_code)]

mod config;
mod engine;
mod error;
pub mod events;
mod line;
mod notify;
mod observe;
mod offload;
mod ops;
mod reactor;
mod slots;
mod stats;

pub use config::{EngineConfig, Notify, OnFull, Reap};
pub use engine::Engine;
pub use error::{Error, Misuse, Retry};
pub use ops::{EcdsaCurve, RsaPadding, Signature};
pub use reactor::{Reactor, ReactorError, Shutdown, SpawnError, Turn};
pub use stats::EngineStats;
