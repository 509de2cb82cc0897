//! What must be a table and what a word, before types are looked at: a deserialiser also takes a
//! table as a list of its values, and a word as a table of one.

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Problem;

/// Looks for other shapes than the scenario's own. What it does not know is not its affair.
pub fn check(root: &DeTable<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_table(root, "", &mut problems);
    problems
}

fn check_table(table: &DeTable<'_>, path: &str, problems: &mut Vec<Problem>) {
    for (key, value) in table {
        let path = match path {
            "" => key.get_ref().to_string(),
            path => format!("{path}.{}", key.get_ref()),
        };
        let is_table = TABLES.contains(&path.as_str());
        let place = path
            .rsplit_once('.')
            .filter(|(_, name)| *name == "distribution")
            .map_or(path.as_str(), |(_, name)| name);
        if path == "load.mix"
            && let DeValue::Array(items) = value.get_ref()
        {
            check_mix(items, problems);
        }
        let word = WORDS.iter().find(|(name, _)| *name == place);
        match (value.get_ref(), word) {
            (DeValue::Table(inner), None) if is_table => check_table(inner, &path, problems),
            (other, None) if is_table => problems.push(Problem::at(
                value.span(),
                format!("`{path}` is {}, and must be a table", name_of(other)),
                format!("one table [{path}]"),
            )),
            (DeValue::String(_), Some(_)) | (_, None) => {}
            (other, Some((_, accepted))) => problems.push(Problem::at(
                value.span(),
                format!("`{path}` is {}, and must be a word", name_of(other)),
                *accepted,
            )),
        }
    }
}

/// Each item of a mix is a table with the entries of a load.
fn check_mix(items: &[Spanned<DeValue<'_>>], problems: &mut Vec<Problem>) {
    for item in items {
        match item.get_ref() {
            DeValue::Table(table) => check_table(table, "load", problems),
            other => problems.push(Problem::at(
                item.span(),
                format!("an op of a mix is {}, and must be a table", name_of(other)),
                "{ op = \"rsa-sign\", weight = 1 }, for example",
            )),
        }
    }
}

fn name_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}

/// Entries that are tables.
const TABLES: [&str; 34] = [
    "abort",
    "device",
    "device.asym",
    "device.asym.service",
    "device.asym.service_by_op",
    "device.asym.service_by_op.rsa-sign",
    "device.asym.service_by_op.rsa-verify",
    "device.asym.service_by_op.ecdsa-sign",
    "device.asym.service_by_op.ecdsa-verify",
    "device.asym.service_by_op.rsa3072-sign",
    "device.asym.service_by_op.rsa3072-verify",
    "device.asym.service_by_op.rsa4096-sign",
    "device.asym.service_by_op.rsa4096-verify",
    "device.asym.service_by_op.ecdsa-p256-sign",
    "device.asym.service_by_op.ecdsa-p256-verify",
    "device.asym.service_by_op.ecdsa-p384-sign",
    "device.asym.service_by_op.ecdsa-p384-verify",
    "device.asym.batch",
    "device.sym",
    "device.sym.service",
    "device.sym.service_by_op",
    "device.sym.service_by_op.aead-seal",
    "device.sym.service_by_op.aead-open",
    "device.sym.batch",
    "device.link",
    "device.coalesce",
    "engine",
    "engine.heuristic",
    "engine.small_ops",
    "host",
    "host.software",
    "load",
    "expect",
    "expect.utilisation",
];

/// Entries that are one word of several.
const WORDS: [(&str, &str); 15] = [
    ("clock", "\"wall\" or \"virtual\""),
    (
        "device.profile",
        "the name of a profile, as \"qat-c62x\"; `pausewake profiles` lists them",
    ),
    ("device.compute", "\"real\", \"cached\" or \"none\""),
    ("device.wait", "\"spin\", \"adaptive\" or \"sleep\""),
    (
        "distribution",
        "\"constant\", \"uniform\", \"normal\", \"exponential\" or \"lognormal\"",
    ),
    ("engine.notify", "\"callback\", \"fd\" or \"poll\""),
    (
        "engine.reap",
        "\"event\", \"external\", \"heuristic\", \"inline\" or \"thread\"",
    ),
    ("engine.on_full", "\"wait\" or \"fail\""),
    ("engine.mode", "\"async\", \"sync\" or \"software\""),
    ("host.base", "\"free\" or \"measured\""),
    (
        "load.op",
        "\"rsa-sign\", \"rsa-verify\", \"ecdsa-sign\", \"aead-seal\", \"aead-open\" or \"seal-open\"",
    ),
    ("load.arrival", "\"poisson\", \"constant\" or \"burst\""),
    ("load.cipher", "\"aes-128-gcm\" or \"aes-256-gcm\""),
    (
        "load.scheme",
        "\"pkcs1-sha256\", \"pkcs1-sha384\", \"pkcs1-sha512\", \"pss-sha256\", \"pss-sha384\" or \
         \"pss-sha512\"",
    ),
    ("expect.verified", "\"all\" or \"sample\""),
];
