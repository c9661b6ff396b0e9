//! Serves several tenants at the same time with one host and one connector.
//! Each tenant has a connection with its own token and sockets, and its own
//! folder for files.
//!
//! ```sh
//! cargo run --example tenants -- target/components/openai.wasm out alice=sk-… bob=sk-…
//! ```

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use connector_host::{ConnectionValues, Failure, Files, Host, HostOptions, Limits};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(component), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: tenants COMPONENT FOLDER NAME=TOKEN…".into());
    };
    let folder = PathBuf::from(folder);
    let options = HostOptions { concurrent_runs: 16, ..HostOptions::default() };
    let connector = Host::new(options)?.load_file(component)?;
    // The limits of one run, for every tenant.
    let limits = Limits {
        time: Duration::from_secs(60),
        file_bytes: 16 << 20,
        requests: 10,
        ..Limits::default()
    };
    let speak = |tenant: &str, token: &str| -> Result<String, Failure> {
        let mut values = ConnectionValues::new().set("token", token);
        if let Ok(url) = env::var("OPENAI_BASE_URL") {
            values = values.set("baseUrl", url);
        }
        let connection = connector.connection(values)?;
        let input = json!({ "input": format!("Hello, {tenant}"), "voice": "alloy" });
        let outcome = connector
            .run("createSpeech", input)
            .connection(&connection)
            .files(&Files::new(folder.join(tenant)))
            .limits(limits.clone())
            .start()?;
        Ok(outcome.output.get("url").map(ToString::to_string).unwrap_or_default())
    };
    let tenants: Vec<String> = arguments.collect();
    thread::scope(|scope| {
        let runs: Vec<_> = tenants
            .iter()
            .filter_map(|tenant| tenant.split_once('='))
            .map(|(tenant, token)| (tenant, scope.spawn(move || speak(tenant, token))))
            .collect();
        for (tenant, run) in runs {
            match run.join() {
                Ok(Ok(url)) => println!("{tenant}: {url}"),
                // A failed run does not affect the others.
                Ok(Err(failure)) => println!("{tenant}: {failure}"),
                Err(_) => println!("{tenant}: the thread panicked"),
            }
        }
    });
    Ok(())
}
