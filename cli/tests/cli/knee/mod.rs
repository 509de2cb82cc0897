//! `pausewake knee`: the highest rate at which an SLO holds, or the fewest jobs with which it does.

mod answers;
mod probes;
mod refused;
mod shown;
mod slo;

use serde_json::Value;

use crate::helper::{Folder, Said, json};

/// A device of `slices` slices with a constant service time of 100 us, and no host costs.
fn knee(slices: u32, args: &[&str]) -> Said {
    let slices = format!("device.asym.slices={slices}");
    let device = [
        "knee",
        "--set",
        &slices,
        "--set",
        "device.asym.service.base=100us",
    ];
    let host: &[&str] = match args.contains(&"wall") {
        true => &[],
        false => &["--set", "host.base=free"],
    };
    Folder::new().say(&[&device, host, args].concat())
}

/// The report of such a search that finds an answer.
fn found(slices: u32, args: &[&str]) -> Value {
    json(&knee(slices, &[args, &["--format", "json"]].concat()).expect_code(0))
}
