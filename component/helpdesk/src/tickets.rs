//! Listing and creating tickets.

use connector_sdk::prelude::*;
use connector_sdk::{Date, DateTime};

/// The most tickets that the helpdesk puts on a page.
const PAGE_SIZE: u64 = 100;

/// Lists tickets, the newest first.
#[derive(Deserialize, Properties)]
pub struct ListTickets {
    /// Only tickets with this status.
    status: Option<Status>,
    /// Only tickets of this project.
    #[property(live)]
    project: Option<String>,
    /// How many tickets are listed at most.
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
    /// The project that the ticket belongs to.
    #[property(live)]
    project: String,
    /// The category within the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[property(live(project))]
    category: Option<String>,
    /// What the ticket is about, in one line.
    #[property(max_length = 200)]
    subject: String,
    /// The request in full.
    #[property(control = text_area)]
    description: String,
    /// Who asks.
    requester: Requester,
    /// How soon somebody should look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[property(provider_default = "normal")]
    priority: Option<Priority>,
    /// The day by which it should be solved.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<Date>,
    /// Words by which the ticket is found.
    #[serde(default)]
    #[property(max_items = 20, item(label = "Tag"))]
    tags: Vec<String>,
    /// Values of the project's own fields.
    #[serde(default)]
    #[property(max_items = 50)]
    fields: Vec<Field>,
}

/// A person who asks for help.
#[derive(Deserialize, Serialize, Properties)]
struct Requester {
    /// The e-mail address, which gets the answers.
    #[property(label = "E-Mail", control = email)]
    email: String,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Deserialize, Serialize, Choices)]
#[serde(rename_all = "lowercase")]
enum Priority {
    Low,
    Normal,
    High,
    /// Wakes whoever is on call.
    Urgent,
}

/// The value of a field that a project has added.
#[derive(Deserialize, Serialize, Properties)]
#[property(label = "Field")]
struct Field {
    /// The field's name.
    name: String,
    /// The value.
    value: String,
}

/// A ticket.
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(serialize = "camelCase"))]
#[property(output)]
pub struct Ticket {
    /// The number by which actions name the ticket.
    id: u64,
    /// The page of the ticket, for people.
    url: String,
    /// The project.
    project: String,
    /// The category within the project.
    category: Option<String>,
    /// What the ticket is about.
    subject: String,
    /// The status, such as `open`.
    status: String,
    /// The priority, such as `normal`.
    priority: String,
    /// The day by which it should be solved.
    due_date: Option<Date>,
    /// Who asks.
    requester: Requester,
    /// Words by which the ticket is found.
    tags: Vec<String>,
    /// Values of the project's own fields.
    fields: Vec<Field>,
    /// When the ticket was created.
    created_at: DateTime,
}

impl Run for CreateTicket {
    const GROUP: &str = "Tickets";
    const EXAMPLES: &[Example] = &[Example {
        title: "A ticket with a field of the project",
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

/// The projects, or the categories of the project that is filled in.
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
