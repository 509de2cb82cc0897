//! Where the threads of a run put their figures when somebody wants to see them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pausewake_device::Nanos;

use super::clock::Instant;
use crate::report::Series;

/// A place for each thread of a run; none if nobody looks.
#[derive(Debug)]
pub struct Board(Vec<Place>);

/// In a cache line of its own, so that it costs a thread nothing that others are asked as well.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Place {
    is_wanted: AtomicBool,
    answer: Mutex<Option<Told>>,
}

/// What a thread tells of itself.
#[derive(Clone, Debug)]
pub struct Told {
    /// When it told, on the device's clock.
    pub at: Nanos,
    /// The same in real time.
    pub told_at: Instant,
    /// Whether the warm-up is over; what was told before belongs to it.
    pub is_measuring: bool,
    /// Latency of the calls that have given a result since it last told.
    pub recent: Series,
    /// Calls that have given a result, since the run began.
    pub returned_ops: u64,
    /// Calls that have failed.
    pub errors: u64,
    /// Arrivals that were started late.
    pub late: u64,
    /// Arrivals that were never started.
    pub dropped: u64,
    /// Arrivals that wait for a job.
    pub backlog: u64,
    /// Jobs that have not ended.
    pub live_jobs: u64,
    /// Of them, those that think.
    pub thinking: u64,
    /// Calls that wait for room.
    pub in_line: u64,
    /// Operations that the device has, those in the rings included.
    pub in_flight: u64,
    /// Descriptors in the submission ring.
    pub in_ring: u64,
}

impl Board {
    /// A board for that many threads.
    pub fn new(threads: u32) -> Self {
        Self((0..threads).map(|_| Place::default()).collect())
    }

    /// A board that nobody looks at.
    pub fn unwatched() -> Self {
        Self(Vec::new())
    }

    /// Whether somebody looks at it.
    pub fn is_watched(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether somebody wants to know how thread number `thread` is.
    #[inline]
    pub fn wants(&self, thread: u32) -> bool {
        let place = self.0.get(thread as usize);
        place.is_some_and(|place| place.is_wanted.load(Ordering::Relaxed))
    }

    /// The answer of thread number `thread`.
    pub fn tell(&self, thread: u32, told: Told) {
        if let Some(place) = self.0.get(thread as usize) {
            let mut answer = place.answer();
            *answer = Some(told);
            place.is_wanted.store(false, Ordering::Relaxed);
        }
    }

    /// Asks all threads how they are, but for those whose last answer is still to be taken: another one
    /// would replace it.
    pub fn ask(&self) {
        for place in &self.0 {
            let answer = place.answer();
            place.is_wanted.store(answer.is_none(), Ordering::Relaxed);
        }
    }

    /// Whether all have answered.
    pub fn is_answered(&self) -> bool {
        let mut places = self.0.iter();
        places.all(|place| place.answer().is_some())
    }

    /// Takes the answers; not all threads need have given one.
    pub fn answers(&self) -> impl Iterator<Item = Option<Told>> {
        self.0.iter().map(|place| place.answer().take())
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.0.len()
    }
}

impl Place {
    fn answer(&self) -> MutexGuard<'_, Option<Told>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
