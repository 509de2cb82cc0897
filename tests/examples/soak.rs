//! A long run by count: `cargo run --release -p pausewake-tests --example soak -- 10M`.
//!
//! 64 jobs seal with AES-GCM over a device under virtual time, by callback, then by fd, a third of
//! the count at a time. The same run, shorter, is a test (`tests/soak.rs`).
#![allow(clippy::print_stdout, reason = "it is a program")]

use std::error::Error;
use std::time::Instant;

use pausewake_engine::Notify;
use pausewake_tests::{Soak, resident_bytes};

fn main() -> Result<(), Box<dyn Error>> {
    let ops = count(std::env::args().nth(1).as_deref().unwrap_or("10M"))?;
    for notify in [Notify::Callback, Notify::Fd] {
        let mut soak = Soak::new(notify);
        let (begin, mut done) = (Instant::now(), 0);
        println!(
            "{}: {} KiB resident at first",
            notify.name(),
            resident_bytes() / 1024
        );
        for third in 1..=3 {
            done += soak.run(ops / 3);
            println!(
                "{}: {done} ops, third {third}, {} KiB resident",
                notify.name(),
                resident_bytes() / 1024
            );
        }
        soak.end();
        let elapsed_ns = u64::try_from(begin.elapsed().as_nanos())?.max(1);
        let ops_per_s = u128::from(done) * 1_000_000_000 / u128::from(elapsed_ns);
        println!("{}: {ops_per_s} ops/s, each exactly once", notify.name());
    }
    Ok(())
}

/// A count with a suffix: 300k, 10M.
fn count(text: &str) -> Result<u64, Box<dyn Error>> {
    let (digits, unit) = match text.strip_suffix(['k', 'M']) {
        Some(digits) if text.ends_with('M') => (digits, 1_000_000),
        Some(digits) => (digits, 1_000),
        None => (text, 1),
    };
    let number: u64 = digits
        .parse()
        .map_err(|error| format!("`{text}` is no count, try 300k or 10M: {error}"))?;
    Ok(number * unit)
}
