//! The answer of a search in words, or why there is none.

use super::climb::NOISE;
use super::probes::{Figure, Probe, ProbeRun};
use super::report::{Answer, KneeReport, Searched};
use crate::report::numbers::{amount, counted};
use crate::search::Look;

impl KneeReport {
    /// The answer, with what is not known of it.
    pub(super) fn say(&self) -> Vec<String> {
        let slo = self.slo_in_words();
        let show = |at| self.show(at);
        let answer = match (self.searched, self.answer) {
            (Searched::Rate, Answer::Found { holds_at, fails_at }) => match fails_at {
                Some(fails_at) => format!(
                    "The highest rate that holds {slo} is {0} (holds at {0}, fails at {1}).",
                    show(holds_at),
                    show(fails_at)
                ),
                None => format!(
                    "{slo} holds up to {}, the highest rate that was tried: the knee lies above it \
                     (--max-rate).",
                    show(holds_at)
                ),
            },
            (Searched::Jobs, Answer::Found { holds_at, fails_at }) => match fails_at {
                Some(fails_at) => format!(
                    "The fewest jobs that hold {slo} are {0} (holds with {0}, fails with {1}).",
                    show(holds_at),
                    show(fails_at)
                ),
                None => format!(
                    "{slo} holds with {} already, the fewest that there can be.",
                    show(holds_at)
                ),
            },
            (_, Answer::Never { fails_at }) => self.never(fails_at),
            (
                _,
                Answer::Contradiction {
                    too_low_at,
                    too_high_at,
                },
            ) => self.contradiction(too_low_at, too_high_at),
            (_, Answer::Invalid { at }) => self.not_measured(at),
            (_, Answer::Aborted) => "ABORTED: a signal broke the search off. What was tried until \
                then is kept."
                .to_owned(),
        };
        let mut words = vec![answer];
        if self.is_open_above() {
            words.push(
                "INVALID: what fails there is the generator, not the device: the knee may lie higher."
                    .to_owned(),
            );
        }
        let notes = [
            self.fails_below(),
            self.late(),
            self.by_chance(),
            self.spread(),
            self.too_few(),
            self.too_short(),
            self.tips_over(),
            self.too_short_for_jobs(),
        ];
        words.extend(notes.into_iter().flatten());
        words
    }

    /// The probe of this value.
    pub(super) fn probe_at(&self, at: f64) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.at == at)
    }

    pub(super) fn run_at(&self, at: f64) -> Option<&ProbeRun> {
        self.probe_at(at).map(Probe::typical)
    }

    fn why_at(&self, at: f64) -> &str {
        let why = self.run_at(at).and_then(|run| run.why_not.as_deref());
        why.unwrap_or_default()
    }

    /// Nothing holds, and not even the last value that may be tried.
    fn never(&self, fails_at: f64) -> String {
        let (slo, at, why) = (
            self.slo_in_words(),
            self.show(fails_at),
            self.why_at(fails_at),
        );
        let verdict = self.probe_at(fails_at).map(|probe| probe.verdict);
        let is_too_low = match verdict {
            Some(Look::Neither) => fails_at > self.lowest,
            verdict => verdict == Some(Look::TooLow),
        };
        let falls = match self.searched {
            Searched::Rate => self.falls_with_load(fails_at, 2.0 - NOISE),
            // More of them might do, if it does not grow with what was tried.
            Searched::Jobs => self.falls_with_load(fails_at, NOISE) && !self.grows(fails_at),
        };
        let answer = match (self.searched, is_too_low) {
            (_, false) if falls => format!(
                "Nothing that was tried holds {slo}: at {at} it fails ({why}), and above it, too, where more load \
                 does not mean more of what fails, up to where something is lost or the search ends."
            ),
            (Searched::Rate, false) => {
                format!("No rate holds {slo}: even the lowest that was tried, {at}, fails ({why}).")
            }
            (Searched::Rate, true) => format!(
                "No rate holds {slo}: even the highest that was tried, {at}, is too low ({why})."
            ),
            (Searched::Jobs, true) => format!("No number of jobs up to {at} holds {slo} ({why})."),
            (Searched::Jobs, false) => format!(
                "No number of jobs holds {slo}: even the fewest that there can be, {at}, are too many \
                 ({why})."
            ),
        };
        if let Some(failed) = self.all_failed(fails_at) {
            let failed = counted(failed, "call");
            let why = "and not of the load alone: why, `pausewake load` with the same flags tells.";
            return format!("{answer} All of the {failed} failed there, {why}");
        }
        let advice = match (self.searched, verdict) {
            (_, Some(Look::Neither)) => self.torn(fails_at),
            _ if falls => match self.searched {
                Searched::Rate => String::new(),
                Searched::Jobs => " More of them, --max-jobs lets the search try.".to_owned(),
            },
            (Searched::Rate, Some(Look::TooHigh)) => self.lower_rates(fails_at),
            (Searched::Rate, _) => " What is higher, --max-rate lets the search try.".to_owned(),
            (Searched::Jobs, Some(Look::TooLow)) => self.more_jobs(fails_at),
            (Searched::Jobs, _) => String::new(),
        };
        answer + &advice
    }

    /// How many calls there were, if there were some, and all of them failed.
    fn all_failed(&self, at: f64) -> Option<u64> {
        let run = self.run_at(at)?;
        (run.ops == 0 && run.lost_calls() > 0).then_some(run.errors)
    }

    /// Whether what is too high at the lowest value is below this part of it somewhere above.
    fn falls_with_load(&self, lowest: f64, part: f64) -> bool {
        let above = self.probes.iter().filter(|probe| probe.at > lowest);
        let least = above.filter_map(too_high_value).reduce(f64::min);
        let both = self.probe_at(lowest).and_then(too_high_value).zip(least);
        both.is_some_and(|(at_lowest, least)| least < at_lowest * part)
    }

    /// Whether it is more than there at the highest value that was tried.
    fn grows(&self, lowest: f64) -> bool {
        let highest = self.probes.iter().max_by(|a, b| a.at.total_cmp(&b.at));
        let at_lowest = self.probe_at(lowest).and_then(too_high_value);
        let both = at_lowest.zip(highest.and_then(too_high_value));
        both.is_none_or(|(at_lowest, at_highest)| at_highest > at_lowest * NOISE)
    }

    /// A value that is too low for one part of the SLO, and too high for another.
    fn torn(&self, at: f64) -> String {
        let run = self.run_at(at);
        let low = run.map(too_low).unwrap_or_default();
        let high = match run.map(|run| (run.losses(), run)) {
            Some((losses, _)) if !losses.is_empty() => losses.join("; "),
            Some((_, run)) => too_high(run),
            None => String::new(),
        };
        format!(" There {low} wants more, and less is wanted by what fails: {high}.")
    }

    /// What there is above the highest number of jobs.
    fn more_jobs(&self, most: f64) -> String {
        let run = self.run_at(most);
        let wanted = run.and_then(|run| {
            let figures = run.figures.iter();
            let throughput = figures.filter(|it| it.figure == "throughput" && !it.holds);
            throughput.filter_map(|it| it.bound).reduce(f64::max)
        });
        match run.and_then(|run| run.bound_per_s).zip(wanted) {
            Some((bound, wanted)) if bound < wanted => format!(
                " No more than {}/s are possible with this device and host, with any number of jobs.",
                amount(bound)
            ),
            _ => " More of them, --max-jobs lets the search try.".to_owned(),
        }
    }

    /// What there is below the lowest rate.
    fn lower_rates(&self, lowest: f64) -> String {
        let capacity = self.run_at(lowest).and_then(|run| run.capacity_per_s);
        match capacity {
            Some(capacity) if capacity < lowest => format!(
                " The modelled device can do {} at most: --min-rate lets the search try what is below \
                 that.",
                self.show((capacity * 1e3).round() / 1e3)
            ),
            _ => " What is lower, --min-rate lets the search try.".to_owned(),
        }
    }

    /// Some conditions want more, others less.
    fn contradiction(&self, too_low_at: f64, too_high_at: f64) -> String {
        let what = match self.searched {
            Searched::Rate => "No rate",
            Searched::Jobs => "No number of jobs",
        };
        let too_low = self.run_at(too_low_at).map(too_low).unwrap_or_default();
        let too_high = self.run_at(too_high_at).map(too_high).unwrap_or_default();
        format!(
            "{what} holds {}: the conditions contradict each other. {} is too low for {too_low}, and {} \
             is too high for {too_high}.",
            self.slo_in_words(),
            self.show(too_low_at),
            self.show(too_high_at),
        )
    }

    /// That lower rates fail, too, if so: not for what is lost there.
    fn fails_below(&self) -> Option<String> {
        let Answer::Found { holds_at, .. } = self.answer else {
            return None;
        };
        let below = self.probes.iter().filter(|probe| probe.at < holds_at);
        let below = below.filter(|probe| probe.verdict == Look::TooHigh);
        let nearest = below.max_by(|a, b| a.at.total_cmp(&b.at))?;
        let run = nearest.typical();
        (self.searched == Searched::Rate && run.losses().is_empty()).then(|| {
            format!(
                "At {} it fails, too ({}): there ops wait for others, and more load means less latency.",
                self.show(nearest.at),
                run.why_not.as_deref().unwrap_or_default()
            )
        })
    }

    /// What was to decide is no measurement.
    fn not_measured(&self, at: f64) -> String {
        let mut runs = self.probe_at(at).into_iter().flat_map(|probe| &probe.runs);
        match runs.find_map(|run| run.invalid.as_deref()) {
            Some(why) => format!(
                "INVALID: the device was not measured. At {}, which was to decide: {}.",
                self.show(at),
                why.trim_end_matches('.')
            ),
            None => format!(
                "INVALID: the device was not measured. In all probes the machine was late, and what fails is as \
                 much its doing as the modelled device\u{2019}s. {NOT_LATE}"
            ),
        }
    }
}

/// What is too high there, if it is a figure alone and nothing is lost.
fn too_high_value(probe: &Probe) -> Option<f64> {
    let run = probe.typical();
    let mut figures = run.figures.iter().filter(|it| it.verdict.is_too_high());
    let value = figures.find_map(|it| it.value);
    value.filter(|_| run.losses().is_empty())
}

/// What wants more than this run had.
fn too_low(run: &ProbeRun) -> String {
    join(
        run.figures
            .iter()
            .filter(|figure| figure.verdict.is_too_low()),
    )
}

/// What wants less.
fn too_high(run: &ProbeRun) -> String {
    let mut figures = run
        .figures
        .iter()
        .filter(|it| it.verdict.is_too_high())
        .peekable();
    match figures.peek() {
        None => format!("the device ({})", run.losses().join("; ")),
        Some(_) => join(figures),
    }
}

fn join<'a>(figures: impl Iterator<Item = &'a Figure>) -> String {
    let figures: Vec<String> = figures
        .map(|it| {
            let condition = spaced(&format!("{}{}", it.figure, it.condition));
            format!("{condition} ({})", it.measured)
        })
        .collect();
    figures.join(" and ")
}

/// What helps against a machine that is late.
pub const NOT_LATE: &str = "Use it for nothing else, choose another way to wait (device.wait), or search under \
                            virtual time (--clock virtual).";

/// `p99<2ms` as `p99 < 2ms`; `<2ms` as `< 2ms`.
pub fn spaced(slo: &str) -> String {
    let signs = ['<', '>', '=', '~'];
    let Some(at) = slo.find(signs) else {
        return slo.to_owned();
    };
    let (figure, rest) = slo.split_at(at);
    let end = rest.find(|c| !signs.contains(&c)).unwrap_or(rest.len());
    let (sign, value) = rest.split_at(end);
    let spaced = format!("{} {sign} {}", figure.trim(), value.trim());
    spaced.trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_have_room() {
        assert_eq!(spaced("p99<2ms"), "p99 < 2ms");
        assert_eq!(spaced("throughput >= 60k/s"), "throughput >= 60k/s");
        assert_eq!(spaced("<2ms"), "< 2ms");
    }
}
