//! Messages: what each role may say, and what was said.

use serde_json::Value;

use crate::chat::attachments;
use crate::error::ApiError;
use crate::fields::Field;
use crate::fields::Path;
use crate::fields::Rule;

pub(crate) const MESSAGE: Rule = Rule::Tagged {
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
    &[Field::tag("role"), Field::required("content", TEXTS), Field::optional("name", NAME)];

const USER: &[Field] = &[
    Field::tag("role"),
    Field::required(
        "content",
        Rule::Either(&[
            Rule::TEXT,
            Rule::non_empty_list(&Rule::Tagged { tag: "type", variants: attachments::USER_PARTS }),
        ]),
    ),
    Field::optional("name", NAME),
];

const ASSISTANT: &[Field] = &[
    Field::tag("role"),
    Field::nullable(
        "content",
        Rule::Either(&[
            Rule::TEXT,
            Rule::non_empty_list(&Rule::Tagged {
                tag: "type",
                variants: &[
                    ("text", TEXT_PART),
                    ("refusal", &[Field::tag("type"), Field::required("refusal", Rule::TEXT)]),
                ],
            }),
        ]),
    ),
    Field::nullable("refusal", Rule::TEXT),
    Field::optional("name", NAME),
    Field::nullable("audio", Rule::Object(&[Field::required("id", Rule::TEXT)])),
    Field::optional(
        "tool_calls",
        Rule::non_empty_list(&Rule::Tagged { tag: "type", variants: TOOL_CALLS }),
    ),
    Field::nullable(
        "function_call",
        Rule::Object(&[
            Field::required("name", Rule::IDENTIFIER),
            Field::required("arguments", Rule::TEXT),
        ]),
    ),
    // Answers carry these, and clients send answers back as they were.
    Field::nullable("annotations", Rule::list(&Rule::AnyObject)),
];

const TOOL_RESULT: &[Field] = &[
    Field::tag("role"),
    Field::required("content", TEXTS),
    Field::required("tool_call_id", Rule::TEXT),
];

const FUNCTION_RESULT: &[Field] = &[
    Field::tag("role"),
    Field::nullable("content", Rule::TEXT),
    Field::required("name", Rule::IDENTIFIER),
];

pub(crate) const TEXT_PART: &[Field] = &[Field::tag("type"), Field::required("text", Rule::TEXT)];

/// A string or parts that are all text.
pub(crate) const TEXTS: Rule = Rule::Either(&[
    Rule::TEXT,
    Rule::non_empty_list(&Rule::Tagged { tag: "type", variants: &[("text", TEXT_PART)] }),
]);

const NAME: Rule = Rule::Checked(&Rule::Text { min: 1, max: 64 }, participant_name);

const TOOL_CALLS: &[(&str, &[Field])] = &[
    (
        "function",
        &[
            Field::tag("type"),
            Field::required("id", Rule::NON_EMPTY),
            Field::required(
                "function",
                Rule::Object(&[
                    Field::required("name", Rule::IDENTIFIER),
                    Field::required("arguments", Rule::TEXT),
                ]),
            ),
        ],
    ),
    (
        "custom",
        &[
            Field::tag("type"),
            Field::required("id", Rule::NON_EMPTY),
            Field::required(
                "custom",
                Rule::Object(&[
                    Field::required("name", Rule::IDENTIFIER),
                    Field::required("input", Rule::TEXT),
                ]),
            ),
        ],
    ),
];

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

/// A message's role.
pub(crate) fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or("")
}

/// The words of a message.
pub(crate) fn text(message: &Value) -> String {
    joined(message, |part| words(part).map(str::to_owned))
}

/// The words of a message, with its attachments described in brackets.
pub(crate) fn quoted(message: &Value) -> String {
    joined(message, |part| words(part).map(str::to_owned).or_else(|| attachments::label(part)))
}

fn joined(message: &Value, part: fn(&Value) -> Option<String>) -> String {
    match message.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => parts.iter().filter_map(part).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

fn words(part: &Value) -> Option<&str> {
    part.get("text").or(part.get("refusal"))?.as_str()
}
