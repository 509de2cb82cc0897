//! Saved results held against each other: what differs, and what belongs together.

use super::{results, save};
use crate::helper::{Folder, GOOD, chart, follows_schema, json, number};

#[test]
fn saved_results_differ_by_what_differs() {
    let folder = results();
    let args = ["compare", "full.json", "half.json", "--format", "json"];
    let report = json(&folder.say(&args).expect_code(0));
    follows_schema("compare", &report);
    let throughput = &report["pairs"][0]["figures"][0];
    assert_eq!(throughput["figure"], "throughput");
    let difference = number(throughput, "/difference");
    assert!((difference + 0.5).abs() < 0.01, "{difference}");
    let half_width = number(throughput, "/half_width");
    assert!((0.0..0.02).contains(&half_width), "{half_width}");
    // Of a percentile nothing is known from one run each.
    let p99 = &report["pairs"][0]["figures"][5];
    assert_eq!(p99["figure"], "p99");
    assert!(p99["half_width"].is_null());
    let differing = &report["pairs"][0]["differing"][0];
    assert_eq!(differing["entry"], "device.asym.slices");
    assert_eq!(
        (&differing["baseline"], &differing["candidate"]),
        (&"28".into(), &"14".into())
    );
    let said = folder.say(&args[..3]).expect_code(0);
    let (text, flat) = (&said.out, said.flat());
    assert!(flat.contains("device.asym.slices is 28 and 14"), "{text}");
    assert!(flat.contains("it is one run each"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let same = ["compare", "full.json", "full.json", "--format", "json"];
    let report = json(&folder.say(&same).expect_code(0));
    for figure in report["pairs"][0]["figures"].as_array().expect("figures") {
        assert_eq!(figure["difference"], 0.0, "{figure}");
    }
    let words = [
        "The candidate is slower by 49.9",
        "Its mean latency is higher by 99.",
        "Its p99 is higher by ",
    ];
    for (index, start) in words.iter().enumerate() {
        let said = report_words(&args, &folder, index);
        assert!(said.starts_with(start), "{said}");
        assert_eq!(said.contains(" ± "), index < 2, "{said}");
        assert!(flat.contains(&said), "{text}");
    }
    let condition = ["--fail-if", "throughput<-5%", "--fail-if", "errors>0%"];
    let page = [&args[..3], &condition, &["-o", "it.html"]].concat();
    assert_eq!(folder.say(&page).expect_code(99).out, "");
    let html = folder.read("it.html");
    for part in [
        "The candidate is slower by 49.9",
        "class=\"bad\">FAILS<",
        "class=\"good\">passes<",
        "one run each",
    ] {
        assert!(html.contains(part), "{part}");
    }
    folder.say(&page).expect_code(99);
    assert_eq!(folder.read("it.html"), html);
    let csv = [&args[..3], &["--format", "csv"]].concat();
    let csv = folder.say(&csv).expect_code(0).out;
    assert!(
        csv.starts_with("variant,figure,baseline,candidate,"),
        "{csv}"
    );
}

/// A sentence of the only pair.
fn report_words(args: &[&str], folder: &Folder, index: usize) -> String {
    let report = json(&folder.say(args).expect_code(0));
    let words = report["pairs"][0]["words"][index].as_str();
    words.expect("a sentence").to_owned()
}

#[test]
fn variants_are_matched_by_their_names() {
    let folder = Folder::new();
    let scenario = |names: [&str; 2]| {
        let variant = |name| format!("[[variant]]\nname = \"{name}\"\n");
        format!("{}{}{}", GOOD, variant(names[0]), variant(names[1]))
    };
    for (file, names) in [
        ("a", ["one", "two"]),
        ("b", ["two", "three"]),
        ("c", ["x", "y"]),
    ] {
        let (toml, result) = (format!("{file}.toml"), format!("{file}.json"));
        folder.write(&toml, scenario(names).as_bytes());
        folder.say(&["run", &toml, "-o", &result]).expect_code(0);
    }
    let text = folder
        .say(&["compare", "a.json", "b.json"])
        .expect_code(0)
        .out;
    assert!(text.contains("one, in a.json"), "{text}");
    assert!(text.contains("three, in b.json"), "{text}");
    let report = folder.say(&["compare", "a.json", "b.json", "--format", "json"]);
    let report = json(&report);
    assert_eq!(report["pairs"].as_array().expect("pairs").len(), 1);
    assert_eq!(report["pairs"][0]["variant"], "two");
    let said = folder
        .say(&["compare", "a.json", "c.json"])
        .expect_code(104);
    said.expect_err(&[
        "no variant in common",
        "one; two, in a.json",
        "x; y, in c.json",
    ]);
}

/// Two sweeps of the same load, the second with two slices for four.
fn sweeps(quantities: &[&str]) -> Folder {
    let folder = Folder::new();
    for (name, slices) in [("four.json", "4"), ("two.json", "2")] {
        let slices = format!("device.asym.slices={slices}");
        let sweep = ["sweep", "-n", "2k", "--set", &slices, "-o", name];
        folder
            .say(&[&sweep[..], quantities].concat())
            .expect_code(0);
    }
    folder
}

#[test]
fn sweeps_are_compared_at_a_glance() {
    let folder = sweeps(&["--jobs", "1..16"]);
    let args = ["compare", "four.json", "two.json"];
    let said = folder.say(&args).expect_code(0);
    let (text, flat) = (&said.out, said.flat());
    // Up to two jobs nobody waits; then half of the slices do half of the work.
    for part in [
        "compared 5 points",
        "throughput slower in 3 of 5, by ",
        "; the same in 2 of 5",
        "mean latency higher in 3 of 5, by ",
        "differs device.asym.slices is 4 and 2",
        "Figure by figure: --format html, csv or json",
    ] {
        assert!(flat.contains(part), "{part}: {text}");
    }
    for (jobs, verdict) in [(1, "same"), (2, "same"), (4, "slower"), (16, "slower")] {
        let mut rows = text.lines();
        let row = rows.find(|row| row.starts_with(&format!("jobs={jobs} ")));
        assert!(row.expect("a row for each").ends_with(verdict), "{text}");
    }
    let is_narrow = |line: &str| line.chars().count() <= 80;
    assert!(text.lines().all(is_narrow), "{text}");
    assert!(text.lines().count() < 30, "{text}");
    // Nothing is lost.
    let report = json(&folder.say(&[&args[..], &["--format", "json"]].concat()));
    follows_schema("compare", &report);
    assert_eq!(report["pairs"].as_array().map(Vec::len), Some(5));
    let csv = folder.say(&[&args[..], &["--format", "csv"]].concat());
    let service = csv.out.lines().filter(|it| it.contains(",service.mean,"));
    assert_eq!(service.count(), 5, "{}", csv.out);
    let html = folder.say(&[&args[..], &["--format", "html"]].concat()).out;
    assert!(html.contains("throughput: slower in 3 of 5, by "));
    for figure in ["throughput", "latency"] {
        let chart = chart(&html, &format!("compare-jobs-{figure}"));
        assert_eq!(chart.matches("<circle").count(), 2 * 5);
    }
    assert_eq!(html.matches(">service.mean<").count(), 5);
    // A condition is said once, with the points that fail by it.
    let fails = ["--fail-if", "throughput<-5%", "--fail-if", "errors>0%"];
    let said = folder.say(&[&args[..], &fails].concat()).expect_code(99);
    for part in [
        "throughput<-5%: FAILS in 3 of 5: jobs=4 (-",
        "errors>0%: passes in all 5",
        "Exit code 99: a --fail-if is met",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    // Of a grid, too, in 80 columns.
    let folder = sweeps(&[
        "--jobs",
        "1..8",
        "--notify",
        "fd,callback",
        "--threads",
        "1,2",
    ]);
    let said = folder.say(&args).expect_code(0);
    assert!(said.out.lines().all(is_narrow), "{}", said.out);
    assert!(said.flat().contains("compared 14 points"), "{}", said.out);
}

/// A path says nothing of what stands there: another file by the same name is another load.
#[test]
fn files_that_were_exchanged_between_runs_are_told() {
    let folder = Folder::new();
    let keys = [
        &include_bytes!("../../../keys/test-rsa2048.pem")[..],
        include_bytes!("../../../keys/test-rsa4096.pem"),
    ];
    let run = |name: &str, seed: &str, load: &[&str]| {
        save(
            &folder,
            name,
            &[load, &["-n", "50", "--seed", seed]].concat(),
            0,
        );
    };
    let payloads = [vec![1; 100], vec![2; 10_000]];
    for (label, load, files, about) in [
        (
            "payload it.bin",
            &["--op", "aead-seal", "--payload", "it.bin"][..],
            payloads.each_ref().map(Vec::as_slice),
            ["100 bytes, SHA-256 ", "10,000 bytes, SHA-256 "],
        ),
        (
            "key it.bin",
            &["--key", "it.bin"],
            keys,
            ["RSA-2048, SHA-256 ", "RSA-4096, SHA-256 "],
        ),
    ] {
        for (index, content) in files.into_iter().enumerate() {
            folder.write("it.bin", content);
            run(&format!("{index}.json"), &index.to_string(), load);
        }
        run("again.json", "9", load);
        let said = folder.say(&["compare", "0.json", "1.json"]).expect_code(0);
        for part in [label, about[0], about[1]] {
            assert!(said.flat().contains(part), "{part}: {}", said.out);
        }
        let merged = folder.say(&["merge", "0.json", "1.json", "-o", "all.json"]);
        merged
            .expect_code(104)
            .expect_err(&[label, about[0], about[1]]);
        // The same file is the same load.
        let said = folder
            .say(&["compare", "1.json", "again.json"])
            .expect_code(0);
        assert!(!said.flat().contains(label), "{}", said.out);
        let merge = ["merge", "1.json", "again.json", "--format", "json"];
        let merged = json(&folder.say(&merge).expect_code(0));
        follows_schema("report", &merged);
        let file = &merged["files"][0];
        assert_eq!(file["path"], "it.bin");
        assert_eq!(file["sha256"].as_str().map(str::len), Some(64), "{file}");
    }
    // Of a private key its public part: as `openssl rsa -RSAPublicKey_out -outform DER` has it.
    let report = folder.read("1.json");
    assert!(report.contains(RSA4096_SHA256));
}

/// Of the public part of `keys/test-rsa4096.pem`.
const RSA4096_SHA256: &str = "f232a7514bb40412ea114816dda31ec87f849b2d73a542b14b43f1a38f5480fa";
