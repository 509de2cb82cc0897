//! ECDSA.

use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{OpKind, Scheme};

use crate::engine::Engine;
use crate::error::Error;
use crate::offload::Request;
use crate::ops::Signature;

/// A curve, with the hash that goes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EcdsaCurve {
    /// P-256 with SHA-256.
    #[default]
    P256,
    /// P-384 with SHA-384.
    P384,
}

impl EcdsaCurve {
    fn scheme(self) -> Scheme {
        match self {
            Self::P256 => Scheme::EcdsaP256Sha256,
            Self::P384 => Scheme::EcdsaP384Sha384,
        }
    }
}

impl Engine {
    /// Signs `message`, which the device hashes, with an ECDSA private key. The signature is ASN.1
    /// DER, as TLS wants it.
    ///
    /// In a job this pauses until the signature is there; elsewhere it waits in place.
    ///
    /// # Errors
    /// As [`rsa_sign`](Self::rsa_sign).
    pub fn ecdsa_sign(
        &self,
        key: KeyId,
        curve: EcdsaCurve,
        message: &[u8],
    ) -> Result<Signature, Error> {
        let request = Request {
            kind: OpKind::EcdsaSign,
            key,
            scheme: curve.scheme(),
            nonce: [0; 12],
            input: message,
            extra: &[],
        };
        let capacity = self.inner().signature_capacity(key);
        Signature::fill(capacity, |signature| self.run(&request, signature))
    }
}
