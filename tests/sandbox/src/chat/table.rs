//! The table of a chat request's fields, but for its messages.

use serde_json::Value;

use crate::chat::messages::MESSAGE;
use crate::chat::messages::TEXTS;
use crate::error::ApiError;
use crate::fields::Field;
use crate::fields::Path;
use crate::fields::Rule;

pub(crate) const FIELDS: &[Field] = &[
    Field::required("model", Rule::TEXT),
    Field::required("messages", Rule::non_empty_list(&MESSAGE)),
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
    Field::nullable("modalities", Rule::list(&Rule::Choice(&["text", "audio"]))),
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
            Rule::Object(&[Field::required("name", Rule::IDENTIFIER)]),
        ]),
    ),
];

const FORMATS: &[(&str, &[Field])] = &[
    ("text", &[Field::tag("type")]),
    ("json_object", &[Field::tag("type")]),
    (
        "json_schema",
        &[
            Field::tag("type"),
            Field::required(
                "json_schema",
                Rule::Object(&[
                    Field::required("name", Rule::IDENTIFIER),
                    Field::optional("description", Rule::TEXT),
                    Field::required("schema", Rule::AnyObject),
                    Field::nullable("strict", Rule::Boolean),
                ]),
            ),
        ],
    ),
];

const LEGACY_FUNCTION: &[Field] = &[
    Field::required("name", Rule::IDENTIFIER),
    Field::optional("description", Rule::TEXT),
    Field::optional("parameters", Rule::AnyObject),
];

const TOOLS: &[(&str, &[Field])] = &[
    (
        "function",
        &[
            Field::tag("type"),
            Field::required(
                "function",
                Rule::Object(&[
                    Field::required("name", Rule::IDENTIFIER),
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
            Field::tag("type"),
            Field::required(
                "custom",
                Rule::Object(&[
                    Field::required("name", Rule::IDENTIFIER),
                    Field::optional("description", Rule::TEXT),
                    Field::optional(
                        "format",
                        Rule::Tagged {
                            tag: "type",
                            variants: &[
                                ("text", &[Field::tag("type")]),
                                (
                                    "grammar",
                                    &[Field::tag("type"), Field::required("grammar", GRAMMAR)],
                                ),
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

const NAMED: Rule = Rule::Object(&[Field::required("name", Rule::IDENTIFIER)]);

const TOOL_CHOICES: &[(&str, &[Field])] = &[
    ("function", &[Field::tag("type"), Field::required("function", NAMED)]),
    ("custom", &[Field::tag("type"), Field::required("custom", NAMED)]),
    (
        "allowed_tools",
        &[
            Field::tag("type"),
            Field::required(
                "allowed_tools",
                Rule::Object(&[
                    Field::required("mode", Rule::Choice(&["auto", "required"])),
                    Field::required(
                        "tools",
                        Rule::non_empty_list(&Rule::Tagged {
                            tag: "type",
                            variants: &[
                                (
                                    "function",
                                    &[Field::tag("type"), Field::required("function", NAMED)],
                                ),
                                ("custom", &[Field::tag("type"), Field::required("custom", NAMED)]),
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
