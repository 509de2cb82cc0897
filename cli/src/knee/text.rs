//! A search as text.

use super::probes::Figure;
use super::report::{Answer, KneeReport, Searched};
use crate::report::numbers::{amount, count};
use crate::report::table::Table;
use crate::report::{paragraph, printable};

impl KneeReport {
    /// All of it.
    pub(super) fn text(&self) -> String {
        let mut about = self.about();
        about.row(["command".to_owned(), printable(&self.command)]);
        let answer = paragraph(&printable(&self.words));
        format!("{about}\n{}\n{answer}", self.table())
    }

    /// What is searched, and how.
    pub(super) fn about(&self) -> Table {
        let mut about = Table::of_words();
        let what = match self.searched {
            Searched::Rate => format!(
                "the highest rate, from {} to {}, to {} %",
                self.show(self.lowest),
                self.show(self.highest),
                (self.precision * 1e6).round() / 1e4
            ),
            Searched::Jobs => format!("the fewest jobs, up to {}", self.show(self.highest)),
        };
        let runs = match self.repeat {
            1 => format!("one run of {} for each probe", self.each),
            n => format!(
                "{n} runs of {} for each probe, of which most must hold",
                self.each
            ),
        };
        about.row(["knee".to_owned(), what]);
        about.row(["slo".to_owned(), self.slo_in_words()]);
        about.row(["run".to_owned(), format!("{} clock, {runs}", self.clock)]);
        about
    }

    /// The search, step by step.
    pub(super) fn table(&self) -> Table {
        let head = match self.searched {
            Searched::Rate => "rate",
            Searched::Jobs => "jobs",
        };
        let first = self.probes.first();
        let figures = first.map_or(&[][..], |probe| &probe.typical().figures);
        let shown = |figure: &&Figure| figure.figure != "throughput";
        let names = figures.iter().filter(shown);
        let names = names.map(|figure| figure.figure.as_str());
        let mut table = Table::of_figures([head, "op/s"].into_iter().chain(names).chain(["", ""]));
        for probe in &self.probes {
            let run = probe.typical();
            let rate = run.ops_per_s.map_or_else(|| "n/a".to_owned(), amount);
            let figures = run.figures.iter().filter(shown);
            let figures = figures.map(|figure| figure.measured.clone());
            let mut runs = probe.runs.iter();
            let is_cut_off =
                self.answer == Answer::Aborted && runs.any(|run| run.aborted.is_some());
            let verdict = match (probe.holds, self.repeat) {
                _ if is_cut_off => String::new(),
                (true, 1) => "holds".to_owned(),
                (false, 1) => "FAILS".to_owned(),
                (true, n) => format!("holds {}/{n}", probe.held),
                (false, n) => format!("FAILS {}/{n}", probe.held),
            };
            let lost = match run.lost_calls() + run.lost_arrivals() {
                _ if is_cut_off => "aborted".to_owned(),
                _ if run.invalid.is_some() => "invalid".to_owned(),
                _ if run.aborted.is_some() => "aborted".to_owned(),
                0 if run.late => "late device".to_owned(),
                0 if run.saturated => "saturated".to_owned(),
                0 if run.figures.iter().any(|figure| figure.too_few) => "few ops".to_owned(),
                0 if run.errors > 0 => format!("{} failed", count(run.errors)),
                0 => String::new(),
                lost => format!("{} lost", count(lost)),
            };
            let cells = [self.show(probe.at), rate].into_iter().chain(figures);
            table.row(cells.chain([verdict, lost]));
        }
        table
    }
}
