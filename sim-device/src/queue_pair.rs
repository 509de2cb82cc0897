//! The application's end of a queue.

use std::cell::Cell;
use std::marker::PhantomData;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use crate::completion_side::CompletionSide;
use crate::compute::{Task, Vault};
use crate::device::Inner;
use crate::driver::port::Link;
use crate::model::QueueId;
use crate::protocol::{Completion, Descriptor};
use crate::ring::{HostSide, OutOfSlot, Ringer, Slab, Sleeper, SubmissionProducer};
use crate::time::Nanos;

/// One application thread's way to a device: a submission ring, a completion ring, payload slots.
///
/// `Send`, not `Sync`: it may move to another thread, and belongs to one at a time. Dropping it
/// leaves what is in flight to the device, which forgets the queue when the last op is done.
///
/// ```
/// use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Scheme, Status};
/// use pausewake_device::{Device, DeviceConfig, compute::KeyMaterial};
///
/// let device = Device::simulated(DeviceConfig::default(), None)?;
/// let key = device.import_key(KeyMaterial::AesGcm(&[7; 16]))?;
/// let mut queue = device.open_queue()?;
///
/// let cookie = Cookie { slot: 0, generation: 1 };
/// queue.write_payload(0, 0, b"attack at dawn")?;
/// let mut descriptor = Descriptor::new(OpKind::AeadSeal, cookie);
/// descriptor.key = key;
/// descriptor.input_len = 14;
/// descriptor.output_capacity = 30;
/// queue.push(descriptor).expect("an empty ring has room");
/// queue.ring_doorbell();
///
/// let completion = loop {
///     if let Some(completion) = queue.reap() {
///         break completion;
///     }
///     queue.advance(None).expect("the op is under way");
/// };
/// assert_eq!((completion.cookie, completion.status), (cookie, Status::Ok));
/// assert_eq!(completion.output_len, 30);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// That it is not `Sync` is checked when it is compiled:
///
/// ```compile_fail,E0277
/// fn shared_by_threads<T: Sync>() {}
/// shared_by_threads::<pausewake_device::QueuePair>();
/// ```
#[derive(Debug)]
pub struct QueuePair {
    submissions: SubmissionProducer,
    slab: Slab,
    doorbell: Ringer,
    room_signal: Sleeper,
    /// Taken out by a reaper, if there is one.
    completions: Option<CompletionSide>,
    /// How far the host has come with its work. Behind the device's clock it has no meaning: the host
    /// waited.
    local_ns: Nanos,
    id: QueueId,
    link: Arc<Link>,
    device: Arc<Inner>,
    /// Its parts are all `Sync`, but two threads that fill one slot at once would get garbage.
    not_sync: PhantomData<Cell<()>>,
}

/// How far a device came when it was let to catch up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a device that stopped half way is still behind"]
pub enum CatchUp {
    /// All the way: its clock is no longer behind the queue's local time.
    Complete,
    /// To the time at which it signalled another queue, whose host may have something to do then.
    /// That queue is the one whose [`QueuePair::signals`] have changed; call again to go on.
    OtherSignalled,
}

/// Who lets time pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeKind {
    /// The world: wait for events.
    Wall,
    /// The application thread: [`QueuePair::advance`].
    Virtual,
    /// A test, by its [`Manual`](crate::Manual) handle.
    Manual,
}

/// What a doorbell did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doorbell {
    /// Descriptors that became visible.
    pub entries: u32,
    /// Whether the device slept, so that its eventfd was written.
    pub woke: bool,
    /// When: the submit time of those descriptors.
    pub at_ns: Nanos,
}

impl QueuePair {
    pub(crate) fn new(
        host: HostSide,
        waker: Ringer,
        id: QueueId,
        link: Arc<Link>,
        device: Arc<Inner>,
    ) -> Self {
        let completions = CompletionSide::new(
            host.completions,
            host.completion_signal,
            waker,
            device.clone(),
        );
        Self {
            submissions: host.submissions,
            slab: host.slab,
            doorbell: host.doorbell,
            room_signal: host.room_signal,
            completions: Some(completions),
            local_ns: Nanos::ZERO,
            id,
            link,
            device,
            not_sync: PhantomData,
        }
    }

    /// The queue's name within its device. A later queue may get it again when this one is closed
    /// and its ops are all done.
    #[must_use]
    pub fn id(&self) -> QueueId {
        self.id
    }

    /// Number of payload slots.
    #[must_use]
    pub fn slots(&self) -> u32 {
        self.slab.slots()
    }

    /// Size of a payload slot, bytes.
    #[must_use]
    pub fn slot_size(&self) -> u32 {
        self.slab.slot_size()
    }

    /// What time it is for the host of this queue: the device's time, or later under virtual time, if
    /// the host has worked ([`charge`](Self::charge)) and the device has not
    /// [caught up](Self::catch_up) yet.
    #[inline]
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.device.clock.now().max(self.local_ns)
    }

    /// The host works for `span`: under virtual time its local time moves on by that much. The
    /// device's clock stands behind until it is let to [catch up](Self::catch_up); so host and device
    /// work at the same time, and several hosts each at their own.
    ///
    /// By the wall clock work takes the time that it takes, and a manual device's time is for its
    /// test alone to move: there this does nothing.
    ///
    /// ```
    /// use pausewake_device::{CatchUp, Device, DeviceConfig, Nanos};
    ///
    /// let device = Device::simulated(DeviceConfig::default(), None)?;
    /// let (mut queue, other) = (device.open_queue()?, device.open_queue()?);
    /// queue.charge(Nanos::from_micros(5));
    /// assert_eq!(queue.now(), Nanos::from_micros(5));
    /// assert_eq!((device.now(), other.now()), (Nanos::ZERO, Nanos::ZERO));
    ///
    /// assert_eq!(queue.catch_up(), CatchUp::Complete);
    /// assert_eq!(device.now(), Nanos::from_micros(5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn charge(&mut self, span: Nanos) {
        if span > Nanos::ZERO && self.time_kind() == TimeKind::Virtual {
            self.local_ns = self.now() + span;
        }
    }

    /// Whether the device's clock stands behind this queue's local time.
    #[inline]
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        // In this order: without charges there is no clock to read.
        self.local_ns > Nanos::ZERO && self.local_ns > self.device.clock.now()
    }

    /// Lets the device do what is due up to this queue's local time: deadline by deadline, each at
    /// its own time, as if nobody had been ahead. To be called before looking for completions, which
    /// are otherwise known only as far as the device has come.
    ///
    /// It stops where it signals another queue, so that whoever waits there can be run at that time.
    pub fn catch_up(&mut self) -> CatchUp {
        if self.is_ahead() {
            self.device.catch_up(&self.link, self.local_ns)
        } else {
            CatchUp::Complete
        }
    }

    /// Whether `other` is a queue of the same device.
    #[must_use]
    pub fn shares_device_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.device, &other.device)
    }

    /// Who lets time pass for this queue.
    #[must_use]
    pub fn time_kind(&self) -> TimeKind {
        self.device.time_kind()
    }

    /// Whether the submission ring has room for more than `taken` descriptors. Looks at the device's
    /// index only if there was none when it last did.
    #[inline]
    pub fn has_room_beyond(&mut self, taken: u32) -> bool {
        self.submissions.has_room_beyond(taken)
    }

    /// Descriptors that the submission ring has room for.
    pub fn room(&mut self) -> u32 {
        self.submissions.free()
    }

    /// Asks for the completion signal when the device has made room for more than `taken`
    /// descriptors. `true`: there is none yet, and the signal will come; `false`: there is room
    /// already. To be asked again for every sleep.
    pub fn arm_room(&mut self, taken: u32) -> bool {
        let Self {
            submissions,
            room_signal,
            ..
        } = self;
        room_signal.arm_unless(|| submissions.free() > taken)
    }

    /// The first half of [`arm_room`](Self::arm_room): asks, and does not look. [`room`](Self::room)
    /// is the look.
    pub fn request_room(&mut self) {
        self.room_signal.arm();
    }

    /// Takes [`arm_room`](Self::arm_room) back.
    pub fn disarm_room(&mut self) {
        self.room_signal.disarm();
    }

    /// Descriptors that were pushed since the last doorbell.
    #[must_use]
    pub fn unpublished(&self) -> u32 {
        self.submissions.unpublished()
    }

    /// Puts a descriptor into the submission ring. The device sees it at the next doorbell.
    ///
    /// # Errors
    /// The ring is full: gives the descriptor back, to be tried when the device has fetched some.
    #[inline]
    pub fn push(&mut self, descriptor: Descriptor) -> Result<(), Descriptor> {
        self.submissions.push(descriptor)
    }

    /// Shows the device everything that was pushed, stamped with the time, and wakes it if it
    /// sleeps: [`publish`](Self::publish) and [`let_device_look`](Self::let_device_look). One clock
    /// read, however many descriptors.
    ///
    /// The device fetches nothing while it could not answer: while unread completions and ops in
    /// flight fill the completion ring. Whoever lets that happen rings the doorbell again after
    /// reaping, even with nothing new to show.
    pub fn ring_doorbell(&mut self) -> Doorbell {
        let doorbell = self.publish();
        self.let_device_look();
        doorbell
    }

    /// The first half of [`ring_doorbell`](Self::ring_doorbell): tail, stamps, wake-up.
    pub fn publish(&mut self) -> Doorbell {
        let at_ns = self.now();
        if self.is_ahead() {
            // Before the tail, so that whoever sees the descriptors sees it.
            self.link.ring_at(at_ns);
        }
        let entries = self.submissions.publish(at_ns);
        let is_waiting = entries > 0 || !self.submissions.is_consumed();
        let woke = is_waiting && self.doorbell.ring();
        Doorbell {
            entries,
            woke,
            at_ns,
        }
    }

    /// The second half: a device that has no thread of its own looks at its rings, in the caller's.
    /// One whose clock stands behind sees what was published when it gets to that time.
    pub fn let_device_look(&mut self) {
        if !self.submissions.is_consumed() {
            self.device.doorbell();
        }
    }

    /// Takes the next completion. It may name any slot: compare its generation before use. `None`,
    /// too, if the completion side was taken out; likewise for all that follows.
    #[inline]
    pub fn reap(&mut self) -> Option<Completion> {
        self.completions.as_mut()?.reap()
    }

    /// Whether a completion lies in the ring.
    pub fn has_completion(&mut self) -> bool {
        let side = self.completions.as_mut();
        side.is_some_and(CompletionSide::has_completion)
    }

    /// Asks for the completion signal. `true`: nothing is there to reap, and the signal will come;
    /// `false`: there is something after all, and no signal was asked for.
    pub fn arm_signal(&mut self) -> bool {
        let side = self.completions.as_mut();
        side.is_none_or(CompletionSide::arm_signal)
    }

    /// The first half of [`arm_signal`](Self::arm_signal): asks, and does not look. Whoever sleeps
    /// without a [look](Self::has_completion) after it may sleep for ever.
    pub fn request_signal(&mut self) {
        if let Some(side) = &mut self.completions {
            side.request_signal();
        }
    }

    /// Takes the request for a signal back; a signal that was given in the meantime stays until it
    /// is drained.
    pub fn disarm_signal(&mut self) {
        if let Some(side) = &mut self.completions {
            side.disarm_signal();
        }
    }

    /// Takes the completion side out, to reap on another thread. `None`: it was taken before.
    pub fn take_completions(&mut self) -> Option<CompletionSide> {
        self.completions.take()
    }

    /// The keys and the cryptography, for computing in software what the device would compute.
    #[must_use]
    pub fn vault(&self) -> &Arc<dyn Vault> {
        self.device.vault()
    }

    /// Completion signals that the device has given so far, whether or not one was asked for. What
    /// an interrupt counter would show; under virtual time the way to see a signal without a
    /// system call.
    #[must_use]
    pub fn signals(&self) -> u64 {
        self.link.signals()
    }

    /// Completion signals that the device has given so far, to whichever queue. Under virtual time,
    /// where whoever lets time pass does so for all.
    #[must_use]
    pub fn device_signals(&self) -> u64 {
        self.device.signals()
    }

    /// Forgets the signals that were given. Call it *before* reaping.
    pub fn drain_signal(&mut self) {
        if let Some(side) = &mut self.completions {
            side.drain_signal();
        }
    }

    /// The completion signal's eventfd, for an event loop.
    #[must_use]
    pub fn signal_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.completions.as_ref()?.signal_fd())
    }

    /// Sleeps until the completion signal or the timeout. `true`: signalled.
    #[must_use = "a timeout and a signal are different things"]
    pub fn wait_signal(&self, timeout: Option<Nanos>) -> bool {
        let side = self.completions.as_ref();
        side.is_some_and(|side| side.wait_signal(timeout))
    }

    /// Copies `bytes` into a payload slot, `offset` bytes from its start.
    ///
    /// # Errors
    /// [`OutOfSlot`]; nothing is written.
    pub fn write_payload(&self, slot: u32, offset: usize, bytes: &[u8]) -> Result<(), OutOfSlot> {
        self.slab.write(slot, offset, bytes)
    }

    /// Copies from the start of a payload slot.
    ///
    /// # Errors
    /// [`OutOfSlot`]; nothing is read.
    pub fn read_payload(&self, slot: u32, bytes: &mut [u8]) -> Result<(), OutOfSlot> {
        self.slab.read(slot, 0, bytes)
    }

    /// Overwrites the first `len` bytes of a payload slot with zeros: to be done before the slot
    /// is used for something else.
    ///
    /// # Errors
    /// [`OutOfSlot`]; nothing is wiped.
    pub fn wipe_payload(&self, slot: u32, len: usize) -> Result<(), OutOfSlot> {
        self.slab.wipe(slot, len)
    }

    /// Attaches the closure that the next [`OpKind::Task`](crate::protocol::OpKind::Task) of this
    /// slot runs. It gets the input and the output buffer, and says how much it wrote.
    ///
    /// Under virtual time and in a manual device it runs in the middle of the device's work: there
    /// it must not call the device, nor drop a queue of it.
    ///
    /// # Errors
    /// [`OutOfSlot`]: there is no such slot; the closure is dropped.
    pub fn attach_task(&self, slot: u32, task: Task) -> Result<(), OutOfSlot> {
        // Bytes of none: asks for the slot alone.
        self.slab.read(slot, 0, &mut [])?;
        self.link.attach_task(slot, task);
        Ok(())
    }

    /// When the device has something to do next, under virtual time; `None`: never, by itself.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Nanos> {
        self.device.next_deadline()
    }

    /// Lets virtual time jump to the device's next deadline, or to `until` if that is earlier.
    /// Returns the time that it is then for the device; a queue's [`now`](Self::now) may be ahead of
    /// it. `None`: time did not move, because nothing is due and no `until` was given, or because
    /// this is not virtual time.
    pub fn advance(&mut self, until: Option<Nanos>) -> Option<Nanos> {
        self.device.advance(until)
    }
}

impl Drop for QueuePair {
    fn drop(&mut self) {
        // Here, and not on the device's thread: a closure that was never run may own anything.
        self.link.drop_tasks();
        self.link.hang_up();
        self.device.nudge();
    }
}
