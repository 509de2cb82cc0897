//! The shared memory of a queue pair: two rings, two wake-up handshakes, and the payload slab.
//!
//! [`create`] maps it and gives out the two sides. Each ring has exactly one producer and one
//! consumer (they are not `Clone`, and work by `&mut`), which may each live in a thread of their own:
//!
//! ```
//! use pausewake_device::Nanos;
//! use pausewake_device::protocol::{Completion, CompletionFlags, Cookie, Descriptor, OpKind, Status};
//! use pausewake_device::ring::{self, QueueLayout};
//!
//! let (mut host, mut device) = ring::create(QueueLayout {
//!     ring_depth: 64,
//!     completion_depth: 64,
//!     slots: 64,
//!     slot_size: 4096,
//! })?;
//!
//! let device = std::thread::spawn(move || {
//!     loop {
//!         device.doorbell.drain();
//!         while let Some(descriptor) = device.submissions.pop() {
//!             // A descriptor is hostile: this one's slot is checked by the slab.
//!             let mut request = [0; 5];
//!             let status = match device.slab.read(descriptor.slot, 0, &mut request) {
//!                 Ok(()) => Status::Ok,
//!                 Err(_) => Status::BadRequest,
//!             };
//!             device.completions.push(Completion {
//!                 cookie: descriptor.cookie,
//!                 status,
//!                 flags: CompletionFlags::default(),
//!                 output_len: 0,
//!                 done_ns: descriptor.submitted_ns,
//!                 queue_ns: Nanos::ZERO,
//!                 service_ns: Nanos::ZERO,
//!             }).expect("there is one request, and room for 64 completions");
//!             device.completion_signal.ring();
//!             return request;
//!         }
//!         // Armed, fenced, re-checked: without the second look a doorbell could be lost.
//!         if device.doorbell.arm_unless(|| device.submissions.available() > 0) {
//!             let _woken = device.doorbell.wait(None);
//!             device.doorbell.disarm();
//!         }
//!     }
//! });
//!
//! let cookie = Cookie { slot: 7, generation: 1 };
//! host.slab.write(7, 0, b"hello")?;
//! host.submissions.push(Descriptor::new(OpKind::Task, cookie)).expect("an empty ring has room");
//! host.submissions.publish(Nanos::ZERO);
//! host.doorbell.ring();
//!
//! let completion = loop {
//!     host.completion_signal.drain();
//!     if let Some(completion) = host.completions.pop() {
//!         break completion;
//!     }
//!     if host.completion_signal.arm_unless(|| !host.completions.is_empty()) {
//!         let _woken = host.completion_signal.wait(None);
//!         host.completion_signal.disarm();
//!     }
//! };
//! assert_eq!(completion.cookie, cookie);
//! host.slab.wipe(7, 5)?;
//! assert_eq!(device.join().expect("the device thread ends"), *b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The other side is hostile
//! Either side may one day be another process. What it can write is the mapping, so nothing there
//! is trusted: an index that cannot be is ignored and counted (`forged`), entries are copied out
//! once and decode to something whatever they hold, and ranges of the slab are checked against the
//! figures that [`create`] was given, never against those in the mapping's header.
//!
//! # How it is built
//! `layout` says where everything stands, `mapping` (the only unsafe code) makes atomics of raw
//! pages. The algorithms, `spsc` and `wakeup`, are generic over `memory`, which `shared` implements
//! for the mapping and the loom tests implement for loom. `submission`, `completion` and `signal`
//! give them their types; `slab` and `queue` stand beside and above.

mod bell;
mod completion;
mod error;
mod eventfd;
mod layout;
mod mapping;
mod queue;
mod shared;
mod signal;
mod slab;
mod submission;

#[cfg(test)]
mod ring_tests;

#[cfg_attr(
    not(loom),
    expect(
        unreachable_pub,
        reason = "reached under loom, by a test outside this crate"
    )
)]
mod memory;
#[cfg_attr(
    not(loom),
    expect(
        unreachable_pub,
        reason = "reached under loom, by a test outside this crate"
    )
)]
mod spsc;
#[cfg_attr(
    not(loom),
    expect(
        unreachable_pub,
        reason = "reached under loom, by a test outside this crate"
    )
)]
mod wakeup;

pub use bell::bell;
pub use completion::{CompletionConsumer, CompletionProducer};
pub use error::CreateError;
pub use layout::{LayoutError, MAX_QUEUE_BYTES, MAX_RING_DEPTH, QueueLayout};
pub use queue::{DeviceSide, HostSide, create};
pub use signal::{Ringer, Sleeper};
pub use slab::{OutOfSlot, Slab};
pub use submission::{SubmissionConsumer, SubmissionProducer};

/// The algorithms without their memory, for the loom tests to run on loom's.
#[cfg(loom)]
pub mod algorithm {
    pub use super::memory::{Event, RingMemory, SharedWord, WakeMemory};
    pub use super::spsc::{Consumer, Producer};
    pub use super::wakeup::{RingerFlag, SleeperFlag};
}
