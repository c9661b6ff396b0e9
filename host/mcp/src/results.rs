//! Outcomes and failures as tool results.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_host::{Failure, Outcome, StoredFile};
use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use serde::Serialize;
use serde_json::{Value, json};

use super::files::{ServerFiles, resource};

/// The metadata key of the failure record in a failed result.
pub const FAILURE: &str = "workflow-connector/failure";
/// The member of a structured result that replaces an outcome that is too large.
pub const OUTCOME_FILE: &str = "outcomeFile";
/// The maximum size of a result in bytes. Clients refuse larger ones. Content
/// that does not fit is replaced by a link.
const MAX_RESULT: usize = 1 << 20;
/// The space for the envelope of a result and the members of its blocks.
const ENVELOPE: usize = 4 << 10;
/// How many bytes to show of text that is too long for a result.
const MAX_BEGINNING: usize = 4 << 10;

/// Returns the output as text, images and audio, and a link to each file. Blocks.
pub fn of_outcome(outcome: &Outcome, server_files: &ServerFiles) -> CallToolResult {
    let mut text = match &outcome.output {
        Value::String(text) => text.clone(),
        output => output.to_string(),
    };
    let mut structured = json!(outcome);
    let mut files = server_files.named_in(&outcome.output);
    let mut room = Room(MAX_RESULT - ENVELOPE);
    let links: usize = files.iter().map(|file| size_of(&link(file))).sum();
    room.take(links);
    // The text and the structured content both contain the whole output, because some
    // clients read only one of them.
    if !room.take(size_of(&text) + size_of(&structured)) {
        match keep(&structured, server_files) {
            Ok(file) => {
                text = beginning(&text, &file);
                if !room.take(size_of(&text) + size_of(&structured)) {
                    structured = json!({ OUTCOME_FILE: file.entry });
                    room.take(size_of(&text) + size_of(&structured));
                }
                files.push(file);
            }
            // The user has paid for the outcome, so return it despite its size.
            Err(error) => tracing::warn!(%error, "cannot store a large outcome as a file"),
        }
    }
    let mut content = vec![ContentBlock::text(text)];
    for file in files {
        content.extend(shown(&file, &mut room));
        content.push(link(&file));
        server_files.add_to_list(file);
    }
    let mut result = CallToolResult::success(content);
    result.structured_content = Some(structured);
    result
}

/// The remaining size of a result in bytes.
struct Room(usize);

impl Room {
    /// Takes some of the remaining size. Returns whether it was enough.
    fn take(&mut self, size: usize) -> bool {
        let left = self.0.checked_sub(size);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// Returns the size of a value as JSON in bytes.
fn size_of(value: &impl Serialize) -> usize {
    struct Count(usize);
    impl Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // A value that cannot be serialized is not sent.
    let written = serde_json::to_writer(&mut count, value);
    written.map_or(0, |()| count.0)
}

fn link(file: &StoredFile) -> ContentBlock {
    ContentBlock::resource_link(resource(&file.entry, file.size))
}

/// Stores an outcome that is too large for a result.
fn keep(outcome: &Value, server_files: &ServerFiles) -> io::Result<StoredFile> {
    server_files.create("outcome.json", "application/json", outcome.to_string().as_bytes())
}

fn beginning(text: &str, file: &StoredFile) -> String {
    let (beginning, _) = text.split_at(text.floor_char_boundary(MAX_BEGINNING));
    format!(
        "The output is too large for a result. The complete output is in {}; it begins as \
         follows:\n\n{beginning}",
        file.entry.url
    )
}

/// Returns the content of an image or audio file, if it fits.
fn shown(file: &StoredFile, room: &mut Room) -> Option<ContentBlock> {
    let kind = file.entry.mime_type.as_str();
    let block: fn(String, String) -> ContentBlock = match kind.split('/').next() {
        Some("image") => ContentBlock::image,
        Some("audio") => ContentBlock::audio,
        _ => return None,
    };
    let encoded = usize::try_from(file.size.div_ceil(3).saturating_mul(4)).ok()?;
    if !room.take(encoded.saturating_add(kind.len() + 64)) {
        return None;
    }
    let content = std::fs::read(&file.path).ok()?;
    Some(block(STANDARD.encode(content), kind.to_owned()))
}

/// Returns a message for the model and the failure record for the program.
pub fn of_failure(failure: &Failure) -> CallToolResult {
    let mut result = of_message(failure.to_string());
    let mut meta = MetaObject::default();
    meta.0.insert(FAILURE.to_owned(), json!(failure));
    result.meta = Some(meta);
    result
}

/// Returns an error that is not the failure of a run.
pub fn of_message(message: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(message)])
}
