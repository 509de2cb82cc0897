//! Real cryptography, by the `ring` crate.

mod aead;
mod ecdsa;
mod rsa;

use ring::rand::SystemRandom;

use super::request::{Curve, KeyShape};
use super::{Compute, ImportError, KeyMaterial, Work};
use crate::protocol::{OpKind, Status};

/// The compute engine that really computes, with `ring` 0.17.
///
/// | op | keys | schemes |
/// |---|---|---|
/// | RSA sign | private: 2048, 3072, 4096 bits, exponent from 65537 | PKCS#1 v1.5 and PSS with SHA-256, -384, -512 |
/// | RSA verify | private, or public of the same sizes, exponent from 3 | the same |
/// | ECDSA sign, verify | P-256, P-384 | SHA-256 on P-256, SHA-384 on P-384; ASN.1 DER |
/// | AEAD seal, open | AES-128-GCM, AES-256-GCM | 12-byte nonce, 16-byte tag behind the ciphertext |
///
/// Signatures are made of messages: `ring` hashes for itself, and a digest as input answers
/// [`Status::Unsupported`]. Every RSA signature is checked with the public exponent before it
/// leaves `ring`, so that a faulty half of the CRT cannot leak the key; a signature that fails
/// that check answers [`Status::DeviceError`].
///
/// The salts of PSS and the nonces of ECDSA come from the operating system ([`SystemRandom`]),
/// because `ring` takes no other source: they cannot be seeded, and two runs give different bytes.
///
/// Statuses: [`BadRequest`](Status::BadRequest) when scheme and op do not belong together,
/// [`BadKey`](Status::BadKey) when the key cannot do the op, [`Mismatch`](Status::Mismatch) when a
/// signature or tag is not authentic, [`OutputTooSmall`](Status::OutputTooSmall) when the output
/// might not fit (ECDSA needs room for the longest signature).
#[derive(Debug)]
pub struct RingCompute {
    random: SystemRandom,
}

impl RingCompute {
    /// An engine; it has no state but its source of randomness.
    #[must_use]
    pub fn new() -> Self {
        Self {
            random: SystemRandom::new(),
        }
    }
}

impl Default for RingCompute {
    fn default() -> Self {
        Self::new()
    }
}

/// A key as `ring` holds it. `ring` 0.17 does not wipe its keys when they are dropped.
pub struct RingKey(Kind);

enum Kind {
    RsaPrivate(Box<ring::rsa::KeyPair>),
    /// PKCS#1 `RSAPublicKey`.
    RsaPublic(Box<[u8]>),
    EcdsaPrivate(Curve, Box<ring::signature::EcdsaKeyPair>),
    /// Uncompressed point.
    EcdsaPublic(Curve, Box<[u8]>),
    AesGcm(Box<ring::aead::LessSafeKey>),
}

impl RingKey {
    fn shape(&self) -> KeyShape {
        match &self.0 {
            Kind::RsaPrivate(pair) => KeyShape::RsaPrivate {
                modulus_len: pair.public().modulus_len(),
            },
            Kind::RsaPublic(_) => KeyShape::RsaPublic,
            Kind::EcdsaPrivate(curve, _) => KeyShape::EcdsaPrivate(*curve),
            Kind::EcdsaPublic(curve, _) => KeyShape::EcdsaPublic(*curve),
            Kind::AesGcm(key) => KeyShape::AesGcm {
                key_len: key.algorithm().key_len(),
            },
        }
    }
}

/// Says what kind of key it is, and nothing of the key.
impl std::fmt::Debug for RingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RingKey").field(&self.shape()).finish()
    }
}

impl Compute for RingCompute {
    type Key = RingKey;

    fn signature_max_len(&self, key: &RingKey) -> Option<usize> {
        key.shape().signature_max_len()
    }

    fn cipher_key_len(&self, key: &RingKey) -> Option<usize> {
        key.shape().cipher_key_len()
    }

    fn import(&self, material: KeyMaterial<'_>) -> Result<RingKey, ImportError> {
        // Looked at first, because `ring` says in one word at most what it does not like.
        let kind = match (KeyShape::of(material)?, material) {
            (_, KeyMaterial::RsaPrivate(der)) => Kind::RsaPrivate(rsa::import(der)?),
            (_, KeyMaterial::RsaPublic(der)) => Kind::RsaPublic(der.into()),
            (KeyShape::EcdsaPrivate(curve), KeyMaterial::EcdsaPrivate(pkcs8)) => {
                Kind::EcdsaPrivate(curve, ecdsa::import(curve, pkcs8, &self.random)?)
            }
            (
                KeyShape::EcdsaPublic(curve),
                KeyMaterial::EcdsaP256Public(point) | KeyMaterial::EcdsaP384Public(point),
            ) => {
                ecdsa::check_point(curve, point, &self.random)?;
                Kind::EcdsaPublic(curve, point.into())
            }
            (_, KeyMaterial::AesGcm(bytes)) => Kind::AesGcm(aead::import(bytes)?),
            (shape, _) => {
                return Err(ImportError(format!("a key of the wrong shape: {shape:?}")));
            }
        };
        Ok(RingKey(kind))
    }

    fn execute(&self, key: &RingKey, work: Work<'_>, output: &mut [u8]) -> Result<usize, Status> {
        let len = key.shape().check(&work, output.len())?;
        let output = &mut output[..len];
        match (work.kind, &key.0) {
            (OpKind::RsaSign, Kind::RsaPrivate(pair)) => {
                rsa::sign(pair, &self.random, &work, output)
            }
            (OpKind::RsaVerify, Kind::RsaPrivate(pair)) => {
                rsa::verify(pair.public().as_ref(), &work)
            }
            (OpKind::RsaVerify, Kind::RsaPublic(der)) => rsa::verify(der, &work),
            (OpKind::EcdsaSign, Kind::EcdsaPrivate(_, pair)) => {
                ecdsa::sign(pair, &self.random, &work, output)
            }
            (OpKind::EcdsaVerify, Kind::EcdsaPrivate(curve, pair)) => ecdsa::verify(
                *curve,
                ring::signature::KeyPair::public_key(&**pair).as_ref(),
                &work,
            ),
            (OpKind::EcdsaVerify, Kind::EcdsaPublic(curve, point)) => {
                ecdsa::verify(*curve, point, &work)
            }
            (OpKind::AeadSeal, Kind::AesGcm(key)) => aead::seal(key, &work, output),
            (OpKind::AeadOpen, Kind::AesGcm(key)) => aead::open(key, &work, output),
            _ => Err(Status::BadKey),
        }
    }
}

/// What `ring` said of a key that looked right from outside.
fn rejected(algorithm: &str, reason: ring::error::KeyRejected) -> ImportError {
    ImportError(format!(
        "the {algorithm} key was rejected by ring ({reason}): its numbers do not belong together; \
         see `openssl pkey -in FILE -check -noout`, and make a new one"
    ))
}
