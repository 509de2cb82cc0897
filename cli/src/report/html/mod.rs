//! One page that is complete in itself: nothing is fetched, nothing runs. It can be sent, printed, and
//! read in the dark.
//!
//! `templates/report.html` is the page; `chart` draws, `charts` says what of runs, `swept` what over a
//! quantity. Whoever has made something of several runs says that as an [`Overview`]. What a scenario says
//! reaches the page by way of the template's escaping, or of the drawing's.

mod cards;
mod chart;
mod charts;
mod ink;
mod overview;
mod stacked;
mod swept;
mod ticks;

pub use cards::Card;
pub use chart::{Axis, Band, Line, LineChart, Style, Tip};
pub use charts::{figure, short_value, up};
pub use ink::Ink;
pub use overview::Overview;
pub use stacked::{Bar, StackedBars};
pub use swept::{Sweep, Swept, along, are_factors, decades};
pub use ticks::TimeUnit;

use askama::Template;

use super::text::numbers::{count, ranges};
use super::text::{self, Table};
use super::{Report, Reports, Verdict};

/// A chart with what stands around it.
pub struct Figure {
    /// Above it.
    pub title: String,
    /// Below that: what to see in it.
    pub note: String,
    /// What the colours mean.
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
    /// The CSS class of its swatch.
    pub swatch: &'static str,
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

/// The page of `reports`.
pub fn of(reports: &Reports) -> String {
    let variants = reports.variants();
    let first = &variants[0];
    let page = Page {
        title: &first.scenario.name,
        about: first.scenario.about.as_deref(),
        verdict: banner(variants),
        chips: chips(variants),
        cards: cards::of(variants),
        figures: charts::of(variants),
        tables: text::tables(variants).into_iter().map(section).collect(),
        config: config(variants),
        stories: stories(variants),
        command: &reports.command,
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
    if reasons.is_empty() && verdict == Verdict::Holds {
        reasons.push(match expected {
            0 => "The run is complete; nothing was expected of it.".to_owned(),
            1 => "The run is complete, and the one expectation holds.".to_owned(),
            many => format!("The run is complete, and all {many} expectations hold."),
        });
    }
    for report in variants {
        reasons.extend(
            text::remarks(report)
                .iter()
                .map(|said| format!("{}{said}", of(report))),
        );
    }
    let mut all = variants.iter().flat_map(|report| &report.expected);
    let (class, word) = match verdict {
        // Nobody shall take it for what the device does for long.
        Verdict::Holds if variants.iter().any(Report::is_saturated) => ("aborted", "Saturated"),
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
    add("seed", |it| ranges(&it.seeds));
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
