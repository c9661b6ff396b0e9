//! `connector worker`: the built command takes runs from a real NATS server,
//! and the sandbox acts as the provider.

mod access;
mod files;
mod limits;
mod poison;
mod runs;
mod takeover;
mod thousand;

use connector_tests::nats::{Fleet, Nats, ask, until};
use connector_tests::{CANARY, FOREVER, sandbox};

fn fleet() -> Fleet {
    Fleet::new(Nats::start(), sandbox())
}

/// Asserts that the sandbox's answer contains the question.
#[track_caller]
fn assert_answers(reply: &serde_json::Value, text: &str) {
    let output = reply["outcome"]["output"].as_str().unwrap_or_else(|| panic!("{reply}"));
    assert!(output.contains(text), "{reply}");
}
