//! Recordings on their way out. What they are and what they are called, the
//! host has found out.

use alloc::string::String;
use alloc::vec::Vec;

use super::Speaker;
use crate::bindings::workflow::connector::{files, http};
use crate::failure::{Result, item};
use crate::file_entry::FileEntry;

/// A recording.
pub struct Recording<'a> {
    file: files::File,
    mime_type: &'a str,
}

impl<'a> Recording<'a> {
    /// Opens a file.
    pub fn open(entry: &FileEntry<'a>) -> Result<Self> {
        Ok(Self { file: files::open(&entry.handle())?, mime_type: entry.mime_type })
    }

    /// The recording as a part of a form.
    pub fn part(&self, name: &str) -> http::Part<'_> {
        let file = http::FilePart { file: &self.file, name: None, mime_type: None };
        http::Part { name: name.into(), value: http::PartValue::File(file) }
    }

    /// The recording in one text (RFC 2397).
    fn data_url(&self) -> Result<String> {
        let bytes = self.file.read(0, u32::MAX)?;
        Ok(format!("data:{};base64,{}", self.mime_type, base64(&bytes)))
    }
}

/// Bytes as text (RFC 4648 §4). Only voice samples of a few seconds are made
/// one here; all else the host encodes on the way out.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |index| u32::from(three.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let digit = DIGITS.get((bits >> (18 - 6 * index)) as usize % 64);
            // The last digits stand for bytes that are not there.
            let digit = digit.filter(|_| index <= three.len());
            text.push(char::from(digit.copied().unwrap_or(b'=')));
        }
    }
    text
}

/// Adds the names of speakers and their voices, as the API takes them.
pub fn add_speakers(fields: &mut Vec<(String, String)>, speakers: &[Speaker]) -> Result<()> {
    for (index, Speaker { name, recording }) in speakers.iter().enumerate() {
        let voice = Recording::open(recording).and_then(|voice| voice.data_url());
        let voice = voice
            .map_err(|failure| failure.inside("recording").inside(&item("knownSpeakers", index)))?;
        fields.push(("known_speaker_names[]".into(), String::from(*name)));
        fields.push(("known_speaker_references[]".into(), voice));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_encoded_as_the_rfc_says() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }
}
