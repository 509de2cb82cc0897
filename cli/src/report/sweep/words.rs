//! What the points of a line show, in sentences.

use super::super::Report;
use super::super::parts::Limit;
use super::super::text::numbers::{amount, count, share};
use super::knee::{Row, knee};
use super::{Point, Quantity, busy};

/// What is to be said of a line, in one sentence.
pub fn in_words(quantity: &Quantity, row: &Row<'_>) -> String {
    let said = match row.points.as_slice() {
        points @ ([] | [_]) if points.iter().all(|(_, it)| !it.report.is_saturated()) => {
            "too few points that mean something to tell of a knee".to_owned()
        }
        points => of_points(quantity, points),
    };
    match row.of.as_str() {
        "" => said,
        of => format!("{of}: {said}"),
    }
}

/// Calls that fail are the first to be known of an open loop; of a closed one its growth tells.
fn of_points(quantity: &Quantity, points: &[(f64, &Point)]) -> String {
    let is_open = points.iter().any(|(_, it)| it.report.open_loop.is_some());
    let failing = failing(quantity, points).filter(|_| is_open);
    let growth = || failing.is_none().then(|| growth(quantity, points));
    let said = overload(quantity, points).or_else(growth);
    let both = failing.into_iter().chain(said);
    both.collect::<Vec<_>>().join("; ")
}

/// Where more arrived in an open loop than was served; `None` if that was nowhere.
fn overload(quantity: &Quantity, points: &[(f64, &Point)]) -> Option<String> {
    let is_saturated = |(_, point): &(f64, &Point)| point.report.is_saturated();
    let first = points.iter().position(is_saturated)?;
    let last = points.iter().rposition(is_saturated)?;
    let (at, point) = points[first];
    let too_much = format!("more arrives than is served{}", limit_of(&point.report));
    if points.iter().filter(|it| is_saturated(it)).count() != last - first + 1 {
        let list: Vec<String> = (points.iter())
            .filter(|it| is_saturated(it))
            .map(|(at, _)| in_digits(*at))
            .collect();
        let unit = unit_of(quantity, 2.0);
        return Some(format!("at {}{unit} {too_much}", list.join(", ")));
    }
    let end = points.len() - 1;
    Some(match (first, last) {
        (0, last) if last == end => format!("at all values {too_much}"),
        (0, last) => format!(
            "up to {} {too_much}; at {} all of it is served",
            named(quantity, points[last].0),
            in_digits(points[last + 1].0)
        ),
        (first, last) => {
            let not_yet = in_digits(points[first - 1].0);
            let at = named(quantity, at);
            match (first == end, last == end) {
                (true, _) => format!("at {at}, the last value, {too_much} (at {not_yet} not yet)"),
                (_, true) => format!("from {at} on (at {not_yet} not yet) {too_much}"),
                _ => {
                    let until = in_digits(points[last].0);
                    format!("from {at} to {until} (at {not_yet} not yet) {too_much}")
                }
            }
        }
    })
}

/// What does not let through more, if the configuration says it.
fn limit_of(report: &Report) -> String {
    let capacity = report.open_loop.as_ref().and_then(|it| it.capacity_per_s);
    let predicted = report.predicted;
    let limit = predicted.and_then(|it| it.limit);
    match limit.zip(capacity) {
        Some((_, capacity)) if is_software(report) => {
            format!(": the limit is software, {}/s at most", amount(capacity))
        }
        Some((limit, capacity)) => {
            let in_line = predicted.and_then(|it| it.in_line_per_s);
            let in_line = in_line.map_or_else(String::new, |in_line| {
                let in_line = amount(in_line);
                format!(", and {in_line}/s once calls wait for room, which is more work")
            });
            let (name, capacity) = (name_of(report, limit), amount(capacity));
            format!(": the limit is {name}, {capacity}/s at most{in_line}")
        }
        None if busy(report) >= SATURATED => ": the limit is the slices".to_owned(),
        None if is_software(report) => ": the limit is software".to_owned(),
        None => String::new(),
    }
}

/// What does not let through more, of the run of `report`.
pub fn name_of(report: &Report, limit: Limit) -> &'static str {
    match limit {
        Limit::Room if report.scenario.mode == "sync" => "the one call that each thread waits for",
        Limit::Jobs => "the number of jobs",
        Limit::Room => "the room for ops under way",
        Limit::Host => "the work of the host\u{2019}s threads",
        Limit::Link => "the link",
        Limit::Slices => "the slices",
        Limit::Rate => "the rate of the device",
        Limit::RatePerKey => "the rate of a key",
    }
}

/// Up to where more brought more, and where it brought less.
fn growth(quantity: &Quantity, points: &[(f64, &Point)]) -> String {
    let Some(knee) = knee(quantity, points) else {
        return ends_growing(quantity, points);
    };
    let said = growth_up_to(quantity, points, knee);
    match fall(quantity, points, knee) {
        Some(fall) => format!("{}; {fall}", said.trim_end_matches(ONLY_WAIT)),
        None => said,
    }
}

/// Where throughput is far below its best again, behind the knee.
fn fall(quantity: &Quantity, points: &[(f64, &Point)], knee: usize) -> Option<String> {
    if quantity.name == "size" {
        return None;
    }
    let per_s = |(_, point): &(f64, &Point)| point.report.ops_per_s.unwrap_or(0.0);
    let best = points.iter().map(per_s).fold(0.0, f64::max);
    let behind = points[knee + 1..].iter();
    let worst = behind.min_by(|a, b| per_s(a).total_cmp(&per_s(b)))?;
    let less = 1.0 - per_s(worst) / best;
    let (at, point) = worst;
    let predicted = point.report.predicted;
    let waits = predicted.is_some_and(|it| it.in_line_per_s.is_some());
    let why = match waits {
        true => ", where calls wait for room, which is more work",
        false => "",
    };
    (less > FALLS).then(|| {
        format!(
            "at {} it is {} less{why}",
            named(quantity, *at),
            share(less)
        )
    })
}

fn growth_up_to(quantity: &Quantity, points: &[(f64, &Point)], knee: usize) -> String {
    let at = named(quantity, points[knee].0);
    let from = match knee.checked_sub(1) {
        Some(before) => format!("from {at} (at {} not yet) on", in_digits(points[before].0)),
        None => format!("already at {at}, the first value,"),
    };
    if quantity.name == "size" {
        return format!("{from} larger messages bring no more bytes per second");
    }
    let behind = &points[knee..];
    let busiest = behind
        .iter()
        .map(|(_, point)| busy(&point.report))
        .fold(0.0, f64::max);
    if behind.iter().any(|(_, point)| fails(point)) {
        return format!(
            "{from} throughput grows no more: calls fail, and slices are busy for {} at most",
            share(busiest)
        );
    }
    if behind.iter().all(|(_, it)| it.report.open_loop.is_some()) {
        return format!("{from} all that arrives is served; more brings no more");
    }
    if busiest >= SATURATED {
        return format!("{from} the device is saturated{ONLY_WAIT}");
    }
    if behind.iter().all(|(_, it)| is_software(&it.report)) {
        return format!("{from} throughput grows no more: the limit is software");
    }
    let busiest = share(busiest);
    match behind
        .iter()
        .find_map(|(_, it)| limit_elsewhere(&it.report))
    {
        Some(limit) => format!(
            "{from} throughput grows no more: the limit is {}, and slices are busy for {busiest} at most",
            name_of(&points[knee].1.report, limit)
        ),
        None => {
            let bounds = behind
                .iter()
                .filter_map(|(_, it)| bound_elsewhere(&it.report));
            let rest = match bounds.max_by(|(_, a), (_, b)| a.total_cmp(b)) {
                Some((limit, bound)) => {
                    let name = name_of(&points[knee].1.report, limit);
                    format!("; {name} would let through {}/s", amount(bound))
                }
                None => ": the limit is elsewhere".to_owned(),
            };
            format!(
                "{from} throughput grows no more, though slices are busy for {busiest} at most{rest}"
            )
        }
    }
}

/// Where calls begin to fail, if they do.
fn failing(quantity: &Quantity, points: &[(f64, &Point)]) -> Option<String> {
    let (at, _) = points.iter().find(|(_, point)| fails(point))?;
    let at = named(quantity, *at);
    Some(format!(
        "calls fail, at {at} to begin with: what throughput tells is of those that do not"
    ))
}

/// Whether calls failed of which nobody said that they may.
fn fails(point: &Point) -> bool {
    point.report.has_unexpected_errors()
}

/// Whether nothing is for the device: slices and rings are then no limit, and tell of none.
fn is_software(report: &Report) -> bool {
    report.scenario.mode == "software"
}

/// What is the limit of a closed loop by its configuration, if that is neither its jobs nor the slices, and
/// it is what was measured.
fn limit_elsewhere(report: &Report) -> Option<Limit> {
    let (limit, bound) = bound_elsewhere(report)?;
    (report.ops_per_s? >= bound * REACHED).then_some(limit)
}

/// What bounds it by its configuration, if that is neither its jobs nor the slices, and how many ops that lets
/// through each second.
fn bound_elsewhere(report: &Report) -> Option<(Limit, f64)> {
    let predicted = report.predicted?;
    let limit = predicted.limit?;
    (!matches!(limit, Limit::Jobs | Limit::Slices)).then_some((limit, predicted.at_most_per_s))
}

/// What is to be said where the best, if there is one, stands at the end.
fn ends_growing(quantity: &Quantity, points: &[(f64, &Point)]) -> String {
    let [.., (before, _), (last, point)] = points else {
        return "too few points that mean something to tell of a knee".to_owned();
    };
    let last = named(quantity, *last);
    if quantity.name == "size" {
        return format!("up to {last}, larger messages bring more bytes per second");
    }
    if points.iter().all(|(_, it)| it.report.ops_per_s.is_none()) {
        return "nothing takes any time, and there is no throughput".to_owned();
    }
    if let Some(failing) = failing(quantity, points) {
        return failing;
    }
    if let Some(open_loop) = &point.report.open_loop {
        let in_line = point.report.predicted.and_then(|it| it.in_line_per_s);
        let tips_over = in_line.filter(|in_line| open_loop.offered_per_s > Some(*in_line));
        let tips_over = tips_over.map_or_else(String::new, |in_line| {
            let in_line = amount(in_line);
            format!("; above {in_line}/s calls that once wait for room, which is more work, wait for good")
        });
        return format!("nothing is saturated up to {last}: all that arrives is served{tips_over}");
    }
    let what = match limit_elsewhere(&point.report) {
        _ if busy(&point.report) >= SATURATED => "the device is saturated".to_owned(),
        Some(limit) => format!("the limit is {}", name_of(&point.report, limit)),
        None => return format!("nothing is saturated up to {last}; throughput still grows"),
    };
    format!(
        "at {last}, the last value, {what} (at {} not yet); what more would bring was not measured",
        in_digits(*before)
    )
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
    format!("{}{}", in_digits(at), unit_of(quantity, at))
}

fn unit_of(quantity: &Quantity, at: f64) -> String {
    match quantity.name.as_str() {
        "rate" => " arrivals per second".to_owned(),
        "size" if at == 1.0 => " byte".to_owned(),
        "size" => " bytes".to_owned(),
        name if at == 1.0 => format!(" {}", name.trim_end_matches('s')),
        name => format!(" {name}"),
    }
}

/// Of their time that slices have to work to be taken for busy without end.
const SATURATED: f64 = 0.95;
/// Of what the configuration lets expect at most.
const REACHED: f64 = 0.9;
/// What more does where slices are busy all the time already.
const ONLY_WAIT: &str = "; more only wait";
/// Of the best throughput, what is worth a word if it is missing behind the knee.
const FALLS: f64 = 0.1;
