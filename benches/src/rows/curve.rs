//! How many ops per second there are with ever more jobs.

use pausewake_engine::EngineConfig;

use super::load::{Load, engine_config, seal_on};
use super::ops::{simulated, spinning_load};
use super::{Benchmark, Context};
use crate::failure::Failure;
use crate::measure::interleaved;
use crate::row::{Row, Unit};

pub(super) const CURVE: Benchmark = Benchmark {
    name: "curve",
    about: "op/s with 1 to 4,096 jobs: by callback on the virtual driver, and through the rings",
    run: curve,
};

fn curve(context: &Context) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for jobs in JOBS {
        let device = simulated(jobs)?;
        let config: EngineConfig = engine_config();
        let load = Load::start(&device, config, None, jobs, seal_on(&device)?)?;
        rows.push(row(context, format!("curve/callback/{jobs}"), load)?);
    }
    for jobs in JOBS {
        let load = spinning_load(jobs)?;
        rows.push(row(context, format!("curve/rings/{jobs}"), load)?);
    }
    Ok(rows)
}

fn row(context: &Context, name: String, mut load: Load) -> Result<Row, Failure> {
    let ops = load.ops_per_round(context.effort.count(OPS))?;
    let per_s = &mut || load.ns_per_op(ops).map(|ns| 1e9 / ns);
    let rounds = interleaved(context.effort.rounds(ROUNDS), per_s, None)?;
    load.end()?;
    Ok(Row::new(name, Unit::PerS).with_rounds(&rounds, ""))
}

const JOBS: [u32; 7] = [1, 4, 16, 64, 256, 1_024, 4_096];
const OPS: u64 = 8_192;
const ROUNDS: usize = 21;
