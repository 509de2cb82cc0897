//! The seam behind which the cryptography happens.
//!
//! [`Compute`] is a cryptographic library, [`Vault`] a library together with its keys. Drivers know
//! the vault alone:
//!
//! | vault | mode | what it does |
//! |---|---|---|
//! | [`KeyTable`]`<`[`RingCompute`]`>` | `real` | computes everything |
//! | [`Cached`] over one | `cached` | RSA answers computed beforehand, the rest computed |
//! | [`KeyTable`]`<`[`NoCompute`]`>` | `none` | nothing: statuses and lengths, for timing alone |
//!
//! [`ComputeMode::vault`] makes the one that a mode names. They are called through a [`WorkItem`], which owns one op's bytes: by the threads of [`Workers`]
//! in the thread driver, and in place ([`WorkItem::execute`]) where time is virtual. Opaque
//! [`Task`]s take the same way.

mod cached;
mod item;
mod mode;
mod no_compute;
mod request;
mod ring_compute;
mod table;
mod workers;

pub use cached::{CacheStats, Cached, PrepareError};
pub(crate) use item::discard;
pub use item::{Action, Finished, Task, WorkItem};
pub use mode::{ComputeMode, UnknownMode};
pub use no_compute::{NoCompute, NoComputeKey};
pub use request::{AEAD_TAG_LEN, ECDSA_P256_SIGNATURE_MAX_LEN, ECDSA_P384_SIGNATURE_MAX_LEN};
pub use ring_compute::{RingCompute, RingKey};
pub use table::{KeyTable, MAX_KEYS};
pub use workers::{Leftovers, StartError, SubmitError, Workers};

use std::sync::Arc;

use crate::keys::KeyId;
use crate::protocol::{Input, OpKind, Scheme, Status};

/// Key material as it comes from the application, before a compute engine has looked at it.
#[non_exhaustive]
#[derive(Clone, Copy)]
pub enum KeyMaterial<'a> {
    /// An RSA private key, PKCS#8 or PKCS#1 DER.
    RsaPrivate(&'a [u8]),
    /// An RSA public key: PKCS#1 `RSAPublicKey` DER.
    RsaPublic(&'a [u8]),
    /// An ECDSA private key on P-256 or P-384, PKCS#8 DER.
    EcdsaPrivate(&'a [u8]),
    /// An ECDSA public key on P-256: uncompressed point.
    EcdsaP256Public(&'a [u8]),
    /// An ECDSA public key on P-384: uncompressed point.
    EcdsaP384Public(&'a [u8]),
    /// An AES-GCM key of 16 or 32 bytes.
    AesGcm(&'a [u8]),
}

/// What a compute engine is asked, with everything checked that the descriptor said.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// The operation; never [`OpKind::Task`].
    pub kind: OpKind,
    /// Padding and hash of a signature.
    pub scheme: Scheme,
    /// Whether `input` is a message or a digest.
    pub input_is: Input,
    /// AEAD nonce.
    pub nonce: [u8; 12],
    /// The message, plaintext or ciphertext with tag.
    pub input: &'a [u8],
    /// Additional data, or the signature to verify.
    pub extra: &'a [u8],
}

/// A cryptographic library.
pub trait Compute: Send + Sync + 'static {
    /// An imported key. Dropped when revoked and no longer in use.
    type Key: Send + Sync + 'static;

    /// Whether it answers in less time than it takes to hand the work to another thread.
    const IS_QUICK: bool = false;

    /// Reads key material.
    ///
    /// # Errors
    /// Why this engine cannot use the key.
    fn import(&self, material: KeyMaterial<'_>) -> Result<Self::Key, ImportError>;

    /// Does the work and says how many bytes of `output` it filled (0 for a verification).
    ///
    /// # Errors
    /// The status that the completion shall carry; never [`Status::Ok`].
    fn execute(&self, key: &Self::Key, work: Work<'_>, output: &mut [u8]) -> Result<usize, Status>;

    /// The longest signature that the key makes, bytes; `None`: it makes none, or this engine does
    /// not say.
    fn signature_max_len(&self, key: &Self::Key) -> Option<usize> {
        let _ = key;
        None
    }

    /// The length of the key if it is one of a cipher, bytes; `None`: it is another, or this engine does
    /// not say.
    fn cipher_key_len(&self, key: &Self::Key) -> Option<usize> {
        let _ = key;
        None
    }
}

/// Why a key cannot be used; the message says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ImportError(pub String);

/// A key together with what computes with it: see [`Vault::hold`].
pub trait HeldKey: Send + Sync {
    /// Does the work with this key.
    ///
    /// # Errors
    /// The status that the completion shall carry.
    fn execute(&self, work: Work<'_>, output: &mut [u8]) -> Result<usize, Status>;
}

/// A compute engine together with its keys, with the key type hidden: what a device holds.
pub trait Vault: Send + Sync + 'static {
    /// Whether the answer is there in less time than it takes to hand the work to another thread:
    /// a driver with workers computes such an op itself.
    fn is_quick(&self, key: KeyId, work: &Work<'_>) -> bool {
        let _ = (key, work);
        false
    }

    /// Imports a key and names it.
    ///
    /// # Errors
    /// Why the key cannot be used.
    fn import(&self, material: KeyMaterial<'_>) -> Result<KeyId, ImportError>;

    /// Forgets a key; ops that already hold it finish. `false` if there was none.
    fn revoke(&self, key: KeyId) -> bool;

    /// Does the work with the key of that name.
    ///
    /// # Errors
    /// The status that the completion shall carry; [`Status::BadKey`] when no key has that name.
    fn execute(&self, key: KeyId, work: Work<'_>, output: &mut [u8]) -> Result<usize, Status>;

    /// A key for many ops in a row, which need not look it up. To be asked for again when
    /// [`revocations`](Self::revocations) has changed. `None`: there is no such key, or this vault
    /// wants to see every op.
    fn hold(&self, key: KeyId) -> Option<Arc<dyn HeldKey>> {
        let _ = key;
        None
    }

    /// How many keys have been revoked so far.
    fn revocations(&self) -> u64 {
        0
    }

    /// The longest signature that the key makes, bytes: how much room a signing op needs. `None`: it
    /// makes none, there is no such key, or the engine does not say.
    fn signature_max_len(&self, key: KeyId) -> Option<usize> {
        let _ = key;
        None
    }

    /// The length of the key if it is one of a cipher, bytes: 16 for AES-128. `None`: it is another,
    /// there is no such key, or the engine does not say.
    fn cipher_key_len(&self, key: KeyId) -> Option<usize> {
        let _ = key;
        None
    }

    /// Does the work beforehand, if this vault keeps answers ([`Cached`] does); the others do
    /// nothing, so that a run prepares its inputs without asking for the mode.
    ///
    /// # Errors
    /// Why the answer cannot be kept.
    fn prepare(&self, key: KeyId, work: Work<'_>) -> Result<(), PrepareError> {
        let _ = (key, work);
        Ok(())
    }

    /// How ops were answered, if this vault keeps answers.
    fn cache_stats(&self) -> Option<CacheStats> {
        None
    }
}

impl<V: Vault + ?Sized> Vault for Arc<V> {
    fn is_quick(&self, key: KeyId, work: &Work<'_>) -> bool {
        (**self).is_quick(key, work)
    }

    fn import(&self, material: KeyMaterial<'_>) -> Result<KeyId, ImportError> {
        (**self).import(material)
    }

    fn revoke(&self, key: KeyId) -> bool {
        (**self).revoke(key)
    }

    fn execute(&self, key: KeyId, work: Work<'_>, output: &mut [u8]) -> Result<usize, Status> {
        (**self).execute(key, work, output)
    }

    fn hold(&self, key: KeyId) -> Option<Arc<dyn HeldKey>> {
        (**self).hold(key)
    }

    fn revocations(&self) -> u64 {
        (**self).revocations()
    }

    fn signature_max_len(&self, key: KeyId) -> Option<usize> {
        (**self).signature_max_len(key)
    }

    fn cipher_key_len(&self, key: KeyId) -> Option<usize> {
        (**self).cipher_key_len(key)
    }

    fn prepare(&self, key: KeyId, work: Work<'_>) -> Result<(), PrepareError> {
        (**self).prepare(key, work)
    }

    fn cache_stats(&self) -> Option<CacheStats> {
        (**self).cache_stats()
    }
}

#[cfg(test)]
mod tests;
