//! When somebody looks at the completion ring, to one job and one completion.

use std::sync::Arc;

use pausewake_device::{Device, Nanos};
use pausewake_engine::{EngineConfig, Heuristic, Notify, Reap};
use pausewake_jobs::{Callback, Outcome};
use pausewake_tests::{Keys, complete_all};

use crate::support::{device_config, engine, offload_all, paused_jobs};

/// The boundary of 'every live job waits', to one job.
#[test]
fn the_heuristic_polls_when_the_last_live_job_waits_and_not_before() {
    let (device, manual) = Device::manual(device_config(64, 64, Nanos::ZERO), None)
        .expect("such a device can be made");
    let key = Keys::import(&device).aes;
    let far = Heuristic {
        asymmetric: 1_000,
        symmetric: 1_000,
        backstop_ns: Nanos::from_secs(3_600),
    };
    for notify in NOTIFIES {
        let config = EngineConfig {
            notify,
            reap: Reap::Heuristic(far),
            ..offload_all()
        };
        let engine = engine(&device, config, None);
        let jobs = paused_jobs(&engine, key, [silent(), silent(), silent()]);
        engine.ring_doorbell();
        complete_all(&manual);
        assert_eq!(engine.poll_heuristically(4), 0, "one of four does not wait");
        assert_eq!(
            engine.poll_heuristically(3),
            3,
            "all three wait: {notify:?}"
        );
        for job in jobs {
            assert!(matches!(job.resume(), Ok(Outcome::Finished(Ok(20)))));
        }
    }
}

/// A reaper thread takes the first completion at once, and lets the next ones gather for as long as it
/// was told; its engine's end does not wait for that.
#[test]
fn a_reaper_thread_lets_completions_gather_for_its_interval() {
    let (device, manual) = Device::manual(device_config(64, 64, Nanos::ZERO), None)
        .expect("such a device can be made");
    let key = Keys::import(&device).aes;
    for notify in NOTIFIES {
        let config = EngineConfig {
            notify,
            reap: Reap::Thread {
                interval_ns: Nanos::from_secs(3_600),
            },
            ..offload_all()
        };
        let engine = engine(&device, config, None);
        let first = paused_jobs(&engine, key, [silent()]);
        engine.ring_doorbell();
        complete_all(&manual);
        while engine.poll() == 0 {
            std::thread::yield_now();
        }
        // A few may still be taken along with the first; the others wait for an hour to pass.
        let is_left_to_gather = (0..20).any(|_| {
            let job = paused_jobs(&engine, key, [silent()]);
            engine.ring_doorbell();
            complete_all(&manual);
            let taken = (0..2_000).any(|_| {
                std::thread::yield_now();
                engine.poll() > 0
            });
            drop(job);
            !taken
        });
        assert!(is_left_to_gather, "{notify:?}");
        for job in first {
            assert!(matches!(job.resume(), Ok(Outcome::Finished(Ok(20)))));
        }
    }
}

fn silent() -> Callback {
    Arc::new(|| {})
}

const NOTIFIES: [Notify; 3] = [Notify::Callback, Notify::Fd, Notify::Poll];
