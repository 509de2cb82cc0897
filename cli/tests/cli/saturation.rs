//! When an open loop has more arrivals than are served, whatever decides how many.

use crate::helper::{Folder, json};

/// A load of the default device: 29 slices of 433 us, so 66,975 ops per second at most.
fn load(args: &[&str]) -> (bool, serde_json::Value) {
    let run = ["load", "--clock", "virtual", "--compute", "none"];
    let args = [&run[..], args].concat();
    let folder = Folder::new();
    let text = folder.say(&args).expect_code(0);
    let report = json(&folder.say(&[&args[..], &["--format", "json"]].concat()));
    let is_saturated = text.out.contains("SATURATED: ");
    // All formats say so, and a page shows no green light.
    let told = report["open_loop"]["saturated"].as_bool().unwrap_or(false);
    assert_eq!(told, is_saturated);
    let page = folder.say(&[&args[..], &["--format", "html"]].concat()).out;
    assert_eq!(page.contains("Passed"), !is_saturated);
    assert_eq!(page.contains("SATURATED: "), is_saturated);
    (is_saturated, report)
}

#[test]
fn more_than_the_capacity_saturates_however_short_the_run_is() {
    for length in ["20", "2000"] {
        let (is_saturated, report) = load(&["--rate", "68k", "-n", length]);
        assert!(is_saturated, "{length}");
        let open_loop = &report["open_loop"];
        assert_eq!(open_loop["offered_per_s"], 68_000.0);
        let capacity = open_loop["capacity_per_s"].as_f64().expect("it is known");
        assert!((capacity - 29e9 / 433e3).abs() < 0.01, "{capacity}");
    }
}

#[test]
fn a_device_that_is_busy_and_keeps_up_is_not_saturated() {
    let (is_saturated, report) = load(&["--rate", "66.5k", "-n", "50k"]);
    let busy = &report["slices"][0]["utilisation"];
    assert!(busy.as_f64().expect("a share") > 0.98, "{busy}");
    assert!(!is_saturated);
    let (is_saturated, report) = load(&["-c", "64", "-n", "2k"]);
    assert!(!is_saturated && report["open_loop"].is_null());
}

#[test]
fn jobs_are_a_limit_of_what_is_served() {
    // A job does 1/433 us; three do 6,928 each second.
    for (rate, expected) in [("7k", true), ("6.8k", false)] {
        let args = [
            "--rate",
            rate,
            "-c",
            "3",
            "--arrival",
            "constant",
            "-n",
            "50",
        ];
        assert_eq!(load(&args).0, expected, "{rate}");
    }
}

#[test]
fn what_no_configuration_says_shows_in_the_run() {
    // The host takes 30 us for each op, so it submits 33,333 of 40,000, and is late by more and more.
    let host = ["--set", "host.submit=30us"];
    for (rate, expected) in [("40k", true), ("30k", false)] {
        let args = [&["--rate", rate, "-n", "4k"][..], &host].concat();
        let (is_saturated, report) = load(&args);
        assert_eq!(is_saturated, expected, "{rate}");
        assert_eq!(report["open_loop"]["dropped"], 0);
        let busy = report["slices"][0]["utilisation"].as_f64();
        assert!(busy.expect("a share") < 0.6);
    }
    // Nor is known how long a batch takes whose ops are not alike: as long as the longest.
    let law = "device.asym.service.distribution=\"exponential\"";
    let device = ["--profile", "software-batching", "-n", "4k", "--set", law];
    let (is_saturated, report) = load(&[&device[..], &["--rate", "100k"]].concat());
    assert!(report["open_loop"]["capacity_per_s"].is_null());
    assert!(is_saturated);
    assert!(!load(&[&device[..], &["--rate", "1k"]].concat()).0);
}

/// Eight of them in 1.236 ms.
#[test]
fn full_batches_are_the_most_that_there_can_be() {
    let device = ["--profile", "software-batching", "-n", "20k"];
    for (rate, expected) in [("6400", false), ("6500", true)] {
        let (is_saturated, report) = load(&[&device[..], &["--rate", rate]].concat());
        let capacity = report["open_loop"]["capacity_per_s"].as_f64();
        assert!((capacity.expect("it is known") - 6_472.5).abs() < 0.1);
        assert_eq!(is_saturated, expected, "{rate}");
    }
}

/// From one result to the next: nothing is counted that the time before has made.
#[test]
fn behind_a_warm_up_nobody_does_more_than_the_model_lets() {
    let one = "device.asym={slices=1,service={distribution=\"constant\",base=\"1ms\"}}";
    for (jobs, more, most) in [
        ("29", &["--warmup", "100ms", "-n", "2000"][..], 66_975.0),
        ("30", &["--warmup", "100ms", "-n", "2000"], 66_975.0),
        ("1", &["--warmup", "100ms", "-n", "2000"], 2_309.5),
        (
            "1",
            &["--warmup", "10ms", "-d", "100ms", "--set", one],
            1_000.0,
        ),
        (
            "3",
            &["--warmup", "10ms", "-d", "100ms", "--set", one],
            1_000.0,
        ),
    ] {
        let report = load(&[&["--jobs", jobs], more].concat()).1;
        let throughput = report["ops_per_s"].as_f64().expect("it is measured");
        assert!(throughput <= most * 1.000_01, "{jobs} jobs: {throughput}");
        assert!(throughput >= most * 0.995, "{jobs} jobs: {throughput}");
    }
}

/// All that the headline counts is in the chart, too.
#[test]
fn what_the_warm_up_left_is_in_the_timeline() {
    let one = "device.asym={slices=1,service={distribution=\"constant\",base=\"1ms\"}}";
    let rest = [
        "--rate",
        "2000",
        "--arrival",
        "constant",
        "--warmup",
        "1s",
        "-d",
        "1s",
    ];
    let report = load(&[&rest[..], &["--set", one]].concat()).1;
    let intervals = report["timeline"]["intervals"].as_array().expect("a list");
    for interval in &intervals[1..intervals.len() - 1] {
        let rate = interval["ops_per_s"].as_f64().expect("time passed");
        assert!((rate / 1_000.0 - 1.0).abs() < 0.05, "{interval}");
    }
    let sum = |name: &str| -> u64 {
        let counts = intervals.iter().filter_map(|it| it[name].as_u64());
        counts.sum()
    };
    let served = report["samples"]["totals"]["served"].as_u64();
    assert_eq!(Some(sum("ops") + sum("carried")), served);
}

/// What began in the warm-up took from the device what nobody else could have: it is served, too.
#[test]
fn a_backlog_from_the_warm_up_does_not_lower_the_throughput() {
    for length in [["-n", "500"], ["-d", "200ms"]] {
        let args = [&["--rate", "80k", "--warmup", "200ms"], &length[..]].concat();
        let (_, report) = load(&args);
        let throughput = report["ops_per_s"].as_f64().expect("it is measured");
        let busy = report["slices"][0]["utilisation"].as_f64();
        let expected = 29e9 / 433e3 * busy.expect("a share");
        assert!((throughput / expected - 1.0).abs() < 0.02, "{throughput}");
        assert!(report["ops"].as_u64() < Some(20_000), "{report}");
    }
}

/// Ops that were asked for in the warm-up, and waited, are none of those that arrive behind it.
#[test]
fn what_arrives_is_what_the_load_says_whatever_the_warm_up_left_behind() {
    let device = [
        "--set",
        "device.asym.slices=1",
        "--set",
        "device.asym.service={ distribution = \"constant\", base = \"1ms\" }",
    ];
    let rates = ["-R", "2000", "--warmup", "1s", "-d", "1s"];
    let (is_saturated, report) = load(&[&device[..], &rates].concat());
    assert!(is_saturated);
    assert_eq!(report["open_loop"]["offered_per_s"], 2_000.0);
    // Bursts come to an end before the next one, and wait until then.
    let bursts = ["-R", "700", "--arrival", "burst", "--set", "load.burst=700"];
    let times = ["--warmup", "1050ms", "-d", "1900ms"];
    let (is_saturated, report) = load(&[&device[..], &bursts, &times].concat());
    assert_eq!(report["open_loop"]["offered_per_s"], 700.0);
    assert!(!is_saturated);
}

/// What is too much for the slices is done in software, and nothing waits.
#[test]
fn what_software_takes_over_saturates_nothing() {
    let args = ["-R", "80k", "-d", "50ms", "--arrival", "constant"];
    let fallback = ["--set", "engine.fallback=[\"on_full\"]"];
    let (is_saturated, report) = load(&[&args[..], &fallback].concat());
    let busy = report["slices"][0]["utilisation"].as_f64();
    assert!(busy.expect("a share") > 0.97, "{busy:?}");
    assert!(report["software"]["full"].as_u64() > Some(0), "{report}");
    assert!(!is_saturated);
    assert!(load(&args).0, "without it is");
}

/// A short backlog drops what chance lets come at once; that is no more than is served.
#[test]
fn what_chance_drops_is_no_saturation() {
    let short = ["-c", "4", "--set", "load.backlog=10", "-n", "5000"];
    let text = |rate: &str| {
        let args = [
            "load",
            "--clock",
            "virtual",
            "--compute",
            "none",
            "-R",
            rate,
        ];
        Folder::new()
            .say(&[&args[..], &short].concat())
            .expect_code(0)
    };
    assert!(!load(&[&["--rate", "8k"], &short[..]].concat()).0);
    let said = text("8k").flat();
    assert!(said.contains("DROPPED: ") && said.contains(" of 5,000 arrivals found no job"));
    // Four jobs do 9,238/s. What waits is never more than the backlog.
    let said = text("20k").flat();
    assert!(said.contains("SATURATED: ") && said.contains("; what was dropped has none."));
    assert!(!said.contains("grows with the run"), "{said}");
}

/// More than there are jobs for may come at once, and take its time.
#[test]
fn a_burst_is_no_time_that_stands_still() {
    let burst = [
        "--arrival",
        "burst",
        "--set",
        "load.burst=12000",
        "-c",
        "64",
    ];
    let (is_saturated, report) = load(&[&["-R", "60k", "-d", "300ms"], &burst[..]].concat());
    // 60,000 of 66,975 each second: all that comes at once is served before the next.
    assert!(!is_saturated);
    assert_eq!(report["open_loop"]["dropped"], 0);
    assert_eq!(report["ops"], 24_000);
}

/// What is too small for the device does not wait for it, and hides that the rest does.
#[test]
fn small_ops_in_software_hide_nothing() {
    let mix = [
        "--mix",
        "rsa2048-sign:1,aes-256-gcm-seal@1350:20",
        "-n",
        "30k",
    ];
    let small = ["--set", "engine.small_ops.aes_gcm=2KB"];
    // 66,975 signatures each second are one of 21 ops.
    for (rate, expected) in [("1.3M", false), ("1.6M", true)] {
        let args = [&mix[..], &small, &["--rate", rate]].concat();
        assert_eq!(load(&args).0, expected, "{rate}");
    }
}

/// At random, as many as can be served wait for longer and longer; evenly, none ever waits.
#[test]
fn as_many_as_can_be_served_are_too_many_at_random() {
    let hsm = ["--profile", "network-hsm", "--rate", "1100", "-n", "2k"];
    assert!(load(&hsm).0);
    for even in ["constant", "burst"] {
        assert!(
            !load(&[&hsm[..], &["--arrival", even]].concat()).0,
            "{even}"
        );
    }
}

/// What a spike has left is served while the load goes on, and latency falls: nothing grows with the run.
#[test]
fn a_spike_that_drains_is_no_saturation() {
    let folder = Folder::new();
    let phase = |duration: &str, shape: &str, rate: &str| {
        format!(
            "[[load.phase]]\nduration = \"{duration}\"\nshape = \"{shape}\"\nrate = \"{rate}\"\n"
        )
    };
    let scenario = [
        "clock = \"virtual\"\n[device]\ncompute = \"none\"\nprofile = \"qat-c62x\"\n".to_owned(),
        "[load]\nop = \"rsa2048-sign\"\nrate = \"10k/s\"\n".to_owned(),
        phase("100ms", "ramp", "60k/s"),
        phase("40ms", "spike", "120k/s"),
        // It has emptied the queue of a thousand a moment before the end.
        phase("50ms", "hold", "60k/s"),
    ];
    folder.write("spike.toml", scenario.concat().as_bytes());
    let said = folder.say(&["run", "spike.toml", "-q"]).expect_code(0);
    assert!(!said.out.contains("SATURATED"), "{}", said.out);
    let last = phase("100ms", "hold", "140k/s");
    folder.write(
        "more.toml",
        [&scenario[..4].concat(), &last]
            .map(String::as_str)
            .concat()
            .as_bytes(),
    );
    let said = folder.say(&["run", "more.toml", "-q"]).expect_code(0);
    assert!(said.out.contains("SATURATED"), "{}", said.out);
}
