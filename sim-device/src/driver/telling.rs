//! The observer, held at arm's length.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use crate::driver::port::Published;
use crate::events::{DeviceEvent, DeviceObserver};
use crate::model::QueueId;
use crate::time::Nanos;

/// Tells the observer what happens. One that panics is caught, because it is called from the middle
/// of the device's work, and is not called again.
pub(crate) struct Telling {
    observer: Option<Arc<dyn DeviceObserver>>,
    panic: Option<Panic>,
}

/// What an observer panicked with, to be passed on when the device's work is done.
#[derive(Default)]
#[must_use = "a device without a thread passes its observer's panic on to its caller"]
pub(crate) struct Panic(Option<Box<dyn Any + Send>>);

impl Telling {
    pub(crate) fn new(observer: Option<Arc<dyn DeviceObserver>>) -> Self {
        Self {
            observer,
            panic: None,
        }
    }

    /// Tells the observer, if there is one.
    #[inline]
    pub(crate) fn tell(&mut self, at: Nanos, event: &DeviceEvent) {
        if self.observer.is_some() {
            self.tell_observer(at, event);
        }
    }

    #[cold]
    fn tell_observer(&mut self, at: Nanos, event: &DeviceEvent) {
        let Some(observer) = &self.observer else {
            return;
        };
        let told = catch_unwind(AssertUnwindSafe(|| observer.device_event(at, event)));
        if let Err(panic) = told {
            self.observer = None;
            self.panic = Some(Panic(Some(panic)));
        }
    }

    pub(crate) fn tell_published(&mut self, at: Nanos, queue: QueueId, published: Published) {
        match published {
            Published::Signalled { woke } => self.tell(at, &DeviceEvent::Signalled { queue, woke }),
            Published::Coalesced => self.tell(at, &DeviceEvent::Coalesced { queue }),
            Published::Due | Published::Unheard => {}
        }
    }

    /// The panic that was caught, if there was one since the last time.
    pub(crate) fn take_panic(&mut self) -> Panic {
        self.panic.take().unwrap_or_default()
    }
}

impl Panic {
    /// Panics on in the caller's thread, unless it panics already. Nothing may be locked.
    pub(crate) fn pass_on(self) {
        if let Some(panic) = self.0
            && !std::thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}
