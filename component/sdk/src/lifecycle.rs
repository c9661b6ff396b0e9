//! Waiting, and ending a run early (`wit/lifecycle.wit`).

use std::time::Duration;

use crate::{Failure, Result, host};

/// Waits, for connectors that poll the provider. Fails early if the run must
/// end.
pub fn wait(duration: Duration) -> Result<()> {
    Ok(host::wait(duration.as_millis().try_into().unwrap_or(u64::MAX))?)
}

/// Cancels work that the run started at the provider, if the run must end.
/// `stop` has a short time to send requests. If `stop` fails, its failure is
/// logged. Returns `failure`.
///
/// ```no_run
/// use connector_sdk::{Result, http, lifecycle};
/// # use std::time::Duration;
///
/// fn wait_for(job: &str) -> Result<()> {
///     lifecycle::wait(Duration::from_secs(2)).map_err(|failure| {
///         lifecycle::clean_up(failure, || {
///             http::post(format!("/jobs/{}/cancel", http::segment(job))).send()
///         })
///     })
/// }
/// ```
pub fn clean_up<T>(failure: Failure, stop: impl FnOnce() -> Result<T>) -> Failure {
    if host::clean_up() > 0
        && let Err(other) = stop()
    {
        crate::log::warn(format_args!("could not stop what the run had started: {other}"));
    }
    failure
}
