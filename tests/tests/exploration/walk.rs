//! Larger worlds than can be explored, by chance.

use pausewake_device::Nanos;
use pausewake_engine::{Notify, Reap};

use crate::action::Action;
use crate::case::{Arming, Budget, Case};
use crate::explorer::{Broken, one_order};

/// The case that belongs to `seed`: five jobs with three calls each, two slots, and a bit of
/// everything that can go wrong. Half of those that are told have an owner that sleeps.
pub(crate) fn case(seed: u64) -> Case {
    let mut chance = SplitMix64(seed);
    let mut up_to = |most: usize| u32::try_from(chance.below(most + 1)).expect("it is small");
    let budget = Budget {
        spurious: up_to(4),
        cancels: up_to(3),
        contexts: up_to(2),
        doubles: up_to(3),
        forgeries: up_to(2),
        failures: up_to(2),
        losses: up_to(2),
        resets: up_to(1),
        timeouts: up_to(3),
        interrupts: up_to(3),
    };
    let notify = [Notify::Callback, Notify::Fd, Notify::Poll][chance.below(3)];
    let has_timeouts = chance.below(2) == 1;
    let (reap, arming) = match (notify, chance.below(4)) {
        (Notify::Callback | Notify::Fd, 0) => (Reap::Event, Arming::AtOnce),
        (Notify::Callback | Notify::Fd, 1) => (Reap::Event, Arming::InHalves),
        _ => (Reap::External, Arming::AtOnce),
    };
    Case {
        reap,
        arming,
        reaps_awake: chance.below(2) == 1,
        jobs: 5,
        calls: 3,
        op_timeout_ns: has_timeouts.then_some(Nanos::from_millis(1)),
        budget: Budget {
            timeouts: if has_timeouts { budget.timeouts } else { 0 },
            ..budget
        },
        ..Case::two_jobs("at random", notify)
    }
}

/// One walk through the case of `seed`.
pub(crate) fn walk(seed: u64) -> Result<Vec<Action>, Broken> {
    let mut chance = SplitMix64(!seed);
    one_order(case(seed), |count| chance.below(count))
}

/// SplitMix64 (Steele, Lea, Flood: *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014):
/// the same numbers for the same seed, for ever.
struct SplitMix64(u64);

impl SplitMix64 {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // Bounds are tiny, so the bias is too.
        usize::try_from(mixed % bound as u64).expect("it is below a usize")
    }
}
