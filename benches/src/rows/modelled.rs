//! Whether one thread keeps a modelled device busy: ten slices of 100 µs, 100,000 op/s.

use pausewake_device::compute::{ComputeMode, KeyMaterial, Work};
use pausewake_device::model::ServiceTime;
use pausewake_device::protocol::{Input, OpKind, Scheme};
use pausewake_device::{Device, DeviceConfig, Nanos, WaitStrategy};
use pausewake_engine::{EngineConfig, Reap, RsaPadding};

use super::load::{Load, engine_config};
use super::{Benchmark, Context};
use crate::failure::Failure;
use crate::measure::interleaved;
use crate::row::{Reach, Row, Unit};

pub(super) const MODELLED: Benchmark = Benchmark {
    name: "modelled",
    about: "share of a modelled 100,000 op/s: 10 slices of 100 µs, 15 jobs, one thread",
    run: modelled,
};

fn modelled(context: &Context) -> Result<Vec<Row>, Failure> {
    [ComputeMode::None, ComputeMode::Cached]
        .into_iter()
        .map(|compute| row(context, compute))
        .collect()
}

fn row(context: &Context, compute: ComputeMode) -> Result<Row, Failure> {
    let mut config = DeviceConfig {
        compute,
        ..DeviceConfig::default()
    };
    config.model.asymmetric.slices = SLICES;
    config.model.asymmetric.service = ServiceTime::constant(SERVICE_NS);
    let device = Device::thread(config, WaitStrategy::Adaptive, None);
    let device = device.map_err(|error| Failure::of(&error))?;
    let key = device.import_key(KeyMaterial::RsaPrivate(KEY));
    let key = key.map_err(|error| Failure::of(&error))?;
    if compute == ComputeMode::Cached {
        let prepared = device.prepare(key, WORK);
        prepared.map_err(|error| Failure::of(&error))?;
    }
    let config = EngineConfig {
        reap: Reap::Inline,
        ..engine_config()
    };
    let mut load = Load::start(&device, config, None, JOBS, move |engine| {
        engine
            .rsa_sign(key, RsaPadding::Pkcs1Sha256, MESSAGE)
            .map(|_| ())
    })?;
    let ops = context.effort.count(OPS);
    let rounds = interleaved(
        context.effort.rounds(ROUNDS),
        &mut || load.ns_per_op(ops).map(|ns| 1e9 / ns),
        None,
    )?;
    load.end()?;
    let stats = device.stats();
    if device.cache_stats().is_some_and(|cache| cache.misses > 0) {
        return Err(Failure::check("an answer had not been prepared"));
    }
    Ok(Row::new(format!("{}/{compute}", MODELLED.name), Unit::PerS)
        .with_rounds(&rounds, "")
        .beside("model", MODELLED_PER_S)
        .reaching(Reach::ratio_at_least(0.99))
        .noting(format!(
            "published {} late on average; {} of {} ops bound by compute",
            stats.lateness.mean_ns(),
            stats.compute_bound,
            stats.completed
        )))
}

const KEY: &[u8] = include_bytes!("../../../sim-device/tests/data/keys/test-rsa2048.pkcs8.der");
const MESSAGE: &[u8] = b"the only message";
const WORK: Work<'static> = Work {
    kind: OpKind::RsaSign,
    scheme: Scheme::Pkcs1Sha256,
    input_is: Input::Message,
    nonce: [0; 12],
    input: MESSAGE,
    extra: &[],
};
const SLICES: u32 = 10;
const SERVICE_NS: Nanos = Nanos::from_micros(100);
const MODELLED_PER_S: f64 = 100_000.0;
/// 1.5 times Little's N: ten ops are in service on average.
const JOBS: u32 = 15;
/// Twenty milliseconds.
const OPS: u64 = 2_000;
const ROUNDS: usize = 25;
