//! Shards of a sweep made one. Each point was run in one of them, so nothing is added up: what was
//! measured of a point stays as it was, to the last digit.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Place, Point, SweepError, SweepReport};

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
    /// One of them is no sweep, is of another one, or says something else of the same point.
    ///
    /// # Panics
    /// There are no paths.
    pub fn read_merged(paths: &[PathBuf]) -> Result<(Self, Option<Missing>), SweepError> {
        let mut all = Self::read(&paths[0])?;
        let mut from: Vec<usize> = vec![0; all.points.len()];
        let mut parts: Vec<_> = vec![all.shard];
        for (nth, path) in paths.iter().enumerate().skip(1) {
            let more = Self::read(path)?;
            all.check_same(&more).map_err(|wrong| SweepError::Other {
                path: path.clone(),
                first: paths[0].clone(),
                wrong,
            })?;
            parts.push(more.shard);
            for point in more.points {
                let index = point.place.index;
                match all.points.binary_search_by_key(&index, |it| it.place.index) {
                    Err(at) => {
                        all.points.insert(at, point);
                        from.insert(at, nth);
                    }
                    Ok(at) if is_equal(&all.points[at], &point) => {}
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
        let (Some(ours), Some(theirs)) = (self.points.first(), other.points.first()) else {
            return Ok(());
        };
        // A scenario file may have changed between two shards: what is not swept has to be the same.
        let [ours, theirs] = [ours, theirs].map(|point| &point.report.config);
        let paths = ours.iter().chain(theirs.iter()).map(|(path, _)| path);
        let mut fixed = paths.filter(|path| !self.is_swept(path));
        match fixed.find(|path| ours.get(path) != theirs.get(path)) {
            None => Ok(()),
            Some(path) => {
                let [ours, theirs] = [ours, theirs].map(|it| it.get(path).unwrap_or("not said"));
                differs(path, ours, theirs)
            }
        }
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

/// Whether two files say the same of a point.
fn is_equal(ours: &Point, theirs: &Point) -> bool {
    let [ours, theirs] = [ours, theirs].map(serde_json::to_string);
    matches!((ours, theirs), (Ok(ours), Ok(theirs)) if ours == theirs)
}

/// Shards that have points of `missing`, if all files were shards of the same cut.
fn missing_shards(parts: &[Option<super::Part>], missing: &[Place]) -> Vec<String> {
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
