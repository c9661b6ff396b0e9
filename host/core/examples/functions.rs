//! Lets a model call a function of this program.
//!
//! ```sh
//! OPENAI_API_KEY=sk-… cargo run --example functions -- target/components/openai.wasm "What is the weather in Oslo?"
//! ```

use std::env;
use std::error::Error;

use connector_host::{ConnectionValues, Failure, Functions, Host, HostOptions};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(component), Some(question)) = (arguments.next(), arguments.next()) else {
        return Err("usage: functions COMPONENT QUESTION".into());
    };
    let connector = Host::new(HostOptions::default())?.load_file(component)?;
    let definition = &connector.descriptor().connection;
    let values = ConnectionValues::from_environment(definition, |name| env::var(name).ok());
    let connection = connector.connection(values)?;

    let parameters = json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
        "additionalProperties": false,
    });
    let description = "The current weather in a city.";
    let functions = Functions::new().with("weather", description, parameters, |arguments| {
        // The model wrote the arguments, so check them like any other input.
        let city = arguments
            .get("city")
            .and_then(Value::as_str)
            .ok_or_else(|| Failure::invalid_input("city", "`city` must be a string"))?;
        println!("called: weather in {city}");
        Ok(json!({ "city": city, "celsius": 4 }))
    });

    // A run may call only the functions that its input names.
    let input = json!({
        "messages": [{ "role": "user", "content": question }],
        "functions": ["weather"],
    });
    let run = connector.run("ask", input).connection(&connection);
    println!("{}", run.functions(&functions).start()?.output);
    Ok(())
}
