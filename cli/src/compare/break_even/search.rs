//! The search for where offload begins to win, and where it loses again.

use super::super::CompareError;
use super::super::modes::{said, threads};
use super::words::{ENDED, MAY_END, NOT_WANTED, OPEN, TAKES_NO_TIME, op_of};
use super::{
    Again, Answer, BreakEven, MOST_BYTES, MOST_JOBS, NotSearched, Outcome, Over, Trial, parts,
};
use crate::args::Load;
use crate::interrupt::Interrupt;
use crate::live;
use crate::load::whole;
use crate::probe::ProbeError;
use crate::room::most_by_fd;
use crate::search::{self, Edge, Range};
use crate::units::Size;

/// What is searched with.
pub struct Search<'a> {
    /// The load.
    pub load: &'a Load,
    /// Seeds with which a value is tried; at least one.
    pub seeds: &'a [u64],
    /// The offload that is held against software.
    pub offload: &'a str,
    /// What may break it off.
    pub interrupt: &'a Interrupt,
}

/// Searches over all that the load can be searched over, if somebody wants it.
///
/// # Errors
/// A run came to no result.
pub fn search(
    search: &Search<'_>,
    is_wanted: bool,
    software_takes_no_time: bool,
) -> Result<(Vec<BreakEven>, NotSearched), CompareError> {
    let load = search.load;
    let why_not = match is_wanted {
        false => Some(NOT_WANTED),
        true if load.rate.is_some() || load.sets("load.rate") => Some(OPEN),
        true if load.sets("abort") => Some(MAY_END),
        true if software_takes_no_time => Some(TAKES_NO_TIME),
        true => search.interrupt.is_raised().then_some(ENDED),
    };
    if let Some(why) = why_not {
        return Ok((Vec::new(), NotSearched::at_all(why)));
    }
    let mut found = Vec::new();
    let mut not_searched = NotSearched::default();
    match load.set_of("load.jobs") {
        None => found.push(over_jobs(search)?),
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
        Ok(_) if search.interrupt.is_raised() => not_searched.bytes = Some(ENDED.to_owned()),
        Ok(op) => found.push(over_bytes(search, op)?),
    }
    Ok((found, not_searched))
}

/// Searches over jobs, with everything else as the load says.
fn over_jobs(search: &Search<'_>) -> Result<BreakEven, CompareError> {
    let lowest = threads(search.load).map_or(1, |it| u32::try_from(it).unwrap_or(u32::MAX));
    // Trials have all modes, of which one needs a descriptor for each job.
    let most = u32::try_from(most_by_fd()).map_or(MOST_JOBS, |most| most.min(MOST_JOBS));
    let range = range(lowest, most.max(lowest), 0.0);
    let own = said(search.load, "load.jobs", &search.load.jobs).unwrap_or(JOBS);
    find(Over::Jobs, search, range, whole(own), |load, at| {
        load.jobs = Some(at.to_string());
    })
}

/// Searches over the size of the message of `op`.
fn over_bytes(search: &Search<'_>, op: &str) -> Result<BreakEven, CompareError> {
    let range = range(FEWEST_BYTES, MOST_BYTES, BYTES_PRECISION);
    let own = op_of(search.load).split_once('@');
    let own = own.and_then(|(_, size)| {
        let size = size.trim_matches([' ', '"', '\'']);
        let in_units = || Some(u64::from(size.parse::<Size>().ok()?.0));
        whole(size).or_else(in_units)
    });
    find(Over::Bytes, search, range, own, |load, at| {
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

fn range(lowest: u32, highest: u32, precision: f64) -> Range {
    Range {
        lowest: f64::from(lowest),
        highest: f64::from(highest),
        first: f64::from(lowest),
        precision,
        is_whole: true,
    }
}

/// Searches over `range`, of which the load has the value `own` without a search.
fn find(
    over: Over,
    search: &Search<'_>,
    range: Range,
    own: Option<u64>,
    put: impl Fn(&mut Load, u64),
) -> Result<BreakEven, CompareError> {
    let how = search.load.live.how().map_err(ProbeError::from)?;
    let mut probes: Vec<Trial> = Vec::new();
    let mut failed = None;
    let mut look = |at: f64| {
        let at = number(at);
        if let Some(known) = probes.iter().find(|it| it.at == at) {
            return Some(known.outcome);
        }
        let mut load = search.load.clone();
        put(&mut load, at);
        with_enough_ops(&mut load);
        let trial = Trial::new(search, &load, at).map_err(|error| failed = Some(error));
        let trial = trial.ok()??;
        let outcome = trial.outcome;
        let said = outcome.said_of(search.offload);
        live::mention(how, &format!("break-even: with {} {said}", over.amount(at)));
        probes.push(trial);
        Some(outcome)
    };
    let edge = search::edge(range, |at| look(at).map(|it| it != Outcome::Wins));
    let answer = edge.map_or(Answer::Aborted, |edge| match edge {
        Edge::Between { low, high } => Answer::From {
            wins_at: number(high),
            loses_at: number(low),
        },
        Edge::BelowAll => Answer::Always {
            from: number(range.lowest),
        },
        Edge::AboveAll => Answer::Never {
            up_to: number(range.highest),
        },
    });
    let open_from = open_from(answer, range, &mut look);
    // A search finds one edge; there may be another one further up.
    let wins = |outcome| outcome == Outcome::Wins;
    let wins_to_the_end = match answer {
        Answer::Never { .. } | Answer::Aborted => None,
        Answer::From { .. } | Answer::Always { .. } => look(range.highest).map(wins),
    };
    let again = match wins_to_the_end {
        Some(false) => answer.wins_from().and_then(|from| {
            let above = Range {
                lowest: place(from),
                first: place(from),
                ..range
            };
            search::edge(above, |at| look(at).map(wins))
        }),
        _ => None,
    };
    let loses_again = match again {
        Some(Edge::Between { low, high }) => Some(Again {
            wins_at: number(low),
            loses_at: number(high),
        }),
        _ => None,
    };
    if search.load.is_virtual() && answer != Answer::Aborted {
        // So that one sees how it goes on from the edge to the end, and what of it contradicts the answer, as what
        // the modes were run with may.
        let doublings = std::iter::successors(Some(range.lowest), |at| Some(at * 2.0));
        let doublings = doublings.take_while(|at| *at < range.highest);
        let own = own.map(place);
        // Near an edge of jobs the two are nearly as fast, and may win in turns.
        let near: Vec<u64> = match (over, answer) {
            (Over::Jobs, Answer::From { wins_at, loses_at }) => {
                let below = loses_at.saturating_sub(NEIGHBOURS)..loses_at;
                below.chain(wins_at + 1..=wins_at + NEIGHBOURS).collect()
            }
            _ => Vec::new(),
        };
        let others = own.into_iter().chain(near.into_iter().map(place));
        let others = others.filter(|at| (range.lowest..=range.highest).contains(at));
        for at in others.chain(doublings) {
            if look(at).is_none() {
                break;
            }
        }
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    let (answer, loses_again) = parts::narrowed(answer, loses_again, &probes);
    let mut found = BreakEven {
        over,
        offload: search.offload.to_owned(),
        answer,
        open_from,
        wins_to_the_end,
        loses_again,
        parts: Vec::new(),
        words: String::new(),
        probes,
    };
    found.parts = parts::contradicting(&found);
    found.words = found.say(search);
    Ok(found)
}

/// Lets every job of `load` have a few ops: with fewer ops than jobs, some jobs have nothing to do.
fn with_enough_ops(load: &mut Load) {
    // A --set comes last, and stays as it is.
    let ops = load.ops.as_deref().filter(|_| !load.sets("load.ops"));
    let enough = jobs(load).and_then(|jobs| jobs.checked_mul(OPS_PER_JOB));
    let (Some(ops), Some(enough)) = (ops.and_then(whole), enough) else {
        return;
    };
    if ops < enough {
        load.ops = Some(enough.to_string());
    }
}

/// Jobs of `load`, if that is a number.
pub fn jobs(load: &Load) -> Option<u64> {
    whole(said(load, "load.jobs", &load.jobs).unwrap_or(JOBS))
}

/// From where on below the edge nobody knows.
fn open_from(
    answer: Answer,
    range: Range,
    look: &mut impl FnMut(f64) -> Option<Outcome>,
) -> Option<u64> {
    let Answer::From { loses_at, .. } = answer else {
        return None;
    };
    let mut is_known = |at: f64| look(at).map(|it| it != Outcome::Open);
    if is_known(place(loses_at))? {
        return None;
    }
    let below = Range {
        highest: place(loses_at),
        first: place(loses_at),
        ..range
    };
    match search::edge(below, is_known)? {
        Edge::Between { high, .. } => Some(number(high)),
        Edge::BelowAll => Some(number(range.lowest)),
        Edge::AboveAll => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "searches over whole numbers try whole numbers"
)]
fn number(at: f64) -> u64 {
    at as u64
}

#[expect(clippy::cast_precision_loss, reason = "values stay far below 2^53")]
fn place(at: u64) -> f64 {
    at as f64
}

const FEWEST_BYTES: u32 = 16;
/// Values on both sides of an edge that are tried, too.
const NEIGHBOURS: u64 = 4;
/// How far the two sides of an edge may be apart, as a part of the bytes.
pub const BYTES_PRECISION: f64 = 0.01;
/// Ops of each job that are a load, at least.
pub const OPS_PER_JOB: u64 = 4;
/// Of a load that says nothing of them.
pub const JOBS: &str = "64";
