//! What a device is made of.

use crate::compute::ComputeMode;
use crate::model::{
    ClassConfig, CoalesceConfig, Distribution, LinkConfig, ModelConfig, ServiceTime,
};
use crate::random::Seed;
use crate::ring::{LayoutError, QueueLayout};
use crate::time::Nanos;

/// Everything that is fixed when a device is made.
///
/// The default is a small card: ten slices of 433 µs for public-key ops (the synchronous RSA-2048
/// time of a c62x-class device, QAT_Engine#132), four of 2 µs and 0.3 ns per byte for ciphers
/// (assumed), no link latency, rings of 64, every completion signalled at once.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceConfig {
    /// Slices, service times, link, limits.
    pub model: ModelConfig,
    /// When the completion signal is given.
    pub coalesce: CoalesceConfig,
    /// Memory of each queue pair.
    pub queue: QueueLayout,
    /// Whether and how results are computed.
    pub compute: ComputeMode,
    /// Compute threads of the thread driver, 1 to [`MAX_WORKERS`]; the others compute inline.
    pub workers: u32,
    /// Where all chance comes from.
    pub seed: Seed,
}

/// Most compute threads of a device.
pub const MAX_WORKERS: u32 = 1024;

impl Default for DeviceConfig {
    fn default() -> Self {
        Self {
            model: ModelConfig {
                asymmetric: class(10, Nanos::from_micros(433), 0.0),
                symmetric: class(4, Nanos::from_micros(2), 0.3),
                link: LinkConfig::default(),
                in_flight_limit: 63,
            },
            coalesce: CoalesceConfig {
                count: 1,
                time_ns: Nanos::ZERO,
            },
            queue: QueueLayout {
                ring_depth: 64,
                completion_depth: 64,
                slots: 64,
                slot_size: 18 * 1024,
            },
            compute: ComputeMode::Real,
            workers: 1,
            seed: Seed(1),
        }
    }
}

fn class(slices: u32, base_ns: Nanos, per_byte_ns: f64) -> ClassConfig {
    let service = ServiceTime {
        distribution: Distribution::Constant,
        base_ns,
        per_byte_ns,
    };
    ClassConfig::new(slices, service)
}

impl DeviceConfig {
    /// Whether a device can be made of this.
    ///
    /// # Errors
    /// [`ConfigError`] names the first figure that cannot be, and what it may be.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.queue.check()?;
        self.model.check()?;
        let QueueLayout {
            completion_depth,
            slots,
            ..
        } = self.queue;
        let in_flight_limit = self.model.in_flight_limit;
        if in_flight_limit == 0 || in_flight_limit > completion_depth {
            return Err(ConfigError::InFlightLimit {
                in_flight_limit,
                completion_depth,
            });
        }
        if slots > completion_depth {
            return Err(ConfigError::Slots {
                slots,
                completion_depth,
            });
        }
        if self.workers == 0 {
            return Err(ConfigError::NoWorkers);
        }
        if self.workers > MAX_WORKERS {
            return Err(ConfigError::TooManyWorkers(self.workers));
        }
        if self.coalesce.count == 0 {
            return Err(ConfigError::CoalesceCount);
        }
        Ok(())
    }
}

/// Why a device cannot be made. All of it is misuse.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The memory of a queue pair cannot be laid out so.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The model cannot be.
    #[error(transparent)]
    Model(#[from] crate::model::ConfigError),
    /// More could be in flight than can be answered.
    #[error(
        "the in-flight limit is {in_flight_limit}: choose 1 to {completion_depth}, the completion \
         ring's depth, so that every op can be answered"
    )]
    InFlightLimit {
        /// What was given.
        in_flight_limit: u32,
        /// Its bound.
        completion_depth: u32,
    },
    /// More completions could lie unread than the ring holds.
    #[error(
        "{slots} slots share a completion ring of {completion_depth}: choose at most as many slots \
         as it is deep, so that no completion waits for room"
    )]
    Slots {
        /// What was given.
        slots: u32,
        /// Its bound.
        completion_depth: u32,
    },
    /// Nobody would compute.
    #[error("the device has no compute workers: choose at least 1")]
    NoWorkers,
    /// No machine has the cores for it.
    #[error(
        "the device has {0} compute workers: choose 1 to {MAX_WORKERS}, as many as there are cores"
    )]
    TooManyWorkers(u32),
    /// The last completions would never be signalled.
    #[error(
        "coalescing by count alone: a host that sleeps would not hear of its last completions; \
         give it a time, too"
    )]
    CoalesceWithoutTime,
    /// The signal would never be given.
    #[error("the coalescing count is 0: choose 1 to signal each completion at once")]
    CoalesceCount,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_can_be_made() {
        assert_eq!(DeviceConfig::default().check(), Ok(()));
    }

    #[test]
    fn each_wrong_figure_has_its_error() {
        let spoil: [fn(&mut DeviceConfig); 7] = [
            |c| c.queue.ring_depth = 63,
            |c| c.model.in_flight_limit = 0,
            |c| c.model.in_flight_limit = 65,
            |c| c.queue.slots = 65,
            |c| c.workers = 0,
            |c| c.workers = MAX_WORKERS + 1,
            |c| c.coalesce.count = 0,
        ];
        for (index, spoil) in spoil.into_iter().enumerate() {
            let mut config = DeviceConfig::default();
            spoil(&mut config);
            let error = config
                .check()
                .expect_err(&format!("figure {index} is wrong"));
            assert!(!error.to_string().is_empty());
        }
    }
}
