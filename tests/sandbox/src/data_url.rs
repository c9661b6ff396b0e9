//! URLs that contain data, such as `data:image/png;base64,…`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The media type of a URL and the length of its data. `None` if it is not a
/// `data:` URL, or if the data cannot be decoded.
pub(crate) fn read(url: &str) -> Option<(&str, usize)> {
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    Some((media_type, STANDARD.decode(data).ok()?.len()))
}
