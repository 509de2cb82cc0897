//! Results as a page: how they differ, what was to be, and both side by side.

use super::ResultsReport;
use super::differences::{Difference, Pair};
use super::words::of_variant;
use crate::report::Verdict;
use crate::report::html::{Card, Overview};
use crate::report::numbers::difference as percent;
use crate::report::table::Table;

impl ResultsReport {
    /// All of it.
    pub(super) fn page(&self) -> String {
        let mut reasons = self.objections.clone();
        if self.is_of_many() {
            let summary = self.summary().into_iter();
            reasons.extend(summary.map(|(label, said)| format!("{label}: {said}.")));
        } else {
            reasons.extend(self.pairs.iter().flat_map(Pair::words));
        }
        let judged = self.judged_in_words().into_iter();
        reasons.extend(judged.filter(|(_, fails)| *fails).map(|(said, _)| said));
        reasons.extend(self.objection());
        reasons.extend(self.exit_in_words());
        reasons.push(self.about_intervals.to_string());
        let word = self.conditions.is_empty() && self.verdict == Verdict::Holds;
        let mut tables = Vec::new();
        if !self.conditions.is_empty() {
            tables.push(("Conditions", self.judged()));
        }
        if self.is_of_many() {
            tables.push(("Throughput", self.rows()));
        }
        tables.extend(self.pairs.iter().map(|it| ("Differences", it.table())));
        tables.push(("Comparison", self.about()));
        // Of points there are charts over what was swept: one with a line for each would show nothing.
        let figures = self.charts();
        let results = match figures.is_empty() {
            true => &self.results[..],
            false => &[],
        };
        let config = (self.results.first().into_iter())
            .filter(|_| results.is_empty())
            .flat_map(|first| first.config.iter())
            .filter(|(path, _)| self.is_common(path))
            .map(|(path, value)| (path.to_owned(), value.to_owned()));
        let config = config.collect();
        let overview = Overview {
            title: "Results compared".to_owned(),
            about: None,
            verdict: self.verdict,
            word: word.then_some("Compared"),
            is_doubtful: !self.objections.is_empty(),
            reasons,
            chips: vec![
                ("baseline", self.baseline.clone()),
                ("candidate", self.candidate.clone()),
            ],
            cards: cards(&self.pairs).collect(),
            figures,
            tables,
            results,
            config,
            command: &self.command,
        };
        overview.into_html()
    }

    /// Whether the entry at `path` is the same in all results.
    fn is_common(&self, path: &str) -> bool {
        let mut said = self.results.iter().map(|it| it.config.get(path));
        let first = said.next();
        said.all(|it| Some(it) == first)
    }

    /// What must not be, and whether it is.
    fn judged(&self) -> Table {
        let mut table = Table::of_figures(["fail if", "difference", ""]);
        for it in &self.conditions {
            let condition = of_variant(&it.variant, &it.fail_if);
            table.row([condition, it.measured(), it.verdict().to_owned()]);
        }
        table
    }
}

/// Of many pairs, those that differ most.
fn cards(pairs: &[Pair]) -> impl Iterator<Item = Card> {
    let card = |(name, label): (&str, &'static str)| {
        let of = pairs.iter().filter(|pair| pair.void.is_none());
        let of = of.filter_map(|pair| Some((pair, pair.figure(name)?)));
        let (pair, difference) = of.max_by(|(_, a), (_, b)| a.size().total_cmp(&b.size()))?;
        Some(match &pair.variant {
            Some(at) if pairs.len() > 1 => {
                let label = format!("{label}: largest difference");
                card(label, difference, &format!(", {at}"))
            }
            _ => card(label.to_owned(), difference, ""),
        })
    };
    KEY_FIGURES.into_iter().filter_map(card)
}

fn card(label: String, of: &Difference, at: &str) -> Card {
    let [before, after] = &of.shown;
    let half = of.half().map(|half| format!(" ± {half}"));
    Card {
        label: label.into(),
        value: of.difference.map_or_else(|| "n/a".to_owned(), percent),
        unit: "",
        note: format!("{before} to {after}{}{at}", half.unwrap_or_default()),
    }
}

const KEY_FIGURES: [(&str, &str); 4] = [
    ("throughput", "Throughput"),
    ("mean", "Latency, mean"),
    ("p50", "Latency, median"),
    ("p99", "Latency, p99"),
];
