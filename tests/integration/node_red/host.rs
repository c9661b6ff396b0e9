//! The host process: it starts and stops with Node-RED, and is restarted if it
//! ends. Runs end with their flow.

use std::thread;
use std::time::{Duration, Instant};

use connector_tests::node_red::{NodeRed, Setup, output_of_node_red_command};
use connector_tests::process::Process;
use connector_tests::{FOREVER, HANG, openai, sandbox};
use openai_sandbox::Fault;
use serde_json::{Value, json};

use super::{credentials, flow, question, with_node};

fn wait_for_exit(process: Process) {
    let deadline = Instant::now() + HANG;
    while process.try_figures().is_some() {
        assert!(Instant::now() < deadline, "the host does not exit");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the sandbox has received this many requests.
fn wait_for_requests(sandbox: &openai_sandbox::Sandbox, times: usize) {
    let deadline = Instant::now() + HANG;
    while sandbox.requests().len() < times {
        assert!(Instant::now() < deadline, "the provider received no request");
        thread::sleep(Duration::from_millis(20));
    }
}

/// While Node-RED loads its nodes, nothing else keeps its process alive.
#[test]
fn node_red_waits_for_a_host_that_is_compiling() {
    let output = output_of_node_red_command();
    assert!(output.ends_with("Started flows\n"), "{output}");
    let actions = openai().descriptor().actions.len();
    assert!(output.contains(&format!("connectors: openai/v1 with {actions} actions")), "{output}");
}

#[test]
fn a_host_that_dies_is_restarted() {
    let sandbox = sandbox();
    let mut node_red = with_node(&sandbox, "ask", json!({ "fields": question() }));
    let first = node_red.host();
    sandbox.script(Fault::Delay(FOREVER));
    node_red.inject("action", json!({ "payload": "Hi" }));
    wait_for_requests(&sandbox, 1);
    first.kill();

    // The interrupted run may have been charged, so it is not repeated.
    let caught = node_red.message("failure");
    let message = "the connector host exited during the run; you may have been charged";
    assert_eq!(caught["failure"]["message"], message);
    assert_eq!(caught["failure"]["requestSent"], true);
    assert_eq!(sandbox.requests().len(), 1);

    // The next run waits for the new process.
    node_red.inject("action", json!({ "payload": "Again" }));
    let outcome = node_red.message("outcome");
    assert!(outcome["payload"].as_str().unwrap().contains("Again"), "{outcome}");
    assert_ne!(node_red.host(), first);
    assert!(node_red.output().contains("the connector host exited (SIGKILL); restarting in"));
}

#[test]
fn the_host_ends_with_node_red() {
    let mut node_red = NodeRed::start();
    let host = node_red.host();
    node_red.kill();
    wait_for_exit(host);
}

/// A run takes the only slot. Another run gets it after the flow is closed.
#[test]
fn a_closed_flow_stops_its_runs() {
    let sandbox = sandbox();
    let args = json!(["--runs", "1", "--queue", "0"]);
    let settings = json!({ "wasmConnectors": { "args": args } });
    let mut node_red = NodeRed::set_up(Setup { settings, ..Setup::default() });
    let flows = flow(&sandbox, "ask", json!({ "fields": question() }));
    node_red.deploy(&flows, &credentials());
    sandbox.script(Fault::Delay(FOREVER));
    node_red.inject("action", json!({ "payload": "Slow" }));
    wait_for_requests(&sandbox, 1);
    node_red.inject("action", json!({ "payload": "Impatient" }));
    let caught = node_red.message("failure");
    assert_eq!(
        (&caught["payload"], &caught["failure"]["kind"]),
        (&json!("Impatient"), &json!("busy"))
    );

    node_red.deploy(&flows, &credentials());
    // The slot is free as soon as the host has noticed.
    let deadline = Instant::now() + HANG;
    loop {
        node_red.inject("action", json!({ "payload": "Patient" }));
        let ended = node_red.first_message(&["outcome", "failure"]);
        if ended["failure"].is_null() {
            assert!(ended["payload"].as_str().unwrap().contains("Patient"), "{ended}");
            break;
        }
        assert_eq!(ended["failure"]["kind"], "busy");
        assert!(Instant::now() < deadline, "the run of the closed flow continues");
    }
    // The run of a removed flow reports nothing.
    assert_eq!(node_red.messages("failure"), Vec::<Value>::new());
}

#[test]
fn a_message_can_cancel_runs() {
    let sandbox = sandbox();
    let mut node_red = with_node(&sandbox, "ask", json!({ "fields": question() }));
    sandbox.script(Fault::Delay(FOREVER));
    node_red.inject("action", json!({ "payload": "Hi" }));
    wait_for_requests(&sandbox, 1);
    node_red.inject("action", json!({ "reset": true }));
    let caught = node_red.message("failure");
    assert_eq!(caught["failure"]["kind"], "cancelled");
    assert_eq!(caught["payload"], "Hi");
}

#[test]
fn a_missing_host_is_reported() {
    let settings = json!({ "wasmConnectors": { "program": "/nowhere/connector" } });
    let node_red = NodeRed::set_up(Setup { settings, ..Setup::default() });
    let error = node_red.types()["err"].to_string();
    assert!(error.contains("cannot start the connector host /nowhere/connector"), "{error}");
    assert!(error.contains("hint: set wasmConnectors.program"), "{error}");

    let settings = json!({ "wasmConnectors": { "components": "/nowhere" } });
    let node_red = NodeRed::set_up(Setup { settings, ..Setup::default() });
    let error = node_red.types()["err"].to_string();
    assert!(error.contains("looked in /nowhere"), "{error}");
}
