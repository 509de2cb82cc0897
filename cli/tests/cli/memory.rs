//! What would need more memory than there is, and is refused before it is taken.

use crate::helper::{Folder, GOOD};

#[test]
fn sizes_beyond_the_memory_of_a_queue_are_refused_where_they_are_said() {
    let folder = Folder::with(GOOD);
    folder.write("data", b"some bytes");
    for size in [
        "load.message_size=4294967295B",
        "device.slot_size=4294967232B",
    ] {
        let said = folder.run(&["--set", size]).expect_code(104);
        let value = format!("--set {size}");
        said.expect_err(&[&value, "do not fit", "with 64 slots, or fewer slots"]);
    }
    // Of so many slots, none is small enough.
    let slots = ["device.slots=100000000", "device.completion_depth=65536"];
    let slots: Vec<&str> = slots.iter().flat_map(|set| ["--set", *set]).collect();
    let said = folder.run(&slots).expect_code(104);
    let said = said.expect_err(&["accepted: fewer slots (device.slots)"]);
    assert!(!said.err.contains("at most 0B"), "{}", said.err);
    let sym =
        "device.sym={ slices = 1, service = { distribution = \"constant\", base = \"1us\" } }";
    let records = [
        "--set",
        sym,
        "--set",
        "load.op=seal-open",
        "--set",
        "load.file=data",
    ];
    let records = [
        &records[..],
        &["--set", "load.ops=", "--set", "expect.ops="],
    ]
    .concat();
    let large = [&records[..], &["--set", "load.record_size=16MiB"]].concat();
    let said = folder.run(&large).expect_code(104);
    let said = said.expect_err(&["load.record_size=16MiB", "accepted: at most "]);
    // What is said to be accepted is accepted.
    let (_, most) = said.err.split_once("at most ").unwrap();
    let size = format!("load.record_size={}", most.split(' ').next().unwrap());
    folder
        .run(&[&records[..], &["--set", &size]].concat())
        .expect_code(0);
    folder
        .run(&[&large[..], &["--set", "device.slots=63"]].concat())
        .expect_code(0);
}

#[test]
fn queues_of_all_threads_beyond_the_memory_for_them_are_refused_at_the_threads() {
    let folder = Folder::with(GOOD);
    let run = |threads: &str| {
        let sets = ["device.ring_depth=65536", "load.jobs=200", threads];
        let args: Vec<&str> = sets.iter().flat_map(|set| ["--set", *set]).collect();
        folder.run(&args)
    };
    let said = run("load.threads=200").expect_code(104);
    let said = said.expect_err(&[
        "--set load.threads=200",
        "200 threads with a queue pair of",
        "4294967296 bytes",
        "accepted: at most ",
    ]);
    // One more than what is said to be accepted is refused as well.
    let (_, most) = said.err.split_once("at most ").unwrap();
    let most: u32 = most.split(',').next().unwrap().parse().unwrap();
    let more = format!("load.threads={}", most + 1);
    run(&more).expect_code(104).expect_err(&["would take more"]);
    // So many small ones have room.
    let small = ["--set", "load.jobs=200", "--set", "load.threads=200"];
    folder.run(&small).expect_code(0);
}
