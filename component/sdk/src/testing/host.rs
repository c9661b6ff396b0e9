//! The stand-in's implementation of `crate::host`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Answer, Invalid, Request, State};
use crate::bindings::workflow::connector::events::Event;
use crate::bindings::workflow::connector::functions as contract;
use crate::bindings::workflow::connector::http::{EmbeddedFiles, ServerSentEvent};
use crate::bindings::workflow::connector::lifecycle::StopReason;
use crate::bindings::workflow::connector::log::Level;
use crate::bindings::workflow::connector::types;
use crate::http::{self, Body, JsonPiece, Part};
use crate::{Failure, FailureKind, FileEntry, Result};

thread_local! {
    pub(super) static STATE: RefCell<Rc<RefCell<State>>> = RefCell::default();
}

fn with<T>(look: impl FnOnce(&mut State) -> T) -> T {
    let state = STATE.with_borrow(Rc::clone);
    look(&mut state.borrow_mut())
}

fn failure(kind: FailureKind, message: String) -> types::Failure {
    Failure::new(kind, message).into_record()
}

pub fn streaming() -> bool {
    with(|state| state.is_streaming)
}

pub fn emit(event: &Event) -> Result<(), StopReason> {
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let event = match event {
        Event::TextDelta(it) => {
            json!({ "event": "text-delta", "choice": it.choice, "text": it.text })
        }
        Event::ReasoningDelta(it) => {
            json!({ "event": "reasoning-delta", "choice": it.choice, "text": it.text })
        }
        Event::Progress(it) => {
            json!({ "event": "progress", "unit": it.unit, "done": it.done, "total": it.total })
        }
        Event::File(entry) => {
            json!({ "event": "file", "file": FileEntry::from(entry.clone()) })
        }
        Event::FunctionCall(it) => json!({
            "event": "function-call", "id": it.id, "name": it.name,
            "arguments": json(&it.arguments),
        }),
        Event::FunctionResult(it) => json!({
            "event": "function-result", "id": it.id, "name": it.name,
            "result": it.result.as_deref().map(json),
        }),
        Event::Status(status) => json!({ "event": "status", "status": status }),
        Event::Metadata(metadata) => json!({ "event": "metadata", "metadata": json(metadata) }),
    };
    with(|state| {
        match &mut state.events_left {
            Some(0) => return Err(StopReason::Cancelled),
            Some(left) => *left -= 1,
            None => {}
        }
        state.events.push(event);
        Ok(())
    })
}

pub fn wait(milliseconds: u64) -> Result<(), StopReason> {
    with(|state| {
        state.pauses.push(Duration::from_millis(milliseconds));
        match state.events_left {
            Some(0) => Err(StopReason::Cancelled),
            _ => Ok(()),
        }
    })
}

pub fn clean_up() -> u64 {
    if with(|state| state.events_left) == Some(0) { 1_000 } else { 0 }
}

pub fn log(level: Level, message: &str) {
    let name = format!("{level:?}");
    let name = name.rsplit("::").next().unwrap_or(&name).to_lowercase();
    with(|state| state.log.push(format!("{name}: {message}")));
}

pub fn validate(_schema: &str, _instance: &str) -> Result<(), Invalid> {
    with(|state| state.invalid.pop_front()).map_or(Ok(()), Err)
}

pub fn describe_functions(names: &[String]) -> Result<Vec<contract::Function>, types::Failure> {
    let describe = |name: &String| {
        with(|state| {
            let function = state.functions.iter().find(|function| function.name == *name);
            let function = function.map(|function| contract::Function {
                name: function.name.clone(),
                description: function.description.clone(),
                parameters: function.parameters.to_string(),
            });
            function.ok_or_else(|| unknown_function(name))
        })
    };
    names.iter().map(describe).collect()
}

fn unknown_function(name: &str) -> types::Failure {
    failure(FailureKind::InvalidInput, format!("unknown function `{name}`"))
}

pub fn call_functions(calls: &[contract::Invocation]) -> Vec<Result<String, types::Failure>> {
    let call = |call: &contract::Invocation| {
        let function = with(|state| {
            let function = state.functions.iter().find(|function| function.name == call.name);
            function.map(|function| Rc::clone(&function.call))
        });
        let function = function.ok_or_else(|| unknown_function(&call.name))?;
        let arguments = serde_json::from_str(&call.arguments).unwrap_or_default();
        function(arguments).map(|value| value.to_string()).map_err(Failure::into_record)
    };
    calls.iter().map(call).collect()
}

#[derive(Debug)]
pub struct File {
    entry: FileEntry,
    content: Rc<[u8]>,
}

pub fn open_file(entry: FileEntry) -> Result<File, types::Failure> {
    match with(|state| state.content(&entry.url)) {
        Some(content) => Ok(File { entry, content }),
        None => Err(failure(FailureKind::NotFound, format!("file `{}` not found", entry.url))),
    }
}

pub fn create_file(
    name: &str,
    mime_type: &str,
    bytes: &[u8],
) -> Result<types::FileEntry, types::Failure> {
    Ok(with(|state| state.store(name, mime_type, bytes)).into())
}

impl File {
    pub fn entry(&self) -> types::FileEntry {
        self.entry.clone().into()
    }

    pub fn size(&self) -> u64 {
        self.content.len() as u64
    }

    pub fn read(&self, offset: u64, max: u32) -> Result<Vec<u8>, types::Failure> {
        let bytes = self.content.iter().skip(offset as usize).take(max as usize);
        Ok(bytes.copied().collect())
    }
}

#[derive(Debug)]
pub struct Response {
    answer: Answer,
    rest: RefCell<Vec<u8>>,
}

pub fn send(request: http::Request) -> Result<Response, types::Failure> {
    if let Some(reason) = refusal(&request.path) {
        let message = format!("the connector's request is not allowed: {reason}");
        return Err(failure(FailureKind::InvalidInput, message));
    }
    let mut headers = request.headers.clone();
    if let Body::Bytes { mime_type, .. } = &request.body {
        headers.push(("content-type".to_owned(), mime_type.clone()));
    }
    let seen = Request {
        method: format!("{:?}", request.method).rsplit("::").next().unwrap_or("").to_uppercase(),
        path: request.path.clone(),
        query: request.query.clone(),
        headers,
        body: body(&request.body),
    };
    let line = seen.to_string();
    let provider = with(|state| {
        state.requests.push(seen.clone());
        state.provider.clone()
    });
    let answer = match provider {
        Some(provider) => Some((*provider.borrow_mut())(&seen)),
        None => with(|state| state.answers.pop_front()),
    };
    let Some(answer) = answer else {
        return Err(failure(FailureKind::Network, format!("the test has no answer for `{line}`")));
    };
    let expected = answer.expected.as_ref();
    match expected.and_then(|expected| expected.difference(&line, &request)) {
        Some(message) => Err(failure(FailureKind::Internal, message)),
        None => Ok(Response { rest: RefCell::new(answer.body.clone()), answer }),
    }
}

/// Why the host would refuse a path. It checks more than this, such as encoded dots.
fn refusal(path: &str) -> Option<&'static str> {
    let Some(relative) = path.strip_prefix('/') else {
        return Some("its path does not begin with `/`");
    };
    if path.contains(['?', '#', '\\']) || path.chars().any(char::is_control) {
        return Some("its path contains `?`, `#`, `\\` or a control character");
    }
    let is_odd = |segment: &str| matches!(segment, "" | "." | "..");
    let has_odd = !relative.is_empty() && relative.split('/').any(is_odd);
    has_odd.then_some("its path contains an empty, `.` or `..` segment")
}

fn body(body: &Body) -> Value {
    let name = |file: &crate::File| format!("<{}>", file.entry().name);
    match body {
        Body::None => Value::Null,
        Body::Json(json) => serde_json::from_str(json).unwrap_or_default(),
        Body::JsonWithFiles(pieces) => {
            let piece = |piece: &JsonPiece| match piece {
                JsonPiece::Text(text) => text.clone(),
                JsonPiece::File(file) => name(file),
            };
            let json: String = pieces.iter().map(piece).collect();
            serde_json::from_str(&json).unwrap_or(Value::String(json))
        }
        Body::Bytes { bytes, .. } => String::from_utf8_lossy(bytes).into(),
        Body::File(file) => name(file).into(),
        Body::Form(parts) => {
            let part = |(field, part): &(String, Part)| match part {
                Part::Text(text) => json!([field, text]),
                Part::File { file, name, mime_type } => {
                    let name = name.as_ref().unwrap_or(&file.entry().name);
                    let mime_type = mime_type.as_ref().map(|one| format!("; {one}"));
                    json!([field, format!("<{name}{}>", mime_type.unwrap_or_default())])
                }
            };
            parts.iter().map(part).collect()
        }
    }
}

impl Response {
    pub fn status(&self) -> u16 {
        self.answer.status
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let headers = self.answer.headers.iter();
        let values = headers.filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let values: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    pub fn read(&self, max: u32) -> Result<Option<Vec<u8>>, types::Failure> {
        let mut rest = self.rest.borrow_mut();
        if rest.is_empty() {
            return self.end().map(|()| None);
        }
        let end = rest.len().min(max as usize);
        Ok(Some(rest.drain(..end).collect()))
    }

    pub fn text(&self) -> Result<String, types::Failure> {
        let rest = self.rest.take();
        self.end()?;
        Ok(String::from_utf8_lossy(&rest).into_owned())
    }

    pub fn json(&self, embedded: Option<&EmbeddedFiles>) -> Result<String, types::Failure> {
        self.end()?;
        let text = String::from_utf8_lossy(&self.rest.borrow()).into_owned();
        match serde_json::from_str(&text) {
            Ok(value) => {
                self.rest.take();
                Ok(with_files(value, embedded)?.to_string())
            }
            Err(error) => {
                let failure = Failure::invalid_output(format!(
                    "the provider's response is not JSON: {error}"
                ));
                Err(failure.with_detail(&text).into_record())
            }
        }
    }

    pub fn next_event(
        &self,
        embedded: Option<&EmbeddedFiles>,
    ) -> Result<Option<ServerSentEvent>, types::Failure> {
        let rest = String::from_utf8_lossy(&self.rest.borrow()).into_owned();
        if rest.is_empty() {
            return self.end().map(|()| None);
        }
        let (event, rest) = rest.split_once("\n\n").unwrap_or((&rest, ""));
        self.rest.replace(rest.as_bytes().to_vec());
        if event.lines().all(|line| line.starts_with(':')) {
            return self.next_event(embedded);
        }
        let fields = |name: &str| {
            let lines = event.lines().filter_map(|line| line.split_once(':'));
            let lines = lines.filter(|(field, _)| *field == name);
            lines.map(|(_, value)| value.trim_start().to_owned()).collect::<Vec<_>>()
        };
        let name = fields("event").pop().unwrap_or_else(|| "message".to_owned());
        let mut data = fields("data").join("\n");
        if data.is_empty() {
            data = event.to_owned();
        } else if let (Some(_), Ok(value)) = (embedded, serde_json::from_str(&data)) {
            data = with_files(value, embedded)?.to_string();
        }
        Ok(Some(ServerSentEvent { name, data }))
    }

    pub fn save(&self, name: &str, mime_type: &str) -> Result<types::FileEntry, types::Failure> {
        let content = self.rest.take();
        self.end()?;
        create_file(name, mime_type, &content)
    }

    /// Ends the body: fails if the connection breaks.
    fn end(&self) -> Result<(), types::Failure> {
        if self.answer.breaks_off {
            Err(failure(FailureKind::Network, "the connection broke".to_owned()))
        } else {
            Ok(())
        }
    }
}

/// Stores the files in JSON, as the host does while it reads a response.
fn with_files(mut value: Value, embedded: Option<&EmbeddedFiles>) -> Result<Value, types::Failure> {
    if let Some(embedded) = embedded {
        http::store_embedded(&mut value, &embedded.path, embedded).map_err(Failure::into_record)?;
    }
    Ok(value)
}
