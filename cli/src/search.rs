//! The search: doubling until the answer lies between two probes, then bisection.
//!
//! [`edge`] finds where something that is true of low values becomes false, [`best`] the end of an interval
//! of values that hold: below it a value is too low, above it too high, and where the two overlap nothing
//! can hold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where to look, and how closely.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// The lowest value that is tried.
    pub lowest: f64,
    /// The highest.
    pub highest: f64,
    /// The first, between them.
    pub first: f64,
    /// The two ends may lie so far apart in the end, as a part of the lower one.
    pub precision: f64,
    /// Whether values are whole.
    pub is_whole: bool,
}

/// What the search comes to: of values where something holds on one side of an edge, and fails on the
/// other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edge {
    /// It lies between these two, each of which was tried.
    Between {
        /// The lower one.
        low: f64,
        /// The higher one.
        high: f64,
    },
    /// What was looked for above is true of all values up to the highest.
    AboveAll,
    /// It is not even true of the lowest.
    BelowAll,
}

/// What is to be said of a value that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// It is none of the others.
    Holds,
    /// Something holds with higher values alone.
    TooLow,
    /// Something holds with lower values alone.
    TooHigh,
    /// One thing holds with higher values alone, another with lower ones.
    Neither,
}

/// Which of the values that hold is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The highest.
    Highest,
    /// The lowest.
    Lowest,
}

/// What a search for an end of the interval comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Best {
    /// This value holds, and the other, beyond it, does not; there is no other at the end of the range.
    Holds {
        /// It holds.
        at: f64,
        /// It does not.
        beyond: Option<f64>,
    },
    /// Even the highest value is too low.
    AllTooLow,
    /// Even the lowest one is too high.
    AllTooHigh,
    /// The one value is too low, the next one too high, and the search sees none between them; or one
    /// of them is both, or both are.
    Nothing {
        /// It is too low, unless it is the lowest there is and both.
        low: f64,
        /// It is too high, unless it is the highest there is and both.
        high: f64,
    },
}

impl Look {
    /// Of something that is too low, too high, both, or none of them.
    pub fn new(is_too_low: bool, is_too_high: bool) -> Self {
        match (is_too_low, is_too_high) {
            (false, false) => Self::Holds,
            (true, false) => Self::TooLow,
            (false, true) => Self::TooHigh,
            (true, true) => Self::Neither,
        }
    }

    /// Whether something holds with higher values alone.
    pub fn is_too_low(self) -> bool {
        matches!(self, Self::TooLow | Self::Neither)
    }

    /// Whether something holds with lower values alone.
    pub fn is_too_high(self) -> bool {
        matches!(self, Self::TooHigh | Self::Neither)
    }
}

/// Finds the `end` of the values that hold. `None` from `look` breaks it off.
///
/// What is too high stays so above, and what is too low below. An interval that is narrower than the
/// range's precision is found all the same, if a value that the search can try lies in it. No value is
/// looked at twice.
pub fn best(range: Range, end: End, mut look: impl FnMut(f64) -> Option<Look>) -> Option<Best> {
    let mut known: Vec<(f64, Look)> = Vec::new();
    let mut look = |at: f64| {
        if let Some((_, seen)) = known.iter().find(|(value, _)| *value == at) {
            return Some(*seen);
        }
        let seen = look(at)?;
        known.push((at, seen));
        Some(seen)
    };
    let is_below = |look: Look| match end {
        End::Highest => !look.is_too_high(),
        End::Lowest => look.is_too_low(),
    };
    let mut range = range;
    loop {
        let edge = edge(range, |at| look(at).map(is_below))?;
        let (at, beyond) = match (end, edge) {
            (End::Highest, Edge::BelowAll) => return Some(Best::AllTooHigh),
            (End::Lowest, Edge::AboveAll) => return Some(Best::AllTooLow),
            (End::Highest, Edge::AboveAll) => (range.highest, None),
            (End::Lowest, Edge::BelowAll) => (range.lowest, None),
            (End::Highest, Edge::Between { low, high }) => (low, Some(high)),
            (End::Lowest, Edge::Between { low, high }) => (high, Some(low)),
        };
        let seen = look(at)?;
        if seen == Look::Holds {
            return Some(Best::Holds { at, beyond });
        }
        let Edge::Between { low, high } = edge else {
            return Some(match end {
                End::Highest => Best::AllTooLow,
                End::Lowest => Best::AllTooHigh,
            });
        };
        let is_open = look(low)? == Look::TooLow && look(high)? == Look::TooHigh;
        if !is_open || range.precision == 0.0 {
            return Some(Best::Nothing { low, high });
        }
        // Between the two, something may hold still.
        range = Range {
            lowest: low,
            highest: high,
            first: low,
            precision: 0.0,
            ..range
        };
    }
}

/// Finds where `is_below`, which is true of low values, becomes false. `None` breaks it off.
pub fn edge(range: Range, mut is_below: impl FnMut(f64) -> Option<bool>) -> Option<Edge> {
    let Range {
        lowest, highest, ..
    } = range;
    let first = range.first.clamp(lowest, highest);
    let (mut low, mut high) = if is_below(first)? {
        let mut low = first;
        loop {
            if low >= highest {
                return Some(Edge::AboveAll);
            }
            let next = (low * 2.0).min(highest);
            if !is_below(next)? {
                break (low, next);
            }
            low = next;
        }
    } else {
        let mut high = first;
        loop {
            if high <= lowest {
                return Some(Edge::BelowAll);
            }
            let next = range.round(high / 2.0).max(lowest);
            if is_below(next)? {
                break (next, high);
            }
            high = next;
        }
    };
    while let Some(middle) = range.between(low, high) {
        match is_below(middle)? {
            true => low = middle,
            false => high = middle,
        }
    }
    Some(Edge::Between { low, high })
}

impl Range {
    /// The next value to try; none if the two are close enough.
    fn between(&self, low: f64, high: f64) -> Option<f64> {
        if high - low <= low * self.precision {
            return None;
        }
        let middle = self.round(low.midpoint(high));
        (low < middle && middle < high).then_some(middle)
    }

    /// To whole numbers, or to four digits: what is shown is what was tried.
    pub fn round(&self, value: f64) -> f64 {
        if self.is_whole {
            return value.floor();
        }
        let unit = 10_f64.powf((value.log10() - 3.0).floor());
        // Below one the unit itself is none that a float can have.
        match unit < 1.0 {
            true => (value / unit).round() / (1.0 / unit).round(),
            false => (value / unit).round() * unit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    fn rates(first: f64) -> Range {
        Range {
            lowest: 10.0,
            highest: 1e6,
            first,
            precision: 0.01,
            is_whole: false,
        }
    }

    #[test]
    fn the_edge_lies_between_two_that_were_tried_and_are_close() {
        for first in [10.0, 1_000.0, 66_974.0, 1e6] {
            for edge_at in [12.5, 999.0, 66_974.0, 912_345.0] {
                let mut tried = Vec::new();
                let found = edge(rates(first), |rate| {
                    tried.push(rate);
                    Some(rate < edge_at)
                });
                let Some(Edge::Between { low, high }) = found else {
                    panic!("{found:?}");
                };
                assert!(low < edge_at && edge_at <= high, "{low} {high}");
                assert!(high / low <= 1.0101, "{low} {high}");
                assert!(tried.contains(&low) && tried.contains(&high));
                assert!(tried.len() < 30, "{tried:?}");
            }
        }
    }

    #[test]
    fn whole_numbers_are_neighbours_in_the_end() {
        let jobs = Range {
            lowest: 1.0,
            highest: 4_096.0,
            first: 1.0,
            precision: 0.0,
            is_whole: true,
        };
        for fewest in [2_u32, 3, 29, 1_000, 4_096] {
            let fewest = f64::from(fewest);
            let between = Edge::Between {
                low: fewest - 1.0,
                high: fewest,
            };
            assert_eq!(edge(jobs, |it| Some(it < fewest)), Some(between));
        }
    }

    #[test]
    fn there_may_be_no_edge_and_somebody_may_break_off() {
        assert_eq!(edge(rates(1e3), |_| Some(true)), Some(Edge::AboveAll));
        assert_eq!(edge(rates(1e3), |_| Some(false)), Some(Edge::BelowAll));
        assert_eq!(edge(rates(1e3), |_| None), None);
    }

    /// What the search should find among `values` in ascending order, of which those from `from` up to
    /// `to` hold: each is looked at.
    fn naive(values: &[f64], end: End, look: impl Fn(f64) -> Look) -> Option<f64> {
        let mut holding = values.iter().copied().filter(|at| look(*at) == Look::Holds);
        match end {
            End::Highest => holding.next_back(),
            End::Lowest => holding.next(),
        }
    }

    /// Too low below `from`, too high above `to`: nothing holds if they overlap.
    fn interval(from: f64, to: f64) -> impl Fn(f64) -> Look {
        move |at| Look::new(at < from, at > to)
    }

    proptest! {
        #[test]
        fn of_whole_numbers_the_search_finds_what_a_look_at_each_would(
            from in 0_u32..600,
            to in 0_u32..600,
            first in 1_u32..600,
            lowest in 1_u32..20,
            highest in 20_u32..500,
            end in prop_oneof![Just(End::Highest), Just(End::Lowest)],
        ) {
            let [from, to, first, lowest, highest] = [from, to, first, lowest, highest].map(f64::from);
            let range = Range { lowest, highest, first, precision: 0.0, is_whole: true };
            let look = interval(from, to);
            let mut tried = Vec::new();
            let found = best(range, end, |at| {
                tried.push(at);
                Some(look(at))
            });
            let values: Vec<f64> = (0..500).map(f64::from).collect();
            let values: Vec<f64> =
                values.into_iter().filter(|it| (lowest..=highest).contains(it)).collect();
            let expected = naive(&values, end, &look);
            match found.expect("nobody breaks it off") {
                Best::Holds { at, beyond } => {
                    prop_assert_eq!(Some(at), expected);
                    let next = if end == End::Highest { at + 1.0 } else { at - 1.0 };
                    prop_assert_eq!(beyond, values.contains(&next).then_some(next));
                }
                Best::AllTooLow => prop_assert!(expected.is_none() && highest < from),
                Best::AllTooHigh => prop_assert!(expected.is_none() && lowest > to),
                Best::Nothing { low, high } => {
                    prop_assert_eq!(expected, None);
                    prop_assert_eq!(low + 1.0, high);
                    prop_assert!(low < from && high > to);
                }
            }
            tried.sort_by(f64::total_cmp);
            let looks = tried.len();
            tried.dedup();
            prop_assert_eq!(looks, tried.len(), "nothing is looked at twice");
            prop_assert!(looks < 25);
        }

        #[test]
        fn of_rates_the_search_comes_as_close_as_it_was_asked(
            from in 0.5_f64..7.0,
            width in -0.3_f64..1.5,
            first in 0.5_f64..7.0,
            precision in prop_oneof![Just(0.01), Just(0.1), Just(0.5), Just(0.002)],
            end in prop_oneof![Just(End::Highest), Just(End::Lowest)],
        ) {
            let range = Range { precision, ..rates(10_f64.powf(first)) };
            let (from, to) = (10_f64.powf(from), 10_f64.powf(from + width));
            let look = interval(from, to);
            let mut looks = 0;
            let found = best(range, end, |at| {
                looks += 1;
                Some(look(at))
            });
            let (within_from, within_to) = (from.max(range.lowest), to.min(range.highest));
            match found.expect("nobody breaks it off") {
                Best::Holds { at, beyond } => {
                    prop_assert_eq!(look(at), Look::Holds);
                    let Some(beyond) = beyond else {
                        let limit = if end == End::Highest { range.highest } else { range.lowest };
                        prop_assert_eq!(at, limit);
                        return Ok(());
                    };
                    let (low, high) = (at.min(beyond), at.max(beyond));
                    prop_assert!(high - low <= low * precision);
                    let wrong = if end == End::Highest { Look::TooHigh } else { Look::TooLow };
                    prop_assert_eq!(look(beyond), wrong);
                }
                Best::AllTooLow => prop_assert!(range.highest < from),
                Best::AllTooHigh => prop_assert!(range.lowest > to),
                // What holds is narrower than the steps that the search can make, if there is something.
                Best::Nothing { low, high } => {
                    prop_assert!(low < from && high > to);
                    prop_assert!(within_to <= within_from * 1.002);
                }
            }
            prop_assert!(looks < 45);
        }
    }

    #[test]
    fn what_contradicts_itself_is_found_where_it_does() {
        // Above 60,000 one fails, below 80,000 the other.
        let range = rates(1_000.0);
        let Some(Best::Nothing { low, high }) =
            best(range, End::Highest, |at| Some(interval(8e4, 6e4)(at)))
        else {
            panic!("there is nothing");
        };
        assert!(
            low <= 6e4 && 6e4 < high && high <= low * 1.0101,
            "{low} {high}"
        );
        assert_eq!(best(range, End::Highest, |_| None), None);
        assert_eq!(
            best(range, End::Highest, |_| Some(Look::Neither)),
            Some(Best::AllTooHigh)
        );
    }
}
