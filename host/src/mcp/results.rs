//! Outcomes and failures as results of tools.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_host::{Failure, Outcome, StoredFile};
use rmcp::model::{CallToolResult, ContentBlock, MetaObject};
use serde_json::{Value, json};

use super::files::Kept;

/// Where a failed result carries its failure record.
pub const FAILURE: &str = "workflow-connector/failure";
/// The largest image or recording that stands in a result itself, in bytes.
const LARGEST_SHOWN: u64 = 1 << 20;

/// The output as text, what people look at or listen to, and a link to each
/// file. To be called where a file may be read.
pub fn of_outcome(outcome: &Outcome, kept: &Kept) -> CallToolResult {
    let text = match &outcome.output {
        Value::String(text) => text.clone(),
        output => output.to_string(),
    };
    let mut content = vec![ContentBlock::text(text)];
    for file in kept.named_in(&outcome.output) {
        content.extend(shown(&file));
        content.push(ContentBlock::resource_link(super::files::resource(&file.entry, file.size)));
        kept.tell(file);
    }
    let mut result = CallToolResult::success(content);
    result.structured_content = Some(json!(outcome));
    result
}

fn shown(file: &StoredFile) -> Option<ContentBlock> {
    if LARGEST_SHOWN < file.size {
        return None;
    }
    let kind = file.entry.mime_type.as_str();
    let content = || fs::read(&file.path).ok().map(|bytes| STANDARD.encode(bytes));
    match kind.split('/').next() {
        Some("image") => Some(ContentBlock::image(content()?, kind)),
        Some("audio") => Some(ContentBlock::audio(content()?, kind)),
        _ => None,
    }
}

/// One sentence for the model, and the failure record for the program.
pub fn of_failure(failure: &Failure) -> CallToolResult {
    let mut result = of_message(failure.to_string());
    let mut meta = MetaObject::default();
    meta.0.insert(FAILURE.to_owned(), json!(failure));
    result.meta = Some(meta);
    result
}

/// A failure that is no run's.
pub fn of_message(message: String) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(message)])
}
