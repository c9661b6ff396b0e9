//! What the connector declares.

use crate::bindings::exports::workflow::connector::connection::{
    Authorization, BaseUrl, Binding, Definition, HeaderCredential, Scheme,
};
use crate::bindings::exports::workflow::connector::describe::{Action, Component, Effects, Output};
use crate::bindings::workflow::connector::types::{ControlType, Property, PropertyType};
use crate::config::Config;

/// The descriptor.
pub fn describe(config: &Config) -> Component {
    let mut rows = Vec::new();
    let connection = connection(config, &mut rows);
    let file = Property {
        default: config.file_default.as_ref().map(|url| format!("{{\"url\":{url:?}}}")),
        ..row("file", PropertyType::FileEntry, ControlType::FileEntry)
    };
    let steps = row("steps", PropertyType::String, ControlType::TextArea);
    let functions = Property {
        children: vec![u32::try_from(rows.len()).unwrap_or(0) + 3],
        ..row("functions", PropertyType::Array, ControlType::ArrayBuilder)
    };
    let name =
        Property { label: String::new(), ..row("", PropertyType::String, ControlType::Text) };
    let first = rows.len() as u32;
    rows.extend([file, steps, functions, name]);
    let action = Action {
        name: "act".to_owned(),
        title: "Act".to_owned(),
        description: "Executes the steps in its input.".to_owned(),
        help: String::new(),
        group: None,
        deprecated: false,
        properties: vec![first, first + 1, first + 2],
        text_property: None,
        output: Output::Dynamic(Vec::new()),
        effects: Effects::empty(),
        duration_ms: None,
        examples: Vec::new(),
    };
    Component {
        name: config.name.clone(),
        version: 1,
        title: config.title.clone(),
        description: config.description.clone(),
        icon: None,
        categories: Vec::new(),
        help: String::new(),
        properties: rows,
        connection,
        actions: vec![action],
    }
}

fn connection(config: &Config, rows: &mut Vec<Property>) -> Definition {
    let secret =
        |name| Property { secret: true, ..row(name, PropertyType::String, ControlType::Text) };
    let text = |name| row(name, PropertyType::String, ControlType::Text);
    let mut properties = vec![0, 1, 2];
    let text_or_secret = |name| if name == config.credential { secret(name) } else { text(name) };
    rows.extend([text_or_secret("token"), text("baseUrl"), text_or_secret("hint")]);
    if config.second {
        properties.push(rows.len() as u32);
        rows.push(secret("second"));
    }
    if config.nested {
        let at = rows.len() as u32;
        properties.push(at);
        let outer = row("nested", PropertyType::Object, ControlType::ObjectBuilder);
        rows.push(Property { children: vec![at + 1], ..outer });
        rows.push(secret("inner"));
    }
    let bind = |property: &str, name: &String| Binding {
        property: property.to_owned(),
        name: name.clone(),
    };
    let token = config.environment.iter().map(|name| bind("token", name));
    let hint = config.setting_environment.iter().map(|name| bind("hint", name));
    let second = config.second.then(|| bind("second", &"x-second".to_owned()));
    Definition {
        version: 1,
        help: String::new(),
        authorizations: vec![Authorization {
            name: "usual".to_owned(),
            title: config.title.clone(),
            help: String::new(),
            properties,
            scheme: match &config.header {
                None => Scheme::Bearer(config.credential.clone()),
                Some(header) => Scheme::Header(HeaderCredential {
                    header: header.clone(),
                    prefix: String::new(),
                    property: config.credential.clone(),
                }),
            },
        }],
        properties: Vec::new(),
        base_url: BaseUrl {
            default: config.base_url.clone(),
            property: Some("baseUrl".to_owned()),
        },
        headers: second.into_iter().collect(),
        query: Vec::new(),
        user_headers: None,
        lasting_errors: config.lasting_errors.clone(),
        environment: token.chain(hint).collect(),
    }
}

fn row(name: &str, type_: PropertyType, control: ControlType) -> Property {
    Property {
        name: name.to_owned(),
        label: name.to_owned(),
        description: String::new(),
        placeholder: None,
        type_,
        control,
        required: false,
        group: None,
        advanced: false,
        deprecated: false,
        secret: false,
        media_type: None,
        display: None,
        default: None,
        provider_default: None,
        choices: None,
        condition: None,
        limits: None,
        children: Vec::new(),
        values: None,
    }
}
