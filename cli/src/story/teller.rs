//! What each event means, in words.
//!
//! An op passes eight moments between call and return; the story names each of them, in brackets,
//! where it happens.

use std::borrow::Cow;
use std::collections::BTreeMap;

use pausewake_device::protocol::{Cookie, OpKind};
use pausewake_device::{DeviceEvent, Nanos};
use pausewake_engine::events::{Event, JobEvent, JobId, NotifiedBy, Returned, Stage, WhySoftware};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One event, told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// From 1 on.
    pub number: usize,
    /// When, on the device's clock.
    pub at_ns: u64,
    /// Who acts: a job, the engine, the device.
    pub who: String,
    /// What happens, in one word.
    pub what: Cow<'static, str>,
    /// What that means.
    pub why: String,
}

impl Line {
    /// When, on the device's clock.
    pub fn at(&self) -> Nanos {
        Nanos::new(self.at_ns)
    }
}

/// Tells `events`, which are in the order of their times.
pub fn tell(events: &[(Nanos, Event)]) -> Vec<Line> {
    let mut teller = Teller::default();
    let told = events.iter().enumerate().map(|(index, (at, event))| {
        let told = teller.event(event, &events[index + 1..], *at);
        (at, told)
    });
    told.enumerate()
        .map(|(index, (at, (who, what, why)))| Line {
            number: index + 1,
            at_ns: at.get(),
            who,
            what: what.into(),
            why,
        })
        .collect()
}

/// What the story has told so far.
#[derive(Default)]
struct Teller {
    /// The op that each job waits for.
    waits: BTreeMap<JobId, Cookie>,
    kinds: BTreeMap<Cookie, OpKind>,
}

/// Who acts, what happens, what that means.
type Told = (String, &'static str, String);

impl Teller {
    fn event(&mut self, event: &Event, later: &[(Nanos, Event)], at: Nanos) -> Told {
        match event {
            Event::Job(event) => self.job(event, later, at),
            Event::Device(event) => self.device(event),
            Event::Full { job, waiting } => full(*job, *waiting),
            Event::Submitted {
                op,
                job,
                kind,
                bytes,
            } => self.submitted(*op, *job, *kind, *bytes),
            Event::Doorbell { entries, woke } => doorbell(*entries, *woke),
            Event::Known { op, status } => engine(
                "REAP",
                format!(
                    "took the completion of op {op} from the completion ring, status {status} \
                     [moment 6: known]"
                ),
            ),
            Event::Notify { op, job, by } => notify(*op, *job, *by),
            Event::Orphan { op } => engine(
                "ORPHAN",
                format!(
                    "a completion names op {op}, which nobody has in flight; the generation in its \
                     cookie says so, and it is dropped"
                ),
            ),
            Event::Spurious { op, job } => (
                format!("job {job}"),
                "SPURIOUS",
                format!("somebody resumed it, but op {op} is not complete; it goes back to sleep"),
            ),
            Event::Abandoned { op } => engine(
                "ABANDON",
                format!(
                    "nobody waits for op {op} any more; its slot stays reserved until the device \
                     answers, so that a late answer hits nothing else"
                ),
            ),
            Event::TimedOut { op, job } => engine(
                "TIMEOUT",
                format!(
                    "the time for op {op} is up: the call of {} ends without it, and its slot is kept \
                     until the device has answered",
                    caller(*job)
                ),
            ),
            Event::Software { job, kind, why } => software(*job, *kind, *why),
            Event::NobodyPolls { unread_for_ns } => engine(
                "NOBODY POLLS",
                format!(
                    "completions lie unread for {unread_for_ns}: with external polling it is for the \
                     application to poll"
                ),
            ),
            Event::Returned(returned) => self.returned(returned),
            other => engine("EVENT", format!("{other:?}")),
        }
    }

    fn job(&mut self, event: &JobEvent, later: &[(Nanos, Event)], at: Nanos) -> Told {
        match event {
            JobEvent::Started { job } => told(
                *job,
                "START",
                "a new job begins on a stack of its own".to_owned(),
            ),
            JobEvent::Paused { job } => {
                let waits_for = match self.waits.get(job) {
                    Some(op) => format!("its answer, op {op}, is not there yet"),
                    None => "it has to wait".to_owned(),
                };
                let why = format!("{waits_for}; stack parked; {}", next_on_thread(later, at));
                told(*job, "PAUSE", why)
            }
            JobEvent::Resumed { job } => told(
                *job,
                "RESUME",
                "runs on from where it paused, on its own stack [moment 7: running]".to_owned(),
            ),
            JobEvent::Finished { job } => told(
                *job,
                "FINISH",
                "its function returned; the stack goes back to the pool".to_owned(),
            ),
            JobEvent::Cancelled { job, .. } => told(
                *job,
                "CANCEL",
                "it was not waited for; its stack was unwound and its destructors ran".to_owned(),
            ),
            JobEvent::Panicked { job } => told(
                *job,
                "PANIC",
                "its function panicked; the panic comes out of the call that ran it".to_owned(),
            ),
            other => engine("EVENT", format!("{other:?}")),
        }
    }

    fn device(&self, event: &DeviceEvent) -> Told {
        let (what, why) = match event {
            DeviceEvent::Fetched { op, kind, .. } => (
                "FETCH",
                format!(
                    "took the descriptor of op {op} ({kind}) from the submission ring; with its \
                     payload it crosses the link to the slices [moment 4: fetched, once it is \
                     across]"
                ),
            ),
            DeviceEvent::Refused { op, status, .. } => (
                "REFUSE",
                format!("does not take the descriptor of op {op}: {status}"),
            ),
            DeviceEvent::Done {
                op,
                status,
                queue_ns,
                service_ns,
                done_ns,
                ..
            } => (
                "DONE",
                format!(
                    "op {op} waited {queue_ns} for a slice, which worked on it for {service_ns} \
                     until t={done_ns} [moment 5: done]; its completion (status {status}) is now \
                     in the completion ring"
                ),
            ),
            DeviceEvent::Coalesced { .. } => (
                "COALESCE",
                "keeps the signal back for a moment: one signal for several completions is \
                 cheaper"
                    .to_owned(),
            ),
            DeviceEvent::Signalled { woke: true, .. } => (
                "SIGNAL",
                "the thread sleeps, so the device writes the completion eventfd to wake it"
                    .to_owned(),
            ),
            DeviceEvent::Signalled { woke: false, .. } => (
                "SIGNAL",
                "the thread is awake and will look for itself: no eventfd is written".to_owned(),
            ),
            DeviceEvent::Down => ("DOWN", "refuses all that comes until it is up".to_owned()),
            DeviceEvent::Up => ("UP", "takes descriptors again".to_owned()),
            DeviceEvent::Lost { op, .. } => {
                ("LOSE", format!("op {op} stays unanswered until a reset"))
            }
            DeviceEvent::Reset { held } => {
                ("RESET", format!("fails the ops that it holds: {held}"))
            }
            other => ("EVENT", format!("{other:?}")),
        };
        ("device".to_owned(), what, why)
    }

    fn submitted(&mut self, op: Cookie, job: Option<JobId>, kind: OpKind, bytes: u32) -> Told {
        self.kinds.insert(op, kind);
        if let Some(job) = job {
            self.waits.insert(job, op);
        }
        let why = format!(
            "called {kind} [moment 1: call], got slot {} [moment 2: granted] and is op {op} from \
             here on; {bytes} bytes are in the slot, the descriptor is in the submission ring, and \
             the device has not been told",
            op.slot
        );
        (caller(job), "SUBMIT", why)
    }

    fn returned(&mut self, returned: &Returned) -> Told {
        let op = returned.op;
        self.kinds.remove(&op);
        if let Some(job) = returned.job {
            self.waits.remove(&job);
        }
        let stages = returned.moments.stages();
        let parts: Vec<String> = Stage::ALL
            .into_iter()
            .map(|stage| format!("{} {}", stage.name(), stages.get(stage)))
            .collect();
        let why = format!(
            "{} returns to its caller with {} bytes, status {} [moment 8: returned]; it took {}: \
             {}",
            returned.kind,
            returned.output_len,
            returned.status,
            returned.moments.total_ns(),
            parts.join(", ")
        );
        (caller(returned.job), "RETURN", why)
    }
}

fn told(job: JobId, what: &'static str, why: String) -> Told {
    (format!("job {job}"), what, why)
}

fn engine(what: &'static str, why: String) -> Told {
    ("engine".to_owned(), what, why)
}

fn caller(job: Option<JobId>) -> String {
    job.map_or_else(|| "caller".to_owned(), |job| format!("job {job}"))
}

fn full(job: Option<JobId>, waiting: u32) -> Told {
    let why = format!(
        "called, but no slot is free or the submission ring is full [moment 1: call]; it waits its \
         turn, number {waiting} in line"
    );
    (caller(job), "FULL", why)
}

fn doorbell(entries: u32, woke: bool) -> Told {
    let descriptors = if entries == 1 {
        "1 descriptor".to_owned()
    } else {
        format!("{entries} descriptors at once")
    };
    let device = if woke {
        "it slept, and its eventfd wakes it"
    } else {
        "it is awake and needs no eventfd"
    };
    engine(
        "DOORBELL",
        format!("shows the device {descriptors} [moment 3: doorbell]; {device}"),
    )
}

fn notify(op: Cookie, job: Option<JobId>, by: NotifiedBy) -> Told {
    let whom = caller(job);
    let why = match by {
        NotifiedBy::Callback => format!(
            "op {op} is complete: calls the callback of {whom}'s wait context, which puts it among \
             the jobs to resume"
        ),
        NotifiedBy::Fd => format!(
            "op {op} is complete: writes the eventfd of {whom}'s wait context, which the event \
             loop watches"
        ),
        NotifiedBy::InPlace => format!("op {op} is complete: {whom} waits in place and sees it"),
        NotifiedBy::Nobody => {
            format!("op {op} is complete: nobody tells {whom}, which looks when it is next resumed")
        }
    };
    engine("WAKE", why)
}

fn software(job: Option<JobId>, kind: OpKind, why: WhySoftware) -> Told {
    let why = match why {
        WhySoftware::Small => "it is too small to be worth the way to the device",
        WhySoftware::Full => "there is no room for it",
        WhySoftware::DeviceError => "the device failed it",
    };
    let whom = caller(job);
    engine(
        "SOFTWARE",
        format!("{kind} of {whom} is computed in software: {why}"),
    )
}

/// What the thread does after a pause: the next job that runs at the same time, or it waits.
fn next_on_thread(later: &[(Nanos, Event)], at: Nanos) -> String {
    let next = later.iter().find_map(|(time, event)| match event {
        Event::Job(JobEvent::Started { job } | JobEvent::Resumed { job }) => Some((*time, *job)),
        _ => None,
    });
    match next {
        Some((time, job)) if time == at => format!("the thread now runs job {job}"),
        Some(_) => "no other job is ready, so the thread goes on to its event loop".to_owned(),
        None => "the thread goes on to its event loop".to_owned(),
    }
}
