//! Metrics for Prometheus.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use connector_host::Outcome;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};
use schemars::SchemaGenerator;

use super::Shared;
use super::openapi::{self, Operation};
use super::problem::Problem;
use super::route::{Describe, GET, Route};

/// Buckets in seconds, from a quick call to a long generation.
const SECONDS: &[f64] =
    &[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0];

/// The metrics of the service.
pub struct Metrics {
    registry: Registry,
    runs: IntCounterVec,
    retries: IntCounterVec,
    tokens: IntCounterVec,
    seconds: HistogramVec,
    waited: Histogram,
    running: IntGauge,
    waiting: IntGauge,
}

impl Metrics {
    /// Registers all metrics.
    ///
    /// # Panics
    /// Never: the names are valid and unique.
    #[expect(clippy::expect_used, reason = "the names are constants, covered by a test")]
    pub fn new() -> Self {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels).expect("a valid name");
            registry.register(Box::new(counter.clone())).expect("a new name");
            counter
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::new(name, help).expect("a valid name");
            registry.register(Box::new(gauge.clone())).expect("a new name");
            gauge
        };
        let runs = counter("connector_runs_total", "Runs that have ended.", &["action", "outcome"]);
        let retries = counter(
            "connector_retries_total",
            "Requests that were retried after a failure.",
            &["action"],
        );
        let tokens =
            counter("connector_tokens_total", "Tokens reported by providers.", &["action"]);
        let running = gauge("connector_runs_in_progress", "Runs in progress.");
        let waiting = gauge("connector_runs_waiting", "Runs waiting in the queue.");
        let options = HistogramOpts::new(
            "connector_run_seconds",
            "Duration of runs, including time in the queue.",
        );
        let seconds =
            HistogramVec::new(options.buckets(SECONDS.into()), &["action"]).expect("a valid name");
        registry.register(Box::new(seconds.clone())).expect("a new name");
        let options =
            HistogramOpts::new("connector_queue_seconds", "Time that runs spend in the queue.");
        let waited = Histogram::with_opts(options.buckets(SECONDS.into())).expect("a valid name");
        registry.register(Box::new(waited.clone())).expect("a new name");
        Self { registry, runs, retries, tokens, seconds, waited, running, waiting }
    }

    /// Records the time that a run spent in the queue.
    pub fn waited(&self, time: Duration) {
        self.waited.observe(time.as_secs_f64());
    }

    /// Records the end of a run. A run without an outcome has failed.
    pub fn ended(&self, action: &str, outcome: Option<&Outcome>, time: Duration) {
        let how = if outcome.is_some() { "done" } else { "failed" };
        self.runs.with_label_values(&[action, how]).inc();
        self.seconds.with_label_values(&[action]).observe(time.as_secs_f64());
        let Some(outcome) = outcome else { return };
        let count = |pointer: &[&str]| {
            let (first, rest) = pointer.split_first()?;
            let start = outcome.metadata.get(*first)?;
            rest.iter().try_fold(start, |value, name| value.get(name))?.as_u64()
        };
        let attempts = count(&["attempts"]).unwrap_or(1);
        self.retries.with_label_values(&[action]).inc_by(attempts.saturating_sub(1));
        let tokens = count(&["usage", "totalTokens"]).unwrap_or_default();
        self.tokens.with_label_values(&[action]).inc_by(tokens);
    }
}

pub fn routes() -> Vec<Route> {
    vec![Route::root("/metrics").on(GET, "metrics", "Metrics for Prometheus.", text)]
}

/// Metrics in Prometheus's text format.
struct Text(Vec<u8>);

impl IntoResponse for Text {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], self.0).into_response()
    }
}

impl Describe for Text {
    fn describe(operation: &mut Operation, _: &mut SchemaGenerator) {
        operation.returns(StatusCode::OK, "text/plain", openapi::text());
    }
}

async fn text(State(app): Shared) -> Result<Text, Problem> {
    let metrics = &app.metrics;
    metrics.running.set(app.gate.running() as i64);
    metrics.waiting.set(app.gate.waiting() as i64);
    let mut text = Vec::new();
    TextEncoder::new()
        .encode(&metrics.registry.gather(), &mut text)
        .map_err(|error| Problem::internal(error.to_string()))?;
    Ok(Text(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_tokens_and_durations_are_counted() {
        let metrics = Metrics::new();
        let metadata = serde_json::json!({ "attempts": 3, "usage": { "totalTokens": 7 } });
        let serde_json::Value::Object(metadata) = metadata else { panic!("an object") };
        let outcome = Outcome { output: serde_json::Value::Null, metadata };
        metrics.ended("openai/v1/ask", Some(&outcome), Duration::from_millis(20));
        metrics.ended("openai/v1/ask", None, Duration::from_millis(20));
        let label = &["openai/v1/ask"];
        assert_eq!(metrics.retries.with_label_values(label).get(), 2);
        assert_eq!(metrics.tokens.with_label_values(label).get(), 7);
        assert_eq!(metrics.runs.with_label_values(&["openai/v1/ask", "failed"]).get(), 1);
        assert_eq!(metrics.seconds.with_label_values(label).get_sample_count(), 2);
    }
}
