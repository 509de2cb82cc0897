//! The beginning of an event log, kept to be told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pausewake_device::{DeviceEvent, DeviceObserver, Nanos};
use pausewake_engine::events::Event;

/// The first events of a run, and how many came after them.
#[derive(Debug)]
pub struct Log {
    events: Vec<(Nanos, Event)>,
    limit: usize,
    left_out: u64,
}

/// A log that the engine's thread and the device's both write.
#[derive(Clone, Debug)]
pub struct LogHandle(Arc<Mutex<Log>>);

impl Log {
    /// The events in the order of their times; those of one time as they came.
    pub fn into_events(mut self) -> (Vec<(Nanos, Event)>, u64) {
        self.events.sort_by_key(|(at, _)| *at);
        (self.events, self.left_out)
    }
}

impl LogHandle {
    /// A log that keeps the first `limit` events.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Log {
            events: Vec::new(),
            limit,
            left_out: 0,
        })))
    }

    /// Adds an event, or counts it if the log is full.
    pub fn push(&self, at: Nanos, event: &Event) {
        let mut log = self.lock();
        if log.events.len() < log.limit {
            log.events.push((at, event.clone()));
        } else {
            log.left_out += 1;
        }
    }

    /// Takes what was logged.
    pub fn take(&self) -> Log {
        let mut log = self.lock();
        Log {
            events: std::mem::take(&mut log.events),
            limit: log.limit,
            left_out: log.left_out,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeviceObserver for LogHandle {
    fn device_event(&self, at: Nanos, event: &DeviceEvent) {
        self.push(at, &Event::Device(*event));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_counts_what_it_leaves_out() {
        let log = LogHandle::new(2);
        for at in [3, 1, 2] {
            let doorbell = Event::Doorbell {
                entries: 1,
                woke: false,
            };
            log.push(Nanos::new(at), &doorbell);
        }
        let (events, left_out) = log.take().into_events();
        let times: Vec<u64> = events.iter().map(|(at, _)| at.get()).collect();
        assert_eq!((times, left_out), (vec![1, 3], 1));
    }
}
