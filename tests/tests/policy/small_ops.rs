//! What is too small to offload.

use pausewake_device::DeviceConfig;
use pausewake_engine::{EcdsaCurve, EngineConfig, Error, Misuse, Notify, RsaPadding, SmallOps};
use pausewake_tests::{Cell, Rig, Time, everywhere};

use crate::support::spawn;

#[test]
fn small_ops_go_to_software_below_the_threshold_and_not_at_it() {
    everywhere(|time, cell| {
        for (len, in_software) in [(0, 1), (2_047, 1), (2_048, 0), (2_049, 0)] {
            let config = EngineConfig {
                small_ops: SmallOps::default(),
                ..cell.config()
            };
            let mut rig = Rig::made(time, DeviceConfig::default(), config, None);
            let opened = spawn(&mut rig, move |engine, keys| {
                let text = vec![7; len];
                let mut sealed = vec![0; len + 16];
                let sealed_len = engine.aead_seal(keys.aes, [1; 12], b"", &text, &mut sealed);
                assert_eq!(sealed_len, Ok(len + 16));
                sealed
            });
            rig.run();
            let stats = rig.engine.stats();
            assert_eq!(stats.software_small, in_software, "{len} {time:?} {cell:?}");
            assert_eq!(stats.submitted, 1 - in_software);
            // Whichever way it took, the other one opens it.
            let sealed = opened.take().expect("it has ended").0;
            let offloads = Rig::new(Time::Simulated, Notify::Fd);
            let mut text = vec![0; len];
            let opened =
                offloads
                    .engine
                    .aead_open(offloads.keys.aes, [1; 12], b"", &sealed, &mut text);
            assert_eq!(opened, Ok(len));
            assert_eq!(text, vec![7; len]);
        }
    });
}

#[test]
fn each_algorithm_has_its_threshold() {
    let cell = Cell::from(Notify::Callback);
    let config = EngineConfig {
        small_ops: SmallOps {
            rsa_bytes: 10,
            ecdsa_bytes: 20,
            aes_gcm_bytes: 30,
        },
        ..cell.config()
    };
    let rig = Rig::made(Time::Simulated, DeviceConfig::default(), config, None);
    let (engine, keys) = (&rig.engine, rig.keys);
    let in_software = |len: usize| {
        let before = engine.stats().software_small;
        let text = vec![1; len];
        let rsa = engine.rsa_sign(keys.rsa, RsaPadding::default(), &text);
        assert!(rsa.is_ok());
        let rsa = engine.stats().software_small - before;
        assert!(
            engine
                .ecdsa_sign(keys.p256, EcdsaCurve::P256, &text)
                .is_ok()
        );
        let ecdsa = engine.stats().software_small - before - rsa;
        let len = engine.aead_seal(keys.aes, [0; 12], b"", &text, &mut vec![0; len + 16]);
        assert!(len.is_ok());
        let aes = engine.stats().software_small - before - rsa - ecdsa;
        (rsa, ecdsa, aes)
    };
    assert_eq!(in_software(9), (1, 1, 1));
    assert_eq!(in_software(10), (0, 1, 1));
    assert_eq!(in_software(20), (0, 0, 1));
    assert_eq!(in_software(30), (0, 0, 0));
}

#[test]
fn software_has_the_same_errors() {
    let cell = Cell::from(Notify::Callback);
    let config = EngineConfig {
        small_ops: SmallOps::default(),
        ..cell.config()
    };
    let rig = Rig::made(Time::Simulated, DeviceConfig::default(), config, None);
    let (engine, keys) = (&rig.engine, rig.keys);
    let mut output = [0x55; 20];
    let wrong = engine.aead_open(keys.aes, [0; 12], b"", &[9; 36], &mut output);
    assert_eq!(wrong, Err(Error::NotAuthentic));
    assert!(output == [0x55; 20] || output == [0; 20]);
    let small = engine.aead_seal(keys.aes, [0; 12], b"", b"text", &mut output[..19]);
    assert_eq!(small, Err(Misuse::OutputTooSmall.into()));
    let key = engine.aead_seal(keys.rsa, [0; 12], b"", b"text", &mut output);
    assert_eq!(key, Err(Misuse::BadKey.into()));
    assert_eq!(
        (engine.stats().software_small, engine.stats().submitted),
        (3, 0)
    );
}
