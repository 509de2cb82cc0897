//! Reproducible chance: one seed, one named generator, one stream per concern.
//!
//! A run has one [`Seed`]. Whoever needs chance takes a stream of its own from it, named by a
//! [`Concern`] and an index, so that nobody's draws move anybody else's: a scenario with faults
//! sees the same arrivals as the one without.
//!
//! # How a stream comes from a seed
//! The generator is xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number
//! generators", 2021), whose authors recommend filling its 256 bits of state by SplitMix64. With
//! `mix` for SplitMix64's output function and `γ` = 0x9e3779b97f4a7c15 for its increment:
//!
//! ```text
//! x       = mix(seed + γ)
//! x       = mix((x ^ concern number) + γ)
//! x       = mix((x ^ index) + γ)
//! word[i] = mix(x + (i + 1) γ)     i = 0 … 3, little-endian in the generator's 32-byte seed
//! ```
//!
//! Each step is a bijection, so two indices of one concern never share a stream, nor do two
//! concerns with equal indices; two seeds may do so with the probability of two random words
//! being equal. The concerns' numbers, the mixing and the generator are fixed for good: a test
//! pins the first values, because a seed in a bug report has to mean the same next year.

use std::fmt;
use std::str::FromStr;

use rand::SeedableRng;

/// The generator behind every stream: portable, so that a seed means the same everywhere.
pub type Stream = rand_xoshiro::Xoshiro256PlusPlus;

/// What a stream of random numbers is used for. Each concern has its own, so that switching one
/// on or off does not move the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Concern {
    /// When load arrives, and think times.
    Arrivals,
    /// How long a slice works.
    Service,
    /// Which faults strike.
    Faults,
    /// What the payloads hold.
    Payload,
    /// Which op of a mix comes next.
    Mix,
}

impl Concern {
    /// Every concern.
    pub const ALL: [Self; 5] = [
        Self::Arrivals,
        Self::Service,
        Self::Faults,
        Self::Payload,
        Self::Mix,
    ];

    /// The number that stands for the concern in the mixing. Written out, because the order of
    /// the enum may change and a seed's meaning may not.
    const fn number(self) -> u64 {
        match self {
            Self::Arrivals => 1,
            Self::Service => 2,
            Self::Faults => 3,
            Self::Payload => 4,
            Self::Mix => 5,
        }
    }
}

/// The seed of a run.
///
/// Printed in decimal; read in decimal, or in hexadecimal behind `0x`:
///
/// ```
/// use pausewake_device::random::Seed;
///
/// let seed: Seed = "0x2a".parse()?;
/// assert_eq!(seed, Seed(42));
/// assert_eq!(seed.to_string(), "42");
/// # Ok::<(), pausewake_device::random::ParseSeedError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream of `concern` for instance `index` of its user (application thread, queue,
    /// service class). Different arguments give independent streams, equal ones the same stream.
    #[must_use]
    pub fn stream(self, concern: Concern, index: u64) -> Stream {
        let state = mix(self.0.wrapping_add(INCREMENT));
        let state = mix((state ^ concern.number()).wrapping_add(INCREMENT));
        let mut state = mix((state ^ index).wrapping_add(INCREMENT));
        let mut bytes = [0; 32];
        for word in bytes.chunks_exact_mut(8) {
            state = state.wrapping_add(INCREMENT);
            word.copy_from_slice(&mix(state).to_le_bytes());
        }
        Stream::from_seed(bytes)
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Seed {
    type Err = ParseSeedError;

    /// # Errors
    /// [`ParseSeedError`] when the text is no unsigned number of 64 bits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        parsed.map(Self).map_err(|_| ParseSeedError {
            text: text.to_owned(),
        })
    }
}

/// Misuse: a text that is no seed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no seed: write a number from 0 to {max}, or up to 16 hex digits behind 0x", max = u64::MAX)]
pub struct ParseSeedError {
    text: String,
}

/// SplitMix64's output function (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014; constants of Vigna's `splitmix64.c`).
const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// SplitMix64's increment, 2^64 over the golden ratio.
const INCREMENT: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;
    use std::collections::HashSet;

    fn first_four(mut stream: Stream) -> [u64; 4] {
        [(); 4].map(|()| stream.next_u64())
    }

    /// If this fails, every seed that anybody ever wrote down has lost its meaning.
    #[test]
    fn a_seed_means_the_same_for_ever() {
        for (seed, concern, index, words) in PINNED {
            let got = first_four(Seed(seed).stream(concern, index));
            assert_eq!(got, words, "seed {seed}, {concern:?}, index {index}");
        }
    }

    #[test]
    fn mixing_is_splitmix64() {
        // The first outputs of splitmix64.c from state 1234567.
        let mut state = 1_234_567_u64;
        for expected in [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ] {
            state = state.wrapping_add(INCREMENT);
            assert_eq!(mix(state), expected);
        }
    }

    #[test]
    fn neighbours_share_no_stream() {
        let mut seen = HashSet::new();
        for seed in (0..20).chain([u64::MAX, 1 << 63]) {
            for concern in Concern::ALL {
                for index in (0..20).chain([u64::MAX, 1 << 63]) {
                    let words = first_four(Seed(seed).stream(concern, index));
                    assert!(seen.insert(words), "{seed} {concern:?} {index}");
                }
            }
        }
    }

    #[test]
    fn what_is_printed_can_be_read() {
        for seed in [0, 42, u64::MAX] {
            assert_eq!(Seed(seed).to_string().parse(), Ok(Seed(seed)));
            assert_eq!(format!("{seed:#x}").parse(), Ok(Seed(seed)));
        }
        for text in ["", "0x", "-1", "seven", "18446744073709551616"] {
            assert!(text.parse::<Seed>().is_err(), "{text}");
        }
    }

    /// Computed by a second implementation, written from the module's page.
    const PINNED: [(u64, Concern, u64, [u64; 4]); 5] = [
        (
            0,
            Concern::Arrivals,
            0,
            [
                0x74a9_3a92_9f98_f7a6,
                0xc5b5_2dfb_207c_c0f1,
                0x2fee_f006_9852_e91d,
                0xfd0f_e4de_7e0a_b34a,
            ],
        ),
        (
            42,
            Concern::Service,
            0,
            [
                0xaad9_2097_8c9d_338f,
                0x34f0_0806_ba10_357c,
                0x49fd_6877_7a2f_ebca,
                0x3642_b5a9_7bf7_b5bb,
            ],
        ),
        (
            42,
            Concern::Service,
            1,
            [
                0xd61c_20f1_01d2_a7d9,
                0x741b_df7b_7563_07ae,
                0xa512_204f_7c91_8a00,
                0x161f_1573_e5af_cbd8,
            ],
        ),
        (
            42,
            Concern::Faults,
            7,
            [
                0x7bdb_9428_fa7c_fe6a,
                0x5d45_54b8_41ec_a601,
                0x0cbf_bc37_50b1_1116,
                0xee6b_39eb_fec6_6781,
            ],
        ),
        (
            u64::MAX,
            Concern::Mix,
            u64::MAX,
            [
                0x4dd7_2da4_bcbf_2840,
                0xcc5b_264a_e902_4c48,
                0x9209_bef0_0711_30a6,
                0x220d_68a2_9c12_5186,
            ],
        ),
    ];
}
