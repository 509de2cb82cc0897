//! `[abort]`: what must hold while a run goes on.

use pausewake_device::Nanos;

use super::expect::List;
use super::{Around, Problems};
use crate::scenario::file::{AbortSection, File};
use crate::scenario::spanned::Spanned;
use crate::scenario::{Abort, Limit, Load, Target};
use crate::units::Duration;

/// Checks the conditions, in the order in which the report shows them.
pub fn check(
    file: &File,
    load: Option<&Load>,
    around: &Around<'_>,
    problems: &mut Problems,
) -> Option<Abort> {
    let section = file.abort.as_ref()?;
    if let Some(load) = load {
        looks_in_time(section, load, problems);
    }
    if let Some(every) = &section.every
        && every.get_ref().0 == Nanos::ZERO
    {
        problems.add(every.span(), "an interval of zero", "a longer one");
    }
    // Other variants may not have run yet.
    let alone = Around {
        names: &[],
        ..*around
    };
    let mut list = List::new(file, &alone, problems);
    list.latency([
        &section.p50,
        &section.p90,
        &section.p95,
        &section.p99,
        &section.p999,
        &section.max,
        &section.mean,
    ]);
    list.count("errors", section.errors.as_ref());
    list.count("late", section.late.as_ref());
    list.count("dropped", section.dropped.as_ref());
    let mut conditions = list.expectations;
    conditions.retain(|condition| matches!(condition.target, Target::Value(_)));
    Some(Abort {
        after: time(section.after.as_ref()),
        every: time(section.every.as_ref()),
        conditions,
    })
}

/// A run that is over before anybody looks is not guarded, and whoever wrote both times meant it to be.
fn looks_in_time(section: &AbortSection, load: &Load, problems: &mut Problems) {
    let Limit::Duration(duration) = load.limit else {
        return;
    };
    let looks = [
        ("the first look", &section.after),
        ("the second look", &section.every),
    ];
    for (look, said) in looks {
        let Some(said) = said.as_ref().filter(|said| said.get_ref().0 > duration) else {
            continue;
        };
        let wrong = format!("{look} would come when the run, which takes {duration}, is over");
        problems.add(said.span(), wrong, format!("at most {duration}"));
    }
}

fn time(time: Option<&Spanned<Duration>>) -> Nanos {
    time.map_or(Nanos::from_secs(1), |time| time.get_ref().0)
}
