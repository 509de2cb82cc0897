//! `[load]`: closed or open loop, how long, and what each job does.

use std::path::{Path, PathBuf};

use pausewake_device::keys::{KeyKind, PrivateKey};
use serde_spanned::Spanned;

use super::Problems;
use crate::scenario::diagnostic::Problem;
use crate::scenario::file::{Arrival, Cipher, Clock, File, LoadSection, Op, SchemeName};
use crate::scenario::source::Sources;
use crate::scenario::{Limit, Load, Pacing, SigningKey, Work};

/// Checks the load; `None` when too much is wrong to say what it is.
pub fn check(file: &File, path: &Path, sources: &Sources, problems: &mut Problems) -> Option<Load> {
    let before = problems.0.len();
    let files = Files { path, sources };
    let section = file.load.get_ref();
    strangers(section, problems);
    let pacing = pacing(file, problems);
    let limit = limit(file, problems);
    if let (Some(pacing), Some(limit)) = (pacing, limit) {
        arrivals_end(section, pacing, limit, problems);
    }
    let work = match section.op.get_ref() {
        Op::RsaSign => rsa_sign(section, &files, problems),
        Op::AeadSeal => Some(Work::AeadSeal {
            cipher: cipher(section),
            message_len: message_len(section, 1_024),
        }),
        Op::SealOpen => seal_open(section, &files, problems),
    };
    if problems.0.len() > before {
        return None;
    }
    Some(Load {
        pacing: pacing?,
        limit: limit?,
        work: work?,
    })
}

/// Entries that belong to another op.
fn strangers(section: &LoadSection, problems: &mut Problems) {
    let op = *section.op.get_ref();
    let signs = op == Op::RsaSign;
    let records = op == Op::SealOpen;
    let entries = [
        ("scheme", section.scheme.as_ref().map(Spanned::span), signs),
        ("key", section.key.as_ref().map(Spanned::span), signs),
        ("cipher", section.cipher.as_ref().map(Spanned::span), !signs),
        (
            "message_size",
            section.message_size.as_ref().map(Spanned::span),
            !records,
        ),
        ("file", section.file.as_ref().map(Spanned::span), records),
        (
            "record_size",
            section.record_size.as_ref().map(Spanned::span),
            records,
        ),
        (
            "passes",
            section.passes.as_ref().map(Spanned::span),
            records,
        ),
    ];
    for (name, span, belongs) in entries {
        if let Some(span) = span
            && !belongs
        {
            let problem = Problem::at(span, format!("{name} does not belong to this op"), OF_OPS);
            problems
                .0
                .push(problem.related(section.op.span(), "the op"));
        }
    }
}

fn pacing(file: &File, problems: &mut Problems) -> Option<Pacing> {
    let section = file.load.get_ref();
    let jobs = section.jobs.as_ref().map(|jobs| jobs.get_ref().get());
    let Some(rate) = &section.rate else {
        if let Some(arrival) = &section.arrival {
            let wrong = "arrival belongs to an open loop, and this one is closed";
            problems.add(
                arrival.span(),
                wrong,
                "rate = \"8000/s\" beside it, for example",
            );
        }
        if jobs.is_none() {
            let wrong = "the load says neither jobs nor rate";
            problems.add(section.op.span(), wrong, PACINGS);
        }
        return jobs.map(|jobs| Pacing::Closed { jobs });
    };
    if *file.clock.get_ref() == Clock::Wall {
        let wrong = "an open loop (rate) under the wall clock is not available yet";
        problems.0.push(
            Problem::at(
                rate.span(),
                wrong,
                "clock = \"virtual\", or jobs for a closed loop",
            )
            .related(file.clock.span(), "the clock"),
        );
    }
    let arrival = section.arrival.as_ref();
    Some(Pacing::Open {
        rate_per_s: rate.get_ref().per_second(),
        arrival: arrival.map_or(Arrival::Poisson, |arrival| *arrival.get_ref()),
        max_jobs: jobs.unwrap_or(OPEN_LOOP_JOBS),
    })
}

fn limit(file: &File, problems: &mut Problems) -> Option<Limit> {
    let section = file.load.get_ref();
    let ops = section.ops.as_ref().map(Spanned::span);
    let duration = section.duration.as_ref().map(Spanned::span);
    let passes = section.passes.as_ref().map(Spanned::span);
    if *section.op.get_ref() == Op::SealOpen {
        for span in [ops, duration].into_iter().flatten() {
            let wrong = "seal-open goes through its file; ops and duration do not apply";
            problems.add(span, wrong, "passes = 1, for example");
        }
        return Some(Limit::Passes(
            section
                .passes
                .as_ref()
                .map_or(1, |passes| passes.get_ref().get()),
        ));
    }
    if passes.is_some() {
        return None;
    }
    match (&section.ops, &section.duration) {
        (Some(ops), Some(duration)) => {
            let accepted = "one of them (--set load.ops= takes an entry out)";
            problems.0.push(
                Problem::at(
                    duration.span(),
                    "the load says both ops and duration",
                    accepted,
                )
                .related(ops.span(), "the other one"),
            );
            None
        }
        (Some(ops), None) => Some(Limit::Ops(u64::from(ops.get_ref().get()))),
        (None, Some(duration)) if duration.get_ref().0.get() == 0 => {
            problems.add(duration.span(), "a duration of zero", "a longer one");
            None
        }
        (None, Some(duration)) => Some(Limit::Duration(duration.get_ref().0)),
        (None, None) => {
            let wrong = "the load says neither ops nor duration";
            problems.add(
                section.op.span(),
                wrong,
                "ops = 20000 or duration = \"10s\"",
            );
            None
        }
    }
}

/// The last arrival must come before the clock, which counts nanoseconds, stands still.
fn arrivals_end(section: &LoadSection, pacing: Pacing, limit: Limit, problems: &mut Problems) {
    let (Pacing::Open { rate_per_s, .. }, Limit::Ops(ops), Some(rate)) =
        (pacing, limit, &section.rate)
    else {
        return;
    };
    #[expect(clippy::cast_precision_loss, reason = "compared with a round figure")]
    let least = ops as f64 / LONGEST_RUN_S;
    if rate_per_s < least {
        let wrong = format!("at this rate, {ops} arrivals take longer than the clock can count");
        let accepted = format!("at least {least}/s, fewer ops, or a duration instead of ops");
        problems.add(rate.span(), wrong, accepted);
    }
}

fn rsa_sign(section: &LoadSection, files: &Files<'_>, problems: &mut Problems) -> Option<Work> {
    let key = match &section.key {
        None => SigningKey {
            name: "built-in test key".to_owned(),
            key: PrivateKey::parse(TEST_KEY, "built-in test key").ok()?,
        },
        Some(key) => SigningKey {
            name: format!("key {}", key.get_ref()),
            key: rsa_key(key, files, problems)?,
        },
    };
    let scheme = section.scheme.as_ref();
    Some(Work::RsaSign {
        scheme: scheme
            .map_or(SchemeName::Pkcs1Sha256, |scheme| *scheme.get_ref())
            .into(),
        key,
        message_len: message_len(section, 64),
    })
}

fn rsa_key(
    name: &Spanned<String>,
    files: &Files<'_>,
    problems: &mut Problems,
) -> Option<PrivateKey> {
    let wrong = match PrivateKey::read(files.path(name)) {
        Ok(key) if matches!(key.kind(), KeyKind::Rsa { .. }) => return Some(key),
        Ok(key) => format!(
            "this op signs with RSA, and the file holds an {} key",
            key.kind()
        ),
        Err(error) => error.to_string(),
    };
    problems.add(name.span(), wrong, KEYS);
    None
}

fn seal_open(section: &LoadSection, files: &Files<'_>, problems: &mut Problems) -> Option<Work> {
    let Some(file) = &section.file else {
        let wrong = "seal-open needs a file to cut into records";
        problems.add(
            section.op.span(),
            wrong,
            "file = \"path\", from the scenario's folder",
        );
        return None;
    };
    let content = files.read(file, problems)?;
    if content.is_empty() {
        let wrong = format!("{} is empty", file.get_ref());
        problems.add(file.span(), wrong, "a file with at least one byte");
        return None;
    }
    let record_size = section.record_size.as_ref();
    let record_len = record_size.map_or(RECORD_LEN, |size| size.get_ref().0);
    if let Some(size) = record_size
        && !(1..=MAX_RECORD_LEN).contains(&record_len)
    {
        problems.add(
            size.span(),
            "no such record",
            "a size from 1B to 16MiB, as far as the slots have room",
        );
        return None;
    }
    Some(Work::SealOpen {
        cipher: cipher(section),
        name: file.get_ref().clone(),
        content,
        record_len,
    })
}

fn cipher(section: &LoadSection) -> Cipher {
    let cipher = section.cipher.as_ref();
    cipher.map_or(Cipher::Aes128Gcm, |cipher| *cipher.get_ref())
}

fn message_len(section: &LoadSection, default: u32) -> u32 {
    let size = section.message_size.as_ref();
    size.map_or(default, |size| size.get_ref().0)
}

/// The files that a scenario names.
struct Files<'a> {
    path: &'a Path,
    sources: &'a Sources,
}

impl Files<'_> {
    /// Where one is. A path in the scenario counts from the scenario's folder; one in a flag from
    /// the folder in which the command was typed.
    fn path(&self, name: &Spanned<String>) -> PathBuf {
        if self.sources.is_flag(&name.span()) {
            return PathBuf::from(name.get_ref());
        }
        let folder = self.path.parent().unwrap_or(Path::new(""));
        folder.join(name.get_ref())
    }

    fn read(&self, name: &Spanned<String>, problems: &mut Problems) -> Option<Vec<u8>> {
        let path = self.path(name);
        match std::fs::read(&path) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                let wrong = format!("cannot read {}: {error}", path.display());
                problems.add(name.span(), wrong, FILES);
                None
            }
        }
    }
}

/// A published key; whoever signs with it signs nothing.
const TEST_KEY: &[u8] = include_bytes!("../../../keys/test-rsa2048.pem");
/// TLS's largest record.
const RECORD_LEN: u32 = 16 * 1_024;
const MAX_RECORD_LEN: u32 = 16 * 1_024 * 1_024;
/// Above what an M/M/1 queue at 99.9 % utilisation holds, below what stacks allow.
const OPEN_LOOP_JOBS: u32 = 20_000;
/// A bit above 30 years. The clock ends after 584; chance may make gaps longer than they are on
/// average.
const LONGEST_RUN_S: f64 = 1e9;
const PACINGS: &str = "jobs = 64 (closed loop: a job starts when another ends) or rate = \"8000/s\" (open loop: arrivals at times of their own)";
const OF_OPS: &str = "rsa-sign takes scheme, key, message_size; aead-seal takes cipher, message_size; seal-open takes cipher, file, record_size, passes";
const KEYS: &str =
    "an RSA private key of 2048 to 4096 bits, unencrypted PKCS#8 or PKCS#1, PEM or DER";
const FILES: &str =
    "the path of a readable file, from the scenario's folder (in a --set: from the current folder)";
