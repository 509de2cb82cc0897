//! `pausewake knee`: the highest rate, or the fewest jobs, at which an SLO holds with nothing
//! lost that it does not allow.
//!
//! `flags` says where to look, [`search`](crate::search) decides what is tried, `trials` tries it, `climb` goes up where nothing
//! below holds; `look` knows what is to be said of a run, and `doubt` what the answer is worth. `report` has
//! it all, `words`, `text`, `csv` and `page` show it.

mod climb;
mod csv;
mod doubt;
mod error;
mod extent;
mod flags;
mod look;
mod page;
mod probes;
mod report;
mod text;
mod trials;
mod words;

use crate::args::Knee;
use crate::interrupt::Interrupt;
use crate::live::Live;
use crate::load::Adhoc;
use crate::probe::ProbeError;
use crate::search::{Best, End, Range};
use flags::begin;
use probes::Probe;
use report::{Answer, Searched};

pub use error::KneeError;
pub use report::KneeReport;

/// Searches as `args` say. What somebody who waits should know before it begins goes to `tell`.
///
/// # Errors
/// The flags are wrong, a run came to no result, or to a wrong one. When `interrupt` is raised the search
/// ends, and what is known until then is reported.
pub fn run(
    args: &Knee,
    interrupt: &Interrupt,
    tell: impl FnOnce(&str),
) -> Result<KneeReport, KneeError> {
    let (mut search, range) = begin(args, interrupt)?;
    let each = search.each(range)?;
    let is_quiet = matches!(search.base.live.how(), Ok(Live::Off));
    if !search.base.is_virtual() && !is_quiet {
        tell(&each.announced(search.repeat));
    }
    let end = match search.searched {
        Searched::Rate => End::Highest,
        Searched::Jobs => End::Lowest,
    };
    let mut best = search.best(range, end)?;
    if best == Some(Best::AllTooHigh) {
        best = search.climb(range, end)?;
    }
    let answer = answer(best, range, &search.probes);
    Ok(KneeReport::new(
        args.command(),
        search.searched,
        &search.base,
        args.precision.get(),
        search.repeat,
        range,
        search.probes,
        answer,
        search.config,
        each,
    ))
}

/// The scenario that is run first, as `pausewake run` takes it.
///
/// # Errors
/// The flags are wrong.
pub fn scenario(args: &Knee) -> Result<String, KneeError> {
    let interrupt = Interrupt::default();
    let (search, range) = begin(args, &interrupt)?;
    let printed = Adhoc::new(&search.first(range)).print();
    Ok(printed.map_err(ProbeError::from)?)
}

/// What the search has come to.
fn answer(best: Option<Best>, range: Range, probes: &[Probe]) -> Answer {
    let is_invalid = |at| {
        let mut probes = probes.iter();
        probes.any(|probe| probe.at == at && probe.is_invalid())
    };
    // A machine that is late lets what holds fail, and never what fails hold.
    let runs = || probes.iter().flat_map(|probe| &probe.runs);
    let is_of_the_machine =
        runs().all(|run| run.late || run.invalid.is_some()) && runs().any(|run| !run.holds);
    match best {
        None => Answer::Aborted,
        Some(_) if is_of_the_machine => Answer::Invalid {
            at: probes.last().map_or(range.lowest, |probe| probe.at),
        },
        Some(Best::Holds { at, beyond }) => Answer::found(at, beyond),
        Some(Best::AllTooHigh) if is_invalid(range.lowest) => Answer::Invalid { at: range.lowest },
        Some(Best::AllTooHigh) => Answer::never(range.lowest),
        Some(Best::AllTooLow) => Answer::never(range.highest),
        Some(Best::Nothing { high, .. }) if is_invalid(high) => Answer::Invalid { at: high },
        Some(Best::Nothing { low, high }) => Answer::Contradiction {
            too_low_at: low,
            too_high_at: high,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Look;
    use probes::ProbeRun;
    use probes::tests::run;

    /// Where all of them were late and some failed, the machine was searched; if nothing fails, the device
    /// would not have failed either.
    #[test]
    fn probes_of_a_late_machine_are_no_answer() {
        let range = Range {
            lowest: 1.0,
            highest: 64.0,
            first: 1.0,
            precision: 0.0,
            is_whole: true,
        };
        let probe = |at, verdict, late| {
            let run = ProbeRun {
                late,
                ..run(verdict)
            };
            Probe::new(at, vec![run])
        };
        let found = |low_is_late, high_is_late, low| {
            let probes = [
                probe(16.0, low, low_is_late),
                probe(32.0, Look::Holds, high_is_late),
            ];
            let best = Best::Holds {
                at: 32.0,
                beyond: Some(16.0),
            };
            answer(Some(best), range, &probes)
        };
        let is_found = Answer::found(32.0, Some(16.0));
        assert_eq!(found(false, false, Look::TooLow), is_found);
        assert_eq!(found(true, false, Look::TooLow), is_found);
        assert_eq!(
            found(true, true, Look::TooLow),
            Answer::Invalid { at: 32.0 }
        );
        assert_eq!(found(true, true, Look::Holds), is_found);
    }
}
