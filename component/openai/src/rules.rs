//! What models support: rules as data, checked before a request is sent.
//!
//! A model that no rule names is not checked: its server decides.

use connector_sdk::{Failure, Result};
use serde_json::{Map, Value};

use crate::parameters::{is_empty, parameter};

/// What some models accept as the value of a property.
pub struct Rule {
    /// The models, each including its dated snapshots.
    pub models: &'static [&'static str],
    /// The property.
    pub property: &'static str,
    /// The parameter that contains its value, if it has a different name.
    parameter: Option<&'static str>,
    /// What they accept.
    pub takes: Takes,
    /// Another property, and the values with which they accept anything.
    unless: Option<(&'static str, &'static [&'static str])>,
}

/// What a model accepts.
pub enum Takes {
    /// No value, for this reason.
    Nothing(&'static str),
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// Only this number, which is also the default.
    Only(u32),
    /// A string for which the function returns true, with a description of such
    /// strings.
    Matching(fn(&str) -> bool, &'static str),
    /// A number up to this maximum.
    AtMost(u32),
    /// A string of up to this many characters.
    Characters(usize),
}

/// Creates a rule.
pub const fn rule(models: &'static [&'static str], property: &'static str, takes: Takes) -> Rule {
    Rule { models, property, parameter: None, takes, unless: None }
}

impl Rule {
    /// The same rule, unless another property has one of these values. An empty
    /// string means that the other property is empty.
    pub const fn unless(self, property: &'static str, values: &'static [&'static str]) -> Self {
        Self { unless: Some((property, values)), ..self }
    }

    /// Whether another property lifts the rule.
    fn is_lifted(&self, parameters: &Map<String, Value>) -> bool {
        self.unless.is_some_and(|(property, values)| {
            let value = parameters.get(&parameter(property)).and_then(Value::as_str);
            values.contains(&value.unwrap_or_default())
        })
    }

    /// Why a value is rejected.
    fn refusal(&self, model: &str, value: &Value) -> Option<String> {
        let reason = self.takes.refusal(model, self.property, value)?;
        let Some((property, values)) = self.unless else { return Some(reason) };
        let values: Vec<_> = values.iter().filter(|value| !value.is_empty()).copied().collect();
        Some(format!("{reason}, or set `{property}` to {}", values.join(" or ")))
    }

    /// Applies the rule to a parameter with a different name than the property.
    pub const fn sent_as(self, parameter: &'static str) -> Self {
        Self { parameter: Some(parameter), ..self }
    }

    /// The value that the rule applies to.
    fn value<'a>(&self, parameters: &'a Map<String, Value>) -> Option<&'a Value> {
        match self.parameter {
            Some(name) => parameters.get(name),
            None => parameters.get(&parameter(self.property)),
        }
    }
}

/// Checks parameters. Each has the name of its property, in snake case, unless the
/// rule gives another one.
pub fn check(rules: &[Rule], model: &str, parameters: &Map<String, Value>) -> Result<()> {
    for rule in rules.iter().filter(|rule| is_one_of(model, rule.models)) {
        if let Some(value) = rule.value(parameters)
            && !rule.is_lifted(parameters)
            && let Some(reason) = rule.refusal(model, value)
        {
            return Err(Failure::invalid_input(rule.property, reason));
        }
    }
    Ok(())
}

impl Takes {
    /// Why a value is rejected.
    fn refusal(&self, model: &str, property: &str, value: &Value) -> Option<String> {
        match (self, value) {
            // A flag set to `false` requests nothing either.
            (_, Value::Bool(false)) => None,
            (_, value) if is_empty(value) => None,
            (Self::Nothing(reason), _) => {
                Some(format!("`{model}` does not support `{property}`: {reason}"))
            }
            (Self::OneOf(texts), Value::String(text)) => {
                (!texts.contains(&text.as_str())).then(|| {
                    let texts = texts.join(", ");
                    format!("with `{model}`, `{property}` must be one of: {texts} (got `{text}`)")
                })
            }
            (Self::Only(only), Value::Number(number)) => {
                (number.as_f64() != Some(f64::from(*only))).then(|| {
                    format!(
                        "with `{model}`, `{property}` must be {only} (got {number}): leave it \
                         empty"
                    )
                })
            }
            (Self::Matching(matches, expected), Value::String(text)) => (!matches(text))
                .then(|| format!("with `{model}`, `{property}` must be {expected} (got `{text}`)")),
            (Self::AtMost(max), Value::Number(number)) => {
                let is_above = number.as_f64().is_some_and(|number| number > f64::from(*max));
                is_above.then(|| {
                    format!("with `{model}`, `{property}` must be at most {max} (got {number})")
                })
            }
            (Self::Characters(max), Value::String(text)) => {
                let length = text.chars().count();
                (length > *max).then(|| {
                    format!(
                        "with `{model}`, `{property}` must be at most {max} characters long (it \
                         has {length})"
                    )
                })
            }
            _ => None,
        }
    }
}

/// Whether a model is one of these or a dated snapshot of one.
pub fn is_one_of(model: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        let suffix = model.strip_prefix(name).map(str::as_bytes);
        matches!(suffix, Some([] | [b'-', b'0'..=b'9', ..]))
    })
}

#[cfg(test)]
mod tests {
    use connector_sdk::FailureKind;
    use serde_json::json;

    use super::*;

    const RULES: &[Rule] = &[
        rule(&["old", "older"], "fontStyle", Takes::Nothing("leave it empty")),
        rule(&["old"], "quality", Takes::OneOf(&["low", "high"])),
        rule(&["old"], "n", Takes::AtMost(1)),
        rule(&["old"], "input", Takes::Characters(3)),
        rule(&["old"], "speed", Takes::Only(1)),
        rule(&["new"], "speed", Takes::Only(1)).unless("mode", &["fast", "faster"]),
        rule(&["newer"], "speed", Takes::Nothing("leave it empty")).unless("mode", &["fast", ""]),
        rule(&["old"], "messages", Takes::Characters(3)).sent_as("prompt"),
        rule(&["old"], "size", Takes::Matching(|size| size.ends_with('p'), "a size such as 720p")),
    ];

    /// Why a model rejects these parameters, if it does.
    fn refusal(model: &str, parameters: Value) -> Option<String> {
        let failure = check(RULES, model, parameters.as_object().unwrap()).err()?;
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert!(!failure.request_sent);
        Some(format!("{}: {failure}", failure.property.as_deref().unwrap()))
    }

    #[test]
    fn a_rejection_states_what_the_model_accepts() {
        for (parameters, expected) in [
            (
                json!({ "font_style": "x" }),
                Some("fontStyle: `old` does not support `fontStyle`: leave it empty"),
            ),
            (
                json!({ "quality": "hd" }),
                Some("quality: with `old`, `quality` must be one of: low, high (got `hd`)"),
            ),
            (json!({ "n": 2 }), Some("n: with `old`, `n` must be at most 1 (got 2)")),
            (
                json!({ "input": "grün" }),
                Some("input: with `old`, `input` must be at most 3 characters long (it has 4)"),
            ),
            (
                json!({ "speed": 1.5 }),
                Some("speed: with `old`, `speed` must be 1 (got 1.5): leave it empty"),
            ),
            (json!({ "speed": 1.0 }), None),
            (
                json!({ "prompt": "grün" }),
                Some(
                    "messages: with `old`, `messages` must be at most 3 characters long (it has 4)",
                ),
            ),
            (
                json!({ "size": "big" }),
                Some("size: with `old`, `size` must be a size such as 720p (got `big`)"),
            ),
            (
                json!({
                    "quality": "low", "n": 1, "input": "süß", "other": "x", "prompt": "rot",
                    "messages": "gelb", "size": "720p",
                }),
                None,
            ),
            (json!({ "size": null }), None),
            (json!({ "font_style": null }), None),
            (json!({ "font_style": false }), None),
        ] {
            assert_eq!(refusal("old", parameters).as_deref(), expected);
        }
    }

    #[test]
    fn another_property_may_lift_a_rule() {
        let with_mode = |mode: &str| json!({ "speed": 2, "mode": mode });
        for (model, parameters, expected) in [
            (
                "new",
                json!({ "speed": 2 }),
                Some(
                    "speed: with `new`, `speed` must be 1 (got 2): leave it empty, or set `mode` \
                     to fast or faster",
                ),
            ),
            ("new", with_mode("fast"), None),
            ("new", with_mode("faster"), None),
            (
                "newer",
                with_mode("slow"),
                Some(
                    "speed: `newer` does not support `speed`: leave it empty, or set `mode` to \
                     fast",
                ),
            ),
            ("newer", with_mode("fast"), None),
            ("newer", json!({ "speed": 2 }), None),
        ] {
            assert_eq!(refusal(model, parameters).as_deref(), expected);
        }
    }

    #[test]
    fn rules_apply_to_dated_snapshots_but_not_to_other_models() {
        let style = || json!({ "font_style": "x" });
        for model in ["old", "older", "old-2026-01-31", "old-1106"] {
            assert!(refusal(model, style()).is_some(), "{model}");
        }
        for model in ["older-new", "old-mini", "old.5", "olden", "unknown", ""] {
            assert_eq!(refusal(model, style()), None, "{model}");
        }
    }
}
