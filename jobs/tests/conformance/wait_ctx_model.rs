//! Wait contexts against a model of points 21 to 28 that is too simple to be wrong: a list of
//! everything that was ever set, with what became of it.

use pausewake_jobs::{WaitCtx, WaitFd, WaitKey, WaitStatus};
use proptest::prelude::*;

use crate::wait_ctx::{Calls, reset};

#[derive(Debug, Clone)]
enum Op {
    Set {
        key: usize,
        fd: usize,
        cleanup: bool,
    },
    Clear {
        key: usize,
    },
    Reset,
    Find {
        key: usize,
    },
    ReadLists,
    Status(i32),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let (key, fd) = (0..KEYS, 0..FDS);
    let op = prop_oneof![
        4 => (key.clone(), fd, any::<bool>())
            .prop_map(|(key, fd, cleanup)| Op::Set { key, fd, cleanup }),
        4 => key.clone().prop_map(|key| Op::Clear { key }),
        2 => Just(Op::Reset),
        2 => key.prop_map(|key| Op::Find { key }),
        1 => Just(Op::ReadLists),
        1 => any::<i32>().prop_map(Op::Status),
    ];
    prop::collection::vec(op, 0..60)
}

/// Something that was set, and when it was cleared. Times are resets.
struct Record {
    number: u32,
    key: usize,
    fd: usize,
    cleanup: bool,
    set_at: u32,
    cleared_at: Option<u32>,
}

#[derive(Default)]
struct Model {
    /// Newest last.
    records: Vec<Record>,
    now: u32,
    status: i32,
}

impl Model {
    fn newest_first(&self, pick: impl Fn(&Record) -> bool) -> Vec<usize> {
        self.records
            .iter()
            .rev()
            .filter(|record| pick(record))
            .map(|record| record.fd)
            .collect()
    }

    fn in_force(&self) -> Vec<usize> {
        self.newest_first(|record| record.cleared_at.is_none())
    }

    fn added(&self) -> Vec<usize> {
        self.newest_first(|record| record.set_at == self.now && record.cleared_at.is_none())
    }

    fn deleted(&self) -> Vec<usize> {
        self.newest_first(|record| record.set_at < self.now && record.cleared_at == Some(self.now))
    }

    fn newest(&mut self, key: usize) -> Option<&mut Record> {
        self.records
            .iter_mut()
            .rev()
            .find(|record| record.key == key && record.cleared_at.is_none())
    }
}

const KEYS: usize = 3;
const FDS: usize = 4;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn points_21_to_28_match_the_model(ops in ops()) {
        let fds: Vec<WaitFd> = (0..FDS).map(|_| WaitFd::eventfd().unwrap()).collect();
        let pick = |indices: Vec<usize>| -> Vec<WaitFd> {
            indices.into_iter().map(|index| fds[index].clone()).collect()
        };
        let calls = Calls::default();
        let wait_ctx = WaitCtx::new();
        let mut model = Model::default();
        for (number, op) in (0..).zip(ops) {
            match op {
                Op::Set { key, fd, cleanup } => {
                    let call = cleanup.then(|| calls.cleanup(number));
                    wait_ctx.set_wait_fd(WaitKey(key), fds[fd].clone(), call);
                    let set_at = model.now;
                    model.records.push(Record { number, key, fd, cleanup, set_at, cleared_at: None });
                }
                Op::Clear { key } => {
                    let now = model.now;
                    let newest = model.newest(key);
                    prop_assert_eq!(wait_ctx.clear_fd(WaitKey(key)), newest.is_some());
                    if let Some(record) = newest {
                        record.cleared_at = Some(now);
                    }
                }
                Op::Reset => {
                    reset(&wait_ctx);
                    model.now += 1;
                }
                Op::Find { key } => {
                    let expected = model.newest(key).map(|record| fds[record.fd].clone());
                    prop_assert_eq!(wait_ctx.fd(WaitKey(key)), expected.clone());
                    prop_assert_eq!(wait_ctx.wake_by_fd(WaitKey(key)).is_some(), expected.is_some());
                }
                Op::ReadLists => {
                    drop(wait_ctx.changed_fds());
                    drop(wait_ctx.all_fds());
                }
                Op::Status(status) => {
                    wait_ctx.set_status(WaitStatus(status));
                    model.status = status;
                }
            }
            let changed = wait_ctx.changed_fds();
            prop_assert_eq!(wait_ctx.all_fds(), pick(model.in_force()));
            prop_assert_eq!(wait_ctx.fd_count(), model.in_force().len());
            prop_assert_eq!(changed.added, pick(model.added()));
            prop_assert_eq!(changed.deleted, pick(model.deleted()));
            prop_assert_eq!(
                wait_ctx.changed_counts(),
                (model.added().len(), model.deleted().len())
            );
            prop_assert_eq!(wait_ctx.status(), WaitStatus(model.status));
        }
        drop(wait_ctx);
        let called: Vec<u32> = calls.taken().into_iter().map(|(number, ..)| number).collect();
        let expected: Vec<u32> = model
            .records
            .iter()
            .rev()
            .filter(|record| record.cleared_at.is_none() && record.cleanup)
            .map(|record| record.number)
            .collect();
        prop_assert_eq!(called, expected);
    }
}
