//! What cannot be searched, and is refused with what to change.

use super::{found, knee};
use crate::helper::number;

#[test]
fn what_contradicts_the_search_is_refused() {
    for (args, words) in [
        (&[][..], &["needs an SLO"][..]),
        (&["--slo", "p98<1ms"], &["--slo p98<1ms", "unknown field"]),
        (
            &["--slo", "p99<1ms", "--precision", "0%"],
            &["--precision", "from 0.1% to 50%"],
        ),
        (
            &["--slo", "p99<1ms", "--min-rate", "5k", "--max-rate", "1k"],
            &["--min-rate 5000 is above --max-rate 1000"],
        ),
        (
            &["--slo", "p99<1ms", "--rate", "fast"],
            &["--rate fast", "begin with a number"],
        ),
        (
            &["--slo", "p99<1ms", "--fewest-jobs", "--rate", "1k"],
            &["--fewest-jobs", "closed loop"],
        ),
        (&["--slo", "p99<1ms", "--repeat", "0"], &["--repeat"]),
        (
            &["--slo", "p99<1ms", "--max-jobs", "8"],
            &["--max-jobs", "--fewest-jobs"],
        ),
        (
            &["--slo", "p99<1ms", "--fewest-jobs", "--min-rate", "8"],
            &["--min-rate", "--fewest-jobs"],
        ),
        (
            &["--slo", "p99<1ms", "--set", "load.rate=5k/s"],
            &["--set load.rate", "--min-rate and --max-rate"],
        ),
        (
            &["--slo", "p99<1ms", "--set", "load.\"rate\" = 5k/s"],
            &["--set load.rate"],
        ),
        (
            &["--slo", "p99<1ms", "--fewest-jobs", "--set", "load.jobs=5"],
            &["--set load.jobs", "--jobs, where the search begins"],
        ),
        (
            &["--slo", "p99<1ms", "--set", "load.phase=[]"],
            &["--set load.phase", "no phases"],
        ),
        (
            &["--slo", "p99<1ms", "--set", "load={ rate = \"5k/s\" }"],
            &["--set load would"],
        ),
        (
            &["--slo", "p99<1ms", "--set", "seed=3", "--repeat", "3"],
            &["--set seed", "--seed, which is that of the first run"],
        ),
        (
            &["--slo", "p99<1ms", "--profile", "abacus"],
            &["--profile abacus"],
        ),
    ] {
        let said = knee(4, args).expect_code(104).expect_err(words);
        assert_eq!(said.out, "");
    }
}

/// Under virtual time software costs what the host's work does: nothing, if somebody says so.
#[test]
fn software_that_takes_no_time_is_refused() {
    let software = ["--set", "engine.mode=software", "-n", "4000"];
    let rate = [&software[..], &["--slo", "p99<2ms"]].concat();
    let jobs = [
        &software[..],
        &["--slo", "throughput>60k/s", "--fewest-jobs"],
    ]
    .concat();
    let fallback = ["--slo", "p99<2ms", "-n", "4000"];
    let set = ["--set", "engine.fallback=[\"on_full\"]"];
    let fallback = [&fallback[..], &set].concat();
    for args in [&rate, &jobs, &fallback] {
        let said = knee(4, args).expect_code(104);
        said.expect_err(&["software takes no time here", "--set host.base=measured"]);
    }
    let measured = [&rate[..], &["--set", "host.base=measured"]].concat();
    let holds = number(&found(4, &measured), "/answer/holds_at");
    assert!(holds < 1e6, "{holds}");
}
