//! A connector for a small helpdesk: tickets and their attachments.

mod attachments;
mod tickets;

use connector_sdk::errors::Explanation;
use connector_sdk::prelude::*;

use attachments::{DownloadAttachment, UploadAttachment};
use tickets::{CreateTicket, ListTickets};

connector_sdk::export!(Connector {
    categories: &["customer-support"],
    connection: Connection {
        authorizations: &[Authorization::header::<ApiKey>("x-helpdesk-key", "apiKey")],
        properties: BaseUrl::PROPERTIES,
        base_url_property: Some("baseUrl"),
        environment: &[("apiKey", "HELPDESK_API_KEY"), ("baseUrl", "HELPDESK_BASE_URL")],
        test,
        ..Connection::new("https://api.helpdesk.example/v2")
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
        "Lists and creates tickets, and uploads and downloads their attachments."
    )
});

#[derive(Properties)]
#[property(connection)]
#[serde(rename_all = "camelCase")]
struct ApiKey {
    /// The key from Settings > API in the helpdesk. It is sent only to the base URL.
    #[property(secret)]
    api_key: String,
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

    let Ok(Answer { fault }) = serde_json::from_str(response.body) else {
        return response.failure();
    };
    let kind = match fault.code.as_str() {
        "validation_failed" => Some(FailureKind::InvalidInput),
        "plan_limit_reached" => Some(FailureKind::QuotaExceeded),
        _ => None,
    };
    let mut failure = response.failure_of(Explanation {
        message: Some(fault.text),
        code: Some(fault.code),
        param: fault.field,
        ..Explanation::default()
    });
    failure.kind = kind.unwrap_or(failure.kind);
    failure
}
