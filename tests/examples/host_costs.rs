//! What the host's work costs on this machine: the figures of `HostCosts::MEASURED`, measured again.
//!
//! `cargo run --release -p pausewake-tests --example host_costs`
//!
//! Medians of many rounds, so that a round that the system interrupts does not count. A manual device
//! stands in for the hardware: it does nothing while it is not told to, so what is timed is the host.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::error::Error;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use pausewake_device::compute::{ComputeMode, KeyMaterial, Vault, Work};
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{Cookie, Descriptor, Input, OpKind, Scheme, Status};
use pausewake_device::{Device, DeviceConfig, QueuePair};
use pausewake_engine::{Engine, EngineConfig, Notify, Reap, SmallOps};
use pausewake_jobs::{Job, Outcome, WaitCtx, pause, start};
use pausewake_tests::{Keys, RSA_3072_PEM, RSA_4096_PEM};
use rustix::event::{EventfdFlags, epoll, eventfd};

const ROUNDS: usize = 401;
/// As many as a default queue has slots.
const JOBS: usize = 63;
const RECORD: usize = 16 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    software()?;
    let (queue, device) = queue()?;
    report("copy, per KiB", copy(&queue), RECORD / 1024);
    drop((queue, device));
    report("doorbell", doorbell()?, 1);
    let paused = start_and_pause()?;
    let (submit, look) = submit_and_reap(Notify::Poll)?;
    let (_, told) = submit_and_reap(Notify::Callback)?;
    report("start and pause, without a call", paused, JOBS);
    report(
        "submit (start, call, pause, less the above)",
        submit - paused,
        JOBS,
    );
    report("reap", look, JOBS);
    report(
        "callback (reap and tell, less the above)",
        told - look,
        JOBS,
    );
    report("fd wake: write, epoll_wait, read", fd_wake()?, 1);
    report("switch: resume and pause", switch()?, 1);
    Ok(())
}

/// Through the vault, as the engine computes in software.
fn software() -> Result<(), Box<dyn Error>> {
    let device = Device::simulated(DeviceConfig::default(), None)?;
    let keys = Keys::import(&device);
    let vault = device.vault();
    let message = [7; 32];
    for (key, bits) in [
        (keys.rsa, 2_048),
        (Keys::import_pem(&device, RSA_3072_PEM), 3_072),
        (Keys::import_pem(&device, RSA_4096_PEM), 4_096),
    ] {
        let sign = (key, OpKind::RsaSign, Scheme::Pkcs1Sha256);
        let what = format!("RSA-{bits} sign");
        let signature = run(&**vault, sign, &message, &[], &what)?;
        let verify = (key, OpKind::RsaVerify, Scheme::Pkcs1Sha256);
        let what = format!("RSA-{bits} verify");
        run(&**vault, verify, &message, &signature, &what)?;
    }
    for (key, curve, scheme) in [
        (keys.p256, "P-256", Scheme::EcdsaP256Sha256),
        (Keys::import_p384(&device), "P-384", Scheme::EcdsaP384Sha384),
    ] {
        let sign = (key, OpKind::EcdsaSign, scheme);
        let what = format!("ECDSA {curve} sign");
        let signature = run(&**vault, sign, &message, &[], &what)?;
        let verify = (key, OpKind::EcdsaVerify, scheme);
        let what = format!("ECDSA {curve} verify");
        run(&**vault, verify, &message, &signature, &what)?;
    }
    let aes256 = device.import_key(KeyMaterial::AesGcm(&[0; 32]))?;
    for (key, bits) in [(keys.aes, 128), (aes256, 256)] {
        for (len, size) in [(0, "0 bytes"), (RECORD, "16 KiB")] {
            let seal = (key, OpKind::AeadSeal, Scheme::None);
            let what = format!("AES-{bits}-GCM seal, {size}");
            let sealed = run(&**vault, seal, &vec![7; len], &[], &what)?;
            let open = (key, OpKind::AeadOpen, Scheme::None);
            let what = format!("AES-{bits}-GCM open, {size}");
            run(&**vault, open, &sealed, &[], &what)?;
        }
    }
    Ok(())
}

fn run(
    vault: &dyn Vault,
    (key, kind, scheme): (KeyId, OpKind, Scheme),
    input: &[u8],
    extra: &[u8],
    what: &str,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let work = || Work {
        kind,
        scheme,
        input_is: Input::Message,
        nonce: [0; 12],
        input,
        extra,
    };
    let mut output = vec![0; RECORD + 1024];
    let len = vault
        .execute(key, work(), &mut output)
        .map_err(|status| format!("{what}: {status:?}"))?;
    // ECDSA signatures have this length or another.
    let made = output[..len].to_vec();
    let ns = median(|| {
        let done = vault.execute(key, work(), &mut output);
        black_box(done.is_ok());
    });
    report(what, ns, 1);
    Ok(made)
}

fn copy(queue: &QueuePair) -> f64 {
    let mut payload = vec![7; RECORD];
    let there = median(|| {
        queue
            .write_payload(0, 0, black_box(&payload))
            .expect("it fits");
    });
    let back = median(|| {
        queue
            .read_payload(0, black_box(&mut payload))
            .expect("it fits");
    });
    f64::midpoint(there, back)
}

/// Tail and stamp of one descriptor, for a device that is awake.
fn doorbell() -> Result<f64, Box<dyn Error>> {
    let (mut queue, _device) = queue()?;
    let mut slot = 0;
    Ok(median_of(|| {
        let cookie = Cookie {
            slot: slot % 64,
            generation: 1,
        };
        slot += 1;
        let pushed = queue.push(Descriptor::new(OpKind::AeadSeal, cookie));
        assert!(pushed.is_ok() || queue.room() == 0);
        let begin = Instant::now();
        black_box(queue.publish());
        let elapsed = begin.elapsed();
        queue.let_device_look();
        elapsed.as_nanos()
    }))
}

/// `JOBS` jobs that start and pause.
fn start_and_pause() -> Result<f64, Box<dyn Error>> {
    let wait_ctx = WaitCtx::new();
    let mut jobs = Vec::with_capacity(JOBS);
    let ns = median_of(|| {
        let begin = Instant::now();
        for _ in 0..JOBS {
            let outcome = start(Some(&wait_ctx), || {
                let _ = pause();
            });
            jobs.extend(outcome.ok().and_then(Outcome::paused));
        }
        let elapsed = begin.elapsed();
        jobs.drain(..).for_each(finish);
        elapsed.as_nanos()
    });
    Ok(ns)
}

/// `JOBS` jobs that start, call and pause; and the poll that takes their completions.
fn submit_and_reap(notify: Notify) -> Result<(f64, f64), Box<dyn Error>> {
    let (device, manual) = Device::manual(config(), None)?;
    let key = Keys::import_aes(&device);
    let config = EngineConfig {
        notify,
        reap: Reap::External,
        small_ops: SmallOps::NONE,
        ..EngineConfig::default()
    };
    let engine = Engine::new(device.open_queue()?, config, None)?;
    let ready = Arc::new(Mutex::new(VecDeque::new()));
    let contexts: Vec<WaitCtx> = (0..JOBS)
        .map(|job| {
            let (wait_ctx, ready) = (WaitCtx::new(), ready.clone());
            wait_ctx.set_callback(Some(Arc::new(move || {
                ready.lock().expect("nobody panics").push_back(job);
            })));
            wait_ctx
        })
        .collect();
    let jobs = Rc::new(RefCell::new(Vec::with_capacity(JOBS)));
    let mut reaps = Vec::new();
    let submit = median_of(|| {
        let begin = Instant::now();
        for wait_ctx in &contexts {
            let engine = engine.clone();
            let outcome = start(Some(wait_ctx), move || {
                let mut output = [0; 32];
                let done = engine.aead_seal(key, [0; 12], b"", &[0; 16], &mut output);
                assert!(done.is_ok(), "{done:?}");
            });
            jobs.borrow_mut()
                .extend(outcome.ok().and_then(Outcome::paused));
        }
        let submitted = begin.elapsed();
        engine.ring_doorbell();
        for op in manual.pending() {
            manual.complete(op.id, Status::Ok).expect("it is pending");
        }
        let begin = Instant::now();
        let reaped = engine.poll();
        reaps.push(begin.elapsed().as_nanos());
        assert_eq!(reaped, JOBS);
        ready.lock().expect("nobody panics").clear();
        jobs.borrow_mut().drain(..).for_each(finish);
        submitted.as_nanos()
    });
    Ok((submit, middle(reaps)))
}

fn fd_wake() -> Result<f64, Box<dyn Error>> {
    let fd = eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::SEMAPHORE)?;
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let tag = epoll::EventData::new_u64(1);
    epoll::add(
        &epoll,
        &fd,
        tag,
        epoll::EventFlags::IN | epoll::EventFlags::ET,
    )?;
    let mut events = Vec::with_capacity(8);
    let no_time = rustix::event::Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    Ok(median(|| {
        rustix::io::write(&fd, &1_u64.to_ne_bytes()).expect("there is room");
        events.clear();
        let spare = rustix::buffer::spare_capacity(&mut events);
        epoll::wait(&epoll, spare, Some(&no_time)).expect("it is an epoll");
        let mut count = [0; 8];
        rustix::io::read(&fd, &mut count).expect("it was written");
    }))
}

fn switch() -> Result<f64, Box<dyn Error>> {
    let outcome = start(None, || {
        loop {
            let _ = pause();
        }
    })?;
    let mut job: Option<Job<()>> = outcome.paused();
    Ok(median(|| {
        let resumed = job.take().map(Job::resume);
        job = resumed.and_then(|outcome| outcome.ok()?.paused());
    }))
}

fn finish(job: Job<()>) {
    let outcome = job.resume().expect("we are not in a job");
    assert!(outcome.paused().is_none(), "it was to end");
}

fn queue() -> Result<(QueuePair, Device), Box<dyn Error>> {
    let device = Device::simulated(config(), None)?;
    Ok((device.open_queue()?, device))
}

fn config() -> DeviceConfig {
    DeviceConfig {
        compute: ComputeMode::None,
        ..DeviceConfig::default()
    }
}

/// The median of what `f` takes, ns; quick ones are timed several at a time.
fn median(mut f: impl FnMut()) -> f64 {
    let begin = Instant::now();
    f();
    let repeats = if begin.elapsed().as_micros() > 20 {
        1
    } else {
        200
    };
    let rounds = median_of(|| {
        let begin = Instant::now();
        for _ in 0..repeats {
            f();
        }
        begin.elapsed().as_nanos()
    });
    rounds / f64::from(repeats)
}

fn median_of(mut round: impl FnMut() -> u128) -> f64 {
    middle((0..ROUNDS).map(|_| round()).collect())
}

#[expect(clippy::cast_precision_loss, reason = "spans of milliseconds")]
fn middle(mut ns: Vec<u128>) -> f64 {
    ns.sort_unstable();
    ns[ns.len() / 2] as f64
}

#[expect(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "an example reports to its reader"
)]
fn report(what: &str, ns: f64, of: usize) {
    println!("{:12.1} ns  {what}", ns / of as f64);
}
