//! Where offload begins to win, in words.

use super::super::modes::said;
use super::{Again, Answer, BreakEven, MOST_BYTES, MOST_JOBS, NotSearched, Over};
use crate::args::Load;
use crate::load::default_op;
use crate::report::numbers::{count, counted};

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
    /// Neither of the two, and `why`.
    pub(super) fn at_all(why: &str) -> Self {
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

impl BreakEven {
    /// The answer in words.
    pub(super) fn say(&self, load: &Load) -> String {
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
}

/// What `load` does, as it was typed.
pub fn op_of(load: &Load) -> &str {
    let op = said(load, "load.op", &load.op).or(said(load, "load.mix", &load.mix));
    let op = op.map(|it| it.trim_matches(['"', '\'']));
    op.unwrap_or_else(|| default_op(said(load, "load.key", &load.key)))
}

/// Why nothing is searched if nobody wants it; nobody is told.
pub const NOT_WANTED: &str = "Nobody wanted to know: --no-break-even.";
/// Why nothing is searched in an open loop.
pub const OPEN: &str = "In an open loop throughput is the rate of the arrivals: where offload begins to win, a \
    closed loop tells (without --rate).";
/// Why nothing is searched where runs may end before their time.
pub const MAY_END: &str = "Where offload begins to win is not searched: --set abort may end runs before their time, \
    and what ran until then cannot be held against each other.";
/// Why nothing is searched any more.
pub const ENDED: &str = "A signal ended the comparison before this was searched.";
