//! Numbers and colours for those who look on.

use std::time::Duration;

use console::Style;
use pausewake_device::Nanos;

use crate::report::numbers;

/// A time, to three significant digits: `1.04 ms`.
pub fn time(time: Nanos) -> String {
    let text = numbers::time_in_words(time.get());
    let unit = text.find(|it: char| !it.is_ascii_digit() && it != '.');
    let (digits, unit) = text.split_at(unit.unwrap_or(text.len()));
    format!("{digits} {unit}")
}

/// A rate, to three significant digits: `61.2 k/s`.
pub fn rate(per_s: f64) -> String {
    let (value, unit) = match per_s {
        v if v < 999.5 => (v, ""),
        v if v < 999.5e3 => (v / 1e3, "k"),
        v if v < 999.5e6 => (v / 1e6, "M"),
        v => (v / 1e9, "G"),
    };
    let decimals = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {unit}/s")
}

/// A share in whole percents: `99 %`. What is not all is never 100.
pub fn percent(share: f64) -> String {
    let percent = (share * 100.0).round();
    let shown = if share < 1.0 {
        percent.min(99.0)
    } else {
        percent
    };
    format!("{shown:.0} %")
}

/// A time that somebody waits for: `4.2 s`, `38 s`, `2 min 05 s`, `3 h 20 min`.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=9 => format!("{:.1} s", time.as_secs_f64()),
        10..=59 => format!("{seconds} s"),
        60..=3_599 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    has_colours: bool,
}

impl Paint {
    /// As standard error and its user want it.
    pub fn of_terminal() -> Self {
        Self {
            has_colours: console::colors_enabled_stderr(),
        }
    }

    /// Plain text.
    #[cfg(test)]
    pub fn plain() -> Self {
        Self { has_colours: false }
    }

    /// What is named, beside its figures.
    pub fn label(self, text: &str) -> String {
        self.with(Style::new().dim(), text)
    }

    /// What one looks for first.
    pub fn strong(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// What is done, or busy.
    pub fn done(self, text: &str) -> String {
        self.with(Style::new().green(), text)
    }

    /// What should not be.
    pub fn wrong(self, text: &str) -> String {
        self.with(Style::new().red().bold(), text)
    }

    /// Something that is being said, not measured.
    pub fn notice(self, text: &str) -> String {
        self.with(Style::new().yellow(), text)
    }

    fn with(self, style: Style, text: &str) -> String {
        style
            .force_styling(self.has_colours)
            .apply_to(text)
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_can_be_read_in_passing() {
        assert_eq!(time(Nanos::new(1_043_000)), "1.04 ms");
        assert_eq!(time(Nanos::new(12)), "12 ns");
        assert_eq!(time(Nanos::from_secs(2)), "2.00 s");
        for (per_s, text) in [
            (0.0, "0.00 /s"),
            (999.4, "999 /s"),
            (61_234.0, "61.2 k/s"),
            (999_600.0, "1.00 M/s"),
            (2_500_000.0, "2.50 M/s"),
        ] {
            assert_eq!(rate(per_s), text);
        }
        for (share, text) in [
            (0.0, "0 %"),
            (0.994, "99 %"),
            (0.999, "99 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(percent(share), text);
        }
        for (ms, text) in [
            (4_230, "4.2 s"),
            (38_900, "38 s"),
            (125_000, "2 min 05 s"),
            (12_000_000, "3 h 20 min"),
        ] {
            assert_eq!(span(Duration::from_millis(ms)), text);
        }
    }
}
