//! What one operation costs the application thread: callback mode, a simulated device that takes no
//! time, no compute, 64 jobs, one thread, no observer.
//!
//! `cargo run --release -p pausewake-tests --example op_cost`

use std::error::Error;
use std::time::Instant;

use pausewake_device::compute::{ComputeMode, KeyMaterial};
use pausewake_device::{Device, DeviceConfig, Nanos};
use pausewake_engine::{Engine, EngineConfig, Notify, Reactor, SmallOps};

const JOBS: usize = 64;
const OPS_PER_JOB: usize = 10_000;
const REPETITIONS: usize = 9;

fn main() -> Result<(), Box<dyn Error>> {
    for notify in [Notify::Callback, Notify::Fd] {
        let mut ns_per_op = Vec::new();
        for _ in 0..REPETITIONS {
            ns_per_op.push(measure(notify)?);
        }
        ns_per_op.sort_unstable();
        let median = ns_per_op[REPETITIONS / 2];
        let [least, .., most] = ns_per_op[..] else {
            return Err("there are several repetitions".into());
        };
        report(&format!(
            "{notify:?}: {median} ns per op ({least} to {most})"
        ));
    }
    Ok(())
}

fn measure(notify: Notify) -> Result<u128, Box<dyn Error>> {
    let mut config = DeviceConfig {
        compute: ComputeMode::None,
        ..DeviceConfig::default()
    };
    config.model.symmetric.service.base_ns = Nanos::ZERO;
    config.model.symmetric.service.per_byte_ns = 0.0;
    config.model.in_flight_limit = 64;
    let device = Device::simulated(config, None)?;
    let key = device.import_key(KeyMaterial::AesGcm(&[7; 16]))?;
    let engine_config = EngineConfig {
        notify,
        small_ops: SmallOps::NONE,
        ..EngineConfig::default()
    };
    let engine =
        Engine::new(device.open_queue()?, engine_config, None).expect("the cell is allowed");
    let mut reactor = Reactor::new(engine.clone())?;
    let begin = Instant::now();
    for _ in 0..JOBS {
        let engine = engine.clone();
        reactor
            .spawn(move || {
                let mut sealed = [0; 32];
                for _ in 0..OPS_PER_JOB {
                    engine
                        .aead_seal(key, [0; 12], b"", &[0; 16], &mut sealed)
                        .expect("the device is well");
                }
            })
            .map_err(|error| format!("{error:?}"))?;
    }
    reactor.run()?;
    let elapsed = begin.elapsed();
    Ok(elapsed.as_nanos() / (JOBS * OPS_PER_JOB) as u128)
}

#[expect(clippy::print_stdout, reason = "an example reports to its reader")]
fn report(line: &str) {
    println!("{line}");
}
