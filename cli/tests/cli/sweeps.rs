//! `pausewake sweep`, and its shards.

use serde_json::Value;

use crate::helper::{Folder, GOOD, Said, follows_schema, json, rows};

/// A sweep that shows a knee, at 32 of 29 slices' jobs.
const SWEEP: [&str; 9] = [
    "sweep",
    "--jobs",
    "1..128",
    "-n",
    "400",
    "--compute",
    "none",
    "--seed",
    "7",
];

fn sweep(folder: &Folder, args: &[&str]) -> Said {
    folder.say(&[&SWEEP[..], args].concat())
}

fn points(said: &Said) -> Vec<Value> {
    let points = json(said)["points"].as_array().cloned();
    points.expect("a list of points")
}

#[test]
fn jobs_are_doubled_and_the_knee_is_named() {
    let said = sweep(&Folder::new(), &[]).expect_code(0);
    let row = |jobs: &str| {
        let mut lines = said.out.lines();
        let row = lines.find(|line| line.starts_with(&format!("{jobs} ")));
        row.expect("a row for each count").to_owned()
    };
    assert!(row("1").contains("2,308"), "{}", said.out);
    assert!(row("32").ends_with("knee"), "{}", said.out);
    assert!(
        row("128").contains("66,975"),
        "the prediction: {}",
        said.out
    );
    let words = said.flat();
    let knee = "from 32 jobs (at 16 not yet) on the device is saturated; more only wait";
    assert!(words.contains(knee), "{words}");
    assert!(words.contains("N* = c (Z + S)/S = 29.0 jobs"), "{words}");
    assert!(said.out.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn the_prediction_is_that_of_the_closed_loop() {
    let said = sweep(&Folder::new(), &["--format", "csv"]).expect_code(0);
    let points = predicted(&said);
    assert_eq!(points.len(), 8);
    for [jobs, predicted, bound, measured] in points {
        // 29 slices of 433 us, no link, and 255 ns of the host for each op, which come before those of
        // all that are submitted with it: N/(N h + S) for up to 29 jobs, and c/S for more.
        let host = 255e-9;
        let exact = match jobs <= 29.0 {
            true => jobs / (433e-6 + host * jobs),
            false => 29.0 / 433e-6,
        };
        let exact_most = (jobs / (433e-6 + host)).min(29.0 / 433e-6);
        assert!((bound / exact_most - 1.0).abs() < 1e-3, "{jobs}");
        assert!((predicted / exact - 1.0).abs() < 1e-3, "{jobs}");
        assert!(measured <= exact * 1.000_1, "{jobs}");
    }
}

#[test]
fn several_quantities_make_a_grid() {
    let args = ["--notify", "fd,callback", "--format", "json", "--jobs"];
    let folder = Folder::new();
    let args = [
        &["sweep", "-n", "100", "--compute", "none"],
        &args[..],
        &["1,4"],
    ]
    .concat();
    let said = folder.say(&args).expect_code(0);
    let at: Vec<String> = points(&said)
        .iter()
        .map(|it| it["at"].to_string())
        .collect();
    assert_eq!(
        at,
        [
            "[\"fd\",1]",
            "[\"fd\",4]",
            "[\"callback\",1]",
            "[\"callback\",4]"
        ]
    );
    for point in points(&said) {
        assert_eq!(point["report"]["scenario"]["notify"], point["at"][0]);
        assert_eq!(point["report"]["jobs"]["max_live"], point["at"][1]);
        assert_eq!(point["report"]["ops"], 100);
    }
}

#[test]
fn all_notifications_are_reaped_alike() {
    let args = ["sweep", "--jobs", "1,4", "--notify", "fd,callback,poll"];
    let args = [
        &args[..],
        &["-n", "50", "--compute", "none", "--format", "json"],
    ]
    .concat();
    let said = Folder::new().say(&args).expect_code(0);
    assert_eq!(points(&said).len(), 6);
    for point in points(&said) {
        assert_eq!(point["report"]["scenario"]["reap"], "inline");
    }
}

#[test]
fn rates_sizes_and_threads_are_swept() {
    let folder = Folder::new();
    let rate = [
        "sweep",
        "--rate",
        "40k..90k+10k",
        "-d",
        "50ms",
        "--compute",
        "none",
    ];
    let said = folder.say(&rate).expect_code(0);
    assert!(said.out.contains("at 60,000 not yet"), "{}", said.out);
    let size = ["sweep", "--size", "64..16K", "-n", "50", "--format", "json"];
    let said = folder.say(&size).expect_code(0);
    assert_eq!(points(&said).len(), 9);
    let last = points(&said).pop().expect("a point");
    assert_eq!(last["at"][0], 16_384);
    assert_eq!(
        last["report"]["config"]["load.op"],
        "\"aes-256-gcm-seal@16384\""
    );
    let threads = [
        "sweep",
        "--threads",
        "1..4",
        "-n",
        "80",
        "--compute",
        "none",
    ];
    let said = folder.say(&[&threads[..], &["--format", "json"]].concat());
    assert_eq!(points(&said.expect_code(0)).len(), 3);
}

#[test]
fn a_scenario_file_is_swept() {
    let folder = Folder::with(GOOD);
    let args = ["sweep", "--scenario", "it.toml", "--jobs", "1,2,4"];
    let said = folder
        .say(&[&args[..], &["--format", "json"]].concat())
        .expect_code(0);
    let points = points(&said);
    assert_eq!(points.len(), 3);
    assert_eq!(points[2]["report"]["ops"], 20);
    assert_eq!(points[2]["report"]["expected"], serde_json::json!([]));
    let command = "pausewake sweep --scenario it.toml --jobs '1,2,4'";
    assert_eq!(json(&said)["command"], command);
}

#[test]
fn it_is_the_same_again_in_every_format() {
    let folder = Folder::new();
    for format in ["text", "json", "csv", "html", "hlog"] {
        let [first, again] = [0, 1].map(|_| sweep(&folder, &["--format", format]));
        assert_eq!(first.expect_code(0).out, again.out, "{format}");
    }
}

#[test]
fn a_saved_sweep_fits_its_schema_and_is_reported_again() {
    let folder = Folder::new();
    sweep(&folder, &["-o", "it.json", "-o", "it.html", "-o", "it.txt"]).expect_code(0);
    let kept = folder.read("it.json");
    follows_schema("sweep", &serde_json::from_str(&kept).expect("JSON"));
    for (format, name) in [("json", "it.json"), ("html", "it.html"), ("text", "it.txt")] {
        let said = folder
            .say(&["report", "it.json", "--format", format])
            .expect_code(0);
        let kept = folder.read(name);
        assert_eq!(said.out, kept, "{format}");
    }
    let html = folder.read("it.html");
    for id in ["throughput", "latency", "utilisation"] {
        assert!(html.contains(&format!("id=\"sweep-jobs-{id}\"")), "{id}");
    }
    assert!(html.contains("swatch dashed"), "the prediction is drawn");
}

#[test]
fn shards_make_the_same_as_one_machine() {
    let folder = Folder::new();
    let whole = sweep(&folder, &["--format", "json"]).expect_code(0).out;
    for shard in 1..=3 {
        let part = format!("{shard}/3");
        let file = format!("{shard}.json");
        sweep(&folder, &["--shard", &part, "-o", &file]).expect_code(0);
    }
    let merge = |files: &[&str]| folder.say(&[&["merge", "--format", "json"], files].concat());
    // In any order, and step by step.
    let said = merge(&["3.json", "1.json", "2.json"]).expect_code(0);
    assert!(said.out == whole, "shards give something else");
    let args = ["merge", "3.json", "1.json", "-o", "half.json"];
    folder.say(&args).expect_code(103);
    let said = merge(&["half.json", "2.json"]).expect_code(0);
    assert!(said.out == whole, "shards give something else");
    // Each of them once, and all of one cut.
    sweep(&folder, &["--shard", "1/4", "-o", "1-4.json"]).expect_code(0);
    folder.write("whole.json", whole.as_bytes());
    for (files, words) in [
        (
            &["3.json", "1.json", "2.json", "1.json"][..],
            ["1.json cannot be merged with 1.json", "both are shard 1/3"],
        ),
        (
            &["2.json", "3.json", "1-4.json"],
            [
                "1-4.json cannot be merged with 2.json",
                "one is shard 2/3, the other 1/4 of another",
            ],
        ),
        (
            &["half.json", "2.json", "3.json"],
            [
                "3.json cannot be merged with half.json",
                "both have the point jobs=4",
            ],
        ),
        (
            &["whole.json", "2.json"],
            [
                "2.json cannot be merged with whole.json",
                "both have the point jobs=2",
            ],
        ),
    ] {
        let said = merge(files).expect_code(104).expect_err(&words);
        said.expect_err(&["accepted: "]);
    }
    let said = merge(&["3.json", "1.json"]).expect_code(103);
    let said = said.expect_err(&["shards 2/3", "jobs=2; jobs=16; jobs=128"]);
    let points: Vec<Value> = points(&said);
    assert_eq!(points.len(), 5);
}

#[test]
fn shards_come_from_the_environment() {
    let folder = Folder::new();
    let args = [&SWEEP[..], &["--format", "json"]].concat();
    let by = |variables: &[(&str, &str)]| {
        let mut command = folder.command(&args);
        let output = command.envs(variables.iter().copied()).output();
        crate::helper::said(output.expect("the program starts"))
    };
    let flag = sweep(&folder, &["--format", "json", "--shard", "2/4"]).expect_code(0);
    let slurm = by(&[
        ("SLURM_ARRAY_TASK_ID", "1"),
        ("SLURM_ARRAY_TASK_MIN", "0"),
        ("SLURM_ARRAY_TASK_MAX", "3"),
        ("SLURM_ARRAY_TASK_COUNT", "4"),
    ]);
    assert_eq!(slurm.expect_code(0).out, flag.out);
    let kubernetes = by(&[("JOB_COMPLETION_INDEX", "1"), ("PAUSEWAKE_SHARDS", "4")]);
    assert_eq!(kubernetes.expect_code(0).out, flag.out);
    by(&[("JOB_COMPLETION_INDEX", "1")])
        .expect_code(104)
        .expect_err(&["PAUSEWAKE_SHARDS"]);
}

#[test]
fn more_shards_than_points_are_no_error() {
    let folder = Folder::new();
    for part in ["1/9", "9/9"] {
        let name = part.replace('/', "-");
        let args = ["--shard", part, "-o", &format!("{name}.json")];
        sweep(&folder, &args).expect_code(0);
    }
    let said = folder.say(&["report", "9-9.json"]).expect_code(0);
    assert!(said.out.contains("0 of 8: shard 9 of 9"), "{}", said.out);
    folder
        .say(&["report", "9-9.json", "--format", "html"])
        .expect_code(0);
    folder
        .say(&["merge", "9-9.json", "1-9.json"])
        .expect_code(103)
        .expect_err(&["shards 2/9, 3/9"]);
}

/// Points run at once draw on one number of stacks: together more than a process may have, none of them
/// alone.
#[test]
fn points_that_do_not_fit_beside_each_other_wait() {
    let args = ["sweep", "--jobs", "16k,17k", "-n", "20k"];
    let said = Folder::new().say(&[&args[..], &["--format", "json"]].concat());
    let live: Vec<Value> = points(&said.expect_code(0))
        .iter()
        .map(|it| it["report"]["jobs"]["max_live"].clone())
        .collect();
    assert_eq!(live, [16_000, 17_000]);
}

/// The host's work costs what it was measured to, if nobody says otherwise.
#[test]
fn notifications_differ() {
    let sweep = |set: &[&str]| {
        let args = ["sweep", "--notify", "fd,callback", "--profile", "ideal"];
        let load = ["--op", "aes-128-gcm-seal@64", "-c", "16", "-n", "2k"];
        let args = [&args[..], &load, set, &["--format", "json"]].concat();
        let points = points(&Folder::new().say(&args).expect_code(0));
        let throughput = points.iter().map(|it| it["report"]["ops_per_s"].as_f64());
        throughput.collect::<Vec<_>>()
    };
    let by = sweep(&[]);
    assert!(by[0] < by[1].map(|callback| callback * 0.7), "{by:?}");
    let free = sweep(&["--set", "host.base=free"]);
    assert_eq!(free[0], free[1]);
}

/// Where points are missing, nobody knows what they would show.
#[test]
fn a_part_of_a_sweep_has_no_knee_and_is_not_complete() {
    let folder = Folder::new();
    let said = sweep(&folder, &["--shard", "1/2"]).expect_code(0);
    assert!(!said.out.contains("%  knee"), "{}", said.out);
    assert!(!said.out.contains("saturated"), "{}", said.out);
    let words = said.flat();
    assert!(words.contains("`pausewake merge` joins them"), "{words}");
    sweep(&folder, &["--shard", "1/2", "-o", "1.json"]).expect_code(0);
    let shard = folder.say(&["report", "1.json", "--format", "html"]);
    assert!(
        shard
            .expect_code(0)
            .out
            .contains("Sweep of jobs, shard 1 of 2")
    );
    for format in ["text", "html"] {
        let half = folder.say(&["merge", "1.json", "--format", format]);
        let half = half.expect_code(103);
        assert!(half.out.contains("INCOMPLETE: 4 of 8"), "{}", half.out);
        assert!(!half.out.contains("saturated"), "{}", half.out);
    }
}

/// What was invalid says nothing of a knee.
#[test]
fn invalid_points_are_shown_and_not_believed() {
    let folder = Folder::new();
    sweep(&folder, &["-o", "it.json"]).expect_code(0);
    let file = folder.read("it.json");
    let mut sweep: Value = serde_json::from_str(&file).expect("JSON");
    let points = sweep["points"].as_array_mut().expect("points");
    for point in points.iter_mut().skip(5) {
        point["report"]["invalid"] = "made up".into();
    }
    folder.write("it.json", sweep.to_string().as_bytes());
    let said = folder.say(&["report", "it.json"]);
    // Once for the one reason, above the table.
    let reason = "INVALID at jobs=32, jobs=64 and jobs=128: made up\n";
    let above = said.out.split("predicted").next();
    assert!(above.is_some_and(|it| it.contains(reason)), "{}", said.out);
    let words = said.flat();
    let sixteen = "nothing is saturated up to 16 jobs; throughput still grows";
    assert!(words.contains(sixteen), "{words}");
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let folder = Folder::new();
    sweep(&folder, &["--shard", "1/2", "-o", "1.json"]).expect_code(0);
    let other = [
        "sweep",
        "--jobs",
        "1..128",
        "-n",
        "300",
        "--compute",
        "none",
    ];
    let other = [&other[..], &["--seed", "7", "-o", "other.json"]].concat();
    folder.say(&other).expect_code(0);
    folder
        .say(&["merge", "1.json", "other.json"])
        .expect_code(104)
        .expect_err(&["other.json cannot be merged with 1.json", "--ops 300"]);
    // A shard that says that it is another one, and one that was run with something else.
    let kept = folder.read("1.json");
    let said = "\"number\": 1";
    assert!(kept.contains(said), "{kept}");
    folder.write(
        "other.json",
        kept.replacen(said, "\"number\": 2", 1).as_bytes(),
    );
    let other = folder.say(&["merge", "1.json", "other.json"]);
    let other = other.expect_code(104);
    other.expect_err(&["other.json is damaged: point 0 is none of shard 2/2"]);
    sweep(&folder, &["--shard", "2/2", "-o", "2.json"]).expect_code(0);
    let kept_2 = folder.read("2.json");
    let at = kept_2
        .rfind("\"device.asym.slices\": \"29\"")
        .expect("its configuration");
    let changed = format!("{}{}", &kept_2[..at], kept_2[at..].replacen("29", "28", 1));
    folder.write("changed.json", changed.as_bytes());
    let changed = folder.say(&["merge", "1.json", "changed.json"]);
    changed.expect_code(104).expect_err(&[
        "changed.json cannot be merged with 1.json",
        "device.asym.slices is 29 in one and 28 in the other",
    ]);
    folder
        .say(&["report", "1.json", "other.json"])
        .expect_code(104)
        .expect_err(&["a report is of one sweep"]);
    let moved = kept.replacen("\"index\": 2", "\"index\": 3", 1);
    folder.write("moved.json", moved.as_bytes());
    folder
        .say(&["report", "moved.json"])
        .expect_code(104)
        .expect_err(&["point 3 is none of its grid"]);
    let version = kept.replacen("pausewake-sweep/1", "pausewake-sweep/99", 1);
    folder.write("version.json", version.as_bytes());
    folder
        .say(&["report", "version.json"])
        .expect_code(104)
        .expect_err(&["pausewake-sweep/99", "reads pausewake-sweep/1"]);
    folder.write("half.json", &kept.as_bytes()[..kept.len() / 2]);
    folder
        .say(&["merge", "1.json", "half.json"])
        .expect_code(104)
        .expect_err(&["half.json is incomplete"]);
}

#[test]
fn wrong_flags_are_told() {
    let folder = Folder::with(GOOD);
    for (args, parts) in [
        (
            &[][..],
            &["nothing is swept", "--notify fd,callback,poll"][..],
        ),
        (&["--jobs", "64"], &["nothing is swept"]),
        (&["--rate", "0..4"], &["--rate 0..4", "above zero"]),
        (&["--jobs", "1..8xx2"], &["--jobs 1..8xx2"]),
        (
            &["--jobs", "1,2", "--threads", "4,8"],
            &["nothing can be run: of 4 threads with 1 job some would have none"],
        ),
        (
            &["--notify", "fd,callback", "--set", "engine.mode=sync"],
            &[
                "--notify",
                "engine.mode = \"sync\"",
                "all notifications are the same",
            ],
        ),
        (
            &["--notify", "fd,poll", "--set", "engine.mode=software"],
            &["--notify", "engine.mode = \"software\""],
        ),
        (
            &["--jobs", "1,2", "--set", "expect.p99=\"<1ms\""],
            &["--set expect", "pausewake load"],
        ),
        (
            &["--jobs", "4..1"],
            &["--jobs 4..1", "ends before it begins"],
        ),
        (&["--jobs", "1..4x1"], &["factor of 2"]),
        (&["--jobs", "0,4"], &["--jobs 0"]),
        (&["--notify", "fd,mail"], &["`mail` is no way"]),
        (
            &["--jobs", "1,2", "--slo", "p99<2ms"],
            &["--slo", "pausewake load"],
        ),
        (
            &["--jobs", "1,2", "--print-scenario"],
            &["--print-scenario"],
        ),
        (
            &["--jobs", "1,2", "--shard", "3/2"],
            &["--shard 3/2", "3/16"],
        ),
        (
            &["--size", "1,2", "--mix", "aead-seal:1"],
            &["--size", "mix"],
        ),
        (
            &["--size", "1,2", "--op", "aead-seal@5"],
            &["--size", "without @"],
        ),
        (
            &["--jobs", "1..9999+1", "--threads", "1,2"],
            &["19998 points"],
        ),
        (
            &["--jobs", "1,2", "--scenario", "none.toml"],
            &["none.toml"],
        ),
        (
            &["--jobs", "1,2", "--set", "load.jobs=5"],
            &["--set load.jobs=5: it says what --jobs sweeps"],
        ),
        (
            &["--jobs", "1,2", "--set", "load={op=\"rsa-sign\",jobs=5}"],
            &["it says what --jobs sweeps"],
        ),
        (
            &["--jobs", "1,2", "--set", "abort.p99=\"<1ms\""],
            &["--set abort", "pausewake load"],
        ),
        (
            &["--rate", "1k,2k", "--set", "load.phase=[]"],
            &["it says what --rate sweeps", "--rate alone"],
        ),
        (
            &["--notify", "fd,callback", "--set", "engine.notify=\"fd\""],
            &["it says what --notify sweeps"],
        ),
        (
            &["--threads", "1,2", "-c", "8", "--set", "load.threads=4"],
            &["it says what --threads sweeps"],
        ),
        (
            &["--jobs", "1,2", "-o", "it.xyz"],
            &["no format has the extension"],
        ),
    ] {
        let said = folder.say(&[&["sweep"], args].concat());
        said.expect_code(104).expect_err(parts);
    }
    folder.write(
        "variants.toml",
        format!("{GOOD}\n[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n").as_bytes(),
    );
    folder
        .say(&["sweep", "--jobs", "1,2", "--scenario", "variants.toml"])
        .expect_code(104)
        .expect_err(&["the file has variants"]);
    assert_eq!(folder.names(), ["it.toml", "variants.toml"]);
}

/// The host's work is most of a round, and none of it is done while the device works: as many jobs as there
/// are slices, or fewer, take N h + S.
#[test]
fn host_and_device_that_take_turns_are_predicted_and_explained() {
    let args = [
        "sweep",
        "--jobs",
        "1..128",
        "-n",
        "5k",
        "--profile",
        "qat-c62x",
    ];
    let said = Folder::new().say(&args).expect_code(0);
    let csv = Folder::new().say(&[&args[..], &["--format", "csv"]].concat());
    let points = predicted(&csv.expect_code(0));
    assert_eq!(points.len(), 8);
    for [jobs, predicted, bound, measured] in points {
        // There are 42 slices; what more jobs do is nearer to the bound.
        match jobs <= 42.0 {
            true => assert!((measured / predicted - 1.0).abs() < 0.005, "{jobs}"),
            false => assert_eq!(predicted, bound, "{jobs}"),
        }
        assert!(predicted <= bound && measured <= bound * 1.000_1, "{jobs}");
    }
    let words = said.flat();
    for part in [
        "from 64 jobs (at 32 not yet) on throughput grows no more",
        "predicted host and device take turns, N h + S for N jobs, as long as there is a slice for each; \
         with more, 75,670/s are possible at most",
        "difference with 32 jobs it is 51.",
        "of the 73,900/s that are possible at most: host and device take turns.",
        "So threads work for 5",
    ] {
        assert!(words.contains(part), "{part}: {}", said.out);
    }
    assert!(said.out.lines().all(|line| line.chars().count() <= 80));
    assert!(!said.out.contains("N* ="), "{}", said.out);
    // Service of varying length pulls them apart.
    let service = "device.asym.service={ distribution = \"exponential\", base = \"419.8us\" }";
    let said = Folder::new().say(&[&args[..], &["--set", service]].concat());
    assert!(!said.out.contains("take turns"), "{}", said.out);
}

/// Jobs, prediction, bound and throughput of each point of a sweep in CSV.
fn predicted(said: &Said) -> Vec<[f64; 4]> {
    let columns = [
        "swept_jobs",
        "predicted_throughput",
        "bound_throughput",
        "throughput",
    ];
    let rows = rows(&said.out).into_iter();
    let number = |cell: &String| cell.parse().expect("a number");
    rows.map(|row| columns.map(|it| number(&row[it]))).collect()
}

#[test]
fn rates_need_not_be_whole() {
    let folder = Folder::new();
    let args = ["sweep", "--rate", "0.5..2", "-n", "5"];
    folder
        .say(
            &[
                &args[..],
                &["-o", "it.json", "-o", "it.txt", "-o", "it.html"],
            ]
            .concat(),
        )
        .expect_code(0);
    let text = folder.say(&["report", "it.json"]).expect_code(0).out;
    assert_eq!(text, folder.read("it.txt"));
    // What arrives is what is predicted.
    assert!(text.contains("\n0.5 "), "{text}");
    let row = text.lines().find(|line| line.starts_with("0.5 "));
    assert!(row.expect("a row").contains(" 0.500 "), "{text}");
    let report = folder.say(&["report", "it.json", "--format", "json"]);
    let points = points(&report);
    assert_eq!(points[0]["at"][0], 0.5);
    assert_eq!(points[1]["at"][0], 1);
    assert_eq!(points[0]["report"]["config"]["load.rate"], "\"0.5/s\"");
}

#[test]
fn places_at_which_nothing_can_be_run_are_left_out() {
    let folder = Folder::new();
    let args = ["sweep", "--jobs", "1..4", "--threads", "1..4", "-n", "40"];
    let say = |more: &[&str]| folder.say(&[&args[..], more].concat()).expect_code(0);
    let said = say(&[]);
    let words = said.flat();
    let why = "6; 3 places of the grid left out (-): of 2 threads with 1 job some would have none";
    assert!(words.contains(why), "{}", said.out);
    for left_out in ["2 1 - - - - -", "4 1 - - - - -", "4 2 - - - - -"] {
        assert!(words.contains(left_out), "{}", said.out);
    }
    let whole = say(&["--format", "json"]).out;
    let document: Value = serde_json::from_str(&whole).expect("JSON");
    follows_schema("sweep", &document);
    assert_eq!(document["left_out"].as_array().map(Vec::len), Some(3));
    // They are missing nowhere.
    for shard in ["1/2", "2/2"] {
        let file = format!("{}.json", &shard[..1]);
        say(&["--shard", shard, "-o", &file]);
    }
    let merged = folder.say(&["merge", "1.json", "2.json", "--format", "json"]);
    assert!(merged.expect_code(0).out == whole);
    let html = say(&["--format", "html"]).out;
    assert!(html.contains("3 places of the grid left out"));
    // Where the jobs are said once, too.
    let fixed = ["sweep", "-c", "2", "--threads", "1..4", "-n", "40"];
    let said = folder.say(&fixed).expect_code(0);
    assert!(said.flat().contains("1 place of the grid left out"));
}

/// What a file expects is not looked at, so nothing has to be computed for it.
#[test]
fn what_a_file_expects_is_not_in_the_way() {
    let real = GOOD.replace("compute = \"none\"", "compute = \"real\"");
    let folder = Folder::with(&format!("{real}verified = \"all\"\n"));
    let sweep = ["sweep", "--scenario", "it.toml", "--jobs", "1,2"];
    let none = [&sweep[..], &["--compute", "none", "--format", "json"]].concat();
    let said = folder.say(&none).expect_code(0);
    for point in points(&said) {
        assert_eq!(point["report"]["scenario"]["compute"], "none");
        assert_eq!(point["report"]["expected"], serde_json::json!([]));
    }
    assert!(!json(&said)["command"].to_string().contains("expect"));
    folder.say(&sweep).expect_code(0);
}

/// With fewer ops than jobs some jobs have nothing to do.
#[test]
fn points_without_a_load_tell_no_knee() {
    let args = ["sweep", "--jobs", "1..64", "-n", "20", "--compute", "none"];
    let words = Folder::new().say(&args).expect_code(0).flat();
    assert!(words.contains("TOO SHORT 2 points with fewer calls than jobs"));
    let sixteen = "nothing is saturated up to 16 jobs; throughput still grows";
    assert!(words.contains(sixteen), "{words}");
    assert!(!words.contains("difference"), "{words}");
}
