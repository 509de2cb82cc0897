//! Values that hold above some that fail, because an op waits for others where the load is low: for a batch to
//! fill, for completions to be gathered or looked for. There more load means less latency, and a search that
//! takes latency for something that grows would say that nothing holds.

use super::error::KneeError;
use super::probes::Probe;
use super::trials::Search;
use crate::search::{self, Best, Edge, End, Look, Range};

impl Search<'_> {
    /// The end of the values that hold, if even the lowest value was too high for it;
    /// [`Best::AllTooHigh`] if none holds that is tried here. `None` if somebody broke off.
    ///
    /// # Errors
    /// A run came to no result, or to a wrong one.
    pub fn climb(&mut self, range: Range, end: End) -> Result<Option<Best>, KneeError> {
        if let Some((fails_at, holds_at)) = self.known_edge() {
            return self.end_between(fails_at, holds_at, range, end);
        }
        let mut fails_at = range.first.clamp(range.lowest, range.highest);
        while self.may_fall_above(fails_at) && fails_at < range.highest {
            let at = (fails_at * 2.0).min(range.highest);
            match self.step(fails_at, at, range, end)? {
                Step::Found(best) => return Ok(best),
                Step::Up => fails_at = at,
                // By the wall clock these are minutes for what is no ordinary device.
                Step::Over if self.base.is_virtual() => return self.around(fails_at, range, end),
                Step::Over => break,
            }
        }
        Ok(Some(Best::AllTooHigh))
    }

    /// Looks around the value with which the figure that fails was least: it may hold in between.
    fn around(&mut self, least_at: f64, range: Range, end: End) -> Result<Option<Best>, KneeError> {
        let between = BETWEEN.map(|factor| range.round(least_at * factor));
        let is_new = |at: &f64| range.lowest < *at && *at < range.highest && *at != least_at;
        for at in between.into_iter().filter(is_new) {
            if let Step::Found(best) = self.step(least_at, at, range, end)? {
                return Ok(best);
            }
        }
        Ok(Some(Best::AllTooHigh))
    }

    /// Looks at `at`, from where `fails_at` is too high.
    fn step(&mut self, fails_at: f64, at: f64, range: Range, end: End) -> Result<Step, KneeError> {
        let found = match self.look(at)? {
            None => None,
            Some(Look::Holds) => self.end_between(fails_at.min(at), at, range, end)?,
            // Nothing is too high for it any more: what is looked for lies above.
            Some(Look::TooLow) => self.best(above(range, at), end)?,
            Some(_) if !self.may_fall_above(at) || self.is_more(at, fails_at) => {
                return Ok(Step::Over);
            }
            Some(_) => return Ok(Step::Up),
        };
        Ok(Step::Found(found))
    }

    /// The lowest value that holds, of those that were tried, and the next one below it, which does not.
    fn known_edge(&self) -> Option<(f64, f64)> {
        let holding = self.probes.iter().filter(|probe| probe.holds);
        let holds_at = holding.map(|probe| probe.at).reduce(f64::min)?;
        let below = self.probes.iter().map(|probe| probe.at);
        let fails_at = below.filter(|at| *at < holds_at).reduce(f64::max)?;
        Some((fails_at, holds_at))
    }

    /// The end of the values that hold, of which `holds_at` is one, and `fails_at` below it none.
    fn end_between(
        &mut self,
        fails_at: f64,
        holds_at: f64,
        range: Range,
        end: End,
    ) -> Result<Option<Best>, KneeError> {
        if end == End::Highest || fails_at >= holds_at {
            return self.best(above(range, holds_at), end);
        }
        let between = Range {
            lowest: fails_at,
            highest: holds_at,
            first: fails_at,
            ..range
        };
        let fails = |look: Look| look != Look::Holds;
        let edge = self.until_it_fails(|look| search::edge(between, |at| look(at).map(fails)))?;
        Ok(edge.map(|edge| match edge {
            Edge::Between { low, high } => Best::Holds {
                at: high,
                beyond: Some(low),
            },
            // Both ends were looked at, and differ.
            Edge::AboveAll | Edge::BelowAll => Best::AllTooHigh,
        }))
    }

    /// Whether what fails at `at` is a figure alone that is too high: what is lost there is lost above it, too.
    fn may_fall_above(&self, at: f64) -> bool {
        let run = self.probe_at(at).map(Probe::typical);
        run.is_some_and(|run| run.verdict.is_too_high() && run.losses().is_empty())
    }

    /// Whether a figure that is too high at both is higher `above`: then it grows with the load.
    fn is_more(&self, above: f64, below: f64) -> bool {
        let Some((above, below)) = self.probe_at(above).zip(self.probe_at(below)) else {
            return true;
        };
        let [above, below] = [above, below].map(|probe| &probe.typical().figures);
        let values = above.iter().zip(below);
        let values = values.filter(|(figure, _)| figure.verdict.is_too_high());
        let mut values = values.filter_map(|(above, below)| above.value.zip(below.value));
        values.any(|(above, below)| above > below * NOISE)
    }
}

/// What a value showed.
enum Step {
    /// What the search comes to.
    Found(Option<Best>),
    /// What fails does not grow.
    Up,
    /// It grows, or something is lost.
    Over,
}

/// From `at` on.
fn above(range: Range, at: f64) -> Range {
    Range {
        lowest: at,
        first: at,
        ..range
    }
}

/// What differs by less may be chance.
pub const NOISE: f64 = 1.02;
/// Where to look around a value whose half and whose double were tried.
const BETWEEN: [f64; 4] = [1.25, 1.5, 0.75, 1.75];
