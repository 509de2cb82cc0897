//! The table for humans, which fits 80 columns, and the object for programs.

use std::fmt::Write;

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::machine::Machine;
use crate::row::{Bound, Of, Reach, Row, Unit, Verdict};
use crate::summary::Summary;

/// Everything that was measured, and where.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// Whether figures were wanted (`full`) or only a look that everything works (`quick`).
    pub effort: &'static str,
    /// What.
    pub rows: Vec<Row>,
}

impl Report {
    /// For programs.
    ///
    /// # Errors
    /// A figure that JSON has no words for.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// For humans.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}", self.heading(), self.table());
        text.push('\n');
        for line in self.notes() {
            wrap(&line, &mut text);
        }
        text
    }

    fn heading(&self) -> String {
        let machine = &self.machine;
        let load = machine
            .load_average
            .map_or("unknown".to_owned(), |load| load.to_string());
        let libcrypto = match (&machine.libcrypto, &machine.libcrypto_absent) {
            (Some(version), _) => version.clone(),
            (None, Some(reason)) => format!("ABSENT, so rows have no ratio to it: {reason}"),
            (None, None) => "ABSENT".to_owned(),
        };
        let mut text = String::new();
        for (head, line) in [
            (
                "machine",
                format!("{}, {} cores", machine.cpu, machine.cores),
            ),
            ("kernel", format!("{}, load average {load}", machine.kernel)),
            (
                "rustc",
                format!("{}, {} build", machine.rustc, machine.profile),
            ),
            ("commit", machine.commit.clone()),
            ("libcrypto", libcrypto),
        ] {
            wrap(&format!("{head:<10} {line}"), &mut text);
        }
        if self.effort != "full" || machine.profile != "release" {
            text.push_str("THESE FIGURES MEAN NOTHING: a quick run, or a debug build\n");
        }
        text
    }

    fn table(&self) -> String {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH)
            .set_header(["", "ours", "±", "beside", "", "ratio", "reach", "met"]);
        for row in &self.rows {
            let peer = row.peer.as_ref();
            let figure = |summary: &Summary| format_figure(summary.median, row.unit);
            table.add_row([
                row.name.clone(),
                row.ours.as_ref().map_or("-".to_owned(), figure),
                row.ours.as_ref().map_or(String::new(), spread),
                peer.map_or(String::new(), |peer| peer.name.to_owned()),
                peer.map_or(String::new(), |peer| figure(&peer.figure)),
                row.ratio.map_or(String::new(), format_ratio),
                row.reach
                    .map_or(String::new(), |reach| format_reach(reach, row.unit)),
                verdict(row.verdict).to_owned(),
            ]);
        }
        for index in [1, 2, 4, 5] {
            if let Some(column) = table.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 1));
        }
        let lines = table.lines().map(|line| line.trim_end().to_owned() + "\n");
        lines.collect()
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = vec![
            "Medians; ± is half the distance of the quartiles. The ratio is the median of the \
             rounds' own ratios, in which both sides take turns."
                .to_owned(),
        ];
        for row in &self.rows {
            let aim = row.reach.and_then(|reach| reach.aim);
            let aim = aim.map(|aim| format!("aims at a ratio of {aim:.2} ('aim': reached)"));
            for note in aim.iter().chain(&row.notes) {
                notes.push(format!("{}: {note}", row.name));
            }
        }
        notes
    }
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Aim => "aim",
        Verdict::Met => "yes",
        Verdict::Missed => "NO",
        Verdict::NoReach => "",
        Verdict::NotMeasured => "n/a",
        Verdict::Failed => "FAIL",
    }
}

fn spread(summary: &Summary) -> String {
    match summary.repetitions {
        0 | 1 => String::new(),
        _ => format!("{:.0}%", summary.spread() * 100.0),
    }
}

/// Four digits or less, with a unit.
fn format_figure(figure: f64, unit: Unit) -> String {
    let (value, suffix) = match unit {
        Unit::Ns => scaled(figure, &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")]),
        Unit::PerS => scaled(figure, &[(1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")]),
        Unit::Bytes => (figure, "B"),
    };
    let decimals = match value.abs() {
        value if value >= 1_000.0 || value.fract() == 0.0 => 0,
        value if value >= 100.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$} {suffix}")
}

/// In the largest unit that keeps the figure at or above one, or in the smallest.
fn scaled(figure: f64, units: &[(f64, &'static str)]) -> (f64, &'static str) {
    let fitting = units.iter().find(|(size, _)| figure.abs() >= *size);
    fitting
        .or(units.last())
        .map_or((figure, ""), |(size, suffix)| (figure / size, *suffix))
}

/// Three digits or more, without zeros at the end.
fn format_ratio(ratio: f64) -> String {
    let decimals = match ratio {
        ratio if ratio >= 100.0 => return format!("{ratio:.0}"),
        ratio if ratio >= 10.0 => 1,
        ratio if ratio >= 1.0 => 2,
        _ => 3,
    };
    let digits = format!("{ratio:.decimals$}");
    digits
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

fn format_reach(reach: Reach, unit: Unit) -> String {
    let sign = match reach.bound {
        Bound::AtMost => "≤",
        Bound::AtLeast => "≥",
    };
    match reach.of {
        Of::Ratio => format!("{sign} {}", format_ratio(reach.limit)),
        Of::Median => format!("{sign} {}", format_figure(reach.limit, unit)),
    }
}

/// Appends `line`, broken at spaces so that it fits.
fn wrap(line: &str, out: &mut String) {
    let mut column = 0;
    for word in line.split(' ') {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > usize::from(WIDTH) {
            out.push_str("\n    ");
            column = 4;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        let _ = write!(out, "{word}");
        column += width;
    }
    out.push('\n');
}

const WIDTH: u16 = 80;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;
    use crate::measure::Rounds;

    fn report(rows: Vec<Row>, libcrypto: Result<String, String>) -> Report {
        Report {
            machine: Machine {
                cpu: "A Processor With An Unusually Long Name That Nobody Would Ever Choose"
                    .to_owned(),
                ..Machine::of(libcrypto)
            },
            effort: "full",
            rows,
        }
    }

    fn widest() -> Row {
        let rounds = Rounds {
            ours: vec![123_456_789.0; 3],
            peer: vec![987_654.0; 3],
        };
        Row::new("latency/adaptive/100us", Unit::Ns)
            .with_rounds(&rounds, "libcrypto")
            .reaching(Reach::ratio_at_most(1.0 / 2.5).aiming_at(1.0 / 3.0))
            .noting(
                "a note that is so long that it cannot stand on one line of eighty columns alone",
            )
    }

    #[test]
    fn the_table_fits_eighty_columns_and_no_row_is_broken() {
        let text = report(vec![widest()], Ok("OpenSSL".to_owned())).to_text();
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{text}"
        );
        let row = text
            .lines()
            .find(|line| line.starts_with("latency/adaptive/100us"));
        let row: Vec<&str> = row.expect("it is there").split_whitespace().collect();
        let expected = "latency/adaptive/100us 123.5 ms 0% libcrypto 987.7 µs 125 ≤ 0.4 NO";
        assert_eq!(row.join(" "), expected);
    }

    #[test]
    fn an_absent_peer_is_said_in_the_heading_the_row_and_the_json() {
        let reason = "libcrypto.so.3 cannot be loaded";
        let rounds = Rounds {
            ours: vec![10.0],
            peer: vec![],
        };
        let row = Row::new("start-finish", Unit::Ns)
            .reaching(Reach::ratio_at_most(0.25))
            .with_rounds(&rounds, "libcrypto")
            .noting(format!("no ratio: {reason}"));
        let report = report(vec![row], Err(reason.to_owned()));
        let text = report.to_text();
        assert!(
            text.contains("ABSENT") && text.contains("no ratio"),
            "{text}"
        );
        let json = report.to_json().expect("it can be said");
        let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(json["machine"]["libcrypto"], serde_json::Value::Null);
        assert_eq!(json["machine"]["libcrypto_absent"], reason);
        let row = &json["rows"][0];
        assert_eq!(row["ratio"], serde_json::Value::Null);
        assert_eq!(row["verdict"], "not_measured");
        assert_eq!(row["ours"]["median"], 10.0);
    }

    #[test]
    fn a_row_without_figures_says_why() {
        let row = Row::new("memory", Unit::Bytes).failed(&Failure::unavailable("no /proc"));
        let text = report(vec![row], Ok("OpenSSL".to_owned())).to_text();
        assert!(text.contains("memory: not measured: no /proc"), "{text}");
        assert!(text.contains("n/a"));
    }

    #[test]
    fn ratios_have_three_digits_and_no_idle_zeros() {
        for (ratio, text) in [
            (0.0, "0"),
            (0.3333, "0.333"),
            (1.0, "1"),
            (1.406, "1.41"),
            (12.34, "12.3"),
            (100.0, "100"),
            (1_933.2, "1933"),
        ] {
            assert_eq!(format_ratio(ratio), text);
        }
    }

    #[test]
    fn figures_have_units_that_fit_them() {
        for (figure, unit, text) in [
            (0.0, Unit::Ns, "0 ns"),
            (9.154, Unit::Ns, "9.15 ns"),
            (104.26, Unit::Ns, "104.3 ns"),
            (60_000.0, Unit::Ns, "60 µs"),
            (2_000_000.0, Unit::PerS, "2 M/s"),
            (98_765.4, Unit::PerS, "98.77 k/s"),
            (8_421.7, Unit::Bytes, "8422 B"),
        ] {
            assert_eq!(format_figure(figure, unit), text);
        }
    }
}
