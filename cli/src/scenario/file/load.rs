//! `[load]`: who asks for what, and when.

use clap::ValueEnum;
use pausewake_device::protocol::Scheme;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::entries::{Mix, OpName, Think, Verify};
use crate::scenario::spanned::Spanned;
use crate::units::{Count, Duration, Rate, Size};

/// `[load]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadSection {
    /// What is asked of the engine: one op, or else a `mix`.
    pub op: Option<Spanned<OpName>>,
    /// Several ops, each with a weight.
    pub mix: Option<Spanned<Mix>>,
    /// OS threads under the wall clock, timelines under virtual time, each with an event loop and a
    /// queue pair of its own; jobs are divided among them, and ops are done by whichever has a job for
    /// them; 1 if absent.
    pub threads: Option<Spanned<Count>>,
    /// Closed loop: how long a job thinks after each op, off the CPU; not at all if absent.
    pub think: Option<Spanned<Think>>,
    /// Closed loop: ops that a job does before it ends and another begins, as a connection does; 1
    /// if absent.
    pub ops_per_job: Option<Spanned<Count>>,
    /// Which results are verified; if absent, all under virtual time and in short runs, and one of
    /// 64 in long ones under the wall clock.
    pub verify: Option<Spanned<Verify>>,
    /// Closed loop: jobs at once. Open loop: jobs at once at most.
    pub jobs: Option<Spanned<Count>>,
    /// Ends after that many ops, not counting those of the warm-up.
    pub ops: Option<Spanned<Count>>,
    /// Ends after that time, not counting the warm-up.
    pub duration: Option<Spanned<Duration>>,
    /// How long the load goes on before figures are taken; not at all if absent.
    pub warmup: Option<Spanned<Duration>>,
    /// Open loop: arrivals per second.
    pub rate: Option<Spanned<Rate>>,
    /// Open loop: how arrivals are spaced; poisson if absent.
    pub arrival: Option<Spanned<ArrivalName>>,
    /// Open loop: of arrivals in bursts, how many come at the same time; 32 if absent.
    pub burst: Option<Spanned<Count>>,
    /// Open loop: arrivals that may wait for a job when all are busy; what comes beyond is dropped;
    /// 10,000 if absent.
    pub backlog: Option<Spanned<Count>>,
    /// Open loop: how long after its time an op may be started without being late; 50 us if absent.
    pub late_after: Option<Spanned<Duration>>,
    /// Times with another rate (open loop) or number of jobs (closed loop), one after the other.
    #[serde(default)]
    pub phase: Vec<Spanned<PhaseSection>>,
    /// What is signed or sealed, in a file, from the scenario's folder: it is cut into messages and
    /// gone through again and again; random if absent.
    pub payload: Option<Spanned<String>>,
    /// Padding and hash of signatures.
    pub scheme: Option<Spanned<SchemeName>>,
    /// Private key file of signatures, from the scenario's folder; a published test key if absent. Beside
    /// a mix, of those of its ops that it goes with and that say none.
    pub key: Option<Spanned<String>>,
    /// Cipher of seals; aes-128-gcm if absent.
    pub cipher: Option<Spanned<Cipher>>,
    /// Bytes of a message to sign, verify, seal or open.
    pub message_size: Option<Spanned<Size>>,
    /// The file to cut into records, from the scenario's folder.
    pub file: Option<Spanned<String>>,
    /// Bytes of a record; 16 KiB if absent.
    pub record_size: Option<Spanned<Size>>,
    /// How often the file is gone through; once if absent.
    pub passes: Option<Spanned<Count>>,
}

/// A time with another rate, or number of jobs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseSection {
    /// How it comes to its level; hold if absent.
    pub shape: Option<ShapeName>,
    /// How long it takes.
    pub duration: Spanned<Duration>,
    /// Open loop: arrivals per second, in the end.
    pub rate: Option<Spanned<Rate>>,
    /// Closed loop: jobs at once, in the end.
    pub jobs: Option<Spanned<Count>>,
}

/// How a phase comes to its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShapeName {
    /// Is there from its beginning.
    Hold,
    /// Goes there evenly, from where the phase before it ended.
    Ramp,
    /// Is there from its beginning, and what comes after it goes on from what was before it.
    Spike,
}

/// One op of a mix.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MixSection {
    /// What is asked of the engine.
    pub op: Spanned<OpName>,
    /// How often, beside the others' weights; 1 if absent.
    pub weight: Option<Count>,
    /// Padding and hash of RSA signatures.
    pub scheme: Option<Spanned<SchemeName>>,
    /// Private key file of signatures, from the scenario's folder; a published test key if absent.
    pub key: Option<Spanned<String>>,
    /// Cipher of seals; aes-128-gcm if absent.
    pub cipher: Option<Spanned<Cipher>>,
    /// Bytes of a message to sign, verify, seal or open.
    pub message_size: Option<Spanned<Size>>,
}

/// What is asked of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// Signs a message with RSA.
    RsaSign,
    /// Verifies an RSA signature.
    RsaVerify,
    /// Signs a message with ECDSA.
    EcdsaSign,
    /// Seals a message.
    AeadSeal,
    /// Opens a sealed message.
    AeadOpen,
    /// Seals a record of a file, opens it again, and compares.
    SealOpen,
    /// `rsa-sign` with a test key of 2,048 bits.
    #[serde(rename = "rsa2048-sign")]
    #[value(name = "rsa2048-sign")]
    Rsa2048Sign,
    /// `rsa-verify` with a test key of 2,048 bits.
    #[serde(rename = "rsa2048-verify")]
    #[value(name = "rsa2048-verify")]
    Rsa2048Verify,
    /// `rsa-sign` with a test key of 3,072 bits.
    #[serde(rename = "rsa3072-sign")]
    #[value(name = "rsa3072-sign")]
    Rsa3072Sign,
    /// `rsa-verify` with a test key of 3,072 bits.
    #[serde(rename = "rsa3072-verify")]
    #[value(name = "rsa3072-verify")]
    Rsa3072Verify,
    /// `rsa-sign` with a test key of 4,096 bits.
    #[serde(rename = "rsa4096-sign")]
    #[value(name = "rsa4096-sign")]
    Rsa4096Sign,
    /// `rsa-verify` with a test key of 4,096 bits.
    #[serde(rename = "rsa4096-verify")]
    #[value(name = "rsa4096-verify")]
    Rsa4096Verify,
    /// `ecdsa-sign` with a test key of P-256.
    #[serde(rename = "ecdsa-p256-sign")]
    #[value(name = "ecdsa-p256-sign")]
    EcdsaP256Sign,
    /// `ecdsa-sign` with a test key of P-384.
    #[serde(rename = "ecdsa-p384-sign")]
    #[value(name = "ecdsa-p384-sign")]
    EcdsaP384Sign,
    /// `aead-seal` with a key of 16 bytes.
    #[serde(rename = "aes-128-gcm-seal")]
    #[value(name = "aes-128-gcm-seal")]
    Aes128GcmSeal,
    /// `aead-seal` with a key of 32 bytes.
    #[serde(rename = "aes-256-gcm-seal")]
    #[value(name = "aes-256-gcm-seal")]
    Aes256GcmSeal,
    /// `aead-open` with a key of 16 bytes.
    #[serde(rename = "aes-128-gcm-open")]
    #[value(name = "aes-128-gcm-open")]
    Aes128GcmOpen,
    /// `aead-open` with a key of 32 bytes.
    #[serde(rename = "aes-256-gcm-open")]
    #[value(name = "aes-256-gcm-open")]
    Aes256GcmOpen,
}

/// How arrivals are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ArrivalName {
    /// Exponential gaps.
    Poisson,
    /// Equal gaps.
    Constant,
    /// Many at the same time, and equal gaps between them.
    Burst,
}

/// An AEAD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Cipher {
    /// AES-GCM with a key of 16 bytes.
    #[serde(rename = "aes-128-gcm")]
    Aes128Gcm,
    /// AES-GCM with a key of 32 bytes.
    #[serde(rename = "aes-256-gcm")]
    Aes256Gcm,
}

/// Padding and hash of an RSA signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SchemeName {
    /// PKCS#1 v1.5 with SHA-256.
    Pkcs1Sha256,
    /// PKCS#1 v1.5 with SHA-384.
    Pkcs1Sha384,
    /// PKCS#1 v1.5 with SHA-512.
    Pkcs1Sha512,
    /// PSS with SHA-256.
    PssSha256,
    /// PSS with SHA-384.
    PssSha384,
    /// PSS with SHA-512.
    PssSha512,
}

impl From<SchemeName> for Scheme {
    fn from(name: SchemeName) -> Self {
        match name {
            SchemeName::Pkcs1Sha256 => Self::Pkcs1Sha256,
            SchemeName::Pkcs1Sha384 => Self::Pkcs1Sha384,
            SchemeName::Pkcs1Sha512 => Self::Pkcs1Sha512,
            SchemeName::PssSha256 => Self::PssSha256,
            SchemeName::PssSha384 => Self::PssSha384,
            SchemeName::PssSha512 => Self::PssSha512,
        }
    }
}
