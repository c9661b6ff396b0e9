export function rust({ component, action, input, environment }) {
  const [name] = component.split('/');
  const [binding] = environment;
  const connection = binding
    ? `
    let values = ConnectionValues::new().set("${binding.property}", std::env::var("${binding.name}")?);
    let connection = ${identifier(name)}.connection(values)?;
`
    : '';
  const json = JSON.stringify(input, null, 4).replaceAll('\n', '\n            ');
  return `use connector_host::{ConnectionValues, Files, Host, HostOptions};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let host = Host::new(HostOptions::default())?;
    let ${identifier(name)} = host.load_file("target/components/${name}.wasm")?;${connection}
    let outcome = ${identifier(name)}
        .run(
            ${JSON.stringify(action)},
            json!(${json}),
        )${binding ? '\n        .connection(&connection)' : ''}
        .files(&Files::new("out"))
        .start()?;
    println!("{}", outcome.output);
    Ok(())
}`;
}

const identifier = (name) => name.replace(/\W/g, '_');
