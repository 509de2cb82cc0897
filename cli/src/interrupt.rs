//! SIGINT and SIGTERM: the first ends the run in order, the second ends the process at once.
//!
//! A thread of its own waits for them. So the second one works whatever the others do, and files that
//! are not finished do not outlive the process.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Whether somebody wants the run to end.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From here on SIGINT and SIGTERM are noted.
    ///
    /// # Errors
    /// The system does not allow it.
    pub fn watch() -> io::Result<Self> {
        let interrupt = Self::default();
        let raised = interrupt.0.clone();
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let thread = std::thread::Builder::new().name("signals".to_owned());
        thread.spawn(move || {
            for signal in signals.forever() {
                if raised.swap(true, Ordering::Relaxed) {
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
