//! `[device]`: slices, rings, links.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::entries::{ProfileName, RateEntry};
use crate::scenario::spanned::Spanned;
use crate::units::{Bandwidth, Count, Duration, PerByte, Rate, Size};

/// `[device]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceSection {
    /// A published device to begin with: what the scenario says itself stands over it.
    /// `pausewake profiles` lists them.
    pub profile: Option<Spanned<ProfileName>>,
    /// What computes the results; real if absent.
    pub compute: Option<Spanned<Compute>>,
    /// Threads that compute, under the wall clock; 1 if absent.
    pub workers: Option<Spanned<Count>>,
    /// How the device's thread waits, under the wall clock; adaptive if absent.
    pub wait: Option<Spanned<Wait>>,
    /// Entries of the submission ring; 64 if absent.
    pub ring_depth: Option<Spanned<Count>>,
    /// Entries of the completion ring; as deep as the submission ring if absent.
    pub completion_depth: Option<Spanned<Count>>,
    /// Ops that the device accepts and has not completed; one less than the ring if absent.
    pub in_flight_limit: Option<Spanned<Count>>,
    /// Payload slots; as many as the completion ring is deep if absent.
    pub slots: Option<Spanned<Count>>,
    /// Bytes of a slot; what the load needs if absent.
    pub slot_size: Option<Spanned<Size>>,
    /// Slices for public-key ops.
    pub asym: Option<Spanned<AsymmetricSection>>,
    /// Slices for cipher ops.
    pub sym: Option<Spanned<SymmetricSection>>,
    /// The way there and back; free of cost if absent.
    #[serde(default)]
    pub link: LinkSection,
    /// Interrupt coalescing; none if absent.
    pub coalesce: Option<CoalesceSection>,
}

/// What computes the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Compute {
    /// Cryptography, for each op.
    Real,
    /// Cryptography before the run, results handed out again.
    Cached,
    /// Nothing: timing alone.
    None,
}

/// How the device's thread waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wait {
    /// It spins.
    Spin,
    /// It spins for a while, then sleeps.
    Adaptive,
    /// It sleeps.
    Sleep,
}

/// `[device.asym]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsymmetricSection {
    /// Parallel servers.
    pub slices: Spanned<Count>,
    /// Ops waiting and in service at most; unlimited if absent.
    pub queue_depth: Option<Spanned<Count>>,
    /// How long a slice works on an op.
    pub service: Spanned<ServiceSection>,
    /// The same for single kinds of op.
    #[serde(default)]
    pub service_by_op: AsymmetricServices,
    /// Ops per second at most; as many as the slices can if absent.
    pub rate: Option<RateEntry>,
    /// Ops per second with one key at most.
    pub rate_per_key: Option<RateEntry>,
    /// Ops that are gathered and served together; each is served alone if absent.
    pub batch: Option<BatchSection>,
}

/// `[device.sym]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SymmetricSection {
    /// Parallel servers.
    pub slices: Spanned<Count>,
    /// Ops waiting and in service at most; unlimited if absent.
    pub queue_depth: Option<Spanned<Count>>,
    /// How long a slice works on an op.
    pub service: Spanned<ServiceSection>,
    /// The same for single kinds of op.
    #[serde(default)]
    pub service_by_op: SymmetricServices,
    /// Ops per second at most; as many as the slices can if absent.
    pub rate: Option<RateEntry>,
    /// Ops per second with one key at most.
    pub rate_per_key: Option<RateEntry>,
    /// Ops that are gathered and served together; each is served alone if absent.
    pub batch: Option<BatchSection>,
}

/// `[device.asym.service_by_op]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AsymmetricServices {
    /// Of RSA signatures; with keys of 2,048 bits.
    pub rsa_sign: Option<Spanned<ServiceSection>>,
    /// Of RSA verifications; with keys of 2,048 bits.
    pub rsa_verify: Option<Spanned<ServiceSection>>,
    /// Of ECDSA signatures.
    pub ecdsa_sign: Option<Spanned<ServiceSection>>,
    /// Of ECDSA verifications.
    pub ecdsa_verify: Option<Spanned<ServiceSection>>,
    /// Of RSA signatures with keys of 3,072 bits; 27/8 of that of 2,048 bits if absent.
    pub rsa3072_sign: Option<Spanned<ServiceSection>>,
    /// Of RSA verifications with keys of 3,072 bits; 9/4 of that of 2,048 bits if absent.
    pub rsa3072_verify: Option<Spanned<ServiceSection>>,
    /// Of RSA signatures with keys of 4,096 bits; eight times that of 2,048 bits if absent.
    pub rsa4096_sign: Option<Spanned<ServiceSection>>,
    /// Of RSA verifications with keys of 4,096 bits; four times that of 2,048 bits if absent.
    pub rsa4096_verify: Option<Spanned<ServiceSection>>,
    /// Of ECDSA signatures on P-256, where they differ from those on other curves.
    pub ecdsa_p256_sign: Option<Spanned<ServiceSection>>,
    /// Of ECDSA verifications on P-256.
    pub ecdsa_p256_verify: Option<Spanned<ServiceSection>>,
    /// Of ECDSA signatures on P-384.
    pub ecdsa_p384_sign: Option<Spanned<ServiceSection>>,
    /// Of ECDSA verifications on P-384.
    pub ecdsa_p384_verify: Option<Spanned<ServiceSection>>,
}

/// `[device.sym.service_by_op]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SymmetricServices {
    /// Of sealing.
    pub aead_seal: Option<Spanned<ServiceSection>>,
    /// Of opening.
    pub aead_open: Option<Spanned<ServiceSection>>,
}

/// A service time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceSection {
    /// The law.
    pub distribution: Spanned<Law>,
    /// The mean of an op without payload.
    pub base: Option<Spanned<Duration>>,
    /// Of `lognormal`, instead of base and deviation: the median.
    pub p50: Option<Spanned<Duration>>,
    /// Of `lognormal`, with `p50`: the 95th percentile.
    pub p95: Option<Spanned<Duration>>,
    /// What each byte of payload adds to the mean; nothing if absent.
    pub per_byte: Option<PerByte>,
    /// Of `uniform`: half the width, as a share of the mean.
    pub spread: Option<Spanned<f64>>,
    /// Of `normal` and `lognormal`: standard deviation, as a share of the mean.
    pub deviation: Option<Spanned<f64>>,
}

/// A rate limit that lets bursts through.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateSection {
    /// Ops per second in the long run.
    pub limit: Rate,
    /// Ops that may pass at once after a pause; 1 if absent, which spaces them evenly.
    pub burst: Option<Count>,
}

/// `[device.asym.batch]`, `[device.sym.batch]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchSection {
    /// Ops of a full batch.
    pub size: Count,
    /// How long the first one waits for others.
    pub flush: Duration,
}

/// The law that service times follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Law {
    /// Always the mean.
    Constant,
    /// Evenly around the mean.
    Uniform,
    /// Normal, cut off at zero.
    Normal,
    /// Exponential.
    Exponential,
    /// Log-normal.
    LogNormal,
}

/// `[device.link]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkSection {
    /// Latency of a descriptor on its way.
    pub to_device: Option<Duration>,
    /// Latency of a completion on its way.
    pub to_host: Option<Duration>,
    /// Bytes per second each way; unlimited if absent.
    pub bandwidth: Option<Bandwidth>,
}

/// `[device.coalesce]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoalesceSection {
    /// Completions that are gathered for one signal.
    pub count: Count,
    /// How long the first one may wait for others.
    pub time: Duration,
}
