//! Open loops: what is late, what is dropped, and what means nothing; warm-ups, phases, and conditions
//! that end a run.

use serde_json::Value;

use crate::helper::{Folder, GOOD, Said, json};

/// One slice that needs 100 us.
fn open(rate: &str) -> String {
    GOOD.replace("jobs = 4", &format!("rate = \"{rate}\""))
        .replace("slices = 2", "slices = 1")
        .replace("ops = 20\n", "ops = 200\n")
        .replace("ops = \"== 20\"", "errors = \"== 0\"")
}

fn run(scenario: &str, sets: &[&str]) -> Said {
    let sets = sets.iter().flat_map(|set| ["--set", *set]);
    let args: Vec<&str> = ["--format", "json"].into_iter().chain(sets).collect();
    Folder::with(scenario).run(&args)
}

fn report(scenario: &str, sets: &[&str]) -> Value {
    json(&run(scenario, sets).expect_code(0))
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// 100 ops that arrive at the same time, one job, 100 us each: the n-th has waited for n - 1.
#[test]
fn latency_counts_from_when_ops_were_to_begin() {
    let scenario = open("1000/s");
    let burst = [
        "load.arrival=burst",
        "load.burst=100",
        "load.ops=100",
        "load.jobs=1",
    ];
    let report = report(&scenario, &burst);
    let near = |value: &Value, ns: f64| {
        let value = number(value);
        assert!(ns <= value && value <= ns * 1.001, "{value}, not {ns}");
    };
    assert_eq!(report["latency"]["mean_ns"], 5_050_000);
    assert_eq!(report["latency"]["max_ns"], 10_000_000);
    near(&report["latency"]["p50_ns"], 5e6);
    near(&report["latency"]["p90_ns"], 9e6);
    near(&report["latency"]["p99_ns"], 9.9e6);
    assert_eq!(report["uncorrected"]["mean_ns"], 100_000);
    assert_eq!(report["uncorrected"]["max_ns"], 100_000);
    let open_loop = &report["open_loop"];
    assert_eq!(open_loop["lateness"]["max_ns"], 9_900_000);
    assert_eq!(open_loop["lateness"]["mean_ns"], 4_950_000);
    assert_eq!(
        (&open_loop["late"], &open_loop["started"]),
        (&99.into(), &100.into())
    );
    assert_eq!(open_loop["late_for_a_job"], 99);
    assert_eq!(open_loop["late_by_generator"], 0);
    assert_eq!(
        (&open_loop["dropped"], &open_loop["max_backlog"]),
        (&0.into(), &99.into())
    );
}

#[test]
fn a_saturated_device_is_a_measurement_and_what_finds_no_place_is_dropped() {
    // 20,000/s ask for what can be done 10,000 times.
    let sets = ["load.arrival=constant", "load.jobs=4", "load.backlog=10"];
    let report = report(&open("20k/s"), &sets);
    assert_eq!(report["invalid"], Value::Null);
    let open_loop = &report["open_loop"];
    assert_eq!(open_loop["arrivals"], 200);
    assert_eq!(open_loop["started"], report["ops"]);
    let dropped = number(&open_loop["dropped"]);
    // Half of them, but for the 14 that jobs and backlog hold in the end.
    assert!((dropped - (100.0 - 14.0)).abs() <= 1.0, "{open_loop}");
    assert_eq!(open_loop["max_backlog"], 10);
    // The last one to find a place waits for 4 jobs and 9 others.
    assert!(number(&report["latency"]["max_ns"]) <= 1_400_000.0);
    let text = Folder::with(&open("20k/s")).run(&["--set", "load.jobs=1"]);
    assert!(text.expect_code(0).out.contains("SATURATED: "));
}

#[test]
fn threads_share_arrivals_and_limits() {
    for threads in ["load.threads=1", "load.threads=4"] {
        let sets = [
            threads,
            "load.jobs=8",
            "load.arrival=constant",
            "load.late_after=10ms",
        ];
        let report = report(&open("5k/s"), &sets);
        assert_eq!(report["ops"], 200, "{threads}");
        assert_eq!(report["open_loop"]["late"], 0, "{threads}");
        // The last one arrives after 40 ms, and takes 100 us.
        assert_eq!(report["elapsed_ns"], 40_100_000, "{threads}");
        assert_eq!(report["slices"][0]["utilisation"], 0.498_753, "{threads}");
    }
}

/// The time of an open loop is that of its load, and of what has not ended by then.
#[test]
fn throughput_is_what_arrived_in_the_time_in_which_it_arrived() {
    for (sets, elapsed_ns, ops) in [
        // The first one comes after 100 ms, and one more at 200 ms would be too late.
        (
            &["load.rate=10/s", "load.duration=200ms", "load.ops="][..],
            200_000_000,
            1,
        ),
        (&["load.rate=1000/s", "load.ops=10"], 10_100_000, 10),
        // The second burst comes at 11 ms, and its gap lasts until 20 ms.
        (
            &[
                "load.arrival=burst",
                "load.burst=10",
                "load.rate=1000/s",
                "load.ops=20",
            ],
            20_000_000,
            20,
        ),
        (&["load.rate=0.1/s", "load.ops=1"], 10_000_100_000_u64, 1),
        // What waits for the device prolongs it.
        (
            &["load.rate=20k/s", "load.duration=10ms", "load.ops="],
            19_950_000,
            199,
        ),
        // Of the warm-up, nothing counts.
        (
            &[
                "load.rate=1000/s",
                "load.duration=10ms",
                "load.ops=",
                "load.warmup=7ms",
            ],
            10_000_000,
            10,
        ),
    ] {
        for threads in ["load.threads=1", "load.threads=3"] {
            let sets = [&["load.arrival=constant", threads], sets].concat();
            let report = report(&open("1000/s"), &sets);
            assert_eq!(report["ops"], ops, "{sets:?}");
            assert_eq!(report["elapsed_ns"], elapsed_ns, "{sets:?}");
            let per_s = f64::from(ops) / (elapsed_ns as f64 / 1e9);
            assert!(
                (number(&report["ops_per_s"]) - per_s).abs() < 0.001,
                "{sets:?}"
            );
            let busy = f64::from(ops) * 100e3 / elapsed_ns as f64;
            let utilisation = number(&report["slices"][0]["utilisation"]);
            assert!((utilisation - busy).abs() < 1e-5, "{sets:?}: {utilisation}");
            for law in report["littles_law"].as_array().expect("two of them") {
                assert!(number(&law["difference"]).abs() < 1e-3, "{sets:?}: {law}");
            }
            let covered = report["timeline"]["intervals"]
                .as_array()
                .expect("intervals");
            let covered: f64 = covered.iter().map(|it| number(&it["covered_ns"])).sum();
            assert_eq!(covered, elapsed_ns as f64, "{sets:?}");
        }
    }
}

/// What a thread's own work costs makes it late, and that is part of what is modelled.
#[test]
fn a_busy_host_is_late_and_under_virtual_time_that_is_a_result() {
    let sets = ["host.submit=200us", "load.arrival=constant"];
    let report = report(&open("20k/s"), &sets);
    assert_eq!(report["invalid"], Value::Null);
    let open_loop = &report["open_loop"];
    assert!(
        number(&open_loop["late_by_generator"]) > 100.0,
        "{open_loop}"
    );
    assert_eq!(open_loop["late_for_a_job"], 0);
    assert_eq!(report.get("generator"), None);
}

/// No machine starts a thousand ops in a microsecond.
#[test]
fn a_generator_that_is_the_bottleneck_makes_the_run_invalid() {
    let sets = ["clock=wall", "load.ops=20000", "load.arrival=constant"];
    let report = json(&run(&open("1000M/s"), &sets).expect_code(103));
    let reason = report["invalid"].as_str().expect("a reason");
    assert!(
        reason.contains("load generator was the bottleneck"),
        "{reason}"
    );
    assert!(reason.contains("although a job was free"), "{reason}");
    assert_eq!(report["ops"], 20_000);
    assert_eq!(report["open_loop"]["started"], 20_000);
    assert!(number(&report["generator"]["busy_share"]) > 0.0);
}

/// It ends all the same, without what it would take minutes to start.
#[test]
fn what_the_generator_never_got_to_is_dropped_and_makes_the_run_invalid() {
    let load = "load --profile ideal --compute none --format json -R 1000M -d 10ms";
    let more = "--arrival constant --set load.late_after=1000s";
    let args: Vec<&str> = load.split(' ').chain(more.split(' ')).collect();
    let report = json(&Folder::new().say(&args).expect_code(103));
    let reason = report["invalid"].as_str().expect("a reason");
    assert!(reason.contains("generator was the bottleneck"), "{reason}");
    let open_loop = &report["open_loop"];
    // One each nanosecond, from the first to the last but one.
    assert_eq!(open_loop["arrivals"], 9_999_999);
    assert_eq!(open_loop["started"], report["ops"]);
    assert!(number(&open_loop["dropped"]) > 0.0, "{open_loop}");
}

#[test]
fn by_the_wall_clock_every_arrival_is_started_once_or_dropped() {
    for sets in [
        &["load.arrival=poisson"][..],
        &["load.arrival=burst", "load.burst=10"],
        &["load.arrival=constant", "load.threads=2"],
        &["engine.mode=sync"],
        &["engine.mode=software", "device.compute=none"],
        &["engine.reap=inline"],
        &["engine.reap=external"],
        &["engine.notify=fd", "load.warmup=5ms"],
    ] {
        // However slow the machine is, none of them is late.
        let common = ["clock=wall", "load.late_after=1000s", "load.ops=100"];
        let report = report(&open("5k/s"), &[&common, sets].concat());
        let open_loop = &report["open_loop"];
        assert_eq!(open_loop["arrivals"], 100, "{sets:?}");
        assert_eq!(open_loop["late"], 0, "{sets:?}");
        assert_eq!(report["errors"]["total"], 0, "{sets:?}");
        assert!(number(&report["latency"]["mean_ns"]) >= number(&report["uncorrected"]["mean_ns"]));
    }
}

#[test]
fn figures_begin_behind_the_warm_up() {
    let sets = ["load.warmup=5ms", "load.ops=300"];
    for more in [
        &["load.jobs=4"][..],
        &["load.jobs=4", "load.threads=2"],
        &["load.jobs=70"],
        &["load.rate=15k/s"],
        &["load.rate=15k/s", "load.threads=3"],
        &["device.asym.service.distribution=exponential"],
    ] {
        let scenario = GOOD.replace("ops = \"== 20\"", "ops = \"== 300\"");
        let report = report(&scenario, &[&sets[..], more].concat());
        assert_eq!(report["warmup_ns"], 5_000_000, "{more:?}");
        for law in report["littles_law"].as_array().expect("two of them") {
            assert!(number(&law["measured"]) > 0.5, "{more:?}: {law}");
            assert!(number(&law["difference"]).abs() < 2e-6, "{more:?}: {law}");
        }
        let busy = number(&report["slices"][0]["utilisation"]);
        assert!(busy <= 1.0, "{more:?}: {busy}");
    }
    // Two slices are busy all the time, from the first moment on that counts.
    let full = report(
        &GOOD.replace("== 20", "== 2000"),
        &["load.ops=2000", "load.warmup=1ms"],
    );
    let busy = number(&full["slices"][0]["utilisation"]);
    assert!((0.998..=1.0).contains(&busy), "{busy}");
}

fn ops_by_phase(report: &Value) -> Vec<f64> {
    let phases = report["phases"].as_array().expect("phases");
    phases.iter().map(|phase| number(&phase["ops"])).collect()
}

#[test]
fn phases_change_the_rate_and_the_jobs() {
    let phases = |levels: [&str; 4]| {
        let [hold, ramp, spike, after] = levels;
        format!(
            "load.phase=[{{ duration = \"100ms\", {hold} }}, \
             {{ shape = \"ramp\", duration = \"100ms\", {ramp} }}, \
             {{ shape = \"spike\", duration = \"100ms\", {spike} }}, \
             {{ shape = \"ramp\", duration = \"100ms\", {after} }}]"
        )
    };
    let rates = phases([
        "rate = \"1k/s\"",
        "rate = \"3k/s\"",
        "rate = \"9k/s\"",
        "rate = \"1k/s\"",
    ]);
    let sets = [&rates[..], "load.ops=", "load.arrival=constant"];
    for threads in ["load.threads=1", "load.threads=3"] {
        let report = report(&open("1k/s"), &[&sets[..], &[threads]].concat());
        let ops = ops_by_phase(&report);
        // Level × time; the last ramp goes down from where the first one ended.
        for (ops, wanted) in ops.iter().zip([100.0, 200.0, 900.0, 200.0]) {
            assert!(
                (ops - wanted).abs() <= 1.0,
                "{threads}: {ops}, not {wanted}"
            );
        }
    }
    let jobs = phases(["jobs = 1", "jobs = 5", "jobs = 20", "jobs = 1"]);
    let sets = [
        &jobs[..],
        "load.ops=",
        "expect.ops=",
        "device.asym.slices=20",
    ];
    for threads in ["load.threads=1", "load.threads=3"] {
        let jobs = GOOD.replace("jobs = 4", "jobs = 3");
        let report = report(&jobs, &[&sets[..], &[threads]].concat());
        let ops = ops_by_phase(&report);
        // Each job does one in 100 us; ramps come to a new job a bit late.
        for (ops, wanted) in ops.iter().zip([1_000.0, 3_000.0, 20_000.0, 3_000.0]) {
            assert!(
                (ops - wanted).abs() <= wanted * 0.02,
                "{threads}: {ops}, not {wanted}"
            );
        }
        assert_eq!(report["jobs"]["max_live"], 20, "{threads}");
    }
}

#[test]
fn a_condition_that_does_not_hold_ends_the_run_with_99() {
    // 100 us and no less: the first look is the last.
    let sets = ["abort.p99=< 50us", "abort.after=20ms", "abort.every=10ms"];
    for (scenario, more) in [
        (GOOD.to_owned(), &["load.threads=1"][..]),
        (GOOD.to_owned(), &["load.threads=2"]),
        (open("5k/s"), &[]),
        (open("5k/s"), &["load.threads=2"]),
    ] {
        let long = ["load.ops=100000", "expect.ops="];
        let said = run(&scenario, &[&sets[..], more, &long].concat()).expect_code(99);
        let report = json(&said);
        assert_eq!(report["aborted"]["by"], "condition", "{more:?}");
        let reason = report["aborted"]["reason"].as_str().expect("a reason");
        assert!(reason.contains("p99 < 50us did not hold: "), "{reason}");
        assert!(reason.ends_with("after 20ms"), "{reason}");
        let elapsed_ns = number(&report["elapsed_ns"]);
        assert!((19e6..21e6).contains(&elapsed_ns), "{more:?}: {elapsed_ns}");
        assert_eq!(report["jobs"]["started"], report["jobs"]["finished"]);
        let expected = report["expected"].as_array().expect("expectations");
        let abort = expected.iter().find(|it| it["figure"] == "abort p99");
        assert_eq!(abort.expect("it is told")["holds"], false);
    }
    // Not if it holds.
    let report = report(GOOD, &["abort.p99=< 1s", "abort.after=0s"]);
    assert_eq!(report["ops"], 20);
    assert_eq!(report.get("aborted"), None);
    // By the wall clock too.
    let sets = [
        "clock=wall",
        "load.ops=4000000000",
        "abort.max=< 1ns",
        "abort.after=1ms",
    ];
    for threads in ["load.threads=1", "load.threads=2"] {
        let said = run(
            &open("1k/s"),
            &[&sets[..], &[threads, "load.late_after=1000s"]].concat(),
        );
        assert_eq!(json(&said.expect_code(99))["aborted"]["by"], "condition");
    }
}

/// A run that is over before the first look was not ended, but what was to hold did not.
#[test]
fn a_condition_is_looked_at_when_the_run_is_over() {
    for (scenario, more) in [
        (GOOD.to_owned(), &["load.threads=1"][..]),
        (GOOD.to_owned(), &["load.threads=2"]),
        (GOOD.to_owned(), &["clock=wall"]),
        (open("5k/s"), &[]),
    ] {
        for (set, code, holds) in [("abort.p99=< 50us", 99, false), ("abort.p99=< 9s", 0, true)] {
            let sets = [&[set][..], more].concat();
            let report = json(&run(&scenario, &sets).expect_code(code));
            assert_eq!(report.get("aborted"), None, "{sets:?}");
            let expected = report["expected"].as_array().expect("expectations");
            let abort = expected.iter().find(|it| it["figure"] == "abort p99");
            let abort = abort.expect("it is told");
            assert_eq!(abort["holds"], holds, "{sets:?}");
            let measured = abort["measured"].as_str().expect("words");
            assert!(measured.ends_with(" at the end"), "{measured}");
        }
    }
}

/// Nothing returns, so there is no latency to look at: that is neither good nor bad.
#[test]
fn a_condition_that_nobody_could_look_at_does_not_pass_for_one_that_holds() {
    let sets = [
        "engine.op_timeout=10us",
        "expect.ops=",
        "expect.errors=== 20",
        "abort.p99=< 1s",
    ];
    let report = report(GOOD, &sets);
    let expected = report["expected"].as_array().expect("expectations");
    let abort = expected.iter().find(|it| it["figure"] == "abort p99");
    assert_eq!(abort.expect("it is told")["holds"], Value::Null);
    let folder = Folder::with(GOOD);
    let sets = sets.iter().flat_map(|set| ["--set", *set]);
    let sets: Vec<&str> = sets.collect();
    let said = folder.run(&sets).expect_code(0);
    let words = "abort p99 < 1s not looked at nothing was measured";
    assert!(said.flat().contains(words), "{}", said.out);
    let html = [&sets[..], &["--format", "html"]].concat();
    let page = folder.run(&html).expect_code(0).out;
    assert!(page.contains("Not all was looked at"));
    assert!(!page.contains("Passed"));
}

#[test]
fn errors_and_drops_end_a_run_too() {
    let sets = ["abort.dropped=< 5", "abort.after=0s", "abort.every=1ms"];
    let more = ["load.jobs=1", "load.backlog=1", "load.ops=100000"];
    let report = json(&run(&open("20k/s"), &[&sets, &more[..]].concat()).expect_code(99));
    assert!(number(&report["open_loop"]["arrivals"]) < 100.0);
    let sets = ["abort.errors=< 5", "abort.after=0s", "abort.every=1ms"];
    let more = ["engine.op_timeout=10us", "load.ops=1000", "expect.ops="];
    let report = json(&run(GOOD, &[&sets, &more[..]].concat()).expect_code(99));
    assert!(number(&report["errors"]["total"]) < 1_000.0);
}

#[test]
fn one_phase_is_one() {
    for (phases, words) in [
        (
            "[{ rate = \"1k/s\", duration = \"5ms\" }]",
            "then 1 phase\"",
        ),
        (
            "[{ rate = \"1k/s\", duration = \"5ms\" }, { rate = \"2k/s\", duration = \"5ms\" }]",
            "then 2 phases\"",
        ),
    ] {
        let phases = format!("load.phase={phases}");
        let report = report(&open("1k/s"), &["load.ops=", &phases]);
        let load = report["scenario"]["load"].to_string();
        assert!(load.ends_with(words), "{load}");
    }
}

/// There is a place for them, and they would have had their turn.
#[test]
fn what_waits_when_a_run_is_broken_off_is_not_dropped() {
    let sets = ["abort.p99=< 1ms", "abort.after=0s", "abort.every=1ms"];
    let more = ["load.ops=100000", "load.jobs=4"];
    let said = run(&open("20k/s"), &[&sets, &more[..]].concat());
    let open_loop = &json(&said.expect_code(99))["open_loop"];
    let [arrivals, started, waiting] =
        ["arrivals", "started", "left_waiting"].map(|it| open_loop[it].as_u64().expect("a count"));
    assert_eq!(open_loop["dropped"], 0);
    assert!(waiting > 0, "{open_loop}");
    assert_eq!(arrivals, started + waiting);
    let sets = [&sets, &more[..]].concat();
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", *set]).collect();
    let text = Folder::with(&open("20k/s"))
        .run(&sets)
        .expect_code(99)
        .flat();
    assert!(text.contains("0 dropped;"), "{text}");
    assert!(
        text.contains("waited when the run was broken off"),
        "{text}"
    );
}
