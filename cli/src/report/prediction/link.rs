//! How long payloads take between host and device.

use pausewake_device::model::LinkConfig;

use super::Demand;

/// One way over the link, on average.
#[derive(Clone, Copy)]
pub struct Way {
    /// That the payload takes by its length, and others wait for.
    pub transfer_ns: f64,
    latency_ns: f64,
}

impl Way {
    /// From one end to the other.
    pub fn total_ns(self) -> f64 {
        self.transfer_ns + self.latency_ns
    }
}

/// The way to the device, and the way home, of ops by their shares.
pub fn ways(link: &LinkConfig, demands: &[Demand]) -> [Way; 2] {
    let transfer_ns = |bytes: fn(&Demand) -> f64| {
        let shares = demands.iter().map(|demand| demand.share * bytes(demand));
        let bytes: f64 = shares.sum();
        #[expect(clippy::cast_precision_loss, reason = "a bandwidth, for an estimate")]
        link.bandwidth_bytes_per_s
            .map_or(0.0, |per_s| bytes / per_s as f64 * 1e9)
    };
    [
        Way {
            transfer_ns: transfer_ns(|demand| demand.bytes_in),
            latency_ns: link.to_device_ns.as_f64(),
        },
        Way {
            transfer_ns: transfer_ns(|demand| demand.bytes_out),
            latency_ns: link.to_host_ns.as_f64(),
        },
    ]
}
