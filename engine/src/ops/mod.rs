//! The typed calls: what an application sees of the engine.
//!
//! Each names its operation, checks what only it can know, and goes
//! through `policy`, which knows the ways that it can take, and mostly to `offload`.

mod aead;
mod ecdsa;
mod rsa;
mod signature;

pub use ecdsa::EcdsaCurve;
pub use rsa::RsaPadding;
pub use signature::Signature;
