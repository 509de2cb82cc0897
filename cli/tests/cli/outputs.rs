//! Where results go: standard output, a file, a reader that leaves.

use std::io::Read;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};

use crate::helper::{Folder, GOOD};

#[test]
fn a_file_gets_what_standard_output_would_and_nothing_else_is_left() {
    let folder = Folder::with(GOOD);
    for format in ["text", "json"] {
        let direct = folder.run(&["--format", format]).expect_code(0);
        let to_file = folder
            .run(&["--format", format, "-o", "report"])
            .expect_code(0);
        assert_eq!(to_file.out, "");
        let report = std::fs::read_to_string(folder.path("report")).unwrap();
        assert_eq!(report, direct.out);
        assert_eq!(folder.names(), ["it.toml", "report"]);
    }
    let mode = folder
        .path("report")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o400, 0o400);
}

#[test]
fn a_file_that_cannot_be_made_is_named_as_it_was_given() {
    let folder = Folder::with(GOOD);
    let said = folder.run(&["-o", "nowhere/report"]).expect_code(104);
    let said = said.expect_err(&["cannot write nowhere/report: No such file or directory"]);
    assert!(!said.err.contains(".pausewake-"), "{}", said.err);
}

#[test]
fn a_dash_is_standard_output() {
    let folder = Folder::with(GOOD);
    let direct = folder.run(&[]).expect_code(0);
    assert_eq!(folder.run(&["-o", "-"]).expect_code(0).out, direct.out);
    assert_eq!(folder.names(), ["it.toml"]);
}

#[test]
fn a_symbolic_link_stays_and_what_it_leads_to_is_written() {
    let folder = Folder::with(GOOD);
    let direct = folder.run(&[]).expect_code(0);
    std::fs::create_dir(folder.path("sub")).unwrap();
    folder.write("sub/there", b"old");
    // The second leads to nothing yet, by way of another link.
    symlink("sub/there", folder.path("to-file")).unwrap();
    symlink("sub/link", folder.path("to-nothing")).unwrap();
    symlink("new", folder.path("sub/link")).unwrap();
    for (link, file) in [("to-file", "sub/there"), ("to-nothing", "sub/new")] {
        folder.run(&["-o", link]).expect_code(0);
        assert!(folder.path(link).is_symlink(), "{link} was replaced");
        let report = std::fs::read_to_string(folder.path(file)).unwrap();
        assert_eq!(report, direct.out);
        assert!(!folder.path(file).is_symlink());
    }
    assert_eq!(folder.names(), ["it.toml", "sub", "to-file", "to-nothing"]);
    symlink("loop", folder.path("loop")).unwrap();
    folder.run(&["-o", "loop"]).expect_code(104);
}

#[test]
fn a_fifo_is_written_to_and_not_replaced() {
    let folder = Folder::with(GOOD);
    let direct = folder.run(&[]).expect_code(0);
    let fifo = folder.path("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || std::fs::read_to_string(fifo)
    });
    folder.run(&["-o", "fifo"]).expect_code(0);
    assert!(fifo.metadata().unwrap().file_type().is_fifo());
    assert_eq!(reader.join().unwrap().unwrap(), direct.out);
    assert_eq!(folder.names(), ["fifo", "it.toml"]);
}

#[test]
fn an_existing_file_keeps_its_permissions() {
    let folder = Folder::with(GOOD);
    for mode in [0o600, 0o640, 0o755] {
        folder.write("report", b"old");
        let set = |mode| {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(folder.path("report"), permissions).unwrap();
        };
        set(mode);
        folder.run(&["-o", "report"]).expect_code(0);
        let found = folder.path("report").metadata().unwrap();
        assert_eq!(found.permissions().mode() & 0o777, mode);
        assert!(found.len() > 3);
    }
}

#[test]
fn control_characters_of_a_scenario_do_not_reach_the_terminal() {
    let scenario = format!("about = \"red \\u001b[31m and\\nnew\"\n{GOOD}");
    let said = Folder::with(&scenario).run(&[]).expect_code(0);
    assert!(!said.out.contains('\u{1b}'), "{}", said.out);
    assert!(
        said.out.contains("red \\u{1b}[31m and\\nnew"),
        "{}",
        said.out
    );
}

#[test]
fn a_run_that_fails_leaves_the_old_file_as_it_was() {
    let folder = Folder::with(GOOD);
    folder.write("report", b"old");
    let args = ["--set", "load.ops=nothing", "-o", "report"];
    folder.run(&args).expect_code(104);
    assert_eq!(std::fs::read(folder.path("report")).unwrap(), b"old");
    assert_eq!(folder.names(), ["it.toml", "report"]);
}

#[test]
fn a_report_is_written_also_when_an_expectation_fails() {
    let folder = Folder::with(GOOD);
    let args = ["--set", "expect.ops=== 21", "-o", "report"];
    folder.run(&args).expect_code(99);
    let report = std::fs::read_to_string(folder.path("report")).unwrap();
    assert!(report.contains("FAILS"), "{report}");
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_the_run() {
    let folder = Folder::with(GOOD);
    for path in ["nowhere/report", "."] {
        let said = folder.run(&["-o", path]).expect_code(104);
        said.expect_err(&["cannot write", path, "accepted"]);
    }
    assert_eq!(folder.names(), ["it.toml"]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let folder = Folder::with(GOOD);
    // More than a pipe holds, so that the program meets the closed end.
    let mut child = folder
        .command(&["run", "it.toml", "--story=2000", "--set", "load.ops=1000"])
        .args(["--set", "expect.ops="])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 16];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn text_fits_80_columns_and_nothing_trails() {
    let said = Folder::with(GOOD).run(&["--story"]).expect_code(0);
    for line in said.out.lines() {
        assert!(line.chars().count() <= 80, "too long: {line}");
        assert_eq!(line.trim_end(), line, "trailing spaces");
    }
}
