//! Where more brings no more.
//!
//! The measured knee of a line of points is the least value whose throughput is within 2 % of the best
//! of the line, if a greater value was measured too: nothing is interpolated. If the best is only
//! reached at the end, nobody knows what more would bring. Where sizes are swept, it is bytes per second
//! that are compared. Of rates it is the last one at which all that arrives is served: what is beyond waits
//! for longer and longer.

use super::super::Report;
use super::{Point, Quantity, SweepReport, Value};

/// Points that differ in one quantity alone.
pub struct Row<'a> {
    /// What the others are, in words; empty if there are no others.
    pub of: String,
    /// Values of the quantity, in ascending order, and the points there.
    pub points: Vec<(f64, &'a Point)>,
}

/// The lines of `sweep` along the quantity at `axis`.
pub fn rows(sweep: &SweepReport, axis: usize) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for point in &sweep.points {
        let Some(at) = point.place.at.get(axis).and_then(Value::number) else {
            continue;
        };
        let others = sweep.quantities.iter().zip(&point.place.at).enumerate();
        let others = others.filter(|(place, _)| *place != axis);
        let of: Vec<String> = others
            .map(|(_, (quantity, value))| match value {
                Value::Word(word) => word.clone(),
                number => format!("{} {}", quantity.name, number.in_words()),
            })
            .collect();
        let of = of.join(", ");
        match rows.iter_mut().find(|row| row.of == of) {
            Some(row) => row.points.push((at, point)),
            None => rows.push(Row {
                of,
                points: vec![(at, point)],
            }),
        }
    }
    rows
}

/// The lines that a knee is looked for in: of which quantity, which is the innermost one that has numbers,
/// and of the points whose figures mean something. `None` if points are missing: nobody knows what
/// those would show.
pub fn told(sweep: &SweepReport) -> Option<(&Quantity, Vec<Row<'_>>)> {
    let axis = sweep.quantities.iter().rposition(Quantity::is_number)?;
    if !sweep.missing().is_empty() {
        return None;
    }
    let mut rows = rows(sweep, axis);
    for row in &mut rows {
        let tells = |report: &Report| report.invalid.is_none() && report.ops > 0;
        row.points
            .retain(|(_, point)| tells(&point.report) && !is_too_short(point));
    }
    Some((&sweep.quantities[axis], rows))
}

/// Whether there were fewer calls than jobs, so that some had nothing to do: its throughput is that of no load.
pub fn is_too_short(point: &Point) -> bool {
    ops_per_job(point).is_some_and(|ops| ops < 1.0)
}

/// How many calls each job made, in a closed loop, those included that failed.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub fn ops_per_job(point: &Point) -> Option<f64> {
    let report = &point.report;
    let jobs = report.config.get("load.jobs")?.parse::<f64>().ok();
    let jobs = jobs.filter(|_| report.open_loop.is_none())?;
    Some((report.ops + report.errors.total) as f64 / jobs)
}

/// Where the knee stands among `points`, if they show one.
pub fn knee(quantity: &Quantity, points: &[(f64, &Point)]) -> Option<usize> {
    let is_saturated = |(_, point): &(f64, &Point)| point.report.is_saturated();
    if quantity.name == "rate" {
        let is_served =
            |point: &(f64, &Point)| !is_saturated(point) && !point.1.report.has_unexpected_errors();
        let first = points.iter().position(|point| !is_served(point))?;
        return first.checked_sub(1);
    }
    let brings: Vec<f64> = points
        .iter()
        .map(|(at, point)| brings(quantity, *at, point))
        .collect();
    let best = brings.iter().copied().fold(0.0, f64::max);
    let is_near = |(it, point): (&f64, &(f64, &Point))| *it >= best * NEAR && !is_saturated(point);
    let knee = brings.iter().zip(points).position(is_near)?;
    (best > 0.0 && knee + 1 < points.len()).then_some(knee)
}

/// Whether the knee of a line of jobs may be another one in longer runs: jobs that have ended wait at the end of a
/// run for those that have not, so that of n calls of each the throughput may be a part of 1/n too low. It
/// matters up to the knee.
pub fn is_knee_in_doubt(quantity: &Quantity, points: &[(f64, &Point)]) -> bool {
    let until = knee(quantity, points).map_or(points.len(), |knee| knee + 1);
    let is_short =
        |(_, point): &(f64, &Point)| ops_per_job(point).is_some_and(|ops| ops * (1.0 - NEAR) < 1.0);
    quantity.name == "jobs" && points[..until].iter().any(is_short)
}

/// Ops per second; where messages grow, bytes.
fn brings(quantity: &Quantity, at: f64, point: &Point) -> f64 {
    let throughput = point.report.ops_per_s.unwrap_or(0.0);
    match quantity.name.as_str() {
        "size" => throughput * at,
        _ => throughput,
    }
}

/// Within 2 % of the best.
const NEAR: f64 = 0.98;
