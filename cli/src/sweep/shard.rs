//! Which part of a sweep is run here: by a flag, or by what a scheduler of jobs says.

use crate::report::Part;

/// The part that `flag` names, or else the environment, as `variable` tells it; `None` if nobody says
/// one.
///
/// # Errors
/// What is wrong with it, and what is accepted.
pub fn find(
    flag: Option<&str>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Part>, String> {
    if let Some(flag) = flag {
        let part = of_flag(flag).ok_or_else(|| {
            format!("--shard {flag}: no part of a sweep\n  accepted: as 3/16, from 1/16 to 16/16")
        });
        return part.map(Some);
    }
    if let Some(id) = variable("SLURM_ARRAY_TASK_ID") {
        return of_slurm(&id, &variable).map(Some);
    }
    if let Some(index) = variable("JOB_COMPLETION_INDEX") {
        return of_kubernetes(&index, variable("PAUSEWAKE_SHARDS")).map(Some);
    }
    Ok(None)
}

fn of_flag(flag: &str) -> Option<Part> {
    let (number, of) = flag.split_once('/')?;
    part(number.trim().parse().ok()?, of.trim().parse().ok()?)
}

fn part(number: u64, of: u64) -> Option<Part> {
    let is_one = (1..=of).contains(&number);
    is_one.then_some(Part { number, of })
}

/// Tasks of an array are numbered from any number on, in equal steps (sbatch(1), `--array`).
fn of_slurm(id: &str, variable: &impl Fn(&str) -> Option<String>) -> Result<Part, String> {
    let number = |name: &str, default: Option<u64>| match variable(name) {
        None => default.ok_or_else(|| format!("{name} is not set")),
        Some(text) => text.parse().map_err(|_| format!("{name} is `{text}`")),
    };
    let find = || {
        let id: u64 = id.parse().map_err(|_| format!("it is `{id}`"))?;
        let count = number("SLURM_ARRAY_TASK_COUNT", None)?;
        let least = number("SLURM_ARRAY_TASK_MIN", None)?;
        let step = number("SLURM_ARRAY_TASK_STEP", Some(1))?.max(1);
        let greatest = number("SLURM_ARRAY_TASK_MAX", Some(id.max(least)))?;
        let uneven = || "the array's tasks are not in equal steps".to_owned();
        let place = id.checked_sub(least).ok_or_else(uneven)?;
        // One shard of an array that is done again says nothing of the others.
        if count == 1 && id > 1 {
            return Err(format!("the array has one task, number {id}"));
        }
        let is_even = place % step == 0 && greatest.saturating_sub(least) / step < count;
        let part = part(place / step + 1, count).filter(|_| is_even);
        part.ok_or_else(uneven)
    };
    find().map_err(|wrong: String| {
        format!(
            "SLURM_ARRAY_TASK_ID is set, and does not tell which part of the sweep this is: {wrong}\n  \
             accepted: a task of --array=FIRST-LAST or --array=FIRST-LAST:STEP, or --shard N/OF \
             (1/1 is all)"
        )
    })
}

/// Indices begin at 0. How many there are, Kubernetes does not tell.
fn of_kubernetes(index: &str, count: Option<String>) -> Result<Part, String> {
    let find = || {
        let at: u64 = index.parse().map_err(|_| format!("it is `{index}`"))?;
        let count = count.ok_or("PAUSEWAKE_SHARDS is not set")?;
        let wrong = || format!("PAUSEWAKE_SHARDS is `{count}`");
        let of = count.parse().ok().filter(|of| *of > 0).ok_or_else(wrong)?;
        let found = at.checked_add(1).and_then(|number| part(number, of));
        found.ok_or_else(|| match of {
            1 => format!("it is {at}, and of 1 shard the only one is 0"),
            of => format!("it is {at}, and of {of} shards the last is {}", of - 1),
        })
    };
    find().map_err(|wrong: String| {
        format!(
            "JOB_COMPLETION_INDEX is set, and does not tell which part of the sweep this is: {wrong}\n  \
             accepted: PAUSEWAKE_SHARDS with the job's number of completions, which Kubernetes does not tell, \
             or --shard N/OF (1/1 is all)"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(flag: Option<&str>, variables: &[(&str, &str)]) -> Option<(u64, u64)> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(set, _)| *set == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let part = find(flag, variable).ok()?;
        part.map(|part| (part.number, part.of)).or(Some((0, 0)))
    }

    #[test]
    fn a_flag_is_before_the_environment() {
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "14"),
            ("SLURM_ARRAY_TASK_MIN", "10"),
            ("SLURM_ARRAY_TASK_MAX", "16"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
        ];
        assert_eq!(found(None, &[]), Some((0, 0)));
        assert_eq!(found(Some("3/16"), &slurm), Some((3, 16)));
        assert_eq!(found(None, &slurm), Some((3, 4)));
        let kubernetes = [("JOB_COMPLETION_INDEX", "0"), ("PAUSEWAKE_SHARDS", "3")];
        assert_eq!(found(None, &kubernetes), Some((1, 3)));
    }

    #[test]
    fn what_names_no_part_is_told() {
        for flag in ["", "3", "0/2", "3/2", "a/b", "1/0", "-1/2"] {
            assert_eq!(found(Some(flag), &[]), None, "{flag}");
        }
        let list = [
            ("SLURM_ARRAY_TASK_ID", "1"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_MAX", "7"),
            ("SLURM_ARRAY_TASK_COUNT", "3"),
        ];
        assert_eq!(found(None, &list), None);
        assert_eq!(found(None, &list[..3]), None);
        let again = [
            ("SLURM_ARRAY_TASK_ID", "5"),
            ("SLURM_ARRAY_TASK_MIN", "5"),
            ("SLURM_ARRAY_TASK_MAX", "5"),
            ("SLURM_ARRAY_TASK_COUNT", "1"),
        ];
        assert_eq!(found(None, &again), None);
        let only = again.map(|(name, value)| (name, if value == "5" { "1" } else { value }));
        assert_eq!(found(None, &only), Some((1, 1)));
        assert_eq!(found(None, &[("JOB_COMPLETION_INDEX", "0")]), None);
        let beyond = [("JOB_COMPLETION_INDEX", "3"), ("PAUSEWAKE_SHARDS", "3")];
        assert_eq!(found(None, &beyond), None);
    }

    #[test]
    fn what_is_wrong_with_an_index_is_said() {
        for (index, count, wrong) in [
            ("3", Some("3"), "it is 3, and of 3 shards the last is 2"),
            ("1", Some("1"), "it is 1, and of 1 shard the only one is 0"),
            ("-1", Some("3"), "it is `-1`"),
            ("x", Some("3"), "it is `x`"),
            ("0", None, "PAUSEWAKE_SHARDS is not set"),
            ("0", Some("three"), "PAUSEWAKE_SHARDS is `three`"),
            ("0", Some("0"), "PAUSEWAKE_SHARDS is `0`"),
        ] {
            let said = of_kubernetes(index, count.map(str::to_owned)).unwrap_err();
            assert!(said.contains(wrong), "{said}");
        }
    }
}
