//! Who lets time pass for a device.
//!
//! Three drivers stand behind one [`Device`](crate::Device), over the same rings, the same front
//! and, but for the manual one, the same model:
//!
//! - `thread`: wall clock, a device thread and compute workers;
//! - `simulated`: virtual time, everything in the caller's thread, deterministic;
//! - `manual`: a test decides what completes.
//!
//! [`front`] takes and answers descriptors, [`core`] puts model and compute behind it, and keeps
//! what both must be done with in [`ops`].

mod check;
pub(crate) mod clock;
pub(crate) mod core;
pub(crate) mod executor;
#[cfg(test)]
mod forged_stamps;
pub(crate) mod front;
pub(crate) mod manual;
mod ops;
pub(crate) mod pending;
pub(crate) mod port;
pub(crate) mod simulated;
mod telling;
pub(crate) mod thread;
pub(crate) mod wait;
