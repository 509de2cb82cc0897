//! What is predicted for each point: held against theory, and against what was measured.

use super::{sweep, sweep_of_jobs, throughput};
use crate::helper::{Folder, Said, rows};

#[test]
fn the_prediction_is_that_of_the_closed_loop() {
    let said = sweep_of_jobs(&Folder::new(), &["--format", "csv"]).expect_code(0);
    let points = predicted(&said);
    assert_eq!(points.len(), 8);
    for [jobs, predicted, bound, measured] in points {
        // 29 slices of 433 us, no link, and 255 ns of the host for each op, which come before those of
        // all that are submitted with it: N/(N h + S) for up to 29 jobs, and c/S for more.
        let host = 255e-9;
        let exact = match jobs <= 29.0 {
            true => jobs / (433e-6 + host * jobs),
            false => 29.0 / 433e-6,
        };
        let exact_most = (jobs / (433e-6 + host)).min(29.0 / 433e-6);
        assert!((bound / exact_most - 1.0).abs() < 1e-3, "{jobs}");
        assert!((predicted / exact - 1.0).abs() < 1e-3, "{jobs}");
        assert!(measured <= exact * 1.000_1, "{jobs}");
    }
}

/// The host's work is most of a round, and none of it is done while the device works: as many jobs as there
/// are slices, or fewer, take N h + S.
#[test]
fn host_and_device_that_take_turns_are_predicted_and_explained() {
    let args = [
        "sweep",
        "--jobs",
        "1..128",
        "-n",
        "5k",
        "--profile",
        "qat-c62x",
    ];
    let said = Folder::new().say(&args).expect_code(0);
    let csv = Folder::new().say(&[&args[..], &["--format", "csv"]].concat());
    let points = predicted(&csv.expect_code(0));
    assert_eq!(points.len(), 8);
    for [jobs, predicted, bound, measured] in points {
        // There are 42 slices; what more jobs do is nearer to the bound.
        match jobs <= 42.0 {
            true => assert!((measured / predicted - 1.0).abs() < 0.005, "{jobs}"),
            false => assert_eq!(predicted, bound, "{jobs}"),
        }
        assert!(predicted <= bound && measured <= bound * 1.000_1, "{jobs}");
    }
    let words = said.flat();
    for part in [
        "from 64 jobs (at 32 not yet) on throughput grows no more",
        "predicted host and device take turns, N h + S for N jobs, as long as there is a slice for each; \
         with more, 75,670/s are possible at most",
        "difference with 32 jobs it is 51.",
        "of the 73,900/s that are possible at most: host and device take turns.",
        "So threads work for 5",
    ] {
        assert!(words.contains(part), "{part}: {}", said.out);
    }
    assert!(said.out.lines().all(|line| line.chars().count() <= 80));
    assert!(!said.out.contains("N* ="), "{}", said.out);
    // Service of varying length pulls them apart.
    let service = "device.asym.service={ distribution = \"exponential\", base = \"419.8us\" }";
    let said = Folder::new().say(&[&args[..], &["--set", service]].concat());
    assert!(!said.out.contains("take turns"), "{}", said.out);
}

/// Jobs, prediction, bound and throughput of each point of a sweep in CSV.
fn predicted(said: &Said) -> Vec<[f64; 4]> {
    let columns = [
        "swept_jobs",
        "predicted_throughput",
        "bound_throughput",
        "throughput",
    ];
    let rows = rows(&said.out).into_iter();
    let number = |cell: &String| cell.parse().expect("a number");
    rows.map(|row| columns.map(|it| number(&row[it]))).collect()
}

/// Neither chance, nor how long it went on, is in a prediction.
#[test]
fn predictions_are_those_of_the_configuration() {
    let folder = Folder::new();
    let service = "device.asym.service={distribution=\"exponential\",base=\"433us\"}";
    let line = "--rate 1k,2k,60k -n 300";
    for seed in ["1", "2"] {
        let points = throughput(&folder, line, &["--set", service, "--seed", seed]);
        let predicted: Vec<f64> = points.iter().map(|it| it[0]).collect();
        assert_eq!(predicted, [1_000.0, 2_000.0, 60_000.0]);
    }
    let jobs = "--jobs 16,29,64 -n 2k";
    let warm = throughput(&folder, jobs, &["--warmup", "100ms"]);
    let cold = throughput(&folder, jobs, &[]);
    let predicted = |points: &[[f64; 2]]| -> Vec<f64> { points.iter().map(|it| it[0]).collect() };
    assert_eq!(predicted(&warm), predicted(&cold));
    // By their weights, whatever was drawn: 1 of 4 takes 433 us, and is by 29 slices.
    let mix = "--rate 1M,2M -n 200 --mix rsa-sign:1,aes-128-gcm-seal@64:3";
    let points = throughput(&folder, mix, &["--set", "host.base=free"]);
    for [predicted, _] in points {
        assert!((predicted - 4.0 * 29.0 / 433e-6).abs() < 1.0, "{predicted}");
    }
}

#[test]
fn rates_of_keys_and_batches_are_predicted() {
    let folder = Folder::new();
    for (line, predicted) in [
        (
            "--profile network-hsm --jobs 1..8 -n 2k",
            [400.0, 800.0, 1_100.0, 1_100.0],
        ),
        (
            "--profile software-batching --jobs 1,4,8,16 -n 3200",
            [89.0, 356.0, 6_472.0, 6_472.0],
        ),
    ] {
        let points = throughput(&folder, line, &["--set", "host.base=free"]);
        for ([told, measured], expected) in points.iter().zip(predicted) {
            assert!((told / expected - 1.0).abs() < 1e-3, "{line}: {points:?}");
            assert!((measured / told - 1.0).abs() < 0.02, "{line}: {points:?}");
        }
    }
    let said = sweep(&folder, "--profile network-hsm --jobs 1..8 -n 2k", &[]).expect_code(0);
    let knee = "N* = 2.75 jobs; then the limit is the rate of a key";
    assert!(said.flat().contains(knee), "{}", said.out);
    // Batches that think may, or may not, be full.
    let think = ["--set", "load.think=1ms"];
    let points = throughput(
        &folder,
        "--profile software-batching --jobs 8,16 -n 200",
        &think,
    );
    assert!(points.iter().all(|it| it[0].is_nan()), "{points:?}");
}

/// A link that is far too slow shows what goes over it.
#[test]
fn sizes_are_those_that_go_over_the_link() {
    let folder = Folder::new();
    let link = "device.link={to_device=\"1us\",to_host=\"1us\",bandwidth=\"1MB/s\"}";
    for op in [
        "rsa-sign",
        "rsa4096-sign",
        "rsa-verify",
        "ecdsa-p256-sign",
        "ecdsa-p384-sign",
        "aes-128-gcm-seal@1000",
        "aes-256-gcm-open@1000",
    ] {
        let more = ["--op", op, "--set", link];
        for [predicted, measured] in throughput(&folder, "--jobs 64,128 -n 2k", &more) {
            let ratio = measured / predicted;
            assert!(
                (0.99..1.000_1).contains(&ratio),
                "{op}: {measured} of {predicted}"
            );
        }
    }
}
