//! Medians, quartiles and ratios of repeated measurements.

use serde::Serialize;

/// What repetitions of one measurement came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The middle one; the mean of the two middle ones of an even number.
    pub median: f64,
    /// A quarter of the repetitions lie at or below it.
    pub lower_quartile: f64,
    /// A quarter of the repetitions lie at or above it.
    pub upper_quartile: f64,
    /// How many there were.
    pub repetitions: usize,
}

impl Summary {
    /// Of these values. `None`: there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            median: median_of_sorted(&sorted)?,
            lower_quartile: *sorted.get((sorted.len() - 1) / 4)?,
            upper_quartile: *sorted.get(sorted.len() - 1 - (sorted.len() - 1) / 4)?,
            repetitions: sorted.len(),
        })
    }

    /// A figure that is known and not measured.
    pub fn exactly(value: f64) -> Self {
        Self {
            median: value,
            lower_quartile: value,
            upper_quartile: value,
            repetitions: 0,
        }
    }

    /// Half the distance of the quartiles, as a share of the median: the '±' of the table.
    pub fn spread(&self) -> f64 {
        if self.median == 0.0 {
            return 0.0;
        }
        (self.upper_quartile - self.lower_quartile) / 2.0 / self.median.abs()
    }
}

/// The median of each round's own ratio. `None`: there is no round, or a peer took no time.
///
/// Not the ratio of the medians: what disturbs the machine for some rounds disturbs both sides of
/// these rounds, and cancels out.
pub fn ratio(ours: &[f64], peer: &[f64]) -> Option<f64> {
    let ratios: Vec<f64> = ours
        .iter()
        .zip(peer)
        .map(|(ours, peer)| ours / peer)
        .collect();
    let is_sound = ratios.iter().all(|ratio| ratio.is_finite());
    Summary::of(&ratios)
        .filter(|_| is_sound)
        .map(|summary| summary.median)
}

fn median_of_sorted(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(sorted[middle - 1], upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_or_between_the_two_middle_ones() {
        let median = |values: &[f64]| Summary::of(values).map(|summary| summary.median);
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 100.0]), Some(3.5));
    }

    #[test]
    fn quartiles_and_spread_ignore_what_lies_outside() {
        let values = [10.0, 11.0, 12.0, 13.0, 1_000.0];
        let summary = Summary::of(&values).expect("there are values");
        assert_eq!(summary.lower_quartile, 11.0);
        assert_eq!(summary.upper_quartile, 13.0);
        assert_eq!(summary.repetitions, 5);
        assert!((summary.spread() - 1.0 / 12.0).abs() < 1e-12);
        assert_eq!(Summary::exactly(0.0).spread(), 0.0);
    }

    #[test]
    fn a_disturbed_round_cancels_out_of_the_ratio() {
        // The second and the third round ran at a third of the speed, for both.
        let (ours, peer) = ([10.0, 30.0, 30.0], [20.0, 60.0, 60.0]);
        assert_eq!(ratio(&ours, &peer), Some(0.5));
        // The machine slowed between our part and the peer's, once.
        assert_eq!(ratio(&[10.0, 10.0, 10.0], &[20.0, 60.0, 20.0]), Some(0.5));
        assert_eq!(ratio(&[], &[]), None);
        assert_eq!(ratio(&[1.0], &[0.0]), None);
    }
}
