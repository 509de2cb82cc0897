//! The thread driver: the device on a thread of its own, by the wall clock.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::thread::{self, JoinHandle, ThreadId};

use crossbeam_channel::{Receiver, Sender};
use rustix::event::{PollFd, PollFlags, poll};

use crate::compute::StartError;
use crate::driver::clock::Clock;
use crate::driver::core::Core;
use crate::driver::port::Link;
use crate::driver::wait::{Wait, WaitStrategy};
use crate::model::QueueId;
use crate::ring::{CreateError, DeviceSide, Ringer, Sleeper, bell};
use crate::stats::DeviceStats;
use crate::time::Nanos;

/// What the device's handle asks of its thread.
enum Order {
    Open(Box<DeviceSide>, Arc<Link>, Sender<QueueId>),
    Stats(Sender<DeviceStats>),
    RestartStats(Nanos),
    Stop,
}

/// The handle of a running device thread; dropping it ends the thread and waits for its end.
#[derive(Debug)]
pub(crate) struct ThreadDriver {
    orders: Sender<Order>,
    bell: Ringer,
    thread: Option<JoinHandle<()>>,
    workers: Vec<ThreadId>,
}

impl ThreadDriver {
    /// Makes the core by `build`, which gets the bell for its workers, and starts the thread.
    ///
    /// # Errors
    /// No eventfd or no thread could be made.
    pub(crate) fn start(
        clock: Clock,
        wait: WaitStrategy,
        build: impl FnOnce(Ringer) -> Result<Core, StartError>,
    ) -> Result<Self, ThreadError> {
        let (bell, sleeper) = bell()?;
        let core = build(bell.clone())?;
        let workers = core.executor.thread_ids();
        let (orders, inbox) = crossbeam_channel::unbounded();
        let mut device = DeviceThread {
            core,
            clock,
            wait,
            inbox,
            sleeper,
            worked_ns: Nanos::ZERO,
            turns: 0,
        };
        let thread = thread::Builder::new()
            // Linux shows 15 bytes of a thread's name.
            .name("sim-device".to_owned())
            .spawn(move || device.run())?;
        Ok(Self {
            orders,
            bell,
            thread: Some(thread),
            workers,
        })
    }

    /// Hands the device's side of a new queue to the thread.
    pub(crate) fn open(&self, side: DeviceSide, link: Arc<Link>) -> QueueId {
        self.ask(|reply| Order::Open(Box::new(side), link, reply))
    }

    pub(crate) fn stats(&self) -> DeviceStats {
        self.ask(Order::Stats)
    }

    pub(crate) fn restart_stats(&self, from: Nanos) {
        self.give(Order::RestartStats(from));
    }

    /// Wakes the thread, to let it notice a change that no ring tells.
    pub(crate) fn nudge(&self) {
        self.bell.ring();
    }

    fn ask<T>(&self, order: impl FnOnce(Sender<T>) -> Order) -> T {
        let (reply, answer) = crossbeam_channel::bounded(1);
        self.give(order(reply));
        answer
            .recv()
            .expect("the device's thread lives as long as its handle")
    }

    fn give(&self, order: Order) {
        // A send can fail only if the thread is gone, and then there is nobody to give orders to.
        let _ = self.orders.send(order);
        self.bell.ring();
    }
}

impl Drop for ThreadDriver {
    fn drop(&mut self) {
        self.give(Order::Stop);
        let current = thread::current().id();
        // A task can own the last handle of its device. Its thread cannot wait for itself, nor for
        // the device's thread, which waits for all workers: they end by themselves then.
        let is_ours = self.workers.contains(&current);
        if let Some(thread) = self.thread.take()
            && !is_ours
            && thread.thread().id() != current
        {
            // Its panic was printed by the panic hook; a drop must not add another.
            let _ = thread.join();
        }
    }
}

/// Why the device's thread does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ThreadError {
    #[error(transparent)]
    Bell(#[from] CreateError),
    #[error(transparent)]
    Spawn(#[from] std::io::Error),
    #[error(transparent)]
    Workers(#[from] StartError),
}

struct DeviceThread {
    core: Core,
    clock: Clock,
    wait: WaitStrategy,
    inbox: Receiver<Order>,
    sleeper: Sleeper,
    worked_ns: Nanos,
    turns: u64,
}

impl DeviceThread {
    fn run(&mut self) {
        // The kernel rounds a thread's timeouts up by its timer slack, 50 µs by default.
        // Where it may not be set, sleeps are later by that much; nothing else changes.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        while self.obey() {
            self.turns += 1;
            if !self.work() {
                self.pass_time();
            }
        }
    }

    /// One turn of the core; notes when there was something to do.
    fn work(&mut self) -> bool {
        let worked = self.core.turn(&self.clock);
        if worked {
            self.worked_ns = self.clock.now();
        }
        worked
    }

    /// Does what was ordered. `false`: stop.
    fn obey(&mut self) -> bool {
        while let Ok(order) = self.inbox.try_recv() {
            match order {
                Order::Open(side, link, reply) => {
                    let queue = self.core.add_queue(*side, link);
                    let _ = reply.send(queue);
                }
                Order::Stats(reply) => {
                    let stats = DeviceStats {
                        turns: self.turns,
                        ..self.core.stats()
                    };
                    let _ = reply.send(stats);
                }
                Order::RestartStats(from) => {
                    self.core.restart_stats(from);
                    self.turns = 0;
                }
                Order::Stop => return false,
            }
        }
        true
    }

    fn pass_time(&mut self) {
        let now = self.clock.now();
        match self
            .wait
            .step(now, self.worked_ns, self.core.next_deadline())
        {
            Wait::Spin => std::hint::spin_loop(),
            Wait::Sleep(timeout) => self.sleep(timeout),
        }
    }

    /// Arms every flag, looks once more, and sleeps only if there is still nothing.
    fn sleep(&mut self, timeout: Option<Nanos>) {
        self.sleeper.arm();
        for (_, port) in self.core.front.ports.iter_mut() {
            port.side.doorbell.arm();
        }
        if self.inbox.is_empty() && !self.work() {
            self.wait_for_events(timeout);
        }
        self.sleeper.disarm();
        for (_, port) in self.core.front.ports.iter_mut() {
            port.side.doorbell.disarm();
        }
    }

    /// Sleeps until an event or the timeout, and drains the events that were there.
    fn wait_for_events(&self, timeout: Option<Nanos>) {
        let doorbells = || self.core.front.ports.iter().map(|port| &port.side.doorbell);
        let bell = std::iter::once(self.sleeper.fd());
        let mut fds: Vec<PollFd<'_>> = bell
            .chain(doorbells().map(|doorbell| doorbell.fd()))
            .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
            .collect();
        let timeout = timeout.map(|timeout| {
            let timeout = std::time::Duration::from(timeout);
            rustix::time::Timespec::try_from(timeout).unwrap_or(FAR_AWAY)
        });
        // An interrupted or failed wait is a short one: the loop looks and comes back.
        let _ = poll(&mut fds, timeout.as_ref());
        let mut raised = fds.iter().map(|fd| fd.revents().contains(PollFlags::IN));
        if raised.next() == Some(true) {
            self.sleeper.drain();
        }
        for (doorbell, raised) in doorbells().zip(raised) {
            if raised {
                doorbell.drain();
            }
        }
    }
}

/// A timeout for spans that a `timespec` cannot hold.
const FAR_AWAY: rustix::time::Timespec = rustix::time::Timespec {
    tv_sec: i32::MAX as i64,
    tv_nsec: 0,
};
