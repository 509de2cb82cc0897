//! The statuses of every combination of key and op, for the engine that computes and for the one
//! that does not.

use super::*;
use crate::keys::{AesKey, PrivateKey};

const RSA_KEY: &[u8] = include_bytes!("../../tests/data/keys/test-rsa2048.pkcs8.pem");
const RSA_PUBLIC: &[u8] = include_bytes!("../../tests/data/keys/test-rsa2048.public.pkcs1.der");
const P256_KEY: &[u8] = include_bytes!("../../tests/data/keys/test-p256.pkcs8.pem");
const P256_PUBLIC: &[u8] = include_bytes!("../../tests/data/keys/test-p256.public.pem");
const P384_KEY: &[u8] = include_bytes!("../../tests/data/keys/test-p384.pkcs8.pem");
const P384_PUBLIC: &[u8] = include_bytes!("../../tests/data/keys/test-p384.public.pem");

const KEYS: [&str; 7] = [
    "RSA",
    "RSA public",
    "P-256",
    "P-256 public",
    "P-384",
    "P-384 public",
    "AES",
];

/// The keys of [`KEYS`] in a vault, in that order.
fn import_all(vault: &dyn Vault) -> Vec<KeyId> {
    let private =
        [RSA_KEY, P256_KEY, P384_KEY].map(|bytes| PrivateKey::parse(bytes, "test key").unwrap());
    let aes = AesKey::new(&[5; 32]).unwrap();
    let (p256, p384) = (public_point(P256_PUBLIC, 65), public_point(P384_PUBLIC, 97));
    [
        private[0].material(),
        KeyMaterial::RsaPublic(RSA_PUBLIC),
        private[1].material(),
        KeyMaterial::EcdsaP256Public(&p256),
        private[2].material(),
        KeyMaterial::EcdsaP384Public(&p384),
        aes.material(),
    ]
    .map(|material| vault.import(material).unwrap())
    .to_vec()
}

/// The point at the end of a public key as openssl writes it.
fn public_point(pem: &[u8], len: usize) -> Vec<u8> {
    let der = pem::parse(pem).unwrap().into_contents();
    der[der.len() - len..].to_vec()
}

fn work(kind: OpKind, scheme: Scheme) -> Work<'static> {
    Work {
        kind,
        scheme,
        input_is: Input::Message,
        nonce: [0; 12],
        input: b"a message that is longer than a tag",
        extra: b"no signature",
    }
}

/// Which keys can do an op, once the scheme fits it.
fn can(key: &str, kind: OpKind, scheme: Scheme) -> bool {
    match kind {
        OpKind::RsaSign => key == "RSA",
        OpKind::RsaVerify => key.starts_with("RSA"),
        OpKind::EcdsaSign => key == curve(scheme),
        OpKind::EcdsaVerify => key.starts_with(curve(scheme)),
        OpKind::AeadSeal | OpKind::AeadOpen => key == "AES",
        OpKind::Task => false,
    }
}

fn curve(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::EcdsaP256Sha256 => "P-256",
        _ => "P-384",
    }
}

fn fits(kind: OpKind, scheme: Scheme) -> bool {
    let is_ecdsa = matches!(scheme, Scheme::EcdsaP256Sha256 | Scheme::EcdsaP384Sha384);
    match kind {
        OpKind::RsaSign | OpKind::RsaVerify => scheme != Scheme::None && !is_ecdsa,
        OpKind::EcdsaSign | OpKind::EcdsaVerify => is_ecdsa,
        OpKind::AeadSeal | OpKind::AeadOpen => scheme == Scheme::None,
        OpKind::Task => false,
    }
}

fn every_combination(mut look: impl FnMut(usize, OpKind, Scheme)) {
    for key in 0..KEYS.len() {
        for kind in OpKind::ALL {
            for scheme in Scheme::ALL.into_iter().chain([Scheme::None]) {
                look(key, kind, scheme);
            }
        }
    }
}

#[test]
fn every_combination_of_key_op_and_scheme_has_its_status() {
    let vault = KeyTable::new(RingCompute::new());
    let keys = import_all(&vault);
    let mut output = [0; 512];
    let mut counts = [0; 3];
    every_combination(|index, kind, scheme| {
        let result = vault.execute(keys[index], work(kind, scheme), &mut output);
        let case = format!("{} {kind} {scheme:?}: {result:?}", KEYS[index]);
        if !fits(kind, scheme) {
            assert_eq!(result, Err(Status::BadRequest), "{case}");
            counts[0] += 1;
        } else if !can(KEYS[index], kind, scheme) {
            assert_eq!(result, Err(Status::BadKey), "{case}");
            counts[1] += 1;
        } else {
            match kind {
                OpKind::RsaSign => assert_eq!(result, Ok(256), "{case}"),
                OpKind::EcdsaSign => assert!(result.is_ok_and(|len| len > 60), "{case}"),
                OpKind::AeadSeal => assert_eq!(result, Ok(35 + 16), "{case}"),
                _ => assert_eq!(result, Err(Status::Mismatch), "{case}"),
            }
            counts[2] += 1;
        }
    });
    // Of 7 keys, 7 ops and 9 schemes: 2 x 6 RSA, 2 x 2 ECDSA and 2 AEAD pairs of op and scheme fit;
    // per scheme, one key signs and two verify, and one key does AEAD.
    assert_eq!(counts, [441 - 126, 126 - 26, 26]);
}

#[test]
fn computing_nothing_answers_alike_where_nothing_need_be_authentic() {
    let real = KeyTable::new(RingCompute::new());
    let none = KeyTable::new(NoCompute::new());
    let (real_keys, none_keys) = (import_all(&real), import_all(&none));
    let mut output = [0xaa; 512];
    every_combination(|index, kind, scheme| {
        for input_is in [Input::Message, Input::Digest] {
            for capacity in [0, 50, 103, 255, 512] {
                let work = Work {
                    input_is,
                    ..work(kind, scheme)
                };
                let real = real.execute(real_keys[index], work, &mut output[..capacity]);
                output.fill(0xaa);
                let none = none.execute(none_keys[index], work, &mut output[..capacity]);
                let case = format!("{} {kind} {scheme:?} {input_is:?} {capacity}", KEYS[index]);
                match (kind, real, none) {
                    (OpKind::EcdsaSign, Ok(real), Ok(none)) => assert!(real <= none, "{case}"),
                    (_, Err(Status::Mismatch), Ok(len)) => {
                        let expected = if kind == OpKind::AeadOpen { 35 - 16 } else { 0 };
                        assert_eq!(len, expected, "{case}");
                    }
                    (_, real, none) => assert_eq!(real, none, "{case}"),
                }
                let filled = none.unwrap_or(0);
                assert!(output[..filled].iter().all(|&byte| byte == 0), "{case}");
                assert!(output[filled..].iter().all(|&byte| byte == 0xaa), "{case}");
            }
        }
    });
}

#[test]
fn digests_are_not_signed_and_small_outputs_not_filled() {
    let vault = KeyTable::new(RingCompute::new());
    let keys = import_all(&vault);
    let digest = |kind, scheme| Work {
        input_is: Input::Digest,
        ..work(kind, scheme)
    };
    for (key, work, capacity, status) in [
        (
            0,
            digest(OpKind::RsaSign, Scheme::PssSha256),
            512,
            Status::Unsupported,
        ),
        (
            0,
            digest(OpKind::RsaVerify, Scheme::PssSha256),
            0,
            Status::Unsupported,
        ),
        (
            2,
            digest(OpKind::EcdsaSign, Scheme::EcdsaP256Sha256),
            512,
            Status::Unsupported,
        ),
        (
            6,
            digest(OpKind::AeadSeal, Scheme::None),
            512,
            Status::BadRequest,
        ),
        (
            0,
            work(OpKind::RsaSign, Scheme::Pkcs1Sha512),
            255,
            Status::OutputTooSmall,
        ),
        (
            2,
            work(OpKind::EcdsaSign, Scheme::EcdsaP256Sha256),
            71,
            Status::OutputTooSmall,
        ),
        (
            4,
            work(OpKind::EcdsaSign, Scheme::EcdsaP384Sha384),
            103,
            Status::OutputTooSmall,
        ),
        (
            6,
            work(OpKind::AeadSeal, Scheme::None),
            50,
            Status::OutputTooSmall,
        ),
        (
            6,
            work(OpKind::AeadOpen, Scheme::None),
            18,
            Status::OutputTooSmall,
        ),
        (
            6,
            Work {
                input: &[0; 15],
                ..work(OpKind::AeadOpen, Scheme::None)
            },
            512,
            Status::Mismatch,
        ),
        (
            6,
            Work {
                input: &[0; 16],
                ..work(OpKind::AeadOpen, Scheme::None)
            },
            512,
            Status::Mismatch,
        ),
    ] {
        let mut output = [0xaa; 512];
        let result = vault.execute(keys[key], work, &mut output[..capacity]);
        let case = format!("{} {}", KEYS[key], work.kind);
        assert_eq!(result, Err(status), "{case}");
        assert!(
            output.iter().all(|&byte| byte == 0xaa),
            "{case}: output was touched"
        );
    }
}

#[test]
fn public_keys_are_looked_at_on_import() {
    let vault = KeyTable::new(RingCompute::new());
    let p256 = public_point(P256_PUBLIC, 65);
    let mut off_curve = p256.clone();
    off_curve[64] ^= 1;
    for (material, expected) in [
        (KeyMaterial::EcdsaP256Public(&off_curve), "no point on P256"),
        (KeyMaterial::EcdsaP384Public(&p256), "give 97 bytes"),
        (KeyMaterial::EcdsaP256Public(&p256[1..]), "give 65 bytes"),
        (KeyMaterial::EcdsaP256Public(&[]), "give 65 bytes"),
        (KeyMaterial::RsaPublic(&RSA_PUBLIC[..200]), "truncated"),
        (KeyMaterial::RsaPublic(b""), "not a key"),
    ] {
        let error = vault.import(material).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn nothing_shows_a_key() {
    let engine = RingCompute::new();
    let key = engine.import(KeyMaterial::AesGcm(&[0xab; 16])).unwrap();
    assert_eq!(format!("{key:?}"), "RingKey(AesGcm { key_len: 16 })");
}
