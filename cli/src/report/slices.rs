//! How busy the slices were, and how busy the configuration lets expect them to be.

use pausewake_device::protocol::Class;
use pausewake_device::{DeviceStats, Nanos};

use super::little::to_millionths;
use super::parts::SliceFigures;
use super::prediction::Prediction;

/// The figures of the slices of each class in a run that took `elapsed`.
pub fn slices(
    device: &DeviceStats,
    predicted: Option<&Prediction>,
    elapsed: Nanos,
) -> [SliceFigures; 2] {
    Class::ALL.map(|class| {
        let stats = device.class(class);
        SliceFigures {
            class: match class {
                Class::Asymmetric => "asym".into(),
                Class::Symmetric => "sym".into(),
            },
            slices: stats.slices,
            ops: stats.handed_out_ops,
            utilisation: to_millionths(stats.utilisation(elapsed)),
            predicted: predicted.and_then(|it| it.utilisation(class)),
            waiting_mean: to_millionths(stats.mean_waiting(elapsed)),
            waiting_max: stats.max_waiting_ops as u64,
        }
    })
}
