//! The Anthropic connector, for its Messages API.

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
        help: "Keys are made in the [Console](https://platform.claude.com/settings/keys).",
        authorizations: &[Authorization::header::<ApiKey>("x-api-key", "apiKey")],
        properties: Server::PROPERTIES,
        base_url_property: Some("baseUrl"),
        headers: &[("beta", "anthropic-beta")],
        environment: &[("apiKey", "ANTHROPIC_API_KEY"), ("baseUrl", "ANTHROPIC_BASE_URL")],
        test: models::test,
        ..Connection::new(BASE_URL)
    },
    actions: &[Action::of::<ask::Ask>(), Action::of::<count_tokens::CountTokens>()],
    // The version of the API, which each request must name.
    request_headers: &[("anthropic-version", "2023-06-01")],
    errors: errors::read,
    ..Connector::new("anthropic", "Anthropic", "Asks Claude, or any model behind the Messages API.")
});

#[derive(Properties)]
#[property(connection)]
#[serde(rename_all = "camelCase")]
struct ApiKey {
    /// The secret key. It is sent to the base URL and nowhere else.
    #[property(secret, label = "API Key", control = password, placeholder = "sk-ant-…")]
    api_key: String,
}

#[derive(Properties)]
#[property(connection)]
#[serde(rename_all = "camelCase")]
struct Server {
    /// Where requests go, for another server that speaks the Messages API. Give it
    /// without /v1. Left empty, requests go to Anthropic.
    #[property(label = "Base URL", advanced, control = url, provider_default = BASE_URL)]
    base_url: Option<String>,
    /// The names of features that are not yet for all, separated by commas. Left empty,
    /// none is asked for.
    #[property(label = "Beta Features", advanced)]
    beta: Option<String>,
}
