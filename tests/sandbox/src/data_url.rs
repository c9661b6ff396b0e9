//! URLs that contain data, such as `data:image/png;base64,…`, or lead to some.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The media type of a URL and the length of its data. `None` if it is not a
/// `data:` URL, or if the data cannot be decoded.
pub(crate) fn read(url: &str) -> Option<(&str, usize)> {
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    Some((media_type, STANDARD.decode(data).ok()?.len()))
}

/// What a URL contains or leads to, in words. `None` if it does neither.
pub(crate) fn described(url: &str) -> Option<String> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Some(url.to_owned());
    }
    let (kind, length) = read(url)?;
    Some(format!("{kind}, {length} bytes"))
}
