//! What models support, from the API's description of August 2026.

use crate::rules::{Rule, Takes, rule};

/// Models before gpt-5.6.
const BEFORE_GPT_5_6: &[&str] = &[
    "gpt-3.5-turbo",
    "gpt-4",
    "gpt-4-turbo",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-nano",
    "gpt-5.1",
    "gpt-5.1-mini",
    "gpt-5.2",
    "gpt-5.2-pro",
    "gpt-5.4",
    "gpt-5.4-mini",
    "gpt-5.4-nano",
    "gpt-5.5",
    "gpt-5.5-pro",
    "o1",
    "o3",
    "o3-mini",
    "o4-mini",
];

/// Models that keep cached prompts for 24 hours and support no other retention.
const KEEP_FOR_A_DAY: &[&str] =
    &["gpt-5.5", "gpt-5.5-pro", "gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna"];

/// Models without reasoning: "gpt-5 and o-series models only".
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

/// Models with reasoning, by the beginning of their names.
pub const REASONING: &[&str] = &["gpt-5", "o1", "o3", "o4"];

const NO_REASONING: Takes =
    Takes::Nothing("leave it empty, or choose a reasoning model such as gpt-5.4");

/// The restrictions over both APIs.
pub const RULES: &[Rule] = &[
    rule(&["o3", "o4-mini"], "stop", Takes::Nothing("leave it empty for reasoning models")),
    rule(
        BEFORE_GPT_5_6,
        "promptCacheOptions",
        Takes::Nothing("leave it empty, or choose gpt-5.6 or a later model"),
    ),
    rule(KEEP_FOR_A_DAY, "promptCacheRetention", Takes::OneOf(&["24h"])),
];

/// The restrictions over Responses.
pub const RESPONSES_RULES: &[Rule] = &[
    rule(WITHOUT_REASONING, "reasoningEffort", NO_REASONING),
    rule(WITHOUT_REASONING, "reasoningSummary", NO_REASONING),
    rule(WITHOUT_REASONING, "reasoningMode", NO_REASONING),
    rule(WITHOUT_REASONING, "reasoningContext", NO_REASONING),
];

/// The restrictions of image models, for the tool that generates images.
pub const IMAGE_RULES: &[Rule] = &[rule(
    &["gpt-image-1-mini"],
    "inputFidelity",
    Takes::Nothing("leave it empty, or choose another image model"),
)];
