//! Exactly once, by count: four queues on four threads against one device thread.

use std::thread;

use pausewake_device::compute::{ComputeMode, KeyMaterial};
use pausewake_device::keys::KeyId;
use pausewake_device::model::ServiceTime;
use pausewake_device::protocol::{Cookie, Descriptor, OpKind, Scheme, Status};
use pausewake_device::random::{Concern, Seed};
use pausewake_device::{Device, Nanos, QueuePair, WaitStrategy};
use rand::RngExt;

use super::rig::{config, device, key_file, sleep_until_signal};

for_each_wait!(
    each_cookie_completes_once_through_a_ring_of_one,
    each_cookie_completes_once_through_a_ring_of_64,
    each_record_is_sealed_once,
);

fn each_cookie_completes_once_through_a_ring_of_one(wait: WaitStrategy) {
    stress(wait, ComputeMode::None, 1, 4_000);
}

fn each_cookie_completes_once_through_a_ring_of_64(wait: WaitStrategy) {
    stress(wait, ComputeMode::None, 64, 10_000);
}

fn each_record_is_sealed_once(wait: WaitStrategy) {
    stress(wait, ComputeMode::Real, 64, 4_000);
}

/// Every thread pushes `ops` ops through a queue of its own.
fn stress(wait: WaitStrategy, compute: ComputeMode, ring_depth: u32, ops: u32) {
    let mut config = config();
    for class in [&mut config.model.asymmetric, &mut config.model.symmetric] {
        class.service = ServiceTime::constant(Nanos::new(500));
    }
    config.compute = compute;
    config.queue.ring_depth = ring_depth;
    config.model.in_flight_limit = 48;
    let (device, _) = device(wait.into(), config);
    let keys = Keys::import(&device, compute);
    thread::scope(|scope| {
        for index in 0..THREADS {
            let queue = device.open_queue().expect("there are descriptors left");
            scope.spawn(move || Host::new(queue, keys, index).run(ops));
        }
    });
    let stats = device.stats();
    let all = THREADS * u64::from(ops);
    assert_eq!((stats.fetched, stats.completed), (all, all));
    assert_eq!((stats.refused, stats.in_flight), (0, 0));
    assert_eq!(stats.lateness.count(), all);
    assert_eq!(stats.lost_to_forgery, 0);
}

#[derive(Clone, Copy)]
struct Keys {
    aes: KeyId,
    /// Where nothing is computed, every op costs the same.
    asymmetric: Option<(KeyId, KeyId)>,
}

impl Keys {
    fn import(device: &Device, compute: ComputeMode) -> Self {
        let read = |file| {
            device
                .import_key(key_file(file).material())
                .expect("usable")
        };
        Self {
            aes: device
                .import_key(KeyMaterial::AesGcm(&[3; 16]))
                .expect("usable"),
            asymmetric: (compute == ComputeMode::None)
                .then(|| (read("test-rsa2048.pkcs8.pem"), read("test-p256.pkcs8.pem"))),
        }
    }
}

/// One application thread.
struct Host {
    queue: QueuePair,
    keys: Keys,
    index: u64,
    /// By slot: the generation under way.
    under_way: Vec<Option<u32>>,
    free: Vec<u32>,
}

impl Host {
    fn new(queue: QueuePair, keys: Keys, index: u64) -> Self {
        let slots = queue.slots();
        Self {
            queue,
            keys,
            index,
            under_way: vec![None; slots as usize],
            free: (0..slots).collect(),
        }
    }

    fn run(mut self, ops: u32) {
        let mut chance = Seed(7).stream(Concern::Mix, self.index);
        let (mut asked, mut answered) = (0, 0);
        while answered < ops {
            let burst = chance.random_range(1..=16).min(ops - asked);
            for _ in 0..burst {
                if !self.push(asked, chance.random()) {
                    break;
                }
                asked += 1;
            }
            self.queue.ring_doorbell();
            self.queue.drain_signal();
            let before = answered;
            while self.reap() {
                answered += 1;
            }
            if answered == before {
                sleep_until_signal(&mut self.queue);
            }
        }
        assert_eq!(self.queue.reap(), None, "more answers than questions");
        assert!(self.under_way.iter().all(Option::is_none));
    }

    fn push(&mut self, generation: u32, choice: u32) -> bool {
        let Some(slot) = self.free.pop() else {
            return false;
        };
        let descriptor = self.descriptor(Cookie { slot, generation }, choice);
        if self.queue.push(descriptor).is_err() {
            self.free.push(slot);
            return false;
        }
        self.under_way[slot as usize] = Some(generation);
        true
    }

    fn descriptor(&self, cookie: Cookie, choice: u32) -> Descriptor {
        let (kind, scheme, key) = match (self.keys.asymmetric, choice % 3) {
            (Some((rsa, _)), 1) => (OpKind::RsaSign, Scheme::PssSha256, rsa),
            (Some((_, p256)), 2) => (OpKind::EcdsaSign, Scheme::EcdsaP256Sha256, p256),
            _ => (OpKind::AeadSeal, Scheme::None, self.keys.aes),
        };
        let mut descriptor = Descriptor::new(kind, cookie);
        descriptor.scheme = scheme as u8;
        descriptor.key = key;
        descriptor.input_len = choice >> 8 & 0xff;
        descriptor.output_capacity = 512;
        descriptor
    }

    fn reap(&mut self) -> bool {
        let Some(completion) = self.queue.reap() else {
            return false;
        };
        assert_eq!(completion.status, Status::Ok, "{completion:?}");
        let Cookie { slot, generation } = completion.cookie;
        let under_way = self.under_way[slot as usize].take();
        assert_eq!(under_way, Some(generation), "twice, or never asked");
        self.free.push(slot);
        true
    }
}

const THREADS: u64 = 4;
