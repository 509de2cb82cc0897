//! The clocks: the only place where the device asks what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::time::Nanos;

/// A device's clock. Clones tell the same time.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    /// Time since the device was made.
    Wall(Instant),
    /// Time that somebody moves.
    Virtual(Arc<AtomicU64>),
}

impl Clock {
    /// A wall clock that starts at zero now.
    pub(crate) fn wall() -> Self {
        Self::Wall(Instant::now())
    }

    /// A clock that stands at zero until it is moved.
    pub(crate) fn stopped() -> Self {
        Self::Virtual(Arc::default())
    }

    /// What time it is.
    #[inline]
    pub(crate) fn now(&self) -> Nanos {
        match self {
            Self::Wall(start) => start.elapsed().into(),
            // Whoever reads another thread's timeline needs no order with other memory.
            Self::Virtual(now_ns) => Nanos::new(now_ns.load(Ordering::Relaxed)),
        }
    }

    /// Moves a virtual clock forward to `to`; it never goes back. A wall clock moves itself.
    ///
    /// One at a time: whoever moves the clock has locked the device. So it takes no instruction that
    /// locks once more.
    pub(crate) fn move_to(&self, to: Nanos) {
        if let Self::Virtual(now_ns) = self
            && now_ns.load(Ordering::Relaxed) < to.get()
        {
            now_ns.store(to.get(), Ordering::Relaxed);
        }
    }
}
