//! Prints an answer as it arrives, and cancels the run after a given number of characters.
//!
//! ```sh
//! OPENAI_API_KEY=sk-… cargo run --example stream -- target/components/openai.wasm 200
//! ```

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use connector_host::{Cancellation, ConnectionValues, Event, FailureKind, Host, HostOptions};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(component), Some(max)) = (arguments.next(), arguments.next()) else {
        return Err("usage: stream COMPONENT CHARACTERS".into());
    };
    let max: usize = max.parse()?;
    let connector = Host::new(HostOptions::default())?.load_file(component)?;
    let definition = &connector.descriptor().connection;
    let values = ConnectionValues::from_environment(definition, |name| env::var(name).ok());
    let connection = connector.connection(values)?;

    let cancellation = Cancellation::new();
    let cancel = cancellation.clone();
    let shown = AtomicUsize::new(0);
    let input = json!({ "messages": [{ "role": "user", "content": "Tell me a long story." }] });
    let result = connector
        .run("ask", input)
        .connection(&connection)
        .streaming(true)
        .cancellation(&cancellation)
        .on_event(move |event| {
            if let Event::TextDelta { text, .. } = event {
                print!("{text}");
                let _ = io::stdout().flush();
                let length = text.chars().count();
                if shown.fetch_add(length, Ordering::Relaxed) + length >= max {
                    // Works from any thread. The run drops its connection at once.
                    cancel.cancel();
                }
            }
        })
        .start();
    println!();
    match result {
        Ok(outcome) => println!("complete: {}", json!(outcome.metadata)),
        Err(failure) if failure.kind == FailureKind::Cancelled => println!("cancelled"),
        Err(failure) => return Err(failure.into()),
    }
    Ok(())
}
