//! The connection: an API key in a header of its own.

use crate::bindings::exports::workflow::connector::connection::{
    Authorization, BaseUrl, Binding, Definition, HeaderCredential, Scheme,
};
use crate::bindings::workflow::connector::types::ControlType;
use crate::rows::{Row, Rows};

const BASE_URL: &str = "https://api.anthropic.com";

/// What a user fills in.
fn table() -> [Row; 3] {
    [
        Row::text("apiKey")
            .says("API Key", "The secret key. It is sent to the base URL and nowhere else.")
            .required()
            .with(|row| {
                row.secret = true;
                row.control = ControlType::Password;
                row.placeholder = Some("sk-ant-…".to_owned());
            }),
        Row::text("baseUrl")
            .says(
                "Base URL",
                "Where requests go, for another server that speaks the Messages API. Give it \
                 without /v1. Left empty, requests go to Anthropic.",
            )
            .advanced()
            .with(|row| {
                row.control = ControlType::Url;
                row.provider_default = Some(format!("\"{BASE_URL}\""));
            }),
        Row::text("beta")
            .says(
                "Beta Features",
                "The names of features that are not yet for all, separated by commas. Left empty, \
                 none is asked for.",
            )
            .advanced(),
    ]
}

/// The definition, its rows among all others.
pub fn define(rows: &mut Rows) -> Definition {
    let binding =
        |(property, name): (&str, &str)| Binding { property: property.into(), name: name.into() };
    let mut properties = rows.add(table());
    let others = properties.split_off(1);
    Definition {
        version: 1,
        help: "Keys are made in the [Console](https://platform.claude.com/settings/keys).".into(),
        authorizations: vec![Authorization {
            name: "apiKey".into(),
            title: "API Key".into(),
            help: String::new(),
            properties,
            scheme: Scheme::Header(HeaderCredential {
                header: "x-api-key".into(),
                prefix: String::new(),
                property: "apiKey".into(),
            }),
        }],
        properties: others,
        base_url: BaseUrl { default: BASE_URL.into(), property: Some("baseUrl".into()) },
        headers: vec![binding(("beta", "anthropic-beta"))],
        query: Vec::new(),
        user_headers: None,
        lasting_errors: Vec::new(),
        environment: [("apiKey", "ANTHROPIC_API_KEY"), ("baseUrl", "ANTHROPIC_BASE_URL")]
            .map(binding)
            .into(),
    }
}
