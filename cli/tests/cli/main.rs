//! The program as a user meets it: files and flags in, text and exit codes out.

mod compare;
mod deploy;
mod engines;
mod formats;
mod generated;
mod helper;
mod interrupts;
mod kinds;
mod knee;
mod live;
mod load;
mod loads;
mod objections;
mod open_loop;
mod outputs;
mod profiles;
mod readme;
mod rejected;
mod reports;
mod runs;
mod saturation;
mod saved;
mod shipped;
mod stories;
mod sweeps;
mod variants;
