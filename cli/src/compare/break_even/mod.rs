//! Where offload begins to win against software: from how many jobs, and from how many bytes on.
//!
//! `trial` holds both against each other at a value, `search` finds the edge, `words` say it.

mod parts;
mod search;
mod trial;
mod words;

pub use search::{Search, search};
pub use trial::{Outcome, Trial};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// From where on offload has more throughput than software.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct BreakEven {
    /// What was searched.
    pub over: Over,
    /// The offload that was held against software: `fd` or `callback`.
    pub offload: String,
    /// What came of it.
    pub answer: Answer,
    /// From which value on nobody knows, below the one from which on it wins for certain: what the two differ by
    /// there is within the interval over seeds. `null` if there is no such value.
    pub open_from: Option<u64>,
    /// Whether offload still wins at the other end of the search; `null` if it never does, or nobody
    /// looked.
    pub wins_to_the_end: Option<bool>,
    /// Where it loses again, if it does not win to the end.
    pub loses_again: Option<Again>,
    /// Where offload won of all that was tried, from one value to another, if what was tried contradicts the answer:
    /// it wins in parts, of which a search finds some edges. Else empty.
    pub parts: Vec<[u64; 2]>,
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
        /// It does not there, or not for certain.
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
    /// It does not there, or not for certain.
    pub loses_at: u64,
}

/// What was not searched.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
pub struct NotSearched {
    /// Why there is no break-even over jobs; `null` if there is one.
    pub jobs: Option<String>,
    /// Why there is no break-even over bytes; `null` if there is one.
    pub bytes: Option<String>,
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
        let part = self.parts.first().map(|[from, _]| *from);
        part.or(self.answer.wins_from())
    }

    /// With how many seeds each value was tried: the fewest, and the most.
    pub fn runs(&self) -> [u32; 2] {
        let runs = self.probes.iter().map(|it| it.runs);
        [runs.clone().min(), runs.max()].map(Option::unwrap_or_default)
    }

    fn has_errors(&self) -> bool {
        self.probes.iter().any(Trial::has_errors)
    }

    /// What was tried, from few to many.
    pub fn sorted(&self) -> Vec<&Trial> {
        let mut probes: Vec<_> = self.probes.iter().collect();
        probes.sort_by_key(|it| it.at);
        probes
    }
}

/// The most jobs that are tried.
const MOST_JOBS: u32 = 1_024;
/// The longest message that is tried: a TLS record.
const MOST_BYTES: u32 = 16_384;
