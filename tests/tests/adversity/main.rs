//! What an application may do, and an engine must survive: found by attacking it.

mod application_code;
mod panics;
mod reaping;
mod room;
mod support;
mod time;
