//! Waiting for a response that the provider works on in the background.

use std::time::Duration;

use connector_sdk::http::{self, Response};
use connector_sdk::{Failure, FailureKind, Result, events, lifecycle};
use serde_json::json;

use super::reply::Reply;

/// The pauses between requests for the status of a response. They grow, because a
/// response that has taken long is likely to take longer still.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Waits until a response is complete and returns it. `path` is its path, and
/// `include` lists the additional data to return.
///
/// Reports its ID and each new status as events. After a failure, the response
/// continues.
pub fn wait(path: &str, include: &[String], reply: Reply) -> Result<(Reply, Response)> {
    let given_up = |failure| given_up(path, failure);
    events::metadata(&json!({ "responseId": reply.id() })).map_err(given_up)?;
    let (mut status, mut pause) = (String::new(), FIRST_PAUSE);
    let mut running = reply;
    loop {
        if status != running.status() {
            running.status().clone_into(&mut status);
            events::status(status.replace('_', " ")).map_err(given_up)?;
        }
        lifecycle::wait(pause).map_err(given_up)?;
        pause = (pause * 3 / 2).min(MAX_PAUSE);
        let (reply, response) = get(path, include).map_err(given_up)?;
        if !reply.is_running() {
            return Ok((reply, response));
        }
        running = reply;
    }
}

/// Fetches a response.
pub fn get(path: &str, include: &[String]) -> Result<(Reply, Response)> {
    let query = json!({ "include[]": include });
    let response = http::get(path).query_all(&query).errors(&super::failure).send()?;
    let reply = super::read(&response).and_then(Reply::of);
    Ok((reply.map_err(|failure| failure.answered_by(&response))?, response))
}

/// Cancels a response.
pub fn cancel(path: &str) -> Result<Response> {
    http::post(format!("{path}/cancel")).errors(&super::failure).send()
}

/// Cancels the response if the run that requested it was cancelled.
pub fn cancel_with_run(path: &str, failure: Failure) -> Failure {
    match failure.kind {
        FailureKind::Cancelled => lifecycle::clean_up(failure, || cancel(path)),
        _ => failure,
    }
}

/// Adds to a failure how the response can be fetched.
fn given_up(path: &str, mut failure: Failure) -> Failure {
    failure.request_sent = true;
    match failure.kind {
        FailureKind::Cancelled | FailureKind::NotFound => failure,
        _ => {
            let id = path.rsplit('/').next().unwrap_or_default();
            failure.message =
                format!("{failure}; the response continues: fetch `{id}` with Get Response");
            failure
        }
    }
}
