//! Prints everything needed to render a form for an action. No connection is required.
//!
//! ```sh
//! cargo run --example form -- target/components/openai.wasm ask
//! ```

use std::env;
use std::error::Error;

use connector_host::{Host, HostOptions, render};
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(component), Some(action)) = (arguments.next(), arguments.next()) else {
        return Err("usage: form COMPONENT ACTION".into());
    };
    let connector = Host::new(HostOptions::default())?.load_file(component)?;
    let descriptor = connector.descriptor();
    let action = descriptor.action(&action).ok_or("action not found")?;
    let table = &action.properties;
    let form = json!({
        // For react-jsonschema-form …
        "schema": render::schema(&action.title, &action.description, table),
        "uiSchema": render::ui_schema(table),
        // … and for JSON Forms, with the same schema.
        "jsonForms": render::json_forms(table),
        // The smallest input that the action accepts.
        "example": render::example(table),
    });
    println!("{}", serde_json::to_string_pretty(&form)?);
    Ok(())
}
