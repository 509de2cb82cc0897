//! What is charged, where, and what of it the device's work hides.

use pausewake_device::compute::KeyMaterial;
use pausewake_device::model::CoalesceConfig;
use pausewake_device::{Device, DeviceConfig, Nanos, WaitStrategy};
use pausewake_engine::events::Moments;
use pausewake_engine::{
    EcdsaCurve, Engine, EngineConfig, HostCosts, Notify, OnFull, Reactor, SmallOps, SoftwareCost,
    Turn,
};
use pausewake_tests::{Keys, RSA_3072_PEM, RSA_4096_PEM};

use crate::world::{Line, World, device, engine, ns, seal, spawn, us};

/// Each a figure that no sum of others gives.
const COSTS: HostCosts = HostCosts {
    submit_ns: ns(1_000),
    doorbell_ns: ns(200),
    reap_ns: ns(70),
    callback_ns: ns(30),
    fd_wake_ns: ns(4_000),
    switch_ns: ns(11),
    // 16 bytes in and 32 out: 16 ns and 32 ns.
    copy_ps_per_byte: 1_000,
    ..HostCosts::FREE
};

fn moments(in_order: [u64; 8]) -> [Nanos; 8] {
    in_order.map(ns)
}

fn only(line: &Line) -> Moments {
    let returned = line.log.returned();
    assert_eq!(returned.len(), 1);
    returned[0].moments
}

#[test]
fn a_call_in_place_costs_its_submission_the_device_and_its_reaping() {
    let world = World::new(device(1, us(10)));
    let line = world.line(engine(COSTS));
    seal(line.reactor.engine(), world.key);
    let rung = 1_000 + 16 + 200;
    let done = rung + 10_000;
    let known = done + 70;
    assert_eq!(
        only(&line).in_order(),
        moments([0, 0, rung, rung, done, known, known, known + 32])
    );
    assert_eq!(line.reactor.engine().now(), ns(known + 32));
    assert_eq!(world.device.now(), ns(done), "nobody let it go on");
}

#[test]
fn a_job_costs_its_switches_and_its_wake_besides() {
    for (notify, wake) in [(Notify::Callback, 30), (Notify::Fd, 4_000)] {
        let world = World::new(device(1, us(10)));
        let config = EngineConfig {
            notify,
            ..engine(COSTS)
        };
        let mut line = world.line(config);
        spawn(&mut line.reactor, world.key, 1);
        line.reactor.run().expect("nothing stalls");
        let called = 11;
        let rung = called + 1_000 + 16 + 200;
        let done = rung + 10_000;
        let known = done + 70;
        let running = known + wake + 11;
        assert_eq!(
            only(&line).in_order(),
            moments([
                called,
                called,
                rung,
                rung,
                done,
                known,
                running,
                running + 32
            ]),
            "{notify:?}"
        );
    }
}

#[test]
fn while_the_host_is_busy_the_device_serves() {
    for (busy, known) in [(us(0), us(10)), (us(7), us(10)), (us(15), us(15))] {
        let world = World::new(device(1, us(10)));
        let mut line = world.line(engine(HostCosts::FREE));
        spawn(&mut line.reactor, world.key, 1);
        let turn = line
            .reactor
            .turn(Some(Nanos::ZERO))
            .expect("the loop works");
        assert_eq!(
            turn,
            Turn::TimedOut,
            "the doorbell is rung, nothing is done"
        );
        line.reactor.engine().charge(busy);
        line.reactor.run().expect("nothing stalls");
        let seen = only(&line);
        assert_eq!((seen.done_ns, seen.known_ns), (us(10), known), "{busy}");
    }
}

/// The host is busy while three completions come and two signals are given.
#[test]
fn coalescing_keeps_the_model_s_times_while_the_host_is_busy() {
    let mut config = device(1, us(3));
    config.coalesce = CoalesceConfig {
        count: 2,
        time_ns: us(10),
    };
    let world = World::new(config);
    let mut line = world.line(engine(HostCosts::FREE));
    for _ in 0..3 {
        spawn(&mut line.reactor, world.key, 1);
    }
    line.reactor
        .turn(Some(Nanos::ZERO))
        .expect("the loop works");
    line.reactor.engine().charge(us(50));
    line.reactor.run().expect("nothing stalls");
    assert_eq!(world.device_log.signals(), [us(6), us(19)]);
    let returned = line.log.returned();
    let done: Vec<Nanos> = returned.iter().map(|op| op.moments.done_ns).collect();
    assert_eq!(done, [us(3), us(6), us(9)]);
    assert!(returned.iter().all(|op| op.moments.known_ns == us(50)));
}

#[test]
fn software_costs_its_time_wherever_it_is_computed() {
    let mut host = HostCosts::FREE;
    host.software.aead_seal = SoftwareCost::new(500, 250);
    host.software.rsa_sign = SoftwareCost::new(640_000, 0);
    host.software.rsa_verify = SoftwareCost::new(20_000, 0);
    let world = World::new(DeviceConfig::default());
    let keys = Keys::import(&world.device);

    // Below the threshold.
    let small = EngineConfig {
        small_ops: SmallOps::default(),
        ..engine(host)
    };
    let line = world.line(small);
    seal(line.reactor.engine(), world.key);
    assert_eq!(line.reactor.engine().now(), ns(504));
    assert_eq!(world.device.now(), Nanos::ZERO);

    // A signature that is verified after transport.
    let world = World::new(DeviceConfig::default());
    let keys_there = Keys::import(&world.device);
    assert_eq!(keys_there.rsa, keys.rsa);
    let verifying = EngineConfig {
        verify_signatures: true,
        ..engine(host)
    };
    let line = world.line(verifying);
    let signed = line
        .reactor
        .engine()
        .rsa_sign(keys.rsa, Default::default(), b"message");
    assert!(signed.is_ok(), "{signed:?}");
    assert_eq!(line.reactor.engine().now(), us(433 + 20));

    // No room: the second call falls back, while the device has the first.
    let mut full = engine(host);
    full.max_in_flight = Some(1);
    full.on_full = OnFull::Fail;
    full.fallback.on_full = true;
    let world = World::new(device(1, us(3)));
    let mut line = world.line(full);
    spawn(&mut line.reactor, world.key, 1);
    spawn(&mut line.reactor, world.key, 1);
    line.reactor.run().expect("nothing stalls");
    let stats = line.reactor.engine().stats();
    assert_eq!((stats.returned, stats.software_full), (1, 1));
    // The fallback has rung the doorbell first.
    assert_eq!(only(&line).done_ns, us(3));
    assert_eq!(only(&line).known_ns, us(3));
}

/// A signature of 4,096 bits takes eight times as long as one of 2,048 bits, and its verification four
/// times, in the device as in software, unless it is said how long.
#[test]
fn a_longer_rsa_key_costs_more_here_and_there() {
    let mut host = HostCosts::FREE;
    host.software.rsa_sign = SoftwareCost::new(640_000, 1_000);
    host.software.rsa_verify = SoftwareCost::new(20_000, 0);
    host.software.rsa3072_sign = Some(SoftwareCost::new(2_000_000, 0));
    let small_ops = SmallOps {
        rsa_bytes: 64,
        ..SmallOps::NONE
    };
    let at = |pem, len| {
        let world = World::new(DeviceConfig::default());
        let key = Keys::import_pem(&world.device, pem);
        let config = EngineConfig {
            verify_signatures: true,
            small_ops,
            ..engine(host)
        };
        let line = world.line(config);
        let engine = line.reactor.engine();
        let padding = Default::default();
        let message = [7; 64];
        let signed = engine.rsa_sign(key, padding, &message[..len]);
        let signature = signed.expect("the key is good");
        let after_signing = engine.now();
        let verified = engine.rsa_verify(key, padding, &message[..len], &signature);
        verified.expect("the signature is good");
        (after_signing, engine.now() - after_signing)
    };
    // In software; what a byte costs has nothing to do with the key.
    assert_eq!(at(RSA_4096_PEM, 7), (ns(8 * 640_000 + 7), us(4 * 20)));
    assert_eq!(at(RSA_3072_PEM, 7), (us(2_000), us(45)));
    // In the device, and verified by the host after transport.
    assert_eq!(at(RSA_4096_PEM, 64), (us(8 * 433 + 4 * 20), us(4 * 433)));
}

/// The curve of a key and the length of a cipher's key have costs of their own in software, or else those of
/// the op; also where the host verifies what the device has signed.
#[test]
fn a_curve_and_a_cipher_have_costs_of_their_own() {
    let mut host = HostCosts::FREE;
    host.software.ecdsa_sign = SoftwareCost::new(20_000, 0);
    host.software.ecdsa_p384_sign = Some(SoftwareCost::new(500_000, 0));
    host.software.ecdsa_verify = SoftwareCost::new(60_000, 0);
    host.software.ecdsa_p384_verify = Some(SoftwareCost::new(900_000, 0));
    host.software.aead_seal = SoftwareCost::new(100, 1_000);
    host.software.aes256_seal = Some(SoftwareCost::new(100, 2_000));
    host.software.aead_open = SoftwareCost::new(300, 0);
    let small_ops = SmallOps {
        rsa_bytes: 0,
        ecdsa_bytes: 64,
        aes_gcm_bytes: 64,
    };
    let world = World::new(DeviceConfig::default());
    let keys = Keys::import(&world.device);
    let p384 = Keys::import_p384(&world.device);
    let aes256 = KeyMaterial::AesGcm(&[0; 32]);
    let aes256 = world.device.import_key(aes256).expect("the key is good");
    let config = EngineConfig {
        verify_signatures: true,
        small_ops,
        ..engine(host)
    };
    let line = world.line(config);
    let engine = line.reactor.engine();
    let took = |what: &dyn Fn()| {
        let before = engine.now();
        what();
        engine.now() - before
    };
    let sign = |key, curve, len| {
        let message = [7; 64];
        took(&|| {
            let signed = engine.ecdsa_sign(key, curve, &message[..len]);
            signed.expect("the key is good");
        })
    };
    assert_eq!(sign(keys.p256, EcdsaCurve::P256, 7), us(20));
    assert_eq!(sign(p384, EcdsaCurve::P384, 7), us(500));
    let [shorter, longer] = [(keys.p256, EcdsaCurve::P256), (p384, EcdsaCurve::P384)]
        .map(|(key, curve)| sign(key, curve, 64));
    // What the device does takes the same time for both.
    assert_eq!(longer - shorter, us(900 - 60));
    let seal = |key| {
        let mut sealed = [0; 32];
        let cost = took(&|| {
            let mut sealed = [0; 32];
            let len = engine.aead_seal(key, [0; 12], b"", &[7; 16], &mut sealed);
            assert_eq!(len, Ok(32));
        });
        let len = engine.aead_seal(key, [0; 12], b"", &[7; 16], &mut sealed);
        assert_eq!(len, Ok(32));
        (cost, sealed)
    };
    let ((short, sealed), (long, _)) = (seal(keys.aes), seal(aes256));
    assert_eq!((short, long), (ns(116), ns(132)));
    let open = took(&|| {
        let mut message = [0; 16];
        let opened = engine.aead_open(keys.aes, [0; 12], b"", &sealed, &mut message);
        assert_eq!(opened, Ok(16));
    });
    assert_eq!(open, ns(300));
}

/// Time passes by itself there, or is a test's to move.
#[test]
fn costs_have_no_effect_where_time_is_not_virtual() {
    let (manual, _by_hand) = Device::manual(device(1, us(1)), None).expect("it is sound");
    let queue = manual.open_queue().expect("there are descriptors");
    let by_hand = Engine::new(queue, engine(COSTS), None).expect("the cell is allowed");
    by_hand.charge(us(9));
    assert_eq!(by_hand.now(), Nanos::ZERO);

    let wall = Device::thread(device(1, us(1)), WaitStrategy::Sleep, None).expect("it is sound");
    let queue = wall.open_queue().expect("there are descriptors");
    let by_wall = Engine::new(queue, engine(COSTS), None).expect("the cell is allowed");
    let a_year = Nanos::from_secs(31_536_000);
    by_wall.charge(a_year);
    assert!(by_wall.now() < a_year);
}

/// A closed loop of `jobs` jobs, host work `h` for each op, `slices` of `s` each. The throughput
/// cannot be above min(jobs / (h + s), 1 / h, slices / s), and is below it by no more than comes of
/// one doorbell for all jobs of a turn.
#[test]
fn a_closed_loop_keeps_within_its_bound() {
    const OPS: u64 = 200;
    for (jobs, h, s, slices) in [
        (1, 300, 10_000, 4),
        (4, 300, 10_000, 4),
        (4, 10, 10_000, 64),
        (8, 100, 10_000, 2),
        (32, 1, 10_000, 4),
        (48, 500, 1_000, 48),
        (60, 900, 100, 60),
    ] {
        let what = format!("{jobs} jobs, h {h}, s {s}, {slices} slices");
        let world = World::new(device(slices, ns(s)));
        let host = HostCosts {
            switch_ns: ns(h),
            ..HostCosts::FREE
        };
        let mut line = world.line(engine(host));
        for _ in 0..jobs {
            spawn(&mut line.reactor, world.key, usize::try_from(OPS).unwrap());
        }
        line.reactor.run().expect("nothing stalls");
        let total = jobs * OPS;
        assert_eq!(line.reactor.engine().stats().returned, total, "{what}");
        // Without the switches that started the jobs: they are no op's.
        let took = line.reactor.engine().now().get() - jobs * h;
        let slices = u64::from(slices);
        let least = [OPS * (h + s), total * h, total * s / slices];
        let most = OPS * (jobs * h + jobs.div_ceil(slices) * s);
        assert!(
            least.iter().all(|least| took >= *least),
            "{what}: {took} {least:?}"
        );
        assert!(took <= most, "{what}: {took} > {most}");
        if jobs <= slices {
            assert!(took <= most && most - took <= most / 2, "{what}");
        }
        if jobs == 1 {
            assert_eq!(took, OPS * (h + s), "{what}");
        }
        if jobs >= 2 * slices && h * jobs < s {
            // The slices never wait: they work from the first doorbell to the last completion.
            let busy = total * s / slices;
            assert!(took <= busy + 2 * jobs * h, "{what}: {took}, busy {busy}");
        }
        if s < h {
            // Nor does the host.
            assert!(took <= total * h + OPS * s, "{what}: {took}");
        }
    }
}

/// Nothing is left behind where the ring is shallow and the device fetches later than it is rung.
#[test]
fn a_shallow_ring_serves_its_line() {
    let mut config = device(2, us(5));
    config.queue.ring_depth = 4;
    for reap_and_notify in [Notify::Callback, Notify::Fd] {
        let world = World::new(config.clone());
        let mut line = world.line(EngineConfig {
            notify: reap_and_notify,
            ..engine(COSTS)
        });
        for _ in 0..20 {
            spawn(&mut line.reactor, world.key, 3);
        }
        line.reactor.run().expect("nothing stalls");
        assert_eq!(line.log.returned().len(), 60);
        for op in line.log.returned() {
            assert!(op.moments.in_order().is_sorted(), "{op:?}");
        }
    }
}

/// The costs are part of a run's seed, so to speak: nothing else changes.
#[test]
fn free_is_the_default() {
    assert_eq!(EngineConfig::default().host, HostCosts::FREE);
    assert_eq!(HostCosts::default(), HostCosts::FREE);
    let world = World::new(device(1, us(10)));
    let mut line = world.line(engine(HostCosts::FREE));
    spawn(&mut line.reactor, world.key, 2);
    let reactor: &mut Reactor = &mut line.reactor;
    reactor.run().expect("nothing stalls");
    assert_eq!(
        (reactor.engine().now(), world.device.now()),
        (us(20), us(20))
    );
}
