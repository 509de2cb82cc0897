//! The smallest program that pauses and wakes: one job, one operation, by hand.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pausewake_device::compute::KeyMaterial;
use pausewake_device::{Device, DeviceConfig, protocol::Status};
use pausewake_engine::{EcdsaCurve, Engine, EngineConfig};
use pausewake_jobs::{Outcome, WaitCtx, start};

const KEY: &[u8] = include_bytes!("../../sim-device/tests/data/keys/test-p256.pkcs8.der");

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // A device that answers when we say so, and an engine that wakes by callback.
    let (device, manual) = Device::manual(DeviceConfig::default(), None)?;
    let key = device.import_key(KeyMaterial::EcdsaPrivate(KEY))?;
    let engine = Engine::new(device.open_queue()?, EngineConfig::default(), None)?;

    let (wait_ctx, woken) = (WaitCtx::new(), Arc::new(AtomicBool::new(false)));
    let wake = woken.clone();
    wait_ctx.set_callback(Some(Arc::new(move || wake.store(true, Ordering::Release))));

    let signer = engine.clone(); // the job's
    let sign = move || signer.ecdsa_sign(key, EcdsaCurve::P256, b"hello");
    let Outcome::Paused(job) = start(Some(&wait_ctx), sign)? else {
        panic!("the device has not answered yet");
    };
    engine.ring_doorbell(); // the device sees the operation
    manual.complete(manual.pending()[0].id, Status::Ok)?;
    engine.poll(); // takes the completion, and wakes the job
    assert!(woken.load(Ordering::Acquire));

    let signature = job.resume()?.finished().expect("it was woken")?;
    assert_eq!(signature[0], 0x30, "an ASN.1 sequence of two numbers");
    Ok(())
}
