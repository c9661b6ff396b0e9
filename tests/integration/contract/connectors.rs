//! What every connector must satisfy, whatever its purpose and language:
//! OpenAI's in Rust without the standard library, Anthropic's in Rust with
//! serde, and one in JavaScript. The contract is `wit/`.
//!
//! The sandbox acts as the provider for all three; its responses are scripted.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use connector_host::{Cancellation, Event, Property, Retries, Run, render};
use connector_tests::{CANARY, FOREVER, component, host, test_component};
use openai_sandbox::{Fault, Sandbox};
use tempfile::TempDir;

use super::*;

/// A connector, the input of its first action, and its provider's responses.
struct Case {
    file: PathBuf,
    /// The property that holds the credential.
    secret: &'static str,
    /// The header that carries the credential, and the prefix of its value.
    header: (&'static str, &'static str),
    action: &'static str,
    input: Value,
    /// The response to a run; its text is [`TEXT`].
    answer: String,
    /// The same response as a stream.
    streamed: String,
    /// The message of a successful connection test.
    reached: &'static str,
}

const TEXT: &str = "Good morning, Ada";

fn cases() -> [Case; 3] {
    let message = json!([{ "role": "user", "content": "Hi" }]);
    let events = |events: &[Value]| {
        events.iter().map(|event| format!("data: {event}\n\n")).collect::<String>()
    };
    let choice = |field: &str, text: &str| {
        json!({ "model": "m", "choices": [
        { "index": 0, field: { "role": "assistant", "content": text }, "finish_reason": "stop" },
    ] })
    };
    let delta = |text: &str| {
        json!({ "type": "content_block_delta", "index": 0,
            "delta": { "type": "text_delta", "text": text } })
    };
    let claude = |content: Value| json!({ "model": "m", "content": content, "stop_reason": null, "usage": {} });
    let end =
        json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": {} });
    [
        Case {
            file: component(),
            secret: "token",
            header: ("authorization", "Bearer "),
            action: "ask",
            input: json!({ "messages": message }),
            answer: choice("message", TEXT).to_string(),
            streamed: events(&[choice("delta", "Good "), choice("delta", "morning, Ada")])
                + "data: [DONE]\n\n",
            reached: r#"{"data":[]}"#,
        },
        Case {
            file: test_component("anthropic"),
            secret: "apiKey",
            header: ("x-api-key", ""),
            action: "ask",
            input: json!({ "model": "m", "messages": message }),
            answer: claude(json!([{ "type": "text", "text": TEXT }])).to_string(),
            streamed: events(&[
                json!({ "type": "message_start", "message": claude(json!([])) }),
                delta("Good "),
                delta("morning, Ada"),
                end,
                json!({ "type": "message_stop" }),
            ]),
            reached: r#"{"data":[]}"#,
        },
        Case {
            file: test_component("greeter"),
            secret: "token",
            header: ("authorization", "Bearer "),
            action: "greet",
            input: json!({ "name": "Ada" }),
            answer: TEXT.to_owned(),
            streamed: TEXT.to_owned(),
            reached: "",
        },
    ]
}

/// A loaded connector, a provider, and a connection between them.
struct Bench {
    case: Case,
    connector: Connector,
    provider: Sandbox,
    connection: Connection,
    folder: TempDir,
}

/// The JavaScript engine takes a while to compile, so compile it once.
static LOADED: LazyLock<[Connector; 3]> = LazyLock::new(|| cases().map(|case| loaded(&case)));

fn loaded(case: &Case) -> Connector {
    host().load_file(&case.file).unwrap()
}

fn benches() -> impl Iterator<Item = Bench> {
    cases().into_iter().zip(LOADED.clone()).map(move |(case, connector)| {
        let provider = connector_tests::sandbox();
        let values = ConnectionValues::new().set(case.secret, CANARY);
        let values = values.set("baseUrl", provider.base_url());
        let connection = connector.connection(values).unwrap();
        Bench { case, connector, provider, connection, folder: TempDir::new().unwrap() }
    })
}

impl Bench {
    fn name(&self) -> &str {
        &self.connector.descriptor().name
    }

    /// Queues a response.
    fn queue(&self, status: u16, kind: &str, body: &str) {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        self.provider.script(Fault::Status { status, headers, body: body.as_bytes().to_vec() });
    }

    /// Queues the good response.
    fn queue_good(&self) {
        self.queue(200, "application/json", &self.case.answer);
    }

    fn run(&self) -> Run<'_> {
        let run = self.connector.run(self.case.action, self.case.input.clone());
        let run = run.connection(&self.connection).files(&Files::new(self.folder.path()));
        run.retries(Retries::none())
    }

    /// The outcome of a run that gets the good response.
    fn outcome(&self) -> Outcome {
        self.queue_good();
        self.run().start().unwrap()
    }
}

/// The provider's text in an output.
fn text_of(output: &Value) -> &str {
    output.as_str().or_else(|| output["greeting"].as_str()).unwrap()
}

#[test]
fn only_the_contract_is_imported() {
    for bench in benches() {
        let imports = bench.connector.imports();
        assert!(imports.iter().any(|import| import == "workflow:connector/http@0.1.0"));
        for import in imports {
            assert!(import.starts_with("workflow:connector/"), "{}: {import}", bench.name());
        }
    }
}

/// To load a connector, the host runs `describe` with every import denied.
#[test]
fn a_description_is_the_same_each_time() {
    let names = benches().map(|bench| {
        let described = json!(bench.connector.descriptor());
        assert_eq!(json!(loaded(&bench.case).descriptor()), described);
        bench.name().to_owned()
    });
    assert_eq!(names.collect::<Vec<_>>(), ["openai", "anthropic", "greeter"]);
}

/// The labels of a table at every depth.
fn labels<'a>(properties: impl IntoIterator<Item = &'a Property>) -> Vec<&'a str> {
    let labels = properties.into_iter().flat_map(|property| {
        [property.label.as_str()].into_iter().chain(labels(&property.children))
    });
    labels.filter(|label| !label.is_empty()).collect()
}

#[test]
fn every_table_is_rendered() {
    for bench in benches() {
        let descriptor = bench.connector.descriptor();
        let docs = render::docs(descriptor);
        let actions = descriptor.actions.iter().map(|action| (&action.title, &action.properties));
        let connection = &descriptor.connection;
        let titles = connection.authorizations.iter().map(|one| &one.title);
        for title in actions.clone().map(|(title, _)| title).chain(titles) {
            assert!(docs.contains(title.as_str()), "{title}");
        }
        for (title, table) in actions.chain([(&connection.title, &connection.properties)]) {
            let schema = json!(render::schema(title, "", table));
            assert!(jsonschema::draft7::meta::is_valid(&schema), "{schema}");
            assert!(jsonschema::draft202012::meta::is_valid(&schema), "{schema}");
            let [ui, json_forms] = [render::ui_schema(table), render::json_forms(table)];
            for property in table {
                let name = &property.name;
                // Conditional properties are nested deeper.
                let label = format!("\"title\":{}", json!(property.label));
                assert!(schema.to_string().contains(&label), "{title}: {label}");
                assert!(ui["ui:order"].as_array().unwrap().contains(&json!(name)), "{title}");
                // The control of a file belongs to its URL.
                let scopes =
                    ["", "/properties/url"].map(|rest| format!("\"#/properties/{name}{rest}\""));
                let json_forms = json_forms.to_string();
                assert!(scopes.iter().any(|scope| json_forms.contains(scope)), "{title}: {name}");
            }
            for label in labels(table) {
                assert!(docs.contains(label), "{title}: {label}");
            }
        }
    }
}

#[test]
fn the_example_is_valid_and_has_an_output_schema() {
    for bench in benches() {
        for action in &bench.connector.descriptor().actions {
            let example = render::example(&action.properties);
            let schema = json!(render::schema(&action.title, "", &action.properties));
            assert!(jsonschema::is_valid(&schema, &example), "{}: {example}", action.name);
            let output = bench.connector.output_schema(&action.name, example).unwrap();
            assert!(jsonschema::meta::is_valid(&output), "{}: {output}", action.name);
        }
    }
}

#[test]
fn rejects_actions_and_properties_that_are_not_described() {
    for bench in benches() {
        let run = |action: &str, input: Value| {
            bench.connector.run(action, input).connection(&bench.connection).start().unwrap_err()
        };
        let failure = run("fly", json!({}));
        assert_failure(&failure, FailureKind::InvalidInput, "has no action `fly`");
        assert_failure(&failure, FailureKind::InvalidInput, bench.case.action);
        let mut more = bench.case.input.clone();
        more["wings"] = json!(2);
        let failure = run(bench.case.action, more);
        assert_failure(&failure, FailureKind::InvalidInput, "wings");
        let table = &bench.connector.descriptor().action(bench.case.action).unwrap().properties;
        for required in table.iter().filter(|property| property.required) {
            if required.default.is_some() || required.condition.is_some() {
                continue;
            }
            let name = &required.name;
            let mut less = bench.case.input.clone();
            less.as_object_mut().unwrap().remove(name);
            let failure = run(bench.case.action, less);
            assert_failure(&failure, FailureKind::InvalidInput, &format!("`{name}` is required"));
            assert_eq!(failure.property.as_ref(), Some(name));
        }
        assert!(bench.provider.requests().is_empty(), "{}", bench.name());
    }
}

#[test]
fn nothing_is_sent_without_the_credential() {
    for bench in benches() {
        let run = bench.connector.run(bench.case.action, bench.case.input.clone());
        assert_failure(&run.start().unwrap_err(), FailureKind::Unauthorized, "no connection");
        let without = bench.connector.connection(ConnectionValues::new()).unwrap_err();
        assert_eq!(without.kind, FailureKind::Unauthorized);
        assert_eq!(without.property.as_deref(), Some(bench.case.secret));
        assert!(bench.provider.requests().is_empty());
    }
}

#[test]
fn sends_the_credential_in_its_header_and_nowhere_else() {
    for bench in benches() {
        bench.outcome();
        let requests = bench.provider.requests();
        let [request] = requests.as_slice() else { panic!("{requests:?}") };
        let (header, prefix) = bench.case.header;
        let sent: Vec<_> = request.header_values(header).collect();
        assert_eq!(sent, [format!("{prefix}{CANARY}")], "{}", bench.name());
        let mut rest = request.clone();
        rest.headers.retain(|(name, _)| name != header);
        assert!(!format!("{rest:?}").contains(CANARY), "{rest:?}");
    }
}

#[test]
fn redacts_the_credential_when_the_provider_repeats_it() {
    for bench in benches() {
        let answer = bench.case.answer.replace("Ada", CANARY);
        bench.queue(200, "application/json", &answer);
        let outcome = bench.run().start().unwrap();
        assert_eq!(text_of(&outcome.output), "Good morning, ****", "{}", bench.name());
        let refusal = format!(r#"{{"error":{{"type":"x","message":"wrong key {CANARY}"}}}}"#);
        bench.queue(401, "application/json", &refusal);
        let failure = bench.run().start().unwrap_err();
        let shown = format!("{failure:?}");
        assert!(!shown.contains(CANARY) && shown.contains("wrong key ****"), "{shown}");
        for file in std::fs::read_dir(bench.folder.path()).unwrap() {
            let content = std::fs::read_to_string(file.unwrap().path()).unwrap();
            assert_eq!(content, "Good morning, ****");
        }
    }
}

#[test]
fn the_output_matches_the_output_schema() {
    for bench in benches() {
        let outcome = bench.outcome();
        assert_eq!(text_of(&outcome.output), TEXT);
        assert_eq!(outcome.metadata["attempts"], 1);
        let schema = bench.connector.output_schema(bench.case.action, bench.case.input.clone());
        let (schema, output) = (schema.unwrap(), outcome.output);
        assert!(jsonschema::is_valid(&schema, &output), "{}: {output}", bench.name());
        assert!(
            !jsonschema::is_valid(&schema, &json!(7)),
            "{}: the schema accepts anything",
            bench.name()
        );
        // One of the connectors stores the text it received.
        let kept = output["file"]["name"].as_str().map(|name| bench.folder.path().join(name));
        assert_eq!(kept.is_some(), bench.name() == "greeter");
        assert!(kept.is_none_or(|file| std::fs::read_to_string(file).unwrap() == TEXT));
    }
}

#[test]
fn a_streamed_output_equals_the_unstreamed_one() {
    for bench in benches() {
        bench.queue(200, "text/event-stream", &bench.case.streamed);
        let text = Arc::new(Mutex::new(String::new()));
        let collected = Arc::clone(&text);
        let run = bench.run().streaming(true).on_event(move |event| {
            if let Event::TextDelta { text, .. } = event {
                collected.lock().unwrap().push_str(&text);
            }
        });
        let streamed = run.start().unwrap().output;
        assert_eq!((text_of(&streamed), text.lock().unwrap().as_str()), (TEXT, TEXT));
    }
}

#[test]
fn a_provider_error_is_mapped_to_its_kind() {
    for bench in benches() {
        for (status, kind) in [
            (400, FailureKind::Refused),
            (401, FailureKind::Unauthorized),
            (403, FailureKind::Forbidden),
            (404, FailureKind::NotFound),
            (429, FailureKind::RateLimited),
            (500, FailureKind::Unavailable),
            (529, FailureKind::Unavailable),
        ] {
            bench.provider.script(Fault::text(status, "no").with_header("retry-after", "7"));
            let failure = bench.run().start().unwrap_err();
            assert_eq!((failure.kind, failure.status), (kind, Some(status)), "{}", bench.name());
            assert!(failure.request_sent && !failure.message.is_empty(), "{failure:?}");
            if matches!(kind, FailureKind::RateLimited | FailureKind::Unavailable) {
                assert_eq!(failure.retry_after_ms, Some(7_000), "{}, {status}", bench.name());
            }
        }
    }
}

#[test]
fn retries_until_the_provider_recovers() {
    let pause = Duration::from_millis(1);
    for bench in benches() {
        bench.provider.script(Fault::text(529, "overloaded"));
        bench.queue_good();
        let retries = Retries { attempts: 2, pause, longest: pause, ..Retries::default() };
        let outcome = bench.run().retries(retries).start().unwrap();
        assert_eq!((text_of(&outcome.output), &outcome.metadata["attempts"]), (TEXT, &json!(2)));
    }
}

#[test]
fn the_connection_test_reports_what_it_reached() {
    for bench in benches() {
        bench.queue(200, "application/json", bench.case.reached);
        let reached = bench.connector.test(&bench.connection).unwrap();
        assert!(reached.starts_with("reached"), "{reached}");
        bench.provider.script(Fault::text(401, "no"));
        let failure = bench.connector.test(&bench.connection).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unauthorized, "{}", bench.name());
    }
}

#[test]
fn dynamic_options_come_from_the_provider_or_explain_why_not() {
    for bench in benches() {
        let descriptor = bench.connector.descriptor();
        let action = descriptor.action(bench.case.action).unwrap();
        let ask = |property: &str| {
            bench.connector.options(&bench.connection, &action.name, property, &json!({}), None)
        };
        for property in &action.properties {
            let choices = property.choices.as_ref();
            if choices.is_none_or(|choices| choices.dynamic.is_none()) {
                assert_eq!(ask(&property.name).unwrap_err().kind, FailureKind::InvalidInput);
                continue;
            }
            if property.name == "model" {
                bench.queue(200, "application/json", r#"{"data":[{"id":"m-1"}]}"#);
                let list = ask("model").unwrap();
                assert_eq!((list.disabled, &list.options[0].value), (false, &json!("m-1")));
            }
            bench.provider.script(Fault::text(401, "no"));
            let list = ask(&property.name).unwrap();
            assert!(list.disabled && list.placeholder.is_some(), "{}", property.name);
        }
    }
}

#[test]
fn a_waiting_run_can_be_cancelled() {
    for bench in benches() {
        bench.provider.script(Fault::Delay(FOREVER));
        let cancellation = Cancellation::new();
        let failure = thread::scope(|scope| {
            let run = bench.run().cancellation(&cancellation);
            let running = scope.spawn(|| run.start().unwrap_err());
            while bench.provider.requests().is_empty() && !running.is_finished() {
                thread::sleep(Duration::from_millis(1));
            }
            cancellation.cancel();
            running.join().unwrap()
        });
        assert_eq!((failure.kind, failure.request_sent), (FailureKind::Cancelled, true));
        assert_eq!(text_of(&bench.outcome().output), TEXT);
    }
}

#[test]
fn a_run_has_limits() {
    for bench in benches() {
        let limits = Limits { memory: 64 << 10, ..Limits::default() };
        let failure = bench.run().limits(limits).start().unwrap_err();
        assert_failure(&failure, FailureKind::TooLarge, "MiB of memory");
        bench.provider.script(Fault::Delay(FOREVER));
        let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
        let failure = bench.run().limits(limits).start().unwrap_err();
        assert_eq!(failure.kind, FailureKind::Timeout, "{failure:?}");
        assert_eq!(text_of(&bench.outcome().output), TEXT);
    }
}

/// One connector counts its runs in a variable and includes the count in its
/// outcome.
#[test]
fn runs_share_no_state() {
    const THREADS: usize = 4;
    const RUNS: usize = 5;
    for bench in benches() {
        let comparable = |mut outcome: Outcome| {
            // Values that differ from run to run.
            outcome.metadata.remove("durationMs");
            outcome.metadata.remove("requestId");
            let output = text_of(&outcome.output).to_owned();
            (output, outcome.metadata)
        };
        let first = comparable(bench.outcome());
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..RUNS {
                        assert_eq!(comparable(bench.outcome()), first, "{}", bench.name());
                    }
                });
            }
        });
        assert_eq!(bench.provider.requests().len(), 1 + THREADS * RUNS);
    }
}
