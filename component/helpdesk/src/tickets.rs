//! Lists and creates tickets.

use connector_sdk::prelude::*;
use connector_sdk::{Date, DateTime};

/// The maximum number of tickets that the helpdesk returns per page.
const PAGE_SIZE: u64 = 100;

/// Lists tickets, newest first.
#[derive(Deserialize, Properties)]
pub struct ListTickets {
    /// Only tickets with this status.
    status: Option<Status>,
    /// Only tickets in this project.
    #[property(live)]
    project: Option<String>,
    /// The maximum number of tickets to list.
    #[property(minimum = 1, maximum = 1000, default = 50)]
    limit: u64,
}

#[derive(Deserialize, Serialize, Choices)]
#[serde(rename_all = "lowercase")]
enum Status {
    Open,
    /// Waiting for the requester.
    Pending,
    Solved,
    Closed,
}

impl Run for ListTickets {
    const GROUP: &str = "Tickets";
    const EFFECTS: Effects = Effects::READ_ONLY;
    const EXAMPLES: &[Example] =
        &[Example { title: "Open tickets", input: r#"{"status": "open", "limit": 20}"# }];

    type Output = Vec<Ticket>;

    fn run(self, _: &Settings) -> Result<Outcome<Self::Output>> {
        #[derive(Deserialize)]
        struct Page {
            tickets: Vec<Ticket>,
            next_page: Option<u64>,
        }

        let request = |page: u64| {
            http::get("/tickets").query_all(&json!({
                "status": self.status,
                "project": self.project,
                "page": page,
                "per_page": self.limit.min(PAGE_SIZE),
            }))
        };
        let tickets = http::pages(request(1), |response| {
            let page: Page = response.json()?;
            Ok((page.tickets, page.next_page.map(request)))
        });
        tickets.take(self.limit as usize).collect::<Result<Vec<_>>>().map(Outcome::new)
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        options(request)
    }
}

/// Creates a ticket.
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase"))]
pub struct CreateTicket {
    /// The project of the ticket.
    #[property(live)]
    project: String,
    /// The category within the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[property(live(project))]
    category: Option<String>,
    /// A one-line summary of the request.
    #[property(max_length = 200)]
    subject: String,
    /// The full description of the request.
    #[property(control = text_area)]
    description: String,
    /// The person who needs help.
    requester: Requester,
    /// How urgent the ticket is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[property(provider_default = "normal")]
    priority: Option<Priority>,
    /// The date by which the ticket should be solved.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<Date>,
    /// Keywords for finding the ticket.
    #[serde(default)]
    #[property(max_items = 20, item(label = "Tag"))]
    tags: Vec<String>,
    /// The values of the project's custom fields.
    #[serde(default)]
    #[property(max_items = 50)]
    fields: Vec<Field>,
}

/// A person who needs help.
#[derive(Deserialize, Serialize, Properties)]
struct Requester {
    /// The email address that receives the replies.
    #[property(label = "Email", control = email)]
    email: String,
    /// The full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Deserialize, Serialize, Choices)]
#[serde(rename_all = "lowercase")]
enum Priority {
    Low,
    Normal,
    High,
    /// Alerts the person on call.
    Urgent,
}

/// The value of a custom field.
#[derive(Deserialize, Serialize, Properties)]
#[property(label = "Field")]
struct Field {
    /// The name of the field.
    name: String,
    /// The value of the field.
    value: String,
}

/// A ticket.
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(serialize = "camelCase"))]
#[property(output)]
pub struct Ticket {
    /// The ticket number, for use in other actions.
    id: u64,
    /// The web page of the ticket.
    url: String,
    /// The project of the ticket.
    project: String,
    /// The category within the project.
    category: Option<String>,
    /// The one-line summary of the request.
    subject: String,
    /// The status, such as `open`.
    status: String,
    /// The priority, such as `normal`.
    priority: String,
    /// The date by which the ticket should be solved.
    due_date: Option<Date>,
    /// The person who needs help.
    requester: Requester,
    /// Keywords for finding the ticket.
    tags: Vec<String>,
    /// The values of the project's custom fields.
    fields: Vec<Field>,
    /// The time at which the ticket was created.
    created_at: DateTime,
}

impl Run for CreateTicket {
    const GROUP: &str = "Tickets";
    const EXAMPLES: &[Example] = &[Example {
        title: "A ticket with a custom field",
        input: r#"{
            "project": "web", "category": "login", "subject": "The login page is blank",
            "description": "Since this morning, in every browser.",
            "requester": { "email": "ada@example.com" },
            "priority": "high", "fields": [{ "name": "browser", "value": "Firefox" }]
        }"#,
    }];

    type Output = Ticket;

    fn run(self, _: &Settings) -> Result<Outcome<Self::Output>> {
        let response = http::post("/tickets").json(&json!({ "ticket": self })).send()?;
        let ticket: Ticket = response.member("ticket")?;
        Ok(ticket.into())
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        options(request)
    }
}

/// The projects, or the categories of the selected project.
fn options(request: &OptionsRequest) -> Result<Options> {
    #[derive(Deserialize)]
    struct Item {
        id: String,
        name: String,
    }

    let (path, member) = match (request.property, request.text("project")) {
        ("category", None) => return Ok(Options::disabled("choose a project first")),
        ("category", Some(project)) => {
            (format!("/projects/{}/categories", http::segment(project)), "categories")
        }
        _ => ("/projects".to_owned(), "projects"),
    };
    let items: Vec<Item> = http::get(path).send()?.member(member)?;
    let items = items.into_iter().map(|item| (item.name, item.id));
    Ok(Options::from_list(items).matching(request))
}
