//! Both sides over what was swept, if the pairs are points of sweeps.

use pausewake_device::Nanos;

use super::ResultsReport;
use super::differences::Pair;
use crate::report::html::{Figure, Sweep, Swept, TimeUnit, are_factors};

/// A pair at its place: the others of its line, the quantity along it, and the value.
struct At<'a> {
    line: String,
    quantity: &'a str,
    value: f64,
    pair: &'a Pair,
}

impl ResultsReport {
    /// Throughput and latency of both; nothing if the pairs are no points.
    pub(super) fn charts(&self) -> Vec<Figure> {
        let points: Option<Vec<At<'_>>> = self.pairs.iter().map(at).collect();
        let Some(points) = points.filter(|points| points.len() > 1) else {
            return Vec::new();
        };
        let longest = points.iter().filter_map(|it| it.pair.figure("p99"));
        let longest = longest.flat_map(|it| it.baseline.into_iter().chain(it.candidate));
        let unit = TimeUnit::of(Nanos::from_f64(longest.fold(1.0, f64::max)));
        let [per_s, latency] = [("throughput", 1.0), ("p99", unit.length_ns)];
        let axis = format!("latency, {}", unit.name);
        let throughput = chart(
            "throughput",
            "Throughput",
            "op/s",
            series(&points, per_s),
            &points,
        );
        let latency = chart(
            "latency",
            "Latency, p99",
            &axis,
            series(&points, latency),
            &points,
        );
        vec![throughput.figure(), latency.figure()]
    }
}

fn chart(kind: &str, title: &str, figure: &str, measured: Vec<Swept>, points: &[At<'_>]) -> Sweep {
    let quantity = points[0].quantity;
    let mut values: Vec<f64> = points.iter().map(|it| it.value).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    Sweep {
        id: format!("compare-{quantity}-{kind}"),
        title: format!("{title} by {quantity}"),
        note: "Of the points that both have.".to_owned(),
        quantity: quantity.to_owned(),
        figure: figure.to_owned(),
        is_doubling: are_factors(&values),
        measured,
        predicted: Vec::new(),
        bands: Vec::new(),
    }
}

/// A line of each side for all that differ in the last number alone; `one` on the axis is so much.
fn series(points: &[At<'_>], (figure, one): (&str, f64)) -> Vec<Swept> {
    let mut lines: Vec<&str> = points.iter().map(|it| it.line.as_str()).collect();
    lines.dedup();
    let sides = ["baseline", "candidate"];
    let series = lines.iter().flat_map(|line| sides.map(|side| (line, side)));
    let series = series.map(|(line, side)| Swept {
        label: match line.is_empty() {
            true => side.to_owned(),
            false => format!("{line}, {side}"),
        },
        points: (points.iter().filter(|it| it.line == **line))
            .map(|it| {
                let value = it.pair.figure(figure).and_then(|figure| match side {
                    "baseline" => figure.baseline,
                    _ => figure.candidate,
                });
                (it.value, value.map_or(f64::NAN, |value| value / one))
            })
            .collect(),
    });
    series.collect()
}

/// Where the pair `notify=fd,jobs=64` stands.
fn at(pair: &Pair) -> Option<At<'_>> {
    let (others, last) = match pair.variant.as_deref()?.rsplit_once(',') {
        Some((others, last)) => (others, last),
        None => ("", pair.variant.as_deref()?),
    };
    let (quantity, value) = last.split_once('=')?;
    Some(At {
        line: others.replace("notify=", "").replace(',', ", "),
        quantity,
        value: value.parse().ok()?,
        pair,
    })
}
