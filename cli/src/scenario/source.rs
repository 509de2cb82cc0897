//! Where a scenario's text came from: the file, and each `--set` behind it.
//!
//! All texts stand one after the other in one space of offsets, so that one span names a place in
//! the file or in a flag, and errors point at either without knowing which.

use std::ops::Range;

impl OriginKind {
    /// What stands above its lines in an error; nothing where they tell it themselves.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::File(path) => Some(path),
            Self::Defaults => Some("defaults of the command"),
            Self::Flag => None,
        }
    }
}

/// A place in the sources: byte offsets.
pub type Span = Range<usize>;

/// The texts of a scenario.
#[derive(Debug, Default)]
pub struct Sources {
    origins: Vec<Origin>,
}

/// One text.
#[derive(Debug)]
pub struct Origin {
    /// What it is.
    pub kind: OriginKind,
    /// The text; a flag's begins with its name.
    pub text: String,
    start: usize,
}

/// What a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OriginKind {
    /// The file of this path, or the profile of this name.
    File(String),
    /// What holds where no flag says anything else.
    Defaults,
    /// A flag of the command line.
    Flag,
}

impl Sources {
    /// Puts `text` behind the others and says at which offset it begins.
    pub fn push(&mut self, kind: OriginKind, text: String) -> usize {
        // One offset between two texts belongs to neither, so that an empty span at the end of one
        // is not taken for the start of the next.
        let start = self
            .origins
            .last()
            .map_or(0, |last| last.start + last.text.len() + 1);
        self.origins.push(Origin { kind, text, start });
        start
    }

    /// The text that `span` points into, and where in it.
    pub fn locate(&self, span: &Span) -> Option<(&Origin, Span)> {
        let origin = self
            .origins
            .iter()
            .rev()
            .find(|origin| origin.start <= span.start)?;
        let clamp = |offset: usize| (offset - origin.start).min(origin.text.len());
        Some((origin, clamp(span.start)..clamp(span.end.max(span.start))))
    }

    /// What the first text is: the file.
    pub fn first(&self) -> Option<&OriginKind> {
        self.origins.first().map(|origin| &origin.kind)
    }

    /// Whether `span` points into a flag.
    pub fn is_flag(&self, span: &Span) -> bool {
        self.locate(span)
            .is_some_and(|(origin, _)| origin.kind == OriginKind::Flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_finds_its_text() {
        let mut sources = Sources::default();
        let file = sources.push(OriginKind::File("a.toml".into()), "seed = 1".into());
        let flag = sources.push(OriginKind::Flag, "--set seed=2".into());
        assert_eq!((file, flag), (0, 9));
        let (origin, local) = sources.locate(&(7..8)).unwrap();
        assert_eq!(&origin.text[local], "1");
        let (origin, local) = sources.locate(&(flag + 6..flag + 10)).unwrap();
        assert_eq!(&origin.text[local], "seed");
        assert!(!sources.is_flag(&(8..8)));
        assert!(sources.is_flag(&(9..9)));
    }
}
