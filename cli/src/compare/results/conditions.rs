//! What must not be, and whether it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::condition::FailIf;
use super::differences::{relative, void};
use super::words::of_variant;
use crate::report::Report;
use crate::report::numbers::difference as percent;

/// A condition of `--fail-if`, held against a pair.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Condition {
    /// The variant.
    pub(super) variant: Option<String>,
    /// As it was typed.
    pub(super) fail_if: String,
    /// The relative difference of its figure; `null` where it was not measured, or is infinite.
    difference: Option<f64>,
    /// Whether it is infinite: there was nothing before, and something after.
    from_nothing: bool,
    /// Whether the comparison fails by it: if it is met, or was not measured. `null` where one of the
    /// results means nothing, or is of a part of its run: then it can be held against neither.
    pub(super) fails: Option<bool>,
}

impl Condition {
    /// It and what became of it.
    pub fn in_words(&self) -> String {
        let measured = self.measured();
        let said = format!("{}: {}, {measured}", self.fail_if, self.verdict());
        of_variant(&self.variant, &said)
    }

    /// How it went.
    pub fn verdict(&self) -> &'static str {
        match self.fails {
            Some(true) => "FAILS",
            Some(false) => "passes",
            None => "not judged",
        }
    }

    /// By how much its figure differs.
    pub fn measured(&self) -> String {
        match self.difference {
            _ if self.from_nothing => "something where there was nothing".to_owned(),
            Some(difference) => percent(difference),
            None => "not measured".to_owned(),
        }
    }

    /// `condition` where the candidate has nothing beside `before`: what was not measured fails.
    pub fn of_none(condition: &FailIf, before: &Report) -> Self {
        Self {
            variant: before.scenario.variant.clone(),
            fail_if: condition.text.clone(),
            difference: None,
            from_nothing: false,
            fails: Some(true),
        }
    }

    /// `condition`, held against `before` and `after`.
    pub fn new(condition: &FailIf, before: &Report, after: &Report) -> Self {
        let figures = [before, after].map(|it| it.figure(&condition.figure));
        let difference = match figures {
            // From nothing to something is more than any share.
            [Some(a), Some(b)] => Some(relative(a.value, b.value).unwrap_or(f64::INFINITY)),
            _ => None,
        };
        let is_met = |it: f64| condition.comparison.holds(it, condition.bound);
        Self {
            variant: before.scenario.variant.clone(),
            fail_if: condition.text.clone(),
            fails: void(before, after)
                .is_none()
                .then(|| difference.is_none_or(is_met)),
            difference: difference.filter(|it| it.is_finite()),
            from_nothing: difference.is_some_and(f64::is_infinite),
        }
    }
}
