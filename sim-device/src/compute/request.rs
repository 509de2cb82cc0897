//! What an op must look like, before any cryptography: one place for the statuses that every
//! compute engine here answers alike.

use super::{ImportError, KeyMaterial, Work};
use crate::keys::{KeyKind, inspect};
use crate::protocol::{Input, OpKind, Scheme, Status};

/// Bytes of an AES-GCM tag, which stands behind the ciphertext.
pub const AEAD_TAG_LEN: usize = 16;

/// The most bytes that an ASN.1 DER signature on P-256 takes.
///
/// The length varies with the leading zeros of two numbers; an op needs this capacity even when its
/// signature turns out shorter, so that the same op never fails by chance.
pub const ECDSA_P256_SIGNATURE_MAX_LEN: usize = 72;

/// The most bytes that an ASN.1 DER signature on P-384 takes.
pub const ECDSA_P384_SIGNATURE_MAX_LEN: usize = 104;

/// Curves of ECDSA keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
}

impl Curve {
    const fn signature_max_len(self) -> usize {
        match self {
            Self::P256 => ECDSA_P256_SIGNATURE_MAX_LEN,
            Self::P384 => ECDSA_P384_SIGNATURE_MAX_LEN,
        }
    }

    /// Bytes of an uncompressed point.
    const fn point_len(self) -> usize {
        match self {
            Self::P256 => 65,
            Self::P384 => 97,
        }
    }
}

/// What about a key decides which ops it can do, and how long their output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyShape {
    /// Signs, and verifies with its public half.
    RsaPrivate {
        modulus_len: usize,
    },
    RsaPublic,
    /// Signs, and verifies with its public half.
    EcdsaPrivate(Curve),
    EcdsaPublic(Curve),
    AesGcm {
        /// Bytes of it.
        key_len: usize,
    },
}

impl KeyShape {
    /// The shape of a key that is worth importing.
    pub(super) fn of(material: KeyMaterial<'_>) -> Result<Self, ImportError> {
        match material {
            KeyMaterial::RsaPrivate(der) => match private_kind(der)? {
                KeyKind::Rsa { bits } => Ok(Self::RsaPrivate {
                    modulus_len: bits.div_ceil(8),
                }),
                other => Err(ImportError(format!(
                    "an {other} key where an RSA key is wanted; import it as KeyMaterial::EcdsaPrivate"
                ))),
            },
            KeyMaterial::EcdsaPrivate(der) => match private_kind(der)? {
                KeyKind::EcdsaP256 => Ok(Self::EcdsaPrivate(Curve::P256)),
                KeyKind::EcdsaP384 => Ok(Self::EcdsaPrivate(Curve::P384)),
                other @ KeyKind::Rsa { .. } => Err(ImportError(format!(
                    "an {other} key where an EC key is wanted; import it as KeyMaterial::RsaPrivate"
                ))),
            },
            KeyMaterial::RsaPublic(der) => inspect::rsa_public(der)
                .map(|_| Self::RsaPublic)
                .map_err(|problem| ImportError(problem.to_string())),
            KeyMaterial::EcdsaP256Public(point) => public_point(Curve::P256, point),
            KeyMaterial::EcdsaP384Public(point) => public_point(Curve::P384, point),
            KeyMaterial::AesGcm(bytes) => match bytes.len() {
                key_len @ (16 | 32) => Ok(Self::AesGcm { key_len }),
                len => Err(ImportError(format!(
                    "an AES-GCM key of {len} bytes; give one of 16 or 32"
                ))),
            },
        }
    }

    /// Checks what can be checked without cryptography, and says how much of an output of
    /// `capacity` bytes the op may use.
    ///
    /// In this order: a request that makes no sense with any key, one that no engine here can do,
    /// one that this key cannot do, too little room, and ciphertext that is too short to be
    /// authentic.
    pub(super) fn check(self, work: &Work<'_>, capacity: usize) -> Result<usize, Status> {
        let family = Family::of(work.kind)?;
        if !family.has(work.scheme) {
            return Err(Status::BadRequest);
        }
        match (family, work.input_is) {
            (_, Input::Message) => {}
            (Family::Aead, Input::Digest) => return Err(Status::BadRequest),
            (_, Input::Digest) => return Err(Status::Unsupported),
        }
        let output_len = self.output_len(work)?;
        if output_len > capacity {
            return Err(Status::OutputTooSmall);
        }
        Ok(output_len)
    }

    /// The longest signature that such a key makes, bytes.
    pub(super) fn signature_max_len(self) -> Option<usize> {
        match self {
            Self::RsaPrivate { modulus_len } => Some(modulus_len),
            Self::EcdsaPrivate(curve) => Some(curve.signature_max_len()),
            Self::RsaPublic | Self::EcdsaPublic(_) | Self::AesGcm { .. } => None,
        }
    }

    /// The length of such a key, bytes, if a cipher takes it.
    pub(super) fn cipher_key_len(self) -> Option<usize> {
        match self {
            Self::AesGcm { key_len } => Some(key_len),
            _ => None,
        }
    }

    fn output_len(self, work: &Work<'_>) -> Result<usize, Status> {
        match (work.kind, self) {
            (OpKind::RsaSign, Self::RsaPrivate { modulus_len }) => Ok(modulus_len),
            (OpKind::RsaVerify, Self::RsaPrivate { .. } | Self::RsaPublic) => Ok(0),
            (OpKind::EcdsaSign, Self::EcdsaPrivate(curve)) if signs_on(work.scheme, curve) => {
                Ok(curve.signature_max_len())
            }
            (OpKind::EcdsaVerify, Self::EcdsaPrivate(curve) | Self::EcdsaPublic(curve))
                if signs_on(work.scheme, curve) =>
            {
                Ok(0)
            }
            (OpKind::AeadSeal, Self::AesGcm { .. }) => work
                .input
                .len()
                .checked_add(AEAD_TAG_LEN)
                .ok_or(Status::Unsupported),
            (OpKind::AeadOpen, Self::AesGcm { .. }) => work
                .input
                .len()
                .checked_sub(AEAD_TAG_LEN)
                .ok_or(Status::Mismatch),
            _ => Err(Status::BadKey),
        }
    }
}

/// What schemes an op can have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    Ecdsa,
    Aead,
}

impl Family {
    const fn of(kind: OpKind) -> Result<Self, Status> {
        match kind {
            OpKind::RsaSign | OpKind::RsaVerify => Ok(Self::Rsa),
            OpKind::EcdsaSign | OpKind::EcdsaVerify => Ok(Self::Ecdsa),
            OpKind::AeadSeal | OpKind::AeadOpen => Ok(Self::Aead),
            OpKind::Task => Err(Status::BadRequest),
        }
    }

    fn has(self, scheme: Scheme) -> bool {
        self == match scheme {
            Scheme::None => Self::Aead,
            Scheme::Pkcs1Sha256
            | Scheme::Pkcs1Sha384
            | Scheme::Pkcs1Sha512
            | Scheme::PssSha256
            | Scheme::PssSha384
            | Scheme::PssSha512 => Self::Rsa,
            Scheme::EcdsaP256Sha256 | Scheme::EcdsaP384Sha384 => Self::Ecdsa,
        }
    }
}

fn signs_on(scheme: Scheme, curve: Curve) -> bool {
    matches!(
        (scheme, curve),
        (Scheme::EcdsaP256Sha256, Curve::P256) | (Scheme::EcdsaP384Sha384, Curve::P384)
    )
}

fn private_kind(der: &[u8]) -> Result<KeyKind, ImportError> {
    match inspect::private_key(der) {
        Ok((_, inspect::Encoding::Sec1)) => Err(ImportError(
            "a SEC 1 EC key, and PKCS#8 is wanted; PrivateKey::read converts it".to_owned(),
        )),
        Ok((kind, _)) => Ok(kind),
        Err(problem) => Err(ImportError(problem.to_string())),
    }
}

/// Uncompressed points only (SEC 1, 2.3.3). Whether the point lies on the curve is for the engine.
fn public_point(curve: Curve, point: &[u8]) -> Result<KeyShape, ImportError> {
    if point.len() == curve.point_len() && point.first() == Some(&4) {
        return Ok(KeyShape::EcdsaPublic(curve));
    }
    Err(ImportError(format!(
        "{} bytes that are no uncompressed point on {curve:?}; give {} bytes that begin with 4 \
         (`openssl ec -pubout -conv_form uncompressed` writes it, at the end of the DER)",
        point.len(),
        curve.point_len()
    )))
}
