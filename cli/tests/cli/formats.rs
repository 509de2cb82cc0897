//! Every format is what its readers take, says what the others say, and is the same for the same seed.

use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value;

use base64::Engine as _;

use crate::helper::{CHANCE, Folder, GOOD, UNREAL, chart, count, follows_schema, rows, validator};

/// Two variants, and a scenario that tries to get into a page.
fn varied() -> String {
    let chance = CHANCE
        .replace("ops = 3000", "ops = 5000")
        .replace(">= 3000", "== 5000");
    format!(
        r#"about = "<script>alert(1)</script> & \"quotes\""
{chance}[[variant]]
name = "few"
load.jobs = 1
[[variant]]
name = "many"
expect.throughput = "> 1.2x few"
"#
    )
}

const ALL: [&str; 6] = ["text", "json", "csv", "html", "hgrm", "hlog"];

fn decoded(text: &str) -> Histogram<u64> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .expect("base64");
    Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .expect("a histogram")
}

fn report(folder: &Folder) -> Value {
    serde_json::from_str(&folder.run(&["--format", "json"]).out).expect("JSON")
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_every_format() {
    let folder = Folder::with(&varied());
    for format in ALL.into_iter().filter(|format| *format != "hgrm") {
        let [first, again] = [(); 2].map(|()| {
            folder
                .run(&["--format", format, "--seed", "7"])
                .expect_code(0)
                .out
        });
        assert_eq!(first, again, "{format}");
        let other = folder
            .run(&["--format", format, "--seed", "8"])
            .expect_code(0)
            .out;
        assert_ne!(first, other, "{format}");
    }
}

#[test]
fn files_of_several_formats_are_written_by_their_extensions() {
    let folder = Folder::with(GOOD);
    let names = [
        "r.txt", "r.json", "r.csv", "r.html", "r.hgrm", "r.HLOG", "plain",
    ];
    let mut args: Vec<&str> = names.iter().flat_map(|name| ["-o", name]).collect();
    args.extend(["-o", "-"]);
    let text = folder.run(&args).expect_code(0).out;
    assert_eq!(text, folder.run(&[]).expect_code(0).out);
    for (name, format) in names.into_iter().zip(ALL.into_iter().chain(["text"])) {
        let written = folder.read(name);
        let said = folder.run(&["--format", format]).expect_code(0).out;
        assert_eq!(written, said, "{name}");
    }
    // What --format says is said of those whose names say nothing.
    let args = ["-o", "x.json", "-o", "y.odd", "-o", "z", "-o", "-"];
    let said = folder
        .run(&[&["--format", "csv"], &args[..]].concat())
        .expect_code(0);
    for name in ["y.odd", "z"] {
        let written = folder.read(name);
        assert_eq!(written, said.out, "{name}");
    }
    assert!(said.out.starts_with("scenario,variant,"), "{}", said.out);
    let json = folder.read("x.json");
    assert!(json.starts_with('{'), "{json}");
}

#[test]
fn what_cannot_be_written_is_told_before_the_run_and_leaves_nothing() {
    let folder = Folder::with(&varied());
    for (args, says) in [
        (
            &["-o", "r.json", "-o", "r.xml"][..],
            ["r.xml", ".xml", ".hgrm"],
        ),
        (
            &["-o", "r.json", "-o", "./r.json"],
            ["./r.json", "twice", "once"],
        ),
        (&["-o", "-", "-o", "-"], ["-", "twice", "once"]),
        (&["--format", "hgrm"], ["hgrm", "2", "hlog"]),
        (
            &["--format", "text", "-o", "r.json"],
            ["--format text", "is for nothing", "accepted: -o -"],
        ),
        (
            &["-o", "r.json", "-o", "nowhere/r.csv"],
            ["nowhere/r.csv", "cannot write", "accepted"],
        ),
    ] {
        let said = folder.run(args).expect_code(104).expect_err(&says);
        assert_eq!(said.out, "");
        assert_eq!(folder.names(), ["it.toml"], "{args:?}");
    }
}

#[test]
fn a_file_is_only_there_if_all_could_be_written() {
    let folder = Folder::with(GOOD);
    // Where everything is full.
    let said = folder
        .run(&["-o", "r.json", "-o", "/dev/full", "-o", "r.csv"])
        .expect_code(104);
    said.expect_err(&["cannot write /dev/full"]);
    assert_eq!(folder.names(), ["it.toml"]);
}

#[test]
fn csv_has_a_row_for_each_variant_and_the_figures_of_the_report() {
    let folder = Folder::with(&varied());
    let said = folder.run(&["--format", "csv"]).expect_code(0).out;
    let json = report(&folder);
    let rows = rows(&said);
    assert_eq!(rows.len(), 2);
    for (index, row) in rows.iter().enumerate() {
        let variant = &json["variants"][index];
        assert_eq!(row["variant"], variant["scenario"]["variant"]);
        assert_eq!(row["verdict"], "passed");
        for (column, value) in [
            ("ops", &variant["ops"]),
            ("elapsed_ns", &variant["elapsed_ns"]),
            ("p99_ns", &variant["latency"]["p99_ns"]),
            ("service_p50_ns", &variant["stages"][3]["p50_ns"]),
            ("throughput", &variant["ops_per_s"]),
            ("utilisation_asym", &variant["slices"][0]["utilisation"]),
            ("doorbells", &variant["doorbells"]["rung"]),
        ] {
            assert_eq!(row[column], value.to_string(), "{column}");
        }
        // Nothing was computed late under virtual time, as there is nothing that could be.
        assert_eq!(row["compute_bound"], "");
    }
}

#[test]
fn json_has_histograms_that_give_its_figures() {
    let folder = Folder::with(&varied());
    for report in report(&folder)["variants"].as_array().expect("variants") {
        let samples = &report["samples"];
        for (figures, series) in [
            (&report["latency"], &samples["latency"]),
            (&report["stages"][3], &samples["service"]),
        ] {
            let histogram = decoded(series["histogram"].as_str().expect("text"));
            assert_eq!(histogram.len(), 5_000);
            assert_eq!(count(&series["count"]), 5_000);
            let max_ns = count(&series["max_ns"]);
            assert_eq!(count(&figures["max_ns"]), max_ns);
            let mean = (count(&series["sum_ns"]) + 2_500) / 5_000;
            assert_eq!(count(&figures["mean_ns"]), mean);
            for (name, quantile) in [("p50_ns", 0.5), ("p99_ns", 0.99), ("p999_ns", 0.999)] {
                let value = histogram.value_at_quantile(quantile).min(max_ns);
                assert_eq!(count(&figures[name]), value, "{name}");
            }
        }
        let timeline = &report["timeline"];
        let intervals = timeline["intervals"].as_array().expect("intervals");
        assert!((65..=128).contains(&intervals.len()), "{}", intervals.len());
        let sum = |name: &str| intervals.iter().map(|it| count(&it[name])).sum::<u64>();
        assert_eq!(sum("ops"), 5_000);
        assert_eq!(sum("covered_ns"), count(&report["elapsed_ns"]));
        assert_eq!(report["config"]["load.op"], "\"rsa-sign\"");
        assert_eq!(report["config"]["seed"], "1");
    }
}

#[test]
fn the_configuration_in_a_result_makes_the_same_run_again() {
    let folder = Folder::with(&varied());
    let original = report(&folder);
    for variant in original["variants"].as_array().expect("variants") {
        let [said, unsaid] = ["config", "defaults"].map(|it| {
            let entries = variant[it].as_object().expect("entries");
            let entries = entries
                .iter()
                .filter(|(path, _)| !path.starts_with("expect"));
            let line = |(path, value): (&String, &Value)| {
                format!("{path} = {}\n", value.as_str().expect("TOML"))
            };
            entries.map(line).collect::<String>()
        });
        assert!(unsaid.contains("device.ring_depth = "), "{unsaid}");
        // With the defaults of today, and with those that it says.
        for lines in [said.clone(), said + &unsaid] {
            let again = report(&Folder::with(&lines));
            assert_eq!(again["samples"], variant["samples"], "{lines}");
            assert_eq!(again["timeline"], variant["timeline"]);
        }
    }
}

#[test]
fn hgrm_is_the_distribution_and_each_variant_gets_its_own() {
    let folder = Folder::with(&varied());
    folder.run(&["-o", "latency.hgrm"]).expect_code(0);
    assert_eq!(
        folder.names(),
        ["it.toml", "latency.few.hgrm", "latency.many.hgrm"]
    );
    let json = report(&folder);
    for (index, name) in ["few", "many"].into_iter().enumerate() {
        let written = folder.read(&format!("latency.{name}.hgrm"));
        let samples = &json["variants"][index]["samples"]["latency"];
        let histogram = decoded(samples["histogram"].as_str().expect("text"));
        let max_ns = count(&samples["max_ns"]);
        let (mut last, mut rows) = (0.0, 0);
        let mut lines = written.lines();
        let head: Vec<&str> = lines.next().expect("a head").split_whitespace().collect();
        assert_eq!(
            head,
            ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
        );
        assert_eq!(lines.next(), Some(""));
        for line in lines.filter(|line| !line.starts_with('#')) {
            let cells: Vec<f64> = line
                .split_whitespace()
                .map(|cell| cell.parse().expect("a number"))
                .collect();
            let [value_ms, quantile, count] = cells[..3] else {
                panic!("{line}")
            };
            // So many times do not exceed the value, and they are the share that it stands for.
            let reached = histogram.value_at_quantile(count / 5_000.0).min(max_ns);
            assert!(
                (value_ms - reached as f64 / 1e6).abs() < 1e-6,
                "{line}: {reached}"
            );
            assert!(count >= (quantile * 5_000.0).floor(), "{line}");
            assert!(count >= last, "{line}");
            (last, rows) = (count, rows + 1);
            if cells.len() == 4 {
                assert!((cells[3] * (1.0 - quantile) - 1.0).abs() < 0.01, "{line}");
            } else {
                assert_eq!((quantile, count), (1.0, 5_000.0), "{line}");
            }
        }
        assert!(rows > 40, "{rows}");
        assert!(
            written.contains("#[Max     =") && written.contains("#[Mean    ="),
            "{written}"
        );
    }
}

#[test]
fn hlog_is_read_back_interval_by_interval() {
    let folder = Folder::with(&varied());
    let log = folder.run(&["--format", "hlog"]).expect_code(0).out;
    let mut ops = std::collections::BTreeMap::<String, u64>::new();
    let mut last = std::time::Duration::ZERO;
    for entry in IntervalLogIterator::new(log.as_bytes()) {
        match entry.expect("an entry") {
            LogEntry::StartTime(time) => assert_eq!(time.as_secs(), 0, "no clock of ours"),
            LogEntry::BaseTime(_) => panic!("no base time was written"),
            LogEntry::Interval(interval) => {
                let tag = interval.tag().expect("a variant").as_str().to_owned();
                let histogram = decoded(interval.encoded_histogram());
                assert!(!histogram.is_empty());
                let seen = ops.entry(tag).or_default();
                assert!(*seen == 0 || interval.start_timestamp() > last);
                last = interval.start_timestamp();
                *seen += histogram.len();
            }
        }
    }
    let ops: Vec<_> = ops.into_iter().collect();
    assert_eq!(ops, [("few".to_owned(), 5_000), ("many".to_owned(), 5_000)]);
}

/// What starts late would hide is drawn beside it, in one run and in several.
#[test]
fn pages_of_open_loops_draw_both_latencies() {
    let folder = Folder::new();
    let flags = "load --clock virtual --compute none -n 2k -q --format html";
    let flags: Vec<&str> = flags.split(' ').collect();
    let open = folder.say(&[&flags[..], &["-R", "70k"]].concat());
    let open = open.expect_code(0).out;
    assert!(
        open.contains("uncorrected: from the actual start"),
        "{open}"
    );
    let closed = folder.say(&flags).expect_code(0).out;
    assert!(!closed.contains("uncorrected"), "{closed}");
    let scenario = format!(
        "{}[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n",
        GOOD.replace("jobs = 4", "jobs = 4\nrate = \"20k/s\"")
    );
    let several = Folder::with(&scenario).run(&["--format", "html"]);
    let several = several.expect_code(0).out;
    assert!(several.contains("b, uncorrected"), "{several}");
}

#[test]
fn html_is_complete_in_itself_and_escapes_what_it_shows() {
    let folder = Folder::with(&varied());
    let html = folder.run(&["--format", "html"]).expect_code(0).out;
    assert!(
        html.contains("&#60;script&#62;") || html.contains("&lt;script&gt;"),
        "{html}"
    );
    for forbidden in [
        "<script",
        "<link",
        "<img",
        "<iframe",
        "@import",
        "url(",
        "javascript:",
    ] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    // Nothing is fetched; a namespace is only a name.
    let links = html.matches("http://").count() + html.matches("https://").count();
    assert_eq!(
        links,
        html.matches("xmlns=\"http://www.w3.org/2000/svg\"").count()
    );
    assert!(html.contains("default-src 'none'"));
    assert!(html.contains("prefers-color-scheme: dark") && html.contains("@media print"));
    well_formed(&html);
    for chart in ["throughput", "latency", "percentiles", "stages"] {
        assert!(
            html.contains(&format!("<title id=\"{chart}-title\">")),
            "{chart}"
        );
        assert!(
            html.contains(&format!("<desc id=\"{chart}-desc\">")),
            "{chart}"
        );
    }
    // All that the text report has.
    let text = folder.run(&[]).expect_code(0).out;
    for word in text
        .split_whitespace()
        .filter(|word| !word.contains(['<', '&', '"', '>', '\'']))
    {
        assert!(html.contains(word), "{word} is not in the page");
    }
    assert!(html.contains("pausewake run it.toml"));
}

/// Every element that is opened is closed, in order; every reference is one.
fn well_formed(html: &str) {
    const VOID: [&str; 3] = ["meta", "br", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, after) = tag.split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed where it was not open");
            continue;
        }
        let name = tag
            .split(|c: char| c.is_whitespace() || c == '/')
            .next()
            .unwrap_or_default();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
    for (place, _) in html.match_indices('&') {
        let name = html[place + 1..].split(';').next().unwrap_or_default();
        assert!(name.len() < 8 && !name.contains(' '), "&{name}");
    }
}

#[test]
fn verdicts_are_told_in_every_format() {
    let folder = Folder::with(GOOD);
    let failing = ["--set", "expect.p99=< 1us"];
    for (format, says) in [("html", "class=\"banner failed\""), ("csv", ",failed,")] {
        let said = folder
            .run(&[&failing[..], &["--format", format]].concat())
            .expect_code(99);
        assert!(said.out.contains(says), "{format}: {}", said.out);
    }
    // Longer than a completion can say.
    let invalid = [
        "--set",
        "expect=",
        "--set",
        "device.asym.service.base=300000s",
    ];
    for (format, says) in [("html", "class=\"banner invalid\""), ("csv", ",invalid,")] {
        let said = folder
            .run(&[&invalid[..], &["--format", format]].concat())
            .expect_code(103);
        assert!(said.out.contains(says), "{format}: {}", said.out);
    }
}

#[test]
fn a_run_without_a_single_op_is_shown_too() {
    let folder = Folder::with(GOOD);
    let nothing = [
        "--set",
        "expect=",
        "--set",
        "load.ops=",
        "--set",
        "load.duration=1ns",
    ];
    for format in ALL {
        let said = folder.run(&[&nothing[..], &["--format", format]].concat());
        assert!(
            matches!(said.code, Some(0)),
            "{format}: {} {}",
            said.err,
            said.out
        );
        assert!(!said.out.is_empty(), "{format}");
    }
}

/// The published schema is what every result follows.
#[test]
fn results_follow_the_published_schema() {
    for scenario in [GOOD, &varied()] {
        follows_schema("report", &report(&Folder::with(scenario)));
    }
}

/// What arrives and is started late, or never, is in a table for programs too.
#[test]
fn csv_of_an_open_loop_has_what_makes_it_one() {
    let folder = Folder::new();
    let args = [&UNREAL[..], &["-R", "90k"]].concat();
    let args = [
        &args[..],
        &["-n", "5000", "-c", "64", "--set", "load.backlog=50"],
    ]
    .concat();
    let row = |args: &[&str]| {
        let csv = folder.say(&[args, &["--format", "csv"]].concat()).out;
        rows(&csv).swap_remove(0)
    };
    let lossy = row(&args);
    let said = folder.say(&[&args[..], &["--format", "json"]].concat());
    let report: Value = serde_json::from_str(&said.out).expect("JSON");
    for (head, at) in [
        ("p95_ns", "/latency/p95_ns"),
        ("uncorrected_p99_ns", "/uncorrected/p99_ns"),
        ("uncorrected_mean_ns", "/uncorrected/mean_ns"),
        ("lateness_p99_ns", "/open_loop/lateness/p99_ns"),
        ("late", "/open_loop/late"),
        ("late_by_generator", "/open_loop/late_by_generator"),
        ("late_for_a_job", "/open_loop/late_for_a_job"),
        ("dropped", "/open_loop/dropped"),
    ] {
        let value = report.pointer(at).map(Value::to_string);
        assert_eq!(Some(&lossy[head]), value.as_ref(), "{head}");
    }
    assert_ne!(lossy["dropped"], "0");
    assert_eq!(lossy["rate"], "90000");
    // A closed loop has none of it.
    let closed = row(&[&UNREAL[..], &["-n", "50"]].concat());
    assert_eq!(
        ["rate", "dropped", "late"].map(|head| &closed[head]),
        [""; 3]
    );
}

/// A comma would end the tag.
#[test]
fn hlog_of_a_grid_has_a_tag_for_each_point() {
    let args = [
        "sweep",
        "--jobs",
        "1,2",
        "--notify",
        "fd,callback",
        "-n",
        "100",
    ];
    let args = [&args[..], &["--compute", "none", "--format", "hlog"]].concat();
    let log = Folder::new().say(&args).expect_code(0).out;
    let tags = IntervalLogIterator::new(log.as_bytes()).filter_map(|entry| {
        let LogEntry::Interval(interval) = entry.expect("an entry") else {
            return None;
        };
        Some(interval.tag().expect("a tag").as_str().to_owned())
    });
    let mut tags: Vec<_> = tags.collect();
    tags.dedup();
    let points = [
        "notify=fd;jobs=1",
        "notify=fd;jobs=2",
        "notify=callback;jobs=1",
    ];
    assert_eq!(tags.len(), 4, "{tags:?}");
    assert!(
        points.iter().all(|it| tags.iter().any(|tag| tag == it)),
        "{tags:?}"
    );
}

/// 29 slices end their ops together, 66,975 each second from the beginning to the end: rounds at the edges of
/// intervals draw no saw.
#[test]
fn a_throughput_that_never_changes_is_drawn_as_one() {
    let folder = Folder::new();
    let load = [&UNREAL[..], &["-n", "13k", "--format", "html"]].concat();
    let html = folder.say(&load).expect_code(0).out;
    assert!(html.contains("each second, in intervals of 16.4ms; one round of 29 slices more"));
    let drawn = chart(&html, "throughput");
    let (_, points) = drawn.rsplit_once(" points=\"").expect("a line");
    let points = points.split('"').next().expect("points");
    let heights = points
        .split_whitespace()
        .filter_map(|it| it.split_once(','));
    let heights: Vec<i32> = heights.map(|(_, y)| y.parse().expect("a number")).collect();
    assert!(heights.len() >= 8, "{points}");
    let [highest, lowest] = [heights.iter().min(), heights.iter().max()];
    let apart = lowest.zip(highest).map(|(low, high)| low - high);
    // Of about 200: a fortieth.
    assert!(apart <= Some(5), "{points}");
}

/// Of 100 calls, evenly spread, the 95th is where it must be; and it can be asked for by its name.
#[test]
fn the_95th_percentile_is_known_everywhere() {
    let folder = Folder::new();
    let load = [&UNREAL[..], &["-n", "1000", "-c", "1"]].concat();
    let service =
        "device.asym.service={ distribution = \"uniform\", base = \"1ms\", spread = 1.0 }";
    let load = [&load[..], &["--set", service]].concat();
    let of = |rest: &[&str]| folder.say(&[&load[..], rest].concat());
    let report: Value =
        serde_json::from_str(&of(&["--format", "json"]).expect_code(0).out).expect("JSON");
    let [p90, p95, p99] = ["p90_ns", "p95_ns", "p99_ns"].map(|it| count(&report["latency"][it]));
    assert!(p90 < p95 && p95 < p99, "{p90} {p95} {p99}");
    // From nothing to two milliseconds.
    assert!(p95.abs_diff(1_900_000) < 60_000, "{p95}");
    of(&[
        "--slo",
        "p95<2ms",
        "--slo",
        "service.p95>1800us",
        "-o",
        "it.html",
        "-o",
        "it.json",
    ])
    .expect_code(0);
    of(&["--slo", "p95<1ms"]).expect_code(99);
    let html = folder.read("it.html");
    assert!(html.contains(">p95</th>"), "the table of percentiles");
    let slower = ["compare", "it.json", "it.json", "--fail-if", "p95>+1%"];
    folder.say(&slower).expect_code(0);
}

/// A version that this program does not write is none of its schema.
#[test]
fn schemas_are_of_one_version() {
    let folder = Folder::with(GOOD);
    let mut report = report(&folder);
    follows_schema("report", &report);
    report["format"] = "pausewake-report/99".into();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/");
    for (name, family) in [
        ("report", "\"const\": \"pausewake-report/"),
        ("sweep", "\"const\": \"pausewake-sweep/"),
        ("knee", "\"const\": \"pausewake-knee/"),
        ("profiles", "\"const\": \"pausewake-profiles/"),
        ("compare", "\"const\": \"pausewake-compare-modes/"),
        ("compare", "\"const\": \"pausewake-compare-results/"),
    ] {
        let text = std::fs::read_to_string(format!("{schema}{name}.schema.json")).expect(name);
        assert!(text.contains(family), "{name}");
    }
    assert!(!validator("report").is_valid(&report));
}
