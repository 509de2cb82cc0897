//! What a comparison of modes comes to, in sentences.

use super::super::statistics::Estimate;
use super::super::{broken, dropped, exit_in_words};
use super::runs::sum;
use super::ways::modes_of;
use super::{ModeFigures, ModesReport};
use crate::args::Load;
use crate::report::numbers::{amount, count};
use crate::report::{Report, Reports, doubts};

impl ModesReport {
    /// What is to be known of each mode before its figures are read. Calls that failed are in its verdict.
    pub(super) fn doubts(&self) -> impl Iterator<Item = String> {
        self.results.iter().flat_map(|report| {
            let said = doubts(report).into_iter();
            said.map(|it| format!("{}: {it}", report.label()))
        })
    }

    /// What it comes to, in sentences.
    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        let modes = self.modes.iter().filter_map(|it| it.words.clone());
        let answers = self.break_even.iter().map(|it| it.words.clone());
        let notes = self.notes.iter().cloned();
        let broken = self.results.iter().flat_map(|report| {
            broken(report).map(|it| format!("FAILED: {}: {it}.", report.label()))
        });
        modes
            .chain(answers)
            .chain(self.no_break_even.words().map(str::to_owned))
            .chain(notes)
            .chain(broken)
            .chain(exit_in_words(self.verdict()))
    }
}

/// Why `mode` is held against nothing, if so: what was ended before its time is no sample of the whole, and what
/// is not known of one of the two is no multiple of the other.
pub fn against(mode: &str, runs: &[Reports], software: &[Reports]) -> Option<String> {
    let is_software = mode == "software";
    let its = ended(mode, runs).or_else(|| unknown(mode, runs).filter(|_| !is_software));
    if let Some(why) = its {
        return Some(format!("{why}, and is held against nothing."));
    }
    let softwares = ended("software", software).or_else(|| unknown("software", software));
    let softwares = softwares.filter(|_| !is_software);
    softwares.map(|why| format!("{why}: {mode} is held against nothing."))
}

/// How `mode` did beside software; of software itself there is nothing to be said.
pub fn said_of(
    mode: &str,
    runs: &[Reports],
    software: &[Reports],
    speed_up: Option<Estimate>,
) -> Option<String> {
    if mode == "software" {
        return None;
    }
    if let Some(failed) = failed(mode, runs) {
        return Some(format!(
            "{failed}, which then wins nothing, whatever its throughput."
        ));
    }
    if let Some(failed) = failed("software", software) {
        return Some(format!("{failed}: {mode} wins nothing against that."));
    }
    let lost = [("software", software), (mode, runs)].into_iter();
    let lost = lost.filter_map(|(who, runs)| dropped(who, runs.iter().flat_map(Reports::variants)));
    let lost: Vec<String> = lost.collect();
    let but = match lost.is_empty() {
        true => String::new(),
        false => format!(", but {}", lost.join(", and ")),
    };
    speed_up.map(|it| format!("{}{but}.", stands(mode, it)))
}

/// Why there is no throughput of a mode, if there is none in one of its `runs`.
fn unknown(mode: &str, runs: &[Reports]) -> Option<String> {
    let mut reports = runs.iter().flat_map(Reports::variants);
    if takes_no_time(runs) {
        return Some(format!("{mode} takes no time"));
    }
    let empty = reports.find(|it| it.ops == 0 && it.errors.total == 0)?;
    Some(format!("{mode} returned nothing{}", with_seed(empty, runs)))
}

/// Whether there were results, and no time passed until they were there: under virtual time, where nothing costs
/// anything.
pub fn takes_no_time(runs: &[Reports]) -> bool {
    let mut reports = runs.iter().flat_map(Reports::variants);
    reports.any(|it| it.ops > 0 && it.ops_per_s.is_none())
}

/// Which of the runs of a mode it is, if there are several.
fn with_seed(report: &Report, runs: &[Reports]) -> String {
    match runs.len() {
        1 => String::new(),
        _ => format!(" with seed {}", report.scenario.seed),
    }
}

/// That calls failed, if some did: what has no result was done by nobody, however fast.
fn failed(mode: &str, runs: &[Reports]) -> Option<String> {
    let errors = sum(runs, |it| it.errors.total);
    let calls = errors + sum(runs, |it| it.ops);
    (errors > 0).then(|| {
        format!(
            "{} of {} calls FAILED in {mode}",
            count(errors),
            count(calls)
        )
    })
}

/// That a signal, or a condition of the load, ended a run before its time, if one did: what ran until then is no
/// sample of the whole.
fn ended(mode: &str, runs: &[Reports]) -> Option<String> {
    let mut reports = runs.iter().flat_map(Reports::variants);
    let ended = reports.find(|it| it.aborted.is_some())?;
    if ended.is_aborted_by_signal() {
        return Some(format!("{mode} was ended before its time, by a signal"));
    }
    let aborted = ended.aborted.as_ref()?;
    let seed = with_seed(ended, runs);
    Some(format!(
        "FAILED: {mode} was ended{seed} before its time, because {}",
        aborted.reason
    ))
}

/// What the figures alone do not tell.
pub fn notes(load: &Load, modes: &[ModeFigures], is_aborted: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if !modes_of(load).contains(&"sync") {
        notes.push(
            "sync is left out: under virtual time a thread that waits in place would hold the others. \
             --clock wall has it."
                .to_owned(),
        );
    }
    let is_certain = |mode: &ModeFigures| {
        let of = [mode.ops_per_s, mode.latency.mean_ns, mode.latency.p99_ns];
        of.into_iter()
            .all(|it| it.is_some_and(|it| it.half_width == Some(0.0)))
    };
    if !is_aborted && modes.iter().all(is_certain) {
        notes.push("All seeds gave the same: nothing in this load is random.".to_owned());
    }
    if !load.is_virtual() {
        notes.push(
            "By the wall clock this CPU computes for the device, too: compare with care."
                .to_owned(),
        );
    }
    notes
}

fn percent(part: f64) -> String {
    format!("{:.2} %", part * 100.0)
}

/// How `mode` stands to software, without the end of the sentence.
fn stands(mode: &str, speed_up: Estimate) -> String {
    let Estimate { mean, half_width } = speed_up;
    let known = |show: fn(f64) -> String| {
        half_width.map_or_else(String::new, |half| format!(" ± {}", show(half)))
    };
    let difference = (mean - 1.0).abs();
    if difference == 0.0 {
        return format!("{mode} is as fast as software");
    }
    if difference <= half_width.unwrap_or(0.0) {
        let (times, known) = (amount(mean), known(amount));
        return format!(
            "{mode} is not certainly faster or slower than software: {times}{known} times as fast"
        );
    }
    let than = if mean > 1.0 { "faster" } else { "slower" };
    let by = match mean >= 2.0 {
        true => format!("a factor of {}{}", amount(mean), known(amount)),
        false => format!("{}{}", percent(difference), known(percent)),
    };
    format!("{mode} is {than} than software by {by}")
}
