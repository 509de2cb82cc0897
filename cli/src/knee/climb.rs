//! Values that hold above some that fail, because an op waits for others where the load is low: for a batch to
//! fill, for completions to be gathered or looked for. There more load means less latency, and a search that
//! takes latency for something that grows would say that nothing holds.

use super::error::KneeError;
use super::probes::Probe;
use super::trials::Search;
use crate::search::{self, Best, Edge, End, Look, Range};

impl Search<'_> {
    /// The end of the values that hold above those where the search began, if even the lowest value was too
    /// high for it; [`Best::AllTooHigh`] if there is none either. `None` if somebody broke off.
    ///
    /// # Errors
    /// A run came to no result, or to a wrong one.
    pub fn climb(&mut self, range: Range, end: End) -> Result<Option<Best>, KneeError> {
        let mut fails_at = range.first.clamp(range.lowest, range.highest);
        while self.may_fall_above(fails_at) && fails_at < range.highest {
            let at = (fails_at * 2.0).min(range.highest);
            match self.look(at)? {
                None => return Ok(None),
                Some(Look::Holds) => return self.end_between(fails_at, at, range, end),
                Some(_) if self.is_more(at, fails_at) => break,
                Some(_) => fails_at = at,
            }
        }
        Ok(Some(Best::AllTooHigh))
    }

    /// The end of the values that hold, of which `holds_at` is one, and `fails_at` below it none.
    fn end_between(
        &mut self,
        fails_at: f64,
        holds_at: f64,
        range: Range,
        end: End,
    ) -> Result<Option<Best>, KneeError> {
        if end == End::Highest {
            let above = Range {
                lowest: holds_at,
                first: holds_at,
                ..range
            };
            return self.best(above, end);
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

    /// Whether what fails at `at` is a figure alone: what is lost there is lost above it, too.
    fn may_fall_above(&self, at: f64) -> bool {
        let run = self.probe_at(at).map(Probe::typical);
        run.is_some_and(|run| run.verdict == Look::TooHigh && run.losses().is_empty())
    }

    /// Whether a figure that fails at both is higher at `above`: then it grows with the load.
    fn is_more(&self, above: f64, below: f64) -> bool {
        let Some((above, below)) = self.probe_at(above).zip(self.probe_at(below)) else {
            return true;
        };
        let [above, below] = [above, below].map(|probe| &probe.typical().figures);
        let values = above.iter().zip(below).filter(|(figure, _)| !figure.holds);
        let mut values = values.filter_map(|(above, below)| above.value.zip(below.value));
        values.any(|(above, below)| above > below * NOISE)
    }
}

/// What differs by less may be chance.
const NOISE: f64 = 1.02;
