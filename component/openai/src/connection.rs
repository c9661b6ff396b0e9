//! The connection: what a user fills in, and how the host authorizes requests.

use connector_sdk::{Authorization, Connection, Properties, Result};
use serde::Deserialize;

use crate::{errors, models};

const BASE_URL: &str = "https://api.openai.com/v1";

pub const CONNECTION: Connection = Connection {
    help: include_str!("connection.md"),
    authorizations: &[Authorization::BEARER],
    properties: Settings::PROPERTIES,
    base_url_property: Some("baseUrl"),
    base_url_hint: errors::BASE_URL_HINT,
    headers: &[("organization", "OpenAI-Organization"), ("project", "OpenAI-Project")],
    lasting_errors: errors::OUT_OF_CREDIT,
    environment: &[
        ("token", "OPENAI_API_KEY"),
        ("baseUrl", "OPENAI_BASE_URL"),
        // The names of older clients. Whoever has set one does not want the
        // key to go elsewhere.
        ("baseUrl", "OPENAI_API_BASE"),
        ("organization", "OPENAI_ORG_ID"),
        ("organization", "OPENAI_ORGANIZATION"),
        ("project", "OPENAI_PROJECT_ID"),
    ],
    test: |_| models::test(),
    ..Connection::new(BASE_URL)
};

/// What a user fills in besides the token, for accounts with several
/// organizations and for other servers that have OpenAI's API.
#[derive(Deserialize, Properties)]
#[property(connection)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Where requests go, for another server that speaks OpenAI's protocol. Give it with
    /// its path, such as /v1. Left empty, requests go to OpenAI.
    #[property(label = "Base URL", advanced, control = url, provider_default = BASE_URL)]
    base_url: Option<String>,
    /// The id of the organization that pays, for a key that belongs to several. Left
    /// empty, the key's default organization pays.
    #[property(advanced, placeholder = "org-…")]
    organization: Option<String>,
    /// The id of the project that requests count towards. Left empty, it is the key's own
    /// project.
    #[property(advanced, placeholder = "proj_…")]
    project: Option<String>,
    /// Under which name Ask sends Max Tokens. OpenAI's current models take only the first;
    /// some other servers know only the older one.
    #[serde(default = "max_completion_tokens")]
    #[property(advanced, default = "max_completion_tokens")]
    #[property(choices("max_completion_tokens", "max_tokens"))]
    pub max_tokens_parameter: String,
}

fn max_completion_tokens() -> String {
    "max_completion_tokens".to_owned()
}

impl Settings {
    /// The settings that the host hands over: the maximum's name alone, for the
    /// host itself uses the others.
    pub fn of(settings: &connector_sdk::Settings) -> Result<Self> {
        settings.parse()
    }
}
