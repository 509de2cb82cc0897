//! Key files: every form that is read, and a message of its own for every kind that is not.

use std::fs;
use std::path::{Path, PathBuf};

use pausewake_device::compute::{KeyMaterial, KeyTable, RingCompute, Vault};
use pausewake_device::keys::{Encryption, KeyKind, KeyProblem, MAX_KEY_FILE_BYTES, PrivateKey};
use proptest::prelude::*;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/keys")
        .join(name)
}

/// The problem with a file, after checking that the message names the file.
fn problem(name: &str) -> KeyProblem {
    let error = PrivateKey::read(path(name)).expect_err(name);
    assert!(error.to_string().contains(name), "no file name: {error}");
    error.problem
}

#[test]
fn every_form_of_a_usable_key_is_read_and_imported() {
    let vault = KeyTable::new(RingCompute::new());
    for (name, kind) in [
        ("test-rsa2048.pkcs8.pem", KeyKind::Rsa { bits: 2048 }),
        ("test-rsa2048.pkcs8.der", KeyKind::Rsa { bits: 2048 }),
        ("test-rsa2048.pkcs1.pem", KeyKind::Rsa { bits: 2048 }),
        ("test-rsa2048.pkcs1.der", KeyKind::Rsa { bits: 2048 }),
        ("test-rsa2048.combined.pem", KeyKind::Rsa { bits: 2048 }),
        ("test-rsa3072.pkcs8.pem", KeyKind::Rsa { bits: 3072 }),
        ("test-rsa4096.pkcs8.pem", KeyKind::Rsa { bits: 4096 }),
        ("test-p256.pkcs8.pem", KeyKind::EcdsaP256),
        ("test-p256.pkcs8.der", KeyKind::EcdsaP256),
        ("test-p256.sec1.pem", KeyKind::EcdsaP256),
        ("test-p256.ecparam.pem", KeyKind::EcdsaP256),
        ("test-p384.pkcs8.pem", KeyKind::EcdsaP384),
        ("test-p384.sec1.der", KeyKind::EcdsaP384),
    ] {
        let key = PrivateKey::read(path(name)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(key.kind(), kind, "{name}");
        vault
            .import(key.material())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert_eq!(vault.len(), 13);
}

#[test]
fn line_ends_of_other_systems_do_no_harm() {
    let unix = fs::read_to_string(path("test-rsa2048.pkcs8.pem")).unwrap();
    let windows = unix.replace('\n', "\r\n");
    let key = PrivateKey::parse(windows.as_bytes(), "windows.pem").unwrap();
    assert_eq!(key.kind(), KeyKind::Rsa { bits: 2048 });
}

/// File, a pattern that its problem must match, and what the message must tell the user to do.
macro_rules! wrong_files {
    ($($file:literal => $problem:pat, $advice:literal;)*) => {
        /// Each wrong file with the problem that was found and the advice that is wanted.
        fn wrong_files() -> Vec<(&'static str, bool, KeyProblem, &'static str)> {
            vec![$({
                let found = problem($file);
                ($file, matches!(found, $problem), found, $advice)
            }),*]
        }
    };
}

wrong_files! {
    "does-not-exist.pem" => KeyProblem::NotFound, "check the path";
    "." => KeyProblem::Unreadable { .. }, "must be a regular file";
    "wrong-empty.pem" => KeyProblem::Empty, "openssl genpkey";
    "wrong-text.txt" => KeyProblem::NotAKey, "give a PKCS#8";
    "test-rsa2048.certificate.pem" => KeyProblem::Certificate, "private key that belongs to it";
    "test-rsa2048.certificate.der" => KeyProblem::Certificate, "private key that belongs to it";
    "test-rsa2048.request.pem" => KeyProblem::CertificateRequest, "private key that made it";
    "test-rsa2048.request.der" => KeyProblem::CertificateRequest, "private key that made it";
    "test-rsa2048.public.pem" => KeyProblem::PublicKey, "needs the private key";
    "test-rsa2048.public.der" => KeyProblem::PublicKey, "needs the private key";
    "test-rsa2048.public.pkcs1.pem" => KeyProblem::PublicKey, "needs the private key";
    "test-rsa2048.public.pkcs1.der" => KeyProblem::PublicKey, "needs the private key";
    "test-p256.public.pem" => KeyProblem::PublicKey, "needs the private key";
    "wrong-dh.parameters.pem" => KeyProblem::Parameters { what: "DH" }, "contain no key";
    "wrong-dh.parameters.der" => KeyProblem::Parameters { .. }, "contain no key";
    "wrong-dsa.parameters.pem" => KeyProblem::Parameters { what: "DSA" }, "contain no key";
    "wrong-ec.parameters.pem" => KeyProblem::Parameters { what: "EC" }, "contain no key";
    "wrong-encrypted.pkcs8.pem" => KeyProblem::Encrypted { form: Encryption::Pkcs8 },
        "openssl pkey -in FILE -out plain.pem";
    "wrong-encrypted.pkcs8.der" => KeyProblem::Encrypted { form: Encryption::Pkcs8 },
        "openssl pkey -in FILE -out plain.pem";
    "wrong-encrypted.pkcs1.pem" => KeyProblem::Encrypted { form: Encryption::Legacy },
        "Proc-Type: 4,ENCRYPTED";
    "wrong-pkcs12.p12" => KeyProblem::Pkcs12, "openssl pkcs12";
    "wrong-rsa1024.pem" => KeyProblem::RsaTooSmall { bits: 1024 }, "make one of 2048";
    "wrong-rsa2560.pem" => KeyProblem::RsaUnusualSize { bits: 2560 }, "make one of 2048";
    "wrong-rsa8192.pem" => KeyProblem::RsaTooLarge { bits: 8192 }, "make one of 2048";
    "wrong-rsa-e3.pem" => KeyProblem::RsaExponent { exponent: 3, least: 65_537 },
        "rsa_keygen_pubexp:65537";
    "wrong-rsa-three-primes.pem" => KeyProblem::RsaMultiPrime, "make one of two";
    "wrong-rsa-pss.pem" => KeyProblem::RsaPssRestricted, "make an RSA key";
    "wrong-ed25519.pem" => KeyProblem::UnsupportedAlgorithm { .. }, "for Ed25519";
    "wrong-x25519.pem" => KeyProblem::UnsupportedAlgorithm { .. }, "for X25519";
    "wrong-dsa.pem" => KeyProblem::UnsupportedAlgorithm { .. }, "for DSA";
    "wrong-dsa.traditional.pem" => KeyProblem::UnsupportedAlgorithm { .. }, "for DSA";
    "wrong-secp256k1.pem" => KeyProblem::UnsupportedCurve { .. }, "on secp256k1";
    "wrong-p521.pem" => KeyProblem::UnsupportedCurve { .. }, "on P-521";
    "wrong-p521.sec1.pem" => KeyProblem::UnsupportedCurve { .. }, "on P-521";
    "wrong-p256-explicit.pem" => KeyProblem::EcExplicitParameters, "-ec_param_enc named_curve";
    "wrong-p256-no-public.pem" => KeyProblem::EcPublicMissing, "openssl pkey -in FILE";
    "wrong-truncated.der" => KeyProblem::Truncated { found_bytes: 700, .. }, "copy the file anew";
    "wrong-trailing.der" => KeyProblem::TrailingBytes { count_bytes: 7 }, "cut them off";
    "wrong-no-end.pem" => KeyProblem::MalformedPem { .. }, "no END line";
    "wrong-base64.pem" => KeyProblem::MalformedPem { .. }, "copy the file anew";
    "wrong-two-keys.pem" => KeyProblem::SeveralKeys { count: 2 }, "a file of its own";
}

#[test]
fn every_wrong_file_has_its_own_message_that_says_what_to_do() {
    let files = wrong_files();
    for (name, matched, found, advice) in &files {
        assert!(matched, "{name}: {found:?}");
        let message = found.to_string();
        assert!(
            message.contains(advice),
            "{name}: '{message}' lacks '{advice}'"
        );
    }
    let listed = |name: &str| files.iter().any(|(file, ..)| *file == name);
    for entry in fs::read_dir(path("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            !name.starts_with("wrong-") || listed(&name),
            "{name} is not tested"
        );
    }
}

#[test]
fn der_forms_of_what_openssl_writes_as_pem_alone() {
    // The same keys as DER, so that content is told apart without the help of a PEM label.
    for (name, expected) in [
        ("wrong-dsa.traditional.pem", "for DSA"),
        ("wrong-dsa.parameters.pem", "DSA parameters"),
        ("wrong-p521.sec1.pem", "on P-521"),
    ] {
        let block = pem::parse(fs::read(path(name)).unwrap()).unwrap();
        let error = PrivateKey::parse(block.contents(), name).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn formats_without_a_fixture_have_messages_too() {
    let message = |text: &str| {
        PrivateKey::parse(text.as_bytes(), "given.pem")
            .unwrap_err()
            .problem
    };
    let block = |label: &str| format!("-----BEGIN {label}-----\nMAA=\n-----END {label}-----\n");
    assert!(matches!(
        message(&block("OPENSSH PRIVATE KEY")),
        KeyProblem::OpenSsh
    ));
    assert!(matches!(
        message(&block("PGP MESSAGE")),
        KeyProblem::OtherPem { label } if label == "PGP MESSAGE"
    ));
    assert!(matches!(
        message(&block("PRIVATE KEY")),
        KeyProblem::UnknownDer
    ));
    assert!(matches!(message(" \n\t"), KeyProblem::Empty));
    assert!(matches!(
        message(&"x".repeat(MAX_KEY_FILE_BYTES + 1)),
        KeyProblem::TooLong { .. }
    ));
}

#[test]
fn damage_inside_is_named_with_its_place() {
    let der = fs::read(path("test-rsa2048.pkcs8.der")).unwrap();
    let problem = |place: usize, value: u8| {
        let mut bent = der.clone();
        bent[place] = value;
        PrivateKey::parse(&bent, "bent.der").unwrap_err().problem
    };
    // 30 82 xx xx | 02 01 00 | 30 0d 06 09 ...: version, algorithm.
    assert_eq!(der[4..11], [2, 1, 0, 0x30, 0x0d, 6, 9]);
    assert!(matches!(
        problem(6, 1),
        KeyProblem::Pkcs8Version { version: 1 }
    ));
    assert!(matches!(
        problem(6, 0xff),
        KeyProblem::MalformedDer { offset: 4, what } if what.contains("negative")
    ));
    assert!(matches!(
        problem(10, 0x40),
        KeyProblem::MalformedDer { what, .. } if what.contains("beyond the end")
    ));
    assert!(matches!(
        problem(9, 5),
        KeyProblem::MalformedDer { offset: 9, .. }
    ));
    assert!(matches!(
        problem(11, 0x2b),
        KeyProblem::UnsupportedAlgorithm { name } if name.starts_with("1.3.")
    ));
}

#[test]
fn a_file_that_never_ends_is_not_read_to_its_end() {
    let error = PrivateKey::read("/dev/zero").unwrap_err();
    assert!(
        matches!(error.problem, KeyProblem::TooLong { .. }),
        "{error}"
    );
}

#[test]
fn importing_a_wrong_key_says_the_same_as_reading_it() {
    let vault = KeyTable::new(RingCompute::new());
    let block = pem::parse(fs::read(path("wrong-rsa-e3.pem")).unwrap()).unwrap();
    let error = vault
        .import(KeyMaterial::RsaPrivate(block.contents()))
        .unwrap_err();
    assert_eq!(error.to_string(), problem("wrong-rsa-e3.pem").to_string());

    let ec = fs::read(path("test-p256.pkcs8.der")).unwrap();
    let error = vault.import(KeyMaterial::RsaPrivate(&ec)).unwrap_err();
    assert!(error.to_string().contains("EcdsaPrivate"), "{error}");
    let sec1 = fs::read(path("test-p384.sec1.der")).unwrap();
    let error = vault.import(KeyMaterial::EcdsaPrivate(&sec1)).unwrap_err();
    assert!(error.to_string().contains("PKCS#8 is wanted"), "{error}");
    let error = vault.import(KeyMaterial::AesGcm(&[0; 24])).unwrap_err();
    assert!(error.to_string().contains("24 bytes"), "{error}");
    assert!(vault.is_empty());
}

#[test]
fn numbers_that_do_not_belong_together_are_rejected_on_import() {
    let vault = KeyTable::new(RingCompute::new());
    // The last byte of PKCS#1 belongs to the coefficient.
    let mut der = fs::read(path("test-rsa2048.pkcs1.der")).unwrap();
    *der.last_mut().unwrap() ^= 1;
    let key = PrivateKey::parse(&der, "bent.der").expect("looks right from outside");
    let error = vault.import(key.material()).unwrap_err();
    assert!(
        error.to_string().contains("openssl pkey -in FILE -check"),
        "{error}"
    );

    // And that of a P-256 key to its public point.
    let mut der = fs::read(path("test-p256.pkcs8.der")).unwrap();
    *der.last_mut().unwrap() ^= 1;
    let error = vault.import(KeyMaterial::EcdsaPrivate(&der)).unwrap_err();
    assert!(error.to_string().contains("rejected by ring"), "{error}");
}

#[test]
fn debug_shows_no_key() {
    let key = PrivateKey::read(path("test-p256.pkcs8.pem")).unwrap();
    assert_eq!(format!("{key:?}"), "PrivateKey { kind: EcdsaP256, .. }");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_damaged_key_is_an_error_or_a_key_and_never_a_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut: prop::sample::Index,
        file in prop::sample::select(vec![
            "test-rsa2048.pkcs8.der", "test-rsa2048.pkcs1.der", "test-p384.sec1.der",
            "test-p256.pkcs8.pem", "test-rsa2048.certificate.der", "wrong-pkcs12.p12",
        ]),
    ) {
        let mut bytes = fs::read(path(file)).unwrap();
        for (place, value) in flips {
            // Mostly near the start, where the structure is.
            let place = place.index(64.min(bytes.len()));
            bytes[place] = value;
        }
        let _ = PrivateKey::parse(&bytes, file);
        bytes.truncate(cut.index(bytes.len()));
        let _ = PrivateKey::parse(&bytes, file);
    }
}
