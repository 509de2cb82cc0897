//! The search: doubling until the answer lies between two probes, then bisection.

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
    fn round(&self, value: f64) -> f64 {
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
}
