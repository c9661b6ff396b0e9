//! What audio files say about themselves: whether they are any, and how long.

/// The file name extensions that transcription takes.
pub(crate) const EXTENSIONS: &[&str] =
    &["flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm"];

/// How fast compressed audio is taken to play where no header is read.
const BYTES_PER_SECOND: f64 = 4_000.0;

/// Whether a file begins like one of the formats that transcription takes.
pub(crate) fn is_audio(bytes: &[u8]) -> bool {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    starts(b"fLaC")
        || starts(b"OggS")
        || starts(b"ID3")
        || is_wav(bytes)
        || bytes.get(4..8) == Some(b"ftyp")
        || starts(&[0x1a, 0x45, 0xdf, 0xa3]) // Matroska, of which WebM is a kind
        || starts(&[0, 0, 1, 0xba]) // an MPEG program stream
        || is_mpeg_audio(bytes)
}

/// How long a file plays: exactly for WAV, else estimated from its size.
pub(crate) fn seconds(bytes: &[u8]) -> f64 {
    wav_seconds(bytes).unwrap_or(bytes.len() as f64 / BYTES_PER_SECOND)
}

fn is_wav(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE")
}

/// A frame header of MPEG audio. Bits of AAC look alike but for the layer,
/// which is zero there; AAC without a container is not taken.
fn is_mpeg_audio(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, second, ..] if second & 0xe0 == 0xe0 && second & 0x06 != 0)
}

/// The length of the sound divided by the bytes per second, both from chunks
/// of the file.
fn wav_seconds(bytes: &[u8]) -> Option<f64> {
    if !is_wav(bytes) {
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
    fn magic_bytes() {
        for audio in [
            &b"fLaC\0"[..],
            b"OggS\0",
            b"ID3\x04",
            b"RIFF\0\0\0\0WAVE",
            b"\0\0\0\x20ftypM4A ",
            &[0x1a, 0x45, 0xdf, 0xa3],
            &[0, 0, 1, 0xba],
            &[0xff, 0xfb, 0x90],
            &[0xff, 0xf3, 0x90],
        ] {
            assert!(is_audio(audio), "{audio:?}");
        }
        for other in [&b""[..], b"plain text", b"RIFF\0\0\0\0WEBP", &[0xff, 0xf1, 0], b"\x89PNG"] {
            assert!(!is_audio(other), "{other:?}");
        }
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
