//! Many operations, and memory stays flat. The whole count, ten million, is run by
//! `cargo run --release -p pausewake-tests --example soak -- 10M`, or here with `PAUSEWAKE_SOAK_OPS`.

use pausewake_engine::Notify;
use pausewake_tests::{Soak, resident_bytes};

/// For both notifications together.
const OPS: u64 = 300_000;

/// What the jobs that live just then may hold; a leak of one byte per op would come to 50,000.
const HELD_BYTES: i64 = 4 * 1024;

/// Pages that the allocator and the kernel may move about; an op that leaked 16 bytes would come
/// to more in a third of the default count.
const SLACK_BYTES: u64 = 512 * 1024;

fn ops() -> u64 {
    match std::env::var("PAUSEWAKE_SOAK_OPS") {
        Ok(ops) => ops.parse().expect("PAUSEWAKE_SOAK_OPS is a number"),
        Err(_) => OPS,
    }
}

/// One test, so that nothing else of this process takes memory meanwhile.
#[test]
fn memory_is_flat_between_the_first_and_the_last_third() {
    for notify in [Notify::Callback, Notify::Fd] {
        let mut soak = Soak::new(notify);
        let third = ops() / 6;
        let mut held = [0; 3];
        let mut resident = [0; 3];
        for index in 0..3 {
            let mut done = 0;
            let info = allocation_counter::measure(|| done = soak.run(third));
            assert!(done >= third);
            held[index] = info.bytes_current;
            resident[index] = resident_bytes();
        }
        // What the last two thirds have allocated, they have freed.
        let [_, second, last] = held;
        let most = second.abs().max(last.abs());
        assert!(most <= HELD_BYTES, "{notify:?}: {held:?} bytes still held");
        let grown = resident[2].saturating_sub(resident[0]);
        assert!(
            grown <= SLACK_BYTES,
            "{notify:?}: {resident:?} bytes resident"
        );
        soak.end();
    }
}
