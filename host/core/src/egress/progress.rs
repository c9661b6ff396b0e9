//! Progress events of a transfer, throttled.

use std::time::{Duration, Instant};

use crate::contract::{Event, OnEvent};

const INTERVAL: Duration = Duration::from_millis(100);

/// Passes progress events to the run's callback.
pub(crate) struct Progress {
    on_event: Option<OnEvent>,
    last_event: Instant,
}

impl Progress {
    pub(crate) fn new(on_event: Option<OnEvent>) -> Self {
        Self { on_event, last_event: Instant::now() }
    }

    /// Reports that `done` of `total` bytes are transferred.
    pub(super) fn show(&mut self, done: u64, total: Option<u64>) {
        let Some(on_event) = &self.on_event else { return };
        if self.last_event.elapsed() >= INTERVAL {
            self.last_event = Instant::now();
            on_event(Event::Progress { unit: "bytes".to_owned(), done, total });
        }
    }
}
