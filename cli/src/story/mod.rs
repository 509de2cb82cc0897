//! The numbered story: the event log, told for somebody who wants to understand the pattern.

mod log;
mod teller;

pub use log::LogHandle;
pub use teller::{Line, tell};

use std::fmt::Write;

/// The story as text: a numbered paragraph for each event.
pub fn to_text(lines: &[Line], left_out: u64) -> String {
    let mut text = String::new();
    for line in lines {
        let head = format!("#{} t={}", line.number, line.at());
        let body = format!("{head} {} {}: {}", line.who, line.what, line.why);
        wrap(&body, &mut text);
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "… and {left_out} more events (--story=LINES tells more)"
        );
    }
    text
}

/// Breaks `text` between words so that it fits the width; further lines are indented.
pub fn wrap(text: &str, out: &mut String) {
    let mut column = 0;
    for word in text.split(' ') {
        let len = word.chars().count();
        if column > 0 && column + 1 + len > WIDTH {
            out.push('\n');
            out.push_str(INDENT);
            column = INDENT.len();
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += len;
    }
    out.push('\n');
}

const WIDTH: usize = 80;
const INDENT: &str = "    ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_between_words_and_indented() {
        let mut out = String::new();
        wrap("word ".repeat(40).trim_end(), &mut out);
        assert!(out.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(out.lines().skip(1).all(|line| line.starts_with(INDENT)));
        assert_eq!(out.split_whitespace().count(), 40);
    }
}
