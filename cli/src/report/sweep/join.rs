//! Shards of a sweep made one. Each point was run in one of them, so nothing is added up: what was
//! measured of a point stays as it was, to the last digit.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Part, Place, SweepError, SweepReport};

/// What is missing in a merged sweep.
#[derive(Debug)]
pub struct Missing {
    /// Points that no file had.
    pub points: Vec<String>,
    /// Shards of which there was no file: `3/16`.
    pub shards: Vec<String>,
}

impl SweepReport {
    /// The sweep whose parts were saved at `paths`, and what of it is not there.
    ///
    /// # Errors
    /// One of them is no sweep, or of another one; or they are not parts of one cut, each of them once.
    ///
    /// # Panics
    /// There are no paths.
    pub fn read_merged(paths: &[PathBuf]) -> Result<(Self, Option<Missing>), SweepError> {
        let mut all = Self::read(&paths[0])?;
        let mut from: Vec<usize> = vec![0; all.points.len()];
        let mut parts: Vec<_> = vec![all.shard];
        let other = |nth: usize, first: usize, wrong| SweepError::Other {
            path: paths[nth].clone(),
            first: paths[first].clone(),
            wrong,
        };
        for (nth, path) in paths.iter().enumerate().skip(1) {
            let more = Self::read(path)?;
            let same = all.check_same(&more);
            same.map_err(|wrong| other(nth, 0, wrong))?;
            for (first, part) in parts.iter().enumerate() {
                let one_cut = check_cut(*part, more.shard);
                one_cut.map_err(|wrong| other(nth, first, wrong))?;
            }
            parts.push(more.shard);
            all.broke_off.extend(more.broke_off);
            if let Some(cut_off) = more.aborted {
                all.aborted.get_or_insert_default().extend(cut_off);
            }
            for point in more.points {
                let index = point.place.index;
                match all.points.binary_search_by_key(&index, |it| it.place.index) {
                    Err(at) => {
                        all.points.insert(at, point);
                        from.insert(at, nth);
                    }
                    Ok(at) => {
                        return Err(SweepError::Twice {
                            path: path.clone(),
                            first: paths[from[at]].clone(),
                            point: point.place.label(&all.quantities),
                        });
                    }
                }
            }
        }
        all.broke_off.sort_by_key(|it| it.place.index);
        if let Some(cut_off) = &mut all.aborted {
            cut_off.sort_by_key(|it| it.place.index);
        }
        // Whoever merges wants the whole: what other shards have is missing in it.
        all.shard = None;
        let missing = all.missing();
        let is_whole = missing.is_empty();
        let missing = (!is_whole).then(|| Missing {
            shards: missing_shards(&parts, &missing),
            points: missing
                .iter()
                .map(|place| place.label(&all.quantities))
                .collect(),
        });
        Ok((all, missing))
    }

    /// What differs, in words.
    fn check_same(&self, other: &Self) -> Result<(), String> {
        let differs = |what: &str, ours: &str, theirs: &str| {
            Err(format!("{what} is {ours} in one and {theirs} in the other"))
        };
        if self.command != other.command {
            return differs("the command", &self.command, &other.command);
        }
        if self.quantities != other.quantities {
            return Err("they swept other values".to_owned());
        }
        if self.left_out != other.left_out {
            return Err("they left out other points".to_owned());
        }
        let Some(first) = self.points.first() else {
            return Ok(());
        };
        for theirs in &other.points {
            let files = first.report.other_files(&theirs.report);
            if let Some((file, [ours, theirs])) = files.first() {
                return differs(file, ours, theirs);
            }
        }
        let ours = &first.report.config;
        // A scenario file may have changed between two shards: what is not swept has to be the same.
        for theirs in other.points.iter().map(|point| &point.report.config) {
            let paths = ours.iter().chain(theirs.iter()).map(|(path, _)| path);
            let mut fixed = paths.filter(|path| !self.is_swept(path));
            if let Some(path) = fixed.find(|path| ours.get(path) != theirs.get(path)) {
                let [ours, theirs] = [ours, theirs].map(|it| it.get(path).unwrap_or("not said"));
                return differs(path, ours, theirs);
            }
        }
        Ok(())
    }

    /// Whether a swept quantity says the entry at `path`.
    pub(super) fn is_swept(&self, path: &str) -> bool {
        self.quantities
            .iter()
            .any(|quantity| match quantity.name.as_str() {
                "notify" => path == "engine.notify",
                "size" => matches!(path, "load.op" | "load.message_size"),
                name => path.strip_prefix("load.") == Some(name),
            })
    }
}

/// What is wrong with two files as parts of one sweep, in words. What was merged from some of its parts
/// does not say which: its points tell.
fn check_cut(ours: Option<Part>, theirs: Option<Part>) -> Result<(), String> {
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        return Ok(());
    };
    if ours.of != theirs.of {
        return Err(format!(
            "one is shard {ours}, the other {theirs} of another cut"
        ));
    }
    match ours.number == theirs.number {
        true => Err(format!(
            "both are shard {ours}, and each of its points would be there twice"
        )),
        false => Ok(()),
    }
}

/// Shards that have points of `missing`, if all files were shards of the same cut.
fn missing_shards(parts: &[Option<Part>], missing: &[Place]) -> Vec<String> {
    let Some(Some(first)) = parts.first().copied() else {
        return Vec::new();
    };
    let of = first.of;
    if !parts
        .iter()
        .all(|part| part.is_some_and(|part| part.of == of))
    {
        return Vec::new();
    }
    let numbers: BTreeSet<u64> = missing
        .iter()
        .map(|place| place.index % of.max(1) + 1)
        .collect();
    numbers
        .iter()
        .map(|number| format!("{number}/{of}"))
        .collect()
}
