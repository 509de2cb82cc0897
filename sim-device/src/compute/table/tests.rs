use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::*;
use crate::protocol::{Input, OpKind, Scheme};

/// An engine whose keys are numbers, and count how many of them there are.
#[derive(Default)]
struct Numbers {
    alive: Arc<AtomicUsize>,
    /// An op waits for a word here, after it has said that it began.
    gate: Option<(mpsc::SyncSender<()>, std::sync::Mutex<mpsc::Receiver<()>>)>,
}

struct Number {
    value: u8,
    alive: Arc<AtomicUsize>,
}

impl Drop for Number {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Compute for Numbers {
    type Key = Number;

    fn import(&self, material: KeyMaterial<'_>) -> Result<Number, ImportError> {
        let KeyMaterial::AesGcm(&[value]) = material else {
            return Err(ImportError("not a number".to_owned()));
        };
        self.alive.fetch_add(1, Ordering::SeqCst);
        Ok(Number {
            value,
            alive: Arc::clone(&self.alive),
        })
    }

    fn execute(&self, key: &Number, _: Work<'_>, output: &mut [u8]) -> Result<usize, Status> {
        if let Some((began, go_on)) = &self.gate {
            began.send(()).unwrap();
            go_on.lock().unwrap().recv().unwrap();
        }
        output[0] = key.value;
        Ok(1)
    }
}

const WORK: Work<'static> = Work {
    kind: OpKind::AeadSeal,
    scheme: Scheme::None,
    input_is: Input::Message,
    nonce: [0; 12],
    input: &[],
    extra: &[],
};

fn import(table: &KeyTable<Numbers>, value: u8) -> KeyId {
    table.import(KeyMaterial::AesGcm(&[value])).unwrap()
}

fn value(table: &KeyTable<Numbers>, id: KeyId) -> Result<u8, Status> {
    let mut output = [0];
    table.execute(id, WORK, &mut output).map(|_| output[0])
}

#[test]
fn a_revoked_name_stays_dead_when_its_place_is_used_again() {
    let table = KeyTable::new(Numbers::default());
    let first = import(&table, 1);
    let other = import(&table, 2);
    assert!(table.revoke(first));
    assert!(!table.revoke(first), "only once");
    assert_eq!(value(&table, first), Err(Status::BadKey));

    let second = import(&table, 3);
    assert_eq!(second.index, first.index, "the place is used again");
    assert_ne!(second.generation, first.generation);
    assert_eq!(value(&table, first), Err(Status::BadKey));
    assert!(
        !table.revoke(first),
        "an old name revokes nobody else's key"
    );
    assert_eq!(value(&table, second), Ok(3));
    assert_eq!(value(&table, other), Ok(2));
    assert_eq!(value(&table, KeyId::NONE), Err(Status::BadKey));
    assert!(!table.revoke(KeyId::NONE));
}

#[test]
fn an_op_that_holds_a_key_finishes_after_its_revocation() {
    let (began, has_begun) = mpsc::sync_channel(0);
    let (go_on, may_go_on) = mpsc::sync_channel(0);
    let numbers = Numbers {
        gate: Some((began, may_go_on.into())),
        ..Numbers::default()
    };
    let alive = Arc::clone(&numbers.alive);
    let table = KeyTable::new(numbers);
    let id = import(&table, 7);
    thread::scope(|scope| {
        let op = scope.spawn(|| value(&table, id));
        has_begun.recv().unwrap();
        assert!(table.revoke(id));
        assert_eq!(alive.load(Ordering::SeqCst), 1, "held by the op");
        go_on.send(()).unwrap();
        assert_eq!(op.join().unwrap(), Ok(7));
    });
    assert_eq!(alive.load(Ordering::SeqCst), 0, "dropped with the last op");
    assert!(table.is_empty());
}

#[test]
fn a_full_table_says_so_and_takes_keys_again_after_a_revocation() {
    let table = KeyTable::with_max_keys(Numbers::default(), 2);
    let first = import(&table, 1);
    import(&table, 2);
    let error = table.import(KeyMaterial::AesGcm(&[3])).unwrap_err();
    assert!(error.to_string().contains("holds 2 keys"), "{error}");
    assert!(error.to_string().contains("revoke"), "{error}");
    assert!(table.revoke(first));
    let third = import(&table, 3);
    assert_eq!(value(&table, third), Ok(3));
    assert_eq!(table.len(), 2);
}

#[test]
fn names_never_reach_another_key_while_threads_import_and_revoke() {
    let numbers = Numbers::default();
    let alive = Arc::clone(&numbers.alive);
    let table = KeyTable::new(numbers);
    thread::scope(|scope| {
        for thread in 0..4_u8 {
            let table = &table;
            scope.spawn(move || {
                let mut dead = Vec::new();
                for _ in 0..2_000 {
                    let id = import(table, thread);
                    assert_eq!(value(table, id), Ok(thread));
                    assert!(table.revoke(id));
                    dead.push(id);
                }
                for id in dead {
                    assert_eq!(value(table, id), Err(Status::BadKey));
                }
            });
        }
    });
    assert_eq!(alive.load(Ordering::SeqCst), 0);
    let places = table.places.read().unwrap().all.len();
    assert!(places <= 4, "{places} places for four keys at once");
}

#[test]
fn a_place_without_further_generations_is_retired() {
    let mut places = Places {
        all: vec![Place {
            generation: u32::MAX,
            key: Some(Arc::new(())),
        }],
        free: Vec::new(),
    };
    let last = KeyId {
        index: 0,
        generation: u32::MAX,
    };
    assert!(places.take(last).is_some());
    assert!(places.take(last).is_none());
    assert!(places.put(Arc::new(()), 1).is_none());
    let next = places.put(Arc::new(()), 2).unwrap();
    assert_eq!((next.index, next.generation), (1, 0));
}
