//! What chat models accept.
//!
//! As of August 2026. Efforts and prompt caching are from the prose of the API's
//! description. It does not mention what reasoning does to sampling: these rules are
//! from the errors that users of other clients report. The provider documents them at
//! <https://developers.openai.com/api/docs/guides/latest-model>.
//!
//! A model that is not listed may accept anything: its server decides.

use crate::rules::{Rule, Takes, rule};

/// Models without reasoning.
const WITHOUT_REASONING: &[&str] = &[
    "gpt-3.5-turbo",
    "gpt-4",
    "gpt-4-turbo",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-4o",
    "gpt-4o-mini",
];

/// The first reasoning models.
const O_SERIES: &[&str] = &["o1", "o3", "o3-mini", "o4-mini"];

/// Models with an effort of at least `minimal`.
const GPT_5: &[&str] = &["gpt-5", "gpt-5-mini", "gpt-5-nano"];

/// Models that do not reason, unless an effort is set.
const REASONING_ON_REQUEST: &[&str] =
    &["gpt-5.1", "gpt-5.2", "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano"];

/// Models that reason, unless the effort is `none`.
const REASONING_BY_DEFAULT: &[&str] =
    &["gpt-5.5", "gpt-5.6", "gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna"];

/// The other models before gpt-5.6.
const OTHERS_BEFORE_GPT_5_6: &[&str] = &["gpt-5.1-mini", "gpt-5.2-pro", "gpt-5.5", "gpt-5.5-pro"];

/// Models that keep cached prompts for a day and for nothing else.
const KEEP_FOR_A_DAY: &[&str] =
    &["gpt-5.5", "gpt-5.5-pro", "gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna"];

/// Models with reasoning, by the beginning of their names.
pub const REASONING: &[&str] = &["gpt-5", "o1", "o3", "o4"];

const NO_REASONING: Takes =
    Takes::Nothing("leave it empty, or choose a reasoning model such as gpt-5.4");
const NO_SAMPLING: Takes = Takes::Nothing("leave it empty");
const NO_STOP: Takes = Takes::Nothing("leave it empty for reasoning models");
const NO_CACHE_OPTIONS: Takes =
    Takes::Nothing("leave it empty, or choose gpt-5.6 or a later model");

/// The rules for chat models, over both APIs.
pub const RULES: &[Rule] = &[
    // How much a model reasons.
    rule(WITHOUT_REASONING, "reasoningEffort", NO_REASONING),
    rule(WITHOUT_REASONING, "reasoningSummary", NO_REASONING),
    rule(WITHOUT_REASONING, "reasoningMode", NO_REASONING),
    rule(WITHOUT_REASONING, "reasoningContext", NO_REASONING),
    rule(O_SERIES, "reasoningEffort", Takes::OneOf(&["low", "medium", "high"])),
    rule(GPT_5, "reasoningEffort", Takes::OneOf(&["minimal", "low", "medium", "high"])),
    rule(&["gpt-5.1"], "reasoningEffort", Takes::OneOf(&["none", "low", "medium", "high"])),
    // Sampling. Models accept nothing but the defaults while they reason.
    rule(O_SERIES, "temperature", Takes::Only(1)),
    rule(O_SERIES, "topP", Takes::Only(1)),
    rule(O_SERIES, "frequencyPenalty", Takes::Only(0)),
    rule(O_SERIES, "presencePenalty", Takes::Only(0)),
    rule(O_SERIES, "logitBias", NO_SAMPLING),
    rule(O_SERIES, "logprobs", NO_SAMPLING),
    rule(&["o3", "o4-mini"], "stop", NO_STOP),
    rule(GPT_5, "temperature", Takes::Only(1)),
    rule(GPT_5, "topP", Takes::Only(1)),
    rule(GPT_5, "frequencyPenalty", Takes::Only(0)),
    rule(GPT_5, "presencePenalty", Takes::Only(0)),
    rule(GPT_5, "logitBias", NO_SAMPLING),
    rule(GPT_5, "logprobs", NO_SAMPLING),
    rule(REASONING_ON_REQUEST, "temperature", Takes::Only(1)).unless(EFFORT, &["none", ""]),
    rule(REASONING_ON_REQUEST, "topP", Takes::Only(1)).unless(EFFORT, &["none", ""]),
    rule(REASONING_ON_REQUEST, "logprobs", NO_SAMPLING).unless(EFFORT, &["none", ""]),
    rule(REASONING_BY_DEFAULT, "temperature", Takes::Only(1)).unless(EFFORT, &["none"]),
    rule(REASONING_BY_DEFAULT, "topP", Takes::Only(1)).unless(EFFORT, &["none"]),
    rule(REASONING_BY_DEFAULT, "logprobs", NO_SAMPLING).unless(EFFORT, &["none"]),
    // How prompts are cached.
    rule(WITHOUT_REASONING, "promptCacheOptions", NO_CACHE_OPTIONS),
    rule(O_SERIES, "promptCacheOptions", NO_CACHE_OPTIONS),
    rule(GPT_5, "promptCacheOptions", NO_CACHE_OPTIONS),
    rule(REASONING_ON_REQUEST, "promptCacheOptions", NO_CACHE_OPTIONS),
    rule(OTHERS_BEFORE_GPT_5_6, "promptCacheOptions", NO_CACHE_OPTIONS),
    rule(KEEP_FOR_A_DAY, "promptCacheRetention", Takes::OneOf(&["24h"])),
];

const EFFORT: &str = "reasoningEffort";

/// The rules for image models, for the tool that generates images.
pub const IMAGE_RULES: &[Rule] = &[rule(
    &["gpt-image-1-mini"],
    "inputFidelity",
    Takes::Nothing("leave it empty, or choose another image model"),
)];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::rules::check;

    /// Whether a model accepts these parameters.
    fn accepts(model: &str, parameters: &Value) -> bool {
        check(RULES, model, parameters.as_object().unwrap()).is_ok()
    }

    #[test]
    fn sampling_parameters_depend_on_reasoning() {
        let parameters = [
            json!({ "temperature": 0.5 }),
            json!({ "top_p": 0.5, "reasoning_effort": "none" }),
            json!({ "logprobs": true, "reasoning_effort": "low" }),
            json!({ "temperature": 1, "top_p": 1, "logprobs": false }),
            json!({ "frequency_penalty": 1 }),
            json!({ "logit_bias": { "7": 1 } }),
        ];
        let (y, n) = (true, false);
        for (model, expected) in [
            ("gpt-4o-2024-08-06", [y, n, n, y, y, y]),
            ("o3", [n, n, n, y, n, n]),
            ("gpt-5-mini", [n, n, n, y, n, n]),
            ("gpt-5-chat-latest", [y, y, y, y, y, y]),
            ("gpt-5.1", [y, y, n, y, y, y]),
            ("gpt-5.4", [y, y, n, y, y, y]),
            ("gpt-5.4-nano-2026-03-17", [y, y, n, y, y, y]),
            ("gpt-5.5", [n, y, n, y, y, y]),
            ("gpt-5.6-sol", [n, y, n, y, y, y]),
            ("llama3.2:3b", [y, y, y, y, y, y]),
        ] {
            let accepted = parameters.each_ref().map(|parameters| accepts(model, parameters));
            assert_eq!(accepted, expected, "{model}");
        }
    }

    #[test]
    fn each_model_has_its_own_efforts() {
        let (y, n) = (true, false);
        for (model, expected) in [
            ("gpt-4.1", [n, n, n, n]),
            ("o4-mini", [n, n, y, n]),
            ("gpt-5", [n, y, y, n]),
            ("gpt-5.1-2025-11-13", [y, n, y, n]),
            ("gpt-5.4", [y, y, y, y]),
            ("another", [y, y, y, y]),
        ] {
            let accepted = ["none", "minimal", "high", "xhigh"]
                .map(|effort| accepts(model, &json!({ "reasoning_effort": effort })));
            assert_eq!(accepted, expected, "{model}");
        }
    }
}
