//! What cannot be swept, and is refused before anything runs.

use super::sweep;
use crate::helper::{Folder, GOOD};

#[test]
fn wrong_flags_are_told() {
    let folder = Folder::with(GOOD);
    for (args, parts) in [
        (
            &[][..],
            &["nothing is swept", "--notify fd,callback,poll"][..],
        ),
        (&["--jobs", "64"], &["nothing is swept"]),
        (&["--rate", "0..4"], &["--rate 0..4", "above zero"]),
        (&["--jobs", "1..8xx2"], &["--jobs 1..8xx2"]),
        (
            &["--jobs", "1,2", "--threads", "4,8"],
            &["nothing can be run: of 4 threads with 1 job some would have none"],
        ),
        (
            &["--notify", "fd,callback", "--set", "engine.mode=sync"],
            &[
                "--notify",
                "engine.mode = \"sync\"",
                "all notifications are the same",
            ],
        ),
        (
            &["--notify", "fd,poll", "--set", "engine.mode=software"],
            &["--notify", "engine.mode = \"software\""],
        ),
        (
            &["--jobs", "1,2", "--set", "expect.p99=\"<1ms\""],
            &["--set expect", "pausewake load"],
        ),
        (
            &["--jobs", "4..1"],
            &["--jobs 4..1", "ends before it begins"],
        ),
        (&["--jobs", "1..4x1"], &["factor of 2"]),
        (&["--jobs", "0,4"], &["--jobs 0"]),
        (&["--notify", "fd,mail"], &["`mail` is no way"]),
        (
            &["--jobs", "1,2", "--slo", "p99<2ms"],
            &["--slo", "pausewake load"],
        ),
        (
            &["--jobs", "1,2", "--print-scenario"],
            &["--print-scenario"],
        ),
        (
            &["--jobs", "1,2", "--shard", "3/2"],
            &["--shard 3/2", "3/16"],
        ),
        (
            &["--size", "1,2", "--mix", "aead-seal:1"],
            &["--size", "mix"],
        ),
        (
            &["--size", "1,2", "--op", "aead-seal@5"],
            &["--size", "without @"],
        ),
        (
            &["--jobs", "1..9999+1", "--threads", "1,2"],
            &["19998 points"],
        ),
        (
            &["--jobs", "1,2", "--scenario", "none.toml"],
            &["none.toml"],
        ),
        (
            &["--jobs", "1,2", "--set", "load.jobs=5"],
            &["--set load.jobs=5: it says what --jobs sweeps"],
        ),
        (
            &["--jobs", "1,2", "--set", "load={op=\"rsa-sign\",jobs=5}"],
            &["it says what --jobs sweeps"],
        ),
        (
            &["--jobs", "1,2", "--set", "abort.p99=\"<1ms\""],
            &["--set abort", "pausewake load"],
        ),
        (
            &["--rate", "1k,2k", "--set", "load.phase=[]"],
            &["it says what --rate sweeps", "--rate alone"],
        ),
        (
            &["--notify", "fd,callback", "--set", "engine.notify=\"fd\""],
            &["it says what --notify sweeps"],
        ),
        (
            &["--threads", "1,2", "-c", "8", "--set", "load.threads=4"],
            &["it says what --threads sweeps"],
        ),
        (
            &["--jobs", "1,2", "-o", "it.xyz"],
            &["no format has the extension"],
        ),
    ] {
        let said = folder.say(&[&["sweep"], args].concat());
        said.expect_code(104).expect_err(parts);
    }
    folder.write(
        "variants.toml",
        format!("{GOOD}\n[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\n").as_bytes(),
    );
    folder
        .say(&["sweep", "--jobs", "1,2", "--scenario", "variants.toml"])
        .expect_code(104)
        .expect_err(&["the file has variants"]);
    assert_eq!(folder.names(), ["it.toml", "variants.toml"]);
}

#[test]
fn too_many_jobs_are_told_before_anything_runs() {
    let folder = Folder::new();
    let said = sweep(&folder, "--jobs 8,400M -n 500M -o it.json", &[]);
    let said = said.expect_code(104);
    said.expect_err(&[
        "at jobs=400000000: 400,000,000 jobs need a stack",
        "accepted: fewer",
    ]);
    assert!(!folder.path("it.json").exists());
}
