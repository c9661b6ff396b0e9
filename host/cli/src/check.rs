//! `connector check`: errors and warnings about a component.

use connector_host::{Connector, LoadError, Player, Property, PropertyType};
use serde_json::json;

use super::chosen::replaying;
use super::components::Components;
use super::error::Error;
use super::print;

/// Prints errors or, if there are none, warnings. Fails if there are errors and,
/// in `strict` mode, if there are warnings.
pub fn check(
    components: &Components,
    name: &str,
    strict: bool,
    as_json: bool,
) -> Result<(), Error> {
    let connector = match components.load(name) {
        Err(error @ Error::Load { .. }) if as_json => {
            print::json(&json!({ "errors": error.messages(), "warnings": [] }))?;
            return Err(Error::Reported);
        }
        loaded => loaded?,
    };
    let descriptor = connector.descriptor();
    let mut warnings = descriptor.warnings();
    warnings.extend(unanswered_options(&connector));
    if as_json {
        print::json(&json!({ "errors": [], "warnings": warnings }))?;
    } else {
        for warning in &warnings {
            print::line(&format!("warning: {}", print::plain(warning)))?;
        }
        let address = print::short(&descriptor.own_address());
        let actions = match descriptor.actions.len() {
            1 => "1 action".to_owned(),
            count => format!("{count} actions"),
        };
        let found = match warnings.len() {
            0 => "no errors, no warnings".to_owned(),
            1 => "no errors, 1 warning".to_owned(),
            count => format!("no errors, {count} warnings"),
        };
        print::line(&format!("{address}: {actions}, {found}"))?;
    }
    if strict && !warnings.is_empty() { Err(Error::Reported) } else { Ok(()) }
}

/// Returns a warning for each property whose dynamic choices the connector does not
/// return. Requests fail, because there is nothing to replay.
fn unanswered_options(connector: &Connector) -> Vec<String> {
    let Some(connection) = replaying(connector) else { return Vec::new() };
    let connector = connector.clone().queries_replayed_by(&Player::default());
    let mut warnings = Vec::new();
    for action in &connector.descriptor().actions {
        for path in dynamic("", action.properties.as_slice()) {
            let options = connector.options(&connection, &action.name, &path, &json!({}), None);
            let failure = options.err();
            if let Some(failure) = failure.filter(|it| !it.message.contains(Player::NO_MORE)) {
                warnings.push(format!(
                    "action `{}`: the choices of `{path}` are dynamic, but `options` fails: \
                     {failure}",
                    action.name
                ));
            }
        }
    }
    warnings
}

/// Returns the paths of the properties with dynamic choices, except those in lists.
fn dynamic(path: &str, rows: &[Property]) -> Vec<String> {
    let mut found = Vec::new();
    for row in rows {
        let path = if path.is_empty() { row.name.clone() } else { format!("{path}.{}", row.name) };
        if row.kind == PropertyType::Object {
            found.extend(dynamic(&path, &row.children));
        }
        if row.choices.as_ref().is_some_and(|choices| choices.dynamic.is_some()) {
            found.push(path);
        }
    }
    found
}

/// Returns a hint for fixing a component that cannot be loaded.
pub fn hint(error: &LoadError) -> Option<String> {
    let hint = match error {
        LoadError::NotWebAssembly => "build it with `--target wasm32-unknown-unknown`",
        LoadError::CoreModule => {
            "link it with `wasm-component-ld`, or run `wasm-tools component new` on it"
        }
        LoadError::ForeignImport(name) if name.starts_with("wasi:") => {
            "the target or the toolchain imports WASI: in Rust, build for wasm32-unknown-unknown \
             instead of wasm32-wasip1 or wasm32-wasip2; in JavaScript, pass componentize-js \
             `disableFeatures: [\"stdio\", \"random\", \"clocks\", \"http\"]`"
        }
        LoadError::ForeignImport(_) => {
            "its WIT world imports more than the world `connector`, which has interfaces for \
             requests, files and logs"
        }
        LoadError::UnsupportedVersion { .. } => {
            "build it against the `wit/` folder of this version"
        }
        LoadError::Mismatch(_) => "build it against the world `connector` of the `wit/` folder",
        _ => return None,
    };
    Some(hint.to_owned())
}
