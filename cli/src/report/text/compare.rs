//! Variants side by side: one column each, as many beside each other as fit, and below what columns
//! cannot show.

use std::ops::Range;

use super::numbers::{amount, count, difference, or_na, share, time};
use super::table::{GAP, LABEL_WIDTH, Table, WIDTH};
use super::{expectations, facts, invalid, paragraph, remarks, settings, story, title};
use crate::report::Report;
use crate::report::parts::OpenLoopFigures;

/// The reports of all variants, compared with the first of them.
pub fn side_by_side(variants: &[Report]) -> String {
    let Some(first) = variants.first() else {
        return String::new();
    };
    let mut parts: Vec<String> = variants.iter().filter_map(told).collect();
    parts.extend(variants.iter().filter_map(|variant| {
        let aborted = variant.aborted.as_ref()?;
        let reason = format!("variant {}: {}", name(variant), aborted.reason);
        Some(super::aborted_by(&reason))
    }));
    parts.extend(variants.iter().filter_map(|variant| {
        let reason = variant.invalid.as_ref()?;
        Some(invalid(&format!("variant {}: {reason}", name(variant))))
    }));
    parts.push(format!("{}{}", title(&first.scenario), common(variants)));
    for variant in variants {
        let said = remarks(variant).into_iter();
        parts.extend(said.map(|said| paragraph(&format!("{}: {said}", name(variant)))));
    }
    parts.extend(blocks(variants).iter().map(Table::to_string));
    let details = details(variants);
    if !details.is_empty() {
        parts.push(details.to_string());
    }
    parts.push(expected(variants).to_string());
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// The same in tables, whose width is not limited.
pub fn tables(variants: &[Report]) -> Vec<(&'static str, Table)> {
    let heads = variants.iter().map(name);
    let mut figures = Table::of_figures([""].into_iter().chain(heads));
    for line in lines(variants) {
        let label = [line.label.to_owned()];
        figures.row(label.into_iter().chain(line.cells));
    }
    vec![
        ("Run", common(variants)),
        ("Variants side by side", figures),
        ("Errors", details(variants)),
        ("Expectations", expected(variants)),
    ]
}

fn expected(variants: &[Report]) -> Table {
    expectations(variants.iter().flat_map(|variant| {
        let rows = variant.expected.iter();
        rows.map(|expected| (Some(name(variant)), expected))
    }))
}

fn name(variant: &Report) -> &str {
    variant.scenario.variant.as_deref().unwrap_or_default()
}

fn told(variant: &Report) -> Option<String> {
    let story = story(variant)?;
    Some(format!("variant {}\n{story}", name(variant)))
}

/// What was run, as far as it is the same for all; and how the variants differ from each other.
fn common(variants: &[Report]) -> Table {
    let mut table = Table::of_words();
    let all: Vec<_> = variants.iter().map(settings).collect();
    let Some(first) = all.first() else {
        return table;
    };
    for (index, (subject, said)) in first.iter().enumerate() {
        if all.iter().all(|settings| settings[index].1 == *said) {
            if let Some(said) = said {
                table.row([(*subject).to_owned(), said.clone()]);
            }
            continue;
        }
        for (position, (variant, settings)) in variants.iter().zip(&all).enumerate() {
            let subject = if position == 0 { subject } else { "" };
            let said = settings[index].1.as_deref().unwrap_or("no profile");
            let said = format!("{}: {said}", name(variant));
            table.row([subject.to_owned(), said]);
        }
    }
    table
}

/// One line of the comparison.
struct Line {
    /// No longer than [`LABEL_WIDTH`].
    label: &'static str,
    cells: Vec<String>,
}

/// The lines, cut into tables that fit the width.
fn blocks(variants: &[Report]) -> Vec<Table> {
    let lines = lines(variants);
    let widths = variants.iter().enumerate().map(|(index, variant)| {
        let cells = lines
            .iter()
            .map(|line| line.cells.get(index).map_or(0, |cell| width(cell)));
        cells.max().unwrap_or(0).max(width(name(variant))) + usize::from(GAP)
    });
    let room = usize::from(WIDTH - LABEL_WIDTH - GAP);
    columns_that_fit(&widths.collect::<Vec<_>>(), room)
        .into_iter()
        .map(|columns| {
            let heads = variants[columns.clone()].iter().map(name);
            let mut table = Table::of_figures([""].into_iter().chain(heads));
            for line in &lines {
                let cells = line.cells.get(columns.clone()).unwrap_or_default();
                table.row(
                    [line.label.to_owned()]
                        .into_iter()
                        .chain(cells.iter().cloned()),
                );
            }
            table
        })
        .collect()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// As few runs of neighbours as there can be that are no wider than `room`, each of at least one;
/// of the same length, but for the last, where that is possible.
fn columns_that_fit(widths: &[usize], room: usize) -> Vec<Range<usize>> {
    let fullest = fullest_runs(widths, room);
    let even_len = widths.len().div_ceil(fullest.len()).max(1);
    let starts = (0..widths.len()).step_by(even_len);
    let even: Vec<_> = starts
        .map(|start| start..widths.len().min(start + even_len))
        .collect();
    let fits =
        |run: &Range<usize>| run.len() == 1 || widths[run.clone()].iter().sum::<usize>() <= room;
    match even.len() == fullest.len() && even.iter().all(fits) {
        true => even,
        false => fullest,
    }
}

/// Each run as long as fits.
fn fullest_runs(widths: &[usize], room: usize) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (index, width) in widths.iter().enumerate() {
        if index > start && used + width > room {
            runs.push(start..index);
            (start, used) = (index, 0);
        }
        used += width;
    }
    runs.push(start..widths.len());
    runs
}

fn lines(variants: &[Report]) -> Vec<Line> {
    let mut lines = Lines {
        variants,
        lines: Vec::new(),
    };
    lines.speed();
    lines.stages();
    lines.device();
    lines.counts();
    lines.lines
}

struct Lines<'a> {
    variants: &'a [Report],
    lines: Vec<Line>,
}

impl Lines<'_> {
    fn speed(&mut self) {
        self.add("op/s", |it| or_na(it.ops_per_s, amount));
        self.ratio(|it| it.ops_per_s);
        self.space();
        self.add("latency", |it| or_na(it.latency.mean_ns, time));
        self.ratio(|it| it.latency.mean_ns.map(float));
        self.add("  p50", |it| or_na(it.latency.p50_ns, time));
        self.add("  p90", |it| or_na(it.latency.p90_ns, time));
        self.add("  p95", |it| or_na(it.latency.p95_ns, time));
        self.add("  p99", |it| or_na(it.latency.p99_ns, time));
        self.ratio(|it| it.latency.p99_ns.map(float));
        self.add("  p99.9", |it| or_na(it.latency.p999_ns, time));
        self.add("  max", |it| or_na(it.latency.max_ns, time));
        if self.variants.iter().any(|it| it.uncorrected.is_some()) {
            let p99_ns = |it: &Report| it.uncorrected.as_ref().and_then(|times| times.p99_ns);
            self.add("uncorr. p99", |it| or_na(p99_ns(it), time));
        }
        self.space();
    }

    /// Means of the device's ops; they add up to that of latency where all ops are the device's.
    fn stages(&mut self) {
        for (index, label) in STAGES.into_iter().enumerate() {
            self.add(label, |it| {
                let stage = it.stages.get(index);
                stage.map_or_else(String::new, |stage| or_na(stage.times.mean_ns, time))
            });
        }
        self.space();
    }

    fn device(&mut self) {
        for (index, label) in ["asym busy", "sym busy"].into_iter().enumerate() {
            if self.variants.iter().any(|it| it.slices[index].ops > 0) {
                self.add(label, |it| share(it.slices[index].utilisation));
                self.add("  predicted", |it| match it.slices[index].predicted {
                    None => "n/a".to_owned(),
                    Some(by) if by.at_most => format!("<= {}", share(by.utilisation)),
                    Some(by) => share(by.utilisation),
                });
            }
        }
        self.add("in flight", |it| amount(it.littles_law[0].measured));
        self.add("Little's law", |it| {
            or_na(it.littles_law[0].difference, difference)
        });
        if self.variants.iter().any(|it| it.compute.is_some()) {
            self.add("CPU's share", |it| match &it.compute {
                Some(compute) => share(compute.share_of_latency),
                None => "n/a".to_owned(),
            });
        }
        self.space();
    }

    fn counts(&mut self) {
        self.add("ops", |it| count(it.ops));
        if self.variants.iter().any(|it| it.device_ops != it.ops) {
            self.add("device ops", |it| count(it.device_ops));
        }
        self.count_if_any("software ops", |it| it.software.total());
        let of_open = |figure: fn(&OpenLoopFigures) -> u64| {
            move |it: &Report| it.open_loop.as_ref().map_or(0, figure)
        };
        self.count_if_any("late", of_open(|open_loop| open_loop.late));
        self.count_if_any("dropped", of_open(|open_loop| open_loop.dropped));
        self.add("jobs", |it| count(it.jobs.started));
        self.add("  at once", |it| count(it.jobs.max_live));
        self.add("wakes", |it| count(it.wakes.callback + it.wakes.fd));
        self.add("  spurious", |it| count(it.wakes.spurious));
        self.count_if_any("in place", |it| it.wakes.in_place);
        self.count_if_any("looks", |it| it.wakes.by_look);
        self.add("full ring", |it| count(it.doorbells.full_waits));
        self.add("doorbells", |it| count(it.doorbells.rung));
        self.add("device wakes", |it| count(it.doorbells.woke_device));
        self.add("signals", |it| count(it.signals.given));
        self.add("host wakes", |it| count(it.signals.woke_host));
        self.add("coalesced", |it| count(it.signals.coalesced));
        self.add("errors", |it| count(it.errors.total));
        self.add("verified", |it| match it.verified.applies {
            true if it.verified.right < it.verified.results => format!(
                "{} of {}",
                count(it.verified.right),
                count(it.verified.results)
            ),
            true => count(it.verified.right),
            false => "n/a".to_owned(),
        });
        self.count_if_any("WRONG", |it| it.verified.wrong);
    }

    fn add(&mut self, label: &'static str, cell: impl Fn(&Report) -> String) {
        debug_assert!(width(label) <= usize::from(LABEL_WIDTH), "{label}");
        let cells = self.variants.iter().map(cell).collect();
        self.lines.push(Line { label, cells });
    }

    fn count_if_any(&mut self, label: &'static str, number: impl Fn(&Report) -> u64) {
        if self.variants.iter().any(|it| number(it) > 0) {
            self.add(label, |it| count(number(it)));
        }
    }

    /// How many times what the first variant has.
    fn ratio(&mut self, figure: impl Fn(&Report) -> Option<f64>) {
        let first = self.variants.first().and_then(&figure);
        let first = first.filter(|first| *first > 0.0);
        self.add("  x first", |it| {
            let ratio = figure(it).zip(first).map(|(its, first)| its / first);
            or_na(ratio, amount)
        });
    }

    fn space(&mut self) {
        self.lines.push(Line {
            label: "",
            cells: self.variants.iter().map(|_| String::new()).collect(),
        });
    }
}

/// What went wrong in each variant.
fn details(variants: &[Report]) -> Table {
    let mut table = Table::of_words();
    for variant in variants.iter().filter(|it| it.errors.total > 0) {
        for said in facts::errors(&variant.errors) {
            let subject = if table.is_empty() { "errors" } else { "" };
            table.row([subject.to_owned(), format!("{}: {said}", name(variant))]);
        }
    }
    table
}

fn float(time_ns: u64) -> f64 {
    pausewake_device::Nanos::new(time_ns).as_f64()
}

/// In the order of [`Report::stages`].
const STAGES: [&str; 6] = [
    "  full wait",
    "  prepare",
    "  ring",
    "  service",
    "  notify",
    "  resume",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_beside_each_other_while_they_fit() {
        let lens = |widths: &[usize], room| -> Vec<usize> {
            let runs = columns_that_fit(widths, room);
            runs.iter().map(ExactSizeIterator::len).collect()
        };
        assert_eq!(lens(&[10, 10, 10], 30), [3]);
        assert_eq!(lens(&[10; 6], 50), [3, 3]);
        assert_eq!(lens(&[10; 5], 40), [3, 2]);
        // Halves would not fit.
        assert_eq!(lens(&[10, 20, 20, 5, 5, 5], 40), [2, 4]);
        assert_eq!(lens(&[10, 10, 10], 29), [2, 1]);
        assert_eq!(lens(&[40, 10, 10], 20), [1, 2]);
    }
}
