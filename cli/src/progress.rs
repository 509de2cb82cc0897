//! How far a run is, on standard error, if somebody looks at it.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};
use pausewake_device::Nanos;

use crate::scenario::Limit;

/// A progress bar, or nothing.
pub struct Progress {
    bar: Option<ProgressBar>,
    limit: Limit,
}

impl Progress {
    /// A bar for a run up to `limit` that consists of `ops` ops, unless nobody would see it.
    pub fn new(limit: Limit, ops: Option<u64>, quiet: bool) -> Self {
        let visible = !quiet && std::io::stderr().is_terminal();
        let bar = visible.then(|| {
            let length = match limit {
                Limit::Duration(duration) => duration.get() / MILLISECOND_NS,
                Limit::Ops(_) | Limit::Passes(_) => ops.unwrap_or(0),
            };
            let template = match limit {
                Limit::Duration(_) => "{wide_bar} {percent} %",
                Limit::Ops(_) | Limit::Passes(_) => "{wide_bar} {pos}/{len} ops, {eta} left",
            };
            let style = ProgressStyle::with_template(template).expect("a constant template");
            ProgressBar::new(length).with_style(style)
        });
        Self { bar, limit }
    }

    /// That many ops have returned, and it is that late.
    pub fn at(&self, ops: impl FnOnce() -> u64, elapsed: impl FnOnce() -> Nanos) {
        if let Some(bar) = &self.bar {
            bar.set_position(match self.limit {
                Limit::Duration(_) => elapsed().get() / MILLISECOND_NS,
                Limit::Ops(_) | Limit::Passes(_) => ops(),
            });
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

const MILLISECOND_NS: u64 = 1_000_000;
