//! Modes as a page: the verdicts, where offload begins to win as a chart, and all runs side by side.

use super::super::break_even::{Answer, BreakEven, Over};
use super::{MODES, ModeFigures, ModesReport};
use crate::report::Verdict;
use crate::report::html::{Band, Card, Overview, Sweep, Swept, short_value};
use crate::report::numbers::{amount, count, counted, or_na};
use crate::report::table::Table;

impl ModesReport {
    /// All of it.
    pub(super) fn page(&self) -> String {
        let verdict = self.verdict();
        let mut tables = vec![("Modes", self.figures()), ("Stages", self.stages())];
        tables.extend(self.break_even.iter().map(trials));
        let wins = self.break_even.iter().filter_map(wins_from);
        let charts = self.break_even.iter().filter(|it| !it.probes.is_empty());
        let overview = Overview {
            title: "Software and offload".to_owned(),
            about: Some(&self.load),
            verdict,
            word: (verdict == Verdict::Holds).then_some("Compared"),
            is_doubtful: self.doubts().next().is_some(),
            reasons: self.doubts().chain(self.words()).collect(),
            chips: vec![
                ("clock", self.clock.clone()),
                ("seeds", self.seeds_in_words()),
            ],
            cards: self.modes.iter().map(card).chain(wins).collect(),
            figures: charts.map(|it| chart(it).figure()).collect(),
            tables,
            results: &self.results,
            config: Vec::new(),
            command: &self.command,
        };
        overview.into_html()
    }

    fn seeds_in_words(&self) -> String {
        match self.seeds.as_slice() {
            [first, .., last] => {
                format!("{first} to {last}; ± is the 95 % confidence interval (Student\u{2019}s t)")
            }
            [only] => format!("{only}; of one run no interval is known"),
            [] => String::new(),
        }
    }
}

fn card(mode: &ModeFigures) -> Card {
    let note = mode.speed_up.filter(|_| mode.words.is_some());
    let failed = (mode.errors > 0).then(|| format!("{} FAILED", counted(mode.errors, "call")));
    let dropped = mode.open_loop.as_ref().filter(|it| it.dropped > 0);
    let dropped = dropped.map(|it| format!("dropped {}", counted(it.dropped, "arrival")));
    let lost: Vec<String> = failed.into_iter().chain(dropped).collect();
    let lost = (!lost.is_empty()).then(|| lost.join(", "));
    let note = lost.or_else(|| {
        note.map(|it| {
            let half = it.half_width.map(|half| format!(" ± {}", amount(half)));
            format!(
                "{}{} times software",
                amount(it.mean),
                half.unwrap_or_default()
            )
        })
    });
    Card {
        label: mode.mode.clone(),
        value: or_na(mode.ops_per_s, |it| match it.mean {
            // All digits are in the table.
            rate if rate < 1e6 => amount(rate),
            rate => short_value(rate),
        }),
        unit: "op/s",
        note: note.unwrap_or_else(|| match &*mode.mode {
            "software" => "what the others are held against".to_owned(),
            _ => "held against nothing".to_owned(),
        }),
    }
}

/// From where on offload wins.
fn wins_from(found: &BreakEven) -> Option<Card> {
    let from = found.wins_from()?;
    Some(Card {
        label: format!("{} wins from", found.offload).into(),
        value: count(from),
        unit: match from {
            1 => "job",
            _ => found.over.plural(),
        },
        note: match (found.wins_to_the_end, found.loses_again) {
            _ if !found.parts.is_empty() => {
                let until = found.parts.last().map(|[_, until]| count(*until));
                format!("up to {}, in parts", until.unwrap_or_default())
            }
            (_, Some(again)) => format!("up to {}", count(again.wins_at)),
            (Some(false), None) => "but not to the end".to_owned(),
            _ => "to the end of the search".to_owned(),
        },
    })
}

/// Throughput of all modes that were looked at, with the crossing.
fn chart(found: &BreakEven) -> Sweep {
    let offload = &found.offload;
    let name = found.over.plural();
    let quantity = match found.over {
        Over::Jobs => "jobs",
        Over::Bytes => "message, bytes",
    };
    let crossing = match found.answer {
        Answer::From { wins_at, loses_at } => Some(Band {
            label: format!(
                "{offload} begins to win: not for certain at {}, but at {}",
                found.over.amount(loses_at),
                found.over.amount(wins_at)
            ),
            range: [place(found.open_from.unwrap_or(loses_at)), place(wins_at)],
        }),
        _ => None,
    };
    let crossing = crossing.filter(|_| found.parts.is_empty());
    let again = found.loses_again.filter(|_| found.parts.is_empty());
    let again = again.map(|again| Band {
        label: format!(
            "{offload} wins for the last time: at {}, and not at {}",
            found.over.amount(again.wins_at),
            found.over.amount(again.loses_at)
        ),
        range: [place(again.wins_at), place(again.loses_at)],
    });
    let series = MODES.iter().map(|mode| {
        let rates = found.probes.iter();
        let rates = rates.filter_map(|it| Some((place(it.at), it.ops_per_s(mode, offload)?)));
        let mut points: Vec<_> = rates.collect();
        points.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        Swept {
            label: (*mode).to_owned(),
            points,
        }
    });
    Sweep {
        id: format!("break-even-{name}"),
        title: format!("Throughput by {name}"),
        note: found.words.clone(),
        quantity: quantity.to_owned(),
        figure: "op/s".to_owned(),
        is_doubling: true,
        measured: series.filter(|it| !it.points.is_empty()).collect(),
        predicted: Vec::new(),
        bands: crossing.into_iter().chain(again).collect(),
    }
}

/// What was tried, from few to many.
fn trials(found: &BreakEven) -> (&'static str, Table) {
    let title = match found.over {
        Over::Jobs => "Throughput by jobs",
        Over::Bytes => "Throughput by bytes",
    };
    let is_known = |mode: &&&str| {
        let mut probes = found.probes.iter();
        probes.any(|it| it.ops_per_s(mode, &found.offload).is_some())
    };
    let modes: Vec<&str> = MODES.iter().filter(is_known).copied().collect();
    let heads = [found.over.plural()]
        .into_iter()
        .chain(modes.iter().copied());
    let mut table = Table::of_figures(heads.chain(["speed-up", "+-", ""]));
    for trial in found.sorted() {
        let rates = modes
            .iter()
            .map(|mode| or_na(trial.ops_per_s(mode, &found.offload), amount));
        let half = trial.speed_up.and_then(|it| it.half_width);
        let speed_up = [
            or_na(trial.speed_up, |it| amount(it.mean)),
            or_na(half, amount),
        ];
        let cells = [count(trial.at)].into_iter().chain(rates).chain(speed_up);
        table.row(cells.chain([trial.outcome.said_of(&found.offload)]));
    }
    (title, table)
}

#[expect(clippy::cast_precision_loss, reason = "a place in a chart")]
fn place(at: u64) -> f64 {
    at as f64
}
