//! Modes as text: figures and stages, side by side.

use super::super::statistics::Estimate;
use super::{ModeFigures, ModesReport, OpenLoop};
use crate::report::numbers::{amount, count, or_na, time};
use crate::report::table::Table;
use crate::report::{Verdict, paragraph, printable};

impl ModesReport {
    /// All of it.
    pub(super) fn text(&self) -> String {
        let mut about = Table::of_words();
        let seeds = match self.seeds.as_slice() {
            [only] => format!("seed {only}: one run, of which no interval is known"),
            [first, .., last] => format!(
                "seeds {first} to {last}; +- is the 95 % confidence interval over seeds (Student's t)"
            ),
            [] => String::new(),
        };
        about.row(["compare".to_owned(), printable(&self.load)]);
        about.row(["run".to_owned(), format!("{} clock, {seeds}", self.clock)]);
        about.row(["command".to_owned(), printable(&self.command)]);
        let mut parts = vec![about.to_string()];
        let doubts = self.doubts();
        parts.extend(doubts.map(|it| paragraph(&printable(&it))));
        parts.push(self.figures().to_string());
        parts.push(self.stages().to_string());
        if matches!(self.verdict(), Verdict::Aborted) {
            parts.push(paragraph(
                "ABORTED: a signal ended it; these are the runs until then.",
            ));
        }
        let words: Vec<_> = self.words().map(|it| paragraph(&printable(&it))).collect();
        if !words.is_empty() {
            parts.push(words.concat());
        }
        parts.join("\n")
    }

    /// Throughput and latency of each, and what is known of them.
    pub(super) fn figures(&self) -> Table {
        let heads = self.modes.iter().map(|it| &*it.mode);
        let mut table = Table::of_figures([""].into_iter().chain(heads));
        let is_open = self.modes.iter().any(|it| it.open_loop.is_some());
        for (label, figure, show) in ROWS.into_iter().chain(is_open.then_some(UNCORRECTED)) {
            let cells = self
                .modes
                .iter()
                .map(|it| or_na(figure(it), |it| show(it.mean)));
            table.row([label.to_owned()].into_iter().chain(cells));
            if self.seeds.len() > 1 {
                let half = |it: &ModeFigures| figure(it).and_then(|it| it.half_width);
                let cells = self.modes.iter().map(|it| or_na(half(it), show));
                table.row(["    +-".to_owned()].into_iter().chain(cells));
            }
        }
        for (label, figure) in OF_ARRIVALS.into_iter().filter(|_| is_open) {
            let cells = self.modes.iter().map(|it| {
                let open_loop = it.open_loop.as_ref();
                or_na(open_loop.map(figure), count)
            });
            table.row([label.to_owned()].into_iter().chain(cells));
        }
        let errors = self.modes.iter().map(|it| count(it.errors));
        table.row(["errors".to_owned()].into_iter().chain(errors));
        table
    }

    /// Means of the device's ops.
    pub(super) fn stages(&self) -> Table {
        let heads = self.modes.iter().map(|it| &*it.mode);
        let mut table = Table::of_figures(["stage, mean"].into_iter().chain(heads));
        let names = self.modes.first().map_or(&[][..], |mode| &mode.stages);
        for (index, stage) in names.iter().enumerate() {
            let cells = self.modes.iter().map(|mode| {
                let stage = mode.stages.get(index);
                or_na(stage.and_then(|stage| stage.mean_ns), time)
            });
            let label = format!("  {}", stage.stage.replace('_', " "));
            table.row([label].into_iter().chain(cells));
        }
        table
    }
}

/// A figure of each mode: its label, where it stands, and how it is shown.
type Row = (
    &'static str,
    fn(&ModeFigures) -> Option<Estimate>,
    fn(f64) -> String,
);

const ROWS: [Row; 5] = [
    ("op/s", |it| it.ops_per_s, amount),
    ("speed-up", |it| it.speed_up, amount),
    ("latency", |it| it.latency.mean_ns, time_of),
    ("  p50", |it| it.latency.p50_ns, time_of),
    ("  p99", |it| it.latency.p99_ns, time_of),
];
/// A count of arrivals: its label, and where it stands.
type CountRow = (&'static str, fn(&OpenLoop) -> u64);

const OF_ARRIVALS: [CountRow; 2] = [("late", |it| it.late), ("dropped", |it| it.dropped)];
/// Of an open loop.
const UNCORRECTED: Row = (
    "uncorr. p99",
    |it| it.open_loop.as_ref()?.uncorrected_p99_ns,
    time_of,
);

fn time_of(time_ns: f64) -> String {
    time(pausewake_device::Nanos::from_f64(time_ns).get())
}
