//! The figures at the head of a page.

use std::borrow::Cow;

use crate::report::Report;
use crate::report::text::numbers::{amount, count, counted, or_na, share, time_in_words};

/// A figure that stands out.
pub struct Card {
    /// What it is.
    pub label: Cow<'static, str>,
    /// How much.
    pub value: String,
    /// Its unit, if it is not part of the value.
    pub unit: &'static str,
    /// What belongs to it.
    pub note: String,
}

/// What to see first: of the only variant, or the best of several.
pub fn of(variants: &[Report]) -> Vec<Card> {
    match variants {
        [only] => of_one(only),
        variants => of_several(variants),
    }
}

fn of_one(report: &Report) -> Vec<Card> {
    let latency = &report.latency;
    let mut cards = vec![
        Card {
            label: "Throughput".into(),
            value: or_na(report.ops_per_s, amount),
            unit: "op/s",
            note: format!(
                "{} in {}",
                counted(report.ops, "op"),
                time_in_words(report.elapsed_ns)
            ),
        },
        Card {
            label: "Latency, median".into(),
            value: or_na(latency.p50_ns, time_in_words),
            unit: "",
            note: format!("mean {}", or_na(latency.mean_ns, time_in_words)),
        },
        Card {
            label: "Latency, p99".into(),
            value: or_na(latency.p99_ns, time_in_words),
            unit: "",
            note: format!("p99.9 {}", or_na(latency.p999_ns, time_in_words)),
        },
        Card {
            label: "Longest".into(),
            value: or_na(latency.max_ns, time_in_words),
            unit: "",
            note: format!("{} in flight, mean", amount(report.littles_law[0].measured)),
        },
    ];
    let busiest = report.slices.iter().filter(|slices| slices.ops > 0);
    let busiest = busiest.max_by(|a, b| a.utilisation.total_cmp(&b.utilisation));
    cards.extend(busiest.map(|slices| Card {
        label: "Device busy".into(),
        value: share(slices.utilisation),
        unit: "",
        note: counted(slices.slices.into(), &format!("{} slice", slices.class)),
    }));
    cards.push(Card {
        label: "Errors".into(),
        value: count(report.errors.total),
        unit: "",
        note: match report.verified.applies {
            true => format!("{} verified", counted(report.verified.right, "result")),
            false => "nothing to verify".to_owned(),
        },
    });
    cards
}

fn of_several(variants: &[Report]) -> Vec<Card> {
    let label = |report: &Report| report.label().to_owned();
    let of_some = |report: &&Report| report.ops_per_s.is_some() && report.ops > 0;
    let rate = |report: &&Report| report.ops_per_s.unwrap_or(0.0);
    let fastest = variants.iter().filter(of_some);
    let fastest = fastest.max_by(|a, b| rate(a).total_cmp(&rate(b)));
    let soonest = |of: fn(&Report) -> Option<u64>| {
        let some = variants.iter().filter(|report| of(report).is_some());
        some.min_by_key(|report| of(report))
    };
    let mut cards = Vec::new();
    cards.extend(fastest.map(|it| Card {
        label: "Highest throughput".into(),
        value: or_na(it.ops_per_s, amount),
        unit: "op/s",
        note: label(it),
    }));
    for (title, of) in [
        (
            "Lowest median",
            (|it| it.latency.p50_ns) as fn(&Report) -> _,
        ),
        ("Lowest p99", |it| it.latency.p99_ns),
    ] {
        cards.extend(soonest(of).map(|it| Card {
            label: title.into(),
            value: or_na(of(it), time_in_words),
            unit: "",
            note: label(it),
        }));
    }
    let sum = |of: fn(&Report) -> u64| variants.iter().map(of).fold(0, u64::saturating_add);
    cards.push(Card {
        label: "Ops".into(),
        value: count(sum(|it| it.ops)),
        unit: "",
        note: format!("{} variants", variants.len()),
    });
    cards.push(Card {
        label: "Errors".into(),
        value: count(sum(|it| it.errors.total)),
        unit: "",
        note: format!(
            "{} verified",
            counted(sum(|it| it.verified.right), "result")
        ),
    });
    cards
}
