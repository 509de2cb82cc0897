//! A simulated crypto accelerator, to be driven like a real one: queue pairs, doorbells,
//! descriptors, completions, an eventfd; real cryptography; modelled time.
//!
//! | module | is |
//! |---|---|
//! | [`protocol`] | what crosses the rings: descriptors, completions, statuses |
//! | [`ring`] | the shared memory that carries it: rings, wake-up handshakes, payload slots |
//! | [`model`] | when things happen: slices, service times, link, limits; no clock, no thread |
//! | [`compute`] | what comes out: the seam behind which the cryptography happens, and its workers |
//! | [`keys`] | how keys are named and read from files |
//! | [`random`] | one seed, one stream of chance per concern |
//! | `driver` | who lets time pass: a thread, virtual time, or a test |
//!
//! [`Device`] puts them together, and [`QueuePair`] is what an application thread holds of it.
//!
//! ```
//! use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Status};
//! use pausewake_device::{Device, DeviceConfig, WaitStrategy, compute::KeyMaterial};
//!
//! let device = Device::thread(DeviceConfig::default(), WaitStrategy::Adaptive, None)?;
//! let key = device.import_key(KeyMaterial::AesGcm(&[7; 16]))?;
//! let mut queue = device.open_queue()?;
//!
//! queue.write_payload(0, 0, b"attack at dawn")?;
//! let mut descriptor = Descriptor::new(OpKind::AeadSeal, Cookie { slot: 0, generation: 1 });
//! descriptor.key = key;
//! descriptor.input_len = 14;
//! descriptor.output_capacity = 30;
//! queue.push(descriptor).expect("an empty ring has room");
//! queue.ring_doorbell();
//!
//! let completion = loop {
//!     queue.drain_signal();
//!     if let Some(completion) = queue.reap() {
//!         break completion;
//!     }
//!     // Armed, fenced, re-checked: a completion that comes now is not slept through.
//!     if queue.arm_signal() {
//!         let _signalled = queue.wait_signal(None);
//!         queue.disarm_signal();
//!     }
//! };
//! assert_eq!(completion.status, Status::Ok);
//! let mut sealed = [0; 30];
//! queue.read_payload(0, &mut sealed)?;
//! queue.wipe_payload(0, 30)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The crate knows nothing of jobs and event loops: whoever can wait for a file descriptor can use
//! it.

#![deny(unsafe_code)]

mod completion_side;
pub mod compute;
mod config;
mod device;
mod driver;
mod events;
pub mod keys;
mod manual;
pub mod model;
pub mod protocol;
mod queue_pair;
pub mod random;
pub mod ring;
mod stats;
mod time;

pub use completion_side::CompletionSide;
pub use config::{ConfigError, DeviceConfig, MAX_WORKERS};
pub use device::{Device, DeviceError};
pub use driver::pending::{NotPending, PendingId, PendingOp, PendingState};
pub use driver::wait::WaitStrategy;
pub use events::{DeviceEvent, DeviceObserver};
pub use manual::Manual;
pub use queue_pair::{CatchUp, Doorbell, QueuePair, TimeKind};
pub use stats::{DeviceStats, Lateness};
pub use time::Nanos;
