//! What can be wrong with a key file, each with a message that says what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A key file that cannot be used: which, and why.
#[derive(Debug, thiserror::Error)]
#[error("key file '{}': {problem}", path.display())]
pub struct KeyFileError {
    /// The file, or the name under which bytes were given.
    pub path: PathBuf,
    /// What is wrong with it; its text is part of this error's.
    pub problem: KeyProblem,
}

/// What is wrong with a key. All of them are the caller's to mend: the message says how.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// There is no such file.
    #[error("no such file; check the path (a relative one counts from the working directory)")]
    NotFound,
    /// The file exists and cannot be read.
    #[error("the file cannot be read ({error}); it must be a regular file that this user may read")]
    Unreadable {
        /// What the system said.
        error: io::Error,
    },
    /// Longer than any key file.
    #[error("longer than {limit_bytes} bytes, so this is no key file; check the path")]
    TooLong {
        /// The most that is read.
        limit_bytes: usize,
    },
    /// No bytes, or nothing but white space.
    #[error(
        "the file is empty; make a key with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048`"
    )]
    Empty,
    /// Text without a PEM block, or bytes that begin like no DER.
    #[error(
        "not a key: neither a PEM block ('-----BEGIN PRIVATE KEY-----') nor DER; give a PKCS#8, PKCS#1 or SEC 1 private key"
    )]
    NotAKey,
    /// DER, but of nothing that is known here.
    #[error("DER, but not of a private key; give a PKCS#8, PKCS#1 or SEC 1 private key")]
    UnknownDer,
    /// A certificate alone.
    #[error(
        "a certificate, which holds only the public key; give the private key that belongs to it"
    )]
    Certificate,
    /// A certificate signing request.
    #[error(
        "a certificate signing request, which holds only the public key; give the private key that made it"
    )]
    CertificateRequest,
    /// A public key alone.
    #[error("a public key; signing needs the private key that belongs to it")]
    PublicKey,
    /// Parameters of a key exchange, a signature or a curve.
    #[error("{what} parameters, which contain no key; give the file with the private key")]
    Parameters {
        /// Of what.
        what: &'static str,
    },
    /// A PEM block that holds something else.
    #[error("a PEM block '{label}', which is no private key; give a 'PRIVATE KEY' block")]
    OtherPem {
        /// What stands after BEGIN.
        label: String,
    },
    /// OpenSSH's own format.
    #[error(
        "a key in OpenSSH's own format; rewrite a copy of it with `ssh-keygen -p -m PKCS8 -f COPY`"
    )]
    OpenSsh,
    /// A PKCS#12 store.
    #[error(
        "a PKCS#12 store; take the key out with `openssl pkcs12 -in FILE -nocerts -nodes -out plain.pem`"
    )]
    Pkcs12,
    /// Protected by a passphrase, which is never asked for.
    #[error(
        "the key is encrypted ({form}), and passphrases are not asked for; decrypt it with `openssl pkey -in FILE -out plain.pem`"
    )]
    Encrypted {
        /// In which of the two ways.
        form: Encryption,
    },
    /// A PEM block that is broken.
    #[error(
        "broken PEM: {reason}; copy the file anew, from '-----BEGIN' to the end of '-----END ...-----'"
    )]
    MalformedPem {
        /// How.
        reason: String,
    },
    /// More than one private key.
    #[error("{count} private keys in one file; keep each in a file of its own")]
    SeveralKeys {
        /// How many.
        count: usize,
    },
    /// DER that stops early.
    #[error(
        "truncated: the key says it has {expected_bytes} bytes or more, and there are {found_bytes}; copy the file anew, in binary mode"
    )]
    Truncated {
        /// What its header says, in bytes of DER.
        expected_bytes: usize,
        /// What there is, in bytes of DER.
        found_bytes: usize,
    },
    /// DER that goes on after its end.
    #[error("{count_bytes} bytes follow the end of the key; cut them off or copy the file anew")]
    TrailingBytes {
        /// How many.
        count_bytes: usize,
    },
    /// Broken inside.
    #[error(
        "broken DER at byte {offset}: {what}; check it with `openssl asn1parse -in FILE` and make the key anew"
    )]
    MalformedDer {
        /// Byte of the DER, from zero.
        offset: usize,
        /// What stands there, or should.
        what: &'static str,
    },
    /// An RSA key that is too small to be safe.
    #[error("an RSA key of {bits} bits, which is too small; make one of 2048, 3072 or 4096 bits")]
    RsaTooSmall {
        /// Of the modulus.
        bits: usize,
    },
    /// An RSA key beyond what compute engines here take.
    #[error("an RSA key of {bits} bits, which is too large; make one of 2048, 3072 or 4096 bits")]
    RsaTooLarge {
        /// Of the modulus.
        bits: usize,
    },
    /// An RSA key of a size between the usual ones.
    #[error("an RSA key of {bits} bits, an unusual size; make one of 2048, 3072 or 4096 bits")]
    RsaUnusualSize {
        /// Of the modulus.
        bits: usize,
    },
    /// A public exponent that is too small for a private key, or even.
    #[error(
        "the RSA key's public exponent is {exponent}, and it must be odd and at least {least}; make a key with `-pkeyopt rsa_keygen_pubexp:65537`"
    )]
    RsaExponent {
        /// The exponent.
        exponent: u64,
        /// What is accepted: 65537 in a private key, 3 in a public one.
        least: u64,
    },
    /// A public exponent above 2^33 - 1.
    #[error(
        "the RSA key's public exponent has {bits} bits, and may have 33; make a key with `-pkeyopt rsa_keygen_pubexp:65537`"
    )]
    RsaExponentTooLarge {
        /// Of the exponent.
        bits: usize,
    },
    /// More than two primes.
    #[error(
        "an RSA key of more than two primes; make one of two (`openssl genpkey` does unless told otherwise)"
    )]
    RsaMultiPrime,
    /// A key that may be used with PSS only (RFC 4055).
    #[error(
        "an RSA-PSS key, which is restricted to PSS by its own header; make an RSA key: it signs with PSS too"
    )]
    RsaPssRestricted,
    /// Another algorithm.
    #[error(
        "a key for {name}, which is not supported; supported are RSA, and ECDSA on P-256 and P-384"
    )]
    UnsupportedAlgorithm {
        /// Its name, or its object identifier.
        name: String,
    },
    /// Another curve.
    #[error(
        "an EC key on {name}, which is not supported; supported are P-256 (prime256v1) and P-384 (secp384r1)"
    )]
    UnsupportedCurve {
        /// Its name, or its object identifier.
        name: String,
    },
    /// A curve spelled out instead of named.
    #[error(
        "an EC key with explicit curve parameters; name the curve: `openssl pkey -in FILE -ec_param_enc named_curve -out named.pem`"
    )]
    EcExplicitParameters,
    /// An EC key without its public point.
    #[error("an EC key without its public half; add it: `openssl pkey -in FILE -out full.pem`")]
    EcPublicMissing,
    /// A PKCS#8 of another version (RFC 5958's version 2 carries the public key).
    #[error(
        "PKCS#8 of version {version}, where this key type is read in version 1 only (number 0 in the file); convert it: `openssl pkcs8 -topk8 -nocrypt -in FILE -out plain.pem`"
    )]
    Pkcs8Version {
        /// The number in the file.
        version: u64,
    },
}

/// How a key file is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// A PKCS#8 `EncryptedPrivateKeyInfo`.
    Pkcs8,
    /// OpenSSL's older way: a header in the PEM block.
    Legacy,
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pkcs8 => "PKCS#8",
            Self::Legacy => "PEM header 'Proc-Type: 4,ENCRYPTED'",
        })
    }
}
