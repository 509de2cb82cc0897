//! What is refused, with which words, and at which place.

use crate::helper::{Folder, GOOD};

/// A scenario with one thing wrong: the good text, what to replace by what, and the words and the
/// place of the error.
struct Wrong {
    from: &'static str,
    to: &'static str,
    place: &'static str,
    words: &'static [&'static str],
}

const WRONG: &[Wrong] = &[
    Wrong {
        from: "ops = 20\n\n[expect]\nops = \"== 20\"\n",
        to: "duration = \"10ms\"\n\n[abort]\np99 = \"< 1s\"\nafter = \"20ms\"\n",
        place: "it.toml:18:9",
        words: &["the first look would come when the run", "10ms, is over"],
    },
    Wrong {
        from: "ops = 20\n\n[expect]\nops = \"== 20\"\n",
        to: "duration = \"10ms\"\n\n[abort]\np99 = \"< 1s\"\nevery = \"20ms\"\n",
        place: "it.toml:18:9",
        words: &[
            "the second look would come when the run",
            "accepted: at most",
        ],
    },
    Wrong {
        from: "slices = 2",
        to: "slicez = 2",
        place: "it.toml:8:1",
        words: &["unknown field `slicez`", "slicez = 2", "^^^^^^", "`slices`"],
    },
    Wrong {
        from: "base = \"100us\"",
        to: "base = \"100m\"",
        place: "it.toml:9:47",
        words: &["unknown unit `m`", "ns, us, µs, ms, s"],
    },
    Wrong {
        from: "base = \"100us\"",
        to: "base = 100",
        place: "it.toml:9:47",
        words: &["`100` lacks a unit", "\"433us\""],
    },
    Wrong {
        from: "base = \"100us\"",
        to: "base = \"100us\", spread = 0.5",
        place: "it.toml:9:65",
        words: &["spread does not belong", "uniform takes spread"],
    },
    Wrong {
        from: "distribution = \"constant\"",
        to: "distribution = \"uniform\"",
        place: "it.toml:9:28",
        words: &["needs a spread"],
    },
    Wrong {
        from: "distribution = \"constant\"",
        to: "distribution = \"gaussian\"",
        place: "it.toml:9:28",
        words: &["unknown value `gaussian`", "`lognormal`"],
    },
    Wrong {
        from: "slices = 2",
        to: "slices = 0",
        place: "it.toml:8:10",
        words: &["`0`", "a whole number from 1"],
    },
    Wrong {
        from: "jobs = 4",
        to: "jobs = 0",
        place: "it.toml:13:8",
        words: &["`0`", "a whole number from 1"],
    },
    Wrong {
        from: "jobs = 4\n",
        to: "",
        place: "it.toml:12:6",
        words: &["neither jobs nor rate", "jobs = 64", "rate = \"8000/s\""],
    },
    Wrong {
        from: "ring_depth = 64",
        to: "ring_depth = 60",
        place: "it.toml:5:14",
        words: &["not a power of two", "from 2 to 65536"],
    },
    Wrong {
        from: "ring_depth = 64",
        to: "in_flight_limit = 65",
        place: "it.toml:5:19",
        words: &["above the completion ring's depth of 64", "at most 64"],
    },
    Wrong {
        from: "ring_depth = 64",
        to: "slots = 65",
        place: "it.toml:5:9",
        words: &["completion ring of 64", "at most 64"],
    },
    Wrong {
        from: "ring_depth = 64",
        to: "slot_size = \"64B\"",
        place: "it.toml:5:13",
        words: &["too small for this load", "at least 512B"],
    },
    Wrong {
        from: "ring_depth = 64",
        to: "wait = \"spin\"",
        place: "it.toml:5:8",
        words: &["nothing under virtual time", "clock = \"wall\""],
    },
    Wrong {
        from: "slices = 2",
        to: "slices = 2\nqueue_depth = 1",
        place: "it.toml:9:15",
        words: &["queue_depth = 1 is below the 2 slices"],
    },
    Wrong {
        from: "ops = 20\n",
        to: "ops = 20\nduration = \"1s\"\n",
        place: "it.toml:15:12",
        words: &["both ops and duration", "the other one"],
    },
    Wrong {
        from: "ops = 20\n",
        to: "",
        place: "it.toml:12:6",
        words: &["neither ops nor duration"],
    },
    Wrong {
        from: "ops = 20\n",
        to: "duration = \"0s\"\n",
        place: "it.toml:14:12",
        words: &["a duration of zero"],
    },
    Wrong {
        from: "op = \"rsa-sign\"",
        to: "op = \"rsa-sing\"",
        place: "it.toml:12:6",
        words: &["unknown value `rsa-sing`", "`rsa-sign`"],
    },
    Wrong {
        from: "op = \"rsa-sign\"",
        to: "op = \"aead-seal\"",
        place: "it.toml:12:6",
        words: &["[device.sym], which the scenario does not have"],
    },
    Wrong {
        from: "jobs = 4",
        to: "jobs = 4\nfile = \"x\"",
        place: "it.toml:14:8",
        words: &[
            "file does not belong to this op",
            "the op",
            "seal-open takes",
        ],
    },
    Wrong {
        from: "jobs = 4",
        to: "jobs = 4\nkey = \"missing.pem\"",
        place: "it.toml:14:7",
        words: &["missing.pem", "no such file", "PKCS#8"],
    },
    Wrong {
        from: "jobs = 4",
        to: "jobs = 4\nkey = \"it.toml\"",
        place: "it.toml:14:7",
        words: &["not a key"],
    },
    Wrong {
        from: "jobs = 4",
        to: "jobs = 4\narrival = \"poisson\"",
        place: "it.toml:14:11",
        words: &["open loop", "rate ="],
    },
    Wrong {
        from: "jobs = 4",
        to: "rate = \"0/s\"",
        place: "it.toml:13:8",
        words: &["above zero"],
    },
    Wrong {
        from: "jobs = 4",
        to: "rate = \"0.000000000001/s\"",
        place: "it.toml:13:8",
        words: &[
            "20 arrivals take longer than the clock",
            "at least 0.00000002/s",
        ],
    },
    Wrong {
        from: "clock = \"virtual\"",
        to: "clock = \"atomic\"",
        place: "it.toml:1:9",
        words: &["unknown value `atomic`", "`wall` or `virtual`"],
    },
    Wrong {
        from: "clock = \"virtual\"",
        to: "seed = 1",
        place: "it.toml:1:1",
        words: &["missing field `clock`", "accepted: clock = \"virtual\""],
    },
    Wrong {
        from: "clock = \"virtual\"",
        to: "clock = virtual",
        place: "it.toml:1:9",
        words: &["string values must be quoted", "accepted: TOML"],
    },
    Wrong {
        from: "[load]",
        to: "[engine]\nreap = \"thread\"\n[load]",
        place: "it.toml:12:8",
        words: &[
            "a thread runs by the wall clock",
            "reap by event",
            "the clock",
        ],
    },
    Wrong {
        from: "[load]",
        to: "[engine]\nnotify = \"poll\"\n[load]",
        place: "it.toml:12:10",
        words: &[
            "nobody waits for the event",
            "accepted: reap by external, heuristic",
        ],
    },
    Wrong {
        from: "[load]",
        to: "[engine]\nheuristic = { asymmetric = 4 }\n[load]",
        place: "it.toml:12:13",
        words: &[
            "heuristic does not belong to this way",
            "reap = \"heuristic\"",
        ],
    },
    Wrong {
        from: "[load]",
        to: "[engine]\nreap = \"heuristic\"\nheuristic = { backstop = \"0ns\" }\n[load]",
        place: "it.toml:13:13",
        words: &["needs a backstop above zero"],
    },
    Wrong {
        from: "[load]",
        to: "[engine]\nop_timeout = \"0s\"\n[load]",
        place: "it.toml:12:14",
        words: &["op_timeout is 0", "a time above zero"],
    },
    Wrong {
        from: "[load]",
        to: "[engine]\nmax_in_flight = 0\n[load]",
        place: "it.toml:12:17",
        words: &[
            "`0` is no whole number in the range",
            "a whole number from 1",
        ],
    },
    Wrong {
        from: "[load]",
        to: "[engine]\nfallback = [\"on_fire\"]\n[load]",
        place: "it.toml:12:12",
        words: &[
            "`on_fire` is no occasion",
            "\"on_full\" and \"on_device_error\"",
        ],
    },
    Wrong {
        from: "[load]",
        to: "[engine]\nwatchdog = 1\n[load]",
        place: "it.toml:12:12",
        words: &["\"never\", or a duration"],
    },
    Wrong {
        from: "ops = \"== 20\"",
        to: "ops = \"20\"",
        place: "it.toml:17:7",
        words: &["does not begin with a comparison", "< <= > >= =="],
    },
    Wrong {
        from: "ops = \"== 20\"",
        to: "p99 = \"< 5\"",
        place: "it.toml:17:7",
        words: &["lacks a unit"],
    },
    Wrong {
        from: "ops = \"== 20\"",
        to: "p99 = \"~ 5ms\"",
        place: "it.toml:17:7",
        words: &["needs a confidence interval"],
    },
    Wrong {
        from: "ops = \"== 20\"",
        to: "verified = \"all\"",
        place: "it.toml:17:12",
        words: &["no results to verify"],
    },
];

#[test]
fn each_wrong_scenario_is_refused_at_its_place() {
    for Wrong {
        from,
        to,
        place,
        words,
    } in WRONG
    {
        assert_eq!(
            GOOD.matches(from).count(),
            1,
            "{from} is in the good one once"
        );
        let said = Folder::with(&GOOD.replace(from, to)).run(&[]);
        let said = said.expect_code(104).expect_err(words).expect_err(&[place]);
        assert!(said.err.starts_with("error: "), "{}", said.err);
        assert_eq!(said.out, "", "nothing is reported");
    }
}

#[test]
fn the_scenario_that_those_are_made_of_is_right() {
    let said = Folder::with(GOOD).run(&[]).expect_code(0);
    assert_eq!(said.err, "");
}

#[test]
fn other_shapes_than_the_scenarios_own_are_refused_at_their_place() {
    let folder = Folder::with(GOOD);
    for (flag, words) in [
        (
            "engine=[\"fd\",\"event\",\"zzz\"]",
            &["`engine` is an array", "one table [engine]"][..],
        ),
        ("load=[]", &["`load` is an array", "one table [load]"]),
        ("load=5", &["`load` is a whole number", "one table [load]"]),
        (
            "device.asym=[{ slices = 1 }]",
            &["`device.asym` is an array", "[device.asym]"],
        ),
        (
            "device.asym.service_by_op.rsa-sign=[1]",
            &["`device.asym.service_by_op.rsa-sign` is an array"],
        ),
        (
            "clock={virtual={}}",
            &["`clock` is a table", "\"wall\" or \"virtual\""],
        ),
        ("clock=true", &["`clock` is true or false", "\"virtual\""]),
        (
            "device.asym.service.distribution={ constant = {} }",
            &["distribution` is a table", "\"lognormal\""],
        ),
        ("load.jobs=[4]", &["array", "a whole number from 1"]),
        (
            "device.asym.service.base={ us = 1 }",
            &["table", "a duration in quotes"],
        ),
        (
            "device.asym.service.spread=x",
            &["string \"x\"", "accepted: a number"],
        ),
        ("engine.verify_signatures=3", &["accepted: true or false"]),
        ("about=5", &["accepted: a text in quotes"]),
        (
            "seed=-1",
            &[
                "`-1` is no whole number in the range",
                "a whole number from 0",
            ],
        ),
        (
            "expect.ops=== -1",
            &["`-1` is no whole number", "accepted: a whole number from 0"],
        ),
        (
            "load.op=",
            &["neither op nor mix", "accepted: op = \"rsa-sign\""],
        ),
    ] {
        let said = folder.run(&["--set", flag]).expect_code(104);
        let said = said.expect_err(words).expect_err(&["accepted: "]);
        for rust in ["u64", "u32", "i128", "f64", "struct", "Section", "boolean"] {
            assert!(!said.err.contains(rust), "{flag}: {}", said.err);
        }
    }
    let twice = GOOD.replace("[device.asym]", "[[device.asym]]");
    let said = Folder::with(&twice).run(&[]).expect_code(104);
    said.expect_err(&[
        "it.toml:7:",
        "`device.asym` is an array",
        "one table [device.asym]",
    ]);
}

#[test]
fn texts_that_are_no_scenario_at_all_are_refused() {
    let folder = Folder::with(GOOD);
    let mut bytes = GOOD.as_bytes().to_vec();
    bytes[20] = 0xff;
    folder.write("it.toml", &bytes);
    let said = folder.run(&[]).expect_code(104);
    said.expect_err(&["it.toml:3:2", "no UTF-8: byte 0xff", "accepted: TOML"]);
    folder.write("it.toml", GOOD.as_bytes());
    let marked = format!("\u{feff}{}", GOOD.replace("\"virtual\"", "\"atomic\""));
    folder.write("it.toml", marked.as_bytes());
    let said = folder.run(&[]).expect_code(104);
    said.expect_err(&["it.toml:1:9", "unknown value `atomic`"]);
    folder.write("it.toml", format!("\u{feff}{GOOD}").as_bytes());
    folder.run(&[]).expect_code(0);
    folder.write("it.toml", GOOD.as_bytes());
    let digits = format!("device.asym.service.per_byte={}ns", "9".repeat(400));
    let said = folder.run(&["--set", &digits]).expect_code(104);
    said.expect_err(&["too large", "a duration per byte"]);
    for (entry, most, beyond) in [
        ("device.asym.service.base", "9000000s", "9000001s"),
        ("device.link.bandwidth", "9000000GB/s", "9000001GB/s"),
        ("device.slot_size", "4294967295B", "4294967296B"),
    ] {
        let flag = format!("{entry}={beyond}");
        let said = folder.run(&["--set", &flag]).expect_code(104);
        let words = format!("too large: at most {most}");
        said.expect_err(&[&words, &flag]);
        let flag = format!("{entry}={most}");
        let said = folder.run(&["--set", &flag]);
        assert!(!said.err.contains("too large"), "{}", said.err);
    }
    let deep = format!("{}=1", vec!["a"; 20_000].join("."));
    let said = folder.run(&["--set", &deep]).expect_code(104);
    said.expect_err(&["is not a path of keys", "accepted: path=value"]);
    folder.write("it.toml", format!("{deep}\n{GOOD}").as_bytes());
    folder
        .run(&[])
        .expect_code(104)
        .expect_err(&["it.toml:1:", "accepted: "]);
}

#[test]
fn everything_that_does_not_go_together_is_told_at_once() {
    let scenario = GOOD
        .replace("ring_depth = 64", "ring_depth = 60")
        .replace("ops = 20\n", "ops = 20\nduration = \"1s\"\n");
    let said = Folder::with(&scenario).run(&[]).expect_code(104);
    let said = said.expect_err(&["it.toml:5:14", "it.toml:15:12"]);
    assert_eq!(said.err.matches("error: ").count(), 2, "{}", said.err);
}

#[test]
fn an_interval_is_not_expected_of_the_wall_clock() {
    let scenario = GOOD
        .replace("\"virtual\"", "\"wall\"")
        .replace("ops = \"== 20\"", "mean_wait = \"~ 5ms\"");
    let said = Folder::with(&scenario).run(&[]).expect_code(104);
    said.expect_err(&["it.toml:17:13", "the wall clock have not", "accepted: "]);
}
