//! A sweep as text: a row for each point, and what they show, in words.

use super::super::text::numbers::{amount, count, counted, or_na, share, time};
use super::super::text::{self, Table, paragraph, printable};
use super::super::{Report, Verdict};
use super::knee::{is_knee_in_doubt, is_too_short, knee, told};
use super::predicted::{gaps_in_words, predicted, predicted_in_words};
use super::remarks::remarks;
use super::ways;
use super::words::in_words;
use super::{LeftOut, Place, Point, SweepReport, Value, busy};

/// All of it.
pub fn text(sweep: &SweepReport) -> String {
    let mut head = Table::of_words();
    for (label, said) in about(sweep) {
        head.row([label.to_owned(), printable(&said)]);
    }
    let mut parts = vec![head.to_string()];
    parts.extend(remarks(sweep).iter().map(|said| paragraph(said)));
    if sweep.points.is_empty() {
        return parts.join("\n");
    }
    parts.extend(self::parts(sweep));
    let mut words = Table::of_words();
    for (label, said) in says(sweep) {
        words.row([label.to_owned(), said]);
    }
    if !words.is_empty() {
        parts.push(words.to_string());
    }
    parts.join("\n")
}

/// What was swept, and of what.
pub fn about(sweep: &SweepReport) -> Vec<(&'static str, String)> {
    let swept = sweep.quantities.iter();
    let swept = swept.map(|it| format!("{} {}", it.name, it.typed));
    let mut about = vec![("sweep", swept.collect::<Vec<_>>().join(", "))];
    about.push(("points", known(sweep)));
    if let Some(first) = sweep.points.first() {
        let settings = text::settings(&first.report).into_iter();
        let is_swept = |name: &str| {
            let swept = |quantity: &super::Quantity| match name {
                "load" => quantity.name != "notify",
                "engine" => quantity.name == "notify",
                _ => false,
            };
            sweep.quantities.iter().any(swept)
        };
        about.extend(settings.filter_map(|(name, said)| {
            let said = said?;
            Some(match is_swept(name) {
                true => (name, format!("{said} (the first point)")),
                false => (name, said),
            })
        }));
    }
    about.push(("command", sweep.command.clone()));
    about
}

/// How many points there are, and which are missing.
fn known(sweep: &SweepReport) -> String {
    let here = sweep.points.len() as u64;
    let all = sweep.grid_len().unwrap_or(0) - sweep.left_out.len() as u64;
    let known = match (sweep.shard, sweep.is_complete()) {
        (None, true) => count(here),
        (Some(part), true) => format!(
            "{} of {}: shard {} of {}",
            count(here),
            count(all),
            part.number,
            part.of
        ),
        (_, false) => format!("INCOMPLETE: {} of {}", count(here), count(all)),
    };
    match sweep.left_out.as_slice() {
        [] => known,
        [first, ..] => {
            let places = counted(sweep.left_out.len() as u64, "place");
            format!("{known}; {places} of the grid left out (-): {}", first.why)
        }
    }
}

/// A row for each point; the knee is marked in it, and what more arrived at than was served.
pub fn points(sweep: &SweepReport) -> Table {
    rows(sweep, 0, |_| true)
}

/// Tables of all points that are narrow enough for text: if there are too many quantities, those that change
/// last stand above tables of the others.
fn parts(sweep: &SweepReport) -> Vec<String> {
    let mut above = 0;
    while !rows(sweep, above, |_| true).fits() && above + 1 < sweep.quantities.len() {
        above += 1;
    }
    let mut heads: Vec<&[Value]> = Vec::new();
    let left_out = sweep.left_out.iter().chain(&sweep.broke_off);
    let left_out = left_out.chain(sweep.aborted.iter().flatten());
    let left_out = left_out.map(|it| &it.place);
    let mut places: Vec<&Place> = (sweep.points.iter().map(|it| &it.place))
        .chain(left_out)
        .collect();
    places.sort_by_key(|place| place.index);
    for place in places {
        let head = &place.at[..above];
        if heads.last() != Some(&head) {
            heads.push(head);
        }
    }
    let part = |head: &&[Value]| {
        let named = sweep.quantities.iter().zip(*head);
        let named =
            named.map(|(quantity, value)| format!("{} {}", quantity.name, value.in_words()));
        let table = rows(sweep, above, |place| place.at[..above] == **head);
        match above {
            0 => table.to_string(),
            _ => format!("{}\n{table}", named.collect::<Vec<_>>().join(", ")),
        }
    };
    heads.iter().map(part).collect()
}

/// Rows of the points at places that `has` says, without the first `above` quantities.
fn rows(sweep: &SweepReport, above: usize, has: impl Fn(&Place) -> bool) -> Table {
    let names = sweep.quantities.iter().map(|it| it.name.as_str());
    let drops = sweep.points.iter().any(|it| dropped(&it.report) > 0);
    let fails = sweep.points.iter().any(|it| it.report.errors.total > 0);
    let heads = ["op/s", "predicted", "p50", "p99", "busy"];
    let heads = heads.into_iter().chain(drops.then_some("dropped"));
    let heads = heads.chain(fails.then_some("failed"));
    let heads: Vec<&str> = heads.chain([""]).collect();
    let mut table = Table::of_figures(names.skip(above).chain(heads.iter().copied()));
    let knees: Vec<u64> = told(sweep).map_or_else(Vec::new, |(quantity, rows)| {
        let rows = rows.into_iter();
        rows.filter_map(|row| Some(row.points[knee(quantity, &row.points)?].1.place.index))
            .collect()
    });
    let values = |place: &Place| -> Vec<String> {
        let values = place.at.iter().skip(above);
        values.map(Value::in_words).collect()
    };
    let nothing = |(it, mark): (&LeftOut, &str)| {
        let cells = std::iter::repeat_n("-", heads.len() - 1).chain([mark]);
        [values(&it.place), cells.map(str::to_owned).collect()].concat()
    };
    let broke_off = sweep.broke_off.iter().map(|it| (it, "BROKE OFF"));
    let mut left_out: Vec<_> = (sweep.left_out.iter().map(|it| (it, "")))
        .chain(broke_off)
        .chain(sweep.aborted.iter().flatten().map(|it| (it, "ABORTED")))
        .filter(|(it, _)| has(&it.place))
        .collect();
    left_out.sort_by_key(|(it, _)| it.place.index);
    let mut left_out = left_out.into_iter().peekable();
    for point in sweep.points.iter().filter(|it| has(&it.place)) {
        while let Some(it) = left_out.next_if(|(it, _)| it.place.index < point.place.index) {
            table.row(nothing(it));
        }
        let report = &point.report;
        let mut figures = vec![
            or_na(report.ops_per_s, amount),
            or_na(predicted(report), amount),
            or_na(report.latency.p50_ns, time),
            or_na(report.latency.p99_ns, time),
            share(busy(report)),
        ];
        figures.extend(drops.then(|| count(dropped(report))));
        figures.extend(fails.then(|| count(report.errors.total)));
        figures.push(mark(point, &knees).to_owned());
        table.row([values(&point.place), figures].concat());
    }
    for it in left_out {
        table.row(nothing(it));
    }
    table
}

/// Arrivals that were never started.
fn dropped(report: &Report) -> u64 {
    report.open_loop.as_ref().map_or(0, |it| it.dropped)
}

fn mark(point: &Point, knees: &[u64]) -> &'static str {
    let is_knee = knees.contains(&point.place.index);
    match Verdict::of(&point.report) {
        Verdict::WrongResult => "WRONG",
        Verdict::Invalid => "INVALID",
        _ if point.report.aborted.is_some() => "ABORTED",
        _ if point.report.is_saturated() => "saturated",
        _ if is_knee => "knee",
        _ => "",
    }
}

/// What the points show: the measured knee, the predicted one, and what is to be said against them.
pub fn says(sweep: &SweepReport) -> Vec<(&'static str, String)> {
    let mut says = Vec::new();
    if let Some((quantity, rows)) = told(sweep) {
        let measured = rows.iter().map(|row| ("measured", in_words(quantity, row)));
        says.extend(measured);
        let predicted = rows
            .iter()
            .filter_map(|row| predicted_in_words(quantity, row));
        says.extend(predicted.map(|said| ("predicted", said)));
        let gaps = gaps_in_words(quantity, &rows).into_iter();
        says.extend(gaps.map(|said| ("difference", said)));
    } else if let Some(said) = ways::in_words(sweep) {
        says.push(("measured", said));
    } else if let (Some(_), true) = (sweep.shard, sweep.is_complete()) {
        let elsewhere =
            "the other points are elsewhere; `pausewake merge` joins them and names the knee";
        says.push(("shard", elsewhere.to_owned()));
    }
    let count_of = |is: fn(&Report) -> bool| {
        let reports = sweep.points.iter().map(|point| &point.report);
        reports.filter(|report| is(report)).count() as u64
    };
    let wrong = count_of(|report| report.verified.wrong > 0);
    if wrong > 0 {
        says.push((
            "WRONG",
            format!("{} with wrong results", counted(wrong, "point")),
        ));
    }
    if let Some(first) = sweep.broke_off.first() {
        let points = counted(sweep.broke_off.len() as u64, "point");
        let first = format!("{}: {}", first.place.label(&sweep.quantities), first.why);
        says.push(("BROKE OFF", printable(&format!("{points}; {first}"))));
    }
    let short = sweep.points.iter().filter(|point| is_too_short(point));
    let short = short.count() as u64;
    if short > 0 {
        let points = counted(short, "point");
        let said = format!("{points} with fewer calls than jobs, of which no knee is told (--ops)");
        says.push(("TOO SHORT", said));
    }
    let is_in_doubt = told(sweep).is_some_and(|(quantity, rows)| {
        let mut rows = rows.iter();
        rows.any(|row| row.points.len() > 1 && is_knee_in_doubt(quantity, &row.points))
    });
    if is_in_doubt {
        let said = "with fewer than 50 calls for each job the beginning and the end of a run are more than 2 % of \
                    it: with more (--ops, --duration) the knee may be another one";
        says.push(("TOO SHORT", said.to_owned()));
    }
    let drops = count_of(|report| dropped(report) > 0);
    if drops > 0 {
        let points = counted(drops, "point");
        let said = format!(
            "at {points} arrivals found no job free and no place in the backlog: latency is that of the \
             others"
        );
        says.push(("dropped", said));
    }
    says
}
