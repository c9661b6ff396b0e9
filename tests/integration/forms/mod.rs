//! How form libraries render the documents in `schemas/`: stock
//! react-jsonschema-form (rjsf), and JSON Forms with its vanilla renderers.
//!
//! `tests/forms/render.mjs` renders them as a server would. The outlines of two
//! pages, label by label and control by control, are compared with the
//! snapshots next to this file.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use connector_host::{Connector, Property, PropertyTable, PropertyType, render};
use connector_tests::{host, in_repository, openai, target_dir, test_component};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Form data that, taken together, shows every property of a form.
fn variants(form: &str) -> Vec<Value> {
    let others = match form {
        "connection" => vec![json!({ "authorization": "apiKey", "apiKey": "k-1" })],
        "ask" => vec![json!({
            "messages": [{ "role": "user", "content": "Hi" }], "api": "responses",
            "webSearch": true, "vectorStores": ["vs_1"], "codeInterpreter": true,
            "codeInterpreterOptions": { "networkAccess": "allowlist", "allowedDomains": ["a.example"] },
            "imageGeneration": true, "mcpServers": [{ "label": "docs" }],
            "mcpApprovals": [{ "requestId": "mcpr_1", "approve": true }],
        })],
        _ => Vec::new(),
    };
    [vec![filled(form)], others].concat()
}

/// Form data that makes the whole form visible: conditions hold, and lists and
/// maps have an entry.
fn filled(form: &str) -> Value {
    match form {
        "ask" => json!({
            "messages": [{ "role": "user", "content": "Hi" }],
            "responseFormat": 2,
            "logprobs": true,
            "logitBias": { "50256": -100 },
            "stop": ["."],
            "functions": ["openai/v1/createImage"],
            "attachments": [{ "url": "file:///a.png" }],
        }),
        "createImage" => json!({
            "imageMessages": [{ "content": "A cat", "weight": 2 }], "outputFormat": "webp",
        }),
        "createSpeech" => json!({ "voice": "alloy", "responseFormat": "wav" }),
        "createTranscription" => json!({
            "file": { "url": "file:///a.mp3" }, "language": "en", "responseFormat": "verbose_json",
            "knownSpeakers": [{ "name": "Ada", "recording": { "url": "file:///b.wav" } }],
            "languages": ["de"], "keywords": ["Graz"],
        }),
        "createTranslation" => json!({ "file": { "url": "file:///a.mp3" } }),
        "editImage" => json!({
            "images": [{ "url": "file:///a.png" }], "mask": { "url": "file:///b.png" },
            "imageMessages": [{ "content": "A cat", "weight": 2 }], "outputFormat": "webp",
        }),
        "uploadFile" => json!({
            "file": { "url": "file:///a.pdf" },
            "expiresAfter": { "anchor": "created_at", "seconds": 3600 },
        }),
        "listFiles" => json!({ "purpose": "batch" }),
        "deleteFile" => json!({ "fileId": "file-1" }),
        "callApi" => json!({
            "method": "POST", "path": "/models", "query": { "a": "b" }, "formFields": { "c": "d" },
            "formFiles": [{ "name": "file", "file": { "url": "file:///a.pdf" } }],
            "headers": { "OpenAI-Beta": "e" },
        }),
        "createEmbeddings" => json!({ "input": ["Hi"] }),
        "getResponse" | "cancelResponse" | "deleteResponse" => json!({ "responseId": "resp_1" }),
        "createConversation" => json!({
            "items": [{ "role": "user", "content": "Hi" }], "metadata": { "ticket": "4711" },
        }),
        "getConversation" | "deleteConversation" => json!({ "conversationId": "conv_1" }),
        "updateConversation" => json!({
            "conversationId": "conv_1", "metadata": { "ticket": "4711" },
        }),
        "createBatch" => json!({
            "inputs": [{ "attachments": [{ "url": "file:///a.png" }] }],
            "inputsFile": { "url": "file:///a.jsonl" }, "metadata": { "ticket": "4711" },
        }),
        "getBatch" => json!({ "batchId": "batch_1", "wait": true }),
        "cancelBatch" => json!({ "batchId": "batch_1" }),
        "listBatches" => json!({}),
        "createModeration" => json!({
            "input": ["Hi"], "images": [{ "url": "file:///a.png" }],
            "imageUrls": ["https://images.example/a.png"],
        }),
        "connection" => json!({ "token": "sk-1", "maxTokensParameter": "max_tokens" }),
        "anthropic.ask" => json!({
            "messages": [{ "role": "user", "content": "Hi" }], "responseFormat": "structured",
            "stopSequences": ["."],
        }),
        "anthropic.countTokens" => json!({ "messages": [{ "role": "user", "content": "Hi" }] }),
        "anthropic.connection" => json!({ "apiKey": "sk-ant-1" }),
        other => panic!("add data that shows all of {other}"),
    }
}

/// rjsf has a control for everything. JSON Forms has one for everything except
/// maps (`Logit Bias`), which none of its renderer sets supports, so it reports
/// each of them.
fn has_control(property: &Property, library: &str) -> bool {
    let is_map = property.kind == PropertyType::Object && property.children.is_empty();
    library == RJSF || !is_map
}

/// The pages match the snapshots. Ask has every kind of control, and the
/// connection has a secret.
#[test]
fn forms_match_the_snapshots() {
    for form in [form("ask"), form("connection")] {
        let cases = [json!({}), filled(&form.name)];
        let rendered = form.render(&cases);
        for library in [RJSF, JSON_FORMS] {
            let pages = cases.iter().zip(&rendered).map(|(data, rendered)| {
                let mut text = format!("form data: {data}\n\n{}\n", page(rendered, library));
                if library == RJSF {
                    text += &format!("\nsubmitted: {}\n", rendered["submitted"]);
                    for error in rendered["errors"].as_array().unwrap() {
                        text += &format!("error: {error}\n");
                    }
                }
                text
            });
            let text = pages.collect::<Vec<_>>().join("\n\n");
            assert_recorded(&format!("{}.{library}", form.name), &text);
        }
    }
}

/// Each property is on the page under its label, and the library can render
/// everything on the page.
#[test]
fn every_property_has_a_control() {
    for form in forms() {
        let all = form.render(&variants(&form.name));
        let rendered = &all[0];
        for library in [RJSF, JSON_FORMS] {
            let shown: Vec<_> = all.iter().flat_map(|one| labels_on(one, library)).collect();
            let mut missing = labels_in(&form.table, library);
            missing.retain(|label| !shown.contains(label));
            assert!(missing.is_empty(), "{library}, {}: {missing:?}", form.name);

            let without = form.table.iter().filter(|property| !has_control(property, library));
            let expected: Vec<_> = without
                .map(|property| format!("No applicable cell found. #/properties/{}", property.name))
                .collect();
            assert_eq!(complaints(rendered, library), expected, "{library}, {}", form.name);
        }
    }
}

/// Checks that an unsupported control would be reported.
#[test]
fn reports_what_cannot_be_rendered() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, document: Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, document.to_string()).unwrap();
        path
    };
    let schema = json!({ "type": "object", "properties": { "list": { "type": "array" } } });
    let documents = [
        write("schema", schema),
        write("ui", json!({})),
        write("json-forms", json!({ "type": "Nothing" })),
    ];
    let [rendered] = rendered(&documents, &[json!({})]).try_into().unwrap();
    assert_eq!(complaints(&rendered, RJSF).len(), 1, "{rendered}");
    assert_eq!(complaints(&rendered, JSON_FORMS), ["No applicable renderer found."]);
}

/// Response Schema is shown for objects and lists, but not for text.
#[test]
fn conditions_show_and_hide_fields() {
    let form = form("ask");
    let format = |number: u8| json!({ "responseFormat": number });
    let cases = [(json!({}), false), (format(0), false), (format(1), true), (format(2), true)];
    let data = cases.clone().map(|(data, _)| data);
    for (rendered, (data, shows)) in form.render(&data).iter().zip(cases) {
        for library in [RJSF, JSON_FORMS] {
            let is_there = labels_on(rendered, library).contains("Response Schema");
            assert_eq!(is_there, shows, "{library}, {data}");
        }
    }
}

/// The host's example passes rjsf's validator, and the form submits it
/// unchanged.
#[test]
fn examples_are_submitted_unchanged() {
    for form in forms() {
        let example = render::example(&form.table);
        let [rendered] = form.render(std::slice::from_ref(&example)).try_into().unwrap();
        assert_eq!(rendered["errors"], json!([]), "{}", form.name);
        assert_eq!(rendered["submitted"], example, "{}", form.name);
    }
}

/// rjsf shows each error next to its control.
#[test]
fn errors_are_shown_next_to_their_control() {
    let message = |content: Value, role: &str| json!([{ "content": content, "role": role }]);
    let mistakes = [
        ("ask", "messages", json!([{ "role": "user" }]), "messages.0.content"),
        ("ask", "messages", message(json!(1), "user"), "messages.0.content"),
        ("ask", "messages", message(json!("Hi"), "poet"), "messages.0.role"),
        ("ask", "responseFormat", json!(3), "responseFormat"),
        ("ask", "temperature", json!(2.1), "temperature"),
        ("ask", "n", json!(1.5), "n"),
        ("ask", "stop", json!(["1", "2", "3", "4", "5"]), "stop"),
        ("ask", "stop", json!([1]), "stop.0"),
        ("ask", "logitBias", json!({ "50256": 101 }), "logitBias.50256"),
        ("ask", "logitBias", json!({ "word": 1 }), "logitBias"),
        ("createImage", "imageMessages", json!([{ "weight": 1 }]), "imageMessages.0.content"),
        ("createImage", "style", json!("loud"), "style"),
        ("createSpeech", "input", Value::Null, "input"),
        ("createSpeech", "speed", json!(0.2), "speed"),
        ("createSpeech", "unknown", json!(1), ""),
        ("createTranscription", "file", json!({ "name": "a.mp3" }), "file.url"),
        ("connection", "token", Value::Null, "token"),
        ("connection", "maxTokensParameter", json!("tokens"), "maxTokensParameter"),
        ("anthropic.ask", "maxTokens", json!(0), "maxTokens"),
        ("anthropic.ask", "temperature", json!(1.5), "temperature"),
        ("anthropic.ask", "messages", json!([]), "messages"),
    ];
    for mistakes in mistakes.chunk_by(|one, next| one.0 == next.0) {
        let form = form(mistakes[0].0);
        let example = render::example(&form.table);
        let data = mistakes.iter().map(|(_, property, wrong, _)| {
            let mut data = example.clone();
            data[property] = wrong.clone();
            data
        });
        let rendered = form.render(&data.collect::<Vec<_>>());
        for (rendered, mistake) in rendered.iter().zip(mistakes) {
            let errors = rendered["errors"].as_array().unwrap();
            // A condition adds an error about itself.
            let is_condition = |error: &&Value| error[1] == "must match \"then\" schema";
            let errors: Vec<&Value> = errors.iter().filter(|error| !is_condition(error)).collect();
            let paths: BTreeSet<_> =
                errors.iter().map(|error| error[0].as_str().unwrap()).collect();
            assert_eq!(Vec::from_iter(paths), [mistake.3], "{mistake:?}: {errors:?}");
        }
    }
}

const RJSF: &str = "rjsf";
const JSON_FORMS: &str = "json-forms";

/// The form of an action or of the connection.
struct Form {
    name: String,
    /// The files with its schema, its uiSchema and its UI schema for JSON
    /// Forms.
    documents: [PathBuf; 3],
    table: PropertyTable,
}

impl Form {
    /// The form whose documents are in a folder.
    fn new(folder: &str, name: &str, schema: &str, table: &PropertyTable) -> Self {
        let files = [schema, &format!("{name}.ui.json"), &format!("{name}.json-forms.json")];
        let documents = files.map(|file| in_repository(folder).join(file));
        Self { name: name.to_owned(), documents, table: table.clone() }
    }

    fn render(&self, data: &[Value]) -> Vec<Value> {
        rendered(&self.documents, data)
    }
}

fn forms() -> Vec<Form> {
    let anthropic = host().load_file(test_component("anthropic")).unwrap();
    let mut forms = forms_of(&openai(), "schemas/openai/v1");
    for form in forms_of(&anthropic, "schemas/anthropic/v1") {
        forms.push(Form { name: format!("anthropic.{}", form.name), ..form });
    }
    forms
}

fn forms_of(connector: &Connector, folder: &str) -> Vec<Form> {
    let descriptor = connector.descriptor();
    let actions = descriptor.actions.iter().map(|action| {
        let schema = format!("{}.input.json", action.name);
        Form::new(folder, &action.name, &schema, &action.properties)
    });
    let connection = &descriptor.connection.properties;
    actions.chain([Form::new(folder, "connection", "connection.json", connection)]).collect()
}

fn form(name: &str) -> Form {
    forms().into_iter().find(|form| form.name == name).unwrap()
}

/// The output of `render.mjs` for each item of form data.
fn rendered(documents: &[PathBuf; 3], data: &[Value]) -> Vec<Value> {
    let folder = target_dir().join("forms");
    assert!(
        folder.join("installed").is_file(),
        "the form libraries are not installed; `make test` installs them, or \
         `tests/forms/install.sh {}`",
        target_dir().display()
    );
    let mut child = Command::new("node")
        .arg(in_repository("tests/forms/render.mjs"))
        .arg(folder)
        .args(documents)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run node: {error}; `make test` installs it"));
    // The process may exit before it reads its input; its status then shows that.
    let _ = child.stdin.take().unwrap().write_all(json!(data).to_string().as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "render.mjs failed; see its output above");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn page<'a>(rendered: &'a Value, library: &str) -> &'a str {
    rendered[library]["outline"].as_str().unwrap()
}

fn complaints<'a>(rendered: &'a Value, library: &str) -> Vec<&'a str> {
    let complaints = rendered[library]["complaints"].as_array().unwrap();
    complaints.iter().map(|complaint| complaint.as_str().unwrap()).collect()
}

/// The labels on a page, without the marks of required fields.
fn labels_on<'a>(rendered: &'a Value, library: &str) -> BTreeSet<&'a str> {
    let lines = page(rendered, library).lines();
    let labels = lines.filter_map(|line| line.split(" | ").next());
    labels.map(|label| label.trim_start().trim_end_matches('*')).collect()
}

/// The labels that a library must show for a table; items of lists have none.
fn labels_in<'a>(table: impl IntoIterator<Item = &'a Property>, library: &str) -> Vec<&'a str> {
    let shown = table.into_iter().filter(|property| has_control(property, library));
    let labels = shown.flat_map(|property| {
        // JSON Forms does not label the items of a list.
        let below = if property.kind == PropertyType::Array && library == JSON_FORMS {
            let members: Vec<_> =
                property.children.iter().flat_map(|item| &item.children).collect();
            labels_in(members, library)
        } else {
            labels_in(&property.children, library)
        };
        [property.label.as_str()].into_iter().chain(below)
    });
    labels.filter(|label| !label.is_empty()).collect()
}

fn assert_recorded(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
