//! One operation: how it is called for, and how a manual device answers it.

use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{Completion, CompletionFlags, Cookie, Status};
use pausewake_device::{Manual, Nanos};
use pausewake_engine::{Engine, Error};

/// Seals four bytes: `Ok(20)`, if all goes well.
///
/// # Errors
/// Those of [`Engine::aead_seal`].
pub fn seal(engine: &Engine, key: KeyId) -> Result<usize, Error> {
    engine.aead_seal(key, [0; 12], b"", b"text", &mut [0; 20])
}

/// Completes whatever a manual device holds. Says how much that was.
///
/// # Panics
/// If somebody else completes as well.
pub fn complete_all(manual: &Manual) -> usize {
    let pending = manual.pending();
    for op in &pending {
        manual
            .complete(op.id, Status::Ok)
            .expect("it is pending, and nobody else completes");
    }
    pending.len()
}

/// A completion that says that all is well, for [`Manual::forge`].
#[must_use]
pub fn forged(op: Cookie, output_len: u32) -> Completion {
    Completion {
        cookie: op,
        status: Status::Ok,
        flags: CompletionFlags::default(),
        output_len,
        done_ns: Nanos::ZERO,
        queue_ns: Nanos::ZERO,
        service_ns: Nanos::ZERO,
    }
}
