//! The commands that show what connectors are: `list`, `inspect`, `describe`,
//! `schema`, `docs`.

use std::path::Path;

use connector_host::{Connector, render};
use serde_json::{Value, json};

use super::args::Form;
use super::components::Components;
use super::error::Error;
use super::{input, print_json, print_line};

/// `connector list`
pub fn list(components: &Components, as_json: bool) -> Result<(), Error> {
    let mut found = Vec::new();
    for (path, loaded) in components.all() {
        match loaded {
            Ok(connector) => found.push(connector),
            Err(error) => eprintln!("warning: {} was left out: {error}", path.display()),
        }
    }
    if as_json {
        let entries: Vec<Value> = found.iter().map(summary).collect();
        return print_json(&entries);
    }
    if found.is_empty() {
        eprintln!("no connectors in {}", components.shown_folders());
        eprintln!("hint: $CONNECTOR_COMPONENTS names a folder with .wasm files");
        return Ok(());
    }
    let mut lines = Vec::new();
    for connector in &found {
        let descriptor = connector.descriptor();
        lines.push(format!("{}  {}", descriptor.name, descriptor.description));
        let width = descriptor.actions.iter().map(|action| descriptor.address(action).len()).max();
        for action in &descriptor.actions {
            lines.push(format!(
                "  {:width$}  {}: {}",
                descriptor.address(action),
                action.title,
                action.description,
                width = width.unwrap_or_default()
            ));
        }
    }
    print_line(&lines.join("\n"))
}

fn summary(connector: &Connector) -> Value {
    let descriptor = connector.descriptor();
    let actions: Vec<Value> = descriptor
        .actions
        .iter()
        .map(|action| json!({ "address": descriptor.address(action), "title": action.title }))
        .collect();
    json!({
        "name": descriptor.name,
        "version": descriptor.version,
        "title": descriptor.title,
        "description": descriptor.description,
        "actions": actions,
    })
}

/// `connector inspect`
pub fn inspect(components: &Components, name: &str, as_json: bool) -> Result<(), Error> {
    let path = components.find(name)?;
    let connector = components.load(name)?;
    let descriptor = connector.descriptor();
    let addresses: Vec<String> =
        descriptor.actions.iter().map(|action| descriptor.address(action)).collect();
    if as_json {
        return print_json(&json!({
            "name": descriptor.name,
            "version": descriptor.version,
            "title": descriptor.title,
            "actions": addresses,
            "imports": connector.imports(),
            "size": connector.size(),
            "sha256": connector.hash(),
            "file": path,
        }));
    }
    let rows = [
        ("name", descriptor.name.clone()),
        ("version", descriptor.version.to_string()),
        ("title", descriptor.title.clone()),
        ("actions", addresses.join("\n             ")),
        ("connection", descriptor.connection.title.clone()),
        ("base URL", descriptor.connection.base_url.to_string()),
        ("imports", connector.imports().join("\n             ")),
        ("size", format!("{} bytes", connector.size())),
        ("SHA-256", connector.hash().to_owned()),
        ("file", path.display().to_string()),
    ];
    let lines: Vec<String> =
        rows.iter().map(|(name, value)| format!("{name:<11}  {value}")).collect();
    print_line(&lines.join("\n"))
}

/// `connector describe`
pub fn describe(components: &Components, name: &str) -> Result<(), Error> {
    print_json(components.load(name)?.descriptor())
}

/// `connector docs`
pub fn docs(components: &Components, name: &str) -> Result<(), Error> {
    let connector = components.load(name)?;
    print_line(render::docs(connector.descriptor()).trim_end())
}

/// `connector schema`
pub fn schema(
    components: &Components,
    of: &str,
    connection: bool,
    form: Form,
    input: Option<&Path>,
) -> Result<(), Error> {
    if input.is_some() && form != Form::Output {
        return Err(Error::usage("--input belongs to --form output", "leave one of them out"));
    }
    if connection {
        let connector = components.load(of)?;
        let definition = &connector.descriptor().connection;
        let table = &definition.properties;
        return match form {
            Form::Schema => print_json(&render::schema(&definition.title, "", table)),
            Form::UiSchema => print_json(&render::ui_schema(table)),
            Form::JsonForms => print_json(&render::json_forms(table)),
            Form::Output => {
                Err(Error::usage("a connection has no output", "name an action instead"))
            }
        };
    }
    if !of.contains('/') {
        return Err(Error::usage(
            format!("`{of}` names no action"),
            format!("`connector schema {of}/v1/ACTION`, or `connector schema {of} --connection`"),
        ));
    }
    let (connector, name) = components.action(of)?;
    let descriptor = connector.descriptor();
    let Some(action) = descriptor.action(&name) else { return Ok(()) };
    match form {
        Form::Schema => {
            print_json(&render::schema(&action.title, &action.description, &action.properties))
        }
        Form::UiSchema => print_json(&render::ui_schema(&action.properties)),
        Form::JsonForms => print_json(&render::json_forms(&action.properties)),
        Form::Output => match (&action.output, input) {
            (Some(output), None) => print_json(&render::output_schema(output)),
            _ => print_json(&connector.output_schema(&name, input::read(input)?)?),
        },
    }
}
