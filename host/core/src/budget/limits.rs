//! What a run may use.

use std::time::Duration;

use crate::contract::Action;

/// What a run may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// From start to end, waiting included. Default: 10 minutes.
    pub time: Duration,
    /// The longest wait between a request that is sent and the head of its
    /// answer: a model may think for minutes. Default: 10 minutes.
    pub first_byte: Duration,
    /// The longest silence while an answer's body arrives. Default: 2 minutes.
    pub silence: Duration,
    /// What a run that was cancelled or has passed its deadline gets to stop at
    /// its provider what it began there. Default: 5 seconds.
    pub clean_up: Duration,
    /// Linear memory in bytes, at most the host's `max_memory`. Default: 64 MiB.
    pub memory: usize,
    /// The output's JSON text in bytes. Default: 32 MiB.
    pub output_bytes: usize,
    /// A request's body in bytes. Default: 256 MiB.
    pub request_bytes: u64,
    /// What a connector reads of a response, in bytes. Default: 32 MiB.
    pub response_bytes: u64,
    /// The files that a run stores, in bytes all together, and a response that
    /// goes to files. Default: 1 GiB.
    pub file_bytes: u64,
    /// What the host holds in memory for a run and the runs of its functions
    /// at the same time, in bytes: answers that arrive, events, requests and
    /// results of functions. Default: 192 MiB.
    pub held_bytes: u64,
    /// Responses and files that they have open at the same time. Default: 64.
    pub open: u32,
    /// Requests that they make, repeated ones included. Default: 1,000.
    pub requests: u32,
}

impl Limits {
    /// The usual limits, with as much time as the action says that a run may well
    /// take: at most a day.
    pub fn of_action(action: &Action) -> Self {
        const MAX_TIME: Duration = Duration::from_hours(24);
        let usual = Self::default();
        let time = action.duration.unwrap_or_default().min(MAX_TIME).max(usual.time);
        Self { time, ..usual }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(600),
            first_byte: Duration::from_secs(600),
            silence: Duration::from_secs(120),
            clean_up: Duration::from_secs(5),
            memory: 64 << 20,
            output_bytes: 32 << 20,
            request_bytes: 256 << 20,
            response_bytes: 32 << 20,
            file_bytes: 1 << 30,
            held_bytes: 192 << 20,
            open: 64,
            requests: 1_000,
        }
    }
}
