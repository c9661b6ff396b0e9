//! What models take: rules as data, checked before anything is sent.
//!
//! A rule holds for models that are known. A model that no rule names takes
//! whatever its server says.

use super::parameters::is_empty;
use crate::failure::{Failure, Result};
use crate::json::{Value, decimal};

/// What some models take as a property.
pub struct Rule {
    /// The models; each stands for its dated editions too.
    pub models: &'static [&'static str],
    /// The property.
    pub property: &'static str,
    /// What they take.
    pub takes: Takes,
}

/// What a model takes.
pub enum Takes {
    /// No value at all, for this reason.
    Nothing(&'static str),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A number up to this one.
    AtMost(u32),
    /// A text of up to so many characters.
    Characters(u32),
}

/// A rule.
pub const fn rule(models: &'static [&'static str], property: &'static str, takes: Takes) -> Rule {
    Rule { models, property, takes }
}

/// Checks the members of an input. Of several rules for a model and a property
/// the first holds.
pub fn check(rules: &[Rule], model: &str, input: &Value) -> Result<()> {
    for (name, value) in input.as_object().unwrap_or_default() {
        check_value(rules, model, name, value)?;
    }
    Ok(())
}

/// Checks one value.
pub fn check_value(rules: &[Rule], model: &str, property: &str, value: &Value) -> Result<()> {
    let holds = |rule: &&Rule| rule.property == property && is_one_of(model, rule.models);
    let Some(rule) = rules.iter().find(holds) else { return Ok(()) };
    let message = match (&rule.takes, value) {
        // A switch that is off asks for nothing either.
        (_, Value::Bool(false)) => return Ok(()),
        (_, value) if is_empty(value) => return Ok(()),
        (Takes::Nothing(reason), _) => format!("`{model}` takes no `{property}`: {reason}"),
        (Takes::OneOf(texts), Value::Text(text)) if !texts.contains(&text.as_str()) => {
            let texts = texts.join(", ");
            format!("with `{model}`, `{property}` must be one of: {texts} (got `{text}`)")
        }
        (Takes::AtMost(most), Value::Number(number)) if f64::from(*most) < number.as_f64() => {
            let (most, number) = (decimal(u64::from(*most)), number.text());
            format!("with `{model}`, `{property}` must be at most {most} (got {number})")
        }
        (Takes::Characters(max), Value::Text(text)) if text.chars().count() > *max as usize => {
            let (max, length) = (decimal(u64::from(*max)), decimal(text.chars().count() as u64));
            format!(
                "with `{model}`, `{property}` must be at most {max} characters long (it has {length})"
            )
        }
        _ => return Ok(()),
    };
    Err(Failure::invalid_input(property, message))
}

/// Whether a model is one of these or a dated edition of one.
pub fn is_one_of(model: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        let edition = model.strip_prefix(name).map(str::as_bytes);
        matches!(edition, Some([] | [b'-', b'0'..=b'9', ..]))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::failure::FailureKind;
    use crate::json::leaked;

    const RULES: &[Rule] = &[
        rule(&["old", "older"], "style", Takes::Nothing("it has none")),
        rule(&["old"], "quality", Takes::OneOf(&["low", "high"])),
        rule(&["old"], "n", Takes::AtMost(1)),
        rule(&["old"], "input", Takes::Characters(3)),
    ];

    /// Why a model does not take this input; none if it does.
    fn refusal(model: &str, input: serde_json::Value) -> Option<String> {
        let failure = check(RULES, model, leaked(input)).err()?;
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert!(!failure.request_sent);
        Some(format!("{}: {}", failure.property.unwrap(), failure.message))
    }

    #[test]
    fn what_a_model_does_not_take_is_refused_with_what_it_does() {
        for (input, expected) in [
            (json!({ "style": "x" }), "style: `old` takes no `style`: it has none"),
            (
                json!({ "quality": "hd" }),
                "quality: with `old`, `quality` must be one of: low, high (got `hd`)",
            ),
            (json!({ "n": 2 }), "n: with `old`, `n` must be at most 1 (got 2)"),
            (
                json!({ "input": "grün" }),
                "input: with `old`, `input` must be at most 3 characters long (it has 4)",
            ),
        ] {
            assert_eq!(refusal("old", input).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_a_model_takes_passes() {
        assert_eq!(refusal("old", json!({ "quality": "low", "n": 1, "other": "x" })), None);
        assert_eq!(refusal("old", json!({ "input": "süß" })), None);
        assert_eq!(refusal("old", json!({ "style": null })), None);
        assert_eq!(refusal("old", json!({ "style": false })), None);
    }

    #[test]
    fn rules_hold_for_dated_editions_and_not_for_other_models() {
        let style = || json!({ "style": "x" });
        for model in ["old", "older", "old-2026-01-31", "old-1106"] {
            assert!(refusal(model, style()).is_some(), "{model}");
        }
        for model in ["older-new", "old-mini", "old.5", "olden", "unknown", ""] {
            assert_eq!(refusal(model, style()), None, "{model}");
        }
    }
}
