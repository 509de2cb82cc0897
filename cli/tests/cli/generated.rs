//! Completions and manual pages, made of the command line's own definition.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::helper::{Folder, flat, said};

/// The commands that `--help` names.
fn commands() -> Vec<String> {
    let help = Folder::new().say(&["--help"]).expect_code(0).out;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let named = commands.filter_map(|line| {
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!name.is_empty() && name != "help").then(|| name.to_owned())
    });
    named.collect()
}

/// What `shell`, if it is there, says to `script`.
fn shell(shell: &[&str], script: &str) -> Option<String> {
    let child = Command::new(shell[0])
        .args(&shell[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.ok()?;
    let mut stdin = child.stdin.take().expect("it is piped");
    let script = script.to_owned();
    // Whoever answers before all is read must not be waited for.
    let writer = std::thread::spawn(move || stdin.write_all(script.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    let written = writer.join().expect("it does not panic");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shell:?}: {errors}");
    written.expect("it reads");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn bash_completes_commands_and_flags() {
    let script = Folder::new()
        .say(&["completions", "bash"])
        .expect_code(0)
        .out;
    // As the shell calls it for what was typed; the last word is to be completed.
    let completed = |words: &str| {
        let count = words.split(' ').count();
        let mut from_last = words.rsplit(' ');
        let last = from_last.next().unwrap_or_default();
        let before = from_last.next().unwrap_or_default();
        let ask = format!(
            "{script}\nCOMP_WORDS=({words})\nCOMP_CWORD={}\n_pausewake pausewake {last} '{before}'\n\
             printf '%s\\n' \"${{COMPREPLY[@]}}\"\n",
            count - 1
        );
        shell(&["bash"], &ask).expect("bash is there")
    };
    assert_eq!(completed("pausewake sche"), "schema\n");
    let flags = completed("pausewake load --");
    for flag in ["--jobs", "--rate", "--slo", "--live"] {
        assert!(flags.lines().any(|it| it == flag), "{flags}");
    }
    assert_eq!(completed("pausewake load --arr"), "--arrival\n");
    // Names, where there is a list of them: without one, bash would offer files.
    for (words, names) in [
        ("pausewake load --profile qat-", "qat-c62x\nqat-4xxx\n"),
        (
            "pausewake load --op ecdsa",
            "ecdsa-sign\necdsa-p256-sign\necdsa-p384-sign\n",
        ),
        ("pausewake sweep --notify f", "fd\n"),
        ("pausewake knee --reap in", "inline\n"),
        ("pausewake profiles kun", "kunpeng-kae\n"),
        ("pausewake man com", "compare\ncompletions\n"),
        ("pausewake load --slo p99", "p99\n"),
    ] {
        assert_eq!(completed(words), names, "{words}");
    }
    let ops = completed("pausewake compare --op ''");
    let ops: Vec<&str> = ops.lines().collect();
    assert!(ops.contains(&"rsa4096-verify") && ops.contains(&"aes-256-gcm-seal"));
    for op in ops.iter().filter(|op| **op != "seal-open") {
        let args = ["load", "--op", op, "--print-scenario"];
        Folder::new().say(&args).expect_code(0);
    }
    // Files, where they are meant.
    let keys = completed("pausewake load --key /etc/host");
    assert!(keys.lines().any(|it| it == "/etc/hosts"), "{keys}");
}

/// A list is offered whole, by each shell.
#[test]
fn every_shell_offers_the_names_of_profiles_and_ops() {
    for name in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Folder::new().say(&["completions", name]).expect_code(0).out;
        // The script of elvish has no values at all.
        for word in ["network-hsm", "rsa3072-verify"] {
            let offers = script.contains(word);
            assert_eq!(
                offers,
                !["elvish", "powershell"].contains(&name),
                "{name}: {word}"
            );
        }
    }
}

/// Reports have 80 columns, and so has what tells how to get them.
#[test]
fn help_is_as_wide_as_reports_without_a_terminal() {
    let folder = Folder::new();
    let help = |args: &[&str], columns: Option<&str>| {
        let mut command = folder.command(args);
        command.env_remove("COLUMNS");
        if let Some(columns) = columns {
            command.env("COLUMNS", columns);
        }
        let said = said(command.output().expect("the program starts"));
        let widths = said.out.lines().map(|line| line.chars().count());
        widths.max().expect("help")
    };
    let commands = commands();
    let commands = commands.iter().map(|it| vec![it.as_str()]);
    for command in commands.chain([vec![]]) {
        for flag in ["--help", "-h"] {
            let args = [&command[..], &[flag]].concat();
            let widest = help(&args, None);
            assert!(widest <= 80, "{args:?}: {widest}");
        }
    }
    let widest = help(&["load", "--help"], Some("120"));
    assert!((90..=100).contains(&widest), "{widest}");
}

#[test]
fn every_shell_gets_every_command() {
    let commands = commands();
    assert!(commands.len() >= 8, "{commands:?}");
    for name in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = Folder::new().say(&["completions", name]).expect_code(0).out;
        for command in &commands {
            assert!(script.contains(command), "{name} lacks {command}");
        }
        assert!(script.contains("late") || script.contains("rate"), "{name}");
        match name {
            "bash" => assert!(shell(&["bash", "-n"], &script).is_some()),
            // Where they are not there, their scripts are not tried.
            "zsh" => drop(shell(&["zsh", "-n"], &script)),
            "fish" => drop(shell(&["fish", "--no-execute"], &script)),
            _ => {}
        }
    }
    let said = Folder::new().say(&["completions", "csh"]);
    said.expect_code(104).expect_err(&["bash", "zsh", "fish"]);
}

/// The page as one would read it, if groff is there; else as it is.
fn rendered(page: &str) -> String {
    let groff = ["groff", "-man", "-Tascii", "-P-c", "-ww"];
    let text = shell(&groff, page).unwrap_or_else(|| page.to_owned());
    // Bold and underlined letters are printed twice.
    let letters: Vec<char> = text.chars().collect();
    let mut plain = String::new();
    for letter in letters {
        match letter {
            '\u{8}' => drop(plain.pop()),
            letter => plain.push(letter),
        }
    }
    plain
}

#[test]
fn the_manual_names_commands_flags_and_exit_codes() {
    let folder = Folder::new();
    let main = rendered(&folder.say(&["man"]).expect_code(0).out);
    for command in commands() {
        assert!(main.contains(&command), "{main}");
    }
    for code in ["0", "99", "100", "103", "104", "105"] {
        let has = |page: &str| {
            page.split_whitespace()
                .any(|word| word.trim_matches(['\\', 'f', 'B', 'R']) == code)
        };
        assert!(has(&main), "{code}: {main}");
    }
    let load = rendered(&folder.say(&["man", "load"]).expect_code(0).out);
    for part in [
        "pausewake-load",
        "--arrival",
        "--live",
        "EXIT STATUS",
        "verification",
        // The second line of a code's meaning.
        "nothing holds (knee)",
    ] {
        assert!(load.contains(part), "no {part}: {load}");
    }
    // Flags have their values, also where they are told in short.
    let page = flat(&load);
    for words in [
        "[-c|--jobs N]",
        "[--slo FIGURE<VALUE]...",
        "[--print-scenario]",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let raw = folder.say(&["man", "load"]).out;
    let version = env!("CARGO_PKG_VERSION");
    let title = format!(".TH \"PAUSEWAKE-LOAD\" 1 \"\" \"pausewake {version}\" \"User Commands\"");
    assert_eq!(raw.lines().next(), Some(title.as_str()));
    let said = folder.say(&["man", "lod"]).expect_code(104);
    said.expect_err(&["no page of `lod`", "accepted: run, load"]);
}

#[test]
fn all_pages_go_into_a_folder() {
    let folder = Folder::new();
    folder.say(&["man", "--dir", "share/man1"]).expect_code(0);
    let mut expected: Vec<String> = commands();
    expected = expected
        .iter()
        .map(|it| format!("pausewake-{it}.1"))
        .collect();
    expected.push("pausewake.1".to_owned());
    expected.sort();
    let mut names: Vec<String> = std::fs::read_dir(folder.path("share/man1"))
        .expect("the folder is there")
        .map(|it| {
            it.expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    names.sort();
    assert_eq!(names, expected);
    let page = std::fs::read_to_string(folder.path("share/man1/pausewake-load.1"));
    assert_eq!(page.expect("a page"), folder.say(&["man", "load"]).out);
    folder.write("file", b"");
    let said = folder.say(&["man", "--dir", "file/man1"]);
    said.expect_code(104)
        .expect_err(&["cannot make the folder"]);
}
