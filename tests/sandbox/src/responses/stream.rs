//! A response as a stream of events.

use serde_json::Value;
use serde_json::json;

use crate::pace;
use crate::tokens;

/// The events of a response: its status, then each item, then the whole response. Each
/// image has this many previews.
pub(crate) fn events(response: &Value, previews: usize) -> Vec<String> {
    let mut events = Events::default();
    let mut begun = response.clone();
    for (name, value) in [
        ("status", json!("in_progress")),
        ("output", json!([])),
        ("usage", Value::Null),
        ("completed_at", Value::Null),
        ("incomplete_details", Value::Null),
    ] {
        begun[name] = value;
    }
    events.add("response.created", json!({"response": begun}));
    events.add("response.in_progress", json!({"response": begun}));
    let items = response["output"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, item) in items.iter().enumerate() {
        events.item(index, item, previews);
    }
    let end = format!("response.{}", response["status"].as_str().unwrap_or_default());
    events.add(&end, json!({"response": response}));
    events.0
}

#[derive(Default)]
struct Events(Vec<String>);

impl Events {
    fn add(&mut self, name: &str, members: Value) {
        let mut event = json!({"type": name, "sequence_number": self.0.len()});
        if let (Value::Object(event), Value::Object(members)) = (&mut event, members) {
            event.extend(members);
        }
        self.0.push(pace::named(name, &event));
    }

    fn item(&mut self, index: usize, item: &Value, previews: usize) {
        let place = json!({"item_id": item["id"], "output_index": index});
        let with = |members: Value| {
            let mut all = place.clone();
            if let (Value::Object(all), Value::Object(members)) = (&mut all, members) {
                all.extend(members);
            }
            all
        };
        let text = |name: &str| item[name].as_str().unwrap_or_default();
        let kind = text("type");
        let mut begun = item.clone();
        for (name, value) in [
            ("status", json!("in_progress")),
            ("content", json!([])),
            ("arguments", json!("")),
            ("result", Value::Null),
        ] {
            if item.get(name).is_some() {
                begun[name] = value;
            }
        }
        self.add("response.output_item.added", json!({"output_index": index, "item": begun}));
        match kind {
            "message" => self.message(item, &with),
            "function_call" => {
                for delta in tokens::split(text("arguments")) {
                    let delta = with(json!({"delta": delta}));
                    self.add("response.function_call_arguments.delta", delta);
                }
                let done = with(json!({"name": text("name"), "arguments": text("arguments")}));
                self.add("response.function_call_arguments.done", done);
            }
            "reasoning" => self.summary(item, &with),
            "image_generation_call" => {
                for preview in 0..previews {
                    let preview = with(json!({
                        "partial_image_index": preview, "partial_image_b64": text("result"),
                    }));
                    self.add("response.image_generation_call.partial_image", preview);
                }
                self.add("response.image_generation_call.completed", place.clone());
            }
            "web_search_call" | "file_search_call" | "code_interpreter_call" | "mcp_call" => {
                for state in ["in_progress", "completed"] {
                    self.add(&format!("response.{kind}.{state}"), place.clone());
                }
            }
            _ => {}
        }
        self.add("response.output_item.done", json!({"output_index": index, "item": item}));
    }

    fn message(&mut self, item: &Value, with: &dyn Fn(Value) -> Value) {
        let part = &item["content"][0];
        let text = part["text"].as_str().unwrap_or_default();
        let in_part = |mut members: Value| {
            members["content_index"] = 0.into();
            with(members)
        };
        let mut begun = part.clone();
        begun["text"] = "".into();
        begun["annotations"] = json!([]);
        begun["logprobs"] = json!([]);
        self.add("response.content_part.added", in_part(json!({"part": begun})));
        let logprobs = part["logprobs"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, delta) in tokens::split(text).enumerate() {
            let logprobs = logprobs.get(index..=index).unwrap_or_default();
            let delta = json!({"delta": delta, "logprobs": logprobs, "obfuscation": "sandbox"});
            self.add("response.output_text.delta", in_part(delta));
        }
        let annotations = part["annotations"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, annotation) in annotations.iter().enumerate() {
            let added = json!({"annotation_index": index, "annotation": annotation});
            self.add("response.output_text.annotation.added", in_part(added));
        }
        let done = json!({"text": text, "logprobs": part["logprobs"]});
        self.add("response.output_text.done", in_part(done));
        self.add("response.content_part.done", in_part(json!({"part": part})));
    }

    fn summary(&mut self, item: &Value, with: &dyn Fn(Value) -> Value) {
        let parts = item["summary"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (index, part) in parts.iter().enumerate() {
            let text = part["text"].as_str().unwrap_or_default();
            let in_part = |mut members: Value| {
                members["summary_index"] = index.into();
                with(members)
            };
            let begun = in_part(json!({"part": {"type": "summary_text", "text": ""}}));
            self.add("response.reasoning_summary_part.added", begun);
            for delta in tokens::split(text) {
                let delta = in_part(json!({"delta": delta}));
                self.add("response.reasoning_summary_text.delta", delta);
            }
            let done = in_part(json!({"text": text}));
            self.add("response.reasoning_summary_text.done", done);
            self.add("response.reasoning_summary_part.done", in_part(json!({"part": part})));
        }
    }
}
