//! The steps that an input may contain, and what each of them observes.

use serde_json::{Value, json};

use crate::bindings::workflow::connector::events::{self, Event, FunctionResult, TextDelta};
use crate::bindings::workflow::connector::files;
use crate::bindings::workflow::connector::functions::{self, Invocation};
use crate::bindings::workflow::connector::http::{
    self, Body, Content, EmbeddedFiles, FilePart, Method, Part, PartValue, Request, Response,
};
use crate::bindings::workflow::connector::types::{Failure, FileEntry};
use crate::bindings::workflow::connector::{json_schema, log};

/// A run of several steps.
pub struct Run {
    input: Value,
    settings: String,
    responses: Vec<Option<Response>>,
    files: Vec<files::File>,
    /// Whether the run ends with a failure.
    pub fails: bool,
}

impl Run {
    pub fn new(input: Value, settings: String) -> Self {
        Self { input, settings, responses: Vec::new(), files: Vec::new(), fails: false }
    }

    /// Executes a step, an object with one member, and returns what it observed.
    pub fn step(&mut self, step: &Value) -> Value {
        let Some((name, argument)) = step.as_object().and_then(|step| step.iter().next()) else {
            return json!("no step");
        };
        match name.as_str() {
            "settings" => json!(self.settings),
            "input" => self.input.clone(),
            "repeat" => self.repeat(argument),
            "loop" => loop {
                std::hint::black_box(());
            },
            "allocate" => json!(vec![1_u8; number(argument, "bytes")].len()),
            "large" => json!("x".repeat(number(argument, "bytes"))),
            "callZeros" => {
                let arguments = format!("[{}0]", "0,".repeat(number(argument, "count")));
                let name = "puppet/v1/act".to_owned();
                json!(functions::call(&[Invocation { name, arguments }]).len())
            }
            "fail" => {
                self.fails = true;
                Value::Null
            }
            "send" => self.send(argument),
            "status" => self.with(argument, |response, _| json!(response.status())),
            "header" => {
                self.with(argument, |response, of| json!(response.header(text(of, "name"))))
            }
            "read" => self.with(argument, |response, of| {
                seen(response.read(number(of, "max") as u32).map(|bytes| bytes.map(hexadecimal)))
            }),
            "readAll" => self.with(argument, |response, of| {
                let mut pieces = Vec::new();
                loop {
                    match response.read(number(of, "max") as u32) {
                        Ok(Some(bytes)) => pieces.push(hexadecimal(bytes)),
                        Ok(None) => return json!(pieces),
                        Err(failure) => return failed(&failure),
                    }
                }
            }),
            "text" => self.with(argument, |response, _| seen(response.text())),
            "json" => {
                self.with(argument, |response, of| seen(response.json(embedded(of).as_ref())))
            }
            "event" => self.with(argument, |response, of| {
                let event = response.next_event(embedded(of).as_ref());
                seen(event.map(|event| event.map(|event| json!([event.name, event.data]))))
            }),
            "save" => self.with(argument, |response, _| {
                seen(response.save("saved.bin", "application/octet-stream").map(entry))
            }),
            "drop" => {
                let last = self.responses.len().saturating_sub(1);
                let at = argument.get("of").map_or(last, |_| number(argument, "of"));
                drop(self.responses.get_mut(at).and_then(Option::take));
                Value::Null
            }
            "open" => self.open(argument),
            "create" => {
                let bytes = vec![b'x'; number(argument, "bytes")];
                seen(files::create("made.txt", "text/plain", &bytes).map(entry))
            }
            "describe" => {
                let names: Vec<String> = strings(argument, "names");
                let described = functions::describe(&names);
                seen(described.map(|all| all.iter().map(|of| of.parameters.len()).sum::<usize>()))
            }
            "call" => {
                let call = |of: &Value| Invocation {
                    name: text(of, "name").to_owned(),
                    arguments: of.get("arguments").map(Value::to_string).unwrap_or_default(),
                };
                let calls: Vec<Invocation> =
                    argument.as_array().into_iter().flatten().map(call).collect();
                json!(functions::call(&calls).into_iter().map(seen).collect::<Vec<_>>())
            }
            "delta" => {
                let text = "x".repeat(number(argument, "bytes"));
                json!(events::emit(&Event::TextDelta(TextDelta { choice: 0, text })).is_ok())
            }
            "result" => {
                let result = Ok(json!("x".repeat(number(argument, "bytes"))).to_string());
                let (id, name) = ("1".to_owned(), "f".to_owned());
                json!(
                    events::emit(&Event::FunctionResult(FunctionResult { id, name, result }))
                        .is_ok()
                )
            }
            "log" => {
                log::write(log::Level::Info, text(argument, "text"));
                Value::Null
            }
            "validate" => {
                let valid =
                    json_schema::validate(text(argument, "schema"), text(argument, "value"));
                json!(valid.is_ok())
            }
            other => json!(format!("unknown step `{other}`")),
        }
    }

    /// Repeats steps and returns the last observation.
    fn repeat(&mut self, argument: &Value) -> Value {
        let steps = argument.get("steps").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut last = Value::Null;
        for _ in 0..number(argument, "times") {
            last = steps.iter().map(|step| self.step(step)).collect();
        }
        last
    }

    fn send(&mut self, argument: &Value) -> Value {
        let pairs = |name: &str| -> Vec<(String, String)> {
            let pairs = argument.get(name).and_then(Value::as_object).into_iter().flatten();
            pairs
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect()
        };
        let file = argument.get("file").map(|at| at.as_u64().unwrap_or(0) as usize);
        let body = match (argument.get("body").and_then(Value::as_str), file) {
            (Some(body), _) => Body::Content(Content {
                mime_type: "text/plain".to_owned(),
                bytes: body.as_bytes().to_vec(),
            }),
            (None, Some(at)) => match self.files.get(at) {
                Some(file) => {
                    let value = PartValue::File(FilePart { file, name: None, mime_type: None });
                    Body::Multipart(vec![Part { name: "file".to_owned(), value }])
                }
                None => Body::None,
            },
            (None, None) => Body::None,
        };
        let method = match body {
            Body::None => Method::Get,
            _ => Method::Post,
        };
        let request = Request {
            method,
            path: format!("/{}", text(argument, "path")),
            query: pairs("query"),
            headers: pairs("headers"),
            body,
        };
        match http::send(&request) {
            Ok(response) => {
                let status = response.status();
                self.responses.push(Some(response));
                json!({ "status": status })
            }
            Err(failure) => failed(&failure),
        }
    }

    /// Opens the input's file. The step may override members of its handle.
    fn open(&mut self, argument: &Value) -> Value {
        let of_input = self.input.get("file").cloned().unwrap_or_default();
        let given = |name: &str| {
            let member = argument.get(name).or_else(|| of_input.get(name));
            member.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let opened = files::open(&FileEntry {
            extension: given("extension"),
            mime_type: given("mimeType"),
            name: given("name"),
            url: given("url"),
        });
        match opened {
            Ok(file) => {
                let seen = seen(file.read(0, 1 << 16).map(hexadecimal));
                self.files.push(file);
                seen
            }
            Err(failure) => failed(&failure),
        }
    }

    /// Applies a function to the response that the step names, or to the last one.
    fn with(&self, argument: &Value, observe: impl Fn(&Response, &Value) -> Value) -> Value {
        let named = argument.get("of").and_then(Value::as_u64).map(|at| at as usize);
        let at = named.unwrap_or(self.responses.len().saturating_sub(1));
        match self.responses.get(at) {
            Some(Some(response)) => observe(response, argument),
            _ => json!("no response"),
        }
    }
}

fn seen<T: serde::Serialize>(result: Result<T, Failure>) -> Value {
    result.map_or_else(|failure| failed(&failure), |value| json!(value))
}

fn failed(failure: &Failure) -> Value {
    json!({ "failure": format!("{failure:?}") })
}

fn entry(FileEntry { extension, mime_type, name, url }: FileEntry) -> Value {
    json!({ "extension": extension, "mimeType": mime_type, "name": name, "url": url })
}

fn embedded(argument: &Value) -> Option<EmbeddedFiles> {
    let path = strings(argument, "path");
    let keep = argument.get("keep").is_some();
    let (name, mime_type) = ("image".to_owned(), "image/png".to_owned());
    (!path.is_empty()).then_some(EmbeddedFiles { path, name, mime_type, keep })
}

fn strings(argument: &Value, name: &str) -> Vec<String> {
    let items = argument.get(name).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn text<'a>(argument: &'a Value, name: &str) -> &'a str {
    argument.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(argument: &Value, name: &str) -> usize {
    let number = argument.get(name).and_then(Value::as_u64).unwrap_or(0);
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn hexadecimal(bytes: Vec<u8>) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
