//! A sweep as a page: a chart of each quantity that has numbers, over it what is predicted, and bars of each
//! that has words.

use pausewake_device::Nanos;

use super::super::Verdict;
use super::super::html::{Card, Overview, Sweep, Swept, TimeUnit, are_factors};
use super::super::text::Table;
use super::super::text::numbers::{amount, or_na};
use super::knee::{Row, rows, told};
use super::predicted::{bound, predicted, predicted_busy, predicted_latency_ns};
use super::remarks::remarks;
use super::table::{about, points, says};
use super::ways;
use super::words::in_words;
use super::{Point, Quantity, SweepReport, Value, busy};
use crate::scenario::Entries;

/// All of it.
pub fn html(sweep: &SweepReport) -> String {
    let charts = sweep.quantities.iter().enumerate();
    let charts = charts.filter(|(_, quantity)| quantity.is_number() && !sweep.points.is_empty());
    let charts: Vec<Sweep> = charts
        .flat_map(|(axis, _)| charts_of(sweep, axis))
        .collect();
    let config = sweep.points.first().map(|point| &point.report.config);
    let config = config.into_iter().flat_map(Entries::iter);
    let config = config.filter(|(path, _)| !sweep.is_swept(path));
    let swept = sweep
        .quantities
        .iter()
        .map(|it| (it.name.as_str(), it.typed.as_str()));
    let words = says(sweep).into_iter();
    let best = ways::best(sweep.points.iter());
    let names: Vec<&str> = sweep.quantities.iter().map(|it| it.name.as_str()).collect();
    let part = sweep.shard.map_or_else(String::new, |part| {
        format!(", shard {} of {}", part.number, part.of)
    });
    let verdict = sweep.verdict();
    let mut what = Table::of_words();
    for (label, said) in about(sweep) {
        what.row([label.to_owned(), said]);
    }
    let overview = Overview {
        title: format!("Sweep of {}{part}", names.join(" and ")),
        about: None,
        verdict,
        word: match verdict {
            Verdict::Holds if sweep.shard.is_some() => Some("This part is complete"),
            Verdict::Holds => Some("Complete"),
            Verdict::Aborted => Some("Incomplete"),
            Verdict::Invalid if !sweep.broke_off.is_empty() => Some("Incomplete"),
            _ => None,
        },
        is_doubtful: false,
        reasons: (remarks(sweep).into_iter())
            .chain(words.map(|(label, said)| format!("{label}: {said}.")))
            .collect(),
        chips: Vec::new(),
        cards: best
            .map(|point| best_of(sweep, point))
            .into_iter()
            .collect(),
        figures: (charts.iter().map(Sweep::figure))
            .chain(ways::figures(sweep))
            .collect(),
        tables: vec![("Points", points(sweep)), ("Sweep", what)],
        results: &[],
        config: swept
            .chain(config)
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .collect(),
        command: &sweep.command,
    };
    overview.into_html()
}

/// The highest throughput, and where: of several that are the same, at the first.
fn best_of(sweep: &SweepReport, point: &Point) -> Card {
    Card {
        label: "Best throughput".into(),
        value: or_na(point.report.ops_per_s, amount),
        unit: "op/s",
        note: point.place.label(&sweep.quantities),
    }
}

/// Throughput, latency and utilisation over the quantity at `axis`.
fn charts_of(sweep: &SweepReport, axis: usize) -> [Sweep; 3] {
    let quantity = &sweep.quantities[axis];
    let rows = rows(sweep, axis);
    let chart = |kind: &str, title: &str, figure: &str| Sweep {
        id: format!("sweep-{}-{kind}", quantity.name),
        title: format!("{title} by {}", quantity.name),
        note: "Marks were measured; what is predicted is dashed.".to_owned(),
        quantity: match quantity.name.as_str() {
            "rate" => "arrivals per second".to_owned(),
            "size" => "message, bytes".to_owned(),
            name => name.to_owned(),
        },
        figure: figure.to_owned(),
        is_doubling: is_doubling(quantity),
        measured: Vec::new(),
        predicted: Vec::new(),
        bands: Vec::new(),
    };
    let name = |row: &Row<'_>, what: &str| match row.of.as_str() {
        "" => what.to_owned(),
        of => format!("{of}, {what}"),
    };
    let each = |what: &str, figure: &dyn Fn(f64, &Point) -> Option<f64>| -> Vec<Swept> {
        let line = |row: &Row<'_>| line(name(row, what), row, figure);
        rows.iter().map(line).collect()
    };
    let mut throughput = chart("throughput", "Throughput", "op/s");
    if let Some((told, rows)) = told(sweep).filter(|(told, _)| told.name == quantity.name) {
        let words = rows.iter().take(MOST_WORDS);
        let words = words.map(|row| in_words(told, row));
        throughput.note = words.collect::<Vec<_>>().join("; ") + ".";
    }
    throughput.measured = each("measured", &|_, point| point.report.ops_per_s);
    throughput.predicted = each("predicted", &|_, point| predicted(&point.report));
    if let [row] = &rows[..]
        && (row.points.iter()).any(|(_, it)| predicted(&it.report) < bound(&it.report))
    {
        let bounds = each("at most", &|_, point| bound(&point.report));
        throughput.predicted.extend(bounds);
    }

    let longest = sweep
        .points
        .iter()
        .filter_map(|point| point.report.latency.p99_ns);
    let unit = TimeUnit::of(Nanos::new(longest.max().unwrap_or(1)));
    let of = |ns: Option<u64>| ns.map(|ns| unit.of_time(Nanos::new(ns)));
    let mut latency = chart("latency", "Latency", &format!("latency, {}", unit.name));
    latency.measured = each("p99", &|_, point| of(point.report.latency.p99_ns));
    latency.predicted = each("mean, predicted", &|at, point| {
        predicted_latency_ns(quantity, at, point).map(|ns| unit.of_time(Nanos::from_f64(ns)))
    });
    latency.note = "Percentiles of each point.".to_owned();
    if let [_] = &rows[..] {
        let median = each("p50", &|_, point| of(point.report.latency.p50_ns));
        latency.measured.extend(median);
    }

    let mut busiest = chart("utilisation", "Utilisation", "slices busy, %");
    busiest.note = "Of the class of slices that is busiest.".to_owned();
    busiest.measured = each("measured", &|_, point| Some(100.0 * busy(&point.report)));
    busiest.predicted = each("predicted", &|_, point| {
        predicted_busy(&point.report).map(|it| 100.0 * it)
    });
    let mut charts = [throughput, latency, busiest];
    for chart in &mut charts {
        // What nothing is known of has no place in a legend.
        let is_known = |swept: &Swept| swept.points.iter().any(|(_, y)| y.is_finite());
        chart.predicted.retain(is_known);
    }
    let [_, latency, _] = &mut charts;
    if !latency.predicted.is_empty() {
        latency.note =
            "Percentiles of each point; dashed, the mean by Little\u{2019}s law.".to_owned();
    }
    charts
}

fn line(label: String, row: &Row<'_>, figure: &dyn Fn(f64, &Point) -> Option<f64>) -> Swept {
    let points = row.points.iter();
    let points = points.map(|(at, point)| (*at, figure(*at, point).unwrap_or(f64::NAN)));
    Swept {
        label,
        points: points.collect(),
    }
}

/// Whether steps of the axis are factors.
fn is_doubling(quantity: &Quantity) -> bool {
    let numbers: Option<Vec<f64>> = quantity.values.iter().map(Value::number).collect();
    numbers.is_some_and(|numbers| are_factors(&numbers))
}

/// Sentences below a title.
const MOST_WORDS: usize = 4;
