//! How ops come to share turns of a slice.

use pausewake_device::model::{Distribution, ModelConfig};

use super::super::service_means::service_of;
use super::Offered;

/// How ops share turns of a slice.
pub struct Batch {
    /// Ops that share one.
    pub ops: f64,
    /// How long they wait for others.
    pub gathers_ns: f64,
}

impl Batch {
    /// Each op has a turn to itself.
    pub const NONE: Self = Self {
        ops: 1.0,
        gathers_ns: 0.0,
    };

    /// The batches of a load of one kind of op whose jobs never think, if they are alike: full ones, where there
    /// are enough jobs for those of all slices; or one of all jobs, where they do not fill it and it waits for its
    /// flush. In between, and where a batch takes as long as the longest of its ops does, nobody knows.
    /// `alone_ns` is how long an op takes that waits for nothing.
    pub fn new(model: &ModelConfig, load: &Offered, alone_ns: f64) -> Option<Self> {
        let &[demand] = load.demands.as_slice() else {
            return None;
        };
        let class = model.class(demand.kind.class());
        let batch = class.batch?;
        let is_constant = service_of(class, demand.kind).distribution == Distribution::Constant;
        if !is_constant || load.jobs.think_ns > 0.0 {
            return None;
        }
        let (size, flush_ns) = (f64::from(batch.size), batch.flush_ns.as_f64());
        let at_once = load.jobs.at_once.min(load.jobs.room);
        if at_once < size {
            return Some(Self {
                ops: at_once,
                gathers_ns: flush_ns,
            });
        }
        // What is left over waits for those that are served now; their flush would make a batch of them.
        let none_is_flushed = at_once % size == 0.0 || flush_ns >= alone_ns;
        let are_full = at_once >= size * f64::from(class.slices) && none_is_flushed;
        are_full.then_some(Self {
            ops: size,
            gathers_ns: 0.0,
        })
    }
}
