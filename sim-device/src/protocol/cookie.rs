//! Which op a completion belongs to.

use std::fmt;

/// Names one use of one slot: the slot's index and the generation of its use.
///
/// The device carries it from the descriptor to the completion without reading it. The submitter
/// compares the generation, so that a late, doubled or forged completion meets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cookie {
    /// The slot's index.
    pub slot: u32,
    /// How often the slot had been taken when this op took it.
    pub generation: u32,
}

impl Cookie {
    /// The cookie as it stands in a ring entry: generation above, slot below.
    #[must_use]
    pub const fn to_word(self) -> u64 {
        (self.generation as u64) << 32 | self.slot as u64
    }

    /// Any word is a cookie; whether it names anything is for the submitter to check.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the halves of the word are wanted"
    )]
    pub const fn from_word(word: u64) -> Self {
        Self {
            slot: word as u32,
            generation: (word >> 32) as u32,
        }
    }
}

/// `slot.generation`, as the story and the errors name an op.
impl fmt::Display for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.slot, self.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_round_trips() {
        for word in [0, 1, u64::MAX, 0xdead_beef_0000_0007] {
            assert_eq!(Cookie::from_word(word).to_word(), word);
        }
    }
}
