//! Node-RED's editor in a browser, used the way a user would. Screenshots
//! are in `TARGET/screenshots/`.

use connector_tests::browser::{Browser, Screen};
use connector_tests::node_red::{NodeRed, Setup};
use connector_tests::{CANARY, sandbox};
use serde_json::json;

const ASK: &str = ".red-ui-palette-node[data-palette-type='openai.v1.ask']";

#[test]
fn a_node_can_be_added_configured_and_deployed() {
    let sandbox = sandbox();
    let mut node_red = NodeRed::set_up(Setup { editor: true, ..Setup::default() });
    let flows = json!([
        { "id": "flow", "type": "tab", "label": "Ask" },
        { "id": "inject", "z": "flow", "type": "inject", "name": "A question", "x": 130, "y": 120,
          "props": [{ "p": "payload" }], "payload": "Why is the sky blue?", "payloadType": "str",
          "topic": "", "repeat": "", "crontab": "", "once": false, "onceDelay": 0.1,
          "wires": [["debug"]] },
        { "id": "debug", "z": "flow", "type": "debug", "name": "The answer", "active": true,
          "tosidebar": true, "complete": "payload", "targetType": "msg", "x": 610, "y": 120, "wires": [] },
    ]);
    node_red.deploy(&flows, &json!({}));
    let browser = Browser::start(Screen::Desktop);
    browser.open(node_red.url());
    browser.until(&format!("document.querySelector({ASK:?})"));
    browser.until("document.querySelector('#debug')");

    // A long word is not broken.
    let palette = |action: &str| {
        let of = format!("[data-palette-type='openai.v1.{action}'] .red-ui-palette-label");
        browser.value(&format!("document.querySelector({of:?}).innerText"))
    };
    assert_eq!(palette("createTranscription"), "Create\nTranscriptions");
    assert_eq!(palette("createImage"), "Create\nImage");

    // Drop it onto the wire, so that it is inserted there.
    browser.until(
        "!document.querySelector('.red-ui-loader, #red-ui-loading-progress:not([style*=none])')",
    );
    browser.drag(ASK, ".red-ui-flow-link-path");
    browser.until("RED.nodes.filterNodes({ type: 'openai.v1.ask' }).length === 1");
    browser.until("RED.nodes.filterLinks({ target: RED.nodes.node('debug') })[0].source.type === 'openai.v1.ask'");
    let id = browser.value("RED.nodes.filterNodes({ type: 'openai.v1.ask' })[0].id");
    let node = format!("[id='{}']", id.as_str().unwrap());
    browser.double_click(&node);
    browser.sees("Edit Ask node");

    // Create its connection.
    browser.click("#node-input-btn-connection-add");
    browser.sees("Add new OpenAI connection config node");
    browser.sees("The secret API key.");
    browser.until(
        "getComputedStyle(document.querySelector('[for=node-config-input-token]'), '::after')\
         .content.includes('*')",
    );
    browser.fill("Token", "sk-wrong-token-0123456789");
    browser.press("Advanced");
    browser.fill("Base URL", &sandbox.base_url());
    // The secrets of another authorization are hidden, and advanced ones are below.
    let is_visible = |name: &str| {
        let of = format!("[for=node-config-input-{name}]");
        browser.value(&format!("document.querySelector({of:?}).checkVisibility()")) == json!(true)
    };
    assert!(is_visible("token") && is_visible("proxyPassword") && !is_visible("apiKey"));
    browser.press("Authorization");
    browser.press("API Key (Azure)");
    browser.until("document.querySelector('[for=node-config-input-apiKey]').checkVisibility()");
    assert!(!is_visible("token"));
    browser.press("Authorization");
    browser.press("Bearer Token");
    browser.press("Test");
    browser.until("document.querySelector('#connection-tested.is-bad')?.innerText");
    browser.screenshot("node-red-connection-wrong");
    browser.fill("Token", CANARY);
    browser.press("Test");
    browser.until("document.querySelector('#connection-tested.is-good')?.innerText");
    browser.screenshot("node-red-connection");
    browser.press("Add");
    browser.until("!document.querySelector('#connection-tested')");

    // Each field has a description.
    browser.sees("The conversation so far, oldest message first.");

    // Models come from the connection.
    browser.click("#connector-form .red-ui-typedInput-option-expand");
    browser.until("document.querySelector('.red-ui-autoComplete-container')?.innerText.includes('gpt-4o-mini')");
    browser.screenshot("node-red-models");
    browser.press("gpt-4o-mini");
    browser.until("document.querySelector('[aria-label=Model]').value === 'gpt-4o-mini'");

    // A list of chat messages; the first one is already set to `msg.payload`.
    browser.press("add");
    browser.press("Content 2, type");
    browser.press("text");
    browser.fill("Content 2", "Answer for a child.");
    browser.press("Role 2");
    browser.press("developer");

    // A condition shows and hides a field.
    assert!(!browser.has("Response Schema"));
    browser.press("Response Format");
    browser.press("Object");
    browser.fill(
        "Response Schema",
        r#"{ "type": "object", "properties": { "why": { "type": "string" } } }"#,
    );
    browser.screenshot("node-red-dialog");
    browser.press("Response Format");
    browser.press("Text (not set)");
    browser.until("!document.querySelector('[aria-label=\"Response Schema\"]').checkVisibility()");

    // A number from an expression. Messages have advanced properties of their own.
    browser
        .value("document.querySelector('[aria-label=Temperature]').closest('details').open = true");
    browser.press("Temperature, type");
    browser.press("expression");
    browser.fill("Temperature", "$length(payload) / 40");
    browser.press("Done");
    browser.until("!document.querySelector('#connector-form')");

    browser.press("Deploy");
    browser.sees("Successfully deployed");
    browser.value("RED.sidebar.show('debug')");
    browser.click("[id='inject'] .red-ui-flow-node-button-button");
    browser.sees("Sandbox answer to");
    browser.screenshot("node-red-answer");
    let sent = sandbox.requests().pop().unwrap().json().unwrap().clone();
    assert_eq!(sent["model"], "gpt-4o-mini");
    assert_eq!(sent["temperature"], 0.5);
    assert_eq!(
        sent["messages"],
        json!([
            { "content": "Why is the sky blue?", "role": "user" },
            { "content": "Answer for a child.", "role": "developer" },
        ])
    );

    // When the dialog is opened again, everything is still there, and the token
    // is not exposed.
    browser.reload();
    browser.until(&format!("document.querySelector({node:?})"));
    browser.double_click(&node);
    browser.until(
        "document.querySelector('[aria-label=\"Content 2\"]')?.value === 'Answer for a child.'",
    );
    browser.until(
        "document.querySelector('[aria-label=Temperature]')?.value === '$length(payload) / 40'",
    );
    browser.value("RED.sidebar.show('help')");
    browser.sees("Asks a chat model");
    let headings = "[...document.querySelectorAll('.red-ui-help h3')].map((h) => h.innerText)";
    let headings = browser.value(headings);
    assert_eq!(headings, json!(["Inputs", "Outputs", "Details", "Files"]));
    browser.screenshot("node-red-help");
    browser.click("#node-input-btn-connection-edit");
    browser.until("document.querySelector('#node-config-input-token')?.value === '__PWRD__'");
    // The test uses the stored token.
    browser.press("Test");
    browser.until("document.querySelector('#connection-tested.is-good')?.innerText");
    let page = browser.value(
        "document.documentElement.outerHTML + JSON.stringify(RED.nodes.createCompleteNodeSet())",
    );
    assert!(!page.as_str().unwrap().contains(CANARY));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
