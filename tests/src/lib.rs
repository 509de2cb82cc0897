//! Tests that need more than one crate live in `tests/tests/`; this library is their common ground.
#![forbid(unsafe_code)]
