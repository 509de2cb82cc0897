//! What a longer key or another curve costs: in the device, in software, and in what is predicted.

use serde_json::Value;

use crate::helper::{Folder, Said, json};

/// A device of the shelf: 29 slices of 433 us for 2,048 bits. Software takes 1 ms for a signature, and
/// 20 us for a verification.
const LOAD: [&str; 7] = [
    "load",
    "--clock",
    "virtual",
    "--set",
    "host.software.rsa-sign.per_op=1ms",
    "--set",
    "host.software.rsa-verify.per_op=20us",
];
const ONE_AT_A_TIME: [&str; 6] = ["-c", "1", "-n", "100", "--compute", "none"];

fn load(args: &[&str]) -> Said {
    Folder::new().say(&[&LOAD, args].concat())
}

fn report(args: &[&str]) -> Value {
    json(&load(&[args, &["--format", "json"]].concat()).expect_code(0))
}

fn mean_ns(report: &Value) -> u64 {
    let mean = report["latency"]["mean_ns"].as_u64();
    mean.unwrap_or_else(|| panic!("no latency: {report}"))
}

/// The cube of the length for signatures, its square for verifications.
#[test]
fn the_length_of_the_key_decides_in_the_device_and_in_software() {
    for (op, device_ns, software_ns) in [
        ("rsa-sign", 433_000, 1_000_000),
        ("rsa2048-sign", 433_000, 1_000_000),
        ("rsa3072-sign", 1_461_375, 3_375_000),
        ("rsa4096-sign", 3_464_000, 8_000_000),
        ("rsa2048-verify", 433_000, 20_000),
        ("rsa3072-verify", 974_250, 45_000),
        ("rsa4096-verify", 1_732_000, 80_000),
    ] {
        let args = [&ONE_AT_A_TIME[..], &["--op", op]].concat();
        let offloaded = report(&args);
        assert_eq!(mean_ns(&offloaded), device_ns, "{op}");
        // One job, and one of 29 slices that is always busy.
        let slices = &offloaded["slices"][0];
        assert_eq!(slices["predicted"]["utilisation"], slices["utilisation"]);
        let here = report(&[&args[..], &["--set", "engine.mode=software"]].concat());
        assert_eq!(mean_ns(&here), software_ns, "{op}");
        assert_eq!(here["elapsed_ns"], 100 * software_ns);
    }
}

#[test]
fn the_length_of_a_key_in_a_file_counts_and_is_said() {
    let folder = Folder::new();
    for (name, key) in [
        (
            "r2048.pem",
            &include_bytes!("../../keys/test-rsa2048.pem")[..],
        ),
        ("r4096.pem", include_bytes!("../../keys/test-rsa4096.pem")),
    ] {
        folder.write(name, key);
    }
    let said = |key: &str, format: &str| {
        let args = ["--key", key, "-n", "2900", "-c", "58", "--format", format];
        folder.say(&[&LOAD, &args[..]].concat()).expect_code(0)
    };
    let [short, long] = ["r2048.pem", "r4096.pem"].map(|key| {
        let report = json(&said(key, "json"));
        assert_eq!(report["slices"][0]["predicted"]["utilisation"], 1.0);
        assert_eq!(report["verified"]["right"], 2_900);
        report["elapsed_ns"].as_u64().expect("a time")
    });
    assert_eq!([short, long], [43_300_000, 8 * 43_300_000]);
    let text = said("r4096.pem", "text").flat();
    assert!(text.contains("with the key r4096.pem (RSA-4096)"), "{text}");
}

#[test]
fn a_length_may_have_a_time_of_its_own() {
    let own = [
        "--set",
        "device.asym.service_by_op.rsa-sign={ distribution = \"constant\", base = \"100us\" }",
        "--set",
        "device.asym.service_by_op.rsa4096-sign={ distribution = \"constant\", base = \"700us\" }",
        "--set",
        "host.software.rsa3072-sign={ per_op = \"3ms\" }",
    ];
    for (op, device_ns, software_ns) in [
        ("rsa2048-sign", 100_000, 1_000_000),
        ("rsa3072-sign", 337_500, 3_000_000),
        ("rsa4096-sign", 700_000, 8_000_000),
    ] {
        let args = [&ONE_AT_A_TIME[..], &own, &["--op", op]].concat();
        let offloaded = report(&args);
        assert_eq!(mean_ns(&offloaded), device_ns, "{op}");
        let slices = &offloaded["slices"][0];
        assert_eq!(slices["predicted"]["utilisation"], slices["utilisation"]);
        let here = report(&[&args[..], &["--set", "engine.mode=software"]].concat());
        assert_eq!(mean_ns(&here), software_ns, "{op}");
    }
    // What the project measured was RSA-2048: 640 us.
    let measured = [
        "--set",
        "engine.mode=software",
        "--set",
        "host.software.rsa4096-sign=measured",
        "--op",
        "rsa4096-sign",
    ];
    let here = report(&[&ONE_AT_A_TIME[..], &measured].concat());
    assert_eq!(mean_ns(&here), 8 * 640_000);
    let wrong = ["--set", "device.asym.service_by_op.rsa4096-sign=[1]"];
    load(&wrong)
        .expect_code(104)
        .expect_err(&["rsa4096-sign` is an array"]);
}

/// What is said of an op as a whole is said of all its curves and key lengths.
#[test]
fn curves_and_ciphers_cost_what_they_do_in_software() {
    let software = ["--set", "engine.mode=software"];
    let cost = |op: &str, sets: &[&str]| {
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
        let args = [&ONE_AT_A_TIME[..], &software, &["--op", op], &sets].concat();
        mean_ns(&report(&args))
    };
    let measured = "host.base=measured";
    // By the project's own measurements: 16,384 bytes take 255 ps each with AES-256.
    for (op, ns) in [
        ("ecdsa-p256-sign", 21_000),
        ("ecdsa-p384-sign", 500_000),
        ("aes-128-gcm-seal@16K", 130 + 3_768),
        ("aes-256-gcm-seal@16K", 130 + 4_178),
        ("aes-256-gcm-open@16K", 115 + 4_067),
    ] {
        let said = cost(op, &[measured]);
        assert!(said.abs_diff(ns) <= 5, "{op}: {said} instead of {ns}");
    }
    let whole = "host.software.ecdsa-sign.per_op=1ms";
    let one = "host.software.ecdsa-p384-sign.per_op=3ms";
    let known = "host.software.ecdsa-p384-sign=measured";
    for (op, sets, ns) in [
        ("ecdsa-p384-sign", &[measured, whole][..], 1_000_000),
        ("ecdsa-p384-sign", &[whole, one], 3_000_000),
        ("ecdsa-p256-sign", &[whole, one], 1_000_000),
        ("ecdsa-p384-sign", &[whole, known], 500_000),
        ("ecdsa-p384-sign", &[one, "host.base=free"], 3_000_000),
        ("ecdsa-p256-sign", &[one, "host.base=free"], 0),
    ] {
        assert_eq!(cost(op, sets), ns, "{op} {sets:?}");
    }
    let seals = ["host.software.aead-seal.per_op=7us", measured];
    assert_eq!(cost("aes-256-gcm-seal@1", &seals), 7_000);
}

/// Of a mix of lengths, the mean is predicted: 0.75 x 433 us + 0.25 x 3,464 us = 1,190.75 us.
#[test]
fn a_mix_of_lengths_is_predicted_by_its_weights() {
    let mix = [
        "--mix",
        "rsa2048-sign:3,rsa4096-sign:1",
        "--compute",
        "none",
    ];
    let open = ["-R", "10k", "--arrival", "constant", "--duration", "2s"];
    let report = report(&[&mix[..], &open].concat());
    let slices = &report["slices"][0];
    let predicted = slices["predicted"]["utilisation"].as_f64().expect("it is");
    let exact = 10_000.0 * 1_190.75e-6 / 29.0;
    assert!((predicted / exact - 1.0).abs() < 1e-3, "{predicted}");
    // 20,000 draws of the mix: five standard deviations are 4 %.
    let measured = slices["utilisation"].as_f64().expect("it is");
    assert!((measured / exact - 1.0).abs() < 0.04, "seed 1: {measured}");
}

#[test]
fn a_sweep_predicts_with_the_length_of_the_key() {
    let args = [
        "sweep",
        "--jobs",
        "1..64",
        "-n",
        "2k",
        "--op",
        "rsa4096-sign",
    ];
    let format = ["--format", "csv", "--set", "host.base=free"];
    let said = Folder::new()
        .say(&[&args[..], &format].concat())
        .expect_code(0);
    let mut rows = csv::Reader::from_reader(said.out.as_bytes());
    let heads = rows.headers().expect("heads").clone();
    let of = |row: &csv::StringRecord, name| {
        let at = heads.iter().position(|head| head == name);
        row[at.expect("a column")].parse::<f64>().expect("a number")
    };
    let mut count = 0;
    for row in rows.records() {
        let row = row.expect("a row");
        let exact = (of(&row, "swept_jobs") / 3_464e-6).min(29.0 / 3_464e-6);
        let predicted = of(&row, "predicted_throughput");
        // To whole ops per second.
        assert!((predicted - exact).abs() <= 0.5, "{row:?}");
        let measured = of(&row, "throughput");
        assert!((measured / exact - 1.0).abs() < 0.05, "{row:?}");
        count += 1;
    }
    assert_eq!(count, 7);
}
