//! TEMPORARY: only what the command line program needs to compile.
pub mod events;
