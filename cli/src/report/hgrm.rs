//! The percentile distribution of latency, as HdrHistogram's `outputPercentileDistribution` prints it
//! and its plotter reads it. Values are milliseconds.

use std::fmt::Write as _;

use super::Report;

/// The distribution of one variant.
pub fn of(report: &Report) -> String {
    let latency = &report.samples.latency;
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut line = |value: f64, quantile: f64, count: u64| {
        let tail = 1.0 - quantile;
        let tail = match tail > 0.0 {
            true => format!(" {:>14.2}", 1.0 / tail),
            false => String::new(),
        };
        let line = format!("{value:>12.6} {quantile:>14.12} {count:>10}{tail}");
        writeln!(text, "{line}").expect("a string takes everything");
    };
    for step in latency.percentiles() {
        line(step.value.as_f64() / UNIT_NS, step.quantile, step.count);
    }
    let histogram = latency.compact();
    let sub_buckets = 2 * 10_u64.pow(u32::from(histogram.sigfig()));
    let end = format!(
        "#[Mean    = {:>12.6}, StdDeviation   = {:>12.6}]\n\
         #[Max     = {:>12.6}, Total count    = {:>12}]\n\
         #[Buckets = {:>12}, SubBuckets     = {:>12}]\n",
        latency.mean().as_f64() / UNIT_NS,
        histogram.stdev() / UNIT_NS,
        latency.max().as_f64() / UNIT_NS,
        latency.count(),
        histogram.buckets(),
        sub_buckets.next_power_of_two(),
    );
    text.push_str(&end);
    text
}

/// A millisecond.
const UNIT_NS: f64 = 1e6;
