//! A progress bar for long transfers, on a terminal only.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter transfers show nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// The bar. Hidden until a transfer has taken a while.
pub struct Progress {
    bar: ProgressBar,
    begun: Instant,
    on_terminal: bool,
}

impl Progress {
    /// A bar that shows on a terminal.
    pub fn new(on_terminal: bool) -> Self {
        Self { bar: ProgressBar::hidden(), begun: Instant::now(), on_terminal }
    }

    /// Bytes transferred so far.
    pub fn show(&self, done: u64, total: Option<u64>) {
        if !self.on_terminal || self.begun.elapsed() < PATIENCE {
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
