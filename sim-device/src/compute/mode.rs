//! How much of the cryptography is really done.

use std::fmt;
use std::str::FromStr;

/// Whether results are computed, looked up or left out; what scenarios call `compute`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ComputeMode {
    /// Everything is computed: [`KeyTable`](super::KeyTable) of
    /// [`RingCompute`](super::RingCompute).
    #[default]
    Real,
    /// RSA results come from a bounded set that was computed before the measurement
    /// ([`Cached`](super::Cached)): correct and verifiable, at rates that this CPU could not
    /// compute. AEAD is always computed.
    Cached,
    /// Nothing is computed ([`NoCompute`](super::NoCompute)): right lengths and statuses, for the
    /// timing alone.
    None,
}

impl ComputeMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Real, Self::Cached, Self::None];

    /// The name that scenarios and reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Cached => "cached",
            Self::None => "none",
        }
    }

    /// Whether the results can be verified; if not, reports say `verified: n/a`.
    #[must_use]
    pub const fn is_verifiable(self) -> bool {
        !matches!(self, Self::None)
    }
}

impl fmt::Display for ComputeMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for ComputeMode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.name() == text)
            .ok_or_else(|| UnknownMode(text.to_owned()))
    }
}

/// A word that names no [`ComputeMode`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown compute mode '{0}'; accepted are 'real', 'cached' and 'none'")]
pub struct UnknownMode(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for mode in ComputeMode::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
        let error = "fast".parse::<ComputeMode>().unwrap_err().to_string();
        assert!(error.contains("'fast'"));
        assert!(
            ComputeMode::ALL
                .iter()
                .all(|mode| error.contains(mode.name()))
        );
    }
}
