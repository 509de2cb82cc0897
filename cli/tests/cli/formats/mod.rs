//! Every format is what its readers take, says what the others say, and is the same for the same seed.

mod csv;
mod every;
mod histograms;
mod html;
mod json;

use base64::Engine as _;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use serde_json::Value;

use crate::helper::{CHANCE, Folder, json};

/// Two variants, and a scenario that tries to get into a page.
fn varied() -> String {
    let chance = CHANCE
        .replace("ops = 3000", "ops = 5000")
        .replace(">= 3000", "== 5000");
    format!(
        r#"about = "<script>alert(1)</script> & \"quotes\""
{chance}[[variant]]
name = "few"
load.jobs = 1
[[variant]]
name = "many"
expect.throughput = "> 1.2x few"
"#
    )
}

const ALL: [&str; 6] = ["text", "json", "csv", "html", "hgrm", "hlog"];

/// The histogram that stands in a report as text.
fn decoded(text: &str) -> Histogram<u64> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64");
    Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .expect("a histogram")
}

/// What `it.toml` in the folder comes to.
fn report(folder: &Folder) -> Value {
    json(&folder.run(&["--format", "json"]))
}
