//! The host's process: started with Node-RED, again when it ends, and ended
//! with it. Runs end with their flow.

use std::thread;
use std::time::{Duration, Instant};

use connector_tests::node_red::{NodeRed, Setup, said_by_its_own_program};
use connector_tests::process::Process;
use connector_tests::{FOREVER, HANG, sandbox};
use openai_sandbox::Fault;
use serde_json::{Value, json};

use super::{credentials, flow, question, with_node};

fn ends(process: Process) {
    let deadline = Instant::now() + HANG;
    while process.try_figures().is_some() {
        assert!(Instant::now() < deadline, "the host does not end");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the sandbox has been asked so often.
fn asked(sandbox: &openai_sandbox::Sandbox, times: usize) {
    let deadline = Instant::now() + HANG;
    while sandbox.requests().len() < times {
        assert!(Instant::now() < deadline, "the provider is not asked");
        thread::sleep(Duration::from_millis(20));
    }
}

/// While it loads its nodes, nothing keeps Node-RED running but them.
#[test]
fn node_reds_own_program_waits_for_a_host_that_compiles() {
    let said = said_by_its_own_program();
    assert!(said.ends_with("Started flows\n"), "{said}");
    assert!(said.contains("connectors: openai/v1 with 4 actions"), "{said}");
}

#[test]
fn a_host_that_dies_is_started_again() {
    let sandbox = sandbox();
    let mut node_red = with_node(&sandbox, "ask", json!({ "fields": question() }));
    let first = node_red.host();
    sandbox.script(Fault::Delay(FOREVER));
    node_red.inject("action", json!({ "payload": "Hi" }));
    asked(&sandbox, 1);
    first.kill();

    // The run that went on may have been paid: it is not made again.
    let caught = node_red.message("failure");
    let message = "the connector host exited during the run; you may have been charged";
    assert_eq!(caught["failure"]["message"], message);
    assert_eq!(caught["failure"]["requestSent"], true);
    assert_eq!(sandbox.requests().len(), 1);

    // The next one waits for the new process.
    node_red.inject("action", json!({ "payload": "Again" }));
    let outcome = node_red.message("outcome");
    assert!(outcome["payload"].as_str().unwrap().contains("Again"), "{outcome}");
    assert_ne!(node_red.host(), first);
    assert!(node_red.all_told().contains("the connector host exited (SIGKILL); restarting in"));
}

#[test]
fn the_host_ends_with_node_red() {
    let mut node_red = NodeRed::start();
    let host = node_red.host();
    node_red.kill();
    ends(host);
}

/// A run holds the only place there is: another one has it once the flow is
/// closed.
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
    asked(&sandbox, 1);
    node_red.inject("action", json!({ "payload": "Impatient" }));
    let caught = node_red.message("failure");
    assert_eq!(
        (&caught["payload"], &caught["failure"]["kind"]),
        (&json!("Impatient"), &json!("busy"))
    );

    node_red.deploy(&flows, &credentials());
    // The place is free as soon as the host has noticed.
    let deadline = Instant::now() + HANG;
    loop {
        node_red.inject("action", json!({ "payload": "Patient" }));
        let ended = node_red.first_message(&["outcome", "failure"]);
        if ended["failure"].is_null() {
            assert!(ended["payload"].as_str().unwrap().contains("Patient"), "{ended}");
            break;
        }
        assert_eq!(ended["failure"]["kind"], "busy");
        assert!(Instant::now() < deadline, "the run of the closed flow goes on");
    }
    // Nobody hears of the run of a flow that is gone.
    assert_eq!(node_red.messages("failure"), Vec::<Value>::new());
}

#[test]
fn a_message_stops_runs_too() {
    let sandbox = sandbox();
    let mut node_red = with_node(&sandbox, "ask", json!({ "fields": question() }));
    sandbox.script(Fault::Delay(FOREVER));
    node_red.inject("action", json!({ "payload": "Hi" }));
    asked(&sandbox, 1);
    node_red.inject("action", json!({ "reset": true }));
    let caught = node_red.message("failure");
    assert_eq!(caught["failure"]["kind"], "cancelled");
    assert_eq!(caught["payload"], "Hi");
}

#[test]
fn a_host_that_is_not_there_is_told() {
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
