//! How the device's thread lets time pass.

use crate::time::Nanos;

/// What the device's thread does while it has nothing to do.
///
/// None of them ever completes an op before its modelled time; they differ in how much later, and
/// in what that costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WaitStrategy {
    /// Looks again and again. Keeps one core busy; the sharpest.
    Spin,
    /// Spins when the next deadline is near and for a moment after the last work, sleeps
    /// otherwise. Idle, it burns nothing.
    #[default]
    Adaptive,
    /// Sleeps until the deadline or the doorbell. Late by what the kernel takes to wake a thread.
    Sleep,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Look again at once.
    Spin,
    /// Sleep until the doorbell, at the longest for this long; `None` is without end.
    Sleep(Option<Nanos>),
}

/// How much before its deadline an adaptive thread wakes, to spin the rest: more than a wake-up
/// from `ppoll` with a timer slack of 1 ns takes, most of the time.
const SPIN_BEFORE_DEADLINE_NS: Nanos = Nanos::from_micros(60);
/// How long an adaptive thread looks on after its last work: about the price of going to sleep
/// and being woken. Longer would take the core from the application on small machines.
const SPIN_AFTER_WORK_NS: Nanos = Nanos::from_micros(20);

impl WaitStrategy {
    /// The next step of a thread that found nothing to do at `now`, last worked at `worked_ns`, and
    /// has its next deadline at `deadline`.
    pub(crate) fn step(self, now: Nanos, worked_ns: Nanos, deadline: Option<Nanos>) -> Wait {
        let left = deadline.map(|deadline| deadline - now);
        match self {
            Self::Spin => Wait::Spin,
            Self::Sleep => Wait::Sleep(left),
            Self::Adaptive => match left {
                Some(left) if left <= SPIN_BEFORE_DEADLINE_NS => Wait::Spin,
                _ if now - worked_ns < SPIN_AFTER_WORK_NS => Wait::Spin,
                Some(left) => Wait::Sleep(Some(left - SPIN_BEFORE_DEADLINE_NS)),
                None => Wait::Sleep(None),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Nanos = Nanos::from_millis(10);

    #[test]
    fn adaptive_spins_near_its_deadline_and_after_work_and_sleeps_otherwise() {
        let long_ago = Nanos::ZERO;
        let step = |worked, left: Option<u64>| {
            let deadline = left.map(|us| NOW + Nanos::from_micros(us));
            WaitStrategy::Adaptive.step(NOW, worked, deadline)
        };
        assert_eq!(step(long_ago, None), Wait::Sleep(None));
        assert_eq!(step(long_ago, Some(59)), Wait::Spin);
        assert_eq!(
            step(long_ago, Some(100)),
            Wait::Sleep(Some(Nanos::from_micros(40)))
        );
        assert_eq!(step(NOW, None), Wait::Spin);
        assert_eq!(step(NOW, Some(5_000)), Wait::Spin);
    }

    #[test]
    fn sleep_never_spins_and_spin_never_sleeps() {
        let deadline = Some(NOW + Nanos::new(1));
        assert_eq!(
            WaitStrategy::Sleep.step(NOW, NOW, deadline),
            Wait::Sleep(Some(Nanos::new(1)))
        );
        assert_eq!(WaitStrategy::Sleep.step(NOW, NOW, None), Wait::Sleep(None));
        assert_eq!(WaitStrategy::Spin.step(NOW, Nanos::ZERO, None), Wait::Spin);
    }
}
