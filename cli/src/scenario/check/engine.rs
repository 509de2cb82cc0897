//! `[engine]`: who is told, who reaps, and what happens when something is in the way.

use pausewake_device::{Nanos, TimeKind};
use pausewake_engine::{
    EngineConfig, Fallback, Heuristic, Notify, OnFull, Reap, Refused, SmallOps,
};

use super::{Problems, host};
use crate::scenario::diagnostic::Problem;
use crate::scenario::file::{self, Clock, EngineSection, File, HeuristicSection, SmallOpsSection};
use crate::scenario::source::Span;
use crate::scenario::spanned::Spanned;
use crate::units::{Count, Duration, Number, Size};

/// Checks the engine against itself and against the clock.
pub fn check(file: &File, problems: &mut Problems) -> EngineConfig {
    let section = &file.engine;
    strangers(section, problems);
    let usual = EngineConfig::default();
    let config = EngineConfig {
        host: host::check(file, problems),
        notify: section.notify.as_ref().map_or(usual.notify, notify),
        reap: reap(section),
        on_full: section.on_full.map_or(usual.on_full, on_full),
        fallback: section.fallback.map_or(usual.fallback, fallback),
        small_ops: section.small_ops.as_ref().map_or(SmallOps::NONE, small_ops),
        verify_signatures: section.verify_signatures.unwrap_or(false),
        op_timeout_ns: section.op_timeout.as_ref().map(time),
        max_retries: section.max_retries.map_or(usual.max_retries, Number::get),
        max_in_flight: section.max_in_flight.map(Count::get),
        watchdog_ns: match section.watchdog {
            None => usual.watchdog_ns,
            Some(file::Watchdog::Never) => None,
            Some(file::Watchdog::After(time)) => Some(time.0),
        },
    };
    let time_kind = match file.clock.get_ref() {
        Clock::Wall => TimeKind::Wall,
        Clock::Virtual => TimeKind::Virtual,
    };
    if let Err(refused) = config.check(time_kind) {
        problems.0.push(refusal(refused, file));
    }
    config
}

/// Parameters of a way of reaping that is not chosen.
fn strangers(section: &EngineSection, problems: &mut Problems) {
    let chosen = section
        .reap
        .as_ref()
        .map_or(file::Reap::Event, |reap| *reap.get_ref());
    let entries = [
        (
            "heuristic",
            section.heuristic.as_ref().map(Spanned::span),
            file::Reap::Heuristic,
        ),
        (
            "thread_interval",
            section.thread_interval.as_ref().map(Spanned::span),
            file::Reap::Thread,
        ),
    ];
    for (name, span, reap) in entries {
        let Some(span) = span.filter(|_| reap != chosen) else {
            continue;
        };
        let wrong = format!("{name} does not belong to this way of reaping");
        let accepted = "heuristic beside reap = \"heuristic\", thread_interval beside reap = \
                        \"thread\"";
        let problem = Problem::at(span, wrong, accepted);
        problems.0.push(match &section.reap {
            Some(reap) => problem.related(reap.span(), "the way of reaping"),
            None => problem,
        });
    }
}

/// The engine's own reason, at the place that it is about.
fn refusal(refused: Refused, file: &File) -> Problem {
    let section = &file.engine;
    let reason = refused.to_string();
    let (wrong, accepted) = reason
        .split_once("; ")
        .or_else(|| reason.split_once(": "))
        .unwrap_or((&reason, "another value"));
    let reap = section.reap.as_ref().map(Spanned::span);
    let notify = section.notify.as_ref().map(Spanned::span);
    let span: Option<Span> = match refused {
        Refused::PollByEvent => notify,
        Refused::NoBackstop => section.heuristic.as_ref().map(Spanned::span),
        Refused::NoTime => section.op_timeout.as_ref().map(Spanned::span),
        _ => reap.clone(),
    };
    let problem = Problem::at(span.unwrap_or(file.clock.span()), wrong, accepted);
    match (refused, reap) {
        (Refused::PollByEvent, Some(reap)) => problem.related(reap, "the way of reaping"),
        (Refused::ThreadInVirtualTime, _) => problem.related(file.clock.span(), "the clock"),
        _ => problem,
    }
}

fn notify(notify: &Spanned<file::Notify>) -> Notify {
    match notify.get_ref() {
        file::Notify::Callback => Notify::Callback,
        file::Notify::Fd => Notify::Fd,
        file::Notify::Poll => Notify::Poll,
    }
}

fn reap(section: &EngineSection) -> Reap {
    let Some(reap) = &section.reap else {
        return Reap::default();
    };
    match reap.get_ref() {
        file::Reap::Event => Reap::Event,
        file::Reap::External => Reap::External,
        file::Reap::Heuristic => Reap::Heuristic(
            section
                .heuristic
                .as_ref()
                .map_or_else(Heuristic::default, heuristic),
        ),
        file::Reap::Inline => Reap::Inline,
        file::Reap::Thread => match &section.thread_interval {
            None => Reap::THREAD,
            Some(interval) => Reap::Thread {
                interval_ns: time(interval),
            },
        },
    }
}

fn heuristic(section: &Spanned<HeuristicSection>) -> Heuristic {
    let section = section.get_ref();
    let usual = Heuristic::default();
    Heuristic {
        asymmetric: section.asymmetric.map_or(usual.asymmetric, Count::get),
        symmetric: section.symmetric.map_or(usual.symmetric, Count::get),
        backstop_ns: section.backstop.map_or(usual.backstop_ns, |time| time.0),
    }
}

fn on_full(on_full: file::OnFull) -> OnFull {
    match on_full {
        file::OnFull::Wait => OnFull::Wait,
        file::OnFull::Fail => OnFull::Fail,
    }
}

fn fallback(fallback: file::Fallback) -> Fallback {
    Fallback {
        on_full: fallback.on_full,
        on_device_error: fallback.on_device_error,
    }
}

/// What a scenario does not say goes to the device: it is about the device.
fn small_ops(section: &SmallOpsSection) -> SmallOps {
    let bytes = |size: Option<Size>| size.map_or(0, |size| size.0);
    SmallOps {
        rsa_bytes: bytes(section.rsa),
        ecdsa_bytes: bytes(section.ecdsa),
        aes_gcm_bytes: bytes(section.aes_gcm),
    }
}

fn time(duration: &Spanned<Duration>) -> Nanos {
    duration.get_ref().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_set_as_it_is_said() {
        let watchdog_ns = |said: &str| {
            let text = format!("clock = \"virtual\"\n[engine]\n{said}\n[load]\n");
            let file: File = toml::from_str(&text).expect("a scenario");
            let mut problems = Problems::default();
            let config = check(&file, &mut problems);
            assert!(problems.0.is_empty(), "{problems:?}");
            config.watchdog_ns
        };
        assert_eq!(watchdog_ns(""), Some(Nanos::from_secs(1)));
        assert_eq!(watchdog_ns("watchdog = \"never\""), None);
        assert_eq!(
            watchdog_ns("watchdog = \"2ms\""),
            Some(Nanos::from_millis(2))
        );
    }
}
