//! `[engine]`: every way of telling and reaping, and what happens when something is in the way.

use crate::helper::{Folder, GOOD, Said, json};

/// A small scenario whose results are real.
fn real() -> Folder {
    let scenario = GOOD
        .replace("compute = \"none\"", "compute = \"real\"")
        .replace(
            "ops = \"== 20\"",
            "ops = \"== 20\"\nverified = \"all\"\nerrors = \"== 0\"",
        );
    Folder::with(&scenario)
}

fn run(folder: &Folder, sets: &[&str]) -> Said {
    let mut args: Vec<&str> = sets.iter().flat_map(|set| ["--set", set]).collect();
    args.extend(["--format", "json"]);
    folder.run(&args)
}

#[test]
fn every_cell_of_the_matrix_runs_or_is_refused_with_its_reason() {
    let folder = real();
    for clock in ["virtual", "wall"] {
        for notify in ["callback", "fd", "poll"] {
            for reap in ["event", "external", "heuristic", "inline", "thread"] {
                let sets = [
                    format!("clock={clock}"),
                    format!("engine.notify={notify}"),
                    format!("engine.reap={reap}"),
                ];
                let said = run(&folder, &sets.each_ref().map(String::as_str));
                let refusal = match (notify, reap, clock) {
                    ("poll", "event", _) => Some("nobody waits for the event"),
                    (_, "thread", "virtual") => Some("a thread runs by the wall clock"),
                    _ => None,
                };
                if let Some(reason) = refusal {
                    said.expect_code(104).expect_err(&[reason, "accepted: "]);
                    continue;
                }
                let said = said.expect_code(0);
                let report = json(&said);
                assert_eq!(report["verified"]["right"], 20, "{sets:?}");
                assert_eq!(report["scenario"]["reap"], reap);
                let told = match notify {
                    "poll" => "by_look",
                    other => other,
                };
                assert_eq!(report["wakes"][told], 20, "{sets:?}");
            }
        }
    }
}

#[test]
fn parameters_of_reaping_take_effect() {
    let folder = Folder::with(GOOD);
    let elapsed = |sets: &[&str]| {
        let report = json(&run(&folder, sets).expect_code(0));
        report["elapsed_ns"].as_u64().expect("a time")
    };
    let heuristic = ["engine.reap=heuristic", "load.jobs=2"];
    // Two in flight reach no threshold: it looks when its backstop is over, 1 ms if not said.
    assert_eq!(elapsed(&heuristic), 10 * 1_000_000);
    let sets = [
        "engine.reap=heuristic",
        "load.jobs=2",
        "engine.heuristic={ asymmetric = 1, symmetric = 1, backstop = \"150us\" }",
    ];
    assert_eq!(elapsed(&sets), 10 * 150_000);
}

#[test]
fn what_finds_no_room_waits_fails_or_goes_to_software() {
    let folder = real();
    let one = "engine.max_in_flight=1";
    let report = json(&run(&folder, &[one]).expect_code(0));
    assert!(report["doorbells"]["full_waits"].as_u64() > Some(0));
    assert_eq!(report["elapsed_ns"], 20 * 100_000);

    let said = run(&folder, &[one, "engine.on_full=fail"]).expect_code(99);
    let report = json(&said);
    let refused = report["errors"]["refused_calls"].as_u64().unwrap();
    assert!(refused > 0);
    assert_eq!(report["errors"]["total"], refused);
    assert_eq!(report["ops"].as_u64().unwrap() + refused, 20);

    let software = [one, "engine.fallback=[\"on_full\"]"];
    let report = json(&run(&folder, &software).expect_code(0));
    let full = report["software"]["full"].as_u64().unwrap();
    assert!(full > 0);
    assert_eq!(report["device_ops"].as_u64().unwrap() + full, 20);
    assert_eq!(report["ops"], 20);
    assert_eq!(report["verified"]["right"], 20);
}

#[test]
fn small_ops_stay_in_software_and_in_scenarios_none_is_small() {
    let folder = real();
    let report = json(&run(&folder, &[]).expect_code(0));
    assert_eq!(report["software"]["small"], 0);
    let small = ["engine.small_ops.rsa=65B", "expect.device_ops=== 0"];
    let report = json(&run(&folder, &small).expect_code(0));
    assert_eq!(report["software"]["small"], 20);
    assert_eq!(report["ops"], 20);
    assert_eq!(report["verified"]["right"], 20);
    let not_small = ["engine.small_ops={ rsa = \"64B\", ecdsa = \"1KiB\", aes_gcm = \"2KiB\" }"];
    assert_eq!(json(&run(&folder, &not_small).expect_code(0))["ops"], 20);
}

#[test]
fn calls_that_take_too_long_end_or_fall_back() {
    let folder = real();
    for reap in ["engine.reap=event", "engine.reap=external"] {
        let late = [reap, "engine.op_timeout=50us", "expect.ops="];
        let report = json(&run(&folder, &late).expect_code(99));
        assert_eq!(report["errors"]["timed_out"], 20, "{reap}");
        assert_eq!(report["errors"]["total"], 20);
        let more = "engine.fallback=[\"on_device_error\"]";
        let report = json(&run(&folder, &[&late[..], &[more]].concat()).expect_code(0));
        assert_eq!(report["software"]["device_error"], 20, "{reap}");
        assert_eq!(
            (&report["ops"], &report["device_ops"]),
            (&20.into(), &0.into())
        );
        assert_eq!(report["latency"]["mean_ns"], 50_000);
        assert_eq!(report["verified"]["right"], 20);
        let more = "engine.max_retries=1";
        let report = json(&run(&folder, &[&late[..], &[more]].concat()).expect_code(99));
        assert_eq!(report["errors"]["timed_out"], 40, "{reap}");
        assert_eq!(report["errors"]["total"], 20);
    }
}

#[test]
fn signatures_are_verified_on_demand_which_costs_the_thread_time() {
    let elapsed_ns = |verify: &str| {
        let cost = "host.software.rsa-verify.per_op=7us";
        let sets = [
            cost,
            "load.jobs=1",
            &format!("engine.verify_signatures={verify}"),
        ];
        let report = json(&run(&real(), &sets).expect_code(0));
        report["elapsed_ns"].as_u64().expect("a time")
    };
    assert_eq!(elapsed_ns("false"), 20 * 100_000);
    assert_eq!(elapsed_ns("true"), 20 * (100_000 + 7_000));
}
