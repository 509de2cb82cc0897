//! The keys that the tests use: those that `sim-device/tests/data/make.sh` made, and one for AES.

use pausewake_device::Device;
use pausewake_device::compute::KeyMaterial;
use pausewake_device::keys::{KeyId, PrivateKey};

/// An RSA-2048 private key, PKCS#8 DER.
pub const RSA_2048_PKCS8: &[u8] =
    include_bytes!("../../sim-device/tests/data/keys/test-rsa2048.pkcs8.der");
/// Its public half, PKCS#1 DER.
pub const RSA_2048_PUBLIC: &[u8] =
    include_bytes!("../../sim-device/tests/data/keys/test-rsa2048.public.pkcs1.der");
/// An RSA-3072 private key, PKCS#8 PEM.
pub const RSA_3072_PEM: &[u8] =
    include_bytes!("../../sim-device/tests/data/keys/test-rsa3072.pkcs8.pem");
/// An RSA-4096 private key, PKCS#8 PEM.
pub const RSA_4096_PEM: &[u8] =
    include_bytes!("../../sim-device/tests/data/keys/test-rsa4096.pkcs8.pem");
/// A private key on P-256, PKCS#8 DER; its last 65 bytes are the public point.
pub const P256_PKCS8: &[u8] =
    include_bytes!("../../sim-device/tests/data/keys/test-p256.pkcs8.der");
/// A private key on P-384, PKCS#8 PEM.
pub const P384_PEM: &[u8] = include_bytes!("../../sim-device/tests/data/keys/test-p384.pkcs8.pem");
/// The same, SEC1 DER; its last 97 bytes are the public point.
pub const P384_SEC1: &[u8] = include_bytes!("../../sim-device/tests/data/keys/test-p384.sec1.der");
/// An AES-128 key.
pub const AES_KEY: [u8; 16] = [0; 16];

/// One key of each kind, in a device.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    /// RSA, private.
    pub rsa: KeyId,
    /// RSA, public.
    pub rsa_public: KeyId,
    /// ECDSA on P-256, private.
    pub p256: KeyId,
    /// AES-GCM.
    pub aes: KeyId,
}

impl Keys {
    /// Imports them.
    ///
    /// # Panics
    /// If the device refuses one.
    #[must_use]
    pub fn import(device: &Device) -> Self {
        let import = |material| device.import_key(material).expect("the key is good");
        Self {
            rsa: import(KeyMaterial::RsaPrivate(RSA_2048_PKCS8)),
            rsa_public: import(KeyMaterial::RsaPublic(RSA_2048_PUBLIC)),
            p256: import(KeyMaterial::EcdsaPrivate(P256_PKCS8)),
            aes: Self::import_aes(device),
        }
    }

    /// Imports a key on P-384, which few tests need.
    ///
    /// # Panics
    /// If the device refuses it.
    #[must_use]
    pub fn import_p384(device: &Device) -> KeyId {
        Self::import_pem(device, P384_PEM)
    }

    /// Imports a private key of this module's.
    ///
    /// # Panics
    /// If it is none, or the device refuses it.
    #[must_use]
    pub fn import_pem(device: &Device, pem: &[u8]) -> KeyId {
        let key = PrivateKey::parse(pem, "test key").expect("the file is good");
        let imported = device.import_key(key.material());
        imported.expect("the key is good")
    }

    /// Imports the AES key alone.
    ///
    /// # Panics
    /// If the device refuses it.
    #[must_use]
    pub fn import_aes(device: &Device) -> KeyId {
        let imported = device.import_key(KeyMaterial::AesGcm(&AES_KEY));
        imported.expect("the key is good")
    }
}
