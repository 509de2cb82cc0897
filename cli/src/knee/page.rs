//! A search as a page: the answer, and for each figure of the SLO a chart of what was measured where.

use pausewake_device::Nanos;

use super::probes::{Figure, Probe, ProbeRun};
use super::report::{Answer, KneeReport, Searched};
use super::words::spaced;
use crate::report::html::{
    self, Axis, Band, Card, Ink, Line, LineChart, Overview, Style, TimeUnit, along, decades,
    short_value, up,
};
use crate::report::numbers::{amount, count, or_na};
use crate::report::{self, Unit};

impl KneeReport {
    /// All of it.
    pub(super) fn page(&self) -> String {
        let slo = self.slo_in_words();
        let is_doubtful = self.is_doubtful();
        let overview = Overview {
            title: match self.searched {
                Searched::Rate => format!("The highest rate with {slo}"),
                Searched::Jobs => format!("The fewest jobs with {slo}"),
            },
            about: None,
            verdict: self.verdict(),
            word: match self.answer {
                Answer::Found { .. } if self.is_open_above() => Some("Not searched to its end"),
                Answer::Found { .. } if is_doubtful => Some("Found, but not for certain"),
                Answer::Found { .. } => Some("Found"),
                Answer::Never { .. } | Answer::Contradiction { .. } => Some("Nothing holds"),
                Answer::Invalid { .. } => Some("Not measured"),
                Answer::Aborted => None,
            },
            is_doubtful,
            reasons: self.say(),
            chips: Vec::new(),
            cards: self.cards(),
            figures: self.charted().iter().map(|name| self.chart(name)).collect(),
            tables: vec![("Probes", self.table()), ("Search", self.about())],
            results: &[],
            config: self
                .config
                .iter()
                .map(|(path, value)| (path.to_owned(), value.to_owned()))
                .collect(),
            command: &self.command,
        };
        overview.into_html()
    }

    /// The answer, and what was measured there.
    fn cards(&self) -> Vec<Card> {
        let probes = Card {
            label: "Probes".into(),
            value: count(self.probes.len() as u64),
            unit: "",
            note: match self.repeat {
                1 => "one run of each".to_owned(),
                n => format!("{n} runs of each"),
            },
        };
        let Answer::Found { holds_at, fails_at } = self.answer else {
            return vec![probes];
        };
        let (label, with, limit) = match self.searched {
            Searched::Rate => ("Highest rate", "at", "the highest that was tried"),
            Searched::Jobs => ("Fewest jobs", "with", "the fewest that there can be"),
        };
        let mut cards = vec![Card {
            label: label.into(),
            value: self.show(holds_at),
            unit: "",
            note: fails_at.map_or_else(
                || limit.to_owned(),
                |fails_at| format!("fails {with} {}", self.show(fails_at)),
            ),
        }];
        let there = self.probes.iter().find(|probe| probe.at == holds_at);
        if let Some(run) = there.map(Probe::typical) {
            let throughput = Card {
                label: "Throughput there".into(),
                value: or_na(run.ops_per_s, amount),
                unit: "op/s",
                note: format!("{} ops", count(run.ops)),
            };
            cards.push(throughput);
            let asked = run.figures.iter().filter(|it| it.figure != "throughput");
            cards.extend(asked.map(|figure| Card {
                label: format!("{} there", figure.figure).into(),
                value: figure.measured.clone(),
                unit: "",
                note: format!("asked for: {}", spaced(&figure.condition)),
            }));
        }
        cards.push(probes);
        cards
    }

    /// The figures of the SLO that are numbers, once each.
    fn charted(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for figure in self.runs().flat_map(|(_, run)| &run.figures) {
            // Of what was verified the SLO asks for a share, and the figure is a count.
            let is_number = figure.value.is_some() && figure.figure != "verified";
            if is_number && !names.contains(&figure.figure.as_str()) {
                names.push(&figure.figure);
            }
        }
        names
    }

    /// All runs, and where they were.
    fn runs(&self) -> impl Iterator<Item = (f64, &ProbeRun)> {
        let probes = self.probes.iter();
        probes.flat_map(|probe| probe.runs.iter().map(|run| (probe.at, run)))
    }

    /// What was measured of a figure, the limits that it has, and where the answer lies.
    fn chart(&self, name: &str) -> html::Figure {
        let all: Vec<&Figure> = self.runs().filter_map(|(_, run)| of(run, name)).collect();
        let measure = Measure::of(name, &all);
        let mut lines = self.lines(name, &measure);
        let x = self.axis(&lines);
        lines.extend(limits(&all, &measure, x.range));
        let title = match self.searched {
            Searched::Rate => format!("{name} by rate"),
            Searched::Jobs => format!("{name} by jobs"),
        };
        let note = "A mark for each run; it fails where any part of the SLO does, or something is lost that the SLO \
             does not allow.";
        let chart = LineChart {
            id: &format!("probes-{name}"),
            title: &title,
            description: note,
            x,
            y: measure.axis(&lines),
            bands: self.bracket().into_iter().collect(),
            lines,
            is_wide: true,
        };
        html::figure(&title, note, &chart)
    }

    /// The medians of probes as a line, and all runs as marks.
    fn lines(&self, name: &str, measure: &Measure) -> Vec<Line> {
        let point = |at: f64, run: &ProbeRun| {
            let value = of(run, name).and_then(|figure| figure.value);
            (at, value.map_or(f64::NAN, |value| measure.scaled(value)))
        };
        let line = |label: &str, ink, style, points| Line {
            label: label.to_owned(),
            ink,
            points,
            style,
            tip: measure.tip(self.searched),
        };
        let probes = self.probes.iter();
        let median = |runs: &[ProbeRun], at| {
            let values = runs.iter().map(|run| point(at, run).1);
            let mut values: Vec<f64> = values.filter(|it| it.is_finite()).collect();
            values.sort_by(f64::total_cmp);
            (
                at,
                values.get(values.len() / 2).copied().unwrap_or(f64::NAN),
            )
        };
        let mut medians: Vec<_> = probes.map(|it| median(&it.runs, it.at)).collect();
        medians.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        let marks = |holds: bool| {
            let runs = self.runs().filter(|(_, run)| run.holds == holds);
            runs.map(|(at, run)| point(at, run)).collect()
        };
        let name = match self.repeat {
            1 => name.to_owned(),
            _ => format!("{name}, median"),
        };
        let medians = line(&name, Ink::Series(0), Style::Line, medians);
        let holds = line("holds", Ink::Good, Style::Discs, marks(true));
        let fails = line("fails", Ink::Bad, Style::Crosses, marks(false));
        let marked = [holds, fails]
            .into_iter()
            .filter(|it| !it.points.is_empty());
        [medians].into_iter().chain(marked).collect()
    }

    /// What was searched: evenly from zero, which leaves most room for the answer; in decades where it lies
    /// far below what was tried.
    fn axis(&self, lines: &[Line]) -> Axis<'static> {
        let most = self.probes.iter().map(|it| it.at).fold(0.0, f64::max);
        let is_far_below = match self.answer {
            Answer::Found { holds_at, .. } => holds_at * FAR < most,
            Answer::Never { .. }
            | Answer::Contradiction { .. }
            | Answer::Invalid { .. }
            | Answer::Aborted => false,
        };
        match (self.searched, is_far_below) {
            (Searched::Rate, true) => {
                decades("arrivals per second", self.probes.iter().map(|it| it.at))
            }
            (Searched::Rate, false) => along("arrivals per second", lines, false),
            (Searched::Jobs, is_doubling) => along("jobs", lines, is_doubling),
        }
    }

    /// Between what holds and what fails.
    fn bracket(&self) -> Option<Band> {
        let Answer::Found {
            holds_at,
            fails_at: Some(fails_at),
        } = self.answer
        else {
            return None;
        };
        let [holds, fails] = [holds_at, fails_at].map(|at| self.show(at));
        Some(Band {
            label: format!("the answer: {holds} (holds) to {fails} (fails)"),
            range: [holds_at.min(fails_at), holds_at.max(fails_at)],
        })
    }
}

/// The figure of this name.
fn of<'a>(run: &'a ProbeRun, name: &str) -> Option<&'a Figure> {
    run.figures.iter().find(|figure| figure.figure == name)
}

/// A dashed line for each limit that figures have, along all of `range`.
fn limits(figures: &[&Figure], measure: &Measure, [first, last]: [f64; 2]) -> Vec<Line> {
    let mut limits: Vec<(&str, f64)> = Vec::new();
    for figure in figures {
        if let Some(bound) = figure.bound
            && !limits
                .iter()
                .any(|(condition, _)| *condition == figure.condition)
        {
            limits.push((&figure.condition, measure.scaled(bound)));
        }
    }
    let line = |(condition, bound): (&str, f64)| Line {
        label: format!("SLO: {} {}", measure.name, spaced(condition)),
        ink: Ink::Text,
        points: vec![(first, bound), (last, bound)],
        style: Style::Dashed,
        tip: Box::new(|_, bound| short_value(bound)),
    };
    limits.into_iter().map(line).collect()
}

/// How a figure is drawn.
#[derive(Clone)]
struct Measure {
    name: String,
    unit: Unit,
    /// What one on the axis is.
    one: f64,
    /// Along the axis.
    label: String,
}

impl Measure {
    fn of(name: &str, figures: &[&Figure]) -> Self {
        let values = figures.iter().flat_map(|it| [it.value, it.bound]);
        let most = values.flatten().fold(0.0, f64::max);
        let unit = figures.iter().find_map(|it| it.unit).unwrap_or(Unit::Count);
        let (one, label) = match unit {
            Unit::Time => {
                let unit = TimeUnit::of(Nanos::from_f64(most));
                (unit.length_ns, format!("{name}, {}", unit.name))
            }
            Unit::Rate => (1.0, "op/s".to_owned()),
            Unit::Share => (0.01, format!("{name}, %")),
            Unit::Count | Unit::Mean => (1.0, name.to_owned()),
        };
        Self {
            name: name.to_owned(),
            unit,
            one,
            label,
        }
    }

    fn scaled(&self, value: f64) -> f64 {
        value / self.one
    }

    /// What is said of a point, in the words of reports.
    fn tip(&self, searched: Searched) -> html::Tip {
        let (unit, one) = (self.unit, self.one);
        Box::new(move |at, scaled| {
            let figure = report::Figure {
                value: scaled * one,
                unit,
            };
            format!("{figure} at {}", searched.show(at))
        })
    }

    /// Evenly from zero; in decades where it grows without a limit.
    fn axis(&self, lines: &[Line]) -> Axis<'_> {
        let points = lines.iter().flat_map(|line| &line.points);
        let values = points.map(|(_, y)| *y).filter(|y| y.is_finite());
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.clone().fold(0.0, f64::max);
        let is_bounded = matches!(self.unit, Unit::Rate | Unit::Share);
        match !is_bounded && least > 0.0 && most > FAR * least {
            true => decades(&self.label, values),
            false => up(&self.label, lines),
        }
    }
}

/// What is so many times less cannot be told from zero.
const FAR: f64 = 16.0;
