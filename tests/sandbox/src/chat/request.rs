//! The fields of a chat request and their types.

use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

use crate::chat::messages::Message;
use crate::parameters::CacheOptions;
use crate::parameters::Moderation;
use crate::parameters::Sampling;

/// A chat request with the fields that the connector may send.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
pub(crate) struct Request {
    pub(crate) model: String,
    pub(crate) messages: Vec<Message>,
    #[serde(default)]
    pub(crate) stream: bool,
    pub(crate) stream_options: Option<StreamOptions>,
    pub(crate) n: Option<usize>,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) max_completion_tokens: Option<u64>,
    #[serde(default)]
    pub(crate) stop: Vec<String>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    presence_penalty: Option<f64>,
    frequency_penalty: Option<f64>,
    logit_bias: Option<Map<String, Value>>,
    seed: Option<i64>,
    #[serde(default)]
    pub(crate) logprobs: bool,
    pub(crate) top_logprobs: Option<usize>,
    pub(crate) reasoning_effort: Option<String>,
    verbosity: Option<String>,
    #[serde(default)]
    pub(crate) response_format: ResponseFormat,
    #[serde(default)]
    pub(crate) tools: Vec<Tool>,
    pub(crate) parallel_tool_calls: Option<bool>,
    pub(crate) service_tier: Option<String>,
    store: Option<bool>,
    metadata: Option<Map<String, Value>>,
    prompt_cache_key: Option<String>,
    pub(crate) prompt_cache_options: Option<CacheOptions>,
    pub(crate) prompt_cache_retention: Option<String>,
    moderation: Option<Moderation>,
    pub(crate) tool_choice: Option<Value>,
    safety_identifier: Option<String>,
    user: Option<String>,
    prediction: Option<Prediction>,
    web_search_options: Option<SearchOptions>,
}

/// Text that the answer probably contains.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for its type")]
enum Prediction {
    Content { content: String },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for its type")]
struct SearchOptions {
    search_context_size: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamOptions {
    pub(crate) include_usage: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ResponseFormat {
    #[default]
    Text,
    JsonObject,
    JsonSchema {
        json_schema: JsonSchema,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JsonSchema {
    pub(crate) name: String,
    pub(crate) schema: Value,
    #[serde(default)]
    pub(crate) strict: bool,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Tool {
    Function { function: Function },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "a description is only checked for its type")]
pub(crate) struct Function {
    pub(crate) name: String,
    description: Option<String>,
    pub(crate) parameters: Value,
}

impl Request {
    /// The parameters for sampling.
    pub(crate) fn sampling(&self) -> Sampling {
        Sampling {
            temperature: self.temperature,
            top_p: self.top_p,
            frequency_penalty: self.frequency_penalty,
            presence_penalty: self.presence_penalty,
            logprobs: self.logprobs,
            has_bias: self.logit_bias.is_some(),
        }
    }

    /// The functions that the model may call.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &Function> {
        self.tools.iter().map(|Tool::Function { function }| function)
    }
}
