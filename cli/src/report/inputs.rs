//! The files that a run was fed with, as they were then. A path alone says nothing of them: what stands there
//! may be another file by the time of the next run.

use pausewake_device::compute::KeyMaterial;
use pausewake_device::keys::{KeyKind, PrivateKey};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Name, Report};
use crate::report::numbers::counted;
use crate::scenario::{Entries, Scenario, Work};

/// A file, as it was when the run began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InputFile {
    /// What it was for: `payload`, `key` or `file`, as the entries of the load that name it.
    pub entry: Name,
    /// Its path, as the scenario has it.
    pub path: String,
    /// How long it was, or of a key, what it was.
    pub about: String,
    /// The SHA-256 digest of what stood in it, in hexadecimal; of a private key, that of its public part alone, as
    /// a PKCS#1 `RSAPublicKey` or an uncompressed point.
    pub sha256: String,
}

/// The files that `scenario`, of which `entries` are written, names.
pub fn of(scenario: &Scenario, entries: &Entries) -> Vec<InputFile> {
    let payload = scenario.load.payload.as_deref().map(|bytes| InputFile {
        path: entries.get("load.payload").map_or_else(String::new, path),
        ..InputFile::of_bytes("payload", bytes)
    });
    let of_work = scenario
        .load
        .mix
        .iter()
        .filter_map(|item| match &item.work {
            Work::RsaSign { key, .. }
            | Work::RsaVerify { key, .. }
            | Work::EcdsaSign { key, .. } => InputFile::of_key(key.file.as_deref()?, &key.key),
            Work::SealOpen { name, content, .. } => Some(InputFile {
                path: name.clone(),
                ..InputFile::of_bytes("file", content)
            }),
            Work::AeadSeal { .. } | Work::AeadOpen { .. } => None,
        });
    let mut files: Vec<InputFile> = Vec::new();
    for file in payload.into_iter().chain(of_work) {
        if !files.contains(&file) {
            files.push(file);
        }
    }
    files
}

/// The path that an entry says, as it stands in the scenario.
fn path(written: &str) -> String {
    let table: Option<toml::Table> = toml::from_str(&format!("it = {written}")).ok();
    let said = table.as_ref().and_then(|it| it.get("it")?.as_str());
    said.unwrap_or(written).to_owned()
}

impl InputFile {
    fn of_bytes(entry: &'static str, bytes: &[u8]) -> Self {
        Self {
            entry: entry.into(),
            path: String::new(),
            about: counted(bytes.len() as u64, "byte"),
            sha256: hexadecimal(bytes),
        }
    }

    fn of_key(path: &str, key: &PrivateKey) -> Option<Self> {
        Some(Self {
            entry: "key".into(),
            path: path.to_owned(),
            about: key.kind().to_string(),
            sha256: hexadecimal(&public_part(key)?),
        })
    }

    /// It as one reads it: the beginning of a digest tells files apart.
    fn in_words(&self) -> String {
        let begin: String = self.sha256.chars().take(SHOWN_DIGITS).collect();
        format!("{}, SHA-256 {begin}…", self.about)
    }
}

/// The public part of `key`; `None` of one that cannot be used.
fn public_part(key: &PrivateKey) -> Option<Vec<u8>> {
    let algorithm = match key.kind() {
        KeyKind::Rsa { .. } => None,
        KeyKind::EcdsaP256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyKind::EcdsaP384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
    };
    match (key.material(), algorithm) {
        (KeyMaterial::RsaPrivate(der), _) => {
            let pair =
                ring::rsa::KeyPair::from_pkcs8(der).or_else(|_| ring::rsa::KeyPair::from_der(der));
            Some(pair.ok()?.public().as_ref().to_vec())
        }
        (KeyMaterial::EcdsaPrivate(der), Some(algorithm)) => {
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, der, &SystemRandom::new()).ok()?;
            Some(pair.public_key().as_ref().to_vec())
        }
        _ => None,
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl Report {
    /// The files of the same path that were not the same in `other`: what each is called, and what it was in both.
    /// Results of earlier versions do not tell.
    pub fn other_files(&self, other: &Self) -> Vec<(String, [String; 2])> {
        let pairs = self.files.iter().filter_map(|ours| {
            let same = |it: &&InputFile| it.entry == ours.entry && it.path == ours.path;
            Some((ours, other.files.iter().find(same)?))
        });
        let differ = pairs.filter(|(ours, theirs)| ours != theirs);
        differ
            .map(|(ours, theirs)| {
                let label = format!("{} {}", ours.entry, ours.path);
                (label, [ours, theirs].map(InputFile::in_words))
            })
            .collect()
    }
}

const SHOWN_DIGITS: usize = 16;
