//! Events as progress notifications.

use connector_host::Event;
use rmcp::model::{ProgressNotificationParam, ProgressToken};

/// The progress of a call. The protocol requires the `progress` value to increase
/// with each notification, so counts in different units are merged.
pub struct Progress {
    token: ProgressToken,
    last: f64,
}

impl Progress {
    /// Creates the progress of the call with this token.
    pub fn new(token: ProgressToken) -> Self {
        Self { token, last: 0.0 }
    }

    /// Returns the notification for an event.
    pub fn event(&mut self, event: &Event) -> ProgressNotificationParam {
        match event {
            Event::TextDelta { text, .. } => self.step(text.clone()),
            Event::Progress { unit, done, total } => self.counted(unit, *done, *total),
            Event::Retry { attempt, pause_ms, reason } => {
                let seconds = *pause_ms as f64 / 1000.0;
                self.step(format!("attempt {attempt}: {reason}; retrying in {seconds:.1} s"))
            }
            Event::File { file } => self.step(format!("preview: {}", file.url)),
            Event::FunctionCall { name, .. } => self.step(format!("calling {name}")),
            Event::FunctionResult { name, result, .. } => self.step(match result {
                Ok(_) => format!("called {name}"),
                Err(error) => format!("called {name}: {error}"),
            }),
            _ => self.alive(),
        }
    }

    /// Returns a notification that the run is still active.
    pub fn alive(&mut self) -> ProgressNotificationParam {
        self.last += 1.0;
        ProgressNotificationParam::new(self.token.clone(), self.last)
    }

    fn step(&mut self, message: String) -> ProgressNotificationParam {
        self.alive().with_message(message)
    }

    fn counted(&mut self, unit: &str, done: u64, total: Option<u64>) -> ProgressNotificationParam {
        let (done, total) = (done as f64, total.map(|total| total as f64));
        if done <= self.last {
            return self.alive();
        }
        self.last = done;
        let params = ProgressNotificationParam::new(self.token.clone(), done).with_message(unit);
        match total {
            Some(total) if done <= total => params.with_total(total),
            _ => params,
        }
    }
}

#[cfg(test)]
mod tests {
    use rmcp::model::NumberOrString;

    use super::*;

    fn bytes(done: u64, total: Option<u64>) -> Event {
        Event::Progress { unit: "bytes".to_owned(), done, total }
    }

    #[test]
    fn progress_increases_across_different_units() {
        let mut progress = Progress::new(ProgressToken(NumberOrString::Number(7)));
        let delta = Event::TextDelta { choice: 0, text: "Good".to_owned() };
        let notified: Vec<_> = [bytes(10, Some(20)), bytes(20, Some(20)), delta, bytes(3, None)]
            .iter()
            .map(|event| progress.event(event))
            .map(|params| (params.progress, params.total, params.message))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            notified,
            [
                (10.0, Some(20.0), text("bytes")),
                (20.0, Some(20.0), text("bytes")),
                (21.0, None, text("Good")),
                (22.0, None, None),
            ]
        );
        assert_eq!(progress.alive().progress, 23.0);
    }
}
