//! Formats of reports, and which file gets which.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum, ValueHint};
use serde::Serialize;

use crate::interrupt::Interrupt;
use crate::output::{Destination, Filled, Output, OutputError};

/// How to write a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for humans, 80 columns wide.
    Text,
    /// Everything, for programs: figures, histograms, the run over time, the configuration. `pausewake
    /// report` reads it.
    Json,
    /// One row for each variant, for spreadsheets.
    Csv,
    /// One page with charts, complete in itself.
    Html,
    /// The percentile distribution of latency, for HdrHistogram's plotter.
    Hgrm,
    /// The latency of each interval: HdrHistogram's interval log.
    Hlog,
}

/// Where reports go, and how they are written.
#[derive(Clone, Debug, Args)]
pub struct OutputArgs {
    /// How to write the report where the file's extension does not say it: on standard output, and to
    /// files with no extension or an unknown one. If not given, as text.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Write the report to FILE instead of standard output (-), all of it or nothing. May be given
    /// several times: -o report.html -o report.json. What is no regular file, as a FIFO, is written
    /// to as it is.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Vec<PathBuf>,
}

/// What can be written in all formats, or in those of [`SUMMARIES`].
pub trait Render {
    /// Tables for humans, 80 columns wide.
    fn to_text(&self) -> String;

    /// Everything, for programs.
    fn to_json(&self) -> String;

    /// Rows for spreadsheets.
    fn to_csv(&self) -> String;

    /// One page, complete in itself.
    fn to_html(&self) -> String;

    /// The latency of a run, in one of the formats of HdrHistogram; of the first variant, where it holds one
    /// alone. A summary of runs has none: [`OutputArgs::only_summaries_of`] refuses to write it so.
    fn to_histogram(&self, _format: Histogram) -> String {
        String::new()
    }

    /// One of its variants, alone.
    fn only(&self, _index: usize, format: Format) -> String {
        self.to(format)
    }

    /// All of it.
    fn to(&self, format: Format) -> String {
        match format {
            Format::Text => self.to_text(),
            Format::Json => self.to_json(),
            Format::Csv => self.to_csv(),
            Format::Html => self.to_html(),
            Format::Hgrm => self.to_histogram(Histogram::Percentiles),
            Format::Hlog => self.to_histogram(Histogram::Intervals),
        }
    }
}

/// How HdrHistogram's tools read latency.
#[derive(Clone, Copy, Debug)]
pub enum Histogram {
    /// Its percentile distribution.
    Percentiles,
    /// That of each interval.
    Intervals,
}

/// The formats of what was made of several runs, and has no histogram of its own.
pub const SUMMARIES: [Format; 4] = [Format::Text, Format::Json, Format::Csv, Format::Html];

/// Takes the names of [`SUMMARIES`], and lists no others.
pub fn summary_format() -> impl TypedValueParser<Value = Format> {
    let names = SUMMARIES.iter().filter_map(Format::to_possible_value);
    PossibleValuesParser::new(names)
        .map(|name| Format::from_str(&name, false).expect("it is one of them"))
}

/// `value` as one JSON object, and a line's end.
pub fn json(value: &impl Serialize) -> String {
    let mut json = serde_json::to_string_pretty(value).expect("strings and numbers are JSON");
    json.push('\n');
    json
}

/// Why reports cannot be written so.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// An extension says nothing.
    #[error(
        "{path}: no format has the extension .{extension}\n  accepted: {EXTENSIONS}, or --format \
         beside any name", path = .path.display()
    )]
    Extension {
        /// The file.
        path: PathBuf,
        /// Its extension.
        extension: String,
    },
    /// What is to be written has no such form.
    #[error("{what} cannot be written as {format}\n  accepted: {accepted}")]
    NotAs {
        /// What is to be written.
        what: &'static str,
        /// As what.
        format: String,
        /// The formats that it has.
        accepted: String,
    },
    /// A format is asked for, and every file is of another one.
    #[error(
        "--format {format} is for nothing here: the extensions name other formats\n  accepted: -o - \
         beside them, or a file with no extension"
    )]
    Unused {
        /// What was asked for.
        format: String,
    },
    /// A file is named twice.
    #[error("{path} is to be written twice\n  accepted: each file once", path = .path.display())]
    Twice {
        /// The file.
        path: PathBuf,
    },
    /// There is one place for several distributions.
    #[error(
        "a percentile distribution (hgrm) is of one variant, and here are {variants}\n  accepted: \
         a file (-o latency.hgrm makes latency.VARIANT.hgrm of each), or --format hlog, which holds all"
    )]
    OneVariant {
        /// How many variants there are.
        variants: usize,
    },
    /// A place cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Files and streams that are ready for a report.
#[derive(Debug)]
pub struct Outputs(Vec<Part>);

/// Where something goes, in which format, and of which variant alone, if so.
type Place = (PathBuf, Format, Option<usize>);

#[derive(Debug)]
struct Part {
    format: Format,
    /// Of which variant alone, if so.
    variant: Option<usize>,
    output: Output,
}

impl OutputArgs {
    /// Whether everything is to be written in one of the formats that `what`, a summary of runs, has.
    ///
    /// # Errors
    /// Something is not, or its format cannot be told.
    pub fn only_summaries_of(&self, what: &'static str) -> Result<(), FormatError> {
        let places = self.places(&[None])?;
        let Some((_, format, _)) = places.iter().find(|it| !SUMMARIES.contains(&it.1)) else {
            return Ok(());
        };
        let accepted: Vec<_> = SUMMARIES.iter().map(|it| it.name()).collect();
        Err(FormatError::NotAs {
            what,
            format: format.name(),
            accepted: accepted.join(", "),
        })
    }

    /// Makes ready to write the reports of variants with these `names`, before anything is run. A FIFO is
    /// waited for until somebody reads it, or until `interrupt` is raised.
    ///
    /// # Errors
    /// A format cannot be told, or a place cannot be written.
    pub fn open(
        &self,
        names: &[Option<&str>],
        interrupt: &Interrupt,
    ) -> Result<Outputs, FormatError> {
        let mut destinations = Vec::new();
        for (place, format, variant) in self.places(names)? {
            let destination = Destination::of(Some(&place), interrupt)?;
            let is_same = |(other, _, _): &(Destination, _, _)| destination.is_same(other);
            if destinations.iter().any(is_same) {
                return Err(FormatError::Twice { path: place });
            }
            destinations.push((destination, format, variant));
        }
        // Nothing is made before all is known to be right.
        let parts = destinations
            .into_iter()
            .map(|(destination, format, variant)| {
                let output = destination.open()?;
                Ok(Part {
                    format,
                    variant,
                    output,
                })
            });
        parts.collect::<Result<_, FormatError>>().map(Outputs)
    }

    /// Where reports of variants with these `names` go, and in which format.
    fn places(&self, names: &[Option<&str>]) -> Result<Vec<Place>, FormatError> {
        let standard = [PathBuf::from(STANDARD_OUTPUT)];
        let paths = match self.output.as_slice() {
            [] => &standard,
            paths => paths,
        };
        let mut places = Vec::new();
        for path in paths {
            places.extend(places_of(path, self.format, names)?);
        }
        // What is asked for shall not be passed over in silence.
        match self.format {
            Some(format) if places.iter().all(|(_, its, _)| *its != format) => {
                let format = format.name();
                Err(FormatError::Unused { format })
            }
            _ => Ok(places),
        }
    }
}

impl Outputs {
    /// Writes `content` everywhere. Files are put in their places when all are written: if one cannot
    /// be, there is none.
    ///
    /// # Errors
    /// Something could not be written; regular files that were there before are unchanged.
    pub fn write(self, content: &dyn Render) -> Result<(), OutputError> {
        let filled = self.0.into_iter().map(|part| {
            let text = match part.variant {
                None => content.to(part.format),
                Some(index) => content.only(index, part.format),
            };
            part.output.fill(text)
        });
        let filled = filled.collect::<Result<Vec<_>, _>>()?;
        // What cannot be taken back goes last.
        let (files, streams): (Vec<_>, Vec<_>) = filled.into_iter().partition(Filled::is_file);
        for stream in streams {
            stream.finish()?;
        }
        for file in files {
            file.finish()?;
        }
        Ok(())
    }
}

impl Format {
    /// As `--format` has it.
    fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The format that the extension of `path` names; if it names none, the one that was `asked` for, and
    /// text where there is no extension at all.
    fn of(path: &Path, asked: Option<Self>) -> Result<Self, FormatError> {
        let Some(extension) = path.extension() else {
            return Ok(asked.unwrap_or(Self::Text));
        };
        let extension = extension.to_string_lossy();
        match (extension.to_ascii_lowercase().as_str(), asked) {
            ("txt", _) => Ok(Self::Text),
            ("json", _) => Ok(Self::Json),
            ("csv", _) => Ok(Self::Csv),
            ("html" | "htm", _) => Ok(Self::Html),
            ("hgrm", _) => Ok(Self::Hgrm),
            ("hlog", _) => Ok(Self::Hlog),
            (_, Some(format)) => Ok(format),
            (_, None) => Err(FormatError::Extension {
                path: path.to_owned(),
                extension: extension.into_owned(),
            }),
        }
    }
}

/// What is written for `path`: one file, or one for each variant where the format holds only one.
fn places_of(
    path: &Path,
    format: Option<Format>,
    names: &[Option<&str>],
) -> Result<Vec<Place>, FormatError> {
    let is_standard_output = path == Path::new(STANDARD_OUTPUT);
    let format = match is_standard_output {
        true => format.unwrap_or(Format::Text),
        false => Format::of(path, format)?,
    };
    let variants = names.len();
    if format != Format::Hgrm || variants < 2 {
        return Ok(vec![(path.to_owned(), format, None)]);
    }
    if is_standard_output {
        return Err(FormatError::OneVariant { variants });
    }
    let places = names.iter().enumerate().map(|(index, name)| {
        let name = name.map_or_else(|| index.to_string(), str::to_owned);
        (of_variant(path, &name), format, Some(index))
    });
    Ok(places.collect())
}

/// `latency.hgrm` of the variant `fd` is `latency.fd.hgrm`.
fn of_variant(path: &Path, variant: &str) -> PathBuf {
    // A label of a report made of several files may have a slash.
    let variant = variant.replace(std::path::MAIN_SEPARATOR, "-");
    let mut stem = path.file_stem().unwrap_or_default().to_owned();
    stem.push(".");
    stem.push(&variant);
    if let Some(extension) = path.extension() {
        stem.push(".");
        stem.push(extension);
    }
    path.with_file_name(stem)
}

const STANDARD_OUTPUT: &str = "-";
const EXTENSIONS: &str = ".txt (text), .json, .csv, .html, .hgrm, .hlog";
