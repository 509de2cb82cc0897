//! Notes which compiler builds the benchmarks: their figures belong to it.

use std::process::Command;

fn main() {
    // Cargo always sets it; and `rustc` is what it would be.
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    emit(&format!(
        "cargo::rustc-env=PAUSEWAKE_BENCHES_RUSTC={version}"
    ));
    emit("cargo::rerun-if-changed=build.rs");
    emit("cargo::rerun-if-env-changed=RUSTC");
}

#[expect(clippy::print_stdout, reason = "a build script speaks to cargo so")]
fn emit(line: &str) {
    println!("{line}");
}
