//! File handles and file names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::media::{self, Kind, OCTET_STREAM};
use super::text::excerpt;

/// A handle to a file (`file-entry` in `wit/types.wit`). In JSON,
/// `{"extension", "mimeType", "name", "url"}`.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileEntry {
    /// The part of the name after the last dot, or `bin`.
    pub extension: String,
    /// The media type, such as `audio/mpeg`.
    pub mime_type: String,
    /// The name, without any folder.
    pub name: String,
    /// The location of the content: a `file:` URL.
    pub url: String,
}

impl FileEntry {
    /// Creates a handle whose extension and media type are derived from the name.
    pub(crate) fn named(name: &str, url: &str) -> Self {
        let name = match name.trim() {
            "" => DEFAULT_NAME,
            name => name,
        };
        let extension = extension(name);
        let mime_type = mime_guess::from_ext(&extension).first_or_octet_stream();
        Self {
            mime_type: mime_type.essence_str().to_owned(),
            extension,
            name: name.to_owned(),
            url: url.to_owned(),
        }
    }

    /// Reads a handle from JSON. Only `url` is required; the rest is derived from
    /// it. A string is the `url` itself.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let text =
            |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let url = value.as_str().filter(|url| !url.is_empty()).or_else(|| text("url"))?;
        let in_url = || {
            let parsed = Url::parse(url).ok()?;
            let last = parsed.path_segments()?.next_back()?.to_owned();
            let decoded = percent_encoding::percent_decode_str(&last).decode_utf8().ok()?;
            Some(decoded.into_owned()).filter(|name| !name.is_empty())
        };
        let name = text("name").map(str::to_owned).or_else(in_url).unwrap_or_default();
        let derived = Self::named(&name, url);
        Some(Self {
            extension: text("extension").map_or(derived.extension, str::to_lowercase),
            mime_type: text("mimeType").map_or(derived.mime_type, str::to_owned),
            ..derived
        })
    }

    /// Completes the handle of a file with content of this kind, for a property
    /// that accepts these extensions (if empty, any). The type is determined by the
    /// content if it is recognized, otherwise by the extension or the media type.
    /// The name gets a matching extension.
    ///
    /// # Errors
    /// If the file is not accepted. The message lists the accepted file types.
    pub(crate) fn accepted(self, kind: Option<Kind>, accept: &[String]) -> Result<Self, String> {
        if accept.is_empty() {
            let mime_type = media::mime_type(kind, &self.extension, &self.mime_type).to_owned();
            return Ok(Self { mime_type, ..self });
        }
        let fits = |extension: &str| {
            accept.iter().any(|accepted| accepted == extension) && media::may_have(extension, kind)
        };
        let extension = if fits(&self.extension) {
            Some(self.extension.as_str())
        } else {
            let claimed = || media::usual_extension(&self.mime_type).filter(|name| fits(name));
            kind.and_then(|kind| kind.extension_among(accept)).or_else(claimed)
        };
        let Some(extension) = extension.map(str::to_owned) else {
            let content = kind.map_or("not recognized", |kind| kind.mime_type);
            return Err(format!(
                "must be one of these file types: {} (the content of `{}` is {content})",
                accept.join(", "),
                excerpt(&self.name)
            ));
        };
        let name = media::with_extension(&self.name, &extension);
        let mime_type = match kind.and_then(|kind| kind.mime_type_as(&extension)) {
            Some(mime_type) => mime_type.to_owned(),
            None if self.mime_type == OCTET_STREAM => Self::named(&name, "").mime_type,
            None => self.mime_type,
        };
        Ok(Self { extension, mime_type, name, url: self.url })
    }
}

/// The name for a file whose name is unknown.
pub(crate) const DEFAULT_NAME: &str = "file";

pub(crate) fn extension(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((_, extension)) if !extension.is_empty() => extension.to_lowercase(),
        _ => "bin".to_owned(),
    }
}

/// The maximum length of a name in bytes. File systems allow 255; the rest leaves
/// room for a number that makes names unique.
pub(crate) const MAX_NAME: usize = 200;
/// The maximum length of an extension. Anything longer is part of the name.
const MAX_EXTENSION: usize = 16;

/// Turns a name into one that stays in its folder on every system: the last part
/// of the path, only letters, digits and `._- `, not hidden, not a Windows device
/// name, and short enough for file systems. A long name is truncated before its
/// extension, which identifies the file type.
pub(crate) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last
        .chars()
        .filter(|c| !c.is_control())
        .map(|c| if c.is_alphanumeric() || "._- ".contains(c) { c } else { '_' })
        .collect();
    // Windows drops trailing dots and spaces.
    let plain = plain.trim_matches(['.', ' ']);
    let short = |extension: &str| !extension.is_empty() && extension.len() <= MAX_EXTENSION;
    let (stem, extension) = match plain.rsplit_once('.').filter(|(_, extension)| short(extension)) {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (plain, String::new()),
    };
    let end = stem.floor_char_boundary(MAX_NAME.saturating_sub(extension.len()));
    let cut = format!("{}{extension}", stem.get(..end).unwrap_or_default());
    match cut.trim_end_matches(['.', ' ']) {
        "" => DEFAULT_NAME.to_owned(),
        // A connector must not create a file that decides which connectors run,
        // whatever folder its files are stored in.
        name if name.eq_ignore_ascii_case("connectors.lock") => format!("_{name}"),
        name if name.to_lowercase().ends_with(".wasm") => format!("{name}.bin"),
        device if is_device(device) => format!("_{device}"),
        name => name.to_owned(),
    }
}

/// Whether Windows treats a name as a device, regardless of what follows the first
/// dot.
fn is_device(name: &str) -> bool {
    const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin_", "conout_"];
    let name = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let is_port = |kind: &str| {
        let number = name.strip_prefix(kind).unwrap_or_default();
        let mut digits = number.chars();
        let is_digit = |c: char| c.is_ascii_digit() || "¹²³".contains(c);
        digits.next().is_some_and(is_digit) && digits.next().is_none()
    };
    DEVICES.contains(&name.as_str()) || is_port("com") || is_port("lpt")
}
