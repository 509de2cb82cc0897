//! What a scenario does not say, as it is: so that what is kept of a run tells all of it, whatever becomes
//! of the defaults.

use pausewake_device::Nanos;
use pausewake_device::model::CoalesceConfig;
use pausewake_device::protocol::Scheme;
use pausewake_engine::{HostCosts, OnFull, Reap, SoftwareCost};

use super::{Arrival, Clock, Compute, Entries, Limit, Pacing, Scenario, Verify, Wait, Work};

/// The entries that `scenario`, of which `said` is written, leaves to their defaults, with these: `said`
/// and they are the same scenario. What an entry of the other kind of loop or clock would be is no
/// default, nor is what nothing limits; the ops of a mix have their own.
pub fn of(scenario: &Scenario, said: &Entries) -> Entries {
    let mut unsaid = Unsaid {
        said,
        entries: Entries::default(),
    };
    unsaid.device(scenario);
    unsaid.engine(scenario);
    if scenario.clock == Clock::Virtual {
        unsaid.host(&scenario.engine.host);
    }
    unsaid.load(scenario);
    unsaid.entries
}

struct Unsaid<'a> {
    said: &'a Entries,
    entries: Entries,
}

impl Unsaid<'_> {
    /// The entry at `path` is `value`, which is TOML, unless it, or something in it, is said.
    fn add(&mut self, path: &str, value: String) {
        let mut said = self.said.iter();
        let is_said = said.any(|(said, _)| {
            let [short, long] = match said.len() < path.len() {
                true => [said, path],
                false => [path, said],
            };
            let rest = long.strip_prefix(short);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        if !is_said {
            self.entries.set(path, value);
        }
    }

    fn number(&mut self, path: &str, number: u32) {
        self.add(path, number.to_string());
    }

    fn word(&mut self, path: &str, word: &str) {
        self.add(path, format!("\"{word}\""));
    }

    fn time(&mut self, path: &str, time: Nanos) {
        self.word(path, &duration(time));
    }

    fn bytes(&mut self, path: &str, bytes: u32) {
        self.word(path, &format!("{bytes}B"));
    }

    fn device(&mut self, scenario: &Scenario) {
        let device = &scenario.device;
        self.word("device.compute", device.compute.name());
        if scenario.clock == Clock::Wall {
            self.number("device.workers", device.workers);
            self.word(
                "device.wait",
                match device.wait {
                    Wait::Spin => "spin",
                    Wait::Adaptive => "adaptive",
                    Wait::Sleep => "sleep",
                },
            );
        }
        self.number("device.ring_depth", device.ring_depth);
        self.number("device.completion_depth", device.completion_depth);
        self.number("device.in_flight_limit", device.model.in_flight_limit);
        self.number("device.slots", device.slots);
        self.bytes("device.slot_size", device.slot_size);
        let link = &device.model.link;
        self.time("device.link.to_device", link.to_device_ns);
        self.time("device.link.to_host", link.to_host_ns);
        if device.coalesce != CoalesceConfig::OFF {
            self.number("device.coalesce.count", device.coalesce.count);
            self.time("device.coalesce.time", device.coalesce.time_ns);
        }
    }

    fn engine(&mut self, scenario: &Scenario) {
        let engine = &scenario.engine;
        self.word("engine.mode", scenario.mode.name());
        self.word("engine.notify", engine.notify.name());
        self.word("engine.reap", engine.reap.name());
        match engine.reap {
            Reap::Heuristic(heuristic) => {
                self.number("engine.heuristic.asymmetric", heuristic.asymmetric);
                self.number("engine.heuristic.symmetric", heuristic.symmetric);
                self.time("engine.heuristic.backstop", heuristic.backstop_ns);
            }
            Reap::Thread { interval_ns } => self.time("engine.thread_interval", interval_ns),
            _ => {}
        }
        self.word(
            "engine.on_full",
            match engine.on_full {
                OnFull::Fail => "fail",
                _ => "wait",
            },
        );
        self.word("engine.fallback", "never");
        self.add(
            "engine.verify_signatures",
            engine.verify_signatures.to_string(),
        );
        self.number("engine.max_retries", engine.max_retries);
        match engine.watchdog_ns {
            Some(after) => self.time("engine.watchdog", after),
            None => self.word("engine.watchdog", "never"),
        }
        let small = &engine.small_ops;
        self.bytes("engine.small_ops.rsa", small.rsa_bytes);
        self.bytes("engine.small_ops.ecdsa", small.ecdsa_bytes);
        self.bytes("engine.small_ops.aes_gcm", small.aes_gcm_bytes);
    }

    fn host(&mut self, host: &HostCosts) {
        for (name, cost) in [
            ("submit", host.submit_ns),
            ("doorbell", host.doorbell_ns),
            ("reap", host.reap_ns),
            ("callback", host.callback_ns),
            ("fd_wake", host.fd_wake_ns),
            ("switch", host.switch_ns),
        ] {
            self.time(&format!("host.{name}"), cost);
        }
        self.word("host.copy", &per_byte(host.copy_ps_per_byte));
        let software = &host.software;
        for (name, cost) in [
            ("rsa-sign", Some(software.rsa_sign)),
            ("rsa-verify", Some(software.rsa_verify)),
            ("ecdsa-sign", Some(software.ecdsa_sign)),
            ("ecdsa-verify", Some(software.ecdsa_verify)),
            ("ecdsa-p384-sign", software.ecdsa_p384_sign),
            ("ecdsa-p384-verify", software.ecdsa_p384_verify),
            ("aead-seal", Some(software.aead_seal)),
            ("aead-open", Some(software.aead_open)),
            ("aes-256-gcm-seal", software.aes256_seal),
            ("aes-256-gcm-open", software.aes256_open),
        ] {
            let Some(SoftwareCost {
                per_op_ns,
                per_byte_ps,
            }) = cost
            else {
                continue;
            };
            // What is said of an op is all of it.
            let path = format!("host.software.{name}");
            let cost = [duration(per_op_ns), per_byte(per_byte_ps)];
            let [per_op, per_byte] = cost;
            self.add(
                &path,
                format!("{{ per_op = \"{per_op}\", per_byte = \"{per_byte}\" }}"),
            );
        }
    }

    fn load(&mut self, scenario: &Scenario) {
        let load = &scenario.load;
        self.number("load.threads", load.threads);
        match load.limit {
            Limit::Passes(passes) => self.number("load.passes", passes),
            Limit::Ops(_) | Limit::Duration(_) => self.time("load.warmup", load.warmup),
        }
        let verify = match load.verify {
            Verify::All => "all",
            Verify::None => "none",
            Verify::OneOf(part) => &format!("1/{part}"),
        };
        // Where nothing is computed, nothing is looked at.
        if scenario.device.compute != Compute::None {
            self.word("load.verify", verify);
        }
        self.pacing(load.pacing, load.ops_per_job);
        if let Some(work) = load.only() {
            self.work(work);
        }
    }

    fn pacing(&mut self, pacing: Pacing, ops_per_job: u32) {
        let Pacing::Open {
            arrival,
            max_jobs,
            max_backlog,
            late_after,
            ..
        } = pacing
        else {
            self.number("load.ops_per_job", ops_per_job);
            return;
        };
        self.number("load.jobs", max_jobs);
        self.number("load.backlog", max_backlog);
        self.time("load.late_after", late_after);
        let name = match arrival {
            Arrival::Poisson => "poisson",
            Arrival::Constant => "constant",
            Arrival::Burst(_) => "burst",
        };
        self.word("load.arrival", name);
        if let Arrival::Burst(size) = arrival {
            self.number("load.burst", size);
        }
    }

    /// What the name of an op says nothing else may say.
    fn work(&mut self, work: &Work) {
        let op = self.said.get("load.op").unwrap_or_default().to_owned();
        let has_general_name = GENERAL_NAMES.contains(&op.trim_matches('"'));
        if let Some(len) = work.message_len()
            && !op.contains('@')
            && self.said.get("load.payload").is_none()
        {
            self.bytes("load.message_size", len);
        }
        if !has_general_name {
            return;
        }
        match work {
            Work::RsaSign { scheme, .. } | Work::RsaVerify { scheme, .. } => {
                if let Some(name) = scheme_name(*scheme) {
                    self.word("load.scheme", name);
                }
            }
            Work::AeadSeal { cipher, .. } | Work::AeadOpen { cipher, .. } => {
                self.word("load.cipher", cipher.name());
            }
            Work::SealOpen {
                cipher, record_len, ..
            } => {
                self.word("load.cipher", cipher.name());
                self.bytes("load.record_size", *record_len);
            }
            Work::EcdsaSign { .. } => {}
        }
    }
}

impl Work {
    fn message_len(&self) -> Option<u32> {
        match self {
            Self::RsaSign { message_len, .. }
            | Self::RsaVerify { message_len, .. }
            | Self::EcdsaSign { message_len, .. }
            | Self::AeadSeal { message_len, .. }
            | Self::AeadOpen { message_len, .. } => Some(*message_len),
            Self::SealOpen { .. } => None,
        }
    }
}

fn scheme_name(scheme: Scheme) -> Option<&'static str> {
    Some(match scheme {
        Scheme::Pkcs1Sha256 => "pkcs1-sha256",
        Scheme::Pkcs1Sha384 => "pkcs1-sha384",
        Scheme::Pkcs1Sha512 => "pkcs1-sha512",
        Scheme::PssSha256 => "pss-sha256",
        Scheme::PssSha384 => "pss-sha384",
        Scheme::PssSha512 => "pss-sha512",
        _ => return None,
    })
}

/// In the largest unit of which it is a whole number, as people write it.
fn duration(time: Nanos) -> String {
    let ns = time.get();
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    let unit = units
        .into_iter()
        .find(|(unit, _)| ns > 0 && ns.is_multiple_of(*unit));
    match unit {
        Some((unit, name)) => format!("{}{name}", ns / unit),
        None => format!("{ns}ns"),
    }
}

fn per_byte(picoseconds: u32) -> String {
    format!("{}ns", f64::from(picoseconds) / 1e3)
}

/// Names of ops that say neither key nor cipher.
const GENERAL_NAMES: [&str; 5] = [
    "rsa-sign",
    "rsa-verify",
    "aead-seal",
    "aead-open",
    "seal-open",
];

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::scenario::{Variant, of_flags, read};

    /// The same scenario, with its defaults said.
    fn in_full(path: &Path, variant: &Variant) -> String {
        let defaults = of(&variant.scenario, &variant.entries);
        let entries = variant.entries.iter().chain(defaults.iter());
        let set = |(path, value): (&str, &str)| format!("{path}={value}");
        let mut sets: Vec<String> = entries.map(set).collect();
        // Expectations may name variants that are none here.
        sets.retain(|set| !set.starts_with("expect."));
        let path = path.to_string_lossy();
        let again = of_flags(&path, "", &[], &sets);
        let again = again
            .unwrap_or_else(|wrong| panic!("{path}: {wrong}"))
            .remove(0);
        let none = of(&again.scenario, &again.entries);
        assert_eq!(none.iter().next(), None, "{path}: all is said");
        words(again)
    }

    fn words(mut variant: Variant) -> String {
        variant.scenario.expectations.clear();
        format!("{:#?}", variant.scenario)
    }

    #[test]
    fn what_is_said_and_the_defaults_are_the_whole_scenario() {
        let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
        let files = std::fs::read_dir(scenarios).expect("scenarios/ can be read");
        let files = files.map(|entry| entry.expect("an entry").path());
        let is_scenario = |path: &PathBuf| path.extension().is_some_and(|it| it == "toml");
        let mut count = 0;
        for path in files.filter(is_scenario) {
            for variant in read(&path, &[], &[]).expect("a shipped scenario") {
                assert_eq!(
                    in_full(&path, &variant),
                    words(variant),
                    "{}",
                    path.display()
                );
                count += 1;
            }
        }
        assert!(count >= 13, "{count} variants");
    }

    #[test]
    fn loads_of_every_kind_are_whole_with_their_defaults() {
        let device =
            "device.asym={ slices = 2, service = { distribution = \"constant\", base = \"1us\" } }";
        let sym =
            "device.sym={ slices = 2, service = { distribution = \"constant\", base = \"1us\" } }";
        for sets in [
            &[
                "clock=wall",
                "load.jobs=4",
                "load.op=rsa-sign",
                "load.ops=5",
            ][..],
            &[
                "clock=wall",
                "load.jobs=4",
                "load.op=aead-seal",
                "load.duration=5s",
            ],
            &[
                "clock=virtual",
                "load.rate=1k/s",
                "load.op=rsa2048-sign",
                "load.ops=5",
                "host.base=measured",
            ],
            &[
                "clock=wall",
                "load.rate=1k/s",
                "load.arrival=burst",
                "load.op=aead-open",
                "load.ops=5",
                "engine.reap=thread",
            ],
            &[
                "clock=virtual",
                "load.jobs=1",
                "load.op=ecdsa-sign",
                "load.ops=5",
                "engine.reap=heuristic",
                "engine.watchdog=never",
                "host.software.ecdsa-sign={ per_op = \"1us\" }",
            ],
            &[
                "clock=virtual",
                "load.jobs=1",
                "load.mix=rsa2048-sign:1,aead-seal@64:2",
                "load.ops=5",
            ],
            &[
                "clock=virtual",
                "load.jobs=1",
                "load.op=aes-128-gcm-seal@1350",
                "load.ops=5",
            ],
        ] {
            let sets: Vec<_> = sets
                .iter()
                .chain(&[device, sym])
                .map(|it| (*it).to_owned())
                .collect();
            let path = Path::new("it");
            let variant = of_flags("it", "", &[], &sets);
            let variant = variant
                .unwrap_or_else(|wrong| panic!("{sets:?}: {wrong}"))
                .remove(0);
            assert_eq!(in_full(path, &variant), words(variant), "{sets:?}");
        }
    }

    #[test]
    fn durations_are_as_people_write_them() {
        for (ns, text) in [
            (0, "0ns"),
            (433_000, "433us"),
            (1_500_000, "1500us"),
            (2_000_000_000, "2s"),
            (7, "7ns"),
        ] {
            assert_eq!(duration(Nanos::new(ns)), text);
        }
    }
}
