//! Crypto calls that look synchronous, and pause the job that makes them.
//!
//! An [`Engine`] sits on one queue pair of a simulated accelerator
//! ([`pausewake_device`]). Its calls, [`Engine::rsa_sign`] and the like, submit an operation, pause
//! the calling job ([`pausewake_jobs`]) and return when the operation is complete and the job was
//! resumed. A [`Reactor`] is the event loop around them; any other loop will do.
//!
//! ```
//! use std::{cell::RefCell, rc::Rc};
//! use pausewake_device::compute::KeyMaterial;
//! use pausewake_device::{Device, DeviceConfig};
//! use pausewake_engine::{EcdsaCurve, Engine, EngineConfig, Reactor};
//!
//! # let der = include_bytes!("../../sim-device/tests/data/keys/test-p256.pkcs8.der");
//! // An accelerator under virtual time, and a key in it.
//! let device = Device::simulated(DeviceConfig::default(), None)?;
//! let key = device.import_key(KeyMaterial::EcdsaPrivate(der))?;
//!
//! let engine = Engine::new(device.open_queue()?, EngineConfig::default(), None)?;
//! let mut reactor = Reactor::new(engine.clone())?;
//! let signatures = Rc::new(RefCell::new(Vec::new()));
//! for number in 0..20 {
//!     let (engine, signatures) = (engine.clone(), signatures.clone());
//!     reactor.spawn(move || {
//!         let message = format!("message {number}");
//!         // The thread runs the other jobs while the device signs.
//!         let signature = engine.ecdsa_sign(key, EcdsaCurve::P256, message.as_bytes());
//!         signatures.borrow_mut().push(signature.expect("the device is well"));
//!     })?;
//! }
//! reactor.run()?;
//!
//! assert_eq!(signatures.borrow().len(), 20);
//! // Ten slices of 433 µs: twenty operations took two rounds, not twenty.
//! assert_eq!(device.now().get(), 2 * 433_000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where to read on: the chapter [`offload`] is one operation's life, with its races and a pause and
//! wake by hand; [`events`] is what can be seen of it. `examples/minimal.rs` is the smallest program,
//! `examples/own_loop.rs` an epoll loop of somebody else's.
//!
//! # Threads
//! An engine and its jobs belong to one thread; each application thread opens a queue pair of its
//! own on the shared device. Wakes may come from any thread.

#![forbid(unsafe_code)]

mod config;
mod contain;
mod deadlines;
mod engine;
mod error;
pub mod events;
mod fd_limit;
mod host;
mod line;
mod notify;
mod observe;
pub mod offload;
mod ops;
mod policy;
mod reactor;
mod reaper;
mod slots;
mod stats;

pub use config::{EngineConfig, Fallback, Heuristic, Notify, OnFull, Reap, Refused, SmallOps};
pub use engine::{Engine, EngineError};
pub use error::{DeviceFault, Error, ErrorFamily, Misuse, Retry};
pub use fd_limit::{FdLimit, raise_fd_limit};
pub use host::{HostCosts, SoftwareCost, SoftwareCosts};
pub use ops::{EcdsaCurve, RsaPadding, Signature};
pub use reactor::timelines::{Timelines, TimelinesError, Turned};
pub use reactor::{Reactor, ReactorError, Shutdown, SpawnError, TaskHandle, Turn};
pub use reaper::ReaperError;
pub use stats::EngineStats;
