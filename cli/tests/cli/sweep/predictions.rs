//! What is predicted for each point: held against theory, and against what was measured.

use super::{sweep, sweep_of_jobs, throughput};
use crate::helper::{Folder, Said, rows};

#[test]
fn the_prediction_is_that_of_the_closed_loop() {
    let said = sweep_of_jobs(&Folder::new(), &["--format", "csv"]).expect_code(0);
    let points = predicted(&said);
    assert_eq!(points.len(), 8);
    for [jobs, predicted, bound, measured] in points {
        // 29 slices of 433 us, no link, and 275 ns of the host for each op, which come before those of
        // all that are submitted with it: N/(N h + S) for up to 29 jobs, and c/S for more.
        let host = 275e-9;
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
         with more, 75,555/s are possible at most",
        "difference with 32 jobs it is 51.",
        "/s that are possible at most: host and device take turns, threads work for 5",
        "difference with 64 jobs it is 86.0 % of the 75,555/s that are possible at most: threads work \
         for 86.0 % of the time, and slices for 65.0 %: ops come in bursts",
        "slices are busy for 65.0 % at most; the work of the host\u{2019}s threads would let through 75,555/s",
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

/// By hand, of what is charged for an AES-GCM op of 1,024 bytes and its tag: 359.6 ns of the host (140 to submit,
/// 50 to reap, 30 to call back, 20 for each of two switches, 99.6 to copy 2,064 bytes), so 2,780,868/s; and 50 ns
/// more for a call that waits for room, so 2,441,406/s.
#[test]
fn calls_that_wait_for_room_are_predicted() {
    let folder = Folder::new();
    let (free, in_line) = (2_784_956.0, 2_444_557.0);
    let aes = ["--op", "aes-128-gcm-seal", "-n", "50k"];
    let [few, many] = throughput(&folder, "--jobs 64,256", &aes)[..] else {
        panic!("two points");
    };
    assert!((few[0] / free - 1.0).abs() < 1e-4, "{few:?}");
    assert!((many[0] / in_line - 1.0).abs() < 1e-4, "{many:?}");
    assert!((many[1] / in_line - 1.0).abs() < 0.01, "{many:?}");
    let points = throughput(&folder, "--rate 2M,3M", &aes);
    assert_eq!(points[0][0], 2e6);
    assert!((points[1][0] / in_line - 1.0).abs() < 1e-4, "{points:?}");
    let said = sweep(&folder, "--rate 2M,2600k,3M -n 200k", &aes[..2]).expect_code(0);
    for part in [
        // In between, a line that has formed does not clear.
        "from 2,600,000 arrivals per second on (at 2,000,000 not yet) more arrives than is served",
        "2,784,957/s at most, and 2,444,557/s once calls wait for room, which is more work",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
}

/// 25.6 us of the host for each signature, which are no part of the device.
#[test]
fn signatures_that_are_verified_are_work_of_the_host() {
    let folder = Folder::new();
    let verify = ["--set", "engine.verify_signatures=true"];
    let points = throughput(&folder, "--jobs 1,8,256 -n 2k", &verify);
    for point in &points[..2] {
        assert!((point[1] / point[0] - 1.0).abs() < 0.002, "{point:?}");
    }
    let [predicted, measured] = points[2];
    assert!(
        measured < predicted && predicted < 1.0 / 25.6e-6,
        "{predicted}"
    );
    let said = sweep(&folder, "--rate 20k,36k,50k -n 50k", &verify).expect_code(0);
    let words =
        "from 36,000 arrivals per second on (at 20,000 not yet) more arrives than is served";
    assert!(said.flat().contains(words), "{}", said.out);
}

/// What lets ops through one after the other pulls them apart, and host and device work at once.
#[test]
fn nothing_takes_turns_behind_a_link_or_a_rate() {
    let folder = Folder::new();
    let link = [
        "--op",
        "aes-128-gcm-seal@16384",
        "--set",
        "device.link.bandwidth=10GB/s",
    ];
    for point in throughput(&folder, "--jobs 1,4,8 -n 2k", &link) {
        assert!((point[1] / point[0] - 1.0).abs() < 0.01, "{point:?}");
    }
    let rate = ["--set", "device.asym.rate=5k/s"];
    for [predicted, measured] in throughput(&folder, "--jobs 1,2,4 -n 2k", &rate) {
        assert!(measured < predicted * 1.01, "{measured} {predicted}");
    }
}

/// Of a bound that is not reached, each line says where the time goes, and which line it is.
#[test]
fn each_line_says_where_its_time_goes() {
    let folder = Folder::new();
    let line = "--jobs 8..128 --notify fd,callback --op aes-256-gcm-seal@1350 -n 5k";
    let said = sweep(&folder, line, &[]).expect_code(0).flat();
    for notify in ["fd", "callback"] {
        assert!(
            said.contains(&format!("predicted {notify}: host and device take turns")),
            "{said}"
        );
        assert!(
            said.contains(&format!("difference with {notify}, 8 jobs it is ")),
            "{said}"
        );
        assert!(
            said.contains(&format!("measured {notify}: from ")),
            "{said}"
        );
    }
    assert!(!said.contains("the limit is elsewhere"), "{said}");
    assert_eq!(
        said.matches("Service takes always the same time").count(),
        1
    );
}

/// A single thread whose calls never pause makes them without jobs, and none of it is a switch.
#[test]
fn what_calls_that_wait_in_place_cost_is_predicted() {
    let folder = Folder::new();
    let aes = ["--op", "aes-128-gcm-seal", "--set"];
    for mode in ["engine.mode=software", "engine.mode=sync"] {
        let points = throughput(&folder, "--jobs 1,8 -n 5k", &[&aes[..], &[mode]].concat());
        for point in points {
            assert!(
                (point[1] / point[0] - 1.0).abs() < 0.005,
                "{mode}: {point:?}"
            );
        }
    }
}

/// What the device does in no time is there before any passes, whoever polls.
#[test]
fn a_device_that_takes_no_time_is_polled_at_once() {
    for reap in ["event", "external", "inline"] {
        let more = ["--profile", "ideal", "--reap", reap];
        let points = throughput(&Folder::new(), "--jobs 8,64 -n 2k", &more);
        for point in points {
            assert!(point[1] > point[0] * 0.9, "{reap}: {point:?}");
        }
    }
}
