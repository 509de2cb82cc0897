//! Keys in files: which ops they go with, and which of them are the same.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::helper::{Folder, json, said};

const LOAD: [&str; 5] = ["load", "--clock", "virtual", "-n", "40"];

/// The built-in keys, as files.
fn folder() -> Folder {
    let folder = Folder::new();
    for name in ["rsa2048", "rsa3072", "p256", "p384"] {
        folder.write(&format!("{name}.pem"), &built_in(name));
    }
    folder
}

fn built_in(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("keys/test-{name}.pem"));
    std::fs::read(path).expect("a built-in key")
}

fn report(folder: &Folder, args: &[&str]) -> Value {
    let args = [&LOAD[..], args, &["--format", "json"]].concat();
    json(&folder.say(&args).expect_code(0))
}

#[test]
fn a_key_goes_with_the_ops_of_its_kind_and_length() {
    let folder = folder();
    for (op, key, load) in [
        ("rsa2048-sign", "rsa2048.pem", "RSA-2048"),
        ("rsa3072-verify", "rsa3072.pem", "RSA-3072"),
        ("rsa-sign", "rsa3072.pem", "RSA-3072"),
        ("ecdsa-p256-sign", "p256.pem", "P-256"),
        ("ecdsa-p384-sign", "p384.pem", "P-384"),
        ("ecdsa-sign", "p384.pem", "P-384"),
    ] {
        let report = report(&folder, &["--op", op, "--key", key]);
        assert_eq!(report["verified"]["right"], 40, "{op}");
        let what = report["scenario"]["load"].as_str().expect("words");
        assert!(what.contains(key) && what.contains(load), "{what}");
    }
    for (op, key, words) in [
        (
            "rsa2048-sign",
            "rsa3072.pem",
            &["signs with RSA-2048", "an RSA-3072 key", "2048 bits"][..],
        ),
        (
            "ecdsa-p256-sign",
            "p384.pem",
            &["signs with ECDSA P-256", "an ECDSA P-384 key", "ecdsa-sign"],
        ),
        (
            "rsa-verify",
            "p256.pem",
            &[
                "verifies with RSA,",
                "an ECDSA P-256 key",
                "ecdsa-sign goes",
            ],
        ),
        (
            "rsa2048-verify",
            "rsa3072.pem",
            &[
                "verifies with RSA-2048",
                "an RSA-3072 key",
                "rsa-verify goes",
            ],
        ),
        (
            "aead-seal",
            "rsa2048.pem",
            &["key does not belong to this op"],
        ),
    ] {
        let args = [&LOAD[..], &["--op", op, "--key", key]].concat();
        let said = folder.say(&args).expect_code(104);
        said.expect_err(&[&["--key", key], words].concat());
    }
}

#[test]
fn a_key_alone_makes_the_op() {
    let folder = folder();
    for (key, op) in [
        ("rsa3072.pem", "rsa-sign"),
        ("p256.pem", "ecdsa-sign"),
        ("p384.pem", "ecdsa-sign"),
    ] {
        let short = folder.say(&["load", "--key", key, "--print-scenario"]);
        let short = short.expect_code(0).out;
        assert!(short.contains(&format!("op = \"{op}\"")), "{short}");
        let [short, long] = [&["--key", key][..], &["--key", key, "--op", op]]
            .map(|args| report(&folder, args)["latency"].clone());
        assert_eq!(short, long, "{key}");
    }
    let sizes = ["sweep", "--size", "64,128", "-n", "20", "--key", "p384.pem"];
    let swept = folder.say(&sizes).expect_code(0);
    assert!(swept.out.contains("ecdsa-sign"), "{}", swept.out);
    // It can be read once, as a pipe can.
    let program = env!("CARGO_BIN_EXE_pausewake");
    let line = format!("{program} load --clock virtual -n 4 --key <(cat rsa2048.pem)");
    let mut bash = std::process::Command::new("bash");
    let output = bash.args(["-c", &line]).current_dir(folder.path("."));
    said(output.output().expect("bash is there")).expect_code(0);
}

#[test]
fn in_a_mix_a_key_goes_to_every_op_that_it_goes_with() {
    let folder = folder();
    let mix = "rsa-sign:1,rsa3072-verify:1,rsa2048-sign:1,aes-256-gcm-seal@64:1";
    let mixed = report(&folder, &["--mix", mix, "--key", "rsa3072.pem"]);
    let what = mixed["scenario"]["load"].as_str().expect("words");
    assert_eq!(what.matches("rsa3072.pem").count(), 2, "{what}");
    assert_eq!(what.matches("built-in").count(), 1, "{what}");
    for (key, words) in [
        (
            "p256.pem",
            &["no op of the mix", "ECDSA P-256", "ecdsa-sign"][..],
        ),
        ("none.pem", &["no such file"]),
    ] {
        let args = [&LOAD[..], &["--mix", mix, "--key", key]].concat();
        folder.say(&args).expect_code(104).expect_err(words);
    }
    let args = ["--mix", "aead-seal:1", "--key", "rsa2048.pem"];
    let said = folder.say(&[&LOAD[..], &args].concat()).expect_code(104);
    said.expect_err(&["no op of the mix", "rsa-sign"]);
}

/// A file's name is a text of a scenario.
#[test]
fn a_path_that_is_no_text_is_refused_as_such() {
    let folder = folder();
    let name = OsStr::from_bytes(b"k\xff.pem");
    let path = folder.path(".").join(name);
    std::fs::write(path, built_in("rsa2048")).expect("it can be written");
    for flag in ["--key", "--payload"] {
        let mut command = folder.command(&["load", flag]);
        let output = command.arg(name).output().expect("the program starts");
        said(output)
            .expect_code(104)
            .expect_err(&[flag, "no UTF-8", "a link with another name"]);
    }
}

/// A quota is of a key, and not of a file in which it stands.
#[test]
fn one_key_in_several_files_is_one_key() {
    let folder = folder();
    let pem = String::from_utf8(built_in("rsa2048")).expect("PEM");
    let (_, block) = pem.split_once("KEY-----").expect("its begin");
    let (block, _) = block.split_once("-----").expect("its end");
    let base64: String = block.split_whitespace().collect();
    let pkcs8 = BASE64_STANDARD.decode(base64).expect("PEM");
    folder.write("copy.pem", pem.as_bytes());
    folder.write("pkcs8.der", &pkcs8);
    // Version, algorithm and the head of the octets that are PKCS#1.
    folder.write("pkcs1.der", &pkcs8[26..]);
    let throughput = |second: &str| {
        let scenario = format!(
            r#"clock = "virtual"
            [device]
            compute = "none"
            [device.asym]
            slices = 8
            rate_per_key = "100/s"
            service = {{ distribution = "constant", base = "1ms" }}
            [load]
            jobs = 8
            ops = 200
            mix = [{{ op = "rsa-sign", key = "rsa2048.pem" }}, {{ op = "rsa-sign", key = "{second}" }}]
            "#
        );
        folder.write("it.toml", scenario.as_bytes());
        let report = json(&folder.run(&["--format", "json"]).expect_code(0));
        report["ops_per_s"].as_f64().expect("a rate")
    };
    for same in ["copy.pem", "pkcs8.der", "pkcs1.der"] {
        let one = throughput(same);
        assert!((99.0..102.0).contains(&one), "{same}: {one}");
    }
    let two = throughput("rsa3072.pem");
    assert!((150.0..205.0).contains(&two), "{two}");
}
