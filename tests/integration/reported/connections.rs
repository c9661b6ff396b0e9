//! Unknown members in connections and request bodies, and the advice given when
//! a connection is missing.

use connector_tests::service::Service;
use connector_tests::{CANARY, command, component, ran};
use serde_json::{Value, json};

use super::served;

fn hello() -> Value {
    json!({ "messages": [{ "role": "user", "content": "Hi" }] })
}

#[test]
fn unknown_properties_of_a_connection_are_named() {
    let service = Service::start();
    for (id, connection, message) in [
        (
            "q15",
            json!({ "values": { "token": CANARY } }),
            "unknown property `values`; expected one of: authorization, token, ",
        ),
        (
            "q15 beside a token",
            json!({ "token": CANARY, "region": "eu" }),
            "unknown property `region`; expected one of: authorization, token, ",
        ),
        (
            "q15 misspelled",
            json!({ "tokn": CANARY }),
            "unknown property `tokn`; did you mean `token`?",
        ),
        (
            "q15 by its wire name",
            json!({ "base_url": "x" }),
            "unknown property `base_url`; did you mean `baseUrl`?",
        ),
    ] {
        let body = json!({ "input": hello(), "connection": connection });
        let (status, problem) = served(&service, "ask", body.to_string());
        assert_eq!((status, &problem["failure"]["kind"]), (422, &json!("invalid-input")), "{id}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(message), "{id}: {detail}");
        assert!(!problem.to_string().contains(CANARY), "{id}");
    }
}

#[test]
fn an_invalid_body_is_rejected_with_a_clear_message() {
    let service = Service::start();
    for (body, status, detail) in [
        (
            r#"{"inputs":{}}"#,
            422,
            "unknown member `inputs`; expected one of: `input`, `connection`",
        ),
        (r#"{"input":"Hi"}"#, 422, "`input` must be an object"),
        (
            r#"{"connection":7}"#,
            422,
            "`connection` must be the name or ID of a stored connection, or an object with connection values",
        ),
        ("[]", 422, "the body must be a JSON object"),
        ("{", 400, "the body is not JSON: EOF while parsing an object (line 1, column 1)"),
        ("\u{0}{", 400, "the body is UTF-16; save it as UTF-8"),
    ] {
        let (answered, problem) = served(&service, "ask", body);
        assert_eq!((answered, &problem["detail"]), (status, &json!(detail)), "{body}");
    }
}

#[test]
fn the_advice_depends_on_the_interface() {
    const MISSING: &str = "the OpenAI connection has no `token` (Token)";
    let mut cli = command(None);
    cli.args(["run", "openai/v1/ask", "--set", "messages[0].role=user"]);
    cli.args(["--set", "messages[0].content=Hi"]);
    let refused = ran(&mut cli);
    let lines: Vec<&str> = refused.stderr.lines().collect();
    let hint = "hint: set OPENAI_API_KEY, and OPENAI_BASE_URL if the server is not \
                https://api.openai.com/v1, or choose a connection with --connection";
    assert_eq!(lines[..2], [format!("error: {MISSING}").as_str(), hint]);
    assert_eq!(refused.status, 3);
    let mut by_path = command(None);
    by_path.args(["run", &format!("{}/v1/ask", component().display()), "Hi"]);
    let refused = ran(&mut by_path);
    let hint = "hint: let this component read the variables with --env OPENAI_API_KEY --env \
                OPENAI_BASE_URL (the server is https://api.openai.com/v1 if OPENAI_BASE_URL is \
                not set), or choose a connection with --connection";
    assert_eq!(refused.stderr.lines().nth(1), Some(hint), "{refused:?}");

    let service = Service::start();
    for (connection, detail) in [
        (json!(null), format!("{MISSING}; choose a connection")),
        (json!({}), MISSING.to_owned()),
        (json!({ "token": " " }), MISSING.to_owned()),
    ] {
        let body = json!({ "input": hello(), "connection": connection });
        let (status, problem) = served(&service, "ask", body.to_string());
        assert_eq!((status, &problem["detail"]), (401, &json!(detail)));
        assert_eq!(problem["title"], "Missing or rejected credential");
    }
}

#[test]
fn a_wrong_service_key_is_distinguished_from_a_missing_one() {
    const WRONG: &str = "`Authorization` must be `Bearer` followed by this service's API key";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "0123456789abcdef").unwrap();
    let service = Service::start_with(&["--api-key-file", file.to_str().unwrap()]);
    for (authorization, detail) in [
        (None, "send the service's API key as `Authorization: Bearer …`"),
        (Some("Bearer 0123456789abcdeX"), WRONG),
        (Some("Basic eDp5"), WRONG),
        (Some("0123456789abcdef"), WRONG),
    ] {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request = agent.get(format!("{}/api/v1/components", service.url()));
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let mut answer = request.call().unwrap();
        let problem: Value =
            serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        assert_eq!((answer.status().as_u16(), &problem["detail"]), (401, &json!(detail)));
    }
}
