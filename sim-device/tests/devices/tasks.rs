//! Opaque closures, well and badly behaved.

use std::panic::resume_unwind;

use pausewake_device::compute::Task;
use pausewake_device::keys::KeyId;
use pausewake_device::protocol::{OpKind, Scheme, Status};

use super::rig::{Answer, Ask, DriverKind, Rig, config};

for_each_driver!(
    a_task_gets_input_and_output,
    a_task_without_closure_is_a_bad_request,
    a_task_that_misbehaves_costs_its_own_op,
    a_task_for_no_slot_is_refused,
);

fn a_task_gets_input_and_output(driver: DriverKind) {
    let mut rig = Rig::new(driver, config());
    attach(
        &rig,
        Box::new(|input, output| {
            assert_eq!(output.len(), 9, "the capacity that the descriptor gave");
            output[..5].copy_from_slice(input);
            output[..5].reverse();
            Ok(5)
        }),
    );
    let answer = rig.run(&task());
    assert_eq!(answer.status, Status::Ok);
    assert_eq!(answer.output, b"olleh");

    attach(&rig, Box::new(|_, _| Err(Status::Mismatch)));
    assert_eq!(rig.run(&task()), failed(Status::Mismatch));
}

fn a_task_without_closure_is_a_bad_request(driver: DriverKind) {
    let mut rig = Rig::new(driver, config());
    assert_eq!(rig.run(&task()), failed(Status::BadRequest));
    attach(&rig, Box::new(|_, _| Ok(0)));
    assert_eq!(rig.run(&task()), failed(Status::Ok));
    assert_eq!(
        rig.run(&task()),
        failed(Status::BadRequest),
        "a closure runs once"
    );
}

fn a_task_that_misbehaves_costs_its_own_op(driver: DriverKind) {
    let mut rig = Rig::new(driver, config());
    let misbehaving: [fn() -> Task; 3] = [
        // As a panic, without the panic hook's report.
        || Box::new(|_, _| resume_unwind(Box::new("on purpose"))),
        || Box::new(|_, output| Ok(output.len() + 1)),
        || Box::new(|_, _| Err(Status::Ok)),
    ];
    for _ in 0..10 {
        for make in misbehaving {
            attach(&rig, make());
            assert_eq!(rig.run(&task()), failed(Status::DeviceError));
        }
    }
    attach(&rig, Box::new(|_, _| Ok(9)));
    assert_eq!(
        rig.run(&task()).output.len(),
        9,
        "device and workers live on"
    );
}

fn a_task_for_no_slot_is_refused(driver: DriverKind) {
    let rig = Rig::new(driver, config());
    for slot in [rig.queue.slots(), u32::MAX] {
        let refused = rig.queue.attach_task(slot, Box::new(|_, _| Ok(0)));
        assert_eq!(refused.expect_err("no such slot").slot, slot);
    }
}

fn attach(rig: &Rig, task: Task) {
    rig.queue.attach_task(3, task).expect("there is a slot 3");
}

fn task() -> Ask<'static> {
    Ask {
        kind: OpKind::Task,
        scheme: Scheme::None,
        key: KeyId::NONE,
        input: b"hello",
        extra: b"",
        capacity: 9,
    }
}

fn failed(status: Status) -> Answer {
    Answer {
        status,
        output: Vec::new(),
    }
}
