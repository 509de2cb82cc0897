//! What happened when: throughput and latency over time, in memory that does not grow with the run.
//!
//! The run is cut into intervals of equal length. There are [`MAX_INTERVALS`] at most: when one more
//! would be needed, neighbours are joined, and each is twice as long from then on. So there are always
//! more than half as many, once the run has been long enough. Boundaries are multiples of the interval's
//! length on the device's clock: those of several threads fit each other, and joining loses nothing.
//!
//! Latency within an interval is kept to two significant digits, that of the run to three.

use pausewake_device::Nanos;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::series::Series;

/// Intervals of a run, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    interval_ns: u64,
    /// How many intervals lie before the first one that is kept.
    before: u64,
    /// How much of the first interval had passed when the run began.
    offset_ns: u64,
    intervals: Vec<Interval>,
}

/// What ended within an interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Calls that gave a result: their latency, to two significant digits.
    pub latency: Series,
    /// Calls that gave a result, too, and had begun before figures were taken.
    pub carried: u64,
    /// Calls that gave none.
    pub errors: u64,
    /// How much of it belongs to the run; of runs that were merged, the sum.
    pub covered_ns: u64,
}

/// The timeline as JSON has it.
#[derive(Serialize, Deserialize, JsonSchema)]
pub struct SavedTimeline {
    /// Length of an interval.
    interval_ns: u64,
    /// How much of the first interval had passed when the run began. Interval `i` begins
    /// `i * interval_ns - offset_ns` after that.
    offset_ns: u64,
    /// The intervals, one after the other, 128 at most.
    intervals: Vec<SavedInterval>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct SavedInterval {
    /// When it began, since the run began.
    start_ns: u64,
    /// How much of it belongs to the run. Where runs were merged, of all of them.
    covered_ns: u64,
    /// Calls that gave a result.
    ops: u64,
    /// Calls that gave a result, too, and had begun in the warm-up.
    #[serde(default, skip_serializing_if = "is_zero")]
    carried: u64,
    /// `ops` and `carried`, each second of `covered_ns`.
    ops_per_s: Option<f64>,
    /// Calls that gave none.
    errors: u64,
    /// Median latency, as all of an interval to two significant digits; `null` without ops.
    p50_ns: Option<u64>,
    /// 90th percentile.
    p90_ns: Option<u64>,
    /// 99th percentile.
    p99_ns: Option<u64>,
    /// Latency, in full; `null` without ops.
    latency: Option<Series>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Timeline {
    /// Of a run that has not begun.
    pub fn new() -> Self {
        Self {
            interval_ns: SHORTEST_NS,
            before: 0,
            offset_ns: 0,
            intervals: Vec::new(),
        }
    }

    /// A call ended at `at`, and had taken `latency`.
    pub fn returned(&mut self, at: Nanos, latency: Nanos) {
        self.at(at).latency.record(latency);
    }

    /// A call ended at `at` that had begun before figures were taken.
    pub fn carried(&mut self, at: Nanos) {
        self.at(at).carried += 1;
    }

    /// A call ended at `at`, without a result.
    pub fn failed(&mut self, at: Nanos) {
        self.at(at).errors += 1;
    }

    /// With what happened meanwhile on another thread, or in another run: first intervals of runs
    /// that are over are laid on each other.
    pub fn merge(&mut self, other: &Self) {
        if other.intervals.is_empty() {
            return;
        }
        if self.intervals.is_empty() {
            *self = other.clone();
            return;
        }
        let mut other = other.clone();
        while self.interval_ns < other.interval_ns {
            self.double();
        }
        while other.interval_ns < self.interval_ns {
            other.double();
        }
        // Both ends must fit before the intervals are laid on each other.
        loop {
            let first = self.before.min(other.before);
            let end = self.end().max(other.end());
            if end - first <= MAX_INTERVALS {
                break;
            }
            self.double();
            other.double();
        }
        for (index, interval) in (other.before..).zip(&other.intervals) {
            self.interval(index).merge(interval);
        }
    }

    /// The timeline of a run that began and ended at these times.
    pub fn of_run(mut self, begun: Nanos, ended: Nanos) -> Self {
        if self.intervals.is_empty() {
            return self;
        }
        // From the beginning to the end, whatever happened there.
        self.at(begun);
        self.at(ended.max(begun));
        let length = self.interval_ns;
        for (index, interval) in (self.before..).zip(&mut self.intervals) {
            let start = (index * length).max(begun.get());
            let end = (index * length).saturating_add(length).min(ended.get());
            interval.covered_ns = end.saturating_sub(start);
        }
        // What ended in the run's last moment belongs to the time before it.
        if let [.., before, last] = self.intervals.as_mut_slice()
            && last.covered_ns == 0
        {
            before.merge(last);
            self.intervals.pop();
        }
        self.offset_ns = begun.get() - self.before * length;
        self.before = 0;
        self
    }

    /// The same in intervals that are no shorter than that.
    pub fn at_least(&self, shortest_ns: u64) -> Self {
        let mut timeline = self.clone();
        while timeline.interval_ns < shortest_ns {
            timeline.double();
        }
        timeline
    }

    /// Length of an interval.
    pub fn interval_ns(&self) -> u64 {
        self.interval_ns
    }

    /// The intervals of a run that is over: when each began, since the run began, and what it holds.
    pub fn intervals(&self) -> impl Iterator<Item = (Nanos, &Interval)> {
        self.intervals.iter().zip(0..).map(|(interval, index)| {
            let start = (index * self.interval_ns).saturating_sub(self.offset_ns);
            (Nanos::new(start), interval)
        })
    }

    fn end(&self) -> u64 {
        self.before + self.intervals.len() as u64
    }

    /// The interval of a moment.
    fn at(&mut self, at: Nanos) -> &mut Interval {
        if self.intervals.is_empty() {
            self.before = at.get() / self.interval_ns;
        }
        loop {
            let index = at.get() / self.interval_ns;
            let first = self.before.min(index);
            if self.end().max(index + 1) - first <= MAX_INTERVALS {
                return self.interval(index);
            }
            self.double();
        }
    }

    /// The interval of this number, for which there is room.
    fn interval(&mut self, index: u64) -> &mut Interval {
        if index < self.before {
            let missing = self.before - index;
            let empty = (0..missing).map(|_| Interval::new());
            self.intervals.splice(0..0, empty);
            self.before = index;
        }
        let place = usize::try_from(index - self.before).expect("there are few intervals");
        while self.intervals.len() <= place {
            self.intervals.push(Interval::new());
        }
        &mut self.intervals[place]
    }

    /// Joins neighbours.
    fn double(&mut self) {
        let old = std::mem::take(&mut self.intervals);
        let before = self.before;
        self.interval_ns *= 2;
        self.before = before / 2;
        for (index, interval) in (before..).zip(old) {
            self.interval(index / 2).merge(&interval);
        }
    }
}

impl Interval {
    fn new() -> Self {
        Self {
            latency: Series::coarse(),
            carried: 0,
            errors: 0,
            covered_ns: 0,
        }
    }

    /// Calls that gave a result, whenever they had begun.
    pub fn returned(&self) -> u64 {
        // Numbers of a file may be anything.
        self.latency.count().saturating_add(self.carried)
    }

    /// The same, each second; `None` if no time passed.
    pub fn ops_per_s(&self) -> Option<f64> {
        super::build::per_second(self.returned(), Nanos::new(self.covered_ns))
    }

    /// The latency that a share of `quantile` did not exceed; `None` if nothing returned.
    pub fn quantile_ns(&self, quantile: f64) -> Option<u64> {
        (self.latency.count() > 0).then(|| self.latency.quantile(quantile).get())
    }

    fn merge(&mut self, other: &Self) {
        let Self {
            latency,
            carried,
            errors,
            covered_ns,
        } = other;
        if latency.count() > 0 {
            self.latency.merge(latency);
        }
        // Numbers of a file may be anything.
        self.carried = self.carried.saturating_add(*carried);
        self.errors = self.errors.saturating_add(*errors);
        self.covered_ns = self.covered_ns.saturating_add(*covered_ns);
    }
}

impl From<&Timeline> for SavedTimeline {
    fn from(timeline: &Timeline) -> Self {
        let intervals = timeline.intervals().map(|(start, interval)| SavedInterval {
            start_ns: start.get(),
            covered_ns: interval.covered_ns,
            ops: interval.latency.count(),
            carried: interval.carried,
            ops_per_s: interval.ops_per_s(),
            errors: interval.errors,
            p50_ns: interval.quantile_ns(0.5),
            p90_ns: interval.quantile_ns(0.9),
            p99_ns: interval.quantile_ns(0.99),
            latency: (interval.latency.count() > 0).then(|| interval.latency.clone()),
        });
        Self {
            interval_ns: timeline.interval_ns,
            offset_ns: timeline.offset_ns,
            intervals: intervals.collect(),
        }
    }
}

impl TryFrom<SavedTimeline> for Timeline {
    type Error = String;

    fn try_from(saved: SavedTimeline) -> Result<Self, String> {
        let length = saved.interval_ns;
        let is_length = length.is_multiple_of(SHORTEST_NS)
            && (length / SHORTEST_NS).is_power_of_two()
            && length < u64::MAX / (2 * MAX_INTERVALS);
        if !is_length || saved.offset_ns >= length {
            return Err(format!(
                "a timeline of intervals of {length} ns that begins {} ns late",
                saved.offset_ns
            ));
        }
        if saved.intervals.len() as u64 > MAX_INTERVALS {
            return Err(format!(
                "a timeline of {} intervals, more than {MAX_INTERVALS}",
                saved.intervals.len()
            ));
        }
        let intervals = saved.intervals.into_iter().map(|interval| Interval {
            latency: interval.latency.unwrap_or_else(Series::coarse),
            carried: interval.carried,
            errors: interval.errors,
            covered_ns: interval.covered_ns,
        });
        Ok(Self {
            interval_ns: length,
            before: 0,
            offset_ns: saved.offset_ns,
            intervals: intervals.collect(),
        })
    }
}

impl Serialize for Timeline {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SavedTimeline::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Timeline {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = SavedTimeline::deserialize(deserializer)?;
        saved.try_into().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Timeline {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timeline".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        SavedTimeline::json_schema(generator)
    }
}

/// Enough to draw a curve of, few enough to keep.
const MAX_INTERVALS: u64 = 128;
/// Intervals begin as short as this, for runs of microseconds under virtual time.
const SHORTEST_NS: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use pausewake_device::random::Stream;
    use rand::{RngExt, SeedableRng};

    /// Calls of a run of `length_ns`: when each ended, and its latency.
    fn calls(seed: u64, length_ns: u64) -> Vec<(Nanos, Nanos)> {
        let mut stream = Stream::seed_from_u64(seed);
        let mut calls: Vec<_> = (0..3_000)
            .map(|_| {
                let at = stream.random_range(0..length_ns);
                (
                    Nanos::new(at),
                    Nanos::new(stream.random_range(1..1_000_000)),
                )
            })
            .collect();
        calls.sort_unstable();
        calls
    }

    fn timeline<'a>(calls: impl IntoIterator<Item = &'a (Nanos, Nanos)>) -> Timeline {
        let mut timeline = Timeline::new();
        for (at, latency) in calls {
            timeline.returned(*at, *latency);
        }
        timeline
    }

    #[test]
    fn intervals_are_few_and_hold_everything_where_it_belongs() {
        for (seed, length_ns) in [
            (1, 90_000),
            (2, 10_000_000),
            (3, 7_777_777_777),
            (4, u64::MAX >> 8),
        ] {
            let calls = calls(seed, length_ns);
            let (begun, ended) = (calls[0].0, calls[calls.len() - 1].0);
            let timeline = timeline(&calls).of_run(begun, ended);
            let count = timeline.intervals().count();
            assert!(count <= 128, "seed {seed}: {count}");
            assert!(count > 64, "seed {seed}: {count}");
            let covered: u64 = timeline.intervals().map(|(_, it)| it.covered_ns).sum();
            assert_eq!(covered, (ended - begun).get(), "seed {seed}");
            for (index, (start, interval)) in timeline.intervals().enumerate() {
                let from = begun + start;
                let to = from + Nanos::new(interval.covered_ns);
                let last = index + 1 == count;
                let within = |at: Nanos| (from <= at && at < to) || (last && at == ended);
                let expected: Vec<_> = calls.iter().filter(|(at, _)| within(*at)).collect();
                assert_eq!(
                    interval.latency.count(),
                    expected.len() as u64,
                    "seed {seed}, {index}"
                );
                let longest = expected.iter().map(|(_, latency)| *latency).max();
                assert_eq!(
                    interval.latency.max(),
                    longest.unwrap_or_default(),
                    "seed {seed}"
                );
            }
        }
    }

    #[test]
    fn threads_that_are_merged_are_one_that_did_everything() {
        for seed in 1..=20 {
            let calls = calls(seed, 1 << (10 + seed));
            // One thread did little, at the end: its intervals are shorter.
            let (few, many) = calls.split_at(calls.len() - 20);
            let (begun, ended) = (calls[0].0, calls[calls.len() - 1].0);
            let mut merged = timeline(many);
            merged.merge(&timeline(few));
            let whole = timeline(&calls);
            assert_eq!(
                merged.of_run(begun, ended),
                whole.of_run(begun, ended),
                "seed {seed}"
            );
        }
    }

    #[test]
    fn runs_that_are_merged_are_laid_on_each_other() {
        let run = |begun: u64, length: u64| {
            let mut timeline = Timeline::new();
            for at in (begun..=begun + length).step_by(100) {
                timeline.returned(Nanos::new(at), Nanos::new(500));
            }
            timeline.failed(Nanos::new(begun + length));
            timeline.of_run(Nanos::new(begun), Nanos::new(begun + length))
        };
        let mut merged = run(0, 100_000);
        merged.merge(&run(12_345_600, 1_000_000));
        let ops: u64 = merged.intervals().map(|(_, it)| it.latency.count()).sum();
        assert_eq!(ops, 1_001 + 10_001);
        let covered: u64 = merged.intervals().map(|(_, it)| it.covered_ns).sum();
        assert_eq!(covered, 1_100_000);
        assert_eq!(merged.intervals().map(|(_, it)| it.errors).sum::<u64>(), 2);
        let rates = merged.intervals().filter_map(|(_, it)| it.ops_per_s());
        for rate in rates {
            assert!((rate - 1e7).abs() < 0.2e7, "{rate}");
        }
    }

    #[test]
    fn what_was_saved_is_read_back() {
        let calls = calls(7, 1_000_000);
        let timeline = timeline(&calls).of_run(calls[0].0, Nanos::new(1_000_000));
        let text = serde_json::to_string(&timeline).expect("JSON");
        assert_eq!(
            serde_json::from_str::<Timeline>(&text).expect("just written"),
            timeline
        );
        for (field, value) in [
            ("interval_ns", 3),
            ("interval_ns", 0),
            ("offset_ns", u64::MAX),
        ] {
            let mut bad: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            bad[field] = value.into();
            assert!(serde_json::from_value::<Timeline>(bad).is_err(), "{field}");
        }
    }
}
