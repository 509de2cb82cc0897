//! What a queue pair does when the system has no more to give. Limits are the process's, so that
//! each test runs in a child: this binary again, with the test's name in the environment.

#![cfg(not(loom))]

use std::process::Command;

use pausewake_device::ring::{self, CreateError, QueueLayout};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const LAYOUT: QueueLayout = QueueLayout {
    ring_depth: 64,
    completion_depth: 64,
    slots: 64,
    slot_size: 16_384,
};

#[test]
fn without_descriptors_create_names_the_limit_and_recovers() {
    in_child(
        "without_descriptors_create_names_the_limit_and_recovers",
        || {
            limit(Resource::Nofile, 40);
            let mut queues = Vec::new();
            let error = loop {
                match ring::create(LAYOUT) {
                    Ok(queue) => queues.push(queue),
                    Err(error) => break error,
                }
                assert!(queues.len() <= 40, "more queue pairs than descriptors");
            };
            assert!(
                matches!(error, CreateError::OutOfDescriptors { .. }),
                "{error:?}"
            );
            assert!(error.to_string().contains("RLIMIT_NOFILE"), "{error}");
            // Two descriptors each, and none left behind by the one that failed.
            assert!(queues.len() >= 15, "{} queue pairs", queues.len());
            queues.pop();
            queues.push(ring::create(LAYOUT).expect("room again for the one that was dropped"));
        },
    );
}

/// At each number of free descriptors, so that each step of making a queue pair fails once.
#[test]
fn every_step_that_finds_no_descriptor_fails_cleanly() {
    in_child("every_step_that_finds_no_descriptor_fails_cleanly", || {
        let next_free = {
            use std::os::fd::AsRawFd;
            let probe = std::fs::File::open("/dev/null").expect("/dev/null");
            u64::try_from(probe.as_raw_fd()).expect("a descriptor is not negative")
        };
        for (free, step) in [(0, "memfd_create"), (1, "eventfd2")] {
            limit(Resource::Nofile, next_free + free);
            match ring::create(LAYOUT) {
                Err(CreateError::OutOfDescriptors { step: failed, .. }) => {
                    assert_eq!(failed, step);
                }
                other => panic!("{free} descriptors: {other:?}"),
            }
        }
        limit(Resource::Nofile, next_free + 2);
        ring::create(LAYOUT).expect("two descriptors are enough: the memfd is closed again");
    });
}

#[test]
fn without_address_space_create_says_how_much_it_wanted() {
    in_child(
        "without_address_space_create_says_how_much_it_wanted",
        || {
            let large = QueueLayout {
                slots: 1024,
                ..LAYOUT
            };
            limit(
                Resource::As,
                address_space_bytes() + large.bytes() + large.bytes() / 2,
            );
            let mut queues = Vec::new();
            let error = loop {
                match ring::create(large) {
                    Ok(queue) => queues.push(queue),
                    Err(error) => break error,
                }
                assert!(queues.len() <= 1, "more memory than there is address space");
            };
            let CreateError::OutOfMemory { step, bytes, .. } = &error else {
                panic!("{error:?}");
            };
            assert_eq!((*step, *bytes), ("mmap", large.bytes()));
            assert!(error.to_string().contains("RLIMIT_AS"), "{error}");
        },
    );
}

#[test]
fn a_wrong_layout_is_refused_before_anything_is_made() {
    let error = ring::create(QueueLayout {
        ring_depth: 63,
        ..LAYOUT
    })
    .unwrap_err();
    let CreateError::Layout(source) = error else {
        panic!("{error:?}");
    };
    assert!(source.to_string().contains("ring_depth is 63"), "{source}");
}

/// Runs `body` in a process of its own, and fails if that does.
fn in_child(name: &str, body: impl FnOnce()) {
    const CHILD: &str = "PAUSEWAKE_RING_LIMITS_CHILD";
    if std::env::var_os(CHILD).is_some_and(|child| child == name) {
        return body();
    }
    let output = Command::new(std::env::current_exe().expect("this binary's path"))
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(CHILD, name)
        .output()
        .expect("this binary runs again");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What this process has mapped (`VmSize` of `/proc/self/status`).
fn address_space_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is there");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmSize:"))
        .expect("VmSize");
    let kibibytes = line
        .trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .expect("VmSize is in kB");
    kibibytes * 1024
}

fn limit(resource: Resource, value: u64) {
    let Rlimit { maximum, .. } = getrlimit(resource);
    let lowered = Rlimit {
        current: Some(value),
        maximum,
    };
    setrlimit(resource, lowered).expect("lowering a soft limit is allowed");
}
