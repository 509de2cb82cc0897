//! What a load does: ops, mixes, keys and files.

use std::sync::Arc;

use pausewake_device::keys::KeyKind;
use pausewake_engine::EcdsaCurve;

use super::files::Files;
use super::keys::{Keys, op_with};
use super::{Around, Problems};
use crate::scenario::diagnostic::Problem;
use crate::scenario::file::{Cipher, LoadSection, Mix, MixSection, Op, OpName, SchemeName};
use crate::scenario::source::Span;
use crate::scenario::spanned::Spanned;
use crate::scenario::{MixItem, SigningKey, Work};
use crate::units::{Count, Size};

/// Checks what the load does, with messages from `payload` if there is one; `None` when too much is
/// wrong to say what it is.
pub fn check(
    section: &Spanned<LoadSection>,
    payload: Option<&[u8]>,
    around: &Around<'_>,
    problems: &mut Problems,
) -> Option<Vec<MixItem>> {
    let files = Files::new(around);
    let payload_len = payload.map(|bytes| u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    let load = section.get_ref();
    match (&load.op, &load.mix) {
        (Some(op), None) => {
            let work = Entries::of_load(load, op)
                .cut_from(payload_len)
                .work(&files, problems)?;
            Some(vec![MixItem { weight: 1, work }])
        }
        (None, Some(mix)) => {
            parameters_beside_mix(load, mix, problems);
            items(mix, load.key.as_ref(), payload_len, &files, problems)
        }
        (Some(op), Some(mix)) => {
            let wrong = "the load says both op and mix";
            let problem = Problem::at(
                mix.span(),
                wrong,
                "one of them (--set load.op= takes it out)",
            );
            problems.0.push(problem.related(op.span(), "the other one"));
            None
        }
        (None, None) => {
            let wrong = "the load says neither op nor mix";
            problems.add(section.span(), wrong, OPS);
            None
        }
    }
}

/// What messages are cut from, if the load says so.
pub fn payload(
    section: &LoadSection,
    around: &Around<'_>,
    problems: &mut Problems,
) -> Option<Arc<[u8]>> {
    let file = section.payload.as_ref()?;
    if goes_through_file(section) {
        let wrong = "seal-open goes through its file, and takes no payload";
        problems.add(file.span(), wrong, "file = \"path\" alone");
        return None;
    }
    let files = Files::new(around);
    let content = files.read(file, problems)?;
    if content.is_empty() {
        let wrong = format!("{} is empty", file.get_ref());
        problems.add(file.span(), wrong, "a file with at least one byte");
        return None;
    }
    Some(content.into())
}

/// Whether the load goes through a file, instead of so many ops or so long.
pub fn goes_through_file(section: &LoadSection) -> bool {
    let op = section.op.as_ref().map(|op| op.get_ref().op);
    op == Some(Op::SealOpen)
}

fn items(
    mix: &Spanned<Mix>,
    key: Option<&Spanned<String>>,
    payload_len: Option<u32>,
    files: &Files<'_>,
    problems: &mut Problems,
) -> Option<Vec<MixItem>> {
    let span = mix.span();
    let items: Vec<(Entries<'_>, u32)> = match mix.get_ref() {
        Mix::Names(names) => names
            .iter()
            .map(|(name, weight)| (Entries::of_name(*name, span.clone()), weight.get()))
            .collect(),
        Mix::Tables(tables) => tables
            .iter()
            .map(|table| (Entries::of_table(table), table.weight.map_or(1, Count::get)))
            .collect(),
    };
    if items.is_empty() || items.len() > MOST_ITEMS {
        let wrong = format!("a mix of {} ops", items.len());
        problems.add(span, wrong, format!("1 to {MOST_ITEMS} of them"));
        return None;
    }
    let mut items: Vec<(Entries<'_>, u32)> = items
        .into_iter()
        .map(|(entries, weight)| (entries.cut_from(payload_len), weight))
        .collect();
    if let Some(key) = key {
        give_key(key, &mut items, files, problems)?;
    }
    for (at, (entries, _)) in items.iter().enumerate() {
        let same = |(other, _): &(Entries<'_>, u32)| other.said() == entries.said();
        if let Some(first) = items[..at].iter().position(same) {
            let wrong = format!("op {} of the mix is op {} once more", at + 1, first + 1);
            let accepted = "each op once, with a weight (as \"rsa2048-sign:2\")";
            problems.add(entries.place.clone(), wrong, accepted);
        }
    }
    let item = |(entries, weight): &(Entries<'_>, u32)| {
        let work = entries.work(files, problems);
        work.map(|work| MixItem {
            weight: *weight,
            work,
        })
    };
    let items: Vec<Option<MixItem>> = items.iter().map(item).collect();
    items.into_iter().collect()
}

/// Gives the `key` that stands beside a mix to each of its ops that has none of its own and goes with it.
fn give_key<'a>(
    key: &'a Spanned<String>,
    items: &mut [(Entries<'a>, u32)],
    files: &Files<'_>,
    problems: &mut Problems,
) -> Option<()> {
    let read = match files.key(key) {
        Ok(read) => read,
        Err(error) => {
            problems.add(key.span(), error.to_string(), KEYS);
            return None;
        }
    };
    let mut is_used = false;
    for (entries, _) in items {
        let fits = Keys::of(entries.name.op).is_some_and(|keys| keys.fit(&read));
        if fits && entries.key.is_none() {
            entries.key = Some(key);
            is_used = true;
        }
    }
    if !is_used {
        let wrong = format!(
            "no op of the mix goes with this key, which is {}",
            read.kind()
        );
        let accepted = format!("an op in the mix that does, as {}", op_with(&read));
        problems.add(key.span(), wrong, accepted);
        return None;
    }
    Some(())
}

/// What stands beside a mix and would be about a single op.
fn parameters_beside_mix(load: &LoadSection, mix: &Spanned<Mix>, problems: &mut Problems) {
    let entries = [
        ("scheme", load.scheme.as_ref().map(Spanned::span)),
        ("cipher", load.cipher.as_ref().map(Spanned::span)),
        (
            "message_size",
            load.message_size.as_ref().map(Spanned::span),
        ),
        ("file", load.file.as_ref().map(Spanned::span)),
        ("record_size", load.record_size.as_ref().map(Spanned::span)),
        ("passes", load.passes.as_ref().map(Spanned::span)),
    ];
    for (name, span) in entries {
        let Some(span) = span else { continue };
        let wrong = format!("{name} is about one op, and this load has a mix");
        let accepted = "scheme, cipher, message_size in the tables of the mix";
        let problem = Problem::at(span, wrong, accepted);
        problems.0.push(problem.related(mix.span(), "the mix"));
    }
}

/// What is said of one op, wherever it is said.
struct Entries<'a> {
    name: OpName,
    /// Where the op is named.
    place: Span,
    scheme: Option<&'a Spanned<SchemeName>>,
    key: Option<&'a Spanned<String>>,
    cipher: Option<&'a Spanned<Cipher>>,
    message_size: Option<&'a Spanned<Size>>,
    /// Bytes of the payload that messages are cut from, if there is one.
    payload_len: Option<u32>,
    /// Of a load alone.
    load: Option<&'a LoadSection>,
}

impl<'a> Entries<'a> {
    fn of_name(name: OpName, place: Span) -> Self {
        Self {
            name,
            place,
            scheme: None,
            key: None,
            cipher: None,
            message_size: None,
            payload_len: None,
            load: None,
        }
    }

    fn of_table(table: &'a MixSection) -> Self {
        Self {
            scheme: table.scheme.as_ref(),
            key: table.key.as_ref(),
            cipher: table.cipher.as_ref(),
            message_size: table.message_size.as_ref(),
            ..Self::of_name(*table.op.get_ref(), table.op.span())
        }
    }

    fn of_load(load: &'a LoadSection, op: &Spanned<OpName>) -> Self {
        Self {
            scheme: load.scheme.as_ref(),
            key: load.key.as_ref(),
            cipher: load.cipher.as_ref(),
            message_size: load.message_size.as_ref(),
            load: Some(load),
            ..Self::of_name(*op.get_ref(), op.span())
        }
    }

    /// The same, with messages from a payload of that many bytes, if there is one.
    fn cut_from(self, payload_len: Option<u32>) -> Self {
        Self {
            payload_len,
            ..self
        }
    }

    /// What is said of the op, wherever it is said.
    fn said(&self) -> impl PartialEq + use<'a> {
        (
            self.name.op,
            self.scheme.map(Spanned::get_ref),
            self.key.map(Spanned::get_ref),
            self.cipher.map(Spanned::get_ref),
            self.name
                .size
                .or(self.message_size.map(|size| size.get_ref().0)),
        )
    }

    fn work(&self, files: &Files<'_>, problems: &mut Problems) -> Option<Work> {
        self.strangers(problems);
        let said = self.cipher.map(|cipher| *cipher.get_ref());
        let cipher = |named: Option<Cipher>| named.or(said).unwrap_or(Cipher::Aes128Gcm);
        let seal = |named| Work::AeadSeal {
            cipher: cipher(named),
            message_len: self.message_len(1_024),
        };
        let open = |named| Work::AeadOpen {
            cipher: cipher(named),
            message_len: self.message_len(1_024),
        };
        let mut key = || Keys::of(self.name.op)?.read(self.name.op, self.key, files, problems);
        match self.name.op {
            Op::RsaSign | Op::Rsa2048Sign | Op::Rsa3072Sign | Op::Rsa4096Sign => {
                Some(self.rsa_sign(key()?))
            }
            Op::RsaVerify | Op::Rsa2048Verify | Op::Rsa3072Verify | Op::Rsa4096Verify => {
                Some(self.rsa_verify(key()?))
            }
            Op::EcdsaSign | Op::EcdsaP256Sign | Op::EcdsaP384Sign => Some(self.ecdsa_sign(key()?)),
            Op::AeadSeal => Some(seal(None)),
            Op::Aes128GcmSeal => Some(seal(Some(Cipher::Aes128Gcm))),
            Op::Aes256GcmSeal => Some(seal(Some(Cipher::Aes256Gcm))),
            Op::AeadOpen => Some(open(None)),
            Op::Aes128GcmOpen => Some(open(Some(Cipher::Aes128Gcm))),
            Op::Aes256GcmOpen => Some(open(Some(Cipher::Aes256Gcm))),
            Op::SealOpen => self.seal_open(cipher(None), files, problems),
        }
    }

    /// Entries that belong to another op.
    fn strangers(&self, problems: &mut Problems) {
        let op = self.name.op;
        let keys = Keys::of(op);
        let is_rsa = keys.is_some_and(Keys::are_rsa);
        let takes_cipher = matches!(op, Op::AeadSeal | Op::AeadOpen | Op::SealOpen);
        let is_file = op == Op::SealOpen;
        let of_load = |span: fn(&LoadSection) -> Option<Span>| self.load.and_then(span);
        let entries = [
            ("scheme", self.scheme.map(Spanned::span), is_rsa),
            ("key", self.key.map(Spanned::span), keys.is_some()),
            ("cipher", self.cipher.map(Spanned::span), takes_cipher),
            (
                "message_size",
                self.message_size.map(Spanned::span),
                !is_file,
            ),
            (
                "file",
                of_load(|load| Some(load.file.as_ref()?.span())),
                is_file,
            ),
            (
                "record_size",
                of_load(|load| Some(load.record_size.as_ref()?.span())),
                is_file,
            ),
            (
                "passes",
                of_load(|load| Some(load.passes.as_ref()?.span())),
                is_file,
            ),
        ];
        for (name, span, belongs) in entries {
            if let Some(span) = span
                && !belongs
            {
                let wrong = format!("{name} does not belong to this op");
                let problem = Problem::at(span, wrong, OF_OPS);
                problems
                    .0
                    .push(problem.related(self.place.clone(), "the op"));
            }
        }
        if self.name.size.is_some() && is_file {
            let wrong = "seal-open has no size of a message";
            problems.add(self.place.clone(), wrong, "seal-open with a record_size");
        } else if let (Some(_), Some(size)) = (self.name.size, self.message_size) {
            let problem = Problem::at(size.span(), "the size is said twice", "one of the two");
            problems
                .0
                .push(problem.related(self.place.clone(), "the op with a size"));
        }
        if self.load.is_none() && is_file {
            let wrong = "seal-open goes through a file and cannot be part of a mix";
            problems.add(self.place.clone(), wrong, OPS);
        }
    }

    fn scheme(&self) -> SchemeName {
        self.scheme
            .map_or(SchemeName::Pkcs1Sha256, |scheme| *scheme.get_ref())
    }

    /// Of a payload that nobody says how to cut, all of it.
    fn message_len(&self, default: u32) -> u32 {
        let said = self.message_size.map(|size| size.get_ref().0);
        self.name
            .size
            .or(said)
            .or(self.payload_len)
            .unwrap_or(default)
    }

    fn rsa_sign(&self, key: SigningKey) -> Work {
        Work::RsaSign {
            scheme: self.scheme().into(),
            key,
            message_len: self.message_len(64),
        }
    }

    fn rsa_verify(&self, key: SigningKey) -> Work {
        Work::RsaVerify {
            scheme: self.scheme().into(),
            key,
            message_len: self.message_len(64),
        }
    }

    fn ecdsa_sign(&self, key: SigningKey) -> Work {
        Work::EcdsaSign {
            curve: match key.key.kind() {
                KeyKind::EcdsaP384 => EcdsaCurve::P384,
                _ => EcdsaCurve::P256,
            },
            key,
            message_len: self.message_len(64),
        }
    }

    fn seal_open(
        &self,
        cipher: Cipher,
        files: &Files<'_>,
        problems: &mut Problems,
    ) -> Option<Work> {
        let load = self.load?;
        let Some(file) = &load.file else {
            let wrong = "seal-open needs a file to cut into records";
            let accepted = "file = \"path\", from the scenario's folder";
            problems.add(self.place.clone(), wrong, accepted);
            return None;
        };
        let content = files.read(file, problems)?;
        if content.is_empty() {
            let wrong = format!("{} is empty", file.get_ref());
            problems.add(file.span(), wrong, "a file with at least one byte");
            return None;
        }
        let record_size = load.record_size.as_ref();
        let record_len = record_size.map_or(RECORD_LEN, |size| size.get_ref().0);
        if let Some(size) = record_size
            && !(1..=MAX_RECORD_LEN).contains(&record_len)
        {
            let accepted = "a size from 1B to 16MiB, as far as the slots have room";
            problems.add(size.span(), "no such record", accepted);
            return None;
        }
        Some(Work::SealOpen {
            cipher,
            name: file.get_ref().clone(),
            content,
            record_len,
        })
    }
}

const MOST_ITEMS: usize = 16;
/// TLS's largest record.
const RECORD_LEN: u32 = 16 * 1_024;
const MAX_RECORD_LEN: u32 = 16 * 1_024 * 1_024;
const OPS: &str = "op = \"rsa-sign\", \"rsa-verify\", \"ecdsa-sign\", \"aead-seal\", \"aead-open\" or \"seal-open\", or mix = \"rsa2048-sign:1,aes-256-gcm-seal@1350:20\"";
const OF_OPS: &str = "rsa-sign and rsa-verify take scheme, key, message_size; ecdsa-sign takes key, message_size; aead-seal and aead-open take cipher, message_size; seal-open takes cipher, file, record_size, passes; names with a key length or a curve in them take a key that has it, and names with a cipher in them no cipher";
const KEYS: &str =
    "an unencrypted private key: RSA of 2048 to 4096 bits, or ECDSA on P-256 or P-384";
