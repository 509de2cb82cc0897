//! Values of a quantity that is swept, as flags say them.

/// The values that `text` says: a list of numbers and ranges, in ascending order, each once. `1..1024`
/// doubles, `1..1024x4` goes by that factor, `10k..200k+10k` by that step; the end belongs to it.
///
/// # Errors
/// What is wrong with it, in words.
pub fn numbers(text: &str, units: &[(&str, u64)]) -> Result<Vec<u64>, String> {
    let mut values = Vec::new();
    for item in text.split(',') {
        values.extend(range(item.trim(), units)?);
        if values.len() > MOST_VALUES {
            return Err(format!("more than {MOST_VALUES} values"));
        }
    }
    values.sort_unstable();
    values.dedup();
    Ok(values)
}

/// How a range comes from one value to the next.
enum Step {
    Times(u64),
    Plus(u64),
}

fn range(item: &str, units: &[(&str, u64)]) -> Result<Vec<u64>, String> {
    let Some((first, rest)) = item.split_once("..") else {
        return Ok(vec![number(item, units)?]);
    };
    let (last, step) = match rest.find(['x', '×', '+']) {
        None => (rest, Step::Times(2)),
        Some(at) => {
            let (last, step) = rest.split_at(at);
            let by = step.trim_start_matches(['x', '×', '+']);
            let by = number(by, units)?;
            let step = if step.starts_with('+') {
                Step::Plus(by)
            } else {
                Step::Times(by)
            };
            (last, step)
        }
    };
    let (first, last) = (number(first, units)?, number(last, units)?);
    match step {
        _ if first > last => return Err(format!("`{item}` ends before it begins")),
        Step::Plus(0) => return Err(format!("`{item}` goes in steps of nothing")),
        Step::Times(0 | 1) => return Err(format!("`{item}` needs a factor of 2 at least")),
        Step::Times(_) if first == 0 => {
            return Err(format!("`{item}` multiplies nothing: it begins at 0"));
        }
        _ => {}
    }
    let next = |value: &u64| match step {
        Step::Times(by) => value.checked_mul(by),
        Step::Plus(by) => value.checked_add(by),
    };
    let values = std::iter::successors(Some(first), next).take_while(|value| *value < last);
    // One more than is allowed is enough to be told.
    let mut values: Vec<u64> = values.take(MOST_VALUES + 1).collect();
    values.push(last);
    Ok(values)
}

fn number(text: &str, units: &[(&str, u64)]) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = &text[digits.len()..];
    let factor = match units.iter().find(|(name, _)| *name == unit) {
        Some((_, factor)) => *factor,
        None if unit.is_empty() => 1,
        None => {
            return Err(format!(
                "`{text}` is no number with a unit that is known here"
            ));
        }
    };
    let number = digits.parse::<u64>().ok();
    let scaled = number.and_then(|number| number.checked_mul(factor));
    scaled.ok_or_else(|| format!("`{text}` is no whole number"))
}

/// Of things, and of things each second.
pub const COUNTS: [(&str, u64); 4] = [("k", 1_000), ("M", 1_000_000), ("/s", 1), ("k/s", 1_000)];
/// Of bytes.
pub const BYTES: [(&str, u64); 7] = [
    ("B", 1),
    ("k", 1 << 10),
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
            ("10k..30k+10k", &[10_000, 20_000, 30_000]),
            ("0..2+1", &[0, 1, 2]),
            ("8,1..4, 2", &[1, 2, 4, 8]),
            ("5..5", &[5]),
        ] {
            assert_eq!(numbers(text, &COUNTS).unwrap(), values, "{text}");
        }
        assert_eq!(numbers("16K,2KiB", &BYTES).unwrap(), [2_048, 16_384]);
    }

    #[test]
    fn what_is_no_range_is_told() {
        for (text, wrong) in [
            ("", "no whole number"),
            ("..", "no whole number"),
            ("4..1", "ends before"),
            ("1..4+0", "steps of nothing"),
            ("1..4x1", "factor of 2"),
            ("0..4", "multiplies nothing"),
            ("1..4y", "no number with a unit"),
            ("1.5k", "no whole number"),
            ("-1", "no whole number"),
            ("99999999999999999999", "no whole number"),
            ("18446744073709551615k", "no whole number"),
            ("1..20000+1", "more than 10000"),
            ("0..18446744073709551615+1", "more than 10000"),
        ] {
            let told = numbers(text, &COUNTS).expect_err(text);
            assert!(told.contains(wrong), "{text}: {told}");
        }
    }
}
