//! A simulated crypto accelerator, to be driven like a real one.
//!
//! See the modules: [`protocol`] is what crosses the rings, [`ring`] carries it, [`model`] says when
//! things happen, [`compute`] does the cryptography, and the drivers let time pass.

#![deny(unsafe_code)]

pub mod compute;
pub mod keys;
pub mod model;
pub mod protocol;
pub mod random;
pub mod ring;
mod time;

pub use time::Nanos;
