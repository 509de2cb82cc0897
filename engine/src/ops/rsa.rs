//! RSA.

use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{OpKind, Scheme};

use crate::engine::Engine;
use crate::error::Error;
use crate::offload::Request;
use crate::ops::Signature;

/// How an RSA signature is padded and hashed (RFC 8017). The salt of PSS is as long as the digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RsaPadding {
    /// PKCS#1 v1.5 with SHA-256.
    #[default]
    Pkcs1Sha256,
    /// PKCS#1 v1.5 with SHA-384.
    Pkcs1Sha384,
    /// PKCS#1 v1.5 with SHA-512.
    Pkcs1Sha512,
    /// PSS with SHA-256.
    PssSha256,
    /// PSS with SHA-384.
    PssSha384,
    /// PSS with SHA-512.
    PssSha512,
}

impl RsaPadding {
    fn scheme(self) -> Scheme {
        match self {
            Self::Pkcs1Sha256 => Scheme::Pkcs1Sha256,
            Self::Pkcs1Sha384 => Scheme::Pkcs1Sha384,
            Self::Pkcs1Sha512 => Scheme::Pkcs1Sha512,
            Self::PssSha256 => Scheme::PssSha256,
            Self::PssSha384 => Scheme::PssSha384,
            Self::PssSha512 => Scheme::PssSha512,
        }
    }
}

impl Engine {
    /// Signs `message`, which the device hashes, with an RSA private key.
    ///
    /// In a job this pauses until the signature is there; elsewhere it waits in place.
    ///
    /// # Errors
    /// [`Error`]: misuse (no such key, a message larger than a slot), device failure, or not now (a
    /// full queue if the engine does not wait, no descriptor left to be told by).
    pub fn rsa_sign(
        &self,
        key: KeyId,
        padding: RsaPadding,
        message: &[u8],
    ) -> Result<Signature, Error> {
        let request = Request {
            kind: OpKind::RsaSign,
            key,
            scheme: padding.scheme(),
            nonce: [0; 12],
            input: message,
            extra: &[],
        };
        let capacity = self.inner().signature_capacity(key);
        Signature::fill(capacity, |signature| self.run(&request, signature))
    }

    /// Verifies an RSA signature over `message`, with a public or a private key.
    ///
    /// # Errors
    /// [`Error::NotAuthentic`] if the signature is not this key's over this message; else as
    /// [`rsa_sign`](Self::rsa_sign).
    pub fn rsa_verify(
        &self,
        key: KeyId,
        padding: RsaPadding,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let request = Request {
            kind: OpKind::RsaVerify,
            key,
            scheme: padding.scheme(),
            nonce: [0; 12],
            input: message,
            extra: signature,
        };
        self.run(&request, &mut []).map(|_| ())
    }
}
