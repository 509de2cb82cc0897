//! A sweep: reports of the same run with other values of what was swept.
//!
//! JSON holds every report in full, so that parts of a sweep can be joined, and shown again. `knee` says
//! where more brings no more, `predicted` what theory lets expect, `words` both, and `ways` what words do that were
//! swept; `remarks` what is to be known of points before they are read; `table` and `page` show it.

mod join;
mod knee;
mod page;
mod predicted;
mod remarks;
mod table;
mod ways;
mod words;

pub use join::Missing;

use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use predicted::{bound, predicted};

use super::saved::{ReadError, document};
use super::text::numbers::count;
use super::text::printable;
use super::{Report, Reports, Verdict, csv};
use crate::formats::{Format, Histogram, Render, json};

/// Why files are no sweep.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// One of them is none.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Several cannot be shown together.
    #[error(
        "a report is of one sweep, and here are {0} files\n  accepted: one file, or `pausewake merge` \
         for the shards of one sweep"
    )]
    Several(usize),
    /// It is not part of the same sweep.
    #[error(
        "{path} cannot be merged with {first}: {wrong}\n  accepted: shards of the same sweep", 
        path = .path.display(), first = .first.display()
    )]
    Other {
        /// The file.
        path: PathBuf,
        /// The first of them.
        first: PathBuf,
        /// What differs.
        wrong: String,
    },
    /// Two files have the same point.
    #[error(
        "{path} cannot be merged with {first}: both have the point {point}\n  accepted: each shard once",
        path = .path.display(), first = .first.display()
    )]
    Twice {
        /// The file.
        path: PathBuf,
        /// The file that had it before.
        first: PathBuf,
        /// Where.
        point: String,
    },
}

/// A sweep, or those of its points that are known.
#[derive(Clone, Debug, Deserialize)]
pub struct SweepReport {
    /// The command that makes all of it again.
    pub command: String,
    /// What was swept.
    pub quantities: Vec<Quantity>,
    /// Which part of the sweep this is; `None` if it is all.
    #[serde(default)]
    pub shard: Option<Part>,
    /// Places of the grid at which nothing can be run, in order.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// Places at which a run came to no result, in order.
    #[serde(default)]
    pub broke_off: Vec<LeftOut>,
    /// If a signal ended it: places at which runs were under way, in order, and what they had measured.
    #[serde(default)]
    pub aborted: Option<Vec<LeftOut>>,
    /// The points, in order.
    pub points: Vec<Point>,
    /// The numbers of the points that were to be run, if it is of now: files are called after those.
    #[serde(skip)]
    pub due: Vec<u64>,
}

/// What JSON shows of it.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "pausewake sweep")]
pub(super) struct Document<'a> {
    /// Name and version of this format.
    #[schemars(extend("const" = FORMAT))]
    format: &'static str,
    /// The version of the program that wrote it.
    program: &'static str,
    /// The command that makes all of the sweep again.
    command: &'a str,
    /// What was swept: the values of all together are the grid of the sweep.
    quantities: &'a [Quantity],
    /// Which part of the sweep this is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<Part>,
    /// Places of the whole grid at which nothing can be run, in its order.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    left_out: &'a [LeftOut],
    /// Places of this part at which a run came to no result, in the order of the grid.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    broke_off: &'a [LeftOut],
    /// If a signal ended it before its time: places at which runs were under way, in the order of the grid, and
    /// what they had measured by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    aborted: Option<&'a [LeftOut]>,
    /// The points that were run, in the order of the grid.
    points: &'a [Point],
}

/// What is swept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quantity {
    /// Its name, that of its flag: `jobs`, `rate`, `size` (bytes), `threads` or `notify`.
    pub name: String,
    /// Its values as they were typed.
    pub typed: String,
    /// All of them.
    pub values: Vec<Value>,
}

/// A value of a quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// A whole number.
    Number(u64),
    /// A number that is not whole, as a rate may be.
    Fraction(f64),
    /// A word.
    Word(String),
}

/// A part of a sweep: of the points, in the order of the grid, every `of`-th from the `number`-th on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// Which part it is, from 1.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

/// Where a point stands in the grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Its number, from 0: the last quantity changes first.
    pub index: u64,
    /// A value of each quantity, in their order.
    pub at: Vec<Value>,
}

/// A place at which nothing can be run, or a run came to no result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// Why.
    pub why: String,
}

/// A point of a sweep.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// What was measured there.
    pub report: Report,
}

impl Part {
    /// Whether the point of this number belongs to it.
    pub fn has(self, index: u64) -> bool {
        index % self.of.max(1) + 1 == self.number
    }
}

impl Place {
    /// The place of this number in the grid of `quantities`, each of which has a value.
    pub fn new(index: u64, quantities: &[Quantity]) -> Self {
        let mut rest = index;
        let mut at = Vec::new();
        for quantity in quantities.iter().rev() {
            let len = quantity.values.len() as u64;
            let nth = usize::try_from(rest % len).unwrap_or(0);
            at.push(quantity.values[nth].clone());
            rest /= len;
        }
        at.reverse();
        Self { index, at }
    }

    /// It as a name: `notify=fd,jobs=64`.
    pub fn label(&self, quantities: &[Quantity]) -> String {
        let values = quantities.iter().zip(&self.at);
        let values = values.map(|(quantity, value)| format!("{}={value}", quantity.name));
        values.collect::<Vec<_>>().join(",")
    }
}

impl Value {
    /// It as a place on an axis, if it is a number.
    #[expect(clippy::cast_precision_loss, reason = "a place on an axis")]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number as f64),
            Self::Fraction(number) => Some(*number),
            Self::Word(_) => None,
        }
    }

    /// It as tables have it.
    fn in_words(&self) -> String {
        match self {
            Self::Number(number) => count(*number),
            Self::Fraction(number) => number.to_string(),
            Self::Word(word) => printable(word),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Fraction(number) => number.fmt(f),
            Self::Word(word) => word.fmt(f),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Quantity {
    /// Whether it can be the axis of a chart.
    fn is_number(&self) -> bool {
        let numbers = self.values.iter();
        let numbers = numbers.filter(|value| value.number().is_some());
        numbers.count() == self.values.len() && self.values.len() > 1
    }
}

impl SweepReport {
    /// The sweep that was saved at the only one of `paths`.
    ///
    /// # Errors
    /// There are several, or it is none.
    pub fn read_only(paths: &[PathBuf]) -> Result<Self, SweepError> {
        match paths {
            [only] => Ok(Self::read(only)?),
            several => Err(SweepError::Several(several.len())),
        }
    }

    /// The sweep that was saved at `path`, or a part of one.
    ///
    /// # Errors
    /// It is none.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        document(path, FORMAT, Self::settle)
    }

    /// What a sweep that was written has, and one that was made up may not.
    fn settle(&mut self) -> Result<(), String> {
        let Some(count) = self.grid_len().filter(|count| *count > 0) else {
            return Err("its grid has no points, or too many".to_owned());
        };
        let ascending = self.points.windows(2);
        if !ascending
            .into_iter()
            .all(|pair| pair[0].place.index < pair[1].place.index)
        {
            return Err("its points are not in order".to_owned());
        }
        let cut_off = self.aborted.iter().flatten();
        let others = self.left_out.iter().chain(&self.broke_off).chain(cut_off);
        let others = others.map(|it| &it.place);
        for place in self.points.iter().map(|it| &it.place).chain(others) {
            if place.index >= count || *place != Place::new(place.index, &self.quantities) {
                return Err(format!("point {} is none of its grid", place.index));
            }
        }
        let mut reports = self.points.iter_mut().map(|point| &mut point.report);
        reports.try_for_each(Report::settle)?;
        let Some(part) = self.shard else {
            return Ok(());
        };
        let stranger = self.points.iter().find(|it| !part.has(it.place.index));
        match stranger {
            None => Ok(()),
            Some(point) => {
                let index = point.place.index;
                Err(format!("point {index} is none of shard {part}"))
            }
        }
    }

    /// Points of the whole grid.
    fn grid_len(&self) -> Option<u64> {
        let lens = self.quantities.iter().map(|it| it.values.len() as u64);
        let len = lens.into_iter().try_fold(1_u64, u64::checked_mul)?;
        (len <= MOST_POINTS).then_some(len)
    }

    /// Points of the whole sweep that are not here.
    fn missing(&self) -> Vec<Place> {
        let has = |index: &u64| {
            let found = self.points.binary_search_by_key(index, |it| it.place.index);
            found.is_ok()
        };
        let is_left_out = |index: &u64| self.left_out.iter().any(|it| it.place.index == *index);
        let all = 0..self.grid_len().unwrap_or(0);
        all.filter(|index| !has(index) && !is_left_out(index))
            .map(|index| Place::new(index, &self.quantities))
            .collect()
    }

    /// Whether points are missing that should be here.
    pub fn is_complete(&self) -> bool {
        let is_due = |place: &Place| self.shard.is_none_or(|part| part.has(place.index));
        !self.missing().iter().any(is_due)
    }

    /// Names of the points.
    pub fn labels(&self) -> Vec<String> {
        let points = self.points.iter();
        points
            .map(|point| point.place.label(&self.quantities))
            .collect()
    }

    /// The worst that is to be said of its points, those included that are not here.
    pub fn verdict(&self) -> Verdict {
        let verdicts = self.points.iter().map(|it| Verdict::of(&it.report));
        let of_all = match (self.broke_off.as_slice(), self.is_complete()) {
            (_, true) => Verdict::Holds,
            ([], false) => Verdict::Aborted,
            (_, false) => Verdict::Invalid,
        };
        // A result that is wrong is worse.
        verdicts.max().unwrap_or(Verdict::Holds).max(of_all)
    }

    /// As reports of variants that are called after their points.
    pub fn reports(&self) -> Reports {
        let variants = self.points.iter().map(|point| {
            let mut report = point.report.clone();
            report.scenario.variant = Some(point.place.label(&self.quantities));
            report
        });
        Reports {
            variants: variants.collect(),
            command: self.command.clone(),
        }
    }
}

impl Render for SweepReport {
    fn to_text(&self) -> String {
        table::text(self)
    }

    fn to_json(&self) -> String {
        let document = Document {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION"),
            command: &self.command,
            quantities: &self.quantities,
            shard: self.shard,
            left_out: &self.left_out,
            broke_off: &self.broke_off,
            aborted: self.aborted.as_deref(),
            points: &self.points,
        };
        json(&document)
    }

    fn to_csv(&self) -> String {
        let names = self.quantities.iter().map(|it| it.name.as_str());
        let heads: Vec<String> = names
            .map(|name| format!("swept_{name}"))
            .chain([
                "predicted_throughput".to_owned(),
                "bound_throughput".to_owned(),
            ])
            .collect();
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        let rows = self.points.iter().map(|point| {
            let theory = [predicted(&point.report), bound(&point.report)];
            let theory = theory.map(|it| it.map_or_else(String::new, |it| it.to_string()));
            let values = point.place.at.iter().map(Value::to_string);
            (values.chain(theory).collect(), &point.report)
        });
        csv::behind(&heads, rows)
    }

    fn to_html(&self) -> String {
        page::html(self)
    }

    fn to_histogram(&self, format: Histogram) -> String {
        match self.points.is_empty() {
            true => String::new(),
            false => self.reports().to_histogram(format),
        }
    }

    fn only(&self, index: usize, format: Format) -> String {
        // There is a file for each point that was to be run, also if it came to no result.
        let nth = match self.due.get(index) {
            None => Some(index).filter(|nth| *nth < self.points.len()),
            Some(due) => self.points.iter().position(|it| it.place.index == *due),
        };
        nth.map_or_else(String::new, |nth| self.reports().only(nth, format))
    }
}

/// How busy the slices of the busiest class were.
fn busy(report: &Report) -> f64 {
    let slices = report.slices.iter().map(|slices| slices.utilisation);
    slices.fold(0.0, f64::max)
}

/// Name and version of the JSON format.
const FORMAT: &str = "pausewake-sweep/1";
/// As many as a command can ask for.
const MOST_POINTS: u64 = 10_000;
