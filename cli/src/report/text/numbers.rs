//! Numbers for humans: rounded to what can be read at a glance. JSON has them in full.

use pausewake_device::Nanos;

/// A time, to three significant digits: `438µs`, `1.06ms`. Units stand below each other in a column
/// of figures, because the one that is a letter short is followed by a space.
pub fn time(time_ns: u64) -> String {
    let ns = Nanos::new(time_ns).as_f64();
    if time_ns < 1_000 {
        return format!("{time_ns}ns");
    }
    for (unit, length_ns) in [("µs", 1e3), ("ms", 1e6)] {
        // What would be rounded to 1000 is one of the next unit.
        if ns / length_ns < 999.5 {
            return format!("{}{unit}", three_digits(ns / length_ns));
        }
    }
    format!("{}s ", three_digits(ns / 1e9))
}

/// What `show` makes of a figure; `n/a` where there was nothing to measure.
pub fn or_na<T>(figure: Option<T>, show: impl Fn(T) -> String) -> String {
    figure.map_or_else(|| "n/a".to_owned(), show)
}

/// A time within a sentence.
pub fn time_in_words(time_ns: u64) -> String {
    time(time_ns).trim_end().to_owned()
}

/// A count, with its thousands apart: `10,000`.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and what is counted: `1 op`, `2 ops`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// `3`, `1 to 5, 7`: what `numbers` there are, in ascending order.
pub fn ranges(numbers: &[u64]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let mut ranges: Vec<[u64; 2]> = Vec::new();
    for number in sorted {
        match ranges.last_mut() {
            Some([_, last]) if number - *last <= 1 => *last = number,
            _ => ranges.push([number, number]),
        }
    }
    let said = ranges.into_iter().map(|[first, last]| match first == last {
        true => first.to_string(),
        false => format!("{first} to {last}"),
    });
    said.collect::<Vec<_>>().join(", ")
}

/// A rate or a mean: three significant digits at least, whole from 100 on: `0.985`, `2,593`.
pub fn amount(value: f64) -> String {
    if value < 0.999_5 {
        return format!("{value:.3}");
    }
    if value < 99.95 {
        return three_digits(value);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive, and saturating"
    )]
    count(value.round() as u64)
}

/// A part of a whole: `98.9 %`.
pub fn share(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

/// `part` of `whole`.
#[expect(clippy::cast_precision_loss, reason = "shown to one decimal")]
pub fn share_of(part: u64, whole: u64) -> String {
    share(part as f64 / whole.max(1) as f64)
}

/// A difference from what was expected: `+1.25 %`; `0.00 %` if it cannot be seen.
pub fn difference(part: f64) -> String {
    let percent = (part * 1e4).round() / 100.0;
    if percent == 0.0 {
        return "0.00 %".to_owned();
    }
    format!("{percent:+.2} %")
}

fn three_digits(value: f64) -> String {
    let decimals = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_beside_each_other_are_a_range() {
        assert_eq!(ranges(&[7]), "7");
        assert_eq!(
            ranges(&[3, 1, 2, 2, 9, 7, 8, u64::MAX]),
            format!("1 to 3, 7 to 9, {}", u64::MAX)
        );
    }

    #[test]
    fn times_have_three_digits_and_the_unit_that_fits() {
        for (ns, text) in [
            (0, "0ns"),
            (999, "999ns"),
            (1_000, "1.00µs"),
            (9_994, "9.99µs"),
            (9_996, "10.0µs"),
            (438_000, "438µs"),
            (999_499, "999µs"),
            (999_501, "1.00ms"),
            (24_550_000, "24.6ms"),
            (1_234_000_000, "1.23s "),
            (5_000_000_000_000, "5000s "),
        ] {
            assert_eq!(time(ns), text);
        }
        assert_eq!(time_in_words(2_000_000_000), "2.00s");
    }

    #[test]
    fn counts_and_amounts_can_be_read() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (10_000, "10,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), text);
        }
        assert_eq!(
            (counted(1, "op"), counted(2, "op")),
            ("1 op".into(), "2 ops".into())
        );
        for (value, text) in [
            (0.0, "0.000"),
            (0.0123, "0.012"),
            (0.999_6, "1.00"),
            (63.98, "64.0"),
            (99.97, "100"),
            (2_593.24, "2,593"),
        ] {
            assert_eq!(amount(value), text);
        }
    }

    #[test]
    fn shares_and_differences_are_percents() {
        assert_eq!(share_of(1, 3), "33.3 %");
        assert_eq!(share_of(0, 0), "0.0 %");
        assert_eq!(difference(0.0125), "+1.25 %");
        assert_eq!(difference(-0.5), "-50.00 %");
        assert_eq!(difference(-0.000_01), "0.00 %");
    }
}
