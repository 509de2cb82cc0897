//! One operation, from the call to the return: the heart of the engine, as a chapter to read.
//!
//! This module has no items for callers; they use the typed calls of [`Engine`]. It has this text,
//! and the file behind it (`engine/src/offload.rs`), which is meant to be read along with it.
//!
//! # The problem
//! A crypto call looks synchronous: bytes in, bytes out. What happens in between takes a device
//! hundreds of microseconds, and the thread has better things to do than to wait. To rewrite the
//! caller as a state machine is no way out: it is a TLS library, and the call stands twenty frames
//! deep in it.
//!
//! # The pattern
//! So the call *pauses its job*: the stack stays as it is, in the middle of the call, and the
//! thread runs other jobs. When the device has answered, somebody takes the completion from the
//! ring and tells the job by its wait context, and the application resumes it. The call goes on
//! where it paused, and none of the twenty frames knows.
//!
//! ```text
//!   job's stack                      engine's thread, outside of jobs        device
//!   ───────────                      ────────────────────────────────        ──────
//!   rsa_sign(key, message)
//!     offload
//!       grant a slot
//!       write payload, push
//!       pause ─────────────────────► run other jobs
//!                                    ring the doorbell, once per turn ─────► fetch, work
//!                                    poll: take the completion ◄──────────── complete, signal
//!                                      slot: InFlight → Completed
//!                                      wake the job: callback or fd
//!       ◄─────────────────────────── resume
//!       take the result, free the slot
//!   ◄── signature
//! ```
//!
//! Four parties, and what each may know: the *job* knows its own slot; the *device* knows a
//! descriptor and a cookie; whoever *polls* knows slots, and in each of them a wake; the
//! *application* knows jobs and wait contexts. Nobody holds a pointer into the stack of a job.
//! Every rule below follows from that.
//!
//! # By hand
//! The whole of it without an event loop, on a device that answers when we say so. Each line is a
//! step of the picture.
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU32, Ordering};
//! use pausewake_device::compute::KeyMaterial;
//! use pausewake_device::protocol::Status;
//! use pausewake_device::{Device, DeviceConfig};
//! use pausewake_engine::{Engine, EngineConfig, SmallOps};
//! use pausewake_jobs::{Outcome, WaitCtx, start};
//!
//! let (device, manual) = Device::manual(DeviceConfig::default(), None)?;
//! let key = device.import_key(KeyMaterial::AesGcm(&[7; 16]))?;
//! let config = EngineConfig {
//!     small_ops: SmallOps::NONE, // 14 bytes would be computed in software at once
//!     ..EngineConfig::default()
//! };
//! let engine = Engine::new(device.open_queue()?, config, None)?;
//!
//! // What an event loop would do in this callback: put the job among those to resume.
//! let wakes = Arc::new(AtomicU32::new(0));
//! let counted = wakes.clone();
//! let wait_ctx = WaitCtx::new();
//! wait_ctx.set_callback(Some(Arc::new(move || {
//!     counted.fetch_add(1, Ordering::Relaxed);
//! })));
//!
//! // The call submits its operation and pauses: `start` returns in the middle of it.
//! let caller = engine.clone();
//! let outcome = start(Some(&wait_ctx), move || {
//!     let mut sealed = [0; 30];
//!     caller.aead_seal(key, [0; 12], b"", b"attack at dawn", &mut sealed)
//! })?;
//! let Outcome::Paused(job) = outcome else { panic!("it waits for the device") };
//! assert_eq!((engine.stats().submitted, engine.slots_in_use()), (1, 1));
//!
//! // The device has not been told yet: the doorbell is for all jobs of a turn.
//! engine.ring_doorbell();
//! let pending = manual.pending();
//! assert_eq!(pending.len(), 1);
//!
//! // Resumed too early, by mistake: the job looks, finds nothing, and sleeps on.
//! let Outcome::Paused(job) = job.resume()? else { panic!("nothing has completed") };
//! assert_eq!(engine.stats().spurious_resumes, 1);
//!
//! // The device answers. The job does not know: the completion lies in the ring.
//! manual.complete(pending[0].id, Status::Ok)?;
//! assert_eq!(wakes.load(Ordering::Relaxed), 0);
//!
//! // Somebody polls: the slot becomes Completed, and the job is told.
//! assert_eq!(engine.poll(), 1);
//! assert_eq!(wakes.load(Ordering::Relaxed), 1);
//!
//! // Now the call returns, the result is out of the slot, and the slot is free for the next.
//! let Outcome::Finished(sealed_len) = job.resume()? else { panic!("it was woken") };
//! assert_eq!(sealed_len, Ok(30));
//! assert_eq!(engine.slots_in_use(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The call, step by step
//! `offload` is five steps; each is a function of this file.
//!
//! **1. Who calls?** A job can be told: by its wait context's callback, or by an eventfd that the
//! engine puts into the context. That is one for each context, made at its first operation and used
//! by all later ones, because to make one costs more than to use it. Anybody else waits in place.
//! It is asked first, because a context that cannot tell is misuse, and should be said before
//! anything is granted.
//!
//! **2. A slot.** A slot is a piece of the memory that the device can see, and the state of one
//! operation. To have one is to have a place in the submission ring as well, so a push that comes
//! later cannot fail. If there is none, the call stands in line and pauses like any other; see
//! *there is no room* below.
//!
//! **3. Submit.** Payload into the slot, descriptor into the ring. The descriptor carries a cookie:
//! the slot's index, and the generation of its use. The device does not see it yet: the doorbell
//! is rung once for all jobs that ran in this turn. From here on the operation belongs to
//! the device, and a guard stands on the job's stack that says so. It is made *before* anything of
//! the application's runs (an observer, say), since that could panic.
//!
//! **4. Pause until it is settled.** A loop of three lines, and the order matters:
//! ```text
//!   loop {
//!       is it settled?  ──yes──► consume the wake, and go on
//!       pause           ──refused──► wait in place
//!   }
//! ```
//! *Look, then pause*: see *the completion comes before the pause*. *Look again after each resume*:
//! a resume says nothing of its reason. *Consume the wake* in the same breath as the look that
//! succeeded: see *the wake was not taken*. Between the look and the pause nothing can slip in,
//! because completions are entered by this very thread alone; it is only the wake that may come
//! from another one, and a wake lasts until it is taken.
//!
//! **5. Take.** The result is copied out, the payload wiped, the slot freed and handed to the
//! first in line. The guard is defused then: there is nothing left to abandon.
//!
//! # What can go wrong in between, and what holds
//! **The completion comes before the pause.** Somebody who waited in place may have reaped it
//! already. So the loop looks at the slot before it pauses, each time. An engine that signals first
//! and pauses afterwards without a look sleeps for ever.
//!
//! **The job is resumed, and nothing is complete.** An application may poll its jobs, or another fd
//! of the same wait context fired. The job looks at the slot, counts a *spurious* resume and pauses
//! again. An engine that takes every resume for its own returns a result that is not there.
//!
//! **The job is complete, and its wake was not taken.** With an fd the wake is a count that stays
//! readable until somebody reads it; left there, it would wake the next operation. So a call that
//! ends takes its wake along: one of the count, as the eventfd is a semaphore, so that one call
//! does not take another's.
//!
//! **The job disappears.** It is cancelled, in the middle of this call: its stack unwinds, and the
//! guard that stands on it hands the slot to the device for good (*abandoned*). Nobody frees what
//! the device may still write to; the slot becomes free when the device answers. The guard takes
//! the job's wake along, too, for the wait context will serve another job.
//!
//! **The completion comes late, twice, or was never asked for.** A completion knows a slot and the
//! generation of its use, and never a stack, a job or a pointer. If both do not fit what is in
//! flight, it is an orphan: counted, and dropped.
//!
//! **The wake comes late.** A [`Wake`](pausewake_jobs::Wake) owns what it wakes, a counted fd or a
//! counted callback. One that comes when the job is long gone wakes nobody, and never the
//! connection that got the same fd number since.
//!
//! **There is no room.** The job joins a line and pauses like any other. Room is given to the first
//! in line and then told, so nobody can take it away in between. To wake all and let them try again
//! would starve somebody, and to wake one *without* giving it the slot would let a newcomer take
//! it.
//!
//! **The time is up.** The call ends, with an error or in software as configured; its slot does
//! not: the device owes an answer and may write to the payload until then. The slot is kept aside
//! until the answer has come.
//!
//! **The call cannot pause.** There is no job, or the job has blocked pausing. Then nobody else may
//! be polling, and the call does it itself, in place; other jobs' completions that it finds are
//! entered and told as always. It rings the doorbell before each look, because nobody else will.
//!
//! **The loop goes to sleep in the moment of the completion.** That race is not here but one floor
//! below, and solved once for all who sleep: armed, fenced, looked at once more
//! ([`Engine::arm_signal`]).
//!
//! **A callback calls back.** It may submit, poll or wake, in the middle of our own poll. So the
//! engine lends nothing of itself while one runs: what is to be told stands in a queue, which is emptied
//! with nothing borrowed, by the outermost poll alone. Telling can happen on the stack of a job, which has
//! just made room: pausing is blocked there, or a call in somebody's callback would pause that job, and
//! nobody else would be told. A callback that panics costs its own job's wake, and nothing else.
//!
//! # Where to read on
//! The slot's states are drawn in `slots.rs`, the line is `line.rs`, who is told and how in
//! `notify.rs`. [`events`](crate::events) makes all of it visible as it happens;
//! `examples/minimal.rs` is the program above, shorter, and `examples/own_loop.rs` an epoll loop of
//! somebody else's around it.

use pausewake_device::Nanos;
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{Completion, CompletionFlags, Cookie, Descriptor, OpKind, Scheme};
use pausewake_jobs::{Pause, WaitStatus};

use crate::config::Notify;
use crate::engine::{Engine, Inner, Settled};
use crate::error::{DeviceFault, Error, Misuse, Retry};
use crate::events::{Event, Moments, Returned};
use crate::line::{Progress, Ticket};
use crate::notify::{Caller, Waiter};
use crate::slots::{About, Life, Seen};

/// What a typed call asks of the device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) kind: OpKind,
    pub(crate) key: KeyId,
    pub(crate) scheme: Scheme,
    pub(crate) nonce: [u8; 12],
    pub(crate) input: &'a [u8],
    /// What stands behind the input: additional data, or the signature to verify.
    pub(crate) extra: &'a [u8],
}

impl Engine {
    /// Runs one operation on the device and returns how many bytes of `output` it filled.
    pub(crate) fn offload(&self, request: &Request<'_>, output: &mut [u8]) -> Result<usize, Error> {
        let engine = self.inner();
        let call_ns = engine.now();
        check_size(request, output.len(), engine.slot_size())?;

        // 1. Who calls? A job can be told, and pauses; anybody else waits in place.
        let (caller, waiter) = engine.caller()?;

        // 2. A slot and a place in the ring; or a place in the line for them.
        let deadline_ns = engine.deadline_ns(call_ns);
        let (op, granted_ns) = match engine.grant() {
            Some(op) => (op, call_ns),
            None => {
                let op = wait_for_slot(engine, &caller, &waiter, deadline_ns)?;
                (op, engine.now())
            }
        };

        // 3. The request goes into the slot, its descriptor into the ring. From here on the
        //    operation belongs to the device, and nobody leaves without it: should this job be
        //    cancelled, the guard abandons the slot to the device.
        let times = Times {
            call_ns,
            granted_ns,
            deadline_ns,
        };
        submit(engine, op, request, output.len(), (&caller, waiter), times)?;
        let in_flight = InFlight {
            engine,
            caller: &caller,
            op,
        };
        announce(engine, op, request, &caller);

        // 4. Until it is over, this job does not run.
        pause_until_settled(engine, op, &caller)?;

        // 5. The result goes to the caller, the slot to the next.
        in_flight.take(output)
    }
}

/// Input and output share the slot, one after the other.
fn check_size(request: &Request<'_>, capacity: usize, slot_size: u32) -> Result<(), Misuse> {
    let needed = (request.input.len() + request.extra.len()).max(capacity);
    if needed > slot_size as usize {
        return Err(Misuse::TooLarge { needed, slot_size });
    }
    Ok(())
}

/// Waits in line for a slot.
#[cold]
fn wait_for_slot(
    engine: &Inner,
    caller: &Caller,
    waiter: &Waiter,
    deadline_ns: Option<Nanos>,
) -> Result<Cookie, Error> {
    let (ticket, waiting) = match engine.join_line(caller, waiter, deadline_ns) {
        Ok(place) => place,
        Err(full) => {
            // Full of descriptors that the device was not shown yet? Then there is room right away.
            engine.ring_doorbell();
            return engine.grant().ok_or(full.into());
        }
    };
    let mut place = Place {
        engine,
        caller,
        ticket,
        collected: false,
    };
    let job = caller.job();
    engine.tell(|| engine.now(), || Event::Full { job, waiting });
    let mut looked_in_vain = false;
    loop {
        if let Some(turn) = place.collect() {
            caller.consume_wake();
            return turn;
        }
        if looked_in_vain {
            count_look_in_vain(engine);
        }
        if pausewake_jobs::pause() != Pause::Resumed {
            engine.line_in_place(ticket);
            return wait_for_slot_in_place(engine, &mut place);
        }
        looked_in_vain = true;
    }
}

/// A place in the line, which is left when the call ends in any way.
struct Place<'a> {
    engine: &'a Inner,
    caller: &'a Caller,
    ticket: Ticket,
    collected: bool,
}

impl Place<'_> {
    /// The slot, or that the time for it is up; `None` while neither has come.
    fn collect(&mut self) -> Option<Result<Cookie, Error>> {
        let turn = match self.engine.collect(self.ticket) {
            Progress::Waits => return None,
            Progress::Served(op) => Ok(op),
            Progress::TimedOut => Err(Retry::NoRoomInTime.into()),
        };
        self.collected = true;
        Some(turn)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.collected && self.engine.leave_line(self.ticket) {
            // The wait context will serve another job, which must not find this one's wake.
            self.caller.consume_wake();
        }
    }
}

fn wait_for_slot_in_place(engine: &Inner, place: &mut Place<'_>) -> Result<Cookie, Error> {
    loop {
        // Each time: a callback that the poll ran may have started a job, which submitted.
        engine.ring_doorbell();
        engine.poll();
        if let Some(turn) = place.collect() {
            return turn;
        }
        if !engine.has_in_flight() {
            // All slots hold results of jobs, and they cannot run before this call has returned.
            return Err(Retry::Full.into());
        }
        engine.wait_for_device()?;
    }
}

/// An operation that the device has. Dropped without [`take`](Self::take), it is abandoned.
struct InFlight<'a> {
    engine: &'a Inner,
    caller: &'a Caller,
    op: Cookie,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.engine.abandon(self.op) {
            // The wait context will serve another job, which must not find this one's wake.
            self.caller.consume_wake();
        }
    }
}

/// When a call began, had its slot, and must have ended.
#[derive(Clone, Copy)]
struct Times {
    call_ns: Nanos,
    granted_ns: Nanos,
    deadline_ns: Option<Nanos>,
}

/// Fills the slot, and puts the descriptor into the ring.
fn submit(
    engine: &Inner,
    op: Cookie,
    request: &Request<'_>,
    capacity: usize,
    (caller, waiter): (&Caller, Waiter),
    times: Times,
) -> Result<(), Error> {
    let copied = engine.costs.copy(request.input.len() + request.extra.len());
    engine.charge(engine.costs.submit_ns + copied);
    let descriptor = Descriptor {
        key: request.key,
        scheme: request.scheme as u8,
        input_len: length(request.input.len()),
        extra_len: length(request.extra.len()),
        output_capacity: length(capacity),
        nonce: request.nonce,
        ..Descriptor::new(request.kind, op)
    };
    let about = About {
        kind: request.kind,
        job: caller.job(),
        used_bytes: (request.input.len() + request.extra.len()).max(capacity),
        call_ns: times.call_ns,
        granted_ns: times.granted_ns,
    };
    let payload = [request.input, request.extra];
    let submitted = engine.submit(&descriptor, payload, about, waiter, times.deadline_ns);
    if let Err(error) = submitted {
        engine.give_back(op);
        return Err(error.into());
    }
    Ok(())
}

/// Says that the device has it: to the wait context, and to the observer, who may panic.
fn announce(engine: &Inner, op: Cookie, request: &Request<'_>, caller: &Caller) {
    if let Caller::Job { wait_ctx, .. } = caller {
        wait_ctx.set_status(WaitStatus::OK);
    }
    engine.tell(
        || engine.now(),
        || Event::Submitted {
            op,
            job: caller.job(),
            kind: request.kind,
            bytes: length(request.input.len() + request.extra.len()),
        },
    );
}

/// A length that was checked against a slot's size, which is a `u32`.
fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Pauses the job until its operation is over.
fn pause_until_settled(engine: &Inner, op: Cookie, caller: &Caller) -> Result<(), Error> {
    let mut looked_in_vain = false;
    // Before the first pause: the completion may have been faster, because somebody waited in
    // place and reaped for all.
    while !engine.is_settled(op) {
        if looked_in_vain {
            resumed_in_vain(engine, op, caller);
        }
        if pausewake_jobs::pause() != Pause::Resumed {
            return wait_in_place(engine, op, caller);
        }
        looked_in_vain = true;
    }
    caller.consume_wake();
    Ok(())
}

/// Somebody resumed the job without a wake of ours. It sleeps on.
#[cold]
fn resumed_in_vain(engine: &Inner, op: Cookie, caller: &Caller) {
    count_look_in_vain(engine);
    if let Some(job) = caller.job()
        && engine.config.notify != Notify::Poll
    {
        engine.tell(|| engine.now(), || Event::Spurious { op, job });
    }
}

/// A job was resumed, and what it waits for is not there. Where nobody tells it, that is the way of
/// things; elsewhere it is spurious.
fn count_look_in_vain(engine: &Inner) {
    let looks = engine.config.notify == Notify::Poll;
    engine.count(|stats| {
        if looks {
            stats.looks_in_vain += 1;
        } else {
            stats.spurious_resumes += 1;
        }
    });
}

/// For callers that cannot pause: nobody else will poll for them, so they do it themselves.
/// Completions of others that they find are entered, and those jobs are told.
fn wait_in_place(engine: &Inner, op: Cookie, caller: &Caller) -> Result<(), Error> {
    if engine.look_in_place(op) {
        caller.consume_wake();
    }
    loop {
        // Each time: a callback that the poll ran may have started a job, which submitted.
        engine.ring_doorbell();
        engine.poll();
        if engine.is_settled(op) {
            engine.waited_in_place(op);
            return Ok(());
        }
        engine.wait_for_device()?;
    }
}

impl InFlight<'_> {
    fn take(self, output: &mut [u8]) -> Result<usize, Error> {
        let running_ns = self.engine.now();
        let settled = self
            .engine
            .take(self.op, output)
            .expect("the operation is over, and only its own call takes it");
        let (engine, caller, cookie) = (self.engine, self.caller, self.op);
        // The slot is no longer ours: there is nothing left to abandon.
        std::mem::forget(self);

        let result = match settled {
            Settled::TimedOut => Err(DeviceFault::TimedOut.into()),
            Settled::Completed(completion, life) => {
                let copied = output.len().min(completion.output_len as usize);
                engine.charge(engine.costs.copy(copied));
                if let Some(life) = life {
                    let moments = whole_life(life.seen, &completion, running_ns, engine.now());
                    let returned = returned(cookie, &life, &completion, moments);
                    engine.tell(|| running_ns, || Event::Returned(returned));
                }
                result_of(&completion, output.len())
            }
        };
        if let (Caller::Job { wait_ctx, .. }, Err(Error::Device(_))) = (caller, &result) {
            wait_ctx.set_status(WaitStatus::ERR);
        }
        result
    }
}

/// What a completion means to a caller who offered room for `capacity` bytes.
fn result_of(completion: &Completion, capacity: usize) -> Result<usize, Error> {
    Error::from_status(completion.status)?;
    let output_len = completion.output_len as usize;
    if output_len > capacity {
        // More than it was allowed to write: the device lies, or somebody forged this.
        return Err(DeviceFault::Nonsense.into());
    }
    Ok(output_len)
}

fn returned(cookie: Cookie, life: &Life, completion: &Completion, moments: Moments) -> Returned {
    Returned {
        op: cookie,
        job: life.job,
        kind: life.kind,
        status: completion.status,
        output_len: completion.output_len,
        queue_ns: completion.queue_ns,
        is_saturated: completion.is_saturated(),
        compute_bound: completion.flags.contains(CompletionFlags::COMPUTE_BOUND),
        moments,
    }
}

/// All eight moments. What the device says of its own is held between the doorbell and the reaping,
/// which we saw ourselves.
fn whole_life(
    seen: Seen,
    completion: &Completion,
    running_ns: Nanos,
    returned_ns: Nanos,
) -> Moments {
    let doorbell_ns = seen.doorbell_ns.max(seen.granted_ns);
    let known_ns = seen.known_ns.max(doorbell_ns);
    let fetched_ns = completion.fetched_ns().clamp(doorbell_ns, known_ns);
    Moments {
        call_ns: seen.call_ns,
        granted_ns: seen.granted_ns,
        doorbell_ns,
        fetched_ns,
        done_ns: completion.done_ns.clamp(fetched_ns, known_ns),
        known_ns,
        running_ns,
        returned_ns,
    }
}
