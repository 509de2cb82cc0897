//! Several application threads on one device.

use std::cell::Cell;
use std::rc::Rc;

use pausewake_device::{Device, Nanos, WaitStrategy};
use pausewake_engine::events::{Event, Moments};
use pausewake_engine::{
    Engine, EngineConfig, HostCosts, Reactor, ReactorError, Reap, Timelines, TimelinesError, Turn,
    Turned,
};
use pausewake_jobs::{current, pause};

use crate::world::{Line, World, device, engine, ns, seal, spawn, us};

const COSTS: HostCosts = HostCosts {
    submit_ns: ns(1_000),
    doorbell_ns: ns(200),
    reap_ns: ns(70),
    callback_ns: ns(30),
    switch_ns: ns(11),
    ..HostCosts::FREE
};

fn moments_of(line: &pausewake_tests::Log) -> Vec<Moments> {
    let returned = line.returned().into_iter();
    returned.map(|op| op.moments).collect()
}

/// With slices for everybody, what others do is no matter: each timeline is as if it were alone,
/// and alone as if it were no timeline.
#[test]
fn a_timeline_is_not_later_because_of_another_s_work() {
    let alone: Vec<Vec<Moments>> = (1..=3)
        .map(|jobs| {
            let world = World::new(device(64, us(10)));
            let mut line = world.line(engine(COSTS));
            for _ in 0..jobs {
                spawn(&mut line.reactor, world.key, 20);
            }
            line.reactor.run().expect("nothing stalls");
            moments_of(&line.log)
        })
        .collect();

    let world = World::new(device(64, us(10)));
    let mut logs = Vec::new();
    let mut reactors = Vec::new();
    for jobs in 1..=3 {
        let Line { mut reactor, log } = world.line(engine(COSTS));
        for _ in 0..jobs {
            spawn(&mut reactor, world.key, 20);
        }
        logs.push(log);
        reactors.push(reactor);
    }
    let mut timelines = Timelines::new(reactors).expect("they fit");
    timelines.run().expect("nothing stalls");
    for (log, alone) in logs.iter().zip(&alone) {
        assert_eq!(&moments_of(log), alone);
    }
    for found in timelines.shutdown().expect("the loops work") {
        assert_eq!((found.cancelled_jobs, found.slots_left), (0, 0));
    }
}

/// Two threads whose own work is the bottleneck do twice the work of one in the same time.
#[test]
fn two_timelines_do_twice_the_work_of_one() {
    let took = |threads: usize| {
        let world = World::new(device(64, us(1)));
        let lines = (0..threads).map(|_| {
            let mut reactor = world.line(engine(COSTS)).reactor;
            for _ in 0..16 {
                spawn(&mut reactor, world.key, 50);
            }
            reactor
        });
        let mut timelines = Timelines::new(lines.collect()).expect("they fit");
        timelines.run().expect("nothing stalls");
        (0..threads).map(|line| timelines.engine(line).now()).max()
    };
    assert_eq!(took(1), took(2));
    assert_eq!(took(1), took(4));
}

/// The least time first, at the same time the least index; the one that is busy is not asked.
#[test]
fn turns_come_in_order_of_time() {
    let world = World::new(device(1, us(10)));
    let reactors = (0..3).map(|_| world.line(engine(HostCosts::FREE)).reactor);
    let mut timelines = Timelines::new(reactors.collect()).expect("they fit");
    timelines.engine(0).charge(us(5));
    timelines.engine(1).charge(us(3));
    let mut order = Vec::new();
    loop {
        match timelines.turn(None).expect("the loops work") {
            Turned::Timeline(index) => order.push((index, timelines.engine(index).now())),
            Turned::Idle => break,
            Turned::TimedOut => panic!("no time was given"),
        }
    }
    assert_eq!(order, [(2, us(0)), (1, us(3)), (0, us(5))]);
}

#[test]
fn timers_go_off_once_at_their_time_or_when_the_timeline_is_free() {
    let world = World::new(device(1, us(10)));
    let reactors = (0..2).map(|_| world.line(engine(HostCosts::FREE)).reactor);
    let mut timelines = Timelines::new(reactors.collect()).expect("they fit");
    // Their first turns, in which there is nothing to do.
    for index in 0..2 {
        assert_eq!(timelines.turn(None).unwrap(), Turned::Timeline(index));
    }
    timelines.set_timer(0, Some(us(8)));
    timelines.set_timer(1, Some(us(4)));
    timelines.engine(1).charge(us(6));
    assert_eq!(timelines.turn(Some(us(2))).unwrap(), Turned::TimedOut);
    assert_eq!(timelines.engine(0).now(), us(2));
    assert_eq!(timelines.turn(Some(us(9))).unwrap(), Turned::Timeline(1));
    assert_eq!(timelines.engine(1).now(), us(6), "it was busy until then");
    assert_eq!(timelines.turn(Some(us(9))).unwrap(), Turned::Timeline(0));
    assert_eq!(timelines.engine(0).now(), us(8));
    assert_eq!(timelines.turn(Some(us(9))).unwrap(), Turned::TimedOut);
    assert_eq!(timelines.turn(None).unwrap(), Turned::Idle);
}

/// One arrives where the other works: the arrival is not late.
#[test]
fn a_job_that_arrives_at_an_idle_timeline_starts_at_once() {
    let world = World::new(device(4, us(10)));
    let busy = world.line(engine(HostCosts::FREE));
    let idle = world.line(engine(HostCosts::FREE));
    let mut timelines = Timelines::new(vec![busy.reactor, idle.reactor]).expect("they fit");
    timelines.engine(0).charge(us(500));
    timelines.set_timer(1, Some(us(40)));
    let mut arrivals = 1;
    loop {
        let turned = timelines.turn(None).expect("the loops work");
        if arrivals > 0 && timelines.engine(1).now() >= us(40) {
            assert_eq!(turned, Turned::Timeline(1), "the timer is up");
            arrivals -= 1;
            spawn(timelines.reactor_mut(1), world.key, 1);
        }
        if turned == Turned::Idle {
            break;
        }
    }
    let seen = moments_of(&idle.log);
    assert_eq!((seen[0].call_ns, seen[0].returned_ns), (us(40), us(50)));
    assert_eq!(timelines.engine(0).now(), us(500));
}

/// A job of one timeline is woken by a job of another.
#[test]
fn a_wake_crosses_timelines() {
    let world = World::new(device(1, us(10)));
    let (one, other) = (
        world.line(engine(HostCosts::FREE)),
        world.line(engine(HostCosts::FREE)),
    );
    let mut timelines = Timelines::new(vec![one.reactor, other.reactor]).expect("they fit");
    let wake = Rc::new(Cell::new(None));
    let woken = Rc::new(Cell::new(false));
    let (left, was_woken) = (wake.clone(), woken.clone());
    let sleeper = move || {
        let wait_ctx = current().expect("it is a job").wait_ctx();
        left.set(wait_ctx.callback());
        let _ = pause();
        was_woken.set(true);
    };
    timelines
        .reactor_mut(0)
        .spawn(sleeper)
        .expect("there are stacks");
    let (waker, key) = (timelines.engine(1).clone(), world.key);
    let work = move || {
        seal(&waker, key);
        let wake: pausewake_jobs::Wake = wake.take().expect("the other has left it");
        wake.wake().expect("its callback is there");
    };
    timelines
        .reactor_mut(1)
        .spawn(work)
        .expect("there are stacks");
    timelines.run().expect("nothing stalls");
    assert!(woken.get());
    // Only the timeline that ran a job has heard of it.
    for log in [&one.log, &other.log] {
        let jobs = log.events().into_iter();
        let jobs = jobs.filter(|(_, event)| matches!(event, Event::Job(_)));
        let ids: std::collections::HashSet<String> = jobs
            .filter_map(|(_, event)| match event {
                Event::Job(event) => Some(format!("{event:?}")),
                _ => None,
            })
            .map(|text| text.chars().filter(char::is_ascii_digit).collect())
            .collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
    }
}

#[test]
fn with_external_polling_each_timeline_is_polled_in_its_turn() {
    let world = World::new(device(2, us(10)));
    let config = EngineConfig {
        reap: Reap::External,
        ..engine(COSTS)
    };
    let lines: Vec<Line> = (0..2).map(|_| world.line(config)).collect();
    let logs: Vec<_> = lines.iter().map(|line| line.log.clone()).collect();
    let reactors = lines.into_iter().map(|line| line.reactor);
    let mut timelines = Timelines::new(reactors.collect()).expect("they fit");
    for line in 0..2 {
        spawn(timelines.reactor_mut(line), world.key, 5);
    }
    while timelines.live_jobs() > 0 {
        match timelines.turn(None).expect("the loops work") {
            Turned::Timeline(index) => {
                timelines.engine(index).poll();
            }
            turned => panic!("{turned:?}"),
        }
    }
    assert_eq!(moments_of(&logs[0]), moments_of(&logs[1]));
    assert_eq!(moments_of(&logs[0]).len(), 5);
}

/// Loops that are turned by hand: one that catches up stops where the other has something to do.
#[test]
fn without_timelines_a_loop_stops_where_another_is_signalled() {
    let world = World::new(device(1, us(10)));
    let mut busy = world.line(engine(HostCosts::FREE));
    let mut other = world.line(engine(HostCosts::FREE));
    spawn(&mut other.reactor, world.key, 1);
    let turn = other.reactor.turn(Some(Nanos::ZERO));
    assert_eq!(turn.expect("the loop works"), Turn::TimedOut);
    busy.reactor.engine().charge(us(15));
    let turn = busy.reactor.turn(None).expect("the loop works");
    assert_eq!((turn, world.device.now()), (Turn::Progress, us(10)));
    other.reactor.run().expect("nothing stalls");
    assert_eq!(moments_of(&other.log)[0].known_ns, us(10));
    let turn = busy.reactor.turn(None).expect("the loop works");
    assert_eq!((turn, world.device.now()), (Turn::Idle, us(15)));
}

#[test]
fn what_does_not_fit_is_refused_with_its_reason() {
    assert!(matches!(
        Timelines::new(Vec::new()),
        Err(TimelinesError::None)
    ));
    let (one, other) = (World::new(device(1, us(1))), World::new(device(1, us(1))));
    let free = engine(HostCosts::FREE);
    let refused = Timelines::new(vec![one.line(free).reactor, other.line(free).reactor]);
    assert!(matches!(
        refused,
        Err(TimelinesError::OtherDevice { index: 1 })
    ));
    let wall = Device::thread(device(1, us(1)), WaitStrategy::Sleep, None).expect("it is sound");
    let queue = wall.open_queue().expect("there are descriptors");
    let by_wall = Engine::new(queue, free, None).expect("the cell is allowed");
    let by_wall = Reactor::new(by_wall).expect("there are descriptors");
    assert!(matches!(
        Timelines::new(vec![one.line(free).reactor, by_wall]),
        Err(TimelinesError::NotVirtual { index: 1 })
    ));
}

#[test]
fn jobs_that_nothing_will_wake_stall() {
    let world = World::new(device(1, us(1)));
    let mut reactor = world.line(engine(HostCosts::FREE)).reactor;
    let started = reactor.spawn(|| {
        let _ = pause();
    });
    started.expect("there are stacks");
    let mut timelines = Timelines::new(vec![reactor]).expect("they fit");
    assert!(matches!(
        timelines.run(),
        Err(ReactorError::Stalled { jobs: 1 })
    ));
    let found = timelines.shutdown().expect("the loops work");
    assert_eq!(found[0].cancelled_jobs, 1);
    assert_eq!(world.device.now(), Nanos::ZERO);
}
