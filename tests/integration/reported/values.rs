//! Values in the forms that workflow engines, environment variables, forms and
//! models produce.

use connector_host::{FailureKind, Files, Functions};
use connector_tests::mcp::exchanged;
use connector_tests::service::Service;
use connector_tests::{CANARY, command, connection, in_repository, ran, sandbox};
use serde_json::{Map, Value, json};

use super::{OPENAI, json_body, run, served};

/// The smallest question with additional properties.
fn asking(properties: &Value) -> Value {
    let mut input = json!({ "messages": [{ "role": "user", "content": "Hi" }] });
    input.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    input
}

#[test]
fn accepts_values_that_convert_without_loss() {
    for (id, given, sent) in [
        ("i02", json!({ "maxTokens": "100" }), json!({ "max_completion_tokens": 100 })),
        (
            "i02 with spaces",
            json!({ "maxTokens": " 100\n" }),
            json!({ "max_completion_tokens": 100 }),
        ),
        (
            "i02 as a decimal",
            json!({ "maxTokens": "1e2" }),
            json!({ "max_completion_tokens": 100 }),
        ),
        ("i02 with zeros", json!({ "maxTokens": "0100" }), json!({ "max_completion_tokens": 100 })),
        ("i02 as null", json!({ "maxTokens": "null" }), json!({ "max_completion_tokens": null })),
        ("i03", json!({ "n": "1" }), json!({ "n": 1 })),
        ("i06", json!({ "store": "true" }), json!({ "store": true })),
        ("i06 False", json!({ "store": "False" }), json!({ "store": false })),
        ("i06 yes", json!({ "store": "yes" }), json!({ "store": true })),
        ("i06 0", json!({ "store": 0 }), json!({ "store": false })),
        ("i07", json!({ "presencePenalty": "-0.5" }), json!({ "presence_penalty": -0.5 })),
        ("y10 in Ask", json!({ "temperature": "0" }), json!({ "temperature": 0 })),
        ("y10 with spaces", json!({ "temperature": " 0.7 " }), json!({ "temperature": 0.7 })),
        (
            "seed",
            json!({ "seed": "9007199254740993" }),
            json!({ "seed": 9_007_199_254_740_993_i64 }),
        ),
        (
            "p04b",
            json!({ "logitBias": "{\"50256\": -100}", "metadata": "{\"a\": \"b\"}" }),
            json!({ "logit_bias": { "50256": -100 }, "metadata": { "a": "b" } }),
        ),
        (
            "values of maps",
            json!({ "logitBias": { "50256": "-100" }, "metadata": { "order": 4711 } }),
            json!({ "logit_bias": { "50256": -100 }, "metadata": { "order": "4711" } }),
        ),
        ("i29", json!({ "user": 12345 }), json!({ "user": "12345" })),
        ("i23", json!({ "model": " gpt-4o\n" }), json!({ "model": "gpt-4o" })),
        ("i23 in a closed list", json!({ "verbosity": " low\r\n" }), json!({ "verbosity": "low" })),
        ("a list of one", json!({ "stop": "END" }), json!({ "stop": ["END"] })),
        ("a string with a comma", json!({ "stop": "a, b" }), json!({ "stop": ["a, b"] })),
        ("a list as JSON text", json!({ "stop": "[\"a\", \"b\"]" }), json!({ "stop": ["a", "b"] })),
        ("upper case", json!({ "verbosity": "High" }), json!({ "verbosity": "high" })),
        (
            "messages as JSON text",
            json!({ "messages": "[{\"role\": \"user\", \"content\": 7}]" }),
            { json!({ "messages": [{ "role": "user", "content": "7" }] }) },
        ),
        (
            "a message as JSON text",
            json!({ "messages": ["{\"role\": \"USER\", \"content\": \"7\"}"] }),
            { json!({ "messages": [{ "role": "user", "content": "7" }] }) },
        ),
    ] {
        let ran = run("ask", asking(&given)).start();
        ran.output();
        for (name, value) in sent.as_object().unwrap() {
            let body = ran.bodies()[0];
            assert_eq!(body.get(name).unwrap_or(&Value::Null), value, "{id}: {body}");
        }
    }
}

#[test]
fn numbers_in_an_upload_may_be_strings() {
    // y10
    let speech = std::fs::read(in_repository("tests/sandbox/samples/speech.mp3")).unwrap();
    let input = json!({ "file": { "url": "talk.mp3" }, "temperature": "0" });
    let ran = run("createTranscription", input).file("talk.mp3", speech).start();
    ran.output();
    let temperature = ran.sent[0].parts().iter().find(|part| part.name == "temperature");
    assert_eq!(temperature.unwrap().text(), Some("0"));
}

#[test]
fn a_schema_may_be_given_as_an_object() {
    let schema = json!({
        "type": "object",
        "properties": { "a": { "type": "integer" } },
        "required": ["a"],
        "additionalProperties": false,
    });
    for (id, format, given) in [
        ("j10", json!(1), schema.clone()),
        ("j10 as a string", json!(1), json!(schema.to_string())),
        ("by a label", json!("Object"), schema.clone()),
        ("by a label in lower case", json!("object"), schema.clone()),
    ] {
        let input = asking(&json!({ "responseFormat": format, "responseSchema": given }));
        let ran = run("ask", input).start();
        assert!(ran.output().is_object(), "{id}: {:?}", ran.result);
        let sent = &ran.bodies()[0]["response_format"]["json_schema"]["schema"];
        assert_eq!(*sent, schema, "{id}");
    }
    // For other text properties, an object is not converted.
    let content = json!({ "messages": [{ "role": "user", "content": { "type": "text" } }] });
    let ran = run("ask", content).start();
    let failure = ran.failure(FailureKind::InvalidInput);
    assert_eq!(failure.message, "`messages[0].content` must be a string (got an object)");
}

#[test]
fn rejects_other_values_and_quotes_them() {
    for (given, property, message) in [
        (json!({ "maxTokens": "1.5x" }), "maxTokens", "must be a whole number (got \"1.5x\")"),
        (json!({ "maxTokens": "0x10" }), "maxTokens", "must be a whole number (got \"0x10\")"),
        (json!({ "maxTokens": true }), "maxTokens", "must be a whole number (got true)"),
        (json!({ "n": "0" }), "n", "must be between 1 and 128 (got 0)"),
        (json!({ "temperature": "0,7" }), "temperature", "must be a number (got \"0,7\")"),
        (json!({ "temperature": "NaN" }), "temperature", "must be a number (got \"NaN\")"),
        (
            json!({ "temperature": "Infinity" }),
            "temperature",
            "must be a number (got \"Infinity\")",
        ),
        (json!({ "store": "maybe" }), "store", "must be true or false (got \"maybe\")"),
        (json!({ "metadata": "{\"a\"" }), "metadata", "must be an object (got \"{\"a\"\")"),
        (json!({ "stop": { "a": 1 } }), "stop", "must be a list (got an object)"),
        (json!({ "user": { "id": 1 } }), "user", "must be a string (got an object)"),
        (
            json!({ "responseFormat": "Table" }),
            "responseFormat",
            "must be one of: 0 (Text), 1 (Object), 2 (List) (got \"Table\")",
        ),
    ] {
        let ran = run("ask", asking(&given)).start();
        let failure = ran.failure(FailureKind::InvalidInput);
        assert_eq!(failure.message, format!("`{property}` {message}"));
        assert_eq!(failure.property.as_deref(), Some(property));
        assert!(ran.sent.is_empty(), "{given}");
    }
}

#[test]
fn reports_all_errors_at_once() {
    let input = json!({
        "messages": [{ "role": "poet", "content": "Hi" }, null, { "role": "user", "contnet": "Hi" }],
        "temperature": "hot",
        "tempreature": 1,
    });
    let refused = run("ask", input.clone()).start();
    let failure = refused.failure(FailureKind::InvalidInput);
    let messages: Vec<&str> = failure.violations.iter().map(|each| each.message.as_str()).collect();
    let expected = [
        "unknown property `tempreature`; did you mean `temperature`?",
        "`messages[0].role` must be one of: `system`, `developer`, `user`, `assistant` (got \"poet\")",
        "unknown property `messages[2].contnet`; did you mean `content`?",
        "`messages[2].content` is required",
        "`temperature` must be a number (got \"hot\")",
    ];
    assert_eq!(messages[0], expected[0]);
    assert!(messages[1].starts_with("`messages[0].role` must be one of: "), "{messages:?}");
    assert_eq!(messages[2..], expected[2..]);
    assert_eq!(failure.message, messages[0]);
    assert_eq!(failure.property.as_deref(), Some("tempreature"));

    // Programs read the errors in the problem document; people read one per
    // line.
    let service = Service::start();
    let (status, problem) = served(
        &service,
        "ask",
        json!({
            "input": input, "connection": { "token": CANARY },
        })
        .to_string(),
    );
    assert_eq!((status, &problem["detail"]), (422, &json!(messages[0])));
    let violations = problem["failure"]["violations"].as_array().unwrap();
    assert_eq!(violations.len(), messages.len());
    assert_eq!(violations[4], json!({ "property": "temperature", "message": messages[4] }));

    let sandbox = sandbox();
    let mut cli = command(Some(&sandbox));
    cli.args(["run", "openai/v1/ask", "--set", "temprature=1", "--set", "n=many"]);
    let printed = ran(&mut cli);
    let lines: Vec<&str> = printed.stderr.lines().take(3).collect();
    assert_eq!(
        lines,
        [
            "error: unknown property `temprature`; did you mean `temperature`?",
            "error: `messages` is required",
            "error: `n` must be a whole number (got \"many\")",
        ]
    );
    assert_eq!(printed.status, 2);
}

#[test]
fn an_unknown_property_error_lists_the_known_properties() {
    let ran = run("ask", asking(&json!({ "voice": "alloy" }))).start();
    let message = &ran.failure(FailureKind::InvalidInput).message;
    let known =
        message.strip_prefix("unknown property `voice`; expected one of: model, messages, ");
    assert!(known.is_some(), "{message}");
}

#[test]
fn rejects_a_gap_in_a_list() {
    let sandbox = sandbox();
    let asked = |arguments: &[&str]| {
        let mut cli = command(Some(&sandbox));
        cli.args(["run", "openai/v1/ask"]);
        arguments.iter().for_each(|argument| {
            cli.args(["--set", argument]);
        });
        ran(&mut cli)
    };
    let refused = asked(&["messages[5].role=user", "messages[5].content=Hi"]);
    let first = refused.stderr.lines().next();
    let message = "error: `messages[5].role` leaves a gap: `messages[0]` is missing";
    assert_eq!((refused.status, first), (2, Some(message)));
    assert!(sandbox.requests().is_empty());
    // The order of the arguments does not matter.
    let taken = asked(&[
        "messages[1].role=user",
        "messages[1].content=Hi",
        "messages[0].role=system",
        "messages[0].content=Be brief.",
    ]);
    assert_eq!(taken.status, 0, "{taken:?}");
}

#[test]
fn every_interface_accepts_the_same_values() {
    let input = asking(&json!({ "maxTokens": "100", "store": "true", "stop": "END" }));
    let sent = |sandbox: &openai_sandbox::Sandbox| -> Map<String, Value> {
        let requests = sandbox.requests();
        let body = requests[0].json().unwrap().as_object().unwrap().clone();
        sandbox.clear();
        let names = ["max_completion_tokens", "store", "stop"];
        body.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect()
    };
    let expected = json!({ "max_completion_tokens": 100, "stop": ["END"], "store": true });
    let sandbox = sandbox();

    // q06
    let service = Service::start();
    let values = json!({ "token": CANARY, "baseUrl": sandbox.base_url() });
    let body = json!({ "input": input, "connection": values });
    let (status, answer) = served(&service, "ask", body.to_string());
    assert_eq!((status, Value::from(sent(&sandbox))), (200, expected.clone()), "{answer}");

    // p04b
    let arguments = asking(&json!({ "maxTokens": "100", "store": "true", "stop": "[\"END\"]" }));
    exchanged(&sandbox, &called("openai_v1_ask", &arguments), 2);
    assert_eq!(Value::from(sent(&sandbox)), expected);

    let mut cli = command(Some(&sandbox));
    cli.args([
        "run",
        "openai/v1/ask",
        "--set",
        "messages=[{\"role\":\"user\",\"content\":\"Hi\"}]",
    ]);
    cli.args(["--set", "maxTokens= 100", "--set", "store=yes", "--set", "stop=END"]);
    assert_eq!(ran(&mut cli).status, 0);
    assert_eq!(Value::from(sent(&sandbox)), expected);
}

/// The messages that an MCP client sends to call a tool.
fn called(tool: &str, arguments: &Value) -> [Value; 3] {
    [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "tests", "version": "1" },
        }}),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
            "name": tool, "arguments": arguments,
        }}),
    ]
}

#[test]
fn a_connection_accepts_the_same_values() {
    for (id, name) in [("a label", "MAX_TOKENS"), ("whitespace", " max_tokens\n")] {
        let ran = run("ask", asking(&json!({ "model": "gpt-4o", "maxTokens": "5" })))
            .connection("maxTokensParameter", name)
            .start();
        ran.output();
        assert_eq!(ran.bodies()[0]["max_tokens"], 5, "{id}");
    }
}

/// The arguments of a function that a model calls are input too.
#[test]
fn function_arguments_from_a_model_accept_the_same_values() {
    let call = json!({ "id": "call_1", "type": "function", "function": {
        "name": "openai_v1_createSpeech",
        "arguments": r#"{"input": "cut: \ud83d", "voice": "alloy", "speed": "1.5"}"#,
    }});
    let message = json!({ "role": "assistant", "content": null, "tool_calls": [call] });
    let answer = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{ "index": 0, "finish_reason": "tool_calls", "message": message }],
    });
    let sandbox = sandbox();
    sandbox.script(json_body(&answer));
    let connection = connection(&OPENAI, &sandbox);
    let folder = tempfile::tempdir().unwrap();
    let files = Files::new(folder.path());
    let functions = Functions::new().with_actions(&OPENAI, &connection, &files);
    let outcome = OPENAI
        .run("ask", asking(&json!({ "functions": "openai/v1/createSpeech" })))
        .connection(&connection)
        .functions(&functions)
        .files(&files)
        .start();
    outcome.unwrap();
    let requests = sandbox.requests();
    let speech = requests.iter().find(|request| request.path.ends_with("/audio/speech")).unwrap();
    let sent = speech.json().unwrap();
    assert_eq!((&sent["input"], &sent["speed"]), (&json!("cut: \u{fffd}"), &json!(1.5)));
}
