//! The latency of each interval, as an interval log of HdrHistogram, which HistogramLogAnalyzer and
//! HistogramLogProcessor read. Variants stand in it one after the other, tagged by their names.
//!
//! Histograms are of nanoseconds, to two significant digits; maxima are milliseconds. Time counts from
//! the beginning of each run, so that the same run gives the same log.

use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::Report;
use super::timeline::Interval;

/// The log of all variants.
pub fn of(variants: &[Report]) -> String {
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let mut builder = IntervalLogWriterBuilder::new();
    let mut log = builder
        .add_comment(
            "[Latency of pausewake's calls: histograms in nanoseconds, maxima in milliseconds]",
        )
        .with_start_time(SystemTime::UNIX_EPOCH)
        .with_max_value_divisor(1e6)
        .begin_log_with(&mut bytes, &mut serializer)
        .expect("a vector takes all bytes");
    for report in variants {
        let name = report.scenario.variant.as_deref().map(tag);
        let tag = name.as_deref().and_then(Tag::new);
        let timeline = report.timeline.at_least(SHORTEST_NS);
        let some = |(_, interval): &(_, &Interval)| interval.latency.count() > 0;
        for (start, interval) in timeline.intervals().filter(some) {
            let [start, length] = [start.get(), interval.covered_ns].map(Duration::from_nanos);
            let histogram = interval.latency.compact();
            log.write_histogram(&histogram, start, length, tag)
                .expect("a vector takes all bytes");
        }
    }
    String::from_utf8(bytes).expect("an interval log is ASCII")
}

/// `name` as a tag, which ends at a comma, and has no spaces: the points of a grid are told apart by
/// semicolons.
fn tag(name: &str) -> String {
    let put = |c: char| match c {
        ',' => ';',
        c if c.is_whitespace() || c.is_control() => '_',
        c => c,
    };
    name.chars().map(put).collect()
}

/// Times stand in a log with three decimals of a second.
const SHORTEST_NS: u64 = 1_000_000;
