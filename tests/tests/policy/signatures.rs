//! Signatures are verified after transport.

use pausewake_device::DeviceConfig;
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::Status;
use pausewake_engine::{
    DeviceFault, EcdsaCurve, Engine, EngineConfig, Error, Fallback, Notify, RsaPadding, Signature,
};
use pausewake_tests::{
    Cell, Keys, P256_PKCS8, P384_SEC1, RSA_2048_PUBLIC, Rig, Time, everywhere, forged,
};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};

use crate::support::{DEVICE_ERROR, Outcome, rig, spawn};

/// Who signs, and who knows better whether a signature is right.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Signer {
    Rsa,
    Ecdsa(EcdsaCurve),
}

const SIGNERS: [Signer; 3] = [
    Signer::Rsa,
    Signer::Ecdsa(EcdsaCurve::P256),
    Signer::Ecdsa(EcdsaCurve::P384),
];

impl Signer {
    fn key(self, rig: &Rig) -> KeyId {
        match self {
            Self::Rsa => rig.keys.rsa,
            Self::Ecdsa(EcdsaCurve::P256) => rig.keys.p256,
            Self::Ecdsa(EcdsaCurve::P384) => Keys::import_p384(&rig.device),
        }
    }

    fn sign(self, engine: &Engine, key: KeyId, message: &[u8]) -> Result<Signature, Error> {
        match self {
            Self::Rsa => engine.rsa_sign(key, RsaPadding::Pkcs1Sha256, message),
            Self::Ecdsa(curve) => engine.ecdsa_sign(key, curve, message),
        }
    }

    fn is_right(self, message: &[u8], signature: &[u8]) -> bool {
        let (algorithm, public): (&dyn VerificationAlgorithm, _) = match self {
            Self::Rsa => (&RSA_PKCS1_2048_8192_SHA256, RSA_2048_PUBLIC),
            Self::Ecdsa(EcdsaCurve::P256) => (
                &ECDSA_P256_SHA256_ASN1,
                &P256_PKCS8[P256_PKCS8.len() - 65..],
            ),
            Self::Ecdsa(EcdsaCurve::P384) => {
                (&ECDSA_P384_SHA384_ASN1, &P384_SEC1[P384_SEC1.len() - 97..])
            }
        };
        let public = UnparsedPublicKey::new(algorithm, public);
        public.verify(message, signature).is_ok()
    }

    /// A good signature of this key over another message.
    fn signature_of_another(self) -> Vec<u8> {
        let rig = Rig::new(Time::Simulated, Notify::Fd);
        let signed = self.sign(&rig.engine, self.key(&rig), b"another");
        signed.expect("the device is well").to_vec()
    }
}

/// A job that signs `message`.
fn spawn_signing(rig: &mut Rig, signer: Signer, message: &[u8]) -> Outcome<Result<Vec<u8>, Error>> {
    let (key, message) = (signer.key(rig), message.to_vec());
    spawn(rig, move |engine, _| {
        let signed = signer.sign(engine, key, &message);
        signed.map(|signature| signature.to_vec())
    })
}

/// Answers with a signature that is none of this message: what stands in the slot, which is the
/// message itself.
fn answer_with_the_message(rig: &Rig, message: &[u8]) {
    let op = rig.manual().pending()[0];
    let len = u32::try_from(message.len()).expect("it is short");
    rig.manual().forge(op.queue, forged(op.op, len));
    // What it answers afterwards comes too late, and is an orphan.
    let late = rig.manual().complete(op.id, Status::DeviceError);
    late.expect("it is pending");
}

#[test]
fn a_wrong_signature_is_caught_wiped_and_retried_or_redone() {
    for signer in SIGNERS {
        // Nothing like a signature, and a good one of this key's over another message.
        for message in [b"message".to_vec(), signer.signature_of_another()] {
            for cell in Time::Manual.cells() {
                gets_out_unless_it_is_verified(cell, signer, &message);
                for (fallback, max_retries) in [
                    (Fallback::NEVER, 0),
                    (DEVICE_ERROR, 0),
                    (Fallback::NEVER, 1),
                ] {
                    is_caught(cell, signer, &message, fallback, max_retries);
                }
            }
        }
    }
}

/// This is what the check is for.
fn gets_out_unless_it_is_verified(cell: Cell, signer: Signer, message: &[u8]) {
    let mut rig = rig(cell, |_| {});
    let outcome = spawn_signing(&mut rig, signer, message);
    rig.settle();
    answer_with_the_message(&rig, message);
    rig.settle();
    let signature = outcome.take().expect("it has ended").0;
    let signature = signature.expect("nobody looked");
    assert_eq!(signature, message, "{signer:?} {cell:?}");
    assert!(!signer.is_right(message, &signature), "{signer:?} {cell:?}");
}

fn is_caught(cell: Cell, signer: Signer, message: &[u8], fallback: Fallback, max_retries: u32) {
    let context = format!("{signer:?} {cell:?} {fallback:?} {max_retries}");
    let mut rig = rig(cell, |config| {
        config.verify_signatures = true;
        config.fallback = fallback;
        config.max_retries = max_retries;
    });
    let outcome = spawn_signing(&mut rig, signer, message);
    rig.settle();
    answer_with_the_message(&rig, message);
    rig.settle();
    if max_retries > 0 {
        assert!(
            outcome.borrow().is_none(),
            "with the device again: {context}"
        );
    }
    rig.run();
    let result = outcome.take().expect("it has ended").0;
    if fallback == Fallback::NEVER && max_retries == 0 {
        assert_eq!(result, Err(DeviceFault::WrongSignature.into()), "{context}");
    } else {
        let signature = result.expect("it was made anew");
        assert!(signer.is_right(message, &signature), "{context}");
    }
    let stats = rig.engine.stats();
    let retried = u64::from(max_retries);
    assert_eq!(
        (stats.signatures_wrong, stats.retries),
        (1, retried),
        "{context}"
    );
    assert_eq!(stats.signatures_verified, 1 + retried, "{context}");
    let in_software = u64::from(fallback == DEVICE_ERROR);
    assert_eq!(stats.software_device_error, in_software, "{context}");
    let submitted = 1 + retried;
    assert_eq!(
        (stats.submitted, stats.returned),
        (submitted, submitted),
        "{context}"
    );
}

#[test]
fn good_signatures_pass_the_verification() {
    everywhere(|time, cell| {
        let config = EngineConfig {
            verify_signatures: true,
            ..cell.config()
        };
        let mut rig = Rig::made(time, DeviceConfig::default(), config, None);
        let outcomes = SIGNERS.map(|signer| (signer, spawn_signing(&mut rig, signer, b"message")));
        rig.run();
        for (signer, outcome) in outcomes {
            let signature = outcome.take().expect("it has ended").0;
            let signature = signature.expect("it is good");
            assert!(
                signer.is_right(b"message", &signature),
                "{time:?} {cell:?} {signer:?}"
            );
        }
        let stats = rig.engine.stats();
        assert_eq!((stats.signatures_verified, stats.signatures_wrong), (3, 0));
    });
}
