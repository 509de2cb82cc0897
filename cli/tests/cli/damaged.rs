//! Saved results that are none, that lost something, or that say what cannot be.

use serde_json::{Value, json};

use crate::helper::{CHANCE, Folder, GOOD, json as report_of, saved, survives_damage};

#[test]
fn what_is_no_result_is_told_apart() {
    let folder = saved(CHANCE, &[1]);
    let good = std::fs::read_to_string(folder.path("1.json")).expect("a result");
    let histogram = {
        let result: Value = serde_json::from_str(&good).expect("JSON");
        result["samples"]["latency"]["histogram"]
            .as_str()
            .expect("text")
            .to_owned()
    };
    let half = histogram.split_at(histogram.len() / 2).0;
    let cases: [(&str, String, &[&str]); 11] = [
        ("empty", String::new(), &["empty", "no JSON", "accepted"]),
        ("text", "hello".into(), &["text", "no JSON", "accepted"]),
        ("list", "[1, 2]".into(), &["list", "no result of pausewake"]),
        (
            "object",
            "{\"a\": 1}".into(),
            &["object", "names no format"],
        ),
        (
            "foreign",
            "{\"format\": \"k6/1\"}".into(),
            &["foreign", "\"k6/1\""],
        ),
        (
            "old",
            good.replacen("pausewake-report/4", "pausewake-report/3", 1),
            &["old", "pausewake-report/3", "pausewake-report/4"],
        ),
        (
            "cut",
            good[..good.len() / 2].to_owned(),
            &["cut", "incomplete", "line"],
        ),
        (
            "unended",
            good.trim_end().trim_end_matches('}').to_owned(),
            &["unended", "incomplete"],
        ),
        (
            "hist",
            good.replacen(&histogram, half, 1),
            &["hist", "damaged", "histogram", "line"],
        ),
        (
            "bits",
            good.replacen(&histogram, "HISTFAAAABt4nJNp", 1),
            &["bits", "damaged"],
        ),
        (
            "ops",
            good.replacen("\"ops\": 3000", "\"ops\": 3001", 1),
            &["ops", "damaged", "3001"],
        ),
    ];
    for (name, content, says) in cases {
        folder.write(name, content.as_bytes());
        let said = folder
            .say(&["report", name, "-o", "out.html"])
            .expect_code(104);
        let said = said.expect_err(says);
        assert!(!said.err.contains("panicked"), "{name}: {}", said.err);
        assert!(!folder.names().contains(&"out.html".to_owned()), "{name}");
    }
    let said = folder.say(&["report", "nowhere.json"]).expect_code(104);
    said.expect_err(&["cannot read nowhere.json", "accepted"]);
    folder.say(&["report"]).expect_code(104);
}

/// Figures that follow from others are computed from them, whatever a file says; what cannot be
/// computed has to go together.
#[test]
fn forged_figures_do_not_count() {
    let open = GOOD.replace("jobs = 4", "rate = \"10k/s\"");
    let folder = saved(&open, &[1]);
    let good = std::fs::read(folder.path("1.json")).expect("a result");
    let good: Value = serde_json::from_slice(&good).expect("JSON");
    let forged = |pointer: &str, value: Value| {
        let mut forged = good.clone();
        *forged.pointer_mut(pointer).expect(pointer) = value;
        folder.write("forged.json", forged.to_string().as_bytes());
        folder.say(&["report", "forged.json", "--format", "json"])
    };
    for (pointer, value) in [
        ("/ops_per_s", json!(-1.0)),
        ("/ops_per_s", json!(null)),
        ("/latency/p50_ns", json!(u64::MAX)),
        ("/latency/p99_ns", json!(1)),
        ("/latency/mean_ns", json!(null)),
        ("/uncorrected/max_ns", json!(0)),
        ("/open_loop/lateness/p99_ns", json!(7)),
        ("/open_loop/saturated", json!(true)),
        ("/stages/2/p90_ns", json!(u64::MAX)),
        ("/queue_wait/mean_ns", json!(u64::MAX)),
        ("/slices/0/utilisation", json!(-3.0)),
        ("/littles_law/0/measured", json!(1e300)),
        ("/timeline/intervals/0/ops", json!(u64::MAX)),
        ("/timeline/intervals/0/p50_ns", json!(0)),
        ("/expected/0/holds", json!(false)),
        ("/expected/0/measured", json!("21")),
    ] {
        assert_ne!(good.pointer(pointer), Some(&value), "{pointer}");
        let said = forged(pointer, value).expect_code(0);
        assert_eq!(report_of(&said), good, "{pointer}");
    }
    for (pointer, value, says) in [
        ("/ops", json!(21), "ops says 21"),
        ("/device_ops", json!(21), "device_ops says 21"),
        ("/elapsed_ns", json!(1), "elapsed_ns"),
        ("/elapsed_ns", json!(-1), "line"),
        (
            "/open_loop/offered_per_s",
            json!(-8.0),
            "offered_per_s is -8",
        ),
        ("/open_loop/arrivals", json!(3), "arrivals says 3"),
        ("/open_loop/late", json!(3), "late says 3"),
        ("/errors/total", json!(3), "errors.total says 3"),
        ("/samples/latency/sum_ns", json!(1), "sum_ns says 1"),
        ("/samples/latency/max_ns", json!(1), "max_ns says 1"),
        ("/samples/totals/served", json!(21), "served comes to 21"),
        ("/samples/totals/asym_busy_ns", json!(-1), "line"),
        ("/slices/0/predicted/utilisation", json!(-1.0), "asym is -1"),
        ("/timeline/intervals/0/covered_ns", json!(1), "covered_ns"),
        ("/timeline/intervals", json!([]), "timeline comes to 0"),
    ] {
        let said = forged(pointer, value).expect_code(104);
        said.expect_err(&["forged.json is damaged: ", says]);
    }
}

/// What is computed anew is what was computed at first, by every clock.
#[test]
fn a_good_result_is_read_as_it_was_written() {
    for args in [
        &["--clock", "virtual", "-n", "3000", "--warmup", "5ms"][..],
        &["--clock", "virtual", "-d", "20ms", "-R", "80k", "-t", "2"],
        &["--clock", "wall", "-n", "500", "-q", "--warmup", "1ms"],
        &["--clock", "wall", "-d", "20ms", "-R", "5k", "-q"],
    ] {
        let folder = Folder::new();
        let load = ["load", "--compute", "none", "-o", "it.json"];
        let said = folder.say(&[&load[..], args].concat());
        assert!(matches!(said.code, Some(0 | 103)), "{}", said.err);
        let again = folder.say(&["report", "it.json", "--format", "json"]);
        let written = std::fs::read_to_string(folder.path("it.json")).expect("a result");
        assert!(again.expect_code(0).out == written, "{args:?}");
    }
}

/// Whatever single character of a result is lost or changed, there is an answer.
#[test]
fn a_damaged_result_never_ends_in_a_panic() {
    survives_damage(&saved(GOOD, &[1]), "1.json", 60);
}

#[test]
fn control_characters_of_a_result_do_not_reach_the_terminal() {
    let folder = saved(GOOD, &[1]);
    let good = std::fs::read_to_string(folder.path("1.json")).expect("a result");
    for (is, becomes) in [
        ("\"callback\"", "\"\\u001b[31mcallback\""),
        ("\"event\"", "\"\\u001b[31mevent\""),
        ("\"asym\"", "\"\\u001b[31masym\""),
        (
            "\"holds\": true,\n      \"measured\": \"20\"",
            "\"holds\": true,\n      \"measured\": \"\\u001b[31m\"",
        ),
    ] {
        assert!(good.contains(is), "{is}");
        folder.write("bad.json", good.replacen(is, becomes, 1).as_bytes());
        let said = folder.say(&["report", "bad.json"]);
        assert!(!said.out.contains('\u{1b}'), "{is}: {}", said.out);
    }
}
