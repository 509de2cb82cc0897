use std::sync::Arc;

use super::*;
use crate::compute::{ImportError, KeyMaterial};

/// Answers as its fields say, after filling the output.
struct Scripted(Result<usize, Status>);

impl Vault for Scripted {
    fn import(&self, _: KeyMaterial<'_>) -> Result<KeyId, ImportError> {
        Err(ImportError("scripted".to_owned()))
    }

    fn revoke(&self, _: KeyId) -> bool {
        false
    }

    fn execute(&self, _: KeyId, work: Work<'_>, output: &mut [u8]) -> Result<usize, Status> {
        assert_ne!(work.kind, OpKind::Task);
        output.fill(0xee);
        self.0
    }
}

const OK: Scripted = Scripted(Ok(2));

fn crypto(kind: OpKind) -> Action {
    Action::Crypto {
        key: KeyId::NONE,
        kind,
        scheme: Scheme::None,
        input_is: Input::Message,
        nonce: [0; 12],
    }
}

fn task(f: impl FnOnce(&[u8], &mut [u8]) -> Result<usize, Status> + Send + 'static) -> Action {
    Action::Task(Box::new(f))
}

/// An item with two bytes of input, one extra byte and four bytes for output.
fn item(action: Action) -> WorkItem {
    let mut item = WorkItem::new(9);
    item.lay_out(2, 1, 4).copy_from_slice(&[1, 2, 3]);
    item.action = action;
    item
}

#[test]
fn parts_lie_side_by_side() {
    let mut item = item(crypto(OpKind::AeadSeal));
    assert_eq!((item.input(), item.extra()), (&[1, 2][..], &[3][..]));
    assert_eq!((item.output(), item.output_capacity()), (&[][..], 4));
    assert_eq!(item.execute(&OK), Ok(2));
    assert_eq!((item.input(), item.extra()), (&[1, 2][..], &[3][..]));
    assert_eq!(item.output(), [0xee; 2]);
    assert_eq!(item.execute(&OK), Err(Status::BadRequest), "done once");
    assert!(item.output().is_empty());
}

#[test]
fn a_task_sees_the_input_and_fills_the_output() {
    let mut item = item(task(|input, output| {
        output[..2].copy_from_slice(input);
        output[2] = u8::try_from(output.len()).unwrap();
        Ok(3)
    }));
    assert_eq!(item.execute(&OK), Ok(3));
    assert_eq!(item.output(), [1, 2, 4]);
}

#[test]
fn what_cannot_be_answered_is_answered_with_a_status() {
    for (name, action, vault, status) in [
        ("no action", Action::None, OK, Status::BadRequest),
        (
            "a task by name alone",
            crypto(OpKind::Task),
            OK,
            Status::BadRequest,
        ),
        (
            "a status",
            crypto(OpKind::RsaSign),
            Scripted(Err(Status::BadKey)),
            Status::BadKey,
        ),
        (
            "an error that is none",
            crypto(OpKind::RsaSign),
            Scripted(Err(Status::Ok)),
            Status::DeviceError,
        ),
        (
            "more than there is room for",
            crypto(OpKind::RsaSign),
            Scripted(Ok(5)),
            Status::DeviceError,
        ),
        (
            "a task that lies",
            task(|_, _| Ok(usize::MAX)),
            OK,
            Status::DeviceError,
        ),
        (
            "a panic",
            task(|_, output| {
                output.fill(1);
                panic!("expected in this test")
            }),
            OK,
            Status::DeviceError,
        ),
    ] {
        let mut item = item(action);
        assert_eq!(item.execute(&vault), Err(status), "{name}");
        assert!(item.output().is_empty(), "{name}");
        assert_eq!(item.buffer[3..], [0; 4], "{name}: output is not wiped");
    }
}

#[test]
fn a_panic_that_panics_when_dropped_is_contained() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("expected in this test: second");
        }
    }
    let mut item = item(task(|_, _| std::panic::panic_any(Bomb)));
    assert_eq!(item.execute(&OK), Err(Status::DeviceError));
    item.action = task(|_, _| Ok(0));
    assert_eq!(item.execute(&OK), Ok(0));
}

#[test]
fn memory_is_reused_and_wiped_between_ops() {
    let mut item = WorkItem::new(0);
    item.lay_out(100, 20, 50).fill(0xff);
    let place = item.buffer.as_ptr();
    for (input_len, extra_len, output_capacity) in
        [(10, 0, 0), (0, 0, 170), (100, 20, 50), (0, 0, 0)]
    {
        let parts = item.lay_out(input_len, extra_len, output_capacity);
        assert!(parts.iter().all(|&byte| byte == 0));
        parts.fill(0xff);
        item.action = task(|_, output| {
            assert!(output.iter().all(|&byte| byte == 0));
            output.fill(0xdd);
            Ok(output.len())
        });
        assert_eq!(item.execute(&OK), Ok(output_capacity));
        assert_eq!(item.buffer.as_ptr(), place, "no new allocation");
    }
    item.lay_out(3, 0, 0).fill(0xff);
    item.wipe();
    assert_eq!(item.input(), [0; 3]);
}

#[test]
fn wiping_drops_a_task_that_never_ran() {
    let token = Arc::new(());
    let held = Arc::clone(&token);
    let mut item = item(task(move |_, _| {
        let _held = held;
        Ok(0)
    }));
    item.wipe();
    assert_eq!(Arc::strong_count(&token), 1);
}

#[test]
fn debug_shows_no_payload() {
    let shown = format!("{:?}", item(crypto(OpKind::RsaSign)));
    assert!(
        shown.contains("rsa-sign") && shown.contains("input_len: 2"),
        "{shown}"
    );
    assert!(!shown.contains("buffer"), "{shown}");
}
