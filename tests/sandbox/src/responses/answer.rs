//! The sandbox's responses.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use crate::digest;
use crate::error::ApiError;
use crate::models::CREATED;
use crate::parameters;
use crate::parameters::is_reasoning;
use crate::picture;
use crate::reply;
use crate::responses::input::Item;
use crate::responses::input::Other;
use crate::responses::request::AllowedTools;
use crate::responses::request::Container;
use crate::responses::request::Domains;
use crate::responses::request::Format;
use crate::responses::request::ImageTool;
use crate::responses::request::McpTool;
use crate::responses::request::Request;
use crate::responses::request::Tool;
use crate::schema;
use crate::tokens;

/// The additional data with which reasoning can be sent back.
pub(crate) const ENCRYPTED: &str = "reasoning.encrypted_content";

/// The complete response to a request. The same body always gets the same one.
pub(crate) fn response(request: &Request, input: &[Item], body: &Value) -> Result<Value, ApiError> {
    let mut writer = Writer { request, input, items: Vec::new(), annotations: Vec::new() };
    let reason = writer.write()?;
    let tokens = |text: &str| tokens::count(text);
    let asked: u64 = input.iter().map(|item| tokens(&item.text())).sum();
    let asked = asked + request.instructions.as_deref().map_or(0, tokens);
    let answered: u64 = writer.items.iter().map(tokens_of).sum();
    let status = if reason.is_some() { "incomplete" } else { "completed" };
    Ok(json!({
        "id": format!("resp_sandbox{:016x}", digest(body.to_string().as_bytes())),
        "object": "response",
        "created_at": CREATED,
        "completed_at": if reason.is_some() { Value::Null } else { CREATED.into() },
        "status": status,
        "background": request.background,
        "error": null,
        "incomplete_details": reason.map(|reason| json!({"reason": reason})),
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "max_tool_calls": request.max_tool_calls,
        "model": request.model,
        "output": writer.items,
        "parallel_tool_calls": request.parallel_tool_calls.unwrap_or(true),
        "previous_response_id": request.previous_response_id,
        "conversation": request.conversation.as_ref().map(|id| json!({"id": id})),
        "service_tier": request.service_tier.as_deref().unwrap_or("default"),
        "store": request.store,
        "metadata": request.metadata.clone().unwrap_or_default(),
        "usage": {
            "input_tokens": asked,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": answered,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": asked + answered,
        },
    }))
}

/// The number of tokens in an item.
fn tokens_of(item: &Value) -> u64 {
    let text = match item["type"].as_str() {
        Some("message") => &item["content"][0]["text"],
        Some("function_call") => &item["arguments"],
        _ => &Value::Null,
    };
    tokens::count(text.as_str().unwrap_or_default())
}

struct Writer<'a> {
    request: &'a Request,
    input: &'a [Item],
    items: Vec<Value>,
    /// The citations in the answer.
    annotations: Vec<Value>,
}

impl Writer<'_> {
    /// Writes the items. Returns why they are incomplete, if they are.
    fn write(&mut self) -> Result<Option<&'static str>, ApiError> {
        if is_reasoning(&self.request.model) {
            self.reason();
        }
        let is_asked = self.input.last().is_some_and(Item::is_from_user);
        let calls_again = (1..parameters::rounds(&self.question())).contains(&self.round());
        let mut waits = false;
        for tool in &self.request.tools {
            match tool {
                Tool::WebSearch { filters, .. } => self.search_web(filters.as_ref(), is_asked),
                Tool::FileSearch { .. } => self.search_files(is_asked),
                Tool::CodeInterpreter { container } if is_asked => self.run_code(container),
                Tool::ImageGeneration(tool) if is_asked => self.draw(tool)?,
                Tool::Mcp(tool) if is_asked => waits |= self.call_server(tool),
                _ => {}
            }
        }
        if self.call_functions(is_asked || calls_again) || waits {
            Ok(None)
        } else {
            Ok(self.answer())
        }
    }

    fn add(&mut self, kind: &str, prefix: &str, members: Value) {
        let mut item = json!({"id": format!("{prefix}_{}", self.items.len()), "type": kind});
        if let (Value::Object(item), Value::Object(members)) = (&mut item, members) {
            item.extend(members);
        }
        self.items.push(item);
    }

    fn question(&self) -> String {
        let question = self.input.iter().rev().find(|item| item.is_from_user());
        question.or(self.input.last()).map(Item::text).unwrap_or_default()
    }

    /// The number of rounds of function calls since the user's last message, if
    /// their results are the last items.
    fn round(&self) -> usize {
        let is_result = |item: &Item| matches!(item, Item::Other(Other::FunctionCallOutput { .. }));
        let since = self.input.iter().rev().take_while(|item| !item.is_from_user());
        let since: Vec<bool> = since.map(is_result).collect();
        let rounds = since.chunk_by(|one, next| one == next).filter(|chunk| chunk[0]).count();
        if since.first() == Some(&true) { rounds } else { 0 }
    }

    fn reason(&mut self) {
        let round = match self.round() {
            0 => String::new(),
            round => format!("round {round}: "),
        };
        let thought = format!("sandbox reasoning about: {round}{}", self.question());
        let has_summary = self.request.reasoning.as_ref().is_some_and(|it| it.summary.is_some());
        let summary = has_summary.then(|| json!({"type": "summary_text", "text": thought}));
        let mut item = json!({"summary": summary.into_iter().collect::<Value>()});
        if self.request.includes(ENCRYPTED) {
            item["encrypted_content"] = STANDARD.encode(thought).into();
        }
        self.add("reasoning", "rs", item);
    }

    fn search_web(&mut self, filters: Option<&Domains>, is_asked: bool) {
        let domain = filters.and_then(|filters| filters.allowed_domains.first());
        let url = format!("https://{}/page", domain.map_or("sandbox.example", String::as_str));
        if is_asked {
            let mut action = json!({"type": "search", "queries": [self.question()]});
            if self.request.includes("web_search_call.action.sources") {
                action["sources"] = json!([{"type": "url", "url": url}]);
            }
            self.add("web_search_call", "ws", json!({"status": "completed", "action": action}));
        }
        self.annotations.push(json!({
            "type": "url_citation", "url": url, "title": "A page of the sandbox",
            "start_index": 0, "end_index": 7,
        }));
    }

    fn search_files(&mut self, is_asked: bool) {
        if is_asked {
            let found = json!([{
                "file_id": "file-sandbox", "filename": "sandbox.pdf", "score": 1.0,
                "text": "A passage of the sandbox.", "attributes": {},
            }]);
            let results = self.request.includes("file_search_call.results").then_some(found);
            let call = json!({
                "status": "completed", "queries": [self.question()], "results": results,
            });
            self.add("file_search_call", "fs", call);
        }
        self.annotations.push(json!({
            "type": "file_citation", "file_id": "file-sandbox", "filename": "sandbox.pdf",
            "index": 0,
        }));
    }

    fn run_code(&mut self, container: &Container) {
        let id = match container {
            Container::Existing(id) => id,
            Container::New(_) => "cntr_sandbox",
        };
        let logs = json!([{"type": "logs", "logs": "42\n"}]);
        let outputs = self.request.includes("code_interpreter_call.outputs").then_some(logs);
        let call = json!({
            "status": "completed", "container_id": id, "code": "print(6 * 7)", "outputs": outputs,
        });
        self.add("code_interpreter_call", "ci", call);
    }

    fn draw(&mut self, tool: &ImageTool) -> Result<(), ApiError> {
        let image = match tool.output_format.as_deref() {
            Some("jpeg") => &include_bytes!("../../samples/picture.jpeg")[..],
            Some("webp") => &include_bytes!("../../samples/picture.webp")[..],
            _ => {
                let sides = tool.size.as_deref().and_then(|size| size.split_once('x'));
                let side = |side: &str| side.parse().ok().filter(|side| (16..=4096).contains(side));
                let (width, height) = sides
                    .and_then(|(width, height)| Some((side(width)?, side(height)?)))
                    .unwrap_or((256, 256));
                &picture::png(&self.question(), width, height)
                    .map_err(|error| ApiError::invalid(error.to_string()))?
            }
        };
        let call = json!({"status": "completed", "result": STANDARD.encode(image)});
        self.add("image_generation_call", "ig", call);
        Ok(())
    }

    /// Lists the tools of a server and calls one. Returns whether it waits for
    /// approval.
    fn call_server(&mut self, tool: &McpTool) -> bool {
        let names = match &tool.allowed_tools {
            Some(AllowedTools::Names(names)) => names.as_slice(),
            Some(AllowedTools::Filter(filter)) => filter.tool_names.as_slice(),
            None => &[],
        };
        let name = names.first().map_or("sandbox_tool", String::as_str);
        let tools = json!([{"name": name, "input_schema": {"type": "object"}}]);
        let label = &tool.server_label;
        self.add("mcp_list_tools", "mcpl", json!({"server_label": label, "tools": tools}));
        let mut decisions = self.input.iter().filter_map(|item| match item {
            Item::Other(Other::McpApprovalResponse { approval_request_id, approve, .. }) => {
                Some((approval_request_id.as_str(), *approve))
            }
            _ => None,
        });
        let decision = decisions.next_back();
        let call = json!({"server_label": label, "name": name, "arguments": "{}"});
        match (tool.require_approval.as_deref(), decision) {
            (Some("never"), _) | (_, Some((_, true))) => {
                let mut call = call;
                call["status"] = "completed".into();
                call["output"] = "a result of the sandbox".into();
                call["approval_request_id"] = decision.map(|(request, _)| request).into();
                self.add("mcp_call", "mcp", call);
                false
            }
            (_, Some((_, false))) => false,
            (_, None) => {
                self.add("mcp_approval_request", "mcpr", call);
                true
            }
        }
    }

    /// As in a chat: calls every function if the user asked, and answers once the
    /// results are there, unless it has to call again.
    fn call_functions(&mut self, is_asked: bool) -> bool {
        let choice = self.request.tool_choice.as_ref();
        let forced = parameters::forced(choice);
        if choice.is_some_and(|choice| choice == "none") || !is_asked && forced.is_none() {
            return false;
        }
        let at_once = if self.request.parallel_tool_calls == Some(false) { 1 } else { usize::MAX };
        let round = self.round();
        let functions = self.request.tools.iter().filter_map(|tool| match tool {
            Tool::Function { name, parameters, .. } => Some((name, parameters)),
            _ => None,
        });
        let chosen =
            functions.filter(|(name, _)| forced.flatten().is_none_or(|forced| forced == *name));
        let calls: Vec<Value> = chosen
            .take(at_once)
            .enumerate()
            .map(|(index, (name, parameters))| {
                json!({
                    "call_id": parameters::call_id(0, round, index), "name": name,
                    "arguments": schema::smallest(parameters).to_string(), "status": "completed",
                })
            })
            .collect();
        let is_called = !calls.is_empty();
        for call in calls {
            self.add("function_call", "fc", call);
        }
        is_called
    }

    /// Writes the answer. Returns why it is incomplete, if it is.
    fn answer(&mut self) -> Option<&'static str> {
        let text = self.text();
        let limit = self.request.max_output_tokens.unwrap_or(u64::MAX);
        let is_cut = limit < tokens::count(&text);
        let text = if is_cut { tokens::head(&text, limit) } else { &text };
        let logprobs = self.request.includes("message.output_text.logprobs").then(|| {
            let alternatives = self.request.top_logprobs.unwrap_or(0);
            tokens::split(text).map(|token| reply::logprob(token, alternatives)).collect::<Value>()
        });
        let part = json!({
            "type": "output_text", "text": text, "annotations": self.annotations,
            "logprobs": logprobs.unwrap_or_else(|| json!([])),
        });
        let status = if is_cut { "incomplete" } else { "completed" };
        let message = json!({"role": "assistant", "status": status, "content": [part]});
        self.add("message", "msg", message);
        is_cut.then_some("max_output_tokens")
    }

    fn text(&self) -> String {
        let is_result =
            |item: &&Item| matches!(item, Item::Other(Other::FunctionCallOutput { .. }));
        let results = self.input.iter().rev().take_while(is_result);
        let mut results: Vec<String> = results.map(Item::text).collect();
        results.reverse();
        let sentence = reply::sentence(&self.question(), &results, None);
        match &self.request.text.format {
            Format::Text => sentence,
            Format::JsonObject => {
                let mentions_items = self.input.iter().any(|item| item.text().contains("items"));
                reply::json_object(mentions_items, sentence).to_string()
            }
            Format::JsonSchema { schema, .. } => schema::example(schema).to_string(),
        }
    }
}
