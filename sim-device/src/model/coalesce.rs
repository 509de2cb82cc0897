//! Interrupt coalescing: fewer signals than completions.

use crate::time::Nanos;

/// When the completion eventfd is signalled: after `count` completions, or `time_ns` after the
/// first unsignalled one, whichever comes first. A `count` of 1 (or 0) or a `time_ns` of 0 holds
/// nothing back: what the device completes at one time is signalled at once, and once.
///
/// QAT's default is 10 µs, in steps of 256 ns up to 512 µs; Linux network drivers call the pair
/// `rx-frames` and `rx-usecs` (ethtool(8), where a time of 0 means 'count alone': say
/// [`Nanos::MAX`] for that here; a device by the wall clock refuses it, because a host that sleeps
/// would not hear of its last completions).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoalesceConfig {
    /// Completions to gather.
    pub count: u32,
    /// How long the first one may wait.
    pub time_ns: Nanos,
}

impl CoalesceConfig {
    /// Every completion is signalled at once.
    pub const OFF: Self = Self {
        count: 1,
        time_ns: Nanos::ZERO,
    };
}

/// Interrupt coalescing of one queue. Delays the signal alone: completions are visible before it.
///
/// ```
/// use pausewake_device::Nanos;
/// use pausewake_device::model::{CoalesceConfig, Coalescer};
///
/// let mut coalescer = Coalescer::new(CoalesceConfig {
///     count: 3,
///     time_ns: Nanos::from_micros(10),
/// });
/// // Two completions wait for a third; none comes, so the first one's time runs out.
/// assert!(!coalescer.completed(Nanos::from_micros(1)));
/// assert!(!coalescer.completed(Nanos::from_micros(4)));
/// assert_eq!(coalescer.deadline(), Some(Nanos::from_micros(11)));
/// assert!(coalescer.expired(Nanos::from_micros(11)));
/// assert_eq!(coalescer.deadline(), None);
/// ```
#[derive(Debug)]
pub struct Coalescer {
    config: CoalesceConfig,
    gathered: u32,
    /// Of the first completion gathered; nothing while none is.
    deadline: Option<Nanos>,
}

impl Coalescer {
    /// Nothing gathered yet.
    #[must_use]
    pub const fn new(config: CoalesceConfig) -> Self {
        Self {
            config,
            gathered: 0,
            deadline: None,
        }
    }

    /// A completion was published at `now`; `true`: signal now (and everything gathered is signalled).
    pub fn completed(&mut self, now: Nanos) -> bool {
        let deadline = *self.deadline.get_or_insert(now + self.config.time_ns);
        self.gathered = self.gathered.saturating_add(1);
        let due = self.gathered >= self.config.count || deadline <= now;
        if due {
            self.signalled();
        }
        due
    }

    /// When the gathered completions must be signalled, if there are any.
    #[must_use]
    pub const fn deadline(&self) -> Option<Nanos> {
        self.deadline
    }

    /// Time has come to `now`; `true`: the deadline has passed, signal now.
    pub fn expired(&mut self, now: Nanos) -> bool {
        let due = self.deadline.is_some_and(|deadline| deadline <= now);
        if due {
            self.signalled();
        }
        due
    }

    /// The signal was given, whether or not it was due: what was gathered counts as signalled.
    pub fn signalled(&mut self) {
        self.gathered = 0;
        self.deadline = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coalescer(count: u32, time_ns: u64) -> Coalescer {
        Coalescer::new(CoalesceConfig {
            count,
            time_ns: Nanos::new(time_ns),
        })
    }

    #[test]
    fn off_signals_each() {
        for config in [
            CoalesceConfig::OFF,
            CoalesceConfig {
                count: 0,
                time_ns: Nanos::MAX,
            },
            CoalesceConfig {
                count: u32::MAX,
                time_ns: Nanos::ZERO,
            },
        ] {
            let mut coalescer = Coalescer::new(config);
            for now in [0, 0, 5] {
                assert!(coalescer.completed(Nanos::new(now)), "{config:?}");
                assert_eq!(coalescer.deadline(), None);
            }
        }
    }

    #[test]
    fn count_signals_and_starts_anew() {
        let mut coalescer = coalescer(3, 1_000);
        let signals = [0, 1, 2, 3, 4, 5].map(|now| coalescer.completed(Nanos::new(now)));
        assert_eq!(signals, [false, false, true, false, false, true]);
        assert!(!coalescer.expired(Nanos::MAX), "nothing is gathered");
    }

    #[test]
    fn time_counts_from_the_first_completion() {
        let mut coalescer = coalescer(100, 10);
        assert!(!coalescer.completed(Nanos::new(5)));
        assert!(!coalescer.completed(Nanos::new(14)));
        assert!(!coalescer.expired(Nanos::new(14)));
        assert!(coalescer.expired(Nanos::new(15)));
        assert!(!coalescer.expired(Nanos::new(16)), "signalled once");
        assert!(!coalescer.completed(Nanos::new(20)));
        assert_eq!(coalescer.deadline(), Some(Nanos::new(30)));
    }

    #[test]
    fn a_completion_after_the_deadline_signals_what_waited() {
        let mut coalescer = coalescer(100, 10);
        assert!(!coalescer.completed(Nanos::new(5)));
        assert!(coalescer.completed(Nanos::new(40)));
        assert_eq!(coalescer.deadline(), None);
    }

    #[test]
    fn a_signal_out_of_turn_starts_anew() {
        let mut coalescer = coalescer(2, 10);
        assert!(!coalescer.completed(Nanos::new(5)));
        coalescer.signalled();
        assert!(!coalescer.expired(Nanos::MAX), "nothing is gathered");
        assert!(!coalescer.completed(Nanos::new(8)), "the first of two");
        assert_eq!(coalescer.deadline(), Some(Nanos::new(18)));
    }

    #[test]
    fn a_time_beyond_the_clock_never_comes() {
        let mut coalescer = coalescer(2, u64::MAX);
        assert!(!coalescer.completed(Nanos::new(5)));
        assert_eq!(coalescer.deadline(), Some(Nanos::MAX));
        assert!(coalescer.completed(Nanos::new(6)));
    }
}
