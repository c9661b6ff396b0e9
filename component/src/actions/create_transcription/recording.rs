//! Recordings on their way out: looked at before they are sent, and called by
//! what they are.
//!
//! The API goes by the extension of the file's name, and a name can be wrong
//! or have none.

use alloc::string::String;
use alloc::vec::Vec;

use super::Speaker;
use crate::bindings::workflow::connector::{files, http};
use crate::failure::{Failure, Result, item};
use crate::file_entry::FileEntry;
use crate::media::{self, Kind, kind_of};

/// The extensions that the API takes, and the media types that go with them.
const TYPES: &[(&str, &str)] = &[
    ("flac", "audio/flac"),
    ("mp3", "audio/mpeg"),
    ("mpeg", "audio/mpeg"),
    ("mpga", "audio/mpeg"),
    ("mp4", "audio/mp4"),
    ("m4a", "audio/mp4"),
    ("ogg", "audio/ogg"),
    ("wav", "audio/wav"),
    ("webm", "audio/webm"),
];

/// A recording.
pub struct Recording {
    file: files::File,
    title: Title,
}

/// What a recording is called.
#[derive(Debug, PartialEq)]
struct Title {
    name: String,
    mime_type: &'static str,
}

impl Recording {
    /// Opens a file and looks at how it begins.
    pub fn open(entry: &FileEntry) -> Result<Self> {
        let file = files::open(&entry.handle())?;
        let title = title(entry, kind_of(&file.read(0, media::BEGINNING)?))?;
        Ok(Self { file, title })
    }

    /// The recording as a part of a form.
    pub fn part(&self, name: &str) -> http::Part<'_> {
        let file = http::FilePart {
            file: &self.file,
            name: Some(self.title.name.clone()),
            mime_type: Some(self.title.mime_type.into()),
        };
        http::Part { name: name.into(), value: http::PartValue::File(file) }
    }

    /// The recording in one text (RFC 2397).
    fn data_url(&self) -> Result<String> {
        let bytes = self.file.read(0, u32::MAX)?;
        Ok(format!("data:{};base64,{}", self.title.mime_type, base64(&bytes)))
    }
}

/// The name and media type for the API. What the content is known to be
/// counts; for all else the extension must do.
fn title(entry: &FileEntry, kind: Option<Kind>) -> Result<Title> {
    let extension = match &kind {
        Some(kind) if kind.extensions.contains(&entry.extension) => entry.extension,
        Some(kind) => kind.extensions.first().unwrap_or(&""),
        None => entry.extension,
    };
    let Some((extension, mime_type)) = TYPES.iter().find(|(known, _)| *known == extension) else {
        let extensions: Vec<_> = TYPES.iter().map(|(extension, _)| *extension).collect();
        let content = kind.map_or(entry.mime_type, |kind| kind.mime_type);
        let message = format!(
            "`{}` must be a recording, one of {} (its content is {content})",
            entry.name,
            extensions.join(", ")
        );
        return Err(Failure::invalid_input("", message));
    };
    let name = match entry.name.rsplit_once('.') {
        Some((_, suffix)) if suffix.eq_ignore_ascii_case(extension) => entry.name.into(),
        Some((stem, suffix))
            if TYPES.iter().any(|(known, _)| suffix.eq_ignore_ascii_case(known)) =>
        {
            format!("{stem}.{extension}")
        }
        _ => format!("{}.{extension}", entry.name),
    };
    Ok(Title { name, mime_type })
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

    /// What a recording is called, or why it is none.
    fn called(name: &str, beginning: &[u8]) -> std::result::Result<(String, &'static str), String> {
        let extension = name.rsplit_once('.').map_or("bin", |(_, extension)| extension);
        let extension = extension.to_lowercase();
        let entry = FileEntry {
            extension: &extension,
            mime_type: "application/x-own",
            name,
            url: "file:1",
        };
        let title = title(&entry, kind_of(beginning));
        title.map(|title| (title.name, title.mime_type)).map_err(|failure| failure.message)
    }

    #[track_caller]
    fn check(name: &str, beginning: &[u8], expected: (&str, &str)) {
        assert_eq!(called(name, beginning), Ok((expected.0.into(), expected.1)));
    }

    const WAV: &[u8] = b"RIFF\0\0\0\0WAVE";
    const MP4: &[u8] = b"\0\0\0\x20ftypM4A ";

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

    #[test]
    fn every_accepted_kind_keeps_its_name() {
        for (name, beginning, mime_type) in [
            ("talk.flac", b"fLaC" as &[u8], "audio/flac"),
            ("talk.mp3", b"ID3\x04", "audio/mpeg"),
            ("talk.mpga", b"\xff\xfb\x90", "audio/mpeg"),
            ("talk.mpeg", b"\0\0\x01\xba", "audio/mpeg"),
            ("talk.mp4", MP4, "audio/mp4"),
            ("talk.m4a", MP4, "audio/mp4"),
            ("talk.ogg", b"OggS", "audio/ogg"),
            ("talk.wav", WAV, "audio/wav"),
            ("talk.webm", b"\x1a\x45\xdf\xa3", "audio/webm"),
            ("TALK.WAV", WAV, "audio/wav"),
        ] {
            check(name, beginning, (name, mime_type));
        }
    }

    #[test]
    fn the_content_corrects_the_name() {
        check("talk.mp3", WAV, ("talk.wav", "audio/wav"));
        check("talk", WAV, ("talk.wav", "audio/wav"));
        check("talk.v2", MP4, ("talk.v2.m4a", "audio/mp4"));
    }

    #[test]
    fn an_unknown_content_goes_by_its_name() {
        check("talk.mp3", b"\0\0\0\0", ("talk.mp3", "audio/mpeg"));
    }

    #[test]
    fn what_is_no_recording_is_refused_with_what_it_is() {
        let refusal = called("talk.mp3", b"\x89PNG\r\n").unwrap_err();
        assert_eq!(
            refusal,
            "`talk.mp3` must be a recording, one of flac, mp3, mpeg, mpga, mp4, m4a, ogg, wav, \
             webm (its content is image/png)"
        );
        assert!(called("talk.wav", b"dear diary").unwrap_err().contains("text/plain"));
        assert!(called("talk.xyz", b"\0\0").unwrap_err().contains("application/x-own"));
    }
}
