//! The fields of a request and their types.

use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;

use crate::parameters::CacheOptions;
use crate::parameters::Moderation;
use crate::parameters::Sampling;

/// A request with the fields that the connector may send.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
pub(crate) struct Request {
    pub(crate) model: String,
    pub(crate) input: Value,
    #[serde(default)]
    pub(crate) stream: bool,
    #[serde(default)]
    pub(crate) background: bool,
    #[serde(default = "yes")]
    pub(crate) store: bool,
    pub(crate) instructions: Option<String>,
    pub(crate) previous_response_id: Option<String>,
    pub(crate) conversation: Option<String>,
    pub(crate) max_output_tokens: Option<u64>,
    pub(crate) max_tool_calls: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    pub(crate) top_logprobs: Option<usize>,
    #[serde(default)]
    pub(crate) include: Vec<String>,
    pub(crate) reasoning: Option<Reasoning>,
    #[serde(default)]
    pub(crate) text: Text,
    #[serde(default)]
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_choice: Option<Value>,
    pub(crate) parallel_tool_calls: Option<bool>,
    truncation: Option<String>,
    context_management: Option<Vec<Compaction>>,
    pub(crate) metadata: Option<Map<String, Value>>,
    pub(crate) service_tier: Option<String>,
    prompt_cache_key: Option<String>,
    pub(crate) prompt_cache_options: Option<CacheOptions>,
    pub(crate) prompt_cache_retention: Option<String>,
    safety_identifier: Option<String>,
    user: Option<String>,
    moderation: Option<Moderation>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
pub(crate) struct Reasoning {
    pub(crate) effort: Option<String>,
    pub(crate) summary: Option<String>,
    mode: Option<String>,
    context: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for its type")]
enum Compaction {
    Compaction { compact_threshold: Option<u64> },
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code, reason = "the verbosity is only checked for its type")]
pub(crate) struct Text {
    pub(crate) format: Format,
    verbosity: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Format {
    #[default]
    Text,
    JsonObject,
    JsonSchema {
        name: String,
        schema: Value,
        #[serde(default)]
        strict: bool,
    },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
pub(crate) enum Tool {
    Function {
        name: String,
        description: Option<String>,
        parameters: Value,
        strict: Option<bool>,
    },
    WebSearch {
        search_context_size: Option<String>,
        external_web_access: Option<bool>,
        filters: Option<Domains>,
        user_location: Option<Location>,
    },
    FileSearch {
        vector_store_ids: Vec<String>,
        max_num_results: Option<u64>,
        ranking_options: Option<Ranking>,
        filters: Option<Filter>,
    },
    CodeInterpreter {
        container: Container,
    },
    ImageGeneration(Box<ImageTool>),
    Mcp(Box<McpTool>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Domains {
    #[serde(default)]
    pub(crate) allowed_domains: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for their types")]
pub(crate) struct Location {
    r#type: String,
    country: Option<String>,
    region: Option<String>,
    city: Option<String>,
    timezone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for their types")]
pub(crate) struct Ranking {
    ranker: Option<String>,
    score_threshold: Option<f64>,
    hybrid_search: Option<Hybrid>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for their types")]
struct Hybrid {
    embedding_weight: f64,
    text_weight: f64,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for their types")]
pub(crate) enum Filter {
    And { filters: Vec<Filter> },
    Or { filters: Vec<Filter> },
    Eq { key: String, value: Value },
    Ne { key: String, value: Value },
    Gt { key: String, value: Value },
    Gte { key: String, value: Value },
    Lt { key: String, value: Value },
    Lte { key: String, value: Value },
    In { key: String, value: Value },
    Nin { key: String, value: Value },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Container {
    Existing(String),
    New(NewContainer),
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
pub(crate) enum NewContainer {
    Auto {
        #[serde(default)]
        file_ids: Vec<String>,
        memory_limit: Option<String>,
        network_policy: Option<NetworkPolicy>,
    },
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code, reason = "only checked for its type")]
pub(crate) enum NetworkPolicy {
    Disabled,
    Allowlist { allowed_domains: Vec<String> },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
pub(crate) struct ImageTool {
    pub(crate) model: Option<String>,
    quality: Option<String>,
    pub(crate) size: Option<String>,
    pub(crate) output_format: Option<String>,
    output_compression: Option<u64>,
    moderation: Option<String>,
    pub(crate) background: Option<String>,
    pub(crate) input_fidelity: Option<String>,
    pub(crate) input_image_mask: Option<Mask>,
    pub(crate) partial_images: Option<usize>,
    action: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mask {
    pub(crate) image_url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
pub(crate) struct McpTool {
    pub(crate) server_label: String,
    pub(crate) server_url: Option<String>,
    pub(crate) tunnel_id: Option<String>,
    server_description: Option<String>,
    pub(crate) allowed_tools: Option<AllowedTools>,
    pub(crate) require_approval: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum AllowedTools {
    Names(Vec<String>),
    Filter(ToolFilter),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some fields are only checked for their type")]
pub(crate) struct ToolFilter {
    #[serde(default)]
    pub(crate) tool_names: Vec<String>,
    read_only: Option<bool>,
}

impl Request {
    /// The parameters for sampling.
    pub(crate) fn sampling(&self) -> Sampling {
        Sampling {
            temperature: self.temperature,
            top_p: self.top_p,
            logprobs: self.includes("message.output_text.logprobs"),
            ..Sampling::default()
        }
    }

    /// Whether the response includes this additional data.
    pub(crate) fn includes(&self, name: &str) -> bool {
        self.include.iter().any(|other| other == name)
    }
}
