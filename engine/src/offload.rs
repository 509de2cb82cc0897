//! One operation, from the call to the return. Read this file from top to bottom.
//!
//! A crypto call looks synchronous: bytes in, bytes out. What happens in between takes a device
//! hundreds of microseconds, and the thread has better things to do than to wait for it. So the
//! call *pauses its job*: the stack stays as it is, in the middle of the call, and the thread runs
//! other jobs. When the device has answered, somebody takes the completion from the ring, tells the
//! job by its wait context, and the application resumes it. The call goes on where it paused.
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
//! # What can go wrong in between, and what holds
//! **The completion comes before the pause.** Somebody who waited in place may have reaped it
//! already. So the loop looks at the slot before it pauses, each time.
//!
//! **The job is resumed, and nothing is complete.** An application may poll its jobs, or another fd
//! of the same wait context fired. The job looks at the slot, counts a *spurious* resume and pauses
//! again.
//!
//! **The job is complete, and its wake was not taken.** With an fd the wake is a count that stays
//! readable until somebody reads it; left there, it would wake the next operation. So a call that
//! ends takes its wake along.
//!
//! **The job disappears.** It is cancelled, in the middle of this call: its stack unwinds, and the
//! guard that stands on it hands the slot to the device for good (*abandoned*). Nobody frees what
//! the device may still write to; the slot becomes free when the device answers.
//!
//! **The completion comes late, twice, or was never asked for.** A completion knows a slot and the
//! generation of its use, and never a stack, a job or a pointer. If both do not fit what is in
//! flight, it is an orphan: counted, and dropped.
//!
//! **There is no room.** The job joins a line and pauses like any other. Room is given to the first
//! in line and then told, so nobody can take it away in between.
//!
//! **The call cannot pause.** There is no job, or the job has blocked pausing. Then nobody else may
//! be polling, and the call does it itself, in place; other jobs' completions that it finds are
//! entered and told as always.

use pausewake_device::Nanos;
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{Completion, CompletionFlags, Cookie, Descriptor, OpKind, Scheme};
use pausewake_jobs::{Pause, WaitStatus};

use crate::config::Notify;
use crate::engine::{Engine, Inner, Settled};
use crate::error::{DeviceFault, Error, Misuse, Retry};
use crate::events::{Event, Moments, Returned};
use crate::line::{Progress, Ticket};
use crate::notify::Caller;
use crate::slots::Op;

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
        let caller = engine.caller()?;

        // 2. A slot and a place in the ring; or a place in the line for them.
        let deadline_ns = engine.deadline_ns(call_ns);
        let op = wait_for_slot(engine, &caller, deadline_ns)?;

        // 3. The request goes into the slot, its descriptor into the ring. From here on the
        //    operation belongs to the device, and nobody leaves without it: should this job be
        //    cancelled, the guard abandons the slot to the device.
        let times = Times {
            call_ns,
            deadline_ns,
        };
        let in_flight = submit(engine, op, request, output.len(), &caller, times)?;

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

/// Takes a slot, waiting in line for it if there is none.
fn wait_for_slot(
    engine: &Inner,
    caller: &Caller,
    deadline_ns: Option<Nanos>,
) -> Result<Cookie, Error> {
    if let Some(op) = engine.grant() {
        return Ok(op);
    }
    let (ticket, waiting) = engine.join_line(caller, deadline_ns)?;
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

/// When a call began, and must have ended.
#[derive(Clone, Copy)]
struct Times {
    call_ns: Nanos,
    deadline_ns: Option<Nanos>,
}

fn submit<'a>(
    engine: &'a Inner,
    op: Cookie,
    request: &Request<'_>,
    capacity: usize,
    caller: &'a Caller,
    times: Times,
) -> Result<InFlight<'a>, Error> {
    let granted_ns = engine.now();
    let descriptor = Descriptor {
        key: request.key,
        scheme: request.scheme as u8,
        input_len: length(request.input.len()),
        extra_len: length(request.extra.len()),
        output_capacity: length(capacity),
        nonce: request.nonce,
        ..Descriptor::new(request.kind, op)
    };
    let used_bytes = (request.input.len() + request.extra.len()).max(capacity);
    let state = Op {
        kind: request.kind,
        job: caller.job(),
        waiter: caller.waiter(),
        moments: Moments {
            call_ns: times.call_ns,
            granted_ns,
            ..Moments::default()
        },
        used_bytes,
    };
    let payload = [request.input, request.extra];
    if let Err(error) = engine.submit(descriptor, payload, state, times.deadline_ns) {
        engine.give_back(op);
        return Err(error.into());
    }
    // Before anything of the application runs, which could panic.
    let in_flight = InFlight { engine, caller, op };
    if let Caller::Job { wait_ctx, .. } = caller {
        wait_ctx.set_status(WaitStatus::OK);
    }
    engine.tell(
        || granted_ns,
        || Event::Submitted {
            op,
            job: caller.job(),
            kind: request.kind,
            bytes: descriptor.input_len + descriptor.extra_len,
        },
    );
    Ok(in_flight)
}

/// A length that was checked against a slot's size, which is a `u32`.
fn length(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Pauses the job until its operation is over.
fn pause_until_settled(engine: &Inner, op: Cookie, caller: &Caller) -> Result<(), Error> {
    loop {
        // Before the first pause: the completion may have been faster, because somebody waited in
        // place and reaped for all.
        if engine.is_settled(op) {
            caller.consume_wake();
            return Ok(());
        }
        if pausewake_jobs::pause() != Pause::Resumed {
            return wait_in_place(engine, op, caller);
        }
        if let Some(job) = caller.job()
            && !engine.is_settled(op)
        {
            // Somebody resumed the job without a wake of ours. It sleeps on.
            count_look_in_vain(engine);
            engine.tell(|| engine.now(), || Event::Spurious { op, job });
        }
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
            Settled::Completed(completion, op) => {
                engine.tell(
                    || running_ns,
                    || {
                        let moments = whole_life(op.moments, &completion, running_ns, engine.now());
                        Event::Returned(returned(cookie, &op, &completion, moments))
                    },
                );
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

fn returned(cookie: Cookie, op: &Op, completion: &Completion, moments: Moments) -> Returned {
    Returned {
        op: cookie,
        job: op.job,
        kind: op.kind,
        status: completion.status,
        output_len: completion.output_len,
        queue_ns: Nanos::new(u64::from(completion.queue_ns)),
        compute_bound: completion.flags.contains(CompletionFlags::COMPUTE_BOUND),
        moments,
    }
}

/// All eight moments. What the device says of its own is held between the doorbell and the reaping,
/// which we saw ourselves.
fn whole_life(
    seen: Moments,
    completion: &Completion,
    running_ns: Nanos,
    returned_ns: Nanos,
) -> Moments {
    let doorbell_ns = seen.doorbell_ns.max(seen.granted_ns);
    let known_ns = seen.known_ns.max(doorbell_ns);
    let fetched_ns = completion.fetched_ns().clamp(doorbell_ns, known_ns);
    Moments {
        doorbell_ns,
        fetched_ns,
        done_ns: completion.done_ns.clamp(fetched_ns, known_ns),
        known_ns,
        running_ns,
        returned_ns,
        ..seen
    }
}
