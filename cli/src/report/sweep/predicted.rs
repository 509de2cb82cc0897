//! What theory lets a sweep expect.
//!
//! The bound is what a load can do at most: in a closed loop N/(Z + S) and c/S (Denning and Buzen), in an
//! open one what arrives, or the slowest part. Where host and device take turns, what is predicted is less.

use super::super::Report;
use super::super::parts::{InTurns, Limit, SliceFigures};
use super::super::text::numbers::{amount, count, counted, share, time_in_words};
use super::knee::{Row, ops_per_job};
use super::words::{name_of, named};
use super::{Point, Quantity, busy};

/// Ops per second at most: of an open loop what arrives, or as much as can be served.
pub fn bound(report: &Report) -> Option<f64> {
    Some(report.predicted?.at_most_per_s)
}

/// Ops per second that are to be expected.
pub fn predicted(report: &Report) -> Option<f64> {
    let predicted = report.predicted?;
    predicted.in_turns_per_s.or(Some(predicted.at_most_per_s))
}

fn busiest(report: &Report) -> Option<&SliceFigures> {
    let slices = report.slices.iter().filter(|slices| slices.ops > 0);
    slices.max_by(|a, b| a.utilisation.total_cmp(&b.utilisation))
}

fn in_turns(report: &Report) -> Option<InTurns> {
    busiest(report)?.predicted?.in_turns
}

/// How busy slices are to be expected, of the class that is busiest.
pub fn predicted_busy(report: &Report) -> Option<f64> {
    let turns = in_turns(report).map(|turns| turns.utilisation);
    turns.or_else(|| bound_busy(report))
}

/// How busy they can be at most.
fn bound_busy(report: &Report) -> Option<f64> {
    let slices = report.slices.iter();
    let predicted = slices.filter_map(|slices| slices.predicted.as_ref());
    predicted.map(|it| it.utilisation).reduce(f64::max)
}

/// Whether the report is of a closed loop in which nobody thinks: then as many ops are in it as jobs.
fn is_plain_closed_loop(report: &Report) -> bool {
    let thinks = |(path, _): (&str, &str)| path.starts_with("load.think");
    report.open_loop.is_none() && !report.config.iter().any(thinks)
}

/// The knee of the closed-loop prediction, N* = X (Z + S): as many jobs as the most that is predicted, X,
/// needs if none waits for another; where slices are the limit, X is c/S. `None` where the prediction does
/// not reach its most, or is far below that bound on its way.
pub fn predicted_knee(quantity: &Quantity, row: &Row<'_>) -> Option<f64> {
    let is_closed = row
        .points
        .iter()
        .all(|(_, point)| point.report.open_loop.is_none());
    if quantity.name != "jobs" || !is_closed || are_far_in_turns(row) {
        return None;
    }
    let known = row
        .points
        .iter()
        .map(|(at, point)| Some((*at, bound(&point.report)?)));
    let known: Vec<(f64, f64)> = known.collect::<Option<_>>()?;
    let (first, at_first) = *known.first()?;
    let most = known.iter().map(|(_, it)| *it).fold(0.0, f64::max);
    let ends = known.iter().filter(|(_, it)| *it >= most * FLAT).count();
    // Where more jobs fill batches, the way up is no straight line, and does not lead there.
    let is_straight = |(at, bound): &(f64, f64)| *bound * FLAT <= at_first * at / first;
    let is_knee = ends > 1 && at_first < most * FLAT && known.iter().all(is_straight);
    is_knee.then(|| first * most / at_first)
}

/// Whether host and device take turns somewhere, and that is far below the bound.
fn are_far_in_turns(row: &Row<'_>) -> bool {
    row.points.iter().any(|(_, point)| {
        let of = point.report.predicted;
        let in_turns = of.and_then(|it| Some(it.in_turns_per_s? / it.at_most_per_s));
        in_turns.is_some_and(|part| part < 1.0 - GAP)
    })
}

/// What is predicted of the knee, in words: with all slices busy, or with less where something else is the
/// slowest part; or that there is none, where host and device take turns.
pub fn predicted_in_words(quantity: &Quantity, row: &Row<'_>) -> Option<String> {
    let said = match quantity.name == "jobs" && are_far_in_turns(row) {
        true => {
            let most = row.points.iter().filter_map(|(_, it)| bound(&it.report));
            format!(
                "host and device take turns, N h + S for N jobs, as long as there is a slice for each; with \
                 more, {}/s are possible at most",
                amount(most.fold(0.0, f64::max))
            )
        }
        false => knee_in_words(quantity, row)?,
    };
    Some(with_name(row, ": ", &said))
}

fn knee_in_words(quantity: &Quantity, row: &Row<'_>) -> Option<String> {
    let knee = predicted_knee(quantity, row)?;
    let of_slices = row
        .points
        .iter()
        .map(|(_, point)| bound_busy(&point.report));
    let busiest = of_slices.flatten().fold(0.0, f64::max);
    let knee = amount(knee);
    Some(match busiest >= FLAT {
        true => format!("N* = c (Z + S)/S = {knee} jobs"),
        false => {
            let (_, last) = row.points.last()?;
            let limit = name_of(&last.report, last.report.predicted?.limit?);
            let busiest = share(busiest);
            format!(
                "N* = {knee} jobs; then the limit is {limit}, and slices are busy for {busiest}"
            )
        }
    })
}

/// A sentence about `row`, behind what its points have in common.
fn with_name(row: &Row<'_>, between: &str, said: &str) -> String {
    match row.of.as_str() {
        "" => said.to_owned(),
        of => format!("{of}{between}{said}"),
    }
}

/// Mean latency by Little's law, if as many ops are in it as jobs: N/X, in ns, of the predicted X.
pub fn predicted_latency_ns(quantity: &Quantity, at: f64, point: &Point) -> Option<f64> {
    let is_jobs = quantity.name == "jobs" && is_plain_closed_loop(&point.report);
    let ops_per_s = predicted(&point.report).filter(|it| is_jobs && *it > 0.0)?;
    Some(at / ops_per_s * 1e9)
}

/// A point that is far below what is possible at most.
struct Gap<'a> {
    report: &'a Report,
    at: f64,
    /// What it is of that.
    part: f64,
    /// Host and device take turns there, and what was measured is what is predicted of that.
    turns: Option<InTurns>,
}

impl<'a> Gap<'a> {
    fn of(&(at, point): &(f64, &'a Point)) -> Option<Self> {
        let report = &point.report;
        let ops_per_s = report.ops_per_s?;
        let part = ops_per_s / bound(report)?;
        let as_predicted = predicted(report)? <= ops_per_s * (1.0 + GAP);
        // In a short run it is its beginning and its end that are missing.
        (part < 1.0 - GAP && is_long(point)).then(|| Self {
            report,
            at,
            part,
            turns: in_turns(report).filter(|_| as_predicted),
        })
    }

    /// What takes the difference; that host and device take turns is explained once.
    fn why(&self, is_explained: bool) -> String {
        let Some(turns) = self.turns else {
            return self.by_stages();
        };
        let how = match is_explained {
            true => "",
            false => {
                ". Service takes always the same time, so that ops which were submitted together end \
                 together, and the thread submits the next ones before it rings the doorbell once; service \
                 of varying length would let them work at once"
            }
        };
        let host = turns.host * busy(self.report) / turns.utilisation;
        format!(
            "host and device take turns, threads work for {} of the time, and slices for {}{how}",
            share(host),
            share(busy(self.report))
        )
    }

    /// What the threads do once calls wait for room, if it is that what was measured.
    fn in_line_per_s(&self) -> Option<f64> {
        let in_line = self.report.predicted?.in_line_per_s?;
        (self.report.ops_per_s? <= in_line * (1.0 + GAP)).then_some(in_line)
    }

    fn by_stages(&self) -> String {
        let (failed, returned) = (self.report.errors.total, self.report.ops);
        if failed > 0 {
            let calls = counted(failed + returned, "call");
            return format!("{} of {calls} failed", count(failed));
        }
        let mut stages: Vec<_> = (self.report.stages.iter())
            .filter_map(|stage| Some((stage.times.mean_ns?, stage.stage.replace('_', " "))))
            .collect();
        stages.sort_by_key(|(mean_ns, _)| std::cmp::Reverse(*mean_ns));
        let longest = stages.iter().take(2);
        let longest = longest.map(|(mean_ns, name)| format!("{name} {}", time_in_words(*mean_ns)));
        let longest = longest.collect::<Vec<_>>().join(" and ");
        if let Some(in_line) = self.in_line_per_s() {
            return format!(
                "calls wait for room, which is more work for the threads, and {}/s are possible then; ops spend \
                 most of their time in {longest}",
                amount(in_line)
            );
        }
        let slices = share(busy(self.report));
        let is_by_host = self.report.predicted.and_then(|it| it.limit) == Some(Limit::Host);
        match is_by_host && busy(self.report) < 1.0 - GAP {
            // Of what the threads can do at most.
            true => format!(
                "threads work for {} of the time, and slices for {slices}: ops come in bursts, and each waits for \
                 the other in turn; ops spend most of their time in {longest}",
                share(self.part)
            ),
            false => {
                format!("slices are busy for {slices}; ops spend most of their time in {longest}")
            }
        }
    }
}

/// Where the measurement of each row is farthest below what is possible at most, and what takes the
/// difference: what its ops spend their time with; and where host and device take turns, that they do.
pub fn gaps_in_words(quantity: &Quantity, rows: &[Row<'_>]) -> Vec<String> {
    let mut is_explained = false;
    let mut said = Vec::new();
    for row in rows {
        let gaps = row.points.iter().filter_map(Gap::of);
        let (in_turns, others): (Vec<_>, Vec<_>) = gaps.partition(|gap| gap.turns.is_some());
        for gap in [in_turns, others].iter().filter_map(|gaps| widest(gaps)) {
            let why = gap.why(is_explained);
            is_explained |= gap.turns.is_some();
            let most = bound(gap.report).map_or_else(String::new, amount);
            let (at, part) = (named(quantity, gap.at), share(gap.part));
            let gap = format!("{at} it is {part} of the {most}/s that are possible at most: {why}");
            said.push(format!("with {}", with_name(row, ", ", &gap)));
        }
    }
    said
}

fn widest<'a, 'b>(gaps: &'b [Gap<'a>]) -> Option<&'b Gap<'a>> {
    gaps.iter().min_by(|a, b| a.part.total_cmp(&b.part))
}

/// Whether the beginning and the end are a small part of the run of `point`: a closed loop had many calls for
/// each of its jobs; an open one many arrivals, and many times as long as one of them is under way.
fn is_long(point: &Point) -> bool {
    let report = &point.report;
    if report.open_loop.is_none() {
        return ops_per_job(point).is_some_and(|ops| ops >= f64::from(ROUNDS));
    }
    let under_way = report.stages.iter().filter(|it| it.stage != "full_wait");
    let under_way_ns: u64 = under_way.filter_map(|it| it.times.mean_ns).sum();
    let round_ns = under_way_ns.saturating_mul(u64::from(ROUNDS));
    report.ops >= ENOUGH_ARRIVALS && report.elapsed_ns >= round_ns
}

/// A prediction that reached its most, but for rounding.
const FLAT: f64 = 0.999;
/// Of each job, from which on the beginning and the end of a run are a small part of it.
const ROUNDS: u32 = 10;
/// Of a Poisson stream, so many that it is chance by a few percent at most how long they take.
const ENOUGH_ARRIVALS: u64 = 1_000;
/// What is less than the bound by more than this is worth a word.
const GAP: f64 = 0.1;
