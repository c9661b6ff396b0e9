//! Parameters that Chat Completions and Responses share, and their rules.

use serde::Deserialize;
use serde_json::Value;

use crate::error::ApiError;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for their types")]
pub(crate) struct CacheOptions {
    ttl: Option<String>,
    mode: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for their types")]
pub(crate) struct Moderation {
    model: String,
    policy: Option<Policy>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for their types")]
struct Policy {
    input: Option<Mode>,
    output: Option<Mode>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for its type")]
struct Mode {
    mode: String,
}

/// Whether this is a reasoning model.
pub(crate) fn is_reasoning(model: &str) -> bool {
    ["o1", "o3", "o4", "gpt-5"].iter().any(|prefix| model.starts_with(prefix))
}

/// Fails with a message about a parameter if something is wrong.
pub(crate) fn refuse_if(
    is_wrong: bool,
    param: &'static str,
    message: &str,
) -> Result<(), ApiError> {
    if is_wrong { Err(ApiError::at(param, message)) } else { Ok(()) }
}

/// Checks the parameters of prompt caching.
pub(crate) fn check_cache(
    model: &str,
    options: Option<&CacheOptions>,
    retention: Option<&str>,
) -> Result<(), ApiError> {
    refuse_if(
        options.is_some() && !model.starts_with("gpt-5.6"),
        "prompt_cache_options",
        "Unsupported parameter: 'prompt_cache_options' is not supported with this model.",
    )?;
    let is_new = ["gpt-5.5", "gpt-5.6"].iter().any(|prefix| model.starts_with(prefix));
    refuse_if(
        is_new && retention.is_some_and(|retention| retention != "24h"),
        "prompt_cache_retention",
        "This model only supports a 'prompt_cache_retention' of '24h'.",
    )
}

/// Whether a `tool_choice` forces a call, and the name of the tool, if it names one.
pub(crate) fn forced(choice: Option<&Value>) -> Option<Option<&str>> {
    match choice? {
        Value::String(mode) => (mode == "required").then_some(None),
        chosen => {
            let name = chosen.get("name").or_else(|| chosen.get("function")?.get("name"));
            Some(name.or(chosen.get("type")).and_then(Value::as_str))
        }
    }
}
