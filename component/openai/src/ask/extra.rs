//! Parameters without a property of their own, which are added to requests.

use connector_sdk::property::{Condition, Literal};
use connector_sdk::{Failure, Properties, Result};
use serde_json::{Map, Value};

use super::{ApiChoice, Ask};
use crate::errors::ALIASES;
use crate::parameters::parameter;

/// Parameters that depend on the caller, not on the input.
const STREAMING: &[&str] = &["stream", "stream_options"];

/// Rejects parameters that the action sets itself.
pub fn check(extra: &Map<String, Value>, api: ApiChoice) -> Result<()> {
    for name in extra.keys() {
        let reason = if STREAMING.contains(&name.as_str()) {
            "the answer is streamed if the caller receives it as it arrives".to_owned()
        } else if let Some(property) = property(name, api) {
            format!("use `{property}`")
        } else {
            continue;
        };
        let message = format!("`extraParameters` must not contain `{name}`: {reason}");
        return Err(Failure::invalid_input(format!("extraParameters.{name}"), message));
    }
    Ok(())
}

/// The property that a parameter of this API is derived from.
fn property(name: &str, api: ApiChoice) -> Option<&'static str> {
    let rows = Ask::PROPERTIES.iter().map(|row| row.name);
    let own = rows.filter(|row| *row == name || parameter(row) == name);
    let derived = ALIASES.iter().filter(|(alias, _)| {
        // Only Responses has properties as members of a parameter.
        let is_part = matches!(api, ApiChoice::Responses)
            && alias.split_once('.').is_some_and(|(parameter, _)| parameter == name);
        is_part || *alias == name
    });
    own.chain(derived.map(|(_, property)| *property)).find(|property| applies(property, api))
}

/// Whether the action has this property, and it applies to this API.
fn applies(property: &str, api: ApiChoice) -> bool {
    let Some(row) = Ask::PROPERTIES.iter().find(|row| row.name == property) else { return false };
    match row.condition {
        None => true,
        Some(Condition { property: "api", values, .. }) => {
            values.contains(&Literal::String(api.name()))
        }
        Some(condition) => applies(condition.property, api),
    }
}
