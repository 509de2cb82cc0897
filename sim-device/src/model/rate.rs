//! Rate limits: so many ops per second, for a class or for each key.
//!
//! A limit is a token bucket: it holds up to `burst` tokens, gets one back every
//! `1 / ops_per_s`, and each op takes one, or waits until there is one. With a `burst` of 1, ops
//! that want more are spaced evenly. That covers what is published: a quota of a cloud service
//! (2,000 transactions per 10 s is a bucket of 2,000 that fills by 200 each second), and a hardware
//! limiter or a sustained rate, of which nobody says more than the rate (a `burst` of 1).
//!
//! Ops pass in the order in which they come. It is kept as one number, the *theoretical arrival
//! time* of the Generic Cell Rate Algorithm (ITU-T I.371, annex A), which says the same as a bucket
//! and needs no timer. So from any moment on, no more than `burst + ops_per_s * t` ops pass within
//! a time `t`.

use std::collections::HashMap;

use crate::keys::KeyId;
use crate::time::Nanos;

/// How many ops pass per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    /// In the long run; above 0.
    pub ops_per_s: f64,
    /// Ops that may pass at once after a pause; at least 1.
    pub burst: u32,
}

impl RateLimit {
    /// Evenly spaced, without bursts.
    #[must_use]
    pub const fn even(ops_per_s: f64) -> Self {
        Self {
            ops_per_s,
            burst: 1,
        }
    }
}

/// A limit made ready to count with.
///
/// Times are fixed-point numbers with 32 bits behind the point, so that an interval that is no whole
/// number of nanoseconds keeps its rate: the error is below a nanosecond in 2^33 ops.
#[derive(Clone, Copy, Debug)]
struct Law {
    /// Between two ops.
    interval: u128,
    /// How much earlier than evenly spaced an op may come.
    tolerance: u128,
}

impl Law {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float casts saturate, and what is no rate lets nothing pass"
    )]
    fn new(limit: RateLimit) -> Self {
        let interval = match limit.ops_per_s > 0.0 {
            true => (1e9 / limit.ops_per_s * ONE_NS as f64).round() as u128,
            false => u128::MAX,
        }
        .min(fixed(Nanos::MAX));
        Self {
            interval,
            tolerance: interval.saturating_mul(u128::from(limit.burst.saturating_sub(1))),
        }
    }
}

/// One bucket: when the next op would come if all were evenly spaced, and when the last one passed.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    next: u128,
    last: u128,
}

impl State {
    /// Lets an op pass that is there at `ready`, and says when it does.
    fn pass(&mut self, law: Law, ready: Nanos) -> Nanos {
        let earliest = self.next.saturating_sub(law.tolerance);
        let passed = fixed(ready).max(earliest).max(self.last);
        self.next = self.next.max(passed).saturating_add(law.interval);
        self.last = passed;
        // Never early: a part of a nanosecond is waited for.
        Nanos::new(u64::try_from(passed.div_ceil(ONE_NS)).unwrap_or(u64::MAX))
    }
}

/// One bucket for all.
#[derive(Debug)]
pub(super) struct Bucket {
    law: Law,
    state: State,
}

impl Bucket {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self {
            law: Law::new(limit),
            state: State::default(),
        }
    }

    /// Lets an op pass that is there at `ready`, and says when it does.
    pub(super) fn pass(&mut self, ready: Nanos) -> Nanos {
        self.state.pass(self.law, ready)
    }
}

/// A bucket for each key.
///
/// Memory grows with the keys that were used lately, not with all that ever were: a full bucket is
/// as good as new, and is forgotten.
#[derive(Debug)]
pub(super) struct KeyBuckets {
    law: Law,
    by_key: HashMap<KeyId, State>,
    /// What a new bucket begins with: whatever was forgotten is not forgotten too early for an op
    /// that comes with an older stamp.
    new: State,
    /// Forget full buckets when there are as many.
    forget_at: usize,
}

impl KeyBuckets {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self {
            law: Law::new(limit),
            by_key: HashMap::new(),
            new: State::default(),
            forget_at: FEWEST_TO_FORGET,
        }
    }

    /// Lets an op with `key` pass that is there at `ready`, and says when it does.
    pub(super) fn pass(&mut self, key: KeyId, ready: Nanos) -> Nanos {
        if self.by_key.len() >= self.forget_at {
            self.forget(ready);
        }
        let state = self.by_key.entry(key).or_insert(self.new);
        state.pass(self.law, ready)
    }

    fn forget(&mut self, now: Nanos) {
        let now = fixed(now);
        let new = &mut self.new;
        self.by_key.retain(|_, state| {
            let is_full = state.next <= now;
            if is_full {
                new.next = new.next.max(state.next);
                new.last = new.last.max(state.last);
            }
            !is_full
        });
        self.forget_at = FEWEST_TO_FORGET.max(self.by_key.len().saturating_mul(2));
    }
}

const fn fixed(time: Nanos) -> u128 {
    (time.get() as u128) << POINT
}

const POINT: u32 = 32;
const ONE_NS: u128 = 1 << POINT;
const FEWEST_TO_FORGET: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pass(bucket: &mut Bucket, ready: u64) -> u64 {
        bucket.pass(Nanos::new(ready)).get()
    }

    fn key(index: u32) -> KeyId {
        KeyId {
            index,
            generation: 0,
        }
    }

    #[test]
    fn without_bursts_ops_are_spaced_evenly() {
        let mut bucket = Bucket::new(RateLimit::even(1e6));
        let passed = [0, 0, 0, 5_000, 5_500, 9_000].map(|ready| pass(&mut bucket, ready));
        assert_eq!(passed, [0, 1_000, 2_000, 5_000, 6_000, 9_000]);
    }

    #[test]
    fn a_burst_passes_at_once_and_the_bucket_fills_again() {
        let mut bucket = Bucket::new(RateLimit {
            ops_per_s: 1e6,
            burst: 3,
        });
        let passed = [10, 10, 10, 10, 10, 4_010, 4_010].map(|ready| pass(&mut bucket, ready));
        // Empty at 10; one each µs. At 4,010 two more than were taken have come back.
        assert_eq!(passed, [10, 10, 10, 1_010, 2_010, 4_010, 4_010]);
        assert_eq!(pass(&mut bucket, 4_010), 5_010);
    }

    #[test]
    fn a_rate_that_is_no_whole_interval_is_kept_and_nothing_is_early() {
        let mut bucket = Bucket::new(RateLimit::even(3e8));
        let passed: Vec<u64> = (0..5).map(|_| pass(&mut bucket, 0)).collect();
        assert_eq!(passed, [0, 4, 7, 10, 14]);
        for _ in 5..3_000_000 {
            pass(&mut bucket, 0);
        }
        assert_eq!(pass(&mut bucket, 0), 10_000_000);
    }

    #[test]
    fn what_is_no_rate_saturates() {
        for ops_per_s in [0.0, -1.0, f64::NAN, f64::MIN_POSITIVE] {
            let mut bucket = Bucket::new(RateLimit {
                ops_per_s,
                burst: u32::MAX,
            });
            assert_eq!(pass(&mut bucket, 7), 7);
            let mut bucket = Bucket::new(RateLimit::even(ops_per_s));
            assert_eq!([7, 8].map(|at| pass(&mut bucket, at)), [7, u64::MAX]);
        }
        let mut bucket = Bucket::new(RateLimit::even(f64::INFINITY));
        assert_eq!(
            [7, 7, u64::MAX].map(|at| pass(&mut bucket, at)),
            [7, 7, u64::MAX]
        );
    }

    #[test]
    fn keys_do_not_wait_for_each_other() {
        let mut keys = KeyBuckets::new(RateLimit::even(1e6));
        let mut pass = |index, ready| keys.pass(key(index), Nanos::new(ready)).get();
        assert_eq!([pass(1, 0), pass(1, 0), pass(1, 0)], [0, 1_000, 2_000]);
        assert_eq!([pass(2, 5), pass(1, 6), pass(2, 6)], [5, 3_000, 1_005]);
    }

    #[test]
    fn keys_that_nobody_uses_are_forgotten_and_their_limits_are_not() {
        let mut keys = KeyBuckets::new(RateLimit::even(1e3));
        for index in 0..1_000_000 {
            keys.pass(key(index), Nanos::new(u64::from(index) * 10_000));
        }
        assert!(keys.by_key.len() <= 2 * FEWEST_TO_FORGET);
        let mut keys = KeyBuckets::new(RateLimit::even(1e3));
        for index in 0..5_000 {
            keys.pass(key(index), Nanos::ZERO);
        }
        assert_eq!(keys.by_key.len(), 5_000, "none of them is full");
        assert_eq!(keys.pass(key(0), Nanos::ZERO), Nanos::from_millis(1));
    }

    proptest! {
        /// The law of a token bucket, for every window that begins with an op.
        #[test]
        fn no_window_has_more_than_the_burst_and_the_rate(
            ops_per_s in 1e3_f64..1e9,
            burst in 1_u32..20,
            gaps in prop::collection::vec(0_u64..20_000, 1..200),
        ) {
            let mut bucket = Bucket::new(RateLimit { ops_per_s, burst });
            let mut ready = 0;
            let passed: Vec<u64> = gaps.iter().map(|gap| {
                ready += gap;
                let passed = pass(&mut bucket, ready);
                assert!(passed >= ready, "never early");
                passed
            }).collect();
            prop_assert!(passed.is_sorted());
            for (first, from) in passed.iter().enumerate() {
                for (last, to) in passed.iter().enumerate().skip(first) {
                    let most = f64::from(burst) + ops_per_s * ((to - from) as f64 + 1.0) / 1e9;
                    prop_assert!((last - first + 1) as f64 <= most + 1e-6);
                }
            }
        }

        /// Nobody waits longer than the law wants: the op before last is that long ago, or the
        /// bucket was empty.
        #[test]
        fn nobody_waits_while_there_is_a_token(
            burst in 1_usize..20,
            gaps in prop::collection::vec(0_u64..3_000, 1..200),
        ) {
            let limit = RateLimit { ops_per_s: 1e6, burst: u32::try_from(burst).unwrap() };
            let mut bucket = Bucket::new(limit);
            let mut ready = 0;
            let mut passed: Vec<u64> = Vec::new();
            // A bucket that is counted, token by token.
            let (mut tokens, mut since) = (burst as f64, 0_u64);
            for gap in gaps {
                ready += gap;
                let at = pass(&mut bucket, ready);
                let begin = ready.max(passed.last().copied().unwrap_or(0));
                tokens = (tokens + (begin - since) as f64 / 1e3).min(burst as f64);
                let wait = ((1.0 - tokens) * 1e3).max(0.0);
                prop_assert!((at - begin) as f64 <= wait + 1e-3, "{at} {begin} {wait}");
                tokens = tokens + wait / 1e3 - 1.0;
                since = at;
                passed.push(at);
            }
        }
    }
}
