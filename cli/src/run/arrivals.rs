//! When jobs arrive in an open loop.

use pausewake_device::Nanos;
use pausewake_device::random::{Concern, Seed, Stream};
use rand_distr::{Distribution, Exp1};

use super::levels::Levels;
use crate::scenario::Arrival;

/// Points in time, none earlier than the one before: those of one thread of several.
pub struct Arrivals {
    start: Nanos,
    levels: Levels,
    /// Time since the start, counted in mean gaps of all threads: a sum of nanoseconds would add up
    /// its rounding.
    gaps: f64,
    number: u64,
    arrival: Arrival,
    thread: Thread,
    stream: Stream,
}

/// Which thread of how many. Together they have the arrivals that one would have: every so-manieth
/// is this one's; of arrivals at random, a share of its own is as good.
#[derive(Clone, Copy, Debug)]
pub struct Thread {
    /// Its number.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

impl Arrivals {
    /// Arrivals from `start` on, as many each second as `levels` say.
    pub fn new(seed: Seed, levels: Levels, arrival: Arrival, start: Nanos, thread: Thread) -> Self {
        Self {
            start,
            levels,
            gaps: 0.0,
            number: 0,
            arrival,
            thread,
            stream: seed.stream(Concern::Arrivals, u64::from(thread.index)),
        }
    }

    /// The next one; `None` when the last phase is over.
    pub fn next_at(&mut self) -> Option<Nanos> {
        let among_all = self.among_all(self.number);
        self.number += 1;
        let area = match self.arrival {
            Arrival::Poisson => {
                let gap: f64 = Exp1.sample(&mut self.stream);
                self.gaps += gap;
                self.gaps * f64::from(self.thread.of)
            }
            Arrival::Constant => float(among_all + 1),
            Arrival::Burst(size) => float(among_all / u64::from(size) * u64::from(size) + 1),
        };
        self.time_of(area)
    }

    /// When the time is over of all arrivals before the one that was given last. That of arrivals at
    /// random is over when it comes. Of regular ones the first came a gap after the start, and as many
    /// gaps belong to them as they are; a burst has all of its own, even if a part of it was enough.
    pub fn over_at(&self) -> Option<Nanos> {
        let before = self.among_all(self.number.saturating_sub(1));
        self.time_of(match self.arrival {
            Arrival::Poisson => self.gaps * f64::from(self.thread.of),
            Arrival::Constant => float(before),
            Arrival::Burst(size) => float(before.next_multiple_of(u64::from(size))),
        })
    }

    /// The number among those of all threads of this one's arrival number `number`, from zero.
    fn among_all(&self, number: u64) -> u64 {
        number * u64::from(self.thread.of) + u64::from(self.thread.index)
    }

    fn time_of(&self, area: f64) -> Option<Nanos> {
        self.levels.time_of(area).map(|time| self.start + time)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Thread = Thread { index: 0, of: 1 };

    fn arrivals(seed: u64, rate_per_s: f64, arrival: Arrival, thread: Thread) -> Arrivals {
        let levels = Levels::new(rate_per_s, Nanos::ZERO, &[]);
        Arrivals::new(Seed(seed), levels, arrival, Nanos::ZERO, thread)
    }

    fn times(mut arrivals: Arrivals, count: usize) -> Vec<Nanos> {
        (0..count).filter_map(|_| arrivals.next_at()).collect()
    }

    #[test]
    fn constant_arrivals_do_not_drift() {
        let times = times(arrivals(1, 3.0, Arrival::Constant, ALONE), 3_000_000);
        assert_eq!(times.last(), Some(&Nanos::from_secs(1_000_000)));
    }

    #[test]
    fn poisson_arrivals_have_their_rate_and_their_seed() {
        let times = |seed| times(arrivals(seed, 1_000.0, Arrival::Poisson, ALONE), 100_000);
        let (one, same, other) = (times(1), times(1), times(2));
        assert_eq!(one, same);
        assert_ne!(one, other);
        let seconds = one[99_999].as_secs_f64();
        // Five standard deviations of the sum of 100,000 exponential gaps of 1 ms.
        assert!((seconds - 100.0).abs() < 5.0 * 0.316, "seed 1: {seconds} s");
    }

    #[test]
    fn bursts_come_together_at_the_mean_rate() {
        let times = times(arrivals(1, 1_000.0, Arrival::Burst(4), ALONE), 12);
        let at = |ms| [Nanos::from_millis(ms); 4];
        assert_eq!(times, [at(1), at(5), at(9)].concat());
    }

    #[test]
    fn arrivals_are_over_when_as_many_gaps_have_passed_as_they_are() {
        for (arrival, count, ms) in [
            (Arrival::Constant, 10, 10),
            (Arrival::Burst(4), 8, 8),
            (Arrival::Burst(4), 9, 12),
        ] {
            let mut arrivals = arrivals(1, 1_000.0, arrival, ALONE);
            // One more is the first that is not started.
            for _ in 0..=count {
                arrivals.next_at().expect("they do not end");
            }
            let over_at = Some(Nanos::from_millis(ms));
            assert_eq!(arrivals.over_at(), over_at, "{arrival:?}");
        }
        let mut random = arrivals(1, 1_000.0, Arrival::Poisson, ALONE);
        assert_eq!(random.next_at(), random.over_at());
    }

    #[test]
    fn threads_have_together_what_one_would_have() {
        for arrival in [Arrival::Constant, Arrival::Burst(4)] {
            let of = |index| times(arrivals(1, 1_000.0, arrival, Thread { index, of: 3 }), 4);
            let mut all: Vec<Nanos> = (0..3).flat_map(of).collect();
            all.sort();
            assert_eq!(all, times(arrivals(1, 1_000.0, arrival, ALONE), 12));
        }
        let of = |index| {
            let thread = Thread { index, of: 4 };
            times(arrivals(1, 1_000.0, Arrival::Poisson, thread), 25_000)
        };
        assert_ne!(of(0), of(1));
        let seconds = of(3)[24_999].as_secs_f64();
        assert!((seconds - 100.0).abs() < 5.0 * 0.633, "seed 1: {seconds} s");
    }
}
