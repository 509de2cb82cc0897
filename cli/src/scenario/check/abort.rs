//! `[abort]`: what must hold while a run goes on.

use pausewake_device::Nanos;

use super::expect::List;
use super::{Around, Problems};
use crate::scenario::file::File;
use crate::scenario::spanned::Spanned;
use crate::scenario::{Abort, Target};
use crate::units::Duration;

/// Checks the conditions, in the order in which the report shows them.
pub fn check(file: &File, around: &Around<'_>, problems: &mut Problems) -> Option<Abort> {
    let section = file.abort.as_ref()?;
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

fn time(time: Option<&Spanned<Duration>>) -> Nanos {
    time.map_or(Nanos::from_secs(1), |time| time.get_ref().0)
}
