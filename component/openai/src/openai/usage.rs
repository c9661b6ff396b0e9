//! Token counts, flat and in one spelling.

use alloc::vec::Vec;

use crate::json::{Json, Number, Object, Value};

/// Where the counts stand in the API's `usage` objects, and their names in a
/// run's metadata.
const COUNTS: &[(&str, &str)] = &[
    ("prompt_tokens", "promptTokens"),
    ("completion_tokens", "completionTokens"),
    ("input_tokens", "inputTokens"),
    ("output_tokens", "outputTokens"),
    ("total_tokens", "totalTokens"),
    ("prompt_tokens_details/cached_tokens", "cachedTokens"),
    ("input_tokens_details/cached_tokens", "cachedTokens"),
    ("completion_tokens_details/reasoning_tokens", "reasoningTokens"),
    ("output_tokens_details/reasoning_tokens", "reasoningTokens"),
    ("input_tokens_details/text_tokens", "inputTextTokens"),
    ("input_tokens_details/image_tokens", "inputImageTokens"),
    ("input_token_details/text_tokens", "inputTextTokens"),
    ("input_token_details/audio_tokens", "inputAudioTokens"),
    ("seconds", "seconds"),
];

/// The counts of one run, which may have taken several requests.
#[derive(Debug, Default)]
pub struct Usage(Vec<(&'static str, Number)>);

impl Usage {
    /// Adds the counts of a further answer, its member `usage`.
    pub fn add(&mut self, answer: &Value) {
        let Some(usage) = answer.get("usage") else { return };
        for (path, name) in COUNTS {
            if let Some(count) = usage.number(path) {
                match self.0.iter_mut().find(|(known, _)| known == name) {
                    Some((_, before)) => *before = sum(before, count),
                    None => self.0.push((name, count.clone())),
                }
            }
        }
    }

    /// The counts as JSON; none if the provider told none.
    pub fn json(&self) -> Option<Json> {
        let mut object = Object::new();
        for (name, count) in &self.0 {
            object.set(name, count);
        }
        (!self.0.is_empty()).then(|| object.done())
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

    /// What is told of the usage of several answers.
    fn told(answers: &[serde_json::Value]) -> Option<Json> {
        let mut usage = Usage::default();
        for answer in answers {
            usage.add(&json!({ "usage": answer }).into());
        }
        usage.json()
    }

    #[test]
    fn chat_counts_are_flat() {
        let usage = json!({
            "prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
            "prompt_tokens_details": { "cached_tokens": 4, "audio_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 6 },
        });
        assert_eq!(
            told(&[usage]).unwrap(),
            json!({
                "promptTokens": 19, "completionTokens": 10, "totalTokens": 29,
                "cachedTokens": 4, "reasoningTokens": 6,
            })
        );
    }

    #[test]
    fn the_counts_of_several_answers_add_up() {
        let answers = [
            json!({ "total_tokens": 3 }),
            json!(null),
            json!({ "total_tokens": 4, "prompt_tokens": 1 }),
        ];
        assert_eq!(told(&answers).unwrap(), json!({ "totalTokens": 7, "promptTokens": 1 }));
    }

    #[test]
    fn transcriptions_count_tokens_or_seconds() {
        let seconds = json!({ "type": "duration", "seconds": 9.5 });
        assert_eq!(told(&[seconds]).unwrap(), json!({ "seconds": 9.5 }));
        let tokens = json!({ "input_tokens": 14, "input_token_details": { "audio_tokens": 14 } });
        assert_eq!(told(&[tokens]).unwrap(), json!({ "inputTokens": 14, "inputAudioTokens": 14 }));
    }

    #[test]
    fn no_counts_are_no_usage() {
        assert!(told(&[]).is_none());
        assert!(told(&[json!(null), json!({ "prompt_tokens": null })]).is_none());
    }
}
