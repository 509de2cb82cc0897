//! A device and one queue of it, with the driver's way of letting time pass behind one face.

use std::path::Path;

use pausewake_device::keys::{KeyId, PrivateKey};
use pausewake_device::model::ServiceTime;
use pausewake_device::protocol::{Completion, Cookie, Descriptor, OpKind, Scheme, Status};
use pausewake_device::{
    Device, DeviceConfig, Doorbell, Manual, Nanos, QueuePair, TimeKind, WaitStrategy,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DriverKind {
    Spin,
    Adaptive,
    Sleep,
    Simulated,
    Manual,
}

impl From<WaitStrategy> for DriverKind {
    fn from(wait: WaitStrategy) -> Self {
        match wait {
            WaitStrategy::Spin => Self::Spin,
            WaitStrategy::Adaptive => Self::Adaptive,
            WaitStrategy::Sleep => Self::Sleep,
        }
    }
}

pub(crate) struct Rig {
    pub(crate) device: Device,
    pub(crate) manual: Option<Manual>,
    pub(crate) queue: QueuePair,
    generation: u32,
}

/// An op to be asked for.
pub(crate) struct Ask<'a> {
    pub(crate) kind: OpKind,
    pub(crate) scheme: Scheme,
    pub(crate) key: KeyId,
    pub(crate) input: &'a [u8],
    pub(crate) extra: &'a [u8],
    pub(crate) capacity: u32,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: Status,
    pub(crate) output: Vec<u8>,
}

impl Ask<'_> {
    pub(crate) fn descriptor(&self, cookie: Cookie) -> Descriptor {
        let mut descriptor = Descriptor::new(self.kind, cookie);
        descriptor.scheme = self.scheme as u8;
        descriptor.key = self.key;
        descriptor.input_len = len(self.input);
        descriptor.extra_len = len(self.extra);
        descriptor.output_capacity = self.capacity;
        descriptor
    }
}

impl Rig {
    pub(crate) fn new(kind: DriverKind, config: DeviceConfig) -> Self {
        let (device, manual) = device(kind, config);
        let queue = device.open_queue().expect("there are descriptors left");
        Self {
            device,
            manual,
            queue,
            generation: 0,
        }
    }

    /// Cookie for the next op in `slot`.
    pub(crate) fn cookie(&mut self, slot: u32) -> Cookie {
        self.generation += 1;
        Cookie {
            slot,
            generation: self.generation,
        }
    }

    /// Asks for one op in slot 3 and waits for its answer.
    pub(crate) fn run(&mut self, ask: &Ask<'_>) -> Answer {
        let cookie = self.cookie(3);
        self.run_descriptor(ask, ask.descriptor(cookie))
    }

    /// As [`run`](Self::run), with a descriptor that was tampered with.
    pub(crate) fn run_descriptor(&mut self, ask: &Ask<'_>, descriptor: Descriptor) -> Answer {
        let slot = descriptor.cookie.slot;
        self.queue.write_payload(slot, 0, ask.input).expect("fits");
        self.queue
            .write_payload(slot, ask.input.len(), ask.extra)
            .expect("fits");
        self.submit([descriptor]);
        let completion = self.completion();
        assert_eq!(completion.cookie, descriptor.cookie);
        let mut output = vec![0; completion.output_len as usize];
        self.queue.read_payload(slot, &mut output).expect("fits");
        Answer {
            status: completion.status,
            output,
        }
    }

    /// Pushes all of them and rings the doorbell once.
    pub(crate) fn submit(&mut self, descriptors: impl IntoIterator<Item = Descriptor>) -> Doorbell {
        for descriptor in descriptors {
            self.queue.push(descriptor).expect("the ring has room");
        }
        self.queue.ring_doorbell()
    }

    /// Submits tasks that do nothing, in the first `count` slots. Tasks are public-key ops.
    pub(crate) fn submit_tasks(&mut self, count: u32) -> Doorbell {
        let mut descriptors = Vec::new();
        for slot in 0..count {
            let nothing = Box::new(|_: &[u8], _: &mut [u8]| Ok(0));
            self.queue.attach_task(slot, nothing).expect("a slot");
            descriptors.push(Descriptor::new(OpKind::Task, self.cookie(slot)));
        }
        self.submit(descriptors)
    }

    /// Waits for the next completion, however this driver's host waits.
    pub(crate) fn completion(&mut self) -> Completion {
        next_completion(&mut self.queue, self.manual.as_ref())
    }

    /// Lets happen what can happen without anything new.
    pub(crate) fn settle(&mut self) {
        match self.queue.time_kind() {
            TimeKind::Wall => settle_thread(&self.device),
            TimeKind::Virtual => while self.queue.advance(None).is_some() {},
            TimeKind::Manual => complete_all(self.manual.as_ref().expect("a manual device")),
        }
    }
}

pub(crate) fn device(kind: DriverKind, config: DeviceConfig) -> (Device, Option<Manual>) {
    let wait = match kind {
        DriverKind::Spin => WaitStrategy::Spin,
        DriverKind::Adaptive => WaitStrategy::Adaptive,
        DriverKind::Sleep => WaitStrategy::Sleep,
        DriverKind::Simulated => {
            let device = Device::simulated(config, None).expect("a possible configuration");
            return (device, None);
        }
        DriverKind::Manual => {
            let (device, manual) = Device::manual(config, None).expect("a possible configuration");
            return (device, Some(manual));
        }
    };
    let device = Device::thread(config, wait, None).expect("threads are to be had");
    (device, None)
}

pub(crate) fn next_completion(queue: &mut QueuePair, manual: Option<&Manual>) -> Completion {
    loop {
        queue.drain_signal();
        if let Some(completion) = queue.reap() {
            return completion;
        }
        match (queue.time_kind(), manual) {
            (TimeKind::Wall, _) => sleep_until_signal(queue),
            (TimeKind::Virtual, _) => {
                queue.advance(None).expect("an op is under way");
            }
            (TimeKind::Manual, Some(manual)) => {
                let pending = manual.pending();
                let next = pending.first().expect("an op is pending");
                manual.complete(next.id, Status::Ok).expect("it is pending");
            }
            (TimeKind::Manual, None) => panic!("a manual device without its handle"),
        }
    }
}

/// The host's half of the handshake. A lost wake-up ends the test instead of hanging it.
pub(crate) fn sleep_until_signal(queue: &mut QueuePair) {
    if queue.arm_signal() {
        let signalled = queue.wait_signal(Some(FOR_EVER));
        assert!(
            signalled || queue.has_completion(),
            "no signal for {FOR_EVER}, {:?}",
            queue.id()
        );
        queue.disarm_signal();
    }
}

pub(crate) fn complete_all(manual: &Manual) {
    loop {
        let pending = manual.pending();
        if pending.is_empty() {
            return;
        }
        for op in pending {
            manual.complete(op.id, Status::Ok).expect("it is pending");
        }
    }
}

/// Asks a device thread until its counts stand still: each question is answered between two turns.
fn settle_thread(device: &Device) {
    let mut calm = 0;
    let mut last = device.stats();
    while calm < 100 {
        std::thread::yield_now();
        let stats = device.stats();
        let same = (stats.fetched, stats.completed) == (last.fetched, last.completed)
            && stats.in_flight == 0;
        calm = if same { calm + 1 } else { 0 };
        last = stats;
    }
}

/// A fast device with small slots.
pub(crate) fn config() -> DeviceConfig {
    let mut config = DeviceConfig::default();
    for class in [&mut config.model.asymmetric, &mut config.model.symmetric] {
        class.service = ServiceTime::constant(Nanos::from_micros(1));
    }
    config.queue.slot_size = 2048;
    config.workers = 2;
    config
}

pub(crate) fn key_file(name: &str) -> PrivateKey {
    PrivateKey::read(data("keys", name)).expect("a test key")
}

pub(crate) fn answer_file(name: &str) -> Vec<u8> {
    std::fs::read(data("answers", name)).expect("a test answer")
}

fn data(folder: &str, name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(folder)
        .join(name)
}

fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("a payload")
}

/// Longer than any test waits for anything that comes.
pub(crate) const FOR_EVER: Nanos = Nanos::from_secs(30);
