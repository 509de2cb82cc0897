//! SIGINT and SIGTERM end a run in order, and nothing half-written is left.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::helper::{Folder, GOOD, said};

/// Runs for hours if nobody ends it.
const ENDLESS: [&str; 6] = [
    "--set",
    "load.ops=4000000000",
    "--set",
    "expect.ops=",
    "-o",
    "report",
];

/// The endless run, begun: its unfinished file is there, so it listens to signals.
fn begun(folder: &Folder, clock: &str) -> Child {
    let mut child = folder
        .command(&["run", "it.toml", "--set", clock])
        .args(ENDLESS)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    while folder.names() == ["it.toml"] {
        assert_eq!(child.try_wait().expect("a child"), None, "it ended early");
        std::thread::yield_now();
    }
    child
}

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill")
        .args(["-s", signal, &child.id().to_string()])
        .status()
        .expect("kill starts");
    assert!(sent.success());
}

#[test]
fn a_signal_ends_the_run_with_105_and_leaves_nothing_behind() {
    for (signal, clock) in [
        ("INT", "clock=virtual"),
        ("TERM", "clock=virtual"),
        ("INT", "clock=wall"),
    ] {
        let folder = Folder::with(GOOD);
        let child = begun(&folder, clock);
        send(signal, &child);
        let said = said(child.wait_with_output().expect("it ends"));
        let said = said.expect_code(105);
        assert!(said.err.starts_with("error: aborted by a signal after "));
        assert!(
            said.err.ends_with(" ops: nothing was reported\n"),
            "{}",
            said.err
        );
        assert_eq!(said.out, "");
        assert_eq!(folder.names(), ["it.toml"]);
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
        let folder = Folder::with(scenario);
        let child = begun(&folder, clock);
        send("INT", &child);
        let said = said(child.wait_with_output().expect("it ends")).expect_code(105);
        let said = said.expect_err(&["aborted by a signal after ", "nothing was reported"]);
        assert_eq!(said.out, "");
        assert_eq!(folder.names(), ["it.toml"], "{clock}");
    }
}

#[test]
fn a_run_that_waits_for_a_slow_device_is_ended_too() {
    let folder = Folder::with(GOOD);
    let slow = GOOD.replace("100us", "10000s");
    folder.write("it.toml", slow.as_bytes());
    let child = begun(&folder, "clock=wall");
    send("INT", &child);
    let said = said(child.wait_with_output().expect("it ends"));
    said.expect_code(105).expect_err(&["after 0 ops"]);
    assert_eq!(folder.names(), ["it.toml"]);
}

#[test]
fn a_fifo_that_nobody_reads_does_not_keep_a_signal_away() {
    for signal in ["INT", "TERM"] {
        let folder = Folder::with(GOOD);
        let fifo = folder.path("fifo");
        let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        let mut child = folder
            .command(&["run", "it.toml", "-o", "fifo"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        while !catches_term(&child) {
            assert_eq!(child.try_wait().expect("a child"), None, "it ended early");
            std::thread::yield_now();
        }
        send(signal, &child);
        let said = said(child.wait_with_output().expect("it ends"));
        let said = said.expect_code(105);
        said.expect_err(&["before anybody read fifo", "nothing was run"]);
        assert_eq!(folder.names(), ["fifo", "it.toml"]);
    }
}

/// Whether the program has handlers for signals; SIGTERM's is the last.
fn catches_term(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
    let status = status.expect("the child's status");
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.expect("a mask").trim(), 16).expect("hexadecimal");
    caught & (1 << (15 - 1)) != 0
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
}
