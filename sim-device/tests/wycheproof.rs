//! Wycheproof's vectors, through the vault that a device uses.
//!
//! Which vectors run, which are skipped and why, and where 'acceptable' ones end is asserted in
//! numbers, so that a new version of the vectors or of `ring` cannot change it unseen.

use std::collections::BTreeMap;

use pausewake_device::compute::{KeyMaterial, KeyTable, RingCompute, Vault, Work};
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{Input, OpKind, Scheme, Status};
use wycheproof::{HashFunction, Mgf, TestResult, aead, ecdsa, rsa_pkcs1_verify, rsa_pss_verify};

/// What became of the vectors of one set.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    /// 'valid' ones, which were accepted.
    accepted: usize,
    /// 'invalid' ones, which were rejected.
    rejected: usize,
    /// 'acceptable' ones that were accepted.
    acceptable_accepted: usize,
    /// 'acceptable' ones that were rejected.
    acceptable_rejected: usize,
    /// Ones that did not run, by reason.
    skipped: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn record(&mut self, name: &str, expected: TestResult, result: Result<usize, Status>) {
        let count = match (expected, result) {
            (TestResult::Valid, Ok(_)) => &mut self.accepted,
            (TestResult::Invalid, Err(Status::Mismatch)) => &mut self.rejected,
            (TestResult::Acceptable, Ok(_)) => &mut self.acceptable_accepted,
            (TestResult::Acceptable, Err(Status::Mismatch)) => &mut self.acceptable_rejected,
            _ => panic!("{name}: expected {expected:?}, got {result:?}"),
        };
        *count += 1;
    }

    fn skip(&mut self, reason: &'static str, count: usize) {
        *self.skipped.entry(reason).or_default() += count;
    }

    fn total(&self) -> usize {
        self.accepted
            + self.rejected
            + self.acceptable_accepted
            + self.acceptable_rejected
            + self.skipped.values().sum::<usize>()
    }
}

/// The row of a table: accepted, rejected, acceptable and accepted, acceptable and rejected.
fn row(counts: [usize; 4], skipped: &[(&'static str, usize)]) -> Tally {
    let [accepted, rejected, acceptable_accepted, acceptable_rejected] = counts;
    Tally {
        accepted,
        rejected,
        acceptable_accepted,
        acceptable_rejected,
        skipped: skipped.iter().copied().collect(),
    }
}

fn vault() -> KeyTable<RingCompute> {
    KeyTable::new(RingCompute::new())
}

fn verify(
    vault: &dyn Vault,
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

const NONCE_SIZE: &str = "nonce other than 96 bits";
const KEY_SIZE: &str = "AES-192, which ring has not";
const SALT_SIZE: &str = "salt not as long as the digest";
const OTHER_HASH: &str = "hash other than SHA-256, -384, -512";
const MGF_HASH: &str = "mask made with another hash";
const RSA_SIZE: &str = "modulus not of 2048, 3072 or 4096 bits";

#[test]
fn aes_gcm() {
    let vault = vault();
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    let (mut seals, mut opens) = (Tally::default(), Tally::default());
    for group in &set.test_groups {
        // In bits. Tags of other lengths would be skipped too, but the set has none.
        assert_eq!(group.tag_size, 128);
        let reason = match (group.key_size, group.nonce_size) {
            (128 | 256, 96) => None,
            (192, _) => Some(KEY_SIZE),
            _ => Some(NONCE_SIZE),
        };
        if let Some(reason) = reason {
            seals.skip(reason, group.tests.len());
            opens.skip(reason, group.tests.len());
            continue;
        }
        for test in &group.tests {
            let name = format!("AES-GCM {}: {}", test.tc_id, test.comment);
            let key = vault.import(KeyMaterial::AesGcm(&test.key)).unwrap();
            let sealed = [&test.ct[..], &test.tag[..]].concat();
            let work = |kind, input| Work {
                kind,
                scheme: Scheme::None,
                input_is: Input::Message,
                nonce: test.nonce[..].try_into().unwrap(),
                input,
                extra: &test.aad[..],
            };
            let mut output = vec![0; sealed.len()];
            let len = vault.execute(key, work(OpKind::AeadSeal, &test.pt), &mut output);
            assert_eq!(len, Ok(sealed.len()), "{name}");
            // Of an invalid vector, sealing must not give the ciphertext and tag that it shows.
            let seal_result = if output == sealed {
                len
            } else {
                Err(Status::Mismatch)
            };
            seals.record(&name, test.result, seal_result);

            let mut output = vec![0; test.pt.len()];
            let result = vault.execute(key, work(OpKind::AeadOpen, &sealed), &mut output);
            opens.record(&name, test.result, result);
            if result.is_ok() {
                assert_eq!(output, test.pt[..], "{name}");
            }
            assert!(vault.revoke(key));
        }
    }
    let expected = row(AES_GCM.0, &AES_GCM.1);
    assert_eq!(seals, expected);
    assert_eq!(opens, expected);
    assert_eq!(seals.total(), set.number_of_tests);
}

#[test]
fn rsa_pkcs1_verify() {
    use rsa_pkcs1_verify::{TestName, TestSet};
    let vault = vault();
    for (name, scheme, counts) in RSA_PKCS1 {
        let set = TestSet::load(name.parse::<TestName>().unwrap()).unwrap();
        let mut tally = Tally::default();
        for group in &set.test_groups {
            let material = KeyMaterial::RsaPublic(&group.asn_key);
            let key = vault.import(material).unwrap();
            for test in &group.tests {
                let name = format!("{name} {}: {}", test.tc_id, test.comment);
                let op = (OpKind::RsaVerify, scheme);
                let result = verify(&vault, key, op, &test.msg, &test.sig);
                if test.result == TestResult::Acceptable {
                    // Padding without the NULL that the algorithm's parameters should be
                    // (RFC 8017, 9.2, note 1): ring is strict, and rightly so.
                    assert_eq!(
                        test.flags,
                        [rsa_pkcs1_verify::TestFlag::MissingNull],
                        "{name}"
                    );
                }
                tally.record(&name, test.result, result);
            }
            assert!(vault.revoke(key));
        }
        assert_eq!(tally, row(counts, &[]), "{name}");
        assert_eq!(tally.total(), set.number_of_tests, "{name}");
    }
}

#[test]
fn rsa_pss_verify() {
    use rsa_pss_verify::{TestName, TestSet};
    let vault = vault();
    assert_eq!(RSA_PSS.len(), TestName::all().len(), "a set has been added");
    for (name, counts, skipped) in RSA_PSS {
        let set = TestSet::load(name.parse::<TestName>().unwrap()).unwrap();
        let mut tally = Tally::default();
        for group in &set.test_groups {
            let scheme = match pss_scheme(group) {
                Ok(scheme) => scheme,
                Err(reason) => {
                    tally.skip(reason, group.tests.len());
                    continue;
                }
            };
            let material = KeyMaterial::RsaPublic(&group.asn_key);
            let key = vault.import(material).unwrap();
            for test in &group.tests {
                let name = format!("{name} {}: {}", test.tc_id, test.comment);
                let op = (OpKind::RsaVerify, scheme);
                let result = verify(&vault, key, op, &test.msg, &test.sig);
                tally.record(&name, test.result, result);
            }
            assert!(vault.revoke(key));
        }
        assert_eq!(tally, row(counts, skipped), "{name}");
        assert_eq!(tally.total(), set.number_of_tests, "{name}");
    }
}

/// The scheme of a group, or why there is none.
fn pss_scheme(group: &rsa_pss_verify::TestGroup) -> Result<Scheme, &'static str> {
    let (scheme, digest_len) = match group.hash {
        HashFunction::Sha2_256 => (Scheme::PssSha256, 32),
        HashFunction::Sha2_384 => (Scheme::PssSha384, 48),
        HashFunction::Sha2_512 => (Scheme::PssSha512, 64),
        _ => return Err(OTHER_HASH),
    };
    if group.mgf != Mgf::Mgf1 || group.mgf_hash != Some(group.hash) {
        return Err(MGF_HASH);
    }
    if group.salt_size != digest_len {
        return Err(SALT_SIZE);
    }
    if !matches!(group.key_size, 2048 | 3072 | 4096) {
        return Err(RSA_SIZE);
    }
    Ok(scheme)
}

#[test]
fn ecdsa_verify() {
    use ecdsa::{TestName, TestSet};
    let vault = vault();
    for (name, scheme, counts) in ECDSA {
        let set = TestSet::load(name.parse::<TestName>().unwrap()).unwrap();
        let mut tally = Tally::default();
        for group in &set.test_groups {
            let material = match scheme {
                Scheme::EcdsaP256Sha256 => KeyMaterial::EcdsaP256Public(&group.key.key),
                _ => KeyMaterial::EcdsaP384Public(&group.key.key),
            };
            let key = vault.import(material).unwrap();
            for test in &group.tests {
                let name = format!("{name} {}: {}", test.tc_id, test.comment);
                let op = (OpKind::EcdsaVerify, scheme);
                let result = verify(&vault, key, op, &test.msg, &test.sig);
                tally.record(&name, test.result, result);
            }
            assert!(vault.revoke(key));
        }
        assert_eq!(tally, row(counts, &[]), "{name}");
        assert_eq!(tally.total(), set.number_of_tests, "{name}");
    }
}

// The tables: accepted, rejected, acceptable and accepted, acceptable and rejected. The crate has no
// vectors for making RSA signatures (PKCS#1 v1.5 is checked against openssl in `known_answers`), and
// those of 8192 bits are no device's.

/// Sealing and opening alike.
const AES_GCM: ([usize; 4], [(&str, usize); 2]) =
    ([79, 54, 0, 0], [(KEY_SIZE, 103), (NONCE_SIZE, 80)]);

const RSA_PKCS1: [(&str, Scheme, [usize; 4]); 9] = [
    (
        "rsa_signature_2048_sha256",
        Scheme::Pkcs1Sha256,
        [9, 249, 0, 1],
    ),
    (
        "rsa_signature_2048_sha384",
        Scheme::Pkcs1Sha384,
        [7, 250, 0, 1],
    ),
    (
        "rsa_signature_2048_sha512",
        Scheme::Pkcs1Sha512,
        [8, 250, 0, 1],
    ),
    (
        "rsa_signature_3072_sha256",
        Scheme::Pkcs1Sha256,
        [8, 250, 0, 1],
    ),
    (
        "rsa_signature_3072_sha384",
        Scheme::Pkcs1Sha384,
        [7, 251, 0, 1],
    ),
    (
        "rsa_signature_3072_sha512",
        Scheme::Pkcs1Sha512,
        [8, 251, 0, 1],
    ),
    (
        "rsa_signature_4096_sha256",
        Scheme::Pkcs1Sha256,
        [7, 250, 0, 1],
    ),
    (
        "rsa_signature_4096_sha384",
        Scheme::Pkcs1Sha384,
        [7, 251, 0, 1],
    ),
    (
        "rsa_signature_4096_sha512",
        Scheme::Pkcs1Sha512,
        [7, 251, 0, 1],
    ),
];

/// With what was skipped.
type PssRow = (&'static str, [usize; 4], &'static [(&'static str, usize)]);

/// Groups of one vector each, of every combination of hash, mask and salt.
const PSS_MISC_SKIPPED: &[(&str, usize)] = &[(OTHER_HASH, 60), (MGF_HASH, 72), (SALT_SIZE, 15)];

/// Every set of the crate; `_params` ones repeat others with the parameters in the key.
const RSA_PSS: [PssRow; 26] = [
    ("rsa_pss_2048_sha1_mgf1_20", [0; 4], &[(OTHER_HASH, 88)]),
    (
        "rsa_pss_2048_sha1_mgf1_20_params",
        [0; 4],
        &[(OTHER_HASH, 88)],
    ),
    ("rsa_pss_2048_sha256_mgf1_0", [0; 4], &[(SALT_SIZE, 103)]),
    (
        "rsa_pss_2048_sha256_mgf1_0_params",
        [0; 4],
        &[(SALT_SIZE, 103)],
    ),
    ("rsa_pss_2048_sha256_mgf1_32", [63, 45, 0, 0], &[]),
    ("rsa_pss_2048_sha256_mgf1_32_params", [63, 45, 0, 0], &[]),
    (
        "rsa_pss_2048_sha256_mgf1sha1_20",
        [0; 4],
        &[(MGF_HASH, 108)],
    ),
    ("rsa_pss_2048_sha384_mgf1_48", [95, 46, 0, 0], &[]),
    (
        "rsa_pss_2048_sha512_224_mgf1_28",
        [0; 4],
        &[(OTHER_HASH, 100)],
    ),
    (
        "rsa_pss_2048_sha512_256_mgf1_32",
        [0; 4],
        &[(OTHER_HASH, 115)],
    ),
    (
        "rsa_pss_2048_sha512_mgf1sha256_32_params",
        [0; 4],
        &[(MGF_HASH, 178)],
    ),
    ("rsa_pss_2048_shake128", [0; 4], &[(OTHER_HASH, 114)]),
    ("rsa_pss_2048_shake256", [0; 4], &[(OTHER_HASH, 184)]),
    ("rsa_pss_3072_sha256_mgf1_32", [63, 45, 0, 0], &[]),
    ("rsa_pss_3072_sha256_mgf1_32_params", [63, 45, 0, 0], &[]),
    ("rsa_pss_3072_shake128", [0; 4], &[(OTHER_HASH, 114)]),
    ("rsa_pss_3072_shake256", [0; 4], &[(OTHER_HASH, 184)]),
    ("rsa_pss_4096_sha256_mgf1_32", [63, 45, 0, 0], &[]),
    ("rsa_pss_4096_sha384_mgf1_48", [95, 46, 0, 0], &[]),
    ("rsa_pss_4096_sha512_mgf1_32", [0; 4], &[(SALT_SIZE, 177)]),
    (
        "rsa_pss_4096_sha512_mgf1_32_params",
        [0; 4],
        &[(SALT_SIZE, 177)],
    ),
    ("rsa_pss_4096_sha512_mgf1_64", [132, 47, 0, 0], &[]),
    ("rsa_pss_4096_sha512_mgf1_64_params", [132, 47, 0, 0], &[]),
    ("rsa_pss_4096_shake256", [0; 4], &[(OTHER_HASH, 184)]),
    ("rsa_pss_misc", [3, 0, 0, 0], PSS_MISC_SKIPPED),
    ("rsa_pss_misc_params", [3, 0, 0, 0], PSS_MISC_SKIPPED),
];

const ECDSA: [(&str, Scheme, [usize; 4]); 2] = [
    (
        "ecdsa_secp256r1_sha256",
        Scheme::EcdsaP256Sha256,
        [174, 310, 0, 0],
    ),
    (
        "ecdsa_secp384r1_sha384",
        Scheme::EcdsaP384Sha384,
        [194, 310, 0, 0],
    ),
];
