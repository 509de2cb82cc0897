//! The way between host and device: latency, and a bandwidth that all queues share.

use crate::time::Nanos;

/// One direction of the link: a server that passes one payload after the other, first come first
/// served, and behind it a latency that everything has in common.
#[derive(Debug)]
pub(super) struct Direction {
    latency_ns: Nanos,
    bytes_per_s: Option<u64>,
    line: Line,
}

/// When the line is free again.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    free_ns: Nanos,
    /// What the last transfer took beyond `free_ns`, in ns / `bytes_per_s`. Carried into the next
    /// one if it follows at once, so that many small payloads in a row keep the bandwidth exactly.
    carry: u64,
}

/// A payload's way along the link, as it would be now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage {
    /// When it is at the other end.
    pub(super) arrival_ns: Nanos,
    line_after: Line,
}

impl Direction {
    pub(super) const fn new(latency_ns: Nanos, bytes_per_s: Option<u64>) -> Self {
        Self {
            latency_ns,
            bytes_per_s,
            line: Line {
                free_ns: Nanos::ZERO,
                carry: 0,
            },
        }
    }

    /// How `bytes` that are ready at `from` will pass; nothing is moved yet.
    pub(super) fn passage(&self, from: Nanos, bytes: u32) -> Passage {
        let Some(bytes_per_s) = self.bytes_per_s else {
            return Passage {
                arrival_ns: from + self.latency_ns,
                line_after: self.line,
            };
        };
        let (start, carry) = if from > self.line.free_ns {
            (from, 0)
        } else {
            (self.line.free_ns, self.line.carry)
        };
        let line_after = transfer(start, carry, bytes, bytes_per_s);
        Passage {
            arrival_ns: line_after.free_ns + self.latency_ns,
            line_after,
        }
    }

    /// Lets the payload pass for which [`passage`](Self::passage) was asked last.
    pub(super) fn pass(&mut self, passage: Passage) -> Nanos {
        self.line = passage.line_after;
        passage.arrival_ns
    }
}

fn transfer(start: Nanos, carry: u64, bytes: u32, bytes_per_s: u64) -> Line {
    // Below 2^32 * 10^9 < 2^62, so that only a carry of absurd bandwidths can saturate.
    let work = (u64::from(bytes) * NANOS_PER_S).saturating_add(carry);
    match work.checked_div(bytes_per_s) {
        Some(duration) => Line {
            free_ns: start + Nanos::new(duration),
            carry: work % bytes_per_s,
        },
        // Nothing ever passes a line without bandwidth.
        None => Line {
            free_ns: Nanos::MAX,
            carry: 0,
        },
    }
}

const NANOS_PER_S: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_pass_one_after_the_other() {
        let mut line = Direction::new(Nanos::new(500), Some(1_000_000_000));
        let mut send = |from, bytes| {
            let passage = line.passage(Nanos::new(from), bytes);
            line.pass(passage).get()
        };
        assert_eq!(send(0, 100), 600);
        assert_eq!(
            send(20, 100),
            700,
            "waits for the line, not for the latency"
        );
        assert_eq!(send(1_000, 0), 1_500, "no bytes, no transfer");
        assert_eq!(send(10, 10), 1_510, "behind the last, whatever its stamp");
    }

    #[test]
    fn small_payloads_in_a_row_keep_the_bandwidth() {
        let mut line = Direction::new(Nanos::ZERO, Some(3_000_000_000));
        let mut last = Nanos::ZERO;
        for _ in 0..3_000 {
            let passage = line.passage(Nanos::ZERO, 1);
            last = line.pass(passage);
        }
        assert_eq!(last, Nanos::new(1_000));
    }

    #[test]
    fn asking_moves_nothing() {
        let line = Direction::new(Nanos::ZERO, Some(1));
        assert_eq!(line.passage(Nanos::ZERO, 1).arrival_ns, Nanos::from_secs(1));
        assert_eq!(line.passage(Nanos::ZERO, 1).arrival_ns, Nanos::from_secs(1));
    }

    #[test]
    fn extremes_saturate() {
        for bandwidth in [Some(0), Some(1), Some(u64::MAX), None] {
            let mut line = Direction::new(Nanos::MAX, bandwidth);
            let mut last = Nanos::ZERO;
            for from in [Nanos::ZERO, Nanos::MAX, Nanos::new(1)] {
                let passage = line.passage(from, u32::MAX);
                let arrival = line.pass(passage);
                assert!(arrival >= from && arrival >= last, "{bandwidth:?}");
                last = arrival;
            }
        }
    }
}
