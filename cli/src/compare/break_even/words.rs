//! Where offload begins to win, in words.

use super::super::modes::said;
use super::parts::stretches;
use super::search::{BYTES_PRECISION, JOBS, OPS_PER_JOB, Search, jobs};
use super::{Again, Answer, BreakEven, NotSearched, Outcome, Over, Trial};
use crate::args::Load;
use crate::load::{default_op, whole};
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

impl Outcome {
    /// It in words.
    pub fn said_of(self, offload: &str) -> String {
        match self {
            Self::Wins => format!("{offload} wins"),
            Self::Loses => "software wins".to_owned(),
            Self::Open => "neither wins for certain".to_owned(),
            Self::Failed => "calls FAILED".to_owned(),
        }
    }
}

impl BreakEven {
    /// The answer in words.
    pub(super) fn say(&self, search: &Search<'_>) -> String {
        if self.answer == Answer::Aborted {
            let over = self.over.plural();
            return format!("ABORTED: a signal broke the search over {over} off.");
        }
        let with = self.with(search.load);
        let answer = match self.parts.is_empty() {
            true => self.say_edges(),
            false => self.say_parts(),
        };
        let (errors, how) = (self.say_errors(), self.say_how(search));
        format!("{with}, offload by {} {answer}.{errors}{how}", self.offload)
    }

    /// With what it is searched.
    fn with(&self, load: &Load) -> String {
        let op = op_of(load);
        match self.over {
            Over::Jobs => format!("With {op}"),
            Over::Bytes => {
                let name = op.split('@').next().unwrap_or(op);
                let jobs = said(load, "load.jobs", &load.jobs).unwrap_or(JOBS);
                let plural = if jobs == "1" { "" } else { "s" };
                format!("With {name} and {jobs} job{plural}")
            }
        }
    }

    /// From where on it wins, and where it loses again.
    fn say_edges(&self) -> String {
        let amount = |at| self.over.amount(at);
        let from = match self.answer {
            Answer::From { wins_at, .. } => format!("wins from {} on", self.edge(wins_at)),
            Answer::Always { from } => match self.wins_to_the_end {
                Some(false) => format!("wins from {} on", amount(from)),
                _ => format!("always wins: from {} on", amount(from)),
            },
            Answer::Never { up_to } => {
                let is_open = self.probes.iter().any(|it| it.outcome == Outcome::Open);
                let [certain, known] = match is_open {
                    true => [" for certain", ", as far as is known"],
                    false => ["", ""],
                };
                let or = if self.has_errors() {
                    ", or calls fail,"
                } else {
                    ""
                };
                let up_to = amount(up_to);
                format!(
                    "never wins{certain}: software is as fast or faster{known}{or} up to {up_to}"
                )
            }
            Answer::Aborted => String::new(),
        };
        format!("{from}{}", self.say_again())
    }

    /// The edge below which it does not win for certain. Which of two neighbours it is, chance may decide.
    fn edge(&self, wins_at: u64) -> String {
        match (self.open_from, self.over) {
            (Some(open), Over::Jobs) if open + 1 == wins_at => {
                format!("{} or {}", count(open), self.over.amount(wins_at))
            }
            (Some(open), _) => {
                let (open, wins_at) = (count(open), self.over.amount(wins_at));
                format!("somewhere between {open} and {wins_at}")
            }
            (None, _) => self.over.amount(wins_at),
        }
    }

    /// Where it loses again.
    fn say_again(&self) -> String {
        let tried = self.probes.iter().map(|probe| probe.at);
        let end = tried.max().unwrap_or(0);
        let certain = |at| {
            let is_open = |it: &&Trial| it.at == at && it.outcome == Outcome::Open;
            match self.probes.iter().any(|it| is_open(&it)) {
                true => " for certain",
                false => "",
            }
        };
        match (self.wins_to_the_end, self.loses_again) {
            (Some(false), Some(Again { loses_at, .. })) if loses_at < end => {
                let certain = certain(loses_at);
                format!(", but no longer{certain} from {} on", count(loses_at))
            }
            (Some(false), _) => format!(", but no longer{} at {}", certain(end), count(end)),
            _ => String::new(),
        }
    }

    /// Where it won, where there is no one edge.
    fn say_parts(&self) -> String {
        let others = stretches(self, |outcome| outcome != Outcome::Wins);
        let over = self.over.plural();
        format!(
            "wins in parts: of the {over} that were tried at {}, and not at {}",
            listed(&self.parts),
            listed(&others)
        )
    }

    /// How well it is known: how much was run at each value, and how close the search went.
    fn say_how(&self, search: &Search<'_>) -> String {
        let load = search.load;
        let ops = said(load, "load.ops", &load.ops).map(|ops| self.say_ops(load, ops));
        let time = said(load, "load.duration", &load.duration);
        let time = time.map(|time| format!("{} and ", time.trim_matches(['"', '\''])));
        let length = ops.or(time).unwrap_or_default();
        let all = search.seeds.len() as u64;
        let [fewest, most] = self.runs();
        let seeds = match (fewest, most) {
            _ if all == 1 => "one seed, of which no interval is known".to_owned(),
            (2, 2) if all > 2 && load.is_virtual() => {
                "two seeds, which came to the same".to_owned()
            }
            _ if u64::from(fewest) == all => counted(all, "seed"),
            _ => format!("up to {}", counted(all, "seed")),
        };
        let (over, close) = match self.over {
            Over::Jobs => ("number of jobs", String::new()),
            Over::Bytes => (
                "size",
                format!("bytes are within {:.0} %, and ", BYTES_PRECISION * 100.0),
            ),
        };
        let few = self.say_few(load);
        format!(
            " Each {over} was tried with {length}{seeds}; {close}more ops may move an edge.{few}"
        )
    }

    /// The jobs at a value.
    fn jobs_at(&self, load: &Load, at: u64) -> Option<u64> {
        match self.over {
            Over::Jobs => Some(at),
            Over::Bytes => jobs(load),
        }
    }

    /// How many ops were run at each value, where `ops` were asked for.
    fn say_ops(&self, load: &Load, ops: &str) -> String {
        let asked = match whole(ops) {
            Some(1) => "1 op".to_owned(),
            _ => format!("{ops} ops"),
        };
        let most = self.probes.iter().map(|it| self.jobs_at(load, it.at));
        let most = most.max().flatten().map(|jobs| jobs * OPS_PER_JOB);
        let are_raised = !load.sets("load.ops") && most > whole(ops);
        match are_raised && whole(ops).is_some() {
            true => format!("{asked}, or {OPS_PER_JOB} for each job where that is more, and "),
            false => format!("{asked} and "),
        }
    }

    /// From where on there were too few ops for the jobs to be a load.
    fn say_few(&self, load: &Load) -> String {
        let is_few = |it: &&Trial| {
            let jobs = self.jobs_at(load, it.at).unwrap_or(0);
            it.offload_ops.is_some_and(|ops| ops < jobs * OPS_PER_JOB) && !it.has_errors()
        };
        let few = self.probes.iter().filter(is_few);
        let Some(first) = few.min_by_key(|it| it.at) else {
            return String::new();
        };
        let (at, ops) = (self.over.amount(first.at), first.offload_ops.unwrap_or(0));
        let ops = counted(ops, "op");
        format!(
            " TOO SHORT: at {at} the offload did {ops} in a run, fewer than {OPS_PER_JOB} for each job; what \
             is told from there on is of the beginning and the end of a run."
        )
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

/// `3 to 5 and 8`, with as many stretches as one reads.
fn listed(stretches: &[[u64; 2]]) -> String {
    let mut said: Vec<String> = stretches.iter().take(MOST_STRETCHES).map(one).collect();
    let more = stretches.len().saturating_sub(MOST_STRETCHES);
    if more > 0 {
        said.push(format!("{more} more"));
    }
    match said.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

fn one([from, to]: &[u64; 2]) -> String {
    match from == to {
        true => count(*from),
        false => format!("{} to {}", count(*from), count(*to)),
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
/// Why nothing is searched where there is nothing to win.
pub const TAKES_NO_TIME: &str = "Where offload begins to win is not searched: software takes no time here, and nothing \
    wins against it. What it costs, --set host.base=measured says, or --set host.software.";
/// In a sentence.
const MOST_STRETCHES: usize = 6;
/// Why nothing is searched where runs may end before their time.
pub const MAY_END: &str = "Where offload begins to win is not searched: --set abort may end runs before their time, \
    and what ran until then cannot be held against each other.";
/// Why nothing is searched any more.
pub const ENDED: &str = "A signal ended the comparison before this was searched.";
