//! Private keys as files hold them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::inspect::{self, Encoding};
use super::problem::{Encryption, KeyFileError, KeyProblem};
use super::{KeyKind, der, oid};
use crate::compute::KeyMaterial;

/// The most that is read of a key file; an RSA-4096 key takes 3.3 kB as PEM, and certificates may
/// stand in the same file.
pub const MAX_KEY_FILE_BYTES: usize = 64 * 1024;

/// A private key that was read and found usable: RSA of 2048, 3072 or 4096 bits, or ECDSA on
/// P-256 or P-384.
///
/// Accepted are PKCS#8 (version 1), PKCS#1 and SEC 1, each as PEM or DER; which of them it is, the
/// contents say and not the label. A PEM file may hold certificates and parameters beside the one
/// private key. Nothing asks for passphrases.
///
/// The key's bytes are wiped when this is dropped, and so is what was read of the file; copies
/// that the PEM decoder makes on its way are not within reach.
///
/// ```no_run
/// use pausewake_device::compute::{KeyTable, RingCompute, Vault};
/// use pausewake_device::keys::PrivateKey;
///
/// let key = PrivateKey::read("server.key")?;
/// println!("{}", key.kind());
/// let vault = KeyTable::new(RingCompute::new());
/// let id = vault.import(key.material())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PrivateKey {
    kind: KeyKind,
    /// PKCS#8, or PKCS#1 for RSA: what [`KeyMaterial`] carries.
    der: Zeroizing<Vec<u8>>,
}

impl PrivateKey {
    /// Reads a key file.
    ///
    /// # Errors
    /// What is wrong with the file, and what to do about it.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, KeyFileError> {
        let path = path.as_ref();
        read_bounded(path)
            .and_then(|bytes| parse(&bytes))
            .map_err(|problem| KeyFileError {
                path: path.to_owned(),
                problem,
            })
    }

    /// Reads a key from the bytes of a file; `name` stands for the path in messages.
    ///
    /// # Errors
    /// What is wrong with the key, and what to do about it.
    pub fn parse(bytes: &[u8], name: impl AsRef<Path>) -> Result<Self, KeyFileError> {
        parse(bytes).map_err(|problem| KeyFileError {
            path: name.as_ref().to_owned(),
            problem,
        })
    }

    /// What the key is for.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key, ready to be imported.
    #[must_use]
    pub fn material(&self) -> KeyMaterial<'_> {
        match self.kind {
            KeyKind::Rsa { .. } => KeyMaterial::RsaPrivate(&self.der),
            KeyKind::EcdsaP256 | KeyKind::EcdsaP384 => KeyMaterial::EcdsaPrivate(&self.der),
        }
    }
}

/// Says what kind of key it is, and nothing of the key.
impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrivateKey")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The whole file, in a buffer that never moves: growing would leave copies behind.
fn read_bounded(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyProblem> {
    let problem = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => KeyProblem::NotFound,
        _ => KeyProblem::Unreadable { error },
    };
    let mut file = File::open(path).map_err(problem)?;
    let mut bytes = Zeroizing::new(vec![0; MAX_KEY_FILE_BYTES + 1]);
    let mut len = 0;
    loop {
        match file.read(&mut bytes[len..]) {
            Ok(0) if len > MAX_KEY_FILE_BYTES => return Err(too_long()),
            Ok(0) => break,
            Ok(count) => len += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(problem(error)),
        }
    }
    bytes.truncate(len);
    Ok(bytes)
}

const fn too_long() -> KeyProblem {
    KeyProblem::TooLong {
        limit_bytes: MAX_KEY_FILE_BYTES,
    }
}

fn parse(bytes: &[u8]) -> Result<PrivateKey, KeyProblem> {
    if bytes.trim_ascii().is_empty() {
        return Err(KeyProblem::Empty);
    }
    if bytes.len() > MAX_KEY_FILE_BYTES {
        return Err(too_long());
    }
    if count_begins(bytes) > 0 {
        return from_der(&private_block(bytes)?);
    }
    // No DER key is made of printable characters alone, and '0' is the tag of a SEQUENCE.
    if bytes
        .iter()
        .all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
    {
        return Err(KeyProblem::NotAKey);
    }
    from_der(bytes)
}

fn from_der(bytes: &[u8]) -> Result<PrivateKey, KeyProblem> {
    let (kind, encoding) = inspect::private_key(bytes)?;
    let der = match encoding {
        Encoding::Pkcs8 | Encoding::Pkcs1 => Zeroizing::new(bytes.to_vec()),
        Encoding::Sec1 => wrap_sec1(kind, bytes),
    };
    Ok(PrivateKey { kind, der })
}

/// The contents of the one PEM block that is a private key.
fn private_block(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyProblem> {
    let blocks = pem::parse_many(bytes).map_err(|error| KeyProblem::MalformedPem {
        reason: error.to_string(),
    })?;
    if blocks.len() != count_begins(bytes) {
        return Err(KeyProblem::MalformedPem {
            reason: "a block has a BEGIN line and no END line".to_owned(),
        });
    }
    let (private, others): (Vec<_>, Vec<_>) = blocks
        .into_iter()
        .partition(|block| block.tag().ends_with("PRIVATE KEY"));
    let count = private.len();
    let contents = |block: pem::Pem| Zeroizing::new(block.into_contents());
    let mut private = private.into_iter().map(|block| {
        let problem = private_label_problem(&block);
        (problem, contents(block))
    });
    match (private.next(), count) {
        (Some((problem, contents)), 1) => problem.map_or(Ok(contents), Err),
        (Some(_), _) => {
            // Consumed to the end, so that every key's bytes are wiped.
            private.for_each(drop);
            Err(KeyProblem::SeveralKeys { count })
        }
        (None, _) => Err(others.first().map_or(KeyProblem::NotAKey, |block| {
            other_label_problem(block.tag())
        })),
    }
}

/// Why a block that is called a private key cannot be read, if so.
fn private_label_problem(block: &pem::Pem) -> Option<KeyProblem> {
    let legacy = block
        .headers()
        .get("Proc-Type")
        .is_some_and(|value| value.contains("ENCRYPTED"));
    if legacy {
        return Some(KeyProblem::Encrypted {
            form: Encryption::Legacy,
        });
    }
    match block.tag() {
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => None,
        "ENCRYPTED PRIVATE KEY" => Some(KeyProblem::Encrypted {
            form: Encryption::Pkcs8,
        }),
        "DSA PRIVATE KEY" => Some(KeyProblem::UnsupportedAlgorithm {
            name: "DSA".to_owned(),
        }),
        "OPENSSH PRIVATE KEY" => Some(KeyProblem::OpenSsh),
        other => Some(KeyProblem::OtherPem {
            label: other.to_owned(),
        }),
    }
}

/// What a block is that is no private key.
fn other_label_problem(label: &str) -> KeyProblem {
    match label {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => KeyProblem::Certificate,
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => KeyProblem::CertificateRequest,
        "PUBLIC KEY" | "RSA PUBLIC KEY" => KeyProblem::PublicKey,
        "DH PARAMETERS" | "X9.42 DH PARAMETERS" => KeyProblem::Parameters { what: "DH" },
        "DSA PARAMETERS" => KeyProblem::Parameters { what: "DSA" },
        "EC PARAMETERS" => KeyProblem::Parameters { what: "EC" },
        other => KeyProblem::OtherPem {
            label: other.to_owned(),
        },
    }
}

/// How many PEM blocks begin in `bytes`.
fn count_begins(bytes: &[u8]) -> usize {
    const BEGIN: &[u8] = b"-----BEGIN ";
    bytes
        .windows(BEGIN.len())
        .filter(|window| *window == BEGIN)
        .count()
}

/// Puts a SEC 1 key into PKCS#8 (RFC 5208), which is what compute engines read.
fn wrap_sec1(kind: KeyKind, sec1: &[u8]) -> Zeroizing<Vec<u8>> {
    let curve = match kind {
        KeyKind::EcdsaP384 => oid::SECP384R1,
        KeyKind::EcdsaP256 | KeyKind::Rsa { .. } => oid::PRIME256V1,
    };
    let mut algorithm = Vec::new();
    der::write(
        &mut algorithm,
        der::tag::OBJECT_IDENTIFIER,
        oid::EC_PUBLIC_KEY,
    );
    der::write(&mut algorithm, der::tag::OBJECT_IDENTIFIER, curve);

    // Reserved at once: growing would leave copies of the key behind.
    let mut body = Zeroizing::new(Vec::with_capacity(sec1.len() + 64));
    der::write(&mut body, der::tag::INTEGER, &[0]);
    der::write(&mut body, der::tag::SEQUENCE, &algorithm);
    der::write(&mut body, der::tag::OCTET_STRING, sec1);
    let mut pkcs8 = Zeroizing::new(Vec::with_capacity(body.len() + 8));
    der::write(&mut pkcs8, der::tag::SEQUENCE, &body);
    pkcs8
}
