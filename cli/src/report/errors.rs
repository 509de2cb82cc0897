//! Calls that did not end well, counted by the family of their error.

use pausewake_engine::{DeviceFault, Error, Misuse};

use super::parts::DeviceErrors;

/// What failed calls said.
#[derive(Debug, Default)]
pub struct ErrorTally {
    /// All of them.
    pub calls: u64,
    /// The caller's fault.
    pub misuse: u64,
    /// The device failed.
    pub device: DeviceErrors,
    /// There was no room.
    pub retry: u64,
    /// The answer of a check that worked: it is not authentic.
    pub not_authentic: u64,
    /// Of all, those that failed before the device had them.
    pub refused: u64,
    /// What the first one said.
    pub first: Option<String>,
}

impl ErrorTally {
    /// Counts a call that ended with `error`.
    pub fn record(&mut self, error: &Error) {
        self.calls += 1;
        self.refused += u64::from(was_refused(error));
        self.first.get_or_insert_with(|| error.to_string());
        match error {
            Error::Misuse(_) => self.misuse += 1,
            Error::Device(fault) => *self.device.of(*fault) += 1,
            Error::Retry(_) => self.retry += 1,
            Error::NotAuthentic => self.not_authentic += 1,
        }
    }

    /// Adds the calls of another thread; its first error counts if we have none.
    pub fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.misuse += other.misuse;
        self.device.merge(other.device);
        self.retry += other.retry;
        self.not_authentic += other.not_authentic;
        self.refused += other.refused;
        self.first = self.first.take().or(other.first);
    }
}

impl DeviceErrors {
    /// Adds those of another thread or run.
    pub fn merge(&mut self, other: Self) {
        self.failed += other.failed;
        self.down += other.down;
        self.timed_out += other.timed_out;
        self.nonsense += other.nonsense;
        self.wrong_signature += other.wrong_signature;
        self.other += other.other;
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_kind().iter().map(|(_, count)| count).sum()
    }

    /// By kind, in words.
    pub fn by_kind(&self) -> [(&'static str, u64); 6] {
        [
            ("failed", self.failed),
            ("down", self.down),
            ("timed out", self.timed_out),
            ("nonsense", self.nonsense),
            ("wrong signature", self.wrong_signature),
            ("other", self.other),
        ]
    }

    fn of(&mut self, fault: DeviceFault) -> &mut u64 {
        match fault {
            DeviceFault::Failed => &mut self.failed,
            DeviceFault::Down => &mut self.down,
            DeviceFault::TimedOut => &mut self.timed_out,
            DeviceFault::Nonsense => &mut self.nonsense,
            DeviceFault::WrongSignature => &mut self.wrong_signature,
            _ => &mut self.other,
        }
    }
}

/// Whether the device never had the op; what it had is in the event log.
fn was_refused(error: &Error) -> bool {
    !matches!(
        error,
        Error::Device(_)
            | Error::NotAuthentic
            | Error::Misuse(
                Misuse::BadRequest | Misuse::BadKey | Misuse::Unsupported | Misuse::OutputTooSmall
            )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use pausewake_engine::Retry;

    #[test]
    fn each_error_is_counted_in_its_family_and_the_first_one_is_kept() {
        let mut tally = ErrorTally::default();
        tally.record(&Retry::Full.into());
        tally.record(&Misuse::BadKey.into());
        tally.record(&DeviceFault::Down.into());
        tally.record(&DeviceFault::TimedOut.into());
        let mut other = ErrorTally::default();
        other.record(&Error::NotAuthentic);
        other.record(&DeviceFault::Down.into());
        tally.merge(other);
        assert_eq!(tally.calls, 6);
        assert_eq!((tally.misuse, tally.retry, tally.not_authentic), (1, 1, 1));
        let device = DeviceErrors {
            down: 2,
            timed_out: 1,
            ..DeviceErrors::default()
        };
        assert_eq!((tally.device, tally.device.total()), (device, 3));
        assert_eq!(tally.refused, 1, "the device had all but the first");
        assert_eq!(tally.first, Some(Retry::Full.to_string()));
    }
}
