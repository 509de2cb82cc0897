//! What a sweep is shown as: the same again in every format, in words, and in 80 columns.

use super::{sweep, sweep_of_jobs, throughput};
use crate::helper::{Folder, follows_schema};

#[test]
fn it_is_the_same_again_in_every_format() {
    let folder = Folder::new();
    for format in ["text", "json", "csv", "html", "hlog"] {
        let [first, again] = [0, 1].map(|_| sweep_of_jobs(&folder, &["--format", format]));
        assert_eq!(first.expect_code(0).out, again.out, "{format}");
    }
}

#[test]
fn a_saved_sweep_fits_its_schema_and_is_reported_again() {
    let folder = Folder::new();
    sweep_of_jobs(&folder, &["-o", "it.json", "-o", "it.html", "-o", "it.txt"]).expect_code(0);
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
