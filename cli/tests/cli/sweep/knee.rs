//! From where on more brings no more, and by which limit.

use super::{sweep, sweep_of_jobs};
use crate::helper::Folder;

#[test]
fn jobs_are_doubled_and_the_knee_is_named() {
    let said = sweep_of_jobs(&Folder::new(), &[]).expect_code(0);
    let row = |jobs: &str| {
        let mut lines = said.out.lines();
        let row = lines.find(|line| line.starts_with(&format!("{jobs} ")));
        row.expect("a row for each count").to_owned()
    };
    assert!(row("1").contains("2,308"), "{}", said.out);
    assert!(row("32").ends_with("knee"), "{}", said.out);
    assert!(
        row("128").contains("66,975"),
        "the prediction: {}",
        said.out
    );
    let words = said.flat();
    let knee = "from 32 jobs (at 16 not yet) on the device is saturated; more only wait";
    assert!(words.contains(knee), "{words}");
    assert!(words.contains("N* = c (Z + S)/S = 29.0 jobs"), "{words}");
    assert!(said.out.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn nobody_knows_what_is_below_the_first_value() {
    let said = sweep(&Folder::new(), "--jobs 64..256 -n 2k", &[]).expect_code(0);
    let first = "already at 64 jobs, the first value, the device is saturated; more only wait";
    assert!(said.flat().contains(first), "{}", said.out);
}

/// More jobs than there is room for go to software, which is slower.
#[test]
fn where_more_brings_less_that_is_said() {
    let args = ["sweep", "--jobs", "32,64,256", "-n", "5k", "--compute"];
    let fallback = ["none", "--set", "engine.fallback=[\"on_full\"]"];
    let args = [&args[..], &fallback].concat();
    let words = Folder::new().say(&args).expect_code(0).flat();
    assert!(words.contains("at 256 jobs it is "), "{words}");
    assert!(!words.contains("more only wait"), "{words}");
}

/// With fewer ops than jobs some jobs have nothing to do.
#[test]
fn points_without_a_load_tell_no_knee() {
    let args = ["sweep", "--jobs", "1..64", "-n", "20", "--compute", "none"];
    let words = Folder::new().say(&args).expect_code(0).flat();
    assert!(words.contains("TOO SHORT 2 points with fewer calls than jobs"));
    let sixteen = "nothing is saturated up to 16 jobs; throughput still grows";
    assert!(words.contains(sixteen), "{words}");
    assert!(!words.contains("difference"), "{words}");
}

#[test]
fn more_than_is_served_is_told_with_its_limit() {
    let folder = Folder::new();
    let link = "device.link={to_device=\"1us\",to_host=\"1us\",bandwidth=\"100MB/s\"}";
    for (line, more, said) in [
        (
            "--profile network-hsm --rate 500,1000,5000 -n 30k",
            &[][..],
            "at 5,000 arrivals per second, the last value, more arrives than is served: the limit is \
             the rate of a key, 1,100/s at most (at 1,000 not yet)",
        ),
        (
            "--rate 1k..4k -c 1 -n 2k",
            &[],
            "at 4,000 arrivals per second, the last value, more arrives than is served: the limit is the \
             number of jobs, 2,308/s at most",
        ),
        (
            "--rate 1k,5k,20k -n 2k --op aes-128-gcm-seal@16384",
            &["--set", link],
            "the limit is the link, 6,098/s at most",
        ),
        (
            "--rate 60k..80k+10k -n 20k",
            &[],
            "from 70,000 arrivals per second on (at 60,000 not yet) more arrives than is served: the limit \
             is the slices, 66,975/s at most",
        ),
        (
            "--jobs 4..16 -R 20k -n 2k",
            &[],
            "up to 8 jobs more arrives than is served: the limit is the number of jobs, 9,232/s at most; at \
             16 all of it is served",
        ),
    ] {
        let text = sweep(&folder, line, more).expect_code(0);
        assert!(text.flat().contains(said), "{line}: {}", text.out);
        assert!(text.out.contains("saturated"), "{line}: {}", text.out);
        assert!(!text.out.contains("still grows"), "{line}: {}", text.out);
    }
}

/// Slices that have nothing to do are not what does not let through more.
#[test]
fn software_is_its_own_limit() {
    let folder = Folder::new();
    for (line, said) in [
        (
            "--jobs 1..4 -n 200",
            "throughput grows no more: the limit is software",
        ),
        (
            "--rate 1k,4k -n 2k",
            "more arrives than is served: the limit is software",
        ),
    ] {
        let text = sweep(&folder, line, &["--set", "engine.mode=software"]).expect_code(0);
        assert!(text.flat().contains(said), "{line}: {}", text.out);
        assert!(!text.out.contains("elsewhere"), "{line}: {}", text.out);
    }
}

/// What is saturated has the best throughput, and no latency that would last.
#[test]
fn the_knee_of_rates_is_the_last_that_is_served() {
    let said = sweep(&Folder::new(), "--rate 50k..80k+10k -n 20k", &[]).expect_code(0);
    let mark = |rate: &str| {
        let row = said.out.lines().find(|line| line.starts_with(rate));
        let row = row.expect("a row").split_whitespace();
        row.last().expect("a mark").to_owned()
    };
    assert_eq!(mark("60,000"), "knee", "{}", said.out);
    for rate in ["70,000", "80,000"] {
        assert_eq!(mark(rate), "saturated", "{}", said.out);
    }
}

/// Calls that fail are not served, however fast they do it.
#[test]
fn where_calls_fail_not_all_that_arrives_is_served() {
    let folder = Folder::new();
    for set in ["engine.op_timeout=434us", "engine.on_full=fail"] {
        let more = ["--set", set, "--set", "device.ring_depth=16"];
        let said = sweep(&folder, "--rate 1k,20k,40k -n 2k", &more).expect_code(99);
        assert!(!said.flat().contains("all that arrives"), "{}", said.out);
        let words = "calls fail, at 20,000 arrivals per second to begin with";
        assert!(said.flat().contains(words), "{}", said.out);
        let mut rows = said.out.lines();
        assert!(!rows.any(|row| row.starts_with("20,000") && row.contains("knee")));
    }
}

#[test]
fn what_takes_no_time_grows_nowhere() {
    let free = ["--profile", "ideal", "--set", "host.base=free"];
    let said = sweep(&Folder::new(), "--jobs 1..4 -n 200", &free).expect_code(0);
    assert!(
        said.flat().contains("nothing takes any time"),
        "{}",
        said.out
    );
    assert!(!said.out.contains("grows"), "{}", said.out);
}

/// Of 11 calls for each of 16 jobs the last ones are a part that counts.
#[test]
fn a_knee_of_short_runs_is_doubted() {
    let folder = Folder::new();
    let doubt = "TOO SHORT with fewer than 50 calls for each job";
    for (line, is_short) in [("--jobs 1..64 -d 5ms", true), ("--jobs 1..64 -n 5k", false)] {
        let said = sweep(&folder, line, &[]).expect_code(0);
        assert_eq!(said.flat().contains(doubt), is_short, "{}", said.out);
    }
}
