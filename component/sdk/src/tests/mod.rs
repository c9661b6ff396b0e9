//! Tests of the crate, which use it the way the author of a connector does.

mod calls;
mod errors;
mod inputs;
mod tables;

use std::cell::Cell;

use serde_json::{Value, json};

use crate::prelude::*;
use crate::testing::{Answer, Host};

thread_local! {
    static RUN: Cell<fn() -> Result<Value>> = const { Cell::new(|| Ok(Value::Null)) };
}

/// An action that runs a test's function.
#[derive(Deserialize, Properties)]
struct Act {
    /// The text.
    #[serde(default)]
    #[property(default = "Hi")]
    text: String,
}

impl Run for Act {
    type Output = Value;

    fn run(self, _: &Settings) -> Result<Outcome<Value>> {
        Outcome::new(RUN.get()()?).with_metadata(&json!({ "text": self.text, "none": null }))
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        let names: Vec<String> = http::get("/names").send()?.json()?;
        Ok(Options::from_list(names).matching(request))
    }
}

static CONNECTOR: Connector = Connector {
    actions: &[Action::of::<Act>()],
    request_headers: &[("version", "1")],
    ..Connector::new("test", "Test", "Runs a test's function.")
};

/// Runs a function as an action.
fn run(host: &Host, run: fn() -> Result<Value>) -> Result<Value> {
    RUN.set(run);
    host.run("act", json!({})).map(|outcome| outcome.output)
}

/// Runs a function whose request receives this answer.
fn answered(answer: Answer, run: fn() -> Result<Value>) -> Result<Value> {
    self::run(&Host::new(&CONNECTOR).answer(answer.header("x-request-id", "req_1")), run)
}
