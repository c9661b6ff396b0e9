//! The commands that describe connectors: `list`, `inspect`, `describe`, `schema`
//! and `docs`.

use std::path::Path;

use connector_host::{Connector, Output, render};
use connector_store::approval::Request;
use serde_json::{Value, json};

use super::address::Address;
use super::args::Form;
use super::components::{Components, FOLDER};
use super::error::Error;
use super::{input, print};

/// `connector list`
pub fn list(components: &Components, as_json: bool) -> Result<(), Error> {
    let found = components.all();
    if as_json {
        let entries: Vec<Value> = found.iter().map(summary).collect();
        return print::json(&entries);
    }
    if found.is_empty() {
        print::note(format_args!("no connectors in {}", components.shown_folders()));
        print::note(format_args!("hint: set ${FOLDER} to a folder with .wasm files"));
        return Ok(());
    }
    let mut lines = Vec::new();
    for connector in &found {
        let descriptor = connector.descriptor();
        lines.push(format!("{}  {}", descriptor.name, print::short(&descriptor.description)));
        let width = descriptor.actions.iter().map(|action| descriptor.address(action).len()).max();
        for action in &descriptor.actions {
            lines.push(format!(
                "  {:width$}  {}: {}",
                descriptor.address(action),
                print::short(&action.title),
                print::short(&action.description),
                width = width.unwrap_or_default()
            ));
        }
    }
    print::line(&lines.join("\n"))
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
        return print::json(&json!({
            "name": descriptor.name,
            "version": descriptor.version,
            "title": descriptor.title,
            "actions": addresses,
            "connection": Request::of(&connector),
            "imports": connector.imports(),
            "size": connector.size(),
            "sha256": connector.hash(),
            "file": path,
        }));
    }
    let mut rows = vec![
        ("name", print::short(&descriptor.name)),
        ("version", descriptor.version.to_string()),
        ("title", print::short(&descriptor.title)),
        ("actions", addresses.join("\n             ")),
        ("connection", print::short(&descriptor.connection.title)),
    ];
    rows.extend(
        Request::of(&connector)
            .lines()
            .into_iter()
            .map(|(name, value)| (name, print::plain(&value))),
    );
    rows.extend([
        ("size", format!("{} bytes", connector.size())),
        ("SHA-256", connector.hash().to_owned()),
        ("file", print::plain(&path.display().to_string())),
    ]);
    let lines: Vec<String> =
        rows.iter().map(|(name, value)| format!("{name:<11}  {value}")).collect();
    print::line(&lines.join("\n"))
}

/// `connector describe`
pub fn describe(components: &Components, name: &str) -> Result<(), Error> {
    print::json(components.load(name)?.descriptor())
}

/// `connector docs`
pub fn docs(components: &Components, of: &str, property: Option<&str>) -> Result<(), Error> {
    // A path may look like an address: `./v1/openai.wasm`.
    let is_connector = Path::new(of).is_file() || Address::parse(of).is_err();
    let (connector, action) = if is_connector {
        (components.load(of)?, None)
    } else {
        let (connector, action) = components.action(of)?;
        (connector, Some(action))
    };
    let descriptor = connector.descriptor();
    let action = action.and_then(|name| descriptor.action(&name));
    let page = match (action, property) {
        (None, None) => render::docs(descriptor),
        (Some(action), None) => render::action_docs(descriptor, action),
        (action, Some(path)) => {
            let table =
                action.map_or(&descriptor.connection.properties, |action| &action.properties);
            render::property_docs(table, path).ok_or_else(|| {
                let names: Vec<&str> = table.iter().map(|each| each.name.as_str()).collect();
                Error::usage(
                    format!("unknown property `{path}`"),
                    format!("the properties of {of} are: {}", names.join(", ")),
                )
            })?
        }
    };
    print::line(page.trim_end())
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
        return Err(Error::usage("--input requires --form output", "omit --input"));
    }
    if connection {
        let address = Address::parse(of).ok().map(|address| address.connector);
        let connector = components.load(address.as_deref().unwrap_or(of))?;
        let definition = &connector.descriptor().connection;
        let table = &definition.properties;
        return match form {
            Form::Schema => print::json(&render::schema(&definition.title, "", table)),
            Form::UiSchema => print::json(&render::ui_schema(table)),
            Form::JsonForms => print::json(&render::json_forms(table)),
            Form::Output => {
                Err(Error::usage("a connection has no output", "use an action instead"))
            }
        };
    }
    if !of.contains('/') {
        return Err(Error::usage(
            format!("`{of}` is not an action address"),
            format!(
                "use `connector schema {of}/v1/ACTION` or `connector schema {of} --connection`"
            ),
        ));
    }
    let (connector, name) = components.action(of)?;
    let descriptor = connector.descriptor();
    let Some(action) = descriptor.action(&name) else { return Ok(()) };
    match form {
        Form::Schema => {
            print::json(&render::schema(&action.title, &action.description, &action.properties))
        }
        Form::UiSchema => print::json(&render::ui_schema(&action.properties)),
        Form::JsonForms => print::json(&render::json_forms(&action.properties)),
        Form::Output => match (&action.output, input) {
            (Output::Fixed(output), None) => print::json(&render::output_schema(output)),
            _ => print::json(&connector.output_schema(&name, input::read(input)?)?),
        },
    }
}
