//! All modes with all seeds.

use super::super::CompareError;
use super::super::break_even::{self, Search};
use super::super::statistics::Estimate;
use super::ways::{check, command, in_mode, modes_of, with_defaults};
use super::words::{against, notes, said_of, takes_no_time};
use super::{FORMAT, Latency, ModeFigures, ModesReport, OpenLoop, StageMean};
use crate::args::Compare;
use crate::interrupt::Interrupt;
use crate::live;
use crate::probe::{self, ProbeError};
use crate::report::{Report, Reports};

/// Runs all modes with all seeds.
///
/// # Errors
/// The flags contradict the comparison, or a run came to no result.
pub fn run(args: &Compare, interrupt: &Interrupt) -> Result<ModesReport, CompareError> {
    check(&args.load)?;
    let load = with_defaults(&args.load);
    let first = load.seed.unwrap_or(probe::FIRST_SEED);
    let seeds: Vec<u64> = (0..u64::from(args.seeds()))
        .map(|index| first.wrapping_add(index))
        .collect();
    let mut all = Vec::new();
    let wanted = modes_of(&load);
    let how = load.live.how().map_err(ProbeError::from)?;
    let mut done = 0;
    for &mode in &wanted {
        let mut runs = Vec::new();
        for seed in &seeds {
            let mut load = in_mode(&load, mode);
            load.seed = Some(*seed);
            runs.push(probe::run_reports(&load, Some(mode), interrupt)?);
            done += 1;
            let of = wanted.len() * seeds.len();
            live::mention(how, &format!("{done} of {of} runs: {mode}, seed {seed}"));
            if interrupt.is_raised() {
                break;
            }
        }
        // What was broken off is no sample of the load, if there are others.
        let is_broken_off = |run: &Reports| run.variants()[0].is_aborted_by_signal();
        if runs.len() > 1 && runs.last().is_some_and(is_broken_off) {
            runs.pop();
        }
        all.push((mode, runs));
        if interrupt.is_raised() {
            break;
        }
    }
    let software = &all[0].1;
    let modes = all
        .iter()
        .map(|(mode, runs)| ModeFigures::new(mode, runs, software));
    let modes: Vec<_> = modes.collect();
    let mut notes = notes(&load, &modes, interrupt.is_raised());
    let search = Search {
        load: &load,
        seeds: &seeds,
        offload: load.notify.as_deref().unwrap_or("callback"),
        interrupt,
    };
    let (break_even, no_break_even) =
        break_even::search(&search, !args.no_break_even, takes_no_time(software))?;
    let about = all[0].1[0].variants()[0].scenario.clone();
    let command = command(args, &load);
    let merged: Vec<_> = all
        .into_iter()
        .map(|(mode, runs)| (mode.to_owned(), merged(runs)))
        .collect();
    for (mode, reports) in &merged {
        let invalid = reports.variants()[0].invalid.as_ref();
        notes.extend(invalid.map(|why| format!("INVALID: {mode}: {why}")));
    }
    Ok(ModesReport {
        format: FORMAT.into(),
        program: env!("CARGO_PKG_VERSION").into(),
        clock: about.clock.to_string(),
        load: about.load,
        seeds,
        confidence: 0.95,
        modes,
        break_even,
        no_break_even,
        aborted: interrupt.is_raised(),
        notes,
        results: Reports::beside(merged, String::new()).into_variants(),
        command,
    })
}

/// What `count` says of all runs together.
pub fn sum(runs: &[Reports], count: impl Fn(&Report) -> u64) -> u64 {
    let reports = runs.iter().flat_map(Reports::variants);
    reports.map(count).sum()
}

fn figures(runs: &[Reports], figure: impl Fn(&Report) -> Option<f64>) -> Vec<f64> {
    let reports = runs.iter().flat_map(Reports::variants);
    reports.filter_map(figure).collect()
}

/// Of all seeds.
fn merged(mut runs: Vec<Reports>) -> Reports {
    let mut all = runs.remove(0);
    for run in &runs {
        all.merge(run)
            .expect("runs that differ in nothing but the seed");
    }
    all
}

impl ModeFigures {
    fn new(mode: &'static str, runs: &[Reports], software: &[Reports]) -> Self {
        let estimate = |figure: fn(&Report) -> Option<f64>| Estimate::of(&figures(runs, figure));
        let merged = merged(runs.to_vec());
        let merged = &merged.variants()[0];
        let stages = merged.stages.iter().map(|stage| StageMean {
            stage: stage.stage.to_string(),
            mean_ns: stage.times.mean_ns,
        });
        let uncorrected = |it: &Report| it.uncorrected.as_ref()?.p99_ns.map(ns);
        let speed_up = speed_up(runs, software);
        let (speed_up, words) = match against(mode, runs, software) {
            Some(why) => (None, Some(why)),
            None => (speed_up, said_of(mode, runs, software, speed_up)),
        };
        Self {
            mode: mode.into(),
            ops: sum(runs, |it| it.ops),
            errors: sum(runs, |it| it.errors.total),
            ops_per_s: estimate(|it| it.ops_per_s),
            speed_up,
            words,
            latency: Latency {
                mean_ns: estimate(|it| it.latency.mean_ns.map(ns)),
                p50_ns: estimate(|it| it.latency.p50_ns.map(ns)),
                p99_ns: estimate(|it| it.latency.p99_ns.map(ns)),
            },
            open_loop: merged.open_loop.as_ref().map(|it| OpenLoop {
                arrivals: it.arrivals,
                late: it.late,
                dropped: it.dropped,
                uncorrected_p99_ns: estimate(uncorrected),
            }),
            stages: stages.collect(),
        }
    }
}

/// How many times as fast as software, seed by seed: the same seed means the same arrivals, ops and service
/// times. Not known unless all runs have a throughput.
fn speed_up(runs: &[Reports], software: &[Reports]) -> Option<Estimate> {
    let rates = |runs: &[Reports]| -> Option<Vec<f64>> {
        let reports = runs.iter().flat_map(Reports::variants);
        reports
            .map(|it| it.ops_per_s.filter(|rate| *rate > 0.0))
            .collect()
    };
    let (its, software) = (rates(runs)?, rates(software)?);
    let ratios = its
        .iter()
        .zip(software)
        .map(|(its, software)| its / software);
    Estimate::of(&ratios.collect::<Vec<_>>())
}

fn ns(time_ns: u64) -> f64 {
    pausewake_device::Nanos::new(time_ns).as_f64()
}
