//! Measurements that need a process of their own, which is this program once more.

use std::process::Command;

use clap::ValueEnum;

use crate::failure::Failure;
use crate::rows::memory;

/// What can be measured in a process of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Measure {
    /// Resident bytes of each of our jobs, all paused at once.
    JobBytes,
    /// The same of libcrypto's.
    LibcryptoJobBytes,
}

impl Measure {
    /// Measures `count` of it here.
    ///
    /// # Errors
    /// Why it cannot be done.
    pub fn here(self, count: usize) -> Result<f64, Failure> {
        match self {
            Self::JobBytes => memory::job_bytes(count),
            Self::LibcryptoJobBytes => memory::libcrypto_job_bytes(count),
        }
    }

    /// Measures `count` of it in a process of its own.
    pub(super) fn in_child(self, count: u64) -> Result<f64, Failure> {
        let program = std::env::current_exe().map_err(Failure::unavailable)?;
        let name = self
            .to_possible_value()
            .ok_or_else(|| Failure::check("it has no name"))?;
        let output = Command::new(program)
            .args([&format!("--{FLAG}"), name.get_name(), &count.to_string()])
            .output()
            .map_err(Failure::unavailable)?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if !output.status.success() {
            return Err(Failure::unavailable(said(&output.stderr)));
        }
        let text = said(&output.stdout);
        let figure = text.parse();
        figure.map_err(|_| Failure::check(format!("the child process said '{text}'")))
    }
}

/// The flag by which the program asks itself; not for users.
pub const FLAG: &str = "child-measure";
