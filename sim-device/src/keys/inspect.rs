//! Tells what a piece of DER is: a private key that can be used, or which kind of wrong one.
//!
//! Compute engines reject a key in a word or two; this module looks first, so that the message can
//! say what to do. What it accepts, the engine parses and checks again.

use super::der::{DerError, Element, Reader, dotted, tag};
use super::oid;
use super::problem::{Encryption, KeyProblem};
use crate::compute::{ECDSA_P256_SIGNATURE_MAX_LEN, ECDSA_P384_SIGNATURE_MAX_LEN};

/// What a private key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA, with a modulus of so many bits.
    Rsa {
        /// 2048, 3072 or 4096; one less if the highest bit of the modulus is clear.
        bits: usize,
    },
    /// ECDSA on P-256.
    EcdsaP256,
    /// ECDSA on P-384.
    EcdsaP384,
}

impl KeyKind {
    /// The most bytes that a signature made with the key takes, and the output capacity that signing
    /// needs: the length of the modulus, or that of the longest ASN.1 DER ECDSA signature.
    #[must_use]
    pub const fn signature_max_len(self) -> usize {
        match self {
            Self::Rsa { bits } => bits.div_ceil(8),
            Self::EcdsaP256 => ECDSA_P256_SIGNATURE_MAX_LEN,
            Self::EcdsaP384 => ECDSA_P384_SIGNATURE_MAX_LEN,
        }
    }
}

impl std::fmt::Display for KeyKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
            Self::EcdsaP256 => f.pad("ECDSA P-256"),
            Self::EcdsaP384 => f.pad("ECDSA P-384"),
        }
    }
}

/// In which structure a private key comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Pkcs8,
    /// RSA only.
    Pkcs1,
    /// EC only.
    Sec1,
}

/// What a private key is.
///
/// # Errors
/// What else the bytes are, or what is wrong with the key.
pub(crate) fn private_key(der: &[u8]) -> Result<(KeyKind, Encoding), KeyProblem> {
    let top = outer_sequence(der)?;
    let found_tags = top.tags().map_err(malformed)?;
    let kind = match found_tags.as_slice() {
        [tag::INTEGER, tag::SEQUENCE, tag::OCTET_STRING, ..] => {
            return Ok((pkcs8(top)?, Encoding::Pkcs8));
        }
        [tag::INTEGER, tag::OCTET_STRING, ..] => {
            return Ok((ec_private(top, None)?, Encoding::Sec1));
        }
        // RFC 8017, A.1.2: nine integers, and a sequence if there are more than two primes.
        tags if tags.starts_with(&[tag::INTEGER; 9]) => rsa_private(top)?,
        other => return Err(something_else(top, other)),
    };
    Ok((kind, Encoding::Pkcs1))
}

/// Bits of the modulus of a PKCS#1 `RSAPublicKey`.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn rsa_public(der: &[u8]) -> Result<usize, KeyProblem> {
    let mut reader = outer_sequence(der)?;
    let modulus = reader.expect_unsigned("the modulus").map_err(malformed)?;
    let exponent = reader
        .expect_unsigned("the public exponent")
        .map_err(malformed)?;
    if !reader.rest().is_empty() {
        return Err(malformed(
            reader.malformed("more than modulus and public exponent"),
        ));
    }
    // Three is fine where nothing is signed: padding is checked in full.
    check_rsa(modulus, exponent, 3)
}

/// The reader inside the one SEQUENCE that the whole of `der` must be.
fn outer_sequence(der: &[u8]) -> Result<Reader<'_>, KeyProblem> {
    let mut reader = Reader::new(der);
    if der.first() != Some(&tag::SEQUENCE) {
        return Err(KeyProblem::NotAKey);
    }
    let top = reader
        .expect(tag::SEQUENCE, "a SEQUENCE")
        .map_err(|error| match error {
            DerError::Truncated { expected_len } => KeyProblem::Truncated {
                expected_bytes: expected_len,
                found_bytes: der.len(),
            },
            other => malformed(other),
        })?;
    match reader.rest().len() {
        0 => Ok(top.reader()),
        count_bytes => Err(KeyProblem::TrailingBytes { count_bytes }),
    }
}

/// RFC 5208 and RFC 5958: version, algorithm, key, attributes.
fn pkcs8(mut reader: Reader<'_>) -> Result<KeyKind, KeyProblem> {
    let version = reader.expect_unsigned("the version").map_err(malformed)?;
    let mut algorithm = reader
        .expect(tag::SEQUENCE, "the algorithm")
        .map_err(malformed)?
        .reader();
    let key = reader
        .expect(tag::OCTET_STRING, "the private key")
        .map_err(malformed)?
        .reader();
    let identifier = algorithm
        .expect(tag::OBJECT_IDENTIFIER, "the algorithm's identifier")
        .map_err(malformed)?
        .contents;

    let is_ec = match identifier {
        oid::RSA_ENCRYPTION => false,
        oid::EC_PUBLIC_KEY => true,
        oid::RSASSA_PSS => return Err(KeyProblem::RsaPssRestricted),
        other => {
            let name = oid::algorithm_name(other).map_or_else(|| dotted(other), str::to_owned);
            return Err(KeyProblem::UnsupportedAlgorithm { name });
        }
    };
    if !version.is_empty() {
        return Err(KeyProblem::Pkcs8Version {
            version: saturating_u64(version),
        });
    }
    let mut inner = key;
    let inner = inner
        .expect(tag::SEQUENCE, "a private key inside PKCS#8")
        .map_err(malformed)?
        .reader();
    if is_ec {
        let curve = algorithm.next().map_err(malformed)?;
        ec_private(inner, curve)
    } else {
        rsa_private(inner)
    }
}

/// RFC 8017, A.1.2.
fn rsa_private(mut reader: Reader<'_>) -> Result<KeyKind, KeyProblem> {
    let version = reader.expect_unsigned("the version").map_err(malformed)?;
    let modulus = reader.expect_unsigned("the modulus").map_err(malformed)?;
    let exponent = reader
        .expect_unsigned("the public exponent")
        .map_err(malformed)?;
    for what in [
        "the private exponent",
        "the first prime",
        "the second prime",
        "the first prime's exponent",
        "the second prime's exponent",
        "the coefficient",
    ] {
        reader.expect_unsigned(what).map_err(malformed)?;
    }
    let bits = check_rsa(modulus, exponent, 65_537)?;
    match version {
        [] if reader.rest().is_empty() => Ok(KeyKind::Rsa { bits }),
        [] => Err(malformed(
            reader.malformed("more than the nine numbers of an RSA key"),
        )),
        _ => Err(KeyProblem::RsaMultiPrime),
    }
}

/// RFC 5915: version, private key, `[0]` curve, `[1]` public key. In PKCS#8 the curve stands
/// outside.
fn ec_private(mut reader: Reader<'_>, outer: Option<Element<'_>>) -> Result<KeyKind, KeyProblem> {
    reader.expect_unsigned("the version").map_err(malformed)?;
    reader
        .expect(tag::OCTET_STRING, "the private number")
        .map_err(malformed)?;
    let mut inner_curve = None;
    let mut has_public = false;
    while let Some(element) = reader.next().map_err(malformed)? {
        match element.tag {
            tag::CONTEXT_0 => inner_curve = element.reader().next().map_err(malformed)?,
            tag::CONTEXT_1 => has_public = true,
            _ => {}
        }
    }
    let kind = match outer.or(inner_curve) {
        Some(curve) if curve.tag == tag::OBJECT_IDENTIFIER => match curve.contents {
            oid::PRIME256V1 => KeyKind::EcdsaP256,
            oid::SECP384R1 => KeyKind::EcdsaP384,
            other => {
                let name = oid::curve_name(other).map_or_else(|| dotted(other), str::to_owned);
                return Err(KeyProblem::UnsupportedCurve { name });
            }
        },
        Some(curve) if curve.tag == tag::SEQUENCE => return Err(KeyProblem::EcExplicitParameters),
        _ => return Err(malformed(reader.malformed("an EC key that names no curve"))),
    };
    if has_public {
        Ok(kind)
    } else {
        Err(KeyProblem::EcPublicMissing)
    }
}

/// Checks sizes, and gives the bits of the modulus.
fn check_rsa(modulus: &[u8], exponent: &[u8], least: u64) -> Result<usize, KeyProblem> {
    let bits = bit_len(modulus);
    if bits < 2047 {
        return Err(KeyProblem::RsaTooSmall { bits });
    }
    if bits > 4096 {
        return Err(KeyProblem::RsaTooLarge { bits });
    }
    // `ring` wants primes of whole multiples of 512 bits in a private key; public keys are held to
    // the same, so that one rule serves for both.
    if !bits.div_ceil(2).is_multiple_of(512) {
        return Err(KeyProblem::RsaUnusualSize { bits });
    }
    let exponent_bits = bit_len(exponent);
    if exponent_bits > 33 {
        return Err(KeyProblem::RsaExponentTooLarge {
            bits: exponent_bits,
        });
    }
    let exponent = saturating_u64(exponent);
    if exponent < least || exponent.is_multiple_of(2) {
        return Err(KeyProblem::RsaExponent { exponent, least });
    }
    Ok(bits)
}

/// Names DER that is no private key we know, by the shape of its outermost elements.
fn something_else(top: Reader<'_>, tags: &[u8]) -> KeyProblem {
    match tags {
        // RFC 5280 and RFC 2986: something to be signed, algorithm, signature.
        [tag::SEQUENCE, tag::SEQUENCE, tag::BIT_STRING] => signed(top),
        [tag::SEQUENCE, tag::BIT_STRING] => KeyProblem::PublicKey,
        [tag::SEQUENCE, tag::OCTET_STRING] => KeyProblem::Encrypted {
            form: Encryption::Pkcs8,
        },
        [tag::INTEGER, tag::SEQUENCE] | [tag::INTEGER, tag::SEQUENCE, tag::SEQUENCE] => {
            KeyProblem::Pkcs12
        }
        [tag::INTEGER, tag::INTEGER] => two_integers(top),
        [tag::INTEGER, tag::INTEGER, tag::INTEGER] => KeyProblem::Parameters { what: "DH or DSA" },
        // OpenSSL's own form of a DSA key: version, p, q, g, public, private.
        [
            tag::INTEGER,
            tag::INTEGER,
            tag::INTEGER,
            tag::INTEGER,
            tag::INTEGER,
            tag::INTEGER,
        ] => KeyProblem::UnsupportedAlgorithm {
            name: "DSA".to_owned(),
        },
        _ => KeyProblem::UnknownDer,
    }
}

/// A request holds four elements, a certificate at least six.
fn signed(mut top: Reader<'_>) -> KeyProblem {
    let count = match top.next() {
        Ok(Some(body)) => body.reader().tags().map_or(0, |tags| tags.len()),
        _ => 0,
    };
    match count {
        0..=2 => KeyProblem::UnknownDer,
        3..=4 => KeyProblem::CertificateRequest,
        _ => KeyProblem::Certificate,
    }
}

/// Two integers are an RSA public key (modulus and odd exponent) or Diffie-Hellman parameters
/// (prime and generator, which is 2 or 5 wherever openssl made them).
fn two_integers(mut top: Reader<'_>) -> KeyProblem {
    let mut second = || {
        top.expect_unsigned("a number")?;
        top.expect_unsigned("a number")
    };
    match second() {
        Ok([2 | 5]) => KeyProblem::Parameters { what: "DH" },
        Ok(_) => KeyProblem::PublicKey,
        Err(error) => malformed(error),
    }
}

/// Below the outermost element, a length that runs out of it is as broken as any other byte.
fn malformed(error: DerError) -> KeyProblem {
    match error {
        DerError::Malformed { offset, what } => KeyProblem::MalformedDer { offset, what },
        DerError::Truncated { expected_len } => KeyProblem::MalformedDer {
            offset: expected_len,
            what: "an element that runs beyond the end of what holds it",
        },
    }
}

/// Bits of a big-endian number without leading zeros.
fn bit_len(magnitude: &[u8]) -> usize {
    magnitude.first().map_or(0, |first| {
        magnitude.len() * 8 - first.leading_zeros() as usize
    })
}

/// A big-endian number, or the largest there is.
fn saturating_u64(magnitude: &[u8]) -> u64 {
    if magnitude.len() > 8 {
        return u64::MAX;
    }
    magnitude
        .iter()
        .fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::super::der::write;
    use super::*;

    /// A public key of these numbers.
    fn public(modulus: &[u8], exponent: &[u8]) -> Result<usize, KeyProblem> {
        let (mut body, mut key) = (Vec::new(), Vec::new());
        write(&mut body, tag::INTEGER, modulus);
        write(&mut body, tag::INTEGER, exponent);
        write(&mut key, tag::SEQUENCE, &body);
        rsa_public(&key)
    }

    #[test]
    fn sizes_are_counted_in_bits() {
        let modulus = |bits: usize| {
            let mut bytes = vec![0xff; bits.div_ceil(8)];
            bytes[0] = 0xff >> (bytes.len() * 8 - bits);
            // A sign byte, where the highest bit is set.
            if bits.is_multiple_of(8) {
                bytes.insert(0, 0);
            }
            bytes
        };
        for bits in [2047, 2048, 3071, 3072, 4095, 4096] {
            assert_eq!(public(&modulus(bits), &[3]).unwrap(), bits);
        }
        for bits in [512, 1024, 2046] {
            let found = public(&modulus(bits), &[3]);
            assert!(matches!(found, Err(KeyProblem::RsaTooSmall { bits: b }) if b == bits));
        }
        for bits in [2049, 2304, 3584, 4094] {
            let found = public(&modulus(bits), &[3]);
            assert!(matches!(found, Err(KeyProblem::RsaUnusualSize { bits: b }) if b == bits));
        }
        let found = public(&modulus(4097), &[3]);
        assert!(matches!(found, Err(KeyProblem::RsaTooLarge { bits: 4097 })));
    }

    #[test]
    fn exponents_are_odd_and_between_bounds() {
        let mut modulus = vec![0xff; 257];
        modulus[0] = 0;
        assert!(public(&modulus, &[1, 0xff, 0xff, 0xff, 0xff]).is_ok());
        for (exponent, expected) in [
            (&[0][..], "is 0"),
            (&[1][..], "is 1"),
            (&[1, 0, 0][..], "is 65536"),
            (&[2, 0, 0, 0, 1][..], "34 bits"),
            (&[1; 20][..], "153 bits"),
        ] {
            let error = public(&modulus, exponent).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
