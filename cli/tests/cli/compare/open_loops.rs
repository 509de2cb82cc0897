//! Open loops side by side: no verdict without what they lost.

use serde_json::Value;

use super::{compare, save};
use crate::helper::{Folder, flat, follows_schema};

#[test]
fn modes_of_an_open_loop_tell_what_they_lost() {
    let folder = Folder::new();
    let args = [
        "-R",
        "20k",
        "-n",
        "1k",
        "-c",
        "64",
        "--seeds",
        "2",
        "--set",
        "load.backlog=50",
    ];
    let [text, csv, html, report] = in_all_formats(&folder, &args, 0);
    let report: Value = serde_json::from_str(&report).expect("JSON");
    follows_schema("compare", &report);
    let of = |mode: usize, what: &str| {
        let count = report["modes"][mode]["open_loop"][what].as_u64();
        count.unwrap_or_else(|| panic!("no {what}: {report}"))
    };
    assert_eq!(of(0, "arrivals"), 2_000);
    let dropped = [of(0, "dropped"), of(1, "dropped")];
    assert!(dropped.iter().all(|it| *it > 0) && of(3, "dropped") == 0);
    assert!(of(0, "late") > 0);
    let thousands = |count: u64| format!("{},{:03}", count / 1_000, count % 1_000);
    let lost = format!(
        ", but software dropped {} of 2,000 arrivals",
        thousands(dropped[0])
    );
    let both = format!(
        "{lost}, and sync dropped {} of 2,000 arrivals.",
        thousands(dropped[1])
    );
    for said in [&flat(&text), &html] {
        assert!(said.contains("software: SATURATED: "), "{said}");
        assert!(said.contains("sync: SATURATED: "), "{said}");
        assert!(!said.contains("callback: SATURATED: "), "{said}");
        // No verdict without it.
        assert_eq!(said.contains(" than software by "), said.contains(&lost));
    }
    assert!(flat(&text).contains(&both), "{text}");
    for row in ["uncorr. p99", "late", "dropped"] {
        assert!(
            text.lines().any(|line| line.starts_with(row)),
            "{row}: {text}"
        );
    }
    for row in [
        format!("software,dropped,{},,2", dropped[0]),
        "callback,dropped,0,,2".to_owned(),
    ] {
        assert!(csv.contains(&row), "{csv}");
    }
    assert!(csv.contains("software,uncorrected_p99_ns,"), "{csv}");
    assert!(html.contains("dropped "), "{html}");
    // A closed loop has no such rows.
    let closed = compare(&["-n", "200", "--seeds", "1", "--no-break-even"]);
    assert!(!closed.expect_code(0).out.contains("dropped"));
}

#[test]
fn results_of_open_loops_tell_what_they_lost() {
    let folder = Folder::new();
    save(&folder, "calm.json", &["-R", "60k", "-d", "50ms"], 0);
    let lossy = [
        "-R",
        "90k",
        "-d",
        "50ms",
        "-c",
        "64",
        "--set",
        "load.backlog=50",
    ];
    save(&folder, "lossy.json", &lossy, 0);
    let files = ["calm.json", "lossy.json"];
    let [text, csv, html, report] = in_all_formats(&folder, &files, 0);
    follows_schema("compare", &serde_json::from_str(&report).expect("JSON"));
    for said in [&flat(&text), &html] {
        for part in [
            "SATURATED: lossy.json: more arrives than",
            ", but the candidate dropped ",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("SATURATED: calm.json"), "{said}");
    }
    for figure in ["uncorrected.p99", "late", "dropped"] {
        assert!(text.lines().any(|it| it.starts_with(figure)), "{text}");
        assert!(csv.contains(&format!("\n,{figure},")), "{csv}");
    }
    // Beside a closed loop, too: what the one has not is not zero.
    save(&folder, "closed.json", &["-n", "2k"], 0);
    let said = folder
        .say(&["compare", "closed.json", "lossy.json"])
        .expect_code(0);
    let dropped = said.out.lines().find(|it| it.starts_with("dropped"));
    let cells: Vec<&str> = dropped.expect("a row").split_whitespace().collect();
    assert_eq!((cells[1], cells[3]), ("n/a", "n/a"), "{}", said.out);
    // Of many points their names.
    for (name, backlog) in [("a.json", "1000"), ("b.json", "50")] {
        let backlog = format!("load.backlog={backlog}");
        let sweep = [
            "sweep",
            "--rate",
            "30k,90k,120k",
            "-c",
            "64",
            "-d",
            "20ms",
            "--set",
        ];
        folder
            .say(&[&sweep[..], &[&backlog, "-q", "-o", name]].concat())
            .expect_code(0);
    }
    let said = folder.say(&["compare", "a.json", "b.json"]).expect_code(0);
    for part in [
        "SATURATED: b.json: rate=90000; rate=120000.",
        "; arrivals were dropped in 2 of 3",
        "dropped arrivals of the candidate in 2 of 3",
    ] {
        assert!(said.flat().contains(part), "{part}: {}", said.out);
    }
    let row = said.out.lines().find(|it| it.starts_with("rate=90000 "));
    assert!(row.expect("a row").ends_with(" DROPS"), "{}", said.out);
}

/// What `args` write in each format that humans and spreadsheets read, and in JSON.
fn in_all_formats(folder: &Folder, args: &[&str], code: i32) -> [String; 4] {
    let files = [
        "-o", "it.txt", "-o", "it.csv", "-o", "it.html", "-o", "it.json",
    ];
    folder
        .say(&[&["compare"], args, &files].concat())
        .expect_code(code);
    ["it.txt", "it.csv", "it.html", "it.json"].map(|name| folder.read(name))
}
