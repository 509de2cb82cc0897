//! hgrm and hlog: distributions, and logs of them by intervals.

use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

use super::{decoded, report, varied};
use crate::helper::{Folder, count};

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
