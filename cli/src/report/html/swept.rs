//! Series over a quantity that was swept, or searched.

use super::Figure;
use super::chart::{Axis, Band, Line, LineChart, Scale, Style, plain};
use super::charts::{figure, is_power, short_value, up};
use super::ink::Ink;
use super::ticks::{round_end, short};

/// What a sweep has measured, and what was predicted, over the quantity that was swept.
///
/// Whoever has series over a quantity draws them with this.
pub struct Sweep {
    /// Of this page, and of no other chart on it.
    pub id: String,
    /// Above the chart.
    pub title: String,
    /// What to see in it.
    pub note: String,
    /// The quantity, with its unit: `jobs`, `payload, bytes`.
    pub quantity: String,
    /// What was measured, with its unit: `op/s`.
    pub figure: String,
    /// Whether values of the quantity double from one to the next.
    pub is_doubling: bool,
    /// What was measured. What has no points is not shown, and keeps its place among the colours.
    pub measured: Vec<Swept>,
    /// What was predicted, if there is something; drawn over the measurement, each in the colour of the
    /// series at the same place.
    pub predicted: Vec<Swept>,
    /// Stretches of the quantity in which something lies.
    pub bands: Vec<Band>,
}

/// A series over the quantity that was swept.
#[derive(Clone, Debug)]
pub struct Swept {
    /// Its name.
    pub label: String,
    /// The quantity, and the figure; what is not finite leaves a gap.
    pub points: Vec<(f64, f64)>,
}

impl Sweep {
    /// The chart, with its legend.
    pub fn figure(&self) -> Figure {
        let line = |(index, swept): (usize, &Swept), style| Line {
            label: swept.label.clone(),
            ink: Ink::Series(index),
            points: swept.points.clone(),
            style,
            tip: Box::new(|x, y| format!("{} at {}", short_value(y), short(x))),
        };
        let measured = self.measured.iter().enumerate();
        let measured = measured.filter(|(_, swept)| !swept.points.is_empty());
        let measured = measured.map(|it| line(it, Style::Marked));
        let predicted = self
            .predicted
            .iter()
            .enumerate()
            .map(|it| line(it, Style::Dashed));
        let lines: Vec<Line> = measured.chain(predicted).collect();
        let x = along(&self.quantity, &lines, self.is_doubling);
        let chart = LineChart {
            id: &self.id,
            title: &self.title,
            description: &self.note,
            x,
            y: up(&self.figure, &lines),
            bands: self.bands.clone(),
            lines,
            is_wide: true,
        };
        figure(&self.title, &self.note, &chart)
    }
}

/// Whether each of `values` is at least half as much again as the one before: then steps of the axis are
/// factors.
pub fn are_factors(values: &[f64]) -> bool {
    let is_factor = |pair: &[f64]| pair[0] > 0.0 && pair[1] >= pair[0] * 1.5;
    values.windows(2).all(is_factor)
}

/// An axis for the quantity of `lines`: in doublings, or evenly from zero.
pub fn along<'a>(label: &'a str, lines: &[Line], is_doubling: bool) -> Axis<'a> {
    let values = lines.iter().flat_map(|line| &line.points);
    let values = values.map(|(x, _)| *x).filter(|x| x.is_finite());
    let first = values.clone().fold(f64::INFINITY, f64::min);
    let last = values.fold(0.0, f64::max);
    match is_doubling && first > 0.0 && first < last {
        true => Axis {
            label,
            range: [first, last * 1.02],
            scale: Scale::Log(2.0),
            tick: |value| match is_power(value, 2.0) {
                // 16384 and 1024 are seen to be powers, 16.384k is not.
                true if value < 1e5 => format!("{value:.0}"),
                true => short(value),
                false => String::new(),
            },
        },
        false => Axis {
            label,
            range: [0.0, round_end(last)],
            scale: Scale::Linear,
            tick: plain,
        },
    }
}

/// An axis of decades that has all of `values`, which are above zero.
pub fn decades(label: &str, values: impl Iterator<Item = f64>) -> Axis<'_> {
    let values: Vec<f64> = values.map(f64::log10).filter(|it| it.is_finite()).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min).floor();
    let most = values
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max)
        .ceil();
    // The powers themselves are on it, however they are rounded.
    let range = match least < most {
        true => [10_f64.powf(least) * 0.999, 10_f64.powf(most) * 1.001],
        false => [0.999, 10.01],
    };
    Axis {
        label,
        range,
        scale: Scale::Log(10.0),
        tick: plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swept(label: &str, points: impl IntoIterator<Item = (f64, f64)>) -> Swept {
        Swept {
            label: label.to_owned(),
            points: points.into_iter().collect(),
        }
    }

    fn sweep() -> Sweep {
        let jobs = || (0..=10).map(|power| f64::from(1_u32 << power));
        let at_most =
            |most: f64| jobs().map(move |jobs| (jobs, most * (1.0 - (-jobs / 24.0).exp())));
        let predicted = jobs().map(|jobs| (jobs, (jobs / 29.0).min(1.0) * 66_967.0));
        Sweep {
            id: "sweep".to_owned(),
            title: "Throughput by jobs".to_owned(),
            note: "From 32 jobs on the device is saturated; more only wait.".to_owned(),
            quantity: "jobs".to_owned(),
            figure: "op/s".to_owned(),
            is_doubling: true,
            measured: vec![
                swept("fd & <b>bold</b>", at_most(58_000.0)),
                swept("callback", at_most(66_000.0)),
            ],
            predicted: vec![swept("predicted", predicted)],
            bands: vec![Band {
                label: "the knee".to_owned(),
                range: [32.0, 32.0],
            }],
        }
    }

    #[test]
    fn a_sweep_has_its_measurement_and_its_prediction() {
        let figure = sweep().figure();
        let svg = &figure.svg;
        assert_eq!(
            svg.matches("<circle").count(),
            22,
            "a mark for each measurement"
        );
        assert!(svg.matches("<polyline").count() > 10, "dashes");
        let texts: Vec<&str> = svg.lines().map(str::trim).collect();
        for tick in ["1", "4", "1024", "80k"] {
            assert!(texts.contains(&tick), "no tick at {tick}: {texts:?}");
        }
        assert_eq!(svg.matches("class=\"tip\"").count(), 34);
        assert!(!svg.contains("<b>"), "names are escaped");
        let swatches = figure.legend.iter().map(|key| key.swatch);
        assert_eq!(swatches.collect::<Vec<_>>(), ["", "", "dashed", ""]);
    }

    /// However short a stretch is, it can be seen.
    #[test]
    fn a_band_lies_behind_the_lines() {
        let figure = sweep().figure();
        let (behind, over) = figure.svg.split_once("var(--band)").expect("a band");
        assert!(!behind.contains("var(--series-0)"));
        assert!(over.contains("var(--series-0)"));
        let (_, rect) = behind.rsplit_once("<rect").expect("it is a rectangle");
        let width = rect
            .split("width=\"")
            .nth(1)
            .and_then(|it| it.split('"').next());
        assert_eq!(width, Some("4"), "{rect}");
    }

    #[test]
    fn a_sweep_of_anything_is_drawn() {
        let series = |points: &[(f64, f64)]| vec![swept("it", points.iter().copied())];
        for points in [
            &[][..],
            &[(1.0, 5.0)],
            &[(0.0, 0.0), (7.0, 0.0)],
            &[
                (1.0, f64::NAN),
                (2.0, 3.0),
                (4.0, f64::INFINITY),
                (8.0, 1e300),
            ],
        ] {
            for is_doubling in [false, true] {
                let sweep = Sweep {
                    is_doubling,
                    measured: series(points),
                    predicted: series(points),
                    ..sweep()
                };
                let figure = sweep.figure();
                assert!(figure.svg.ends_with("</svg>"), "{points:?}");
                assert!(!figure.svg.contains("NaN"), "{points:?}");
            }
        }
    }
}
