//! Create Batch: `POST /files`, then `POST /batches`.

use std::collections::BTreeMap;
use std::mem;

use connector_sdk::http::{self, Form};
use connector_sdk::property::{Control, Property, Shape, Type};
use connector_sdk::{
    Effects, Example, Failure, File, FileEntry, Outcome, Properties, Result, Run, Settings, errors,
    events,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use super::action::{CHOICES, Kind};
use super::lines;
use super::once::Key;
use super::requests::{self, RequestFile, Requests};
use super::state::{Batch, DIGEST, KEY, Reported};
use crate::files::ExpiresAfter;
use crate::lenient::{at, text};
use crate::{metadata, parameters};

/// The maximum length of a line in a file of inputs, in bytes.
const MAX_LINE: usize = requests::MAX_BYTES;

/// What the line of a request usually has in addition to its input, in bytes.
const SIZE_OF_FRAME: usize = 256;

/// Runs an action for many inputs within a day, at a lower price than separate runs.
#[derive(Deserialize, Properties)]
#[serde(rename_all = "camelCase")]
pub struct CreateBatch {
    /// The action to run for each input.
    #[property(default = "ask", choices = CHOICES)]
    action: String,
    /// The inputs of the action, each as for a run. All of them are checked before the batch
    /// is created.
    #[serde(default)]
    #[property(max_items = 50_000, item(label = "Input"))]
    inputs: Vec<Input>,
    /// A file with one input per line (JSON Lines), in place of Inputs. Use it for more than a
    /// few thousand inputs.
    #[property(max_bytes = 200_000_000, accept("jsonl", "ndjson", "json", "txt"))]
    inputs_file: Option<FileEntry>,
    /// Your own key for this batch, such as an order number. If a batch with the key already
    /// exists, it is returned, and no new one is created.
    #[property(max_length = 512)]
    key: Option<String>,
    /// Your own key-value pairs, which the provider keeps with the batch.
    #[serde(default)]
    #[property(advanced, group = "Metadata", max_items = 16, item(max_length = 512))]
    metadata: BTreeMap<String, String>,
    /// The time within which the batch should be processed.
    #[property(advanced, group = "Processing", default = "24h", choices("24h"))]
    completion_window: String,
    /// When the provider deletes the files of results. Leave empty to keep them until you
    /// delete them.
    #[property(advanced, group = "Processing")]
    output_expires_after: Option<ExpiresAfter>,
}

/// The input of another action, as JSON. As text it takes far less memory than as
/// a value, and none in reserve.
struct Input(Box<str>);

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Value::deserialize(deserializer)?.to_string().as_str().into()))
    }
}

impl Shape for Input {
    const SHAPE: Property = with_files(FilesOfInput::PROPERTIES);
}

/// An object with any members. `files` are the properties that may contain files: the
/// host opens only the files in file properties.
const fn with_files(files: &'static [Property]) -> Property {
    Property {
        children: files,
        values: Some(&Value::SHAPE),
        ..Property::of(Type::Object, Control::ObjectBuilder)
    }
}

/// The file properties of all actions that a batch can run.
#[derive(Properties)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only the table is used")]
struct FilesOfInput {
    /// For the action Ask: the files to send with the last user message.
    attachments: Option<Vec<FileEntry>>,
    /// For the actions Edit Image and Moderate: the images.
    images: Option<Vec<FileEntry>>,
    /// For the action Edit Image: the mask.
    mask: Option<FileEntry>,
    /// For the action Ask: the settings for image generation.
    image_generation_options: Option<ImageOptions>,
}

struct ImageOptions;

impl Shape for ImageOptions {
    const SHAPE: Property = with_files(FilesOfImageOptions::PROPERTIES);
}

/// The file properties in the settings for image generation.
#[derive(Properties)]
#[expect(dead_code, reason = "only the table is used")]
struct FilesOfImageOptions {
    /// The mask.
    mask: Option<FileEntry>,
}

/// A batch, and whether it is new.
#[derive(Serialize, Properties)]
#[serde(rename_all = "camelCase")]
#[property(output)]
pub struct Created {
    #[serde(flatten)]
    batch: Batch,
    /// Whether this run created the batch. If not, it already existed with the same key.
    is_new: bool,
}

impl Run for CreateBatch {
    const HELP: &str = include_str!("create.md");
    const GROUP: &str = "Batches";
    const EFFECTS: Effects = Effects::BILLED;
    const EXAMPLES: &[Example] = &[
        Example {
            title: "Two questions",
            input: r#"{
                "inputs": [
                    {"messages": [{"role": "user", "content": "Why is the sky blue?"}]},
                    {"messages": [{"role": "user", "content": "Why is the sea salty?"}]}
                ]
            }"#,
        },
        Example {
            title: "Classify the reviews of a day, only once",
            input: r#"{
                "key": "reviews-2026-08-21",
                "inputs": [
                    {
                        "model": "gpt-5.4-mini",
                        "messages": [
                            {"role": "developer", "content": "Answer with good, bad or mixed."},
                            {"role": "user", "content": "Fast, but the box was damaged."}
                        ]
                    },
                    {
                        "model": "gpt-5.4-mini",
                        "messages": [
                            {"role": "developer", "content": "Answer with good, bad or mixed."},
                            {"role": "user", "content": "Works as described."}
                        ]
                    }
                ]
            }"#,
        },
        Example {
            title: "Images, whose files the provider deletes after a week",
            input: r#"{
                "action": "createImage",
                "inputs": [
                    {"imageMessages": [{"content": "A lighthouse at dusk, in oil"}]},
                    {"imageMessages": [{"content": "A harbor in the morning, in oil"}]}
                ],
                "metadata": {"project": "calendar"},
                "outputExpiresAfter": {"seconds": 604800}
            }"#,
        },
    ];

    type Output = Created;

    fn run(mut self, settings: &Settings) -> Result<Outcome<Created>> {
        // Inputs are dropped as their requests are built, because both may be large.
        let inputs = mem::take(&mut self.inputs);
        let key = self.key.as_deref().map(str::trim).filter(|key| !key.is_empty());
        self.check_metadata(key)?;
        let RequestFile { endpoint, content, digest } = self.requests(inputs, settings)?;
        let key = key.map(|key| Key { key, digest: &digest });
        if let Some(key) = &key
            && let Some(existing) = key.batch()?
        {
            return existing.outcome(|batch| Created { batch, is_new: false });
        }
        let uploaded = match &key {
            Some(key) => key.file(content.len())?,
            None => None,
        };
        let file = match uploaded {
            Some(file) => file,
            None => {
                let name =
                    key.as_ref().map_or_else(|| format!("batch-{digest}.jsonl"), Key::file_name);
                upload(&name, content)?
            }
        };
        events::metadata(&json!({ "inputFileId": file }))?;
        let body = self.body(&file, endpoint, key.as_ref())?;
        let created = Reported::by(http::post("/batches").json(&body))?;
        let id = created.batch.id.clone();
        events::metadata(&json!({ "batchId": id }))?;
        let batch = match &key {
            Some(key) => key.settle(created),
            None => created,
        };
        batch.outcome(|batch| Created { is_new: batch.id == id, batch })
    }
}

impl CreateBatch {
    fn check_metadata(&self, key: Option<&str>) -> Result<()> {
        metadata::check_keys(&self.metadata)?;
        if let Some(name) = [KEY, DIGEST].into_iter().find(|name| self.metadata.contains_key(*name))
        {
            let message = format!("`metadata.{name}` is reserved: use `key`");
            return Err(Failure::invalid_input(format!("metadata.{name}"), message));
        }
        let count = self.metadata.len();
        if key.is_some() && count > 14 {
            let message =
                format!("with a `key`, `metadata` must have at most 14 entries (it has {count})");
            return Err(Failure::invalid_input("metadata", message));
        }
        Ok(())
    }

    /// Checks the inputs and builds their requests.
    fn requests(&self, inputs: Vec<Input>, settings: &Settings) -> Result<RequestFile> {
        let Some(kind) = Kind::named(&self.action) else {
            let names: Vec<_> = CHOICES.iter().map(|choice| choice.label).collect();
            let message = format!("`action` must be one of: {}", names.join(", "));
            return Err(Failure::invalid_input("action", message));
        };
        let sizes = inputs.iter().map(|Input(input)| input.len() + SIZE_OF_FRAME);
        let mut requests = Requests::new(kind, settings, sizes.sum());
        match (&self.inputs_file, inputs.is_empty()) {
            (Some(_), false) => {
                let message = "set `inputs` or `inputsFile`, not both";
                Err(Failure::invalid_input("inputsFile", message))
            }
            (Some(entry), true) => {
                let file = entry.open().map_err(|failure| failure.inside("inputsFile"))?;
                add_lines(&mut requests, &file)?;
                requests.complete("inputsFile")
            }
            (None, _) => {
                for (index, Input(input)) in inputs.into_iter().enumerate() {
                    let place = format!("inputs[{index}]");
                    requests.add(&input, |failure| requests::inside(&place, failure))?;
                }
                requests.complete("inputs")
            }
        }
    }

    fn body(&self, file: &str, endpoint: &str, key: Option<&Key>) -> Result<Map<String, Value>> {
        let mut metadata = self.metadata.clone();
        if let Some(Key { key, digest }) = key {
            metadata.insert(KEY.to_owned(), (*key).to_owned());
            metadata.insert(DIGEST.to_owned(), (*digest).to_owned());
        }
        let body = json!({
            "input_file_id": file,
            "endpoint": endpoint,
            "completion_window": self.completion_window,
            "metadata": metadata,
            "output_expires_after": self.output_expires_after.as_ref().map(ExpiresAfter::parameter),
        });
        parameters::given(&body)
    }
}

/// Adds the inputs in a file of JSON Lines.
fn add_lines(requests: &mut Requests, file: &File) -> Result<()> {
    let mut number = 0;
    lines::read(
        |offset, max| file.read(offset, max),
        MAX_LINE,
        |line| {
            number += 1;
            let locate = |failure: Failure| in_line(number, failure);
            let content = line.content.and_then(|content| std::str::from_utf8(content).ok());
            match content {
                Some(content) => requests.add(content, locate),
                None => {
                    let message =
                        format!("the input must be UTF-8 and at most {MAX_LINE} bytes long");
                    Err(locate(Failure::invalid_input("", message)))
                }
            }
        },
    )
}

/// Adds the number of an input to a failure. The failure's property is the file; its
/// messages name the properties of the input.
fn in_line(number: usize, failure: Failure) -> Failure {
    let mut failure = failure;
    failure.message = format!("input {number}: {}", failure.message);
    for violation in &mut failure.violations {
        violation.message = format!("input {number}: {}", violation.message);
        violation.property = "inputsFile".to_owned();
    }
    failure.at("inputsFile")
}

/// Uploads a file of requests and returns its ID.
fn upload(name: &str, content: Vec<u8>) -> Result<String> {
    let form = Form::new().text("purpose", "batch");
    let form = form.content("file", name, "application/jsonl", content);
    let response = http::post("/files").multipart(form).send()?;
    let file: Value = response.json()?;
    match text(at(&file, "id")) {
        "" => {
            let failure = errors::instead("the provider returned no file", &file.to_string());
            Err(failure.answered_by(&response))
        }
        id => Ok(id.to_owned()),
    }
}
