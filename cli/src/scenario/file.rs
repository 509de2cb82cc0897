//! The scenario file as it is written: names, types and units, before anything is compared.

use pausewake_device::protocol::Scheme;
use schemars::JsonSchema;
use serde::Deserialize;

use super::condition::Condition;
pub use super::entries::{
    Cost, Fallback, Mix, OpName, SoftwareCostEntry, StageConditions, Think, Verify, Watchdog,
};
use super::spanned::Spanned;
use crate::units::{Bandwidth, Count, Duration, Large, Mean, Number, PerByte, Rate, Share, Size};

/// The whole file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// One line for humans.
    pub about: Option<String>,
    /// Whose time it runs in.
    pub clock: Spanned<Clock>,
    /// Start of all chance; 1 if absent.
    pub seed: Option<Large>,
    /// The accelerator.
    #[serde(default)]
    pub device: DeviceSection,
    /// The engine.
    #[serde(default)]
    pub engine: EngineSection,
    /// What the application thread's own work costs, under virtual time; free if absent.
    pub host: Option<Spanned<HostSection>>,
    /// What is to be done.
    pub load: Spanned<LoadSection>,
    /// What must hold in the end.
    #[serde(default)]
    pub expect: ExpectSection,
}

/// Whose time a run takes place in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// The machine's: device and compute run on threads of their own.
    Wall,
    /// The model's: deterministic, and as fast as the CPU allows.
    Virtual,
}

/// `[device]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceSection {
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
}

/// `[device.asym.service_by_op]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AsymmetricServices {
    /// Of RSA signatures.
    pub rsa_sign: Option<Spanned<ServiceSection>>,
    /// Of RSA verifications.
    pub rsa_verify: Option<Spanned<ServiceSection>>,
    /// Of ECDSA signatures.
    pub ecdsa_sign: Option<Spanned<ServiceSection>>,
    /// Of ECDSA verifications.
    pub ecdsa_verify: Option<Spanned<ServiceSection>>,
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
    pub base: Duration,
    /// What each byte of payload adds to the mean; nothing if absent.
    pub per_byte: Option<PerByte>,
    /// Of `uniform`: half the width, as a share of the mean.
    pub spread: Option<Spanned<f64>>,
    /// Of `normal` and `lognormal`: standard deviation, as a share of the mean.
    pub deviation: Option<Spanned<f64>>,
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

/// `[engine]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngineSection {
    /// Who computes, and whether the caller waits; async if absent.
    pub mode: Option<Spanned<Mode>>,
    /// How a job is told; by callback if absent.
    pub notify: Option<Spanned<Notify>>,
    /// Who takes completions from the ring; event if absent.
    pub reap: Option<Spanned<Reap>>,
    /// Of `reap = "heuristic"`: when it looks; QAT_Engine's thresholds if absent.
    pub heuristic: Option<Spanned<HeuristicSection>>,
    /// Of `reap = "thread"`: how long completions gather; 10 us if absent.
    pub thread_interval: Option<Spanned<Duration>>,
    /// What a call does when there is no room; it waits if absent.
    pub on_full: Option<OnFull>,
    /// When software computes what the device could not; never if absent.
    pub fallback: Option<Fallback>,
    /// What is too small for the device; nothing if absent.
    pub small_ops: Option<SmallOpsSection>,
    /// Whether signatures are verified before they are given out; no if absent.
    pub verify_signatures: Option<bool>,
    /// How long a call may take; for ever if absent.
    pub op_timeout: Option<Spanned<Duration>>,
    /// How often an op that the device failed is given to it again; never if absent.
    pub max_retries: Option<Number>,
    /// Ops in flight at most; as many as there are slots if absent.
    pub max_in_flight: Option<Count>,
    /// After how long of unread completions the engine says so; 1 s if absent.
    pub watchdog: Option<Watchdog>,
}

/// `[engine.heuristic]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeuristicSection {
    /// Public-key ops in flight from which on it looks.
    pub asymmetric: Option<Count>,
    /// Cipher ops in flight from which on it looks.
    pub symmetric: Option<Count>,
    /// It looks after that long in any case.
    pub backstop: Option<Duration>,
}

/// `[engine.small_ops]`: sizes of the input below which software computes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmallOpsSection {
    /// Of RSA, by message.
    pub rsa: Option<Size>,
    /// Of ECDSA, by message.
    pub ecdsa: Option<Size>,
    /// Of AES-GCM, by plaintext or ciphertext.
    pub aes_gcm: Option<Size>,
}

/// What a call does when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFull {
    /// It waits its turn.
    Wait,
    /// It ends with an error.
    Fail,
}

/// Who computes, and whether the caller waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The device; the calling job is paused, and others run.
    Async,
    /// The device; the calling thread waits in place.
    Sync,
    /// The calling thread, in software. The device gets nothing to do.
    Software,
}

/// How a job is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// By its wait context's callback.
    Callback,
    /// By its wait context's eventfd.
    Fd,
    /// Not at all: it is resumed to see.
    Poll,
}

/// Who takes completions from the ring, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reap {
    /// The reactor, when the completion eventfd is readable.
    Event,
    /// The application, when it calls.
    External,
    /// The engine, when enough is in flight.
    Heuristic,
    /// The loop, between resumes.
    Inline,
    /// A thread of its own.
    Thread,
}

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
    /// An RSA signature.
    pub rsa_sign: Option<SoftwareCostEntry>,
    /// An RSA verification.
    pub rsa_verify: Option<SoftwareCostEntry>,
    /// An ECDSA signature.
    pub ecdsa_sign: Option<SoftwareCostEntry>,
    /// An ECDSA verification.
    pub ecdsa_verify: Option<SoftwareCostEntry>,
    /// Sealing.
    pub aead_seal: Option<SoftwareCostEntry>,
    /// Opening.
    pub aead_open: Option<SoftwareCostEntry>,
}

/// What an op costs in software.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SoftwareCostSection {
    /// However long its input is.
    pub per_op: Duration,
    /// For each byte of its input; nothing if absent.
    pub per_byte: Option<PerByte>,
}

/// `[load]`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadSection {
    /// What is asked of the engine: one op, or else a `mix`.
    pub op: Option<Spanned<OpName>>,
    /// Several ops, each with a weight.
    pub mix: Option<Spanned<Mix>>,
    /// OS threads under the wall clock, timelines under virtual time, each with an event loop and a
    /// queue pair of its own; jobs and ops are divided among them; 1 if absent.
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
    /// Ends after that many ops.
    pub ops: Option<Spanned<Count>>,
    /// Ends after that time.
    pub duration: Option<Spanned<Duration>>,
    /// Open loop: arrivals per second.
    pub rate: Option<Spanned<Rate>>,
    /// Open loop: how arrivals are spaced; poisson if absent.
    pub arrival: Option<Spanned<Arrival>>,
    /// Padding and hash of signatures.
    pub scheme: Option<Spanned<SchemeName>>,
    /// Private key file of signatures, from the scenario's folder; a published test key if absent.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
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
    Rsa2048Sign,
    /// `rsa-verify` with a test key of 2,048 bits.
    #[serde(rename = "rsa2048-verify")]
    Rsa2048Verify,
    /// `ecdsa-sign` with a test key of P-256.
    #[serde(rename = "ecdsa-p256-sign")]
    EcdsaP256Sign,
    /// `ecdsa-sign` with a test key of P-384.
    #[serde(rename = "ecdsa-p384-sign")]
    EcdsaP384Sign,
    /// `aead-seal` with a key of 16 bytes.
    #[serde(rename = "aes-128-gcm-seal")]
    Aes128GcmSeal,
    /// `aead-seal` with a key of 32 bytes.
    #[serde(rename = "aes-256-gcm-seal")]
    Aes256GcmSeal,
    /// `aead-open` with a key of 16 bytes.
    #[serde(rename = "aes-128-gcm-open")]
    Aes128GcmOpen,
    /// `aead-open` with a key of 32 bytes.
    #[serde(rename = "aes-256-gcm-open")]
    Aes256GcmOpen,
}

/// How arrivals are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Arrival {
    /// Exponential gaps.
    Poisson,
    /// Equal gaps.
    Constant,
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

/// `[expect]`: figures of the report and the conditions that they must meet, as `"< 5ms"`, or
/// beside another variant, as `"> 20x software"`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectSection {
    /// Median latency.
    pub p50: Option<Spanned<Condition<Duration>>>,
    /// 90th percentile of latency.
    pub p90: Option<Spanned<Condition<Duration>>>,
    /// 99th percentile of latency.
    pub p99: Option<Spanned<Condition<Duration>>>,
    /// 99.9th percentile of latency.
    pub p999: Option<Spanned<Condition<Duration>>>,
    /// Longest latency.
    pub max: Option<Spanned<Condition<Duration>>>,
    /// Mean latency.
    pub mean: Option<Spanned<Condition<Duration>>>,
    /// Mean wait for a slice.
    pub mean_wait: Option<Spanned<Condition<Duration>>>,
    /// Granted to doorbell: the mean, or a table of figures.
    pub prepare: Option<Spanned<StageConditions>>,
    /// Doorbell to fetched: the mean, or a table of figures.
    pub ring: Option<Spanned<StageConditions>>,
    /// Fetched to done: the mean, or a table of figures.
    pub service: Option<Spanned<StageConditions>>,
    /// Done to known: the mean, or a table of figures.
    pub notify: Option<Spanned<StageConditions>>,
    /// Known to returned: the mean, or a table of figures.
    pub resume: Option<Spanned<StageConditions>>,
    /// Waits for room: the mean, or a table of figures.
    pub full_wait: Option<Spanned<StageConditions>>,
    /// Ops per second.
    pub throughput: Option<Spanned<Condition<Rate>>>,
    /// Ops that returned.
    pub ops: Option<Spanned<Condition<Large>>>,
    /// Ops that did not end well.
    pub errors: Option<Spanned<Condition<Large>>>,
    /// Of them, those by the caller's fault.
    pub misuse: Option<Spanned<Condition<Large>>>,
    /// Of them, those by the device's.
    pub device_errors: Option<Spanned<Condition<Large>>>,
    /// Of them, those for want of room.
    pub retries: Option<Spanned<Condition<Large>>>,
    /// Of them, what was found not authentic.
    pub not_authentic: Option<Spanned<Condition<Large>>>,
    /// Ops whose time was up before the device had answered.
    pub timed_out: Option<Spanned<Condition<Large>>>,
    /// Jobs that were started.
    pub jobs: Option<Spanned<Condition<Large>>>,
    /// Jobs that were cancelled.
    pub cancelled: Option<Spanned<Condition<Large>>>,
    /// Jobs at once, at most.
    pub max_jobs: Option<Spanned<Condition<Large>>>,
    /// Ops whose job was woken, by callback or fd.
    pub wakes: Option<Spanned<Condition<Large>>>,
    /// Ops whose job was woken by callback.
    pub wakes_by_callback: Option<Spanned<Condition<Large>>>,
    /// Ops whose job was woken by fd.
    pub wakes_by_fd: Option<Spanned<Condition<Large>>>,
    /// Ops that were waited for in place.
    pub waits_in_place: Option<Spanned<Condition<Large>>>,
    /// Completions that jobs were resumed to see.
    pub looks: Option<Spanned<Condition<Large>>>,
    /// Jobs resumed before their op had completed.
    pub spurious: Option<Spanned<Condition<Large>>>,
    /// Ops that found no room and waited.
    pub full_waits: Option<Spanned<Condition<Large>>>,
    /// Times that the submission ring's tail was published.
    pub doorbells: Option<Spanned<Condition<Large>>>,
    /// Times that this woke a sleeping device.
    pub device_wakes: Option<Spanned<Condition<Large>>>,
    /// Completions that nobody waited for.
    pub orphans: Option<Spanned<Condition<Large>>>,
    /// Ops that their caller left.
    pub abandoned: Option<Spanned<Condition<Large>>>,
    /// Completion signals of the device.
    pub signals: Option<Spanned<Condition<Large>>>,
    /// Of them, those that woke a sleeping host.
    pub host_wakes: Option<Spanned<Condition<Large>>>,
    /// Completions whose signal was held back for others.
    pub coalesced: Option<Spanned<Condition<Large>>>,
    /// Ops computed in software.
    pub software: Option<Spanned<Condition<Large>>>,
    /// Calls in flight, averaged over time.
    pub in_flight: Option<Spanned<Condition<Mean>>>,
    /// Busy time of slices, as a share of the run.
    #[serde(default)]
    pub utilisation: UtilisationSection,
    /// Which results must have been verified.
    pub verified: Option<Spanned<Verified>>,
}

/// Figures of one stage, for `[expect]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageSection {
    /// Mean.
    pub mean: Option<Spanned<Condition<Duration>>>,
    /// Median.
    pub p50: Option<Spanned<Condition<Duration>>>,
    /// 90th percentile.
    pub p90: Option<Spanned<Condition<Duration>>>,
    /// 99th percentile.
    pub p99: Option<Spanned<Condition<Duration>>>,
    /// 99.9th percentile.
    pub p999: Option<Spanned<Condition<Duration>>>,
    /// Longest.
    pub max: Option<Spanned<Condition<Duration>>>,
}

/// `[expect.utilisation]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UtilisationSection {
    /// Of the slices for public-key ops.
    pub asym: Option<Spanned<Condition<Share>>>,
    /// Of the slices for cipher ops.
    pub sym: Option<Spanned<Condition<Share>>>,
}

/// Which results must have been verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verified {
    /// Every one.
    All,
    /// A sample: at least one, and all that were looked at were right.
    Sample,
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
