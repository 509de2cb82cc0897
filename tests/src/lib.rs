//! Tests that need more than one crate live in `tests/tests/`; this library is their common ground.
#![forbid(unsafe_code)]

mod keys;
mod log;
mod ops;
mod process;
mod rig;
mod soak;

pub use keys::{
    AES_KEY, Keys, P256_PKCS8, P384_PEM, P384_SEC1, RSA_2048_PKCS8, RSA_2048_PUBLIC, RSA_3072_PEM,
    RSA_4096_PEM,
};
pub use log::Log;
pub use ops::{complete_all, forged, seal};
pub use process::{alone, open_fds};
pub use rig::{Cell, Rig, Time, everywhere, while_completing};
pub use soak::{Soak, resident_bytes};
