//! How an engine tells its jobs, who reaps, and what happens when something is in the way.

use pausewake_device::{Nanos, TimeKind};

use crate::host::HostCosts;

/// How a job learns that its operation is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Notify {
    /// By the callback of its wait context. No system call.
    #[default]
    Callback,
    /// By one eventfd per wait context, which any event loop can wait for.
    Fd,
    /// Not at all: it is resumed now and then, and looks. The reactor lets every job look whenever
    /// anything has completed, so a completion costs as many resumes as there are jobs: for tens of
    /// jobs, not for thousands.
    Poll,
}

/// Who takes completions from the ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reap {
    /// The reactor, on the completion eventfd.
    #[default]
    Event,
    /// The application, by [`Engine::poll`](crate::Engine::poll) (`ENABLE_EXTERNAL_POLLING`).
    External,
    /// The reactor, when enough is in flight or everybody waits (`ENABLE_HEURISTIC_POLLING`).
    Heuristic(Heuristic),
    /// The reactor, after every job that it has resumed, and again and again while idle: never
    /// sleeps.
    Inline,
    /// A thread of the engine's own (`SET_INTERNAL_POLL_INTERVAL`).
    ///
    /// That thread runs the callbacks of wait contexts, and there a callback has no engine to call: it
    /// may wake whomever it has a [`Wake`](pausewake_jobs::Wake) of, and count what it likes.
    /// ```
    /// use std::sync::Arc;
    /// use pausewake_jobs::{WaitCtx, Wake};
    ///
    /// fn wakes_another(wait_ctx: &WaitCtx, another: Wake) {
    ///     wait_ctx.set_callback(Some(Arc::new(move || {
    ///         let _ = another.wake();
    ///     })));
    /// }
    /// ```
    /// To submit or to poll from it does not compile, as an engine stays on its thread:
    /// ```compile_fail,E0277
    /// use std::sync::Arc;
    /// use pausewake_engine::Engine;
    /// use pausewake_jobs::WaitCtx;
    ///
    /// fn polls(wait_ctx: &WaitCtx, engine: Engine) {
    ///     wait_ctx.set_callback(Some(Arc::new(move || {
    ///         let _ = engine.poll();
    ///     })));
    /// }
    /// ```
    Thread {
        /// How long it lets completions gather before it takes them. It sleeps while there are
        /// none.
        interval_ns: Nanos,
    },
}

impl Reap {
    /// A thread with the interval that users of QAT_Engine know: 10 µs.
    pub const THREAD: Self = Self::Thread {
        interval_ns: Nanos::from_micros(10),
    };

    /// The name that scenarios and reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::External => "external",
            Self::Heuristic(_) => "heuristic",
            Self::Inline => "inline",
            Self::Thread { .. } => "thread",
        }
    }
}

impl Notify {
    /// The name that scenarios and reports use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Fd => "fd",
            Self::Poll => "poll",
        }
    }
}

/// When heuristic reaping looks at the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Heuristic {
    /// Public-key operations in flight from which on it looks.
    pub asymmetric: u32,
    /// Cipher operations in flight from which on it looks.
    pub symmetric: u32,
    /// It looks after that long in any case: a threshold that nobody reaches must not be a hang
    /// (QAT_Engine#181).
    pub backstop_ns: Nanos,
}

impl Default for Heuristic {
    /// QAT_Engine's: 48 and 24, and a timer of 1 ms.
    fn default() -> Self {
        Self {
            asymmetric: 48,
            symmetric: 24,
            backstop_ns: Nanos::from_millis(1),
        }
    }
}

/// What a call does when no slot is free or the ring is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnFull {
    /// Waits its turn, in the order of the calls, and is woken when there is room.
    #[default]
    Wait,
    /// Ends with [`Retry::Full`](crate::Retry::Full).
    Fail,
}

/// When the engine computes in software what the device could not (`ENABLE_SW_FALLBACK`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fallback {
    /// There is no room; takes the place of [`OnFull`].
    pub on_full: bool,
    /// The device failed the operation, is down, or did not answer in time.
    pub on_device_error: bool,
}

impl Fallback {
    /// Errors are for the caller.
    pub const NEVER: Self = Self {
        on_full: false,
        on_device_error: false,
    };
}

/// Operations with less input than this, in bytes, are computed in software at once: to offload them
/// costs more than it saves (`SET_CRYPTO_SMALL_PACKET_OFFLOAD_THRESHOLD`). 0 offloads everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SmallOps {
    /// For RSA, by the length of the message.
    pub rsa_bytes: u32,
    /// For ECDSA, by the length of the message.
    pub ecdsa_bytes: u32,
    /// For AES-GCM, by the length of plaintext or ciphertext.
    pub aes_gcm_bytes: u32,
}

impl SmallOps {
    /// Everything is offloaded.
    pub const NONE: Self = Self {
        rsa_bytes: 0,
        ecdsa_bytes: 0,
        aes_gcm_bytes: 0,
    };
}

impl Default for SmallOps {
    /// 2,048 bytes for ciphers, QAT_Engine's default; public-key operations are always worth it.
    fn default() -> Self {
        Self {
            aes_gcm_bytes: 2_048,
            ..Self::NONE
        }
    }
}

/// Everything that is fixed when an engine is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// How jobs are told.
    pub notify: Notify,
    /// Who reaps.
    pub reap: Reap,
    /// What happens when there is no room.
    pub on_full: OnFull,
    /// When to compute in software instead.
    pub fallback: Fallback,
    /// What is too small to offload.
    pub small_ops: SmallOps,
    /// Whether each signature is verified in software before it is given out. A signature with a
    /// fault in one half of the CRT gives the key away (Lenstra's attack).
    pub verify_signatures: bool,
    /// How long a call may take, its wait for room included; `None` waits for ever. Each retry
    /// ([`max_retries`](Self::max_retries)) has the same time anew.
    pub op_timeout_ns: Option<Nanos>,
    /// How often an operation that the device failed is given to it again, before the fallback.
    /// (`SET_MAX_RETRY_COUNT` counts attempts to submit to a full ring; our calls wait in line.)
    pub max_retries: u32,
    /// Operations that this engine has in flight at most; `None`: as many as there are slots.
    pub max_in_flight: Option<u32>,
    /// How long completions may lie unread before the engine says that nobody polls; `None` never
    /// says it. It looks when the doorbell is rung, which every loop does; a reaper thread always polls.
    pub watchdog_ns: Option<Nanos>,
    /// What the host's own work costs under virtual time.
    pub host: HostCosts,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            notify: Notify::default(),
            reap: Reap::default(),
            on_full: OnFull::default(),
            fallback: Fallback::NEVER,
            small_ops: SmallOps::default(),
            verify_signatures: false,
            op_timeout_ns: None,
            max_retries: 0,
            max_in_flight: None,
            watchdog_ns: Some(Nanos::from_secs(1)),
            host: HostCosts::FREE,
        }
    }
}

impl EngineConfig {
    /// Whether an engine can work so on a device with this kind of time.
    ///
    /// # Errors
    /// [`Refused`] says why not, and what to choose instead.
    pub fn check(&self, time: TimeKind) -> Result<(), Refused> {
        match (self.notify, self.reap, time) {
            (Notify::Poll, Reap::Event, _) => return Err(Refused::PollByEvent),
            (_, Reap::Thread { .. }, TimeKind::Virtual) => {
                return Err(Refused::ThreadInVirtualTime);
            }
            _ => {}
        }
        if let Reap::Heuristic(heuristic) = self.reap
            && heuristic.backstop_ns == Nanos::ZERO
        {
            return Err(Refused::NoBackstop);
        }
        if self.max_in_flight == Some(0) {
            return Err(Refused::NothingInFlight);
        }
        if self.op_timeout_ns == Some(Nanos::ZERO) {
            return Err(Refused::NoTime);
        }
        Ok(())
    }
}

/// Why an engine cannot work as it was configured. All of it is *misuse*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Jobs that look for themselves, and a loop that sleeps until the device signals.
    #[error(
        "notify = poll does not go with reap = event: nobody waits for the event on behalf of a \
         job that is resumed to look; reap by external, heuristic, inline or thread"
    )]
    PollByEvent,
    /// A thread runs by the wall clock.
    #[error(
        "reap = thread does not go with virtual time: a thread runs by the wall clock, and no run \
         would be like the other; reap by event, external, heuristic or inline"
    )]
    ThreadInVirtualTime,
    /// A heuristic that may never look.
    #[error("heuristic reaping needs a backstop above zero: thresholds may never be reached")]
    NoBackstop,
    /// No call could ever get through.
    #[error("max_in_flight is 0: choose at least 1, or none")]
    NothingInFlight,
    /// Every call would have ended before it began.
    #[error("op_timeout is 0: choose a time above zero, or none")]
    NoTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heuristic_begins_as_qat_engines_does() {
        let heuristic = Heuristic::default();
        assert_eq!((heuristic.asymmetric, heuristic.symmetric), (48, 24));
        assert_eq!(heuristic.backstop_ns, Nanos::from_millis(1));
        assert_eq!(SmallOps::default().aes_gcm_bytes, 2_048);
    }

    #[test]
    fn every_cell_of_the_matrix_is_allowed_or_refused_with_its_reason() {
        let reaps = [
            Reap::Event,
            Reap::External,
            Reap::Heuristic(Heuristic::default()),
            Reap::Inline,
            Reap::THREAD,
        ];
        for notify in [Notify::Callback, Notify::Fd, Notify::Poll] {
            for reap in reaps {
                for time in [TimeKind::Wall, TimeKind::Virtual, TimeKind::Manual] {
                    let config = EngineConfig {
                        notify,
                        reap,
                        ..EngineConfig::default()
                    };
                    let expected = match (notify, reap, time) {
                        (Notify::Poll, Reap::Event, _) => Err(Refused::PollByEvent),
                        (_, Reap::Thread { .. }, TimeKind::Virtual) => {
                            Err(Refused::ThreadInVirtualTime)
                        }
                        _ => Ok(()),
                    };
                    assert_eq!(config.check(time), expected, "{notify:?} {reap:?} {time:?}");
                }
            }
        }
    }
}
