//! What a device counts.

use crate::model::{ClassStats, ModelStats};
use crate::protocol::Class;
use crate::time::Nanos;

/// Figures of a device since it was made, or since its
/// [`restart_stats`](crate::Device::restart_stats).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceStats {
    pub(crate) classes: ModelStats,
    /// Descriptors taken from submission rings.
    pub fetched: u64,
    /// Of these, refused at the front door; a device that is down refuses all.
    pub refused: u64,
    /// Completions put into completion rings.
    pub completed: u64,
    /// Completions that found no room, because a host forged its ring's indices; dropped.
    pub lost_to_forgery: u64,
    /// Completions whose signal was held back, to go out with that of a later completion or when
    /// the coalescing time was over.
    pub coalesced: u64,
    /// Completion signals given.
    pub signals: u64,
    /// Of these, those that had to write an eventfd because the host slept.
    pub signals_written: u64,
    /// Completions that waited for the CPU to compute, not for the model.
    pub compute_bound: u64,
    /// How much later than modelled those were published, which is charged to their service.
    pub compute_lateness: Lateness,
    /// How much later than modelled the others were published: what the driver took to look.
    pub driver_lateness: Lateness,
    /// How much later than modelled completions were published, all of them: the two above together.
    pub lateness: Lateness,
    /// Queues open now, those included whose host has gone and whose ops are still in flight.
    pub queues_open: u32,
    /// Ops accepted and not completed now, all queues.
    pub in_flight: u32,
    /// Turns of the device thread's loop: what waiting costs the CPU. A thread that spins makes
    /// millions per second; one that sleeps makes a few per op, and none while nothing happens
    /// (asking for these figures wakes it for one or two). Zero for devices without a thread.
    pub turns: u64,
}

impl DeviceStats {
    /// The figures of one class of slices, whatever drives the device. Times are the model's: what
    /// the CPU was later than it stands in [`compute_lateness`](Self::compute_lateness).
    ///
    /// A manual device has no model: an op is in service from its fetch until it is finished (or
    /// reset), none waits for a slice, and as there may be more in service than there are slices,
    /// utilisation can exceed 1.
    #[must_use]
    pub const fn class(&self, class: Class) -> &ClassStats {
        self.classes.class(class)
    }

    /// Time that ops spent in the device, from fetched to done as their completions said it, summed
    /// over the ops and both classes: the integral over time of how many ops it held.
    #[must_use]
    pub fn in_system_ns(&self) -> Nanos {
        let modelled = Class::ALL.map(|class| self.class(class).in_system_ns());
        let late = self.compute_lateness.total_ns();
        modelled.into_iter().fold(late, |sum, part| sum + part)
    }
}

/// A distribution of lateness: how much after its modelled time a completion was published.
///
/// Kept as powers of two, so that it costs nothing on the hot path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lateness {
    count: u64,
    total_ns: u64,
    max_ns: u64,
    /// `by_bits[n]`: completions whose lateness has n significant bits, so `2^(n-1) ≤ late < 2^n`.
    by_bits: [u64; 65],
}

impl Default for Lateness {
    fn default() -> Self {
        Self {
            count: 0,
            total_ns: 0,
            max_ns: 0,
            by_bits: [0; 65],
        }
    }
}

impl Lateness {
    /// Both distributions as one.
    pub(crate) fn merged(&self, other: &Self) -> Self {
        let mut by_bits = self.by_bits;
        for (ours, theirs) in by_bits.iter_mut().zip(other.by_bits) {
            *ours += theirs;
        }
        Self {
            count: self.count + other.count,
            total_ns: self.total_ns.saturating_add(other.total_ns),
            max_ns: self.max_ns.max(other.max_ns),
            by_bits,
        }
    }

    /// Notes one completion that was `late` by so much.
    #[inline]
    pub fn record(&mut self, late: Nanos) {
        let late_ns = late.get();
        self.count += 1;
        self.total_ns = self.total_ns.saturating_add(late_ns);
        self.max_ns = self.max_ns.max(late_ns);
        self.by_bits[(u64::BITS - late_ns.leading_zeros()) as usize] += 1;
    }

    /// Completions measured.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of it.
    #[must_use]
    pub fn total_ns(&self) -> Nanos {
        Nanos::new(self.total_ns)
    }

    /// The mean; zero when nothing was measured.
    #[must_use]
    pub fn mean_ns(&self) -> Nanos {
        Nanos::new(self.total_ns.checked_div(self.count).unwrap_or(0))
    }

    /// The worst.
    #[must_use]
    pub fn max_ns(&self) -> Nanos {
        Nanos::new(self.max_ns)
    }

    /// An upper bound of the quantile `q` (0 to 1), exact to a factor of two.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank of a bounded share of a count"
    )]
    pub fn quantile_at_most_ns(&self, q: f64) -> Nanos {
        let rank = (q.clamp(0.0, 1.0) * self.count as f64).ceil() as u64;
        let mut seen = 0;
        for (bits, count) in self.by_bits.iter().enumerate() {
            seen += count;
            if seen >= rank.max(1) {
                let bound = 1_u64.checked_shl(bits as u32).map_or(u64::MAX, |b| b - 1);
                return Nanos::new(bound.min(self.max_ns));
            }
        }
        self.max_ns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_keeps_mean_worst_and_quantiles() {
        let mut lateness = Lateness::default();
        for late_ns in [0, 1, 2, 3, 1_000] {
            lateness.record(Nanos::new(late_ns));
        }
        assert_eq!(lateness.count(), 5);
        assert_eq!(lateness.total_ns(), Nanos::new(1_006));
        assert_eq!(lateness.mean_ns(), Nanos::new(201));
        assert_eq!(lateness.max_ns(), Nanos::new(1_000));
        assert_eq!(lateness.quantile_at_most_ns(0.5), Nanos::new(3));
        assert_eq!(lateness.quantile_at_most_ns(1.0), Nanos::new(1_000));
        assert_eq!(Lateness::default().quantile_at_most_ns(0.99), Nanos::ZERO);
    }
}
