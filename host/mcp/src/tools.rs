//! Actions as tools.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_host::{Action, Connection, Connector, Effects, Output, PropertyTable, render};
use rmcp::model::{Icon, JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use super::Offer;
use super::results::OUTCOME_FILE;

/// The maximum length of a tool's name in characters.
const MAX_NAME: usize = 64;

/// A tool for an action.
pub struct ActionTool {
    /// The tool as clients see it.
    pub tool: Tool,
    /// The connector.
    pub connector: Connector,
    /// The action's name.
    pub action: String,
    /// The connection, or an error if there is none.
    pub connection: Result<Connection, String>,
}

impl ActionTool {
    fn address(&self) -> String {
        let descriptor = self.connector.descriptor();
        descriptor.action(&self.action).map(|action| descriptor.address(action)).unwrap_or_default()
    }

    /// The properties of the action's input.
    pub fn table(&self) -> PropertyTable {
        let action = self.connector.descriptor().action(&self.action);
        action.map(|action| action.properties.clone()).unwrap_or_default()
    }
}

/// Returns a tool for each action.
pub fn tools(offers: Vec<Offer>) -> Vec<ActionTool> {
    let mut tools: Vec<ActionTool> = Vec::new();
    for Offer { connector, connection } in offers {
        for action in &connector.descriptor().actions {
            let address = connector.descriptor().address(action);
            // Two files may contain the same connector.
            if tools.iter().any(|other| other.address() == address) {
                continue;
            }
            let name = name(&address, |name| tools.iter().any(|other| other.tool.name == name));
            tools.push(ActionTool {
                tool: tool(name, &connector, action),
                connector: connector.clone(),
                action: action.name.clone(),
                connection: connection.clone(),
            });
        }
    }
    tools
}

/// Returns the name of an action's tool. Clients and providers accept only up to
/// 64 letters, digits, `_` and `-`. A name that is taken gets a number.
fn name(address: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let address = address.replace('/', "_");
    let numbered = |number: u32| {
        let suffix = if number > 1 { format!("_{number}") } else { String::new() };
        let kept = address.chars().take(MAX_NAME - suffix.len());
        kept.collect::<String>() + &suffix
    };
    let free = (1..).map(numbered).find(|name| !is_taken(name));
    free.unwrap_or(address)
}

fn tool(name: String, connector: &Connector, action: &Action) -> Tool {
    let descriptor = connector.descriptor();
    let description = if action.description.is_empty() {
        descriptor.title.clone()
    } else {
        format!("{} ({})", action.description, descriptor.title)
    };
    let input = object(render::parameters(&action.properties));
    let tool = Tool::new(name, description, input)
        .with_title(action.title.clone())
        .with_raw_output_schema(object(outcome_schema(action)))
        .with_annotations(annotations(action));
    match &descriptor.icon {
        Some(svg) => tool.with_icons(vec![icon(svg)]),
        None => tool,
    }
}

/// Returns the action's effects (MCP, "Tool annotations"). Every action contacts a
/// provider. A billed action is never marked read-only, because clients run
/// read-only tools without confirmation.
fn annotations(action: &Action) -> ToolAnnotations {
    let Effects { read_only, destructive, idempotent, billed } = action.effects;
    ToolAnnotations::with_title(action.title.clone())
        .read_only(read_only && !billed)
        .destructive(destructive)
        .idempotent(idempotent)
        .open_world(true)
}

/// Returns the schema of a result's structured content, which is always an object.
fn outcome_schema(action: &Action) -> Value {
    let file = json!({
        "type": "object",
        "description": "The file with output and metadata, if they are too large for a result. \
                        Read it as a resource.",
        "properties": {
            "extension": { "type": "string" },
            "mimeType": { "type": "string" },
            "name": { "type": "string" },
            "url": { "type": "string" },
        },
        "required": ["extension", "mimeType", "name", "url"],
    });
    let metadata =
        json!({ "type": "object", "description": "Model, usage and other information." });
    match &action.output {
        Output::Fixed(output) => json!({
            "type": "object",
            "properties": {
                "metadata": metadata, OUTCOME_FILE: file, "output": render::model_output(output),
            },
        }),
        // Omits `output`, whose type depends on the input.
        _ => json!({
            "type": "object",
            "description": "The type of `output` depends on the input.",
            "properties": { "metadata": metadata, OUTCOME_FILE: file },
        }),
    }
}

fn object(schema: Value) -> Arc<JsonObject> {
    Arc::new(match schema {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    })
}

fn icon(svg: &str) -> Icon {
    Icon::new(format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg)))
        .with_mime_type("image/svg+xml")
        .with_sizes(vec!["any".to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_unique() {
        let free = |_: &str| false;
        assert_eq!(name("openai/v1/ask", free), "openai_v1_ask");
        let long = format!("openai/v1/{}", "a".repeat(80));
        let first = name(&long, free);
        assert_eq!(first.len(), 64);
        let second = name(&long, |name| name == first);
        assert_eq!((second.len(), second.ends_with("a_2")), (64, true));
        let third = name(&long, |name| name == first || name == second);
        assert!(third.ends_with("a_3"), "{third}");
    }
}
