//! What the API's errors mean.

use connector_sdk::{ErrorResponse, Failure, FailureKind, errors};

/// The failure of an error, in a response or in the middle of a stream.
pub fn read(response: &ErrorResponse) -> Failure {
    let mut failure = response.failure();
    if failure.message.contains("credit balance") {
        // The API has no error of its own for it.
        failure.kind = FailureKind::QuotaExceeded;
    } else if failure.code.as_deref() == Some("timeout_error") {
        failure.kind = FailureKind::Unavailable;
    }
    // Messages begin with the parameter: `messages.0.content: …`.
    let param = failure.message.split_once(": ").map(|(param, _)| param);
    failure.property = param.and_then(|param| match param.starts_with("tools.") {
        // That is where the schema goes.
        true => Some("responseSchema".to_owned()),
        false => errors::property(param),
    });
    failure
}
