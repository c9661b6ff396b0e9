//! Requests to the provider (`wit/http.wit`).
//!
//! A request names a path, never a URL: the host appends it to the connection's
//! base URL and adds the credential.
//!
//! ```no_run
//! use connector_sdk::{Result, http};
//!
//! #[derive(serde::Deserialize)]
//! struct Item { title: String }
//!
//! fn title(id: &str) -> Result<String> {
//!     let path = format!("/items/{}", http::segment(id));
//!     let item: Item = http::get(path).query("fields", "title").send()?.json()?;
//!     Ok(item.title)
//! }
//! ```

use std::fmt::{Debug, Display, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::bindings::workflow::connector::http as contract;
use crate::errors::{self, ErrorResponse};
use crate::{Failure, FailureKind, File, FileEntry, Outcome, Result, call, files, host};

pub use contract::Method;

/// Starts a `GET` request for a path such as `/models`.
pub fn get<'a>(path: impl Into<String>) -> Request<'a> {
    Request::new(Method::Get, path)
}

/// Starts a `HEAD` request.
pub fn head<'a>(path: impl Into<String>) -> Request<'a> {
    Request::new(Method::Head, path)
}

/// Starts a `POST` request.
pub fn post<'a>(path: impl Into<String>) -> Request<'a> {
    Request::new(Method::Post, path)
}

/// Starts a `PUT` request.
pub fn put<'a>(path: impl Into<String>) -> Request<'a> {
    Request::new(Method::Put, path)
}

/// Starts a `PATCH` request.
pub fn patch<'a>(path: impl Into<String>) -> Request<'a> {
    Request::new(Method::Patch, path)
}

/// Starts a `DELETE` request.
pub fn delete<'a>(path: impl Into<String>) -> Request<'a> {
    Request::new(Method::Delete, path)
}

/// Percent-encodes a string as one segment of a path. The host still rejects an
/// encoded slash, `.` and `..`, so user input cannot reach another path.
///
/// ```
/// assert_eq!(connector_sdk::http::segment("a b?ü"), "a%20b%3F%C3%BC");
/// assert_eq!(connector_sdk::http::segment("../a"), "..%2Fa");
/// ```
pub fn segment(text: &str) -> String {
    let mut segment = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                segment.push(byte.into());
            }
            _ => {
                let _ = write!(segment, "%{byte:02X}");
            }
        }
    }
    segment
}

/// A request under construction.
#[must_use = "a request does nothing before it is sent"]
pub struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body<'a>,
    errors: Option<&'a dyn Fn(&ErrorResponse) -> Failure>,
    /// Why the request cannot be sent.
    problem: Option<Failure>,
}

/// The body of a request.
pub(crate) enum Body<'a> {
    None,
    Json(String),
    JsonWithFiles(Vec<JsonPiece<'a>>),
    Bytes { mime_type: String, bytes: Vec<u8> },
    File(&'a File),
    Form(Vec<(String, Part<'a>)>),
}

/// A piece of a JSON document.
pub(crate) enum JsonPiece<'a> {
    Text(String),
    File(&'a File),
}

impl<'a> Request<'a> {
    /// Starts a request with this method.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        let headers = call::connector().map_or(&[][..], |connector| connector.request_headers);
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            headers: headers.iter().map(owned).collect(),
            body: Body::None,
            errors: None,
            problem: None,
        }
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds the members of an object as query parameters. Omits members that are
    /// `null` and repeats the parameter for each item of an array.
    pub fn query_all(mut self, members: &impl Serialize) -> Self {
        match serde_json::to_value(members) {
            Ok(Value::Object(members)) => {
                for (name, value) in members {
                    let values = if let Value::Array(items) = value { items } else { vec![value] };
                    for value in values.iter().filter(|value| !value.is_null()) {
                        self = match value {
                            Value::String(text) => self.query(&name, text),
                            value => self.query(&name, value),
                        };
                    }
                }
                self
            }
            Ok(other) => self.fails(format!("the query must be an object, not {other}")),
            Err(error) => self.fails(format!("could not serialize the query: {error}")),
        }
    }

    /// Adds a header. The host rejects headers that carry credentials or frame
    /// the message.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the body to JSON.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(json) => self.body = Body::Json(json),
            Err(error) => return self.fails(format!("could not serialize the body: {error}")),
        }
        self
    }

    /// Sets the body to JSON with embedded files. Each file replaces its
    /// [`File::base64`] or [`File::data_url`], which must occur exactly once.
    /// The files never enter the connector's memory.
    ///
    /// ```no_run
    /// # use connector_sdk::{FileEntry, Result, http};
    /// # fn send(image: &FileEntry) -> Result<()> {
    /// let image = image.open()?;
    /// let body = serde_json::json!({ "image": image.data_url() });
    /// http::post("/describe").json_with_files(&body, [&image]).send()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn json_with_files(
        mut self,
        body: &impl Serialize,
        files: impl IntoIterator<Item = &'a File>,
    ) -> Self {
        let json = match serde_json::to_string(body) {
            Ok(json) => json,
            Err(error) => return self.fails(format!("could not serialize the body: {error}")),
        };
        match pieces(&json, files.into_iter().collect()) {
            Ok(pieces) => self.body = Body::JsonWithFiles(pieces),
            Err(name) => return self.fails(format!("the body does not contain the file `{name}`")),
        }
        self
    }

    /// Sets the body to other content.
    pub fn body(mut self, mime_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Bytes { mime_type: mime_type.to_owned(), bytes: bytes.into() };
        self
    }

    /// Sets the body to a file. The host streams it.
    pub fn file(mut self, file: &'a File) -> Self {
        self.body = Body::File(file);
        self
    }

    /// Sets the body to a form (`multipart/form-data`).
    pub fn multipart(mut self, form: Form<'a>) -> Self {
        match form.body() {
            Ok(body) => self.body = body,
            Err(failure) => self.problem = Some(failure),
        }
        self
    }

    /// Converts error responses with this function instead of the connector's.
    pub fn errors(mut self, errors: &'a dyn Fn(&ErrorResponse) -> Failure) -> Self {
        self.errors = Some(errors);
        self
    }

    /// Sends the request. A response with a status other than 2xx is a failure.
    ///
    /// The host retries the request when that is safe and likely to help. Do not
    /// retry it yourself.
    pub fn send(self) -> Result<Response> {
        let errors = self.errors;
        let response = self.send_any_status()?;
        match (response.status(), errors) {
            (200..300, _) => Ok(response),
            (_, None) => Err(response.failure()),
            (_, Some(errors)) => Err(response.failure_as(errors)),
        }
    }

    /// Sends the request. Every status is a response, not a failure.
    pub fn send_any_status(mut self) -> Result<Response> {
        match self.problem.take() {
            Some(problem) => Err(problem),
            None => Ok(Response { response: host::send(self)? }),
        }
    }

    fn fails(mut self, message: String) -> Self {
        self.problem = Some(Failure::internal(message));
        self
    }
}

fn owned((name, value): &(&str, &str)) -> (String, String) {
    ((*name).to_owned(), (*value).to_owned())
}

/// Returns the JSON text that [`json_with_files`](Request::json_with_files)
/// sends, for a document that is part of another body, such as a line of a file.
/// The files do enter the connector's memory.
pub fn json_text_with_files<'a>(
    body: &impl Serialize,
    files: impl IntoIterator<Item = &'a File>,
) -> Result<String> {
    let json = serde_json::to_string(body)
        .map_err(|error| Failure::internal(format!("could not serialize the body: {error}")))?;
    let pieces = pieces(&json, files.into_iter().collect()).map_err(|name| {
        Failure::internal(format!("the body does not contain the file `{name}`"))
    })?;
    let mut text = String::with_capacity(json.len());
    for piece in pieces {
        match piece {
            JsonPiece::Text(piece) => text.push_str(&piece),
            JsonPiece::File(file) => STANDARD.encode_string(file.read(0, u32::MAX)?, &mut text),
        }
    }
    Ok(text)
}

/// The NUL character on either side of a file's placeholder, as escaped in JSON.
const NUL: &str = r"\u0000";

/// Splits JSON into pieces, replacing placeholders with their files. Fails with
/// the name of a file that has no placeholder.
fn pieces<'a>(json: &str, mut files: Vec<&'a File>) -> Result<Vec<JsonPiece<'a>>, String> {
    let mut pieces = Vec::new();
    let (mut text, mut rest) = (String::new(), json);
    while let Some((before, after)) = rest.split_once(NUL) {
        text.push_str(before);
        let marked = after.split_once(NUL).and_then(|(url, behind)| {
            let is_marked = |file: &&File| file.base64_mark() == url;
            Some((files.iter().position(is_marked)?, behind))
        });
        match marked {
            Some((position, behind)) => {
                pieces.push(JsonPiece::Text(std::mem::take(&mut text)));
                pieces.push(JsonPiece::File(files.swap_remove(position)));
                rest = behind;
            }
            // A NUL character that belongs to the text.
            None => {
                text.push_str(NUL);
                rest = after;
            }
        }
    }
    text.push_str(rest);
    pieces.push(JsonPiece::Text(text));
    match files.first() {
        Some(file) => Err(file.entry().name.clone()),
        None => Ok(pieces),
    }
}

/// A form.
#[derive(Default)]
pub struct Form<'a> {
    parts: Vec<(String, Part<'a>)>,
    contents: Vec<Content>,
}

/// The value of a part.
pub(crate) enum Part<'a> {
    Text(String),
    File { file: &'a File, name: Option<String>, mime_type: Option<String> },
}

/// A file with generated content.
struct Content {
    field: String,
    name: String,
    mime_type: String,
    bytes: Vec<u8>,
}

impl<'a> Form<'a> {
    /// Creates an empty form.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field.
    pub fn text(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.parts.push((name.into(), Part::Text(value.to_string())));
        self
    }

    /// Adds a file. The host streams it.
    pub fn file(self, name: impl Into<String>, file: &'a File) -> Self {
        self.file_as(name, file, None, None)
    }

    /// Adds a file with a different name or media type.
    pub fn file_as(
        mut self,
        name: impl Into<String>,
        file: &'a File,
        file_name: Option<String>,
        mime_type: Option<String>,
    ) -> Self {
        self.parts.push((name.into(), Part::File { file, name: file_name, mime_type }));
        self
    }

    /// Adds a file with generated content, after the other parts. The whole form
    /// is then in the connector's memory, including other files.
    pub fn content(
        mut self,
        name: impl Into<String>,
        file_name: impl Into<String>,
        mime_type: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
    ) -> Self {
        self.contents.push(Content {
            field: name.into(),
            name: file_name.into(),
            mime_type: mime_type.into(),
            bytes: bytes.into(),
        });
        self
    }

    fn body(self) -> Result<Body<'a>> {
        if self.contents.is_empty() { Ok(Body::Form(self.parts)) } else { self.assembled() }
    }

    /// Encodes the form as `multipart/form-data` (RFC 7578). Names are escaped as in
    /// the HTML standard.
    fn assembled(self) -> Result<Body<'a>> {
        let mut parts = Vec::new();
        for (field, part) in self.parts {
            parts.push(match part {
                Part::Text(text) => (headers_of_part(&field, None), text.into_bytes()),
                Part::File { file, name, mime_type } => {
                    let FileEntry { name: own_name, mime_type: own_type, .. } = file.entry();
                    let name = name.as_ref().unwrap_or(own_name);
                    let mime_type = mime_type.as_ref().unwrap_or(own_type);
                    (headers_of_part(&field, Some((name, mime_type))), file.read(0, u32::MAX)?)
                }
            });
        }
        for Content { field, name, mime_type, bytes } in self.contents {
            parts.push((headers_of_part(&field, Some((&name, &mime_type))), bytes));
        }
        let boundary = boundary(parts.iter().map(|(_, bytes)| bytes.as_slice()));
        let length = |(head, bytes): &(String, Vec<u8>)| head.len() + bytes.len();
        let frames = (parts.len() + 1) * (boundary.len() + FRAME);
        let mut form = Vec::with_capacity(parts.iter().map(length).sum::<usize>() + frames);
        for (head, bytes) in parts {
            form.extend(format!("--{boundary}\r\n{head}").into_bytes());
            form.extend(bytes);
            form.extend(b"\r\n");
        }
        form.extend(format!("--{boundary}--\r\n").into_bytes());
        let mime_type = format!("multipart/form-data; boundary={boundary}");
        Ok(Body::Bytes { mime_type, bytes: form })
    }
}

/// The headers of a part: the name of the field, and for a file, its name and media
/// type.
fn headers_of_part(field: &str, file: Option<(&str, &str)>) -> String {
    let field = quoted(field);
    let file = file.map(|(name, mime_type)| {
        format!("; filename=\"{}\"\r\nContent-Type: {mime_type}", quoted(name))
    });
    let file = file.unwrap_or_default();
    format!("Content-Disposition: form-data; name=\"{field}\"{file}\r\n\r\n")
}

/// The bytes around a boundary: two hyphens before it, and either two hyphens
/// and a line break or two line breaks after it.
const FRAME: usize = 6;

/// Escapes a name as the HTML standard does in `multipart/form-data`.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns a boundary that occurs in none of the contents.
fn boundary<'a>(contents: impl Iterator<Item = &'a [u8]> + Clone) -> String {
    let is_in = |boundary: &str, content: &[u8]| {
        content.windows(boundary.len()).any(|part| part == boundary.as_bytes())
    };
    let mut number = 0_u64;
    loop {
        let boundary = format!("form-{number:032x}");
        if !contents.clone().any(|content| is_in(&boundary, content)) {
            return boundary;
        }
        number += 1;
    }
}

/// Where a JSON response contains files as base64 strings. The host stores each
/// file and replaces the string with `{"file": …}`, so files never enter the
/// connector's memory.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedFiles<'a> {
    /// The path to the strings: member names, and `*` for every item of an
    /// array, such as `["data", "*", "b64_json"]`.
    pub path: &'a [&'a str],
    /// The name of the stored file, without an extension.
    pub name: &'a str,
    /// The media type, unless the content indicates another.
    pub mime_type: &'a str,
    /// Whether to keep the base64 as well, as a member `"base64"` next to
    /// `"file"`.
    pub keep: bool,
}

impl EmbeddedFiles<'_> {
    fn record(&self) -> contract::EmbeddedFiles {
        contract::EmbeddedFiles {
            path: self.path.iter().map(|step| (*step).to_owned()).collect(),
            name: self.name.to_owned(),
            mime_type: self.mime_type.to_owned(),
            keep: self.keep,
        }
    }

    /// Stores the files in JSON that was not a response itself, such as a line of
    /// a file. They do enter the connector's memory. Strings that are not
    /// base64 stay unchanged, and the media type is not checked.
    pub fn store(&self, json: &mut Value) -> Result<()> {
        store_embedded(json, self.path, &self.record())
    }
}

/// Stores the files at the end of this path in a value.
pub(crate) fn store_embedded(
    value: &mut Value,
    path: &[impl AsRef<str>],
    embedded: &contract::EmbeddedFiles,
) -> Result<()> {
    match (path, &mut *value) {
        ([], Value::String(text)) => {
            let Ok(content) = STANDARD.decode(&*text) else { return Ok(()) };
            let (_, extension) = embedded.mime_type.split_once('/').unwrap_or(("", "bin"));
            let name = format!("{}.{extension}", embedded.name);
            let entry = files::create(&name, &embedded.mime_type, &content)?;
            *value = if embedded.keep {
                json!({ "file": entry, "base64": text })
            } else {
                json!({ "file": entry })
            };
        }
        ([star, rest @ ..], Value::Array(items)) if star.as_ref() == "*" => {
            for item in items {
                store_embedded(item, rest, embedded)?;
            }
        }
        ([name, rest @ ..], Value::Object(members)) => {
            if let Some(member) = members.get_mut(name.as_ref()) {
                store_embedded(member, rest, embedded)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Headers with the provider's ID of a request, for its support team.
const REQUEST_IDS: &[&str] = &["x-request-id", "request-id"];

/// A response whose body has not been read yet.
#[derive(Debug)]
pub struct Response {
    response: host::Response,
}

impl Response {
    /// Returns the status code.
    pub fn status(&self) -> u16 {
        self.response.status()
    }

    /// Returns the values of a header, joined by `, `.
    pub fn header(&self, name: &str) -> Option<String> {
        self.response.header(name)
    }

    /// Returns the provider's ID of the request.
    pub fn request_id(&self) -> Option<String> {
        REQUEST_IDS.iter().find_map(|name| self.header(name))
    }

    /// Returns whether the body has this media type, such as
    /// `text/event-stream`.
    pub fn has_type(&self, media_type: &str) -> bool {
        let own = self.header("content-type").unwrap_or_default();
        own.split(';').next().is_some_and(|own| own.trim().eq_ignore_ascii_case(media_type))
    }

    /// Deserializes the rest of the body from JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        self.parse(&self.json_text(None)?)
    }

    /// Deserializes one member of the JSON object in the rest of the body.
    ///
    /// ```no_run
    /// # use connector_sdk::{Result, http};
    /// // `{"ticket": {"id": 17}}`
    /// # fn id() -> Result<u64> {
    /// # #[derive(serde::Deserialize)] struct Ticket { id: u64 }
    /// let ticket: Ticket = http::get("/tickets/17").send()?.member("ticket")?;
    /// # Ok(ticket.id)
    /// # }
    /// ```
    pub fn member<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let json = self.json_text(None)?;
        let mut members: Map<String, Value> = self.parse(&json)?;
        let member = members.remove(name).ok_or_else(|| format!("missing member `{name}`"));
        let value = member.and_then(|member| {
            serde_json::from_value(member).map_err(|error| format!("`{name}`: {error}"))
        });
        value.map_err(|reason| self.unexpected(&json, reason))
    }

    /// Deserializes one member of the JSON object in the body as the action's
    /// output, with the provider's ID of the request as metadata.
    pub fn member_outcome<T: DeserializeOwned>(&self, name: &str) -> Result<Outcome<T>> {
        Outcome::new(self.member(name)?).with_metadata(&self.metadata())
    }

    /// Deserializes the rest of the body from JSON, and stores embedded files.
    pub fn json_with_files<T: DeserializeOwned>(&self, files: &EmbeddedFiles) -> Result<T> {
        self.parse(&self.json_text(Some(files))?)
    }

    /// Returns the rest of the body as JSON text, and stores embedded files.
    pub fn json_text(&self, files: Option<&EmbeddedFiles>) -> Result<String> {
        let files = files.map(EmbeddedFiles::record);
        self.response.json(files.as_ref()).map_err(|failure| {
            let is_other = failure.kind == FailureKind::InvalidOutput;
            let failure = match &failure.detail {
                Some(body) if is_other && errors::is_blank_or_page(body) => errors::not_json(body),
                _ => failure.into(),
            };
            failure.answered_by(self)
        })
    }

    fn parse<T: DeserializeOwned>(&self, json: &str) -> Result<T> {
        crate::json::from_str(json).map_err(|error| self.unexpected(json, error))
    }

    /// Returns the failure for a response of an unexpected shape.
    fn unexpected(&self, json: &str, reason: impl Display) -> Failure {
        let message = format!("unexpected response from the provider: {reason}");
        errors::instead(&message, json).answered_by(self)
    }

    /// Deserializes the rest of the body as the action's output, with the
    /// provider's ID of the request as metadata.
    pub fn outcome<T: DeserializeOwned>(&self) -> Result<Outcome<T>> {
        Outcome::new(self.json()?).with_metadata(&self.metadata())
    }

    fn metadata(&self) -> Value {
        json!({ "requestId": self.request_id() })
    }

    /// Reads the rest of the body as UTF-8.
    pub fn text(&self) -> Result<String> {
        self.response.text().map_err(|failure| self.failed(failure))
    }

    /// Reads the rest of the body. Fails if it is longer than `max` bytes.
    pub fn bytes(&self, max: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(more) = self.read(1 << 16)? {
            bytes.extend(more);
            if bytes.len() > max {
                let message = format!("the provider's response is longer than {max} bytes");
                return Err(Failure::new(FailureKind::TooLarge, message).answered_by(self));
            }
        }
        Ok(bytes)
    }

    /// Reads between 1 and `max` bytes of the body, or returns `None` at its
    /// end.
    pub fn read(&self, max: u32) -> Result<Option<Vec<u8>>> {
        self.response.read(max).map_err(|failure| self.failed(failure))
    }

    /// Stores the rest of the body as a file while it arrives.
    pub fn save(&self, name: &str, mime_type: &str) -> Result<FileEntry> {
        let entry = self.response.save(name, mime_type);
        entry.map(FileEntry::from).map_err(|failure| self.failed(failure))
    }

    /// Returns the events of the body (`text/event-stream`) as they arrive.
    pub fn events(&self) -> Events<'_> {
        Events { response: self, files: None }
    }

    /// Returns the events of the body, and stores files embedded in their JSON.
    pub fn events_with_files(&self, files: &EmbeddedFiles) -> Events<'_> {
        Events { response: self, files: Some(files.record()) }
    }

    /// Returns the failure for this response, as converted by the connector.
    pub fn failure(&self) -> Failure {
        self.failure_as(&errors::converted)
    }

    fn failure_as(&self, errors: &dyn Fn(&ErrorResponse) -> Failure) -> Failure {
        // The status matters more than a body that cannot be read.
        let body = self.text().unwrap_or_default();
        let error = ErrorResponse { status: self.status(), body: &body, response: Some(self) };
        errors(&error).answered_by(self)
    }

    fn failed(&self, failure: impl Into<Failure>) -> Failure {
        failure.into().answered_by(self)
    }
}

/// The events of a response.
#[derive(Debug)]
pub struct Events<'a> {
    response: &'a Response,
    files: Option<contract::EmbeddedFiles>,
}

impl<'a> Iterator for Events<'a> {
    type Item = Result<Event<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let response = self.response;
        match response.response.next_event(self.files.as_ref()) {
            Ok(event) => {
                event.map(|event| Ok(Event { name: event.name, data: event.data, response }))
            }
            Err(failure) => Some(Err(response.failed(failure))),
        }
    }
}

/// One event of a response.
#[derive(Debug)]
pub struct Event<'a> {
    /// The `event` field, or `message` if there is none.
    pub name: String,
    /// The `data` fields, joined by line feeds.
    pub data: String,
    response: &'a Response,
}

impl Event<'_> {
    /// Deserializes the data from JSON. If the data is an error instead, returns
    /// its failure.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        crate::json::from_str(&self.data).map_err(|error| {
            let message = format!("unexpected event from the provider: {error}");
            errors::instead(&message, &self.data).answered_by(self.response)
        })
    }

    /// Returns the failure for an event that is an error, as converted by the
    /// connector.
    pub fn failure(&self) -> Failure {
        errors::inside(&self.data).answered_by(self.response)
    }
}

/// Returns the items of a paginated list. `read` returns the items of a page and
/// the request for the next page.
///
/// ```no_run
/// use connector_sdk::{Result, http};
///
/// #[derive(serde::Deserialize)]
/// struct Page { items: Vec<String>, next: Option<String> }
///
/// fn all() -> Result<Vec<String>> {
///     let pages = http::pages(http::get("/items"), |response| {
///         let page: Page = response.json()?;
///         let next = page.next.map(|cursor| http::get("/items").query("cursor", cursor));
///         Ok((page.items, next))
///     });
///     pages.collect()
/// }
/// ```
pub fn pages<'a, T>(
    first: Request<'a>,
    mut read: impl FnMut(Response) -> Result<(Vec<T>, Option<Request<'a>>)>,
) -> impl Iterator<Item = Result<T>> {
    let mut next = Some(first);
    let pages = std::iter::from_fn(move || {
        let page = next.take()?.send().and_then(&mut read);
        Some(page.map(|(items, request)| {
            next = request;
            items
        }))
    });
    pages.flat_map(|page| {
        let (items, failure) = match page {
            Ok(items) => (items, None),
            Err(failure) => (Vec::new(), Some(Err(failure))),
        };
        items.into_iter().map(Ok).chain(failure)
    })
}

impl Debug for Request<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:?} {}", self.method, self.path)
    }
}
