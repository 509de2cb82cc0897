//! What a device leaves behind in its process: descriptors, threads, CPU time. Counted over the
//! whole process, so these tests have a process of their own and run one after the other.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

use pausewake_device::model::ServiceTime;
use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Status};
use pausewake_device::{Device, DeviceConfig, Manual, Nanos, QueuePair, TimeKind, WaitStrategy};

/// A device, and the handle of a manual one.
type Made = (Device, Option<Manual>);

#[test]
fn queues_leave_no_descriptor_behind() {
    let _alone = alone();
    for make in DRIVERS {
        let (device, manual) = make();
        // What the first use of anything opens for good is not counted.
        run_one(&mut device.open_queue().expect("a queue"), manual.as_ref());
        wait_until_closed(&device);
        let before = descriptors();
        for round in 0..1_000 {
            let mut queue = device.open_queue().expect("a queue");
            if round % 50 == 0 {
                run_one(&mut queue, manual.as_ref());
            }
        }
        wait_until_closed(&device);
        assert_eq!(descriptors(), before, "{device:?}");
        let mut queue = device.open_queue().expect("a queue");
        assert_eq!(descriptors(), before + 2, "the counting counts");
        run_one(&mut queue, manual.as_ref());
    }
}

#[test]
fn devices_leave_no_descriptor_and_no_thread_behind() {
    let _alone = alone();
    let before = descriptors();
    for make in DRIVERS {
        for round in 0..20 {
            let (device, manual) = make();
            let mut queue = device.open_queue().expect("a queue");
            run_one(&mut queue, manual.as_ref());
            let threads = if queue.time_kind() == TimeKind::Wall {
                1 + WORKERS as usize
            } else {
                0
            };
            wait_for_threads(threads);
            // In either order.
            if round % 2 == 0 {
                drop(device);
                run_one(&mut queue, manual.as_ref());
                drop(queue);
            } else {
                drop(queue);
                drop(device);
            }
            drop(manual);
            wait_for_threads(0);
        }
        assert_eq!(descriptors(), before);
    }
}

#[test]
fn threads_have_names_that_linux_shows_whole() {
    let _alone = alone();
    let device = thread_device(WaitStrategy::Sleep);
    wait_for_threads(1 + WORKERS as usize);
    let mut names = our_threads();
    names.sort();
    assert_eq!(names, ["compute-0", "compute-1", "sim-device"]);
    drop(device);
    wait_for_threads(0);
}

/// Two tasks run, more wait for a worker, and everything is dropped.
#[test]
fn dropping_everything_with_busy_workers_ends_cleanly() {
    let _alone = alone();
    for wait in WAITS {
        let before = descriptors();
        let device = thread_device(wait);
        let mut queue = device.open_queue().expect("a queue");
        let (running, are_running) = mpsc::channel();
        let mut releases = Vec::new();
        for slot in 0..8 {
            let (release, released) = mpsc::channel::<()>();
            releases.push(release);
            let running = running.clone();
            let task = move |_: &[u8], _: &mut [u8]| {
                running.send(()).map_err(|_| Status::DeviceError)?;
                // Ends when its release is dropped.
                let _ = released.recv();
                Ok(0)
            };
            queue.attach_task(slot, Box::new(task)).expect("a slot");
            push(&mut queue, slot);
        }
        queue.ring_doorbell();
        for _ in 0..WORKERS {
            are_running.recv().expect("a task runs");
        }
        drop(queue);
        let dropper = std::thread::spawn(move || drop(device));
        drop(releases);
        dropper.join().expect("the drop ends");
        wait_for_threads(0);
        assert_eq!(descriptors(), before);
        // What no worker had begun was dropped with its closure, and nobody else holds a sender.
        drop(running);
        while are_running.recv().is_ok() {}
    }
}

/// CPU time in clock ticks of 10 ms, over an op of one second.
#[test]
fn only_spinning_burns_a_core() {
    let _alone = alone();
    let ticks = WAITS.map(|wait| {
        let mut config = config();
        config.model.asymmetric.service = ServiceTime::constant(Nanos::from_secs(1));
        let device = Device::thread(config, wait, None).expect("a device");
        let mut queue = device.open_queue().expect("a queue");
        let before = device_ticks();
        run_one(&mut queue, None);
        device_ticks() - before
    });
    wait_for_threads(0);
    let [spin, adaptive, sleep] = ticks;
    // A sleeper uses microseconds of this second, on any machine; whoever spins uses all that the
    // machine gives it, which is more than a twentieth of a core.
    assert!(
        spin > 5 && adaptive <= 2 && sleep <= 2,
        "ticks: spin {spin}, adaptive {adaptive}, sleep {sleep}"
    );
}

fn run_one(queue: &mut QueuePair, manual: Option<&Manual>) {
    queue
        .attach_task(0, Box::new(|_, _| Ok(0)))
        .expect("a slot");
    push(queue, 0);
    queue.ring_doorbell();
    loop {
        queue.drain_signal();
        if let Some(completion) = queue.reap() {
            assert_eq!(completion.status, Status::Ok);
            return;
        }
        match manual {
            Some(manual) => {
                let pending = manual.pending();
                manual.complete(pending[0].id, Status::Ok).expect("pending");
            }
            None if queue.time_kind() == TimeKind::Virtual => {
                queue.advance(None).expect("an op is under way");
            }
            None => {
                if queue.arm_signal() {
                    assert!(queue.wait_signal(Some(Nanos::from_secs(30))), "no signal");
                    queue.disarm_signal();
                }
            }
        }
    }
}

fn push(queue: &mut QueuePair, slot: u32) {
    let cookie = Cookie {
        slot,
        generation: 1,
    };
    queue
        .push(Descriptor::new(OpKind::Task, cookie))
        .expect("room");
}

fn wait_until_closed(device: &Device) {
    while device.stats().queues_open > 0 {
        std::thread::yield_now();
    }
}

fn descriptors() -> usize {
    // The one that reads the folder is in every count.
    fs::read_dir("/proc/self/fd").expect("/proc").count()
}

/// Names of the threads that belong to devices.
fn our_threads() -> Vec<String> {
    let names = tasks().map(|task| fs::read_to_string(task.join("comm")));
    // A thread can end between the two looks.
    let names = names.flatten().map(|name| name.trim_end().to_owned());
    names
        .filter(|name| name == DEVICE_THREAD || name.starts_with("compute-"))
        .collect()
}

/// Waits for this very number: a new thread names itself when it first runs, and a joined one is
/// gone for its process a moment before it is for `/proc`.
fn wait_for_threads(count: usize) {
    for _ in 0..1_000_000 {
        if our_threads().len() == count {
            return;
        }
        std::thread::yield_now();
    }
    panic!("not {count}: {:?}", our_threads());
}

/// User and system time of the one device thread (`man 5 proc_pid_stat`, fields 14 and 15).
fn device_ticks() -> u64 {
    let is_device = |task: &std::path::PathBuf| {
        fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim_end() == DEVICE_THREAD)
    };
    let task = tasks().find(is_device).expect("a device thread");
    let stat = fs::read_to_string(task.join("stat")).expect("its figures");
    let (_, behind_name) = stat.rsplit_once(')').expect("a name in brackets");
    let fields = behind_name.split_whitespace().skip(11).take(2);
    fields
        .map(|field| field.parse::<u64>().expect("ticks"))
        .sum()
}

fn tasks() -> impl Iterator<Item = std::path::PathBuf> {
    let tasks = fs::read_dir(Path::new("/proc/self/task")).expect("/proc");
    tasks.flatten().map(|task| task.path())
}

fn config() -> DeviceConfig {
    let mut config = DeviceConfig::default();
    config.model.asymmetric.service = ServiceTime::constant(Nanos::from_micros(1));
    config.workers = WORKERS;
    config
}

fn thread_device(wait: WaitStrategy) -> Device {
    Device::thread(config(), wait, None).expect("threads are to be had")
}

fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

const WORKERS: u32 = 2;
const DEVICE_THREAD: &str = "sim-device";
const WAITS: [WaitStrategy; 3] = [
    WaitStrategy::Spin,
    WaitStrategy::Adaptive,
    WaitStrategy::Sleep,
];
const DRIVERS: [fn() -> Made; 5] = [
    || (thread_device(WaitStrategy::Spin), None),
    || (thread_device(WaitStrategy::Adaptive), None),
    || (thread_device(WaitStrategy::Sleep), None),
    || (Device::simulated(config(), None).expect("a device"), None),
    || {
        let (device, manual) = Device::manual(config(), None).expect("a device");
        (device, Some(manual))
    },
];
