//! What the README shows is what the program does.

use std::path::Path;

use crate::helper::{Folder, scenarios, shipped};

#[test]
fn the_readme_shows_the_output_of_hello() {
    let shown = block_after("cargo run --release -- run scenarios/hello.toml --story");
    let said = shipped("hello.toml", &["--story"]).expect_code(0);
    assert_eq!(shown.trim_end(), said.out.trim_end());
}

#[test]
fn the_readme_shows_the_output_of_a_load() {
    let command = "pausewake load --clock virtual --compute none --rate 74k";
    let flags = readme();
    let line = flags.lines().find(|line| line.contains(command));
    let line = line.expect("the README has the command").trim();
    let args: Vec<&str> = line.split(' ').skip(1).collect();
    let said = Folder::new().say(&args).expect_code(0);
    assert_eq!(block_after(command).trim_end(), said.out.trim_end());
}

#[test]
fn the_readme_shows_the_output_of_a_sweep() {
    let command = "pausewake sweep --jobs 1..256 -n 20k";
    let args: Vec<&str> = command.split(' ').skip(1).collect();
    let said = Folder::new().say(&args).expect_code(0);
    assert_eq!(block_after(command).trim_end(), said.out.trim_end());
}

#[test]
fn the_readme_shows_a_search_and_a_comparison() {
    for command in [
        "pausewake knee --slo 'p99<2ms' --rate 50k",
        "pausewake compare --profile dh895xcc",
    ] {
        let args = command.replace('\'', "");
        let args: Vec<&str> = args.split(' ').skip(1).collect();
        let said = Folder::new().say(&args).expect_code(0);
        assert_eq!(block_after(command).trim_end(), said.out.trim_end());
    }
}

#[test]
fn the_readme_shows_the_profiles() {
    for (args, command) in [
        (&["profiles"][..], "    pausewake profiles\n"),
        (
            &["profiles", "network-hsm"],
            "    pausewake profiles network-hsm\n",
        ),
    ] {
        let said = Folder::new().say(args).expect_code(0);
        assert_eq!(block_after(command).trim_end(), said.out.trim_end());
    }
}

#[test]
fn the_readme_names_every_scenario() {
    let readme = readme();
    for entry in std::fs::read_dir(scenarios()).expect("scenarios/ can be read") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let name = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .expect("UTF-8");
            assert!(
                readme.contains(&format!("| `{name}` |")),
                "{name} is not in the table"
            );
        }
    }
}

/// The code block that follows the line of this command.
fn block_after(command: &str) -> String {
    let readme = readme();
    let (_, after) = readme
        .split_once(command)
        .expect("the README has the command");
    let mut parts = after.split("```\n");
    parts
        .nth(1)
        .expect("a code block follows the command")
        .to_owned()
}

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    std::fs::read_to_string(path).expect("README.md can be read")
}
