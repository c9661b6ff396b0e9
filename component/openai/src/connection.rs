//! The connection: its settings, and how the host authorizes requests.

use std::collections::BTreeMap;

use connector_sdk::{Authorization, Connection, Properties, Result, Settings};
use serde::Deserialize;

use crate::{errors, models};

const BASE_URL: &str = "https://api.openai.com/v1";

pub const CONNECTION: Connection = Connection {
    help: include_str!("connection.md"),
    authorizations: &[
        Authorization::BEARER,
        // https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle
        Authorization {
            title: "API Key (Azure)",
            ..Authorization::header::<AzureKey>("api-key", "apiKey")
        },
    ],
    properties: ConnectionSettings::PROPERTIES,
    base_url_property: Some("baseUrl"),
    base_url_hint: errors::BASE_URL_HINT,
    headers: &[("organization", "OpenAI-Organization"), ("project", "OpenAI-Project")],
    query: &[("apiVersion", "api-version")],
    user_headers: Some("headers"),
    lasting_errors: errors::OUT_OF_CREDIT,
    environment: &[
        ("token", "OPENAI_API_KEY"),
        ("baseUrl", "OPENAI_BASE_URL"),
        // The name that older clients use. If it were ignored, the key would go
        // to OpenAI instead of the user's server.
        ("baseUrl", "OPENAI_API_BASE"),
        ("organization", "OPENAI_ORG_ID"),
        ("organization", "OPENAI_ORGANIZATION"),
        ("project", "OPENAI_PROJECT_ID"),
    ],
    test: |_| models::test(),
    ..Connection::new(BASE_URL)
};

/// The key of an Azure OpenAI resource.
#[derive(Properties)]
#[property(connection)]
#[serde(rename_all = "camelCase")]
struct AzureKey {
    /// The key of an Azure OpenAI resource. It is sent only to the base URL.
    #[property(secret, label = "API Key", control = password)]
    api_key: String,
}

/// The settings besides the credential, for accounts with several organizations and
/// for other servers with an OpenAI-compatible API.
#[derive(Deserialize, Properties)]
#[property(connection)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionSettings {
    /// The address of another OpenAI-compatible server, including the path, such as
    /// http://localhost:11434/v1. Leave empty to use OpenAI.
    #[property(label = "Base URL", advanced, control = url, provider_default = BASE_URL)]
    base_url: Option<String>,
    /// The ID of the organization to bill, if your key belongs to several. Leave empty to
    /// bill the key's default organization.
    #[property(advanced, placeholder = "org-…")]
    organization: Option<String>,
    /// The ID of the project to attribute requests to. Leave empty to use the key's own
    /// project.
    #[property(advanced, placeholder = "proj_…")]
    project: Option<String>,
    /// The request parameter that Ask uses for Max Tokens. OpenAI's current models require
    /// max_completion_tokens; some other servers support only the older max_tokens.
    #[serde(default = "max_completion_tokens")]
    #[property(advanced, default = "max_completion_tokens")]
    #[property(choices("max_completion_tokens", "max_tokens"))]
    pub max_tokens_parameter: String,
    /// The version of the API, for servers that require it in the query, such as preview
    /// versions of Azure OpenAI.
    #[property(advanced, label = "API Version", placeholder = "preview")]
    api_version: Option<String>,
    /// Additional headers for every request, such as those that a gateway requires.
    #[property(advanced, secret)]
    headers: Option<BTreeMap<String, String>>,
}

fn max_completion_tokens() -> String {
    "max_completion_tokens".to_owned()
}

impl ConnectionSettings {
    /// Reads the settings that the host passes on. Only `max_tokens_parameter`
    /// matters here: the host applies the others itself.
    pub fn of(settings: &Settings) -> Result<Self> {
        settings.parse()
    }
}
