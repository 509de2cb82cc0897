//! Results as text.

use super::ResultsReport;
use super::differences::Pair;
use crate::report::numbers::difference as percent;
use crate::report::table::Table;
use crate::report::{paragraph, printable};

impl ResultsReport {
    /// All of it; of many pairs what they come to, and a row for each.
    pub(super) fn text(&self) -> String {
        let objections = self.objections.iter();
        let objections = objections.map(|it| paragraph(&printable(it)));
        let mut parts: Vec<_> = objections.chain([self.about().to_string()]).collect();
        if self.is_of_many() {
            parts.push(self.rows().to_string());
        } else {
            for pair in &self.pairs {
                parts.push(pair.table().to_string());
                let words = pair.words().map(|it| paragraph(&printable(&it)));
                parts.push(words.collect());
            }
        }
        if !self.conditions.is_empty() {
            let mut table = Table::of_words();
            for (it, _) in self.judged_in_words() {
                table.row(["fail if".to_owned(), printable(&it)]);
            }
            parts.push(table.to_string());
        }
        parts.extend(self.objection().map(|it| paragraph(&it)));
        parts.extend(self.exit_in_words().map(|it| paragraph(&it)));
        if self.is_of_many() {
            parts.push(paragraph(DETAILS));
        }
        parts.push(paragraph(&self.about_intervals));
        parts.join("\n")
    }

    /// What is compared, what many pairs come to, and what differs in their configuration.
    pub(super) fn about(&self) -> Table {
        let mut about = Table::of_words();
        about.row(["baseline".to_owned(), printable(&self.baseline)]);
        about.row(["candidate".to_owned(), printable(&self.candidate)]);
        if self.is_of_many() {
            for (label, said) in self.summary() {
                about.row([label.to_owned(), printable(&said)]);
            }
        }
        for said in self.alone_in_words() {
            about.row(["alone".to_owned(), printable(&said)]);
        }
        for said in self.differing() {
            about.row(["differs".to_owned(), printable(&said)]);
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
            let [a, b] = it.shown.clone();
            table.row([
                it.figure.clone(),
                a,
                b,
                it.difference.map_or_else(|| "n/a".to_owned(), percent),
                it.half().unwrap_or_default(),
            ]);
        }
        table
    }
}

const DETAILS: &str = "Figure by figure: --format html, csv or json.";
