//! What one sees while a run goes on: on a terminal, in a log, and not at all.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Lines, Read};
use std::num::NonZero;
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::helper::{Folder, GOOD, UNREAL, said};

/// A load that goes on for hours, if nobody ends it.
const ENDLESS: [&str; 7] = ["load", "--compute", "none", "-c", "8", "-d", "30000s"];

/// A program whose standard error is a terminal, and what is seen there.
struct Terminal {
    child: Child,
    theirs: File,
    screen: vt100::Parser,
    /// All that was written there.
    written: Vec<u8>,
}

impl Terminal {
    fn run(command: Command, rows: u16, columns: u16) -> Self {
        Self::of_kind("xterm-256color", command, rows, columns)
    }

    fn of_kind(kind: &str, mut command: Command, rows: u16, columns: u16) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&ours).expect("it is ours");
        unlockpt(&ours).expect("it is ours");
        let name = ptsname(&ours, Vec::new()).expect("it has a name");
        let name = name.to_str().expect("UTF-8");
        let program = File::options().read(true).write(true).open(name);
        let program = program.expect("the other end");
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&program, size).expect("a terminal has a size");
        let child = command
            .env("TERM", kind)
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(program)
            .spawn()
            .expect("the program starts");
        Self {
            child,
            theirs: File::from(ours),
            screen: vt100::Parser::new(nonzero(rows), nonzero(columns), 0),
            written: Vec::new(),
        }
    }

    /// Reads what is written; says whether the terminal is still in use.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match self.theirs.read(&mut buffer) {
            Ok(0) => false,
            Ok(len) => {
                self.screen.process(&buffer[..len]);
                self.written.extend_from_slice(&buffer[..len]);
                true
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            // The last one who had it open has gone.
            Err(_) => false,
        }
    }

    /// Reads until the screen shows all of `parts`.
    fn read_until(&mut self, parts: &[&str]) -> String {
        loop {
            let text = self.screen.screen().contents();
            if parts.iter().all(|part| text.contains(part)) {
                return text;
            }
            assert!(self.read(), "it ended and showed: {text}");
        }
    }

    /// Reads until the program has gone; gives its exit code, and what it said on standard output.
    fn end(&mut self) -> (Option<i32>, String) {
        // Both at once: a pipe that nobody reads is full some time.
        let mut stdout = self.child.stdout.take().expect("it is piped");
        let out = std::thread::spawn(move || {
            let mut out = String::new();
            stdout.read_to_string(&mut out).expect("UTF-8");
            out
        });
        while self.read() {}
        let out = out.join().expect("it reads");
        (self.child.wait().expect("it ends").code(), out)
    }
}

fn nonzero(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).expect("a terminal has cells")
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .status();
    assert!(sent.expect("kill starts").success());
}

#[test]
fn a_terminal_shows_how_it_goes_and_is_clean_in_the_end() {
    let folder = Folder::new();
    let mut terminal = Terminal::run(folder.command(&ENDLESS), 24, 80);
    let seen = terminal.read_until(&["k/s now", "last second", "thinking", "asym"]);
    // A view that is drawn again stands where it stood.
    for _ in 0..20 {
        assert!(terminal.read());
    }
    let lines: Vec<&str> = seen.lines().collect();
    assert!(lines.len() < 24, "{seen}");
    assert!(
        lines[0].starts_with("load ") && lines[0].ends_with("wall clock"),
        "{seen}"
    );
    let again = terminal.screen.screen().contents();
    assert_eq!(again.matches("throughput").count(), 1, "{again}");
    // What is cleared as a whole, from its first cell on, some terminals keep as history.
    let mut screen = vt100::Parser::new(nonzero(24), nonzero(80), 0);
    let written = String::from_utf8_lossy(&terminal.written);
    let mut parts = written.split_inclusive("\x1b[0J").peekable();
    while let Some(part) = parts.next()
        && parts.peek().is_some()
    {
        screen.process(part.as_bytes());
        assert_ne!(screen.screen().cursor_position().0, 0, "{part}");
    }
    interrupt(&terminal.child);
    let (code, report) = terminal.end();
    assert_eq!(code, Some(105));
    assert!(report.contains("Little's law"), "{report}");
    let screen = terminal.screen.screen();
    assert_eq!(screen.contents(), "");
    assert_eq!(screen.cursor_position(), (0, 0));
    assert!(!screen.hide_cursor() && !screen.alternate_screen());
}

/// A call that takes for ever holds its thread, and the end of the run with it; the view goes on.
#[test]
fn a_run_that_is_being_ended_says_so() {
    let folder = Folder::new();
    let slow = ["--set", "device.asym.service.base=100s"];
    let in_place = ["--set", "engine.mode=sync", "-c", "1"];
    let load = ["load", "--compute", "none", "-d", "30000s"];
    let args = [&load[..], &slow, &in_place].concat();
    let mut terminal = Terminal::run(folder.command(&args), 24, 80);
    // Slices are shown from their first op on.
    let seen = terminal.read_until(&["asym"]);
    assert!(!seen.contains("ending"), "{seen}");
    interrupt(&terminal.child);
    let seen = terminal.read_until(&["ending, wall clock", "waiting for what is under way"]);
    assert_eq!(seen.matches("throughput").count(), 1, "{seen}");
    // A later signal ends it at once.
    while terminal.child.try_wait().expect("a child").is_none() {
        interrupt(&terminal.child);
    }
    let (code, report) = terminal.end();
    assert_eq!((code, report.as_str()), (None, ""), "nothing is reported");
}

#[test]
fn a_small_terminal_shows_what_there_is_room_for() {
    for (rows, columns) in [(24, 60), (24, 30), (8, 80)] {
        let folder = Folder::new();
        let mut terminal = Terminal::run(folder.command(&ENDLESS), rows, columns);
        terminal.read_until(&["load"]);
        for _ in 0..10 {
            assert!(terminal.read());
        }
        // Nothing was pushed out at the top.
        let text = terminal.screen.screen().contents();
        assert!(text.starts_with("load"), "{rows}x{columns}: {text}");
        interrupt(&terminal.child);
        assert_eq!(terminal.end().0, Some(105));
        assert_eq!(terminal.screen.screen().contents(), "");
    }
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_lines() {
    let folder = Folder::new();
    let mut terminal = Terminal::of_kind("dumb", folder.command(&ENDLESS), 24, 80);
    terminal.read_until(&["1 s  "]);
    interrupt(&terminal.child);
    assert_eq!(terminal.end().0, Some(105));
    assert!(!terminal.written.contains(&b'\x1b'));
}

/// `command`, begun, and what it says on standard error.
fn lines_of(command: &mut Command) -> (Child, Lines<BufReader<ChildStderr>>) {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let err = child.stderr.take().expect("it is piped");
    (child, BufReader::new(err).lines())
}

#[test]
fn a_log_has_a_line_each_second_and_no_escape_codes() {
    let folder = Folder::new();
    let mut command = folder.command(&ENDLESS);
    let (child, mut lines) = lines_of(&mut command);
    let [first, second] = [1, 2].map(|_| lines.next().expect("a line").expect("UTF-8"));
    interrupt(&child);
    let rest: Vec<_> = lines.map(|line| line.expect("UTF-8")).collect();
    let said = said(child.wait_with_output().expect("it ends"));
    let said = said.expect_code(105);
    for line in [&first, &second].into_iter().chain(&rest) {
        assert!(!line.contains('\x1b'), "{line}");
        for part in [" s  ", "/s  ", "  in flight "] {
            assert!(line.contains(part), "{line}");
        }
    }
    assert!(!said.out.contains('\x1b'));
}

/// 64 jobs keep 29 slices busy that take 433 us: 66,975 ops each second, whenever somebody looks.
#[test]
fn rates_are_those_of_the_time_in_which_ops_returned() {
    let folder = Folder::new();
    let endless = [&UNREAL[..], &["-n", "4000M"]].concat();
    let mut command = folder.command(&[&endless[..], &["--live", "line"]].concat());
    let (child, mut lines) = lines_of(&mut command);
    for _ in 0..3 {
        let line = lines.next().expect("a line").expect("UTF-8");
        let rate = line.split_once(" k/s").map(|(before, _)| before);
        let rate = rate.and_then(|before| before.rsplit(' ').next());
        let rate: f64 = rate.and_then(|it| it.parse().ok()).expect("a rate");
        assert!((66.0..68.0).contains(&rate), "{line}");
    }
    interrupt(&child);
    lines.for_each(drop);
    let said = said(child.wait_with_output().expect("it ends"));
    said.expect_code(105);
}

#[test]
fn quiet_is_quiet() {
    let args = ["load", "--compute", "none", "-d", "1100ms", "-q"];
    for live in ["auto", "line", "view"] {
        let folder = Folder::new();
        let args = [&args[..], &["--live", live]].concat();
        let said = folder.say(&args);
        assert_eq!(said.err, "", "{live}");
        assert!(said.out.contains("Little's law"), "{}", said.out);
        let mut terminal = Terminal::run(folder.command(&args), 24, 80);
        terminal.end();
        assert_eq!(terminal.written, b"", "{live}");
    }
}

#[test]
fn who_looks_on_changes_nothing_under_virtual_time() {
    for load in ["jobs = 64", "jobs = 64\nthreads = 3", "rate = \"50k/s\""] {
        let scenario = GOOD.replace("jobs = 4", load);
        let scenario = scenario.replace("ops = 20", "ops = 60000");
        let folder = Folder::with(&scenario.replace("== 20", "> 20"));
        let args = ["run", "it.toml", "--format", "json"];
        let alone = folder.say(&[&args[..], &["-q"]].concat()).expect_code(0);
        let watched = folder.say(&[&args[..], &["--live", "line"]].concat());
        assert_eq!(watched.out, alone.out, "{load}");
        let mut terminal = Terminal::run(folder.command(&args), 24, 80);
        assert_eq!(terminal.end(), (Some(0), alone.out), "{load}");
        assert_eq!(terminal.screen.screen().contents(), "", "{load}");
        assert_eq!(folder.say(&args).err, "", "{load}");
    }
}

#[test]
fn a_view_needs_a_terminal() {
    let said = Folder::with(GOOD).run(&["--live", "view"]);
    let said = said.expect_code(104);
    said.expect_err(&["--live view needs a terminal", "accepted: --live line"]);
    let said = Folder::with(GOOD).run(&["--live", "film"]);
    said.expect_code(104)
        .expect_err(&["auto", "off", "line", "view"]);
}
