//! `pausewake load`: a scenario out of flags and defaults.
//!
//! There is one engine for runs, and it runs scenarios. So each flag is an entry of a scenario, put
//! over the defaults as a `--set` is put over a file; it goes through the same checks, and what is
//! wrong with it is shown at the flag.

use std::fmt::Write as _;
use std::path::Path;

use pausewake_device::keys::PrivateKey;

use crate::args;
use crate::scenario::{self, Flag, Rejected, Variant};

/// The run that `args` ask for, in form of a scenario.
pub struct Adhoc {
    defaults: String,
    flags: Vec<Flag>,
    overrides: Vec<String>,
    command: String,
}

impl Adhoc {
    /// Puts together what `args` say and what they leave to the defaults.
    pub fn new(args: &args::Load) -> Self {
        let flags = flags(args);
        let said = Said {
            flags: &flags,
            overrides: &args.overrides,
        };
        Self {
            defaults: defaults(&said),
            command: command(&said),
            overrides: args.overrides.clone(),
            flags,
        }
    }

    /// The scenario, checked.
    ///
    /// # Errors
    /// Everything that is wrong with the flags.
    pub fn variants(&self) -> Result<Vec<Variant>, Box<Rejected>> {
        let mut variants = scenario::of_flags(NAME, &self.defaults, &self.flags, &self.overrides)?;
        for variant in &mut variants {
            variant.scenario.command = Some(self.command.clone());
        }
        Ok(variants)
    }

    /// The command that runs it again, for a shell.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// The scenario as a file, which can be run in the same folder.
    ///
    /// # Errors
    /// Everything that is wrong with the flags.
    pub fn print(&self) -> Result<String, Box<Rejected>> {
        Ok(format!("# {}\n\n{}", self.command, self.table()?))
    }

    /// The same without the command.
    ///
    /// # Errors
    /// Everything that is wrong with the flags.
    pub fn table(&self) -> Result<String, Box<Rejected>> {
        self.variants()?;
        scenario::table_of_flags(&self.defaults, &self.flags, &self.overrides)
    }
}

/// The flags that were given, as entries.
pub fn flags(args: &args::Load) -> Vec<Flag> {
    let seed = args.seed.map(|seed| seed.to_string());
    let entry = |name: &str, entry: &str, typed: &Option<String>, value: fn(&str) -> String| {
        let typed = typed.as_ref()?;
        Some(Flag::new(name, entry, typed, value(typed)))
    };
    let entries = [
        entry("--clock", "clock", &args.clock, string),
        entry("--seed", "seed", &seed, str::to_owned),
        entry("--profile", "device.profile", &args.profile, string),
        entry("--compute", "device.compute", &args.compute, string),
        entry("--notify", "engine.notify", &args.notify, string),
        entry("--reap", "engine.reap", &args.reap, string),
        entry("--op", "load.op", &args.op, string),
        entry("--mix", "load.mix", &args.mix, string),
        entry("--jobs", "load.jobs", &args.jobs, number),
        entry("--rate", "load.rate", &args.rate, rate),
        entry("--arrival", "load.arrival", &args.arrival, string),
        entry("--threads", "load.threads", &args.threads, number),
        entry("--warmup", "load.warmup", &args.warmup, string),
        entry("--duration", "load.duration", &args.duration, string),
        entry("--ops", "load.ops", &args.ops, number),
        entry("--key", "load.key", &args.key, string),
        entry("--payload", "load.payload", &args.payload, string),
    ];
    let slos = args.slo.iter().map(|slo| {
        let at = slo.find(['<', '>', '=', '~']).unwrap_or(slo.len());
        let (figure, condition) = slo.split_at(at);
        let figure = figure.trim();
        let entry = format!("expect.{figure}");
        // Of what was verified a word is asked for, and no comparison.
        let condition = match figure {
            "verified" => string(condition.trim_start_matches('=')),
            "throughput" if condition.trim_end().ends_with(is_of_number) => rate(condition),
            _ => string(condition),
        };
        Flag::new("--slo", &entry, slo, condition)
    });
    entries.into_iter().flatten().chain(slos).collect()
}

/// Digits and the suffixes that stand behind them: a unit does not end so.
fn is_of_number(letter: char) -> bool {
    letter.is_ascii_digit() || matches!(letter, 'k' | 'M' | 'G')
}

/// What was given, whether by a flag or by a `--set`.
struct Said<'a> {
    flags: &'a [Flag],
    overrides: &'a [String],
}

impl Said<'_> {
    /// What was said of the entry `path`, or of one in it.
    fn of(&self, path: &str) -> Option<&str> {
        let is_in = |entry: &str| {
            let rest = entry.trim().strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let sets = self.overrides.iter().rev();
        let mut sets = sets.filter_map(|set| set.split_once('='));
        let set = sets.find(|(entry, _)| is_in(entry));
        let flag = || self.flags.iter().find(|flag| is_in(flag.entry()));
        set.map(|(_, value)| value)
            .or_else(|| flag().map(Flag::typed))
    }

    fn says(&self, path: &str) -> bool {
        self.of(path).is_some()
    }

    fn says_any(&self, paths: &[&str]) -> bool {
        paths.iter().any(|path| self.says(path))
    }
}

/// The scenario that the flags are put over: a card of the c62x's class, as in the shipped scenarios,
/// and signatures for a few seconds. Nothing that would contradict what was said.
fn defaults(said: &Said<'_>) -> String {
    let mut text = String::from("clock = \"wall\"\nseed = 1\n");
    let default_op = default_op(said.of("load.key"));
    let ops = said.of("load.op").or(said.of("load.mix"));
    text.push_str("\n[device]\n");
    if !said.says("device.compute") {
        let signs = ops
            .unwrap_or(default_op)
            .split(['"', '\'', ','])
            .any(is_rsa_sign);
        let compute = if signs { "cached" } else { "real" };
        let _ = writeln!(text, "compute = \"{compute}\"");
    }
    if !said.says("device.profile") {
        text.push_str(DEVICE);
    }
    text.push_str("\n[load]\n");
    if ops.is_none() {
        let _ = writeln!(text, "op = \"{default_op}\"");
    }
    if !said.says_any(&["load.jobs", "load.rate"]) {
        text.push_str("jobs = 64\n");
    }
    if !said.says_any(&["load.duration", "load.ops", "load.passes", "load.phase"]) {
        let duration = match said.of("clock") {
            Some(clock) if clock.contains("virtual") => "1s",
            _ => "5s",
        };
        let _ = writeln!(text, "duration = \"{duration}\"");
    }
    text
}

fn is_rsa_sign(op: &str) -> bool {
    let op = op.trim();
    op.starts_with("rsa") && op.contains("-sign")
}

/// The op if none is said: a signature, with the `key` that was said, if one was.
pub fn default_op(key: Option<&str>) -> &'static str {
    let Some(key) = key else {
        return "rsa2048-sign";
    };
    // A pipe gives what it has once, and not to those who only want to know its kind.
    let path = Path::new(key.trim().trim_matches(['"', '\'']));
    let read = path.is_file().then(|| PrivateKey::read(path).ok());
    // What is wrong with the key is told where it is used.
    read.flatten()
        .map_or("rsa-sign", |key| scenario::op_with(&key))
}

/// What runs it again. Flags stand in it with their long names, and the seed always, at one place.
fn command(said: &Said<'_>) -> String {
    let is_before = |flag: &&Flag| flag.name() == "--clock";
    let before = said.flags.iter().take_while(is_before).count();
    let (before, behind) = said.flags.split_at(before);
    let mut all = words(before, &[]);
    if !said.says("seed") {
        all.extend(flag_words("--seed", "1"));
    }
    all.extend(words(behind, said.overrides));
    crate::output::shell("load", all)
}

/// What says `flags` and `overrides` again.
pub fn words(flags: &[Flag], overrides: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    for flag in flags {
        words.extend(flag_words(flag.name(), flag.typed()));
    }
    for set in overrides {
        words.extend(flag_words("--set", set));
    }
    words
}

/// The flag `name` with a value. One that begins as a flag does is none only behind a `=`.
pub fn flag_words(name: &str, value: &str) -> Vec<String> {
    match value.starts_with('-') {
        true => vec![format!("{name}={value}")],
        false => vec![name.to_owned(), value.to_owned()],
    }
}

/// A path that is no flag's value. One that begins as a flag does is one of the current folder.
pub fn path_word(path: &Path) -> String {
    let path = path.to_string_lossy();
    match path.starts_with('-') {
        true => format!("./{path}"),
        false => path.into_owned(),
    }
}

/// A text as TOML writes it.
fn string(text: &str) -> String {
    toml::Value::from(text.trim()).to_string()
}

/// A whole number, which may have a suffix; whatever else it is, the scenario's checks will tell.
fn number(text: &str) -> String {
    whole(text).map_or_else(|| string(text), |number| number.to_string())
}

/// The whole number that `64`, `20k`, `1.5M` or `1e6` is; a thousand is `K` to some.
pub fn whole(text: &str) -> Option<u64> {
    let text = text.trim();
    let suffixes = [("k", 1_000), ("K", 1_000), ("M", 1_000_000), ("", 1)];
    let exact = text.parse().ok();
    let mut scaled = suffixes
        .iter()
        .filter_map(|(suffix, factor)| whole_times(text.strip_suffix(suffix)?, *factor));
    exact.or_else(|| scaled.next())
}

/// `number` times `factor`, if that is a whole number.
pub fn whole_times(number: &str, factor: u64) -> Option<u64> {
    // Rust reads others as numbers, too, and nobody means them.
    let is_number = number.starts_with(|c: char| c.is_ascii_digit());
    let number = is_number.then(|| number.parse::<f64>().ok())??;
    #[expect(clippy::cast_precision_loss, reason = "factors are small")]
    let value = number * factor as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole, exact, and begins with a digit"
    )]
    let whole = (value.fract() == 0.0 && value < LEAST_INEXACT).then_some(value as u64);
    whole
}

/// Ops per second, where nobody writes the unit.
fn rate(text: &str) -> String {
    match text.trim() {
        rate if rate.ends_with("/s") => string(rate),
        rate => string(&format!("{rate}/s")),
    }
}

/// From which on a float does not tell whole numbers apart.
const LEAST_INEXACT: f64 = 9_007_199_254_740_992.0;
/// The name of the scenario.
const NAME: &str = "load";
/// A c62x-class card: 433 us for one signature, about 29 at a time (QAT_Engine#132); assumed for
/// ciphers: 2 us for each op and 0.5 ns for each byte.
const DEVICE: &str = "
[device.asym]
slices = 29
service = { distribution = \"constant\", base = \"433us\" }

[device.sym]
slices = 8
service = { distribution = \"constant\", base = \"2us\", per_byte = \"0.5ns\" }
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn adhoc(args: &[&str]) -> Adhoc {
        let cli = Cli::try_parse_from([&["pausewake", "load"], args].concat());
        match cli.expect("good flags").command {
            Command::Load(args) => Adhoc::new(&args),
            _ => panic!("it is a load"),
        }
    }

    #[test]
    fn numbers_and_rates_have_suffixes() {
        for (typed, toml) in [
            ("64", "64"),
            ("20k", "20000"),
            ("3M", "3000000"),
            ("1.5k", "1500"),
            ("1e3", "1000"),
            ("2.5e3k", "2500000"),
        ] {
            assert_eq!(number(typed), toml);
        }
        for typed in [
            "1.2345k", "1e-3", "1e30", "inf", "nan", "-1", "+5k", "k", "",
        ] {
            assert_eq!(number(typed), format!("\"{typed}\""));
        }
        assert_eq!(number("99999999999999999999"), "\"99999999999999999999\"");
        assert_eq!(rate("8k"), "\"8k/s\"");
        assert_eq!(rate("8k/s"), "\"8k/s\"");
    }

    #[test]
    fn defaults_make_room_for_what_is_said() {
        assert!(adhoc(&[]).variants().is_ok());
        for (args, has, has_not) in [
            (&["--ops", "5"][..], "jobs = 64", "duration"),
            (&["--set", "load.ops=5"], "jobs = 64", "duration"),
            (&["--rate", "8k"], "duration = \"5s\"", "jobs"),
            (&["--op", "aead-seal"], "compute = \"real\"", "op ="),
            (
                &["--mix", "aead-seal:1, rsa-sign:2"],
                "compute = \"cached\"",
                "op =",
            ),
            (&["--profile", "ideal"], "compute", "device.asym"),
            (&["--clock", "virtual"], "duration = \"1s\"", "5s"),
        ] {
            let defaults = adhoc(args).defaults;
            assert!(defaults.contains(has), "{args:?}: {defaults}");
            assert!(!defaults.contains(has_not), "{args:?}: {defaults}");
        }
    }

    #[test]
    fn the_command_has_all_that_was_said_and_the_seed() {
        let args = [
            "-c",
            "1k",
            "--slo",
            "p99<2ms",
            "--set",
            "device.asym.slices=8",
        ];
        assert_eq!(
            adhoc(&args).command,
            "pausewake load --seed 1 --jobs 1k --slo 'p99<2ms' --set 'device.asym.slices=8'"
        );
        let seeded = adhoc(&["--seed", "7"]);
        assert_eq!(seeded.command, "pausewake load --seed 7");
        assert_eq!(path_word(Path::new("-it.toml")), "./-it.toml");
        let dashed = adhoc(&["--key=-k.pem", "--clock", "virtual"]);
        assert_eq!(
            dashed.command,
            "pausewake load --clock virtual --seed 1 '--key=-k.pem'"
        );
    }
}
