//! What a thread of a run takes from the CPU.

use pausewake_device::Nanos;
use rustix::time::{ClockId, clock_gettime};

use crate::report::ThreadCost;

/// Measures the CPU time of the thread that has it, without what it spent waiting for its time on the
/// CPU.
///
/// It is the operating system's count for the thread, and no clock of the run: under virtual time
/// there is none.
#[derive(Debug)]
pub struct CostMeter {
    began: Option<Began>,
    /// Spent looking whether it is time.
    idle_ns: Nanos,
}

#[derive(Clone, Copy, Debug)]
struct Began {
    cpu_ns: Nanos,
    now: Nanos,
}

impl CostMeter {
    /// Not begun.
    pub fn new() -> Self {
        Self {
            began: None,
            idle_ns: Nanos::ZERO,
        }
    }

    /// Measures from `now` on.
    pub fn begin(&mut self, now: Nanos) {
        self.idle_ns = Nanos::ZERO;
        self.began = Some(Began {
            cpu_ns: thread_cpu(),
            now,
        });
    }

    /// So long the thread only looked whether it was time.
    pub fn idled(&mut self, span: Nanos) {
        self.idle_ns += span;
    }

    /// What it took until `now`.
    pub fn take(&self, now: Nanos) -> ThreadCost {
        let Some(began) = self.began else {
            return ThreadCost::default();
        };
        ThreadCost {
            threads: 1,
            busy_ns: (thread_cpu() - began.cpu_ns) - self.idle_ns,
            elapsed_ns: now - began.now,
        }
    }
}

fn thread_cpu() -> Nanos {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let part = u64::try_from(time.tv_nsec).unwrap_or(0);
    Nanos::from_secs(seconds) + Nanos::new(part)
}
