//! Tests that need more than one crate live in `tests/tests/`; this library is their common ground.
#![forbid(unsafe_code)]

mod keys;
mod log;
mod rig;
mod soak;

pub use keys::{AES_KEY, Keys, P256_PKCS8, RSA_2048_PKCS8, RSA_2048_PUBLIC};
pub use log::Log;
pub use rig::{Cell, Rig, Time, everywhere};
pub use soak::{Soak, resident_bytes};

/// Descriptors that this process has open.
///
/// # Panics
/// Without a mounted `/proc`.
#[must_use]
pub fn open_fds() -> usize {
    std::fs::read_dir("/proc/self/fd")
        .expect("/proc is mounted")
        .count()
}
