//! The connector of a small helpdesk: its tickets and their attachments.

mod attachments;
mod tickets;

use connector_sdk::prelude::*;
use connector_sdk::{ErrorResponse, FailureKind, serde_json};

use attachments::{DownloadAttachment, UploadAttachment};
use tickets::{CreateTicket, ListTickets};

const BASE_URL: &str = "https://api.helpdesk.example/v2";

connector_sdk::export!(Connector {
    categories: &["customer-support"],
    connection: Connection {
        authorizations: &[Authorization::header::<ApiKey>("x-helpdesk-key", "apiKey")],
        properties: Server::PROPERTIES,
        base_url_property: Some("baseUrl"),
        environment: &[("apiKey", "HELPDESK_API_KEY"), ("baseUrl", "HELPDESK_BASE_URL")],
        test,
        ..Connection::new(BASE_URL)
    },
    actions: &[
        Action::of::<ListTickets>(),
        Action::of::<CreateTicket>(),
        Action::of::<UploadAttachment>(),
        Action::of::<DownloadAttachment>(),
    ],
    errors,
    ..Connector::new(
        "helpdesk",
        "Helpdesk",
        "Lists and creates tickets, and moves their attachments."
    )
});

#[derive(Properties)]
#[property(connection)]
#[serde(rename_all = "camelCase")]
struct ApiKey {
    /// The key from the helpdesk's settings, under API. It is sent to the base URL and nowhere else.
    #[property(secret, label = "API Key")]
    api_key: String,
}

#[derive(Properties)]
#[property(connection)]
#[serde(rename_all = "camelCase")]
struct Server {
    /// The URL of the API, for a helpdesk on a server of its own.
    #[property(label = "Base URL", control = url, provider_default = BASE_URL, advanced)]
    base_url: Option<String>,
}

fn test(_: &Settings) -> Result<String> {
    #[derive(Deserialize)]
    struct Agent {
        name: String,
        account: String,
    }

    let agent: Agent = http::get("/me").send()?.json()?;
    Ok(format!("reached the helpdesk of {} as {}", agent.account, agent.name))
}

/// Reads `{"fault": {"code", "text", "field"}}`.
fn errors(response: &ErrorResponse) -> Failure {
    #[derive(Deserialize)]
    struct Answer {
        fault: Fault,
    }
    #[derive(Deserialize)]
    struct Fault {
        code: String,
        text: String,
        field: Option<String>,
    }

    let mut failure = response.failure();
    let Ok(Answer { fault }) = serde_json::from_str(response.body) else { return failure };
    failure.kind = match fault.code.as_str() {
        "validation_failed" => FailureKind::InvalidInput,
        "plan_limit_reached" => FailureKind::QuotaExceeded,
        _ => failure.kind,
    };
    failure.message = fault.text.trim_end_matches('.').to_owned();
    failure.property = fault.field.map(|field| property(&field));
    failure.with_code(fault.code)
}

/// The path of the property that goes out as this field: `dueDate` for
/// `ticket.due_date`.
fn property(field: &str) -> String {
    let mut words = field.strip_prefix("ticket.").unwrap_or(field).split('_');
    let mut path = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.len().min(1));
        path += &first.to_ascii_uppercase();
        path += rest;
    }
    path
}
