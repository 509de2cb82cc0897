//! `[load]`: mixes, think times, ops per job, threads, ways of computing, what is verified.

use serde_json::Value;

use crate::helper::{Folder, GOOD, Said};

/// A small scenario with both classes of slices, whose results are real.
fn both() -> Folder {
    let scenario = GOOD
        .replace("compute = \"none\"", "compute = \"real\"")
        .replace(
            "[load]",
            "[device.sym]\nslices = 2\nservice = { distribution = \"constant\", base = \"10us\" }\n\n[load]",
        )
        .replace("ops = \"== 20\"", "errors = \"== 0\"");
    Folder::with(&scenario)
}

fn run(folder: &Folder, sets: &[&str]) -> Said {
    let mut args: Vec<&str> = sets.iter().flat_map(|set| ["--set", *set]).collect();
    args.extend(["--format", "json"]);
    folder.run(&args)
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).expect("the report is JSON")
}

#[test]
fn every_op_is_done_and_its_results_are_right() {
    let folder = both();
    for op in [
        "rsa-sign",
        "rsa-verify",
        "ecdsa-sign",
        "aead-seal",
        "aead-open",
        "rsa2048-sign",
        "rsa2048-verify",
        "rsa3072-sign",
        "rsa3072-verify",
        "rsa4096-sign",
        "rsa4096-verify",
        "ecdsa-p256-sign",
        "ecdsa-p384-sign",
        "aes-128-gcm-seal",
        "aes-256-gcm-seal@1350",
        "aes-128-gcm-open@1B",
        "aes-128-gcm-seal@16K",
        "aes-256-gcm-open",
    ] {
        let op = format!("load.op={op}");
        for mode in ["async", "sync", "software"] {
            let mode = format!("engine.mode={mode}");
            let report = json(&run(&folder, &[&op, &mode]).expect_code(0));
            assert_eq!(report["ops"], 20, "{op} {mode}");
            assert_eq!(report["verified"]["right"], 20, "{op} {mode}");
        }
    }
}

#[test]
fn a_mix_is_drawn_by_its_weights_and_the_same_for_every_device() {
    let folder = both();
    let names = "load.mix=rsa2048-sign : 1, aes-256-gcm-seal@1350 :3";
    let tables = "load.mix=[{ op = \"rsa-sign\" }, { op = \"aead-seal\", cipher = \"aes-256-gcm\", \
                  message_size = \"1350B\", weight = 3 }]";
    let more = [
        "load.op=",
        "load.ops=400",
        "expect.ops=",
        "device.compute=none",
    ];
    let slices = |mix: &str, slower: &str| {
        let report = json(&run(&folder, &[&[mix, slower], &more[..]].concat()).expect_code(0));
        assert_eq!(report["ops"], 400);
        let of = |class: usize| report["slices"][class]["ops"].as_u64().expect("a count");
        (of(0), of(1))
    };
    let first = slices(names, "device.sym.slices=2");
    assert_eq!(first.0 + first.1, 400);
    // 100 of 400 are expected; five standard deviations are 43.
    assert!(first.0.abs_diff(100) < 43, "seed 1: {first:?}");
    assert_eq!(first, slices(tables, "device.sym.slices=1"));
    assert_ne!(first, slices(names, "seed=2"));
}

#[test]
fn kinds_of_op_have_service_times_of_their_own() {
    let folder = both();
    let shorter = [
        "device.asym.service_by_op.rsa-sign={ distribution = \"constant\", base = \"60us\" }",
        "device.asym.service_by_op.ecdsa-sign.distribution=constant",
        "device.asym.service_by_op.ecdsa-sign.base=30us",
        "device.sym.service_by_op.aead-seal={ distribution = \"constant\", base = \"4us\" }",
        "device.sym.service_by_op.aead-open={ distribution = \"constant\", base = \"2us\", per_byte = \"1ns\" }",
        "load.jobs=1",
        "device.compute=none",
    ];
    for (op, each_ns) in [
        ("rsa-sign", 60_000),
        ("ecdsa-sign", 30_000),
        // Not said: as the class.
        ("rsa-verify", 100_000),
        ("aead-seal@16", 4_000),
        // 16 bytes and their tag go there.
        ("aead-open@16", 2_032),
    ] {
        let op = format!("load.op={op}");
        let report = json(&run(&folder, &[&shorter[..], &[&op]].concat()).expect_code(0));
        assert_eq!(report["latency"]["mean_ns"], each_ns, "{op}");
        assert_eq!(report["elapsed_ns"], 20 * each_ns, "{op}");
    }
    let known = "`rsa-sign`, `rsa-verify`, `ecdsa-sign`, `ecdsa-verify`";
    for wrong in [
        "rsa-sgn={ base = \"10us\" }",
        "rsa-sgn=5",
        "rsa-sgn.base=5us",
    ] {
        let set = format!("device.asym.service_by_op.{wrong}");
        let said = run(&folder, &[&set]).expect_code(104);
        said.expect_err(&["unknown field `rsa-sgn`", known]);
    }
    let law =
        "device.sym.service_by_op.aead-seal={ distribution = { constant = {} }, base = \"1us\" }";
    let said = run(&folder, &[law]).expect_code(104);
    said.expect_err(&["aead-seal.distribution` is a table", "\"lognormal\""]);
}

#[test]
fn a_job_that_thinks_leaves_the_thread_to_others() {
    let folder = both();
    for notify in ["callback", "fd", "poll"] {
        let sets = [
            &format!("engine.notify={notify}")[..],
            "engine.reap=inline",
            "load.think=900us",
            "load.jobs=1",
            "expect.ops=",
        ];
        // 20 ops of 100 us with 19 times 900 us between them.
        let report = json(&run(&folder, &sets).expect_code(0));
        assert_eq!(report["elapsed_ns"], 19_100_000, "{notify}");
        let two = [&sets[..], &["load.jobs=2"]].concat();
        let report = json(&run(&folder, &two).expect_code(0));
        assert_eq!(report["elapsed_ns"], 9_100_000, "{notify}");
        // Nothing else wakes a job that thinks; where jobs look, they look for ops.
        if notify != "poll" {
            assert_eq!(report["wakes"]["spurious"], 0, "{notify}");
        }
    }
    let sync = ["engine.mode=sync", "load.think=900us", "load.jobs=2"];
    // Two on one thread that waits in place: their ops never overlap, their thinking does.
    let report = json(&run(&folder, &sync).expect_code(0));
    let elapsed = report["elapsed_ns"].as_u64().expect("a time");
    assert!((9_100_000..=10_200_000).contains(&elapsed), "{elapsed}");
    let wall = ["clock=wall", "load.think=10us", "load.jobs=3"];
    assert_eq!(json(&run(&folder, &wall).expect_code(0))["ops"], 20);
}

#[test]
fn think_times_may_be_drawn_and_belong_to_the_seed() {
    let folder = both();
    let drawn = "load.think={ distribution = \"exponential\", base = \"1ms\" }";
    let elapsed = |seed: &str| {
        let sets = [drawn, "load.ops=500", seed, "device.compute=none"];
        json(&run(&folder, &sets).expect_code(0))["elapsed_ns"].clone()
    };
    assert_eq!(elapsed("seed=1"), elapsed("seed=1"));
    assert_ne!(elapsed("seed=1"), elapsed("seed=2"));
}

#[test]
fn a_job_may_do_several_ops_before_it_ends() {
    let folder = both();
    let report = json(&run(&folder, &["load.ops_per_job=5"]).expect_code(0));
    assert_eq!(
        (&report["ops"], &report["jobs"]["started"]),
        (&20.into(), &4.into())
    );
    // The last job finds only two ops left.
    let uneven = ["load.ops_per_job=6", "load.jobs=1"];
    let report = json(&run(&folder, &uneven).expect_code(0));
    assert_eq!(
        (&report["ops"], &report["jobs"]["started"]),
        (&20.into(), &4.into())
    );
}

#[test]
fn threads_divide_jobs_and_ops_and_nothing_is_lost() {
    let folder = both();
    for clock in ["virtual", "wall"] {
        for think in ["", "10us"] {
            let sets = [
                format!("clock={clock}"),
                format!("load.think={think}"),
                "load.threads=3".to_owned(),
                "load.jobs=7".to_owned(),
                "load.ops=100".to_owned(),
                "load.op=aead-seal".to_owned(),
            ];
            let report = json(&run(&folder, &sets.each_ref().map(String::as_str)).expect_code(0));
            assert_eq!(report["ops"], 100, "{sets:?}");
            assert_eq!(report["verified"]["right"], 100, "{sets:?}");
            assert_eq!(report["wakes"]["callback"], 100, "{sets:?}");
            assert_eq!(report["jobs"]["finished"], 100, "{sets:?}");
            let stages = report["stages"].as_array().expect("stages");
            let sum: u64 = stages.iter().map(|s| s["mean_ns"].as_u64().unwrap()).sum();
            let mean = report["latency"]["mean_ns"].as_u64().expect("a time");
            // By the wall clock a call takes time before the engine's first stamp, too.
            assert!(sum <= mean + 6, "stages {sum} of {mean}");
            assert!(clock == "wall" || mean <= sum + 6, "stages {sum} of {mean}");
        }
    }
}

/// Threads with 3 and 2 jobs, and a slice for each of them.
#[test]
fn no_thread_has_nothing_to_do_while_another_has_ops_left() {
    let sets = [
        "load.jobs=5",
        "load.threads=2",
        "device.asym.slices=5",
        "load.ops=103",
    ];
    let folder = Folder::with(&GOOD.replace("ops = \"== 20\"", ""));
    let report = json(&run(&folder, &sets).expect_code(0));
    // The threads have 3 and 2 jobs: with half of the ops each, the second would need 26 rounds.
    assert_eq!(
        report["elapsed_ns"], 2_100_000,
        "21 rounds of 5, the last one of 3"
    );
    assert_eq!(report["ops"], 103);
    assert_eq!(report["jobs"]["started"], 103);
}

#[test]
fn timelines_are_the_same_for_the_same_seed_and_share_the_device() {
    let folder = both();
    let sets = |threads: &'static str| {
        let host = "host.submit=5us";
        [
            "load.ops=200",
            "load.jobs=8",
            "device.compute=none",
            host,
            threads,
        ]
    };
    let report = |threads| run(&folder, &sets(threads)).expect_code(0).out;
    assert_eq!(report("load.threads=4"), report("load.threads=4"));
    let elapsed = |threads| {
        let report: Value = serde_json::from_str(&report(threads)).expect("JSON");
        report["elapsed_ns"].as_u64().expect("a time")
    };
    // 200 ops of 100 us on two slices, however many submit them.
    assert!(elapsed("load.threads=4") >= 10_000_000);
    assert!(elapsed("load.threads=4") <= elapsed("load.threads=1"));
    let sync = ["load.threads=2", "engine.mode=sync"];
    run(&folder, &sync)
        .expect_code(104)
        .expect_err(&["would hold the others"]);
}

#[test]
fn host_costs_are_charged_where_the_work_is() {
    let folder = Folder::with(
        &GOOD
            .replace("ops = 20\n", "ops = 1\n")
            .replace("== 20", "== 1"),
    );
    let latency = |sets: &[&str]| {
        let report = json(&run(&folder, sets).expect_code(0));
        report["latency"]["max_ns"].as_u64().expect("a time")
    };
    assert_eq!(latency(&[]), 100_000);
    let costs = ["host.submit=1us", "host.doorbell=2us", "host.reap=3us"];
    assert_eq!(latency(&costs), 106_000);
    let software = [
        "engine.mode=software",
        "host.software.rsa-sign={ per_op = \"7us\" }",
    ];
    assert_eq!(latency(&software), 7_000);
    let per_byte = "host.software.rsa-sign={ per_op = \"7us\", per_byte = \"0.5ns\" }";
    assert_eq!(latency(&["engine.mode=software", per_byte]), 7_032);
    let measured = ["engine.mode=software", "host.base=measured"];
    assert_eq!(latency(&measured), 640_000);
    let one = ["engine.mode=software", "host.software.rsa-sign=measured"];
    assert_eq!(latency(&one), 640_000);
    // What is not said is as the base has it: 130 ns, and 1 ns instead of 0.23 for each byte.
    let sym =
        "device.sym={ slices = 1, service = { distribution = \"constant\", base = \"2us\" } }";
    let seal = [
        sym,
        "load.op=aead-seal@1000",
        "engine.mode=software",
        "host.software.aead-seal.per_byte=1ns",
    ];
    let with_base = |base| latency(&[&seal[..], &[base]].concat());
    assert_eq!(with_base("host.base=free"), 1_000);
    assert_eq!(
        with_base("host.base=measured") - with_base("host.software.aead-seal.per_op=0ns"),
        130
    );
    let wall = ["clock=wall", "host.submit=1us"];
    run(&folder, &wall)
        .expect_code(104)
        .expect_err(&["nothing under the wall clock"]);
}

#[test]
fn a_sample_is_verified_where_all_would_disturb() {
    let folder = both();
    let seal = ["load.op=aead-seal", "load.ops=640"];
    let right = |sets: &[&str]| {
        let report = json(&run(&folder, &[&seal[..], sets].concat()).expect_code(0));
        let verified = &report["verified"];
        let count = |name: &str| verified[name].as_u64().expect("a count");
        (count("right"), count("results"))
    };
    assert_eq!(right(&[]), (640, 640));
    assert_eq!(right(&["load.verify=1/64"]), (10, 640));
    assert_eq!(
        right(&["load.verify=1/64", "expect.verified=sample"]),
        (10, 640)
    );
    assert_eq!(right(&["load.verify=none"]), (0, 640));
    let long = ["clock=wall", "load.ops=20032", "load.message_size=16B"];
    assert_eq!(right(&long), (313, 20_032));
    let all = ["expect.verified=all", "load.verify=1/64"];
    let said = run(&folder, &all).expect_code(104);
    said.expect_err(&["not all results are verified", "verified = \"sample\""]);
    let none = ["expect.verified=sample", "load.verify=none"];
    run(&folder, &none)
        .expect_code(104)
        .expect_err(&["no result is verified"]);
}

#[test]
fn stages_counters_and_utilisation_can_be_expected() {
    let folder = both();
    let right = [
        "expect.service=> 99us",
        "expect.notify.p99=== 0ns",
        "expect.resume={ mean = \"== 0ns\", max = \"== 0ns\" }",
        "expect.full_wait.max=== 0ns",
        "expect.wakes=== 20",
        "expect.doorbells=> 0",
        "expect.software=== 0",
        "expect.utilisation.asym=== 100%",
        "expect.utilisation.sym=< 1%",
        "expect.in_flight=> 3.7",
    ];
    let report = json(&run(&folder, &right).expect_code(0));
    let expected = report["expected"].as_array().expect("expectations");
    assert_eq!(expected.len(), 12, "{expected:?}");
    for wrong in [
        "expect.service=< 99us",
        "expect.notify.p99=> 0ns",
        "expect.wakes=== 19",
        "expect.utilisation.asym=< 99%",
        "expect.coalesced=> 0",
        "expect.in_flight=< 2",
    ] {
        run(&folder, &[wrong]).expect_code(99);
    }
    for (wrong, words) in [
        ("expect.service=< 99", "lacks a unit"),
        ("expect.service.p98=< 99us", "unknown field `p98`"),
        ("expect.utilisation.pke=> 1%", "unknown field `pke`"),
        ("expect.utilisation.asym=> 1", "lacks a unit"),
        ("expect.wakes=~ 20", "confidence interval"),
        ("expect.waker=== 20", "unknown field `waker`"),
    ] {
        run(&folder, &[wrong])
            .expect_code(104)
            .expect_err(&[words, wrong]);
    }
}

#[test]
fn what_a_load_cannot_be_is_told_with_its_place() {
    let folder = both();
    for (sets, words) in [
        (&["load.mix=rsa-sign:1"][..], &["both op and mix"][..]),
        (&["load.op="], &["it.toml:15:1", "neither op nor mix"]),
        (
            &["load.op=", "load.mix=rsa-sing:1"],
            &["unknown value `rsa-sing`"],
        ),
        (
            &["load.op=", "load.mix=rsa-sign:0"],
            &["a whole number from 1"],
        ),
        (
            &["load.op=", "load.mix=aead-seal@x:1"],
            &["no number of bytes"],
        ),
        (
            &["load.op=", "load.mix=seal-open:1"],
            &["cannot be part of a mix"],
        ),
        (&["load.op=", "load.mix=[]"], &["a mix of 0 ops"]),
        (
            &["load.op=", "load.mix=\" \""],
            &["a mix of 0 ops", "rsa2048-sign:1"],
        ),
        (
            &["load.op=", "load.mix=rsa-sign:1,"],
            &["an op of the mix has no name"],
        ),
        (
            &[
                "load.op=",
                "load.mix=aead-seal@16:1, rsa-sign, aead-seal@16B:2",
            ],
            &["op 3 of the mix is op 1 once more"],
        ),
        (
            &[
                "load.op=",
                "load.mix=[{ op = \"aead-seal@1\" }, { op = \"aead-seal\", message_size = \"1B\" }]",
            ],
            &["op 2 of the mix is op 1 once more"],
        ),
        (
            &["engine.notify=pigeon"],
            &["unknown value `pigeon`", "`callback`, `fd`, `poll`"],
        ),
        (
            &["load.op=", "load.mix=[[\"rsa-sign\"]]"],
            &["must be a table"],
        ),
        (
            &[
                "load.op=",
                "load.mix=[{ op = \"rsa-sign\", size = \"1B\" }]",
            ],
            &["unknown field `size`", "`message_size`"],
        ),
        (
            &["load.op=", "load.mix=rsa-sign:1", "load.cipher=aes-128-gcm"],
            &["cipher is about one op"],
        ),
        (
            &["load.op=aes-128-gcm-seal", "load.key=k.pem"],
            &["key does not belong"],
        ),
        (
            &["load.op=aead-seal@1", "load.message_size=1B"],
            &["said twice"],
        ),
        (
            &["load.threads=5"],
            &["5 threads share 4 jobs", "at most 4"],
        ),
        (&["load.threads=0"], &["a whole number from 1"]),
        (
            &["load.jobs=", "load.rate=1/s", "load.think=1ms"],
            &["think belongs to a closed loop"],
        ),
        (
            &["load.jobs=1", "load.rate=1/s", "load.threads=2"],
            &["2 threads share 1 jobs", "at most 1"],
        ),
        (&["load.burst=4"], &["burst belongs to an open loop"]),
        (&["load.backlog=4"], &["backlog belongs to an open loop"]),
        (&["load.late_after=1ms"], &["late_after belongs to an open"]),
        (
            &["load.rate=1/s", "load.burst=4"],
            &["burst belongs to arrivals in bursts", "arrival = \"burst\""],
        ),
        (&["load.rate=1/s", "load.arrival=sometimes"], &["`burst`"]),
        (
            &["load.jobs=", "load.rate=1/s", "load.backlog=5"],
            &["backlog is what may wait for a job", "jobs = 64"],
        ),
        (
            &["load.rate=1/s", "load.backlog=0"],
            &["a whole number from 1"],
        ),
        (
            &["load.phase=[{ duration = \"1s\", jobs = 4 }]"],
            &["the phases say how long it takes", "the phases"],
        ),
        (
            &[
                "load.ops=",
                "load.phase=[{ duration = \"1s\", rate = \"4/s\" }]",
            ],
            &[
                "a phase of rate, and the load has none",
                "jobs in a closed one",
            ],
        ),
        (
            &["load.ops=", "load.phase=[{ duration = \"1s\" }]"],
            &["a phase without a level"],
        ),
        (
            &["load.ops=", "load.phase=[{ duration = \"0s\", jobs = 4 }]"],
            &["a duration of zero"],
        ),
        (
            &[
                "load.ops=",
                "load.phase=[{ duration = \"1s\", jobs = 4, shape = \"peak\" }]",
            ],
            &["unknown value `peak`", "`spike`"],
        ),
        (
            &[
                "load.ops=",
                "engine.mode=software",
                "load.phase=[{ duration = \"1s\", jobs = 4 }]",
            ],
            &["phases of jobs are for jobs that pause"],
        ),
        (&["abort.every=0s"], &["an interval of zero"]),
        (&["abort.p99=< software"], &["is no value"]),
        (&["abort.p99=~ 5ms"], &["`~` needs a confidence interval"]),
        (&["abort.late=< 5"], &["late belongs to an open loop"]),
        (&["abort.p98=< 5ms"], &["unknown field `p98`", "`p99`"]),
        (&["expect.lateness=< 5ms"], &["lateness belongs to an open"]),
        (
            &["expect.dropped=== 0"],
            &["dropped belongs to an open loop"],
        ),
        (&["load.payload=missing"], &["cannot read missing"]),
        (&["load.think=5"], &["wrong kind of value", "accepted: "]),
        (&["load.verify=1/0"], &["does not say which results"]),
        (
            &["load.verify=all", "device.compute=none"],
            &["no results to verify"],
        ),
        (
            &["engine.mode=asynchronous"],
            &["unknown value `asynchronous`", "`software`"],
        ),
        (&["host.submitt=1us"], &["unknown field `submitt`"]),
        (&["host.submit=guessed"], &["does not begin with a number"]),
        (&["host.software.rsa-sign=1us"], &["is no cost", "per_op"]),
        (&["host.base=guessed"], &["unknown value `guessed`"]),
    ] {
        let said = run(&folder, sets).expect_code(104);
        said.expect_err(words).expect_err(&["accepted: "]);
    }
}

#[test]
fn the_schema_is_printed() {
    let said = Folder::new().say(&["schema"]).expect_code(0);
    let schema: Value = serde_json::from_str(&said.out).expect("the schema is JSON");
    assert_eq!(schema["title"], "pausewake scenario");
    assert_eq!(schema["properties"]["variant"]["type"], "array");
}
