//! Where offload begins to win against software: from how many jobs, and from how many bytes on.
//!
//! `search` finds it, `words` say it.

mod search;
mod words;

pub use search::search;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::Name;

/// From where on offload has more throughput than software.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct BreakEven {
    /// What was searched.
    pub over: Over,
    /// The offload that was held against software: `fd` or `callback`.
    pub offload: String,
    /// What came of it.
    pub answer: Answer,
    /// Whether offload still wins at the other end of the search; `null` if it never does, or nobody
    /// looked.
    pub wins_to_the_end: Option<bool>,
    /// Where it loses again, if it does not win to the end.
    pub loses_again: Option<Again>,
    /// The answer in words.
    pub words: String,
    /// What was tried, in order; under virtual time in the end all doublings, which show how it goes on.
    pub probes: Vec<Trial>,
}

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Jobs at once.
    Jobs,
    /// Bytes of a message.
    Bytes,
}

/// Where offload wins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Answer {
    /// From there on.
    From {
        /// It wins there.
        wins_at: u64,
        /// It does not there.
        loses_at: u64,
    },
    /// From the lowest value that there can be.
    Always {
        /// That value.
        from: u64,
    },
    /// Nowhere.
    Never {
        /// The highest value that was tried.
        up_to: u64,
    },
    /// Not known: a signal broke the search off.
    Aborted,
}

/// The edge at which offload has won for the last time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Again {
    /// It wins there.
    pub wins_at: u64,
    /// It does not there.
    pub loses_at: u64,
}

/// Throughput at a value that was tried.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// Jobs, or bytes.
    pub at: u64,
    /// Of software, ops per second.
    pub software_ops_per_s: f64,
    /// Of the offload.
    pub offload_ops_per_s: f64,
    /// Calls that failed in software.
    pub software_errors: u64,
    /// Calls that failed with the offload, which is then no winner.
    pub offload_errors: u64,
    /// Of the other modes; under virtual time alone, where looking takes no time that anybody waits for.
    pub others: Vec<ModeRate>,
}

/// Throughput of a mode.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ModeRate {
    /// Its name.
    pub mode: Name,
    /// Ops per second.
    pub ops_per_s: f64,
    /// Calls that failed.
    pub errors: u64,
}

/// What was not searched.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct NotSearched {
    /// Why there is no break-even over jobs; `null` if there is one.
    pub jobs: Option<String>,
    /// Why there is no break-even over bytes; `null` if there is one.
    pub bytes: Option<String>,
}

impl Trial {
    /// Whether offload has more throughput than software, and no call failed.
    pub fn offload_wins(&self) -> bool {
        self.offload_errors == 0 && self.offload_ops_per_s > self.software_ops_per_s
    }

    /// Whether calls failed in one of the two.
    pub fn has_errors(&self) -> bool {
        self.offload_errors > 0 || self.software_errors > 0
    }

    /// Throughput of the mode of this name, where `offload` is the one that was held against software.
    pub fn ops_per_s(&self, mode: &str, offload: &str) -> Option<f64> {
        match mode {
            "software" => Some(self.software_ops_per_s),
            _ if mode == offload => Some(self.offload_ops_per_s),
            _ => {
                let other = self.others.iter().find(|it| it.mode == mode);
                other.map(|it| it.ops_per_s)
            }
        }
    }
}

impl Answer {
    /// The lowest value that was found to win.
    fn wins_from(self) -> Option<u64> {
        match self {
            Self::From { wins_at, .. } => Some(wins_at),
            Self::Always { from } => Some(from),
            Self::Never { .. } | Self::Aborted => None,
        }
    }
}

impl BreakEven {
    /// The lowest value that was found to win.
    pub fn wins_from(&self) -> Option<u64> {
        self.answer.wins_from()
    }

    fn has_errors(&self) -> bool {
        self.probes.iter().any(Trial::has_errors)
    }
}

/// The most jobs that are tried.
const MOST_JOBS: u32 = 1_024;
/// The longest message that is tried: a TLS record.
const MOST_BYTES: u32 = 16_384;
