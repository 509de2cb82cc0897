//! What is to be known of points before their figures are read: that they mean nothing, and why, or that calls
//! failed, or whose figures they are, beside the modelled device's.

use super::super::Report;
use super::super::text::numbers::{count, counted};
use super::super::text::{doubts_of_a_point, printable};
use super::{Point, SweepReport};

/// A reason, and the points that have it.
struct Reason<'a> {
    /// `INVALID`, or what else it is.
    head: String,
    /// It, as it is of the first of the points.
    said: String,
    points: Vec<&'a Point>,
    /// Whether it is word for word the same of all of them.
    is_same: bool,
}

/// Each reason once, with the points that it is of.
pub fn remarks(sweep: &SweepReport) -> Vec<String> {
    let mut reasons: Vec<Reason<'_>> = Vec::new();
    for point in &sweep.points {
        for (head, said) in said_of(&point.report) {
            let known = reasons.iter_mut();
            let known = known
                .filter(|it| it.head == head)
                .find(|it| head != INVALID || words(&it.said) == words(&said));
            match known {
                Some(reason) => {
                    reason.is_same &= reason.said == said;
                    reason.points.push(point);
                }
                None => reasons.push(Reason {
                    head,
                    said,
                    points: vec![point],
                    is_same: true,
                }),
            }
        }
    }
    let label = |point: &Point| point.place.label(&sweep.quantities);
    let said = reasons.iter().map(|reason| {
        let labels: Vec<String> = reason.points.iter().map(|it| label(it)).collect();
        let (head, at, said) = (&reason.head, listed(&labels), &reason.said);
        match reason.is_same {
            true => format!("{head} at {at}: {said}"),
            false => format!("{head} at {at}. The first of them: {said}"),
        }
    });
    let all = aborted(sweep).into_iter().chain(said);
    let all = all.chain(failed_calls(sweep));
    all.map(|said| printable(&said)).collect()
}

/// That a signal ended it, and what runs that were under way had measured.
fn aborted(sweep: &SweepReport) -> Option<String> {
    let cut_off = sweep.aborted.as_ref()?;
    let said = cut_off
        .iter()
        .map(|it| format!(" At {}: {}.", it.place.label(&sweep.quantities), it.why));
    let said: String = said.collect();
    Some(format!(
        "ABORTED: a signal ended the sweep before its time.{said}"
    ))
}

/// What is to be said of a point, each with what it is.
fn said_of(report: &Report) -> Vec<(String, String)> {
    let invalid = report.invalid.iter();
    let invalid = invalid.map(|reason| (INVALID.to_owned(), reason.clone()));
    let doubts = doubts_of_a_point(report).into_iter().map(|doubt| {
        let (head, said) = doubt.split_once(": ").unwrap_or((&doubt, ""));
        (head.to_owned(), said.to_owned())
    });
    invalid.chain(doubts).collect()
}

/// At which points calls failed of which nobody said that they may, and how many.
fn failed_calls(sweep: &SweepReport) -> Option<String> {
    let failing = sweep.points.iter();
    let failing = failing.filter(|point| point.report.has_unexpected_errors());
    let labels: Vec<String> = failing
        .map(|point| {
            let (failed, returned) = (point.report.errors.total, point.report.ops);
            let label = point.place.label(&sweep.quantities);
            let calls = counted(failed + returned, "call");
            format!("{label} ({} of {calls})", count(failed))
        })
        .collect();
    (!labels.is_empty()).then(|| {
        format!(
            "FAILED CALLS at {}: latency and throughput are of those that returned alone.",
            listed(&labels)
        )
    })
}

/// Without its figures, in which two points differ that have the same reason.
fn words(reason: &str) -> String {
    let is_figure = |word: &&str| word.contains(|c: char| c.is_ascii_digit());
    let words = reason.split_whitespace().filter(|word| !is_figure(word));
    words.collect::<Vec<_>>().join(" ")
}

/// As many as one reads.
fn listed(labels: &[String]) -> String {
    let more = labels.len().saturating_sub(MOST_POINTS);
    let shown = &labels[..labels.len() - more];
    match (shown, more) {
        ([], _) => String::new(),
        ([only], 0) => only.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (_, more) => format!(
            "{} and {}",
            shown.join(", "),
            counted(more as u64, "more point")
        ),
    }
}

/// What is not to be believed.
const INVALID: &str = "INVALID";
/// In a sentence.
const MOST_POINTS: usize = 8;
