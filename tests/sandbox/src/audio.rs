//! The sound of the sandbox: a melody made from the text, or a recorded
//! sample where an encoder would be too much.

use std::f64::consts::TAU;

use crate::digest;

/// Samples per second of what the sandbox makes, as of the API's PCM.
pub(crate) const SAMPLE_RATE: u32 = 24_000;

/// How long a character is heard, at normal speed.
const SECONDS_PER_CHARACTER: f64 = 0.06;

const SHORTEST: f64 = 0.25;
const LONGEST: f64 = 5.0;

/// A pentatonic scale, in which nothing sounds wrong.
const NOTES: [f64; 8] = [261.63, 293.66, 329.63, 392.0, 440.0, 523.25, 587.33, 659.25];

/// An audio format of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Mp3,
    Opus,
    Aac,
    Flac,
    Wav,
    Pcm,
}

impl Format {
    /// The names of all formats.
    pub(crate) const NAMES: &[&str] = &["mp3", "opus", "aac", "flac", "wav", "pcm"];

    /// The format of this name; MP3, the default, for any other.
    pub(crate) fn from_name(name: &str) -> Format {
        match name {
            "opus" => Format::Opus,
            "aac" => Format::Aac,
            "flac" => Format::Flac,
            "wav" => Format::Wav,
            "pcm" => Format::Pcm,
            _ => Format::Mp3,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Format::Mp3 => "audio/mpeg",
            Format::Opus => "audio/opus",
            Format::Aac => "audio/aac",
            Format::Flac => "audio/flac",
            Format::Wav => "audio/wav",
            Format::Pcm => "audio/pcm",
        }
    }
}

/// Speaks a text.
pub(crate) fn speak(text: &str, speed: f64, format: Format) -> Vec<u8> {
    match format {
        Format::Mp3 => include_bytes!("../samples/speech.mp3").to_vec(),
        Format::Opus => include_bytes!("../samples/speech.opus").to_vec(),
        Format::Aac => include_bytes!("../samples/speech.aac").to_vec(),
        Format::Flac => include_bytes!("../samples/speech.flac").to_vec(),
        Format::Wav => wav(&melody(text, speed)),
        Format::Pcm => melody(text, speed),
    }
}

/// 16-bit little-endian samples: one note for every word, longer for longer words, and a hum of the whole
/// text below them, so that different texts sound different.
fn melody(text: &str, speed: f64) -> Vec<u8> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let characters = text.chars().count() as f64;
    let seconds = (characters * SECONDS_PER_CHARACTER / speed).clamp(SHORTEST, LONGEST);
    let seconds_per_byte =
        seconds / words.iter().map(|word| word.len()).sum::<usize>().max(1) as f64;
    let hum = 110.0 + (digest(text.as_bytes()) % 64) as f64;
    let notes =
        words.iter().flat_map(|word| note(pitch(word), hum, word.len() as f64 * seconds_per_byte));
    let mut samples: Vec<i16> = notes.collect();
    // Silence where there are no words, and where roundings left a gap.
    samples.resize((seconds * f64::from(SAMPLE_RATE)) as usize, 0);
    samples.into_iter().flat_map(i16::to_le_bytes).collect()
}

fn pitch(word: &str) -> f64 {
    let index = (digest(word.as_bytes()) % NOTES.len() as u64) as usize;
    NOTES.get(index).copied().unwrap_or(440.0)
}

/// A tone that swells and fades, because edges click.
fn note(pitch: f64, hum: f64, seconds: f64) -> impl Iterator<Item = i16> {
    let rate = f64::from(SAMPLE_RATE);
    let length = seconds * rate;
    (0..length as usize).map(move |index| {
        let at = index as f64;
        let swell = (std::f64::consts::PI * at / length).sin();
        let wave = (TAU * pitch * at / rate).sin() + 0.25 * (TAU * hum * at / rate).sin();
        (wave * swell * 9_000.0) as i16
    })
}

/// Samples behind the 44 bytes that say what they are.
fn wav(samples: &[u8]) -> Vec<u8> {
    let length = u32::try_from(samples.len()).unwrap_or(u32::MAX);
    let mut file = Vec::with_capacity(44 + samples.len());
    file.extend(b"RIFF");
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend(1u16.to_le_bytes()); // uncompressed
    file.extend(1u16.to_le_bytes()); // one channel
    file.extend(SAMPLE_RATE.to_le_bytes());
    file.extend((SAMPLE_RATE * 2).to_le_bytes()); // bytes per second
    file.extend(2u16.to_le_bytes()); // bytes per frame
    file.extend(16u16.to_le_bytes()); // bits per sample
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    file.extend(samples);
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound;

    #[test]
    fn formats_are_what_they_say() {
        for (name, magic) in [
            ("mp3", &[0xff, 0xf3][..]),
            ("opus", b"OggS"),
            ("aac", &[0xff, 0xf1]),
            ("flac", b"fLaC"),
            ("wav", b"RIFF"),
        ] {
            let made = speak("Hello there", 1.0, Format::from_name(name));
            assert!(made.starts_with(magic), "{name}");
            assert!(made.len() < 64 * 1024, "{name}");
        }
    }

    #[test]
    fn length_follows_text_and_speed() {
        let seconds = |text: &str, speed| sound::seconds(&speak(text, speed, Format::Wav));
        assert_eq!(seconds("", 1.0), SHORTEST);
        let text = "one two three four five";
        assert!((seconds(text, 1.0) - 1.38).abs() < 0.01);
        assert!((seconds(text, 2.0) - 0.69).abs() < 0.01);
        assert_eq!(seconds(&"word ".repeat(800), 1.0), LONGEST);
    }

    #[test]
    fn pcm_is_wav_without_a_header_and_is_heard() {
        let pcm = speak("some words", 1.0, Format::Pcm);
        assert_eq!(speak("some words", 1.0, Format::Wav)[44..], pcm);
        let loudest = pcm.chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).max();
        assert!(5_000 < loudest.unwrap());
        assert_ne!(pcm, speak("other text", 1.0, Format::Pcm));
    }
}
