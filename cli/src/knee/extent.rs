//! How long a probe takes.

use pausewake_device::Nanos;

use crate::report::numbers::{counted, time_in_words};
use crate::scenario::{Arrival, Limit, Pacing, Scenario};

/// What each run is.
pub struct Extent {
    /// How much of the load it takes, in words.
    pub words: String,
    /// The same as a time, if it is one; that of the warm-up included.
    time: Option<Nanos>,
    /// Whether ops arrive at random.
    pub is_random: bool,
}

impl Extent {
    /// That of the runs of `scenario`.
    pub fn of(scenario: &Scenario) -> Self {
        let load = &scenario.load;
        let (words, time) = match load.limit {
            Limit::Ops(ops) => (counted(ops, "op"), None),
            Limit::Duration(duration) => {
                (time_in_words(duration.get()), Some(duration + load.warmup))
            }
            Limit::Passes(1) => ("one pass".to_owned(), None),
            Limit::Passes(passes) => (format!("{passes} passes"), None),
        };
        let arrival = match load.pacing {
            Pacing::Open { arrival, .. } => Some(arrival),
            Pacing::Closed { .. } => None,
        };
        Self {
            words,
            time,
            is_random: arrival == Some(Arrival::Poisson),
        }
    }

    /// What somebody who waits should know.
    pub fn announced(&self, repeat: u32) -> String {
        let times = match repeat {
            1 => "once".to_owned(),
            repeat => format!("{repeat} times"),
        };
        let all = match self.time {
            Some(time) => format!(", {} in all", time_in_words(time.get() * u64::from(repeat))),
            None => String::new(),
        };
        format!(
            "by the wall clock, each probe is run {times} for {}{all}",
            self.words
        )
    }
}
