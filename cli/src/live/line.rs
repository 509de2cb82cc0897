//! How a run goes, in one plain line: for logs, and for those who look at none.

use super::snapshot::Snapshot;
use super::words::{percent, rate, span, time};
use crate::report::numbers::count;

/// The line of `snapshot`.
pub fn of(snapshot: &Snapshot) -> String {
    let now = &snapshot.now;
    let mut parts: Vec<String> = snapshot.subject.variant.iter().cloned().collect();
    parts.push(format!("{} s", snapshot.real.as_secs()));
    if snapshot.subject.is_virtual {
        let simulated = std::time::Duration::from_nanos(snapshot.elapsed.get());
        parts.push(format!("simulated {}", span(simulated)));
    }
    parts.push(rate(now.ops_per_s));
    if now.latency.count() > 0 {
        for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
            parts.push(format!("{name} {}", time(now.latency.quantile(quantile))));
        }
    }
    parts.push(format!("in flight {}", count(snapshot.in_flight)));
    if let Some(share) = snapshot.busiest() {
        parts.push(format!("util {}", percent(share)));
    }
    let arrivals = &snapshot.arrivals;
    for (number, what) in [
        (snapshot.errors, "errors"),
        (arrivals.late, "late"),
        (arrivals.dropped, "dropped"),
    ] {
        if number > 0 {
            parts.push(format!("{what} {}", count(number)));
        }
    }
    if snapshot.is_warming_up {
        parts.push("warming up".to_owned());
    }
    if snapshot.is_ending {
        parts.push("ending".to_owned());
    }
    parts.join("  ")
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::tests::{closed, open, simulated};
    use super::*;

    #[test]
    fn a_line_says_what_one_looks_for() {
        assert_eq!(
            of(&closed()),
            "12 s  61.2 k/s  p50 1.04 ms  p99 2.31 ms  in flight 63  util 99 %"
        );
        assert_eq!(
            of(&simulated()),
            "12 s  simulated 3.0 s  61.2 k/s  p50 1.04 ms  p99 2.31 ms  in flight 63  util 99 %"
        );
        assert_eq!(
            of(&open()),
            "12 s  61.2 k/s  p50 1.04 ms  p99 2.31 ms  in flight 63  util 99 %  errors 3  \
             late 1,200  dropped 7  warming up"
        );
    }

    #[test]
    fn one_of_several_runs_has_its_name() {
        let mut one = closed();
        one.subject.variant = Some("jobs=64".to_owned());
        assert!(of(&one).starts_with("jobs=64  12 s  61.2 k/s"));
    }

    #[test]
    fn a_run_that_is_being_ended_says_so() {
        let mut ending = closed();
        ending.is_ending = true;
        assert!(of(&ending).ends_with("util 99 %  ending"));
    }

    #[test]
    fn of_nothing_there_is_no_latency() {
        let mut nothing = closed();
        nothing.now.latency = crate::report::Series::coarse();
        nothing.now.ops_per_s = 0.0;
        assert_eq!(of(&nothing), "12 s  0.00 /s  in flight 63  util 99 %");
    }
}
