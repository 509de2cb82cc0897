//! `pausewake sweep`: the same run again and again, with other values of one quantity or of several.
//!
//! Each point is a run as `load` makes it, and knows nothing of the others: so they can be run on all
//! cores at once under virtual time, or on many machines, and give the same.

mod room;
mod runs;
mod shard;
mod values;

use crate::args;
use crate::load::{self, Adhoc};
use crate::output;
use crate::probe::FIRST_SEED;
use crate::report::numbers::counted;
use crate::report::{LeftOut, Part, Place, Quantity, Value};
use crate::room::too_many_jobs;
use crate::scenario::{self, Flag, Mode, Rejected, Variant};
use values::{BYTES, COUNTS, MOST_VALUES, numbers, of_rate, rate, whole};

/// Why there is nothing to sweep.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A flag is wrong.
    #[error("{0}")]
    Flag(String),
    /// A point is wrong, and with it probably all.
    #[error("{0}")]
    Point(Box<Rejected>),
}

/// A sweep before it is run.
#[derive(Debug)]
pub struct Plan {
    command: String,
    quantities: Vec<Quantity>,
    shard: Option<Part>,
    /// Places of the whole grid at which nothing can be run.
    left_out: Vec<LeftOut>,
    /// The points that are to be run here.
    points: Vec<(Place, Variant)>,
}

impl Plan {
    /// What `args` ask for: all points are checked, and of them are kept those of this shard.
    ///
    /// # Errors
    /// What is wrong with the flags, or with a point.
    pub fn new(args: &args::Sweep) -> Result<Self, PlanError> {
        refuse(args)?;
        let quantities = quantities(args).map_err(PlanError::Flag)?;
        refuse_sets(args, &quantities)?;
        let shard = shard::find(args.shard.as_deref(), |name| std::env::var(name).ok());
        let shard = shard.map_err(PlanError::Flag)?;
        let base = base(args, &quantities);
        let (mut points, mut left_out) = (Vec::new(), Vec::new());
        for place in places(&quantities) {
            if let Some(why) = impossible(&base, &quantities, &place) {
                left_out.push(LeftOut { place, why });
                continue;
            }
            let variant = variant(args, &base, &quantities, &place)?;
            if let Some(why) = too_many_jobs(&variant.scenario) {
                let place = place.label(&quantities);
                return Err(PlanError::Flag(format!("at {place}: {why}")));
            }
            if shard.is_none_or(|part| part.has(place.index)) {
                points.push((place, variant));
            }
        }
        if places(&quantities).count() == left_out.len() {
            return Err(PlanError::Flag(format!(
                "nothing can be run: {}\n  accepted: as many --jobs as --threads, or more, in one place of the \
                 grid at least",
                left_out[0].why
            )));
        }
        Ok(Self {
            command: command(args, &base, &quantities),
            quantities,
            shard,
            left_out,
            points,
        })
    }

    /// Names of the points that are to be run, as files are called after them.
    pub fn labels(&self) -> Vec<String> {
        let places = self.points.iter().map(|(place, _)| place);
        places.map(|place| place.label(&self.quantities)).collect()
    }
}

/// Flags of a load that mean nothing in a sweep.
fn refuse(args: &args::Sweep) -> Result<(), PlanError> {
    let expects = args.load.set_of("expect");
    let expects = expects.is_some_and(|set| !set.ends_with('='));
    let wrong = if expects {
        "--set expect: a sweep looks at all of its points, and none of them passes or fails\n  accepted: it \
         with `pausewake load`, at the point that matters"
    } else if !args.load.slo.is_empty() {
        "--slo: a sweep looks at all of its points, and none of them passes or fails\n  accepted: --slo \
         with `pausewake load`, at the point that matters"
    } else if args.load.sets("abort") {
        "--set abort: a sweep looks at all of its points, and none of them ends before its time\n  accepted: \
         it with `pausewake load`, at the point that matters"
    } else if args.load.print_scenario {
        "--print-scenario: a sweep is many scenarios\n  accepted: --print-scenario with `pausewake load`, \
         with one value for each flag"
    } else {
        return Ok(());
    };
    Err(PlanError::Flag(wrong.to_owned()))
}

/// What is swept cannot be said once for all points, too: `--set` is put over flags.
fn refuse_sets(args: &args::Sweep, quantities: &[Quantity]) -> Result<(), PlanError> {
    for quantity in quantities {
        let Some(set) = entries_of(&quantity.name)
            .iter()
            .find_map(|entry| args.load.set_of(entry))
        else {
            continue;
        };
        let name = &quantity.name;
        return Err(PlanError::Flag(format!(
            "--set {set}: it says what --{name} sweeps\n  accepted: --{name} alone"
        )));
    }
    Ok(())
}

/// Where calls wait in place, or nothing goes to the device, nobody is told of anything.
fn refuse_notify(quantities: &[Quantity], mode: Mode) -> Result<(), PlanError> {
    let mode = match mode {
        Mode::Async => return Ok(()),
        Mode::Sync => "sync\": each call waits in place",
        Mode::Software => "software\": the device gets nothing to do",
    };
    match quantities.iter().any(|quantity| quantity.name == NOTIFY) {
        false => Ok(()),
        true => Err(PlanError::Flag(format!(
            "--notify: with engine.mode = \"{mode}, and all notifications are the same\n  accepted: --notify \
             with engine.mode = \"async\", or another quantity"
        ))),
    }
}

/// The entries of a scenario that say a quantity, or say it otherwise.
fn entries_of(quantity: &str) -> &'static [&'static str] {
    match quantity {
        NOTIFY => &["engine.notify"],
        "threads" => &["load.threads"],
        "rate" => &["load.rate", "load.phase"],
        "jobs" => &["load.jobs", "load.phase"],
        _ => &["load.op", "load.mix", "load.message_size", "load.payload"],
    }
}

/// What is swept, from outside to inside: what has several values.
fn quantities(args: &args::Sweep) -> Result<Vec<Quantity>, String> {
    let load = &args.load;
    let said = [
        (NOTIFY, &load.notify),
        ("threads", &load.threads),
        (SIZE, &args.size),
        ("rate", &load.rate),
        ("jobs", &load.jobs),
    ];
    let mut quantities = Vec::new();
    for (name, typed) in said {
        let Some(typed) = typed else { continue };
        let values: Vec<Value> = match name {
            NOTIFY => ways(typed)?.into_iter().map(Value::Word).collect(),
            _ => {
                let values = values_of(name, typed);
                values
                    .map_err(|wrong| format!("--{name} {typed}: {wrong}\n  accepted: {RANGES}"))?
            }
        };
        // A size is swept even alone: no flag of a load says it.
        if values.len() > 1 || name == SIZE {
            let typed = typed.clone();
            let name = name.to_owned();
            quantities.push(Quantity {
                name,
                typed,
                values,
            });
        }
    }
    if quantities.iter().all(|quantity| quantity.values.len() < 2) {
        return Err(format!(
            "nothing is swept: no quantity has several values\n  accepted: at least one of --jobs, \
             --rate, --size, --threads ({RANGES}) and --notify fd,callback,poll"
        ));
    }
    let points = quantities.iter().map(|quantity| quantity.values.len());
    let points = points.fold(1, usize::saturating_mul);
    if points > MOST_VALUES {
        return Err(format!(
            "the sweep has {points} points\n  accepted: at most {MOST_VALUES}"
        ));
    }
    Ok(quantities)
}

/// The numbers of a quantity.
fn values_of(name: &str, typed: &str) -> Result<Vec<Value>, String> {
    let units = match name {
        "rate" => {
            let rates = numbers(typed, rate)?;
            return Ok(rates.into_iter().map(of_rate).collect());
        }
        SIZE => &BYTES[..],
        _ => &COUNTS,
    };
    let numbers = numbers(typed, |text| whole(text, units))?;
    Ok(numbers.into_iter().map(Value::Number).collect())
}

/// Why nothing can be run at `place`, if so: some threads would have no job.
fn impossible(base: &args::Load, quantities: &[Quantity], place: &Place) -> Option<String> {
    let swept = |name: &str| {
        let mut swept = quantities.iter().zip(&place.at);
        let (_, value) = swept.find(|(quantity, _)| quantity.name == name)?;
        Some(value)
    };
    let of = |name: &str, flag: &Option<String>| match swept(name) {
        Some(Value::Number(number)) => Some(*number),
        Some(_) => None,
        None => flag.as_deref().and_then(load::whole),
    };
    let (jobs, threads) = (of("jobs", &base.jobs)?, of("threads", &base.threads)?);
    let is_swept = swept("jobs").or(swept("threads")).is_some();
    (is_swept && 0 < jobs && jobs < threads).then(|| {
        format!(
            "of {threads} threads with {} some would have none",
            counted(jobs, "job")
        )
    })
}

fn ways(typed: &str) -> Result<Vec<String>, String> {
    let mut ways: Vec<String> = Vec::new();
    for way in typed.split(',').map(str::trim) {
        if !WAYS.contains(&way) {
            let accepted = WAYS.join(", ");
            return Err(format!(
                "--notify {typed}: `{way}` is no way to tell a job\n  accepted: {accepted}, or several of \
                 them with commas"
            ));
        }
        if !ways.iter().any(|known| known == way) {
            ways.push(way.to_owned());
        }
    }
    Ok(ways)
}

/// The flags of all points: those that were given, without those that are swept.
fn base(args: &args::Sweep, quantities: &[Quantity]) -> args::Load {
    let mut load = args.load.clone();
    for quantity in quantities {
        if let Some(flag) = flag_of(&mut load, &quantity.name) {
            *flag = None;
        }
    }
    if args.scenario.is_none() {
        load = load.or_virtual();
        load.or_measured_host();
        let is_told_by_looking = |quantity: &Quantity| {
            quantity.name == NOTIFY && quantity.values.contains(&Value::Word("poll".to_owned()))
        };
        // The default, to reap by event, does not go with poll; all points are to be reaped alike.
        let says_reap = load.reap.is_some() || load.sets("engine.reap");
        if quantities.iter().any(is_told_by_looking) && !says_reap {
            load.reap = Some(REAP_FOR_ALL.to_owned());
        }
        if load.seed.is_none() && !load.sets("seed") {
            load.seed = Some(FIRST_SEED);
        }
    }
    load
}

/// The flag of a load that says the quantity `name`, if one does.
fn flag_of<'a>(load: &'a mut args::Load, name: &str) -> Option<&'a mut Option<String>> {
    Some(match name {
        NOTIFY => &mut load.notify,
        "threads" => &mut load.threads,
        "rate" => &mut load.rate,
        "jobs" => &mut load.jobs,
        _ => return None,
    })
}

/// All points of the grid, in order.
fn places(quantities: &[Quantity]) -> impl Iterator<Item = Place> + '_ {
    let count: usize = quantities.iter().map(|it| it.values.len()).product();
    (0..count as u64).map(|index| Place::new(index, quantities))
}

/// What is run at `place`.
fn variant(
    args: &args::Sweep,
    base: &args::Load,
    quantities: &[Quantity],
    place: &Place,
) -> Result<Variant, PlanError> {
    let mut load = base.clone();
    let mut size = None;
    for (quantity, value) in quantities.iter().zip(&place.at) {
        match flag_of(&mut load, &quantity.name) {
            Some(flag) => *flag = Some(value.to_string()),
            None => size = Some(value.to_string()),
        }
    }
    let mut variants = match &args.scenario {
        None => {
            if let Some(size) = size {
                let op = op_of(&load)?;
                load.op = Some(format!("{op}@{size}"));
            }
            Adhoc::new(&load).variants()
        }
        Some(path) => {
            let mut flags = load::flags(&load);
            flags.extend(size.map(|size| {
                let toml = format!("\"{size}B\"");
                Flag::new("--size", "load.message_size", &size, toml)
            }));
            // Nothing of it is looked at: what cannot be met, as verification of what is not computed, shall
            // not be in the way.
            let overrides = load.overrides.iter().cloned();
            let overrides: Vec<_> = overrides.chain(NOT_LOOKED_AT.map(str::to_owned)).collect();
            scenario::read(path, &flags, &overrides)
        }
    }
    .map_err(PlanError::Point)?;
    if variants.len() > 1 {
        return Err(PlanError::Flag(
            "--scenario: the file has variants, and a sweep makes its own\n  accepted: a scenario without \
             variants"
                .to_owned(),
        ));
    }
    let mut variant = variants.pop().expect("there is one at least");
    refuse_notify(quantities, variant.scenario.mode)?;
    let has_levels = |quantity: &&Quantity| ["rate", "jobs"].contains(&quantity.name.as_str());
    if let Some(quantity) = quantities.iter().find(has_levels)
        && !variant.scenario.load.phases.is_empty()
    {
        let name = &quantity.name;
        return Err(PlanError::Flag(format!(
            "--scenario: its load has phases, which say the {name} themselves\n  accepted: --{name} with a \
             scenario without phases"
        )));
    }
    // Those of flags.
    variant.scenario.expectations.clear();
    variant.scenario.abort = None;
    Ok(variant)
}

/// The op whose size is swept.
fn op_of(load: &args::Load) -> Result<&str, PlanError> {
    let wrong = match (&load.op, &load.mix) {
        (_, Some(_)) => "--size: a mix says the size of each of its ops\n  accepted: --op",
        (Some(op), None) if op.contains('@') => {
            "--size: the op says a size itself\n  accepted: --op without @ and a size"
        }
        (Some(op), None) => return Ok(op),
        (None, None) if load.key.is_some() => return Ok(load::default_op(load.key.as_deref())),
        (None, None) => return Ok(SEAL),
    };
    Err(PlanError::Flag(wrong.to_owned()))
}

/// The command that makes all of the sweep again, for a shell.
fn command(args: &args::Sweep, base: &args::Load, quantities: &[Quantity]) -> String {
    let mut words = Vec::new();
    if let Some(path) = &args.scenario {
        words.extend(load::flag_words("--scenario", &path.to_string_lossy()));
    }
    for quantity in quantities.iter().rev() {
        words.extend([format!("--{}", quantity.name), quantity.typed.clone()]);
    }
    words.extend(load::words(&load::flags(base), &base.overrides));
    output::shell("sweep", words)
}

const NOTIFY: &str = "notify";
const SIZE: &str = "size";
/// Goes with every notification, by both clocks.
const REAP_FOR_ALL: &str = "inline";
const WAYS: [&str; 3] = ["fd", "callback", "poll"];
/// Takes out of a scenario what a sweep does not look at.
const NOT_LOOKED_AT: [&str; 2] = ["expect=", "abort="];
const SEAL: &str = "aes-256-gcm-seal";
const RANGES: &str = "a list, as 1,4,16, or a range: 1..1024 (doubling), 1..1000x10, 10k..200k+10k";
