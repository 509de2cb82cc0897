//! `[[load.phase]]`: rates or jobs that change as time goes by.

use pausewake_device::Nanos;

use super::Problems;
use crate::scenario::file::{File, Mode, PhaseSection, ShapeName};
use crate::scenario::spanned::Spanned;
use crate::scenario::{Pacing, Phase};

/// Checks the phases of a load of this pacing.
pub fn check(file: &File, pacing: Pacing, problems: &mut Problems) -> Vec<Phase> {
    let phases = &file.load.get_ref().phase;
    let Some(first) = phases.first() else {
        return Vec::new();
    };
    if phases.len() > MOST {
        let wrong = format!("{} phases", phases.len());
        problems.add(first.span(), wrong, format!("at most {MOST}"));
    }
    let mode = file.engine.mode.as_ref().map(Spanned::get_ref);
    let is_closed = matches!(pacing, Pacing::Closed { .. });
    if is_closed && mode.is_some_and(|mode| *mode != Mode::Async) {
        let wrong = "phases of jobs are for jobs that pause, and here the thread does one thing \
                     after the other";
        problems.add(first.span(), wrong, "mode = \"async\", or no phases");
    }
    let check = |phase: &Spanned<PhaseSection>| check_one(phase, is_closed, problems);
    phases.iter().filter_map(check).collect()
}

fn check_one(
    phase: &Spanned<PhaseSection>,
    is_closed: bool,
    problems: &mut Problems,
) -> Option<Phase> {
    let section = phase.get_ref();
    let rate = section.rate.as_ref();
    let jobs = section.jobs.as_ref();
    let (name, stranger) = match is_closed {
        true => ("rate", rate.map(Spanned::span)),
        false => ("jobs", jobs.map(Spanned::span)),
    };
    let has_stranger = stranger.is_some();
    if let Some(span) = stranger {
        let wrong = format!("a phase of {name}, and the load has none");
        problems.add(span, wrong, LEVELS);
    }
    if section.duration.get_ref().0 == Nanos::ZERO {
        let place = section.duration.span();
        problems.add(place, "a duration of zero", "a longer one");
    }
    let level = match is_closed {
        true => jobs.map(|jobs| f64::from(jobs.get_ref().get())),
        false => rate.map(|rate| rate.get_ref().per_second()),
    };
    if level.is_none() && !has_stranger {
        problems.add(phase.span(), "a phase without a level", LEVELS);
    }
    Some(Phase {
        shape: section.shape.unwrap_or(ShapeName::Hold),
        duration: section.duration.get_ref().0,
        level: level?,
    })
}

/// More than a table shows at a glance.
const MOST: usize = 32;
const LEVELS: &str =
    "rate in an open loop (as rate = \"8000/s\"), jobs in a closed one (as jobs = 64)";
