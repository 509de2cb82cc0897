//! The device as an application meets it: one suite, run for each driver of time.
//!
//! The thread driver runs it once per wait strategy. Under the simulated driver the host lets time
//! jump, under the manual one it completes every op by hand; `rig` hides which.

#[path = "devices/mod.rs"]
mod suite;
