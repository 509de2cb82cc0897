//! A quantity that has words in place of numbers: which of them does best, in words and as bars.

use pausewake_device::Nanos;

use super::super::html::{Bar, Figure, Ink, StackedBars, TimeUnit};
use super::super::text::numbers::{amount, share, time_in_words};
use super::{Point, Quantity, SweepReport, Value};

/// By what points are compared.
#[derive(Clone, Copy)]
enum By {
    /// Ops per second.
    Throughput,
    /// Mean latency, where everything is served that arrives.
    Latency,
}

impl By {
    fn of(points: &[&Point]) -> Self {
        let keeps_up =
            |point: &&Point| point.report.open_loop.is_some() && !point.report.is_saturated();
        match points.iter().all(keeps_up) {
            true => Self::Latency,
            false => Self::Throughput,
        }
    }

    /// The figure of a point; `None` if nothing was measured.
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds, to be compared")]
    fn figure(self, point: &Point) -> Option<f64> {
        match self {
            Self::Throughput => point.report.ops_per_s,
            Self::Latency => point.report.latency.mean_ns.map(|ns| ns as f64),
        }
    }

    fn in_words(self, figure: f64) -> String {
        match self {
            Self::Throughput => format!("{} op/s", amount(figure)),
            Self::Latency => format!(
                "{} on average",
                time_in_words(Nanos::from_f64(figure).get())
            ),
        }
    }

    fn better(self, a: f64, b: f64) -> bool {
        match self {
            Self::Throughput => a > b,
            Self::Latency => a < b,
        }
    }
}

/// The one of `points` that does most, the first of several that do the same.
pub fn best<'a>(points: impl Iterator<Item = &'a Point>) -> Option<&'a Point> {
    let throughput = |point: &Point| point.report.ops_per_s.unwrap_or(0.0);
    points.reduce(|best, next| match throughput(next) > throughput(best) {
        true => next,
        false => best,
    })
}

/// Which word does best, and by how much, where nothing but words was swept; `None` elsewhere, or where
/// points are missing or mean nothing.
pub fn in_words(sweep: &SweepReport) -> Option<String> {
    if sweep.quantities.iter().any(Quantity::is_number) || !sweep.missing().is_empty() {
        return None;
    }
    let (axis, _) = words(sweep).next()?;
    let points: Vec<&Point> = sweep.points.iter().collect();
    if points.iter().any(|point| point.report.invalid.is_some()) {
        return None;
    }
    let by = By::of(&points);
    let mut all = points
        .iter()
        .map(|point| {
            let figure = by.figure(point).filter(|it| *it > 0.0)?;
            Some((word(point, axis)?, figure))
        })
        .collect::<Option<Vec<_>>>()?;
    // The sort is stable: of several that are the same, the first is first.
    all.sort_by(|(_, a), (_, b)| match by {
        By::Throughput => b.total_cmp(a),
        By::Latency => a.total_cmp(b),
    });
    let [(best, most), .., (worst, least)] = all.as_slice() else {
        return None;
    };
    let (most_said, least_said) = (by.in_words(*most), by.in_words(*least));
    let ends = format!("{most_said} with {best}, {least_said} with {worst}");
    let apart = most.max(*least) / most.min(*least) - 1.0;
    Some(match (by.better(*most, *least), apart >= APART) {
        (false, _) => format!("{} do the same: {most_said}", list(&all)),
        (true, false) if apart < SAME => {
            format!("{} do the same, but for {}: {ends}", list(&all), LITTLE)
        }
        (true, false) => format!("{} differ by {} at most: {ends}", list(&all), share(apart)),
        (true, true) => {
            let than = match by {
                By::Throughput => "more",
                By::Latency => "less",
            };
            let others = all[1..].iter().map(|(word, figure)| {
                let part = match by {
                    By::Throughput => most / figure - 1.0,
                    By::Latency => 1.0 - most / figure,
                };
                format!(
                    "{} {than} than {word} ({})",
                    share(part),
                    by.in_words(*figure)
                )
            });
            let others = others.collect::<Vec<_>>().join(", ");
            // What one run shows of the machine, the next may not.
            let by_chance = match sweep
                .points
                .iter()
                .any(|it| it.report.scenario.clock == "wall")
            {
                true => "; it is one run of each, and `pausewake compare` says how far they vary",
                false => "",
            };
            format!("{best} does best: {most_said}, {others}{by_chance}")
        }
    })
}

fn list(all: &[(&str, f64)]) -> String {
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

/// The quantities that have several words, and their places.
fn words(sweep: &SweepReport) -> impl Iterator<Item = (usize, &Quantity)> {
    let several = |quantity: &Quantity| quantity.values.len() > 1 && !quantity.is_number();
    let quantities = sweep.quantities.iter().enumerate();
    quantities.filter(move |(_, quantity)| several(quantity))
}

fn word(point: &Point, axis: usize) -> Option<&str> {
    match point.place.at.get(axis)? {
        Value::Word(word) => Some(word),
        _ => None,
    }
}

/// Bars of each quantity that has words: throughput and latency of the best point with each of them.
pub fn figures(sweep: &SweepReport) -> Vec<Figure> {
    let words = words(sweep).filter(|_| !sweep.points.is_empty());
    words.flat_map(|(axis, of)| bars(sweep, axis, of)).collect()
}

fn bars(sweep: &SweepReport, axis: usize, quantity: &Quantity) -> [Figure; 2] {
    let with = |value: &'_ Value| {
        let value = value.clone();
        let points = sweep.points.iter();
        points.filter(move |point| point.place.at.get(axis) == Some(&value))
    };
    let words = quantity.values.iter();
    let fastest = words.clone().filter_map(|value| best(with(value)));
    // Latency is compared at one and the same load: with more jobs there is more of it.
    let others = |point: &Point| {
        let mut at = point.place.at.clone();
        at.remove(axis);
        at
    };
    let of_all = best(sweep.points.iter()).map(others);
    let alike = words.filter_map(|value| {
        with(value).find(|point| of_all.as_ref().is_some_and(|at| others(point) == *at))
    });
    let (fastest, alike): (Vec<&Point>, Vec<&Point>) = (fastest.collect(), alike.collect());
    let longest = alike.iter().filter_map(|it| it.report.latency.p99_ns);
    let unit = TimeUnit::of(Nanos::new(longest.max().unwrap_or(1)));
    let (each, same) = match sweep.quantities.len() {
        1 => (SAME_LOAD, SAME_LOAD),
        _ => (
            "Of the points with each, the one with the highest throughput.",
            "Each with the load with which the best of all has its highest throughput.",
        ),
    };
    let label = format!("latency, p99, {}", unit.name);
    let bars = Bars { sweep, axis };
    [
        bars.figure(&fastest, ["throughput", "Throughput", "op/s", each], |it| {
            it.report.ops_per_s
        }),
        bars.figure(&alike, ["latency", "Latency", &label, same], |it| {
            let p99_ns = it.report.latency.p99_ns?;
            Some(unit.of_time(Nanos::new(p99_ns)))
        }),
    ]
}

/// A bar for each word of a quantity.
struct Bars<'a> {
    sweep: &'a SweepReport,
    axis: usize,
}

impl Bars<'_> {
    /// A figure with its kind, title, axis and note.
    fn figure(
        &self,
        points: &[&Point],
        [kind, title, label, note]: [&str; 4],
        length: impl Fn(&Point) -> Option<f64>,
    ) -> Figure {
        let quantity = &self.sweep.quantities[self.axis].name;
        let title = format!("{title} by {quantity}");
        let bar = |point: &&Point| {
            let length = length(point).unwrap_or(0.0);
            let label = point.place.label(&self.sweep.quantities);
            let said = format!("{label}: {}", amount(length));
            Bar {
                label: self.label(point),
                parts: vec![(length, Ink::Series(0), said)],
            }
        };
        let chart = StackedBars {
            id: &format!("sweep-{quantity}-{kind}"),
            title: &title,
            description: note,
            label,
            bars: points.iter().map(bar).collect(),
        };
        Figure {
            svg: chart.svg(),
            title,
            note: note.to_owned(),
            legend: Vec::new(),
            is_wide: true,
        }
    }

    /// The word, and what else its point has.
    fn label(&self, point: &Point) -> String {
        let places = self.sweep.quantities.iter().zip(&point.place.at);
        let (word, others): (Vec<_>, Vec<_>) =
            (places.enumerate()).partition(|(axis, _)| *axis == self.axis);
        let word = word.into_iter().map(|(_, (_, word))| word.to_string());
        let others = others
            .into_iter()
            .map(|(_, (of, value))| format!("{} {}", of.name, value.in_words()));
        word.chain(others).collect::<Vec<_>>().join(", ")
    }
}

const SAME_LOAD: &str = "Each with the same load.";
/// What is less is no reason to take one of them.
const APART: f64 = 0.01;
/// What is less is not shown in figures.
const SAME: f64 = 0.001;
const LITTLE: &str = "less than 0.1 %";
