//! `pausewake knee`: the answer is held against what theory says of the device.

use serde_json::Value;

use crate::helper::{Folder, Said, chart, follows_schema, json, number};

/// A device of `slices` slices with a constant service time of 100 us, and no host costs.
fn knee(slices: u32, args: &[&str]) -> Said {
    let slices = format!("device.asym.slices={slices}");
    let device = [
        "knee",
        "--set",
        &slices,
        "--set",
        "device.asym.service.base=100us",
    ];
    Folder::new().say(&[&device, args].concat())
}

fn found(slices: u32, args: &[&str]) -> Value {
    json(&knee(slices, &[args, &["--format", "json"]].concat()).expect_code(0))
}

/// Evenly spaced arrivals never wait up to c/S, and queue without end above it: in short probes, too,
/// whose latency does not show it.
#[test]
fn the_knee_of_even_arrivals_is_c_by_s() {
    for (slo, length) in [
        ("p99<200us", ["-d", "1s"]),
        ("p99<100s", ["-d", "100ms"]),
        ("p99<100s", ["-d", "5ms"]),
        ("mean<1s", ["-n", "10"]),
    ] {
        let args = [&["--arrival", "constant", "--slo", slo][..], &length].concat();
        let report = found(4, &args);
        let (holds, fails) = (
            number(&report, "/answer/holds_at"),
            number(&report, "/answer/fails_at"),
        );
        assert!(holds <= 40_000.0 && 40_000.0 < fails, "{holds} {fails}");
        assert!(fails <= holds * 1.01, "{holds} {fails}");
    }
}

/// M/D/1: the mean wait is S/2 where the load is one half (Pollaczek and Khinchine).
#[test]
fn the_knee_of_an_m_d_1_queue_is_the_formulas() {
    for length in [["-d", "8s"], ["-d", "2s"], ["-n", "10k"]] {
        let args = [&["--slo", "mean<150us", "--rate", "4k"][..], &length].concat();
        let report = found(1, &args);
        let holds = number(&report, "/answer/holds_at");
        // It says how far it may be off.
        let chance = number(&report, "/chance") + 0.01;
        assert!((holds / 5_000.0 - 1.0).abs() < chance, "{holds}");
        assert!(chance < 0.07, "{chance}");
    }
}

/// n jobs do n/S ops each second, up to the slices.
#[test]
fn the_fewest_jobs_are_those_of_littles_law() {
    let args = ["--fewest-jobs", "--slo", "throughput>65k/s", "-d", "100ms"];
    let report = found(29, &args);
    assert_eq!(number(&report, "/answer/holds_at"), 7.0);
    assert_eq!(number(&report, "/answer/fails_at"), 6.0);
    assert_eq!(report["searched"], "jobs");
    let text = knee(29, &args).expect_code(0).flat();
    assert!(
        text.contains("are 7 jobs (holds with 7 jobs, fails with 6"),
        "{text}"
    );
}

/// The default device: 29 slices of 433 us, so 66,975 ops per second at most.
#[test]
fn an_slo_may_want_more_as_well_as_less() {
    let both = ["--slo", "p99<2ms", "--slo", "throughput>60k/s"];
    let search = |args: &[&str]| {
        let args = [&["knee", "-d", "100ms", "--format", "json"], args].concat();
        json(&Folder::new().say(&args).expect_code(0))
    };
    for slo in [&both[..], &both[2..]] {
        let report = search(slo);
        let holds = number(&report, "/answer/holds_at");
        assert!((64_000.0..66_975.0).contains(&holds), "{holds}");
        let probes = report["probes"].as_array().expect("probes");
        assert_eq!(probes[0]["verdict"], "too_low", "{}", probes[0]);
    }
    for jobs in ["1", "512"] {
        let report = search(&[&both[..], &["--fewest-jobs", "-c", jobs]].concat());
        let answer = &report["answer"];
        assert_eq!(
            (&answer["holds_at"], &answer["fails_at"]),
            (&26.0.into(), &25.0.into())
        );
    }
}

#[test]
fn conditions_may_contradict_each_other() {
    let args = [
        "--slo",
        "p99<100ms",
        "--slo",
        "throughput>45k/s",
        "-d",
        "100ms",
    ];
    let said = knee(4, &[&args[..], &["--format", "json"]].concat()).expect_code(99);
    let report = json(&said);
    follows_schema("knee", &report);
    assert_eq!(report["answer"]["kind"], "contradiction");
    let low = number(&report, "/answer/too_low_at");
    let high = number(&report, "/answer/too_high_at");
    assert!(
        low <= 40_000.0 && 40_000.0 < high && high <= low * 1.01,
        "{low} {high}"
    );
    let words = report["words"].as_str().expect("words");
    for part in [
        "No rate holds p99 < 100ms and throughput > 45k/s: the conditions contradict each other",
        " is too low for throughput > 45k/s (",
        " is too high for the device (more arrives than is served)",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let jobs = [
        "--fewest-jobs",
        "--max-jobs",
        "16",
        "-d",
        "10ms",
        "--slo",
        "p99<150us",
    ];
    let args = [&jobs[..], &["--slo", "throughput>50k/s"]].concat();
    let said = knee(4, &args).expect_code(99).flat();
    assert!(
        said.contains("No number of jobs up to 16 jobs")
            && said.contains("a part of it wants more, and another part less"),
        "{said}"
    );
}

/// What a TPM does is less than a rate that one would try first.
#[test]
fn the_search_goes_as_low_as_a_slow_device_needs() {
    let tpm = ["knee", "--profile", "tpm", "--slo", "p99<700ms", "-n", "10"];
    let said = Folder::new().say(&[&tpm[..], &["--format", "json"]].concat());
    let report = json(&said.expect_code(0));
    let holds = number(&report, "/answer/holds_at");
    assert!((0.1..=4.0).contains(&holds), "{holds}");
    let said = Folder::new().say(&[&tpm[..], &["--min-rate", "10"]].concat());
    let said = said.expect_code(99).flat();
    assert!(
        said.contains("even the lowest that was tried, 10 /s, fails"),
        "{said}"
    );
    assert!(
        said.contains("The modelled device can do 4 /s at most"),
        "{said}"
    );
    assert!(
        said.contains("--min-rate lets the search try what is below"),
        "{said}"
    );
}

#[test]
fn a_probe_that_is_too_short_says_so() {
    let default = |args: &[&str]| {
        let args = [&["knee", "--slo", "p99<2ms"], args].concat();
        let folder = Folder::new();
        let text = folder.say(&args).expect_code(0).flat();
        let report = json(&folder.say(&[&args[..], &["--format", "json"]].concat()));
        (text, report)
    };
    for (args, ops) in [(["-d", "1ms"], "6"), (["-n", "10"], "10 ops")] {
        let (text, report) = default(&args);
        assert!(number(&report, "/answer/holds_at") < 66_975.0, "{text}");
        let words = format!("TOO FEW OPS: p99 is of {ops}");
        assert!(text.contains(&words), "{text}");
        assert!(text.contains("from 1,000 on 10 lie beyond it"), "{text}");
        assert!(text.contains("(--duration, or --ops 1000)"), "{text}");
        assert!(text.contains("TOO SHORT: this is 99."), "{text}");
        let probe = &report["probes"][0]["runs"][0];
        assert_eq!(probe["figures"][0]["too_few"], true, "{probe}");
    }
    let lower = ["-d", "1s", "--max-rate", "30k", "--rate", "30k"];
    let (text, report) = default(&lower);
    assert!(!text.contains("TOO "), "{text}");
    let probe = &report["probes"][0]["runs"][0];
    assert_eq!(probe["figures"][0]["too_few"], false, "{probe}");
}

#[test]
fn a_probe_that_was_ended_before_its_time_does_not_hold() {
    let sets = ["abort.p99=< 150us", "abort.after=1ms", "abort.every=1ms"];
    let sets = sets.iter().flat_map(|set| ["--set", *set]);
    let args = ["--slo", "errors==0", "-d", "50ms", "--arrival", "constant"];
    let args: Vec<&str> = args.into_iter().chain(sets).collect();
    let report = found(4, &args);
    let holds = number(&report, "/answer/holds_at");
    assert!((39_000.0..=40_000.0).contains(&holds), "{holds}");
    let probes = report["probes"].as_array().expect("probes");
    let aborted = probes
        .iter()
        .filter(|it| it["runs"][0]["aborted"].is_string());
    let aborted: Vec<_> = aborted.collect();
    assert!(!aborted.is_empty());
    for probe in aborted {
        assert_eq!(probe["verdict"], "too_high", "{probe}");
    }
    assert!(knee(4, &args).expect_code(0).out.contains("aborted"));
}

#[test]
fn what_is_dropped_is_not_held() {
    // One job, and nothing may wait for it for long: above 1/S arrivals are lost.
    let limits = [
        "--jobs",
        "1",
        "--set",
        "load.backlog=5",
        "--arrival",
        "constant",
    ];
    let args = [&limits[..], &["--slo", "errors==0", "-d", "1s"]].concat();
    let report = found(4, &args);
    let holds = number(&report, "/answer/holds_at");
    assert!((holds / 10_000.0 - 1.0).abs() < 0.02, "{holds}");
    let probes = report["probes"].as_array().expect("probes");
    for probe in probes {
        let run = &probe["runs"][0];
        assert_eq!(run["holds"], run["dropped"] == 0, "{probe}");
        assert_eq!(run["figures"][0]["holds"], true, "{probe}");
    }
    let text = knee(4, &args).expect_code(0).out;
    assert!(text.contains(" lost"), "{text}");
}

#[test]
fn nothing_may_hold_and_everything_may() {
    let args = ["--slo", "p99<50us", "-d", "100ms", "--min-rate", "200"];
    let said = knee(4, &args).expect_code(99);
    assert!(
        said.flat().contains("No rate holds p99 < 50us"),
        "{}",
        said.flat()
    );
    assert!(
        said.flat().contains("200 /s, fails (p99 100µs)"),
        "{}",
        said.flat()
    );
    let args = ["--slo", "p99<1ms", "-d", "100ms", "--max-rate", "5k"];
    let said = knee(4, &args).expect_code(0);
    assert!(said.flat().contains("lies above it"), "{}", said.flat());
    let jobs = ["--fewest-jobs", "--max-jobs", "16", "-d", "10ms"];
    let args = [&jobs[..], &["--slo", "throughput>1M/s"]].concat();
    let said = knee(4, &args).expect_code(99);
    assert!(
        said.flat().contains("No number of jobs up to 16"),
        "{}",
        said.flat()
    );
    let args = [&jobs[..], &["--slo", "throughput>1k/s"]].concat();
    let said = knee(4, &args).expect_code(0);
    assert!(
        said.flat().contains("with 1 job already"),
        "{}",
        said.flat()
    );
}

#[test]
fn seeds_are_runs_of_their_own_and_the_majority_decides() {
    let args = [
        "--slo",
        "p99<300us",
        "-d",
        "20ms",
        "--repeat",
        "3",
        "--seed",
        "40",
    ];
    let report = found(4, &args);
    let probes = report["probes"].as_array().expect("probes");
    let mut is_split = false;
    for probe in probes {
        let runs = probe["runs"].as_array().expect("runs");
        let seeds: Vec<_> = runs.iter().map(|run| run["seed"].as_u64()).collect();
        assert_eq!(seeds, [Some(40), Some(41), Some(42)]);
        let held = runs.iter().filter(|run| run["holds"] == true).count();
        assert_eq!(probe["held"], held);
        assert_eq!(probe["holds"], held >= 2);
        is_split |= held == 1 || held == 2;
    }
    let words = report["words"].as_str().expect("words");
    assert_eq!(words.contains("Seeds disagree"), is_split, "{words}");
}

#[test]
fn every_format_tells_the_same_search() {
    let folder = Folder::new();
    let files = [
        "-o", "it.json", "-o", "it.csv", "-o", "it.txt", "-o", "it.html",
    ];
    let args = [
        "knee", "--slo", "p99<1ms", "--slo", "mean<1ms", "-d", "50ms",
    ];
    folder.say(&[&args[..], &files].concat()).expect_code(0);
    let report: Value = serde_json::from_str(&folder.read("it.json")).expect("JSON");
    follows_schema("knee", &report);
    assert_eq!(report["format"], "pausewake-knee/1");
    let probes = report["probes"].as_array().expect("probes").len();
    assert_eq!(folder.read("it.csv").lines().count(), 1 + probes * 2);
    let text = folder.read("it.txt");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let lines = text
        .lines()
        .filter(|it| it.contains("holds") || it.contains("FAILS"));
    assert!(lines.count() >= probes, "{text}");
    // The command that is shown searches the same again.
    let command = report["command"].as_str().expect("a command");
    let command = command.replace('\'', "");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let again = folder.say(&[&words[..], &["--format", "json"]].concat());
    assert_eq!(again.expect_code(0).out, folder.read("it.json"));
    let again = folder.say(&[&words[..], &["--format", "html"]].concat());
    assert_eq!(again.expect_code(0).out, folder.read("it.html"));
    let said = folder.say(&[&args[..], &["-o", "it.hgrm"]].concat());
    said.expect_code(104)
        .expect_err(&["cannot be written as hgrm", "text, json, csv, html"]);
    assert!(!folder.path("it.hgrm").exists());
}

#[test]
fn the_page_shows_the_answer_and_how_it_was_found() {
    let args = [
        "--slo",
        "p99<300us",
        "--slo",
        "mean<250us",
        "-d",
        "50ms",
        "--repeat",
        "3",
    ];
    let report = found(4, &args);
    let html = knee(4, &[&args[..], &["--format", "html"]].concat())
        .expect_code(0)
        .out;
    let words = report["words"].as_str().expect("words");
    let (answer, _) = words.split_once(". ").expect("sentences");
    assert!(html.contains(&answer.replace('<', "&#60;")), "{answer}");
    let runs = report["probes"].as_array().expect("probes").iter();
    let runs = runs.flat_map(|probe| probe["runs"].as_array().expect("runs"));
    let held = runs.clone().filter(|run| run["holds"] == true).count();
    let failed = runs.count() - held;
    for figure in ["p99", "mean"] {
        let chart = chart(&html, &format!("probes-{figure}"));
        // A disc for each run that holds, a cross of two strokes for each that fails, a band.
        let discs = chart.matches("<circle").count();
        assert_eq!(discs, held, "{chart}");
        let inks = chart.matches("stroke=\"var(--bad)\"").count();
        assert_eq!(inks, 2 * failed, "{chart}");
        assert_eq!(chart.matches("var(--band)").count(), 1, "{chart}");
        assert!(chart.contains(&format!("SLO: {figure} &#60; ")), "{chart}");
    }
    // What differs from probe to probe is no part of what they have in common.
    assert!(report["config"]["load.rate"].is_null() && report["config"]["seed"].is_null());
    assert_eq!(report["config"]["load.duration"], "\"50ms\"");
    assert!(html.contains("<code>load.duration</code>"));
    assert!(!html.contains("<script") && html.contains("default-src 'none'"));
    // An answer of nothing has a page, too.
    let args = [
        "--slo",
        "p99<50us",
        "-d",
        "100ms",
        "--min-rate",
        "200",
        "--format",
        "html",
    ];
    let html = knee(4, &args).expect_code(99).out;
    assert!(html.contains("Nothing holds") && html.contains("id=\"probes-p99\""));
    assert!(!chart(&html, "probes-p99").contains("var(--band)"));
    let jobs = [
        "--fewest-jobs",
        "--slo",
        "throughput>15k/s",
        "-d",
        "50ms",
        "--format",
        "html",
    ];
    let html = knee(4, &jobs).expect_code(0).out;
    assert!(html.contains("id=\"probes-throughput\""), "{html}");
    assert!(html.contains("the answer: 2 jobs (holds) to 1 job (fails)"));
}

#[test]
fn by_the_wall_clock_each_probe_is_run_three_times() {
    // What no machine fails: the answer is the limit.
    let args = ["--clock", "wall", "--slo", "p99<100s", "-n", "20"];
    let rates = [
        "--rate",
        "5k",
        "--max-rate",
        "5k",
        "--set",
        "load.late_after=10s",
    ];
    let args = [&args[..], &rates, &["--format", "json"]].concat();
    let said = knee(4, &args).expect_code(0);
    assert!(
        said.err
            .starts_with("by the wall clock, each probe is run 3 times for 20 ops\n")
    );
    let report = json(&said);
    assert_eq!(report["repeat"], 3);
    let runs = report["probes"][0]["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 3);
    assert!(runs.iter().all(|run| run["ops"] == 20), "{runs:?}");
}

/// No start is a nanosecond after its time: no run measures the device.
#[test]
fn probes_that_measured_the_generator_alone_are_no_answer() {
    let args = [
        "--clock", "wall", "--slo", "p99<100s", "-n", "20", "--repeat", "2",
    ];
    let rates = [
        "--rate",
        "5k",
        "--min-rate",
        "5k",
        "--set",
        "load.late_after=1ns",
        "-q",
    ];
    let args = [&args[..], &rates, &["--format", "json"]].concat();
    let said = knee(4, &args).expect_code(103);
    assert_eq!(said.err, "");
    let report = json(&said);
    follows_schema("knee", &report);
    assert_eq!(report["answer"]["kind"], "invalid");
    let words = report["words"].as_str().expect("words");
    assert!(
        words.starts_with("INVALID: the device was not measured. At 5 k/s"),
        "{words}"
    );
    assert!(
        words.contains("the load generator was the bottleneck"),
        "{words}"
    );
    assert!(words.contains("(load.late_after)."), "{words}");
}

#[test]
fn the_help_is_of_a_search() {
    let said = Folder::new().say(&["knee", "--help"]).expect_code(0).flat();
    assert!(said.contains("Whose time; virtual if not said"), "{said}");
    assert!(!said.contains("hgrm") && !said.contains("hlog"), "{said}");
    assert!(!said.contains("64 if not said") && !said.contains("the wall clock's if not"));
}

#[test]
fn the_scenario_of_the_load_is_printed() {
    let said = knee(4, &["--slo", "p99<1ms", "--print-scenario"]).expect_code(0);
    assert!(said.out.contains("clock = \"virtual\""), "{}", said.out);
    // It is that of the first probe.
    assert!(said.out.contains("rate = \"1000/s\""), "{}", said.out);
    assert!(said.out.contains("ops = 320000\n"), "{}", said.out);
    let args = ["--fewest-jobs", "-c", "3", "--slo", "throughput>1k/s"];
    let said = knee(4, &[&args[..], &["--print-scenario"]].concat()).expect_code(0);
    assert!(said.out.contains("jobs = 3\n"), "{}", said.out);
    knee(4, &["--print-scenario"])
        .expect_code(104)
        .expect_err(&["needs an SLO"]);
}

#[test]
fn what_contradicts_the_search_is_refused() {
    for (args, words) in [
        (&[][..], &["needs an SLO"][..]),
        (&["--slo", "p98<1ms"], &["--slo p98<1ms", "unknown field"]),
        (
            &["--slo", "p99<1ms", "--precision", "0%"],
            &["--precision", "from 0.1% to 50%"],
        ),
        (
            &["--slo", "p99<1ms", "--min-rate", "5k", "--max-rate", "1k"],
            &["--min-rate 5000 is above --max-rate 1000"],
        ),
        (
            &["--slo", "p99<1ms", "--rate", "fast"],
            &["--rate fast", "begin with a number"],
        ),
        (
            &["--slo", "p99<1ms", "--fewest-jobs", "--rate", "1k"],
            &["--fewest-jobs", "closed loop"],
        ),
        (&["--slo", "p99<1ms", "--repeat", "0"], &["--repeat"]),
        (
            &["--slo", "p99<1ms", "--set", "load.rate=5k/s"],
            &["--set load.rate", "--min-rate and --max-rate"],
        ),
        (
            &["--slo", "p99<1ms", "--set", "load.\"rate\" = 5k/s"],
            &["--set load.rate"],
        ),
        (
            &["--slo", "p99<1ms", "--fewest-jobs", "--set", "load.jobs=5"],
            &["--set load.jobs", "--jobs, where the search begins"],
        ),
        (
            &["--slo", "p99<1ms", "--set", "load.phase=[]"],
            &["--set load.phase", "no phases"],
        ),
        (
            &["--slo", "p99<1ms", "--set", "load={ rate = \"5k/s\" }"],
            &["--set load would"],
        ),
        (
            &["--slo", "p99<1ms", "--set", "seed=3", "--repeat", "3"],
            &["--set seed", "--seed, which is that of the first run"],
        ),
        (
            &["--slo", "p99<1ms", "--profile", "abacus"],
            &["--profile abacus"],
        ),
    ] {
        let said = knee(4, args).expect_code(104).expect_err(words);
        assert_eq!(said.out, "");
    }
}

/// What high rates meet by themselves has no highest rate.
#[test]
fn a_knee_needs_an_upper_limit() {
    for slo in [&["p99>2ms"][..], &["mean>1ms", "late>5"]] {
        let flags: Vec<&str> = slo.iter().flat_map(|slo| ["--slo", slo]).collect();
        let said = knee(4, &[&flags[..], &["-n", "100"]].concat()).expect_code(104);
        said.expect_err(&["needs an upper limit", "--slo 'p99<2ms'"]);
    }
    // Of throughput there is one: what the device can do.
    let args = [
        "--slo",
        "throughput>10k/s",
        "--arrival",
        "constant",
        "-n",
        "1k",
    ];
    let report = found(4, &args);
    let holds = number(&report, "/answer/holds_at");
    assert!((39_000.0..=40_000.0).contains(&holds), "{holds}");
}

/// By default chance leaves the answer no wider open than the search does.
#[test]
fn probes_are_as_long_as_the_answer_is_close() {
    for (precision, ops) in [("1%", 320_000), ("10%", 200_000)] {
        let once = ["--rate", "1k", "--max-rate", "1k", "--precision", precision];
        let report = found(1, &[&["--slo", "mean<150us"][..], &once].concat());
        assert_eq!(report["probes"][0]["runs"][0]["ops"], ops, "{precision}");
    }
}

/// A page whose words doubt the answer is not green.
#[test]
fn an_answer_that_is_doubted_has_no_green_banner() {
    let page = |ops: &str| {
        let args = ["--slo", "p99<100s", "-n", ops, "--format", "html"];
        knee(4, &args).expect_code(0).out
    };
    let html = page("2k");
    assert!(html.contains("TOO SHORT"));
    assert!(html.contains("class=\"banner aborted\""));
    assert!(html.contains("Found, but not for certain"));
    let args = ["--slo", "mean<110us", "-n", "20k", "--format", "html"];
    let html = knee(4, &args).expect_code(0).out;
    assert!(!html.contains("TOO SHORT"));
    assert!(html.contains("class=\"banner passed\""));
}

/// Results that are to be verified have to be there: nobody has to say so.
#[test]
fn verification_may_be_part_of_the_slo() {
    for slo in ["verified=all", "verified==all"] {
        let args = [
            "--slo",
            "p99<2s",
            "--slo",
            slo,
            "--max-rate",
            "2k",
            "-n",
            "50",
        ];
        let report = found(4, &args);
        let run = &report["probes"][0]["runs"][0];
        assert_eq!(run["figures"][1]["measured"], "50 of 50", "{run}");
    }
    let args = [
        "--slo",
        "p99<2s",
        "--slo",
        "verified=all",
        "--compute",
        "none",
    ];
    let said = knee(4, &args).expect_code(104);
    said.expect_err(&["no results to verify", "compute = \"real\""]);
}

/// An SLO that says how many calls may fail decides it; one that says nothing of them wants none.
#[test]
fn what_the_slo_allows_to_fail_is_not_lost() {
    // A full ring fails what comes to it.
    let full = [
        "--set",
        "engine.on_full=fail",
        "--set",
        "device.ring_depth=8",
        "-n",
        "2000",
        "--slo",
        "p99<2ms",
    ];
    let with = |slo: &[&str]| found(4, &[&full[..], slo].concat());
    let strict = number(&with(&[]), "/answer/holds_at");
    let none = number(&with(&["--slo", "errors==0"]), "/answer/holds_at");
    assert_eq!(strict, none);
    for figure in ["errors", "retries"] {
        let report = with(&["--slo", &format!("{figure}<=100")]);
        let holds = number(&report, "/answer/holds_at");
        assert!(holds > strict * 1.2, "{figure}: {holds} {strict}");
        for probe in report["probes"].as_array().expect("probes") {
            let run = &probe["runs"][0];
            let failed = run["errors"].as_u64().expect("a count");
            assert_eq!(run["errors_allowed"].as_bool().unwrap_or(false), failed > 0);
            let saturated = run["saturated"].as_bool().expect("a flag");
            assert_eq!(run["holds"], failed <= 100 && !saturated, "{run}");
        }
    }
    let other = with(&["--slo", "dropped<=100"]);
    assert_eq!(number(&other, "/answer/holds_at"), strict);
}

/// The same of arrivals that are dropped, as long as no more arrive than are served.
#[test]
fn what_the_slo_allows_to_be_dropped_is_not_lost() {
    // One job of 100 us, and one place to wait: at random arrivals some are dropped far below 10 k/s.
    let limits = ["--jobs", "1", "--set", "load.backlog=1", "-n", "2000"];
    let with = |slo: &str| {
        found(
            4,
            &[&limits[..], &["--slo", "p99<1s", "--slo", slo]].concat(),
        )
    };
    let strict = with("errors<=100");
    let report = with("dropped<=100");
    let (none, some) = (
        number(&strict, "/answer/holds_at"),
        number(&report, "/answer/holds_at"),
    );
    assert!(some > none * 1.2, "{some} {none}");
    for probe in report["probes"].as_array().expect("probes") {
        let run = &probe["runs"][0];
        let dropped = run["dropped"].as_u64().expect("a count");
        let saturated = run["saturated"].as_bool().expect("a flag");
        assert_eq!(run["holds"], dropped <= 100 && !saturated, "{run}");
    }
}

/// More ops do not help where they fail.
#[test]
fn a_search_in_which_all_calls_fail_says_that_they_fail() {
    let args = ["--slo", "p99<2ms", "-n", "2000", "--min-rate", "500"];
    let args = [&args[..], &["--set", "engine.op_timeout=1ns"]].concat();
    let said = knee(4, &args).expect_code(99).flat();
    assert!(
        said.contains("All of the 2,000 calls failed there"),
        "{said}"
    );
    assert!(said.contains("pausewake load"), "{said}");
    for wrong in ["TOO FEW", "Longer probes", "--min-rate lets"] {
        assert!(!said.contains(wrong), "{wrong}: {said}");
    }
}

/// 29 slices of 433 us: 26 jobs do 60,046 ops per second, and 30 reach what the device can do.
#[test]
fn probes_of_too_few_ops_for_their_jobs_are_no_answer() {
    let search = |slo: &str, length: &[&str]| {
        let args = ["knee", "--fewest-jobs", "--slo", slo];
        Folder::new().say(&[&args, length].concat())
    };
    // Some jobs have nothing to do.
    for ops in ["10", "100"] {
        let said = search("throughput>60k/s", &["-n", ops])
            .expect_code(103)
            .flat();
        assert!(
            said.contains("INVALID: the device was not measured"),
            "{said}"
        );
        let short = format!("TOO SHORT: {ops} ops are fewer than there were jobs");
        assert!(said.contains(&short), "{said}");
        assert!(
            said.contains("(--ops or --duration: some 100 ops for each job)"),
            "{said}"
        );
        assert!(!said.contains("No number of jobs"), "{said}");
    }
    // All have, but of few ops the last ones that are waited for are many.
    for (slo, length) in [
        ("throughput>66k/s", ["-d", "5ms"]),
        ("throughput>60k/s", ["-n", "1000"]),
    ] {
        let said = search(slo, &length).flat();
        assert!(said.contains("TOO SHORT: in the probe of "), "{said}");
        assert!(said.contains("fewer jobs may do"), "{said}");
    }
    let said = search("throughput>60k/s", &["-n", "30k"])
        .expect_code(0)
        .flat();
    assert!(
        said.contains("are 26 jobs") && !said.contains("TOO SHORT"),
        "{said}"
    );
    let said = search("throughput>90k/s", &["-n", "10k", "--max-jobs", "64"]);
    let said = said.expect_code(99).flat();
    assert!(
        said.contains("No number of jobs up to 64 jobs") && !said.contains("TOO SHORT"),
        "{said}"
    );
}

/// Under virtual time software costs what the host's work does: nothing, if nobody says otherwise.
#[test]
fn software_that_takes_no_time_is_refused() {
    let software = ["--set", "engine.mode=software", "-n", "4000"];
    let rate = [&software[..], &["--slo", "p99<2ms"]].concat();
    let jobs = [
        &software[..],
        &["--slo", "throughput>60k/s", "--fewest-jobs"],
    ]
    .concat();
    for args in [&rate, &jobs] {
        let said = knee(4, args).expect_code(104);
        said.expect_err(&["software takes no time here", "--set host.base=measured"]);
    }
    let measured = [&rate[..], &["--set", "host.base=measured"]].concat();
    let holds = number(&found(4, &measured), "/answer/holds_at");
    assert!(holds < 1e6, "{holds}");
}
