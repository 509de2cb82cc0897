//! Runs and what they report.

use serde_json::Value;

use crate::helper::{Folder, GOOD, json, scenarios, shipped};

#[test]
fn a_closed_loop_is_as_fast_as_its_slices() {
    let said = Folder::with(GOOD).run(&["--format", "json"]).expect_code(0);
    let report = json(&said);
    assert_eq!(report["format"], "pausewake-report/4");
    assert_eq!(report["ops"], 20);
    // 20 ops on 2 slices of 100 us; 4 jobs keep both busy, so each op also waits for another.
    assert_eq!(report["elapsed_ns"], 1_000_000);
    assert_eq!(report["latency"]["max_ns"], 200_000);
    assert_eq!(report["jobs"]["started"], 20);
    assert_eq!(report["jobs"]["finished"], 20);
    assert_eq!(report["jobs"]["max_live"], 4);
    assert_eq!(report["verified"]["applies"], false);
    let stages = report["stages"].as_array().unwrap();
    let sum: u64 = stages.iter().map(|s| s["mean_ns"].as_u64().unwrap()).sum();
    assert_eq!(sum, report["latency"]["mean_ns"].as_u64().unwrap());
}

#[test]
fn overrides_win_in_order_and_may_take_entries_out() {
    let folder = Folder::with(GOOD);
    let args = [
        "--set",
        "load.ops=30",
        "--set",
        "load.ops=40",
        "--set",
        "expect.ops=",
    ];
    let said = folder.run(&[&args[..], &["--format", "json"]].concat());
    let report = json(&said.expect_code(0));
    assert_eq!(report["ops"], 40);
    assert_eq!(report["expected"].as_array().unwrap().len(), 0);
    let fewer = ["--set", "device.asym.slices=1", "--format", "json"];
    let report = json(&folder.run(&fewer).expect_code(0));
    assert_eq!(report["elapsed_ns"], 2_000_000);
}

#[test]
fn bare_words_are_strings_in_overrides() {
    let folder = Folder::with(GOOD);
    let args = ["--set", "engine.notify=fd", "--format", "json"];
    let report = json(&folder.run(&args).expect_code(0));
    assert_eq!(report["wakes"]["fd"], 20);
    assert_eq!(report["wakes"]["callback"], 0);
    let args = ["--set", "load.ops=", "--set", "load.duration=1ms"];
    let args = [&args[..], &["--set", "expect.ops=", "--format", "json"]].concat();
    let report = json(&folder.run(&args).expect_code(0));
    // Four at once, and two each 100 us until just before the end.
    assert_eq!(report["ops"], 4 + 2 * 9);
}

#[test]
fn a_failed_expectation_ends_with_99_and_says_which() {
    let said = Folder::with(GOOD).run(&["--set", "expect.p99=< 1us"]);
    let said = said.expect_code(99);
    let failed: Vec<&str> = said.out.lines().filter(|l| l.contains("FAILS")).collect();
    assert_eq!(failed.len(), 1, "{}", said.out);
    assert!(failed[0].contains("p99 < 1us") && failed[0].contains("200µs"));
}

#[test]
fn arrivals_that_the_device_cannot_follow_wait_and_are_a_measurement() {
    let scenario = GOOD.replace("jobs = 4", "rate = \"1M/s\"\njobs = 8");
    let said = Folder::with(&scenario).run(&[]).expect_code(0);
    assert!(said.out.contains("SATURATED: "), "{}", said.out);
    assert!(said.out.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn times_that_a_completion_cannot_say_make_a_run_invalid() {
    let folder = Folder::with(GOOD);
    for (base, jobs, saturated) in [
        ("5s", 2, 0),
        ("90000s", 4, 0),
        ("300000s", 2, 20),
        ("50000s", 20, 8),
    ] {
        let (base, jobs) = (
            format!("device.asym.service.base={base}"),
            format!("load.jobs={jobs}"),
        );
        let args = ["--set", &base, "--set", &jobs, "--format", "json"];
        let said = folder.run(&args);
        let report = json(&said);
        assert_eq!(report["saturated_ops"], saturated, "{base} {jobs}");
        said.expect_code(if saturated == 0 { 0 } else { 103 });
        let reason = report["invalid"].as_str().unwrap_or_default();
        assert_eq!(saturated > 0, reason.contains("most that a completion"));
    }
}

#[test]
fn a_closed_loop_in_which_time_stands_still_is_broken_off() {
    let free = GOOD
        .replace("100us", "0ns")
        .replace("ops = 20\n", "duration = \"1ms\"\n");
    let said = Folder::with(&free).run(&[]).expect_code(103);
    said.expect_err(&["time stands still", "load.duration", "load.ops"]);
    // Half of these are free, by chance.
    let normal = GOOD
        .replace(
            "\"constant\", base = \"100us\"",
            "\"normal\", deviation = 10.0, base = \"1ns\"",
        )
        .replace("ops = 20\n", "duration = \"1us\"\n");
    let folder = Folder::with(&normal);
    let args = ["--set", "expect.ops=> 1", "--set", "load.jobs=200"];
    folder.run(&args).expect_code(0);
}

#[test]
fn percentiles_do_not_end_at_an_hour() {
    let slow = ["--set", "device.link.to_device=5000s", "--format", "json"];
    let report = json(&Folder::with(GOOD).run(&slow).expect_code(0));
    let p50 = report["latency"]["p50_ns"].as_u64().unwrap();
    assert!(
        (5_000_000_000_000..5_010_000_000_000).contains(&p50),
        "{p50}"
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    for name in ["hello.toml", "virtual-mm1.toml"] {
        for format in ["text", "json"] {
            let args = |seed| {
                let mut args = vec!["--format", format, "--story=50", "--seed", seed];
                if name == "virtual-mm1.toml" {
                    args.extend(["--set", "load.ops=20000", "--set", "expect.ops="]);
                }
                args
            };
            let [one, same, other] =
                ["7", "7", "8"].map(|seed| shipped(name, &args(seed)).expect_code(0).out);
            assert_eq!(one, same, "{name} {format}");
            assert_ne!(one, other, "{name} {format}");
        }
    }
}

#[test]
fn another_seed_is_another_run_and_not_another_heading() {
    let sets = ["--set", "load.ops=20000", "--set", "expect.ops="];
    let [one, other] = ["1", "2"].map(|seed| {
        let args = [&sets[..], &["--format", "json", "--seed", seed]].concat();
        json(&shipped("virtual-mm1.toml", &args).expect_code(0))
    });
    for figure in ["elapsed_ns", "latency", "queue_wait"] {
        assert_ne!(one[figure], other[figure], "{figure}");
    }
}

#[test]
fn the_mean_wait_is_what_theory_says_and_a_wrong_value_fails() {
    let args = ["--format", "json"];
    let report = json(&shipped("virtual-mm1.toml", &args).expect_code(0));
    assert_eq!(report["queue_wait"]["theory"]["queue"], "M/M/1");
    assert_eq!(report["queue_wait"]["theory"]["mean_ns"], 4_000_000);
    let interval = report["queue_wait"]["interval_ns"].as_array().unwrap();
    let [low, high] = [&interval[0], &interval[1]].map(|end| end.as_u64().unwrap());
    assert!(low < 4_000_000 && 4_000_000 < high, "{low} to {high}");
    assert!(
        high - low < 1_000_000,
        "the interval tells nothing: {low} to {high}"
    );
    let wrong = ["--set", "expect.mean_wait=~ 5ms"];
    shipped("virtual-mm1.toml", &wrong).expect_code(99);
}

#[test]
fn theory_is_shown_only_where_no_limit_binds() {
    let sets = ["load.ops=20000", "expect.ops=", "expect.mean_wait="];
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    let theory = |more: &[&str]| {
        let args = [&sets[..], more, &["--format", "json"]].concat();
        let report = json(&shipped("virtual-mm1.toml", &args).expect_code(0));
        report["queue_wait"]["theory"].clone()
    };
    assert_eq!(theory(&[])["queue"], "M/M/1");
    for limit in ["device.slots=4", "device.in_flight_limit=4"] {
        assert_eq!(theory(&["--set", limit]), Value::Null, "{limit}");
    }
}

#[test]
fn the_mean_beside_an_interval_lies_in_it() {
    let args = ["--format", "json"];
    let report = json(&shipped("virtual-mm1.toml", &args).expect_code(0));
    let wait = &report["queue_wait"];
    let [low, high] = [0, 1].map(|end| wait["interval_ns"][end].as_u64().unwrap());
    let steady = wait["steady_mean_ns"].as_u64().unwrap();
    assert!(low <= steady && steady <= high, "{wait}");
    // The wall clock knows no steady state.
    let sets = ["clock=wall", "load.ops=20000", "expect.ops="];
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    let args = [&sets[..], &["--format", "json"]].concat();
    let free = GOOD.replace("100us", "0ns");
    let report = json(&Folder::with(&free).run(&args).expect_code(0));
    assert_eq!(report["queue_wait"]["interval_ns"], Value::Null);
    assert_eq!(report["queue_wait"]["steady_mean_ns"], Value::Null);
}

#[test]
fn more_jobs_than_there_is_room_for_are_told_in_the_scenarios_words() {
    let args = ["--set", "load.jobs=30000", "--set", "load.ops=30000"];
    let limit = [
        "-c",
        "ulimit -v 2000000; exec \"$0\" \"$@\"",
        env!("CARGO_BIN_EXE_pausewake"),
    ];
    let folder = Folder::with(GOOD);
    let output = std::process::Command::new("sh")
        .args(limit)
        .arg("run")
        .arg(folder.path("it.toml"))
        .args(args)
        .output()
        .unwrap();
    let said = crate::helper::said(output).expect_code(103);
    let said = said.expect_err(&["no room for another job", "Lower load.jobs"]);
    assert!(!said.err.contains("init_thread"), "{}", said.err);
}

#[test]
fn the_storm_signs_right_and_wakes_once_for_each_op() {
    let args = ["--set", "load.ops=200", "--set", "expect.ops=== 200"];
    for notify in ["callback", "fd"] {
        let engine = format!("engine.notify={notify}");
        let args = [&args[..], &["--set", &engine, "--format", "json"]].concat();
        let report = json(&shipped("handshake-storm.toml", &args).expect_code(0));
        assert_eq!(report["ops"], 200);
        assert_eq!(report["wakes"][notify], 200);
        assert_eq!(report["verified"]["right"], 200);
        assert_eq!(report["verified"]["wrong"], 0);
        assert_eq!(report["jobs"]["max_live"], 64);
    }
}

#[test]
fn cached_signatures_are_right_too() {
    let args = ["load.ops=500", "expect.ops=== 500", "device.compute=cached"];
    let args: Vec<&str> = args.iter().flat_map(|set| ["--set", set]).collect();
    let args = [&args[..], &["--format", "json"]].concat();
    let report = json(&shipped("handshake-storm.toml", &args).expect_code(0));
    assert_eq!(report["verified"]["right"], 500);
}

#[test]
fn records_come_back_byte_for_byte() {
    let folder = Folder::new();
    let content: Vec<u8> = (0..100_001_u32).map(|n| (n % 251) as u8).collect();
    folder.write("data", &content);
    let path = scenarios().join("records.toml");
    let path = path.to_str().unwrap();
    for clock in ["wall", "virtual"] {
        let clock = format!("clock={clock}");
        let args = ["run", path, "--set", "load.file=data", "--set", &clock];
        let sets = ["--set", "load.passes=3", "--format", "json"];
        let said = folder.say(&[&args[..], &sets].concat()).expect_code(0);
        let report = json(&said);
        // 7 records in each of 3 passes, the last one short; sealed and opened.
        assert_eq!(report["jobs"]["finished"], 21);
        assert_eq!(report["ops"], 42);
        assert_eq!(report["verified"]["right"], 42);
    }
}

#[test]
fn a_key_file_is_taken_from_the_scenarios_folder() {
    let key = include_bytes!("../../keys/test-rsa2048.pem");
    let scenario = GOOD
        .replace("compute = \"none\"", "compute = \"real\"")
        .replace("op = ", "key = \"my.pem\"\nop = ")
        .replace("ops = 20", "ops = 5")
        .replace("ops = \"== 20\"", "verified = \"all\"");
    let folder = Folder::new();
    std::fs::create_dir(folder.path("sub")).unwrap();
    folder.write("sub/it.toml", scenario.as_bytes());
    folder.say(&["run", "sub/it.toml"]).expect_code(104);
    folder.write("sub/my.pem", key);
    let said = folder.say(&["run", "sub/it.toml"]).expect_code(0);
    assert!(said.out.contains("all 5 ("), "{}", said.out);
    // In a flag, the path counts from the current folder.
    let args = ["run", "sub/it.toml", "--set", "load.key=my.pem"];
    folder.say(&args).expect_code(104);
}
