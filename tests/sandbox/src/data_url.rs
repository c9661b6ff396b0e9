//! `data:` URLs, in which files come whole.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a URL such as `data:image/png;base64,…` holds.
#[derive(Debug, PartialEq)]
pub(crate) struct DataUrl<'a> {
    pub(crate) media_type: &'a str,
    pub(crate) bytes: Vec<u8>,
}

impl<'a> DataUrl<'a> {
    /// Takes a URL apart. Anything but a media type and base64 with its
    /// padding is none.
    pub(crate) fn parse(url: &'a str) -> Option<DataUrl<'a>> {
        let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
        let bytes = STANDARD.decode(data).ok()?;
        Some(DataUrl { media_type, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_urls() {
        let parsed = DataUrl::parse("data:text/plain;base64,SGk=");
        assert_eq!(parsed, Some(DataUrl { media_type: "text/plain", bytes: b"Hi".to_vec() }));
        for wrong in [
            "SGk=",
            "data:SGk=",
            "data:text/plain,Hi",
            "data:text/plain;base64,SGk",
            "data:text/plain;base64,S G k=",
            "data:text/plain;base64,Hi!",
            "https://example.com/;base64,SGk=",
        ] {
            assert_eq!(DataUrl::parse(wrong), None, "{wrong}");
        }
    }
}
