//! The results of a batch: one for each input, in the order of the inputs.
//!
//! The provider writes them to two files, one for responses and one for failures,
//! in any order. A file that is too large for the connector's memory is stored and
//! read in pieces: first to find the place of each result, then to read them in
//! order.

use std::cmp::min;

use connector_sdk::{
    ErrorResponse, Failure, FailureKind, File, FileEntry, Properties, Result, errors, files, http,
    json,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use serde_with::skip_serializing_none;

use super::action::{Kind, Response, Values};
use super::requests::read_custom_id;
use super::state::Batch;
use super::{MAX_REQUESTS, lines};
use crate::lenient::{at, lenient, text};

/// The maximum size of a file of results that is read into memory, in bytes.
const MAX_IN_MEMORY: usize = 4 << 20;
/// The maximum size of one result, in bytes.
const MAX_RESULT: usize = 16 << 20;
/// The maximum size of the results in the output, in bytes. Larger ones are
/// stored as files.
const MAX_IN_OUTPUT: usize = 1 << 20;
/// The maximum size of a stored file of results, in bytes. It is assembled in
/// memory.
const MAX_PART: usize = 16 << 20;

const JSON_LINES: &str = "application/jsonl";

/// The results of a batch, as part of an output.
#[skip_serializing_none]
#[derive(Default, Serialize, Properties)]
#[serde(rename_all = "camelCase")]
#[property(output)]
pub struct Results {
    /// The results, in the order of the inputs. Absent until the batch has ended, or if they
    /// are larger than 1 MiB.
    results: Option<Vec<BatchResult>>,
    /// The results as files, if they are larger than 1 MiB: JSON Lines, one result per line, in
    /// the order of the inputs.
    result_files: Vec<FileEntry>,
    /// The provider's own files, if they were too large to be read without storing them.
    provider_files: Vec<FileEntry>,
}

/// The result of one input.
#[skip_serializing_none]
#[derive(Serialize, Properties)]
#[serde(rename_all = "camelCase")]
#[property(output)]
pub struct BatchResult {
    /// The position of the input, starting at 0. Absent if the batch was created elsewhere.
    index: Option<usize>,
    /// The ID of the request, if the batch was created elsewhere.
    custom_id: Option<String>,
    /// The output, as a run of the action returns it.
    output: Option<Value>,
    /// The metadata, as a run of the action returns it.
    metadata: Option<Map<String, Value>>,
    /// Why there is no output.
    failure: Option<BatchFailure>,
}

#[skip_serializing_none]
#[derive(Serialize, Properties)]
#[serde(rename_all = "camelCase")]
#[property(output)]
struct BatchFailure {
    /// The kind of failure, such as refused or timeout.
    kind: String,
    /// What went wrong.
    message: String,
    /// The property of the input at fault.
    property: Option<String>,
    /// The HTTP status of the response.
    status: Option<u16>,
    /// The provider's error code.
    code: Option<String>,
    /// The provider's ID of the request.
    request_id: Option<String>,
}

impl From<Failure> for BatchFailure {
    fn from(failure: Failure) -> Self {
        Self {
            kind: failure.kind_name().to_owned(),
            message: failure.message.clone(),
            property: failure.property.clone(),
            status: failure.status,
            code: failure.code.clone(),
            request_id: failure.request_id.clone(),
        }
    }
}

/// Fetches the results of a batch that has ended. `model` is the model of the
/// batch.
pub fn fetch(batch: &Batch, model: Option<&str>) -> Result<Results> {
    let ids = [(&batch.output_file_id, "output"), (&batch.error_file_id, "errors")];
    let ids = ids.into_iter().filter_map(|(id, name)| Some((id.as_ref()?, name)));
    let sources = ids.map(|(id, name)| Source::fetch(id, &format!("{}-{name}.jsonl", batch.id)));
    let sources: Vec<_> = sources.collect::<Result<_>>()?;
    let endpoint = batch.endpoint.as_str();
    let reader = Reader { endpoint, kind: Kind::with_endpoint(endpoint), model };
    let mut writer = Writer::new(&batch.id);
    let places = places(&sources)?;
    // If some requests were created elsewhere, there is no way to find missing ones.
    let total = if places.iter().all(|place| place.index.is_some()) {
        min(usize::try_from(batch.counts.total).unwrap_or(usize::MAX), MAX_REQUESTS)
    } else {
        0
    };
    let mut next = 0;
    for place in places {
        let index = place.index.unwrap_or(next);
        for missing in next..index {
            writer.add(without_result(missing, &batch.status))?;
        }
        if index < next {
            // A second result of the same input.
            continue;
        }
        next = index + usize::from(place.index.is_some());
        writer.add(place.read(&sources, &reader)?)?;
    }
    for missing in next..total {
        writer.add(without_result(missing, &batch.status))?;
    }
    let (results, result_files) = writer.finish()?;
    let provider_files = sources.into_iter().filter_map(Source::into_entry).collect();
    Ok(Results { results, result_files, provider_files })
}

/// The result of an input that none of the files contains.
fn without_result(index: usize, status: &str) -> BatchResult {
    let failure = match status {
        "expired" => Failure::timeout("the batch expired before it processed this input"),
        "cancelled" => {
            let message = "the batch was cancelled before it processed this input";
            Failure::new(FailureKind::Cancelled, message)
        }
        _ => Failure::invalid_output("the provider returned no result for this input"),
    };
    BatchResult { index: Some(index), ..BatchResult::failed(failure) }
}

impl BatchResult {
    fn failed(failure: Failure) -> Self {
        let failure = Some(failure.into());
        Self { index: None, custom_id: None, output: None, metadata: None, failure }
    }
}

/// A file of results.
enum Source {
    Memory(Vec<u8>),
    Stored(File),
}

impl Source {
    /// Fetches a file, in memory if it is small enough.
    fn fetch(id: &str, name: &str) -> Result<Self> {
        let request = || http::get(format!("/files/{}/content", http::segment(id))).send();
        let response = request()?;
        let length = response.header("content-length").and_then(|length| length.parse().ok());
        if length.is_none_or(|length: usize| length <= MAX_IN_MEMORY) {
            match response.bytes(MAX_IN_MEMORY) {
                Ok(content) => return Ok(Self::Memory(content)),
                Err(failure) if failure.kind == FailureKind::TooLarge => {}
                Err(failure) => return Err(failure),
            }
            // The length was unknown, and a part has been read.
            return Self::stored(&request()?, name);
        }
        Self::stored(&response, name)
    }

    fn stored(response: &http::Response, name: &str) -> Result<Self> {
        Ok(Self::Stored(response.save(name, JSON_LINES)?.open()?))
    }

    fn read(&self, offset: u64, max: u32) -> Result<Vec<u8>> {
        match self {
            Self::Stored(file) => file.read(offset, max),
            Self::Memory(content) => {
                let begin = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
                let rest = content.get(begin..).unwrap_or_default();
                Ok(rest.get(..max as usize).unwrap_or(rest).to_vec())
            }
        }
    }

    fn into_entry(self) -> Option<FileEntry> {
        match self {
            Self::Memory(_) => None,
            Self::Stored(file) => Some(file.entry().clone()),
        }
    }
}

/// Where a result is.
struct Place {
    /// The position of the input.
    index: Option<usize>,
    source: usize,
    offset: u64,
    length: u64,
}

/// The places of all results, in the order of the inputs. Those of requests that
/// were created elsewhere keep the order of the files.
fn places(sources: &[Source]) -> Result<Vec<Place>> {
    #[derive(Deserialize)]
    struct Id {
        #[serde(default, deserialize_with = "lenient")]
        custom_id: Option<String>,
    }

    let mut places = Vec::new();
    for (source, file) in sources.iter().enumerate() {
        lines::read(
            |offset, max| file.read(offset, max),
            MAX_RESULT,
            |line| {
                let id = line.content.and_then(|line| serde_json::from_slice(line).ok());
                let id = id.and_then(|id: Id| id.custom_id);
                let index = id.and_then(|id| Some(read_custom_id(&id)?.0));
                places.push(Place { index, source, offset: line.offset, length: line.length });
                Ok(())
            },
        )?;
    }
    places.sort_by_key(|place| place.index.unwrap_or(usize::MAX));
    Ok(places)
}

impl Place {
    fn read(&self, sources: &[Source], reader: &Reader) -> Result<BatchResult> {
        let length =
            u32::try_from(self.length).ok().filter(|length| *length as usize <= MAX_RESULT);
        let (Some(length), Some(source)) = (length, sources.get(self.source)) else {
            let message = format!(
                "the result is longer than {MAX_RESULT} bytes; it is in one of the provider's files"
            );
            return Ok(BatchResult::failed(Failure::new(FailureKind::TooLarge, message)));
        };
        let line = source.read(self.offset, length)?;
        let parsed = json::from_str(&String::from_utf8_lossy(&line));
        // Both the line and its result may be large.
        drop(line);
        match parsed {
            Ok(line) => reader.read(line),
            Err(_) => {
                let failure = Failure::invalid_output("the provider's result is not JSON");
                Ok(BatchResult::failed(failure))
            }
        }
    }
}

/// Reads results.
struct Reader<'a> {
    endpoint: &'a str,
    /// The action that uses the endpoint, if any.
    kind: Option<&'a Kind>,
    /// The model of the batch.
    model: Option<&'a str>,
}

/// A line of a file of results.
#[derive(Deserialize)]
struct Line {
    #[serde(default, deserialize_with = "lenient")]
    custom_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    response: Option<Sent>,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default, deserialize_with = "lenient")]
    status_code: Option<u16>,
    #[serde(default, deserialize_with = "lenient")]
    request_id: Option<String>,
    #[serde(default)]
    body: Value,
}

impl Reader<'_> {
    /// Reads a line. If a result is not what a run expects, its input has failed.
    /// Internal errors, such as a full disk, end the run.
    fn read(&self, line: Line) -> Result<BatchResult> {
        let Line { custom_id, response, error } = line;
        let own = custom_id.as_deref().and_then(read_custom_id);
        let index = own.as_ref().map(|(index, _)| *index);
        let notes = own.map(|(_, notes)| notes).unwrap_or_default();
        let result = match response {
            Some(sent) if error.is_null() => self.response(sent, notes),
            _ => Err(self.explained(&error)),
        };
        let result = match result {
            Ok((output, metadata)) => BatchResult {
                index: None,
                custom_id: None,
                output: Some(output),
                metadata: Some(metadata).filter(|metadata| !metadata.is_empty()),
                failure: None,
            },
            Err(failure) if failure.kind == FailureKind::Internal => return Err(failure),
            Err(failure) => BatchResult::failed(failure),
        };
        let custom_id = custom_id.clone().filter(|_| index.is_none());
        Ok(BatchResult { index, custom_id, ..result })
    }

    /// The output and metadata in a response.
    fn response(&self, sent: Sent, notes: Vec<&str>) -> Result<Values> {
        let Sent { status_code, request_id, body } = sent;
        let status = status_code.unwrap_or(200);
        if !(200..300).contains(&status) {
            let mut failure = self.failure(&ErrorResponse::new(status, &body.to_string()));
            failure.request_id = request_id;
            return Err(failure);
        }
        match self.kind {
            Some(kind) => {
                let (endpoint, model) = (self.endpoint, self.model);
                let request_id_of_run = request_id.clone();
                let response =
                    Response { endpoint, body, notes, model, request_id: request_id_of_run };
                kind.outcome(response).map_err(|mut failure| {
                    failure.request_id = failure.request_id.take().or(request_id);
                    failure
                })
            }
            None => {
                let metadata = json!({ "requestId": request_id });
                Ok((body, metadata.as_object().cloned().unwrap_or_default()))
            }
        }
    }

    /// The failure for an error in place of a response, such as `batch_expired`.
    fn explained(&self, error: &Value) -> Failure {
        if error.is_null() {
            return Failure::invalid_output("the provider returned no response for this input");
        }
        let body = json!({ "error": error }).to_string();
        let mut failure = self.failure(&ErrorResponse::inside(&body));
        failure.status = None;
        match text(at(error, "code")) {
            "batch_expired" => failure.kind = FailureKind::Timeout,
            "batch_cancelled" => failure.kind = FailureKind::Cancelled,
            _ => {}
        }
        failure
    }

    /// The failure for an error, as in a run of the action. Only the first member of
    /// a path is kept, because the provider's positions include added items.
    fn failure(&self, response: &ErrorResponse) -> Failure {
        let name = self.kind.map_or("", |kind| kind.name);
        let mut failure = errors::of_action(name, || crate::errors::read(response));
        if let Some(path) = &mut failure.property {
            path.truncate(path.find(['.', '[']).unwrap_or(path.len()));
        }
        failure
    }
}

/// Collects results: in memory at first, then in files.
struct Writer<'a> {
    /// The ID of the batch.
    id: &'a str,
    results: Vec<BatchResult>,
    size: usize,
    /// The file that is being assembled, if the results are too large for the
    /// output.
    part: Option<Vec<u8>>,
    files: Vec<FileEntry>,
}

impl<'a> Writer<'a> {
    fn new(id: &'a str) -> Self {
        Self { id, results: Vec::new(), size: 0, part: None, files: Vec::new() }
    }

    fn add(&mut self, result: BatchResult) -> Result<()> {
        let line = serde_json::to_string(&result)
            .map_err(|error| Failure::internal(format!("could not serialize a result: {error}")))?;
        self.size += line.len() + 1;
        if self.part.is_none() && self.size <= MAX_IN_OUTPUT {
            self.results.push(result);
            return Ok(());
        }
        drop(result);
        for earlier in std::mem::take(&mut self.results) {
            let line = serde_json::to_string(&earlier)?;
            self.write(&line)?;
        }
        self.write(&line)
    }

    fn write(&mut self, line: &str) -> Result<()> {
        // All at once: while it grows, the old and the new content take memory.
        let part = self.part.get_or_insert_with(|| Vec::with_capacity(MAX_PART));
        if !part.is_empty() && part.len() + line.len() >= MAX_PART {
            self.store()?;
        }
        let part = self.part.get_or_insert_default();
        part.extend_from_slice(line.as_bytes());
        part.push(b'\n');
        Ok(())
    }

    fn store(&mut self) -> Result<()> {
        let Some(part) = &mut self.part else { return Ok(()) };
        let number = match self.files.len() {
            0 => String::new(),
            count => format!("-{}", count + 1),
        };
        let name = format!("{}-results{number}.jsonl", self.id);
        self.files.push(files::create(&name, JSON_LINES, part)?);
        part.clear();
        Ok(())
    }

    /// The results for the output, or the files.
    fn finish(mut self) -> Result<(Option<Vec<BatchResult>>, Vec<FileEntry>)> {
        self.store()?;
        let results = self.part.is_none().then_some(self.results);
        Ok((results, self.files))
    }
}
