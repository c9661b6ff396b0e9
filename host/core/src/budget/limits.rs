//! The limits of a run.

use std::time::Duration;

use crate::contract::Action;

/// The limits of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// The total time of the run, including waits. Default: 10 minutes.
    pub time: Duration,
    /// The time between sending a request and receiving the head of its response. A
    /// model may think for minutes. Default: 10 minutes.
    pub first_byte: Duration,
    /// The maximum pause between bytes of a response body. Default: 2 minutes.
    pub silence: Duration,
    /// The time that a run gets, after it is cancelled or passes its deadline, to
    /// stop anything it has started at the provider. Default: 5 seconds.
    pub clean_up: Duration,
    /// Linear memory in bytes. The host's `max_memory` applies too.
    /// Default: 64 MiB.
    pub memory: usize,
    /// The size of the output as JSON text, in bytes. Default: 32 MiB.
    pub output_bytes: usize,
    /// The size of a request body, in bytes. Default: 256 MiB.
    pub request_bytes: u64,
    /// The size of the part of a response that a connector reads, in bytes.
    /// Default: 32 MiB.
    pub response_bytes: u64,
    /// The total size of the files that a run stores, and the size of a response
    /// that is stored in files, in bytes. Default: 1 GiB.
    pub file_bytes: u64,
    /// The memory that the host may use at any one time for a run and the runs of
    /// its functions, in bytes: incoming responses, events, requests and results of
    /// functions. Default: 192 MiB.
    pub held_bytes: u64,
    /// The number of responses and files that a run and the runs of its functions
    /// have open at the same time. Default: 64.
    pub open: u32,
    /// The number of requests that a run and the runs of its functions make,
    /// including retries. Default: 1,000.
    pub requests: u32,
}

impl Limits {
    /// The default limits, with more time if the action declares that a run may
    /// take longer. The maximum is a day.
    pub fn of_action(action: &Action) -> Self {
        const MAX_TIME: Duration = Duration::from_hours(24);
        let default = Self::default();
        let time = action.duration.unwrap_or_default().min(MAX_TIME).max(default.time);
        Self { time, ..default }
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
