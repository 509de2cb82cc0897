//! What may be shared and sent, told by the compiler, and the names of the threads.

use pausewake_device::{Device, Manual, QueuePair};

#[test]
fn devices_are_shared_and_queues_are_sent() {
    fn sent_and_shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    sent_and_shared::<Device>();
    sent_and_shared::<Manual>();
    // That it is not Sync is a compile_fail doctest of the type.
    sent::<QueuePair>();
}
