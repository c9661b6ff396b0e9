//! The API's errors, where they differ from those of other providers.

use connector_sdk::errors::{self, Explanation};
use connector_sdk::{ErrorResponse, Failure, FailureKind};

use crate::models::has_any;

/// The codes and types of errors that persist until the account is topped up.
pub const OUT_OF_CREDIT: &[&str] = &[
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "budget_exceeded",
    "exceeded_current_quota_error",
    "insufficient_balance",
    "insufficient_credits",
];

/// The advice for an unknown path.
pub const BASE_URL_HINT: &str = "check the base URL: it must end with the API version, such as \
                                 `/v1`, not with an endpoint such as `/chat/completions`";

/// Resources other than the path that an error may report as not found.
const RESOURCES: &[&str] = &[
    "batch",
    "container",
    "conversation",
    "deployment",
    "file",
    "model",
    "response",
    "vector",
    "voice",
];

/// Parameters that actions derive, with the properties they are derived from.
pub const ALIASES: &[(&str, &str)] = &[
    // Ask
    ("max_completion_tokens", "maxTokens"),
    ("max_output_tokens", "maxTokens"),
    ("input", "messages"),
    ("text.format", "responseFormat"),
    ("text.verbosity", "verbosity"),
    ("reasoning.effort", "reasoningEffort"),
    ("reasoning.summary", "reasoningSummary"),
    ("reasoning.mode", "reasoningMode"),
    ("reasoning.context", "reasoningContext"),
    ("context_management", "compactThreshold"),
    ("tools", "functions"),
    ("parallel_tool_calls", "parallelFunctionCalls"),
    // Create Image, Edit Image
    ("prompt", "imageMessages"),
    ("image", "images"),
    // Create Batch
    ("endpoint", "action"),
    ("input_file_id", "inputs"),
    // Create Transcriptions
    ("include", "includeLogprobs"),
    ("known_speaker_names", "knownSpeakers"),
    ("known_speaker_references", "knownSpeakers"),
    // Delete File
    ("id", "fileId"),
];

/// The failure for an error, in a response or in the middle of a stream.
pub fn read(response: &ErrorResponse) -> Failure {
    explained(response, BASE_URL_HINT)
}

/// The failure for an error, with this advice for an unknown path.
pub fn explained(response: &ErrorResponse, path_hint: &str) -> Failure {
    let explanation = response.explanation();
    let mut failure = failure_of(response, explanation.clone());
    let Explanation { message: words, param, .. } = explanation;
    // Ignores words in a path, such as `/v1/models`.
    let names = |things: &[&str]| {
        let mut words = words.as_deref().unwrap_or_default().split_whitespace();
        words.any(|word| !word.contains('/') && has_any(word, things))
    };
    let is_unknown_model = failure.code.as_deref() == Some("model_not_found")
        || failure.kind == FailureKind::NotFound && names(&["model"]);
    let model = || errors::property("model").filter(|_| is_unknown_model);
    failure.property = param.as_deref().and_then(property).or_else(model);
    match (response.status, words.as_ref()) {
        (404 | 405, _) if failure.property.is_none() && !names(RESOURCES) => {
            let status = || format!("the server returned HTTP {}", response.status);
            failure.message = format!("{}; {path_hint}", words.unwrap_or_else(status));
            failure.with_detail(response.body.trim_ascii())
        }
        // The failure names the property, so the message need not name the parameter.
        (400.., Some(words)) if failure.property.is_some() => {
            failure.message.clone_from(words);
            failure
        }
        _ => failure,
    }
}

/// The failure for an error of a request that the user wrote. `source` returns the
/// property that contains a parameter. A 404 is attributed to `path`, unless the
/// error names a parameter of the body.
pub fn of_call(response: &ErrorResponse, source: &dyn Fn(&str) -> &'static str) -> Failure {
    let mut explanation = response.explanation();
    let param = explanation.param.take();
    let mut failure = failure_of(response, explanation);
    let source = match (response.status, param.as_deref().map(source)) {
        (404 | 405, None | Some("query")) => Some("path"),
        (_, source) => source,
    };
    failure.property = source.map(str::to_owned);
    if let Some(param) = param.filter(|param| !failure.message.contains(param)) {
        failure.message = format!("`{param}`: {}", failure.message);
    }
    failure
}

fn failure_of(response: &ErrorResponse, explanation: Explanation) -> Failure {
    let is_out_of_credit = response.status >= 400 && is_out_of_credit(&explanation);
    let mut failure = response.failure_of(explanation);
    if is_out_of_credit {
        failure.kind = FailureKind::QuotaExceeded;
    }
    failure
}

/// The path of the running action's property that a parameter belongs to.
fn property(param: &str) -> Option<String> {
    let source = ALIASES.iter().find_map(|(alias, source)| {
        let path = param.strip_prefix(alias)?;
        let is_whole = path.is_empty() || path.starts_with(['.', '[']);
        is_whole.then(|| errors::property(&format!("{source}{path}")))?
    });
    source.or_else(|| errors::property(param))
}

fn is_out_of_credit(explanation: &Explanation) -> bool {
    let words = [&explanation.code, &explanation.type_].into_iter().flatten();
    let is_listed = |word: &str| OUT_OF_CREDIT.iter().any(|one| one.eq_ignore_ascii_case(word));
    words.into_iter().any(|word| is_listed(word))
}

#[cfg(test)]
mod tests {
    use connector_sdk::testing::{Answer, Host};
    use serde_json::json;

    use super::*;
    use crate::CONNECTOR;

    /// The failure of a run whose response has this status and body.
    fn failure(status: u16, body: &str) -> Failure {
        let answer = Answer::content(status, "application/json", body);
        let input = json!({ "imageMessages": [{ "content": "A cat" }] });
        Host::new(&CONNECTOR).answer(answer).run("createImage", input).unwrap_err()
    }

    #[test]
    fn no_credit_is_not_a_rate_limit() {
        for (status, error) in [
            (429, json!({ "message": "You exceeded your quota", "code": "insufficient_quota" })),
            (429, json!({ "message": "No", "type": "insufficient_quota", "code": 429 })),
            (400, json!({ "message": "Limit", "code": "billing_hard_limit_reached" })),
            // In a successful response.
            (200, json!({ "message": "Limit", "type": "insufficient_quota" })),
        ] {
            let failure = failure(status, &json!({ "error": error }).to_string());
            assert_eq!(failure.kind, FailureKind::QuotaExceeded, "{error}");
        }
    }

    #[test]
    fn names_the_property_at_fault() {
        for (status, body, property, message) in [
            (
                400,
                r#"{"error":{"message":"Too high.","param":"output_compression"}}"#,
                Some("outputCompression"),
                "Too high",
            ),
            (
                400,
                r#"{"error":{"message":"Too long","param":"prompt"}}"#,
                Some("imageMessages"),
                "Too long",
            ),
            (422, r#"{"detail":[{"loc":["body","size",0],"msg":"no"}]}"#, Some("size"), "no"),
            (
                404,
                r#"{"error":{"message":"Does not exist","param":null,"code":"model_not_found"}}"#,
                Some("model"),
                "Does not exist",
            ),
            (
                404,
                r#"{"error":"model \"x\" not found, try pulling it first"}"#,
                Some("model"),
                "model \"x\" not found, try pulling it first",
            ),
            (
                400,
                r#"{"error":{"message":"Extra inputs are not permitted","param":"seed"}}"#,
                None,
                "`seed`: Extra inputs are not permitted",
            ),
        ] {
            let failure = failure(status, body);
            assert_eq!(failure.property.as_deref(), property, "{body}");
            assert_eq!(failure.message, message, "{body}");
        }
    }

    #[test]
    fn an_unknown_path_gets_advice_on_the_base_url() {
        for (body, words) in [
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            (
                r#"{"error":{"message":"Invalid URL (POST /v1/models/chat)","type":"x"}}"#,
                "Invalid URL (POST /v1/models/chat)",
            ),
            ("404 page not found", "404 page not found"),
            ("", "the server returned HTTP 404"),
        ] {
            let failure = failure(404, body);
            assert_eq!(failure.kind, FailureKind::NotFound);
            assert_eq!(failure.message, format!("{words}; {BASE_URL_HINT}"));
            assert_eq!(failure.detail.as_deref().unwrap_or_default(), body);
        }
    }
}
