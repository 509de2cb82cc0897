//! ECDSA signatures: FIPS 186, ASN.1 DER.

use ring::agreement;
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, UnparsedPublicKey};

use super::rejected;
use crate::compute::request::Curve;
use crate::compute::{ImportError, Work};
use crate::protocol::Status;

/// PKCS#8, which has been looked at.
pub(super) fn import(
    curve: Curve,
    pkcs8: &[u8],
    random: &SystemRandom,
) -> Result<Box<EcdsaKeyPair>, ImportError> {
    let algorithm: &'static EcdsaSigningAlgorithm = match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
        Curve::P384 => &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
    };
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, random)
        .map(Box::new)
        .map_err(|reason| rejected("EC", reason))
}

/// Whether a public point lies on its curve. `ring` looks at it only when it is used, and a
/// verification does not tell a wrong key from a wrong signature; a key agreement does.
pub(super) fn check_point(
    curve: Curve,
    point: &[u8],
    random: &SystemRandom,
) -> Result<(), ImportError> {
    let algorithm = match curve {
        Curve::P256 => &agreement::ECDH_P256,
        Curve::P384 => &agreement::ECDH_P384,
    };
    let ephemeral = agreement::EphemeralPrivateKey::generate(algorithm, random)
        .map_err(|_| ImportError("the operating system gave no random bytes".to_owned()))?;
    let peer = agreement::UnparsedPublicKey::new(algorithm, point);
    agreement::agree_ephemeral(ephemeral, &peer, |_| ())
        .map_err(|_| ImportError(format!("the EC public key is no point on {curve:?}")))
}

pub(super) fn sign(
    pair: &EcdsaKeyPair,
    random: &SystemRandom,
    work: &Work<'_>,
    output: &mut [u8],
) -> Result<usize, Status> {
    let signature = pair
        .sign(random, work.input)
        .map_err(|_| Status::DeviceError)?;
    let signature = signature.as_ref();
    output
        .get_mut(..signature.len())
        .ok_or(Status::OutputTooSmall)?
        .copy_from_slice(signature);
    Ok(signature.len())
}

/// `point` is uncompressed.
pub(super) fn verify(curve: Curve, point: &[u8], work: &Work<'_>) -> Result<usize, Status> {
    let algorithm = match curve {
        Curve::P256 => &signature::ECDSA_P256_SHA256_ASN1,
        Curve::P384 => &signature::ECDSA_P384_SHA384_ASN1,
    };
    UnparsedPublicKey::new(algorithm, point)
        .verify(work.input, work.extra)
        .map(|()| 0)
        .map_err(|_| Status::Mismatch)
}
