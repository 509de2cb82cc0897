//! What a comparison of modes comes to, in sentences.

use super::super::statistics::Estimate;
use super::super::{broken, exit_in_words};
use super::runs::sum;
use super::ways::modes_of;
use super::{ModeFigures, ModesReport};
use crate::args::Load;
use crate::report::Reports;
use crate::report::numbers::{amount, count};

impl ModesReport {
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

/// That calls failed, if some did: what has no result was done by nobody, however fast.
pub fn failed(mode: &str, runs: &[Reports]) -> Option<String> {
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

/// That a condition of the load ended a run before its time, if one did: what ran until then is no sample of the
/// whole.
pub fn ended(mode: &str, runs: &[Reports]) -> Option<String> {
    let mut reports = runs.iter().flat_map(Reports::variants);
    let ended = reports.find(|it| it.aborted.is_some() && !it.is_aborted_by_signal())?;
    let aborted = ended.aborted.as_ref()?;
    let seed = match runs.len() {
        1 => String::new(),
        _ => format!(" with seed {}", ended.scenario.seed),
    };
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

/// How `mode` stands to software.
pub fn stands(mode: &str, speed_up: Estimate) -> String {
    let Estimate { mean, half_width } = speed_up;
    let known = |show: fn(f64) -> String| {
        half_width.map_or_else(String::new, |half| format!(" ± {}", show(half)))
    };
    let difference = (mean - 1.0).abs();
    if difference <= half_width.unwrap_or(0.0) {
        let (times, known) = (amount(mean), known(amount));
        return format!("{mode} is as fast as software, as far as is known: {times}{known} times.");
    }
    let than = if mean > 1.0 { "faster" } else { "slower" };
    let by = match mean >= 2.0 {
        true => format!("a factor of {}{}", amount(mean), known(amount)),
        false => format!("{}{}", percent(difference), known(percent)),
    };
    format!("{mode} is {than} than software by {by}.")
}
