//! The API's errors.

use connector_sdk::{ErrorResponse, Failure, FailureKind, errors};

/// The failure for an error, in a response or in the middle of a stream.
pub fn read(response: &ErrorResponse) -> Failure {
    let mut failure = response.failure();
    if failure.message.contains("credit balance") {
        // The API has no separate error type for this.
        failure.kind = FailureKind::QuotaExceeded;
    } else if failure.code.as_deref() == Some("timeout_error") {
        failure.kind = FailureKind::Unavailable;
    }
    // Messages begin with the parameter, as in `messages.0.content: …`.
    let param = failure.message.split_once(": ").map(|(param, _)| param);
    failure.property = param.and_then(|param| {
        // The schema is sent as that of a tool.
        if param.starts_with("tools.") {
            Some("responseSchema".to_owned())
        } else {
            errors::property(param)
        }
    });
    failure
}
