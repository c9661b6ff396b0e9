//! Actions as tools.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_host::{Action, Connection, Connector, PropertyTable, render};
use rmcp::model::{Icon, JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use super::Offer;

/// A tool and what stands behind it.
pub struct ActionTool {
    /// As clients see it.
    pub tool: Tool,
    /// The connector.
    pub connector: Connector,
    /// The action's name.
    pub action: String,
    /// The connection, or why there is none.
    pub connection: Result<Connection, String>,
}

impl ActionTool {
    /// The action's input.
    pub fn table(&self) -> PropertyTable {
        let action = self.connector.descriptor().action(&self.action);
        action.map(|action| action.properties.clone()).unwrap_or_default()
    }
}

/// A tool for each action.
pub fn tools(offers: Vec<Offer>) -> Vec<ActionTool> {
    let mut tools: Vec<ActionTool> = Vec::new();
    for Offer { connector, connection } in offers {
        for action in &connector.descriptor().actions {
            let tool = tool(&connector, action);
            // Two files may hold the same connector.
            if tools.iter().all(|other| other.tool.name != tool.name) {
                tools.push(ActionTool {
                    tool,
                    connector: connector.clone(),
                    action: action.name.clone(),
                    connection: connection.clone(),
                });
            }
        }
    }
    tools
}

fn tool(connector: &Connector, action: &Action) -> Tool {
    let descriptor = connector.descriptor();
    let description = match action.description.is_empty() {
        true => descriptor.title.clone(),
        false => format!("{} ({})", action.description, descriptor.title),
    };
    // Clients take letters, digits, `_` and `-` alone.
    let name = descriptor.address(action).replace('/', "_");
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

/// What is known of every action: it asks a provider, and asking again may be
/// paid again. What a provider does besides is not known here, so clients are
/// left to what they take for granted.
fn annotations(action: &Action) -> ToolAnnotations {
    ToolAnnotations::with_title(action.title.clone())
        .read_only(false)
        .idempotent(false)
        .open_world(true)
}

/// What a result's structured content is: an object, whatever the output is.
fn outcome_schema(action: &Action) -> Value {
    let output = match &action.output {
        Some(output) => render::output_parameters(output),
        // It depends on the input.
        None => json!({}),
    };
    json!({
        "type": "object",
        "properties": { "output": output, "metadata": { "type": "object" } },
        "required": ["output"],
    })
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
