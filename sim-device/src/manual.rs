//! The handle of a manual device.

use std::sync::Arc;

use crate::device::Inner;
use crate::driver::pending::{NotPending, PendingId, PendingOp};
use crate::model::QueueId;
use crate::protocol::{Completion, Status};
use crate::time::Nanos;

/// Decides for a manual device what completes, when, and how. Clones decide for the same device.
///
/// An op is *in service* once it is fetched, *finished* when its result stands, and answered when
/// that is *published*; [`complete`](Self::complete) does both at once. When the host is told of it
/// is up to coalescing, or to [`signal`](Self::signal). An op that is *lost* is not answered until
/// a [`reset`](Self::reset). Until it is answered, every op keeps its place in flight.
///
/// ```
/// use pausewake_device::model::CoalesceConfig;
/// use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Status};
/// use pausewake_device::{Device, DeviceConfig, Nanos};
///
/// let mut config = DeviceConfig::default();
/// config.coalesce = CoalesceConfig { count: 1_000, time_ns: Nanos::MAX };
/// let (device, manual) = Device::manual(config, None)?;
/// let mut queue = device.open_queue()?;
/// queue.attach_task(0, Box::new(|_, _| Ok(0)))?;
/// let cookie = Cookie { slot: 0, generation: 1 };
/// queue.push(Descriptor::new(OpKind::Task, cookie)).expect("an empty ring has room");
/// queue.ring_doorbell();
///
/// let id = manual.pending()[0].id;
/// manual.finish(id, Status::Ok)?;
/// assert!(!queue.has_completion(), "done, and nobody can see it");
/// manual.publish(id)?;
/// assert_eq!((queue.has_completion(), queue.signals()), (true, 0));
/// manual.signal(queue.id());
/// assert_eq!(queue.signals(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Manual {
    inner: Arc<Inner>,
}

impl Manual {
    pub(crate) fn new(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    /// The ops that the device holds and can answer, in the order in which it took them. Looks at
    /// the rings first.
    #[must_use]
    pub fn pending(&self) -> Vec<PendingOp> {
        self.inner.manual().pending()
    }

    /// Completes an op in service: [`finish`](Self::finish) and [`publish`](Self::publish).
    ///
    /// # Errors
    /// [`NotPending`]: it is not in service (any more).
    pub fn complete(&self, id: PendingId, status: Status) -> Result<(), NotPending> {
        self.inner.manual().complete(id, status)
    }

    /// Decides how an op ends, and shows it to nobody: with [`Status::Ok`] its result is computed
    /// now, and if that fails, its status is the one that the computation gave; any other status is
    /// what the op ends with. Its completion will say that it was done now.
    ///
    /// # Errors
    /// [`NotPending`]: it is not in service (any more); an op is finished once.
    pub fn finish(&self, id: PendingId, status: Status) -> Result<(), NotPending> {
        self.inner.manual().finish(id, status)
    }

    /// Puts the output of a finished op into its slot and its completion into its ring. The signal
    /// for it comes with it, unless coalescing holds that back.
    ///
    /// # Errors
    /// [`NotPending`]: it is not finished, or was answered or lost.
    pub fn publish(&self, id: PendingId) -> Result<(), NotPending> {
        self.inner.manual().publish(id)
    }

    /// Gives the completion signal of a queue now, whatever coalescing says and even if nothing was
    /// completed. What was gathered for a signal counts as signalled. Nothing happens if there is no
    /// such queue, or its host has gone.
    pub fn signal(&self, queue: QueueId) {
        self.inner.manual().signal(queue);
    }

    /// Forgets to answer an op, finished or not, as hardware that drops a request does: it is not
    /// pending any more, and only a [`reset`](Self::reset) answers it. It keeps its place in flight:
    /// the host cannot know that its slot will not be written.
    ///
    /// # Errors
    /// [`NotPending`]: it was answered or lost, or never was.
    pub fn lose(&self, id: PendingId) -> Result<(), NotPending> {
        self.inner.manual().lose(id)
    }

    /// How many ops are lost now.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.inner.manual().lost()
    }

    /// Resets the device: every op that it holds (in service, finished and not published, lost) is
    /// answered with [`Status::DeviceError`] and without output, in the order in which it was
    /// fetched, as drivers synthesise failures for what was in flight at a reset (Intel's
    /// qatlib does). Descriptors that still lie in submission rings are fetched afterwards. A device
    /// that is down stays down, keys stay, and signals are coalesced as ever.
    pub fn reset(&self) {
        self.inner.manual().reset();
    }

    /// Takes the device down, or up again. While it is down, it answers every descriptor that it
    /// fetches with [`Status::DeviceDown`], also those that lie in submission rings already; it
    /// touches no payload, and drops the closure of a task. Pending ops stay pending.
    pub fn set_down(&self, down: bool) {
        self.inner.manual().set_down(down);
    }

    /// Whether the device is down.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.inner.manual().is_down()
    }

    /// Puts a completion into a queue's ring that no op asked for: a forged one, or a second one.
    pub fn forge(&self, queue: QueueId, completion: Completion) {
        self.inner.manual().forge(queue, completion);
    }

    /// Moves the clock on. Signals that coalescing holds back are given when they fall due.
    pub fn advance(&self, span: Nanos) {
        self.inner.manual().advance(span);
    }
}
