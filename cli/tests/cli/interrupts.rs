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
