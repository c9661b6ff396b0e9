//! How far a transfer is, told often enough for people and rarely enough for
//! machines.

use std::time::{Duration, Instant};

use crate::contract::{Event, OnEvent};

const INTERVAL: Duration = Duration::from_millis(100);

/// Tells whoever listens to the run.
pub(crate) struct Progress {
    on_event: Option<OnEvent>,
    told: Instant,
}

impl Progress {
    pub(crate) fn new(on_event: Option<OnEvent>) -> Self {
        Self { on_event, told: Instant::now() }
    }

    /// `done` bytes of `total` are through.
    pub(super) fn show(&mut self, done: u64, total: Option<u64>) {
        let Some(on_event) = &self.on_event else { return };
        if INTERVAL <= self.told.elapsed() {
            self.told = Instant::now();
            on_event(Event::Progress { unit: "bytes".to_owned(), done, total });
        }
    }
}
