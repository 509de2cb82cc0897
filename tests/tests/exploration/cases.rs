//! The cases that are explored exhaustively, and how many schedules each has.

use pausewake_device::Nanos;
use pausewake_engine::{Heuristic, Notify, Reap};

use crate::action::Action;
use crate::case::{Arming, Budget, Case};

/// A case, and how many schedules it is known to have.
pub(crate) struct Explored {
    pub(crate) case: Case,
    pub(crate) schedules: u64,
}

/// Two jobs with a call each, two calls of one job, and one thing at a time that goes wrong.
pub(crate) fn two_at_a_time(notify: Notify) -> Vec<Explored> {
    let two_jobs = |name, budget| Case {
        budget,
        ..Case::two_jobs(name, notify)
    };
    let one_slot = |name, budget| Case {
        slots: 1,
        ..two_jobs(name, budget)
    };
    let two_calls_one_slot = |name, budget| Case {
        slots: 1,
        budget,
        ..Case::two_calls(name, notify)
    };
    // Where jobs are ended or resumed early there are fewer by fd: a wake that was consumed is not
    // readable any more, and a callback's stays to be seen.
    let known = |case, by_callback, by_fd| Explored {
        case,
        schedules: match notify {
            Notify::Callback => by_callback,
            Notify::Fd | Notify::Poll => by_fd,
        },
    };
    let both = |case, schedules| known(case, schedules, schedules);
    vec![
        both(two_jobs("two-jobs", NOTHING), 116),
        both(two_jobs("two-jobs-one-cancelled", CANCEL), 1_788),
        both(
            two_jobs("two-jobs-one-resumed-without-a-wake", SPURIOUS),
            1_044,
        ),
        both(two_jobs("two-jobs-one-doubled", DOUBLE), 2_464),
        both(two_jobs("two-jobs-one-forged", FORGERY), 5_616),
        both(two_jobs("two-jobs-one-failed", FAILURE), 348),
        both(two_jobs("two-jobs-one-lost", LOSS), 452),
        both(two_jobs("two-jobs-reset", RESET), 756),
        both(two_jobs("two-jobs-one-without-its-context", CONTEXT), 1_896),
        known(
            under_way(two_jobs("two-jobs-one-cancelled-without-its-context", GONE)),
            2_936,
            2_808,
        ),
        both(timed(two_jobs("two-jobs-out-of-time", TIMEOUT)), 10_128),
        both(one_slot("one-slot", NOTHING), 16),
        both(one_slot("one-slot-one-cancelled", CANCEL), 320),
        both(one_slot("one-slot-one-forged", FORGERY), 880),
        both(one_slot("one-slot-reset", RESET), 88),
        both(one_slot("one-slot-one-without-its-context", CONTEXT), 288),
        both(timed(one_slot("one-slot-out-of-time", TIMEOUT)), 1_246),
        both(full_ring("full-ring", notify), 76),
        known(
            Case {
                slots: 2,
                ring_depth: 1,
                ..two_jobs("one-place-in-the-ring", SPURIOUS)
            },
            1_812,
            1_612,
        ),
        known(
            two_calls_one_slot(
                "two-calls-one-slot-doubled",
                Budget {
                    spurious: 1,
                    ..CANCEL_AND_DOUBLE
                },
            ),
            3_324,
            2_420,
        ),
        both(
            timed(two_calls_one_slot(
                "two-calls-one-slot-out-of-time",
                Budget {
                    timeouts: 1,
                    ..CANCEL_AND_DOUBLE
                },
            )),
            14_824,
        ),
    ]
}

/// The same where nobody tells the jobs. A job looks whenever something has changed, so there are
/// many more orders, and fewer cases.
pub(crate) fn looking() -> Vec<Explored> {
    let notify = Notify::Poll;
    let two_calls = |name, budget| Case {
        budget,
        ..Case::two_calls(name, notify)
    };
    let two_jobs = |name, budget| Case {
        budget,
        ..Case::two_jobs(name, notify)
    };
    let one_slot = Case {
        slots: 1,
        ..two_jobs("one-slot", NOTHING)
    };
    let known = |case, schedules| Explored { case, schedules };
    vec![
        known(two_jobs("two-jobs", NOTHING), 14_368),
        known(one_slot, 2_432),
        known(two_calls("two-calls-one-cancelled", CANCEL), 212),
        known(timed(two_calls("two-calls-out-of-time", TIMEOUT)), 2_868),
        known(two_calls("two-calls-one-forged", FORGERY), 2_048),
        known(two_calls("two-calls-reset", RESET), 224),
        known(two_calls("two-calls-without-context", CONTEXT), 288),
        known(
            two_calls("two-calls-cancelled-without-context", GONE),
            1_810,
        ),
        known(under_way(two_jobs("two-jobs-one-forged", FORGERY)), 11_040),
        known(under_way(two_jobs("two-jobs-reset", RESET)), 1_184),
        known(
            under_way(two_jobs("two-jobs-one-without-its-context", CONTEXT)),
            2_640,
        ),
        known(
            under_way(two_jobs("two-jobs-one-cancelled-without-its-context", GONE)),
            23_920,
        ),
    ]
}

/// An owner that reaps when it is signalled, and sleeps until then.
pub(crate) fn sleeping(notify: Notify) -> Vec<Explored> {
    let two_jobs = |name, budget| Case {
        reap: Reap::Event,
        budget,
        ..Case::two_jobs(name, notify)
    };
    let one_slot = |name, budget| Case {
        slots: 1,
        ..two_jobs(name, budget)
    };
    let in_halves = |case| Case {
        arming: Arming::InHalves,
        ..case
    };
    let known = |case, schedules| Explored { case, schedules };
    vec![
        known(
            Case {
                reap: Reap::Event,
                ..full_ring("full-ring", notify)
            },
            1_445,
        ),
        known(
            in_halves(Case {
                reap: Reap::Event,
                ..full_ring("full-ring-in-halves", notify)
            }),
            9_099,
        ),
        known(two_jobs("two-jobs", NOTHING), 698),
        known(in_halves(two_jobs("two-jobs-in-halves", NOTHING)), 2_620),
        known(
            Case {
                reaps_awake: true,
                ..two_jobs("two-jobs-reaped-awake", NOTHING)
            },
            1_286,
        ),
        known(
            Case {
                reap: Reap::Event,
                ..Case::two_calls("two-calls", notify)
            },
            27,
        ),
        known(two_jobs("two-jobs-interrupted", INTERRUPT), 3_138),
        known(two_jobs("two-jobs-one-cancelled", CANCEL), 12_474),
        known(under_way(two_jobs("two-jobs-one-doubled", DOUBLE)), 2_434),
        known(under_way(two_jobs("two-jobs-one-forged", FORGERY)), 6_808),
        known(two_jobs("two-jobs-one-lost", LOSS), 2_266),
        known(two_jobs("two-jobs-reset", RESET), 3_706),
        known(in_halves(one_slot("one-slot-in-halves", NOTHING)), 1_040),
        known(timed(one_slot("one-slot-out-of-time", TIMEOUT)), 10_548),
        known(
            under_way(two_jobs("two-jobs-one-without-its-context", CONTEXT)),
            1_544,
        ),
    ]
}

/// An owner that reaps when enough is in flight, and sleeps until its timer. One of its jobs waits
/// for something else, so not all of them ever wait for the device: one op alone is below every
/// threshold.
pub(crate) fn by_heuristic() -> Vec<Explored> {
    let heuristic = Heuristic {
        asymmetric: 2,
        symmetric: 2,
        backstop_ns: TIMEOUT_NS,
    };
    let with_bystander = |case| Case {
        reap: Reap::Heuristic(heuristic),
        bystanders: 1,
        ..case
    };
    let two_jobs = |name, notify, budget| {
        with_bystander(Case {
            budget,
            ..Case::two_jobs(name, notify)
        })
    };
    let known = |case, schedules| Explored { case, schedules };
    vec![
        known(two_jobs("two-jobs", Notify::Callback, NOTHING), 198),
        known(
            two_jobs("two-jobs-a-timer", Notify::Callback, TIMEOUT),
            12_116,
        ),
        known(two_jobs("two-jobs", Notify::Fd, NOTHING), 198),
        known(
            with_bystander(Case::two_calls("two-calls", Notify::Poll)),
            36,
        ),
    ]
}

pub(crate) fn all() -> Vec<Explored> {
    let mut all = Vec::new();
    for notify in [Notify::Callback, Notify::Fd] {
        all.extend(two_at_a_time(notify));
        all.extend(sleeping(notify));
    }
    all.extend(looking());
    all.extend(by_heuristic());
    all
}

/// One op is with the device, which takes no second, and its job is gone; one fills the ring; and a
/// job waits for room there, with a slot left.
const fn full_ring(name: &'static str, notify: Notify) -> Case {
    Case {
        jobs: 3,
        slots: 3,
        ring_depth: 1,
        in_flight_limit: 1,
        budget: CANCEL,
        prelude: &[
            Action::Start(0),
            Action::Doorbell,
            Action::Start(1),
            Action::Doorbell,
            Action::Start(2),
            Action::Cancel(0),
        ],
        ..Case::two_jobs(name, notify)
    }
}

/// Begins when both jobs have their ops with the device.
const fn under_way(case: Case) -> Case {
    Case {
        prelude: &[Action::Start(0), Action::Start(1), Action::Doorbell],
        ..case
    }
}

/// With a limit to how long each call may take.
const fn timed(case: Case) -> Case {
    Case {
        op_timeout_ns: Some(TIMEOUT_NS),
        ..case
    }
}

const NOTHING: Budget = Budget::NOTHING;
pub(crate) const CANCEL: Budget = Budget {
    cancels: 1,
    ..NOTHING
};
pub(crate) const SPURIOUS: Budget = Budget {
    spurious: 1,
    ..NOTHING
};
pub(crate) const DOUBLE: Budget = Budget {
    doubles: 1,
    ..NOTHING
};
const FORGERY: Budget = Budget {
    forgeries: 1,
    ..NOTHING
};
const FAILURE: Budget = Budget {
    failures: 1,
    ..NOTHING
};
const LOSS: Budget = Budget {
    losses: 1,
    ..NOTHING
};
const RESET: Budget = Budget {
    resets: 1,
    ..NOTHING
};
const TIMEOUT: Budget = Budget {
    timeouts: 1,
    ..NOTHING
};
const INTERRUPT: Budget = Budget {
    interrupts: 1,
    ..NOTHING
};
const CONTEXT: Budget = Budget {
    contexts: 1,
    ..NOTHING
};
/// A connection that goes away in the middle of a call: its job and its wait context.
const GONE: Budget = Budget {
    contexts: 1,
    ..CANCEL
};
/// What comes late meets the next use of the slot.
const CANCEL_AND_DOUBLE: Budget = Budget {
    doubles: 1,
    ..CANCEL
};
const TIMEOUT_NS: Nanos = Nanos::from_millis(1);
