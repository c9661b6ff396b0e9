//! The time of a run (`wit/lifecycle.wit`).

use std::time::Duration;

use crate::{Failure, Result, host};

/// Waits, for a connector that asks again and again until something is done.
/// Fails, without waiting longer, when the run must end.
pub fn wait(duration: Duration) -> Result<()> {
    Ok(host::wait(duration.as_millis().try_into().unwrap_or(u64::MAX))?)
}

/// Stops at the provider what a run began there, if `failure` means that the
/// run must end. `stop` may send requests, for which there is a little time;
/// what fails in it is logged.
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
        crate::log::warn(format_args!("what the run began could not be stopped: {other}"));
    }
    failure
}
