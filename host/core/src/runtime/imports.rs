//! The host's implementation of the imports. Each function delegates to the module
//! that does the work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::http::Method;
use wasmtime::component::{Resource, ResourceTable};

use crate::budget::{Limits, Stopped};
use crate::contract::text::is_unsafe_for_terminal;
use crate::contract::{Event, Failure, FailureKind, json};
use crate::egress::{
    self, EmbeddedFiles, FormPart, FormValue, JsonPiece, ParseLimit, Progress, Request,
    RequestContent, Response, Retries, ServerSentEvent, Terms,
};
use crate::files::OpenFile;
use crate::runtime::bindings::types as wit;
use crate::runtime::bindings::workflow::connector::{
    events, files, functions, http, json_schema, lifecycle, log,
};
use crate::runtime::functions::{CallResult, Context, Invocation};
use crate::runtime::state::{RunState, State};

/// The header that links traces (W3C Trace Context).
const TRACE_PARENT: &str = "traceparent";
/// The maximum length of a log message, in bytes. Longer ones are truncated.
const MAX_MESSAGE: usize = 4 * 1024;

/// The maximum size of a file's base64 text inside JSON: an image of 48 MiB.
const MAX_EMBEDDED_TEXT: u64 = 64 << 20;

/// The maximum number of functions in one call. Only a faulty connector needs more.
const MAX_FUNCTIONS: usize = 1_000;

/// The return type of an import that can fail: a trap, or the WIT `result`.
type Answer<T> = wasmtime::Result<Result<T, wit::Failure>>;

impl wit::Host for State {}

impl http::Host for State {
    fn send(&mut self, request: http::Request) -> Answer<Resource<Response>> {
        let deadline = self.deadline;
        let stopped = self.stopped();
        let cancellation = self.cancellation.clone();
        let (run, resources) = self.run()?;
        if let Some(stopped) = stopped {
            return Ok(Err(Failure::from(stopped).into()));
        }
        let _held = run.account.hold(held_by(&request))?;
        let mut request = request_of(request, resources)?;
        if let Some(trace_parent) = &run.trace_parent {
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(TRACE_PARENT));
            request.headers.push((TRACE_PARENT.to_owned(), trace_parent.clone()));
        }
        let route = match run.route() {
            Ok(route) => route,
            Err(failure) => return Ok(Err(failure.into())),
        };
        let sent = egress::send(
            &route,
            request,
            &Terms {
                max_body: run.limits.request_bytes,
                deadline,
                first_byte: run.limits.first_byte,
                silence: run.limits.silence,
                retries: &run.retries,
                account: &run.account,
                cancellation: &cancellation,
                on_event: run.on_event.as_ref(),
                record_mode: run.record_mode.as_ref(),
            },
        );
        run.attempts += sent.attempts;
        run.request_sent |= sent.request_sent;
        run.account.sent(sent.request_sent, sent.processed);
        run.requested_pause = sent.requested_pause;
        match sent.result {
            Ok(mut response) => {
                count_secrets(run, &mut response)?;
                Ok(Ok(resources.push(response)?))
            }
            Err(failure) => {
                run.account.check()?;
                Ok(Err(failure.into()))
            }
        }
    }
}

impl http::HostResponse for State {
    fn status(&mut self, response: Resource<Response>) -> wasmtime::Result<u16> {
        Ok(self.resources.get(&response)?.status())
    }

    fn header(
        &mut self,
        response: Resource<Response>,
        name: String,
    ) -> wasmtime::Result<Option<String>> {
        Ok(self.resources.get(&response)?.header(&name))
    }

    fn read(&mut self, response: Resource<Response>, max: u32) -> Answer<Option<Vec<u8>>> {
        let (run, resources) = self.run()?;
        let response = resources.get_mut(&response)?;
        let bytes = response.read(max as usize, run.limits.response_bytes);
        count_secrets(run, response)?;
        Ok(bytes.map_err(Into::into))
    }

    fn text(&mut self, response: Resource<Response>) -> Answer<String> {
        let (run, resources) = self.run()?;
        let response = resources.get_mut(&response)?;
        let text = response.text(run.limits.response_bytes);
        count_secrets(run, response)?;
        Ok(text.map_err(Into::into))
    }

    fn json(
        &mut self,
        response: Resource<Response>,
        embedded: Option<http::EmbeddedFiles>,
    ) -> Answer<String> {
        let (run, resources) = self.run()?;
        let response = resources.get_mut(&response)?;
        let limit = limit_with(embedded.as_ref(), &run.limits);
        let embedded = embedded.map(EmbeddedFiles::from);
        let json = response.json(embedded, &mut run.files, limit);
        count_secrets(run, response)?;
        Ok(json.map_err(Into::into))
    }

    fn next_event(
        &mut self,
        response: Resource<Response>,
        embedded: Option<http::EmbeddedFiles>,
    ) -> Answer<Option<http::ServerSentEvent>> {
        let (run, resources) = self.run()?;
        let response = resources.get_mut(&response)?;
        let limit = limit_with(embedded.as_ref(), &run.limits);
        let embedded = embedded.map(EmbeddedFiles::from);
        let event = response.next_event(embedded, &mut run.files, limit);
        count_secrets(run, response)?;
        Ok(event.map(|event| event.map(Into::into)).map_err(Into::into))
    }

    fn save(
        &mut self,
        response: Resource<Response>,
        name: String,
        mime_type: String,
    ) -> Answer<wit::FileEntry> {
        let (run, resources) = self.run()?;
        let response = resources.get_mut(&response)?;
        let progress = Progress::new(run.on_event.clone());
        let limit = run.limits.file_bytes;
        let saved = response.save(&name, &mime_type, &mut run.files, limit, progress);
        count_secrets(run, response)?;
        Ok(saved.map(Into::into).map_err(Into::into))
    }

    fn drop(&mut self, response: Resource<Response>) -> wasmtime::Result<()> {
        self.resources.delete(response)?;
        Ok(())
    }
}

/// Counts a response that repeated a secret. Traps if there were too many, or if
/// the run has exceeded its limits.
fn count_secrets(run: &RunState, response: &mut Response) -> wasmtime::Result<()> {
    if response.take_had_secret() {
        run.account.response_with_secret()?;
    }
    Ok(run.account.check()?)
}

/// The number of bytes of a request that the host holds in memory.
fn held_by(request: &http::Request) -> usize {
    let body: usize = match &request.body {
        http::Body::None => 0,
        http::Body::Json(text) => text.len(),
        http::Body::JsonWithFiles(pieces) => {
            let text = |piece: &http::JsonPiece| match piece {
                http::JsonPiece::Text(text) => text.len(),
                http::JsonPiece::File(_) => 0,
            };
            pieces.iter().map(text).sum()
        }
        http::Body::Content(content) => content.bytes.len(),
        http::Body::File(_) => 0,
        http::Body::Multipart(parts) => {
            let text = |part: &http::Part| match &part.value {
                http::PartValue::Text(text) => text.len(),
                http::PartValue::File(_) => 0,
            };
            parts.iter().map(text).sum()
        }
    };
    let pairs = request.query.iter().chain(&request.headers);
    body + pairs.map(|(name, value)| name.len() + value.len()).sum::<usize>()
}

/// The maximum size of a body that is parsed. A body that contains files may be as
/// large as the files that a run may store. The part in memory has its own limit,
/// which includes the base64 text of one file.
fn limit_with(embedded: Option<&http::EmbeddedFiles>, limits: &Limits) -> ParseLimit {
    let own = limits.response_bytes;
    match embedded {
        None => ParseLimit { whole: own, held: own },
        Some(_) => {
            ParseLimit { whole: limits.file_bytes, held: own.saturating_add(MAX_EMBEDDED_TEXT) }
        }
    }
}

impl From<http::EmbeddedFiles> for EmbeddedFiles {
    fn from(embedded: http::EmbeddedFiles) -> Self {
        let http::EmbeddedFiles { path, name, mime_type, keep } = embedded;
        Self { path, name, mime_type, keep }
    }
}

impl From<ServerSentEvent> for http::ServerSentEvent {
    fn from(event: ServerSentEvent) -> Self {
        Self { name: event.name, data: event.data }
    }
}

fn request_of(request: http::Request, resources: &ResourceTable) -> wasmtime::Result<Request> {
    let content = match request.body {
        http::Body::None => RequestContent::None,
        http::Body::Json(text) => RequestContent::Bytes {
            mime_type: "application/json".to_owned(),
            bytes: text.into_bytes(),
        },
        http::Body::JsonWithFiles(pieces) => {
            let pieces = pieces.into_iter().map(|piece| json_piece_of(piece, resources));
            RequestContent::Json(pieces.collect::<wasmtime::Result<_>>()?)
        }
        http::Body::Content(content) => {
            RequestContent::Bytes { mime_type: content.mime_type, bytes: content.bytes }
        }
        http::Body::File(http::FileContent { file, mime_type }) => {
            let file = resources.get(&file)?;
            let mime_type = mime_type.unwrap_or_else(|| file.entry.mime_type.clone());
            RequestContent::File { content: file.content.clone(), mime_type }
        }
        http::Body::Multipart(parts) => {
            let parts = parts.into_iter().map(|part| part_of(part, resources));
            RequestContent::Form(parts.collect::<wasmtime::Result<_>>()?)
        }
    };
    let method = match request.method {
        http::Method::Get => Method::GET,
        http::Method::Head => Method::HEAD,
        http::Method::Post => Method::POST,
        http::Method::Put => Method::PUT,
        http::Method::Patch => Method::PATCH,
        http::Method::Delete => Method::DELETE,
    };
    let http::Request { path, query, headers, .. } = request;
    Ok(Request { method, path, query, headers, content })
}

fn json_piece_of(piece: http::JsonPiece, resources: &ResourceTable) -> wasmtime::Result<JsonPiece> {
    Ok(match piece {
        http::JsonPiece::Text(text) => JsonPiece::Text(text),
        http::JsonPiece::File(file) => {
            let file = resources.get(&file)?;
            JsonPiece::File(file.content.clone())
        }
    })
}

fn part_of(part: http::Part, resources: &ResourceTable) -> wasmtime::Result<FormPart> {
    let value = match part.value {
        http::PartValue::Text(text) => FormValue::Text(text),
        http::PartValue::File(http::FilePart { file, name, mime_type }) => {
            let file = resources.get(&file)?;
            FormValue::File {
                content: file.content.clone(),
                name: name.unwrap_or_else(|| file.entry.name.clone()),
                mime_type: mime_type.unwrap_or_else(|| file.entry.mime_type.clone()),
            }
        }
    };
    Ok(FormPart { name: part.name, value })
}

impl files::Host for State {
    fn open(&mut self, entry: wit::FileEntry) -> Answer<Resource<OpenFile>> {
        let (run, resources) = self.run()?;
        Ok(match run.files.open(&entry.into()) {
            Ok(file) => Ok(resources.push(file)?),
            Err(failure) => Err(failure.into()),
        })
    }

    fn create(
        &mut self,
        name: String,
        mime_type: String,
        bytes: Vec<u8>,
    ) -> Answer<wit::FileEntry> {
        let (run, _) = self.run()?;
        let _held = run.account.hold(bytes.len())?;
        let created = run.files.create(&name, &mime_type).and_then(|mut file| {
            file.write_all(&bytes)?;
            file.keep(&mut run.files)
        });
        Ok(created.map(Into::into).map_err(Into::into))
    }
}

impl files::HostFile for State {
    fn entry(&mut self, file: Resource<OpenFile>) -> wasmtime::Result<wit::FileEntry> {
        Ok(self.resources.get(&file)?.entry.clone().into())
    }

    fn size(&mut self, file: Resource<OpenFile>) -> wasmtime::Result<u64> {
        Ok(self.resources.get(&file)?.content.size())
    }

    fn read(&mut self, file: Resource<OpenFile>, offset: u64, max: u32) -> Answer<Vec<u8>> {
        let file = self.resources.get(&file)?;
        // Does not read more into the host's memory than fits into the guest's.
        let wanted = file.content.size().saturating_sub(offset).min(u64::from(max)) as usize;
        if wanted > self.memory.max {
            let message = format!(
                "{} cannot be read in one piece: {wanted} bytes do not fit into the connector's \
                 memory of {} bytes",
                file.entry.name, self.memory.max
            );
            return Ok(Err(Failure::new(FailureKind::TooLarge, message).into()));
        }
        Ok(file.read(offset, wanted).map_err(|error| {
            let message = format!("cannot read {}: {error}", file.entry.name);
            Failure::new(FailureKind::Internal, message).into()
        }))
    }

    fn drop(&mut self, file: Resource<OpenFile>) -> wasmtime::Result<()> {
        self.resources.delete(file)?;
        Ok(())
    }
}

impl events::Host for State {
    fn streaming(&mut self) -> wasmtime::Result<bool> {
        let (run, _) = self.run()?;
        Ok(run.streaming)
    }

    fn emit(
        &mut self,
        event: events::Event,
    ) -> wasmtime::Result<Result<(), lifecycle::StopReason>> {
        let must_end = self.must_end();
        let (run, _) = self.run()?;
        Ok(match must_end {
            Some(reason) => Err(reason.into()),
            None => {
                let _held = run.account.hold(size_of_event(&event))?;
                for event in split(event) {
                    run.emit(event_of(event));
                }
                Ok(())
            }
        })
    }
}

impl lifecycle::Host for State {
    fn wait(&mut self, milliseconds: u64) -> wasmtime::Result<Result<(), lifecycle::StopReason>> {
        self.run()?;
        if self.must_end().is_none() {
            let left = self.deadline.saturating_duration_since(Instant::now());
            self.cancellation.wait(Duration::from_millis(milliseconds).min(left));
        }
        Ok(self.must_end().map_or(Ok(()), |reason| Err(reason.into())))
    }

    fn clean_up(&mut self) -> wasmtime::Result<u64> {
        self.run()?;
        let time = self.begin_clean_up();
        Ok(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }
}

impl From<Stopped> for lifecycle::StopReason {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Cancelled => Self::Cancelled,
            Stopped::Deadline => Self::Deadline,
        }
    }
}

/// The maximum length of a text delta, in bytes. Longer ones are split into several
/// events, so little is buffered for a slow reader.
const MAX_DELTA: usize = 64 * 1024;
/// The maximum length of other text in an event, such as function arguments and
/// results, in bytes. Longer text is truncated.
const MAX_TEXT: usize = 256 * 1024;

fn size_of_event(event: &events::Event) -> usize {
    match event {
        events::Event::TextDelta(delta) | events::Event::ReasoningDelta(delta) => delta.text.len(),
        events::Event::Status(text) | events::Event::Metadata(text) => text.len(),
        events::Event::FunctionCall(call) => call.name.len() + call.arguments.len(),
        events::Event::FunctionResult(call) => {
            call.name.len() + call.result.as_ref().map_or_else(String::len, String::len)
        }
        events::Event::Progress(_) | events::Event::File(_) => 0,
    }
}

/// Splits an event with a long text into several.
fn split(event: events::Event) -> Vec<events::Event> {
    match event {
        events::Event::TextDelta(delta) if delta.text.len() > MAX_DELTA => {
            in_pieces(&delta).map(events::Event::TextDelta).collect()
        }
        events::Event::ReasoningDelta(delta) if delta.text.len() > MAX_DELTA => {
            in_pieces(&delta).map(events::Event::ReasoningDelta).collect()
        }
        event => vec![event],
    }
}

fn in_pieces(delta: &events::TextDelta) -> impl Iterator<Item = events::TextDelta> {
    let mut rest = delta.text.as_str();
    std::iter::from_fn(move || {
        let (text, after) = rest.split_at(rest.floor_char_boundary(MAX_DELTA));
        rest = after;
        (!text.is_empty())
            .then(|| events::TextDelta { choice: delta.choice, text: text.to_owned() })
    })
}

fn event_of(event: events::Event) -> Event {
    match event {
        events::Event::TextDelta(delta) => {
            Event::TextDelta { choice: delta.choice, text: delta.text }
        }
        events::Event::ReasoningDelta(delta) => {
            Event::ReasoningDelta { choice: delta.choice, text: delta.text }
        }
        events::Event::Status(text) => Event::Status { text: shortened(text) },
        events::Event::Metadata(metadata) => Event::Metadata { metadata: json_or_text(metadata) },
        events::Event::Progress(progress) => {
            Event::Progress { unit: progress.unit, done: progress.done, total: progress.total }
        }
        events::Event::File(file) => Event::File { file: file.into() },
        events::Event::FunctionCall(call) => Event::FunctionCall {
            id: call.id,
            name: call.name,
            arguments: json_or_text(call.arguments),
        },
        events::Event::FunctionResult(result) => Event::FunctionResult {
            id: result.id,
            name: result.name,
            result: result.result.map(json_or_text),
        },
    }
}

/// Parses text that should be JSON. Text that is not JSON, or too long, becomes a
/// string, so the event is still emitted.
fn json_or_text(text: String) -> Value {
    if text.len() > MAX_TEXT {
        return Value::String(shortened(text));
    }
    json::parse(&text).unwrap_or(Value::String(text))
}

fn shortened(mut text: String) -> String {
    if text.len() > MAX_TEXT {
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text.push('…');
    }
    text
}

impl functions::Host for State {
    fn describe(&mut self, names: Vec<String>) -> Answer<Vec<functions::Function>> {
        let (run, _) = self.run()?;
        check_count(names.len())?;
        let mut held = run.account.hold(0)?;
        let mut size = 0;
        let mut described = Vec::new();
        for name in names {
            let function = match run.functions.get(&name) {
                Ok(function) => function,
                Err(failure) => return Ok(Err(failure.into())),
            };
            let description = function.description.clone();
            let parameters = (function.parameters)().to_string();
            size += name.len() + description.len() + parameters.len();
            held.set(size)?;
            described.push(functions::Function { name, description, parameters });
        }
        Ok(Ok(described))
    }

    fn call(
        &mut self,
        calls: Vec<functions::Invocation>,
    ) -> wasmtime::Result<Vec<Result<String, wit::Failure>>> {
        let (deadline, cancellation) = (self.deadline, self.cancellation.clone());
        let must_end = self.must_end();
        let (run, _) = self.run()?;
        if let Some(stopped) = must_end {
            let failure = |_| Err(Failure::from(stopped).into());
            return Ok(calls.into_iter().map(failure).collect());
        }
        let account = Arc::clone(&run.account);
        let context = Context {
            deadline,
            cancellation,
            account,
            limits: run.limits.clone(),
            // A queue can postpone a run, but not one of its function calls.
            retries: Retries { hand_back: false, ..run.retries.clone() },
            files: run.files.of_functions(),
        };
        check_count(calls.len())?;
        let size = calls.iter().map(|call| call.name.len() + call.arguments.len()).sum();
        let _held = run.account.hold(size)?;
        let calls: Vec<Invocation> = calls
            .into_iter()
            .map(|functions::Invocation { name, arguments }| Invocation { name, arguments })
            .collect();
        let results = run.functions.call(&calls, &context);
        run.account.check()?;
        let result = |result: CallResult| result.map(|(text, _)| text).map_err(Into::into);
        Ok(results.into_iter().map(result).collect())
    }
}

fn check_count(functions: usize) -> wasmtime::Result<()> {
    match functions {
        0..=MAX_FUNCTIONS => Ok(()),
        _ => Err(wasmtime::Error::msg(format!("more than {MAX_FUNCTIONS} functions at once"))),
    }
}

impl json_schema::Host for State {
    fn validate(
        &mut self,
        schema: String,
        instance: String,
    ) -> wasmtime::Result<Result<(), json_schema::Invalid>> {
        let (cancellation, deadline) = (self.cancellation.clone(), self.deadline);
        let stopped = move || Stopped::of(&cancellation, deadline);
        let (run, _) = self.run()?;
        let _held = run.account.hold(schema.len() + instance.len())?;
        run.validator.validate(&schema, &instance, &run.account, stopped)
    }
}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let Some(run) = &mut self.run else {
            // Kept to report a panic while the connector describes itself.
            self.last_error = (level == log::Level::Error).then(|| plain(message));
            return Ok(());
        };
        run.account.check()?;
        if !run.account.message() {
            return Ok(());
        }
        // Redact before truncating, because half a credential would not be found.
        let mut message = message;
        if let Some(route) = &run.route {
            route.redactor().redact(&mut message);
        }
        let plain = plain(message);
        if level == log::Level::Error {
            self.last_error = Some(plain.clone());
        }
        let connector = run.connector.as_str();
        match level {
            log::Level::Trace => tracing::trace!(target: "connector", connector, "{plain}"),
            log::Level::Debug => tracing::debug!(target: "connector", connector, "{plain}"),
            log::Level::Info => tracing::info!(target: "connector", connector, "{plain}"),
            log::Level::Warn => tracing::warn!(target: "connector", connector, "{plain}"),
            log::Level::Error => tracing::error!(target: "connector", connector, "{plain}"),
        }
        Ok(())
    }
}

/// Turns a connector's message into one line without terminal control characters.
fn plain(mut message: String) -> String {
    message.truncate(message.floor_char_boundary(MAX_MESSAGE));
    message
        .chars()
        .flat_map(|c| {
            let is_plain = !is_unsafe_for_terminal(c) && c != '\n' && c != '\t';
            if is_plain { vec![c] } else { c.escape_default().collect() }
        })
        .collect()
}
