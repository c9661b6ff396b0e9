//! The Node-RED package (`host/node/node-red`) in Node-RED: real flows, the
//! built command as the host, and the sandbox as the provider.

mod editor;
mod files;
mod host;
mod secrets;

use connector_tests::node_red::NodeRed;
use connector_tests::{CANARY, openai, sandbox};
use openai_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

/// The credentials of the connection in [`flow`].
fn credentials() -> Value {
    json!({ "connection": { "token": CANARY } })
}

/// A flow: a connection to the sandbox, an action node, junctions at its
/// outputs (`outcome`, `events`), and a Catch node before `failure`.
fn flow(sandbox: &Sandbox, action: &str, node: Value) -> Value {
    let mut action = json!({
        "id": "action", "z": "flow", "type": format!("openai.v1.{action}"),
        "connection": "connection", "x": 0, "y": 0, "wires": [["outcome"], ["events"]],
    });
    action.as_object_mut().unwrap().extend(node.as_object().unwrap().clone());
    let values = json!({ "baseUrl": { "type": "str", "value": sandbox.base_url() } });
    let node = |id: &str, kind: &str, to: &[&str]| json!({ "id": id, "z": "flow", "type": kind, "scope": null, "x": 0, "y": 0, "wires": [to] });
    json!([
        { "id": "flow", "type": "tab" },
        { "id": "connection", "type": "openai.v1", "values": values },
        action,
        node("catch", "catch", &["failure"]),
        node("outcome", "junction", &[]),
        node("events", "junction", &[]),
        node("failure", "junction", &[]),
    ])
}

/// Unicode line separators do not end a line of the stream.
#[test]
fn an_event_may_contain_line_separators() {
    let module = connector_tests::in_repository("host/node/node-red/lib/events.js");
    let script = format!(
        "const {{ readEvents }} = require({module:?});
        const body = [Buffer.from('event: result\\ndata: {{\"t\":\"a\\u2028b\\u2029c\"}}\\n\\n')];
        (async () => {{ for await (const event of readEvents(body)) console.log(JSON.stringify(event)); }})();"
    );
    let ran = connector_tests::ran(std::process::Command::new("node").args(["-e", &script]));
    let event: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(event, json!({ "event": "result", "data": { "t": "a\u{2028}b\u{2029}c" } }));
}

#[test]
fn a_file_repeated_in_an_output_is_read_once() {
    let module = connector_tests::in_repository("host/node/node-red/lib/output.js");
    let script = format!(
        "const {{ withBuffers }} = require({module:?});
        const file = {{ extension: 'txt', mimeType: 'text/plain', name: 'a.txt', url: 'a' }};
        let reads = 0;
        const read = async () => Buffer.from(String(++reads));
        withBuffers({{ list: Array(1000).fill(file), file }}, read).then(({{ output, files }}) =>
            console.log(reads, files.length, output.list.every((one) => one === output.file)));"
    );
    let ran = connector_tests::ran(std::process::Command::new("node").args(["-e", &script]));
    assert_eq!(ran.stdout.trim(), "1 1 true", "{ran:?}");
}

/// The fields of an Ask node that sends `msg.payload`.
fn question() -> Value {
    json!({ "messages": { "type": "list", "value": [{ "type": "members", "value": {
        "content": { "type": "msg", "value": "payload" },
        "role": { "type": "choice", "value": "user" },
    }}]}})
}

/// The same with additional fields.
fn question_with(more: Value) -> Value {
    let mut fields = question();
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fields
}

/// Node-RED with one action node.
fn with_node(sandbox: &Sandbox, action: &str, node: Value) -> NodeRed {
    let mut node_red = NodeRed::start();
    node_red.deploy(&flow(sandbox, action, node), &credentials());
    node_red
}

/// The last request to the sandbox, if it was JSON.
fn sent(sandbox: &Sandbox) -> Value {
    sandbox.requests().pop().unwrap().json().unwrap().clone()
}

#[test]
fn every_action_of_every_connector_is_a_node_type() {
    let node_red = NodeRed::start();
    let connector = openai();
    let descriptor = connector.descriptor();
    let address = descriptor.own_address().replace('/', ".");
    let actions = descriptor.actions.iter().map(|action| format!("{address}.{}", action.name));
    let expected: Vec<String> = [address.clone()].into_iter().chain(actions).collect();
    assert_eq!(node_red.types()["types"], json!(expected));
}

#[test]
fn a_run_streams_to_the_second_output_and_ends_at_the_first() {
    let sandbox = sandbox();
    let mut node_red = with_node(&sandbox, "ask", json!({ "fields": question() }));
    node_red.inject("action", json!({ "payload": "Why is the sky blue?", "topic": "sky" }));
    let outcome = node_red.message("outcome");
    let deltas = node_red.messages("events");
    assert!(deltas.iter().all(|event| event["event"] == "delta" && event["topic"] == "sky"));
    let text: String = deltas.iter().map(|event| event["payload"].as_str().unwrap()).collect();
    assert!(deltas.len() > 1 && text.contains("Why is the sky blue?"), "{text}");
    assert_eq!(outcome["payload"], text);
    assert_eq!(outcome["topic"], "sky");
    assert_eq!(outcome["metadata"]["attempts"], 1);
    let sent = sent(&sandbox);
    assert_eq!(sent["messages"][0], json!({ "content": "Why is the sky blue?", "role": "user" }));
    // Fields that were not set are not sent.
    assert_eq!((sent.get("temperature"), sent.get("n")), (None, None));
}

#[test]
fn streaming_can_be_off_and_the_output_property_can_be_set() {
    let sandbox = sandbox();
    let node = json!({ "fields": question(), "stream": false, "output": "answer.text" });
    let mut node_red = with_node(&sandbox, "ask", node);
    node_red.inject("action", json!({ "payload": "Hi" }));
    let outcome = node_red.message("outcome");
    assert!(outcome["answer"]["text"].as_str().unwrap().contains("Hi"), "{outcome}");
    assert_eq!(outcome["payload"], "Hi");
    assert_eq!(node_red.messages("events"), Vec::<Value>::new());
    assert_ne!(sent(&sandbox).get("stream"), Some(&json!(true)));
}

/// Every type of field in one input.
#[test]
fn fields_are_evaluated_by_their_type() {
    let sandbox = sandbox();
    let field = |of: &str, value: Value| json!({ "type": of, "value": value });
    let fields = question_with(json!({
        "model": field("flow", json!("model")),
        "maxTokens": field("env", json!("MAX_TOKENS")),
        "temperature": field("jsonata", json!("$number(\"0.1\") * 5")),
        "topP": field("num", json!("0.5")),
        "n": field("num", json!("")),
        "user": field("global", json!("nothing")),
        "verbosity": field("choice", json!("low")),
        "store": field("choice", json!("false")),
        "stop": field("list", json!([field("str", json!("END")), field("msg", json!("stop"))])),
        "logitBias": field("map", json!([{ "key": "50256", "value": field("num", json!("-100")) }])),
        "metadata": field("json", json!("{\"a\":\"b\"}")),
        "seed": field("msg", json!("seed")),
        "responseFormat": field("choice", json!("2")),
        "responseSchema": field("msg", json!("schema")),
    }));
    let mut node_red = NodeRed::set_up(connector_tests::node_red::Setup {
        environment: vec![("MAX_TOKENS", "512".to_owned())],
        ..Default::default()
    });
    node_red.deploy(&flow(&sandbox, "ask", json!({ "fields": fields })), &credentials());
    node_red.set_flow_variable("action", "model", json!("gpt-4o"));
    let schema = json!({ "type": "object", "properties": { "x": { "type": "string" } },
        "required": ["x"], "additionalProperties": false });
    let message = json!({ "payload": "Hi", "stop": 7, "seed": "42", "schema": schema });
    node_red.inject("action", message);
    let outcome = node_red.message("outcome");
    assert!(outcome["payload"].is_array(), "{outcome}");
    let sent = sent(&sandbox);
    let expected = json!({
        "model": "gpt-4o", "max_completion_tokens": 512, "temperature": 0.5, "top_p": 0.5,
        "verbosity": "low", "store": false, "stop": ["END", "7"],
        "logit_bias": { "50256": -100 }, "metadata": { "a": "b" }, "seed": 42,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&sent[name], value, "{name} in {sent}");
    }
    assert_eq!((sent.get("n"), sent.get("user")), (None, None));
    assert_eq!(sent["response_format"]["type"], "json_schema");
}

/// The whole list comes from the message.
#[test]
fn a_list_can_be_taken_from_the_message() {
    let sandbox = sandbox();
    let messages = json!({ "messages": { "type": "msg", "value": "payload" } });
    let mut node_red = with_node(&sandbox, "ask", json!({ "fields": messages }));
    let conversation = json!([
        { "role": "system", "content": "Be short." }, { "role": "user", "content": "Hi" },
    ]);
    node_red.inject("action", json!({ "payload": conversation }));
    node_red.message("outcome");
    let sent = sent(&sandbox);
    let contents: Vec<_> =
        sent["messages"].as_array().unwrap().iter().map(|m| &m["content"]).collect();
    assert_eq!(contents, ["Be short.", "Hi"]);
}

#[test]
fn failures_reach_catch_nodes_with_their_record() {
    let sandbox = sandbox();
    let fields = question_with(json!({ "temperature": { "type": "msg", "value": "temperature" } }));
    let mut node_red = with_node(&sandbox, "ask", json!({ "fields": fields }));

    // Errors that the host detects.
    node_red.inject("action", json!({ "payload": "Hi", "temperature": 3 }));
    let caught = node_red.message("failure");
    assert_eq!(caught["failure"]["kind"], "invalid-input");
    assert_eq!(caught["failure"]["property"], "temperature");
    assert_eq!(caught["failure"]["requestSent"], false);
    assert_eq!(caught["error"]["message"], caught["failure"]["message"]);
    assert_eq!(caught["error"]["code"], "invalid-input");
    assert_eq!(caught["error"]["cause"], caught["failure"]);
    assert_eq!(caught["error"]["source"]["id"], "action");
    assert_eq!(caught["payload"], "Hi");
    assert!(sandbox.requests().is_empty());
    let shown = node_red.status("action", "temperature");
    assert_eq!((&shown["fill"], &shown["shape"]), (&json!("red"), &json!("ring")));

    // Errors that the provider returns.
    sandbox.script(Fault::error(404, "model_not_found", "The model does not exist."));
    node_red.inject("action", json!({ "payload": "Hi" }));
    let caught = node_red.message("failure");
    assert_eq!(
        (&caught["failure"]["kind"], &caught["failure"]["status"]),
        (&json!("not-found"), &json!(404))
    );
    assert_eq!(caught["failure"]["requestSent"], true);

    // Expressions that cannot be evaluated.
    let wrong = json!({ "messages": { "type": "jsonata", "value": "$error(\"no\")" } });
    node_red.deploy(&flow(&sandbox, "ask", json!({ "fields": wrong })), &credentials());
    node_red.inject("action", json!({ "payload": "Hi" }));
    let caught = node_red.message("failure");
    assert_eq!(caught["failure"]["property"], "messages");

    // No connection.
    let alone = json!({ "fields": question(), "connection": "" });
    node_red.deploy(&flow(&sandbox, "ask", alone), &credentials());
    node_red.inject("action", json!({ "payload": "Hi" }));
    let caught = node_red.message("failure");
    assert_eq!(caught["failure"]["message"], "choose a connection to OpenAI");
}

#[test]
fn the_node_shows_the_status_of_its_run() {
    let sandbox = sandbox();
    let mut node_red = with_node(&sandbox, "ask", json!({ "fields": question() }));
    sandbox.script(Fault::error(503, "overloaded", "Busy"));
    node_red.inject("action", json!({ "payload": "Hi" }));
    let shown = node_red.status("action", "running");
    assert_eq!((&shown["fill"], &shown["shape"]), (&json!("blue"), &json!("dot")));
    node_red.status("action", "attempt 1 failed");
    let attempt = node_red.message("events");
    assert_eq!((&attempt["event"], &attempt["payload"]["attempt"]), (&json!("attempt"), &json!(1)));
    let outcome = node_red.message("outcome");
    assert_eq!(outcome["metadata"]["attempts"], 2);
    node_red.wait_for_no_status("action");
}

#[test]
fn the_example_flow_works() {
    let sandbox = sandbox();
    let path = "host/node/node-red/examples/Say, hear, think, draw.json";
    let text = std::fs::read_to_string(connector_tests::in_repository(path)).unwrap();
    let mut flows: Value = serde_json::from_str(&text).unwrap();
    let id = |kind: &str, name: &str, flows: &Value| {
        let all = flows.as_array().unwrap().iter();
        let mut found = all.filter(|node| node["type"] == kind && node["name"] == name);
        found.next().unwrap()["id"].as_str().unwrap().to_owned()
    };
    let connection = id("openai.v1", "OpenAI", &flows);
    for node in flows.as_array_mut().unwrap() {
        if node["id"] == connection.as_str() {
            node["values"] = json!({ "baseUrl": { "type": "str", "value": sandbox.base_url() } });
        }
    }
    let mut node_red = NodeRed::start();
    node_red.deploy(&flows, &json!({ connection: { "token": CANARY } }));
    node_red.inject(&id("inject", "A sentence", &flows), json!({}));
    let heard = node_red.message(&id("debug", "The transcript", &flows));
    assert!(heard["payload"]["text"].is_string(), "{heard}");
    let scene = node_red.message(&id("debug", "The scene", &flows));
    assert!(scene["payload"]["title"].is_string() && scene["payload"]["scene"].is_string());
    let image = node_red.message(&id("debug", "The image", &flows));
    let bytes = files::bytes(&image["payload"]["files"][0]);
    assert!(bytes.starts_with(b"\x89PNG"), "{image}");
    let paths: Vec<String> = sandbox.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(
        paths,
        [
            "/v1/audio/speech",
            "/v1/audio/transcriptions",
            "/v1/chat/completions",
            "/v1/images/generations",
        ]
    );
    assert_eq!(node_red.messages(&id("debug", "The failure", &flows)), Vec::<Value>::new());
}
