//! Quantiles of many durations.

use std::time::Duration;

use serde_json::{Value, json};

/// The median, the 99th percentile and the maximum, in microseconds.
///
/// # Panics
/// If there are no durations.
pub fn quantiles(mut durations: Vec<Duration>) -> Value {
    durations.sort_unstable();
    let at = |share: f64| {
        let index = ((durations.len() - 1) as f64 * share).round() as usize;
        durations.get(index).unwrap().as_secs_f64() * 1e6
    };
    json!({ "p50": at(0.5), "p99": at(0.99), "max": at(1.0) })
}
