//! A million entries through both rings, with both sides really asleep whenever they have nothing
//! to do. Counts and orders are what is asserted; nothing depends on speed.

#![cfg(not(loom))]

use std::thread;

use pausewake_device::Nanos;
use pausewake_device::protocol::{Completion, CompletionFlags, Cookie, Descriptor, OpKind, Status};
use pausewake_device::ring::{self, DeviceSide, HostSide, QueueLayout};

const OPS: u32 = 1_000_000;

#[test]
fn a_million_ops_cross_in_order_and_whole() {
    echo(OPS, 64, 64);
}

/// A ring of one is full after each entry and empty after the next: every op sleeps and wakes.
#[test]
fn rings_of_one_sleep_and_wake_at_each_op() {
    echo(20_000, 1, 1);
}

/// Completions that find no room wait for the host to consume.
#[test]
fn a_shallow_completion_ring_loses_nothing() {
    echo(200_000, 64, 2);
}

fn echo(ops: u32, ring_depth: u32, completion_depth: u32) {
    let (host, device) = ring::create(QueueLayout {
        ring_depth,
        completion_depth,
        slots: 64,
        slot_size: 64,
    })
    .expect("memory for two small rings");
    let device = thread::spawn(move || serve(device, ops));
    submit_and_reap(host, ops);
    device.join().expect("the device thread's assertions");
}

/// The host: fills the submission ring, takes what is complete, sleeps when there is neither room
/// nor a completion.
fn submit_and_reap(mut host: HostSide, ops: u32) {
    let (mut pushed, mut reaped) = (0, 0);
    while reaped < ops {
        host.completion_signal.drain();
        // One slot per op in flight, so that each payload can be checked when it comes back.
        while pushed < ops && pushed - reaped < host.slab.slots() {
            if host.submissions.push(descriptor(pushed)).is_err() {
                break;
            }
            let slot = pushed % host.slab.slots();
            host.slab.write(slot, 0, &pushed.to_ne_bytes()).unwrap();
            pushed += 1;
        }
        if host.submissions.publish(Nanos::new(u64::from(pushed))) > 0 {
            host.doorbell.ring();
        }
        let before = reaped;
        while let Some(completion) = host.completions.pop() {
            assert_eq!(completion, answer(&descriptor(reaped), completion.done_ns));
            let mut payload = [0; 4];
            let slot = completion.cookie.slot;
            host.slab.read(slot, 0, &mut payload).unwrap();
            assert_eq!(u32::from_ne_bytes(payload), !reaped);
            reaped += 1;
        }
        // The device waits for room in the completion ring, if it waits at all with ops in hand.
        if reaped > before {
            host.doorbell.ring();
            continue;
        }
        if host
            .completion_signal
            .arm_unless(|| !host.completions.is_empty())
        {
            assert!(host.completion_signal.wait(None));
            host.completion_signal.disarm();
        }
    }
    assert!(host.completions.is_empty());
    assert_eq!(host.completions.forged() + host.submissions.forged(), 0);
}

/// The device: answers in order, inverts the payload, sleeps when there is nothing to fetch or no
/// room to complete.
fn serve(mut device: DeviceSide, ops: u32) {
    let mut served = 0;
    let mut last_submitted = Nanos::ZERO;
    while served < ops {
        device.doorbell.drain();
        while device.completions.free() > 0
            && let Some(descriptor) = device.submissions.pop()
        {
            let expected = Descriptor {
                submitted_ns: descriptor.submitted_ns,
                ..self::descriptor(served)
            };
            assert_eq!(descriptor, expected);
            assert!(descriptor.submitted_ns >= last_submitted);
            last_submitted = descriptor.submitted_ns;
            let mut payload = [0; 4];
            device.slab.read(descriptor.slot, 0, &mut payload).unwrap();
            assert_eq!(u32::from_ne_bytes(payload), served);
            device
                .slab
                .write(descriptor.slot, 0, &(!served).to_ne_bytes())
                .unwrap();
            let answer = answer(&descriptor, descriptor.submitted_ns);
            device.completions.push(answer).expect("there was room");
            device.completion_signal.ring();
            served += 1;
        }
        let can_go_on = || device.submissions.available() > 0 && device.completions.free() > 0;
        if served < ops && device.doorbell.arm_unless(can_go_on) {
            assert!(device.doorbell.wait(None));
            device.doorbell.disarm();
        }
    }
    assert_eq!(device.completions.forged() + device.submissions.forged(), 0);
}

fn descriptor(number: u32) -> Descriptor {
    let cookie = Cookie {
        slot: number % 64,
        generation: number,
    };
    let mut descriptor = Descriptor::new(OpKind::AeadSeal, cookie);
    descriptor.input_len = number.rotate_left(7);
    descriptor.extra_len = !number;
    descriptor.nonce[8..].copy_from_slice(&number.to_ne_bytes());
    descriptor
}

fn answer(descriptor: &Descriptor, done_ns: Nanos) -> Completion {
    Completion {
        cookie: descriptor.cookie,
        status: Status::Ok,
        flags: CompletionFlags::default(),
        output_len: descriptor.extra_len,
        done_ns,
        queue_ns: Nanos::new(descriptor.input_len.into()),
        service_ns: Nanos::new(descriptor.cookie.generation.into()),
    }
}
