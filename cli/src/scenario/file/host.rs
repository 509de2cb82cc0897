//! `[host]`: what work costs.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::entries::{Cost, SoftwareCostEntry};
use crate::scenario::spanned::Spanned;
use crate::units::{Duration, PerByte};

/// `[host]`: what the application thread's own work costs, under virtual time. Under the wall clock
/// it takes the time that it takes.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostSection {
    /// What the entries cost that are not said; free if absent.
    pub base: Option<Spanned<HostBase>>,
    /// Submitting an op, without copying its payload.
    pub submit: Option<Cost<Duration>>,
    /// Ringing the doorbell.
    pub doorbell: Option<Cost<Duration>>,
    /// Taking one completion from the ring.
    pub reap: Option<Cost<Duration>>,
    /// Waking one job by callback.
    pub callback: Option<Cost<Duration>>,
    /// Waking one job by fd: the write, and the event loop's wait and read.
    pub fd_wake: Option<Cost<Duration>>,
    /// Entering a job and leaving it.
    pub switch: Option<Cost<Duration>>,
    /// Copying a byte of payload into a slot, or out of it.
    pub copy: Option<Cost<PerByte>>,
    /// Computing in software.
    #[serde(default)]
    pub software: SoftwareSection,
}

/// Costs as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HostBase {
    /// Everything is free.
    Free,
    /// As measured by the project, on a server processor of 2.5 GHz.
    Measured,
}

/// `[host.software]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SoftwareSection {
    /// An RSA signature with a key of 2,048 bits.
    pub rsa_sign: Option<SoftwareCostEntry>,
    /// An RSA verification with a key of 2,048 bits.
    pub rsa_verify: Option<SoftwareCostEntry>,
    /// An ECDSA signature, on any curve of which nothing else is said.
    pub ecdsa_sign: Option<SoftwareCostEntry>,
    /// An ECDSA verification, on any curve of which nothing else is said.
    pub ecdsa_verify: Option<SoftwareCostEntry>,
    /// An ECDSA signature on P-384; as `ecdsa-sign` if that is said, else as `base` has it.
    pub ecdsa_p384_sign: Option<SoftwareCostEntry>,
    /// An ECDSA verification on P-384; as `ecdsa-verify` if that is said, else as `base` has it.
    pub ecdsa_p384_verify: Option<SoftwareCostEntry>,
    /// An RSA signature with a key of 3,072 bits; 27/8 of one of 2,048 bits if absent.
    pub rsa3072_sign: Option<SoftwareCostEntry>,
    /// An RSA verification with a key of 3,072 bits; 9/4 of one of 2,048 bits if absent.
    pub rsa3072_verify: Option<SoftwareCostEntry>,
    /// An RSA signature with a key of 4,096 bits; eight times one of 2,048 bits if absent.
    pub rsa4096_sign: Option<SoftwareCostEntry>,
    /// An RSA verification with a key of 4,096 bits; four times one of 2,048 bits if absent.
    pub rsa4096_verify: Option<SoftwareCostEntry>,
    /// Sealing, with a key of any length of which nothing else is said.
    pub aead_seal: Option<SoftwareCostEntry>,
    /// Opening, with a key of any length of which nothing else is said.
    pub aead_open: Option<SoftwareCostEntry>,
    /// Sealing with AES-256-GCM; as `aead-seal` if that is said, else as `base` has it.
    #[serde(rename = "aes-256-gcm-seal")]
    pub aes256_seal: Option<SoftwareCostEntry>,
    /// Opening with AES-256-GCM; as `aead-open` if that is said, else as `base` has it.
    #[serde(rename = "aes-256-gcm-open")]
    pub aes256_open: Option<SoftwareCostEntry>,
}

/// What an op costs in software.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoftwareCostSection {
    /// However long its input is; as `base` has it if absent.
    pub per_op: Option<Duration>,
    /// For each byte of its input; nothing if absent, unless `per_op` is absent, too.
    pub per_byte: Option<PerByte>,
}
