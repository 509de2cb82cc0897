//! Software and offload held against each other at one value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::modes::{in_mode, modes_of};
use super::super::statistics::Estimate;
use super::search::Search;
use crate::args::Load;
use crate::probe::{self, ProbeError};
use crate::report::{Name, Report};

/// Throughput at a value that was tried.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// Jobs, or bytes.
    pub at: u64,
    /// With how many seeds: with all of them, or with as few as told it. Under virtual time two that came to the
    /// same stand for all; by the wall clock one does where the two are far apart.
    pub runs: u32,
    /// How it went.
    pub outcome: Outcome,
    /// How many times as fast as software the offload is, seed by seed; `null` where one of the two has no
    /// throughput.
    pub speed_up: Option<Estimate>,
    /// Of software, ops per second, the mean over seeds; `null` where nothing returned, or no time passed.
    pub software_ops_per_s: Option<f64>,
    /// Of the offload.
    pub offload_ops_per_s: Option<f64>,
    /// Calls that failed in software.
    pub software_errors: u64,
    /// Calls that failed with the offload, which is then no winner.
    pub offload_errors: u64,
    /// The fewest ops of a run of the offload; `null` in files of earlier versions.
    #[serde(default)]
    pub offload_ops: Option<u64>,
    /// Of the other modes, with the first seed; under virtual time alone, where looking takes no time that anybody
    /// waits for.
    pub others: Vec<ModeRate>,
}

/// How offload stands to software at a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has more throughput.
    Wins,
    /// It has not.
    Loses,
    /// What they differ by is within the interval over seeds.
    Open,
    /// Calls failed, which is no win for anybody.
    Failed,
}

/// Throughput of a mode.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ModeRate {
    /// Its name.
    pub mode: Name,
    /// Ops per second; `null` where nothing returned, or no time passed.
    pub ops_per_s: Option<f64>,
    /// Calls that failed.
    pub errors: u64,
}

impl Trial {
    /// Runs `load`, whose flags have the value `at`, in each mode that is looked at. `None` if a signal broke it off.
    pub fn new(search: &Search<'_>, load: &Load, at: u64) -> Result<Option<Self>, ProbeError> {
        let mut sides = [Side::default(), Side::default()];
        for seed in search.seeds {
            for (side, mode) in sides.iter_mut().zip(["software", search.offload]) {
                side.add(&run(search, load, mode, *seed)?);
                if search.interrupt.is_raised() {
                    return Ok(None);
                }
            }
            if suffices(&sides, load.is_virtual()) {
                break;
            }
        }
        let [software, offload] = &sides;
        let others = modes_of(load).into_iter();
        let others =
            others.filter(|mode| load.is_virtual() && !["software", search.offload].contains(mode));
        let others = others.map(|mode| {
            let report = run(search, load, mode, search.seeds[0])?;
            Ok(ModeRate {
                mode: mode.into(),
                ops_per_s: report.ops_per_s,
                errors: report.errors.total,
            })
        });
        let speed_up = speed_up(&sides);
        Ok(Some(Self {
            at,
            runs: u32::try_from(software.rates.len()).unwrap_or(u32::MAX),
            outcome: outcome(&sides, speed_up),
            speed_up,
            software_ops_per_s: software.ops_per_s(),
            offload_ops_per_s: offload.ops_per_s(),
            software_errors: software.errors,
            offload_errors: offload.errors,
            offload_ops: offload.fewest_ops,
            others: others.collect::<Result<_, ProbeError>>()?,
        }))
    }

    /// Whether calls failed in one of the two.
    pub fn has_errors(&self) -> bool {
        self.outcome == Outcome::Failed
    }

    /// Throughput of the mode of this name, where `offload` is the one that was held against software.
    pub fn ops_per_s(&self, mode: &str, offload: &str) -> Option<f64> {
        match mode {
            "software" => self.software_ops_per_s,
            _ if mode == offload => self.offload_ops_per_s,
            _ => {
                let other = self.others.iter().find(|it| it.mode == mode);
                other.and_then(|it| it.ops_per_s)
            }
        }
    }
}

fn run(search: &Search<'_>, load: &Load, mode: &str, seed: u64) -> Result<Report, ProbeError> {
    let mut load = in_mode(load, mode);
    load.seed = Some(seed);
    probe::run(&load, mode, search.interrupt)
}

/// One of the two, over seeds.
#[derive(Debug, Default)]
struct Side {
    rates: Vec<Option<f64>>,
    errors: u64,
    fewest_ops: Option<u64>,
    /// There were results, and no time passed until they were there.
    takes_no_time: bool,
}

impl Side {
    fn add(&mut self, report: &Report) {
        self.rates.push(report.ops_per_s);
        self.errors += report.errors.total;
        let fewest = self.fewest_ops.unwrap_or(report.ops);
        self.fewest_ops = Some(fewest.min(report.ops));
        self.takes_no_time |= report.ops > 0 && report.ops_per_s.is_none();
    }

    fn ops_per_s(&self) -> Option<f64> {
        let rates: Option<Vec<f64>> = self.rates.iter().copied().collect();
        Estimate::of(&rates?).map(|it| it.mean)
    }
}

/// Whether more seeds would tell nothing that matters.
fn suffices(sides: &[Side; 2], is_virtual: bool) -> bool {
    if sides.iter().any(|it| it.errors > 0 || it.takes_no_time) {
        return true;
    }
    match is_virtual {
        // What is random never comes to the same twice, to the last digit.
        true => sides
            .iter()
            .all(|it| matches!(it.rates[..], [first, second] if first == second)),
        false => speed_up(sides).is_none_or(|it| it.mean > FAR_APART || it.mean < 1.0 / FAR_APART),
    }
}

fn speed_up(sides: &[Side; 2]) -> Option<Estimate> {
    let pairs = sides[0].rates.iter().zip(&sides[1].rates);
    let ratios = pairs.map(|(software, offload)| {
        let software = software.filter(|rate| *rate > 0.0)?;
        Some(offload.filter(|rate| *rate > 0.0)? / software)
    });
    Estimate::of(&ratios.collect::<Option<Vec<_>>>()?)
}

fn outcome(sides: &[Side; 2], speed_up: Option<Estimate>) -> Outcome {
    let [software, offload] = sides;
    if sides.iter().any(|it| it.errors > 0) {
        return Outcome::Failed;
    }
    if offload.takes_no_time && !software.takes_no_time {
        return Outcome::Wins;
    }
    // Nothing is faster than software that takes no time, and what returned nothing is faster than nobody.
    let Some(Estimate { mean, half_width }) = speed_up else {
        return Outcome::Loses;
    };
    let difference = mean - 1.0;
    match half_width {
        Some(half) if half > 0.0 && difference.abs() <= half => Outcome::Open,
        _ if difference > 0.0 => Outcome::Wins,
        _ => Outcome::Loses,
    }
}

/// By the wall clock, a speed-up that one run shows well enough, or one that is as small.
const FAR_APART: f64 = 1.5;

#[cfg(test)]
mod tests {
    use super::*;

    fn side(rates: &[f64]) -> Side {
        Side {
            rates: rates.iter().copied().map(Some).collect(),
            ..Side::default()
        }
    }

    fn judged(software: &[f64], offload: &[f64]) -> Outcome {
        let sides = [side(software), side(offload)];
        outcome(&sides, speed_up(&sides))
    }

    #[test]
    fn offload_wins_by_more_than_the_interval_alone() {
        // Ratios of 1.1 and 1.2: 1.15 with a half of 12.7 times 0.05. The others differ by a hair.
        assert_eq!(judged(&[1.0, 1.0], &[1.1, 1.2]), Outcome::Open);
        assert_eq!(judged(&[1.0; 3], &[1.1, 1.101, 1.1]), Outcome::Wins);
        assert_eq!(judged(&[1.0; 3], &[0.9, 0.901, 0.9]), Outcome::Loses);
        // Where nothing is random, and of one run, any difference counts.
        assert_eq!(judged(&[1.0; 2], &[1.001; 2]), Outcome::Wins);
        assert_eq!(judged(&[1.0], &[1.001]), Outcome::Wins);
        assert_eq!(judged(&[1.0; 2], &[1.0; 2]), Outcome::Loses);
        assert_eq!(judged(&[1.0], &[0.0]), Outcome::Loses);
    }

    #[test]
    fn nothing_beats_what_takes_no_time_and_no_call_may_fail() {
        let free = || Side {
            rates: vec![None],
            takes_no_time: true,
            ..Side::default()
        };
        let judged = |sides: [Side; 2]| outcome(&sides, speed_up(&sides));
        assert_eq!(judged([free(), side(&[5.0])]), Outcome::Loses);
        assert_eq!(judged([free(), free()]), Outcome::Loses);
        assert_eq!(judged([side(&[5.0]), free()]), Outcome::Wins);
        for failing in 0..2 {
            let mut sides = [side(&[1.0]), side(&[2.0])];
            sides[failing].errors = 1;
            assert_eq!(judged(sides), Outcome::Failed);
        }
    }

    #[test]
    fn as_many_seeds_are_run_as_tell_it() {
        assert!(!suffices(&[side(&[1.0]), side(&[9.0])], true));
        assert!(suffices(&[side(&[1.0; 2]), side(&[9.0; 2])], true));
        assert!(!suffices(&[side(&[1.0; 2]), side(&[9.0, 9.1])], true));
        assert!(suffices(&[side(&[1.0]), side(&[9.0])], false));
        assert!(!suffices(&[side(&[1.0]), side(&[1.2])], false));
    }
}
