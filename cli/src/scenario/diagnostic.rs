//! What is wrong with a scenario, where, and what would be accepted.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin as Place, Renderer, Snippet};

use super::figures;
use super::source::{OriginKind, Sources, Span};

/// One thing that is wrong.
#[derive(Debug)]
pub struct Problem {
    /// Where, if it is anywhere.
    pub span: Option<Span>,
    /// What.
    pub wrong: String,
    /// What is accepted instead.
    pub accepted: Option<String>,
    /// Other places that have to do with it, and what they are.
    pub related: Vec<(Span, String)>,
    /// Variants in which it is wrong; none if it is in all of them.
    pub variants: Vec<String>,
}

/// What is wrong with some variants of a scenario.
#[derive(Debug, Default)]
pub struct OfVariants(Vec<Problem>);

impl OfVariants {
    /// `wrong` is wrong in the variant of this name; what others had too is not told again.
    pub fn add(&mut self, name: Option<&str>, wrong: Vec<Problem>) {
        for mut problem in wrong {
            let known = self.0.iter_mut().find(|known| {
                known.span == problem.span
                    && known.wrong == problem.wrong
                    && known.accepted == problem.accepted
            });
            let variants = match known {
                Some(known) => &mut known.variants,
                None => {
                    problem.variants.clear();
                    self.0.push(problem);
                    let last = self.0.len() - 1;
                    &mut self.0[last].variants
                }
            };
            variants.extend(name.map(str::to_owned));
        }
    }

    /// All of them; what is wrong in each of the `count` variants names none.
    pub fn into_problems(mut self, count: usize) -> Vec<Problem> {
        for problem in &mut self.0 {
            if problem.variants.len() >= count {
                problem.variants.clear();
            }
        }
        self.0
    }
}

/// A scenario that cannot be run, with everything that was found wrong.
#[derive(Debug)]
pub struct Rejected {
    sources: Sources,
    problems: Vec<Problem>,
}

impl Problem {
    /// `wrong` stands at `span`; `accepted` says what may stand there.
    pub fn at(span: Span, wrong: impl Into<String>, accepted: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            wrong: wrong.into(),
            accepted: Some(accepted.into()),
            related: Vec::new(),
            variants: Vec::new(),
        }
    }

    /// The text is no TOML.
    pub fn syntax(error: &toml::de::Error, text: &str) -> Self {
        if error.span().is_none() {
            // The parser gives up without a place for one reason alone.
            return Self {
                span: Some(too_deep(text)),
                ..Self::at(
                    0..0,
                    format!("nested too deeply ({})", error.message()),
                    SYNTAX,
                )
            };
        }
        Self {
            span: error.span(),
            wrong: error.message().to_owned(),
            accepted: Some(SYNTAX.to_owned()),
            related: Vec::new(),
            variants: Vec::new(),
        }
    }

    /// The same, with another place that has to do with it.
    pub fn related(mut self, span: Span, what: impl Into<String>) -> Self {
        self.related.push((span, what.into()));
        self
    }
}

/// What the types of the file found.
impl From<toml::de::Error> for Problem {
    fn from(error: toml::de::Error) -> Self {
        // 'wrong; accepted: right' is how quantities word it; serde says 'wrong, expected right'.
        let message = error.message();
        let (wrong, accepted) = message
            .split_once("; accepted: ")
            .or_else(|| message.split_once(", expected "))
            .map_or((message, None), |(wrong, accepted)| (wrong, Some(accepted)));
        let accepted = accepted.map(|accepted| match meant(wrong, accepted) {
            Some(question) => format!("{}; {question}", in_toml_words(accepted)),
            None => in_toml_words(accepted),
        });
        Self {
            span: error.span(),
            wrong: in_toml_words(wrong),
            accepted: accepted.or_else(|| missing(wrong)),
            related: Vec::new(),
            variants: Vec::new(),
        }
    }
}

/// Whether one was meant, of a name that is none of those that are accepted.
fn meant(wrong: &str, accepted: &str) -> Option<String> {
    let name = wrong.strip_prefix("unknown field `")?.strip_suffix('`')?;
    let known = accepted.split('`').skip(1).step_by(2);
    figures::did_you_mean(name, known)
}

/// `text` without the names of Rust's types, which a scenario knows nothing of. Its variants are
/// something else than serde's.
fn in_toml_words(text: &str) -> String {
    let text = match text.strip_prefix("unknown variant ") {
        Some(word) => format!("unknown value {word}"),
        None => text.replace("invalid type: ", "wrong kind of value: "),
    };
    match text.as_str() {
        "f64" => "a number".to_owned(),
        "u64" | "u32" | "i64" => "a whole number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" => "a text in quotes".to_owned(),
        _ => text
            .replace("value: map", "value: table")
            .replace("value: sequence", "value: array")
            .replace(" as i128", "")
            .replace(" as u128", ""),
    }
}

/// Where `text` goes deeper than the parser follows, as far as brackets and dotted keys tell; the
/// beginning if they do not.
fn too_deep(text: &str) -> Span {
    let (mut brackets, mut dots) = (0_usize, 0_usize);
    for (at, c) in text.char_indices() {
        match c {
            '[' | '{' => brackets += 1,
            ']' | '}' => brackets = brackets.saturating_sub(1),
            '.' => dots += 1,
            '\n' => dots = 0,
            _ => {}
        }
        if brackets + dots >= PARSER_DEPTH {
            return at..at + c.len_utf8();
        }
    }
    0..0
}

/// What to write where a field is missing.
fn missing(wrong: &str) -> Option<String> {
    let name = wrong.strip_prefix("missing field `")?.strip_suffix('`')?;
    let entry = match name {
        "clock" => "clock = \"virtual\" or clock = \"wall\"",
        "load" => "a table [load] with an op, jobs or a rate, and ops or a duration",
        "op" => "op = \"rsa-sign\", for example",
        "slices" => "slices = 1 or more",
        "service" => "service = { distribution = \"constant\", base = \"433us\" }, for example",
        "distribution" => "distribution = \"constant\", for example",
        "limit" => "limit = \"200/s\", for example",
        "size" => "size = 8, for example",
        "flush" => "flush = \"10ms\", for example",
        "count" => "count = 8, for example",
        "duration" => "duration = \"2s\", for example",
        "time" => "time = \"10us\", for example",
        _ => return Some(format!("{name} = …")),
    };
    Some(entry.to_owned())
}

/// How deep the TOML parser goes.
const PARSER_DEPTH: usize = 80;
/// What TOML accepts, in a nutshell.
const SYNTAX: &str = "TOML: lines of `name = value` and `[table]`, words in quotes, each name once";

impl Rejected {
    /// `problems`, in the order of their places.
    pub fn new(sources: Sources, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
        Self { sources, problems }
    }

    fn write_problem(&self, f: &mut fmt::Formatter<'_>, problem: &Problem) -> fmt::Result {
        let mut group = Group::with_title(Level::ERROR.primary_title(problem.wrong.as_str()));
        if let Some((origin, local)) = problem.span.as_ref().and_then(|s| self.sources.locate(s)) {
            let mut snippet = Snippet::source(origin.text.as_str())
                .annotation(AnnotationKind::Primary.span(local.clone()));
            if let Some(path) = origin.kind.path() {
                snippet = snippet.path(path);
            }
            let mut elsewhere = Vec::new();
            for (span, what) in &problem.related {
                match self.sources.locate(span) {
                    Some((other, place)) if std::ptr::eq(other, origin) => {
                        let note = AnnotationKind::Context.span(place).label(what.as_str());
                        snippet = snippet.annotation(note);
                    }
                    Some((other, place)) => elsewhere.push((other, place, what)),
                    None => {}
                }
            }
            group = group.element(snippet);
            for (other, place, what) in elsewhere {
                let mut snippet = Snippet::source(other.text.as_str())
                    .annotation(AnnotationKind::Context.span(place).label(what.as_str()));
                if let Some(path) = other.kind.path() {
                    snippet = snippet.path(path);
                }
                group = group.element(snippet);
            }
        } else if let Some(path) = self.sources.first().and_then(OriginKind::path) {
            group = group.element(Place::path(path));
        }
        if let Some(accepted) = &problem.accepted {
            group = group.element(Level::HELP.message(format!("accepted: {accepted}")));
        }
        if !problem.variants.is_empty() {
            let names = problem.variants.join(", ");
            group = group.element(Level::NOTE.message(format!("in the variants: {names}")));
        }
        writeln!(f, "{}", Renderer::plain().render(&[group]))
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems
            .iter()
            .try_for_each(|problem| self.write_problem(f, problem))
    }
}

impl std::error::Error for Rejected {}
