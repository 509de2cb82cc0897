//! Where offload begins to win against software: from how many jobs, and from how many bytes on.

use schemars::JsonSchema;
use serde::Serialize;

use super::CompareError;
use crate::args::Load;
use crate::interrupt::Interrupt;
use crate::probe;
use crate::report::numbers::{count, counted};
use crate::search::{self, Edge, Range};

/// From where on offload has more throughput than software.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BreakEven {
    /// What was searched.
    pub over: Over,
    /// The offload that was held against software: `fd` or `callback`.
    pub offload: String,
    /// What came of it.
    pub answer: Answer,
    /// Whether offload still wins at the other end of the search; `null` if it never does.
    pub wins_to_the_end: Option<bool>,
    /// The answer in words.
    pub words: String,
    /// What was tried, in order.
    pub probes: Vec<Trial>,
}

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Jobs at once.
    Jobs,
    /// Bytes of a message.
    Bytes,
}

/// Where offload wins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
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
}

/// Throughput at a value that was tried.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Trial {
    /// Jobs, or bytes.
    pub at: u64,
    /// Of software, ops per second.
    pub software_ops_per_s: f64,
    /// Of the offload.
    pub offload_ops_per_s: f64,
}

/// Searches over jobs, with everything else as `load` says.
///
/// # Errors
/// A run came to no result.
pub fn over_jobs(
    load: &Load,
    offload: &str,
    interrupt: &Interrupt,
) -> Result<Option<BreakEven>, CompareError> {
    let threads = load.threads.as_deref().and_then(crate::load::whole);
    let lowest = threads.map_or(1, |it| u32::try_from(it).unwrap_or(u32::MAX));
    let range = range(lowest, MOST_JOBS.max(lowest), 0.0);
    find(Over::Jobs, load, offload, range, interrupt, |load, at| {
        load.jobs = Some(at.to_string());
    })
}

/// Searches over the message's size of an AEAD op; `None` if `load` does something else.
///
/// # Errors
/// A run came to no result.
pub fn over_bytes(
    load: &Load,
    offload: &str,
    interrupt: &Interrupt,
) -> Result<Option<BreakEven>, CompareError> {
    let Some(op) = aead(load) else {
        return Ok(None);
    };
    let range = range(FEWEST_BYTES, MOST_BYTES, 0.01);
    find(Over::Bytes, load, offload, range, interrupt, |load, at| {
        load.op = Some(format!("{op}@{at}"));
    })
}

/// The op of `load` without a size, if it is one op, of a cipher.
fn aead(load: &Load) -> Option<String> {
    let op = load.op.as_ref()?;
    let name = op.split('@').next()?.trim();
    let is_aead = name.ends_with("-seal") || name.ends_with("-open");
    let is_sized = is_aead && name != "seal-open";
    (is_sized && !load.sets("load") && load.payload.is_none()).then(|| name.to_owned())
}

fn range(lowest: u32, highest: u32, precision: f64) -> Range {
    Range {
        lowest: f64::from(lowest),
        highest: f64::from(highest),
        first: f64::from(lowest),
        precision,
        is_whole: true,
    }
}

fn find(
    over: Over,
    load: &Load,
    offload: &str,
    range: Range,
    interrupt: &Interrupt,
    put: impl Fn(&mut Load, u64),
) -> Result<Option<BreakEven>, CompareError> {
    let mut probes = Vec::new();
    let mut failed = None;
    let mut wins = |at: f64| {
        let at = whole(at);
        let mut load = load.clone();
        put(&mut load, at);
        let [software, offload] = ["software", offload].map(|mode| {
            let report = probe::run(&super::modes::in_mode(&load, mode), interrupt);
            report.map(|report| report.ops_per_s.unwrap_or(0.0))
        });
        let (software, offload) = match (software, offload) {
            (Ok(software), Ok(offload)) => (software, offload),
            (Err(error), _) | (_, Err(error)) => {
                failed = Some(error);
                return None;
            }
        };
        if interrupt.is_raised() {
            return None;
        }
        probes.push(Trial {
            at,
            software_ops_per_s: software,
            offload_ops_per_s: offload,
        });
        Some(offload > software)
    };
    let edge = search::edge(range, |at| wins(at).map(|wins| !wins));
    let answer = edge.map(|edge| match edge {
        Edge::Between { low, high } => Answer::From {
            wins_at: whole(high),
            loses_at: whole(low),
        },
        Edge::BelowAll => Answer::Always {
            from: whole(range.lowest),
        },
        Edge::AboveAll => Answer::Never {
            up_to: whole(range.highest),
        },
    });
    // A search finds one edge; there may be another one further up.
    let wins_to_the_end = match answer {
        Some(Answer::Never { .. }) | None => None,
        Some(_) => wins(range.highest),
    };
    if let Some(error) = failed {
        return Err(error.into());
    }
    Ok(answer.map(|answer| BreakEven {
        over,
        words: words(over, load, offload, answer, wins_to_the_end),
        offload: offload.to_owned(),
        answer,
        wins_to_the_end,
        probes,
    }))
}

fn words(
    over: Over,
    load: &Load,
    offload: &str,
    answer: Answer,
    wins_to_the_end: Option<bool>,
) -> String {
    let op = load.op.as_deref().or(load.mix.as_deref());
    let op = op.unwrap_or(match load.key {
        Some(_) => "rsa-sign",
        None => "rsa2048-sign",
    });
    let amount = |at: u64| match over {
        Over::Jobs => counted(at, "job"),
        Over::Bytes => counted(at, "byte"),
    };
    let with = match over {
        Over::Jobs => format!("With {op}"),
        Over::Bytes => {
            let name = op.split('@').next().unwrap_or(op);
            let jobs = load.jobs.as_deref().unwrap_or("64");
            let plural = if jobs == "1" { "" } else { "s" };
            format!("With {name} and {jobs} job{plural}")
        }
    };
    let mut words = match answer {
        Answer::From { wins_at, .. } => {
            format!(
                "{with}, offload by {offload} wins from {} on",
                amount(wins_at)
            )
        }
        Answer::Always { from } => {
            format!(
                "{with}, offload by {offload} always wins: from {} on",
                amount(from)
            )
        }
        Answer::Never { up_to } => format!(
            "{with}, offload by {offload} never wins: software is as fast or faster up to {}",
            amount(up_to)
        ),
    };
    if wins_to_the_end == Some(false) {
        let end = match over {
            Over::Jobs => u64::from(MOST_JOBS),
            Over::Bytes => u64::from(MOST_BYTES),
        };
        words.push_str(&format!(", but no longer at {}", count(end)));
    }
    words.push('.');
    words
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "searches over whole numbers try whole numbers"
)]
fn whole(at: f64) -> u64 {
    at as u64
}

const MOST_JOBS: u32 = 1_024;
const FEWEST_BYTES: u32 = 16;
/// A TLS record.
const MOST_BYTES: u32 = 16_384;
