//! What the API's errors mean.

use connector_sdk::{ErrorResponse, Failure, FailureKind};

/// The failure of an error, in a response or in the middle of a stream.
pub fn read(response: &ErrorResponse) -> Failure {
    let mut failure = response.failure();
    if failure.message.contains("credit balance") {
        // The API has no error of its own for it.
        failure.kind = FailureKind::QuotaExceeded;
    } else if failure.code.as_deref() == Some("timeout_error") {
        failure.kind = FailureKind::Unavailable;
    }
    failure.property = property(&failure.message);
    failure
}

/// The property that a message begins with, as in `messages.0.content: …`.
fn property(message: &str) -> Option<String> {
    let (place, _) = message.split_once(": ")?;
    let mut steps = place.split('.');
    let mut path = match steps.next()? {
        "max_tokens" => "maxTokens",
        "stop_sequences" => "stopSequences",
        // That is where the schema goes.
        "tools" => return Some("responseSchema".to_owned()),
        name @ ("messages" | "model" | "system" | "temperature") => name,
        _ => return None,
    }
    .to_owned();
    for step in steps {
        match step.parse::<u32>() {
            Ok(index) => path += &format!("[{index}]"),
            Err(_) => path += &format!(".{step}"),
        }
    }
    Some(path)
}
