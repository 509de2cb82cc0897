//! Whether what was tried agrees with the answer.
//!
//! A search looks for one edge, and for another one above it. Near an edge, where the two are nearly as fast, offload
//! may win and lose in turns, and a search finds some of these.

use super::{Again, Answer, BreakEven, Outcome, Trial};

/// The same edges, between which of `probes` were tried since: what the load itself has may lie there.
pub fn narrowed(answer: Answer, again: Option<Again>, probes: &[Trial]) -> (Answer, Option<Again>) {
    let tried = |from: u64, to: u64, wins: bool| {
        let between = probes.iter().filter(move |it| from < it.at && it.at < to);
        let so = between.filter(move |it| (it.outcome == Outcome::Wins) == wins);
        so.map(|it| it.at)
    };
    let answer = match answer {
        Answer::From { wins_at, loses_at } => {
            let wins_at = tried(loses_at, wins_at, true).min().unwrap_or(wins_at);
            let loses_at = tried(loses_at, wins_at, false).max().unwrap_or(loses_at);
            Answer::From { wins_at, loses_at }
        }
        other => other,
    };
    let again = again.map(|Again { wins_at, loses_at }| {
        let wins_at = tried(wins_at, loses_at, true).max().unwrap_or(wins_at);
        let loses_at = tried(wins_at, loses_at, false).min().unwrap_or(loses_at);
        Again { wins_at, loses_at }
    });
    (answer, again)
}

/// Where offload won, if what was tried contradicts the answer; else nothing.
pub fn contradicting(found: &BreakEven) -> Vec<[u64; 2]> {
    let wins_until = found.loses_again.map(|it| it.wins_at);
    let is_to_win = |at: u64| {
        let is_from = found.answer.wins_from().is_some_and(|from| from <= at);
        is_from && wins_until.is_none_or(|until| at <= until)
    };
    let contradicts = |it: &Trial| match it.outcome {
        Outcome::Wins => !is_to_win(it.at),
        Outcome::Loses => is_to_win(it.at),
        // Where nobody knows, nobody is contradicted; and where calls fail, that is said.
        Outcome::Open | Outcome::Failed => false,
    };
    let is_known = found.answer != Answer::Aborted;
    match is_known && found.probes.iter().any(contradicts) {
        true => stretches(found, |outcome| outcome == Outcome::Wins),
        false => Vec::new(),
    }
}

/// What was tried from one value to another without a break and came to `is_so`, from few to many.
pub fn stretches(found: &BreakEven, is_so: impl Fn(Outcome) -> bool) -> Vec<[u64; 2]> {
    let sorted = found.sorted();
    let stretches = sorted.chunk_by(|a, b| is_so(a.outcome) == is_so(b.outcome));
    let stretches = stretches.filter(|stretch| is_so(stretch[0].outcome));
    let ends = stretches.filter_map(|stretch| Some([stretch.first()?.at, stretch.last()?.at]));
    ends.collect()
}
