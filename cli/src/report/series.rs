//! A series of times: mean and maximum exact, percentiles from a histogram of bounded size.

use std::cell::{Cell, Ref, RefCell};

use hdrhistogram::Histogram;
use pausewake_device::Nanos;

/// Times of many ops, in memory that does not grow with them.
///
/// Under virtual time most stages of most ops take no time at all, and the same one takes the same time
/// again and again: equal times that come one after the other are counted first, and entered as one.
#[derive(Debug)]
pub struct Series {
    entered: RefCell<Entered>,
    /// The last time that came.
    run: Cell<Run>,
}

#[derive(Debug)]
struct Entered {
    histogram: Histogram<u64>,
    sum_ns: u128,
    max_ns: Nanos,
}

/// A time, and how often it has come in a row without being entered.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    time: Nanos,
    count: u64,
}

impl Series {
    /// No times yet.
    pub fn new() -> Self {
        Self {
            entered: RefCell::new(Entered::new()),
            run: Cell::default(),
        }
    }

    /// Adds one.
    #[inline]
    pub fn record(&mut self, time: Nanos) {
        let run = self.run.get_mut();
        if run.time == time {
            run.count += 1;
        } else {
            let ended = std::mem::replace(run, Run { time, count: 1 });
            self.entered.get_mut().enter(ended);
        }
    }

    /// Adds all times of `other`.
    pub fn merge(&mut self, other: &Self) {
        let theirs = other.entered();
        self.entered.get_mut().merge(&theirs);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.entered.borrow().histogram.len() + self.run.get().count
    }

    /// Their exact sum, ns.
    pub fn sum_ns(&self) -> u128 {
        self.entered().sum_ns
    }

    /// Their exact mean, to the nearest nanosecond; zero if there are none.
    pub fn mean(&self) -> Nanos {
        let count = u128::from(self.count());
        if count == 0 {
            return Nanos::ZERO;
        }
        let mean = (self.sum_ns() + count / 2) / count;
        Nanos::new(u64::try_from(mean).unwrap_or(u64::MAX))
    }

    /// The exact longest; zero if there are none.
    pub fn max(&self) -> Nanos {
        self.entered().max_ns
    }

    /// The time that a share of `quantile` does not exceed, to three significant digits.
    pub fn quantile(&self, quantile: f64) -> Nanos {
        let Entered {
            histogram, max_ns, ..
        } = &*self.entered();
        // A bucket's upper end may lie above everything that is in it.
        Nanos::new(histogram.value_at_quantile(quantile)).min(*max_ns)
    }

    /// All times that have come.
    fn entered(&self) -> Ref<'_, Entered> {
        self.entered.borrow_mut().enter(self.run.take());
        self.entered.borrow()
    }
}

impl Entered {
    fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, u64::MAX, SIGNIFICANT_DIGITS);
        Self {
            histogram: histogram.expect("constant bounds, which the histogram accepts"),
            sum_ns: 0,
            max_ns: Nanos::ZERO,
        }
    }

    fn enter(&mut self, Run { time, count }: Run) {
        if count == 0 {
            return;
        }
        self.histogram.saturating_record_n(time.get(), count);
        self.sum_ns += u128::from(time.get()) * u128::from(count);
        self.max_ns = self.max_ns.max(time);
    }

    fn merge(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("both have the same bounds");
        self.sum_ns += other.sum_ns;
        self.max_ns = self.max_ns.max(other.max_ns);
    }
}

const SIGNIFICANT_DIGITS: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use pausewake_device::random::Stream;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn mean_and_maximum_are_exact_and_percentiles_close() {
        let mut series = Series::new();
        let times: Vec<u64> = (1..=100_000).map(|n| n * 37).collect();
        for time in &times {
            series.record(Nanos::new(*time));
        }
        assert_eq!(series.count(), 100_000);
        assert_eq!(series.mean(), Nanos::new(1_850_019)); // 37 * 50,000.5 = 1,850,018.5
        assert_eq!(series.max(), Nanos::new(3_700_000));
        for (quantile, exact) in [
            (0.5, 1_850_000.0),
            (0.99, 3_663_000.0),
            (0.999, 3_696_300.0),
        ] {
            let error = (series.quantile(quantile).as_f64() - exact).abs() / exact;
            assert!(error < 1e-3, "{quantile}: off by {error}");
        }
        assert_eq!(series.quantile(1.0), series.max());
    }

    /// Times as they come, over seven orders of magnitude, against what sorting all of them gives.
    #[test]
    fn percentiles_are_those_of_all_samples_to_three_digits() {
        for seed in 1..=20 {
            let mut stream = Stream::seed_from_u64(seed);
            let count = stream.random_range(1..20_000_usize);
            let mut series = Series::new();
            let mut times: Vec<u64> = Vec::with_capacity(count);
            for _ in 0..count {
                let time = Nanos::from_f64(10_f64.powf(stream.random_range(1.0..8.0)));
                series.record(time);
                times.push(time.get());
            }
            times.sort_unstable();
            for per_mille in [0, 1, 100, 500, 900, 990, 999, 1_000] {
                let rank = (count * per_mille).div_ceil(1_000).max(1);
                let exact = Nanos::new(times[rank - 1]).as_f64();
                let got = series.quantile(per_mille as f64 / 1e3).as_f64();
                // A bucket is told by its upper end, so never too short.
                assert!(
                    exact <= got && got <= exact * 1.001,
                    "seed {seed}, {count} times, {per_mille} of 1000: {got}, not {exact}"
                );
            }
        }
    }

    #[test]
    fn percentiles_of_the_longest_times_are_close_too() {
        for time in [3_600_000_000_001, 90_000_000_000_000_000, u64::MAX] {
            let mut series = Series::new();
            for _ in 0..10 {
                series.record(Nanos::new(time));
            }
            let error = (series.quantile(0.5).as_f64() - Nanos::new(time).as_f64()).abs();
            assert!(
                error < 1e-3 * Nanos::new(time).as_f64(),
                "{time}: off by {error}"
            );
        }
    }

    #[test]
    fn merged_series_are_one_of_all_times() {
        let series = |times: std::ops::Range<u64>| {
            let mut series = Series::new();
            times.for_each(|time| series.record(Nanos::new(time * time)));
            series
        };
        let (mut merged, whole) = (series(0..1_000), series(0..3_000));
        merged.merge(&series(1_000..3_000));
        assert_eq!(merged.count(), whole.count());
        assert_eq!(merged.mean(), whole.mean());
        assert_eq!(merged.max(), whole.max());
        for quantile in [0.1, 0.5, 0.9, 0.999] {
            assert_eq!(merged.quantile(quantile), whole.quantile(quantile));
        }
    }

    /// Times that repeat, read and merged in the middle of a run: nothing is lost or told twice.
    #[test]
    fn runs_of_equal_times_are_exact_whenever_they_are_read() {
        let (mut series, mut merged) = (Series::new(), Series::new());
        let mut all: Vec<u64> = Vec::new();
        for (time, count) in [(0, 3), (500, 1), (0, 2), (500, 4), (7, 1)] {
            for _ in 0..count {
                series.record(Nanos::new(time));
                all.push(time);
                let sum: u64 = all.iter().sum();
                assert_eq!(series.count(), all.len() as u64);
                assert_eq!(series.sum_ns(), u128::from(sum));
                assert_eq!(series.max().get(), all.iter().copied().max().unwrap_or(0));
            }
            merged.merge(&series);
        }
        assert_eq!(merged.count(), 3 + 4 + 6 + 10 + 11);
        let mut sorted = all;
        sorted.sort_unstable();
        assert_eq!(series.quantile(0.5), Nanos::new(sorted[5]));
        assert_eq!(series.quantile(0.46), Nanos::new(sorted[5]));
        assert_eq!(series.quantile(0.45), Nanos::ZERO);
    }

    #[test]
    fn an_empty_series_is_all_zero() {
        let series = Series::new();
        assert_eq!(series.mean(), Nanos::ZERO);
        assert_eq!(series.quantile(0.99), Nanos::ZERO);
    }
}
