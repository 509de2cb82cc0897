//! The private keys that ops sign with, out of files or built in.

use std::fmt;
use std::sync::Arc;

use pausewake_device::keys::{KeyKind, PrivateKey};

use super::Problems;
use super::files::Files;
use crate::scenario::SigningKey;
use crate::scenario::file::Op;
use crate::scenario::spanned::Spanned;

/// Which private keys an op signs with, or verifies what they have signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// RSA, of any length.
    Rsa,
    /// RSA, with a modulus of so many bits.
    RsaBits(usize),
    /// ECDSA, on any curve.
    Ecdsa,
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-384.
    P384,
}

impl Keys {
    /// Those of `op`, if it takes any.
    pub fn of(op: Op) -> Option<Self> {
        Some(match op {
            Op::RsaSign | Op::RsaVerify => Self::Rsa,
            Op::Rsa2048Sign | Op::Rsa2048Verify => Self::RsaBits(2_048),
            Op::Rsa3072Sign | Op::Rsa3072Verify => Self::RsaBits(3_072),
            Op::Rsa4096Sign | Op::Rsa4096Verify => Self::RsaBits(4_096),
            Op::EcdsaSign => Self::Ecdsa,
            Op::EcdsaP256Sign => Self::P256,
            Op::EcdsaP384Sign => Self::P384,
            Op::AeadSeal
            | Op::AeadOpen
            | Op::SealOpen
            | Op::Aes128GcmSeal
            | Op::Aes256GcmSeal
            | Op::Aes128GcmOpen
            | Op::Aes256GcmOpen => return None,
        })
    }

    /// Whether they are RSA keys, and signatures have a scheme.
    pub fn are_rsa(self) -> bool {
        matches!(self, Self::Rsa | Self::RsaBits(_))
    }

    /// Whether `key` is one of them.
    pub fn fit(self, key: &PrivateKey) -> bool {
        let kind = key.kind();
        match self {
            Self::Rsa => matches!(kind, KeyKind::Rsa { .. }),
            // The highest bit of a modulus may be clear.
            Self::RsaBits(bits) => {
                matches!(kind, KeyKind::Rsa { .. }) && kind.signature_max_len() * 8 == bits
            }
            Self::Ecdsa => !matches!(kind, KeyKind::Rsa { .. }),
            Self::P256 => kind == KeyKind::EcdsaP256,
            Self::P384 => kind == KeyKind::EcdsaP384,
        }
    }

    /// The key in `file` for `op`, or the built-in one if none is named; `None` if it does not fit, which is a
    /// problem.
    pub fn read(
        self,
        op: Op,
        file: Option<&Spanned<String>>,
        files: &Files<'_>,
        problems: &mut Problems,
    ) -> Option<SigningKey> {
        let Some(file) = file else {
            let (bytes, name) = self.built_in();
            return Some(SigningKey {
                name: name.to_owned(),
                file: None,
                key: Arc::new(PrivateKey::parse(bytes, name).ok()?),
            });
        };
        let wrong = match files.key(file) {
            Ok(key) if self.fit(&key) => {
                return Some(SigningKey {
                    name: format!("key {} ({})", file.get_ref(), key.kind()),
                    file: Some(file.get_ref().clone()),
                    key,
                });
            }
            Ok(key) => {
                let (does, instead) = match (verifies(op), key.kind()) {
                    (true, KeyKind::Rsa { .. }) => ("verifies", "rsa-verify"),
                    (true, _) => ("verifies", op_with(&key)),
                    (false, _) => ("signs", op_with(&key)),
                };
                let kind = key.kind();
                format!(
                    "this op {does} with {self}, and the file holds an {kind} key, with which {instead} goes"
                )
            }
            // Where the op says nothing of the key, it would have been the key that says the op.
            Err(error) if self == Self::Rsa => {
                problems.add(file.span(), error.to_string(), ANY_KEY);
                return None;
            }
            Err(error) => error.to_string(),
        };
        problems.add(file.span(), wrong, self.accepted());
        None
    }

    /// The published key that is used if no other is named.
    fn built_in(self) -> BuiltIn {
        match self {
            Self::RsaBits(3_072) => TEST_RSA3072,
            Self::RsaBits(4_096) => TEST_RSA4096,
            Self::Rsa | Self::RsaBits(_) => TEST_RSA2048,
            Self::Ecdsa | Self::P256 => TEST_P256,
            Self::P384 => TEST_P384,
        }
    }

    fn accepted(self) -> String {
        let (which, forms) = match self {
            Self::Rsa => ("RSA private key of 2048 to 4096 bits".to_owned(), RSA_FORMS),
            Self::RsaBits(bits) => (format!("RSA private key of {bits} bits"), RSA_FORMS),
            Self::Ecdsa => (
                "ECDSA private key on P-256 or P-384".to_owned(),
                ECDSA_FORMS,
            ),
            Self::P256 => ("ECDSA private key on P-256".to_owned(), ECDSA_FORMS),
            Self::P384 => ("ECDSA private key on P-384".to_owned(), ECDSA_FORMS),
        };
        format!("an {which}, unencrypted {forms}, PEM or DER")
    }
}

/// What a file may hold whose key says what is signed.
const ANY_KEY: &str = "a private key of RSA with 2048 to 4096 bits, or, of an op of ECDSA, on P-256 or P-384; unencrypted PKCS#8, PKCS#1 or SEC 1, PEM or DER";

/// As the sentences "this op signs with ..." and "this op verifies with ..." have it.
impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa => f.write_str("RSA"),
            Self::RsaBits(bits) => write!(f, "RSA-{bits}"),
            Self::Ecdsa => f.write_str("ECDSA"),
            Self::P256 => f.write_str("ECDSA P-256"),
            Self::P384 => f.write_str("ECDSA P-384"),
        }
    }
}

/// Whether `op` verifies what somebody else has signed.
fn verifies(op: Op) -> bool {
    matches!(
        op,
        Op::RsaVerify | Op::Rsa2048Verify | Op::Rsa3072Verify | Op::Rsa4096Verify
    )
}

/// The op that signs with `key`, whatever its length or curve is.
pub fn op_with(key: &PrivateKey) -> &'static str {
    match key.kind() {
        KeyKind::Rsa { .. } => "rsa-sign",
        KeyKind::EcdsaP256 | KeyKind::EcdsaP384 => "ecdsa-sign",
    }
}

/// A published key, and its name; whoever signs with it signs nothing.
type BuiltIn = (&'static [u8], &'static str);

const TEST_RSA2048: BuiltIn = (
    include_bytes!("../../../keys/test-rsa2048.pem"),
    "built-in test key",
);
const TEST_RSA3072: BuiltIn = (
    include_bytes!("../../../keys/test-rsa3072.pem"),
    "built-in test key of 3,072 bits",
);
const TEST_RSA4096: BuiltIn = (
    include_bytes!("../../../keys/test-rsa4096.pem"),
    "built-in test key of 4,096 bits",
);
const TEST_P256: BuiltIn = (
    include_bytes!("../../../keys/test-p256.pem"),
    "built-in test key of P-256",
);
const TEST_P384: BuiltIn = (
    include_bytes!("../../../keys/test-p384.pem"),
    "built-in test key of P-384",
);
const RSA_FORMS: &str = "PKCS#8 or PKCS#1";
const ECDSA_FORMS: &str = "PKCS#8 or SEC 1";
