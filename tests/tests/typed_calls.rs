//! Every typed call gives right results, in a job and outside of one, on every driver and in every
//! cell; and its errors are of the right family.

use std::cell::RefCell;
use std::rc::Rc;

use pausewake_device::DeviceConfig;
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::Status;
use pausewake_engine::{
    DeviceFault, EcdsaCurve, Engine, EngineConfig, Error, Misuse, OnFull, Retry, RsaPadding,
};
use pausewake_tests::{AES_KEY, Keys, P256_PKCS8, RSA_2048_PUBLIC, Rig, Time, everywhere, seal};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

macro_rules! answer {
    ($name:literal) => {
        include_bytes!(concat!("../../sim-device/tests/data/answers/", $name))
    };
}

const MESSAGE: &[u8] = answer!("message.txt");

/// Paddings, openssl's signature of `MESSAGE`, and how `ring` verifies it.
const RSA: [(RsaPadding, &[u8], &dyn VerificationAlgorithm); 6] = [
    (
        RsaPadding::Pkcs1Sha256,
        answer!("rsa2048-pkcs1-sha256.sig"),
        &signature::RSA_PKCS1_2048_8192_SHA256,
    ),
    (
        RsaPadding::Pkcs1Sha384,
        answer!("rsa2048-pkcs1-sha384.sig"),
        &signature::RSA_PKCS1_2048_8192_SHA384,
    ),
    (
        RsaPadding::Pkcs1Sha512,
        answer!("rsa2048-pkcs1-sha512.sig"),
        &signature::RSA_PKCS1_2048_8192_SHA512,
    ),
    (
        RsaPadding::PssSha256,
        answer!("rsa2048-pss-sha256.sig"),
        &signature::RSA_PSS_2048_8192_SHA256,
    ),
    (
        RsaPadding::PssSha384,
        answer!("rsa2048-pss-sha384.sig"),
        &signature::RSA_PSS_2048_8192_SHA384,
    ),
    (
        RsaPadding::PssSha512,
        answer!("rsa2048-pss-sha512.sig"),
        &signature::RSA_PSS_2048_8192_SHA512,
    ),
];

/// All five calls, checked against what openssl and `ring` say.
fn every_call_is_right(engine: &Engine, keys: Keys) {
    for (padding, openssl, algorithm) in RSA {
        let signature = engine.rsa_sign(keys.rsa, padding, MESSAGE).expect("signs");
        UnparsedPublicKey::new(algorithm, RSA_2048_PUBLIC)
            .verify(MESSAGE, &signature)
            .expect("ring accepts it");
        if is_deterministic(padding) {
            assert_eq!(&*signature, openssl, "{padding:?}");
        }
        for key in [keys.rsa, keys.rsa_public] {
            assert_eq!(engine.rsa_verify(key, padding, MESSAGE, openssl), Ok(()));
        }
        assert_eq!(
            engine.rsa_verify(keys.rsa_public, padding, b"another message", openssl),
            Err(Error::NotAuthentic)
        );
    }
    let signature = engine
        .ecdsa_sign(keys.p256, EcdsaCurve::P256, MESSAGE)
        .expect("signs");
    let point = &P256_PKCS8[P256_PKCS8.len() - 65..];
    UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point)
        .verify(MESSAGE, &signature)
        .expect("ring accepts it");
    aead_is_right(engine, keys.aes);
}

/// PSS salts its signatures.
fn is_deterministic(padding: RsaPadding) -> bool {
    matches!(
        padding,
        RsaPadding::Pkcs1Sha256 | RsaPadding::Pkcs1Sha384 | RsaPadding::Pkcs1Sha512
    )
}

fn aead_is_right(engine: &Engine, key: KeyId) {
    // Test case 2 of McGrew and Viega's GCM paper: everything is zero.
    let mut sealed = [0xAA; 40];
    let len = engine.aead_seal(key, [0; 12], b"", &[0; 16], &mut sealed);
    assert_eq!(len, Ok(32));
    assert_eq!(
        sealed[..32],
        [
            0x03, 0x88, 0xda, 0xce, 0x60, 0xb6, 0xa3, 0x92, 0xf3, 0x28, 0xc2, 0xb9, 0x71, 0xb2,
            0xfe, 0x78, 0xab, 0x6e, 0x47, 0xd4, 0x2c, 0xec, 0x13, 0xbd, 0xf5, 0x3a, 0x67, 0xb2,
            0x12, 0x57, 0xbd, 0xdf
        ]
    );
    assert_eq!(sealed[32..], [0xAA; 8], "only the result is written");

    let ring_key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &AES_KEY).expect("16 bytes"));
    for (round, len) in (1..).zip([0, 1, 15, 1_000, 16_384]) {
        let plaintext: Vec<u8> = (0..=250).cycle().take(len).collect();
        let nonce = [round; 12];
        let mut expected = plaintext.clone();
        ring_key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(b"header"),
                &mut expected,
            )
            .expect("ring seals");
        let mut sealed = vec![0; len + 16];
        let sealed_len = engine.aead_seal(key, nonce, b"header", &plaintext, &mut sealed);
        assert_eq!(sealed_len, Ok(len + 16));
        assert_eq!(sealed, expected);

        let mut opened = vec![0; len];
        let opened_len = engine.aead_open(key, nonce, b"header", &sealed, &mut opened);
        assert_eq!(opened_len, Ok(len));
        assert_eq!(opened, plaintext);

        sealed[len] ^= 1;
        let mut untouched = vec![0x55; len];
        assert_eq!(
            engine.aead_open(key, nonce, b"header", &sealed, &mut untouched),
            Err(Error::NotAuthentic)
        );
        assert_eq!(untouched, vec![0x55; len]);
    }
}

fn every_misuse_is_named(engine: &Engine, keys: Keys) {
    let bad_key = Err(Error::Misuse(Misuse::BadKey));
    let mut sealed = [0; 64];
    let rsa = engine.rsa_sign(keys.aes, RsaPadding::default(), MESSAGE);
    assert_eq!(rsa.map(|_| ()), bad_key);
    let public = engine.rsa_sign(keys.rsa_public, RsaPadding::default(), MESSAGE);
    assert_eq!(public.map(|_| ()), bad_key);
    assert_eq!(
        engine
            .aead_seal(KeyId::NONE, [0; 12], b"", b"text", &mut sealed)
            .map(|_| ()),
        bad_key
    );
    assert_eq!(
        engine.aead_seal(keys.aes, [0; 12], b"", b"text", &mut sealed[..19]),
        Err(Misuse::OutputTooSmall.into())
    );
    assert_eq!(
        engine.aead_open(keys.aes, [0; 12], b"", &[0; 40], &mut sealed[..23]),
        Err(Misuse::OutputTooSmall.into())
    );
    let large = vec![0; 18 * 1024];
    let mut room = vec![0; 19 * 1024];
    assert_eq!(
        engine.aead_seal(keys.aes, [0; 12], b"", &large, &mut room),
        Err(Error::Misuse(Misuse::TooLarge {
            needed: 18 * 1024 + 16,
            slot_size: 18 * 1024
        }))
    );
    assert_eq!(
        engine.aead_seal(keys.aes, [0; 12], b"x", &large, &mut room[..1]),
        Err(Error::Misuse(Misuse::TooLarge {
            needed: 18 * 1024 + 1,
            slot_size: 18 * 1024
        }))
    );
}

#[test]
fn in_a_job() {
    everywhere(|time, cell| {
        let mut rig = Rig::new(time, cell);
        let (engine, keys) = (rig.engine.clone(), rig.keys);
        rig.spawn(move || {
            every_call_is_right(&engine, keys);
            every_misuse_is_named(&engine, keys);
        });
        rig.run();
        assert_eq!(rig.engine.slots_in_use(), 0, "{time:?} {cell:?}");
        assert_eq!(rig.engine.stats().waits_in_place, 0, "{time:?} {cell:?}");
    });
}

#[test]
fn outside_of_jobs() {
    everywhere(|time, cell| {
        let rig = Rig::new(time, cell);
        let keys = rig.keys;
        rig.in_place(|engine| {
            every_call_is_right(engine, keys);
            every_misuse_is_named(engine, keys);
        });
        let stats = rig.engine.stats();
        assert_eq!(rig.engine.slots_in_use(), 0, "{time:?} {cell:?}");
        assert_eq!(stats.waits_in_place, stats.submitted, "{time:?} {cell:?}");
    });
}

/// Also if it is the one that the device has used last, and may hold on to.
#[test]
fn a_key_that_is_in_use_can_be_revoked() {
    everywhere(|time, cell| {
        let rig = Rig::new(time, cell);
        let aes = rig.keys.aes;
        assert_eq!(rig.in_place(|engine| seal(engine, aes)), Ok(20));
        assert!(rig.device.revoke_key(aes));
        let sealed = rig.in_place(|engine| seal(engine, aes));
        assert_eq!(sealed, Err(Misuse::BadKey.into()), "{time:?} {cell:?}");
    });
}

#[test]
fn a_revoked_key_is_unknown() {
    everywhere(|time, cell| {
        let rig = Rig::new(time, cell);
        assert!(rig.device.revoke_key(rig.keys.aes));
        let sealed = rig
            .in_place(|engine| engine.aead_seal(rig.keys.aes, [0; 12], b"", b"text", &mut [0; 64]));
        assert_eq!(sealed, Err(Misuse::BadKey.into()));
    });
}

#[test]
fn a_failing_device_is_named_and_the_wait_context_told() {
    for cell in Time::Manual.cells() {
        let mut rig = Rig::new(Time::Manual, cell);
        let (engine, keys) = (rig.engine.clone(), rig.keys);
        let outcome = Rc::new(RefCell::new(None));
        let told = outcome.clone();
        rig.spawn(move || {
            let wait_ctx = pausewake_jobs::current().expect("a job").wait_ctx();
            let result = engine.aead_seal(keys.aes, [0; 12], b"", b"text", &mut [0; 20]);
            *told.borrow_mut() = Some((result, wait_ctx.status()));
        });
        rig.settle();
        let pending = rig.manual().pending();
        assert_eq!(pending.len(), 1);
        rig.manual()
            .complete(pending[0].id, Status::DeviceError)
            .expect("it is pending");
        rig.settle();
        let expected = (
            Err(Error::Device(DeviceFault::Failed)),
            pausewake_jobs::WaitStatus::ERR,
        );
        assert_eq!(outcome.take(), Some(expected));
    }
}

#[test]
fn a_full_queue_is_a_retry_if_the_engine_does_not_wait() {
    for cell in Time::Manual.cells() {
        let mut config = DeviceConfig::default();
        config.queue.slots = 2;
        let engine_config = EngineConfig {
            on_full: OnFull::Fail,
            ..cell.config()
        };
        let mut rig = Rig::made(Time::Manual, config, engine_config, None);
        let results = Rc::new(RefCell::new(Vec::new()));
        for job in 0..3 {
            let (engine, results, key) = (rig.engine.clone(), results.clone(), rig.keys.aes);
            rig.spawn(move || {
                let result = seal(&engine, key);
                results.borrow_mut().push((job, result));
            });
        }
        let full = Err(Error::Retry(Retry::Full));
        assert_eq!(results.take(), [(2, full)], "{cell:?}");
        rig.settle();
        assert_eq!(rig.complete_all(), 2);
        rig.run();
        assert_eq!(results.take(), [(0, Ok(20)), (1, Ok(20))], "{cell:?}");
    }
}

#[test]
fn a_job_without_a_callback_is_told_so() {
    everywhere(|time, cell| {
        // Elsewhere nobody misses it.
        if !cell.is_by_callback() {
            return;
        }
        let rig = Rig::new(time, cell);
        let (engine, key) = (rig.engine.clone(), rig.keys.aes);
        let outcome = pausewake_jobs::start(None, move || seal(&engine, key));
        let result = outcome.expect("a job can be had").finished();
        let expected = Err(Misuse::NoCallback.into());
        assert_eq!(result, Some(expected), "{time:?} {cell:?}");
        assert_eq!(rig.engine.slots_in_use(), 0);
    });
}
