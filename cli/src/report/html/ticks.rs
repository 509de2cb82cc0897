//! Round numbers along an axis, and the words for them.

use pausewake_device::Nanos;

/// A unit of time that suits values up to some longest one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeUnit {
    /// Its symbol.
    pub name: &'static str,
    /// Its length, ns.
    pub length_ns: f64,
}

impl TimeUnit {
    /// The largest of which there are two or more.
    pub fn of(longest: Nanos) -> Self {
        let units = [("s", 1e9), ("ms", 1e6), ("µs", 1e3)];
        let fits = units.iter().find(|(_, ns)| longest.as_f64() >= 2.0 * ns);
        let (name, length_ns) = fits.copied().unwrap_or(("ns", 1.0));
        Self { name, length_ns }
    }

    /// `time` in this unit.
    pub fn of_time(self, time: Nanos) -> f64 {
        time.as_f64() / self.length_ns
    }
}

/// A number as short as it can be said: `0.25`, `40k`, `1.5M`.
pub fn short(value: f64) -> String {
    let size = value.abs();
    let (divided, suffix) = match size {
        _ if size >= 1e9 => (value / 1e9, "G"),
        _ if size >= 1e6 => (value / 1e6, "M"),
        _ if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    // What is left of a sum of tenths is not shown.
    let rounded = (divided * 1e4).round() / 1e4 + 0.0;
    format!("{rounded}{suffix}")
}

/// A round end of an axis, at or above `most`: 1, 2, 2.5 or 5 times a power of ten, or a few of such steps.
pub fn round_end(most: f64) -> f64 {
    if most <= 0.0 || !most.is_finite() {
        return 1.0;
    }
    let step = step(most);
    // A bit of room above the highest value.
    (most * 1.02 / step).ceil() * step
}

/// Steps along an axis from zero to `end`: about five.
fn step(most: f64) -> f64 {
    let raw = most / 5.0;
    let power = 10_f64.powf(raw.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    let step = steps.iter().find(|step| *step * power >= raw * 0.999);
    step.copied().unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_round_and_above_everything() {
        for (most, end) in [
            (0.0, 1.0),
            (0.97, 1.0),
            (1.0, 1.2),
            (65_901.0, 80_000.0),
            (4.3, 5.0),
            (438.0, 500.0),
        ] {
            let got = round_end(most);
            assert!((got - end).abs() < 1e-9, "{most}: {got}, not {end}");
        }
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.1 + 0.2, "0.3"),
            (9_500.0, "9500"),
            (40_000.0, "40k"),
            (1_500_000.0, "1.5M"),
        ] {
            assert_eq!(short(value), text);
        }
        assert_eq!(TimeUnit::of(Nanos::new(1_500)).name, "ns");
        assert_eq!(TimeUnit::of(Nanos::from_millis(3)).name, "ms");
    }
}
