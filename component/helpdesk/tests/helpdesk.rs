//! Tests of the connector with a fake host and helpdesk.

use connector_sdk::FailureKind;
use connector_sdk::serde_json::{self, Value, json};
use connector_sdk::testing::{Answer, Host, faults};
use helpdesk_connector::CONNECTOR;

fn host() -> Host {
    Host::new(&CONNECTOR)
}

/// A ticket as the helpdesk returns it.
fn ticket(id: u64) -> Value {
    json!({
        "id": id, "url": format!("https://helpdesk.example/agent/tickets/{id}"),
        "project": "web", "category": null, "subject": "Question", "status": "open",
        "priority": "normal", "due_date": "2026-12-31",
        "requester": { "email": "grace@example.com", "name": "Grace" },
        "tags": ["a"], "fields": [{ "name": "browser", "value": "Firefox" }],
        "created_at": "2026-01-01T00:00:00Z",
    })
}

fn page(ids: std::ops::Range<u64>, next: Option<u64>) -> Answer {
    let tickets: Vec<_> = ids.map(ticket).collect();
    Answer::json(200, json!({ "tickets": tickets, "next_page": next }))
}

fn fault(status: u16, code: &str, text: &str, field: Option<&str>) -> Answer {
    Answer::json(status, json!({ "fault": { "code": code, "text": text, "field": field } }))
}

/// The minimal input for creating a ticket.
fn question() -> Value {
    json!({
        "project": "web", "subject": "Question", "description": "How?",
        "requester": { "email": "ada@example.com" },
    })
}

#[test]
fn the_declaration_has_no_faults() {
    assert_eq!(faults(&CONNECTOR), [""; 0]);
}

#[test]
fn follows_pages_up_to_the_limit() {
    let host = host().answer(page(0..100, Some(2))).answer(page(100..200, Some(3)));
    let outcome = host.run("listTickets", json!({ "status": "open", "limit": 150 })).unwrap();
    assert_eq!(outcome.output.as_array().unwrap().len(), 150);
    assert_eq!(outcome.output[149]["id"], 149);
    let requests: Vec<_> = host.requests().iter().map(ToString::to_string).collect();
    assert_eq!(
        requests,
        [
            "GET /tickets?status=open&page=1&per_page=100",
            "GET /tickets?status=open&page=2&per_page=100",
        ]
    );
}

#[test]
fn stops_at_the_page_that_reaches_the_limit() {
    let host = host().answer(page(0..50, Some(2)));
    let outcome = host.run("listTickets", json!({})).unwrap();
    assert_eq!(outcome.output.as_array().unwrap().len(), 50);
    assert_eq!(host.requests()[0].to_string(), "GET /tickets?page=1&per_page=50");
}

#[test]
fn creates_a_ticket() {
    let host = host().answer(Answer::json(201, json!({ "ticket": ticket(7) })));
    let mut input = question();
    input["priority"] = json!("urgent");
    input["dueDate"] = json!("2026-12-31");
    input["tags"] = json!(["a"]);
    input["fields"] = json!([{ "name": "browser", "value": "Firefox" }]);
    let output = host.run("createTicket", input).unwrap().output;
    assert_eq!((&output["id"], &output["dueDate"]), (&json!(7), &json!("2026-12-31")));
    assert_eq!(
        host.requests()[0].body,
        json!({ "ticket": {
            "project": "web", "subject": "Question", "description": "How?",
            "requester": { "email": "ada@example.com" }, "priority": "urgent",
            "due_date": "2026-12-31", "tags": ["a"],
            "fields": [{ "name": "browser", "value": "Firefox" }],
        } })
    );
}

#[test]
fn uploads_and_downloads_a_file() {
    let attachment = json!({ "attachment": {
        "id": 3, "url": "https://helpdesk.example/files/3/a.txt", "name": "a.txt",
        "content_type": "text/plain", "size": 5,
    } });
    let host = host()
        .answer(Answer::json(201, attachment.clone()))
        .answer(Answer::json(200, attachment))
        .answer(Answer::content(200, "text/plain", "Hello"));
    let file = host.file("a.txt", "text/plain", b"Hello");
    let input = json!({ "ticket": 7, "file": file, "comment": "See this." });
    let output = host.run("uploadAttachment", input).unwrap().output;
    assert_eq!((&output["id"], &output["contentType"]), (&json!(3), &json!("text/plain")));
    let request = &host.requests()[0];
    assert_eq!(request.to_string(), "POST /tickets/7/attachments");
    assert_eq!(request.body, json!([["file", "<a.txt>"], ["comment", "See this."]]));

    let output = host.run("downloadAttachment", json!({ "attachment": 3 })).unwrap().output;
    let file = serde_json::from_value(output).unwrap();
    assert_eq!(host.content(&file).unwrap(), b"Hello");
    assert_eq!(host.requests()[1].to_string(), "GET /attachments/3/content");
}

#[test]
fn lists_the_projects_of_the_helpdesk() {
    let projects = json!({ "projects": [
        { "id": "web", "name": "Website" }, { "id": "app", "name": "Mobile App" },
    ] });
    let host = host().answer(Answer::json(200, projects));
    let options = host.options("createTicket", "project", json!({}), "site").unwrap();
    assert_eq!(options.options, [("Website", "web").into()]);
}

#[test]
fn categories_need_a_project() {
    let host = host();
    let options = host.options("createTicket", "category", json!({}), "").unwrap();
    assert!(options.disabled);
    assert_eq!(options.placeholder.as_deref(), Some("choose a project first"));
    assert_eq!(host.requests(), []);
}

#[test]
fn a_failure_names_the_property_at_fault() {
    for (field, property) in [
        ("ticket.subject", "subject"),
        ("ticket.due_date", "dueDate"),
        ("ticket.requester.email", "requester.email"),
        ("ticket.fields[1].name", "fields[1].name"),
    ] {
        let host = host().answer(fault(422, "validation_failed", "That is wrong.", Some(field)));
        let failure = host.run("createTicket", question()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidInput);
        assert_eq!(failure.message, "That is wrong");
        assert_eq!(failure.property.as_deref(), Some(property));
        assert_eq!(failure.code.as_deref(), Some("validation_failed"));
    }
}

#[test]
fn maps_faults_to_kinds() {
    for (status, code, kind) in [
        (401, "key_unknown", FailureKind::Unauthorized),
        (403, "plan_limit_reached", FailureKind::QuotaExceeded),
        (404, "not_found", FailureKind::NotFound),
        (429, "too_fast", FailureKind::RateLimited),
    ] {
        let host = host().answer(fault(status, code, "No.", None));
        let failure = host.run("listTickets", json!({})).unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (kind, "No"), "{code}");
    }
    let host = host().answer(Answer::content(502, "text/html", "<h1>Bad Gateway</h1>"));
    let failure = host.run("listTickets", json!({})).unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Unavailable, "Bad Gateway"));
}

#[test]
fn the_connection_test_reports_account_and_agent() {
    let host = host().answer(Answer::json(200, json!({ "name": "Ada", "account": "Example" })));
    assert_eq!(host.test().unwrap(), "reached the helpdesk of Example as Ada");
    assert_eq!(host.requests()[0].to_string(), "GET /me");
}
