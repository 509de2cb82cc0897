//! `pausewake compare`: ways of doing the same load, or saved results, side by side.
//!
//! `modes` runs the load in software and offloaded, and `break_even` searches where offload begins to win;
//! `results` holds saved results against each other. Each has a report of its own.

mod break_even;
mod condition;
mod modes;
mod results;
mod statistics;

pub use modes::ModesReport;
pub use results::ResultsReport;

use std::path::Path;

use crate::args::{Compare, Load};
use crate::formats::Render;
use crate::interrupt::Interrupt;
use crate::load::{Adhoc, flag_words, flags, path_word, words};
use crate::probe::{self, ProbeError};
use crate::report::numbers::count;
use crate::report::{Kind, ReadError, Report, Reports, SweepReport, Verdict};

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// Flags do not go together.
    #[error("{wrong}\n  accepted: {accepted}")]
    Flags {
        /// What is wrong.
        wrong: String,
        /// What would be right.
        accepted: &'static str,
    },
    /// A file is no result.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A run came to no result.
    #[error(transparent)]
    Probe(#[from] ProbeError),
}

/// What was compared, side by side.
#[derive(Debug)]
pub enum Compared {
    /// Ways of doing the same.
    Modes(Box<ModesReport>),
    /// Results.
    Results(Box<ResultsReport>),
}

impl Compared {
    /// What is to be written of it.
    pub fn shown(&self) -> &dyn Render {
        match self {
            Self::Modes(modes) => &**modes,
            Self::Results(results) => &**results,
        }
    }

    /// How the program ends.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Modes(modes) => modes.verdict(),
            Self::Results(results) => results.verdict(),
        }
    }
}

/// Compares as `args` say.
///
/// # Errors
/// The flags or files are wrong, or a run came to no result.
pub fn run(args: &Compare, interrupt: &Interrupt) -> Result<Compared, CompareError> {
    let conditions = args.fail_if.iter().map(|text| condition::parse(text));
    let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
    let (baseline, candidate) = match (&args.baseline, args.results.as_slice()) {
        (None, []) if !conditions.is_empty() => {
            return Err(CompareError::Flags {
                wrong: "--fail-if has nothing to compare with".to_owned(),
                accepted: "--baseline FILE beside it, or two saved results",
            });
        }
        (None, []) => return modes::run(args, interrupt).map(|it| Compared::Modes(Box::new(it))),
        (None, [only]) => {
            return Err(CompareError::Flags {
                wrong: format!("{} alone has nothing to compare with", only.display()),
                accepted: "two saved results, or --baseline FILE beside one",
            });
        }
        (Some(_), [_, _, ..]) => {
            return Err(CompareError::Flags {
                wrong: "--baseline and two results are three".to_owned(),
                accepted: "one result beside --baseline, or two without it",
            });
        }
        (None, [baseline, candidate, ..]) => (baseline, Some(candidate)),
        (Some(baseline), candidate) => (baseline, candidate.first()),
    };
    let name = |path: &std::path::Path| path.display().to_string();
    let names = |after: &Option<&std::path::PathBuf>| {
        let this_run = || "this run".to_owned();
        [name(baseline), after.map_or_else(this_run, |it| name(it))]
    };
    let names = names(&candidate);
    no_flags_of_modes(args)?;
    let (before, is_before_cut) = read(baseline)?;
    let load = by_the_clock_of(&before, &args.load);
    let (after, is_after_cut) = match candidate {
        Some(path) => {
            no_flags(args)?;
            read(path)?
        }
        None => {
            can_be_held(&before, &load, &names)?;
            let run = probe::run_reports(&load, None, interrupt)?;
            (run, interrupt.is_raised())
        }
    };
    let sides = results::Sides {
        names,
        reports: [before, after],
        was_run: candidate.is_none(),
        are_aborted: [is_before_cut, is_after_cut],
    };
    let compared = ResultsReport::new(args.command(&load), sides, &conditions)?;
    Ok(Compared::Results(Box::new(compared)))
}

/// `load` by the clock of `baseline` if it says none: times of the model and of the machine are no comparison.
fn by_the_clock_of(baseline: &Reports, load: &Load) -> Load {
    let mut load = load.clone();
    if load.clock.is_none() && !load.sets("clock") {
        let clock = &baseline.variants()[0].scenario.clock;
        load.clock = (clock != "wall").then(|| clock.to_string());
    }
    load
}

/// Whether a run of `load` can be held against `baseline`, which is known before anything is run.
fn can_be_held(baseline: &Reports, load: &Load, names: &[String; 2]) -> Result<(), CompareError> {
    let variants = Adhoc::new(load).variants().map_err(ProbeError::from)?;
    let labels = variants
        .iter()
        .map(|it| it.name.as_ref().unwrap_or(&it.scenario.name));
    let labels: Vec<&str> = labels.map(String::as_str).collect();
    let before: Vec<&str> = baseline.variants().iter().map(Report::label).collect();
    let is_one_each = before.len() == 1 && labels.len() == 1;
    match is_one_each || before.iter().any(|it| labels.contains(it)) {
        true => Ok(()),
        false => Err(results::nothing_in_common([&before, &labels], names)),
    }
}

/// The result that was saved at `path`; of a sweep, its points as variants. And whether a signal ended that
/// sweep.
fn read(path: &Path) -> Result<(Reports, bool), ReadError> {
    match Kind::of(path) {
        Some(Kind::Sweep) => {
            let sweep = SweepReport::read(path)?;
            if sweep.points.is_empty() {
                let path = path.to_path_buf();
                return Err(ReadError::NoPoints { path });
            }
            Ok((sweep.reports(), sweep.aborted.is_some()))
        }
        _ => Ok((Reports::read(path)?, false)),
    }
}

/// The scenario that is run, as `pausewake run` takes it.
///
/// # Errors
/// The flags are wrong, or nothing is run.
pub fn scenario(args: &Compare) -> Result<String, CompareError> {
    match (&args.baseline, args.results.as_slice()) {
        (None, []) => modes::scenario(args),
        (Some(baseline), []) => {
            let (before, _) = read(baseline)?;
            let load = by_the_clock_of(&before, &args.load);
            let printed = Adhoc::new(&load).print();
            Ok(printed.map_err(ProbeError::from)?)
        }
        _ => Err(CompareError::Flags {
            wrong: "--print-scenario: the results are saved, and nothing is run".to_owned(),
            accepted: "--print-scenario without files, or with --baseline FILE and no other result",
        }),
    }
}

/// Flags of a load that is not run would be passed over in silence.
fn no_flags(args: &Compare) -> Result<(), CompareError> {
    let said = words(&flags(&args.load), &args.load.overrides);
    if said.is_empty() {
        return Ok(());
    }
    Err(CompareError::Flags {
        wrong: format!(
            "both results are saved, and nothing is run of `{}`",
            crate::output::quoted(said)
        ),
        accepted: "flags of a load with --baseline FILE and no other result, or without files",
    })
}

/// So would those of modes, where there are none.
fn no_flags_of_modes(args: &Compare) -> Result<(), CompareError> {
    let said = [
        ("--seeds", args.seeds.is_some()),
        ("--no-break-even", args.no_break_even),
    ];
    match said.into_iter().find(|(_, is_said)| *is_said) {
        None => Ok(()),
        Some((flag, _)) => Err(CompareError::Flags {
            wrong: format!("{flag} is for modes, and here are saved results"),
            accepted: "it without files and without --baseline",
        }),
    }
}

impl Compare {
    /// The command that compares again, for a shell.
    fn command(&self, load: &Load) -> String {
        let mut words = Vec::new();
        let path = |path: &std::path::Path| path.display().to_string();
        words.extend(self.results.iter().map(|it| path_word(it)));
        if let Some(baseline) = &self.baseline {
            words.extend(flag_words("--baseline", &path(baseline)));
        }
        for condition in &self.fail_if {
            words.extend(flag_words("--fail-if", condition));
        }
        if self.baseline.is_some() && self.results.is_empty() {
            return load.command_of("compare", words);
        }
        crate::output::shell("compare", words)
    }
}

/// How a comparison ends that comes to `verdict`, if not well.
fn exit_in_words(verdict: Verdict) -> Option<String> {
    let exit = verdict.exit();
    (verdict != Verdict::Holds).then(|| format!("Exit code {}: {}.", exit.code(), exit.meaning()))
}

/// What was expected of `report` and does not hold, without what ended it, which is said elsewhere.
fn broken(report: &Report) -> impl Iterator<Item = String> {
    let is_whole = report.aborted.is_none();
    let broken = report.expected.iter();
    let broken = broken.filter(move |it| it.fails() && (is_whole || !it.is_abort()));
    broken.map(|it| {
        let (figure, condition, measured) = (&it.figure, &it.condition, &it.measured);
        format!("{figure} {condition} fails: {measured}")
    })
}

/// What `who` dropped of the arrivals of `reports`, if that was something: what was dropped makes nobody slower,
/// as it has no latency.
fn dropped<'a>(who: &str, reports: impl IntoIterator<Item = &'a Report>) -> Option<String> {
    let open_loops = reports.into_iter().filter_map(|it| it.open_loop.as_ref());
    let (dropped, arrivals) = open_loops.fold((0, 0), |(dropped, arrivals), it| {
        (dropped + it.dropped, arrivals + it.arrivals)
    });
    let [dropped_in_words, arrivals] = [dropped, arrivals].map(count);
    (dropped > 0).then(|| format!("{who} dropped {dropped_in_words} of {arrivals} arrivals"))
}

/// `value` for a table that programs read: to a millionth; nothing if there is none.
fn rounded(value: Option<f64>) -> String {
    let value = value.filter(|it| it.is_finite());
    let value = value.map(|it| (it * 1e6).round() / 1e6);
    value.map_or_else(String::new, |it| it.to_string())
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;

    /// Both, as `schemas/` has them.
    #[derive(JsonSchema)]
    #[schemars(title = "pausewake compare")]
    #[serde(untagged)]
    #[expect(dead_code, reason = "its schema alone is of use")]
    enum Document {
        Modes(super::modes::ModesReport),
        Results(super::results::ResultsReport),
    }

    #[test]
    fn the_schema_in_the_repository_is_that_of_the_code() {
        crate::report::schema::check::<Document>("compare.schema.json");
    }
}
