//! The Anthropic connector, for the Messages API.

mod answer;
mod ask;
mod count_tokens;
mod errors;
mod models;
#[cfg(test)]
mod tests;

use connector_sdk::{Action, Authorization, Connection, Connector, Properties};

const BASE_URL: &str = "https://api.anthropic.com";

connector_sdk::export!(Connector {
    categories: &["artificial-intelligence"],
    connection: Connection {
        help: "Create a key in the [Console](https://platform.claude.com/settings/keys).",
        authorizations: &[Authorization::header::<ApiKey>("x-api-key", "apiKey")],
        properties: Server::PROPERTIES,
        base_url_property: Some("baseUrl"),
        headers: &[("beta", "anthropic-beta")],
        environment: &[("apiKey", "ANTHROPIC_API_KEY"), ("baseUrl", "ANTHROPIC_BASE_URL")],
        test: models::test,
        ..Connection::new(BASE_URL)
    },
    actions: &[Action::of::<ask::Ask>(), Action::of::<count_tokens::CountTokens>()],
    // Every request must name the API version.
    request_headers: &[("anthropic-version", "2023-06-01")],
    errors: errors::read,
    ..Connector::new(
        "anthropic",
        "Anthropic",
        "Asks Claude, or any other model with a Messages API."
    )
});

#[derive(Properties)]
#[property(connection)]
#[serde(rename_all = "camelCase")]
struct ApiKey {
    /// The secret API key. It is sent only to the base URL.
    #[property(secret, label = "API Key", control = password, placeholder = "sk-ant-…")]
    api_key: String,
}

#[derive(Properties)]
#[property(connection)]
#[serde(rename_all = "camelCase")]
struct Server {
    /// The address of another server with a Messages API, without /v1. Leave empty to
    /// use Anthropic.
    #[property(label = "Base URL", advanced, control = url, provider_default = BASE_URL)]
    base_url: Option<String>,
    /// The names of beta features to enable, separated by commas.
    #[property(label = "Beta Features", advanced)]
    beta: Option<String>,
}
