//! One page that is complete in itself: nothing is fetched, nothing runs. It can be sent, printed, and
//! read in the dark.
//!
//! `templates/report.html` is the page; `chart` draws, `charts` says what. What a scenario says reaches
//! the page by way of the template's escaping, or of the drawing's.

mod cards;
mod chart;
mod charts;
mod ink;
mod stacked;
mod ticks;

pub use charts::{Sweep, Swept};
pub use ticks::TimeUnit;

use askama::Template;
use cards::Card;

use super::text::numbers::count;
use super::text::{self, Table};
use super::{Report, Reports, Verdict};

/// A chart with what stands around it.
pub struct Figure {
    /// Above it.
    pub title: String,
    /// Below that: what to see in it.
    pub note: String,
    /// What the colours mean: their CSS class, and the words.
    pub legend: Vec<Key>,
    /// The drawing, an `<svg>`.
    pub svg: String,
    /// Whether it takes the page's whole width.
    pub is_wide: bool,
}

/// An entry of a legend.
pub struct Key {
    /// A CSS colour.
    pub colour: String,
    /// Whether it is a prediction, drawn dashed.
    pub is_dashed: bool,
    /// What is drawn so.
    pub label: String,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: &'a str,
    about: Option<&'a str>,
    verdict: Banner,
    chips: Vec<(&'static str, String)>,
    cards: Vec<Card>,
    figures: Vec<Figure>,
    tables: Vec<Section>,
    config: Vec<Setting>,
    stories: Vec<(String, String)>,
    command: &'a str,
    program: &'static str,
}

struct Banner {
    class: &'static str,
    word: &'static str,
    reasons: Vec<String>,
}

struct Section {
    title: &'static str,
    heads: Vec<String>,
    rows: Vec<Row>,
    is_words: bool,
}

struct Row {
    cells: Vec<String>,
    /// Whether it only keeps others apart.
    is_gap: bool,
}

struct Setting {
    path: String,
    /// One value for all variants, or one for each.
    values: Vec<(String, String)>,
}

/// The page of `reports`, with charts of what was swept.
pub fn of(reports: &Reports, sweeps: &[Sweep]) -> String {
    let variants = reports.variants();
    let first = &variants[0];
    let page = Page {
        title: &first.scenario.name,
        about: first.scenario.about.as_deref(),
        verdict: banner(variants),
        chips: chips(variants),
        cards: cards::of(variants),
        figures: sweeps
            .iter()
            .map(Sweep::figure)
            .chain(charts::of(variants))
            .collect(),
        tables: text::tables(variants).into_iter().map(section).collect(),
        config: config(variants),
        stories: stories(variants),
        command: &reports.command,
        program: env!("CARGO_PKG_VERSION"),
    };
    page.to_html()
}

/// What there is to say of a sweep.
pub struct SweepPage<'a> {
    /// What was swept.
    pub title: String,
    /// The worst that is to be said of a point, or of all.
    pub verdict: Verdict,
    /// What it shows, in sentences.
    pub reasons: Vec<String>,
    /// What was run.
    pub about: Vec<(&'static str, String)>,
    /// The highest throughput, and where.
    pub best: Option<(String, String)>,
    /// The charts.
    pub charts: Vec<Sweep>,
    /// A row for each point.
    pub points: Table,
    /// What all points have in common.
    pub config: Vec<(String, String)>,
    /// What makes it again.
    pub command: &'a str,
}

/// The page of a sweep.
pub fn of_sweep(sweep: SweepPage<'_>) -> String {
    let (class, word) = match sweep.verdict {
        Verdict::Holds => ("passed", "Complete"),
        Verdict::Aborted => ("aborted", "Incomplete"),
        verdict => word_of(verdict),
    };
    let mut what = Table::of_words();
    for (label, said) in sweep.about {
        what.row([label.to_owned(), said]);
    }
    let card = |(value, note)| Card {
        label: "Best throughput",
        value,
        unit: "op/s",
        note,
    };
    let setting = |(path, value)| Setting {
        path,
        values: vec![(String::new(), value)],
    };
    let page = Page {
        title: &sweep.title,
        about: None,
        verdict: Banner {
            class,
            word,
            reasons: sweep.reasons,
        },
        chips: Vec::new(),
        cards: sweep.best.into_iter().map(card).collect(),
        figures: sweep.charts.iter().map(Sweep::figure).collect(),
        tables: vec![section(("Points", sweep.points)), section(("Sweep", what))],
        config: sweep.config.into_iter().map(setting).collect(),
        stories: Vec::new(),
        command: sweep.command,
        program: env!("CARGO_PKG_VERSION"),
    };
    page.to_html()
}

impl Page<'_> {
    fn to_html(&self) -> String {
        let mut html = self.render().expect("a string takes everything");
        html.push('\n');
        html
    }
}

fn banner(variants: &[Report]) -> Banner {
    let verdict = Verdict::of_all(variants);
    let of = |report: &Report| match &report.scenario.variant {
        Some(name) if variants.len() > 1 => format!("{name}: "),
        _ => String::new(),
    };
    let mut reasons = Vec::new();
    for report in variants {
        let against = why(report).into_iter();
        reasons.extend(against.map(|reason| format!("{}{reason}", of(report))));
    }
    let expected: usize = variants.iter().map(|it| it.expected.len()).sum();
    if reasons.is_empty() {
        reasons.push(match expected {
            0 => "The run is complete; nothing was expected of it.".to_owned(),
            1 => "The run is complete, and the one expectation holds.".to_owned(),
            many => format!("The run is complete, and all {many} expectations hold."),
        });
    }
    reasons.extend(variants.iter().filter_map(|report| {
        let said = text::compute_bound(report)?;
        Some(format!("{}{said}", of(report)))
    }));
    let mut all = variants.iter().flat_map(|report| &report.expected);
    let (class, word) = match verdict {
        Verdict::Holds if all.any(|expected| expected.holds.is_none()) => {
            ("aborted", "Not all was looked at")
        }
        verdict => word_of(verdict),
    };
    Banner {
        class,
        word,
        reasons,
    }
}

/// Its CSS class, and how it is said.
fn word_of(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Holds => ("passed", "Passed"),
        Verdict::ExpectationFailed => ("failed", "Failed"),
        Verdict::Aborted => ("aborted", "Aborted"),
        Verdict::Invalid => ("invalid", "INVALID"),
        Verdict::WrongResult => ("failed", "WRONG RESULTS"),
    }
}

/// What is to be said against a report.
fn why(report: &Report) -> Vec<String> {
    let mut reasons = Vec::new();
    let verified = &report.verified;
    if verified.wrong > 0 {
        let [wrong, results] = [verified.wrong, verified.results].map(count);
        reasons.push(format!("{wrong} of {results} results are wrong."));
    }
    reasons.extend(report.invalid.clone());
    if let Some(aborted) = &report.aborted {
        let reason = &aborted.reason;
        reasons.push(format!(
            "The run was ended before its time, by {reason}; this is what was measured."
        ));
    }
    reasons.extend(report.expected.iter().filter_map(|expected| {
        let (figure, condition) = (&expected.figure, &expected.condition);
        match expected.holds {
            Some(true) => None,
            Some(false) => Some(format!(
                "{figure} {condition} fails: {}.",
                expected.measured
            )),
            None => Some(format!(
                "{figure} {condition} was not looked at: {}.",
                expected.measured
            )),
        }
    }));
    reasons
}

fn chips(variants: &[Report]) -> Vec<(&'static str, String)> {
    let first = &variants[0];
    let all_same = |of: fn(&Report) -> String| {
        let said = of(first);
        variants.iter().all(|it| of(it) == said).then_some(said)
    };
    let mut chips: Vec<(&'static str, String)> = Vec::new();
    let mut add = |label, of: fn(&Report) -> String| {
        chips.extend(all_same(of).map(|said| (label, said)));
    };
    add("clock", |it| it.scenario.clock.to_string());
    add("seed", |it| {
        let seeds = it.seeds.iter().map(u64::to_string);
        seeds.collect::<Vec<_>>().join(", ")
    });
    add("compute", |it| it.scenario.compute.to_string());
    add("mode", |it| it.scenario.mode.to_string());
    add("load", |it| it.scenario.load.clone());
    if variants.len() > 1 {
        chips.push(("variants", variants.len().to_string()));
    }
    if first.seeds.len() > 1 {
        chips.push(("runs merged", first.seeds.len().to_string()));
    }
    chips
}

fn section((title, table): (&'static str, Table)) -> Section {
    Section {
        title,
        heads: table.heads().unwrap_or_default().to_vec(),
        rows: table
            .rows()
            .iter()
            .map(|cells| Row {
                is_gap: cells.iter().all(|cell| cell.trim().is_empty()),
                cells: cells.clone(),
            })
            .collect(),
        is_words: table.heads().is_none(),
    }
}

/// Every entry, once where it is the same in all variants.
fn config(variants: &[Report]) -> Vec<Setting> {
    let paths = variants.iter().flat_map(|report| report.config.iter());
    let paths: std::collections::BTreeSet<&str> = paths.map(|(path, _)| path).collect();
    let setting = |path: &str| {
        let said = |report: &Report| report.config.get(path).unwrap_or("not said").to_owned();
        let first = said(&variants[0]);
        let values = if variants.iter().all(|report| said(report) == first) {
            vec![(String::new(), first)]
        } else {
            let each = variants.iter();
            each.map(|it| (it.label().to_owned(), said(it))).collect()
        };
        Setting {
            path: path.to_owned(),
            values,
        }
    };
    paths.into_iter().map(setting).collect()
}

fn stories(variants: &[Report]) -> Vec<(String, String)> {
    let told = variants.iter().filter_map(|report| {
        let lines = report.story.as_ref()?;
        let left_out = report.story_left_out.unwrap_or(0);
        let story = crate::story::to_text(lines, left_out);
        Some((report.label().to_owned(), story))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interrupt::Interrupt;
    use crate::live::Viewer;
    use crate::report::Outcome;

    /// The page of a small run, with a sweep that was made up.
    fn page(sweep: &Sweep) -> String {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/hello.toml");
        let sets = ["load.ops=200", "load.jobs=4", "expect="].map(str::to_owned);
        let variants = crate::scenario::read(&path, &sets, None).expect("a shipped scenario");
        let scenario = &variants[0].scenario;
        let facts = crate::run::run(scenario, None, &Interrupt::default(), Viewer::NOBODY);
        let outcome = Outcome {
            name: None,
            scenario,
            entries: &variants[0].entries,
            facts: facts.expect("it runs"),
        };
        let reports = Reports::new(&[outcome], "pausewake sweep --jobs 1..1024".to_owned());
        of(&reports, std::slice::from_ref(sweep))
    }

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
        }
    }

    #[test]
    fn a_sweep_has_its_measurement_and_its_prediction() {
        let html = page(&sweep());
        let (_, svg) = html.split_once("id=\"sweep\"").expect("the chart");
        let (svg, _) = svg.split_once("</svg>").expect("its end");
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
        assert_eq!(svg.matches("class=\"tip\"").count(), 33);
        assert!(!html.contains("<b>"), "names are escaped");
        assert!(html.contains("class=\"swatch dashed\""));
        // For those who look at it, as `.ci/html-report` does.
        if let Some(path) = std::env::var_os("PAUSEWAKE_WRITE_SWEEP") {
            std::fs::write(path, html).expect("the page can be written");
        }
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
