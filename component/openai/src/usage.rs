//! Token counts, flattened and with uniform names.

use serde::Serialize;
use serde_json::{Map, Number, Value};

/// The paths of the counts in the API's `usage` objects, and their names in a
/// run's metadata.
const COUNTS: &[(&str, &str)] = &[
    ("prompt_tokens", "promptTokens"),
    ("completion_tokens", "completionTokens"),
    ("input_tokens", "inputTokens"),
    ("output_tokens", "outputTokens"),
    ("total_tokens", "totalTokens"),
    ("prompt_tokens_details.cached_tokens", "cachedTokens"),
    ("input_tokens_details.cached_tokens", "cachedTokens"),
    ("completion_tokens_details.reasoning_tokens", "reasoningTokens"),
    ("output_tokens_details.reasoning_tokens", "reasoningTokens"),
    ("input_tokens_details.text_tokens", "inputTextTokens"),
    ("input_tokens_details.image_tokens", "inputImageTokens"),
    ("input_token_details.text_tokens", "inputTextTokens"),
    ("input_token_details.audio_tokens", "inputAudioTokens"),
    ("seconds", "seconds"),
];

/// The token counts of one run, which may make several requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Usage(Map<String, Value>);

impl Usage {
    /// Adds the counts in the `usage` of another response.
    pub fn add(&mut self, usage: &Value) {
        for (name, value) in usage.as_object().into_iter().flatten() {
            match value {
                Value::Number(count) => self.add_count(name, count),
                Value::Object(details) => {
                    for (detail, value) in details {
                        if let Value::Number(count) = value {
                            self.add_count(&format!("{name}.{detail}"), count);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn add_count(&mut self, path: &str, count: &Number) {
        let Some((_, name)) = COUNTS.iter().find(|(known, _)| *known == path) else { return };
        let sum = match self.0.get(*name).and_then(Value::as_number) {
            Some(before) => sum(before, count),
            None => count.clone(),
        };
        self.0.insert((*name).to_owned(), sum.into());
    }

    /// Whether the provider reported no counts.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn sum(a: &Number, b: &Number) -> Number {
    match (a.as_u64(), b.as_u64()) {
        (Some(a), Some(b)) => a.saturating_add(b).into(),
        _ => a.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn flattens_and_adds_the_counts() {
        for (answers, expected) in [
            (
                vec![json!({
                    "prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
                    "prompt_tokens_details": { "cached_tokens": 4, "audio_tokens": 0 },
                    "completion_tokens_details": { "reasoning_tokens": 6 },
                })],
                json!({
                    "promptTokens": 19, "completionTokens": 10, "totalTokens": 29,
                    "cachedTokens": 4, "reasoningTokens": 6,
                }),
            ),
            (
                vec![
                    json!({ "total_tokens": 3 }),
                    json!(null),
                    json!({ "total_tokens": 4, "prompt_tokens": 1 }),
                ],
                json!({ "totalTokens": 7, "promptTokens": 1 }),
            ),
            (vec![json!({ "type": "duration", "seconds": 9.5 })], json!({ "seconds": 9.5 })),
            (
                vec![json!({ "input_tokens": 14, "input_token_details": { "audio_tokens": 14 } })],
                json!({ "inputTokens": 14, "inputAudioTokens": 14 }),
            ),
            (vec![json!(null), json!({ "prompt_tokens": null })], json!({})),
        ] {
            let mut usage = Usage::default();
            answers.iter().for_each(|answer| usage.add(answer));
            assert_eq!(usage.is_empty(), expected == json!({}));
            assert_eq!(json!(usage), expected);
        }
    }
}
