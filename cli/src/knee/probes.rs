//! A value that was tried, and its runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::Unit;
use crate::search::Look;

/// A value that was tried.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Probe {
    /// The value: a rate per second, or jobs.
    pub at: f64,
    /// Whether everything held in the majority of runs.
    pub holds: bool,
    /// Of how many of them.
    pub held: u32,
    /// What the majority says of the value.
    pub verdict: Look,
    /// The runs.
    pub runs: Vec<ProbeRun>,
}

/// A run of a probe.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ProbeRun {
    /// Its seed.
    pub seed: u64,
    /// Calls that gave a result.
    pub ops: u64,
    /// Of them, each second.
    pub ops_per_s: Option<f64>,
    /// What the modelled device, and the limits in front of it, let through each second at most; `null`
    /// in a closed loop, and where the configuration does not say.
    pub capacity_per_s: Option<f64>,
    /// In a closed loop, ops per second beyond which no number of jobs brings more; `null` where these are few
    /// enough to be the limit, and where the configuration does not say.
    #[serde(default)]
    pub bound_per_s: Option<f64>,
    /// What is left of that once calls wait for room, which makes the host's threads work more; `null` where it
    /// makes no difference.
    #[serde(default)]
    pub in_line_per_s: Option<f64>,
    /// Calls that failed.
    pub errors: u64,
    /// Of them, those that failed in a way of which the SLO says how many may: they are not lost, and it
    /// decides.
    #[serde(default)]
    pub errors_allowed: u64,
    /// Arrivals that were dropped.
    pub dropped: u64,
    /// Whether the SLO says how many may be dropped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drops_allowed: bool,
    /// Whether more arrived than was served, so that a longer run would be worse.
    pub saturated: bool,
    /// Why its figures mean nothing, if so.
    pub invalid: Option<String>,
    /// Whether the machine let the device's thread, or the CPU its results, be so late that what is slow is
    /// as much the machine's as the modelled device's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// What ended it before its time, if a condition of `abort` did.
    pub aborted: Option<String>,
    /// Whether the SLO holds, nothing was lost of which it says nothing, and the run is valid.
    pub holds: bool,
    /// What that says of the value that was tried.
    pub verdict: Look,
    /// Why it does not, in words.
    pub why_not: Option<String>,
    /// The figures of the SLO.
    pub figures: Vec<Figure>,
}

/// A figure of the SLO.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// Its name.
    pub figure: String,
    /// What is asked of it.
    pub condition: String,
    /// What was measured, in words.
    pub measured: String,
    /// The same: nanoseconds, ops per second, a count or a share.
    pub value: Option<f64>,
    /// What it is compared with, in the same unit.
    pub bound: Option<f64>,
    /// What the value is of, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Whether the condition holds.
    pub holds: bool,
    /// Whether higher values would hold, or lower ones.
    pub verdict: Look,
    /// Whether it is a percentile with fewer than ten ops beyond it: chance decides it.
    pub too_few: bool,
}

impl Probe {
    /// Of its runs, at least one.
    pub fn new(at: f64, runs: Vec<ProbeRun>) -> Self {
        let held = runs.iter().map(|run| u32::from(run.holds)).sum();
        let holds = held as usize * 2 > runs.len();
        let count = |is: fn(Look) -> bool| runs.iter().filter(|run| is(run.verdict)).count();
        let (low, high) = (count(Look::is_too_low), count(Look::is_too_high));
        let verdict = match holds {
            true => Look::Holds,
            // What fails for both reasons does so in most runs, or in as many as for the other reason.
            false => Look::new(
                low * 2 > runs.len() || low >= high,
                high * 2 > runs.len() || high >= low,
            ),
        };
        Self {
            at,
            holds,
            held,
            verdict,
            runs,
        }
    }

    /// Whether what fails is no measurement.
    pub fn is_invalid(&self) -> bool {
        let failed = self.runs.iter().filter(|run| !run.holds);
        let invalid = failed.clone().filter(|run| run.invalid.is_some());
        !self.holds && invalid.count() * 2 > failed.count()
    }

    /// Whether what fails may be the machine's doing: it was late in most of the runs that fail.
    pub fn fails_late(&self) -> bool {
        let failed = self.runs.iter().filter(|run| !run.holds);
        let late = failed.clone().filter(|run| run.late);
        !self.holds && late.count() * 2 > failed.count()
    }

    /// The run that stands for the probe: one that went as the majority did.
    pub fn typical(&self) -> &ProbeRun {
        let like = self.runs.iter().find(|run| run.verdict == self.verdict);
        let like = like.or_else(|| self.runs.iter().find(|run| run.holds == self.holds));
        like.unwrap_or(&self.runs[0])
    }

    /// Whether some of its runs hold, and others do not.
    pub fn is_split(&self) -> bool {
        self.held > 0 && (self.held as usize) < self.runs.len()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A run of that verdict; too high a load is one that the generator could not make.
    pub fn run(verdict: Look) -> ProbeRun {
        ProbeRun {
            seed: 1,
            ops: 1,
            ops_per_s: None,
            capacity_per_s: None,
            bound_per_s: None,
            in_line_per_s: None,
            errors: 0,
            errors_allowed: 0,
            dropped: 0,
            drops_allowed: false,
            saturated: false,
            late: false,
            invalid: (verdict == Look::TooHigh).then(|| "slow".to_owned()),
            aborted: None,
            holds: verdict == Look::Holds,
            verdict,
            why_not: None,
            figures: Vec::new(),
        }
    }

    /// Of the runs that fail, most were late.
    #[test]
    fn what_fails_may_be_the_machine() {
        let late = |verdict| ProbeRun {
            late: true,
            ..run(verdict)
        };
        let (holds, low) = (Look::Holds, Look::TooLow);
        for (runs, expected) in [
            (vec![late(low)], true),
            (vec![late(low), late(low), run(low)], true),
            (vec![late(low), run(low), run(low)], false),
            (vec![late(holds), late(holds)], false),
            (vec![run(low), run(low), late(holds)], false),
        ] {
            assert_eq!(Probe::new(1.0, runs).fails_late(), expected);
        }
    }

    #[test]
    fn the_majority_says_in_which_direction_a_probe_fails() {
        use Look::{Holds, Neither, TooHigh, TooLow};
        for (runs, verdict, is_invalid) in [
            (&[Holds][..], Holds, false),
            (&[Holds, Holds, TooHigh], Holds, false),
            (&[TooLow, Holds, TooLow], TooLow, false),
            (&[Holds, TooHigh], TooHigh, true),
            (&[TooLow, TooHigh], Neither, false),
            (&[TooLow, Neither, TooHigh], Neither, false),
            (&[Holds, Holds, TooHigh, TooHigh, TooLow], TooHigh, true),
            (&[TooHigh, TooHigh, TooHigh], TooHigh, true),
        ] {
            let probe = Probe::new(1.0, runs.iter().copied().map(run).collect());
            assert_eq!(
                (probe.verdict, probe.is_invalid()),
                (verdict, is_invalid),
                "{runs:?}"
            );
            assert_eq!(probe.holds, verdict == Holds);
            assert_eq!(probe.typical().holds, probe.holds);
        }
    }
}
