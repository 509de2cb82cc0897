//! Which charts a report has.

use pausewake_device::Nanos;

use super::chart::{Axis, Band, Line, LineChart, Scale, Style, plain};
use super::ink::Ink;
use super::stacked::{Bar, StackedBars};
use super::ticks::{TimeUnit, round_end, short};
use super::{Figure, Key};
use crate::report::Report;
use crate::report::build::per_second;
use crate::report::series::Series;
use crate::report::text::numbers::{amount, share_of, time_in_words};
use crate::report::timeline::{Interval, Timeline};

/// All of them. A chart of nothing is left out.
pub fn of(variants: &[Report]) -> Vec<Figure> {
    let charts = [
        throughput(variants),
        latency_over_time(variants),
        percentiles(variants),
        stages(variants),
    ];
    charts.into_iter().flatten().collect()
}

/// Lines as figures, with their legend.
pub fn figure(title: &str, note: &str, chart: &LineChart<'_>) -> Figure {
    let line = |line: &Line| Key {
        colour: line.ink.css(),
        swatch: line.style.swatch(),
        label: line.label.clone(),
    };
    let band = |band: &Band| Key {
        colour: Ink::Band.css(),
        swatch: "",
        label: band.label.clone(),
    };
    let lines = chart.lines.iter().map(line);
    Figure {
        title: title.to_owned(),
        note: note.to_owned(),
        legend: lines.chain(chart.bands.iter().map(band)).collect(),
        svg: chart.svg(),
        is_wide: chart.is_wide,
    }
}

fn throughput(variants: &[Report]) -> Option<Figure> {
    let time = TimeAxis::of(variants)?;
    let lines = variants.iter().enumerate().map(|(index, report)| Line {
        label: match variants {
            [_] => "throughput".to_owned(),
            _ => report.label().to_owned(),
        },
        ink: Ink::Series(index),
        points: time.points(report, &for_rates(report), rate),
        style: Style::Line,
        tip: Box::new(|_, y| format!("{} op/s", amount(y))),
    });
    let lines: Vec<Line> = lines.collect();
    let chart = LineChart {
        id: "throughput",
        title: "Throughput over time",
        description: "Calls that gave a result, each second, in each interval of the run.",
        x: time.axis(),
        y: up("op/s", &lines),
        bands: Vec::new(),
        lines,
        is_wide: false,
    };
    let note = match variants {
        [only] => format!("Calls that gave a result, each second{}.", edges(only)),
        _ => "Calls that gave a result, each second.".to_owned(),
    };
    Some(figure("Throughput over time", &note, &chart))
}

/// Of one variant its percentiles, of several the 99th of each.
fn latency_over_time(variants: &[Report]) -> Option<Figure> {
    let time = TimeAxis::of(variants)?;
    let highest = variants.iter().filter_map(|report| report.latency.p99_ns);
    let unit = TimeUnit::of(Nanos::new(highest.max()?));
    let line = |report: &Report, quantile: f64, label: String, index| {
        let timeline = smooth(report, ENOUGH_OPS, FEWEST_INTERVALS);
        let points = time.points(report, &timeline, |_, interval| {
            let value = interval.quantile_ns(quantile).map(Nanos::new);
            value.map(|value| unit.of_time(value))
        });
        Line {
            label,
            ink: Ink::Series(index),
            points,
            style: Style::Line,
            tip: Box::new(|_, y| short_value(y)),
        }
    };
    let lines: Vec<Line> = match variants {
        [only] => [(0.5, "p50"), (0.9, "p90"), (0.99, "p99")]
            .into_iter()
            .enumerate()
            .map(|(index, (quantile, label))| line(only, quantile, label.to_owned(), index))
            .collect(),
        variants => variants
            .iter()
            .enumerate()
            .map(|(index, report)| line(report, 0.99, report.label().to_owned(), index))
            .collect(),
    };
    let (title, note) = match variants {
        [_] => (
            "Latency over time",
            "Percentiles of the calls that ended in each interval.",
        ),
        _ => (
            "Latency over time, p99",
            "99th percentile of the calls that ended in each interval.",
        ),
    };
    let y_label = format!("latency, {}", unit.name);
    let chart = LineChart {
        id: "latency",
        title,
        description: note,
        x: time.axis(),
        y: up(&y_label, &lines),
        bands: Vec::new(),
        lines,
        is_wide: false,
    };
    Some(figure(title, note, &chart))
}

/// As HdrHistogram's plotter draws it: each step to the right is ten times rarer.
fn percentiles(variants: &[Report]) -> Option<Figure> {
    let some: Vec<_> = variants.iter().filter(|report| report.ops > 0).collect();
    let longest = some
        .iter()
        .map(|report| report.samples.latency.max())
        .max()?;
    let unit = TimeUnit::of(longest);
    let line = |label: String, ink, style, latency: &Series| {
        let rarest = rarest(latency.count());
        let points = latency.percentiles().into_iter().map(|step| {
            let tail = (1.0 - step.quantile).max(rarest);
            (1.0 / tail, unit.of_time(step.value))
        });
        Line {
            label,
            ink,
            points: points.collect(),
            style,
            tip: Box::new(|x, y| format!("{} at {} %", short_value(y), percent(x))),
        }
    };
    // Dashed, so that both are seen where they are the same.
    let lines: Vec<Line> = match variants {
        [only] => {
            let latency = line(
                "latency".to_owned(),
                Ink::Series(0),
                Style::Line,
                &only.samples.latency,
            );
            let uncorrected = only.samples.uncorrected.iter().map(|uncorrected| {
                let label = "uncorrected: from the actual start".to_owned();
                line(label, Ink::Series(1), Style::Dashed, uncorrected)
            });
            [latency].into_iter().chain(uncorrected).collect()
        }
        variants => {
            let of = |(index, report): (usize, &Report)| {
                let label = report.label();
                let latency = line(
                    label.to_owned(),
                    Ink::Series(index),
                    Style::Line,
                    &report.samples.latency,
                );
                let uncorrected = report.samples.uncorrected.as_ref().map(|uncorrected| {
                    let label = format!("{label}, uncorrected");
                    line(label, Ink::Series(index), Style::Dashed, uncorrected)
                });
                [latency].into_iter().chain(uncorrected)
            };
            variants.iter().enumerate().flat_map(of).collect()
        }
    };
    let most = some.iter().map(|report| 1.0 / rarest(report.ops));
    let most = most.fold(10.0, f64::max);
    let y_label = format!("latency, {}", unit.name);
    let note = match some
        .iter()
        .any(|report| report.samples.uncorrected.is_some())
    {
        false => "What share of calls was faster; each step to the right is ten times rarer.",
        true => {
            "What share of calls was faster; each step to the right is ten times rarer. Latency counts from \
             when a call was to begin; uncorrected, from when it did, which hides what was started late."
        }
    };
    let chart = LineChart {
        id: "percentiles",
        title: "Latency by percentile",
        description: note,
        x: Axis {
            label: "percentile",
            range: [1.0, most * 1.2],
            scale: Scale::Log(10.0),
            tick: |value| match is_power(value, 10.0) {
                true => format!("{} %", percent(value)),
                false => String::new(),
            },
        },
        y: up(&y_label, &lines),
        bands: Vec::new(),
        lines,
        is_wide: true,
    };
    Some(figure("Latency by percentile", note, &chart))
}

/// Where the time of the device's ops went, on average.
fn stages(variants: &[Report]) -> Option<Figure> {
    let some = variants.iter().filter(|report| report.device_ops > 0);
    let wholes = some.clone().map(mean_of_all);
    let unit = TimeUnit::of(Nanos::new(wholes.max().filter(|whole| *whole > 0)?));
    let bars = some.map(|report| {
        let whole = mean_of_all(report);
        let parts = report.stages.iter().enumerate().map(|(index, stage)| {
            let mean_ns = stage.times.mean_ns.unwrap_or(0);
            let name = stage.stage.replace('_', " ");
            let (time, share) = (time_in_words(mean_ns), share_of(mean_ns, whole));
            let said = format!("{}, {name}: {time}, {share}", report.label());
            (unit.of_time(Nanos::new(mean_ns)), Ink::Stage(index), said)
        });
        Bar {
            label: match variants {
                [_] => "mean".to_owned(),
                _ => report.label().to_owned(),
            },
            parts: parts.collect(),
        }
    });
    let label = format!("mean time of an op, {}", unit.name);
    let chart = StackedBars {
        id: "stages",
        title: "Where the time goes",
        description: "Mean time of the device's ops in each of their stages.",
        label: &label,
        bars: bars.collect(),
    };
    let key = |(index, stage): (usize, &str)| Key {
        colour: Ink::Stage(index).css(),
        swatch: "",
        label: stage.replace('_', " "),
    };
    let names = variants[0].stages.iter().map(|stage| &*stage.stage);
    Some(Figure {
        title: "Where the time goes".to_owned(),
        note: "From the call to the return: the wait for room, then the five stages.".to_owned(),
        legend: names.enumerate().map(key).collect(),
        svg: chart.svg(),
        is_wide: true,
    })
}

fn mean_of_all(report: &Report) -> u64 {
    let means = report.stages.iter().filter_map(|stage| stage.times.mean_ns);
    means.fold(0, u64::saturating_add)
}

/// Time from left to right: as it passes, or where variants took very different times, as a share of
/// each one's run.
enum TimeAxis {
    Passing {
        unit: TimeUnit,
        end: f64,
        label: String,
    },
    Share,
}

impl TimeAxis {
    /// `None` if no time passed.
    fn of(variants: &[Report]) -> Option<Self> {
        let ends = variants.iter().map(end_of).filter(|end| *end > Nanos::ZERO);
        let [shortest, longest] = [ends.clone().min()?, ends.max()?];
        if longest.as_f64() > 2.0 * shortest.as_f64() {
            return Some(Self::Share);
        }
        let unit = TimeUnit::of(longest);
        Some(Self::Passing {
            unit,
            end: unit.of_time(longest),
            label: format!("time, {}", unit.name),
        })
    }

    fn axis(&self) -> Axis<'_> {
        let (label, end) = match self {
            Self::Passing { label, end, .. } => (label.as_str(), *end),
            Self::Share => ("share of each run, %", 100.0),
        };
        Axis {
            label,
            range: [0.0, end],
            scale: Scale::Linear,
            tick: plain,
        }
    }

    /// A figure of each interval of `timeline`, in the middle of it; a gap where there is none.
    fn points(
        &self,
        report: &Report,
        timeline: &Timeline,
        figure: impl Fn(&Timeline, &Interval) -> Option<f64>,
    ) -> Vec<(f64, f64)> {
        let end = end_of(report);
        let points = timeline.intervals().map(|(start, interval)| {
            let middle = start + Nanos::new(length(timeline, interval).get() / 2);
            let at = match self {
                Self::Passing { unit, .. } => unit.of_time(middle),
                Self::Share => 100.0 * middle.as_f64() / end.as_f64(),
            };
            (at, figure(timeline, interval).unwrap_or(f64::NAN))
        });
        points.collect()
    }
}

/// What returned each second; `None` in a first or last interval that is too short to tell.
fn rate(timeline: &Timeline, interval: &Interval) -> Option<f64> {
    let tells = interval.covered_ns >= timeline.interval_ns() / 2;
    interval.ops_per_s().filter(|_| tells)
}

/// When the last interval of a report ends.
fn end_of(report: &Report) -> Nanos {
    let last = report.timeline.intervals().last();
    last.map_or(Nanos::ZERO, |(start, interval)| {
        start + length(&report.timeline, interval)
    })
}

/// How long an interval is: the first and the last may be cut.
fn length(timeline: &Timeline, interval: &Interval) -> Nanos {
    Nanos::new(interval.covered_ns.min(timeline.interval_ns()))
}

/// What happened when, in intervals in which a round of the slices more or less does not matter. Where ops
/// come in rounds and intervals have lengths of their own, a rate that never changes would be drawn as a
/// saw, whose teeth are whole rounds.
fn for_rates(report: &Report) -> Timeline {
    let enough = ENOUGH_OPS.max(ENOUGH_ROUNDS.saturating_mul(round(report)));
    smooth(report, enough, FEWEST_FOR_RATES)
}

/// Ops that may end at the same moment: as many as there are slices that do some.
fn round(report: &Report) -> u64 {
    let used = report.slices.iter().filter(|slices| slices.ops > 0);
    used.map(|slices| u64::from(slices.slices))
        .max()
        .unwrap_or(1)
}

/// How long the intervals of a run's throughput are, and what a round at their edges is, if that can be
/// seen.
fn edges(report: &Report) -> String {
    let interval = Nanos::new(for_rates(report).interval_ns());
    let round = round(report);
    let Some(of_round) = per_second(round, interval) else {
        return String::new();
    };
    let words = format!(", in intervals of {}", time_in_words(interval.get()));
    let is_seen = of_round > SEEN * report.ops_per_s.unwrap_or(0.0);
    match is_seen && round > 1 {
        true => format!(
            "{words}; one round of {round} slices more in one of them is {} op/s",
            amount(of_round)
        ),
        false => words,
    }
}

/// What happened when, in intervals long enough to hold `enough` ops each, if that leaves the `fewest`
/// intervals: of a few, a rate only tells whether one more fell into the interval or into the next.
fn smooth(report: &Report, enough: u64, fewest: u64) -> Timeline {
    let mut timeline = report.timeline.clone();
    loop {
        let count = timeline.intervals().count() as u64;
        if count < 2 * fewest || report.ops / count >= enough {
            return timeline;
        }
        timeline = timeline.at_least(timeline.interval_ns() + 1);
    }
}

/// An axis from zero to a round number above all of `lines`.
pub fn up<'a>(label: &'a str, lines: &[Line]) -> Axis<'a> {
    let values = lines.iter().flat_map(|line| &line.points);
    let values = values.map(|(_, y)| *y).filter(|y| y.is_finite());
    let most = values.fold(0.0, f64::max);
    // Of a whole there is no more than all of it, but for what was rounded.
    let is_share = label.ends_with('%') && most > 50.0 && most < 101.0;
    Axis {
        label,
        range: [0.0, if is_share { 102.0 } else { round_end(most) }],
        scale: Scale::Linear,
        tick: plain,
    }
}

pub fn short_value(value: f64) -> String {
    // Three digits are what a histogram keeps.
    let digits = 2.0 - value.abs().max(1e-3).log10().floor();
    let scale = 10_f64.powf(digits.clamp(0.0, 6.0));
    short((value * scale).round() / scale)
}

/// The rarest event that so many can tell of.
#[expect(clippy::cast_precision_loss, reason = "an end of an axis")]
fn rarest(count: u64) -> f64 {
    1.0 / count.max(10) as f64
}

/// The percentile whose tail is one of so many: 100 is the 99th.
fn percent(one_of: f64) -> String {
    let percent = 100.0 * (1.0 - 1.0 / one_of);
    let nines = one_of.max(1.0).log10().ceil();
    let scale = 10_f64.powf((nines - 1.0).clamp(0.0, 9.0));
    format!("{}", (percent * scale).round() / scale)
}

pub fn is_power(value: f64, base: f64) -> bool {
    let exponent = value.ln() / base.ln();
    (exponent - exponent.round()).abs() < 1e-6
}

/// In an interval, on average.
const ENOUGH_OPS: u64 = 100;
/// The same of rounds of all slices, of which one is then a fiftieth.
const ENOUGH_ROUNDS: u64 = 50;
/// Fewer would be no curve.
const FEWEST_INTERVALS: u64 = 16;
/// The same of a curve that had rather be even.
const FEWEST_FOR_RATES: u64 = 8;
/// As a part of the throughput.
const SEEN: f64 = 0.01;
