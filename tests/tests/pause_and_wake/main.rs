//! The rules of pause and wake, on a device that does nothing by itself.

mod callbacks;
mod cancelled;
mod own_job;
mod panics;
mod room;
mod stray_completions;
mod wakes;
