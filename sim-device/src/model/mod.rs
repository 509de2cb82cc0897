//! The device as a queueing model: no threads, no clock, no I/O.
//!
//! A driver of time tells the [`Model`] what is submitted and what time it is; the model says when
//! each op is fetched, started, done and visible. It is the same under every driver, so what a
//! virtual clock computes is what a device thread shows.
//!
//! # What an op passes
//! ```text
//!  submitted ─► accepted ──────► fetched ──────► started ─────► done ────────────► visible
//!         limits      link to device    gate, queue      slice       link to host
//! ```
//! - **Limits.** [`ModelConfig::in_flight_limit`] for each queue and [`ClassConfig::queue_depth`]
//!   for each class. An op holds its queue's place until [`Model::advance`] hands it out, and its
//!   class's until its slice is done (at that very moment the place is empty for the next one), from
//!   its acceptance on. What has no place waits outside, in the ring of its queue.
//! - **Link.** Each way is a server of its own that all queues share, first come first served; a
//!   payload takes its bytes over the bandwidth, and behind that comes a latency.
//! - **Gate.** A class may have limits of its rate, as a whole and for each key
//!   ([`ClassConfig::rate`], [`ClassConfig::rate_per_key`]), and may gather ops in batches that are
//!   served in one turn ([`ClassConfig::batch`]). What waits there counts as waiting for a slice. A
//!   class without them has no gate.
//! - **Slices.** Each class has one queue in order of acceptance, and the slice that is free first
//!   takes its head. The service time is drawn at acceptance, from a stream of the class's own.
//! - **Home.** Completions go over the link in the order in which they are done, whatever the order
//!   of submission. [`Coalescer`] delays the signal alone.
//!
//! Times saturate at [`Nanos::MAX`](crate::Nanos::MAX), which is never. Nothing panics for a number.
//!
//! # A late look
//! A driver on a virtual clock calls [`Model::submit`] in the very moment of submission. A device
//! thread looks at its rings when it gets to it, microseconds later or after a time slice of the
//! host's. Both shall come to the same times. So what counts is not when the device looked but
//! when the op could be accepted: the latest of
//!
//! 1. its own stamp, [`Request::submitted_ns`];
//! 2. the moment since which there was a place for it in its queue, and in its class (each empty
//!    place is kept with the time since which it is empty, so that an op that had to wait outside
//!    is not put into the device before it had room there);
//! 3. the acceptance of the op before it in its queue, because a ring is read in order.
//!
//! For the same reason a queued op starts when a slice is free and not when somebody looks. One
//! slice, 100 µs of service, no link, `in_flight_limit` 1; A is submitted at 0 µs, B at 10 µs:
//!
//! | virtual driver | | thread driver | |
//! |---|---|---|---|
//! | `submit(0, A)` | A starts at 0, is done at 100 | `submit(3, A)` | the same: stamped 0 |
//! | `submit(10, B)` | no room | `submit(15, B)` | no room |
//! | `advance(100)` | A handed out, visible at 100 | `advance(108)` | A handed out, *visible at 100* |
//! | `submit(100, B)` | B starts at 100, is done at 200 | `submit(108, B)` | the same: room since 100 |
//!
//! With its stamp alone B would have been accepted at 10 µs, where there was no room for it; with
//! the time of the look, at 108 µs.
//!
//! What a driver has to do for it:
//! - Clamp each stamp: to its look at the clock from above (the model does that once more) and,
//!   from below, to the last look that found the ring empty. Without the latter a forged stamp of
//!   zero makes an idle slice have worked in the past.
//! - Call `advance(now)` before `submit(now, …)`, and ask [`Model::next_deadline`] after it: what
//!   was submitted late can be due already.
//! - Where no limit is reached and no completion waits for another on the way home, nothing more is
//!   needed for exact times. Where one is, `advance`
//!   hands out everything up to the look before what waits outside gets its places; with several
//!   slices, an op that would have come and gone in between gets a later place than it might have
//!   had. Its acceptance is then off by no more than the time since the last look. A driver that
//!   wants that exact, too, replays: it calls `advance` and `submit` with the times of the
//!   deadlines and stamps it missed, in their order, instead of the time of the look.
//! - Ops in *different* queues are taken in the order in which the driver submits them; at one look
//!   that need not be the order of their stamps.
//!
//! # Where more will go
//! Each of these has a place in the picture above, and a stream of its own
//! ([`Concern::Faults`](crate::random::Concern::Faults)), so that switching it on does not move
//! the service times.
//! - *Faults* of an op (fail, corrupt, drop, duplicate) are decided at acceptance, kept with the op
//!   in flight, and carried out when it is handed out; a status in [`Done`] will say so. Faults of
//!   a slice (stall, hang until the watchdog) lengthen its turn before the turn is settled, in
//!   `slices`. A reset takes everything in flight out at once, in `flights`, and out of the gates.

mod batch;
mod coalesce;
mod config;
mod flights;
mod gate;
mod limits;
mod link;
mod modulus;
mod op;
mod pipeline;
mod rate;
mod service;
mod slices;
mod stats;

pub use batch::BatchConfig;
pub use coalesce::{CoalesceConfig, Coalescer};
pub use config::{ClassConfig, ConfigError, Distribution, LinkConfig, ModelConfig, ServiceTime};
pub use modulus::{RSA_BITS, rsa_work};
pub use op::{Done, NoRoom, QueueId, Request};
pub use pipeline::Model;
pub use rate::RateLimit;
pub use stats::{ClassStats, ModelStats};
