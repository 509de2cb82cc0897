//! SIGINT, SIGTERM and SIGHUP end a run in order, with a report; and nothing half-written is left.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::fs::{Mode, OFlags};
use serde_json::Value;

use crate::helper::{Folder, GOOD, follows_schema, said};

/// Runs for hours if nobody ends it.
const ENDLESS: [&str; 8] = [
    "--set",
    "load.ops=4000000000",
    "--set",
    "expect.ops=",
    "-o",
    "report",
    "--format",
    "json",
];

/// The endless run, begun, so that it listens to signals.
fn begun(folder: &Folder, clock: &str) -> Child {
    let mut command = folder.command(&["run", "it.toml", "--set", clock]);
    started(command.args(ENDLESS))
}

/// `command`, begun: it listens to signals.
fn started(command: &mut Command) -> Child {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // Its handler is the last.
    while !catches(15, &child) {
        assert_eq!(child.try_wait().expect("a child"), None, "it ended early");
        std::thread::yield_now();
    }
    child
}

/// The report of an endless run that was ended by `signal`; of several variants, the first one's.
fn ended(folder: &Folder, clock: &str, signal: &str) -> Value {
    let child = begun(folder, clock);
    send(signal, &child);
    let said = said(child.wait_with_output().expect("it ends"));
    let said = said.expect_code(105);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
    assert_eq!(folder.names(), ["it.toml", "report"]);
    let report = std::fs::read(folder.path("report")).expect("a report");
    let report: Value = serde_json::from_slice(&report).expect("JSON");
    let report = match report.get("variants") {
        Some(variants) => {
            assert_eq!(variants.as_array().map(Vec::len), Some(1));
            variants[0].clone()
        }
        None => report,
    };
    assert_eq!(report["aborted"]["by"], "signal");
    report
}

fn send(signal: &str, child: &Child) {
    send_to(signal, &[child]);
}

/// One signal for each of `children`, with nothing in between.
fn send_to(signal: &str, children: &[&Child]) {
    let mut kill = Command::new("kill");
    kill.args(["-s", signal])
        .args(children.iter().map(|child| child.id().to_string()));
    assert!(kill.status().expect("kill starts").success());
}

#[test]
fn a_signal_ends_the_run_in_order_and_what_was_measured_is_reported() {
    for (signal, clock) in [
        ("INT", "clock=virtual"),
        ("TERM", "clock=virtual"),
        ("HUP", "clock=virtual"),
        ("INT", "clock=wall"),
    ] {
        let folder = Folder::with(GOOD);
        let report = ended(&folder, clock, signal);
        let started = report["jobs"]["started"].as_u64().expect("a count");
        assert_eq!(report["jobs"]["finished"], started, "{clock}");
        assert_eq!(report["ops"], started, "{clock}");
        // It may have come before the first op.
        let differs = report["littles_law"][0]["difference"].as_f64();
        assert_eq!(differs.unwrap_or(0.0), 0.0, "{clock}");
    }
}

#[test]
fn a_signal_ends_a_run_of_variants_and_of_threads_too() {
    let variants = format!("{GOOD}[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n");
    let threads = GOOD.replace("jobs = 4", "jobs = 4\nthreads = 3");
    for (scenario, clock) in [
        (&variants, "clock=virtual"),
        (&variants, "clock=wall"),
        (&threads, "clock=virtual"),
        (&threads, "clock=wall"),
    ] {
        let report = ended(&Folder::with(scenario), clock, "INT");
        assert_eq!(report["jobs"]["started"], report["jobs"]["finished"]);
    }
}

#[test]
fn a_run_that_waits_for_a_slow_device_is_ended_too() {
    let folder = Folder::with(GOOD);
    let slow = GOOD.replace("100us", "100s");
    folder.write("it.toml", slow.as_bytes());
    let report = ended(&folder, "clock=wall", "INT");
    assert_eq!(report["ops"], 0);
    // Nobody waits for hours for what the device still has.
    assert_eq!(report["jobs"]["cancelled"], report["jobs"]["started"]);
    assert_eq!(report["jobs"]["finished"], 0);
}

/// As `timeout` does it: to the process, and at once to the group that it is in.
#[test]
fn a_signal_that_comes_twice_is_one() {
    for signal in ["INT", "TERM"] {
        let folder = Folder::with(GOOD);
        let child = begun(&folder, "clock=virtual");
        send_to(signal, &[&child, &child]);
        let said = said(child.wait_with_output().expect("it ends"));
        said.expect_code(105);
        assert_eq!(folder.names(), ["it.toml", "report"]);
    }
}

/// As under nohup.
#[test]
fn a_hangup_that_is_ignored_stays_ignored() {
    let folder = Folder::with(GOOD);
    let program = env!("CARGO_BIN_EXE_pausewake");
    let run = format!(
        "trap '' HUP; exec {program} run it.toml {}",
        ENDLESS.join(" ")
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &run]).current_dir(folder.path("."));
    let child = started(&mut shell);
    assert!(catches(2, &child) && !catches(1, &child));
    for signal in ["HUP", "INT"] {
        send(signal, &child);
    }
    let said = said(child.wait_with_output().expect("it ends"));
    said.expect_code(105);
    assert_eq!(folder.names(), ["it.toml", "report"]);
}

/// The system would end the process, and its unfinished file would stay.
#[test]
fn a_file_that_would_be_too_long_is_an_error_and_leaves_nothing() {
    let folder = Folder::with(GOOD);
    let program = env!("CARGO_BIN_EXE_pausewake");
    // Blocks of 512 bytes, or of 1,024: room for the queue's memory, and not for a page of 40 kB.
    let page = "--set device.ring_depth=4 --format html -o report";
    let run = format!("ulimit -f 30; exec {program} run it.toml {page}");
    let mut shell = Command::new("sh");
    let shell = shell.args(["-c", &run]).current_dir(folder.path("."));
    let said = said(shell.output().expect("a shell"));
    let said = said.expect_code(104);
    said.expect_err(&[
        "cannot write report",
        "too large",
        "accepted: a place with room",
    ]);
    assert_eq!(folder.names(), ["it.toml"]);
}

#[test]
fn a_fifo_that_nobody_reads_does_not_keep_a_signal_away() {
    for signal in ["INT", "TERM"] {
        let folder = Folder::with(GOOD);
        let fifo = folder.path("fifo");
        let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        let child = started(&mut folder.command(&["run", "it.toml", "-o", "fifo"]));
        send(signal, &child);
        let said = said(child.wait_with_output().expect("it ends"));
        let said = said.expect_code(105);
        said.expect_err(&["before anybody read fifo", "nothing was run"]);
        assert_eq!(folder.names(), ["fifo", "it.toml"]);
    }
}

/// Whether the program has a handler for the signal of this number.
fn catches(signal: u32, child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
    let status = status.expect("the child's status");
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.expect("a mask").trim(), 16).expect("hexadecimal");
    caught & (1 << (signal - 1)) != 0
}

#[test]
fn an_open_loop_of_any_length_is_ended_too() {
    let open = GOOD.replace("jobs = 4", "rate = \"1000/s\"");
    for clock in ["clock=virtual", "clock=wall"] {
        let report = ended(&Folder::with(&open), clock, "TERM");
        assert_eq!(report["ops"], report["open_loop"]["started"], "{clock}");
    }
}

/// The first may be on its way to end the run; the second does not wait for that.
#[test]
fn signals_without_end_end_the_process() {
    let folder = Folder::with(GOOD);
    let mut child = begun(&folder, "clock=virtual");
    let ended: ExitStatus = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        send("INT", &child);
    };
    assert!(
        ended.code() == Some(105) || ended.signal() == Some(2),
        "{ended}"
    );
    // All of the report, or nothing.
    let names = folder.names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match ended.code() {
        Some(_) => assert_eq!(names, ["it.toml", "report"]),
        None => assert!(
            matches!(names[..], ["it.toml"] | ["it.toml", "report"]),
            "{names:?}"
        ),
    }
}

/// Nobody can do anything then: what it has written so far has no name, where the file system has such
/// files.
#[test]
#[expect(clippy::print_stderr, reason = "what is not tried is told")]
fn a_process_that_is_killed_leaves_no_unfinished_file() {
    let folder = Folder::with(GOOD);
    let flags = OFlags::TMPFILE | OFlags::WRONLY;
    if rustix::fs::open(folder.path("."), flags, Mode::RUSR | Mode::WUSR).is_err() {
        eprintln!("not tried: this file system has no files without a name");
        return;
    }
    for signal in ["KILL", "QUIT"] {
        let mut child = begun(&folder, "clock=virtual");
        while !has_open_in(&folder, &child) {
            assert_eq!(child.try_wait().expect("a child"), None, "it ended early");
            std::thread::yield_now();
        }
        send(signal, &child);
        assert_eq!(child.wait().expect("it ends").code(), None);
        let mut names = folder.names();
        names.retain(|name| !name.starts_with("core"));
        assert_eq!(names, ["it.toml"], "{signal}");
    }
}

/// Whether the program has a file open in the folder, whatever its name is.
fn has_open_in(folder: &Folder, child: &Child) -> bool {
    let place = folder.path(".").canonicalize().expect("the folder");
    let open = std::fs::read_dir(format!("/proc/{}/fd", child.id())).expect("its descriptors");
    let mut targets = open.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
    targets.any(|target| target.starts_with(&place) && !target.ends_with("it.toml"))
}

/// A run that takes its time to end: the thread is in a call that takes for ever.
#[test]
fn a_second_signal_leaves_no_unfinished_file() {
    let slow = GOOD.replace("100us", "100s") + "[engine]\nmode = \"sync\"\n";
    for signal in ["INT", "TERM"] {
        let folder = Folder::with(&slow);
        let mut command = folder.command(&["run", "it.toml", "--set", "clock=wall"]);
        let mut child = started(command.args(ENDLESS).args(["--live", "line"]));
        // How busy slices are is told from their first op on: until that is done its thread waits for it.
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let line = lines.find(|line| line.as_ref().expect("UTF-8").contains("  util "));
        assert!(line.is_some(), "it ended early");
        let ended: ExitStatus = loop {
            if let Some(status) = child.try_wait().expect("a child") {
                break status;
            }
            send(signal, &child);
        };
        let number = if signal == "INT" { 2 } else { 15 };
        assert_eq!(ended.signal(), Some(number), "{ended}");
        assert_eq!(folder.names(), ["it.toml"]);
    }
}

#[test]
fn a_sweep_reports_the_points_that_are_done() {
    let folder = Folder::with(GOOD);
    let args = [
        "sweep",
        "--jobs",
        "1,2",
        "--ops",
        "4000M",
        "--compute",
        "none",
    ];
    let report = broken_off(&folder, &args, |child| send("INT", child));
    assert_eq!(report["points"], serde_json::json!([]));
    assert_eq!(report["quantities"][0]["typed"], "1,2");
    // What runs that were under way had measured is kept, in words.
    let cut_off = report["aborted"].as_array().expect("a signal ended it");
    assert!(cut_off.len() <= 2, "{cut_off:?}");
    for cut in cut_off {
        assert!(cut["why"].as_str().expect("words").contains("/s"), "{cut}");
    }
    let shown = folder.say(&["report", "it.json"]).expect_code(0);
    let words = "ABORTED: a signal ended the sweep before its time.";
    assert!(shown.flat().contains(words), "{}", shown.out);
    let compared = folder.say(&["compare", "it.json", "it.json"]);
    compared
        .expect_code(104)
        .expect_err(&["it.json is a sweep without points"]);
}

/// The report of `args` under virtual time, which `interrupted` has ended by a signal.
fn broken_off(folder: &Folder, args: &[&str], interrupted: impl Fn(&mut Child)) -> Value {
    let mut command = folder.command(args);
    let mut child = started(command.args(["-o", "it.json", "-o", "it.html"]));
    interrupted(&mut child);
    let said = said(child.wait_with_output().expect("it ends"));
    assert_eq!(said.expect_code(105).out, "");
    assert_eq!(folder.names(), ["it.html", "it.json", "it.toml"]);
    let html = std::fs::read_to_string(folder.path("it.html")).expect("a page");
    assert!(html.trim_end().ends_with("</html>"), "it is all of it");
    let report = std::fs::read(folder.path("it.json")).expect("a report");
    serde_json::from_slice(&report).expect("JSON")
}

/// Ends `child` when it has said a line of how it goes that `is_due`.
fn end_at_line(child: &mut Child, is_due: impl Fn(&str) -> bool) {
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let line = lines.find(|line| is_due(line.as_ref().expect("UTF-8")));
    assert!(line.is_some(), "it ended early");
    send("INT", child);
}

#[test]
fn a_search_for_the_knee_reports_the_probes_that_are_done() {
    let folder = Folder::with(GOOD);
    // Every probe holds and takes twice as long as the one before: the last would take hours.
    let args = [
        "knee",
        "--slo",
        "p99<100s",
        "--rate",
        "10",
        "-d",
        "100s",
        "--arrival",
        "constant",
        "--set",
        "device.asym.slices=4096",
        "--set",
        "device.asym.service.base=1us",
        "--live",
        "line",
    ];
    let report = broken_off(&folder, &args, |child| {
        // Of a later probe than the seventh, which has 640 arrivals a second.
        end_at_line(child, |line| line.contains(" k/s"));
    });
    follows_schema("knee", &report);
    assert_eq!(report["answer"]["kind"], "aborted");
    let probes = report["probes"].as_array().expect("probes");
    assert!(probes.len() >= 7, "{probes:?}");
    for (index, probe) in probes.iter().enumerate() {
        assert_eq!(probe["at"], f64::from(10 << index), "{probe}");
        // The last one was cut off, if it had measured something.
        let is_cut_off = !probe["runs"][0]["aborted"].is_null();
        assert!(!is_cut_off || index + 1 == probes.len(), "{probe}");
        assert_eq!(probe["holds"], !is_cut_off, "{probe}");
    }
    assert!(report["words"].as_str().expect("words").contains("ABORTED"));
}

#[test]
fn a_comparison_reports_the_modes_that_are_done() {
    let folder = Folder::with(GOOD);
    // In software a signature takes a hundred seconds, on the device a microsecond.
    let args = [
        "compare",
        "-d",
        "100000s",
        "--set",
        "host.base=free",
        "--set",
        "host.software.rsa-sign={ per_op = \"100s\" }",
        "--set",
        "device.asym.service.base=1us",
        "--live",
        "line",
    ];
    let report = broken_off(&folder, &args, |child| {
        end_at_line(child, |line| line.contains("k/s") || line.contains("M/s"));
    });
    follows_schema("compare", &report);
    assert_eq!(report["aborted"], true);
    let modes = report["modes"].as_array().expect("modes");
    assert_eq!(modes.len(), 2, "software, and what sync has done");
    assert_eq!(
        modes[0]["ops_per_s"],
        serde_json::json!({ "mean": 0.01, "half_width": 0.0 })
    );
    assert_eq!(report["break_even"], serde_json::json!([]));
    for why in ["jobs", "bytes"] {
        let why = report["no_break_even"][why].as_str().expect("a reason");
        assert!(why.contains("A signal ended the comparison"), "{why}");
    }
    let shown = folder.say(&["report", "it.json"]).expect_code(0).flat();
    let words = "sync was ended before its time, by a signal, and is held against nothing";
    assert!(
        shown.contains(words) && !shown.contains("faster"),
        "{shown}"
    );
}

#[test]
fn a_comparison_reports_the_search_as_far_as_it_went() {
    let folder = Folder::with(GOOD);
    // A job does an op in 10 ms, software in 5: four jobs win. A thousand take their time to tell whether
    // they do.
    let args = [
        "compare",
        "-c",
        "1",
        "-d",
        "200s",
        "--seeds",
        "1",
        "--set",
        "host.base=free",
        "--set",
        "host.software.rsa-sign={ per_op = \"5ms\" }",
        "--set",
        "device.asym.slices=4096",
        "--set",
        "device.asym.service.base=10ms",
        "--set",
        "device.ring_depth=2048",
        "--live",
        "line",
    ];
    let report = broken_off(&folder, &args, |child| {
        end_at_line(child, |line| line.contains(" k/s"));
    });
    follows_schema("compare", &report);
    assert_eq!(report["aborted"], true);
    assert_eq!(report["modes"].as_array().map(Vec::len), Some(4));
    let found = &report["break_even"][0];
    let answer = serde_json::json!({ "kind": "from", "wins_at": 3, "loses_at": 2 });
    assert_eq!(found["answer"], answer);
    assert!(found["wins_to_the_end"].is_null(), "nobody saw the end");
    let tried = found["probes"].as_array().expect("probes").iter();
    let tried: Vec<_> = tried.filter_map(|it| it["at"].as_u64()).collect();
    assert_eq!(tried, [1, 2, 4, 3]);
}
