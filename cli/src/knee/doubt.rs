//! What an answer is worth: how far chance, and the length of probes, leave it open.

use super::look::{BEYOND, needed};
use super::probes::{Figure, Probe, ProbeRun};
use super::report::{Answer, KneeReport, Searched};
use super::words::NOT_LATE;
use crate::report::numbers::{amount, count, counted, share};

/// As many ops as a probe needs, so that chance leaves the answer no wider open than `precision`, a part of
/// the rate, does; and within what takes seconds. Near its capacity, a queue to which ops come
/// at random forgets what it was after about 2/(1 − ρ)² of them: at 99 % these are ten times as many, at
/// least.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between the two limits"
)]
pub fn ops_for(precision: f64) -> String {
    let thousands = (VARIANCE * (DEVIATIONS / precision).powi(2) / 1e3).ceil();
    format!(
        "{}k",
        (thousands as u64).clamp(FEWEST_THOUSANDS, MOST_THOUSANDS)
    )
}

impl KneeReport {
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
        let deviation = (VARIANCE / run.ops as f64).sqrt();
        let of_median = match self.repeat {
            runs @ 2.. if self.clock == "virtual" => {
                (std::f64::consts::FRAC_PI_2 / f64::from(runs)).sqrt()
            }
            // By the wall clock all of them have the same seed.
            _ => 1.0,
        };
        Some((DEVIATIONS * 1e4 * deviation * of_median).round() / 1e4)
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

    /// That it may be the machine that fails, and not the modelled device, if so.
    pub(super) fn late(&self) -> Option<String> {
        let fails_at = match self.answer {
            Answer::Found { fails_at, .. } => fails_at?,
            Answer::Never { fails_at } => fails_at,
            Answer::Contradiction { .. } | Answer::Invalid { .. } | Answer::Aborted => return None,
        };
        let is_late = self.probe_at(fails_at).is_some_and(Probe::fails_late);
        let or_not = match self.searched {
            Searched::Rate => "the knee may lie higher",
            Searched::Jobs => "fewer jobs may do",
        };
        is_late.then(|| {
            format!(
                "LATE DEVICE: where it fails, the machine let the device\u{2019}s thread run late, and what is \
                 slow is as much the machine\u{2019}s as the modelled device\u{2019}s: {or_not}. {NOT_LATE}"
            )
        })
    }

    /// That a percentile is of too few ops to tell, if one is.
    pub(super) fn too_few(&self) -> Option<String> {
        let figures = self.deciding().flat_map(|run| {
            let figures = run.figures.iter().filter(|figure| figure.too_few);
            let figures = figures.filter_map(|figure| Some((figure, needed(&figure.figure)?)));
            // Where enough were called and failed, more that fail tell no more.
            let is_short = move |needed: u64| run.ops + run.lost_calls() < needed;
            figures
                .filter(move |(_, needed)| is_short(*needed))
                .map(|(figure, needed)| (run.ops, figure, needed))
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
        let is_short = ops * free * free < TIMES * 2.0;
        is_short.then(|| match load < CLOSE {
            true => format!(
                "TOO SHORT: at {} of what the modelled device can do, a queue shows what it usually is after \
                 some {} ops, and these probes had {}: longer ones (--duration, --ops) may fail there.",
                share(load),
                amount(TIMES * 2.0 / free.powi(2)),
                count(run.ops)
            ),
            false => format!(
                "TOO SHORT: this is {} of what the modelled device can do. So close to it a queue goes on \
                 growing for longer than these probes took, and longer ones (--duration, --ops) may fail \
                 there.",
                share(load)
            ),
        })
    }

    /// That the rate is one from which the host does not come back, if so.
    pub(super) fn tips_over(&self) -> Option<String> {
        let Answer::Found { holds_at, .. } = self.answer else {
            return None;
        };
        let run = self
            .run_at(holds_at)
            .filter(|_| self.searched == Searched::Rate)?;
        let in_line = run.in_line_per_s.filter(|in_line| holds_at > *in_line)?;
        Some(format!(
            "TIPS OVER: a call that waits for room is more work for the host, and once all do, {} are served and \
             no more. Above that, chance makes a line sooner or later, and it does not clear; below it does.",
            self.show(in_line.round())
        ))
    }

    /// That fewer jobs, or jobs at all, may do in longer probes, if so: jobs that have ended wait at the end of
    /// a probe for those that have not, up to as long as an op takes. So of n ops for each job, a longer
    /// probe measures up to 1/n more.
    pub(super) fn too_short_for_jobs(&self) -> Option<String> {
        let fails_at = match self.answer {
            Answer::Found { fails_at, .. } => fails_at?,
            Answer::Never { fails_at } => fails_at,
            Answer::Contradiction { .. } | Answer::Invalid { .. } | Answer::Aborted => return None,
        };
        let run = self
            .run_at(fails_at)
            .filter(|run| self.searched == Searched::Jobs && run.ops > 0)?;
        #[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
        let more = fails_at / (run.ops + run.errors) as f64;
        let most = run.bound_per_s.unwrap_or(f64::INFINITY);
        let may_hold = |figure: &&Figure| {
            let reached = figure.value.zip(figure.bound);
            figure.figure == "throughput"
                && figure.verdict.is_too_low()
                && reached.is_some_and(|(value, bound)| (value * (1.0 + more)).min(most) >= bound)
        };
        let figure = run.figures.iter().find(may_hold)?;
        Some(format!(
            "TOO SHORT: in the probe of {} each job had {} ops, and in longer probes (--duration, --ops) throughput may be up to \
             {} higher than {}: fewer jobs may do.",
            self.show(fails_at),
            amount(1.0 / more),
            share(more.min(1.0)),
            figure.measured
        ))
    }

    /// Whether probes were too short for an answer that one can rely on.
    pub(super) fn is_doubtful(&self) -> bool {
        let doubts = [
            self.late(),
            self.too_few(),
            self.too_short(),
            self.tips_over(),
            self.too_short_for_jobs(),
        ];
        doubts.iter().any(Option::is_some)
    }

    /// Where runs of the same probe disagree.
    pub(super) fn spread(&self) -> Option<String> {
        // A run that was cut off disagrees with nobody.
        if self.answer == Answer::Aborted {
            return None;
        }
        let split: Vec<f64> = self
            .probes
            .iter()
            .filter(|probe| probe.is_split())
            .map(|probe| probe.at)
            .collect();
        let low = split.iter().copied().reduce(f64::min)?;
        let high = split.iter().copied().reduce(f64::max)?;
        let what = match &*self.clock {
            "virtual" => "Seeds",
            _ => "Runs",
        };
        Some(match low == high {
            true => format!("{what} disagree at {}.", self.show(low)),
            false => format!(
                "{what} disagree from {} to {}: some hold there, others fail.",
                self.show(low),
                self.show(high)
            ),
        })
    }
}

/// Of the rate that is found, in parts of it, times the ops of a probe.
const VARIANCE: f64 = 8.0;
/// In which chance leaves the answer open.
const DEVIATIONS: f64 = 2.0;
const FEWEST_THOUSANDS: u64 = 200;
const MOST_THOUSANDS: u64 = 4_000;
/// From there on an answer is close to what the device can do.
const CLOSE: f64 = 0.9;
/// Of the time in which a queue forgets what it was, how often it should pass.
const TIMES: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_as_long_as_their_precision_needs() {
        // Two deviations of √(8/n).
        for (precision, ops) in [
            (0.01, "320k"),
            (0.005, "1280k"),
            (0.003, "3556k"),
            (0.001, "4000k"),
            (0.05, "200k"),
        ] {
            assert_eq!(ops_for(precision), ops, "{precision}");
        }
    }
}
