//! The search for where offload begins to win, and where it loses again.

use super::super::CompareError;
use super::super::modes::{in_mode, modes_of, threads};
use super::words::{ENDED, MAY_END, NOT_WANTED, OPEN, op_of};
use super::{Again, Answer, BreakEven, MOST_BYTES, MOST_JOBS, ModeRate, NotSearched, Over, Trial};
use crate::args::Load;
use crate::interrupt::Interrupt;
use crate::live;
use crate::probe::{self, ProbeError};
use crate::search::{self, Edge, Range};

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
        true if load.sets("abort") => Some(MAY_END),
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

const FEWEST_BYTES: u32 = 16;
