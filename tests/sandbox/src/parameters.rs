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

/// The parameters for sampling.
#[derive(Default)]
pub(crate) struct Sampling {
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) frequency_penalty: Option<f64>,
    pub(crate) presence_penalty: Option<f64>,
    pub(crate) logprobs: bool,
    pub(crate) has_bias: bool,
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

/// Models accept only the default values of some parameters while they reason.
pub(crate) fn check_sampling(
    model: &str,
    effort: Option<&str>,
    sampling: &Sampling,
) -> Result<(), ApiError> {
    let always = is_reasoning(model) && !model.starts_with("gpt-5.");
    let on_request = ["gpt-5.1", "gpt-5.2", "gpt-5.4"];
    let by_default = !on_request.iter().any(|prefix| model.starts_with(prefix));
    let reasons = is_reasoning(model) && effort.map_or(by_default, |effort| effort != "none");
    for (param, value, default, is_fixed) in [
        ("temperature", sampling.temperature, 1.0, reasons),
        ("top_p", sampling.top_p, 1.0, reasons),
        ("frequency_penalty", sampling.frequency_penalty, 0.0, always),
        ("presence_penalty", sampling.presence_penalty, 0.0, always),
    ] {
        let message = format!(
            "Unsupported value: '{param}' does not support this value with this model. Only the \
             default ({default}) value is supported."
        );
        refuse_if(is_fixed && value.is_some_and(|value| value != default), param, &message)?;
    }
    refuse_if(
        reasons && sampling.logprobs,
        "logprobs",
        "Unsupported parameter: 'logprobs' is not supported with this model.",
    )?;
    refuse_if(
        always && sampling.has_bias,
        "logit_bias",
        "Unsupported parameter: 'logit_bias' is not supported with this model.",
    )
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

/// How often the functions are called for a question: once, unless it contains
/// `rounds: ` and a number.
pub(crate) fn rounds(question: &str) -> usize {
    let number = question.split_once("rounds: ").map(|(_, rest)| rest);
    let digits = number.and_then(|rest| rest.split(|char: char| !char.is_ascii_digit()).next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(1)
}

/// The ID of a function call in an answer. `round` counts the earlier rounds.
pub(crate) fn call_id(choice: usize, round: usize, index: usize) -> String {
    match round {
        0 => format!("call_{choice}_{index}"),
        _ => format!("call_{choice}_{round}_{index}"),
    }
}
