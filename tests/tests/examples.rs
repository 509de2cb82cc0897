//! The engine's examples run, and end well.

#[path = "../../engine/examples/minimal.rs"]
mod minimal;
#[path = "../../engine/examples/own_loop.rs"]
mod own_loop;

#[test]
fn the_smallest_program_that_pauses_and_wakes() {
    minimal::main().expect("it ends well");
}

#[test]
fn a_loop_of_somebody_elses() {
    own_loop::main().expect("it ends well");
}
