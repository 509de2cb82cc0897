//! Where more brings no more.
//!
//! The measured knee of a line of points is the least value whose throughput is within 2 % of the best
//! of the line, if a greater value was measured too: nothing is interpolated. If the best is only
//! reached at the end, nobody knows what more would bring. Where sizes are swept, it is bytes per second
//! that are compared.

use super::super::text::numbers::{count, share};
use super::{Point, Quantity, SweepReport, Value, busy};

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
        row.points
            .retain(|(_, point)| point.report.invalid.is_none() && !is_too_short(point));
    }
    Some((&sweep.quantities[axis], rows))
}

/// Whether there were fewer ops than jobs, so that some had nothing to do: its throughput is that of no load.
pub fn is_too_short(point: &Point) -> bool {
    ops_per_job(point).is_some_and(|ops| ops < 1.0)
}

/// How many ops each job did, in a closed loop.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
pub fn ops_per_job(point: &Point) -> Option<f64> {
    let report = &point.report;
    let jobs = report.config.get("load.jobs")?.parse::<f64>().ok();
    let jobs = jobs.filter(|_| report.open_loop.is_none())?;
    Some(report.ops as f64 / jobs)
}

/// Where the knee stands among `points`, if they show one.
pub fn knee(quantity: &Quantity, points: &[(f64, &Point)]) -> Option<usize> {
    let brings: Vec<f64> = points
        .iter()
        .map(|(at, point)| brings(quantity, *at, point))
        .collect();
    let best = brings.iter().copied().fold(0.0, f64::max);
    let knee = brings.iter().position(|it| *it >= best * NEAR)?;
    (best > 0.0 && knee + 1 < points.len()).then_some(knee)
}

/// Ops per second; where messages grow, bytes.
fn brings(quantity: &Quantity, at: f64, point: &Point) -> f64 {
    let throughput = point.report.ops_per_s.unwrap_or(0.0);
    match quantity.name.as_str() {
        "size" => throughput * at,
        _ => throughput,
    }
}

/// What is to be said of a line, in one sentence.
pub fn in_words(quantity: &Quantity, row: &Row<'_>) -> String {
    let of = match row.of.as_str() {
        "" => String::new(),
        of => format!("{of}: "),
    };
    let Some(knee) = knee(quantity, &row.points) else {
        return format!("{of}{}", unsaturated(quantity, row));
    };
    let not_yet = match knee.checked_sub(1) {
        Some(before) => format!(" (at {} not yet)", in_digits(row.points[before].0)),
        None => String::new(),
    };
    let from = format!(
        "{of}from {}{not_yet} on",
        named(quantity, row.points[knee].0)
    );
    if quantity.name == "size" {
        return format!("{from} larger messages bring no more bytes per second");
    }
    let behind = row.points[knee..].iter();
    let busiest = behind
        .map(|(_, point)| busy(&point.report))
        .fold(0.0, f64::max);
    if busiest >= SATURATED {
        return format!("{from} the device is saturated; more only wait");
    }
    format!(
        "{from} throughput grows no more, though slices are busy for {} at most: the limit is \
         elsewhere",
        share(busiest)
    )
}

/// What is to be said where the best, if there is one, stands at the end.
fn unsaturated(quantity: &Quantity, row: &Row<'_>) -> String {
    let [.., (before, _), (last, point)] = row.points.as_slice() else {
        return "too few points that mean something to tell of a knee".to_owned();
    };
    let last = named(quantity, *last);
    if quantity.name == "size" {
        return format!("up to {last}, larger messages bring more bytes per second");
    }
    if busy(&point.report) >= SATURATED {
        return format!(
            "at {last}, the last value, the device is saturated (at {} not yet); what more would \
             bring was not measured",
            in_digits(*before)
        );
    }
    format!("nothing is saturated up to {last}; throughput still grows")
}

/// A value of a quantity: `1,024`, `0.5`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, and not below zero"
)]
fn in_digits(at: f64) -> String {
    match at.fract() == 0.0 {
        true => count(at as u64),
        false => at.to_string(),
    }
}

/// A value with what it is of.
pub fn named(quantity: &Quantity, at: f64) -> String {
    let number = in_digits(at);
    match quantity.name.as_str() {
        "rate" => format!("{number} arrivals per second"),
        "size" => format!("{number} bytes"),
        name if at == 1.0 => format!("{number} {}", name.trim_end_matches('s')),
        name => format!("{number} {name}"),
    }
}

/// Within 2 % of the best.
const NEAR: f64 = 0.98;
/// Of their time that slices have to work to be taken for busy without end.
const SATURATED: f64 = 0.95;
