//! Words as a shell reads them.

use std::borrow::Cow;

/// `word` as it must be typed for a shell to take it for one word, and for nothing else.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_shell_reads_what_was_meant() {
        let words = [
            "plain=1",
            "p99<2ms",
            "it's",
            "",
            "a b",
            "$HOME `x` \\ \"",
            "*",
        ];
        for word in words {
            let script = format!("printf %s {}", quoted(word));
            let output = Command::new("sh").args(["-c", &script]).output();
            assert_eq!(output.expect("sh starts").stdout, word.as_bytes(), "{word}");
        }
    }
}
