//! Every order of everything that can happen.
mod action;
mod case;
mod explorer;
mod feed;
mod oracle;
mod world;

use pausewake_engine::Notify;
use case::{Budget, Case};

#[test]
fn sizes() {
    for notify in [Notify::Callback, Notify::Fd, Notify::Poll] {
        let plain = Case::two_jobs("two jobs", notify);
        let b = Budget::default();
        for case in [
            plain,
            Case::two_calls("two calls", notify),
            Case { name: "one slot", slots: 1, ..plain },
            Case { name: "cancel", budget: Budget { cancels: 1, ..b }, ..plain },
        ] {
            let t = std::time::Instant::now();
            match explorer::every_order(case) {
                Ok(seen) => eprintln!("{case}: {seen:?} {:?}", t.elapsed()),
                Err(broken) => panic!("{case}: {broken:#?}"),
            }
        }
    }
}
