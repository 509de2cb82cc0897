//! An open loop's starts, and what the threads that made them cost.

use pausewake_device::Nanos;

use super::Report;
use super::series::Series;

impl Report {
    /// Whether the machine let the device's thread run so late that the figures are as much the machine's as
    /// the modelled device's. Not told where they are the CPU's, or mean nothing at all.
    pub fn is_device_late(&self) -> bool {
        let thread = self.device_thread.as_ref();
        let mean_ns = self.latency.mean_ns.filter(|mean_ns| *mean_ns > 0);
        let is_late = (thread.zip(mean_ns))
            .is_some_and(|(thread, mean_ns)| thread.late_mean_ns > mean_ns / LATE_DEVICE);
        is_late && self.invalid.is_none() && !self.is_compute_bound()
    }

    /// Whether the CPU decided the figures, and not the modelled device.
    pub fn is_compute_bound(&self) -> bool {
        self.compute.as_ref().is_some_and(|compute| compute.bound)
    }
}

/// A device is late from this part of the time of a call on, as one of so many.
const LATE_DEVICE: u64 = 10;

/// How punctual the starts of an open loop were.
#[derive(Debug, Default)]
pub struct Punctuality {
    /// Start, less the intended one, of each that was started.
    pub lateness: Series,
    /// Started late although a job was free: the generator was the reason.
    pub late_by_generator: u64,
    /// Started late because no job was free.
    pub late_for_a_job: u64,
    /// Never started.
    pub dropped: u64,
    /// Of these, those that the generator had not got to when the load had been over for a while; the
    /// others found no job free, and no place in the backlog.
    pub dropped_by_generator: u64,
    /// Waited for a job when the run was broken off.
    pub left_waiting: u64,
    /// Arrivals that waited for a job at once, at most.
    pub max_backlog: u64,
}

impl Punctuality {
    /// Arrivals that were started.
    pub fn started(&self) -> u64 {
        self.lateness.count()
    }

    /// All there were.
    pub fn arrivals(&self) -> u64 {
        self.started() + self.dropped + self.left_waiting
    }

    /// Those that were not started on time.
    pub fn late(&self) -> u64 {
        self.late_by_generator + self.late_for_a_job
    }

    /// With those of another thread.
    pub fn merge(&mut self, other: &Self) {
        self.lateness.merge(&other.lateness);
        self.late_by_generator += other.late_by_generator;
        self.late_for_a_job += other.late_for_a_job;
        self.dropped += other.dropped;
        self.dropped_by_generator += other.dropped_by_generator;
        self.left_waiting += other.left_waiting;
        self.max_backlog += other.max_backlog;
    }
}

/// What threads of a run took from the CPU, without what they spent waiting for their time on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThreadCost {
    /// How many threads; zero if it was not measured.
    pub threads: u32,
    /// CPU time of all.
    pub busy_ns: Nanos,
    /// Time that passed, for each of them.
    pub elapsed_ns: Nanos,
}

impl ThreadCost {
    /// The share of the time that they were busy; `None` if it was not measured.
    pub fn busy_share(&self) -> Option<f64> {
        let is_measured = self.elapsed_ns > Nanos::ZERO;
        is_measured.then(|| self.busy_ns.as_f64() / self.elapsed_ns.as_f64())
    }

    /// With that of another thread.
    pub fn merge(&mut self, other: Self) {
        self.threads += other.threads;
        self.busy_ns += other.busy_ns;
        self.elapsed_ns += other.elapsed_ns;
    }
}
