//! A plain epoll loop that is not ours: 64 jobs sign with RSA, and are told by fd.
//!
//! What a server that has its own loop must do, and no more. It knows connections (here: jobs), their
//! wait contexts and their fds; of the engine it knows four calls: `ring_doorbell`, `arm_signal`,
//! `disarm_signal`, `poll`, and one fd.

use std::cell::RefCell;
use std::error::Error;
use std::rc::Rc;

use pausewake_device::compute::KeyMaterial;
use pausewake_device::{Device, DeviceConfig, WaitStrategy};
use pausewake_engine::{Engine, EngineConfig, Notify, RsaPadding, Signature, raise_fd_limit};
use pausewake_jobs::{Job, Outcome, WaitCtx, start};
use rustix::buffer::spare_capacity;
use rustix::event::epoll;

const JOBS: u64 = 64;
/// What epoll says of the device's completion signal; smaller numbers are jobs.
const SIGNAL: u64 = u64::MAX;

const PADDING: RsaPadding = RsaPadding::PssSha256;
const PRIVATE_KEY: &[u8] =
    include_bytes!("../../sim-device/tests/data/keys/test-rsa2048.pkcs8.der");
const PUBLIC_KEY: &[u8] =
    include_bytes!("../../sim-device/tests/data/keys/test-rsa2048.public.pkcs1.der");

/// A connection, as a server would call it.
struct Connection {
    wait_ctx: WaitCtx,
    /// `None` while it runs, and when it is done.
    job: Option<Job<()>>,
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let limit = raise_fd_limit(JOBS + 32);
    if !limit.allows(JOBS + 32) {
        return Err(format!("{JOBS} jobs need an fd each, and {limit:?} has too few").into());
    }
    let device = Device::thread(DeviceConfig::default(), WaitStrategy::Adaptive, None)?;
    let key = device.import_key(KeyMaterial::RsaPrivate(PRIVATE_KEY))?;
    let config = EngineConfig {
        notify: Notify::Fd,
        ..EngineConfig::default()
    };
    let engine = Engine::new(device.open_queue()?, config, None)?;

    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let signal = engine.signal_fd()?.expect("the engine reaps for itself");
    let tag = epoll::EventData::new_u64(SIGNAL);
    epoll::add(&epoll, &signal, tag, epoll::EventFlags::IN)?;

    let signatures = Rc::new(RefCell::new(Vec::new()));
    let mut connections = Vec::new();
    let mut live = 0;
    for number in 0..JOBS {
        let (engine, signatures) = (engine.clone(), signatures.clone());
        let wait_ctx = WaitCtx::new();
        let work = move || {
            // Looks synchronous. Nothing here knows of jobs, fds or loops.
            let message = format!("message {number}");
            let signature = engine.rsa_sign(key, PADDING, message.as_bytes());
            let signature = signature.expect("the device is well");
            signatures.borrow_mut().push((message, signature));
        };
        let outcome = start(Some(&wait_ctx), work)?;
        let mut connection = Connection {
            wait_ctx,
            job: None,
        };
        live += usize::from(connection.settle(outcome, number, &epoll)?);
        connections.push(connection);
    }

    let mut events = Vec::with_capacity(256);
    while live > 0 {
        // What the jobs of the last turn have submitted, all at once.
        engine.ring_doorbell();
        // Only if nothing has come since: otherwise the signal may have been spared.
        let timeout = (!engine.arm_signal()).then_some(NO_TIME);
        events.clear();
        match epoll::wait(&epoll, spare_capacity(&mut events), timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        // Before the poll: what comes after the poll has looked must signal again.
        engine.disarm_signal();
        engine.poll();
        for event in &events {
            let number = event.data.u64();
            if number == SIGNAL {
                continue; // that was the poll
            }
            let connection = &mut connections[usize::try_from(number)?];
            // Level-triggered: the call takes its wake from the fd when it returns, so what is
            // still readable is still to be resumed.
            if let Some(job) = connection.job.take() {
                let outcome = job.resume()?;
                if !connection.settle(outcome, number, &epoll)? {
                    live -= 1;
                }
            }
        }
    }

    // In order: no job left, no operation in flight, every signature good.
    assert_eq!(engine.slots_in_use(), 0);
    assert_eq!(engine.stats().spurious_resumes, 0);
    let signatures = signatures.take();
    assert_eq!(signatures.len() as u64, JOBS);
    verify(&device, &signatures)
}

const NO_TIME: rustix::event::Timespec = rustix::event::Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

impl Connection {
    /// Keeps a job that paused, and watches the fds that its calls have added to the wait context.
    /// Says whether it lives.
    fn settle(
        &mut self,
        outcome: Outcome<()>,
        number: u64,
        epoll: &impl std::os::fd::AsFd,
    ) -> Result<bool, rustix::io::Errno> {
        let changed = self.wait_ctx.changed_fds();
        for fd in &changed.deleted {
            epoll::delete(epoll, fd)?;
        }
        // Resuming forgets the changes, so each fd is added once.
        for fd in &changed.added {
            let tag = epoll::EventData::new_u64(number);
            epoll::add(epoll, fd, tag, epoll::EventFlags::IN)?;
        }
        self.job = outcome.paused();
        Ok(self.job.is_some())
    }
}

/// Checks the signatures with the public key. Outside of jobs the same calls wait in place.
fn verify(device: &Device, signatures: &[(String, Signature)]) -> Result<(), Box<dyn Error>> {
    let engine = Engine::new(device.open_queue()?, EngineConfig::default(), None)?;
    let key = device.import_key(KeyMaterial::RsaPublic(PUBLIC_KEY))?;
    for (message, signature) in signatures {
        engine.rsa_verify(key, PADDING, message.as_bytes(), signature)?;
    }
    Ok(())
}
