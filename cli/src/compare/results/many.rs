//! Many pairs at a glance, as the points of two sweeps: what they come to together, and a row for each.

use super::ResultsReport;
use super::conditions::Condition;
use super::differences::{Difference, Pair, Stand};
use crate::report::numbers::{count, counted, difference as percent};
use crate::report::table::Table;

impl ResultsReport {
    /// Whether there are so many pairs that each has a row instead of a table.
    pub(super) fn is_of_many(&self) -> bool {
        self.pairs.len() > 1
    }

    /// In how many pairs the candidate is how, and by how much at most.
    pub(super) fn summary(&self) -> Vec<(&'static str, String)> {
        let figures = FIGURES.into_iter().filter_map(|(figure, above, below)| {
            let said = self.tally(figure, above, below)?;
            let label = if figure == "mean" {
                "mean latency"
            } else {
                figure
            };
            Some((label, said))
        });
        let is_point = |pair: &Pair| pair.variant.as_ref().is_some_and(|it| it.contains('='));
        let what = match self.pairs.iter().all(is_point) {
            true => "point",
            false => "variant",
        };
        let mut summary = vec![("compared", counted(self.pairs.len() as u64, what))];
        summary.extend(figures);
        let fails = |pair: &&Pair| {
            let errors = pair.figure("errors");
            errors.is_some_and(|it| it.candidate > it.baseline)
        };
        let failing = self.pairs.iter().filter(fails).count();
        if failing > 0 {
            let all = self.pairs.len();
            summary.push(("errors", format!("more than before in {failing} of {all}")));
        }
        for (side, name) in ["baseline", "candidate"].into_iter().enumerate() {
            let dropping = self.pairs.iter().filter(|pair| pair.drops()[side]).count();
            if dropping > 0 {
                let all = self.pairs.len();
                summary.push((
                    "dropped",
                    format!("arrivals of the {name} in {dropping} of {all}"),
                ));
            }
        }
        summary
    }

    fn tally(&self, figure: &str, above: &str, below: &str) -> Option<String> {
        let known: Vec<_> = (self.pairs.iter())
            .filter_map(|pair| {
                let difference = pair.figure(figure).filter(|_| pair.void.is_none())?;
                Some((pair, difference, difference.stand()?))
            })
            .collect();
        let all = self.pairs.len();
        let mut groups = Vec::new();
        for (stand, how) in [
            (Stand::Above, above),
            (Stand::Below, below),
            (Stand::Unclear, "not told apart"),
            (Stand::Same, "the same"),
        ] {
            let of = known.iter().filter(|(_, _, it)| *it == stand);
            let size = of.clone().map(|(_, difference, _)| difference.size());
            let number = size.clone().count();
            let most = size.fold(0.0, f64::max);
            let mut at_most = of.filter(|(_, difference, _)| difference.size() >= most);
            let by = match (stand, at_most.next()) {
                (Stand::Above | Stand::Below, Some((pair, ..))) => format!(
                    ", by {:.2} % at most ({})",
                    most * 100.0,
                    pair.variant.as_deref().unwrap_or_default()
                ),
                _ => String::new(),
            };
            if number > 0 {
                groups.push(format!("{how} in {number} of {all}{by}"));
            }
        }
        let void = self.pairs.iter().filter(|pair| pair.void.is_some()).count();
        if void > 0 {
            groups.push(format!("not held against each other in {void} of {all}"));
        }
        let drop = self
            .pairs
            .iter()
            .filter(|pair| pair.drops().contains(&true));
        let drop = drop.count();
        if drop > 0 && figure == "throughput" {
            groups.push(format!("arrivals were dropped in {drop} of {all}"));
        }
        (!groups.is_empty()).then(|| groups.join("; "))
    }

    /// A row for each pair.
    pub(super) fn rows(&self) -> Table {
        let heads = [
            "op/s",
            "baseline",
            "candidate",
            "difference",
            "+-",
            "p99",
            "",
        ];
        let mut table = Table::of_figures(heads);
        for pair in &self.pairs {
            let throughput = pair.figure("throughput");
            let shown = |side: usize| match throughput {
                Some(it) => it.shown[side].trim_end_matches("/s").to_owned(),
                None => "n/a".to_owned(),
            };
            let p99 = pair.figure("p99").and_then(|it| it.difference);
            let name = pair.variant.as_deref().unwrap_or_default();
            table.row([
                name.replace("notify=", "").replace(',', ", "),
                shown(0),
                shown(1),
                or_na(throughput.and_then(|it| it.difference).map(percent)),
                throughput.and_then(Difference::half).unwrap_or_default(),
                or_na(p99.map(percent)),
                pair.in_a_word(throughput),
            ]);
        }
        table
    }

    /// What each side has alone.
    pub(super) fn alone_in_words(&self) -> Vec<String> {
        let sides = [&self.baseline, &self.candidate].into_iter();
        let said = sides.filter_map(|side| {
            let end = format!(", in {side}");
            let names: Vec<&str> = (self.alone.iter())
                .filter_map(|it| it.strip_suffix(&end))
                .collect();
            (!names.is_empty()).then(|| format!("{}{end}", some_of(&names)))
        });
        said.collect()
    }

    /// Entries that differ, each once with the pairs in which it does.
    pub(super) fn differing(&self) -> Vec<String> {
        let mut said: Vec<(String, Vec<&str>)> = Vec::new();
        for pair in &self.pairs {
            let name = pair.variant.as_deref().unwrap_or_default();
            for it in &pair.differing {
                let words = it.in_words();
                match said.iter_mut().find(|(known, _)| *known == words) {
                    Some((_, names)) => names.push(name),
                    None => said.push((words, vec![name])),
                }
            }
        }
        let said = said
            .into_iter()
            .map(|(words, names)| match names.len() == self.pairs.len() {
                true => words,
                false => format!("{words}, in {}", some_of(&names)),
            });
        said.collect()
    }

    /// Conditions, each once with the pairs that fail by it; and whether any does.
    pub(super) fn judged_in_words(&self) -> Vec<(String, bool)> {
        let mut texts: Vec<&str> = Vec::new();
        for it in &self.conditions {
            if !texts.contains(&it.fail_if.as_str()) {
                texts.push(&it.fail_if);
            }
        }
        let judged = texts.into_iter().map(|text| {
            let of: Vec<&Condition> = self
                .conditions
                .iter()
                .filter(|it| it.fail_if == text)
                .collect();
            let failing: Vec<String> = of
                .iter()
                .filter(|it| it.fails == Some(true))
                .map(|it| {
                    format!(
                        "{} ({})",
                        it.variant.as_deref().unwrap_or_default(),
                        it.measured()
                    )
                })
                .collect();
            let said = match failing.as_slice() {
                _ if !self.is_of_many() => of[0].in_words(),
                [] => format!("{text}: {} in all {}", of[0].verdict(), of.len()),
                failing => {
                    let names: Vec<&str> = failing.iter().map(String::as_str).collect();
                    format!(
                        "{text}: FAILS in {} of {}: {}",
                        names.len(),
                        of.len(),
                        some_of(&names)
                    )
                }
            };
            (said, !failing.is_empty())
        });
        judged.collect()
    }
}

impl Pair {
    /// How the candidate's `throughput` stands to the baseline's; where one of them dropped arrivals, that alone.
    fn in_a_word(&self, throughput: Option<&Difference>) -> String {
        let word = match throughput.and_then(Difference::stand) {
            _ if self.void.is_some() => "VOID",
            _ if self.drops().contains(&true) => "DROPS",
            Some(Stand::Above) => "faster",
            Some(Stand::Below) => "slower",
            Some(Stand::Unclear) => "unclear",
            Some(Stand::Same) => "same",
            None => "",
        };
        word.to_owned()
    }
}

/// `names`, or so many of them as one reads.
pub fn some_of(names: &[&str]) -> String {
    match names.len().checked_sub(MOST_NAMES) {
        None | Some(0) => names.join("; "),
        Some(more) => format!(
            "{}; and {} more",
            names[..MOST_NAMES].join("; "),
            count(more as u64)
        ),
    }
}

fn or_na(said: Option<String>) -> String {
    said.unwrap_or_else(|| "n/a".to_owned())
}

/// What decides, and how it is said of more and of less.
const FIGURES: [(&str, &str, &str); 3] = [
    ("throughput", "faster", "slower"),
    ("mean", "higher", "lower"),
    ("p99", "higher", "lower"),
];
/// In a list within a sentence.
const MOST_NAMES: usize = 6;
