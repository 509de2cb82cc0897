//! What reports say, as text and as JSON.

use serde_json::Value;

use crate::helper::{Folder, GOOD, Said, json, shipped, validator};
use crate::shipped::{names, sets};

/// Runs `scenario` with these overrides; the report is JSON.
fn run(scenario: &str, sets: &[&str]) -> Said {
    let mut args: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    args.extend(["--format", "json"]);
    Folder::with(scenario).run(&args)
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

#[track_caller]
fn assert_fits(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "too long: {line}\n{text}");
        assert_eq!(line.trim_end(), line, "trailing spaces: {line:?}");
    }
}

#[test]
fn every_shipped_scenario_is_reported_in_80_columns() {
    let names = names();
    assert!(names.len() >= 10, "{names:?}");
    for name in names {
        let said = shipped(&format!("{name}.toml"), &sets(&name)).expect_code(0);
        assert_fits(&said.out);
    }
}

#[test]
fn slices_are_as_busy_as_the_model_says() {
    for (jobs, busy) in [("1", 0.5), ("2", 1.0), ("4", 1.0)] {
        let set = format!("load.jobs={jobs}");
        let report = json(&run(GOOD, &[&set]).expect_code(0));
        let asym = &report["slices"][0];
        assert_eq!(
            (&asym["class"], &asym["slices"]),
            (&"asym".into(), &2.into())
        );
        assert_eq!(asym["ops"], 20);
        assert_eq!(asym["utilisation"], busy, "{jobs} jobs");
        assert_eq!(asym["predicted"]["utilisation"], busy);
        assert_eq!(asym["predicted"]["at_most"], true);
        assert_eq!(
            report["slices"][1]["predicted"],
            Value::Null,
            "nobody seals"
        );
    }
    // Whoever thinks meanwhile needs no room.
    let think = ["load.think=300us", "device.in_flight_limit=1"];
    let report = json(&run(GOOD, &think).expect_code(0));
    let [busy, most] = [&["utilisation"][..], &["predicted", "utilisation"]]
        .map(|path| number(path.iter().fold(&report["slices"][0], |at, key| &at[key])));
    assert_eq!(most, 0.5);
    assert!(busy <= most && busy > 0.3, "{busy}");
    // A link that ops have to cross keeps a slice idle meanwhile.
    let link = ["load.jobs=1", "device.link.to_host=100us"];
    let report = json(&run(GOOD, &link).expect_code(0));
    assert_eq!(report["slices"][0]["predicted"]["utilisation"], 0.25);
    assert_eq!(report["slices"][0]["utilisation"], 0.25);
}

#[test]
fn an_open_loop_is_as_busy_as_its_arrivals() {
    let sets = ["load.ops=20000", "expect.ops=", "expect.mean_wait="];
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    let args = [&sets[..], &["--format", "json"]].concat();
    let report = json(&shipped("virtual-mm1.toml", &args).expect_code(0));
    let asym = &report["slices"][0];
    assert_eq!(asym["predicted"]["utilisation"], 0.8);
    assert_eq!(asym["predicted"]["at_most"], false);
    let busy = number(&asym["utilisation"]);
    // 20,000 exponential services at seed 1.
    assert!((busy - 0.8).abs() < 0.03, "{busy}");
}

#[test]
fn littles_law_holds_under_virtual_time_whatever_is_in_the_way() {
    let sets: [&[&str]; 11] = [
        &[],
        &["load.jobs=40", "load.ops=200", "device.in_flight_limit=5"],
        &["engine.max_in_flight=2"],
        &["device.link.to_device=7us", "device.link.to_host=13us"],
        &["device.coalesce.count=3", "device.coalesce.time=250us"],
        &["engine.reap=heuristic", "load.jobs=3"],
        &[
            "engine.notify=fd",
            "device.asym.service.distribution=exponential",
        ],
        // What the host pays is part of calls, wherever in them it is paid.
        &["host.base=measured"],
        &["host.base=measured", "engine.notify=fd", "load.jobs=40"],
        &["host.base=measured", "engine.max_in_flight=2"],
        &[
            "host.base=measured",
            "engine.max_in_flight=2",
            "engine.fallback=[\"on_full\"]",
        ],
    ];
    for sets in sets {
        let report = json(&run(GOOD, &[sets, &["expect.ops="]].concat()).expect_code(0));
        for (system, law) in ["calls", "device"]
            .iter()
            .zip(report["littles_law"].as_array().unwrap())
        {
            assert_eq!(law["system"], *system);
            assert!(number(&law["measured"]) > 0.05, "{sets:?}: {law}");
            assert!(number(&law["difference"]).abs() < 2e-6, "{sets:?}: {law}");
        }
    }
}

#[test]
fn littles_law_differs_where_ops_never_returned() {
    let sets = [
        "engine.op_timeout=150us",
        "expect.ops=",
        "expect.timed_out=> 0",
        "load.jobs=4",
    ];
    let report = json(&run(GOOD, &sets).expect_code(0));
    assert!(number(&report["errors"]["timed_out"]) > 0.0);
    for law in report["littles_law"].as_array().unwrap() {
        assert!(number(&law["difference"]) > 0.1, "{law}");
    }
    // And says why.
    let told = |sets: &[&str]| {
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
        let said = Folder::with(GOOD).run(&sets).expect_code(0);
        said.out.contains("calls that gave no result")
    };
    assert!(told(&sets));
    assert!(!told(&["load.jobs=4", "expect.ops="]));
}

#[test]
fn figures_stay_possible_where_calls_time_out() {
    for (timeout, jobs, reap) in [
        ("150us", 4.0, "event"),
        ("10us", 4.0, "event"),
        ("10us", 40.0, "event"),
        ("150us", 4.0, "external"),
        ("10us", 40.0, "external"),
    ] {
        let sets = [
            format!("engine.op_timeout={timeout}"),
            format!("load.jobs={jobs}"),
            format!("engine.reap={reap}"),
            "load.ops=40".to_owned(),
            "expect.ops=".to_owned(),
            "expect.errors=> 0".to_owned(),
        ];
        let report = json(&run(GOOD, &sets.each_ref().map(String::as_str)).expect_code(0));
        assert!(number(&report["errors"]["timed_out"]) > 0.0, "{sets:?}");
        // All of it went to the device, two ops at a time.
        assert_eq!(report["elapsed_ns"], 40 / 2 * 100_000, "{sets:?}");
        let busy = number(&report["slices"][0]["utilisation"]);
        assert!(busy > 0.99 && busy <= 1.0, "{sets:?}: {busy}");
        let calls = number(&report["littles_law"][0]["measured"]);
        assert!(calls > 0.0 && calls <= jobs, "{sets:?}: {calls}");
    }
}

#[test]
fn what_software_computes_is_as_much_an_op_as_any_other() {
    let software = [
        "engine.small_ops.rsa=65B",
        "host.software={ rsa-sign = { per_op = \"50us\" } }",
    ];
    let report = json(&run(GOOD, &software).expect_code(0));
    assert_eq!(
        (&report["ops"], &report["device_ops"]),
        (&20.into(), &0.into())
    );
    assert_eq!(report["elapsed_ns"], 20 * 50_000);
    assert_eq!(report["ops_per_s"], 20_000.0);
    assert_eq!(report["latency"]["mean_ns"], 50_000);
    // A limit of one: the others go to software, which is the faster way.
    let report = json(
        &run(
            GOOD,
            &[
                "engine.max_in_flight=1",
                "engine.fallback=[\"on_full\"]",
                "host.software={ rsa-sign = { per_op = \"10us\" } }",
            ],
        )
        .expect_code(0),
    );
    assert!(number(&report["ops_per_s"]) > 50_000.0, "{report}");
    let law = &report["littles_law"][0];
    assert!(number(&law["difference"]).abs() < 2e-6, "{law}");
}

#[test]
fn what_has_no_data_is_not_met_and_said_to_be_nothing() {
    let late = ["engine.op_timeout=10us", "expect.ops=", "expect.errors=> 0"];
    let expected = [
        "expect.p99=< 1us",
        "expect.mean=< 1s",
        "expect.service.p50=< 1s",
        "expect.notify=< 1s",
        "expect.mean_wait=< 1s",
    ];
    for expected in expected {
        let said = run(GOOD, &[&late[..], &[expected]].concat());
        let report = json(&said.expect_code(99));
        let all = report["expected"].as_array().expect("expectations");
        let unmet = all.iter().find(|it| it["figure"] != "errors");
        let unmet = unmet.expect("it is told");
        assert_eq!(unmet["holds"], false, "{expected}");
        assert_eq!(unmet["measured"], "n/a: nothing returned");
        assert_eq!(report["latency"]["p99_ns"], Value::Null);
        assert_eq!(report["stages"][3]["mean_ns"], Value::Null);
        assert_eq!(report["queue_wait"]["mean_ns"], Value::Null);
        assert_eq!(report["littles_law"][0]["difference"], Value::Null);
        // That nothing was done in this time is a figure like any other.
        assert_eq!(report["ops_per_s"], 0.0);
    }
    // In software that costs no time, none passes.
    let small = ["engine.small_ops.rsa=65B", "expect.throughput=> 1/s"];
    let report = json(&run(GOOD, &small).expect_code(99));
    assert_eq!(
        (&report["ops"], &report["elapsed_ns"]),
        (&20.into(), &0.into())
    );
    assert_eq!(report["ops_per_s"], Value::Null);
    let args: Vec<&str> = late.iter().flat_map(|set| ["--set", set]).collect();
    let text = Folder::with(GOOD).run(&args).expect_code(0).out;
    assert_fits(&text);
    let latency = text.lines().find(|line| line.starts_with("latency"));
    let cells: Vec<&str> = latency
        .expect("a line")
        .split_whitespace()
        .skip(1)
        .collect();
    assert_eq!(cells, ["n/a"; 8], "{text}");
}

#[test]
fn by_the_wall_clock_the_deviation_is_said() {
    let said = Folder::with(GOOD)
        .run(&["--set", "clock=wall"])
        .expect_code(0);
    let law = said.out.lines().find(|line| line.starts_with("calls "));
    assert!(law.is_some_and(|line| line.ends_with(" %")), "{}", said.out);
}

#[test]
fn signals_that_wait_for_others_are_counted() {
    let report = json(&run(GOOD, &[]).expect_code(0));
    assert_eq!(report["signals"]["completions"], 20);
    // Two slices are done at a time, and one signal tells of both.
    assert_eq!(report["signals"]["given"], 10);
    assert_eq!(report["signals"]["coalesced"], 0);
    // Four jobs: two completions at a time, and the second of each two signals both.
    let sets = ["device.coalesce.count=2", "device.coalesce.time=1ms"];
    let report = json(&run(GOOD, &sets).expect_code(0));
    assert_eq!(report["signals"]["coalesced"], 10);
    assert_eq!(report["signals"]["given"], 10);
}

#[test]
fn waits_for_room_are_counted_and_timed() {
    let report = json(&run(GOOD, &[]).expect_code(0));
    assert_eq!(report["doorbells"]["full_waits"], 0);
    assert_eq!(report["doorbells"]["full_wait"]["max_ns"], Value::Null);
    // One at a time: whoever is next waits for three others of 100 us each.
    let said = run(GOOD, &["engine.max_in_flight=1"]).expect_code(0);
    let doorbells = &json(&said)["doorbells"];
    assert_eq!(doorbells["full_wait"]["max_ns"], 300_000);
    assert!(number(&doorbells["full_waits"]) >= 18.0, "{doorbells}");
    let text = Folder::with(GOOD).run(&["--set", "engine.max_in_flight=1"]);
    assert!(text.out.contains("ops waited for room: "), "{}", text.out);
}

#[test]
fn errors_are_told_by_family() {
    let full = ["engine.max_in_flight=1", "engine.on_full=fail"];
    let full = [&full[..], &["expect.ops=", "expect.retries=> 0"]].concat();
    let report = json(&run(GOOD, &full).expect_code(0));
    let errors = &report["errors"];
    assert!(number(&errors["total"]) > 0.0);
    assert_eq!(
        (&errors["retry"], &errors["misuse"]),
        (&errors["total"], &0.into())
    );

    let late = [
        "engine.op_timeout=50us",
        "expect.ops=",
        "expect.timed_out=> 0",
    ];
    let report = json(&run(GOOD, &late).expect_code(0));
    assert_eq!(report["errors"]["device"]["timed_out"], 20);
    assert_eq!(report["errors"]["total"], 20);
    let args: Vec<&str> = late.iter().flat_map(|set| ["--set", set]).collect();
    let text = Folder::with(GOOD).run(&args).expect_code(0).out;
    assert!(
        text.contains("20 calls failed: 20 device (20 timed out)"),
        "{text}"
    );
    assert!(
        text.contains("the first: the device did not answer in time"),
        "{text}"
    );
}

#[test]
fn a_run_says_whether_the_cpu_or_the_model_decided_it() {
    let slow_cpu = GOOD.replace("\"none\"", "\"real\"").replace("100us", "1ns");
    let folder = Folder::with(&slow_cpu);
    let wall = ["--set", "clock=wall"];
    let text = folder.run(&wall).expect_code(0).out;
    assert!(
        text.contains("COMPUTE BOUND: this run measures the CPU"),
        "{text}"
    );
    assert_fits(&text);
    let report = json(&folder.run(&[&wall[..], &["--format", "json"]].concat()));
    assert_eq!(report["compute"]["bound"], true);
    // All of them, unless the device's thread slept for longer than a signature takes.
    assert!(report["compute"]["late_ops"].as_u64() > Some(0));
    // Under virtual time the CPU has all the time in the world.
    let report = json(&folder.run(&["--format", "json"]).expect_code(0));
    assert_eq!(report["compute"], Value::Null);

    let slow_device = GOOD.replace("100us", "300ms").replace("20", "2");
    let folder = Folder::with(&slow_device);
    let report = json(&folder.run(&[&wall[..], &["--format", "json"]].concat()));
    assert_eq!(report["compute"]["bound"], false);
    assert!(!folder.run(&wall).out.contains("COMPUTE BOUND"));
}

#[test]
fn side_by_side_stands_the_same_as_alone() {
    let slow_cpu = GOOD.replace("\"none\"", "\"real\"").replace("100us", "1ns");
    let variants = format!("{slow_cpu}[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n");
    let sets = ["--set", "clock=wall", "--set", "load.verify=1/7"];
    let text = Folder::with(&variants).run(&sets).expect_code(0).out;
    assert_fits(&text);
    let at = |what: &str| {
        text.find(what)
            .unwrap_or_else(|| panic!("no {what}: {text}"))
    };
    // Before the figures that it takes the meaning from.
    assert!(at("a: COMPUTE BOUND") < at("\nop/s"), "{text}");
    let verified = text.lines().find(|line| line.starts_with("verified "));
    // Numbers 0, 7 and 14.
    let cells: Vec<&str> = verified.expect("a line").split_whitespace().collect();
    assert_eq!(
        cells,
        ["verified", "3", "of", "20", "3", "of", "20"],
        "{text}"
    );
}

#[test]
fn variants_stand_side_by_side_in_as_many_blocks_as_it_takes() {
    let names = [
        "two-slices",
        "one-slice",
        "by-descriptor",
        "coalesced-a-lot",
        "one-job",
        "last-of-them",
    ];
    let differs = [
        "",
        "device.asym.slices = 1",
        "engine.notify = \"fd\"",
        "device.coalesce = { count = 2, time = \"1ms\" }",
        "load.jobs = 1",
        "load.ops = 40\nexpect.ops = \"== 41\"",
    ];
    let variants = names
        .iter()
        .zip(differs)
        .map(|(name, differs)| format!("[[variant]]\nname = \"{name}\"\n{differs}\n"));
    let scenario = format!("{GOOD}\n{}", variants.collect::<String>());
    let folder = Folder::with(&scenario);
    let text = folder.run(&[]).expect_code(99).out;
    assert_fits(&text);
    let heads: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with(' ') && names.iter().any(|name| line.ends_with(name)))
        .collect();
    let shown: Vec<&str> = heads
        .iter()
        .flat_map(|line| line.split_whitespace())
        .collect();
    assert_eq!(shown, names, "{text}");
    assert!(heads.len() > 1, "six do not fit beside each other");
    let rates = text.lines().filter(|line| line.starts_with("op/s "));
    let rates: Vec<&str> = rates
        .flat_map(|line| line.split_whitespace().skip(1))
        .collect();
    assert_eq!(
        rates,
        ["20,000", "10,000", "20,000", "20,000", "10,000", "20,000"]
    );
    let ratio = text
        .lines()
        .find(|line| line.starts_with("  x first "))
        .unwrap();
    assert!(
        ratio.contains(" 1.00 ") && ratio.contains(" 0.500 "),
        "{ratio}"
    );
    // Each expectation with its variant, and the settings that differ.
    assert!(
        text.contains("by-descriptor: notify fd, reap event"),
        "{text}"
    );
    let failed: Vec<&str> = text.lines().filter(|line| line.contains("FAILS")).collect();
    assert_eq!(failed.len(), 1, "{text}");
    assert!(failed[0].contains("last-of-them"), "{}", failed[0]);
}

#[test]
fn reports_are_what_their_schema_says() {
    let validator = validator("report");
    let variants = format!("{GOOD}[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n");
    for (scenario, set) in [
        (GOOD, "seed=1"),
        (GOOD, "clock=wall"),
        (&variants, "seed=1"),
        (GOOD, "engine.op_timeout=150us"),
        (GOOD, "engine.small_ops.rsa=65B"),
    ] {
        let args = [
            "--set",
            set,
            "--set",
            "expect.ops=> 0",
            "--set",
            "expect.errors=>= 0",
            "--format",
            "json",
            "--story",
        ];
        let said = Folder::with(scenario).run(&args).expect_code(0);
        let report = json(&said);
        let errors: Vec<String> = validator
            .iter_errors(&report)
            .map(|e| e.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{set}");
        let mut broken = report.clone();
        broken.as_object_mut().unwrap().remove("format");
        assert!(!validator.is_valid(&broken), "it accepts anything");
    }
}

/// A load that fails shall not pass where nobody thought of that.
#[test]
fn calls_that_fail_are_told_unless_somebody_expects_it() {
    let folder = Folder::with(GOOD);
    for (timeout, returned) in [("10us", "0 ops"), ("150us", "2 ops")] {
        let timeout = format!("engine.op_timeout={timeout}");
        let fails = ["--set", &timeout, "--set", "expect.ops="];
        let said = folder.run(&fails).expect_code(99);
        let words = format!("failed, and {returned} returned.");
        assert!(said.flat().contains("FAILED CALLS: "), "{}", said.out);
        assert!(said.flat().contains(&words), "{}", said.out);
        let page = folder.run(&[&fails[..], &["--format", "html"]].concat());
        let page = page.expect_code(99).out;
        assert!(page.contains("FAILED CALLS: ") && page.contains("Failed"));
        assert!(!page.contains("Passed"));
        let expect = |what: &str| folder.run(&[&fails[..], &["--set", what]].concat());
        // Of others it says nothing.
        let said = expect("expect.retries=<= 20").expect_code(99);
        assert!(said.out.contains("FAILED CALLS: "), "{}", said.out);
        for of in ["timed_out", "device_errors", "errors"] {
            let code = if returned == "0 ops" { 103 } else { 0 };
            let said = expect(&format!("expect.{of}=<= 20")).expect_code(code);
            assert!(!said.out.contains("FAILED CALLS"), "{}", said.out);
            assert_eq!(said.out.contains("NOTHING RETURNED"), code == 103);
        }
    }
    // Whoever wants all of them to fail has that, too.
    let all = [
        "engine.op_timeout=10us",
        "expect.ops=",
        "expect.timed_out=== 20",
    ];
    let all: Vec<&str> = all.iter().flat_map(|set| ["--set", *set]).collect();
    folder.run(&all).expect_code(0);
}

#[test]
fn a_run_in_which_nothing_returned_says_nothing() {
    // The first arrival would come long after the end.
    let load = ["load", "--clock", "virtual", "-R", "0.001", "-d", "1s"];
    let folder = Folder::new();
    let said = folder.say(&load).expect_code(103);
    assert!(said.out.contains("NOTHING RETURNED: "), "{}", said.out);
    let page = folder.say(&[&load[..], &["--format", "html"]].concat());
    assert!(!page.expect_code(103).out.contains("Passed"));
}
