//! Rounds in which our part and the peer's take turns.

use std::time::{Duration, Instant};

use crate::failure::Failure;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Enough for figures that hold.
    Full,
    /// Enough to see that it works; the figures mean nothing.
    Quick,
}

impl Effort {
    /// Repetitions of a measurement: as many as `full`, or three.
    pub fn rounds(self, full: usize) -> usize {
        match self {
            Self::Full => full,
            Self::Quick => full.min(3),
        }
    }

    /// Ops, pairs or jobs of one repetition: as many as `full`, or a thousandth.
    pub fn count(self, full: u64) -> u64 {
        match self {
            Self::Full => full,
            Self::Quick => (full / 1_000).max(1),
        }
    }
}

/// One repetition: does a batch, and says what one of it took or how many there were per second.
pub type Batch<'a> = &'a mut dyn FnMut() -> Result<f64, Failure>;

/// What the rounds measured, round by round.
#[derive(Clone, Debug, Default)]
pub struct Rounds {
    /// Our figures.
    pub ours: Vec<f64>,
    /// The peer's; empty if there is none.
    pub peer: Vec<f64>,
}

/// Measures `rounds` times ours and the peer's part right after each other, after one round of
/// each that warms up and does not count. Every other round the peer begins. On a machine that is too
/// busy for it, the rounds end after a second, if there are a few.
///
/// # Errors
/// The first error of a batch.
pub fn interleaved(
    rounds: usize,
    ours: Batch<'_>,
    mut peer: Option<Batch<'_>>,
) -> Result<Rounds, Failure> {
    ours()?;
    if let Some(peer) = &mut peer {
        peer()?;
    }
    let mut measured = Rounds::default();
    let begin = Instant::now();
    for round in 0..rounds {
        if round >= FEWEST_ROUNDS && begin.elapsed() >= MOST_TIME {
            break;
        }
        if round % 2 == 0 {
            measured.ours.push(ours()?);
        }
        if let Some(peer) = &mut peer {
            measured.peer.push(peer()?);
        }
        if round % 2 == 1 {
            measured.ours.push(ours()?);
        }
    }
    Ok(measured)
}

/// Nanoseconds that one of `count` calls of `f` takes.
#[inline(always)]
pub fn ns_per_call(count: u64, mut f: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let begin = Instant::now();
    for _ in 0..count {
        f()?;
    }
    Ok(ns_each(begin, count))
}

/// Nanoseconds since `begin`, for each of `count`.
#[expect(clippy::cast_precision_loss, reason = "a count of ops")]
pub fn ns_each(begin: Instant, count: u64) -> f64 {
    begin.elapsed().as_secs_f64() * 1e9 / count as f64
}

const FEWEST_ROUNDS: usize = 5;
const MOST_TIME: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_take_turns_and_the_first_of_each_does_not_count() {
        let order = std::cell::RefCell::new(String::new());
        let count = std::cell::Cell::new(0.0);
        let step = |name| {
            order.borrow_mut().push(name);
            count.set(count.get() + 1.0);
            Ok(count.get())
        };
        let measured =
            interleaved(3, &mut || step('o'), Some(&mut || step('p'))).expect("no error");
        assert_eq!(*order.borrow(), "opoppoop");
        assert_eq!(measured.ours, [3.0, 6.0, 7.0]);
        assert_eq!(measured.peer, [4.0, 5.0, 8.0]);
    }

    #[test]
    fn without_a_peer_there_are_no_figures_of_one() {
        let measured = interleaved(2, &mut || Ok(1.0), None).expect("no error");
        assert_eq!((measured.ours.len(), measured.peer.len()), (2, 0));
    }

    #[test]
    fn an_error_ends_the_rounds() {
        let result = interleaved(2, &mut || Err(Failure::check("wrong")), None);
        assert!(result.is_err());
    }

    #[test]
    fn quick_does_little_and_never_nothing() {
        assert_eq!(
            (Effort::Full.rounds(101), Effort::Full.count(10)),
            (101, 10)
        );
        assert_eq!((Effort::Quick.rounds(101), Effort::Quick.count(10)), (3, 1));
    }
}
