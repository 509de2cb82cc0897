//! Device profiles: what they are shown as, how they lie under a scenario, and that each reproduces
//! what was published.

use serde_json::Value;

use crate::helper::{Folder, Said, UNREAL, count, json};

/// A load without a device.
const LOAD: &str = r#"clock = "virtual"

[device]
compute = "none"

[load]
op = "rsa2048-sign"
jobs = 72
ops = 20000
"#;

#[test]
fn each_profile_reproduces_what_was_published() {
    let sync = ["engine.mode=sync", "load.jobs=1", "load.ops=2000"];
    let software = ["engine.mode=software", "load.jobs=1", "load.ops=1000"];
    let on_queues = ["load.threads=9", "load.jobs=648", "load.ops=30000"];
    let on_four = ["load.threads=4", "load.jobs=288"];
    let alone = ["load.jobs=1", "load.ops=500"];
    let two_keys = ["load.op=", "load.mix=rsa2048-sign:1,ecdsa-p256-sign:1"];
    let seals = ["load.op=aes-128-gcm-seal@4096"];
    for (profile, sets, published_per_s) in [
        ("qat-c62x", &software[..], 1_316.0),
        ("qat-c62x", &sync, 2_310.0),
        ("qat-c62x", &[], 65_901.0),
        ("qat-c62x", &on_queues, 101_000.0),
        ("dh895xcc", &sync, 940.0),
        ("dh895xcc", &[], 20_020.0),
        ("dh895xcc", &on_four, 40_000.0),
        ("qat-4xxx", &[], 173_750.0),
        // 95,000 Mbit/s in pieces of 4 KiB.
        ("qat-4xxx", &seals, 95e9 / 8.0 / 4_096.0),
        ("kunpeng-kae", &[], 100_000.0),
        ("network-hsm", &[], 1_100.0),
        ("network-hsm", &two_keys, 2.0 * 1_100.0),
        ("software-batching", &software, 1_049.0),
        ("software-batching", &alone, 89.0),
    ] {
        let report = report(profile, sets);
        let per_s = report["ops_per_s"].as_f64().expect("a rate");
        let ratio = per_s / published_per_s;
        assert!(
            (0.9..=1.1).contains(&ratio),
            "{profile} {sets:?}: {per_s}/s, published {published_per_s}/s"
        );
        assert_eq!(report["scenario"]["profile"], profile);
        assert_eq!(report["errors"]["total"], 0, "{report}");
    }
}

/// Ops that time out are those that take longer, if nobody waits for another: on more slices than
/// are ever busy. A 95th percentile of 600 ms within 10 %: more than 5 % take longer than 540 ms, and
/// fewer than 5 % longer than 660 ms.
#[test]
fn the_tpm_has_its_two_percentiles() {
    let ecdsa = ["load.op=ecdsa-p256-sign", "load.jobs=1", "load.ops=4000"];
    let p50_ns = report("tpm", &ecdsa)["latency"]["p50_ns"].clone();
    let p50_ms = p50_ns.as_f64().expect("a median") / 1e6;
    assert!((180.0..=220.0).contains(&p50_ms), "{p50_ms} ms");
    let longer_than = |time: &str| {
        let timeout = format!("engine.op_timeout={time}");
        let sets = [
            &ecdsa[..],
            &[&timeout, "device.asym.slices=60", "expect.errors=> 0"],
        ]
        .concat();
        let report = report("tpm", &sets);
        report["errors"]["timed_out"].as_f64().expect("a count") / 4_000.0
    };
    let (low, high) = (longer_than("540ms"), longer_than("660ms"));
    assert!(low > 0.05 && high < 0.05 && high > 0.0, "{low}, {high}");
}

/// One command at a time: more jobs wait, and nothing is done sooner.
#[test]
fn parallelism_does_not_help_a_tpm() {
    let rate = |jobs: &str| {
        let sets = ["load.op=ecdsa-p256-sign", "load.ops=500", jobs];
        report("tpm", &sets)["ops_per_s"].as_f64().expect("a rate")
    };
    let (one, four) = (rate("load.jobs=1"), rate("load.jobs=4"));
    assert!(
        one < 10.0 && (four / one - 1.0).abs() < 0.01,
        "{one}, {four}"
    );
}

/// Ops wait for seconds there, each with 64 jobs about 16 s.
#[test]
fn the_tpm_bears_the_jobs_that_load_and_compare_have_if_nobody_says_how_many() {
    let folder = Folder::new();
    let args = "load --profile tpm --clock virtual --compute none -n 1000 --format json";
    let args: Vec<&str> = args.split(' ').collect();
    let report = json(&folder.say(&args).expect_code(0));
    assert_eq!(report["saturated_ops"], 0);
    let wait_ns = report["queue_wait"]["mean_ns"].as_f64().expect("a wait");
    assert!((10e9..20e9).contains(&wait_ns), "{wait_ns}");
    let args = ["compare", "--profile", "tpm", "-n", "500"];
    folder.say(&args).expect_code(0);
}

#[test]
fn the_ideal_device_takes_no_time() {
    let report = report("ideal", &["load.rate=100k/s", "load.jobs=1000"]);
    assert_eq!(report["latency"]["max_ns"], 0);
    assert_eq!(report["ops"], 20_000);
}

/// Eight jobs fill a batch each time, and nobody waits for the flush.
#[test]
fn a_batch_shows_its_wait_and_its_limits() {
    let with = |jobs: &str| report("software-batching", &["load.ops=800", jobs]);
    let alone = with("load.jobs=1");
    assert_eq!(alone["queue_wait"]["mean_ns"], 10_000_000);
    assert_eq!(
        alone["latency"]["p50_ns"].as_u64().map(|ns| ns / 10_000),
        Some(1_123)
    );
    let eight = with("load.jobs=8");
    assert_eq!(eight["queue_wait"]["mean_ns"], 0);
    // 100 turns of 1.236 ms.
    assert_eq!(eight["elapsed_ns"], 123_600_000);
    assert_eq!(eight["slices"][0]["utilisation"], 1.0);
    let limits = &eight["scenario"]["limits"];
    assert_eq!(limits[0], "asym in batches of 8, flushed after 10ms");
}

#[test]
fn by_the_wall_clock_limits_hold_and_every_op_ends_once() {
    for (profile, jobs, at_least_ns) in [
        // Two full batches and a third that waits for its flush.
        ("software-batching", "load.jobs=20", 10_000_000),
        // 19 gaps of 1/1,100 s.
        ("network-hsm", "load.jobs=20", 17_272_000),
    ] {
        let sets = ["clock=wall", "load.ops=20", jobs];
        let report = report(profile, &sets);
        assert_eq!(report["ops"], 20);
        assert_eq!(report["jobs"]["finished"], 20);
        assert_eq!(report["doorbells"]["orphans"], 0);
        let elapsed_ns = report["elapsed_ns"].as_u64().expect("a time");
        assert!(elapsed_ns >= at_least_ns, "{profile}: {elapsed_ns}");
    }
}

#[test]
fn what_the_scenario_says_stands_over_the_profile() {
    let folder = Folder::with(
        r#"clock = "virtual"
        device = { profile = "qat-c62x", compute = "none", asym.slices = 1 }
        load = { op = "rsa2048-sign", jobs = 8, ops = 100 }

        [[variant]]
        name = "own"

        [[variant]]
        name = "other"
        device.profile = "software-batching"
        device.asym.batch = ""

        [[variant]]
        name = "none"
        device.profile = ""
        device.asym.service = { distribution = "constant", base = "1ms" }
        "#,
    );
    let report = json(&folder.run(&["--format", "json"]).expect_code(0));
    let rates: Vec<f64> = report["variants"]
        .as_array()
        .expect("variants")
        .iter()
        .map(|run| run["ops_per_s"].as_f64().expect("a rate"))
        .collect();
    // One slice of 419.8 us, after a submission of 13.1 us; of 1.236 ms without batches; of 1 ms.
    for (rate, expected) in rates.iter().zip([2_375.0, 809.0, 1_000.0]) {
        assert!((rate / expected - 1.0).abs() < 0.005, "{rates:?}");
    }
    for (index, profile) in ["qat-c62x", "software-batching"].into_iter().enumerate() {
        let scenario = &report["variants"][index]["scenario"];
        assert_eq!(scenario["profile"], profile);
    }
    assert_eq!(report["variants"][2]["scenario"]["profile"], Value::Null);
    // A flag over all of them, and one that takes something out of the profile.
    let flags = ["device.profile=software-batching", "device.asym.batch="];
    let sets = flags.iter().flat_map(|set| ["--set", set]);
    let args: Vec<&str> = sets.chain(["--format", "json"]).collect();
    let report = json(&folder.run(&args).expect_code(0));
    for run in report["variants"].as_array().expect("variants") {
        assert_eq!(run["scenario"]["profile"], "software-batching");
        assert_eq!(run["scenario"]["limits"], Value::Null);
    }
}

#[test]
fn an_unknown_profile_is_answered_with_the_list() {
    let all = "one of qat-c62x, qat-4xxx, dh895xcc, kunpeng-kae, network-hsm, tpm, software-batching, ideal";
    Folder::with(LOAD)
        .run(&["--set", "device.profile=qat-c6xx"])
        .expect_code(104)
        .expect_err(&[
            "there is no profile `qat-c6xx`",
            all,
            "did you mean qat-c62x?",
            "--set device.profile=qat-c6xx",
        ]);
    Folder::new()
        .say(&["profiles", "kunpen"])
        .expect_code(104)
        .expect_err(&[
            "there is no profile `kunpen`",
            all,
            "did you mean kunpeng-kae?",
        ]);
    Folder::with(LOAD)
        .run(&["--set", "device.profile=7"])
        .expect_code(104)
        .expect_err(&["`device.profile` is a whole number, and must be a word"]);
}

#[test]
fn what_is_wrong_with_a_profile_and_a_scenario_together_is_shown_in_both() {
    Folder::with(LOAD)
        .run(&[
            "--set",
            "device.profile=tpm",
            "--set",
            "device.asym.service.base=1ms",
        ])
        .expect_code(104)
        .expect_err(&[
            "this stands beside p50 and p95",
            "profile tpm:",
            "the median",
        ]);
    Folder::with(LOAD)
        .run(&["--set", "device.profile=tpm", "--set", "load.op=aead-seal"])
        .expect_code(104)
        .expect_err(&["neither the scenario nor tpm has"]);
}

#[test]
fn limits_that_cannot_be_are_refused() {
    for (set, wrong) in [
        ("device.asym.rate=0/s", "a rate must be above zero"),
        ("device.asym.rate=100", "a rate in quotes"),
        ("device.asym.rate={ burst = 2 }", "missing field `limit`"),
        ("device.asym.rate={ limit = \"5/s\", burst = 0 }", "0"),
        (
            "device.asym.rate_per_key={ limit = \"5/s\", burts = 2 }",
            "burts",
        ),
        ("device.asym.batch={ size = 8 }", "missing field `flush`"),
        ("device.asym.batch={ size = 0, flush = \"1ms\" }", "0"),
        ("device.asym.batch=8", "must be a table"),
        (
            "device.asym.service={ distribution = \"constant\" }",
            "without a base",
        ),
        (
            "device.asym.service={ distribution = \"lognormal\", p50 = \"2ms\" }",
            "one percentile does not make a distribution",
        ),
        (
            "device.asym.service={ distribution = \"normal\", p50 = \"2ms\", p95 = \"3ms\" }",
            "p50 and p95 do not belong to this distribution",
        ),
        (
            "device.asym.service={ distribution = \"lognormal\", p50 = \"3ms\", p95 = \"2ms\" }",
            "no log-normal time has a median of 3ms and a p95 of 2ms",
        ),
    ] {
        let device = "device={ compute = \"none\", asym = { slices = 1, service = { distribution = \"constant\", base = \"1ms\" } } }";
        let args = ["--set", device, "--set", set];
        Folder::with(LOAD)
            .run(&args)
            .expect_code(104)
            .expect_err(&[wrong]);
    }
}

#[test]
fn programs_get_every_number_with_its_provenance() {
    let said = Folder::new()
        .say(&["profiles", "--format", "json"])
        .expect_code(0);
    let all = json(&said);
    assert_eq!(all["format"], "pausewake-profiles/1");
    let profiles = all["profiles"].as_array().expect("profiles");
    assert_eq!(profiles.len(), 8);
    for profile in profiles {
        for number in profile["numbers"].as_array().expect("numbers") {
            let is_published = number["source"].is_string();
            assert_ne!(is_published, number["assumed"].is_string(), "{number}");
        }
        let name = profile["name"].as_str().expect("a name");
        let said = Folder::new().say(&["profiles", name, "--format", "json"]);
        assert_eq!(&json(&said.expect_code(0))["profiles"][0], profile);
    }
}

/// A mix of curves has times of its own for each, and one that is not named the kind's.
#[test]
fn each_curve_has_its_own_time() {
    let device = r#"device={ compute = "none", asym = { slices = 1, service = { distribution = "constant", base = "9ms" }, service_by_op = { ecdsa-sign = { distribution = "constant", base = "3ms" }, ecdsa-p256-sign = { distribution = "constant", base = "1ms" } } } }"#;
    for (op, ms) in [
        ("ecdsa-p256-sign", 1),
        ("ecdsa-p384-sign", 3),
        ("rsa2048-sign", 9),
    ] {
        let op = format!("load.op={op}");
        let args = [
            "--set",
            device,
            "--set",
            &op,
            "--set",
            "load.ops=10",
            "--set",
            "load.jobs=1",
            "--format",
            "json",
        ];
        let report = json(&Folder::with(LOAD).run(&args).expect_code(0));
        assert_eq!(report["latency"]["mean_ns"], ms * 1_000_000);
        assert_eq!(
            report["slices"][0]["predicted"]["utilisation"], 1.0,
            "{report}"
        );
    }
}

fn report(profile: &str, sets: &[&str]) -> Value {
    let said: Said = {
        let profile = format!("device.profile={profile}");
        let sets = [&profile]
            .into_iter()
            .map(String::as_str)
            .chain(sets.iter().copied());
        let args: Vec<&str> = sets.flat_map(|set| ["--set", set]).collect();
        Folder::with(LOAD).run(&[&args[..], &["--format", "json"]].concat())
    };
    json(&said.expect_code(0))
}

/// A bucket of B tokens lets B and ten times its rate through in 10 s: each of the ways that the profile names
/// keeps to 2,000, but for what was on its way when the time was over.
#[test]
fn the_quota_of_a_window_is_kept() {
    let jobs = 64;
    let about = Folder::new()
        .say(&["profiles", "network-hsm"])
        .expect_code(0);
    let about = about.flat();
    for rate in ["200/s", "{ limit = \"100/s\", burst = 1000 }"] {
        assert!(about.contains(rate), "{about}");
        let set = format!("device.asym.rate={rate}");
        let profile = [
            "--profile",
            "network-hsm",
            "--set",
            "device.asym.rate_per_key=",
        ];
        let load = ["-c", "64", "-d", "10s", "--format", "json", "--set", &set];
        let report = json(&Folder::new().say(&[&UNREAL[..], &profile, &load].concat()));
        let ops = count(&report["ops"]);
        assert!((1_990..=2_000 + jobs).contains(&ops), "{rate}: {ops}");
    }
}
