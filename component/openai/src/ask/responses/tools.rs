//! The tools that the model may call: functions on our side, and the provider's
//! own.

use connector_sdk::functions::Function;
use connector_sdk::{Failure, File, Result, events, json};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::options::{CodeInterpreter, FileSearch, ImageGeneration, McpServer, Options, WebSearch};
use crate::ask::functions::Functions;
use crate::ask::rules::IMAGE_RULES;
use crate::lenient::{at, items};
use crate::rules::check;
use crate::{parameters, urls};

/// The `tools` of a request.
#[derive(Default)]
pub struct Tools {
    pub tools: Vec<Value>,
    /// The path of the property that each tool comes from.
    pub origins: Vec<String>,
    /// The files that the tools contain.
    pub files: Vec<File>,
}

impl Tools {
    /// Collects the tools.
    pub fn of(functions: &Functions, options: &Options) -> Result<Self> {
        let mut tools = Self::default();
        for (index, (name, function)) in functions.iter().enumerate() {
            tools.add(format!("functions[{index}]"), self::function(name, function));
        }
        if options.web_search == Some(true) {
            tools.add("webSearch", web_search(options.web_search_options.as_ref())?);
        }
        if !options.vector_stores.is_empty() {
            let search = file_search(options.file_search_options.as_ref());
            let search = search.map_err(|failure| failure.inside("fileSearchOptions"))?;
            let mut tool = Map::from_iter([
                ("type".to_owned(), json!("file_search")),
                ("vector_store_ids".to_owned(), json!(options.vector_stores)),
            ]);
            tool.extend(search);
            tools.add("vectorStores", tool.into());
        }
        if options.code_interpreter == Some(true) {
            let container = container(options.code_interpreter_options.as_ref());
            let tool = json!({ "type": "code_interpreter", "container": container });
            tools.add("codeInterpreter", tool);
        }
        if options.image_generation == Some(true) {
            let (tool, mask) = image_generation(options.image_generation_options.as_ref())
                .map_err(|failure| failure.inside("imageGenerationOptions"))?;
            tools.add("imageGeneration", tool);
            tools.files.extend(mask);
        }
        for (index, server) in options.mcp_servers.iter().enumerate() {
            let place = format!("mcpServers[{index}]");
            let tool = mcp(server).map_err(|failure| failure.inside(&place))?;
            tools.add(place, tool);
        }
        Ok(tools)
    }

    fn add(&mut self, origin: impl Into<String>, tool: Value) {
        self.tools.push(tool);
        self.origins.push(origin.into());
    }
}

fn function(name: &str, function: &Function) -> Value {
    let Function { description, parameters, .. } = function;
    // Without `strict`, the API would make every parameter required.
    json!({
        "type": "function", "name": name, "description": description, "parameters": parameters,
        "strict": false,
    })
}

/// A tool of this type with these options.
fn tool(kind: &str, options: &impl Serialize) -> Result<Map<String, Value>> {
    let mut tool = Map::from_iter([("type".to_owned(), kind.into())]);
    tool.extend(parameters::given(options)?);
    Ok(tool)
}

fn web_search(options: Option<&WebSearch>) -> Result<Value> {
    let Some(options) = options else { return Ok(json!({ "type": "web_search" })) };
    let mut search = tool("web_search", options)?;
    let domains = given(&options.allowed_domains);
    let filters = domains.map(|domains| json!({ "allowed_domains": domains }));
    search.extend(parameters::object([("filters", filters)]));
    if let Some(location) = &options.location {
        let mut place = tool("approximate", location)?;
        if let Some(Value::String(country)) = place.get_mut("country") {
            country.make_ascii_uppercase();
        }
        if place.len() > 1 {
            search.insert("user_location".to_owned(), place.into());
        }
    }
    Ok(search.into())
}

fn file_search(options: Option<&FileSearch>) -> Result<Map<String, Value>> {
    let Some(options) = options else { return Ok(Map::new()) };
    let mut search = parameters::given(options)?;
    let hybrid = match (&options.embedding_weight, &options.text_weight) {
        (None, None) => None,
        (Some(embedding), Some(text)) => {
            Some(json!({ "embedding_weight": embedding, "text_weight": text }))
        }
        (Some(_), None) => return Err(without_other_weight("textWeight")),
        (None, Some(_)) => return Err(without_other_weight("embeddingWeight")),
    };
    let ranking = parameters::object([
        ("ranker", options.ranker.as_deref().map(Value::from)),
        ("score_threshold", options.score_threshold.clone().map(Value::from)),
        ("hybrid_search", hybrid),
    ]);
    if !ranking.is_empty() {
        search.insert("ranking_options".to_owned(), ranking.into());
    }
    if let Some(filters) = options.filters.as_deref().filter(|text| !text.trim().is_empty()) {
        search.insert("filters".to_owned(), filter(filters)?);
    }
    Ok(search)
}

fn without_other_weight(missing: &str) -> Failure {
    let message = format!("`{missing}` is required: set both weights or neither");
    Failure::invalid_input(missing, message)
}

/// Parses the filters of a file search.
fn filter(text: &str) -> Result<Value> {
    let parsed: Option<Value> = json::from_str(text).ok();
    parsed.filter(is_filter).ok_or_else(|| {
        let message = "`filters` must be a comparison such as {\"type\": \"eq\", \"key\": \
                       \"year\", \"value\": 2026} (eq, ne, gt, gte, lt, lte, in or nin), or \
                       {\"type\": \"and\", \"filters\": […]} (`and` or `or`)";
        Failure::invalid_input("filters", message)
    })
}

fn is_filter(filter: &Value) -> bool {
    let has_only = |names: &[&str]| {
        let members = filter.as_object();
        members.is_some_and(|it| {
            it.len() == names.len() && it.keys().all(|name| names.contains(&name.as_str()))
        })
    };
    match at(filter, "type").as_str() {
        Some("and" | "or") => {
            let filters = at(filter, "filters");
            has_only(&["type", "filters"])
                && filters.is_array()
                && items(filters).iter().all(is_filter)
        }
        Some("eq" | "ne" | "gt" | "gte" | "lt" | "lte" | "in" | "nin") => {
            has_only(&["type", "key", "value"])
                && at(filter, "key").is_string()
                && !matches!(at(filter, "value"), Value::Null | Value::Object(_))
        }
        _ => false,
    }
}

/// The container of the code interpreter.
fn container(options: Option<&CodeInterpreter>) -> Value {
    let Some(options) = options else { return json!({ "type": "auto" }) };
    if let Some(id) = &options.container {
        return json!(id);
    }
    let policy = options.network_access.as_deref().map(|access| {
        let domains = (access == "allowlist").then(|| json!(options.allowed_domains));
        parameters::object([("type", Some(access.into())), ("allowed_domains", domains)]).into()
    });
    parameters::object([
        ("type", Some("auto".into())),
        ("file_ids", given(&options.file_ids)),
        ("memory_limit", options.memory_limit.as_deref().map(Value::from)),
        ("network_policy", policy),
    ])
    .into()
}

/// A list, if it has items.
fn given(list: &[String]) -> Option<Value> {
    (!list.is_empty()).then(|| json!(list))
}

/// The tool that generates images, and its mask.
fn image_generation(options: Option<&ImageGeneration>) -> Result<(Value, Option<File>)> {
    let Some(options) = options else { return Ok((json!({ "type": "image_generation" }), None)) };
    let mut tool = tool("image_generation", options)?;
    if let Some(model) = &options.model {
        check(IMAGE_RULES, model, &tool)?;
    }
    let is = |name: &str, value: &str| tool.get(name).is_some_and(|it| it == value);
    if is("background", "transparent") && is("output_format", "jpeg") {
        let message = "a transparent `background` requires the `outputFormat` png or webp";
        return Err(Failure::invalid_input("background", message));
    }
    // Previews are billed, so they are requested only for a caller that listens.
    if options.partial_images == Some(0) || !events::streaming() {
        tool.shift_remove("partial_images");
    }
    let mask = options.mask.as_ref().map(|mask| mask.open());
    let mask = mask.transpose().map_err(|failure| failure.inside("mask"))?;
    if let Some(mask) = &mask {
        tool.insert("input_image_mask".to_owned(), json!({ "image_url": mask.data_url() }));
    }
    Ok((tool.into(), mask))
}

fn mcp(server: &McpServer) -> Result<Value> {
    let mut tool = tool("mcp", server)?;
    match (&server.url, &server.tunnel_id) {
        (None, None) => {
            return Err(Failure::invalid_input("url", "`url` or `tunnelId` is required"));
        }
        (Some(url), _) => {
            if let Some(fault) = urls::fault(url) {
                return Err(Failure::invalid_input("url", format!("`url` must {fault}")));
            }
        }
        (None, Some(_)) => {}
    }
    let names = given(&server.allowed_tools);
    let allowed = if server.read_only == Some(true) {
        let filter = [("tool_names", names), ("read_only", Some(true.into()))];
        Some(parameters::object(filter).into())
    } else {
        names
    };
    tool.extend(parameters::object([("allowed_tools", allowed)]));
    Ok(tool.into())
}
