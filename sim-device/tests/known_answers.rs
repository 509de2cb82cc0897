//! Known answers: what the openssl program signs we verify, what it signs deterministically we sign
//! alike, and what we sign it verifies. AES-GCM by published test vectors, because the openssl
//! program has no GCM.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pausewake_device::compute::{KeyMaterial, KeyTable, RingCompute, Vault, Work};
use pausewake_device::keys::{AesKey, KeyId, PrivateKey};
use pausewake_device::protocol::{Input, OpKind, Scheme, Status};

type RealVault = KeyTable<RingCompute>;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn read(name: &str) -> Vec<u8> {
    fs::read(data(name)).unwrap_or_else(|error| panic!("{name}: {error}; run tests/data/make.sh"))
}

fn import(vault: &RealVault, key: &str) -> KeyId {
    let key = PrivateKey::read(data(&format!("keys/test-{key}.pkcs8.pem"))).unwrap();
    vault.import(key.material()).unwrap()
}

fn sign(vault: &RealVault, key: KeyId, kind: OpKind, scheme: Scheme, message: &[u8]) -> Vec<u8> {
    let work = Work {
        kind,
        scheme,
        input_is: Input::Message,
        nonce: [0; 12],
        input: message,
        extra: &[],
    };
    let mut output = vec![0; 512];
    let len = vault.execute(key, work, &mut output).unwrap();
    output.truncate(len);
    output
}

fn verify(
    vault: &RealVault,
    key: KeyId,
    (kind, scheme): (OpKind, Scheme),
    message: &[u8],
    signature: &[u8],
) -> Result<usize, Status> {
    let work = Work {
        kind,
        scheme,
        input_is: Input::Message,
        nonce: [0; 12],
        input: message,
        extra: signature,
    };
    vault.execute(key, work, &mut [])
}

/// Has the openssl program verify a signature of `answers/message.txt`.
fn openssl_verifies(key: &str, digest: &str, is_pss: bool, name: &str, signature: &[u8]) -> bool {
    let path = std::env::temp_dir().join(format!(
        "pausewake-{}-{key}-{digest}-{name}.sig",
        std::process::id()
    ));
    fs::write(&path, signature).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.arg("dgst").arg(format!("-{digest}")).arg("-verify");
    openssl.arg(data(&format!("keys/test-{key}.public.pem")));
    if is_pss {
        openssl.args(["-sigopt", "rsa_padding_mode:pss"]);
        openssl.args(["-sigopt", "rsa_pss_saltlen:digest"]);
    }
    openssl.arg("-signature").arg(&path);
    let output = openssl.arg(data("answers/message.txt")).output();
    fs::remove_file(&path).unwrap();
    let output = output.unwrap_or_else(|error| {
        panic!("this test needs the openssl program on the PATH (install the package 'openssl'): {error}")
    });
    String::from_utf8_lossy(&output.stdout).contains("Verified OK")
}

/// Scheme, digest as openssl calls it, and whether it is PSS.
const RSA_SCHEMES: [(Scheme, &str, bool); 6] = [
    (Scheme::Pkcs1Sha256, "sha256", false),
    (Scheme::Pkcs1Sha384, "sha384", false),
    (Scheme::Pkcs1Sha512, "sha512", false),
    (Scheme::PssSha256, "sha256", true),
    (Scheme::PssSha384, "sha384", true),
    (Scheme::PssSha512, "sha512", true),
];

#[test]
fn rsa_agrees_with_openssl_in_both_directions() {
    let vault = RealVault::new(RingCompute::new());
    let message = read("answers/message.txt");
    for key in ["rsa2048", "rsa3072", "rsa4096"] {
        let id = import(&vault, key);
        for (scheme, digest, is_pss) in RSA_SCHEMES {
            let padding = if is_pss { "pss" } else { "pkcs1" };
            let theirs = read(&format!("answers/{key}-{padding}-{digest}.sig"));
            let case = format!("{key} {scheme:?}");
            let op = (OpKind::RsaVerify, scheme);
            assert_eq!(verify(&vault, id, op, &message, &theirs), Ok(0), "{case}");

            let ours = sign(&vault, id, OpKind::RsaSign, scheme, &message);
            assert_eq!(
                ours == theirs,
                !is_pss,
                "{case}: PKCS#1 v1.5 is deterministic, PSS is not"
            );
            assert!(
                openssl_verifies(key, digest, is_pss, "ours", &ours),
                "{case}"
            );

            let mut bent = ours;
            *bent.last_mut().unwrap() ^= 1;
            assert_eq!(
                verify(&vault, id, op, &message, &bent),
                Err(Status::Mismatch),
                "{case}"
            );
            assert!(
                !openssl_verifies(key, digest, is_pss, "bent", &bent),
                "{case}"
            );
        }
    }
}

#[test]
fn the_public_half_alone_verifies_too() {
    let vault = RealVault::new(RingCompute::new());
    let public = read("keys/test-rsa2048.public.pkcs1.der");
    let id = vault.import(KeyMaterial::RsaPublic(&public)).unwrap();
    let message = read("answers/message.txt");
    let signature = read("answers/rsa2048-pss-sha384.sig");
    let op = (OpKind::RsaVerify, Scheme::PssSha384);
    assert_eq!(verify(&vault, id, op, &message, &signature), Ok(0));
    assert_eq!(
        verify(&vault, id, op, b"another message", &signature),
        Err(Status::Mismatch)
    );
    // The right signature under another scheme.
    let op = (OpKind::RsaVerify, Scheme::PssSha256);
    assert_eq!(
        verify(&vault, id, op, &message, &signature),
        Err(Status::Mismatch)
    );
}

#[test]
fn ecdsa_agrees_with_openssl_in_both_directions() {
    let vault = RealVault::new(RingCompute::new());
    let message = read("answers/message.txt");
    for (key, digest, scheme) in [
        ("p256", "sha256", Scheme::EcdsaP256Sha256),
        ("p384", "sha384", Scheme::EcdsaP384Sha384),
    ] {
        let id = import(&vault, key);
        let op = (OpKind::EcdsaVerify, scheme);
        let theirs = read(&format!("answers/{key}-{digest}.sig"));
        assert_eq!(verify(&vault, id, op, &message, &theirs), Ok(0), "{key}");

        let ours = sign(&vault, id, OpKind::EcdsaSign, scheme, &message);
        let again = sign(&vault, id, OpKind::EcdsaSign, scheme, &message);
        assert_ne!(ours, again, "{key}: nonces are random");
        assert!(openssl_verifies(key, digest, false, "ours", &ours), "{key}");

        let mut bent = ours;
        *bent.last_mut().unwrap() ^= 1;
        assert_eq!(
            verify(&vault, id, op, &message, &bent),
            Err(Status::Mismatch),
            "{key}"
        );
        assert!(
            !openssl_verifies(key, digest, false, "bent", &bent),
            "{key}"
        );
    }
}

#[test]
fn aes_gcm_gives_the_published_answers_in_both_directions() {
    let vault = RealVault::new(RingCompute::new());
    for case in &GCM_CASES {
        let name = case.name;
        let key = AesKey::from_hex(case.key).unwrap();
        let id = vault.import(key.material()).unwrap();
        let (plain, additional) = (hex(case.plaintext), hex(case.additional));
        let sealed = hex(&[case.ciphertext, case.tag].concat());
        let nonce: [u8; 12] = hex(case.nonce).try_into().unwrap();
        let run = |kind, input: &[u8], output: &mut [u8]| {
            let work = Work {
                kind,
                scheme: Scheme::None,
                input_is: Input::Message,
                nonce,
                input,
                extra: &additional,
            };
            vault.execute(id, work, output)
        };

        let mut output = vec![0xaa; sealed.len()];
        let len = run(OpKind::AeadSeal, &plain, &mut output);
        assert_eq!((len, &output), (Ok(sealed.len()), &sealed), "{name}: seal");

        let mut output = vec![0xaa; plain.len()];
        let len = run(OpKind::AeadOpen, &sealed, &mut output);
        assert_eq!((len, &output), (Ok(plain.len()), &plain), "{name}: open");

        for place in [0, sealed.len() - 1] {
            let mut bent = sealed.clone();
            bent[place] ^= 0x80;
            let mut output = vec![0xaa; plain.len()];
            let result = run(OpKind::AeadOpen, &bent, &mut output);
            assert_eq!(result, Err(Status::Mismatch), "{name}: byte {place}");
            assert!(
                output.iter().all(|&byte| byte == 0),
                "{name}: plaintext leaked"
            );
        }
    }
}

fn hex(digits: &str) -> Vec<u8> {
    assert!(digits.len().is_multiple_of(2), "{digits}");
    (0..digits.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(&digits[start..start + 2], 16).unwrap())
        .collect()
}

struct GcmCase {
    name: &'static str,
    key: &'static str,
    nonce: &'static str,
    additional: &'static str,
    plaintext: &'static str,
    ciphertext: &'static str,
    tag: &'static str,
}

/// D. McGrew and J. Viega, *The Galois/Counter Mode of Operation (GCM)*, appendix B: the cases of
/// AES-128 and AES-256 with nonces of 96 bits.
const GCM_CASES: [GcmCase; 8] = [
    GcmCase {
        name: "case 1",
        key: "00000000000000000000000000000000",
        nonce: "000000000000000000000000",
        additional: "",
        plaintext: "",
        ciphertext: "",
        tag: "58e2fccefa7e3061367f1d57a4e7455a",
    },
    GcmCase {
        name: "case 2",
        key: "00000000000000000000000000000000",
        nonce: "000000000000000000000000",
        additional: "",
        plaintext: "00000000000000000000000000000000",
        ciphertext: "0388dace60b6a392f328c2b971b2fe78",
        tag: "ab6e47d42cec13bdf53a67b21257bddf",
    },
    GcmCase {
        name: "case 3",
        key: "feffe9928665731c6d6a8f9467308308",
        nonce: "cafebabefacedbaddecaf888",
        additional: "",
        plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                    1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
        ciphertext: "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e\
                     21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
        tag: "4d5c2af327cd64a62cf35abd2ba6fab4",
    },
    GcmCase {
        name: "case 4",
        key: "feffe9928665731c6d6a8f9467308308",
        nonce: "cafebabefacedbaddecaf888",
        additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                    1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        ciphertext: "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e\
                     21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
        tag: "5bc94fbc3221a5db94fae95ae7121a47",
    },
    GcmCase {
        name: "case 13",
        key: "0000000000000000000000000000000000000000000000000000000000000000",
        nonce: "000000000000000000000000",
        additional: "",
        plaintext: "",
        ciphertext: "",
        tag: "530f8afbc74536b9a963b4f1c4cb738b",
    },
    GcmCase {
        name: "case 14",
        key: "0000000000000000000000000000000000000000000000000000000000000000",
        nonce: "000000000000000000000000",
        additional: "",
        plaintext: "00000000000000000000000000000000",
        ciphertext: "cea7403d4d606b6e074ec5d3baf39d18",
        tag: "d0d1c8a799996bf0265b98b5d48ab919",
    },
    GcmCase {
        name: "case 15",
        key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        nonce: "cafebabefacedbaddecaf888",
        additional: "",
        plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                    1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
        ciphertext: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                     8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
        tag: "b094dac5d93471bdec1a502270e3cc6c",
    },
    GcmCase {
        name: "case 16",
        key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
        nonce: "cafebabefacedbaddecaf888",
        additional: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                    1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        ciphertext: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                     8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        tag: "76fc6ece0f4e1768cddf8853bb2d551b",
    },
];
