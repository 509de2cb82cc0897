//! RSA signatures: RFC 8017, PKCS#1 v1.5 and PSS.

use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{self, RsaEncoding, RsaParameters, UnparsedPublicKey};

use super::rejected;
use crate::compute::{ImportError, Work};
use crate::keys::inspect::{self, Encoding};
use crate::protocol::{Scheme, Status};

/// PKCS#8 or PKCS#1, which has been looked at.
pub(super) fn import(der: &[u8]) -> Result<Box<KeyPair>, ImportError> {
    let imported = match inspect::private_key(der) {
        Ok((_, Encoding::Pkcs1)) => KeyPair::from_der(der),
        _ => KeyPair::from_pkcs8(der),
    };
    imported
        .map(Box::new)
        .map_err(|reason| rejected("RSA", reason))
}

pub(super) fn sign(
    pair: &KeyPair,
    random: &SystemRandom,
    work: &Work<'_>,
    output: &mut [u8],
) -> Result<usize, Status> {
    let padding: &'static dyn RsaEncoding = match work.scheme {
        Scheme::Pkcs1Sha256 => &signature::RSA_PKCS1_SHA256,
        Scheme::Pkcs1Sha384 => &signature::RSA_PKCS1_SHA384,
        Scheme::Pkcs1Sha512 => &signature::RSA_PKCS1_SHA512,
        Scheme::PssSha256 => &signature::RSA_PSS_SHA256,
        Scheme::PssSha384 => &signature::RSA_PSS_SHA384,
        Scheme::PssSha512 => &signature::RSA_PSS_SHA512,
        _ => return Err(Status::BadRequest),
    };
    // The output is as long as the modulus, so what is left to fail is the random source, or the
    // check of the result.
    pair.sign(padding, random, work.input, output)
        .map_err(|_| Status::DeviceError)?;
    Ok(output.len())
}

/// `public` is a PKCS#1 `RSAPublicKey`.
pub(super) fn verify(public: &[u8], work: &Work<'_>) -> Result<usize, Status> {
    let parameters: &'static RsaParameters = match work.scheme {
        Scheme::Pkcs1Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Scheme::Pkcs1Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Scheme::Pkcs1Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Scheme::PssSha256 => &signature::RSA_PSS_2048_8192_SHA256,
        Scheme::PssSha384 => &signature::RSA_PSS_2048_8192_SHA384,
        Scheme::PssSha512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return Err(Status::BadRequest),
    };
    UnparsedPublicKey::new(parameters, public)
        .verify(work.input, work.extra)
        .map(|()| 0)
        .map_err(|_| Status::Mismatch)
}
