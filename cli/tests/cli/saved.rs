//! Saved results: read back, shown again, merged.

use serde_json::Value;

use crate::helper::{Folder, GOOD, Said};

const CHANCE: &str = r#"clock = "virtual"
[device]
compute = "none"
[device.asym]
slices = 2
service = { distribution = "exponential", base = "100us" }
[load]
op = "rsa-sign"
jobs = 8
ops = 3000
[expect]
ops = ">= 3000"
"#;

fn saved(scenario: &str, seeds: &[u32]) -> Folder {
    let folder = Folder::with(scenario);
    for seed in seeds {
        let (seed, file) = (seed.to_string(), format!("{seed}.json"));
        folder.run(&["--seed", &seed, "-o", &file]).expect_code(0);
    }
    folder
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).expect("JSON")
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("no count: {value}"))
}

#[test]
fn a_saved_result_is_shown_as_the_run_was() {
    let folder = saved(CHANCE, &[7]);
    for format in ["text", "json", "csv", "html", "hgrm", "hlog"] {
        let run = folder
            .run(&["--seed", "7", "--format", format])
            .expect_code(0);
        let again = folder
            .say(&["report", "7.json", "--format", format])
            .expect_code(0);
        assert_eq!(again.out, run.out, "{format}");
    }
}

#[test]
fn several_results_stand_side_by_side() {
    let folder = saved(CHANCE, &[7, 8]);
    let said = folder
        .say(&["report", "7.json", "8.json", "--format", "json"])
        .expect_code(0);
    let report = json(&said);
    let names: Vec<_> = (0..2)
        .map(|n| &report["variants"][n]["scenario"]["variant"])
        .collect();
    assert_eq!(names, ["7", "8"]);
    let text = folder
        .say(&["report", "7.json", "8.json"])
        .expect_code(0)
        .out;
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    folder
        .say(&["report", "7.json", "8.json", "-o", "both.html"])
        .expect_code(0);
}

#[test]
fn merged_results_have_all_samples() {
    let folder = saved(CHANCE, &[1, 2, 3]);
    let [one, two, three] = [1, 2, 3].map(|seed| {
        let text = std::fs::read(folder.path(&format!("{seed}.json"))).expect("a result");
        serde_json::from_slice::<Value>(&text).expect("JSON")
    });
    let merged = json(
        &folder
            .say(&["merge", "1.json", "2.json", "3.json", "--format", "json"])
            .expect_code(0),
    );
    assert_eq!(merged["seeds"], serde_json::json!([1, 2, 3]));
    let parts = [&one, &two, &three];
    for path in [
        "/ops",
        "/elapsed_ns",
        "/device_ops",
        "/samples/latency/count",
        "/samples/latency/sum_ns",
        "/samples/totals/asym_busy_ns",
        "/slices/0/ops",
        "/doorbells/rung",
        "/signals/completions",
        "/jobs/finished",
    ] {
        let at = |report: &Value| number(report.pointer(path).expect(path));
        assert_eq!(
            at(&merged),
            parts.iter().map(|part| at(part)).sum::<u64>(),
            "{path}"
        );
    }
    let longest = parts
        .iter()
        .map(|part| number(&part["latency"]["max_ns"]))
        .max();
    assert_eq!(Some(number(&merged["latency"]["max_ns"])), longest);
    // Whatever the order, and in two steps.
    folder
        .say(&["merge", "3.json", "1.json", "-o", "some.json"])
        .expect_code(0);
    let other = folder.say(&["merge", "some.json", "2.json", "--format", "json"]);
    let other = json(&other.expect_code(0));
    for field in [
        "samples",
        "latency",
        "stages",
        "slices",
        "littles_law",
        "timeline",
        "expected",
    ] {
        assert_eq!(other[field], merged[field], "{field}");
    }
    let rate = number(&merged["ops"]) as f64 / number(&merged["elapsed_ns"]) as f64 * 1e9;
    assert!((merged["ops_per_s"].as_f64().expect("a rate") - rate).abs() < 1e-3);
    for law in merged["littles_law"].as_array().expect("two") {
        assert!(
            law["difference"].as_f64().expect("a number").abs() < 1e-5,
            "{law}"
        );
    }
}

/// Percentiles of the merged result are those of one run of all samples, not an average.
#[test]
fn percentiles_are_of_all_samples() {
    let folder = Folder::with(GOOD);
    // The same load twice, with devices so different that an average would be far off. That is refused,
    // and so the difference is hidden.
    let slow = GOOD.replace("100us", "900us");
    folder.run(&["-o", "fast.json"]).expect_code(0);
    folder.write("it.toml", slow.as_bytes());
    folder
        .run(&["--seed", "2", "-o", "slow.json"])
        .expect_code(0);
    let said = folder
        .say(&["merge", "fast.json", "slow.json"])
        .expect_code(104);
    said.expect_err(&[
        "slow.json",
        "device.asym.service.base",
        "100us",
        "900us",
        "seed",
    ]);
    let mut slow: Value =
        serde_json::from_slice(&std::fs::read(folder.path("slow.json")).expect("saved"))
            .expect("JSON");
    slow["config"]["device.asym.service.base"] = "\"100us\"".into();
    folder.write("slow.json", slow.to_string().as_bytes());
    let merged = json(&folder.say(&["merge", "fast.json", "slow.json", "--format", "json"]));
    // Twenty calls of 200 µs and twenty of 1.8 ms, with the first two of each half as long.
    assert_eq!(number(&merged["latency"]["p50_ns"]) / 1_000, 200);
    assert_eq!(number(&merged["latency"]["p90_ns"]) / 10_000, 180);
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let folder = saved(CHANCE, &[1, 2]);
    folder
        .run(&["--seed", "3", "--set", "load.jobs=9", "-o", "other.json"])
        .expect_code(0);
    for (files, says) in [
        (["1.json", "1.json"], ["1.json", "seed 1", "same run twice"]),
        (
            ["1.json", "other.json"],
            ["other.json", "load.jobs is 8", "9"],
        ),
        (["1.json", "it.toml"], ["it.toml", "no JSON", "accepted"]),
    ] {
        let args = ["merge", files[0], files[1], "-o", "all.json"];
        folder.say(&args).expect_code(104).expect_err(&says);
        assert!(!folder.names().contains(&"all.json".to_owned()));
    }
    folder
        .say(&["merge", "1.json", "2.json", "-o", "all.json"])
        .expect_code(0);
    folder
        .say(&["merge", "all.json", "2.json"])
        .expect_code(104)
        .expect_err(&["seed 2", "same run twice"]);
}

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

/// Whatever single character of a result is lost or changed, there is an answer.
#[test]
fn a_damaged_result_never_ends_in_a_panic() {
    let folder = saved(GOOD, &[1]);
    let good = std::fs::read(folder.path("1.json")).expect("a result");
    for step in 1..60 {
        let mut bad = good.clone();
        let place = step * 7_919 % bad.len();
        bad[place] = b'9';
        folder.write("bad.json", &bad);
        for format in ["text", "html", "csv"] {
            let said = folder.say(&["report", "bad.json", "--format", format]);
            assert!(
                matches!(said.code, Some(0 | 104)),
                "byte {place}: {} {}",
                said.err,
                said.out
            );
        }
    }
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

/// By the wall clock no seed tells two runs from each other: the result itself does.
#[test]
fn the_same_result_is_not_merged_twice_by_any_clock() {
    let folder = Folder::new();
    for name in ["a.json", "b.json"] {
        let args = [
            "load",
            "--profile",
            "ideal",
            "-n",
            "64",
            "-c",
            "4",
            "-q",
            "-o",
            name,
        ];
        folder.say(&args).expect_code(0);
    }
    let merged = ["merge", "a.json", "b.json"];
    let all = json(
        &folder
            .say(&[&merged[..], &["--format", "json"]].concat())
            .expect_code(0),
    );
    assert_eq!(number(&all["ops"]), 128);
    std::fs::copy(folder.path("a.json"), folder.path("copy.json")).expect("a copy");
    for (files, pair) in [
        (
            &["a.json", "a.json"][..],
            ["a.json cannot be merged with a.json", "twice"],
        ),
        (
            &["b.json", "a.json", "copy.json"],
            ["copy.json cannot be merged with a.json", "twice"],
        ),
    ] {
        let said = folder.say(&[&["merge"], files].concat());
        said.expect_code(104).expect_err(&pair);
    }
}

#[test]
fn a_merged_report_tells_all_seeds_and_commands() {
    let folder = Folder::new();
    let name = |seed: u32| format!("{seed}.json");
    for seed in [1, 2, 3, 7] {
        let (seed, name) = (seed.to_string(), name(seed));
        let args = [
            "load",
            "--clock",
            "virtual",
            "--compute",
            "none",
            "-n",
            "50",
        ];
        let args = [&args[..], &["--seed", &seed, "-o", &name]].concat();
        folder.say(&args).expect_code(0);
    }
    let files = ["merge", "2.json", "1.json", "7.json", "3.json"];
    let outputs = ["-o", "all.txt", "-o", "all.html", "-o", "all.csv"];
    folder.say(&[&files[..], &outputs].concat()).expect_code(0);
    let read = |name: &str| std::fs::read_to_string(folder.path(name)).expect("a file");
    let [text, html, csv] = ["all.txt", "all.html", "all.csv"].map(read);
    assert!(
        text.contains("4 runs, seeds 1 to 3, 7, compute none"),
        "{text}"
    );
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for seed in [1, 2, 3, 7] {
        let command = format!("--ops 50 --seed {seed}");
        let alike = format!("--seed {seed}");
        assert!(flat.contains(&command) || flat.contains(&alike), "{text}");
        assert!(html.contains(&alike), "no {alike}");
    }
    assert_eq!(flat.matches("pausewake load ").count(), 4, "{text}");
    assert!(html.contains("1 to 3, 7"));
    assert!(csv.contains(",\"1 to 3, 7\",4,"), "{csv}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
}

/// What has no end is not read for ever, and what can be read but once is read once.
#[test]
fn files_are_read_to_a_limit_and_pipes_once() {
    let folder = Folder::with(GOOD);
    let long = "the most that is read";
    let endless = folder.say(&["run", "/dev/zero"]).expect_code(104);
    endless.expect_err(&["cannot read the scenario /dev/zero", long, "accepted: "]);
    for args in [
        &["report", "long"][..],
        &["merge", "long", "it.toml"],
        &["compare", "--baseline", "long"],
        &["load", "--payload", "long"],
    ] {
        // Nothing of it is stored, nor read.
        let file = std::fs::File::create(folder.path("long")).expect("a file");
        file.set_len(300 << 20).expect("a length");
        let said = folder.say(args).expect_code(104);
        said.expect_err(&["cannot read", "long", "longer than 256 MiB", "accepted: "]);
    }
    folder
        .run(&["--format", "json", "-o", "it.json"])
        .expect_code(0);
    let sweep = [
        "sweep",
        "--jobs",
        "1,2",
        "-n",
        "10",
        "--compute",
        "none",
        "-o",
        "sweep.json",
    ];
    folder.say(&sweep).expect_code(0);
    for (file, args) in [
        ("it.json", &["report", "/dev/stdin"][..]),
        ("it.json", &["compare", "/dev/stdin", "it.json"]),
        ("sweep.json", &["report", "/dev/stdin"]),
        ("it.toml", &["run", "/dev/stdin"]),
    ] {
        let mut child = folder
            .command(args)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut pipe = child.stdin.take().expect("it is piped");
        let content = std::fs::read(folder.path(file)).expect("the file");
        std::io::Write::write_all(&mut pipe, &content).expect("it is read");
        drop(pipe);
        let said = crate::helper::said(child.wait_with_output().expect("it ends"));
        assert!(!said.expect_code(0).out.is_empty(), "{args:?}");
    }
}
