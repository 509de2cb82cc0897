//! What is to be said where a search has no answer, and where one is worth less than it looks.

use super::look::{BEYOND, needed};
use super::report::{Answer, Figure, KneeReport, Probe, ProbeRun, Searched, spaced};
use crate::report::numbers::{count, counted, share};
use crate::search::Look;

impl KneeReport {
    /// The probe of this value.
    pub(super) fn probe_at(&self, at: f64) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.at == at)
    }

    fn run_at(&self, at: f64) -> Option<&ProbeRun> {
        self.probe_at(at).map(Probe::typical)
    }

    fn why_at(&self, at: f64) -> &str {
        let why = self.run_at(at).and_then(|run| run.why_not.as_deref());
        why.unwrap_or_default()
    }

    /// Nothing holds, and not even the last value that may be tried.
    pub(super) fn never(&self, fails_at: f64) -> String {
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
        let answer = match (self.searched, is_too_low) {
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
        let advice = match (self.searched, verdict) {
            (_, Some(Look::Neither)) => {
                " There a part of it wants more, and another part less: no value holds both."
                    .to_owned()
            }
            (Searched::Rate, Some(Look::TooHigh)) => self.lower_rates(fails_at),
            (Searched::Rate, _) => " What is higher, --max-rate lets the search try.".to_owned(),
            (Searched::Jobs, Some(Look::TooLow)) => {
                " More of them, --max-jobs lets the search try.".to_owned()
            }
            (Searched::Jobs, _) => String::new(),
        };
        answer + &advice
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
    pub(super) fn contradiction(&self, too_low_at: f64, too_high_at: f64) -> String {
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

    /// What was to decide is no measurement.
    pub(super) fn not_measured(&self, at: f64) -> String {
        let mut runs = self.probe_at(at).into_iter().flat_map(|probe| &probe.runs);
        let why = runs.find_map(|run| run.invalid.as_deref());
        format!(
            "INVALID: the device was not measured. At {}, which was to decide: {}",
            self.show(at),
            why.unwrap_or_default()
        )
    }

    /// How far the answers of other seeds may lie from the one that was found, if ops arrive at random.
    ///
    /// Near the capacity, the rate at which a queue of a certain length builds up is known from n ops to
    /// about √(8/n) of it, one standard deviation: arrivals alone are known to √(1/n). (Of a device of 29
    /// slices, and 13 seeds of 200,000 ops each, it was 0.64 %.) A majority of runs is about as good as
    /// their median.
    pub(super) fn chance_of(&self, is_random: bool) -> Option<f64> {
        let Answer::Found {
            holds_at,
            fails_at: Some(_),
        } = self.answer
        else {
            return None;
        };
        let run = self
            .run_at(holds_at)
            .filter(|run| is_random && run.ops > 0)?;
        #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
        let deviation = (8.0 / run.ops as f64).sqrt();
        let of_median = match self.repeat {
            runs @ 2.. if self.clock == "virtual" => {
                (std::f64::consts::FRAC_PI_2 / f64::from(runs)).sqrt()
            }
            // By the wall clock all of them have the same seed.
            _ => 1.0,
        };
        Some((2e4 * deviation * of_median).round() / 1e4)
    }

    /// The same in words.
    pub(super) fn by_chance(&self) -> Option<String> {
        let Answer::Found {
            fails_at: Some(_), ..
        } = self.answer
        else {
            return None;
        };
        let chance = self.chance.map(|chance| {
            let off = share(chance.min(1.0));
            format!("Arrivals are random: with other seeds it may lie {off} off.")
        });
        let only = (self.repeat == 1).then(|| {
            let each = &self.each;
            format!("Each probe was one run of {each}: how far seeds disagree, --repeat tells.")
        });
        let words: Vec<String> = chance.into_iter().chain(only).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// The values that the answer rests on.
    fn deciding(&self) -> impl Iterator<Item = &ProbeRun> {
        let at = match self.answer {
            Answer::Found { holds_at, fails_at } => [Some(holds_at), fails_at],
            Answer::Never { fails_at } => [Some(fails_at), None],
            Answer::Contradiction {
                too_low_at,
                too_high_at,
            } => [Some(too_low_at), Some(too_high_at)],
            Answer::Invalid { .. } | Answer::Aborted => [None, None],
        };
        at.into_iter().flatten().filter_map(|at| self.run_at(at))
    }

    /// That a percentile is of too few ops to tell, if one is.
    pub(super) fn too_few(&self) -> Option<String> {
        let figures = self.deciding().flat_map(|run| {
            let figures = run.figures.iter().filter(|figure| figure.too_few);
            figures.filter_map(|figure| Some((run.ops, figure, needed(&figure.figure)?)))
        });
        let (ops, figure, needed) = figures.max_by_key(|(ops, _, needed)| needed - ops)?;
        Some(format!(
            "TOO FEW OPS: {} is of {} alone, and from {} on {BEYOND} lie beyond it: what stands here may be \
             chance. Longer probes tell (--duration, or --ops {needed}).",
            figure.figure,
            counted(ops, "op"),
            count(needed),
        ))
    }

    /// That the answer is so close to what the device can do that a longer probe may fail there, if so.
    ///
    /// Near its capacity a queue is a random walk that is held up at zero (J. F. C. Kingman, *On queues in
    /// heavy traffic*, 1962). With services that are all the same and arrivals at random, its drift is
    /// 1 - ρ in units of what an op takes from the capacity, its variance one for each op; so it forgets
    /// what it was after 2/(1 - ρ)² ops, and [`TIMES`] as many show what it usually is.
    pub(super) fn too_short(&self) -> Option<String> {
        let Answer::Found { holds_at, .. } = self.answer else {
            return None;
        };
        let run = self
            .run_at(holds_at)
            .filter(|_| self.searched == Searched::Rate)?;
        let load = holds_at / run.capacity_per_s?;
        let free = 1.0 - load;
        #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
        let ops = run.ops as f64;
        (ops * free * free < TIMES * 2.0).then(|| {
            format!(
                "TOO SHORT: this is {} of what the modelled device can do. So close to it a queue goes on \
                 growing for longer than these probes took, and longer ones (--duration, --ops) may fail \
                 there.",
                share(load)
            )
        })
    }
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

/// Of the time in which a queue forgets what it was, how often it should pass.
const TIMES: f64 = 10.0;
