//! What kind of file some bytes begin, by its signature.
//!
//! The name of a file and its media type are what someone called it. Providers
//! look at the content, and so does whoever wants to spare a useless upload.

/// As many bytes as a signature needs, and enough of a text to tell that it
/// is one.
pub const BEGINNING: u32 = 512;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kind {
    /// The media type.
    pub mime_type: &'static str,
    /// The extensions that names of such files have, the usual one first.
    pub extensions: &'static [&'static str],
}

/// Writes down a kind.
const fn kind(mime_type: &'static str, extensions: &'static [&'static str]) -> Kind {
    Kind { mime_type, extensions }
}

/// Waveform audio.
pub const WAV: Kind = kind("audio/wav", &["wav"]);
/// MPEG audio.
pub const MP3: Kind = kind("audio/mpeg", &["mp3", "mpga", "mpeg"]);
/// Portable documents.
pub const PDF: Kind = kind("application/pdf", &["pdf"]);
/// Bytes that are characters.
pub const TEXT: Kind = kind("text/plain", &["txt"]);

/// How files of a kind begin; `?` stands for any byte.
const SIGNATURES: &[(&[u8], Kind)] = &[
    (b"\x89PNG", kind("image/png", &["png"])),
    (b"\xff\xd8\xff", kind("image/jpeg", &["jpg", "jpeg"])),
    (b"GIF8", kind("image/gif", &["gif"])),
    (b"RIFF????WEBP", kind("image/webp", &["webp"])),
    (b"RIFF????WAVE", WAV),
    (b"fLaC", kind("audio/flac", &["flac"])),
    (b"OggS", kind("audio/ogg", &["ogg"])),
    (b"\x1a\x45\xdf\xa3", kind("audio/webm", &["webm"])),
    (b"????ftyp", kind("audio/mp4", &["m4a", "mp4"])),
    (b"ID3", MP3),
    // A program stream.
    (b"\0\0\x01\xba", MPEG),
    (b"\0\0\x01\xb3", MPEG),
    (b"%PDF-", PDF),
];

const MPEG: Kind = kind("video/mpeg", &["mpeg"]);

/// The kind of a file that begins with these bytes; none if it is not known.
pub fn kind_of(beginning: &[u8]) -> Option<Kind> {
    let begins = |signature: &[u8]| {
        let mut pairs = signature.iter().zip(beginning);
        signature.len() <= beginning.len()
            && pairs.all(|(expected, byte)| *expected == b'?' || expected == byte)
    };
    let known = SIGNATURES.iter().find(|(signature, _)| begins(signature));
    match (known, beginning) {
        (Some((_, kind)), _) => Some(*kind),
        // The start of a frame, of layer I to III: AAC has 0 there.
        (_, [0xff, second, ..]) if 0xe0 <= *second && second & 0x06 != 0 => Some(MP3),
        _ => is_text(beginning).then_some(TEXT),
    }
}

/// Whether the bytes are characters, the last of which may be cut.
fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < b' ' && !byte.is_ascii_whitespace();
    let is_utf8 = match core::str::from_utf8(bytes) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    is_utf8 && !bytes.is_empty() && !bytes.iter().any(is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(beginning: &[u8], mime_type: Option<&str>) {
        assert_eq!(kind_of(beginning).map(|kind| kind.mime_type), mime_type);
    }

    #[test]
    fn a_file_is_known_by_how_it_begins() {
        check(b"\x89PNG\r\n\x1a\n", Some("image/png"));
        check(b"\xff\xd8\xff\xe0\0\x10JFIF", Some("image/jpeg"));
        check(b"GIF89a", Some("image/gif"));
        check(b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp"));
        check(b"RIFF\x10\0\0\0WAVEfmt ", Some("audio/wav"));
        check(b"fLaC\0\0\0\x22", Some("audio/flac"));
        check(b"OggS\0\x02", Some("audio/ogg"));
        check(b"\x1a\x45\xdf\xa3\x01", Some("audio/webm"));
        check(b"\0\0\0\x20ftypM4A ", Some("audio/mp4"));
        check(b"ID3\x04\0", Some("audio/mpeg"));
        check(b"\xff\xfb\x90\x64", Some("audio/mpeg"));
        check(b"\0\0\x01\xba\x44", Some("video/mpeg"));
        check(b"%PDF-1.7\n", Some("application/pdf"));
    }

    #[test]
    fn a_text_is_known_by_its_characters() {
        check("Grüße\n\tan alle\r\n".as_bytes(), Some("text/plain"));
        check(b"{\"a\": 1}", Some("text/plain"));
        check("cut in the middle of ü".as_bytes().split_last().unwrap().1, Some("text/plain"));
    }

    #[test]
    fn other_bytes_are_of_no_known_kind() {
        for bytes in
            [&b""[..], b"\0\0\0\0", b"PK\x03\x04\x14\0", b"\xff\xf1\x50\x80", b"a\0b", b"ok\xffok"]
        {
            check(bytes, None);
        }
    }
}
