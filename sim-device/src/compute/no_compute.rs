//! The mode `none`: timing without cryptography.

use super::request::KeyShape;
use super::{Compute, ImportError, KeyMaterial, RingCompute, Work};
use crate::protocol::Status;

/// A compute engine that computes nothing.
///
/// Keys are imported as [`RingCompute`] would, and then forgotten but for their type and size. Ops
/// are checked as there and answer with the same statuses, and with the length that the output
/// would have (ECDSA: the longest that it could have); its bytes are zero. A verification and an
/// AEAD open succeed whatever they are given, as long as an authentic input could look like that.
#[derive(Debug, Default)]
pub struct NoCompute {
    checker: RingCompute,
}

impl NoCompute {
    /// An engine.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Type and size of a key.
#[derive(Clone, Copy, Debug)]
pub struct NoComputeKey(KeyShape);

impl Compute for NoCompute {
    type Key = NoComputeKey;

    const IS_QUICK: bool = true;

    fn import(&self, material: KeyMaterial<'_>) -> Result<NoComputeKey, ImportError> {
        self.checker.import(material)?;
        KeyShape::of(material).map(NoComputeKey)
    }

    fn signature_max_len(&self, key: &NoComputeKey) -> Option<usize> {
        key.0.signature_max_len()
    }

    fn cipher_key_len(&self, key: &NoComputeKey) -> Option<usize> {
        key.0.cipher_key_len()
    }

    fn execute(
        &self,
        key: &NoComputeKey,
        work: Work<'_>,
        output: &mut [u8],
    ) -> Result<usize, Status> {
        let len = key.0.check(&work, output.len())?;
        output[..len].fill(0);
        Ok(len)
    }
}
