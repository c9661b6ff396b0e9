//! What each model for transcriptions and translations supports.
//!
//! As of August 2026. See
//! <https://platform.openai.com/docs/api-reference/audio/createTranscription> and
//! <https://platform.openai.com/docs/api-reference/audio/createTranslation>.

use crate::rules::{Rule, Takes, is_one_of, rule};

const DIARIZE: &[&str] = &["gpt-4o-transcribe-diarize"];
const GPT_4O: &[&str] = &["gpt-4o-transcribe", "gpt-4o-mini-transcribe"];
const WHISPER: &[&str] = &["whisper-1"];
const BEFORE_GPT_TRANSCRIBE: &[&str] =
    &["gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize", "whisper-1"];
const WITHOUT_LOGPROBS: &[&str] = &["gpt-transcribe", "gpt-4o-transcribe-diarize", "whisper-1"];
const WITHOUT_SPEAKERS: &[&str] =
    &["gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "whisper-1"];

/// OpenAI's models that transcribe but do not translate.
const ONLY_TRANSCRIBE: &[&str] =
    &["gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize"];

/// What each parameter of a transcription accepts.
pub const RULES: &[Rule] = &[
    rule(GPT_4O, "responseFormat", Takes::OneOf(&["json"])),
    rule(DIARIZE, "responseFormat", Takes::OneOf(&["json", "text", "diarized_json"])),
    rule(WHISPER, "responseFormat", Takes::OneOf(&["srt", "vtt", "json", "text", "verbose_json"])),
    rule(DIARIZE, "prompt", Takes::Nothing("leave it empty")),
    rule(
        WITHOUT_LOGPROBS,
        "includeLogprobs",
        Takes::Nothing("only gpt-4o-transcribe and gpt-4o-mini-transcribe do"),
    ),
    rule(
        WITHOUT_SPEAKERS,
        "knownSpeakers",
        Takes::Nothing("only diarization models identify speakers"),
    ),
    rule(
        BEFORE_GPT_TRANSCRIBE,
        "languages",
        Takes::Nothing("only gpt-transcribe does; set `language` instead"),
    ),
    rule(
        BEFORE_GPT_TRANSCRIBE,
        "keywords",
        Takes::Nothing("only gpt-transcribe does; use `prompt` instead"),
    ),
];

/// Whether a model identifies speakers.
pub fn is_diarizing(model: &str) -> bool {
    is_one_of(model, DIARIZE)
}

/// Whether a model translates. Models of other servers may.
pub fn translates(model: &str) -> bool {
    !is_one_of(model, ONLY_TRANSCRIBE)
}

/// Whether a model streams its transcript. Others may not support the
/// parameter, or may stream in a different format.
pub fn streams(model: &str) -> bool {
    model.starts_with("gpt-")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::rules;

    /// Whether a model accepts these parameters.
    fn takes(model: &str, parameters: &Value) -> bool {
        rules::check(RULES, model, parameters.as_object().unwrap()).is_ok()
    }

    #[test]
    fn every_model_returns_its_own_formats() {
        let all = ["srt", "vtt", "json", "text", "verbose_json", "diarized_json"];
        for (model, expected) in [
            ("gpt-4o-transcribe", &["json"] as &[_]),
            ("gpt-4o-mini-transcribe-2025-12-15", &["json"]),
            ("gpt-4o-transcribe-diarize", &["json", "text", "diarized_json"]),
            ("whisper-1", &["srt", "vtt", "json", "text", "verbose_json"]),
            ("gpt-transcribe", &all),
            ("Systran/faster-whisper-small", &all),
        ] {
            let is_written = |format: &&str| takes(model, &json!({ "response_format": format }));
            let written: Vec<_> = all.into_iter().filter(is_written).collect();
            assert_eq!(written, expected, "{model}");
        }
    }

    #[test]
    fn every_model_accepts_its_own_properties() {
        let parameters = [
            json!({ "prompt": "x" }),
            json!({ "include_logprobs": true }),
            json!({ "known_speakers": [{}] }),
            json!({ "languages": ["de"] }),
            json!({ "keywords": ["x"] }),
        ];
        let (y, n) = (true, false);
        for (model, expected) in [
            ("gpt-4o-transcribe", [y, y, n, n, n]),
            ("gpt-4o-mini-transcribe", [y, y, n, n, n]),
            ("gpt-4o-transcribe-diarize", [n, n, y, n, n]),
            ("gpt-transcribe", [y, n, n, y, y]),
            ("whisper-1", [y, n, n, n, n]),
            ("Systran/faster-whisper-small", [y; 5]),
        ] {
            let taken = parameters.each_ref().map(|parameters| takes(model, parameters));
            assert_eq!(taken, expected, "{model}");
        }
    }
}
