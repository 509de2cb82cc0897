//! `[engine]`: who computes, who is told, who reaps.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::entries::{Fallback, Watchdog};
use crate::scenario::spanned::Spanned;
use crate::units::{Count, Duration, Number, Size};

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
