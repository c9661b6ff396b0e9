//! A progress bar for long transfers, on a terminal only.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The time after the start of the run before the bar appears.
const DELAY: Duration = Duration::from_millis(500);

/// A progress bar, hidden until the run has taken some time.
pub struct Progress {
    bar: ProgressBar,
    started: Instant,
    on_terminal: bool,
}

impl Progress {
    /// Creates a bar, which appears only on a terminal.
    pub fn new(on_terminal: bool) -> Self {
        Self { bar: ProgressBar::hidden(), started: Instant::now(), on_terminal }
    }

    /// Shows the number of bytes transferred so far.
    pub fn show(&self, done: u64, total: Option<u64>) {
        if !self.on_terminal || self.started.elapsed() < DELAY {
            return;
        }
        if self.bar.is_hidden() {
            let template = match total {
                Some(_) => "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}",
                None => "{spinner} {bytes}, {bytes_per_sec}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                self.bar.set_style(style);
            }
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
