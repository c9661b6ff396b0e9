//! The properties that the host adds to a connector's connection.

use serde_json::Value;

use crate::contract::table::{
    Choice, Choices, Comparison, Condition, ControlType, Property, PropertyType,
};
use crate::contract::{Authorization, Definition};

/// Whether this name is reserved for the host's properties.
pub(super) fn is_reserved(name: &str) -> bool {
    name == Definition::AUTHORIZATION || Definition::HOST_PROPERTIES.contains(&name)
}

/// The property that selects one of several authorizations.
pub(super) fn authorization(authorizations: &[Authorization]) -> Property {
    let choice = |authorization: &Authorization| Choice {
        label: authorization.title.clone(),
        value: Value::from(authorization.name.as_str()),
        description: None,
    };
    let known: Vec<Choice> = authorizations.iter().map(choice).collect();
    Property {
        required: true,
        default: known.first().map(|first| first.value.clone()),
        choices: Some(Choices { known, open: false, dynamic: None }),
        ..text(
            Definition::AUTHORIZATION,
            "Authorization",
            "How requests are authorized.",
            ControlType::Select,
        )
    }
}

/// The condition of a property that belongs to one of several authorizations.
pub(super) fn is_selected(authorization: &str) -> Condition {
    Condition {
        property: Definition::AUTHORIZATION.to_owned(),
        matches: Comparison::OneOf,
        values: vec![authorization.into()],
    }
}

/// The properties of the network between the host and the provider, which do not
/// depend on the connector.
pub(super) fn network() -> Vec<Property> {
    let rows = [
        text(
            Definition::PROXY,
            "Proxy",
            "The HTTP proxy for all requests, such as http://proxy.example.com:3128. Requests pass \
             through it encrypted. Leave empty to connect directly.",
            ControlType::Url,
        ),
        text(
            Definition::PROXY_USERNAME,
            "Proxy User Name",
            "The user name for the proxy, if it requires one.",
            ControlType::Text,
        ),
        Property {
            secret: true,
            ..text(
                Definition::PROXY_PASSWORD,
                "Proxy Password",
                "The password for the proxy. It is sent only to the proxy.",
                ControlType::Password,
            )
        },
        Property {
            media_type: Some("application/x-pem-file".to_owned()),
            placeholder: Some("-----BEGIN CERTIFICATE-----".to_owned()),
            ..text(
                Definition::AUTHORITIES,
                "Certificate Authorities",
                "Additional certificate authorities to trust for this connection, as PEM text, for \
                 servers with a private certificate authority or a proxy that inspects traffic.",
                ControlType::TextArea,
            )
        },
    ];
    rows.map(|row| Property { group: Some("Network".to_owned()), advanced: true, ..row }).into()
}

fn text(name: &str, label: &str, description: &str, control: ControlType) -> Property {
    Property {
        label: label.to_owned(),
        description: description.to_owned(),
        ..Property::new(name, PropertyType::String, control)
    }
}
