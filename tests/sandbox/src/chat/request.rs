//! What a chat request may hold.

use serde::Deserialize;
use serde::Deserializer;
use serde_json::Map;
use serde_json::Value;

use crate::error::ApiError;
use crate::fields;
use crate::fields::Field;
use crate::fields::Path;
use crate::fields::Rule;

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

/// A message's role.
pub(crate) fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or("")
}

/// What a message says: its text; other parts show as their type in brackets.
pub(crate) fn text(message: &Value) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().map(part_text).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

fn part_text(part: &Value) -> String {
    let field = |name| part.get(name).and_then(Value::as_str);
    match field("text").or(field("refusal")) {
        Some(text) => text.to_owned(),
        None => format!("[{}]", field("type").unwrap_or("part")),
    }
}

const ANY_LENGTH: usize = usize::MAX;

/// A nested field that only says which variant its object is.
const TYPE: Field = Field::required("type", Rule::TEXT);
const ROLE: Field = Field::required("role", Rule::TEXT);

const fn list(items: &'static Rule) -> Rule {
    Rule::List { items, min: 0, max: ANY_LENGTH }
}

const fn non_empty_list(items: &'static Rule) -> Rule {
    Rule::List { items, min: 1, max: ANY_LENGTH }
}

const IDENTIFIER: Rule = Rule::Checked(&Rule::TEXT, fields::identifier);

const FIELDS: &[Field] = &[
    Field::required("model", Rule::TEXT),
    Field::required("messages", non_empty_list(&MESSAGE)),
    Field::nullable("max_completion_tokens", Rule::Integer { min: 1, max: i64::MAX }),
    Field::nullable("max_tokens", Rule::Integer { min: 1, max: i64::MAX }),
    Field::nullable("temperature", Rule::Number { min: 0.0, max: 2.0 }),
    Field::nullable("top_p", Rule::Number { min: 0.0, max: 1.0 }),
    Field::nullable("n", Rule::Integer { min: 1, max: 128 }),
    Field::nullable(
        "stop",
        Rule::Either(&[Rule::TEXT, Rule::List { items: &Rule::TEXT, min: 1, max: 4 }]),
    ),
    Field::nullable("presence_penalty", Rule::Number { min: -2.0, max: 2.0 }),
    Field::nullable("frequency_penalty", Rule::Number { min: -2.0, max: 2.0 }),
    Field::nullable(
        "logit_bias",
        Rule::Checked(&Rule::Map(&Rule::Integer { min: -100, max: 100 }), token_keys),
    ),
    Field::nullable("logprobs", Rule::Boolean),
    Field::nullable("top_logprobs", Rule::Integer { min: 0, max: 20 }),
    Field::nullable("seed", Rule::Integer { min: i64::MIN, max: i64::MAX }),
    Field::optional("response_format", Rule::Tagged { tag: "type", variants: FORMATS }),
    Field::optional(
        "tools",
        Rule::List { items: &Rule::Tagged { tag: "type", variants: TOOLS }, min: 0, max: 128 },
    ),
    Field::optional(
        "tool_choice",
        Rule::Either(&[
            Rule::Choice(&["none", "auto", "required"]),
            Rule::Tagged { tag: "type", variants: TOOL_CHOICES },
        ]),
    ),
    Field::optional("parallel_tool_calls", Rule::Boolean),
    Field::nullable("stream", Rule::Boolean),
    Field::nullable(
        "stream_options",
        Rule::Object(&[
            Field::optional("include_usage", Rule::Boolean),
            Field::optional("include_obfuscation", Rule::Boolean),
        ]),
    ),
    Field::nullable(
        "reasoning_effort",
        Rule::Choice(&["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
    ),
    Field::nullable("verbosity", Rule::Choice(&["low", "medium", "high"])),
    Field::nullable(
        "service_tier",
        Rule::Choice(&["auto", "default", "flex", "scale", "priority", "fast"]),
    ),
    Field::nullable("modalities", list(&Rule::Choice(&["text", "audio"]))),
    Field::nullable("audio", Rule::Object(AUDIO)),
    Field::nullable(
        "prediction",
        Rule::Object(&[
            Field::required("type", Rule::Choice(&["content"])),
            Field::required("content", TEXTS),
        ]),
    ),
    Field::nullable("store", Rule::Boolean),
    Field::nullable(
        "metadata",
        Rule::Checked(&Rule::Map(&Rule::Text { min: 0, max: 512 }), metadata_keys),
    ),
    Field::optional("web_search_options", Rule::Object(WEB_SEARCH)),
    Field::nullable(
        "moderation",
        Rule::Object(&[
            Field::required("model", Rule::TEXT),
            Field::nullable("policy", Rule::AnyObject),
        ]),
    ),
    Field::nullable("prompt_cache_key", Rule::TEXT),
    Field::optional(
        "prompt_cache_options",
        Rule::Object(&[
            Field::optional("ttl", Rule::Choice(&["30m"])),
            Field::optional("mode", Rule::Choice(&["implicit", "explicit"])),
        ]),
    ),
    Field::nullable("prompt_cache_retention", Rule::Choice(&["in_memory", "24h"])),
    Field::nullable("safety_identifier", Rule::Text { min: 0, max: 64 }),
    Field::optional("user", Rule::TEXT),
    Field::optional(
        "functions",
        Rule::List { items: &Rule::Object(LEGACY_FUNCTION), min: 1, max: 128 },
    ),
    Field::optional(
        "function_call",
        Rule::Either(&[
            Rule::Choice(&["none", "auto"]),
            Rule::Object(&[Field::required("name", IDENTIFIER)]),
        ]),
    ),
];

const MESSAGE: Rule = Rule::Tagged {
    tag: "role",
    variants: &[
        ("developer", INSTRUCTION),
        ("system", INSTRUCTION),
        ("user", USER),
        ("assistant", ASSISTANT),
        ("tool", TOOL_RESULT),
        ("function", FUNCTION_RESULT),
    ],
};

const INSTRUCTION: &[Field] =
    &[ROLE, Field::required("content", TEXTS), Field::optional("name", NAME)];

const USER: &[Field] = &[
    ROLE,
    Field::required(
        "content",
        Rule::Either(&[
            Rule::TEXT,
            non_empty_list(&Rule::Tagged { tag: "type", variants: USER_PARTS }),
        ]),
    ),
    Field::optional("name", NAME),
];

const ASSISTANT: &[Field] = &[
    ROLE,
    Field::nullable(
        "content",
        Rule::Either(&[
            Rule::TEXT,
            non_empty_list(&Rule::Tagged {
                tag: "type",
                variants: &[
                    ("text", TEXT_PART),
                    ("refusal", &[TYPE, Field::required("refusal", Rule::TEXT)]),
                ],
            }),
        ]),
    ),
    Field::nullable("refusal", Rule::TEXT),
    Field::optional("name", NAME),
    Field::nullable("audio", Rule::Object(&[Field::required("id", Rule::TEXT)])),
    Field::optional(
        "tool_calls",
        non_empty_list(&Rule::Tagged { tag: "type", variants: TOOL_CALLS }),
    ),
    Field::nullable(
        "function_call",
        Rule::Object(&[
            Field::required("name", IDENTIFIER),
            Field::required("arguments", Rule::TEXT),
        ]),
    ),
    // Answers carry these, and clients send answers back as they were.
    Field::nullable("annotations", list(&Rule::AnyObject)),
];

const TOOL_RESULT: &[Field] =
    &[ROLE, Field::required("content", TEXTS), Field::required("tool_call_id", Rule::TEXT)];

const FUNCTION_RESULT: &[Field] =
    &[ROLE, Field::nullable("content", Rule::TEXT), Field::required("name", IDENTIFIER)];

const TEXT_PART: &[Field] = &[TYPE, Field::required("text", Rule::TEXT)];

/// A string or parts that are all text.
const TEXTS: Rule = Rule::Either(&[
    Rule::TEXT,
    non_empty_list(&Rule::Tagged { tag: "type", variants: &[("text", TEXT_PART)] }),
]);

const NAME: Rule = Rule::Checked(&Rule::Text { min: 1, max: 64 }, participant_name);

const USER_PARTS: &[(&str, &[Field])] = &[
    ("text", TEXT_PART),
    (
        "image_url",
        &[
            TYPE,
            Field::required(
                "image_url",
                Rule::Object(&[
                    Field::required("url", Rule::Checked(&Rule::TEXT, image_url)),
                    Field::optional("detail", Rule::Choice(&["auto", "low", "high"])),
                ]),
            ),
        ],
    ),
    (
        "input_audio",
        &[
            TYPE,
            Field::required(
                "input_audio",
                Rule::Object(&[
                    Field::required("data", Rule::Checked(&Rule::NON_EMPTY, base64_data)),
                    Field::required("format", Rule::Choice(&["wav", "mp3"])),
                ]),
            ),
        ],
    ),
    (
        "file",
        &[
            TYPE,
            Field::required(
                "file",
                Rule::Object(&[
                    Field::optional("filename", Rule::TEXT),
                    Field::optional("file_data", Rule::TEXT),
                    Field::optional("file_id", Rule::TEXT),
                ]),
            ),
        ],
    ),
];

const TOOL_CALLS: &[(&str, &[Field])] = &[
    (
        "function",
        &[
            TYPE,
            Field::required("id", Rule::NON_EMPTY),
            Field::required(
                "function",
                Rule::Object(&[
                    Field::required("name", IDENTIFIER),
                    Field::required("arguments", Rule::TEXT),
                ]),
            ),
        ],
    ),
    (
        "custom",
        &[
            TYPE,
            Field::required("id", Rule::NON_EMPTY),
            Field::required(
                "custom",
                Rule::Object(&[
                    Field::required("name", IDENTIFIER),
                    Field::required("input", Rule::TEXT),
                ]),
            ),
        ],
    ),
];

const FORMATS: &[(&str, &[Field])] = &[
    ("text", &[TYPE]),
    ("json_object", &[TYPE]),
    (
        "json_schema",
        &[
            TYPE,
            Field::required(
                "json_schema",
                Rule::Object(&[
                    Field::required("name", IDENTIFIER),
                    Field::optional("description", Rule::TEXT),
                    Field::required("schema", Rule::AnyObject),
                    Field::nullable("strict", Rule::Boolean),
                ]),
            ),
        ],
    ),
];

const LEGACY_FUNCTION: &[Field] = &[
    Field::required("name", IDENTIFIER),
    Field::optional("description", Rule::TEXT),
    Field::optional("parameters", Rule::AnyObject),
];

const TOOLS: &[(&str, &[Field])] = &[
    (
        "function",
        &[
            TYPE,
            Field::required(
                "function",
                Rule::Object(&[
                    Field::required("name", IDENTIFIER),
                    Field::optional("description", Rule::TEXT),
                    Field::optional("parameters", Rule::AnyObject),
                    Field::nullable("strict", Rule::Boolean),
                ]),
            ),
        ],
    ),
    (
        "custom",
        &[
            TYPE,
            Field::required(
                "custom",
                Rule::Object(&[
                    Field::required("name", IDENTIFIER),
                    Field::optional("description", Rule::TEXT),
                    Field::optional(
                        "format",
                        Rule::Tagged {
                            tag: "type",
                            variants: &[
                                ("text", &[TYPE]),
                                ("grammar", &[TYPE, Field::required("grammar", GRAMMAR)]),
                            ],
                        },
                    ),
                ]),
            ),
        ],
    ),
];

const GRAMMAR: Rule = Rule::Object(&[
    Field::required("definition", Rule::TEXT),
    Field::required("syntax", Rule::Choice(&["lark", "regex"])),
]);

const NAMED: Rule = Rule::Object(&[Field::required("name", IDENTIFIER)]);

const TOOL_CHOICES: &[(&str, &[Field])] = &[
    ("function", &[TYPE, Field::required("function", NAMED)]),
    ("custom", &[TYPE, Field::required("custom", NAMED)]),
    (
        "allowed_tools",
        &[
            TYPE,
            Field::required(
                "allowed_tools",
                Rule::Object(&[
                    Field::required("mode", Rule::Choice(&["auto", "required"])),
                    Field::required(
                        "tools",
                        non_empty_list(&Rule::Tagged {
                            tag: "type",
                            variants: &[
                                ("function", &[TYPE, Field::required("function", NAMED)]),
                                ("custom", &[TYPE, Field::required("custom", NAMED)]),
                            ],
                        }),
                    ),
                ]),
            ),
        ],
    ),
];

const AUDIO: &[Field] = &[
    Field::required(
        "voice",
        Rule::Either(&[Rule::NON_EMPTY, Rule::Object(&[Field::required("id", Rule::NON_EMPTY)])]),
    ),
    Field::required("format", Rule::Choice(&["wav", "aac", "mp3", "flac", "opus", "pcm16"])),
];

const WEB_SEARCH: &[Field] = &[
    Field::nullable(
        "user_location",
        Rule::Object(&[
            Field::required("type", Rule::Choice(&["approximate"])),
            Field::required(
                "approximate",
                Rule::Object(&[
                    Field::optional("country", Rule::TEXT),
                    Field::optional("region", Rule::TEXT),
                    Field::optional("city", Rule::TEXT),
                    Field::optional("timezone", Rule::TEXT),
                ]),
            ),
        ]),
    ),
    Field::optional("search_context_size", Rule::Choice(&["low", "medium", "high"])),
];

/// The keys of a logit bias are token ids.
fn token_keys(path: &Path, value: &Value) -> Result<(), ApiError> {
    let is_token = |key: &String| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
    match value.as_object().and_then(|object| object.keys().find(|key| !is_token(key))) {
        Some(key) => Err(ApiError::invalid_value(
            path,
            format!(
                "Invalid key in '{path}': {key}. You should only be submitting non-negative \
                 integers."
            ),
        )),
        None => Ok(()),
    }
}

/// At most 16 pairs, with keys of at most 64 characters.
fn metadata_keys(path: &Path, value: &Value) -> Result<(), ApiError> {
    let Some(object) = value.as_object() else { return Ok(()) };
    if 16 < object.len() {
        return Err(ApiError::invalid(format!(
            "Invalid '{path}': too many properties. Expected an object with at most 16 \
             properties, but got an object with {} properties instead.",
            object.len()
        ))
        .param(path)
        .code("object_above_max_properties"));
    }
    match object.keys().find(|key| 64 < key.chars().count()) {
        Some(key) => Err(ApiError::invalid(format!(
            "Invalid property name in '{path}': '{key}' is too long. Expected a property name \
             with maximum length 64."
        ))
        .param(path)
        .code("property_name_above_max_length")),
        None => Ok(()),
    }
}

/// Names of participants have no spaces and nothing that looks like markup.
fn participant_name(path: &Path, value: &Value) -> Result<(), ApiError> {
    let is_wrong = |c: char| c.is_whitespace() || matches!(c, '<' | '|' | '\\' | '/' | '>');
    if value.as_str().is_some_and(|name| name.contains(is_wrong)) {
        return Err(ApiError::invalid_value(
            path,
            format!(
                "Invalid '{path}': string does not match pattern. Expected a string that matches \
                 the pattern '^[^\\s<|\\\\/>]+$'."
            ),
        ));
    }
    Ok(())
}

/// Pictures come by URL: from the web, or whole in a `data:` URL.
fn image_url(path: &Path, value: &Value) -> Result<(), ApiError> {
    let url = value.as_str().unwrap_or("");
    let is_inline = url.starts_with("data:image/") && url.contains(";base64,");
    if is_inline || url.starts_with("https://") || url.starts_with("http://") {
        return Ok(());
    }
    Err(ApiError::invalid(format!(
        "Invalid '{path}'. Expected a valid URL, but got a value with an invalid format."
    ))
    .param(path)
    .code("invalid_image_url"))
}

fn base64_data(path: &Path, value: &Value) -> Result<(), ApiError> {
    use base64::Engine;
    let engine = base64::engine::general_purpose::STANDARD;
    match value.as_str().map(|text| engine.decode(text)) {
        Some(Ok(_)) => Ok(()),
        _ => Err(ApiError::invalid_value(
            path,
            format!("Invalid '{path}': expected base64-encoded data."),
        )),
    }
}
