//! What a sweep says of its points: predictions, overload, what does best, and what broke off.

use serde_json::Value;

use crate::helper::{Folder, Said, json, rows};

/// `line` as a sweep of a load that takes no time to compute.
fn sweep(folder: &Folder, line: &str, more: &[&str]) -> Said {
    let words: Vec<&str> = line.split(' ').collect();
    folder.say(&[&["sweep", "-q"], &words[..], more].concat())
}

/// Of each point what was predicted, and measured.
fn throughput(folder: &Folder, line: &str, more: &[&str]) -> Vec<[f64; 2]> {
    let said = sweep(folder, line, &[more, &["--format", "csv"]].concat()).expect_code(0);
    let columns = ["predicted_throughput", "throughput"];
    let number = |cell: &String| cell.parse().unwrap_or(f64::NAN);
    let rows = rows(&said.out).into_iter();
    rows.map(|row| columns.map(|it| number(&row[it]))).collect()
}

#[test]
fn more_than_is_served_is_told_with_its_limit() {
    let folder = Folder::new();
    let link = "device.link={to_device=\"1us\",to_host=\"1us\",bandwidth=\"100MB/s\"}";
    for (line, more, said) in [
        (
            "--profile network-hsm --rate 500,1000,5000 -n 30k",
            &[][..],
            "at 5,000 arrivals per second, the last value, more arrives than is served: the limit is \
             the rate of a key, 1,100/s at most (at 1,000 not yet)",
        ),
        (
            "--rate 1k..4k -c 1 -n 2k",
            &[],
            "at 4,000 arrivals per second, the last value, more arrives than is served: the limit is the \
             number of jobs, 2,308/s at most",
        ),
        (
            "--rate 1k,5k,20k -n 2k --op aes-128-gcm-seal@16384",
            &["--set", link],
            "the limit is the link, 6,098/s at most",
        ),
        (
            "--rate 60k..80k+10k -n 20k",
            &[],
            "from 70,000 arrivals per second on (at 60,000 not yet) more arrives than is served: the limit \
             is the slices, 66,975/s at most",
        ),
        (
            "--jobs 4..16 -R 20k -n 2k",
            &[],
            "up to 8 jobs more arrives than is served: the limit is the number of jobs, 9,232/s at most; at \
             16 all of it is served",
        ),
    ] {
        let text = sweep(&folder, line, more).expect_code(0);
        assert!(text.flat().contains(said), "{line}: {}", text.out);
        assert!(text.out.contains("saturated"), "{line}: {}", text.out);
        assert!(!text.out.contains("still grows"), "{line}: {}", text.out);
    }
}

#[test]
fn what_was_dropped_has_a_column() {
    let folder = Folder::new();
    let line = "--rate 1k,4k -c 1 -n 2k --set load.backlog=10";
    for format in ["text", "html"] {
        let said = sweep(&folder, line, &["--format", format])
            .expect_code(0)
            .out;
        assert!(said.contains("dropped"), "{format}: {said}");
        assert!(said.contains("no place in the"), "{format}: {said}");
    }
    let nothing = sweep(&folder, "--rate 1k,2k -n 100", &[]).expect_code(0);
    assert!(!nothing.out.contains("dropped"), "{}", nothing.out);
}

/// What stands above the table of points.
fn above(said: &Said) -> String {
    let words = said.flat();
    let end = words.find(" op/s predicted ");
    words[..end.expect("a table")].to_owned()
}

#[test]
fn points_at_which_nothing_returned_are_told_with_why() {
    let folder = Folder::new();
    let line = "--rate 1,10,10k -d 1ms";
    let text = sweep(&folder, line, &[]).expect_code(103);
    let said =
        "NOTHING RETURNED at rate=1 and rate=10: no call ended in the time that was measured.";
    assert!(above(&text).contains(said), "{}", text.out);
    let html = sweep(&folder, line, &["--format", "html"]).expect_code(103);
    assert!(html.out.contains(said), "{}", html.out);
    let all = sweep(&folder, "--rate 10k,20k -d 1ms", &[]).expect_code(0);
    assert!(!all.out.contains("NOTHING"), "{}", all.out);
}

/// Slices that have nothing to do are not what does not let through more.
#[test]
fn software_is_its_own_limit() {
    let folder = Folder::new();
    for (line, said) in [
        (
            "--jobs 1..4 -n 200",
            "throughput grows no more: the limit is software",
        ),
        (
            "--rate 1k,4k -n 2k",
            "more arrives than is served: the limit is software",
        ),
    ] {
        let text = sweep(&folder, line, &["--set", "engine.mode=software"]).expect_code(0);
        assert!(text.flat().contains(said), "{line}: {}", text.out);
        assert!(!text.out.contains("elsewhere"), "{line}: {}", text.out);
    }
}

/// A call that failed was a call: where there were enough of them, the run was not too short.
#[test]
fn failed_calls_have_a_column_and_the_points_are_named() {
    let folder = Folder::new();
    let line = "--jobs 1,8,64 -n 500 --set engine.op_timeout=500us";
    let points = json(&sweep(&folder, line, &["--format", "json"]).expect_code(99));
    let last = &points["points"][2]["report"];
    let [returned, failed] = [&last["ops"], &last["errors"]["total"]];
    assert_eq!(
        returned.as_u64().zip(failed.as_u64()).map(|(a, b)| a + b),
        Some(500)
    );
    let said = format!("FAILED CALLS at jobs=64 ({failed} of 500 calls): ");
    let text = sweep(&folder, line, &[]).expect_code(99);
    assert!(above(&text).contains(&said), "{}", text.out);
    assert!(text.flat().contains("busy failed"), "{}", text.out);
    let row = text
        .out
        .lines()
        .find(|line| line.trim_start().starts_with("64 "));
    let row = row.expect("a row");
    assert!(row.trim_end().ends_with(&failed.to_string()), "{row}");
    assert!(!text.out.contains("TOO SHORT"), "{}", text.out);
    let knee = "from 8 jobs (at 1 not yet) on throughput grows no more: calls fail, ";
    assert!(text.flat().contains(knee), "{}", text.out);
    let html = sweep(&folder, line, &["--format", "html"]).expect_code(99);
    assert!(html.out.contains(&said), "{}", html.out);
    // Where all of them fail there is no figure, and no knee.
    let none = "--jobs 1,8,64 -n 500 --set engine.op_timeout=1ns";
    let text = sweep(&folder, none, &[]).expect_code(99);
    let said =
        "jobs=1 (500 of 500 calls), jobs=8 (500 of 500 calls) and jobs=64 (500 of 500 calls)";
    assert!(above(&text).contains(said), "{}", text.out);
    assert!(!text.out.contains("TOO SHORT"), "{}", text.out);
    assert!(
        text.flat().contains("too few points that mean something"),
        "{}",
        text.out
    );
}

/// Neither chance, nor how long it went on, is in a prediction.
#[test]
fn predictions_are_those_of_the_configuration() {
    let folder = Folder::new();
    let service = "device.asym.service={distribution=\"exponential\",base=\"433us\"}";
    let line = "--rate 1k,2k,60k -n 300";
    for seed in ["1", "2"] {
        let points = throughput(&folder, line, &["--set", service, "--seed", seed]);
        let predicted: Vec<f64> = points.iter().map(|it| it[0]).collect();
        assert_eq!(predicted, [1_000.0, 2_000.0, 60_000.0]);
    }
    let jobs = "--jobs 16,29,64 -n 2k";
    let warm = throughput(&folder, jobs, &["--warmup", "100ms"]);
    let cold = throughput(&folder, jobs, &[]);
    let predicted = |points: &[[f64; 2]]| -> Vec<f64> { points.iter().map(|it| it[0]).collect() };
    assert_eq!(predicted(&warm), predicted(&cold));
    // By their weights, whatever was drawn: 1 of 4 takes 433 us, and is by 29 slices.
    let mix = "--rate 1M,2M -n 200 --mix rsa-sign:1,aes-128-gcm-seal@64:3";
    let points = throughput(&folder, mix, &["--set", "host.base=free"]);
    for [predicted, _] in points {
        assert!((predicted - 4.0 * 29.0 / 433e-6).abs() < 1.0, "{predicted}");
    }
}

#[test]
fn rates_of_keys_and_batches_are_predicted() {
    let folder = Folder::new();
    for (line, predicted) in [
        (
            "--profile network-hsm --jobs 1..8 -n 2k",
            [400.0, 800.0, 1_100.0, 1_100.0],
        ),
        (
            "--profile software-batching --jobs 1,4,8,16 -n 3200",
            [89.0, 356.0, 6_472.0, 6_472.0],
        ),
    ] {
        let points = throughput(&folder, line, &["--set", "host.base=free"]);
        for ([told, measured], expected) in points.iter().zip(predicted) {
            assert!((told / expected - 1.0).abs() < 1e-3, "{line}: {points:?}");
            assert!((measured / told - 1.0).abs() < 0.02, "{line}: {points:?}");
        }
    }
    let said = sweep(&folder, "--profile network-hsm --jobs 1..8 -n 2k", &[]).expect_code(0);
    let knee = "N* = 2.75 jobs; then the limit is the rate of a key";
    assert!(said.flat().contains(knee), "{}", said.out);
    // Batches that think may, or may not, be full.
    let think = ["--set", "load.think=1ms"];
    let points = throughput(
        &folder,
        "--profile software-batching --jobs 8,16 -n 200",
        &think,
    );
    assert!(points.iter().all(|it| it[0].is_nan()), "{points:?}");
}

/// A link that is far too slow shows what goes over it.
#[test]
fn sizes_are_those_that_go_over_the_link() {
    let folder = Folder::new();
    let link = "device.link={to_device=\"1us\",to_host=\"1us\",bandwidth=\"1MB/s\"}";
    for op in [
        "rsa-sign",
        "rsa4096-sign",
        "rsa-verify",
        "ecdsa-p256-sign",
        "ecdsa-p384-sign",
        "aes-128-gcm-seal@1000",
        "aes-256-gcm-open@1000",
    ] {
        let more = ["--op", op, "--set", link];
        for [predicted, measured] in throughput(&folder, "--jobs 64,128 -n 2k", &more) {
            let ratio = measured / predicted;
            assert!(
                (0.99..1.000_1).contains(&ratio),
                "{op}: {measured} of {predicted}"
            );
        }
    }
}

#[test]
fn nobody_knows_what_is_below_the_first_value() {
    let said = sweep(&Folder::new(), "--jobs 64..256 -n 2k", &[]).expect_code(0);
    let first = "already at 64 jobs, the first value, the device is saturated; more only wait";
    assert!(said.flat().contains(first), "{}", said.out);
}

#[test]
fn the_best_is_the_best_of_the_table() {
    let folder = Folder::new();
    let line = "--threads 1,2,4 --jobs 32,64,128 -n 5k";
    let measured = throughput(&folder, line, &[]).into_iter().map(|it| it[1]);
    let best = measured.fold(0.0, f64::max).round().to_string();
    let best = format!("{},{}", &best[..best.len() - 3], &best[best.len() - 3..]);
    let html = sweep(&folder, line, &["--format", "html"])
        .expect_code(0)
        .out;
    let card = html.split("Best throughput").nth(1).expect("a card");
    assert!(card[..200].contains(&best), "{best}: {}", &card[..200]);
}

#[test]
fn words_have_bars_and_a_sentence() {
    let folder = Folder::new();
    let line = "--notify fd,callback,poll -n 5k --op aes-128-gcm-seal";
    let said = sweep(&folder, line, &[]).expect_code(0);
    let text = said.flat();
    assert!(
        text.contains("does best: ") && text.contains("more than fd ("),
        "{text}"
    );
    let html = sweep(&folder, line, &["--format", "html"])
        .expect_code(0)
        .out;
    for id in ["throughput", "latency"] {
        assert!(html.contains(&format!("id=\"sweep-notify-{id}\"")), "{id}");
    }
    let free = ["--set", "host.base=free"];
    let said = sweep(&folder, "--notify fd,callback -n 1k", &free).expect_code(0);
    assert!(said.flat().contains("do the same"), "{}", said.out);
}

#[test]
fn numbers_of_many_quantities_are_not_broken() {
    let folder = Folder::new();
    for line in [
        "--jobs 64..256 --notify fd,callback --threads 1,2 --op aes-128-gcm-seal -n 500",
        "--jobs 64..256 --rate 1M,2M --size 64,16K --op aes-128-gcm-seal -n 500",
        "--jobs 2..4 --rate 1k,2k --size 64,128 --threads 1,2 --notify fd,callback \
         --op aes-128-gcm-seal -n 100",
    ] {
        let said = sweep(&folder, line, &[]).expect_code(0);
        assert!(said.out.lines().all(|line| line.chars().count() <= 80));
        let table = said
            .out
            .lines()
            .filter(|line| line.contains(" %") && !line.contains("busy"));
        for row in table.filter(|line| line.starts_with(|c: char| c.is_ascii_digit())) {
            let cells = row.split_whitespace().count();
            assert!(cells >= 8, "{row}");
        }
        assert!(!said.out.contains("predicte\n"), "{}", said.out);
    }
}

#[test]
fn too_many_jobs_are_told_before_anything_runs() {
    let folder = Folder::new();
    let said = sweep(&folder, "--jobs 8,400M -n 500M -o it.json", &[]);
    let said = said.expect_code(104);
    said.expect_err(&[
        "at jobs=400000000 400,000,000 jobs need a stack",
        "accepted: fewer",
    ]);
    assert!(!folder.path("it.json").exists());
}

#[test]
fn a_point_that_breaks_off_does_not_take_the_others_with_it() {
    let folder = Folder::new();
    let shell = "ulimit -v 1200000; exec \"$0\" \"$@\"";
    let line = "sweep --jobs 4,20k -n 20k -q -o it.json -o it.html -o it.hgrm";
    let output = std::process::Command::new("sh")
        .args(["-c", shell, env!("CARGO_BIN_EXE_pausewake")])
        .args(line.split(' '))
        .current_dir(folder.path("."))
        .output()
        .expect("a shell");
    crate::helper::said(output).expect_code(103);
    let said = folder.say(&["report", "it.json"]).expect_code(0);
    assert!(said.out.contains("INCOMPLETE: 1 of 2"), "{}", said.out);
    assert!(
        said.flat().contains("jobs=20000: the run broke off"),
        "{}",
        said.out
    );
    let row = said.out.lines().find(|line| line.starts_with("20,000"));
    assert!(
        row.is_some_and(|row| row.ends_with("BROKE OFF")),
        "{}",
        said.out
    );
    let saved = folder.say(&["report", "it.json", "--format", "json"]);
    let saved = json(&saved.expect_code(0));
    assert_eq!(saved["points"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        saved["broke_off"][0]["at"],
        Value::from([20_000].as_slice())
    );
    // Files are called after the points that they are of.
    let lens = ["it.jobs=4.hgrm", "it.jobs=20000.hgrm"]
        .map(|name| std::fs::metadata(folder.path(name)).expect("a file").len());
    assert!(lens[0] > 0 && lens[1] == 0, "{lens:?}");
}

/// Whether points have their descriptors does not depend on which others are run beside them.
#[test]
fn points_share_the_descriptors_that_there_are() {
    let folder = Folder::new();
    let program = env!("CARGO_BIN_EXE_pausewake");
    let sweep = "sweep --jobs 256,512 --notify fd --compute none -n 2000";
    let limited = |limit: &str| {
        let run = format!("ulimit {limit}; exec {program} {sweep}");
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", &run]).current_dir(folder.path("."));
        crate::helper::said(output.output().expect("a shell"))
    };
    let free = limited("-Sn 1024").expect_code(0);
    // A soft limit is raised; below a hard one of 700 there is room for one point after the other.
    for limit in ["-Sn 256", "-n 700"] {
        assert_eq!(limited(limit).expect_code(0).out, free.out, "{limit}");
    }
    let said = limited("-n 400").expect_code(104);
    said.expect_err(&["512 jobs that are told by fd need a descriptor each"]);
}

/// More jobs than there is room for go to software, which is slower.
#[test]
fn where_more_brings_less_that_is_said() {
    let args = ["sweep", "--jobs", "32,64,256", "-n", "5k", "--compute"];
    let fallback = ["none", "--set", "engine.fallback=[\"on_full\"]"];
    let args = [&args[..], &fallback].concat();
    let words = Folder::new().say(&args).expect_code(0).flat();
    assert!(words.contains("at 256 jobs it is "), "{words}");
    assert!(!words.contains("more only wait"), "{words}");
}
