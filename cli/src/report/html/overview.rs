//! The page of what was made of several runs: a sweep, a search, a comparison.

use super::{Banner, Card, Figure, Page, Setting, charts, config, section, word_of};
use crate::report::text::{self, Table};
use crate::report::{Report, Verdict};

/// What there is to say of them.
pub struct Overview<'a> {
    /// What it is.
    pub title: String,
    /// Of what.
    pub about: Option<&'a str>,
    /// The worst that is to be said.
    pub verdict: Verdict,
    /// How it is said; if not given, as of a run.
    pub word: Option<&'static str>,
    /// Whether there is reason to doubt it, where it is good.
    pub is_doubtful: bool,
    /// What came of it, in sentences.
    pub reasons: Vec<String>,
    /// What all of it has in common.
    pub chips: Vec<(&'static str, String)>,
    /// The figures to see first.
    pub cards: Vec<Card>,
    /// Its charts.
    pub figures: Vec<Figure>,
    /// Its tables, with their titles.
    pub tables: Vec<(&'static str, Table)>,
    /// Results that are shown below, side by side.
    pub results: &'a [Report],
    /// What the configuration says, if there are no results to say it.
    pub config: Vec<(String, String)>,
    /// What makes it again.
    pub command: &'a str,
}

impl Overview<'_> {
    /// The page.
    pub fn into_html(self) -> String {
        let (class, word) = match word_of(self.verdict) {
            ("passed", word) if self.is_doubtful => ("aborted", word),
            other => other,
        };
        let setting = |(path, value)| Setting {
            path,
            values: vec![(String::new(), value)],
        };
        let below = match self.results {
            [] => Vec::new(),
            results => text::tables(results),
        };
        let page = Page {
            title: &self.title,
            about: self.about,
            verdict: Banner {
                class,
                word: self.word.unwrap_or(word),
                reasons: self.reasons,
            },
            chips: self.chips,
            cards: self.cards,
            figures: self
                .figures
                .into_iter()
                .chain(charts::of(self.results))
                .collect(),
            tables: self.tables.into_iter().chain(below).map(section).collect(),
            config: match self.results {
                [] => self.config.into_iter().map(setting).collect(),
                results => config(results),
            },
            stories: Vec::new(),
            command: self.command,
            program: env!("CARGO_PKG_VERSION"),
        };
        page.to_html()
    }
}
