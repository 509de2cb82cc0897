//! How a run goes, at one moment: what view and line are made of.

use std::time::Duration;

use pausewake_device::Nanos;

use crate::report::Series;
use crate::scenario::Limit;

/// What is looked at: that of a run which does not change.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What the run is called.
    pub title: String,
    /// Which of several runs it is, if there are several.
    pub variant: Option<String>,
    /// Whether time is computed.
    pub is_virtual: bool,
    /// Whether calls pause their jobs; else each holds its thread.
    pub is_async: bool,
    /// Whether arrivals have times of their own.
    pub is_open: bool,
    /// How long it goes on before figures count.
    pub warmup: Nanos,
    /// When it is over, the warm-up included.
    pub limit: Limit,
    /// Ops that it consists of, if that is known.
    pub ops: Option<u64>,
    /// Places in the submission rings of all threads.
    pub ring_depth: u64,
}

/// How it goes.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Of what.
    pub subject: Subject,
    /// The run's time, since it began.
    pub elapsed: Nanos,
    /// Real time, since it began.
    pub real: Duration,
    /// Whether it is still warming up.
    pub is_warming_up: bool,
    /// Whether it is being ended before its time, and only what is under way is waited for.
    pub is_ending: bool,
    /// What happened in the last second or so.
    pub now: Span,
    /// What happened since figures count.
    pub whole: Span,
    /// Throughput of the last while, op/s of the run's time, oldest first.
    pub history: Vec<f64>,
    /// Calls that have given a result, the warm-up's included.
    pub returned_ops: u64,
    /// Calls that failed.
    pub errors: u64,
    /// Arrivals that were late, or dropped, or wait now.
    pub arrivals: Arrivals,
    /// Jobs that have not ended.
    pub jobs: Jobs,
    /// Operations that the device has, those in the rings included.
    pub in_flight: u64,
    /// Descriptors in the submission rings.
    pub in_ring: u64,
    /// The classes of slices that the device has.
    pub slices: Vec<Slices>,
}

/// What happened within some time.
#[derive(Clone, Debug)]
pub struct Span {
    /// Calls that gave a result, each second of the run's time.
    pub ops_per_s: f64,
    /// The same, each second of real time.
    pub ops_per_real_s: f64,
    /// Their latency.
    pub latency: Series,
}

/// Of an open loop.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrivals {
    /// Started late.
    pub late: u64,
    /// Never started.
    pub dropped: u64,
    /// Waiting for a job.
    pub waiting: u64,
}

/// Jobs by what they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jobs {
    /// Run, or could.
    pub running: u64,
    /// Wait for the device.
    pub at_device: u64,
    /// Wait for room, to get to the device.
    pub for_room: u64,
    /// Think.
    pub thinking: u64,
}

/// A class of slices.
#[derive(Clone, Copy, Debug)]
pub struct Slices {
    /// Its name.
    pub class: &'static str,
    /// The share of the last second or so in which they worked.
    pub now: f64,
    /// The share of the time since figures count.
    pub whole: f64,
}

impl Snapshot {
    /// Which part of the run is done, from 0 to 1, if that can be told.
    pub fn done(&self) -> Option<f64> {
        let done = match (self.subject.limit, self.subject.ops) {
            (Limit::Duration(duration), _) => self.elapsed.as_f64() / duration.as_f64(),
            #[expect(clippy::cast_precision_loss, reason = "shown as a percentage")]
            (_, Some(ops)) => self.returned_ops as f64 / ops as f64,
            _ => return None,
        };
        done.is_finite().then_some(done.clamp(0.0, 1.0))
    }

    /// Real time until it is over, if it goes on like that.
    pub fn left(&self) -> Option<Duration> {
        let done = self.done().filter(|done| *done > 0.0)?;
        let left = match self.subject.limit {
            Limit::Duration(duration) if !self.subject.is_virtual => {
                return Some(Duration::from_nanos((duration - self.elapsed).get()));
            }
            _ => self.real.as_secs_f64() * (1.0 - done) / done,
        };
        Duration::try_from_secs_f64(left).ok()
    }

    /// Utilisation of the slices that are busiest now.
    pub fn busiest(&self) -> Option<f64> {
        let shares = self.slices.iter().map(|slices| slices.now);
        shares.max_by(f64::total_cmp)
    }
}

impl Jobs {
    /// All of them.
    pub fn total(self) -> u64 {
        self.running + self.at_device + self.for_room + self.thinking
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A closed loop by the wall clock, twelve seconds into a minute.
    pub fn closed() -> Snapshot {
        let mut latency = Series::coarse();
        latency.record_n(Nanos::new(1_040_000), 98);
        latency.record(Nanos::new(2_310_000));
        latency.record(Nanos::new(2_310_000));
        let span = Span {
            ops_per_s: 61_234.0,
            ops_per_real_s: 61_234.0,
            latency,
        };
        Snapshot {
            subject: Subject {
                title: "load".to_owned(),
                variant: None,
                is_virtual: false,
                is_async: true,
                is_open: false,
                warmup: Nanos::ZERO,
                limit: Limit::Duration(Nanos::from_secs(60)),
                ops: None,
                ring_depth: 512,
            },
            elapsed: Nanos::from_secs(12),
            real: Duration::from_secs(12),
            is_warming_up: false,
            is_ending: false,
            now: span.clone(),
            whole: Span {
                ops_per_s: 60_800.0,
                ..span
            },
            history: vec![10e3, 40e3, 61e3, 61e3],
            returned_ops: 729_600,
            errors: 0,
            arrivals: Arrivals::default(),
            jobs: Jobs {
                running: 1,
                at_device: 63,
                ..Jobs::default()
            },
            in_flight: 63,
            in_ring: 12,
            slices: vec![Slices {
                class: "asym",
                now: 0.991,
                whole: 0.987,
            }],
        }
    }

    /// The same under virtual time, of ops.
    pub fn simulated() -> Snapshot {
        let mut snapshot = closed();
        snapshot.subject.is_virtual = true;
        snapshot.subject.limit = Limit::Ops(1_000_000);
        snapshot.subject.ops = Some(1_000_000);
        snapshot.elapsed = Nanos::from_secs(3);
        snapshot.now.ops_per_real_s = 15_300.0;
        snapshot.whole.ops_per_real_s = 15_200.0;
        snapshot
    }

    /// The same of an open loop that cannot keep up and is still warming up.
    pub fn open() -> Snapshot {
        let mut snapshot = closed();
        snapshot.subject.is_open = true;
        snapshot.is_warming_up = true;
        snapshot.errors = 3;
        snapshot.arrivals = Arrivals {
            late: 1_200,
            dropped: 7,
            waiting: 40,
        };
        snapshot
    }

    #[test]
    fn what_is_left_follows_from_what_is_done() {
        let (closed, simulated) = (closed(), simulated());
        assert_eq!(closed.done(), Some(0.2));
        assert_eq!(closed.left(), Some(Duration::from_secs(48)));
        assert_eq!(simulated.done(), Some(0.7296));
        let left = simulated.left().expect("it goes on");
        assert_eq!(left.as_millis(), 4_447);
        let mut endless = simulated;
        endless.subject.ops = None;
        assert_eq!((endless.done(), endless.left()), (None, None));
        let mut not_begun = closed;
        not_begun.elapsed = Nanos::ZERO;
        not_begun.subject.is_virtual = true;
        assert_eq!(not_begun.left(), None);
    }
}
