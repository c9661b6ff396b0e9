//! The file that is to be transcribed.

use axum::http::StatusCode;

use crate::call;
use crate::error::ApiError;
use crate::record::Part;
use crate::sound;
use crate::transcriptions::form;

/// How long a file may be.
const LIMIT: usize = 25 * 1024 * 1024;

/// The shortest audio there is something to hear in.
const SHORTEST: f64 = 0.1;

/// A file whose name, type and content agree on what it is.
pub(crate) struct Recording<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) seconds: f64,
}

impl<'a> Recording<'a> {
    /// Takes the one file from the parts named `file`.
    pub(crate) fn read(parts: &[&'a Part]) -> Result<Recording<'a>, ApiError> {
        let part = match parts {
            [] => return Err(ApiError::missing("file")),
            [part] => *part,
            _ => return Err(form::duplicate("file")),
        };
        if LIMIT < part.len {
            return Err(ApiError::invalid(format!(
                "Maximum content size limit ({LIMIT}) exceeded ({} bytes read)",
                part.len
            ))
            .param("file")
            .status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        check_kind(part)?;
        let seconds = sound::seconds(&part.bytes);
        if seconds < SHORTEST {
            return Err(ApiError::invalid(
                "Audio file is too short. Minimum audio length is 0.1 seconds.",
            )
            .param("file")
            .code("audio_too_short"));
        }
        Ok(Recording { bytes: &part.bytes, seconds })
    }
}

fn check_kind(part: &Part) -> Result<(), ApiError> {
    let Some(name) = &part.filename else {
        return Err(ApiError::invalid_value(
            "file",
            "Invalid type for 'file': expected a file, but got a string instead.",
        ));
    };
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let extension = extension.to_ascii_lowercase();
    if !sound::EXTENSIONS.contains(&extension.as_str()) {
        return Err(ApiError::invalid_value(
            "file",
            format!(
                "Unrecognized file format. Supported formats: {}.",
                sound::EXTENSIONS.join(", ")
            ),
        ));
    }
    let kind = sound::kind(&part.bytes).filter(|kind| kind.has_extension(&extension));
    let kind = kind.ok_or_else(|| {
        ApiError::invalid_value(
            "file",
            format!("The audio file could not be decoded: its content is not '{extension}'."),
        )
    })?;
    // Servers may look at the content alone. A client that does not know what
    // it sends has a mistake in it all the same.
    let media_type = call::essence(part.content_type.as_deref().unwrap_or(""));
    if kind.has_media_type(&media_type) {
        return Ok(());
    }
    Err(ApiError::invalid_value(
        "file",
        format!("Invalid content type '{media_type}' of a file whose content is '{extension}'."),
    ))
}
