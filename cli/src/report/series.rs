//! A series of times: mean and maximum exact, percentiles from a histogram of bounded size.

use hdrhistogram::Histogram;
use pausewake_device::Nanos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::wire;

/// Times of many ops, in memory that does not grow with them. Saved as [`SavedSeries`], and read back
/// without loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "SavedSeries", try_from = "SavedSeries")]
pub struct Series {
    histogram: Histogram<u64>,
    sum_ns: u128,
    max_ns: Nanos,
}

/// A step of a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Percentile {
    /// A share of all times.
    pub quantile: f64,
    /// What that share does not exceed.
    pub value: Nanos,
    /// How many times do not exceed it.
    pub count: u64,
}

/// Times as JSON has them: what is exact as numbers, the distribution as a histogram.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct SavedSeries {
    /// How many there are.
    count: u64,
    /// Their exact sum. It can exceed 2^53: a reader that knows floats alone loses its last digits.
    sum_ns: u128,
    /// The exact longest; 0 if there are none.
    max_ns: u64,
    /// All of them, in nanoseconds: an HdrHistogram, V2, compressed, in base64.
    histogram: String,
}

impl JsonSchema for Series {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        SavedSeries::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        SavedSeries::json_schema(generator)
    }
}

impl From<Series> for SavedSeries {
    fn from(series: Series) -> Self {
        Self {
            count: series.count(),
            sum_ns: series.sum_ns,
            max_ns: series.max_ns.get(),
            histogram: wire::encode(&series.compact()),
        }
    }
}

impl TryFrom<SavedSeries> for Series {
    type Error = String;

    /// What does not fit together was damaged, or written by hand.
    fn try_from(saved: SavedSeries) -> Result<Self, String> {
        let histogram = wire::decode(&saved.histogram)?;
        if histogram.len() != saved.count {
            return Err(format!(
                "a histogram holds {} times where count says {}",
                histogram.len(),
                saved.count
            ));
        }
        if histogram.max() < histogram.lowest_equivalent(saved.max_ns)
            || histogram.lowest_equivalent(histogram.max()) > saved.max_ns
        {
            return Err(format!(
                "a histogram ends at {} ns where max_ns says {}",
                histogram.max(),
                saved.max_ns
            ));
        }
        let (least, most) = sum_between(&histogram);
        if !(least..=most).contains(&saved.sum_ns) {
            return Err(format!(
                "a histogram's times come to {least} to {most} ns where sum_ns says {}",
                saved.sum_ns
            ));
        }
        Ok(Self {
            histogram,
            sum_ns: saved.sum_ns,
            max_ns: Nanos::new(saved.max_ns),
        })
    }
}

/// What the times in a histogram come to at least, and at most.
fn sum_between(histogram: &Histogram<u64>) -> (u128, u128) {
    let steps = histogram.iter_recorded();
    let sums = steps.map(|step| {
        let (value, count) = (step.value_iterated_to(), step.count_at_value());
        let [low, high] = [
            histogram.lowest_equivalent(value),
            histogram.highest_equivalent(value),
        ];
        [low, high].map(|time| u128::from(time) * u128::from(count))
    });
    sums.fold((0, 0), |(least, most), [low, high]| {
        (least.saturating_add(low), most.saturating_add(high))
    })
}

impl Default for Series {
    fn default() -> Self {
        Self::new()
    }
}

impl Series {
    /// No times yet, and room for all, so that nothing is allocated later.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, u64::MAX, SIGNIFICANT_DIGITS);
        Self::of(histogram.expect("constant bounds, which the histogram accepts"))
    }

    /// No times yet, to two significant digits and in as little memory as they need: for series of
    /// which there are many.
    pub fn coarse() -> Self {
        let histogram = Histogram::new(COARSE_DIGITS);
        Self::of(histogram.expect("a constant that the histogram accepts"))
    }

    fn of(histogram: Histogram<u64>) -> Self {
        Self {
            histogram,
            sum_ns: 0,
            max_ns: Nanos::ZERO,
        }
    }

    /// Adds one.
    pub fn record(&mut self, time: Nanos) {
        // One that may grow takes every value, one that may not has room for all.
        if self.histogram.record(time.get()).is_err() {
            self.histogram.saturating_record(time.get());
        }
        self.sum_ns += u128::from(time.get());
        self.max_ns = self.max_ns.max(time);
    }

    /// Adds one, as often as that.
    pub fn record_n(&mut self, time: Nanos, count: u64) {
        if count == 0 {
            return;
        }
        if self.histogram.record_n(time.get(), count).is_err() {
            self.histogram.saturating_record_n(time.get(), count);
        }
        self.sum_ns += u128::from(time.get()) * u128::from(count);
        self.max_ns = self.max_ns.max(time);
    }

    /// Adds all times of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("it has room for all, or grows");
        self.sum_ns += other.sum_ns;
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Their exact sum, ns.
    pub fn sum_ns(&self) -> u128 {
        self.sum_ns
    }

    /// Their exact mean, to the nearest nanosecond; zero if there are none.
    pub fn mean(&self) -> Nanos {
        let count = u128::from(self.count());
        if count == 0 {
            return Nanos::ZERO;
        }
        let mean = (self.sum_ns + count / 2) / count;
        Nanos::new(u64::try_from(mean).unwrap_or(u64::MAX))
    }

    /// The exact longest; zero if there are none.
    pub fn max(&self) -> Nanos {
        self.max_ns
    }

    /// The time that a share of `quantile` does not exceed, to three significant digits.
    pub fn quantile(&self, quantile: f64) -> Nanos {
        // A bucket's upper end may lie above everything that is in it.
        Nanos::new(self.histogram.value_at_quantile(quantile)).min(self.max_ns)
    }

    /// The distribution, step by step: five for each halving of what is left above.
    pub fn percentiles(&self) -> Vec<Percentile> {
        let mut count = 0;
        let steps = self.histogram.iter_quantiles(TICKS_PER_HALVING);
        steps
            .map(|step| {
                count += step.count_since_last_iteration();
                Percentile {
                    quantile: step.quantile_iterated_to(),
                    value: Nanos::new(step.value_iterated_to()).min(self.max_ns),
                    count,
                }
            })
            .collect()
    }

    /// The same times in a histogram that has room for them and not for more: two series of the same
    /// times have the same one, wherever they were recorded.
    pub fn compact(&self) -> Histogram<u64> {
        let high = self.max_ns.get().max(self.histogram.max()).max(2);
        let compact = Histogram::new_with_bounds(1, high, self.histogram.sigfig());
        let mut compact = compact.expect("bounds of a histogram that there is");
        compact.auto(true);
        let added = compact.add(&self.histogram);
        added.expect("it grows where it must");
        compact
    }

    /// The series in no more memory than its times need.
    pub fn to_compact(&self) -> Self {
        Self {
            histogram: self.compact(),
            sum_ns: self.sum_ns,
            max_ns: self.max_ns,
        }
    }
}

const SIGNIFICANT_DIGITS: u8 = 3;
const COARSE_DIGITS: u8 = 2;
/// As other tools have it by default.
const TICKS_PER_HALVING: u32 = 5;

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

    #[test]
    fn what_was_saved_is_read_back_without_loss_and_adds_up() {
        for seed in 1..=20 {
            let mut stream = Stream::seed_from_u64(seed);
            let mut parts = [Series::new(), Series::coarse(), Series::new()];
            for _ in 0..stream.random_range(0..2_000) {
                let time = Nanos::from_f64(10_f64.powf(stream.random_range(0.0..11.0)));
                parts.iter_mut().for_each(|series| series.record(time));
            }
            for series in &mut parts {
                let text = serde_json::to_string(series).expect("JSON");
                let read: Series = serde_json::from_str(&text).expect("it was just written");
                assert_eq!(read, *series, "seed {seed}");
                assert_eq!(
                    serde_json::to_string(&read).expect("JSON"),
                    text,
                    "seed {seed}"
                );
                // Also when it has grown out of the bounds that it was saved with.
                let mut doubled = read.clone();
                doubled.record(Nanos::from_secs(1_000));
                doubled.merge(&read);
                series.merge(&series.clone());
                series.record(Nanos::from_secs(1_000));
                assert_eq!(doubled, *series, "seed {seed}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let mut series = Series::new();
        series.record(Nanos::new(5_000));
        let good = serde_json::to_value(&series).expect("JSON");
        for (field, value, says) in [
            ("count", serde_json::json!(2), "count says 2"),
            ("max_ns", serde_json::json!(9_000), "max_ns says 9000"),
            ("max_ns", serde_json::json!(4_000), "max_ns says 4000"),
            ("sum_ns", serde_json::json!(4_000), "sum_ns says 4000"),
            ("sum_ns", serde_json::json!(50_000), "sum_ns says 50000"),
            ("histogram", serde_json::json!("?"), "base64"),
            ("histogram", serde_json::json!("AAAA"), "histogram"),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            let error = serde_json::from_value::<Series>(bad).expect_err(field);
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn an_empty_series_is_all_zero() {
        let series = Series::new();
        assert_eq!(series.mean(), Nanos::ZERO);
        assert_eq!(series.quantile(0.99), Nanos::ZERO);
    }
}
