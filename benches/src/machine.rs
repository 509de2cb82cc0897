//! Where the figures come from: without it they mean nothing.

use std::fs;
use std::process::Command;

use serde::Serialize;

/// Where the figures come from.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor's name for itself.
    pub cpu: String,
    /// How many threads of this process can run at once.
    pub cores: usize,
    /// The kernel's release.
    pub kernel: String,
    /// How busy the machine was at the beginning: jobs that ran, over the last minute.
    pub load_average: Option<f64>,
    /// The compiler that built this program.
    pub rustc: &'static str,
    /// How it was built.
    pub profile: &'static str,
    /// The commit that it was built from, as git describes it; `-dirty` if files differ from it.
    pub commit: String,
    /// The peer's version. `null`: it is not there.
    pub libcrypto: Option<String>,
    /// Why the peer is not there.
    pub libcrypto_absent: Option<String>,
}

impl Machine {
    /// This machine, with this peer.
    pub fn of(libcrypto: Result<String, String>) -> Self {
        let (libcrypto, libcrypto_absent) = match libcrypto {
            Ok(version) => (Some(version), None),
            Err(reason) => (None, Some(reason)),
        };
        Self {
            cpu: cpu().unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: read("/proc/sys/kernel/osrelease").unwrap_or_else(unknown),
            load_average: load_average(),
            rustc: env!("PAUSEWAKE_BENCHES_RUSTC"),
            profile: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            },
            commit: commit().unwrap_or_else(unknown),
            libcrypto,
            libcrypto_absent,
        }
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}

/// x86 says a model's name; other processors say who made them, in numbers.
fn cpu() -> Option<String> {
    let text = read("/proc/cpuinfo")?;
    let line = text.lines().find(|line| line.starts_with("model name"));
    let name = line
        .and_then(|line| line.split_once(':'))
        .map(|(_, name)| name.trim().to_owned());
    name.or_else(|| Some(std::env::consts::ARCH.to_owned()))
}

fn load_average() -> Option<f64> {
    read("/proc/loadavg")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

fn commit() -> Option<String> {
    let output = Command::new("git")
        .args(["-C", env!("CARGO_MANIFEST_DIR")])
        .args(["describe", "--always", "--dirty", "--exclude=*"])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let text = text.trim();
    (output.status.success() && !text.is_empty()).then(|| text.to_owned())
}
