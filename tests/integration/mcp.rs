//! `connector mcp`, tested with the official client and the Inspector.

use std::fs;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_tests::mcp::{Client, Server, exchanged, inspected};
use connector_tests::{CANARY, FOREVER, command, in_repository, openai, ran, sandbox};
use openai_sandbox::Fault;
use serde_json::{Value, json};

fn question() -> Value {
    json!({ "messages": [{ "role": "user", "content": "Hello!" }] })
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap()
}

#[test]
fn every_action_is_a_tool() {
    let mut client = Client::start(None, &[]);
    let tools = client.ask(json!(["tools"])).unwrap();
    let tools = tools["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "openai_v1_ask",
            "openai_v1_createImage",
            "openai_v1_createSpeech",
            "openai_v1_createTranscription",
            "openai_v1_editImage",
            "openai_v1_createTranslation",
            "openai_v1_createEmbeddings",
            "openai_v1_createModeration",
            "openai_v1_getResponse",
            "openai_v1_cancelResponse",
            "openai_v1_deleteResponse",
            "openai_v1_createConversation",
            "openai_v1_getConversation",
            "openai_v1_updateConversation",
            "openai_v1_deleteConversation",
            "openai_v1_uploadFile",
            "openai_v1_listFiles",
            "openai_v1_deleteFile",
            "openai_v1_createBatch",
            "openai_v1_getBatch",
            "openai_v1_cancelBatch",
            "openai_v1_listBatches",
            "openai_v1_callApi",
        ]
    );
    let read_only = [
        "openai_v1_createModeration",
        "openai_v1_getResponse",
        "openai_v1_getConversation",
        "openai_v1_listFiles",
        "openai_v1_getBatch",
        "openai_v1_listBatches",
    ];
    for tool in tools {
        let (input, output) = (&tool["inputSchema"], &tool["outputSchema"]);
        jsonschema::meta::validate(input).unwrap();
        jsonschema::meta::validate(output).unwrap();
        assert_eq!((&input["type"], &output["type"]), (&json!("object"), &json!("object")));
        assert!(!tool.to_string().contains("\"x-"), "{tool}");
        assert!(tool["description"].as_str().unwrap().ends_with("(OpenAI)"));
        let annotations = &tool["annotations"];
        assert_eq!(annotations["title"], tool["title"]);
        assert_eq!(annotations["openWorldHint"], true);
        let is_read_only = read_only.contains(&tool["name"].as_str().unwrap());
        assert_eq!(annotations["readOnlyHint"], is_read_only, "{tool}");
    }
    assert_eq!(tools[0]["inputSchema"]["required"], json!(["messages"]));
    assert_eq!(client.server["server"]["name"], "connector");
}

#[test]
fn an_answer_has_text_and_structured_content() {
    let sandbox = sandbox();
    let mut client = Client::start(Some(&sandbox), &[]);
    // Once it has listed the tools, the client knows their schemas and
    // validates results.
    client.ask(json!(["tools"])).unwrap();
    let result = client.call("openai_v1_ask", question());
    assert_eq!(result["structuredContent"]["output"], text(&result));
    assert!(text(&result).contains("Hello!"), "{result}");
    assert!(result["structuredContent"]["metadata"]["usage"]["totalTokens"].is_u64());
    assert_ne!(result["isError"], true);
}

#[test]
fn streamed_text_is_sent_as_progress() {
    let sandbox = sandbox();
    let messages = exchanged(
        &sandbox,
        &[
            json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
                "protocolVersion": "2025-11-25", "capabilities": {},
                "clientInfo": { "name": "tests", "version": "1" },
            }}),
            json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
            json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
                "name": "openai_v1_ask", "arguments": question(), "_meta": { "progressToken": "p" },
            }}),
        ],
        2,
    );
    let updates: Vec<&Value> = messages
        .iter()
        .filter(|message| message["method"] == "notifications/progress")
        .map(|message| &message["params"])
        .collect();
    assert!(updates.iter().all(|update| update["progressToken"] == "p"));
    let so_far: String = updates.iter().map(|update| update["message"].as_str().unwrap()).collect();
    assert_eq!(so_far, text(&messages.last().unwrap()["result"]));
    let steps: Vec<f64> =
        updates.iter().map(|update| update["progress"].as_f64().unwrap()).collect();
    assert!(steps.len() > 1 && steps.is_sorted_by(|one, next| one < next), "{steps:?}");
}

#[test]
fn the_client_receives_progress() {
    let sandbox = sandbox();
    // The client drops progress that arrives together with the result.
    sandbox.script(Fault::Stall { after: 1_500, pause: Duration::from_secs(2) });
    let mut client = Client::start(Some(&sandbox), &[]);
    let followed = client.ask(json!(["follow", "openai_v1_ask", question()])).unwrap();
    let updates = followed["progress"].as_array().unwrap();
    let so_far: String = updates.iter().filter_map(|update| update["message"].as_str()).collect();
    assert!(!so_far.is_empty() && text(&followed["result"]).starts_with(&so_far), "{followed}");
}

#[test]
fn retries_are_sent_as_progress() {
    let sandbox = sandbox();
    sandbox.script(Fault::error(503, "overloaded", "Try again."));
    let mut client = Client::start(Some(&sandbox), &[]);
    let followed = client.ask(json!(["follow", "openai_v1_ask", question()])).unwrap();
    let first = followed["progress"][0]["message"].as_str().unwrap();
    assert!(first.starts_with("attempt 1: "), "{followed}");
}

#[test]
fn an_output_file_is_a_resource_and_can_be_used_as_input() {
    let sandbox = sandbox();
    let mut client = Client::start(Some(&sandbox), &[]);
    client.ask(json!(["tools"])).unwrap();
    let speech = json!({ "input": "Good morning", "voice": "alloy", "responseFormat": "wav" });
    let result = client.call("openai_v1_createSpeech", speech);
    let output = &result["structuredContent"]["output"];
    let uri = output["url"].as_str().unwrap();
    assert!(uri.starts_with("connector://files/file_"), "{uri}");
    let kinds: Vec<&str> =
        result["content"].as_array().unwrap().iter().map(|c| c["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["text", "audio", "resource_link"]);
    let (heard, link) = (&result["content"][1], &result["content"][2]);
    assert_eq!((&link["uri"], &link["name"]), (&output["url"], &output["name"]));

    let read = client.ask(json!(["read", uri])).unwrap();
    let contents = &read["contents"][0];
    assert_eq!(contents["mimeType"], output["mimeType"]);
    assert_eq!(contents["blob"], heard["data"]);
    let bytes = STANDARD.decode(contents["blob"].as_str().unwrap()).unwrap();
    assert!(bytes.starts_with(b"RIFF"));
    assert_eq!(link["size"], bytes.len());

    let listed = client.ask(json!(["resources"])).unwrap();
    let listed: Vec<&Value> =
        listed["resources"].as_array().unwrap().iter().map(|resource| &resource["uri"]).collect();
    assert_eq!(listed, ["connector://docs/openai/v1", uri]);

    let heard = client.call("openai_v1_createTranscription", json!({ "file": output }));
    assert_ne!(heard["isError"], true, "{heard}");
    let heard = client.call("openai_v1_createTranscription", json!({ "file": { "url": uri } }));
    assert!(!text(&heard).is_empty());
}

#[test]
fn an_image_is_part_of_the_result() {
    let sandbox = sandbox();
    let mut client = Client::start(Some(&sandbox), &[]);
    client.ask(json!(["tools"])).unwrap();
    let input = json!({ "imageMessages": [{ "content": "A lighthouse at dusk" }] });
    let result = client.call("openai_v1_createImage", input);
    let content = result["content"].as_array().unwrap();
    let seen = content.iter().find(|block| block["type"] == "image").unwrap();
    assert_eq!(seen["mimeType"], "image/png");
    assert!(STANDARD.decode(seen["data"].as_str().unwrap()).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn a_file_can_be_passed_in_the_call() {
    let sandbox = sandbox();
    let mut client = Client::start(Some(&sandbox), &[]);
    let speech = fs::read(in_repository("tests/sandbox/samples/speech.mp3")).unwrap();
    let url = format!("data:audio/mpeg;base64,{}", STANDARD.encode(&speech));
    let file = json!({ "url": url, "name": "talk.mp3" });
    let result = client.call("openai_v1_createTranscription", json!({ "file": file }));
    assert_ne!(result["isError"], true, "{result}");
    let requests = sandbox.requests();
    let part = requests.last().unwrap().parts().iter().find(|part| part.name == "file").unwrap();
    assert_eq!(part.bytes, speech);

    let wrong = json!({ "file": { "url": "data:audio/mpeg;base64,****" } });
    let refused = client.call("openai_v1_createTranscription", wrong);
    assert_eq!(refused["isError"], true);
    assert_eq!(text(&refused), "file: invalid data: URL");
}

#[test]
fn only_files_in_an_input_folder_are_read() {
    let sandbox = sandbox();
    let (allowed, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let sample = in_repository("tests/sandbox/samples/speech.mp3");
    fs::create_dir(allowed.path().join("deep")).unwrap();
    let inside = allowed.path().join("deep/talk.mp3");
    let outside = other.path().join("talk.mp3");
    let link = allowed.path().join("link.mp3");
    fs::copy(&sample, &inside).unwrap();
    fs::copy(&sample, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &link).unwrap();
    let mut client =
        Client::start(Some(&sandbox), &["--input-dir", allowed.path().to_str().unwrap()]);
    let mut transcribe = |path: &str| {
        let input = json!({ "file": { "url": format!("file://{path}") } });
        client.call("openai_v1_createTranscription", input)
    };
    let heard = transcribe(inside.to_str().unwrap());
    assert_ne!(heard["isError"], true, "{heard}");
    let up = format!("{}/../{}", allowed.path().display(), outside.display());
    for path in [outside.to_str().unwrap(), link.to_str().unwrap(), &up, "/etc/passwd", "/gone"] {
        let refused = transcribe(path);
        assert_eq!(refused["isError"], true, "{path}");
        let message = text(&refused);
        assert!(message.ends_with("is not inside a folder allowed by --input-dir"), "{refused}");
        let record = &refused["_meta"]["workflow-connector/failure"];
        assert_eq!(
            (&record["kind"], &record["property"]),
            (&json!("invalid-input"), &json!("file"))
        );
    }
    assert_eq!(sandbox.requests().len(), 1);
}

#[test]
fn a_failure_has_a_message_and_a_record() {
    let sandbox = sandbox();
    let mut client = Client::start(Some(&sandbox), &[]);
    client.ask(json!(["tools"])).unwrap();
    let wrong = json!({ "messages": [{ "role": "poet", "content": "Hello!" }] });
    let refused = client.call("openai_v1_ask", wrong);
    assert_eq!(refused["isError"], true);
    assert!(text(&refused).contains("messages[0].role"), "{refused}");
    let record = &refused["_meta"]["workflow-connector/failure"];
    assert_eq!(record["kind"], "invalid-input");
    assert_eq!(record["requestSent"], false);

    // The provider repeats the credential.
    let echo = format!("Incorrect API key provided: {CANARY}.");
    sandbox.script(Fault::error(401, "invalid_api_key", &echo));
    let refused = client.call("openai_v1_ask", question());
    let record = &refused["_meta"]["workflow-connector/failure"];
    assert_eq!(record["kind"], "unauthorized");
    assert!(refused.to_string().contains("****"));
    assert!(!refused.to_string().contains(CANARY));

    let unknown = client.ask(json!(["call", "openai_v1_sing", {}])).unwrap_err();
    assert!(unknown.contains("unknown tool `openai_v1_sing`; available: openai_v1_ask"));
    let gone = client.ask(json!(["read", "connector://files/file_0"])).unwrap_err();
    assert!(gone.contains("resource `connector://files/file_0` not found"), "{gone}");
}

#[test]
fn without_a_connection_a_tool_reports_what_is_missing() {
    let mut client = Client::start(None, &[]);
    let refused = client.call("openai_v1_ask", question());
    assert_eq!(refused["isError"], true);
    assert_eq!(
        text(&refused),
        "the OpenAI connection has no `token` (Token); when starting this server, set \
         OPENAI_API_KEY, and OPENAI_BASE_URL if the server is not https://api.openai.com/v1, or \
         choose a connection with --connection"
    );
}

#[test]
fn a_cancelled_call_frees_its_slot() {
    let sandbox = sandbox();
    sandbox.script(Fault::Stall { after: 1_000, pause: FOREVER });
    let mut client = Client::start(Some(&sandbox), &["--runs", "1"]);
    let abandoned = client.ask(json!(["abandon", "openai_v1_ask", question()])).unwrap_err();
    assert!(abandoned.contains("enough"), "{abandoned}");
    let next = client.call("openai_v1_ask", question());
    assert!(text(&next).contains("Hello!"));
}

#[test]
fn a_reference_page_is_a_resource() {
    let mut client = Client::start(None, &[]);
    let page = client.ask(json!(["read", "connector://docs/openai/v1"])).unwrap();
    let page = page["contents"][0]["text"].as_str().unwrap();
    assert_eq!(page, fs::read_to_string(in_repository("schemas/openai/v1/reference.md")).unwrap());
    let templates = client.ask(json!(["templates"])).unwrap();
    assert_eq!(templates["resourceTemplates"][0]["uriTemplate"], "connector://files/{id}");
}

#[test]
fn a_stored_connection_is_chosen_by_name() {
    let sandbox = sandbox();
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("data");
    let token = data.path().join("token");
    fs::write(&token, CANARY).unwrap();
    let mut add = command(None);
    add.args(["connection", "add", "openai", "--name", "work", "--data-dir"]).arg(&folder);
    add.arg("--set").arg(format!("baseUrl={}", sandbox.base_url()));
    add.arg("--secret-file").arg(format!("token={}", token.display()));
    assert_eq!(ran(&mut add).status, 0);
    let mut unknown = command(None);
    unknown.args(["mcp", "--connection", "home", "--data-dir"]).arg(&folder);
    let refused = ran(&mut unknown);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("no stored connection `home`"), "{refused:?}");

    let listed = inspected(
        &sandbox,
        &folder,
        &[
            "--connection",
            "work",
            "--method",
            "tools/call",
            "--tool-name",
            "openai_v1_ask",
            "--tool-arg",
            r#"messages=[{"role":"user","content":"Hello!"}]"#,
        ],
    );
    assert!(text(&listed).contains("Hello!"), "{listed}");
}

#[test]
fn the_inspector_reports_no_problems() {
    let sandbox = sandbox();
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("data");
    let tools = inspected(&sandbox, &folder, &["--method", "tools/list"]);
    let actions = openai().descriptor().actions.len();
    assert_eq!(tools["tools"].as_array().unwrap().len(), actions);
    let resources = inspected(&sandbox, &folder, &["--method", "resources/list"]);
    assert_eq!(resources["resources"][0]["name"], "OpenAI");
}

#[test]
fn tools_and_files_work_over_http() {
    let sandbox = sandbox();
    let server = Server::start(&sandbox, &[]);
    let mut client = Client::of(&server, None);
    client.ask(json!(["tools"])).unwrap();
    let followed = client.ask(json!(["follow", "openai_v1_ask", question()])).unwrap();
    assert!(text(&followed["result"]).contains("Hello!"));
    assert!(!followed["progress"].as_array().unwrap().is_empty());
    let speech = json!({ "input": "Good morning", "voice": "alloy" });
    let made = client.call("openai_v1_createSpeech", speech);
    let uri = made["structuredContent"]["output"]["url"].as_str().unwrap();
    // Files belong to the server, not to a session.
    let mut other = Client::of(&server, None);
    assert!(other.ask(json!(["read", uri])).unwrap()["contents"][0]["blob"].is_string());
    // Open sessions do not keep the server running.
    assert!(server.stops(), "the server does not stop");
}

#[test]
fn a_cancelled_call_over_http_frees_its_slot() {
    let sandbox = sandbox();
    sandbox.script(Fault::Stall { after: 1_000, pause: FOREVER });
    let server = Server::start(&sandbox, &["--runs", "1"]);
    let mut client = Client::of(&server, None);
    client.ask(json!(["abandon", "openai_v1_ask", question()])).unwrap_err();
    assert!(text(&client.call("openai_v1_ask", question())).contains("Hello!"));
}

#[test]
fn http_access_follows_the_rules_of_the_service() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let key = "0123456789abcdef";
    fs::write(&file, key).unwrap();
    let server = Server::start(&sandbox, &["--api-key-file", file.to_str().unwrap()]);
    let mut client = Client::of(&server, Some(key));
    assert!(client.ask(json!(["tools"])).is_ok());
    let post = |url: &str, headers: &[(&str, &str)]| {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request = agent.post(url).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("accept", "application/json, text/event-stream");
        request.send(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).unwrap().status().as_u16()
    };
    assert_eq!(post(&server.url, &[]), 401);
    assert_eq!(post(&server.url, &[("authorization", "Bearer 0123456789abcdeX")]), 401);

    let local = Server::start(&sandbox, &[]);
    assert_eq!(post(&local.url, &[("host", "evil.example")]), 403);
    assert_eq!(post(&local.url, &[("origin", "http://evil.example")]), 403);

    let mut open = command(None);
    let data = folder.path().join("data");
    let refused = ran(open.args(["mcp", "--listen", "0.0.0.0:0", "--data-dir"]).arg(data));
    assert_eq!(refused.status, 1, "{refused:?}");
    assert!(refused.stderr.contains("can be reached from other machines"), "{refused:?}");
}
