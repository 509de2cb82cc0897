//! Little's law (J. D. C. Little, *A Proof for the Queuing Formula: L = λW*, 1961) as a check of the
//! figures on each other.
//!
//! L is counted where things come and go: calls when they begin and when they end in any way, ops when
//! the device fetches them and is done. λ and W come from what had a result. Under virtual time the
//! two agree to rounding, unless calls came that had none (refused, timed out, abandoned, failed). By
//! the wall clock those of the device differ by what the stamps of the two sides do.
//!
//! Behind a warm-up, both count of what was in the middle then the rest alone.

use pausewake_device::Nanos;

use super::parts::{Little, Name};
use super::samples::Samples;

/// The law for calls in flight and for the device, in a run that took `elapsed`.
pub fn littles_law(samples: &Samples, elapsed: Nanos) -> [Little; 2] {
    let totals = &samples.totals;
    [
        little(
            "calls".into(),
            float(totals.calls_in_flight_ns),
            totals.told_calls_ns,
            elapsed,
        ),
        little(
            "device".into(),
            float(totals.in_device_ns),
            totals.told_service_ns,
            elapsed,
        ),
    ]
}

/// λ · W is (ops / elapsed) · (time of all ops / ops), so the number of ops falls out.
fn little(system: Name, integral_ns: f64, told_ns: u128, elapsed: Nanos) -> Little {
    let over_time = |sum_ns: f64| match elapsed {
        Nanos::ZERO => 0.0,
        elapsed => sum_ns / elapsed.as_f64(),
    };
    let (measured, expected) = (over_time(integral_ns), over_time(float(told_ns)));
    let difference = (expected > 0.0).then(|| to_millionths(measured / expected - 1.0));
    Little {
        system,
        measured: to_millionths(measured),
        expected: to_millionths(expected),
        difference,
    }
}

/// So that JSON shows no digits that mean nothing. Never a negative zero.
pub fn to_millionths(value: f64) -> f64 {
    (value * 1e6).round() / 1e6 + 0.0
}

#[expect(clippy::cast_precision_loss, reason = "shown to a millionth at most")]
fn float<T: TryInto<i128>>(sum_ns: T) -> f64 {
    sum_ns.try_into().unwrap_or(i128::MAX) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_law_is_off_by_what_never_returned() {
        let elapsed = Nanos::new(1_000);
        let holds = little("calls".into(), 2_500.0, 2_500, elapsed);
        assert_eq!((holds.measured, holds.expected), (2.5, 2.5));
        assert_eq!(holds.difference, Some(0.0));
        let lost = little("calls".into(), 3_000.0, 2_500, elapsed);
        assert_eq!((lost.measured, lost.difference), (3.0, Some(0.2)));
        let nothing = little("device".into(), 0.0, 0, Nanos::ZERO);
        assert_eq!((nothing.measured, nothing.difference), (0.0, None));
        assert!(to_millionths(-1e-9).is_sign_positive());
    }
}
