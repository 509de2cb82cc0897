//! Descriptors that mean harm. Whatever stands in them: exactly one completion each, with the
//! cookie unchanged, and not a byte outside the slot and the capacity that they name.

use std::collections::HashSet;

use pausewake_device::Nanos;
use pausewake_device::compute::{ComputeMode, KeyMaterial};
use pausewake_device::keys::KeyId;
use pausewake_device::model::ServiceTime;
use pausewake_device::protocol::{Cookie, DESCRIPTOR_WORDS, Descriptor, OpKind};
use pausewake_device::random::{Concern, Seed, Stream};
use pausewake_device::{DeviceConfig, ring::QueueLayout};
use rand::RngExt;

use super::rig::{DriverKind, Rig, config, key_file};

for_each_driver!(
    random_bytes_are_answered_once,
    plausible_descriptors_with_hostile_fields_are_answered_once,
    hostile_fields_meet_real_cryptography,
);

/// Words of pure chance; most have no opcode of ours.
fn random_bytes_are_answered_once(driver: DriverKind) {
    let mut attack = Attack::new(driver, ComputeMode::None, Seed(101));
    attack.run(40_000, |attack, _| {
        let words: [u64; DESCRIPTOR_WORDS] = attack.chance.random();
        let mut descriptor = Descriptor::from_words(words);
        // One in 2^32 would name a slot of ours by chance: let some do it on purpose.
        if attack.chance.random_bool(0.5) {
            descriptor.slot = attack.target();
        }
        if attack.chance.random_bool(0.5) {
            descriptor.opcode = attack.chance.random_range(0..10);
        }
        descriptor
    });
}

/// Valid opcodes, and lengths, slots, schemes and keys at and around their bounds.
fn plausible_descriptors_with_hostile_fields_are_answered_once(driver: DriverKind) {
    let mut attack = Attack::new(driver, ComputeMode::None, Seed(102));
    attack.run(40_000, Attack::plausible);
}

/// The same with every key and the cryptography behind them.
fn hostile_fields_meet_real_cryptography(driver: DriverKind) {
    let mut attack = Attack::new(driver, ComputeMode::Real, Seed(103));
    attack.run(20_000, |attack, position| {
        loop {
            let descriptor = attack.plausible(position);
            // Signing takes a millisecond; verifying, sealing and opening are cheap enough for all.
            if descriptor.opcode != OpKind::RsaSign.code() || attack.chance.random_bool(0.002) {
                return descriptor;
            }
        }
    });
}

struct Attack {
    rig: Rig,
    keys: Vec<KeyId>,
    chance: Stream,
    seed: Seed,
}

impl Attack {
    fn new(driver: DriverKind, compute: ComputeMode, seed: Seed) -> Self {
        let rig = Rig::new(driver, attacked(compute));
        let files = ["test-rsa2048.pkcs8.pem", "test-p256.pkcs8.pem"].map(key_file);
        let materials = files.iter().map(|file| file.material());
        let aes = [KeyMaterial::AesGcm(&[1; 16]), KeyMaterial::AesGcm(&[2; 32])];
        let keys = materials
            .chain(aes)
            .map(|material| rig.device.import_key(material).expect("a usable key"))
            .collect();
        Self {
            rig,
            keys,
            chance: seed.stream(Concern::Payload, driver as u64),
            seed,
        }
    }

    /// Sends `count` descriptors in batches, and looks at everything after each.
    fn run(&mut self, count: u32, make: impl Fn(&mut Self, u32) -> Descriptor) {
        let mut position = 0;
        while position < count {
            self.fill();
            let mut batch = Vec::new();
            for _ in 0..self.chance.random_range(1..=BATCH) {
                let mut descriptor = make(self, position);
                descriptor.cookie = Cookie {
                    slot: self.chance.random(),
                    generation: position,
                };
                batch.push(descriptor);
                position += 1;
            }
            self.send(&batch);
            self.look_around(&batch);
        }
        let stats = self.rig.device.stats();
        let seen = (stats.fetched, stats.completed, stats.in_flight);
        let all = u64::from(position);
        assert_eq!(seen, (all, all, 0), "{:?}", self.seed);
        // What was not refused passed the model, if there is one.
        let modelled = if self.rig.manual.is_none() {
            all - stats.refused
        } else {
            0
        };
        assert_eq!(stats.lateness.count(), modelled, "{:?}", self.seed);
        assert_eq!(stats.lost_to_forgery, 0);
    }

    fn plausible(&mut self, _position: u32) -> Descriptor {
        let kind = OpKind::ALL[self.chance.random_range(0..OpKind::ALL.len())];
        let cookie = Cookie {
            slot: 0,
            generation: 0,
        };
        let mut descriptor = Descriptor::new(kind, cookie);
        descriptor.slot = match self.chance.random_range(0..10) {
            0 => SLOTS,
            1 => u32::MAX,
            _ => self.target(),
        };
        descriptor.scheme = self.chance.random_range(0..10);
        descriptor.input = [0, 0, 0, 0, 1, 2, 255][self.chance.random_range(0..7)];
        descriptor.key = match self.chance.random_range(0..8) {
            0 => KeyId::NONE,
            1 => KeyId::from_word(self.chance.random()),
            _ => self.keys[self.chance.random_range(0..self.keys.len())],
        };
        descriptor.input_len = self.length();
        descriptor.extra_len = self.length();
        descriptor.output_capacity = self.length();
        descriptor.nonce = self.chance.random();
        descriptor
    }

    fn length(&mut self) -> u32 {
        match self.chance.random_range(0..8) {
            0 => [
                0,
                SLOT_SIZE,
                SLOT_SIZE + 1,
                SLOT_SIZE - 16,
                u32::MAX,
                1 << 31,
                15,
                16,
            ][self.chance.random_range(0..8)],
            1 => self.chance.random(),
            2..5 => self.chance.random_range(0..=SLOT_SIZE),
            _ => self.chance.random_range(0..=SLOT_SIZE / 2),
        }
    }

    /// One of the few slots that are aimed at, so that several ops share one at once.
    fn target(&mut self) -> u32 {
        TARGETS[self.chance.random_range(0..TARGETS.len())]
    }

    fn send(&mut self, batch: &[Descriptor]) {
        self.rig.submit(batch.iter().copied());
        let mut unanswered: HashSet<Cookie> = batch.iter().map(|sent| sent.cookie).collect();
        assert_eq!(unanswered.len(), batch.len(), "cookies are distinct");
        for _ in batch {
            let completion = self.rig.completion();
            assert!(
                unanswered.remove(&completion.cookie),
                "{:?}: twice or never asked: {completion:?}",
                self.seed
            );
            assert!(completion.output_len <= SLOT_SIZE);
            // There is room to answer one more, for which the device may have waited.
            self.rig.queue.ring_doorbell();
        }
        assert_eq!(self.rig.queue.reap(), None, "{:?}", self.seed);
    }

    fn fill(&mut self) {
        for slot in 0..SLOTS {
            let written = self.rig.queue.write_payload(slot, 0, &pattern(slot));
            written.expect("a whole slot");
        }
    }

    /// Slots that nobody named, and bytes beyond what anybody may write, are as they were.
    fn look_around(&self, batch: &[Descriptor]) {
        for slot in 0..SLOTS {
            let named = batch.iter().filter(|sent| sent.slot == slot);
            let capacities = named.map(|sent| sent.output_capacity);
            let writable = capacities.filter(|&capacity| capacity <= SLOT_SIZE).max();
            let from = writable.unwrap_or(0) as usize;
            let mut bytes = [0; SLOT_SIZE as usize];
            self.rig.queue.read_payload(slot, &mut bytes).expect("fits");
            assert_eq!(
                bytes[from..],
                pattern(slot)[from..],
                "{:?}: slot {slot} from byte {from} on; {batch:?}",
                self.seed
            );
        }
    }
}

fn pattern(slot: u32) -> [u8; SLOT_SIZE as usize] {
    std::array::from_fn(|index| index.to_le_bytes()[0] ^ slot.to_le_bytes()[0].wrapping_mul(37))
}

fn attacked(compute: ComputeMode) -> DeviceConfig {
    let mut config = config();
    for class in [&mut config.model.asymmetric, &mut config.model.symmetric] {
        class.service = ServiceTime::constant(Nanos::new(100));
    }
    config.compute = compute;
    config.model.in_flight_limit = 8;
    config.queue = QueueLayout {
        ring_depth: 32,
        completion_depth: 16,
        slots: SLOTS,
        slot_size: SLOT_SIZE,
    };
    config
}

/// More than may be in flight, and more than the completion ring holds.
const BATCH: u32 = 32;
const SLOTS: u32 = 16;
const SLOT_SIZE: u32 = 256;
const TARGETS: [u32; 3] = [5, 6, SLOTS - 1];
