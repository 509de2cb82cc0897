//! One row for each variant: what spreadsheets and plotting scripts take.
//!
//! The columns are the same for every run, in the same order; new ones come at the end. Figures have the
//! names by which `[expect]` knows them, with their unit behind it if it is one of time. A cell is empty
//! where there was nothing to measure.

use super::numbers::ranges;
use super::{Report, Verdict};
use crate::units::Rate;

/// The table, with heads.
pub fn of(variants: &[Report]) -> String {
    behind(&[], variants.iter().map(|report| (Vec::new(), report)))
}

/// The table behind columns of somebody else's, with these `heads`: rows are their cells and a report.
pub fn behind<'a>(
    heads: &[&str],
    rows: impl IntoIterator<Item = (Vec<String>, &'a Report)>,
) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let own = heads.iter().map(|head| (*head).to_owned());
    let heads = own
        .chain(ABOUT.iter().map(|(head, _)| (*head).to_owned()))
        .chain(FIGURES.iter().map(|figure| head(figure)))
        .chain(LAST.iter().map(|(head, _)| (*head).to_owned()));
    let written = writer.write_record(heads).and_then(|()| {
        rows.into_iter().try_for_each(|(own, report)| {
            let about = ABOUT.iter().map(|(_, cell)| cell(report));
            let figures = FIGURES.iter().map(|name| figure(report, name));
            let last = LAST.iter().map(|(_, cell)| cell(report));
            let own = own.into_iter().chain(about);
            writer.write_record(own.chain(figures).chain(last))
        })
    });
    let bytes = written.map(|()| writer.into_inner().expect("a vector takes all bytes"));
    let bytes = bytes.expect("rows of the same length, to a vector");
    String::from_utf8(bytes).expect("strings are UTF-8")
}

/// A table of `rows`, each as long as `heads`.
pub fn rows<const N: usize>(
    heads: &[&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let written = writer.write_record(heads).and_then(|()| {
        rows.into_iter()
            .try_for_each(|row| writer.write_record(row))
    });
    let bytes = written.map(|()| writer.into_inner().expect("a vector takes all bytes"));
    let bytes = bytes.expect("rows of the same length, to a vector");
    String::from_utf8(bytes).expect("strings are UTF-8")
}

/// `p50_ns`, `notify_p99_ns`, `full_waits`.
fn head(figure: &str) -> String {
    let name = figure.replace('.', "_");
    match is_time(figure) {
        true => format!("{name}_ns"),
        false => name,
    }
}

fn is_time(figure: &str) -> bool {
    let statistic = figure.rsplit('.').next().unwrap_or(figure);
    matches!(
        statistic,
        "mean" | "p50" | "p90" | "p95" | "p99" | "p999" | "max" | "mean_wait"
    )
}

fn figure(report: &Report, name: &str) -> String {
    let figure = report.figure(name);
    figure.map_or_else(String::new, |figure| figure.value.to_string())
}

impl Verdict {
    /// In one word, for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Holds => "passed",
            Self::ExpectationFailed => "failed",
            Self::Aborted => "aborted",
            Self::Invalid => "invalid",
            Self::WrongResult => "wrong",
        }
    }
}

type Cell = fn(&Report) -> String;

const ABOUT: [(&str, Cell); 13] = [
    ("scenario", |it| it.scenario.name.clone()),
    ("variant", |it| {
        it.scenario.variant.clone().unwrap_or_default()
    }),
    ("verdict", |it| Verdict::of(it).name().to_owned()),
    ("clock", |it| it.scenario.clock.to_string()),
    ("seed", |it| ranges(&it.seeds)),
    ("runs", |it| it.seeds.len().to_string()),
    ("compute", |it| it.scenario.compute.to_string()),
    ("mode", |it| it.scenario.mode.to_string()),
    ("notify", |it| it.scenario.notify.to_string()),
    ("reap", |it| it.scenario.reap.to_string()),
    ("load", |it| it.scenario.load.clone()),
    ("elapsed_ns", |it| it.elapsed_ns.to_string()),
    ("wrong", |it| it.verified.wrong.to_string()),
];

const FIGURES: [&str; 74] = [
    "throughput",
    "ops",
    "errors",
    "mean",
    "p50",
    "p90",
    "p99",
    "p999",
    "max",
    "full_wait.mean",
    "full_wait.p50",
    "full_wait.p99",
    "full_wait.max",
    "prepare.mean",
    "prepare.p50",
    "prepare.p99",
    "prepare.max",
    "ring.mean",
    "ring.p50",
    "ring.p99",
    "ring.max",
    "service.mean",
    "service.p50",
    "service.p99",
    "service.max",
    "notify.mean",
    "notify.p50",
    "notify.p99",
    "notify.max",
    "resume.mean",
    "resume.p50",
    "resume.p99",
    "resume.max",
    "mean_wait",
    "utilisation.asym",
    "utilisation.sym",
    "in_flight",
    "device_ops",
    "software",
    "jobs",
    "max_jobs",
    "cancelled",
    "wakes_by_callback",
    "wakes_by_fd",
    "waits_in_place",
    "looks",
    "spurious",
    "full_waits",
    "doorbells",
    "device_wakes",
    "signals",
    "host_wakes",
    "coalesced",
    "timed_out",
    "orphans",
    "abandoned",
    "verified",
    "compute_bound",
    "p95",
    "uncorrected.mean",
    "uncorrected.p50",
    "uncorrected.p90",
    "uncorrected.p95",
    "uncorrected.p99",
    "uncorrected.p999",
    "uncorrected.max",
    "lateness.mean",
    "lateness.p50",
    "lateness.p99",
    "lateness.max",
    "late",
    "late_by_generator",
    "late_for_a_job",
    "dropped",
];

const LAST: [(&str, Cell); 1] = [("rate", |it| {
    rate(it).map_or_else(String::new, |rate| rate.to_string())
})];

/// Arrivals per second that the configuration asks for, outside of phases; in an open loop.
fn rate(report: &Report) -> Option<f64> {
    let rate = report
        .open_loop
        .as_ref()
        .and(report.config.get("load.rate"))?;
    let rate: Rate = rate.trim_matches('"').parse().ok()?;
    Some(rate.per_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_say_their_unit() {
        assert_eq!(head("p50"), "p50_ns");
        assert_eq!(head("notify.p99"), "notify_p99_ns");
        assert_eq!(head("mean_wait"), "mean_wait_ns");
        assert_eq!(head("utilisation.asym"), "utilisation_asym");
    }
}
