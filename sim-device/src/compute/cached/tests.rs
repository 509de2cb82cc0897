use super::*;
use crate::compute::{KeyTable, RingCompute};
use crate::keys::PrivateKey;

const RSA_KEY: &[u8] = include_bytes!("../../../tests/data/keys/test-rsa2048.pkcs8.pem");

fn vault(max_answers: usize) -> (Cached<KeyTable<RingCompute>>, KeyId) {
    let vault = Cached::new(KeyTable::new(RingCompute::new()), max_answers);
    let key = PrivateKey::parse(RSA_KEY, "test key").unwrap();
    let key = vault.import(key.material()).unwrap();
    (vault, key)
}

fn sign(message: &[u8]) -> Work<'_> {
    Work {
        kind: OpKind::RsaSign,
        scheme: Scheme::PssSha256,
        input_is: Input::Message,
        nonce: [0; 12],
        input: message,
        extra: &[],
    }
}

fn verify<'a>(message: &'a [u8], signature: &'a [u8]) -> Work<'a> {
    Work {
        kind: OpKind::RsaVerify,
        extra: signature,
        ..sign(message)
    }
}

fn run(vault: &impl Vault, key: KeyId, work: Work<'_>) -> Result<Vec<u8>, Status> {
    let mut output = vec![0; 256];
    let len = vault.execute(key, work, &mut output)?;
    output.truncate(len);
    Ok(output)
}

#[test]
fn prepared_answers_are_looked_up_and_verify() {
    let (vault, key) = vault(10);
    vault.prepare(key, sign(b"first")).unwrap();
    vault.prepare(key, sign(b"first")).unwrap();
    assert_eq!(vault.len(), 1, "preparing twice changes nothing");

    let signature = run(&vault, key, sign(b"first")).unwrap();
    // PSS is salted: equal bytes were looked up.
    assert_eq!(run(&vault, key, sign(b"first")).unwrap(), signature);
    assert_eq!(
        vault.cache_stats().unwrap(),
        CacheStats {
            hits: 2,
            misses: 0,
            computed: 0
        }
    );
    assert_eq!(
        run(&vault.inner, key, verify(b"first", &signature)),
        Ok(vec![])
    );

    let other = run(&vault, key, sign(b"second")).unwrap();
    assert_eq!(
        run(&vault.inner, key, verify(b"second", &other)),
        Ok(vec![])
    );
    assert_eq!(
        vault.cache_stats().unwrap(),
        CacheStats {
            hits: 2,
            misses: 1,
            computed: 0
        }
    );
}

#[test]
fn every_part_of_the_question_counts() {
    let (vault, key) = vault(10);
    vault.prepare(key, sign(b"message")).unwrap();
    let signature = run(&vault, key, sign(b"message")).unwrap();
    vault.prepare(key, verify(b"message", &signature)).unwrap();
    assert_eq!(run(&vault, key, verify(b"message", &signature)), Ok(vec![]));
    let hits = vault.cache_stats().unwrap().hits;

    let mut bent = signature.clone();
    bent[0] ^= 1;
    assert_eq!(
        run(&vault, key, verify(b"message", &bent)),
        Err(Status::Mismatch)
    );
    assert_eq!(
        run(&vault, key, verify(b"massage", &signature)),
        Err(Status::Mismatch)
    );
    let digest = Work {
        input_is: Input::Digest,
        ..sign(b"message")
    };
    assert_eq!(run(&vault, key, digest), Err(Status::Unsupported));
    let pkcs1 = Work {
        scheme: Scheme::Pkcs1Sha256,
        ..sign(b"message")
    };
    assert_ne!(run(&vault, key, pkcs1).unwrap(), signature);
    assert_eq!(
        run(&vault, KeyId::NONE, sign(b"message")),
        Err(Status::BadKey)
    );
    assert_eq!(
        vault.cache_stats().unwrap().hits,
        hits,
        "none of these was prepared"
    );

    let mut small = [0; 255];
    let result = vault.execute(key, sign(b"message"), &mut small);
    assert_eq!(result, Err(Status::OutputTooSmall));
}

#[test]
fn aead_is_always_computed() {
    let (vault, rsa) = vault(10);
    let key = vault.import(KeyMaterial::AesGcm(&[1; 16])).unwrap();
    let seal = Work {
        kind: OpKind::AeadSeal,
        scheme: Scheme::None,
        ..sign(b"text")
    };
    let error = vault.prepare(key, seal).unwrap_err();
    assert_eq!(error, PrepareError::NotRsa(OpKind::AeadSeal));
    assert_eq!(run(&vault, key, seal).unwrap().len(), 20);
    assert_eq!(
        vault.cache_stats().unwrap(),
        CacheStats {
            hits: 0,
            misses: 0,
            computed: 1
        }
    );
    assert!(vault.is_empty());
    assert!(vault.revoke(rsa));
}

#[test]
fn the_bound_holds_and_failures_are_not_kept() {
    let (vault, key) = vault(1);
    let error = vault
        .prepare(key, verify(b"message", b"no signature"))
        .unwrap_err();
    assert_eq!(error, PrepareError::Failed(Status::Mismatch));
    vault.prepare(key, sign(b"first")).unwrap();
    let error = vault.prepare(key, sign(b"second")).unwrap_err();
    assert_eq!(error, PrepareError::Full { max_answers: 1 });
    assert_eq!(vault.len(), 1);
}

#[test]
fn answers_go_with_their_key() {
    let (vault, key) = vault(2);
    let parsed = PrivateKey::parse(RSA_KEY, "test key").unwrap();
    let other = vault.import(parsed.material()).unwrap();
    vault.prepare(key, sign(b"message")).unwrap();
    vault.prepare(other, sign(b"message")).unwrap();
    assert!(vault.revoke(key));
    assert!(!vault.revoke(key));
    assert_eq!(run(&vault, key, sign(b"message")), Err(Status::BadKey));
    let error = vault.prepare(key, sign(b"message")).unwrap_err();
    assert_eq!(error, PrepareError::Failed(Status::BadKey));
    assert_eq!(vault.len(), 1);
    assert!(run(&vault, other, sign(b"message")).is_ok());
    assert_eq!(vault.cache_stats().unwrap().hits, 1);
}

#[test]
fn answers_that_share_a_hash_are_told_apart() {
    let key = KeyId {
        index: 3,
        generation: 0,
    };
    let mut answers = Answers::default();
    for (message, output) in [(b"first ", b"1"), (b"second", b"2")] {
        let answer = Answer::new(key, &sign(message), output);
        answers.by_hash.entry(42).or_default().push(answer);
    }
    let found = |message: &[u8]| answers.find(42, key, &sign(message)).map(|a| a.output[0]);
    assert_eq!(found(b"first "), Some(b'1'));
    assert_eq!(found(b"second"), Some(b'2'));
    assert_eq!(found(b"third"), None);
}
