//! Tests that need a process of their own, because they change or end it.
//!
//! The test program starts itself again for the same test alone.

use std::any::type_name_of_val;
use std::env;
use std::process::{Command, Output};

const VARIABLE: &str = "PAUSEWAKE_JOBS_TEST_CHILD";

/// Runs `body` in a child process; the test passes if the child does.
pub(crate) fn isolated(body: impl FnOnce()) {
    if let Some(output) = output_of(body) {
        assert!(
            output.status.success(),
            "{}: {}",
            output.status,
            text_of(&output)
        );
    }
}

/// Runs `body` in a child process, and gives the parent what came of it. In the child,
/// where this is called again, it gives `None`, if the body returns.
pub(crate) fn output_of(body: impl FnOnce()) -> Option<Output> {
    let name = test_name(type_name_of_val(&body));
    let begun = format!("begins: {name}");
    if env::var(VARIABLE).is_ok_and(|wanted| wanted == name) {
        println!("{begun}");
        body();
        return None;
    }
    let program = env::current_exe().expect("this program has a path");
    let output = Command::new(program)
        .args(["--exact", &name, "--nocapture", "--test-threads=1"])
        .env(VARIABLE, &name)
        .output()
        .expect("this program can run");
    // Or else a wrong name would run no test, and pass.
    assert!(
        text_of(&output).contains(&begun),
        "did not run: {}",
        text_of(&output)
    );
    Some(output)
}

/// All that the child printed.
pub(crate) fn text_of(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// `crate::module::test::{{closure}}` without the ends.
fn test_name(closure: &str) -> String {
    let path = closure.trim_end_matches("::{{closure}}");
    let (_program, name) = path.split_once("::").expect("a closure's path has a crate");
    name.to_owned()
}
