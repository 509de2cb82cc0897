//! Rigs with settings, and jobs that say what they came to.

use std::cell::RefCell;
use std::rc::Rc;

use pausewake_device::DeviceConfig;
use pausewake_device::protocol::Status;
use pausewake_engine::{Engine, EngineConfig, Error, Fallback, Notify};
use pausewake_jobs::WaitStatus;
use pausewake_tests::{Cell, Keys, Rig, Time};

/// Software, where the device fails.
pub(crate) const DEVICE_ERROR: Fallback = Fallback {
    on_full: false,
    on_device_error: true,
};

/// A manual rig in this cell, with other settings.
pub(crate) fn rig(cell: Cell, change: impl FnOnce(&mut EngineConfig)) -> Rig {
    rig_on(DeviceConfig::default(), cell, change)
}

/// [`rig`] over another device.
pub(crate) fn rig_on(
    device: DeviceConfig,
    cell: Cell,
    change: impl FnOnce(&mut EngineConfig),
) -> Rig {
    let mut config = cell.config();
    change(&mut config);
    Rig::made(Time::Manual, device, config, None)
}

/// What a job will have come to, with its wait context's status.
pub(crate) type Outcome<R> = Rc<RefCell<Option<(R, WaitStatus)>>>;

/// Starts a job that runs `f`.
pub(crate) fn spawn<R: 'static>(
    rig: &mut Rig,
    f: impl FnOnce(&Engine, Keys) -> R + 'static,
) -> Outcome<R> {
    let outcome = Outcome::default();
    let (engine, keys, told) = (rig.engine.clone(), rig.keys, outcome.clone());
    rig.spawn(move || {
        let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
        let result = f(&engine, keys);
        *told.borrow_mut() = Some((result, wait_ctx.status()));
    });
    outcome
}

/// Seals a short text.
pub(crate) fn seal(engine: &Engine, keys: Keys) -> Result<Vec<u8>, Error> {
    let mut sealed = vec![0; 20];
    let len = engine.aead_seal(keys.aes, [3; 12], b"aad", b"text", &mut sealed)?;
    sealed.truncate(len);
    Ok(sealed)
}

/// The same text sealed by a device that is well.
pub(crate) fn sealed() -> Vec<u8> {
    let rig = Rig::new(Time::Simulated, Notify::Fd);
    seal(&rig.engine, rig.keys).expect("the device is well")
}

/// Ends with `status` whatever the device holds.
pub(crate) fn fail_all(rig: &Rig, status: Status) {
    for op in rig.manual().pending() {
        rig.manual().complete(op.id, status).expect("it is pending");
    }
}
