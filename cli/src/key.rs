//! Private key files.

use ring::rsa::KeyPair;

/// The DER of an RSA private key, from the bytes of a key file.
///
/// # Errors
/// Why it is none that can be used.
pub fn private_key_der(file: &[u8]) -> Result<Vec<u8>, String> {
    let der = if file.first() == Some(&DER_SEQUENCE) {
        file.to_vec()
    } else {
        let pem = pem::parse(file).map_err(|error| format!("not a key file: {error}"))?;
        match pem.tag() {
            "PRIVATE KEY" | "RSA PRIVATE KEY" => pem.into_contents(),
            other => return Err(format!("the file holds a {other}")),
        }
    };
    match read_key_pair(&der) {
        Ok(_) => Ok(der),
        Err(error) => Err(format!("the key cannot be used: {error}")),
    }
}

/// Reads PKCS#8, or PKCS#1 if it is that.
///
/// # Errors
/// Why it is neither.
pub fn read_key_pair(der: &[u8]) -> Result<KeyPair, ring::error::KeyRejected> {
    KeyPair::from_pkcs8(der).or_else(|error| KeyPair::from_der(der).map_err(|_| error))
}

const DER_SEQUENCE: u8 = 0x30;
