//! The same results without the device: what its results are held against.
//!
//! Signatures are verified with the public key, seals are made again and compared. Nothing here
//! shares a path with the device's results: not its keys, not its slots, not its rings.

use pausewake_device::protocol::Scheme;
use pausewake_engine::EcdsaCurve;
use ring::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    self, EcdsaKeyPair, EcdsaVerificationAlgorithm, KeyPair, RsaEncoding, RsaParameters,
    UnparsedPublicKey, VerificationAlgorithm,
};

use crate::scenario::Cipher;

/// Verifies signatures.
pub struct Verifier {
    key: UnparsedPublicKey<Vec<u8>>,
}

impl Verifier {
    /// Of RSA signatures, with the public half of the private key `der` (PKCS#8 or PKCS#1).
    ///
    /// # Errors
    /// Why it is none.
    pub fn rsa(der: &[u8], scheme: Scheme) -> Result<Self, String> {
        let pair = rsa_pair(der)?;
        let parameters = parameters(scheme).ok_or("this is no RSA scheme")?;
        Ok(Self::new(parameters, &pair))
    }

    /// Of ECDSA signatures in ASN.1 DER, with the public half of the private key `der` (PKCS#8).
    ///
    /// # Errors
    /// Why it is none on this curve.
    pub fn ecdsa(der: &[u8], curve: EcdsaCurve) -> Result<Self, String> {
        let (signing, verification): (_, &'static EcdsaVerificationAlgorithm) = match curve {
            EcdsaCurve::P256 => (
                &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
                &signature::ECDSA_P256_SHA256_ASN1,
            ),
            EcdsaCurve::P384 => (
                &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
                &signature::ECDSA_P384_SHA384_ASN1,
            ),
        };
        let pair = EcdsaKeyPair::from_pkcs8(signing, der, &SystemRandom::new())
            .map_err(|error| error.to_string())?;
        Ok(Self::new(verification, &pair))
    }

    fn new(algorithm: &'static dyn VerificationAlgorithm, pair: &impl KeyPair) -> Self {
        let public = pair.public_key().as_ref().to_vec();
        Self {
            key: UnparsedPublicKey::new(algorithm, public),
        }
    }

    /// The public key that it verifies with; of RSA, PKCS#1 `RSAPublicKey` DER.
    pub fn public_key(&self) -> &[u8] {
        self.key.as_ref()
    }

    /// Whether `signature` is one of `message`.
    pub fn is_right(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(message, signature).is_ok()
    }
}

/// Signs `message` with the private key `der` (PKCS#8 or PKCS#1).
///
/// # Errors
/// Why it cannot.
pub fn rsa_sign(der: &[u8], scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, String> {
    let pair = rsa_pair(der)?;
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(
        encoding(scheme)?,
        &SystemRandom::new(),
        message,
        &mut signature,
    )
    .map_err(|_| "the key does not sign".to_owned())?;
    Ok(signature)
}

fn rsa_pair(der: &[u8]) -> Result<rsa::KeyPair, String> {
    rsa::KeyPair::from_pkcs8(der)
        .or_else(|_| rsa::KeyPair::from_der(der))
        .map_err(|error| error.to_string())
}

fn encoding(scheme: Scheme) -> Result<&'static dyn RsaEncoding, String> {
    match scheme {
        Scheme::Pkcs1Sha256 => Ok(&signature::RSA_PKCS1_SHA256),
        Scheme::Pkcs1Sha384 => Ok(&signature::RSA_PKCS1_SHA384),
        Scheme::Pkcs1Sha512 => Ok(&signature::RSA_PKCS1_SHA512),
        Scheme::PssSha256 => Ok(&signature::RSA_PSS_SHA256),
        Scheme::PssSha384 => Ok(&signature::RSA_PSS_SHA384),
        Scheme::PssSha512 => Ok(&signature::RSA_PSS_SHA512),
        Scheme::None | Scheme::EcdsaP256Sha256 | Scheme::EcdsaP384Sha384 => {
            Err("this is no RSA scheme".to_owned())
        }
    }
}

fn parameters(scheme: Scheme) -> Option<&'static RsaParameters> {
    match scheme {
        Scheme::Pkcs1Sha256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        Scheme::Pkcs1Sha384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        Scheme::Pkcs1Sha512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        Scheme::PssSha256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        Scheme::PssSha384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        Scheme::PssSha512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        Scheme::None | Scheme::EcdsaP256Sha256 | Scheme::EcdsaP384Sha384 => None,
    }
}

/// Seals in software.
pub struct Sealer {
    key: LessSafeKey,
}

impl Sealer {
    /// With a key of [`Cipher::key_len`] bytes.
    ///
    /// # Errors
    /// The key has another length.
    pub fn new(cipher: Cipher, key: &[u8]) -> Result<Self, String> {
        let algorithm = match cipher {
            Cipher::Aes128Gcm => &aead::AES_128_GCM,
            Cipher::Aes256Gcm => &aead::AES_256_GCM,
        };
        let key = UnboundKey::new(algorithm, key)
            .map_err(|_| format!("{} takes no key of {} bytes", cipher.name(), key.len()))?;
        Ok(Self {
            key: LessSafeKey::new(key),
        })
    }

    /// `plaintext` sealed, tag and all.
    pub fn seal(&self, nonce: [u8; 12], plaintext: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plaintext.len() + aead::MAX_TAG_LEN);
        sealed.extend_from_slice(plaintext);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let done = self
            .key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed);
        // Only beyond 64 GiB, which no slot holds.
        done.expect("a message of any length that slots have can be sealed");
        sealed
    }

    /// Whether `sealed` is what sealing `plaintext` gives.
    pub fn is_right(&self, nonce: [u8; 12], plaintext: &[u8], sealed: &[u8]) -> bool {
        self.seal(nonce, plaintext) == sealed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pausewake_device::compute::KeyMaterial;
    use pausewake_device::keys::PrivateKey;

    /// A built-in key, a scheme, and the signature that openssl made with them.
    macro_rules! answer {
        ($key:literal, $name:literal, $scheme:expr) => {
            (
                &include_bytes!(concat!("../../keys/test-", $key, ".pem"))[..],
                $scheme,
                &include_bytes!(concat!(
                    "../../../sim-device/tests/data/answers/",
                    $key,
                    "-",
                    $name,
                    ".sig"
                ))[..],
            )
        };
    }

    const TEST_KEY: &[u8] = include_bytes!("../../keys/test-rsa2048.pem");

    #[test]
    fn right_signatures_are_told_from_wrong_ones() {
        let key = PrivateKey::parse(TEST_KEY, "test key").unwrap();
        let KeyMaterial::RsaPrivate(der) = key.material() else {
            panic!("the test key is RSA");
        };
        let mut signature = rsa_sign(der, Scheme::PssSha256, b"message").unwrap();
        let verifier = Verifier::rsa(der, Scheme::PssSha256).unwrap();
        assert!(verifier.is_right(b"message", &signature));
        assert!(!verifier.is_right(b"massage", &signature));
        signature[7] ^= 1;
        assert!(!verifier.is_right(b"message", &signature));
    }

    /// The built-in keys are those that the openssl program signed with for the device's known answers.
    #[test]
    fn longer_built_in_keys_sign_as_openssl_does() {
        let message = include_bytes!("../../../sim-device/tests/data/answers/message.txt");
        for (key, scheme, answer) in [
            answer!("rsa3072", "pkcs1-sha256", Scheme::Pkcs1Sha256),
            answer!("rsa3072", "pkcs1-sha512", Scheme::Pkcs1Sha512),
            answer!("rsa4096", "pkcs1-sha256", Scheme::Pkcs1Sha256),
            answer!("rsa4096", "pkcs1-sha384", Scheme::Pkcs1Sha384),
        ] {
            let key = PrivateKey::parse(key, "test key").unwrap();
            let KeyMaterial::RsaPrivate(der) = key.material() else {
                panic!("the test key is RSA");
            };
            assert_eq!(rsa_sign(der, scheme, message).unwrap(), answer);
        }
        for (key, scheme, salted) in [
            answer!("rsa3072", "pss-sha256", Scheme::PssSha256),
            answer!("rsa4096", "pss-sha512", Scheme::PssSha512),
        ] {
            let key = PrivateKey::parse(key, "test key").unwrap();
            let KeyMaterial::RsaPrivate(der) = key.material() else {
                panic!("the test key is RSA");
            };
            let verifier = Verifier::rsa(der, scheme).unwrap();
            assert!(verifier.is_right(message, salted));
            assert!(!verifier.is_right(b"another", salted));
        }
    }

    #[test]
    fn right_ecdsa_signatures_are_told_from_wrong_ones() {
        let key: &[u8] = include_bytes!("../../keys/test-p384.pem");
        let key = PrivateKey::parse(key, "test key").unwrap();
        let KeyMaterial::EcdsaPrivate(der) = key.material() else {
            panic!("the test key is ECDSA");
        };
        let random = SystemRandom::new();
        let algorithm = &signature::ECDSA_P384_SHA384_ASN1_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, der, &random).unwrap();
        let signature = pair.sign(&random, b"message").unwrap();
        let verifier = Verifier::ecdsa(der, EcdsaCurve::P384).unwrap();
        assert!(verifier.is_right(b"message", signature.as_ref()));
        assert!(!verifier.is_right(b"massage", signature.as_ref()));
        assert!(Verifier::ecdsa(der, EcdsaCurve::P256).is_err());
    }

    #[test]
    fn right_seals_are_told_from_wrong_ones() {
        let sealer = Sealer::new(Cipher::Aes128Gcm, &[0; 16]).unwrap();
        // The Galois/Counter Mode of Operation (McGrew and Viega), test case 2.
        let sealed = [
            0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92, 0xf3, 0x28, 0xc2, 0xb9, 0x71, 0xb2,
            0xfe, 0x78, 0xab, 0x6e, 0x47, 0xd4, 0x2c, 0xec, 0x13, 0xbd, 0xf5, 0x3a, 0x67, 0xb2,
            0x12, 0x57, 0xbd, 0xdf,
        ];
        assert!(sealer.is_right([0; 12], &[0; 16], &sealed));
        assert!(!sealer.is_right([1; 12], &[0; 16], &sealed));
        assert!(!sealer.is_right([0; 12], &[0; 16], &sealed[..31]));
        assert!(Sealer::new(Cipher::Aes256Gcm, &[0; 16]).is_err());
    }
}
