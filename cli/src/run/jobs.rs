//! What each job of a thread does: calls the engine, and checks what comes back.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use pausewake_device::Nanos;
use pausewake_device::compute::AEAD_TAG_LEN;
use pausewake_device::random::Seed;
use pausewake_engine::{Engine, Error, Signature};

use super::alarms::Alarms;
use super::software::Verifier;
use super::tasks::{Task, message};
use super::tickets::{Ticket, Tickets};
use crate::report::{Collector, Ending, ErrorTally, Verification};
use crate::scenario::{Compute, Scenario, Verify};

/// Makes the jobs of a thread.
pub struct Jobs {
    shared: Rc<Shared>,
    ops_per_job: u32,
}

/// What came of them.
#[derive(Debug, Default)]
pub struct Tally {
    /// Results that were checked.
    pub verification: Verification,
    /// Calls that failed, whether or not the device had them.
    pub errors: ErrorTally,
    /// Why the figures mean nothing, if so.
    pub invalid: Option<String>,
}

struct Shared {
    tasks: Arc<Vec<Task>>,
    engine: Engine,
    seed: Seed,
    payload: Option<Arc<[u8]>>,
    verifiable: bool,
    verify: Verify,
    /// A message that nobody reads, as long as the longest.
    blank: Vec<u8>,
    /// What a call ends with that has a result.
    good_ending: Ending,
    /// Who counts the calls: the event log does not say when one ends that software computed.
    collector: Rc<Collector>,
    tickets: RefCell<Tickets>,
    alarms: Alarms,
    tally: RefCell<Tally>,
}

impl Jobs {
    /// Jobs that do `tasks` by `engine`, as `tickets` allow.
    pub fn new(
        scenario: &Scenario,
        tasks: Arc<Vec<Task>>,
        engine: &Engine,
        collector: &Rc<Collector>,
        tickets: Tickets,
    ) -> Self {
        let verifiable = scenario.device.compute != Compute::None;
        let longest = tasks.iter().map(Task::message_len).max();
        let shared = Shared {
            blank: vec![0; longest.filter(|_| !verifiable).unwrap_or(0)],
            // An answer that the engine still had to verify came before the call's end.
            good_ending: if engine.config().verify_signatures {
                Ending::Result
            } else {
                Ending::Answer
            },
            tasks,
            engine: engine.clone(),
            seed: scenario.seed,
            payload: scenario.load.payload.clone(),
            verifiable,
            verify: scenario.load.verify,
            collector: collector.clone(),
            tickets: RefCell::new(tickets),
            alarms: Alarms::default(),
            tally: RefCell::default(),
        };
        Self {
            shared: Rc::new(shared),
            ops_per_job: scenario.load.ops_per_job,
        }
    }

    /// Leave for one thing, and who may do it.
    pub fn tickets(&self) -> &RefCell<Tickets> {
        &self.shared.tickets
    }

    /// Jobs that think.
    pub fn alarms(&self) -> &Alarms {
        &self.shared.alarms
    }

    /// A job that begins with `ticket`, to be run as one.
    pub fn job(&self, ticket: Ticket) -> impl FnOnce() + 'static {
        let shared = self.shared.clone();
        let ops = self.ops_per_job;
        move || shared.job(ticket, ops)
    }

    /// Does what `ticket` is for, here and now.
    pub fn run(&self, ticket: Ticket) {
        self.shared.run(ticket);
    }

    /// Calls that have failed so far.
    pub fn errors(&self) -> u64 {
        self.shared.tally.borrow().errors.calls
    }

    /// Forgets the errors so far: they belong to the warm-up. A wrong result does not.
    pub fn forget_errors(&self) {
        self.shared.tally.borrow_mut().errors = ErrorTally::default();
    }

    /// What came of the jobs so far.
    pub fn tally(&self) -> Tally {
        let mut tally = self.shared.tally.take();
        tally.verification.applies = self.shared.verifiable;
        tally.verification.how = how_verified(&self.shared.tasks, self.shared.verify);
        tally
    }
}

impl Tally {
    /// With what came of another thread's jobs.
    pub fn merge(&mut self, other: Self) {
        let (ours, theirs) = (&mut self.verification, other.verification);
        ours.results += theirs.results;
        ours.right += theirs.right;
        ours.wrong += theirs.wrong;
        self.errors.merge(other.errors);
        self.invalid = self.invalid.take().or(other.invalid);
    }
}

fn how_verified(tasks: &[Task], verify: Verify) -> String {
    let mut ways: Vec<&str> = tasks.iter().map(Task::how_verified).collect();
    ways.dedup();
    let ways = ways.join("; ");
    match verify {
        Verify::All => ways,
        Verify::None => "verify = none".to_owned(),
        Verify::OneOf(part) => format!("one of {part}: {ways}"),
    }
}

impl Shared {
    fn job(&self, mut ticket: Ticket, ops: u32) {
        for _ in 1..ops {
            self.run(ticket);
            self.think(ticket.think_ns);
            let next = self.tickets.borrow_mut().take(self.engine.now());
            let Some(next) = next else { return };
            ticket = next;
        }
        self.run(ticket);
        self.think(ticket.think_ns);
    }

    fn run(&self, ticket: Ticket) {
        if let Err(error) = self.call(ticket) {
            self.failed(&error, ticket);
        }
    }

    fn think(&self, think_ns: Nanos) {
        if think_ns == Nanos::ZERO {
            return;
        }
        let now = self.engine.now();
        if !self.tickets.borrow().allows(now) {
            return;
        }
        if let Err(error) = self.alarms.sleep_until(now + think_ns) {
            let invalid = &mut self.tally.borrow_mut().invalid;
            invalid.get_or_insert_with(|| {
                format!(
                    "a job could not think, for want of an eventfd ({error}): raise `ulimit -n`, or \
                     notify by callback"
                )
            });
        }
    }

    fn call(&self, ticket: Ticket) -> Result<(), Error> {
        let engine = &self.engine;
        match &self.tasks[ticket.item] {
            Task::Sign {
                key,
                padding,
                message_len,
                distinct,
                verifier,
            } => {
                let number = distinct.map_or(ticket.index, |distinct| ticket.index % distinct);
                let message = self.message(number, *message_len);
                let timed = Timed::begin(self, ticket.intended_ns);
                let signed = engine.rsa_sign(*key, *padding, &message);
                timed.end(&signed);
                self.check_signature(ticket, &signed, verifier, &message)?;
            }
            Task::Verify {
                key,
                padding,
                signed,
            } => {
                let number = usize::try_from(ticket.index % signed.len() as u64).unwrap_or(0);
                let (message, signature) = &signed[number];
                self.timed(ticket, || {
                    engine.rsa_verify(*key, *padding, message, signature)
                })?;
                self.check(ticket, || true);
            }
            Task::EcdsaSign {
                key,
                curve,
                message_len,
                verifier,
            } => {
                let message = self.message(ticket.index, *message_len);
                let timed = Timed::begin(self, ticket.intended_ns);
                let signed = engine.ecdsa_sign(*key, *curve, &message);
                timed.end(&signed);
                self.check_signature(ticket, &signed, verifier, &message)?;
            }
            Task::Seal {
                key,
                message_len,
                sealer,
            } => {
                let message = self.message(ticket.index, *message_len);
                self.seal(*key, ticket, &message, sealer)?;
            }
            Task::Open {
                key,
                message_len,
                sealer,
            } => {
                let message = self.message(ticket.index, *message_len);
                let sealed = if self.verifiable {
                    sealer.seal(nonce(ticket.index), &message)
                } else {
                    vec![0; message.len() + AEAD_TAG_LEN]
                };
                self.open(*key, ticket, &message, &sealed)?;
            }
            Task::SealOpen {
                key,
                content,
                record_len,
                sealer,
            } => {
                let record = record(content, *record_len, ticket.index);
                let sealed = self.seal(*key, ticket, record, sealer)?;
                // The second call begins when the first has ended, and never late.
                let then = Ticket {
                    intended_ns: None,
                    ..ticket
                };
                self.open(*key, then, record, &sealed)?;
            }
        }
        Ok(())
    }

    fn seal(
        &self,
        key: pausewake_device::keys::KeyId,
        ticket: Ticket,
        plaintext: &[u8],
        sealer: &super::software::Sealer,
    ) -> Result<Vec<u8>, Error> {
        let nonce = nonce(ticket.index);
        let mut sealed = vec![0; plaintext.len() + AEAD_TAG_LEN];
        let len = self.timed(ticket, || {
            self.engine
                .aead_seal(key, nonce, &[], plaintext, &mut sealed)
        })?;
        sealed.truncate(len);
        #[cfg(test)]
        super::sabotage::spoil(ticket.index, &mut sealed);
        self.check(ticket, || sealer.is_right(nonce, plaintext, &sealed));
        Ok(sealed)
    }

    fn open(
        &self,
        key: pausewake_device::keys::KeyId,
        ticket: Ticket,
        plaintext: &[u8],
        sealed: &[u8],
    ) -> Result<(), Error> {
        let nonce = nonce(ticket.index);
        let mut opened = vec![0; plaintext.len()];
        let len = self.timed(ticket, || {
            self.engine.aead_open(key, nonce, &[], sealed, &mut opened)
        })?;
        self.check(ticket, || opened.get(..len) == Some(plaintext));
        Ok(())
    }

    /// A message of that number. Where nothing is computed, nobody reads it.
    fn message(&self, number: u64, len: usize) -> Cow<'_, [u8]> {
        if self.verifiable {
            Cow::Owned(message(self.seed, self.payload.as_deref(), number, len))
        } else {
            Cow::Borrowed(&self.blank[..len])
        }
    }

    fn timed<T>(
        &self,
        ticket: Ticket,
        call: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let timed = Timed::begin(self, ticket.intended_ns);
        let result = call();
        timed.end(&result);
        result
    }

    /// By reference, as signatures are half a kilobyte each; therefore they are not
    /// [`timed`](Self::timed) by way of a closure, either.
    fn check_signature(
        &self,
        ticket: Ticket,
        signed: &Result<Signature, Error>,
        verifier: &Verifier,
        message: &[u8],
    ) -> Result<(), Error> {
        let signature = signed.as_ref().map_err(|error| *error)?;
        self.check(ticket, || verifier.is_right(message, signature));
        Ok(())
    }

    fn check(&self, ticket: Ticket, is_right: impl FnOnce() -> bool) {
        if !self.verifiable {
            return;
        }
        let right = self.is_sampled(ticket).then(is_right);
        let verification = &mut self.tally.borrow_mut().verification;
        verification.results += 1;
        match right {
            Some(true) => verification.right += 1,
            Some(false) => verification.wrong += 1,
            None => {}
        }
    }

    fn is_sampled(&self, ticket: Ticket) -> bool {
        match self.verify {
            Verify::All => true,
            Verify::None => false,
            Verify::OneOf(part) => ticket.index.is_multiple_of(u64::from(part)),
        }
    }

    fn failed(&self, error: &Error, ticket: Ticket) {
        let is_sampled = self.is_sampled(ticket);
        let tally = &mut self.tally.borrow_mut();
        tally.errors.record(error);
        if *error == Error::NotAuthentic && self.verifiable && is_sampled {
            // What we sealed or signed ourselves does not open: that is a wrong result, not a failed
            // device.
            tally.verification.results += 1;
            tally.verification.wrong += 1;
        }
    }
}

/// A call that goes on. It ends when this is dropped, also by a job that is cancelled in it.
struct Timed<'a> {
    shared: &'a Shared,
    called_ns: Nanos,
    /// When it was to begin, if it might have been another time.
    intended_ns: Option<Nanos>,
    /// Whether it gives its caller what was asked for: an error is none, but that a tag or a
    /// signature is not authentic is the answer of a check that worked.
    ending: Ending,
}

impl<'a> Timed<'a> {
    fn begin(shared: &'a Shared, intended_ns: Option<Nanos>) -> Self {
        let called_ns = shared.engine.now();
        shared.collector.call_begins(called_ns);
        Self {
            shared,
            called_ns,
            intended_ns,
            ending: Ending::Failure,
        }
    }

    /// The call has come back.
    fn end<T>(mut self, result: &Result<T, Error>) {
        if matches!(result, Ok(_) | Err(Error::NotAuthentic)) {
            self.ending = self.shared.good_ending;
        }
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        let (engine, collector) = (&self.shared.engine, &self.shared.collector);
        let now = || engine.now();
        collector.call_ends(self.called_ns, self.intended_ns, self.ending, now);
    }
}

/// Record number `index` of a file that is gone through again and again.
fn record(content: &[u8], record_len: usize, index: u64) -> &[u8] {
    let mut records = content.chunks(record_len);
    let count = records.len() as u64;
    let number = usize::try_from(index % count).unwrap_or(0);
    records.nth(number).unwrap_or_default()
}

/// A nonce that no other ticket of the run has.
fn nonce(index: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&index.to_be_bytes());
    nonce
}
