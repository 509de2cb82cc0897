//! Values of a quantity that is swept, as flags say them.

use crate::report::Value;

/// The values that `text` says: a list of numbers and ranges, in ascending order, each once. `1..1024`
/// doubles, `1..1024x4` goes by that factor, `10k..200k+10k` by that step; the end belongs to it. `number`
/// reads a single one.
///
/// # Errors
/// What is wrong with it, in words.
pub fn numbers<N: Number>(
    text: &str,
    number: impl Fn(&str) -> Result<N, String>,
) -> Result<Vec<N>, String> {
    let mut values = Vec::new();
    for item in text.split(',') {
        values.extend(range(item.trim(), &number)?);
        if values.len() > MOST_VALUES {
            return Err(format!("more than {MOST_VALUES} values"));
        }
    }
    values.sort_by(|a, b| a.partial_cmp(b).expect("numbers are no NaN"));
    values.dedup();
    Ok(values)
}

/// What ranges are made of.
pub trait Number: Copy + PartialOrd {
    /// The least factor by which a range goes.
    const LEAST_FACTOR: &'static str;

    /// Zero.
    const ZERO: Self;

    /// That by which a range goes if it does not say.
    const TWO: Self;

    /// Whether a range can go by it as a factor.
    fn is_factor(self) -> bool;

    /// `None` of what is too large.
    fn times(self, by: Self) -> Option<Self>;

    /// `None` of what is too large.
    fn plus(self, by: Self) -> Option<Self>;
}

impl Number for u64 {
    const LEAST_FACTOR: &'static str = "a factor of 2 at least";
    const ZERO: Self = 0;
    const TWO: Self = 2;

    fn is_factor(self) -> bool {
        self >= 2
    }

    fn times(self, by: Self) -> Option<Self> {
        self.checked_mul(by)
    }

    fn plus(self, by: Self) -> Option<Self> {
        self.checked_add(by)
    }
}

impl Number for f64 {
    const LEAST_FACTOR: &'static str = "a factor above 1";
    const ZERO: Self = 0.0;
    const TWO: Self = 2.0;

    fn is_factor(self) -> bool {
        self > 1.0
    }

    fn times(self, by: Self) -> Option<Self> {
        Some(rounded(self * by))
    }

    fn plus(self, by: Self) -> Option<Self> {
        Some(rounded(self + by))
    }
}

/// To ten digits, so that steps of 0.1 are what they are called.
fn rounded(value: f64) -> f64 {
    format!("{value:.9e}").parse().unwrap_or(value)
}

/// How a range comes from one value to the next.
enum Step<N> {
    Times(N),
    Plus(N),
}

fn range<N: Number>(
    item: &str,
    number: impl Fn(&str) -> Result<N, String>,
) -> Result<Vec<N>, String> {
    let Some((first, rest)) = item.split_once("..") else {
        return Ok(vec![number(item)?]);
    };
    let (last, step) = match rest.find(['x', '×', '+']) {
        None => (rest, Step::Times(N::TWO)),
        Some(at) => {
            let (last, step) = rest.split_at(at);
            // It may stand apart: `1..1024 (x2)`.
            let last = last.trim_end().trim_end_matches('(');
            let mut sign = step.trim_end_matches(')').chars();
            let is_plus = sign.next() == Some('+');
            let by = number(sign.as_str())?;
            let step = if is_plus {
                Step::Plus(by)
            } else {
                Step::Times(by)
            };
            (last, step)
        }
    };
    let (first, last) = (number(first)?, number(last)?);
    match step {
        _ if first > last => return Err(format!("`{item}` ends before it begins")),
        Step::Plus(by) if by <= N::ZERO => {
            return Err(format!("`{item}` goes in steps of nothing"));
        }
        Step::Times(by) if !by.is_factor() => {
            return Err(format!("`{item}` needs {}", N::LEAST_FACTOR));
        }
        Step::Times(_) if first <= N::ZERO => {
            return Err(format!("`{item}` multiplies nothing: it begins at 0"));
        }
        _ => {}
    }
    let next = |value: &N| match step {
        Step::Times(by) => value.times(by),
        Step::Plus(by) => value.plus(by),
    };
    let values = std::iter::successors(Some(first), next).take_while(|value| *value < last);
    // One more than is allowed is enough to be told.
    let mut values: Vec<N> = values.take(MOST_VALUES + 1).collect();
    values.push(last);
    Ok(values)
}

/// A whole number, which may have one of `units`.
pub fn whole(text: &str, units: &[(&str, u64)]) -> Result<u64, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(MISSING.to_owned());
    }
    let (number, unit) = text.split_at(crate::units::len_of_number(text));
    if number.is_empty() {
        return Err(format!("`{text}` is no whole number"));
    }
    let factor = match units.iter().find(|(name, _)| *name == unit) {
        Some((_, factor)) => *factor,
        None if unit.is_empty() => 1,
        None => {
            let known: Vec<&str> = units.iter().map(|(name, _)| *name).collect();
            let known = known.join(", ");
            return Err(format!("`{text}` has a unit that is none of {known}"));
        }
    };
    let whole = crate::load::whole(number);
    let scaled = match whole {
        Some(number) => number.checked_mul(factor),
        None => crate::load::whole_times(number, factor),
    };
    scaled.ok_or_else(|| format!("`{text}` is no whole number"))
}

/// A rate per second, as `pausewake load` takes it.
pub fn rate(text: &str) -> Result<f64, String> {
    let rate = crate::args::per_second(text);
    let rate = rate.map_err(|error| match text.trim() {
        "" => MISSING.to_owned(),
        text => format!("`{text}`: {}", error.wrong()),
    })?;
    Ok(rounded(rate.per_second()))
}

/// `rate` as a value of a sweep: whole, if it is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, above zero, and below 2^53"
)]
pub fn of_rate(rate: f64) -> Value {
    match rate.fract() == 0.0 && rate < 2_f64.powi(53) {
        true => Value::Number(rate as u64),
        false => Value::Fraction(rate),
    }
}

const MISSING: &str = "a number is missing";
/// Of things.
pub const COUNTS: [(&str, u64); 3] = [("k", 1_000), ("K", 1_000), ("M", 1_000_000)];
/// Of bytes.
pub const BYTES: [(&str, u64); 6] = [
    ("B", 1),
    ("K", 1 << 10),
    ("KiB", 1 << 10),
    ("M", 1 << 20),
    ("MiB", 1 << 20),
    ("KB", 1_000),
];
/// Of one quantity, and points of a sweep.
pub const MOST_VALUES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_double_multiply_and_add() {
        for (text, values) in [
            ("7", &[7][..]),
            ("1..16", &[1, 2, 4, 8, 16]),
            ("1..10", &[1, 2, 4, 8, 10]),
            ("1..100x10", &[1, 10, 100]),
            ("1..100×10", &[1, 10, 100]),
            ("1..100 x10", &[1, 10, 100]),
            ("1..100 (×10)", &[1, 10, 100]),
            ("10k..30k+10k", &[10_000, 20_000, 30_000]),
            ("0..2+1", &[0, 1, 2]),
            ("8,1..4, 2", &[1, 2, 4, 8]),
            ("5..5", &[5]),
        ] {
            assert_eq!(counts(text).unwrap(), values, "{text}");
        }
        let bytes = numbers("16K,2KiB", |text| whole(text, &BYTES));
        assert_eq!(bytes.unwrap(), [2_048, 16_384]);
    }

    fn counts(text: &str) -> Result<Vec<u64>, String> {
        numbers(text, |text| whole(text, &COUNTS))
    }

    #[test]
    fn rates_are_those_of_a_load() {
        for (text, values) in [
            ("0.5", &[0.5][..]),
            ("0.5..4", &[0.5, 1.0, 2.0, 4.0]),
            ("0.1..0.4+0.1", &[0.1, 0.2, 0.3, 0.4]),
            ("1..3.375x1.5", &[1.0, 1.5, 2.25, 3.375]),
            ("1.5k,8k/s,0.002M", &[1_500.0, 2_000.0, 8_000.0]),
        ] {
            assert_eq!(numbers(text, rate).unwrap(), values, "{text}");
        }
        for (text, wrong) in [
            ("0", "above zero"),
            ("0..4", "above zero"),
            ("1..4x1", "factor above 1"),
            ("-1", "does not begin with a number"),
            ("1..x2", "a number is missing"),
            ("fast", "does not begin with a number"),
        ] {
            let told = numbers(text, rate).expect_err(text);
            assert!(told.contains(wrong), "{text}: {told}");
        }
        assert_eq!(of_rate(8_000.0), Value::Number(8_000));
        assert_eq!(of_rate(0.5), Value::Fraction(0.5));
    }

    #[test]
    fn what_is_no_range_is_told() {
        for (text, wrong) in [
            ("", "a number is missing"),
            ("..", "a number is missing"),
            ("1,,4", "a number is missing"),
            ("4..1", "ends before"),
            ("1..4+0", "steps of nothing"),
            ("1..4x1", "factor of 2"),
            ("0..4", "multiplies nothing"),
            ("1..4y", "a unit that is none of k, K, M"),
            ("1.0005k", "no whole number"),
            ("-1", "no whole number"),
            ("1..8xx2", "no whole number"),
            ("99999999999999999999", "no whole number"),
            ("18446744073709551615k", "no whole number"),
            ("1..20000+1", "more than 10000"),
            ("0..18446744073709551615+1", "more than 10000"),
        ] {
            let told = counts(text).expect_err(text);
            assert!(told.contains(wrong), "{text}: {told}");
        }
    }
}
