use std::collections::BTreeSet;
use std::sync::mpsc;

use super::*;
use crate::compute::{Action, KeyTable, NoCompute};
use crate::protocol::Status;

fn vault() -> Arc<dyn Vault> {
    Arc::new(KeyTable::new(NoCompute::new()))
}

fn silent() -> Notify {
    Arc::new(|| {})
}

fn task(
    token: u64,
    f: impl FnOnce(&[u8], &mut [u8]) -> Result<usize, Status> + Send + 'static,
) -> Box<WorkItem> {
    let mut item = Box::new(WorkItem::new(token));
    item.action = Action::Task(Box::new(f));
    item
}

/// Waits for the next finished item, without sleeping: `signal` gets a word per item.
fn next(workers: &Workers, signal: &mpsc::Receiver<()>) -> Finished {
    signal.recv().expect("the pool lives");
    workers.try_next().expect("a signal comes after its item")
}

/// A pool that sends a word after each item.
fn signalling(worker_count: usize, capacity: usize) -> (Workers, mpsc::Receiver<()>) {
    let (sender, signal) = mpsc::channel();
    let notify: Notify = Arc::new(move || {
        // The test may have ended.
        let _ = sender.send(());
    });
    let workers = Workers::start(&vault(), worker_count, capacity, &notify).unwrap();
    (workers, signal)
}

/// A task that says when it began and then waits for a word.
fn blocker(token: u64) -> (Box<WorkItem>, mpsc::Receiver<()>, mpsc::SyncSender<()>) {
    let (began, has_begun) = mpsc::sync_channel(1);
    let (go_on, may_go_on) = mpsc::sync_channel::<()>(1);
    let item = task(token, move |_, _| {
        began.send(()).unwrap();
        may_go_on
            .recv()
            .map(|()| 0)
            .map_err(|_| Status::DeviceError)
    });
    (item, has_begun, go_on)
}

#[test]
fn a_pool_of_nothing_is_refused() {
    let start = |workers, capacity| Workers::start(&vault(), workers, capacity, &silent());
    assert!(matches!(start(0, 1), Err(StartError::NoWorkers)));
    assert!(matches!(start(1, 0), Err(StartError::NoCapacity)));
}

#[test]
fn every_item_comes_back_once_with_its_own_result() {
    let (workers, signal) = signalling(4, 64);
    let mut seen = BTreeSet::new();
    let mut submitted = 0_u64;
    while seen.len() < 1_000 {
        while submitted < 1_000 {
            let token = submitted;
            let mut item = task(token, move |input, output| {
                assert_eq!(input, token.to_be_bytes());
                output.copy_from_slice(&(token * 3).to_be_bytes());
                Ok(8)
            });
            let action = std::mem::take(&mut item.action);
            item.lay_out(8, 0, 8).copy_from_slice(&token.to_be_bytes());
            item.action = action;
            match workers.try_submit(item) {
                Ok(()) => submitted += 1,
                Err(SubmitError::Full(item)) => {
                    assert_eq!(item.token, token);
                    break;
                }
            }
        }
        assert!(workers.held() <= 64);
        let Finished { item, result } = next(&workers, &signal);
        assert_eq!(result, Ok(8));
        assert_eq!(item.output(), (item.token * 3).to_be_bytes());
        assert!(seen.insert(item.token), "{} came twice", item.token);
    }
    assert_eq!(workers.held(), 0);
    let leftovers = workers.shutdown();
    assert!(leftovers.finished.is_empty() && leftovers.not_run.is_empty());
}

#[test]
fn finished_items_that_nobody_takes_count_against_the_capacity() {
    let (workers, signal) = signalling(1, 2);
    for token in 0..2 {
        workers.try_submit(task(token, |_, _| Ok(0))).unwrap();
        signal.recv().unwrap();
    }
    assert_eq!((workers.held(), workers.capacity()), (2, 2));
    let refused = workers.try_submit(task(2, |_, _| Ok(0))).unwrap_err();
    assert!(
        refused.to_string().contains("take finished ones"),
        "{refused}"
    );
    let item = refused.into_item();
    assert!(matches!(item.action, Action::Task(_)), "given back whole");
    assert_eq!(workers.try_next().unwrap().item.token, 0);
    workers.try_submit(item).unwrap();
}

#[test]
fn panics_cost_their_own_op_and_no_thread() {
    let (workers, signal) = signalling(1, 1);
    for token in 0..3 {
        workers
            .try_submit(task(token, |_, _| panic!("expected in this test")))
            .unwrap();
        let finished = next(&workers, &signal);
        assert_eq!(finished.item.token, token);
        assert_eq!(finished.result, Err(Status::DeviceError));
    }
    workers.try_submit(task(3, |_, _| Ok(0))).unwrap();
    assert_eq!(next(&workers, &signal).result, Ok(0));
}

#[test]
fn a_panicking_signal_costs_no_thread() {
    let (sender, signal) = mpsc::channel();
    let notify: Notify = Arc::new(move || {
        let _ = sender.send(());
        panic!("expected in this test");
    });
    let workers = Workers::start(&vault(), 1, 1, &notify).unwrap();
    for token in 0..2 {
        workers.try_submit(task(token, |_, _| Ok(0))).unwrap();
        assert_eq!(next(&workers, &signal).item.token, token);
    }
}

#[test]
fn shutdown_waits_for_what_runs_and_gives_back_what_does_not() {
    let (workers, _signal) = signalling(1, 8);
    workers.try_submit(task(0, |_, _| Ok(0))).unwrap();
    let (item, has_begun, go_on) = blocker(1);
    workers.try_submit(item).unwrap();
    has_begun.recv().unwrap();
    for token in 2..6 {
        workers.try_submit(task(token, |_, _| Ok(0))).unwrap();
    }
    // The running item ends only after the waiting ones have been taken back.
    let waiting = workers.not_run.clone();
    let release = thread::spawn(move || {
        while !waiting.is_empty() {
            thread::yield_now();
        }
        go_on.send(()).unwrap();
    });
    let leftovers = workers.shutdown();
    release.join().unwrap();
    let tokens = |items: &[Box<WorkItem>]| items.iter().map(|item| item.token).collect::<Vec<_>>();
    assert_eq!(tokens(&leftovers.not_run), [2, 3, 4, 5]);
    let finished = leftovers.finished;
    assert!(finished.iter().all(|finished| finished.result == Ok(0)));
    let finished: Vec<_> = finished.into_iter().map(|finished| finished.item).collect();
    assert_eq!(tokens(&finished), [0, 1]);
}

#[test]
fn dropping_the_pool_drops_its_items_and_ends_its_threads() {
    let vault = vault();
    let token = Arc::new(());
    let workers = Workers::start(&vault, 2, 100, &silent()).unwrap();
    for _ in 0..100 {
        let held = Arc::clone(&token);
        let item = task(0, move |_, _| {
            drop(held);
            Ok(0)
        });
        workers.try_submit(item).unwrap();
    }
    drop(workers);
    assert_eq!(Arc::strong_count(&token), 1);
    assert_eq!(
        Arc::strong_count(&vault),
        1,
        "threads have let go of the vault"
    );
}

#[test]
fn items_go_round_without_new_memory() {
    let (workers, signal) = signalling(2, 4);
    let mut places = BTreeSet::new();
    for token in 0..4 {
        let mut item = Box::new(WorkItem::new(token));
        item.lay_out(256, 0, 256);
        places.insert(item.input().as_ptr() as usize);
        item.action = Action::Task(Box::new(|_, output| Ok(output.len())));
        workers.try_submit(item).unwrap();
    }
    for _ in 0..1_000 {
        let mut item = next(&workers, &signal).item;
        assert_eq!(item.output().len(), 256);
        item.lay_out(256, 0, 256);
        assert!(places.contains(&(item.input().as_ptr() as usize)));
        item.action = Action::Task(Box::new(|_, output| Ok(output.len())));
        workers.try_submit(item).unwrap();
    }
}
