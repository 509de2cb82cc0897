//! Every kind of op through rings and slots, and every way in which it can be refused.

use pausewake_device::compute::KeyMaterial;
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{OpKind, Scheme, Status};

use super::rig::{Answer, Ask, DriverKind, Rig, answer_file, config, key_file};

for_each_driver!(
    rsa_signs_and_verifies,
    ecdsa_signs_and_verifies,
    aead_seals_and_opens,
    wrong_and_revoked_keys_are_told,
    too_little_room_is_told,
    digests_are_refused,
    a_failed_op_leaves_its_slot_as_it_was,
);

fn rsa_signs_and_verifies(driver: DriverKind) {
    let mut rig = Rig::new(driver, config());
    let message = answer_file("message.txt");
    let key = rig
        .device
        .import_key(key_file("test-rsa2048.pkcs8.pem").material())
        .expect("a usable key");
    let sign = |scheme| Ask {
        kind: OpKind::RsaSign,
        scheme,
        key,
        input: &message,
        extra: &[],
        capacity: 256,
    };
    let known = answer_file("rsa2048-pkcs1-sha256.sig");
    assert_eq!(
        rig.run(&sign(Scheme::Pkcs1Sha256)),
        ok(&known),
        "as openssl signs"
    );

    let pss = rig.run(&sign(Scheme::PssSha512));
    assert_eq!((pss.status, pss.output.len()), (Status::Ok, 256));
    let pss_of_openssl = answer_file("rsa2048-pss-sha512.sig");
    let mut wrong = known.clone();
    wrong[100] ^= 1;
    for (scheme, signature, status) in [
        (Scheme::Pkcs1Sha256, &known, Status::Ok),
        (Scheme::PssSha512, &pss.output, Status::Ok),
        (Scheme::PssSha512, &pss_of_openssl, Status::Ok),
        (Scheme::Pkcs1Sha256, &wrong, Status::Mismatch),
        (Scheme::Pkcs1Sha384, &known, Status::Mismatch),
    ] {
        let verify = Ask {
            kind: OpKind::RsaVerify,
            extra: signature,
            capacity: 0,
            ..sign(scheme)
        };
        assert_eq!(rig.run(&verify), failed(status), "{scheme:?}");
    }
}

fn ecdsa_signs_and_verifies(driver: DriverKind) {
    let mut rig = Rig::new(driver, config());
    let message = answer_file("message.txt");
    for (file, answer, scheme) in [
        (
            "test-p256.pkcs8.pem",
            "p256-sha256.sig",
            Scheme::EcdsaP256Sha256,
        ),
        (
            "test-p384.pkcs8.pem",
            "p384-sha384.sig",
            Scheme::EcdsaP384Sha384,
        ),
    ] {
        let key = rig.device.import_key(key_file(file).material());
        let sign = Ask {
            kind: OpKind::EcdsaSign,
            scheme,
            key: key.expect("a usable key"),
            input: &message,
            extra: &[],
            capacity: 128,
        };
        let signed = rig.run(&sign);
        assert_eq!(signed.status, Status::Ok);
        let of_openssl = answer_file(answer);
        let mut wrong = signed.output.clone();
        *wrong.last_mut().expect("a signature") ^= 1;
        for (signature, status) in [
            (&signed.output, Status::Ok),
            (&of_openssl, Status::Ok),
            (&wrong, Status::Mismatch),
        ] {
            let verify = Ask {
                kind: OpKind::EcdsaVerify,
                extra: signature,
                capacity: 0,
                ..sign
            };
            assert_eq!(rig.run(&verify), failed(status), "{file}");
        }
    }
}

fn aead_seals_and_opens(driver: DriverKind) {
    let mut rig = Rig::new(driver, config());
    let plaintext: Vec<u8> = (0..=255).cycle().take(1400).collect();
    for key_len in [16, 32] {
        let key = aes(&rig, &[7; 32][..key_len]);
        let sealed = rig.run(&seal(key, &plaintext, b"header", 1416));
        assert_eq!((sealed.status, sealed.output.len()), (Status::Ok, 1416));
        assert_ne!(sealed.output[..1400], plaintext);

        let open = |input, extra| Ask {
            kind: OpKind::AeadOpen,
            capacity: 1400,
            ..seal(key, input, extra, 0)
        };
        assert_eq!(rig.run(&open(&sealed.output, b"header")), ok(&plaintext));
        let mut wrong = sealed.output.clone();
        wrong[1400] ^= 1;
        for (input, extra) in [
            (&wrong[..], &b"header"[..]),
            (&sealed.output, b"Header"),
            (&sealed.output[..15], b""),
        ] {
            assert_eq!(rig.run(&open(input, extra)), failed(Status::Mismatch));
        }
    }
}

fn wrong_and_revoked_keys_are_told(driver: DriverKind) {
    let mut rig = Rig::new(driver, config());
    let rsa = rig
        .device
        .import_key(key_file("test-rsa2048.pkcs8.pem").material())
        .expect("a usable key");
    let key = aes(&rig, &[1; 16]);
    assert_eq!(rig.run(&seal(key, b"x", b"", 17)).status, Status::Ok);

    let stranger = KeyId {
        generation: key.generation + 1,
        ..key
    };
    let beyond = KeyId {
        index: 1_000_000,
        generation: 1,
    };
    for wrong in [rsa, stranger, beyond, KeyId::NONE] {
        assert_eq!(
            rig.run(&seal(wrong, b"x", b"", 17)),
            failed(Status::BadKey),
            "{wrong:?}"
        );
    }
    assert!(rig.device.revoke_key(key));
    assert!(!rig.device.revoke_key(key), "it is gone already");
    assert_eq!(rig.run(&seal(key, b"x", b"", 17)), failed(Status::BadKey));
    let next = aes(&rig, &[2; 16]);
    assert_eq!(
        rig.run(&seal(key, b"x", b"", 17)),
        failed(Status::BadKey),
        "a dead name stays dead"
    );
    assert_eq!(rig.run(&seal(next, b"x", b"", 17)).status, Status::Ok);
}

fn too_little_room_is_told(driver: DriverKind) {
    let mut rig = Rig::new(driver, config());
    let rsa = rig
        .device
        .import_key(key_file("test-rsa2048.pkcs8.pem").material())
        .expect("a usable key");
    let sign = Ask {
        kind: OpKind::RsaSign,
        scheme: Scheme::Pkcs1Sha256,
        ..seal(rsa, b"message", b"", 255)
    };
    assert_eq!(rig.run(&sign), failed(Status::OutputTooSmall));
    let key = aes(&rig, &[1; 16]);
    let tight = seal(key, b"hello", b"", 20);
    assert_eq!(rig.run(&tight), failed(Status::OutputTooSmall));
    let whole_slot = [9; 2048];
    let beyond = seal(key, &whole_slot, b"", 2048);
    assert_eq!(rig.run(&beyond), failed(Status::OutputTooSmall));
}

fn digests_are_refused(driver: DriverKind) {
    let mut rig = Rig::new(driver, config());
    let rsa = rig
        .device
        .import_key(key_file("test-rsa2048.pkcs8.pem").material())
        .expect("a usable key");
    let sign = Ask {
        kind: OpKind::RsaSign,
        scheme: Scheme::Pkcs1Sha256,
        ..seal(rsa, &[5; 32], b"", 256)
    };
    let key = aes(&rig, &[1; 16]);
    let seal = seal(key, &[5; 32], b"", 48);
    for (ask, input, status) in [
        (&sign, 1, Status::Unsupported),
        (&seal, 1, Status::BadRequest),
        (&sign, 2, Status::BadRequest),
    ] {
        let cookie = rig.cookie(3);
        let mut descriptor = ask.descriptor(cookie);
        descriptor.input = input;
        assert_eq!(rig.run_descriptor(ask, descriptor), failed(status));
    }
}

fn a_failed_op_leaves_its_slot_as_it_was(driver: DriverKind) {
    let mut rig = Rig::new(driver, config());
    let key = aes(&rig, &[1; 16]);
    let forged = [0xa5; 48];
    let open = Ask {
        kind: OpKind::AeadOpen,
        ..seal(key, &forged, b"", 32)
    };
    assert_eq!(rig.run(&open), failed(Status::Mismatch));
    let mut slot = [0; 48];
    rig.queue.read_payload(3, &mut slot).expect("fits");
    assert_eq!(slot, forged, "no unauthenticated plaintext comes out");
}

fn aes(rig: &Rig, bytes: &[u8]) -> KeyId {
    rig.device
        .import_key(KeyMaterial::AesGcm(bytes))
        .expect("a usable key")
}

fn seal<'a>(key: KeyId, input: &'a [u8], extra: &'a [u8], capacity: u32) -> Ask<'a> {
    Ask {
        kind: OpKind::AeadSeal,
        scheme: Scheme::None,
        key,
        input,
        extra,
        capacity,
    }
}

fn ok(output: &[u8]) -> Answer {
    Answer {
        status: Status::Ok,
        output: output.to_vec(),
    }
}

/// Ended so, without output (as a verification does, too).
fn failed(status: Status) -> Answer {
    Answer {
        status,
        output: Vec::new(),
    }
}
