//! Which way an operation takes: to the device, again to the device, or to software.
//!
//! ```text
//!   small? ──────────────────────────────────────────────► software
//!     │ no
//!   offload ── done ── (signature) verify after transport ──► caller
//!     │  ├─ full ── fallback on_full? ────────────────────► software
//!     │  └─ device failed ── retries left? offload again
//!     │                   └─ fallback on_device_error? ──► software
//!     └─ anything else ────────────────────────────────────► caller
//! ```

use pausewake_device::Nanos;
use pausewake_device::compute::Work;
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{Input, OpKind};
use pausewake_jobs::WaitStatus;

use crate::engine::{Engine, Inner};
use crate::error::{DeviceFault, Error, Misuse, Retry};
use crate::events::{Event, WhySoftware};
use crate::host::SoftwareCosts;
use crate::offload::Request;

impl Engine {
    /// Runs one operation, by whichever way the configuration says, and returns how many bytes of
    /// `output` it filled.
    pub(crate) fn run(&self, request: &Request<'_>, output: &mut [u8]) -> Result<usize, Error> {
        let engine = self.inner();
        if is_small(engine, request) {
            return compute(engine, request, output, WhySoftware::Small);
        }
        match self.attempt(request, output) {
            Err(error) => self.recover(error, request, output),
            done => done,
        }
    }

    /// To the device and back, once.
    #[inline]
    fn attempt(&self, request: &Request<'_>, output: &mut [u8]) -> Result<usize, Error> {
        let len = self.offload(request, output)?;
        verified(self.inner(), request, output, len)
    }

    /// What the configuration says for an operation that the device did not do.
    #[cold]
    fn recover(
        &self,
        mut error: Error,
        request: &Request<'_>,
        output: &mut [u8],
    ) -> Result<usize, Error> {
        let engine = self.inner();
        let config = &engine.config;
        let mut retries = 0;
        loop {
            match error {
                Error::Retry(Retry::Full) if config.fallback.on_full => {
                    return compute(engine, request, output, WhySoftware::Full);
                }
                Error::Device(_) if retries < config.max_retries => {
                    retries += 1;
                    engine.count(|stats| stats.retries += 1);
                }
                Error::Device(_) | Error::Retry(Retry::NoRoomInTime)
                    if config.fallback.on_device_error =>
                {
                    return compute(engine, request, output, WhySoftware::DeviceError);
                }
                error => return Err(error),
            }
            error = match self.attempt(request, output) {
                Err(error) => error,
                done => return done,
            };
        }
    }
}

fn is_small(engine: &Inner, request: &Request<'_>) -> bool {
    let small_ops = engine.config.small_ops;
    let threshold = match request.kind {
        OpKind::RsaSign | OpKind::RsaVerify => small_ops.rsa_bytes,
        OpKind::EcdsaSign | OpKind::EcdsaVerify => small_ops.ecdsa_bytes,
        OpKind::AeadSeal | OpKind::AeadOpen => small_ops.aes_gcm_bytes,
        OpKind::Task => 0,
    };
    request.input.len() < threshold as usize
}

/// Verifies what came back over the link, where the configuration asks for it. What does not verify
/// is wiped: a faulty signature must not get out.
fn verified(
    engine: &Inner,
    request: &Request<'_>,
    output: &mut [u8],
    len: usize,
) -> Result<usize, Error> {
    let kind = match request.kind {
        OpKind::RsaSign => OpKind::RsaVerify,
        OpKind::EcdsaSign => OpKind::EcdsaVerify,
        _ => return Ok(len),
    };
    if !engine.config.verify_signatures {
        return Ok(len);
    }
    engine.count(|stats| stats.signatures_verified += 1);
    let work = Work {
        kind,
        extra: &output[..len],
        ..work(request)
    };
    engine.charge(software_cost(engine, request.key, &work, 0));
    if engine.vault().execute(request.key, work, &mut []).is_ok() {
        return Ok(len);
    }
    output.fill(0);
    engine.count(|stats| stats.signatures_wrong += 1);
    Err(Error::Device(DeviceFault::WrongSignature))
}

/// Computes in software, on the caller's stack.
fn compute(
    engine: &Inner,
    request: &Request<'_>,
    output: &mut [u8],
    why: WhySoftware,
) -> Result<usize, Error> {
    engine.count(|stats| match why {
        WhySoftware::Small => stats.software_small += 1,
        WhySoftware::Full => stats.software_full += 1,
        WhySoftware::DeviceError => stats.software_device_error += 1,
    });
    let kind = request.kind;
    let job = pausewake_jobs::current_id();
    engine.tell(|| engine.now(), || Event::Software { job, kind, why });
    let work = work(request);
    engine.charge(software_cost(engine, request.key, &work, output.len()));
    let result = engine.vault().execute(request.key, work, output);
    if why != WhySoftware::Small
        && let Some(current) = pausewake_jobs::current()
    {
        // What was in the way, and was told there, is no longer.
        current.wait_ctx().set_status(WaitStatus::OK);
    }
    match result {
        Ok(len) if len <= output.len() => Ok(len),
        Ok(_) => Err(Misuse::OutputTooSmall.into()),
        Err(status) => {
            // As with the device: what failed leaves nothing behind.
            output.fill(0);
            Error::from_status(status).map(|()| 0)
        }
    }
}

/// What the host pays for it, where it pays; by its curve or the length of its key, too.
fn software_cost(engine: &Inner, key: KeyId, work: &Work<'_>, output_capacity: usize) -> Nanos {
    let costs = &engine.costs.software;
    if *costs == SoftwareCosts::FREE {
        return Nanos::ZERO;
    }
    let key_bits = match work.kind {
        OpKind::AeadSeal | OpKind::AeadOpen => {
            let len = engine.vault().cipher_key_len(key).unwrap_or(0);
            u32::try_from(len * 8).unwrap_or(0)
        }
        // The op itself shows it.
        kind => kind.modulus_bits(output_capacity, work.extra.len()),
    };
    costs
        .of(work.kind, work.scheme, key_bits)
        .of(work.input.len())
}

fn work<'a>(request: &Request<'a>) -> Work<'a> {
    Work {
        kind: request.kind,
        scheme: request.scheme,
        input_is: Input::Message,
        nonce: request.nonce,
        input: request.input,
        extra: request.extra,
    }
}
