//! Breaks the engine on purpose, and sees that `exploration` notices.
//!
//! Each mutation is a change to the sources, made in a copy of the workspace: the engine has no
//! switches for it, and what is explored is the engine itself. A mutation whose text is not found
//! exactly once fails the test, so that it cannot go stale unnoticed. Since each needs a build of
//! the engine, the test runs by `--ignored` alone, as `.ci/run` does.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A way to break the engine.
struct Mutation {
    name: &'static str,
    file: &'static str,
    was: &'static str,
    becomes: &'static str,
    /// The test that shall notice.
    noticed_by: &'static str,
    /// And what it shall say.
    as_violation: &'static str,
}

const MUTATIONS: [Mutation; 12] = [
    Mutation {
        name: "a completion tells nobody",
        file: "engine/src/engine/tell.rs",
        was: "(!is_told).then(|| WakeOnDrop(&waiter));",
        becomes: "(!is_told && false).then(|| WakeOnDrop(&waiter));",
        noticed_by: "every_order_by_fd",
        as_violation: "the wake of job 0 is lost",
    },
    Mutation {
        name: "generations are not compared",
        file: "engine/src/slots.rs",
        was: "            .filter(|slot| slot.generation == op.generation)",
        becomes: "",
        noticed_by: "every_order_by_callback",
        as_violation: "is known twice",
    },
    Mutation {
        name: "a resume is taken for a completion",
        file: "engine/src/offload.rs",
        was: "        if looked_in_vain {\n            resumed_in_vain(engine, op, caller);\n        }\n",
        becomes: "        if looked_in_vain {\n            return Ok(());\n        }\n",
        noticed_by: "every_order_by_callback",
        as_violation: "a panic: the operation is over",
    },
    Mutation {
        name: "a cancelled job takes its slot along",
        file: "engine/src/engine/settle.rs",
        was: "            State::InFlight => {\n                slot.state = State::Abandoned;",
        becomes: "            State::InFlight => {\n                state.slots.release(op);",
        noticed_by: "every_order_by_callback",
        as_violation: "slots are in use",
    },
    Mutation {
        name: "a cancelled job leaves its wake behind",
        file: "engine/src/offload.rs",
        was: "        if self.engine.abandon(self.op) {",
        becomes: "        if self.engine.abandon(self.op) && self.engine.config.max_retries > 99 {",
        noticed_by: "every_order_by_fd",
        as_violation: "has ended, and left a wake in its wait context",
    },
    Mutation {
        name: "a slot that becomes free is not offered to the line",
        file: "engine/src/engine/settle.rs",
        was: "        self.serve_line();\n        Some(settled)",
        becomes: "        Some(settled)",
        noticed_by: "every_order_by_callback",
        as_violation: "its wake is lost",
    },
    Mutation {
        name: "deadlines are kept in the order of submission",
        file: "engine/src/deadlines.rs",
        was: "            .push(Reverse((deadline_ns, op.slot, op.generation)));",
        becomes: "            .push(Reverse((deadline_ns.max(self.heap.iter().map(|e| e.0.0).max().unwrap_or_default()), op.slot, op.generation)));",
        noticed_by: "many_orders_of_larger_cases",
        as_violation: "waits on, and its call's time is up",
    },
    Mutation {
        name: "the moment of running is that of the call",
        file: "engine/src/offload.rs",
        was: "        known_ns,\n        running_ns,\n        returned_ns,\n",
        becomes: "        known_ns,\n        running_ns: seen.call_ns.min(running_ns),\n        returned_ns,\n",
        noticed_by: "every_order_by_callback",
        as_violation: "the moments decrease",
    },
    Mutation {
        name: "a loop arms, and does not look again",
        file: "engine/src/engine/in_place.rs",
        was: "let is_quiet = self.is_quiet();",
        becomes: "let is_quiet = self.is_quiet() || true;",
        noticed_by: "every_order_of_a_sleeping_owner_by_callback",
        as_violation: "completions lie in the ring, and nothing will wake it",
    },
    Mutation {
        name: "a loop does not ask for room",
        file: "engine/src/engine/in_place.rs",
        was: "        if state.needs_room(self.config.max_in_flight) {",
        becomes: "        if state.needs_room(self.config.max_in_flight) && false {",
        noticed_by: "every_order_of_a_sleeping_owner_by_fd",
        as_violation: "there is room for a job that waits for it",
    },
    Mutation {
        name: "a signal outlasts its being disarmed",
        file: "engine/src/engine/signal.rs",
        was: "        self.inner.drain_signal();\n",
        becomes: "",
        noticed_by: "every_order_of_a_sleeping_owner_by_callback",
        as_violation: "a signal is left over after disarming",
    },
    Mutation {
        name: "the heuristic has no backstop",
        file: "engine/src/engine/timers.rs",
        was: "            Reap::Heuristic(heuristic) if state.stats.in_flight > 0 => {",
        becomes: "            Reap::Heuristic(heuristic) if state.stats.in_flight > 0 && false => {",
        noticed_by: "every_order_by_heuristic",
        as_violation: "completions lie in the ring, and nothing will wake it",
    },
];

#[test]
#[ignore = "builds the engine once per mutation: run it with --ignored"]
fn each_mutation_is_noticed() {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutated");
    copy_workspace(&copy);
    let unnoticed: Vec<String> = MUTATIONS
        .iter()
        .filter_map(|mutation| try_out(mutation, &copy).err())
        .collect();
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n\n"));
}

/// Mutates, explores, and undoes it.
fn try_out(mutation: &Mutation, copy: &Path) -> Result<(), String> {
    let Mutation { name, file, .. } = mutation;
    let path = copy.join(file);
    let sound = fs::read_to_string(&path).map_err(|error| format!("{name}: {file}: {error}"))?;
    let found = sound.matches(mutation.was).count();
    if found != 1 {
        return Err(format!(
            "{name}: its text stands {found} times in {file}, and not once"
        ));
    }
    write(&path, &sound.replace(mutation.was, mutation.becomes));
    let (passed, said) = explore(copy, mutation.noticed_by);
    write(&path, &sound);
    let violation = said.lines().find(|line| line.contains("VIOLATION: "));
    match violation {
        Some(words) if !passed && words.contains(mutation.as_violation) => {
            say(&format!(
                "{name}: noticed by {}:\n    {words}",
                mutation.noticed_by
            ));
            Ok(())
        }
        _ => Err(format!("{name}: not noticed as it should be:\n{said}")),
    }
}

/// Runs one test of the exploration in the copy. Says whether it passed, and what it said.
fn explore(copy: &Path, test: &str) -> (bool, String) {
    // Of its own: cargo gives the copy the same names as the workspace, and would take one for the
    // other.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mutated-target");
    let output = Command::new(std::env::var_os("CARGO").expect("cargo runs this"))
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", target)
        .env("RUST_BACKTRACE", "0")
        .args(["test", "--offline", "--locked", "-p", "pausewake-tests"])
        .args(["--test", "exploration", "--", "--exact", test])
        .output()
        .expect("cargo can be run");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

fn copy_workspace(copy: &Path) {
    let _absent = fs::remove_dir_all(copy);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    copy_folder(root.expect("it lies in the workspace"), copy);
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the target folder can be written");
    for entry in fs::read_dir(from).expect("it is a folder") {
        let entry = entry.expect("it can be read");
        let (name, path) = (entry.file_name(), entry.path());
        let target: PathBuf = to.join(&name);
        let is_folder = path.is_dir();
        if is_folder && (name == OsStr::new("target") || name.as_encoded_bytes()[0] == b'.') {
            continue;
        }
        if is_folder {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).expect("it can be copied");
        }
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("the copy can be written");
}

#[expect(
    clippy::print_stdout,
    reason = "it is shown with --nocapture, or on failure"
)]
fn say(words: &str) {
    println!("{words}");
}
