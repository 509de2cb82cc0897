//! The runs of a sweep: which are made at once, and what becomes of each.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Plan;
use super::room::Room;
use crate::interrupt::Interrupt;
use crate::live::{self, Live, Viewer};
use crate::report::numbers::{amount, count, counted, time_in_words};
use crate::report::{Aborted, LeftOut, Outcome, Place, Point, Report, Reports, SweepReport};
use crate::run::{self, RunError};
use crate::scenario::{Clock, Variant};

impl Plan {
    /// Runs all points: at once as far as there are cores, where it makes no difference, and else one
    /// after the other. When `interrupt` is raised, those that are done are all there is. A point that breaks
    /// off is told beside the others.
    ///
    /// # Errors
    /// All points broke off, or could not begin.
    pub fn run(self, interrupt: &Interrupt, how: Live) -> Result<SweepReport, RunError> {
        let is_virtual = |(_, variant): &(_, Variant)| variant.scenario.clock == Clock::Virtual;
        let workers = match self.points.iter().all(is_virtual) {
            true => std::thread::available_parallelism().map_or(1, usize::from),
            false => 1,
        };
        // There is one view, and runs at once have none.
        let how_each = match workers {
            1 => how,
            _ => Live::Off,
        };
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let broke_off = Mutex::new(Vec::new());
        let room = Room::new();
        let cut_off = Mutex::new(Vec::new());
        let count = self.points.len();
        // The longest runs, of most jobs, stand at the end: begun first, no core waits for them.
        let turn = |turn: usize| match workers {
            1 => (turn < count).then_some(turn),
            _ => count.checked_sub(turn + 1),
        };
        let work = || {
            while let Some(nth) = turn(next.fetch_add(1, Ordering::Relaxed)) {
                if interrupt.is_raised() {
                    return;
                }
                let (place, variant) = &self.points[nth];
                let label = place.label(&self.quantities);
                let viewer = Viewer {
                    how: how_each,
                    variant: Some(&label),
                };
                let result = {
                    let _place = room.take(&variant.scenario);
                    point(place, variant, interrupt, viewer)
                };
                if let Ok(End::CutOff(cut)) = result {
                    let mut cut_off = cut_off.lock().unwrap_or_else(PoisonError::into_inner);
                    cut_off.extend(cut);
                    return;
                }
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                if let Err(error @ (RunError::Broken(_) | RunError::Setup(_))) = result {
                    let mut broke_off = broke_off.lock().unwrap_or_else(PoisonError::into_inner);
                    broke_off.push((place.clone(), error));
                    continue;
                }
                if result.is_err() {
                    next.store(count, Ordering::Relaxed);
                }
                done.push(result);
                let (done, of) = (done.len(), count);
                live::mention(how, &format!("{done} of {of} points: {label}"));
            }
        };
        match workers {
            1 => work(),
            _ => std::thread::scope(|scope| {
                for _ in 0..workers.min(self.points.len()) {
                    scope.spawn(work);
                }
            }),
        }
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let done = done.into_iter().collect::<Result<Vec<End>, _>>()?;
        let mut points: Vec<Point> = done.into_iter().filter_map(End::into_point).collect();
        points.sort_by_key(|point| point.place.index);
        let broke_off = broke_off.into_inner();
        let mut broke_off = broke_off.unwrap_or_else(PoisonError::into_inner);
        if points.is_empty()
            && let Some((_, error)) = broke_off.pop()
        {
            return Err(error);
        }
        broke_off.sort_by_key(|(place, _)| place.index);
        let broke_off = broke_off.into_iter().map(|(place, error)| LeftOut {
            place,
            why: error.to_string(),
        });
        let mut cut_off = cut_off.into_inner().unwrap_or_else(PoisonError::into_inner);
        cut_off.sort_by_key(|it: &LeftOut| it.place.index);
        let is_cut_off = interrupt.is_raised() && points.len() < count;
        let due = self.points.iter().map(|(place, _)| place.index);
        Ok(SweepReport {
            due: due.collect(),
            command: self.command,
            quantities: self.quantities,
            shard: self.shard.filter(|part| part.of > 1),
            left_out: self.left_out,
            broke_off: broke_off.collect(),
            aborted: is_cut_off.then_some(cut_off),
            points,
        })
    }
}

/// How a run ended.
enum End {
    /// As it should.
    Done(Box<Point>),
    /// By a signal, in the middle; with what had been measured, if something had.
    CutOff(Option<LeftOut>),
}

impl End {
    fn into_point(self) -> Option<Point> {
        match self {
            Self::Done(point) => Some(*point),
            Self::CutOff(_) => None,
        }
    }
}

/// Runs a point.
fn point(
    place: &Place,
    variant: &Variant,
    interrupt: &Interrupt,
    viewer: Viewer<'_>,
) -> Result<End, RunError> {
    let facts = run::run(&variant.scenario, None, interrupt, viewer)?;
    let is_cut_off = facts.aborted == Some(Aborted::BySignal);
    let outcome = Outcome {
        name: None,
        scenario: &variant.scenario,
        entries: &variant.entries,
        facts,
    };
    let reports = Reports::new(&[outcome], String::new());
    let report = reports.variants()[0].clone();
    let place = place.clone();
    Ok(match is_cut_off {
        true => End::CutOff((report.ops + report.errors.total > 0).then(|| LeftOut {
            place,
            why: measured(&report),
        })),
        false => End::Done(Box::new(Point { place, report })),
    })
}

/// What a run had measured when it was cut off.
fn measured(report: &Report) -> String {
    let dropped = report.open_loop.as_ref().map_or(0, |it| it.dropped);
    let late = report.is_device_late().then(|| "late device".to_owned());
    let saturated = report.is_saturated().then(|| "saturated".to_owned());
    let figures = [
        report
            .ops_per_s
            .map(|ops_per_s| format!("{}/s", amount(ops_per_s))),
        report
            .latency
            .p99_ns
            .map(|p99_ns| format!("p99 {}", time_in_words(p99_ns))),
        (report.errors.total > 0).then(|| format!("{} failed", count(report.errors.total))),
        (dropped > 0).then(|| format!("{} dropped", count(dropped))),
        saturated,
        late,
        report
            .invalid
            .as_ref()
            .map(|why| format!("INVALID: {}", why.trim_end_matches('.'))),
    ];
    let ops = counted(report.ops, "op");
    let elapsed = time_in_words(report.elapsed_ns);
    let said = [format!("{ops} in {elapsed}")].into_iter();
    let said = said.chain(figures.into_iter().flatten());
    said.collect::<Vec<_>>().join(", ")
}
