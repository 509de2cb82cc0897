//! One page that is complete in itself: nothing is fetched, nothing runs. It can be sent, printed, and
//! read in the dark.
//!
//! `templates/report.html` is the page; `chart` draws, `charts` says what. What a scenario says reaches
//! the page by way of the template's escaping, or of the drawing's.

mod chart;
mod charts;
mod ink;
mod stacked;
mod ticks;

pub use charts::Sweep;

use askama::Template;

use super::text::numbers::{amount, count, or_na, share, time_in_words};
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

struct Card {
    label: &'static str,
    value: String,
    unit: &'static str,
    note: String,
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
        cards: cards(variants),
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
    let mut html = page.render().expect("a string takes everything");
    html.push('\n');
    html
}

fn banner(variants: &[Report]) -> Banner {
    let verdict = Verdict::of_all(variants);
    let mut reasons = Vec::new();
    for report in variants {
        let of = match &report.scenario.variant {
            Some(name) if variants.len() > 1 => format!("{name}: "),
            _ => String::new(),
        };
        reasons.extend(
            why(report)
                .into_iter()
                .map(|reason| format!("{of}{reason}")),
        );
    }
    let expected: usize = variants.iter().map(|it| it.expected.len()).sum();
    if reasons.is_empty() {
        reasons.push(match expected {
            0 => "The run is complete; nothing was expected of it.".to_owned(),
            1 => "The run is complete, and the one expectation holds.".to_owned(),
            many => format!("The run is complete, and all {many} expectations hold."),
        });
    }
    let (class, word) = match verdict {
        Verdict::Holds => ("passed", "Passed"),
        Verdict::ExpectationFailed => ("failed", "Failed"),
        Verdict::Aborted => ("aborted", "Aborted"),
        Verdict::Invalid => ("invalid", "INVALID"),
        Verdict::WrongResult => ("failed", "WRONG RESULTS"),
    };
    Banner {
        class,
        word,
        reasons,
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
    if report.aborted {
        reasons.push("The run was ended before its time; this is what was measured.".to_owned());
    }
    reasons.extend(text::compute_bound(report));
    let failed = report.expected.iter().filter(|expected| !expected.holds);
    reasons.extend(failed.map(|expected| {
        let (figure, condition) = (&expected.figure, &expected.condition);
        format!("{figure} {condition} fails: {}.", expected.measured)
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

fn cards(variants: &[Report]) -> Vec<Card> {
    match variants {
        [only] => cards_of(only),
        variants => cards_of_all(variants),
    }
}

fn cards_of(report: &Report) -> Vec<Card> {
    let latency = &report.latency;
    let mut cards = vec![
        Card {
            label: "Throughput",
            value: or_na(report.ops_per_s, amount),
            unit: "op/s",
            note: format!(
                "{} ops in {}",
                count(report.ops),
                time_in_words(report.elapsed_ns)
            ),
        },
        Card {
            label: "Latency, median",
            value: or_na(latency.p50_ns, time_in_words),
            unit: "",
            note: format!("mean {}", or_na(latency.mean_ns, time_in_words)),
        },
        Card {
            label: "Latency, p99",
            value: or_na(latency.p99_ns, time_in_words),
            unit: "",
            note: format!("p99.9 {}", or_na(latency.p999_ns, time_in_words)),
        },
        Card {
            label: "Longest",
            value: or_na(latency.max_ns, time_in_words),
            unit: "",
            note: format!("{} in flight, mean", amount(report.littles_law[0].measured)),
        },
    ];
    let busiest = report.slices.iter().filter(|slices| slices.ops > 0);
    let busiest = busiest.max_by(|a, b| a.utilisation.total_cmp(&b.utilisation));
    cards.extend(busiest.map(|slices| Card {
        label: "Device busy",
        value: share(slices.utilisation),
        unit: "",
        note: format!("{} {} slices", slices.slices, slices.class),
    }));
    cards.push(Card {
        label: "Errors",
        value: count(report.errors.total),
        unit: "",
        note: match report.verified.applies {
            true => format!("{} results verified", count(report.verified.right)),
            false => "nothing to verify".to_owned(),
        },
    });
    cards
}

fn cards_of_all(variants: &[Report]) -> Vec<Card> {
    let label = |report: &Report| report.label().to_owned();
    let of_some = |report: &&Report| report.ops_per_s.is_some() && report.ops > 0;
    let rate = |report: &&Report| report.ops_per_s.unwrap_or(0.0);
    let fastest = variants.iter().filter(of_some);
    let fastest = fastest.max_by(|a, b| rate(a).total_cmp(&rate(b)));
    let soonest = |of: fn(&Report) -> Option<u64>| {
        let some = variants.iter().filter(|report| of(report).is_some());
        some.min_by_key(|report| of(report))
    };
    let mut cards = Vec::new();
    cards.extend(fastest.map(|it| Card {
        label: "Highest throughput",
        value: or_na(it.ops_per_s, amount),
        unit: "op/s",
        note: label(it),
    }));
    for (title, of) in [
        (
            "Lowest median",
            (|it| it.latency.p50_ns) as fn(&Report) -> _,
        ),
        ("Lowest p99", |it| it.latency.p99_ns),
    ] {
        cards.extend(soonest(of).map(|it| Card {
            label: title,
            value: or_na(of(it), time_in_words),
            unit: "",
            note: label(it),
        }));
    }
    let sum = |of: fn(&Report) -> u64| variants.iter().map(of).fold(0, u64::saturating_add);
    cards.push(Card {
        label: "Ops",
        value: count(sum(|it| it.ops)),
        unit: "",
        note: format!("{} variants", variants.len()),
    });
    cards.push(Card {
        label: "Errors",
        value: count(sum(|it| it.errors.total)),
        unit: "",
        note: format!("{} results verified", count(sum(|it| it.verified.right))),
    });
    cards
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
    use crate::report::Outcome;

    /// The page of a small run, with a sweep that was made up.
    fn page(sweep: &Sweep) -> String {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/hello.toml");
        let sets = ["load.ops=200", "load.jobs=4", "expect="].map(str::to_owned);
        let variants = crate::scenario::read(&path, &sets, None).expect("a shipped scenario");
        let scenario = &variants[0].scenario;
        let facts = crate::run::run(scenario, None, &Interrupt::default(), true);
        let outcome = Outcome {
            name: None,
            scenario,
            entries: &variants[0].entries,
            facts: facts.expect("it runs"),
        };
        let reports = Reports::new(&[outcome], "pausewake sweep --jobs 1..1024".to_owned());
        of(&reports, std::slice::from_ref(sweep))
    }

    fn sweep() -> Sweep {
        let jobs = (0..=10).map(|power| f64::from(1_u32 << power));
        let measured = |most: f64| {
            let points = jobs
                .clone()
                .map(|jobs| (jobs, most * (1.0 - (-jobs / 24.0).exp())));
            points.collect::<Vec<_>>()
        };
        let predicted = |most: f64| {
            let points = jobs
                .clone()
                .map(|jobs| (jobs, (jobs * most / 29.0).min(most)));
            points.collect::<Vec<_>>()
        };
        Sweep {
            id: "sweep".to_owned(),
            title: "Throughput by jobs".to_owned(),
            note: "From 32 jobs on the device is saturated; more only wait.".to_owned(),
            quantity: "jobs".to_owned(),
            figure: "op/s".to_owned(),
            is_doubling: true,
            measured: vec![
                ("fd & <b>bold</b>".to_owned(), measured(64_000.0)),
                ("callback".to_owned(), measured(66_000.0)),
            ],
            predicted: vec![("predicted".to_owned(), predicted(66_967.0))],
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
        let series = |points: &[(f64, f64)]| vec![("it".to_owned(), points.to_vec())];
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
