//! What a paused job holds of memory.

use std::fs;

use pausewake_jobs::{Outcome, pause, start};

use super::child::Measure;
use super::{Benchmark, Context};
use crate::failure::Failure;
use crate::libcrypto::Libcrypto;
use crate::measure::interleaved;
use crate::row::{Reach, Row, Unit};

pub(super) const MEMORY: Benchmark = Benchmark {
    name: "memory",
    about: "resident bytes of each of 30,000 jobs that are paused at once, in a process of its own",
    run: memory,
};

fn memory(context: &Context) -> Result<Vec<Row>, Failure> {
    let jobs = context.effort.count(JOBS);
    let mut theirs = || Measure::LibcryptoJobBytes.in_child(jobs);
    let peer: Option<crate::measure::Batch<'_>> = match context.libcrypto {
        Ok(_) => Some(&mut theirs),
        Err(_) => None,
    };
    let mut ours = || Measure::JobBytes.in_child(jobs);
    let rounds = interleaved(context.effort.rounds(ROUNDS), &mut ours, peer)?;
    let row = Row::new(MEMORY.name, Unit::Bytes).reaching(Reach::at_most(9_000.0));
    Ok(vec![context.row_beside_libcrypto(row, &rounds)])
}

/// Resident bytes of each of `count` jobs of ours. The list of the jobs counts as well.
pub(super) fn job_bytes(count: usize) -> Result<f64, Failure> {
    let job = || {
        start(None, || {
            let _ = pause();
        })
    };
    // The first start of a process does more than the others.
    let first = job().map_err(|error| Failure::unavailable(error.reason()))?;
    let before = resident_bytes()?;
    let mut jobs = Vec::with_capacity(count);
    for number in 0..count {
        match job() {
            Ok(Outcome::Paused(job)) => jobs.push(job),
            Ok(Outcome::Finished(())) => return Err(Failure::check("a job did not pause")),
            Err(error) => {
                let reason = error.reason();
                return Err(Failure::unavailable(format!("job {number}: {reason}")));
            }
        }
    }
    let bytes = resident_bytes()?.saturating_sub(before);
    drop((first, jobs));
    Ok(per_job(bytes, count))
}

/// The same of libcrypto's jobs.
pub(super) fn libcrypto_job_bytes(count: usize) -> Result<f64, Failure> {
    let libcrypto = Libcrypto::load().map_err(Failure::Unavailable)?;
    libcrypto.start_pause_finish_ns(1)?;
    let before = resident_bytes()?;
    let after = libcrypto.with_paused(count, resident_bytes)??;
    Ok(per_job(after.saturating_sub(before), count))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bytes of a process, and a count of jobs"
)]
fn per_job(bytes: u64, count: usize) -> f64 {
    bytes as f64 / count as f64
}

/// Resident memory of this process, bytes: the second figure of `/proc/self/statm`, in pages.
fn resident_bytes() -> Result<u64, Failure> {
    let statm = fs::read_to_string("/proc/self/statm").map_err(Failure::unavailable)?;
    let pages = statm.split_whitespace().nth(1);
    let pages: Option<u64> = pages.and_then(|pages| pages.parse().ok());
    let pages = pages.ok_or_else(|| Failure::unavailable("/proc/self/statm is not as expected"))?;
    Ok(pages * rustix::param::page_size() as u64)
}

/// Below what the kernel's default `vm.max_map_count` allows.
const JOBS: u64 = 30_000;
const ROUNDS: usize = 3;
