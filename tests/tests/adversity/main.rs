//! What an application may do, and an engine must survive: found by attacking it.

mod application_code;
mod reaping;
mod room;
mod support;
mod time;
