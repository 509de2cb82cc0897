//! How much of the cryptography is really done.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{Cached, KeyTable, NoCompute, RingCompute, Vault};

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

    /// A vault without keys that works in this mode, with `ring` where it computes; `cached` keeps at
    /// most `max_answers`.
    ///
    /// ```
    /// use pausewake_device::compute::ComputeMode;
    ///
    /// let vault = "cached".parse::<ComputeMode>()?.vault(1_000);
    /// assert!(vault.cache_stats().is_some());
    /// # Ok::<(), pausewake_device::compute::UnknownMode>(())
    /// ```
    #[must_use]
    pub fn vault(self, max_answers: usize) -> Arc<dyn Vault> {
        let real = || KeyTable::new(RingCompute::new());
        match self {
            Self::Real => Arc::new(real()),
            Self::Cached => Arc::new(Cached::new(real(), max_answers)),
            Self::None => Arc::new(KeyTable::new(NoCompute::new())),
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
    use crate::compute::{KeyMaterial, Work};
    use crate::protocol::{Input, OpKind, Scheme, Status};

    #[test]
    fn each_mode_has_its_vault() {
        let keeps_answers = |mode: ComputeMode| mode.vault(1).cache_stats().is_some();
        assert_eq!(ComputeMode::ALL.map(keeps_answers), [false, true, false]);
        let open = |mode: ComputeMode| {
            let vault = mode.vault(1);
            let key = vault.import(KeyMaterial::AesGcm(&[0; 16])).unwrap();
            let work = Work {
                kind: OpKind::AeadOpen,
                scheme: Scheme::None,
                input_is: Input::Message,
                nonce: [0; 12],
                input: &[0; 16],
                extra: &[],
            };
            vault.execute(key, work, &mut [])
        };
        let wrong_tag = Err(Status::Mismatch);
        assert_eq!(ComputeMode::ALL.map(open), [wrong_tag, wrong_tag, Ok(0)]);
    }

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
