//! Jobs that think: off the CPU until their time has come.
//!
//! A job that thinks pauses like one that waits for the device, and is woken in the same way: by
//! its wait context's callback if there is one, else by an eventfd of ours in it. So it works with
//! every way of notification, and the thread runs other jobs meanwhile.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::rc::Rc;

use pausewake_device::Nanos;
use pausewake_jobs::{Pause, WaitCtx, WaitFd, WaitKey, Wake};

/// The alarms of one thread.
#[derive(Default)]
pub struct Alarms {
    heap: RefCell<BinaryHeap<Reverse<Alarm>>>,
    set: Cell<u64>,
}

struct Alarm {
    at: Nanos,
    /// Alarms of one moment ring in the order in which they were set.
    number: u64,
    rung: Rc<Cell<bool>>,
    wake: Wake,
}

impl Alarms {
    /// When the next one is due.
    pub fn next_at(&self) -> Option<Nanos> {
        self.heap.borrow().peek().map(|Reverse(alarm)| alarm.at)
    }

    /// How many jobs think.
    pub fn count(&self) -> usize {
        self.heap.borrow().len()
    }

    /// Wakes every job whose time has come.
    ///
    /// # Errors
    /// An eventfd could not be written.
    pub fn ring(&self, now: Nanos) -> io::Result<()> {
        while self.next_at().is_some_and(|at| at <= now) {
            let alarm = self.heap.borrow_mut().pop();
            if let Some(Reverse(alarm)) = alarm {
                alarm.rung.set(true);
                alarm.wake.wake()?;
            }
        }
        Ok(())
    }

    /// Called in a job: pauses it until [`ring`](Self::ring) is called at `at` or later. Elsewhere it
    /// returns at once.
    ///
    /// # Errors
    /// There is no descriptor for an eventfd.
    pub fn sleep_until(&self, at: Nanos) -> io::Result<()> {
        let Some(current) = pausewake_jobs::current() else {
            return Ok(());
        };
        let wait_ctx = current.wait_ctx();
        let (wake, fd) = match wait_ctx.callback() {
            Some(wake) => (wake, None),
            None => {
                let fd = eventfd_in(&wait_ctx)?;
                (Wake::from_fd(fd.clone()), Some(fd))
            }
        };
        let rung = Rc::new(Cell::new(false));
        let number = self.set.replace(self.set.get() + 1);
        self.heap.borrow_mut().push(Reverse(Alarm {
            at,
            number,
            rung: rung.clone(),
            wake,
        }));
        // Resumed for another reason, it sleeps on.
        while !rung.get() {
            if pausewake_jobs::pause() != Pause::Resumed {
                break;
            }
        }
        if let Some(fd) = fd {
            fd.drain()?;
        }
        Ok(())
    }
}

/// Our eventfd in this wait context, which stays when the job goes.
fn eventfd_in(wait_ctx: &WaitCtx) -> io::Result<WaitFd> {
    if let Some(fd) = wait_ctx.fd(KEY) {
        return Ok(fd);
    }
    let fd = WaitFd::eventfd()?;
    wait_ctx.set_wait_fd(KEY, fd.clone(), None);
    Ok(fd)
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Alarm {}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// Ours among the engines': theirs are addresses.
const KEY: WaitKey = WaitKey(1);
