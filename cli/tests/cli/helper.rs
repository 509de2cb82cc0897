//! Runs the program in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a scenario in it, gone when dropped.
pub(crate) struct Folder {
    dir: TempDir,
}

/// What the program said, and how it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Self { dir }
    }

    /// A folder with `scenario` in it, as `it.toml`.
    pub(crate) fn with(scenario: &str) -> Self {
        let folder = Self::new();
        folder.write("it.toml", scenario.as_bytes());
        folder
    }

    pub(crate) fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.path(name), content).expect("the folder can be written");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The text of a file in the folder.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.path(name));
        text.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Names of what lies in the folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.dir.path()).expect("the folder can be read");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .collect();
        names.sort();
        names
    }

    /// The program, to be run in the folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pausewake"));
        command.args(args).current_dir(self.dir.path());
        command
    }

    /// Runs the program with `args`.
    pub(crate) fn say(&self, args: &[&str]) -> Said {
        said(self.command(args).output().expect("the program starts"))
    }

    /// Runs `it.toml` with further `args`.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        self.say(&[&["run", "it.toml"], args].concat())
    }
}

/// Runs a shipped scenario with further `args`.
pub(crate) fn shipped(name: &str, args: &[&str]) -> Said {
    let path = scenarios().join(name);
    let path = path.to_str().expect("UTF-8");
    Folder::new().say(&[&["run", path], args].concat())
}

/// The report, if it was asked for as JSON.
pub(crate) fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).expect("the report is JSON")
}

/// A number of a report that counts something.
#[track_caller]
pub(crate) fn count(value: &Value) -> u64 {
    let count = value.as_u64();
    count.unwrap_or_else(|| panic!("no count: {value}"))
}

/// The number at this place of a report.
#[track_caller]
pub(crate) fn number(report: &Value, path: &str) -> f64 {
    let number = report.pointer(path).and_then(Value::as_f64);
    number.unwrap_or_else(|| panic!("no number at {path}: {report}"))
}

/// The rows of a table in CSV, each by the heads of its columns.
pub(crate) fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let rows = rows.deserialize().map(|row| row.expect("a row"));
    rows.collect()
}

/// What the schema that is published as `schemas/{name}.schema.json` lets pass.
pub(crate) fn validator(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = path.join(format!("../schemas/{name}.schema.json"));
    let schema = std::fs::read_to_string(path).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

/// Fails unless `document` follows the schema that is published as `schemas/{name}.schema.json`.
#[track_caller]
pub(crate) fn follows_schema(name: &str, document: &Value) {
    let errors: Vec<String> = validator(name)
        .iter_errors(document)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// A folder with the results of `scenario` with these seeds, as `1.json` and so on.
pub(crate) fn saved(scenario: &str, seeds: &[u32]) -> Folder {
    let folder = Folder::with(scenario);
    for seed in seeds {
        let (seed, file) = (seed.to_string(), format!("{seed}.json"));
        folder.run(&["--seed", &seed, "-o", &file]).expect_code(0);
    }
    folder
}

/// Fails unless there is an answer whatever single character of the result `name` is lost or changed.
#[track_caller]
pub(crate) fn survives_damage(folder: &Folder, name: &str, steps: usize) {
    let good = std::fs::read(folder.path(name)).expect("a result");
    for step in 1..steps {
        let mut bad = good.clone();
        let place = step * 7_919 % bad.len();
        bad[place] = b'9';
        folder.write("bad.json", &bad);
        for format in ["text", "html", "csv"] {
            let said = folder.say(&["report", "bad.json", "--format", format]);
            let is_answer = matches!(said.code, Some(0 | 104));
            assert!(
                is_answer,
                "byte {place} of {name}: {} {}",
                said.err, said.out
            );
        }
    }
}

/// The chart of a page that has this id.
#[track_caller]
pub(crate) fn chart<'a>(html: &'a str, id: &str) -> &'a str {
    let start = format!("id=\"{id}\"");
    let (_, chart) = html.split_once(&start).expect("the chart");
    chart.split_once("</svg>").expect("its end").0
}

pub(crate) fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

/// `text` on one line: words may stand at the end of one, or at the begin of the next.
pub(crate) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn said(output: Output) -> Said {
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        err: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
    }
}

impl Said {
    /// What was said, on one line.
    pub(crate) fn flat(&self) -> String {
        flat(&self.out)
    }

    /// Fails unless the program ended with `code`.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "out: {}\nerr: {}",
            self.out,
            self.err
        );
        self
    }

    /// Fails unless standard error has all of `parts`.
    #[track_caller]
    pub(crate) fn expect_err(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.err.contains(part), "no {part:?} in: {}", self.err);
        }
        self
    }
}

/// A small scenario in which nothing is wrong.
pub(crate) const GOOD: &str = r#"clock = "virtual"

[device]
compute = "none"
ring_depth = 64

[device.asym]
slices = 2
service = { distribution = "constant", base = "100us" }

[load]
op = "rsa-sign"
jobs = 4
ops = 20

[expect]
ops = "== 20"
"#;

/// A scenario in which service takes what chance says.
pub(crate) const CHANCE: &str = r#"clock = "virtual"
[device]
compute = "none"
[device.asym]
slices = 2
service = { distribution = "exponential", base = "100us" }
[load]
op = "rsa-sign"
jobs = 8
ops = 3000
[expect]
ops = ">= 3000"
"#;

/// A load under virtual time in which nothing is computed.
pub(crate) const UNREAL: [&str; 5] = ["load", "--clock", "virtual", "--compute", "none"];
