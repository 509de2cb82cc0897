//! What takes times while a run goes on.

use pausewake_device::Nanos;

use super::series::Series;

/// A [`Series`] in the making.
///
/// Under virtual time most stages of most ops take no time at all, and the same one takes the same time
/// again and again: equal times that come one after the other are counted first, and entered as one.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    entered: Series,
    /// The last time that came, and how often it has come in a row without being entered.
    time: Nanos,
    count: u64,
}

impl Recorder {
    /// Adds one.
    #[inline]
    pub fn record(&mut self, time: Nanos) {
        if self.time == time {
            self.count += 1;
        } else {
            self.entered.record_n(self.time, self.count);
            (self.time, self.count) = (time, 1);
        }
    }

    /// How many have come.
    pub fn count(&self) -> u64 {
        self.entered.count() + self.count
    }

    /// Adds all that have come to `other`.
    pub fn merge(&mut self, other: &Self) {
        self.entered.merge(&other.entered);
        self.entered.record_n(other.time, other.count);
    }

    /// All that have come until now, in no more memory than they need.
    pub fn series(&self) -> Series {
        let mut series = self.entered.to_compact();
        series.record_n(self.time, self.count);
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times that repeat, read and merged in the middle of a run: nothing is lost or told twice.
    #[test]
    fn runs_of_equal_times_are_exact_whenever_they_are_read() {
        let (mut recorder, mut merged) = (Recorder::default(), Recorder::default());
        let mut all: Vec<u64> = Vec::new();
        for (time, count) in [(0, 3), (500, 1), (0, 2), (500, 4), (7, 1)] {
            for _ in 0..count {
                recorder.record(Nanos::new(time));
                all.push(time);
                let (sum, series): (u64, _) = (all.iter().sum(), recorder.series());
                assert_eq!(recorder.count(), all.len() as u64);
                assert_eq!(series.count(), all.len() as u64);
                assert_eq!(series.sum_ns(), u128::from(sum));
                assert_eq!(series.max().get(), all.iter().copied().max().unwrap_or(0));
            }
            merged.merge(&recorder);
        }
        assert_eq!(merged.count(), 3 + 4 + 6 + 10 + 11);
        let mut sorted = all;
        sorted.sort_unstable();
        let series = recorder.series();
        assert_eq!(series.quantile(0.5), Nanos::new(sorted[5]));
        assert_eq!(series.quantile(0.46), Nanos::new(sorted[5]));
        assert_eq!(series.quantile(0.45), Nanos::ZERO);
    }
}
