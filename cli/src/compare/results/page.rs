//! Results as a page: how they differ, what was to be, and both side by side.

use super::ResultsReport;
use super::conditions::Condition;
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
        reasons.extend(self.pairs.iter().flat_map(Pair::words));
        let failing = self.conditions.iter();
        let failing = failing.filter(|it| it.fails == Some(true));
        reasons.extend(failing.map(Condition::in_words));
        reasons.extend(self.objection());
        reasons.push(self.about_intervals.to_string());
        let word = self.conditions.is_empty() && self.verdict == Verdict::Holds;
        let mut tables = Vec::new();
        if !self.conditions.is_empty() {
            tables.push(("Conditions", self.judged()));
        }
        tables.extend(self.pairs.iter().map(|it| ("Differences", it.table())));
        tables.push(("Comparison", self.about()));
        let overview = Overview {
            title: "Results compared".to_owned(),
            about: None,
            verdict: self.verdict,
            word: word.then_some("Compared"),
            reasons,
            chips: vec![
                ("baseline", self.baseline.clone()),
                ("candidate", self.candidate.clone()),
            ],
            cards: self.pairs.iter().take(1).flat_map(cards).collect(),
            figures: Vec::new(),
            tables,
            results: &self.results,
            config: Vec::new(),
            command: &self.command,
        };
        overview.into_html()
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

/// Of the first pair: more would be no key figures.
fn cards(pair: &Pair) -> impl Iterator<Item = Card> {
    let card = |(name, label): (&str, &'static str)| {
        let difference = pair.figures.iter().find(|it| it.figure == name)?;
        Some(card(label, difference))
    };
    KEY_FIGURES.into_iter().filter_map(card)
}

fn card(label: &'static str, of: &Difference) -> Card {
    let [before, after] = &of.shown;
    let half = of
        .half_width
        .map(|half| format!(" ± {:.2} %", half * 100.0));
    Card {
        label: label.into(),
        value: of.difference.map_or_else(|| "n/a".to_owned(), percent),
        unit: "",
        note: format!("{before} to {after}{}", half.unwrap_or_default()),
    }
}

const KEY_FIGURES: [(&str, &str); 4] = [
    ("throughput", "Throughput"),
    ("mean", "Latency, mean"),
    ("p50", "Latency, median"),
    ("p99", "Latency, p99"),
];
