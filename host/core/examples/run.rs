//! Runs an action: asks a question and prints the answer.
//!
//! ```sh
//! OPENAI_API_KEY=sk-… cargo run --example run -- target/components/openai.wasm "What is 2 + 2?"
//! ```

use std::env;
use std::error::Error;

use connector_host::{ConnectionValues, Host, HostOptions};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(component), Some(question)) = (arguments.next(), arguments.next()) else {
        return Err("usage: run COMPONENT QUESTION".into());
    };
    let host = Host::new(HostOptions::default())?;
    let connector = host.load_file(component)?;

    // Reads the variables that the connector names, such as OPENAI_API_KEY. For a
    // component from someone else, ask the user first.
    let definition = &connector.descriptor().connection;
    let values = ConnectionValues::from_environment(definition, |name| env::var(name).ok());
    let connection = connector.connection(values)?;

    let input = json!({ "messages": [{ "role": "user", "content": question }] });
    match connector.run("ask", input).connection(&connection).start() {
        Ok(outcome) => {
            println!("{}", outcome.output);
            println!("{}", json!(outcome.metadata));
            Ok(())
        }
        // `message` is for people; `kind` and `request_sent` are for programs.
        Err(failure) => {
            let sent = if failure.request_sent { "a request was sent" } else { "nothing was sent" };
            Err(format!("{} ({}, {sent})", failure.message, failure.kind.name()).into())
        }
    }
}
