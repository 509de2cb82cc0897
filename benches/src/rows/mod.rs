//! The benchmarks, each in a file with what it is about.

mod child;
mod curve;
mod jobs;
mod latency;
mod load;
mod memory;
mod modelled;
mod ops;
mod virtual_storm;

use std::path::PathBuf;

use crate::failure::Failure;
use crate::libcrypto::Libcrypto;
use crate::measure::{Batch, Effort, Rounds, interleaved};
use crate::row::Row;

pub use child::{FLAG as CHILD_FLAG, Measure};

/// What benchmarks get.
pub struct Context {
    /// How much to measure.
    pub effort: Effort,
    /// The peer, or why there is none.
    pub libcrypto: Result<Libcrypto, String>,
    /// The `pausewake` that is measured; `None`: ours, built by cargo.
    pub program: Option<PathBuf>,
}

/// A benchmark, which fills one row or several.
pub struct Benchmark {
    /// By which it is asked for.
    pub name: &'static str,
    /// What it measures.
    pub about: &'static str,
    /// Measures it. An error stands for all of its rows.
    pub run: fn(&Context) -> Result<Vec<Row>, Failure>,
}

/// Every benchmark, in the order of the table.
pub const ALL: &[Benchmark] = &[
    jobs::START_FINISH,
    jobs::START_PAUSE_FINISH,
    jobs::PAUSE_RESUME,
    jobs::WAIT_CTX,
    ops::CALLBACK,
    ops::RINGS,
    ops::FD,
    virtual_storm::VIRTUAL_STORM,
    modelled::MODELLED,
    latency::LATENCY,
    memory::MEMORY,
    curve::CURVE,
];

impl Context {
    /// Rounds of our part and libcrypto's, if it is there.
    fn beside_libcrypto(
        &self,
        rounds: usize,
        ours: Batch<'_>,
        mut theirs: impl FnMut(&Libcrypto) -> Result<f64, Failure>,
    ) -> Result<Rounds, Failure> {
        let rounds = self.effort.rounds(rounds);
        match &self.libcrypto {
            Ok(libcrypto) => interleaved(rounds, ours, Some(&mut || theirs(libcrypto))),
            Err(_) => interleaved(rounds, ours, None),
        }
    }

    /// Rounds of our part and libcrypto's bare pause and resume.
    fn beside_libcrypto_pairs(&self, rounds: usize, ours: Batch<'_>) -> Result<Rounds, Failure> {
        let pairs = self.effort.count(PAIRS);
        match &self.libcrypto {
            Ok(libcrypto) => {
                let mut job = libcrypto.pausing_job()?;
                interleaved(
                    self.effort.rounds(rounds),
                    ours,
                    Some(&mut || job.pairs_ns(pairs)),
                )
            }
            Err(_) => interleaved(self.effort.rounds(rounds), ours, None),
        }
    }

    /// `row` with these rounds, and what is missing in them.
    fn row_beside_libcrypto(&self, row: Row, rounds: &Rounds) -> Row {
        let row = row.with_rounds(rounds, "libcrypto");
        match &self.libcrypto {
            Ok(_) => row,
            Err(reason) => row.noting(format!("no ratio: {reason}")),
        }
    }
}

/// Pairs of a peer per round: half a millisecond. Rounds are shorter than the time slices of a busy
/// machine, so that most of them are not interrupted.
const PAIRS: u64 = 4_000;
