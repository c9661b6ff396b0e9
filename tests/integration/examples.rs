//! Runs the library's examples (`host/core/examples`), and those that Ask shows.

use std::fs;
use std::process::Command;

use connector_tests::{CANARY, Ran, component, connection, openai, ran, sandbox, target_dir};
use openai_sandbox::{Options, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

/// An example, with the component as its first argument.
fn example(name: &str, sandbox: Option<&Sandbox>) -> Command {
    let mut command = Command::new(target_dir().join("release/examples").join(name));
    command.arg(component());
    for variable in ["OPENAI_API_KEY", "OPENAI_BASE_URL"] {
        command.env_remove(variable);
    }
    if let Some(sandbox) = sandbox {
        command.env("OPENAI_API_KEY", CANARY).env("OPENAI_BASE_URL", sandbox.base_url());
    }
    command
}

#[track_caller]
fn succeeds(command: &mut Command) -> Ran {
    let ran = ran(command);
    assert_eq!(ran.status, 0, "{ran:?}");
    ran
}

#[test]
fn runs_an_action() {
    let sandbox = sandbox();
    let ran = succeeds(example("run", Some(&sandbox)).arg("What is 2 + 2?"));
    assert!(ran.stdout.contains("What is 2 + 2?") && ran.stdout.contains("totalTokens"), "{ran:?}");
    let refused = connector_tests::ran(example("run", None).arg("What is 2 + 2?"));
    assert_eq!(refused.status, 1, "{refused:?}");
}

#[test]
fn streams_until_the_end_or_a_cancellation() {
    let sandbox = sandbox();
    let ran = succeeds(example("stream", Some(&sandbox)).arg("10"));
    assert!(ran.stdout.ends_with("cancelled\n"), "{ran:?}");
    let ran = succeeds(example("stream", Some(&sandbox)).arg("1000000"));
    assert!(ran.stdout.contains("complete: {"), "{ran:?}");
}

#[test]
fn renders_a_form() {
    let form: Value =
        serde_json::from_str(&succeeds(example("form", None).arg("ask")).stdout).unwrap();
    assert_eq!(form["schema"]["title"], "Ask");
    for part in ["uiSchema", "jsonForms", "example"] {
        assert!(form[part].as_object().is_some_and(|part| !part.is_empty()), "{part}: {form}");
    }
}

#[test]
fn a_model_calls_a_function_of_the_program() {
    let sandbox = sandbox();
    let ran = succeeds(example("functions", Some(&sandbox)).arg("What is the weather in Oslo?"));
    assert!(
        ran.stdout.starts_with("called: weather in ") && ran.stdout.contains("celsius"),
        "{ran:?}"
    );
}

#[test]
fn each_tenant_has_its_own_token_and_folder() {
    // A sandbox that accepts any token.
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let folder = TempDir::new().unwrap();
    let mut tenants = example("tenants", Some(&sandbox));
    let ran = succeeds(tenants.arg(folder.path()).args(["alice=sk-alice", "bob=sk-bob", "carol="]));
    for tenant in ["alice", "bob"] {
        let files: Vec<_> = fs::read_dir(folder.path().join(tenant)).unwrap().collect();
        assert_eq!(files.len(), 1, "{tenant}: {ran:?}");
    }
    assert!(ran.stdout.contains("carol: the OpenAI connection has no `token`"), "{ran:?}");
    let mut tokens: Vec<String> = sandbox
        .requests()
        .iter()
        .flat_map(|request| request.header_values("authorization").map(str::to_owned))
        .collect();
    tokens.sort();
    assert_eq!(tokens, ["Bearer sk-alice", "Bearer sk-bob"]);
}

/// The inputs that a form of Ask starts from are ready to run.
#[test]
fn the_examples_of_ask_run() {
    let (connector, sandbox) = (openai(), sandbox());
    let connection = connection(&connector, &sandbox);
    let ask = connector.descriptor().actions.iter().find(|action| action.name == "ask").unwrap();
    assert_eq!(ask.examples.len(), 3);
    for example in &ask.examples {
        let run = connector.run("ask", Value::Object(example.input.clone()));
        let outcome = run.connection(&connection).start().unwrap();
        let has_answer = match &outcome.output {
            Value::String(text) => text.starts_with("Sandbox answer to "),
            output => output["category"] == "complaint",
        };
        assert!(has_answer, "{}: {outcome:?}", example.title);
    }
    let paths: Vec<_> = sandbox.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/v1/chat/completions", "/v1/chat/completions", "/v1/responses"]);
}
