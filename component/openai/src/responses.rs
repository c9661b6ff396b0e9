//! The Responses API: what Ask shares with the actions on stored responses.
//!
//! [`reply`] reads a response, and [`background`] waits for one.

pub mod background;
mod cancel_response;
mod delete_response;
mod get_response;
pub mod reply;
mod stored;
#[cfg(test)]
mod tests;

use connector_sdk::http::{EmbeddedFiles, Response};
use connector_sdk::{ErrorResponse, Failure, Properties, Result};
use serde::Serialize;
use serde_json::Value;

pub use self::cancel_response::CancelResponse;
pub use self::delete_response::DeleteResponse;
pub use self::get_response::GetResponse;
use crate::errors::{self, BASE_URL_HINT};
use crate::ids;

/// Where a response contains generated images. The host stores them.
pub const IMAGES: EmbeddedFiles = EmbeddedFiles {
    path: &["output", "*", "result"],
    name: "image",
    mime_type: "image/png",
    keep: false,
};

/// The path of a response. `property` contains its ID.
pub fn path(property: &str, id: &str) -> Result<String> {
    ids::path("/responses", property, id, "resp_abc123")
}

/// Reads a response that may contain images.
pub fn read(response: &Response) -> Result<Value> {
    response.json_with_files(&IMAGES)
}

/// The failure for an error response to an action on stored responses or
/// conversations.
pub fn failure(response: &ErrorResponse) -> Failure {
    let hint = format!("the server may not support the Responses API; if it does, {BASE_URL_HINT}");
    errors::explained(response, &hint)
}

/// The output of an action that deletes something.
#[derive(Serialize, Properties)]
#[property(output)]
pub struct Deleted {
    /// The ID of what was deleted.
    #[property(label = "ID")]
    id: String,
}

impl Deleted {
    pub fn new(id: String) -> Self {
        Self { id }
    }
}
