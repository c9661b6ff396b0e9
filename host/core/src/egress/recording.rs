//! Recordings of the requests and responses of a run, to be replayed without the
//! provider.
//!
//! A recording contains the requests that the connector made and the responses
//! that it received. It does not contain the host's headers or the credential, and
//! secrets that a provider repeats are redacted. Responses are recorded as far as
//! they were read.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ureq::http;

use crate::contract::{Failure, FailureKind};

use super::body::{FormPart, FormValue, JsonPiece};
use super::redact::Redactor;
use super::{Request, RequestContent};

/// Response headers that describe the transfer and differ each time.
const TRANSFER_HEADERS: [&str; 5] =
    ["connection", "content-length", "date", "keep-alive", "transfer-encoding"];

/// The exchanges of a run with its provider, in order. Its JSON form can be read
/// and edited by hand.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Recording {
    /// The exchanges.
    pub exchanges: Vec<Exchange>,
}

/// A request and its response. If the request was retried, the response is the
/// last one.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Exchange {
    /// The request.
    pub request: RecordedRequest,
    /// The response.
    pub response: RecordedResponse,
}

/// A request as a connector made it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct RecordedRequest {
    /// The method, such as `GET`.
    pub method: String,
    /// The path below the base URL.
    pub path: String,
    /// The query parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// The headers. Replaying does not compare them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body. Files in it are replaced by their size in angle brackets.
    #[serde(flatten)]
    pub body: RecordedBody,
}

/// A response as a connector received it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct RecordedResponse {
    /// The status code.
    pub status: u16,
    /// The headers, except those that describe the transfer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body, as far as it was read.
    #[serde(flatten)]
    pub body: RecordedBody,
}

/// A body. At most one member is set, depending on the content.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedBody {
    /// JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// Other text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Other bytes, as base64. A saved recording has them in a separate file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// The name of the file with the bytes, in the recording's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

/// Why a recording could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {access} the recording {}: {reason}", path.display())]
pub struct RecordingError {
    access: &'static str,
    path: PathBuf,
    reason: String,
}

impl RecordingError {
    fn reading(path: &Path, reason: &dyn ToString) -> Self {
        Self { access: "read", path: path.to_owned(), reason: reason.to_string() }
    }

    fn writing(path: &Path, reason: &dyn ToString) -> Self {
        Self { access: "write", path: path.to_owned(), reason: reason.to_string() }
    }
}

impl Recording {
    /// Reads a recording from a JSON file and from the files in the same folder
    /// that it names.
    ///
    /// # Errors
    /// If a file cannot be read, or if the JSON file is not a recording.
    pub fn load(path: &Path) -> Result<Self, RecordingError> {
        let failed = RecordingError::reading;
        let text = fs::read_to_string(path).map_err(|error| failed(path, &error))?;
        let mut recording: Self = serde_json::from_str(&text)
            .map_err(|error| failed(path, &format!("not a recording: {error}")))?;
        for exchange in &mut recording.exchanges {
            for body in [&mut exchange.request.body, &mut exchange.response.body] {
                if let Some(file) = body.file.take() {
                    // A recording must not cause arbitrary files to be read.
                    if file.file_name() != Some(file.as_os_str()) {
                        let reason = format!(
                            "`{}` is not the name of a file in the same folder",
                            file.display()
                        );
                        return Err(failed(path, &reason));
                    }
                    let file = path.with_file_name(file);
                    let bytes = fs::read(&file).map_err(|error| failed(&file, &error))?;
                    body.base64 = Some(STANDARD.encode(bytes));
                }
            }
        }
        Ok(recording)
    }

    /// Checks that a recording can be written to this file, which is not changed.
    /// Use it before a run, because afterwards it is too late to choose another
    /// file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn check_writable(path: &Path) -> Result<(), RecordingError> {
        let before = fs::symlink_metadata(path);
        // Opening a pipe would wait for its reader.
        if before.as_ref().is_ok_and(|it| !it.is_file() && !it.is_dir() && !it.is_symlink()) {
            return Ok(());
        }
        let opened = OpenOptions::new().append(true).create(true).open(path);
        let removed = opened.and_then(|_| match before {
            Ok(_) => Ok(()),
            Err(_) => fs::remove_file(path),
        });
        removed.map_err(|error| RecordingError::writing(path, &error))
    }

    /// Writes the recording to a JSON file. Bodies that are not text go to separate
    /// files in the same folder: `NAME-1.png` for the first exchange of
    /// `NAME.json`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), RecordingError> {
        let failed = RecordingError::writing;
        let mut recording = self.clone();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for (number, exchange) in (1..).zip(&mut recording.exchanges) {
            let response = &mut exchange.response;
            let Some(bytes) = response.body.base64.take().and_then(|it| STANDARD.decode(it).ok())
            else {
                continue;
            };
            let mime_type = response.headers.get("content-type");
            let extensions = mime_type.and_then(|it| mime_guess::get_mime_extensions_str(it));
            let extension = extensions.and_then(|all| all.first()).unwrap_or(&"bin");
            let name = PathBuf::from(format!("{stem}-{number}.{extension}"));
            let file = path.with_file_name(&name);
            fs::write(&file, bytes).map_err(|error| failed(&file, &error))?;
            response.body.file = Some(name);
        }
        let text = serde_json::to_string_pretty(&recording).map_err(io::Error::from);
        let text = text.map_err(|error| failed(path, &error))?;
        fs::write(path, text + "\n").map_err(|error| failed(path, &error))
    }
}

impl RecordedBody {
    /// Classifies a body by its content: JSON, text or bytes.
    fn of(bytes: Vec<u8>) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        match String::from_utf8(bytes) {
            Ok(text) => match serde_json::from_str(&text) {
                Ok(json @ (Value::Object(_) | Value::Array(_))) => {
                    Self { json: Some(json), ..Self::default() }
                }
                _ => Self { text: Some(text), ..Self::default() },
            },
            Err(error) => {
                let base64 = Some(STANDARD.encode(error.as_bytes()));
                Self { base64, ..Self::default() }
            }
        }
    }

    fn bytes(&self) -> Vec<u8> {
        if let Some(json) = &self.json {
            json.to_string().into_bytes()
        } else if let Some(text) = &self.text {
            text.clone().into_bytes()
        } else {
            let base64 = self.base64.as_deref().unwrap_or_default();
            STANDARD.decode(base64).unwrap_or_default()
        }
    }

    fn of_request(content: &RequestContent) -> Self {
        let file = |size: u64| format!("<{size} bytes>");
        match content {
            RequestContent::None => Self::default(),
            RequestContent::Bytes { bytes, .. } => Self::of(bytes.clone()),
            RequestContent::Json(pieces) => {
                let pieces = pieces.iter().map(|piece| match piece {
                    JsonPiece::Text(text) => text.clone(),
                    JsonPiece::File(content) => file(content.size()),
                });
                Self::of(pieces.collect::<String>().into_bytes())
            }
            RequestContent::Form(parts) => {
                let part = |FormPart { name, value }: &FormPart| match value {
                    FormValue::Text(text) => serde_json::json!([name, text]),
                    FormValue::File { content, name: file_name, .. } => {
                        serde_json::json!([name, format!("{file_name} {}", file(content.size()))])
                    }
                };
                Self { json: Some(parts.iter().map(part).collect()), ..Self::default() }
            }
            RequestContent::File { content, .. } => {
                Self { text: Some(file(content.size())), ..Self::default() }
            }
        }
    }
}

/// The headers by name, with the values of each joined (RFC 9110 §5.2).
fn joined(headers: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut joined = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        joined
            .entry(name.to_ascii_lowercase())
            .and_modify(|values| *values += &format!(", {value}"))
            .or_insert(value);
    }
    joined
}

impl RecordedRequest {
    pub(super) fn of(request: &Request, redactor: &Redactor) -> Self {
        let redacted = |(name, value): &(String, String)| {
            let mut value = value.clone();
            redactor.redact(&mut value);
            (name.clone(), value)
        };
        let is_own = |(name, _): &&(String, String)| !name.eq_ignore_ascii_case("traceparent");
        let mut path = request.path.clone();
        redactor.redact(&mut path);
        Self {
            method: request.method.to_string(),
            path,
            query: request.query.iter().map(redacted).collect(),
            headers: joined(request.headers.iter().filter(is_own).map(redacted)),
            body: RecordedBody::of_request(&request.content).redacted(redactor),
        }
    }

    /// Whether two requests are equal, apart from their headers.
    fn is_same(&self, other: &Self) -> bool {
        let line =
            |request: &Self| (request.method.clone(), request.path.clone(), request.query.clone());
        line(self) == line(other) && self.body == other.body
    }
}

/// The path of the first value that differs, such as `messages[0].content`.
fn first_difference(recorded: &Value, given: &Value) -> Option<String> {
    let join = |step: String, inner: String| match inner.as_str() {
        "" => step,
        rest if rest.starts_with('[') => step + rest,
        rest => format!("{step}.{rest}"),
    };
    match (recorded, given) {
        (Value::Object(recorded), Value::Object(given)) => {
            let mut names = recorded.keys().chain(given.keys());
            names.find_map(|name| match (recorded.get(name), given.get(name)) {
                (Some(recorded), Some(given)) => {
                    Some(join(name.clone(), first_difference(recorded, given)?))
                }
                _ => Some(name.clone()),
            })
        }
        (Value::Array(recorded), Value::Array(given)) if recorded.len() == given.len() => {
            let mut pairs = recorded.iter().zip(given).enumerate();
            pairs.find_map(|(index, (recorded, given))| {
                Some(join(format!("[{index}]"), first_difference(recorded, given)?))
            })
        }
        _ => (recorded != given).then(String::new),
    }
}

impl RecordedBody {
    fn redacted(self, redactor: &Redactor) -> Self {
        let mut bytes = self.bytes();
        if redactor.redact_bytes(&mut bytes) { Self::of(bytes) } else { self }
    }
}

impl fmt::Display for RecordedRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)?;
        for (index, (name, value)) in self.query.iter().enumerate() {
            write!(formatter, "{}{name}={value}", if index == 0 { '?' } else { '&' })?;
        }
        Ok(())
    }
}

/// Records the exchanges of a run ([`Run::record`](crate::Run::record)).
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Vec<Entry>>>);

/// An exchange that is being recorded.
struct Entry {
    request: RecordedRequest,
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
    redactor: Redactor,
}

/// Records the body of a response.
pub(super) struct BodyRecorder {
    recorder: Recorder,
    index: usize,
}

impl Recorder {
    /// A recorder without exchanges.
    pub fn new() -> Self {
        Self::default()
    }

    /// The exchanges recorded so far.
    pub fn recording(&self) -> Recording {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let exchange = |entry: &Entry| {
            let mut body = entry.body.clone();
            entry.redactor.redact_bytes(&mut body);
            Exchange {
                request: entry.request.clone(),
                response: RecordedResponse {
                    status: entry.status,
                    headers: entry.headers.clone(),
                    body: RecordedBody::of(body),
                },
            }
        };
        Recording { exchanges: entries.iter().map(exchange).collect() }
    }

    pub(super) fn begin(
        &self,
        request: RecordedRequest,
        status: u16,
        headers: &[(String, String)],
        redactor: Redactor,
    ) -> BodyRecorder {
        let is_kept = |(name, _): &&(String, String)| !TRANSFER_HEADERS.contains(&name.as_str());
        let headers = joined(headers.iter().filter(is_kept).cloned());
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push(Entry { request, status, headers, body: Vec::new(), redactor });
        BodyRecorder { recorder: self.clone(), index: entries.len() - 1 }
    }
}

impl BodyRecorder {
    pub(super) fn received(&self, bytes: &[u8]) {
        let mut entries = self.recorder.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(self.index) {
            entry.body.extend_from_slice(bytes);
        }
    }
}

/// Answers the requests of a run from a recording
/// ([`Run::replay`](crate::Run::replay)).
#[derive(Clone, Default)]
pub struct Player(Arc<Mutex<Played>>);

#[derive(Default)]
struct Played {
    left: VecDeque<Exchange>,
    count: usize,
}

impl Player {
    /// What the failure of a request says if the recording ends before it.
    pub const NO_MORE: &str = "but the recording has no more requests";

    /// A player that starts at the first exchange of the recording.
    pub fn new(recording: Recording) -> Self {
        Self(Arc::new(Mutex::new(Played { left: recording.exchanges.into(), count: 0 })))
    }

    /// The recorded requests that have not been replayed yet.
    pub fn left(&self) -> Vec<RecordedRequest> {
        let played = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        played.left.iter().map(|exchange| exchange.request.clone()).collect()
    }

    /// The response to the next request.
    pub(super) fn answer(
        &self,
        request: &RecordedRequest,
    ) -> Result<http::Response<ureq::Body>, Failure> {
        let mut played = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = played.count + 1;
        let other = |message: String| Failure::new(FailureKind::InvalidInput, message);
        let Some(exchange) = played.left.front() else {
            return Err(other(format!(
                "request {number} of the run is `{request}`, {}",
                Self::NO_MORE
            )));
        };
        if !exchange.request.is_same(request) {
            let recorded = &exchange.request;
            let is_same_line = recorded.to_string() == request.to_string();
            let body = match (&recorded.body.json, &request.body.json) {
                _ if !is_same_line => String::new(),
                (Some(recorded), Some(given)) => match first_difference(recorded, given) {
                    Some(place) if !place.is_empty() => {
                        format!(" with a different body: `{place}` differs")
                    }
                    _ => " with a different body".to_owned(),
                },
                _ => " with a different body".to_owned(),
            };
            return Err(other(format!(
                "request {number} of the run is `{request}`, but the recording has \
                 `{recorded}`{body}"
            )));
        }
        let response = exchange.response.clone();
        played.left.pop_front();
        played.count += 1;
        let mut answer = http::Response::builder().status(response.status);
        for (name, value) in &response.headers {
            answer = answer.header(name, value);
        }
        let body = ureq::Body::builder().data(response.body.bytes());
        answer
            .body(body)
            .map_err(|error| other(format!("response {number} of the recording: {error}")))
    }
}

/// Whether a run is recorded or replayed.
#[derive(Clone)]
pub(crate) enum RecordMode {
    Record(Recorder),
    Replay(Player),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn exchange(path: &str, body: RecordedBody) -> Exchange {
        Exchange {
            request: RecordedRequest {
                method: "GET".to_owned(),
                path: path.to_owned(),
                query: vec![("a".to_owned(), "b".to_owned())],
                headers: BTreeMap::new(),
                body: RecordedBody::default(),
            },
            response: RecordedResponse {
                status: 200,
                headers: BTreeMap::from([("content-type".to_owned(), "image/png".to_owned())]),
                body,
            },
        }
    }

    #[test]
    fn a_recording_can_be_saved_and_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("greet.json");
        let bodies = ["", "{\"a\":1}", "[1]", "a text", "1", "\"b\"", "data: {}\n\n"];
        let mut exchanges: Vec<_> = bodies
            .iter()
            .map(|body| exchange("/greet", RecordedBody::of(body.as_bytes().to_vec())))
            .collect();
        exchanges.push(exchange("/image", RecordedBody::of(vec![0x89, 0xff, 0])));
        let recording = Recording { exchanges };
        recording.save(&path).unwrap();
        assert_eq!(fs::read(folder.path().join("greet-8.png")).unwrap(), [0x89, 0xff, 0]);
        let loaded = Recording::load(&path).unwrap();
        assert_eq!(loaded, recording);
        for (exchange, body) in loaded.exchanges.iter().zip(bodies) {
            assert_eq!(exchange.response.body.bytes(), body.as_bytes());
        }
    }

    #[test]
    fn finds_out_beforehand_whether_a_recording_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("greet.json");
        Recording::check_writable(&path).unwrap();
        assert!(!path.exists());
        fs::write(&path, "before").unwrap();
        Recording::check_writable(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        for file in [folder.path().to_owned(), path.join("greet.json"), folder.path().join("a/b")] {
            let error = Recording::check_writable(&file).unwrap_err().to_string();
            let expected = format!("cannot write the recording {}: ", file.display());
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn a_recording_reads_only_files_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("recorded")).unwrap();
        let secret = folder.path().join("secret.txt");
        fs::write(&secret, "secret").unwrap();
        let path = folder.path().join("recorded/a.json");
        for file in [secret.to_str().unwrap(), "../secret.txt", "..", "", "a/../../secret.txt"] {
            let body = RecordedBody { file: Some(file.into()), ..RecordedBody::default() };
            let recording = Recording { exchanges: vec![exchange("/", body)] };
            fs::write(&path, json!(recording).to_string()).unwrap();
            let error = Recording::load(&path).unwrap_err().to_string();
            let expected = "is not the name of a file in the same folder";
            assert!(error.contains(expected), "{file}: {error}");
        }
    }

    #[test]
    fn a_recording_is_readable() {
        let recording =
            Recording { exchanges: vec![exchange("/greet", RecordedBody::of(b"{}".to_vec()))] };
        let expected = json!({ "exchanges": [{
            "request": { "method": "GET", "path": "/greet", "query": [["a", "b"]] },
            "response": { "status": 200, "headers": { "content-type": "image/png" }, "json": {} },
        }] });
        assert_eq!(json!(recording), expected);
        let odd = json!({ "exchanges": [{ "request": { "method": "GET", "path": "/" } }] });
        assert!(serde_json::from_value::<Recording>(odd).is_err());
    }

    #[test]
    fn answers_requests_in_order_and_rejects_others() {
        let one = exchange("/one", RecordedBody::of(b"1".to_vec()));
        let two = exchange("/two", RecordedBody::of(b"2".to_vec()));
        let player = Player::new(Recording { exchanges: vec![one.clone(), two.clone()] });
        let error = player.answer(&two.request).unwrap_err();
        assert_eq!(
            error.message,
            "request 1 of the run is `GET /two?a=b`, but the recording has `GET /one?a=b`"
        );
        let mut answer = player.answer(&one.request).unwrap();
        assert_eq!(answer.body_mut().read_to_string().unwrap(), "1");
        let mut other = two.request.clone();
        other.body = RecordedBody::of(b"{}".to_vec());
        let error = player.answer(&other).unwrap_err();
        assert!(error.message.ends_with("`GET /two?a=b` with a different body"), "{error}");
        player.answer(&two.request).unwrap();
        let error = player.answer(&two.request).unwrap_err();
        assert!(error.message.starts_with("request 3 of the run is "), "{error}");
        assert!(error.message.ends_with("the recording has no more requests"), "{error}");
    }

    #[test]
    fn reports_the_first_difference_between_two_bodies() {
        let recorded = json!({ "a": [{ "b": { "c": 1 } }, 2], "d": 3 });
        for (given, expected) in [
            (recorded.clone(), None),
            (json!({ "a": [{ "b": { "c": 2 } }, 2], "d": 3 }), Some("a[0].b.c")),
            (json!({ "a": [{ "b": { "c": 1 } }], "d": 3 }), Some("a")),
            (json!({ "a": [{ "b": { "c": 1 } }, 2] }), Some("d")),
            (json!({ "a": [{ "b": { "c": 1 } }, 2], "d": 3, "e": null }), Some("e")),
            (json!(1), Some("")),
        ] {
            assert_eq!(first_difference(&recorded, &given).as_deref(), expected, "{given}");
        }
    }
}
