//! AES-GCM.

use pausewake_device::compute::AEAD_TAG_LEN;
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{OpKind, Scheme};

use crate::engine::Engine;
use crate::error::Error;
use crate::offload::Request;

impl Engine {
    /// Encrypts `plaintext` and authenticates it together with `aad`; writes ciphertext and 16-byte
    /// tag to `sealed` and says how many bytes that is: 16 more than the plaintext.
    ///
    /// The caller chooses the nonce, and never uses one twice with the same key.
    ///
    /// In a job this pauses until it is done; elsewhere it waits in place.
    ///
    /// # Errors
    /// [`Error`]: misuse (no such key, `sealed` too small, more than a slot holds), device failure,
    /// or not now (a full queue if the engine does not wait, no descriptor left to be told by).
    pub fn aead_seal(
        &self,
        key: KeyId,
        nonce: [u8; 12],
        aad: &[u8],
        plaintext: &[u8],
        sealed: &mut [u8],
    ) -> Result<usize, Error> {
        let request = aead(OpKind::AeadSeal, key, nonce, aad, plaintext);
        let needed = plaintext.len() + AEAD_TAG_LEN;
        let capacity = sealed.len().min(needed);
        self.run(&request, &mut sealed[..capacity])
    }

    /// Checks the tag of `sealed` and `aad` and decrypts; writes the plaintext to `plaintext` and
    /// says how many bytes that is: 16 less than `sealed`.
    ///
    /// # Errors
    /// [`Error::NotAuthentic`] if the tag does not fit: `plaintext` is then as it was, or zeroes if
    /// it was opened in software; else as [`aead_seal`](Self::aead_seal).
    pub fn aead_open(
        &self,
        key: KeyId,
        nonce: [u8; 12],
        aad: &[u8],
        sealed: &[u8],
        plaintext: &mut [u8],
    ) -> Result<usize, Error> {
        let request = aead(OpKind::AeadOpen, key, nonce, aad, sealed);
        let capacity = plaintext.len().min(sealed.len());
        self.run(&request, &mut plaintext[..capacity])
    }
}

fn aead<'a>(
    kind: OpKind,
    key: KeyId,
    nonce: [u8; 12],
    aad: &'a [u8],
    input: &'a [u8],
) -> Request<'a> {
    Request {
        kind,
        key,
        scheme: Scheme::None,
        nonce,
        input,
        extra: aad,
    }
}
