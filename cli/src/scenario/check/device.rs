//! `[device]`: depths, limits, slices and service times.

use pausewake_device::Nanos;
use pausewake_device::model::{
    BatchConfig, ClassConfig, CoalesceConfig, LinkConfig, ModelConfig, RateLimit, ServiceTime,
};
use pausewake_device::protocol::{Class, OpKind, Scheme};
use pausewake_device::ring::{MAX_QUEUE_BYTES, QueueLayout};

use super::service::service_time;
use super::{Problems, what};
use crate::scenario::file::{
    BatchSection, Clock, CoalesceSection, Compute, DeviceSection, File, LinkSection, RateEntry,
    ServiceSection, Wait,
};
use crate::scenario::source::Span;
use crate::scenario::spanned::Spanned;
use crate::scenario::{Device, Load, MixItem, Work};
use crate::units::{Bandwidth, Count};

/// Checks the device against itself and against what `load` asks of it.
pub fn check(file: &File, load: Option<&Load>, problems: &mut Problems) -> Option<Device> {
    let section = &file.device;
    let rings = rings(section, problems);
    let model = ModelConfig {
        asymmetric: asymmetric(section, problems),
        symmetric: symmetric(section, problems),
        link: link(&section.link),
        in_flight_limit: rings.in_flight_limit,
    };
    threads(section, *file.clock.get_ref(), problems);
    let load = load?;
    class_exists(file, load, problems);
    let compute = section.compute.as_ref().map(|compute| *compute.get_ref());
    let signs = |item: &MixItem| matches!(item.work, Work::RsaSign { .. });
    if let Some(span) = section.compute.as_ref().map(Spanned::span)
        && compute == Some(Compute::Cached)
        && !load.mix.iter().any(signs)
    {
        let wrong = "compute = \"cached\" is for RSA signatures alone: all else is always computed";
        problems.add(span, wrong, "\"real\" or \"none\"");
    }
    Some(Device {
        profile: section
            .profile
            .as_ref()
            .map(|name| name.get_ref().0.clone()),
        model,
        coalesce: coalesce(section.coalesce.as_ref()),
        compute: compute.unwrap_or(Compute::Real),
        workers: count(section.workers.as_ref()).unwrap_or(1),
        wait: section
            .wait
            .as_ref()
            .map_or(Wait::Adaptive, |wait| *wait.get_ref()),
        ring_depth: rings.ring_depth,
        completion_depth: rings.completion_depth,
        slots: rings.slots,
        slot_size: slot_size(file, load, &rings, problems),
    })
}

struct Rings {
    ring_depth: u32,
    completion_depth: u32,
    in_flight_limit: u32,
    slots: u32,
}

fn rings(section: &DeviceSection, problems: &mut Problems) -> Rings {
    let ring_depth = count(section.ring_depth.as_ref()).unwrap_or(RING_DEPTH);
    let completion_depth = count(section.completion_depth.as_ref()).unwrap_or(ring_depth);
    for (name, depth) in [
        ("ring_depth", &section.ring_depth),
        ("completion_depth", &section.completion_depth),
    ] {
        let Some(depth) = depth else { continue };
        let entries = depth.get_ref().get();
        if !entries.is_power_of_two() || !(MIN_DEPTH..=MAX_DEPTH).contains(&entries) {
            let wrong = format!("{name} = {entries} is not a power of two that a ring can have");
            let accepted = format!("a power of two from {MIN_DEPTH} to {MAX_DEPTH}");
            problems.add(depth.span(), wrong, accepted);
        }
    }
    // One less than the ring, as in drivers that keep one entry free; all of it if there is one.
    let in_flight_limit =
        count(section.in_flight_limit.as_ref()).unwrap_or((completion_depth - 1).max(1));
    if let Some(limit) = &section.in_flight_limit
        && in_flight_limit > completion_depth
    {
        let wrong = format!(
            "in_flight_limit = {in_flight_limit} is above the completion ring's depth of \
             {completion_depth}: completions would have no place"
        );
        problems.add(
            limit.span(),
            wrong,
            format!("at most {completion_depth}, or a larger completion_depth"),
        );
    }
    let slots = count(section.slots.as_ref()).unwrap_or(completion_depth);
    if let Some(span) = section.slots.as_ref().map(Spanned::span)
        && slots > completion_depth
    {
        let wrong = format!(
            "{slots} slots share a completion ring of {completion_depth}: a completion could find \
             no place"
        );
        let accepted = format!("at most {completion_depth}, or a larger completion_depth");
        problems.add(span, wrong, accepted);
    }
    Rings {
        ring_depth,
        completion_depth,
        in_flight_limit,
        slots,
    }
}

/// Workers and wait strategies are about threads, which virtual time has none of.
fn threads(section: &DeviceSection, clock: Clock, problems: &mut Problems) {
    if clock == Clock::Wall {
        return;
    }
    let accepted = "clock = \"wall\" with it, or clock = \"virtual\" without";
    if let Some(workers) = &section.workers {
        let wrong = "workers means nothing under virtual time: results are computed in place";
        problems.add(workers.span(), wrong, accepted);
    }
    if let Some(wait) = &section.wait {
        let wrong = "wait means nothing under virtual time: no thread waits";
        problems.add(wait.span(), wrong, accepted);
    }
}

/// The classes that the load needs must be described, not guessed.
fn class_exists(file: &File, load: &Load, problems: &mut Problems) {
    for class in load.classes() {
        let (missing, table) = match class {
            Class::Asymmetric => (file.device.asym.is_none(), "device.asym"),
            Class::Symmetric => (file.device.sym.is_none(), "device.sym"),
        };
        if missing {
            let op = if load.only().is_some() {
                "this op"
            } else {
                "an op of this mix"
            };
            let who = match &file.device.profile {
                None => "the scenario does not have".to_owned(),
                Some(name) => format!("neither the scenario nor {} has", name.get_ref().0),
            };
            let wrong = format!("{op} is served by [{table}], which {who}");
            let accepted = format!(
                "a table [{table}] with slices = 1 and service = {{ distribution = \"constant\", base = \"433us\" }}, for example"
            );
            problems.add(what(file), wrong, accepted);
        }
    }
}

fn asymmetric(section: &DeviceSection, problems: &mut Problems) -> ClassConfig {
    let Some(class) = &section.asym else {
        return UNUSED_CLASS;
    };
    let class = class.get_ref();
    let by_op = &class.service_by_op;
    let service_by_op = [
        (OpKind::RsaSign, &by_op.rsa_sign),
        (OpKind::RsaVerify, &by_op.rsa_verify),
        (OpKind::EcdsaSign, &by_op.ecdsa_sign),
        (OpKind::EcdsaVerify, &by_op.ecdsa_verify),
    ];
    let by_curve = [
        (
            OpKind::EcdsaSign,
            [&by_op.ecdsa_p256_sign, &by_op.ecdsa_p384_sign],
        ),
        (
            OpKind::EcdsaVerify,
            [&by_op.ecdsa_p256_verify, &by_op.ecdsa_p384_verify],
        ),
    ];
    let mut config = class_config(
        &class.slices,
        class.queue_depth.as_ref(),
        &class.service,
        &service_by_op,
        problems,
    );
    let curves = [Scheme::EcdsaP256Sha256, Scheme::EcdsaP384Sha384];
    for (kind, services) in by_curve {
        for (scheme, service) in curves.into_iter().zip(services) {
            let Some(service) = service else { continue };
            let time = service_time(service.span(), service.get_ref(), problems);
            config.service_by_scheme.push((kind, scheme, time));
        }
    }
    let by_length = [
        (OpKind::RsaSign, 3_072, &by_op.rsa3072_sign),
        (OpKind::RsaSign, 4_096, &by_op.rsa4096_sign),
        (OpKind::RsaVerify, 3_072, &by_op.rsa3072_verify),
        (OpKind::RsaVerify, 4_096, &by_op.rsa4096_verify),
    ];
    for (kind, bits, service) in by_length {
        let Some(service) = service else { continue };
        let time = service_time(service.span(), service.get_ref(), problems);
        config.service_by_modulus.push((kind, bits, time));
    }
    let (rate, per_key) = (class.rate.as_ref(), class.rate_per_key.as_ref());
    gated(config, rate, per_key, class.batch.as_ref())
}

fn symmetric(section: &DeviceSection, problems: &mut Problems) -> ClassConfig {
    let Some(class) = &section.sym else {
        return UNUSED_CLASS;
    };
    let class = class.get_ref();
    let by_op = &class.service_by_op;
    let service_by_op = [
        (OpKind::AeadSeal, &by_op.aead_seal),
        (OpKind::AeadOpen, &by_op.aead_open),
    ];
    let config = class_config(
        &class.slices,
        class.queue_depth.as_ref(),
        &class.service,
        &service_by_op,
        problems,
    );
    let (rate, per_key) = (class.rate.as_ref(), class.rate_per_key.as_ref());
    gated(config, rate, per_key, class.batch.as_ref())
}

/// The class with its limits of rate and its batches.
fn gated(
    class: ClassConfig,
    rate: Option<&RateEntry>,
    per_key: Option<&RateEntry>,
    batch: Option<&BatchSection>,
) -> ClassConfig {
    ClassConfig {
        rate: rate.map(rate_limit),
        rate_per_key: per_key.map(rate_limit),
        batch: batch.map(|batch| BatchConfig {
            size: batch.size.get(),
            flush_ns: batch.flush.0,
        }),
        ..class
    }
}

fn rate_limit(entry: &RateEntry) -> RateLimit {
    match entry {
        RateEntry::Even(rate) => RateLimit::even(rate.per_second()),
        RateEntry::Bursts(section) => RateLimit {
            ops_per_s: section.limit.per_second(),
            burst: section.burst.map_or(1, Count::get),
        },
    }
}

fn class_config(
    slices: &Spanned<Count>,
    queue_depth: Option<&Spanned<Count>>,
    service: &Spanned<ServiceSection>,
    by_op: &[(OpKind, &Option<Spanned<ServiceSection>>)],
    problems: &mut Problems,
) -> ClassConfig {
    let slice_count = slices.get_ref().get();
    if slice_count > MAX_SLICES {
        let wrong = format!("{slice_count} slices are more than the model keeps");
        problems.add(slices.span(), wrong, format!("1 to {MAX_SLICES}"));
    }
    if let Some(depth) = queue_depth
        && depth.get_ref().get() < slice_count
    {
        let wrong = format!(
            "queue_depth = {} is below the {slice_count} slices: it counts ops in service too",
            depth.get_ref().get()
        );
        problems.add(depth.span(), wrong, format!("{slice_count} or more"));
    }
    let class = ClassConfig::new(
        slice_count,
        service_time(service.span(), service.get_ref(), problems),
    );
    ClassConfig {
        service_by_op: by_op
            .iter()
            .filter_map(|(kind, service)| {
                let service = service.as_ref()?;
                Some((
                    *kind,
                    service_time(service.span(), service.get_ref(), problems),
                ))
            })
            .collect(),
        queue_depth: count(queue_depth),
        ..class
    }
}

fn link(section: &LinkSection) -> LinkConfig {
    LinkConfig {
        to_device_ns: section.to_device.map_or(Nanos::ZERO, |latency| latency.0),
        to_host_ns: section.to_host.map_or(Nanos::ZERO, |latency| latency.0),
        bandwidth_bytes_per_s: section.bandwidth.map(Bandwidth::bytes_per_second),
    }
}

fn coalesce(section: Option<&CoalesceSection>) -> CoalesceConfig {
    section.map_or(
        CoalesceConfig {
            count: 1,
            time_ns: Nanos::ZERO,
        },
        |section| CoalesceConfig {
            count: section.count.get(),
            time_ns: section.time.0,
        },
    )
}

/// What the load needs if the scenario does not say; else what it says, if that suffices and there
/// is room for all of it.
fn slot_size(file: &File, load: &Load, rings: &Rings, problems: &mut Problems) -> u32 {
    let needed = load.slot_bytes();
    let bytes = match &file.device.slot_size {
        None => needed.max(MIN_SLOT_SIZE).next_multiple_of(SLOT_UNIT),
        Some(size) => {
            let bytes = u64::from(size.get_ref().0);
            if !bytes.is_multiple_of(SLOT_UNIT) || bytes == 0 {
                let wrong = format!("slot_size of {bytes} bytes is not a multiple of {SLOT_UNIT}");
                problems.add(size.span(), wrong, format!("a multiple of {SLOT_UNIT}B"));
            } else if bytes < needed {
                let wrong = format!("slot_size of {bytes} bytes is too small for this load");
                let accepted = format!("at least {}B", needed.next_multiple_of(SLOT_UNIT));
                problems.add(size.span(), wrong, accepted);
            }
            bytes
        }
    };
    let most = rings.most_slot_bytes();
    if bytes > most {
        let (span, beside) = slot_size_from(file, needed);
        let slots = rings.slots;
        let wrong = format!(
            "{slots} slots of {bytes} bytes do not fit into the {MAX_QUEUE_BYTES} bytes that rings \
             and slots may take"
        );
        let accepted = match most.saturating_sub(beside) {
            0 => "fewer slots (device.slots)".to_owned(),
            most => format!("at most {most}B with {slots} slots, or fewer slots (device.slots)"),
        };
        problems.add(span, wrong, accepted);
    }
    // Not above the most, or there is a problem.
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// The entry that the size of a slot comes from, and how many bytes a slot has beside it.
fn slot_size_from(file: &File, needed: u64) -> (Span, u64) {
    let load = file.load.get_ref();
    if let Some(size) = &file.device.slot_size {
        return (size.span(), 0);
    }
    match load.message_size.as_ref().or(load.record_size.as_ref()) {
        Some(size) => {
            let payload = u64::from(size.get_ref().0);
            (size.span(), needed.saturating_sub(payload))
        }
        None => {
            let slots = file
                .device
                .slots
                .as_ref()
                .or(file.device.ring_depth.as_ref());
            let span = slots.map_or_else(|| what(file), Spanned::span);
            (span, 0)
        }
    }
}

impl Rings {
    /// The largest slots that there is memory for, bytes.
    fn most_slot_bytes(&self) -> u64 {
        let layout = QueueLayout {
            ring_depth: self.ring_depth,
            completion_depth: self.completion_depth,
            slots: 0,
            slot_size: 0,
        };
        let left = MAX_QUEUE_BYTES.saturating_sub(layout.bytes());
        let each = left / u64::from(self.slots.max(1));
        (each - each % SLOT_UNIT).min(u64::from(u32::MAX))
    }
}

fn count(count: Option<&Spanned<Count>>) -> Option<u32> {
    count.map(|count| count.get_ref().get())
}

/// Stands for a class that the load never asks.
const UNUSED_CLASS: ClassConfig = ClassConfig::new(1, ServiceTime::constant(Nanos::ZERO));

/// qatlib's default for asymmetric rings.
const RING_DEPTH: u32 = 64;
const MIN_DEPTH: u32 = 2;
/// qatlib's largest ring.
const MAX_DEPTH: u32 = 65_536;
const MAX_SLICES: u32 = 65_536;
const MIN_SLOT_SIZE: u64 = 2_048;
const SLOT_UNIT: u64 = 64;
