//! What a chat request may hold.

use serde::Deserialize;
use serde::Deserializer;
use serde_json::Map;
use serde_json::Value;

use crate::chat::table::FIELDS;
use crate::error::ApiError;
use crate::fields;

/// The parts of a chat request that shape its answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Request {
    pub(crate) model: String,
    pub(crate) messages: Vec<Value>,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) stream: bool,
    pub(crate) stream_options: Option<StreamOptions>,
    pub(crate) n: Option<usize>,
    pub(crate) max_tokens: Option<u64>,
    pub(crate) max_completion_tokens: Option<u64>,
    pub(crate) stop: Option<Value>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) presence_penalty: Option<f64>,
    pub(crate) frequency_penalty: Option<f64>,
    pub(crate) logit_bias: Option<Value>,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) logprobs: bool,
    pub(crate) top_logprobs: Option<usize>,
    pub(crate) reasoning_effort: Option<String>,
    pub(crate) response_format: Option<Value>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_choice: Option<Value>,
    pub(crate) parallel_tool_calls: Option<bool>,
    pub(crate) functions: Vec<Function>,
    pub(crate) function_call: Option<Value>,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) modalities: Vec<String>,
    pub(crate) audio: Option<Audio>,
    pub(crate) service_tier: Option<String>,
    pub(crate) metadata: Option<Map<String, Value>>,
    pub(crate) prompt_cache_options: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct StreamOptions {
    pub(crate) include_usage: bool,
    pub(crate) include_obfuscation: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Tool {
    Function { function: Function },
    Custom { custom: Custom },
}

#[derive(Debug, Deserialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) parameters: Option<Value>,
    pub(crate) strict: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Custom {
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Audio {
    pub(crate) format: String,
}

impl Tool {
    pub(crate) fn name(&self) -> &str {
        match self {
            Tool::Function { function } => &function.name,
            Tool::Custom { custom } => &custom.name,
        }
    }
}

fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Request {
    /// Checks a body against the table and takes from it what matters.
    pub(crate) fn parse(body: &Value) -> Result<Request, ApiError> {
        fields::check_body(body, FIELDS)?;
        Request::deserialize(body).map_err(|error| ApiError::invalid(error.to_string()))
    }

    /// Whether the model thinks before it answers.
    pub(crate) fn is_reasoning(&self) -> bool {
        self.is_o_series() || self.model.starts_with("gpt-5")
    }

    /// Whether the model is o1, o3 or one of their successors.
    pub(crate) fn is_o_series(&self) -> bool {
        let mut bytes = self.model.bytes();
        bytes.next() == Some(b'o') && bytes.next().is_some_and(|byte| byte.is_ascii_digit())
    }

    /// The sequences that end an answer.
    pub(crate) fn stop_sequences(&self) -> Vec<&str> {
        match &self.stop {
            Some(Value::String(stop)) => vec![stop],
            Some(Value::Array(stops)) => stops.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The type of the response format, `text` unless one was asked for.
    pub(crate) fn format(&self) -> &str {
        let format = self.response_format.as_ref().and_then(|format| format.get("type"));
        format.and_then(Value::as_str).unwrap_or("text")
    }

    /// The JSON schema an answer must satisfy, with its name and strictness.
    pub(crate) fn json_schema(&self) -> Option<&Value> {
        self.response_format.as_ref()?.get("json_schema")
    }

    pub(crate) fn wants_audio(&self) -> bool {
        self.modalities.iter().any(|modality| modality == "audio")
    }
}
