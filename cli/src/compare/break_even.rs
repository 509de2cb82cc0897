//! Where offload begins to win against software: from how many jobs, and from how many bytes on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CompareError;
use super::modes::{in_mode, modes_of, said, threads};
use crate::args::Load;
use crate::interrupt::Interrupt;
use crate::live;
use crate::probe::{self, ProbeError};
use crate::report::Name;
use crate::report::numbers::{count, counted};
use crate::search::{self, Edge, Range};

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

impl Over {
    /// A value in words.
    pub fn amount(self, at: u64) -> String {
        match self {
            Self::Jobs => counted(at, "job"),
            Self::Bytes => counted(at, "byte"),
        }
    }

    /// What it is called.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Jobs => "jobs",
            Self::Bytes => "bytes",
        }
    }
}

impl NotSearched {
    fn at_all(why: &str) -> Self {
        Self {
            jobs: Some(why.to_owned()),
            bytes: Some(why.to_owned()),
        }
    }

    /// What is to be said of it: each sentence once, and nothing of what nobody wanted.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let bytes = self
            .bytes
            .as_ref()
            .filter(|it| self.jobs.as_ref() != Some(it));
        let words = self.jobs.iter().chain(bytes).map(String::as_str);
        words.filter(|it| *it != NOT_WANTED)
    }
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

/// Searches over all that `load` can be searched over, if somebody wants it.
///
/// # Errors
/// A run came to no result.
pub fn search(
    load: &Load,
    is_wanted: bool,
    interrupt: &Interrupt,
) -> Result<(Vec<BreakEven>, NotSearched), CompareError> {
    let why_not = match is_wanted {
        false => Some(NOT_WANTED),
        true if load.rate.is_some() || load.sets("load.rate") => Some(OPEN),
        true => interrupt.is_raised().then_some(ENDED),
    };
    if let Some(why) = why_not {
        return Ok((Vec::new(), NotSearched::at_all(why)));
    }
    let offload = load.notify.as_deref().unwrap_or("callback");
    let mut found = Vec::new();
    let mut not_searched = NotSearched::default();
    match load.set_of("load.jobs") {
        None => found.push(over_jobs(load, offload, interrupt)?),
        Some(set) => {
            not_searched.jobs = Some(format!(
                "From how many jobs on offload wins is not searched: --set {set} says how many there \
                 are, as --jobs does for the modes alone."
            ));
        }
    }
    match cipher_op(load) {
        Err(why) => {
            not_searched.bytes = Some(format!(
                "From how many bytes on offload wins is not searched: {why}."
            ));
        }
        Ok(_) if interrupt.is_raised() => not_searched.bytes = Some(ENDED.to_owned()),
        Ok(op) => found.push(over_bytes(load, op, offload, interrupt)?),
    }
    Ok((found, not_searched))
}

/// Searches over jobs, with everything else as `load` says.
fn over_jobs(load: &Load, offload: &str, interrupt: &Interrupt) -> Result<BreakEven, CompareError> {
    let lowest = threads(load).map_or(1, |it| u32::try_from(it).unwrap_or(u32::MAX));
    let range = range(lowest, MOST_JOBS.max(lowest), 0.0);
    find(Over::Jobs, load, offload, range, interrupt, |load, at| {
        load.jobs = Some(at.to_string());
    })
}

/// Searches over the size of the message of `op`.
fn over_bytes(
    load: &Load,
    op: &str,
    offload: &str,
    interrupt: &Interrupt,
) -> Result<BreakEven, CompareError> {
    let range = range(FEWEST_BYTES, MOST_BYTES, 0.01);
    find(Over::Bytes, load, offload, range, interrupt, |load, at| {
        load.op = Some(format!("{op}@{at}"));
    })
}

/// The op of `load` without a size, if it is one op, of a cipher, whose size may change; else why not.
fn cipher_op(load: &Load) -> Result<&str, String> {
    let entries = ["op", "mix", "message_size", "payload"];
    let set = entries.iter().find(|it| load.sets(&format!("load.{it}")));
    if let Some(entry) = set {
        return Err(format!("--set load.{entry} says what the messages are"));
    }
    if load.mix.is_some() {
        return Err(
            "the messages of a --mix are of several sizes, those of one --op of one".into(),
        );
    }
    if load.payload.is_some() {
        return Err("--payload says what the messages are".to_owned());
    }
    let op = op_of(load);
    let name = op.split('@').next().unwrap_or(op).trim();
    match name {
        "seal-open" => Err("seal-open does a whole file".to_owned()),
        _ if name.ends_with("-seal") || name.ends_with("-open") => Ok(name),
        _ => Err(format!(
            "{name} does not cost by the byte, as --op aes-128-gcm-seal does"
        )),
    }
}

/// What `load` does, as it was typed.
fn op_of(load: &Load) -> &str {
    let op = said(load, "load.op", &load.op).or(said(load, "load.mix", &load.mix));
    let op = op.map(|it| it.trim_matches(['"', '\'']));
    op.unwrap_or(match load.key.is_some() || load.sets("load.key") {
        true => "rsa-sign",
        false => "rsa2048-sign",
    })
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
) -> Result<BreakEven, CompareError> {
    let how = load.live.how().map_err(ProbeError::from)?;
    let mut probes: Vec<Trial> = Vec::new();
    let mut failed = None;
    let mut wins = |at: f64| {
        let at = whole(at);
        if let Some(known) = probes.iter().find(|it| it.at == at) {
            return Some(known.offload_wins());
        }
        let mut load = load.clone();
        put(&mut load, at);
        let trial = trial(&load, at, offload, interrupt).map_err(|error| failed = Some(error));
        let trial = trial.ok()?;
        if interrupt.is_raised() {
            return None;
        }
        let wins = trial.offload_wins();
        let outcome = if wins { offload } else { "software" };
        live::mention(
            how,
            &format!("break-even: with {} {outcome} wins", over.amount(at)),
        );
        probes.push(trial);
        Some(wins)
    };
    let edge = search::edge(range, |at| wins(at).map(|wins| !wins));
    let answer = edge.map_or(Answer::Aborted, |edge| match edge {
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
        Answer::Never { .. } | Answer::Aborted => None,
        Answer::From { .. } | Answer::Always { .. } => wins(range.highest),
    };
    let again = match wins_to_the_end {
        Some(false) => answer.wins_from().and_then(|from| {
            let above = Range {
                lowest: place(from),
                first: place(from),
                ..range
            };
            search::edge(above, &mut wins)
        }),
        _ => None,
    };
    let loses_again = match again {
        Some(Edge::Between { low, high }) => Some(Again {
            wins_at: whole(low),
            loses_at: whole(high),
        }),
        _ => None,
    };
    if load.is_virtual() && wins_to_the_end.is_some() {
        // So that one sees how it goes on from the edge to the end.
        let doublings = std::iter::successors(Some(range.lowest), |at| Some(at * 2.0));
        for at in doublings.take_while(|at| *at < range.highest) {
            if wins(at).is_none() {
                break;
            }
        }
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    let mut found = BreakEven {
        over,
        offload: offload.to_owned(),
        answer,
        wins_to_the_end,
        loses_again,
        words: String::new(),
        probes,
    };
    found.words = found.say(load);
    Ok(found)
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

/// Throughput of `load`, whose flags have the value `at`, in each mode that is looked at.
fn trial(load: &Load, at: u64, offload: &str, interrupt: &Interrupt) -> Result<Trial, ProbeError> {
    let run = |mode: &str| {
        let report = probe::run(&in_mode(load, mode), interrupt);
        report.map(|report| (report.ops_per_s.unwrap_or(0.0), report.errors.total))
    };
    let (software_ops_per_s, software_errors) = run("software")?;
    let (offload_ops_per_s, offload_errors) = run(offload)?;
    let others = modes_of(load).into_iter();
    let others = others.filter(|mode| load.is_virtual() && !["software", offload].contains(mode));
    let others = others.map(|mode| {
        let (ops_per_s, errors) = run(mode)?;
        Ok(ModeRate {
            mode: mode.into(),
            ops_per_s,
            errors,
        })
    });
    Ok(Trial {
        at,
        software_ops_per_s,
        offload_ops_per_s,
        software_errors,
        offload_errors,
        others: others.collect::<Result<_, ProbeError>>()?,
    })
}

impl BreakEven {
    /// The lowest value that was found to win.
    pub fn wins_from(&self) -> Option<u64> {
        self.answer.wins_from()
    }

    /// The answer in words.
    fn say(&self, load: &Load) -> String {
        let op = op_of(load);
        let offload = &self.offload;
        let with = match self.over {
            Over::Jobs => format!("With {op}"),
            Over::Bytes => {
                let name = op.split('@').next().unwrap_or(op);
                let jobs = said(load, "load.jobs", &load.jobs).unwrap_or("64");
                let plural = if jobs == "1" { "" } else { "s" };
                format!("With {name} and {jobs} job{plural}")
            }
        };
        let amount = |at| self.over.amount(at);
        let answer = match self.answer {
            Answer::From { wins_at, .. } => {
                format!(
                    "{with}, offload by {offload} wins from {} on",
                    amount(wins_at)
                )
            }
            Answer::Always { from } => {
                let wins = match self.wins_to_the_end {
                    Some(false) => "wins",
                    _ => "always wins:",
                };
                let from = amount(from);
                format!("{with}, offload by {offload} {wins} from {from} on")
            }
            Answer::Never { up_to } => {
                let or = if self.has_errors() {
                    ", or calls fail,"
                } else {
                    ""
                };
                format!(
                    "{with}, offload by {offload} never wins: software is as fast or faster{or} up to {}",
                    amount(up_to)
                )
            }
            Answer::Aborted => {
                let over = self.over.plural();
                format!("ABORTED: a signal broke the search over {over} off")
            }
        };
        format!("{answer}{}.{}", self.say_again(), self.say_errors())
    }

    /// Where it loses again.
    fn say_again(&self) -> String {
        let end = match self.over {
            Over::Jobs => u64::from(MOST_JOBS),
            Over::Bytes => u64::from(MOST_BYTES),
        };
        match (self.wins_to_the_end, self.loses_again) {
            (Some(false), Some(Again { loses_at, .. })) if loses_at < end => {
                format!(", but no longer from {} on", count(loses_at))
            }
            (Some(false), _) => format!(", but no longer at {}", count(end)),
            _ => String::new(),
        }
    }

    /// Where calls failed, so that nothing was won.
    fn say_errors(&self) -> String {
        let failing = self.probes.iter().filter(|it| it.has_errors());
        let Some(lowest) = failing.clone().map(|it| it.at).min() else {
            return String::new();
        };
        let others = match failing.count() {
            1 => String::new(),
            n => format!(
                " and at {} others of the {} that were tried",
                n - 1,
                self.probes.len()
            ),
        };
        let lowest = self.over.amount(lowest);
        format!(" Calls FAILED at {lowest}{others}: that is no win.")
    }

    fn has_errors(&self) -> bool {
        self.probes.iter().any(Trial::has_errors)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "searches over whole numbers try whole numbers"
)]
fn whole(at: f64) -> u64 {
    at as u64
}

#[expect(clippy::cast_precision_loss, reason = "values stay far below 2^53")]
fn place(at: u64) -> f64 {
    at as f64
}

const MOST_JOBS: u32 = 1_024;
const FEWEST_BYTES: u32 = 16;
/// A TLS record.
const MOST_BYTES: u32 = 16_384;
const NOT_WANTED: &str = "Nobody wanted to know: --no-break-even.";
const OPEN: &str = "In an open loop throughput is the rate of the arrivals: where offload begins to win, a \
    closed loop tells (without --rate).";
const ENDED: &str = "A signal ended the comparison before this was searched.";
