//! Why a row has no figures.

/// Why a row has no figures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// This machine, or this installation, does not have what it takes. No error.
    #[error("{0}")]
    Unavailable(String),
    /// Something was wrong that must not be: a count, an order, an early completion.
    #[error("{0}")]
    Check(String),
}

impl Failure {
    /// This machine does not have what it takes.
    pub fn unavailable(reason: impl std::fmt::Display) -> Self {
        Self::Unavailable(reason.to_string())
    }

    /// Something is wrong.
    pub fn check(reason: impl std::fmt::Display) -> Self {
        Self::Check(reason.to_string())
    }

    /// Something is wrong: `error` where there should be none, with all that it says of its causes.
    pub fn of(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        Self::Check(text)
    }
}
