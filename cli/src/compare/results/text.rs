//! Results as text.

use super::ResultsReport;
use super::differences::Pair;
use super::words::of_variant;
use crate::report::numbers::difference as percent;
use crate::report::table::Table;
use crate::report::{paragraph, printable};

impl ResultsReport {
    /// All of it.
    pub(super) fn text(&self) -> String {
        let objections = self.objections.iter();
        let objections = objections.map(|it| paragraph(&printable(it)));
        let mut parts: Vec<_> = objections.chain([self.about().to_string()]).collect();
        for pair in &self.pairs {
            parts.push(pair.table().to_string());
            let words = pair.words().map(|it| paragraph(&printable(&it)));
            parts.push(words.collect());
        }
        if !self.conditions.is_empty() {
            let mut table = Table::of_words();
            for it in &self.conditions {
                table.row(["fail if".to_owned(), printable(&it.in_words())]);
            }
            parts.push(table.to_string());
        }
        parts.extend(self.objection().map(|it| paragraph(&it)));
        parts.push(paragraph(&self.about_intervals));
        parts.join("\n")
    }

    /// What is compared, and what differs in its configuration.
    pub(super) fn about(&self) -> Table {
        let mut about = Table::of_words();
        about.row(["baseline".to_owned(), printable(&self.baseline)]);
        about.row(["candidate".to_owned(), printable(&self.candidate)]);
        for it in &self.alone {
            about.row(["alone".to_owned(), printable(it)]);
        }
        for pair in &self.pairs {
            for it in &pair.differing {
                let or = |value: &Option<String>| value.clone().unwrap_or("not said".to_owned());
                let (a, b) = (or(&it.baseline), or(&it.candidate));
                let said = of_variant(&pair.variant, &format!("{} is {a} and {b}", it.entry));
                about.row(["differs".to_owned(), printable(&said)]);
            }
        }
        about
    }
}

impl Pair {
    /// Its figures.
    pub(super) fn table(&self) -> Table {
        let name = self.variant.as_deref().unwrap_or("");
        let mut table = Table::of_figures([name, "baseline", "candidate", "difference", "+-"]);
        for it in &self.figures {
            let half = it.half_width.map(|half| format!("{:.2} %", half * 100.0));
            let [a, b] = it.shown.clone();
            table.row([
                it.figure.clone(),
                a,
                b,
                it.difference.map_or_else(|| "n/a".to_owned(), percent),
                half.unwrap_or_default(),
            ]);
        }
        table
    }
}
