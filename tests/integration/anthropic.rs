//! A second connector that the host knows nothing about: Anthropic's Messages
//! API, against a stand-in that checks requests as the API's documentation
//! specifies.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use connector_host::{
    Cancellation, Connection, ConnectionValues, Connector, Event, Failure, FailureKind, Outcome,
    Retries, Run,
};
use connector_tests::messages_api::{MessagesApi, Scripted};
use connector_tests::{CANARY, command, host, ran, test_component, test_components};
use serde_json::{Value, json};

struct Bench {
    api: MessagesApi,
    connector: Connector,
    connection: Connection,
}

impl Bench {
    fn new() -> Self {
        Self::with(|values| values)
    }

    /// A bench whose connection has additional values.
    fn with(more: impl FnOnce(ConnectionValues) -> ConnectionValues) -> Self {
        let api = MessagesApi::start(CANARY);
        let connector = host().load_file(test_component("anthropic")).unwrap();
        let values = ConnectionValues::new().set("apiKey", CANARY).set("baseUrl", api.base_url());
        let connection = connector.connection(more(values)).unwrap();
        Self { api, connector, connection }
    }

    /// Asks a question with additional properties.
    fn run(&self, more: Value) -> Run<'_> {
        let mut input = json!({
            "model": "claude-one", "messages": [{ "role": "user", "content": "Why?" }],
        });
        for (name, value) in more.as_object().unwrap() {
            input[name] = value.clone();
        }
        let pause = Duration::from_millis(1);
        let retries = Retries { attempts: 4, pause, longest: pause, ..Retries::default() };
        self.connector.run("ask", input).connection(&self.connection).retries(retries)
    }

    fn ask(&self, more: Value) -> Result<Outcome, Failure> {
        self.run(more).start()
    }

    /// The only request that was made, as JSON.
    fn sent(&self) -> Value {
        let requests = self.api.take_requests();
        let [request] = requests.as_slice() else { panic!("{requests:?}") };
        request.json()
    }
}

/// Streams the run, and returns its outcome and the streamed text.
fn stream_text(run: Run) -> (Result<Outcome, Failure>, String) {
    let streamed = Arc::new(Mutex::new(String::new()));
    let keep = Arc::clone(&streamed);
    let run = run.streaming(true).on_event(move |event| {
        if let Event::TextDelta { choice: 0, text } = event {
            keep.lock().unwrap().push_str(&text);
        }
    });
    let result = run.start();
    let streamed = streamed.lock().unwrap().clone();
    (result, streamed)
}

/// Input for a structured answer with these properties.
fn structured(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    json!({ "responseFormat": "structured", "responseSchema": schema.to_string() })
}

/// Checks what the stand-in rejects; without this, the tests below prove
/// nothing.
#[test]
fn the_stand_in_rejects_bad_requests() {
    let api = MessagesApi::start("key");
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let good = json!({
        "model": "claude-one", "max_tokens": 9, "messages": [{ "role": "user", "content": "Hi" }],
    });
    let post = |headers: &[(&str, &str)], body: &Value| {
        let url = format!("{}/v1/messages", api.base_url());
        let request = agent.post(url).header("content-type", "application/json");
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send(body.to_string()).unwrap().status().as_u16()
    };
    let (key, version) = (("x-api-key", "key"), ("anthropic-version", "2023-06-01"));
    assert_eq!(post(&[key, version], &good), 200);
    assert_eq!(post(&[version], &good), 401);
    assert_eq!(post(&[("x-api-key", "other"), version], &good), 401);
    assert_eq!(post(&[("authorization", "Bearer key"), version], &good), 401);
    assert_eq!(post(&[key, version, ("authorization", "Bearer key")], &good), 401);
    assert_eq!(post(&[key], &good), 400);
    assert_eq!(post(&[key, ("anthropic-version", "2099-01-01")], &good), 400);
    for (name, value, status) in [
        ("model", json!("gpt-4o"), 404),
        ("model", Value::Null, 400),
        ("messages", json!([]), 400),
        ("messages", json!([{ "role": "system", "content": "Hi" }]), 400),
        ("messages", json!([{ "role": "assistant", "content": "Hi" }]), 400),
        ("messages", json!([{ "role": "user", "content": "" }]), 400),
        ("max_tokens", json!(0), 400),
        ("max_tokens", Value::Null, 400),
        ("temperature", json!(1.1), 400),
        ("stop_sequences", json!([" "]), 400),
        ("tool_choice", json!({ "type": "tool", "name": "answer" }), 400),
        ("system", json!(1), 400),
        ("n", json!(1), 400),
    ] {
        let mut bad = good.clone();
        bad[name] = value.clone();
        assert_eq!(post(&[key, version], &bad), status, "{name}: {value}");
    }
}

#[test]
fn sends_a_question_in_the_apis_format() {
    let bench = Bench::new();
    let outcome = bench.ask(json!({})).unwrap();
    assert_eq!(outcome.output, "You said: Why?");
    assert_eq!(outcome.metadata["model"], "claude-one");
    assert_eq!(outcome.metadata["requestId"], "req_1");
    assert_eq!(outcome.metadata["finishReasons"], json!(["end_turn"]));
    assert_eq!(outcome.metadata["usage"], json!({ "inputTokens": 3, "outputTokens": 5 }));
    // Properties that were not set are not sent, except those the API requires.
    let messages = json!([{ "role": "user", "content": "Why?" }]);
    let expected = json!({ "model": "claude-one", "max_tokens": 4096, "messages": messages });
    assert_eq!(bench.sent(), expected);

    let everything = json!({
        "system": "Be brief", "maxTokens": 9, "temperature": 0, "stopSequences": ["W"],
        "responseSchema": "left over in the form",
    });
    let outcome = bench.ask(everything).unwrap();
    assert_eq!(outcome.output, "You said: ");
    assert_eq!(outcome.metadata["finishReasons"], json!(["stop_sequence"]));
    let expected = json!({
        "model": "claude-one", "max_tokens": 9, "messages": messages, "system": "Be brief",
        "temperature": 0, "stop_sequences": ["W"],
    });
    assert_eq!(bench.sent(), expected);
}

#[test]
fn sends_the_key_in_its_header_and_nowhere_else() {
    let bench = Bench::with(|values| values.set("beta", "files-api-2025-04-14"));
    bench.ask(json!({})).unwrap();
    bench.run(json!({})).streaming(true).start().unwrap();
    bench.connector.test(&bench.connection).unwrap();
    let requests = bench.api.take_requests();
    assert_eq!(requests.len(), 3);
    for mut request in requests {
        assert_eq!(request.header("x-api-key"), [CANARY]);
        assert_eq!(request.header("authorization"), [""; 0]);
        assert_eq!(request.header("anthropic-version"), ["2023-06-01"]);
        assert_eq!(request.header("anthropic-beta"), ["files-api-2025-04-14"]);
        request.headers.retain(|(name, _)| name != "x-api-key");
        assert!(!format!("{request:?}").contains(CANARY), "{request:?}");
    }
}

#[test]
fn redacts_the_key_when_the_api_repeats_it() {
    let bench = Bench::new();
    let slashes = CANARY.replace('/', "\\/");
    for token in [CANARY, &slashes] {
        let error =
            format!(r#"{{"error":{{"type":"authentication_error","message":"bad {token}"}}}}"#);
        let message = format!(
            r#"{{"model":"{token}","content":[{{"type":"text","text":"Hi {token}"}}],"usage":{{}}}}"#
        );
        for (status, body) in [(401, error), (200, message)] {
            let headers = vec![("request-id", format!("req_{token}"))];
            bench.api.script(Scripted::Answer { status, headers, body });
            let shown = format!("{:?}", bench.ask(json!({})));
            assert!(shown.contains("****") && !shown.contains(&CANARY[..14]), "{shown}");
        }
    }
}

#[test]
fn a_structured_answer_matches_its_schema() {
    let bench = Bench::new();
    let input = structured(json!({ "city": { "type": "string" }, "size": { "type": "integer" } }));
    let outcome = bench.ask(input.clone()).unwrap();
    assert_eq!(outcome.output, json!({ "city": "text", "size": 1 }));
    let sent = bench.sent();
    assert_eq!(sent["tools"][0]["input_schema"]["required"], json!(["city", "size"]));
    assert_eq!(sent["tool_choice"], json!({ "type": "tool", "name": "answer" }));

    let (streamed, text) = stream_text(bench.run(input));
    assert_eq!(streamed.unwrap().output, outcome.output);
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), outcome.output);

    let broken = bench.ask(structured(json!({ "broken": { "type": "string" } }))).unwrap_err();
    assert_eq!((broken.kind, broken.request_sent), (FailureKind::InvalidOutput, true));
    assert!(broken.message.contains("/broken"), "{broken:?}");
    assert_eq!(broken.detail.as_deref(), Some(r#"{"broken":null}"#));

    let mut cut = structured(json!({ "city": { "type": "string" } }));
    cut["maxTokens"] = json!(1);
    assert_eq!(bench.ask(cut).unwrap_err().property.as_deref(), Some("maxTokens"));
}

#[test]
fn rejects_an_invalid_schema_before_sending() {
    let bench = Bench::new();
    for schema in ["{", r#"{"type":"string"}"#, r#"{"type":"object","required":1}"#] {
        let input = json!({ "responseFormat": "structured", "responseSchema": schema });
        let failure = bench.ask(input).unwrap_err();
        assert_eq!((failure.kind, failure.request_sent), (FailureKind::InvalidInput, false));
        assert_eq!(failure.property.as_deref(), Some("responseSchema"));
    }
    let missing = bench.ask(json!({ "responseFormat": "structured" })).unwrap_err();
    assert_eq!(missing.message, "`responseSchema` is required");
    assert!(bench.api.take_requests().is_empty());
}

#[test]
fn a_streamed_answer_equals_the_unstreamed_one() {
    let bench = Bench::new();
    let whole = bench.ask(json!({})).unwrap();
    let (streamed, text) = stream_text(bench.run(json!({})));
    let mut streamed = streamed.unwrap();
    assert_eq!((&streamed.output, text.as_str()), (&whole.output, "You said: Why?"));
    streamed.metadata.insert("durationMs".to_owned(), whole.metadata["durationMs"].clone());
    assert_eq!(streamed.metadata, whole.metadata);
    assert_eq!(bench.api.take_requests()[1].json()["stream"], true);
}

#[test]
fn a_stream_that_ends_early_or_with_an_error_fails_the_run() {
    let bench = Bench::new();
    for (scripted, kind, message) in [
        (Scripted::ErrorInStream, FailureKind::Unavailable, "Overloaded"),
        (Scripted::CutStream, FailureKind::InvalidOutput, "the answer ended early"),
    ] {
        bench.api.script(scripted);
        let (result, text) = stream_text(bench.run(json!({})));
        let failure = result.unwrap_err();
        assert_eq!((failure.kind, failure.message.as_str()), (kind, message));
        assert!(failure.request_sent);
        assert_eq!(text, "You ");
        // The request may have been charged, so it is not repeated.
        assert_eq!(bench.api.take_requests().len(), 1);
    }
}

#[test]
fn a_stream_can_be_cancelled_midway() {
    let bench = Bench::new();
    bench.api.script(Scripted::SilentStream);
    let cancellation = Cancellation::new();
    let cancel = cancellation.clone();
    let run = bench.run(json!({})).streaming(true).cancellation(&cancellation);
    let run = run.on_event(move |event| {
        if let Event::TextDelta { .. } = event {
            cancel.cancel();
        }
    });
    let failure = run.start().unwrap_err();
    assert_eq!((failure.kind, failure.request_sent), (FailureKind::Cancelled, true));
    assert_eq!(bench.ask(json!({})).unwrap().output, "You said: Why?");
}

#[test]
fn an_error_keeps_its_kind_message_and_request_id() {
    let bench = Bench::new();
    for (status, code, kind) in [
        (400, "invalid_request_error", FailureKind::Refused),
        (401, "authentication_error", FailureKind::Unauthorized),
        (402, "billing_error", FailureKind::QuotaExceeded),
        (403, "permission_error", FailureKind::Forbidden),
        (404, "not_found_error", FailureKind::NotFound),
        (413, "request_too_large", FailureKind::TooLarge),
    ] {
        bench.api.script(Scripted::error(status, code, "system: not accepted."));
        let failure = bench.ask(json!({})).unwrap_err();
        assert_eq!((failure.kind, failure.status), (kind, Some(status)));
        assert_eq!(failure.message, "system: not accepted");
        assert_eq!(failure.code.as_deref(), Some(code));
        assert_eq!(failure.property.as_deref(), Some("system"));
        assert_eq!(failure.request_id.as_deref(), Some("req_1"));
        assert_eq!(bench.api.take_requests().len(), 1, "{code} must not be retried");
    }
}

#[test]
fn retries_when_the_api_is_busy() {
    let bench = Bench::new();
    for (status, code, kind) in [
        (429, "rate_limit_error", FailureKind::RateLimited),
        (500, "api_error", FailureKind::Unavailable),
        (529, "overloaded_error", FailureKind::Unavailable),
    ] {
        bench.api.script(Scripted::error(status, code, "Later"));
        assert_eq!(bench.ask(json!({})).unwrap().metadata["attempts"], 2, "{code}");
        (0..4).for_each(|_| bench.api.script(Scripted::error(status, code, "Later")));
        assert_eq!(bench.ask(json!({})).unwrap_err().kind, kind);
        assert_eq!(bench.api.take_requests().len(), 2 + 4);
    }
    // If the pause is longer than the remaining time, the run fails at once.
    let body = r#"{"error":{"type":"rate_limit_error","message":"Later"}}"#.to_owned();
    let headers = vec![("retry-after", "3600".to_owned())];
    bench.api.script(Scripted::Answer { status: 429, headers, body });
    let failure = bench.ask(json!({})).unwrap_err();
    assert_eq!(failure.retry_after_ms, Some(3_600_000));
}

#[test]
fn lists_the_models_of_the_api() {
    let bench = Bench::new();
    let options = |search| {
        let list = bench.connector.options(&bench.connection, "ask", "model", &json!({}), search);
        let list = list.unwrap();
        assert!(!list.disabled);
        list.options.into_iter().map(|choice| (choice.label, choice.value)).collect::<Vec<_>>()
    };
    let one = ("Claude One".to_owned(), json!("claude-one"));
    let two = ("Claude Two".to_owned(), json!("claude-two"));
    assert_eq!(options(None), [one, two.clone()]);
    assert_eq!(options(Some("TWO")), [two]);
}

#[test]
fn the_connection_test_costs_nothing() {
    let bench = Bench::new();
    let reached = bench.connector.test(&bench.connection).unwrap();
    assert_eq!(reached, "reached the API, 2 models available");
    assert_eq!(bench.api.take_requests()[0].target, "/v1/models?limit=1000");

    let wrong = Bench::with(|values| values.set("apiKey", "sk-ant-wrong-0123456789"));
    let failure = wrong.connector.test(&wrong.connection).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert_eq!(failure.message, "invalid x-api-key");
}

#[test]
fn counts_tokens() {
    let bench = Bench::new();
    let input = json!({
        "model": "claude-one", "messages": [{ "role": "user", "content": "What is it?" }],
        "system": "Be brief",
    });
    let run = bench.connector.run("countTokens", input.clone()).connection(&bench.connection);
    assert_eq!(run.start().unwrap().output, json!({ "inputTokens": 3 }));
    assert_eq!(bench.sent(), input);
}

/// The command needs only the component: variables, forms and documentation
/// come from it.
#[test]
fn the_command_supports_anthropic_like_any_other_connector() {
    let api = MessagesApi::start(CANARY);
    let run = |arguments: &[&str]| {
        let mut command = command(None);
        command.env("CONNECTOR_COMPONENTS", test_components());
        command.env("ANTHROPIC_API_KEY", CANARY).env("ANTHROPIC_BASE_URL", api.base_url());
        let ran = ran(command.args(arguments));
        assert_eq!(ran.status, 0, "{arguments:?}: {ran:?}");
        assert!(!format!("{ran:?}").contains(CANARY), "{ran:?}");
        ran
    };
    let list = run(&["list"]).stdout;
    assert!(list.contains("anthropic/v1/countTokens") && list.contains("greeter/v1/greet"));
    let address = "anthropic/v1/ask";
    let answer = run(&[
        "run",
        address,
        "--raw",
        "--set",
        "model=claude-one",
        "--set",
        "messages[0].role=user",
        "--set",
        "messages[0].content=Hi",
    ]);
    assert_eq!(answer.stdout.trim_end(), "You said: Hi");
    assert!(run(&["test", "anthropic"]).stdout.contains("2 models"));
    assert!(run(&["options", address, "model"]).stdout.contains("Claude Two"));
    assert!(run(&["docs", "anthropic"]).stdout.contains("### Ask"));
    let schema = run(&["schema", address]).json();
    assert_eq!(schema["properties"]["maxTokens"]["default"], 4096);
}
