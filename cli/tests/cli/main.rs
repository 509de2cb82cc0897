//! The program as a user meets it: files and flags in, text and exit codes out.

mod engines;
mod formats;
mod helper;
mod interrupts;
mod loads;
mod outputs;
mod readme;
mod rejected;
mod reports;
mod runs;
mod saved;
mod shipped;
mod stories;
mod variants;
