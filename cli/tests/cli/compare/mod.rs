//! `pausewake compare`: modes of a load, or saved results, held against each other.

mod break_even;
mod conditions;
mod modes;
mod open_loops;
mod refused;
mod results;
mod shown;

use serde_json::Value;

use crate::helper::{Folder, Said, UNREAL, json};

pub(crate) fn compare(args: &[&str]) -> Said {
    Folder::new().say(&[&["compare"], args].concat())
}

/// The host's work is free but for software: a signature takes it 1 ms, sealing 100 ns and 1 ns for each
/// byte.
const PRICES: [&str; 6] = [
    "--set",
    "host.base=free",
    "--set",
    "host.software.rsa-sign={ per_op = \"1ms\" }",
    "--set",
    "host.software.aead-seal={ per_op = \"100ns\", per_byte = \"1ns\" }",
];

/// A comparison at these prices.
fn priced(args: &[&str]) -> Said {
    compare(&[&PRICES[..], args].concat())
}

/// The report of such a comparison in which nothing fails.
fn priced_report(args: &[&str]) -> Value {
    json(&priced(&[args, &["--format", "json"]].concat()).expect_code(0))
}

/// A load whose results are held against each other.
const LOAD: [&str; 7] = [
    "load",
    "--clock",
    "virtual",
    "--compute",
    "none",
    "-d",
    "400ms",
];

/// A folder with two results of that load: `full.json` of a device, and `half.json` of half of it.
fn results() -> Folder {
    let folder = Folder::new();
    for (name, slices) in [("full.json", "28"), ("half.json", "14")] {
        let slices = format!("device.asym.slices={slices}");
        let args = [&LOAD[..], &["--set", &slices, "-o", name]].concat();
        folder.say(&args).expect_code(0);
    }
    folder
}

/// Saves a load under virtual time as `name`; the program is to end with `code`.
fn save(folder: &Folder, name: &str, args: &[&str], code: i32) {
    folder
        .say(&[&UNREAL[..], &["-q"], args, &["-o", name]].concat())
        .expect_code(code);
}
