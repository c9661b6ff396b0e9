//! The properties that only the Responses API has.

use connector_sdk::{FileEntry, Properties};
use serde::{Deserialize, Serialize};
use serde_json::Number;
use serde_with::skip_serializing_none;

#[skip_serializing_none]
#[derive(Default, Deserialize, Serialize, Properties)]
#[serde(default, rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct Options {
    /// Instructions that apply to this run only. A run that continues from its response does
    /// not inherit them.
    #[property(advanced, group = "Conversation", when("api" = "responses"))]
    #[property(control = text_area)]
    pub instructions: Option<String>,

    /// The ID of the response to continue from, which an earlier run returned in its metadata
    /// as responseId. The model then sees the whole conversation so far.
    #[property(label = "Previous Response ID", advanced, group = "Conversation")]
    #[property(when("api" = "responses"), placeholder = "resp_…")]
    pub previous_response_id: Option<String>,

    /// The ID of a conversation from Create Conversation. The model sees its earlier
    /// messages, and the new ones are added to it.
    #[property(label = "Conversation ID", advanced, group = "Conversation")]
    #[property(when("api" = "responses"), placeholder = "conv_…")]
    pub conversation: Option<String>,

    /// Summarizes the model's reasoning. The run's metadata contains the summary, and a caller
    /// that streams receives it as it arrives.
    #[property(advanced, group = "Reasoning", when("api" = "responses"))]
    #[property(choices("auto", "concise", "detailed"))]
    pub reasoning_summary: Option<String>,

    /// Pro takes longer, costs more and answers more reliably. Not every model supports it.
    #[property(advanced, group = "Reasoning", when("api" = "responses"))]
    #[property(provider_default = "standard", open_choices("standard", "pro"))]
    pub reasoning_mode: Option<String>,

    /// How much of its earlier reasoning the model sees.
    #[property(advanced, group = "Reasoning", when("api" = "responses"))]
    #[property(provider_default = "auto", choices(
        "auto": "The model decides.",
        "current_turn": "The reasoning since the last user message.",
        "all_turns": "All reasoning in the conversation.",
    ))]
    pub reasoning_context: Option<String>,

    /// Whether the model may search the web. The run's metadata lists the pages that it cites.
    #[property(advanced, group = "Web Search", when("api" = "responses"))]
    #[property(provider_default = false)]
    pub web_search: Option<bool>,

    /// How to search the web.
    #[property(advanced, group = "Web Search", when(web_search = true))]
    pub web_search_options: Option<WebSearch>,

    /// The IDs of the vector stores in which the model may search for files.
    #[property(advanced, group = "File Search", when("api" = "responses"))]
    #[property(item(placeholder = "vs_…"))]
    pub vector_stores: Vec<String>,

    /// How to search the files.
    #[property(advanced, group = "File Search", when(present(vector_stores)))]
    pub file_search_options: Option<FileSearch>,

    /// Whether the model may run Python code at the provider.
    #[property(advanced, group = "Code Interpreter", when("api" = "responses"))]
    #[property(provider_default = false)]
    pub code_interpreter: Option<bool>,

    /// Where the code runs.
    #[property(advanced, group = "Code Interpreter", when(code_interpreter = true))]
    pub code_interpreter_options: Option<CodeInterpreter>,

    /// Whether the model may generate images. They are stored as files, which the run's
    /// metadata lists.
    #[property(advanced, group = "Image Generation", when("api" = "responses"))]
    #[property(provider_default = false)]
    pub image_generation: Option<bool>,

    /// How to generate the images.
    #[property(advanced, group = "Image Generation", when(image_generation = true))]
    pub image_generation_options: Option<ImageGeneration>,

    /// Remote servers whose tools the model may call (Model Context Protocol). The provider
    /// connects to them, and they receive what the model sends.
    #[property(label = "MCP Servers", advanced, group = "MCP", when("api" = "responses"))]
    pub mcp_servers: Vec<McpServer>,

    /// Your decisions on the approval requests of an earlier run. Set Previous Response ID or
    /// Conversation ID as well.
    #[property(label = "MCP Approvals", advanced, group = "MCP", when("api" = "responses"))]
    pub mcp_approvals: Vec<McpApproval>,

    /// The maximum number of calls to the provider's tools in one response. Further calls are
    /// ignored.
    #[property(advanced, group = "Tools", when("api" = "responses"), minimum = 1)]
    pub max_tool_calls: Option<u64>,

    /// Additional data to return, such as the results of a file search. The run's metadata
    /// contains it in toolCalls.
    #[property(advanced, group = "Tools", when("api" = "responses"))]
    #[property(open_choices(
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "code_interpreter_call.outputs",
        "reasoning.encrypted_content",
    ))]
    pub include: Vec<String>,

    /// How closely the model examines attached PDFs. High detail uses more tokens.
    #[property(advanced, group = "Attachments", when("api" = "responses"))]
    #[property(provider_default = "auto", choices("auto", "low", "high"))]
    pub file_detail: Option<String>,

    /// Whether to generate the answer in the background. The run still waits for it, even if
    /// that takes longer than a connection can stay open.
    #[property(advanced, group = "Background", when("api" = "responses"))]
    #[property(provider_default = false)]
    pub background: Option<bool>,

    /// The number of tokens at which the provider compacts the earlier conversation.
    #[property(advanced, group = "Conversation", when("api" = "responses"), minimum = 1000)]
    pub compact_threshold: Option<u64>,

    /// What to do if the conversation is too long for the model. OpenAI recommends Compact
    /// Threshold instead.
    #[property(advanced, group = "Conversation", when("api" = "responses"))]
    #[property(provider_default = "disabled", choices(
        "auto": "Leaves out the oldest messages.",
        "disabled": "The request fails.",
    ))]
    pub truncation: Option<String>,
}

#[skip_serializing_none]
#[derive(Default, Deserialize, Serialize, Properties)]
#[serde(default, rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct WebSearch {
    /// The domains to search, including their subdomains, such as example.com. Leave empty to
    /// search the whole web.
    #[serde(skip_serializing)]
    #[property(item(placeholder = "example.com"))]
    pub allowed_domains: Vec<String>,
    /// The approximate location of the user.
    #[serde(skip_serializing)]
    pub location: Option<Location>,
    /// How much of the search results the model reads.
    #[serde(rename(serialize = "search_context_size"))]
    #[property(provider_default = "medium", choices("low", "medium", "high"))]
    context_size: Option<String>,
    /// Whether to fetch live pages. Otherwise, only pages in the provider's cache are used.
    #[serde(rename(serialize = "external_web_access"))]
    #[property(provider_default = true)]
    live_access: Option<bool>,
}

#[skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
pub struct Location {
    /// The two-letter ISO code of the country, such as US.
    #[property(placeholder = "US", pattern = "[A-Za-z]{2}")]
    country: Option<String>,
    /// The region, such as California.
    region: Option<String>,
    /// The city, such as San Francisco.
    city: Option<String>,
    /// The IANA time zone, such as America/Los_Angeles.
    #[property(label = "Time Zone", placeholder = "America/Los_Angeles")]
    timezone: Option<String>,
}

#[skip_serializing_none]
#[derive(Default, Deserialize, Serialize, Properties)]
#[serde(default, rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct FileSearch {
    /// The maximum number of results.
    #[serde(rename(serialize = "max_num_results"))]
    #[property(minimum = 1, maximum = 50)]
    max_results: Option<u64>,
    /// Which files to search, by their attributes: a comparison such as {"type": "eq", "key":
    /// "year", "value": 2026}, or {"type": "and", "filters": […]}.
    #[serde(skip_serializing)]
    #[property(control = text_area, media_type = "application/json")]
    pub filters: Option<String>,
    /// The minimum relevance of a result, from 0 to 1.
    #[serde(skip_serializing)]
    #[property(minimum = 0, maximum = 1)]
    pub score_threshold: Option<Number>,
    /// How to rank the results.
    #[serde(skip_serializing)]
    #[property(provider_default = "auto", open_choices("auto", "default-2024-11-15"))]
    pub ranker: Option<String>,
    /// The weight of semantic similarity in the ranking. Set Text Weight as well.
    #[serde(skip_serializing)]
    #[property(minimum = 0)]
    pub embedding_weight: Option<Number>,
    /// The weight of keyword matches in the ranking. Set Embedding Weight as well.
    #[serde(skip_serializing)]
    #[property(minimum = 0)]
    pub text_weight: Option<Number>,
}

#[derive(Default, Deserialize, Serialize, Properties)]
#[serde(default, rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct CodeInterpreter {
    /// The ID of an existing container. Leave empty to use a new one.
    #[property(label = "Container ID", placeholder = "cntr_…")]
    pub container: Option<String>,
    /// The IDs of uploaded files that the code may read.
    #[property(label = "File IDs", when(absent(container)), max_items = 50)]
    #[property(item(placeholder = "file-…"))]
    pub file_ids: Vec<String>,
    /// The memory of the container.
    #[property(when(absent(container)), provider_default = "1g")]
    #[property(choices("1g", "4g", "16g", "64g"))]
    pub memory_limit: Option<String>,
    /// What the code may access over the network.
    #[property(when(absent(container)), choices(
        "disabled": "Nothing outside the container.",
        "allowlist": "The domains that you list.",
    ))]
    pub network_access: Option<String>,
    /// The domains that the code may access.
    #[property(required, when(network_access = "allowlist"), min_items = 1)]
    #[property(item(placeholder = "example.com"))]
    pub allowed_domains: Vec<String>,
}

#[skip_serializing_none]
#[derive(Default, Deserialize, Serialize, Properties)]
#[serde(default, rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct ImageGeneration {
    /// The image model.
    #[property(provider_default = "gpt-image-1", open_choices(
        "gpt-image-2",
        "gpt-image-1.5",
        "gpt-image-1",
        "gpt-image-1-mini": "Cheaper.",
    ))]
    pub model: Option<String>,
    /// The quality, which determines the price.
    #[property(provider_default = "auto", choices("auto", "low", "medium", "high"))]
    quality: Option<String>,
    /// The size in pixels. gpt-image-2 also supports other sizes in multiples of 16.
    #[property(provider_default = "auto")]
    #[property(open_choices("auto", "1024x1024", "1536x1024", "1024x1536"))]
    size: Option<String>,
    /// The format of the files.
    #[property(provider_default = "png", choices("png", "webp", "jpeg"))]
    output_format: Option<String>,
    /// How much WebP and JPEG images are compressed: lower values give smaller files.
    #[property(minimum = 0, maximum = 100, provider_default = 100)]
    output_compression: Option<u64>,
    /// The background. Transparent requires png or webp.
    #[property(provider_default = "auto", choices("auto", "transparent", "opaque"))]
    background: Option<String>,
    /// How strictly content is filtered.
    #[property(provider_default = "auto", choices("auto", "low"))]
    moderation: Option<String>,
    /// How closely to match the style and features of attached images, especially faces.
    #[property(provider_default = "low", choices("low", "high"))]
    input_fidelity: Option<String>,
    /// Whether to generate a new image or to edit an attached one.
    #[property(provider_default = "auto", choices("auto", "generate", "edit"))]
    action: Option<String>,
    /// A mask. Its transparent areas are replaced in the attached image.
    #[serde(skip_serializing)]
    #[property(accept("png"), max_bytes = 20 << 20)]
    pub mask: Option<FileEntry>,
    /// The number of previews of each image for a caller that streams. Each is charged.
    #[property(minimum = 0, maximum = 3, provider_default = 0)]
    pub partial_images: Option<u64>,
}

#[skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
#[property(label = "MCP Server")]
pub struct McpServer {
    /// A short name for the server, which identifies its calls in the run's metadata.
    #[serde(rename(serialize = "server_label"))]
    #[property(placeholder = "deepwiki")]
    label: String,
    /// The URL of the server, which must not require authorization.
    #[serde(rename(serialize = "server_url"))]
    #[property(label = "URL", control = url, placeholder = "https://mcp.deepwiki.com/mcp")]
    pub url: Option<String>,
    /// The ID of a Secure MCP Tunnel, in place of the URL.
    #[property(label = "Tunnel ID", pattern = "tunnel_[a-z0-9]{32}", when(absent(url)))]
    pub tunnel_id: Option<String>,
    /// A description of the server, which helps the model decide when to use it.
    #[serde(rename(serialize = "server_description"))]
    description: Option<String>,
    /// The names of the tools that the model may call. Leave empty to allow all.
    #[serde(default, skip_serializing)]
    pub allowed_tools: Vec<String>,
    /// Whether the model may call only tools that the server marks as read-only.
    #[serde(skip_serializing)]
    #[property(provider_default = false)]
    pub read_only: Option<bool>,
    /// Whether calls require your approval.
    #[serde(rename(serialize = "require_approval"))]
    #[property(provider_default = "always", choices(
        "always": "The run ends with a request for approval.",
        "never": "The model calls tools without asking.",
    ))]
    approval: Option<String>,
}

#[skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
#[property(label = "Approval")]
pub struct McpApproval {
    /// The ID of the request, from approvalRequests in the earlier run's metadata.
    #[serde(rename(serialize = "approval_request_id"))]
    #[property(label = "Request ID", placeholder = "mcpr_…")]
    request_id: String,
    /// Whether to allow the call.
    approve: bool,
    /// The reason for your decision, which the model sees.
    reason: Option<String>,
}
