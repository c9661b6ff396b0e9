//! What audio files say about themselves: whether they are any, and how long.

/// The file name extensions that transcription takes.
pub(crate) const EXTENSIONS: &[&str] =
    &["flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm"];

/// How fast compressed audio is taken to play where no header is read.
const BYTES_PER_SECOND: f64 = 4_000.0;

/// A kind of recording.
#[derive(Debug)]
pub(crate) struct Kind {
    extensions: &'static [&'static str],
    media_types: &'static [&'static str],
    is_kind: fn(&[u8]) -> bool,
}

/// The kinds that transcription takes.
const KINDS: &[Kind] = &[
    Kind {
        extensions: &["flac"],
        media_types: &["audio/flac", "audio/x-flac"],
        is_kind: |file| file.starts_with(b"fLaC"),
    },
    Kind {
        extensions: &["mp3", "mpeg", "mpga"],
        media_types: &["audio/mpeg", "audio/mp3", "audio/mpga", "audio/x-mp3", "video/mpeg"],
        is_kind: |file| file.starts_with(b"ID3") || is_mpeg_audio(file),
    },
    // A program stream, which may hold pictures too.
    Kind {
        extensions: &["mpeg"],
        media_types: &["audio/mpeg", "video/mpeg"],
        is_kind: |file| file.starts_with(&[0, 0, 1, 0xba]),
    },
    Kind {
        extensions: &["m4a", "mp4"],
        media_types: &["audio/mp4", "audio/m4a", "audio/x-m4a", "video/mp4"],
        is_kind: |file| file.get(4..8) == Some(b"ftyp"),
    },
    Kind {
        extensions: &["oga", "ogg"],
        media_types: &["audio/ogg", "audio/opus", "audio/vorbis", "video/ogg"],
        is_kind: |file| file.starts_with(b"OggS"),
    },
    Kind {
        extensions: &["wav"],
        media_types: &["audio/wav", "audio/wave", "audio/x-wav", "audio/vnd.wave"],
        is_kind: |file| wav_seconds(file).is_some(),
    },
    // Matroska, of which WebM is a kind.
    Kind {
        extensions: &["webm"],
        media_types: &["audio/webm", "video/webm"],
        is_kind: |file| file.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]),
    },
];

/// The kind of recording that a file is, by its content.
pub(crate) fn kind(file: &[u8]) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| (kind.is_kind)(file))
}

impl Kind {
    /// Whether files of this kind have this extension. It is given in lower
    /// case.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        self.extensions.contains(&extension)
    }

    /// Whether files of this kind are sent as this type. It is given in lower
    /// case and without parameters.
    pub(crate) fn has_media_type(&self, media_type: &str) -> bool {
        self.media_types.contains(&media_type)
    }
}

/// How long a file plays: exactly for WAV, else estimated from its size.
pub(crate) fn seconds(bytes: &[u8]) -> f64 {
    wav_seconds(bytes).unwrap_or(bytes.len() as f64 / BYTES_PER_SECOND)
}

/// A frame header of MPEG audio, of which no field may have its reserved value.
/// Bits of AAC look alike but for the layer, which is zero there; AAC without
/// a container is not taken.
fn is_mpeg_audio(file: &[u8]) -> bool {
    let [0xff, second, third, ..] = *file else { return false };
    let (sync, version, layer) = (second & 0xe0, second & 0x18, second & 0x06);
    let (bit_rate, sample_rate) = (third & 0xf0, third & 0x0c);
    sync == 0xe0 && version != 0x08 && layer != 0 && bit_rate != 0xf0 && sample_rate != 0x0c
}

/// The length of the sound divided by the bytes per second, both from chunks
/// of the file.
fn wav_seconds(bytes: &[u8]) -> Option<f64> {
    if !bytes.starts_with(b"RIFF") || bytes.get(8..12) != Some(b"WAVE") {
        return None;
    }
    let mut rate = None;
    let mut rest = bytes.get(12..)?;
    while let (Some(name), Some(length)) = (rest.get(..4), number(rest, 4)) {
        let content = rest.get(8..)?;
        let length = length as usize;
        match name {
            b"fmt " => rate = number(content, 8).filter(|rate| *rate != 0),
            // A file that was streamed does not know its length.
            b"data" => return Some(length.min(content.len()) as f64 / f64::from(rate?)),
            _ => {}
        }
        // Chunks begin at even places.
        rest = content.get(length.checked_add(length % 2)?..)?;
    }
    None
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVE".to_vec();
        for (name, content) in chunks {
            file.extend(*name);
            file.extend((content.len() as u32).to_le_bytes());
            file.extend(*content);
            file.extend(vec![0; content.len() % 2]);
        }
        file
    }

    /// 8000 bytes per second.
    const FMT: [u8; 16] = [1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x40, 0x1f, 0, 0, 1, 0, 8, 0];

    #[test]
    fn kinds() {
        let wav = wav(&[(b"fmt ", &FMT), (b"data", &[0; 80])]);
        for (file, extension) in [
            (&b"fLaC\0"[..], "flac"),
            (b"OggS\0", "ogg"),
            (b"ID3\x04", "mp3"),
            (&wav, "wav"),
            (b"\0\0\0\x20ftypM4A ", "m4a"),
            (&[0x1a, 0x45, 0xdf, 0xa3], "webm"),
            (&[0, 0, 1, 0xba], "mpeg"),
            (&[0xff, 0xfb, 0x90], "mp3"),
            (&[0xff, 0xf3, 0x90], "mpga"),
        ] {
            assert!(kind(file).unwrap().has_extension(extension), "{extension}");
        }
        for other in [
            &b""[..],
            b"plain text",
            b"RIFF\0\0\0\0WEBP",
            b"RIFF\0\0\0\0WAVE",
            &[0xff, 0xf1, 0x50],
            &[0xff, 0xfb, 0xf0],
            &[0xff, 0xfb],
            b"\x89PNG",
        ] {
            assert!(kind(other).is_none(), "{other:?}");
        }
        let has = |extension| KINDS.iter().any(|kind| kind.has_extension(extension));
        assert!(EXTENSIONS.iter().all(|extension| has(extension)));
    }

    #[test]
    fn durations() {
        assert_eq!(seconds(&wav(&[(b"fmt ", &FMT), (b"data", &[0; 12_000])])), 1.5);
        let with_more = wav(&[(b"LIST", b"odd"), (b"fmt ", &FMT), (b"data", &[0; 4_000])]);
        assert_eq!(seconds(&with_more), 0.5);
        let mut streamed = wav(&[(b"fmt ", &FMT), (b"data", &[0; 800])]);
        streamed[40..44].fill(0xff);
        assert_eq!(seconds(&streamed), 0.1);
        // Broken headers fall back to the estimate.
        for broken in [wav(&[]), wav(&[(b"data", &[0; 80])]), wav(&[(b"fmt ", &[0; 16])])] {
            assert_eq!(seconds(&broken), broken.len() as f64 / BYTES_PER_SECOND);
        }
        assert_eq!(seconds(&[0; 8_000]), 2.0);
    }
}
