//! What stands at a path may have no end, be read but once, or never be written to.

use crate::helper::{Folder, GOOD, saved};

/// Whoever writes to a FIFO may come a bit later, but somebody has to.
#[test]
fn a_fifo_is_read_if_somebody_writes_to_it() {
    let folder = saved(GOOD, &[1]);
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path("fifo"))
        .status();
    assert!(made.expect("mkfifo starts").success());
    for args in [&["report", "fifo"][..], &["run", "fifo"]] {
        let alone = folder.say(args).expect_code(104);
        alone.expect_err(&[
            "cannot read",
            "fifo",
            "nobody has come to write",
            "accepted: ",
        ]);
    }
    let program = env!("CARGO_BIN_EXE_pausewake");
    let plain = folder.say(&["report", "1.json"]).expect_code(0);
    for script in [
        format!("cat 1.json > fifo & {program} report fifo"),
        // As a shell passes `<(cat 1.json)`: the writer may have gone.
        format!("cat 1.json | {program} report /dev/fd/0"),
    ] {
        let mut shell = std::process::Command::new("sh");
        let shell = shell.args(["-c", &script]).current_dir(folder.path("."));
        let said = crate::helper::said(shell.output().expect("a shell"));
        assert_eq!(said.expect_code(0).out, plain.out, "{script}");
    }
    let nothing = folder.say(&["report", "/dev/null"]).expect_code(104);
    nothing.expect_err(&["/dev/null is no JSON", "accepted: "]);
    let folders = folder.say(&["report", "."]).expect_code(104);
    folders.expect_err(&["cannot read .", "directory", "accepted: "]);
}

/// What has no end is not read for ever, and what can be read but once is read once.
#[test]
fn files_are_read_to_a_limit_and_pipes_once() {
    let folder = Folder::with(GOOD);
    let long = "the most that is read";
    let endless = folder.say(&["run", "/dev/zero"]).expect_code(104);
    endless.expect_err(&["cannot read the scenario /dev/zero", long, "accepted: "]);
    for args in [
        &["report", "long"][..],
        &["merge", "long", "it.toml"],
        &["compare", "--baseline", "long"],
        &["load", "--payload", "long"],
    ] {
        // Nothing of it is stored, nor read.
        let file = std::fs::File::create(folder.path("long")).expect("a file");
        file.set_len(300 << 20).expect("a length");
        let said = folder.say(args).expect_code(104);
        said.expect_err(&["cannot read", "long", "longer than 256 MiB", "accepted: "]);
    }
    folder
        .run(&["--format", "json", "-o", "it.json"])
        .expect_code(0);
    let sweep = [
        "sweep",
        "--jobs",
        "1,2",
        "-n",
        "10",
        "--compute",
        "none",
        "-o",
        "sweep.json",
    ];
    folder.say(&sweep).expect_code(0);
    for (file, args) in [
        ("it.json", &["report", "/dev/stdin"][..]),
        ("it.json", &["compare", "/dev/stdin", "it.json"]),
        ("sweep.json", &["report", "/dev/stdin"]),
        ("it.toml", &["run", "/dev/stdin"]),
    ] {
        let mut child = folder
            .command(args)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut pipe = child.stdin.take().expect("it is piped");
        let content = std::fs::read(folder.path(file)).expect("the file");
        std::io::Write::write_all(&mut pipe, &content).expect("it is read");
        drop(pipe);
        let said = crate::helper::said(child.wait_with_output().expect("it ends"));
        assert!(!said.expect_code(0).out.is_empty(), "{args:?}");
    }
}
