//! SIGINT, SIGTERM and SIGHUP: the first ends the run in order, a later one ends the process at once.
//! Signals that come all together are one: `timeout` sends its own to the process and then to the group
//! that both are in, and who runs a terminal's job may do the same.
//! SIGXFSZ ends nothing: that a file would get too long is an error of the write, and told as one.
//!
//! A thread of its own waits for them. So the second one works whatever the others do, and files that
//! are not finished do not outlive the process.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Whether somebody wants the run to end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From here on SIGINT, SIGTERM and SIGHUP are noted; this last one unless it is ignored, as under
    /// nohup.
    ///
    /// # Errors
    /// The system does not allow it.
    pub fn watch() -> io::Result<Self> {
        let interrupt = Self::default();
        let raised = interrupt.0.clone();
        let hangup = (!is_ignored(SIGHUP)).then_some(SIGHUP);
        let mut signals = Signals::new([SIGINT, SIGTERM].into_iter().chain(hangup))?;
        // A handler that does nothing, for want of a safe way to ignore it.
        signal_hook::flag::register(SIGXFSZ, Arc::default())?;
        let thread = std::thread::Builder::new().name("signals".to_owned());
        thread.spawn(move || {
            let mut first = None;
            for signal in signals.forever() {
                raised.store(true, Ordering::Relaxed);
                let now = Instant::now();
                if is_another(now, *first.get_or_insert(now)) {
                    end_at_once(signal);
                }
            }
        })?;
        Ok(interrupt)
    }

    /// Whether a signal has come.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether a signal that comes at `now` is one of its own, and not the `first` once more.
fn is_another(now: Instant, first: Instant) -> bool {
    now - first >= TOGETHER
}

/// Longer than `timeout` takes between its two, and shorter than whoever has waited for the end in vain.
const TOGETHER: Duration = Duration::from_millis(500);

/// Whether whoever started this process has it ignore `signal`.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut masks = status
        .lines()
        .filter_map(|line| line.strip_prefix("SigIgn:"));
    let mask = masks
        .next()
        .map(|mask| u64::from_str_radix(mask.trim(), 16));
    matches!(mask, Some(Ok(mask)) if mask >> (signal - 1) & 1 == 1)
}

/// The file at `path` is not finished: if a second signal ends the process, it is removed. That there is
/// no such file any more does no harm.
pub fn remove_if_killed(path: &Path) {
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    unfinished.push(path.to_owned());
}

/// As the signal would have done, had nobody listened.
fn end_at_once(signal: i32) {
    let unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    for path in &*unfinished {
        // It is finished and has another name, or there is nobody left to tell.
        let _ = std::fs::remove_file(path);
    }
    if emulate_default_handler(signal).is_err() {
        std::process::abort();
    }
}

static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_the_first_signal_is_no_second_one() {
        let first = Instant::now();
        for (after_ms, is_second) in [(0, false), (499, false), (500, true), (3_000, true)] {
            let now = first + Duration::from_millis(after_ms);
            assert_eq!(is_another(now, first), is_second, "{after_ms} ms later");
        }
    }
}
