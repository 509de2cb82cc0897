//! The seam behind which the cryptography happens.
//!
//! *Skeleton: the traits are the contract with the drivers; `ring`, the key table and the workers
//! come on the compute branch.*

use crate::keys::KeyId;
use crate::protocol::{Input, OpKind, Scheme, Status};

/// Key material as it comes from the application, before a compute engine has looked at it.
#[non_exhaustive]
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
}

/// Why a key cannot be used; the message says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ImportError(pub String);

/// A compute engine together with its keys, with the key type hidden: what a device holds.
pub trait Vault: Send + Sync + 'static {
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
}
