//! The sandbox's audio: a tone generated from the text, or a recorded sample
//! for formats that need an encoder.

use std::f64::consts::TAU;

use crate::digest;

/// The sample rate of generated audio, the same as the API's PCM.
const SAMPLE_RATE: u32 = 24_000;

/// The duration of a character at normal speed.
const SECONDS_PER_CHARACTER: f64 = 0.06;

/// Generates audio for text, and returns its media type and bytes.
pub(crate) fn speak(text: &str, speed: f64, format: &str) -> (&'static str, Vec<u8>) {
    match format {
        "opus" => ("audio/opus", include_bytes!("../samples/speech.opus").to_vec()),
        "aac" => ("audio/aac", include_bytes!("../samples/speech.aac").to_vec()),
        "flac" => ("audio/flac", include_bytes!("../samples/speech.flac").to_vec()),
        "wav" => ("audio/wav", wav(&tone(text, speed))),
        "pcm" => ("audio/pcm", tone(text, speed)),
        _ => ("audio/mpeg", include_bytes!("../samples/speech.mp3").to_vec()),
    }
}

/// Samples of a tone, 16-bit little-endian. Its length and pitch depend on the
/// text.
fn tone(text: &str, speed: f64) -> Vec<u8> {
    let pitch = 220.0 + (digest(text.as_bytes()) % 440) as f64;
    let seconds = text.chars().count() as f64 * SECONDS_PER_CHARACTER / speed;
    let samples = (seconds.clamp(0.25, 5.0) * f64::from(SAMPLE_RATE)) as u32;
    let wave = |at: u32| (TAU * pitch * f64::from(at) / f64::from(SAMPLE_RATE)).sin();
    (0..samples).flat_map(|at| ((wave(at) * 9_000.0) as i16).to_le_bytes()).collect()
}

/// The samples with a 44-byte header.
fn wav(samples: &[u8]) -> Vec<u8> {
    let length = u32::try_from(samples.len()).unwrap_or(u32::MAX);
    let mut file = b"RIFF".to_vec();
    file.extend((36 + length).to_le_bytes());
    // Uncompressed, mono.
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(SAMPLE_RATE.to_le_bytes());
    file.extend((SAMPLE_RATE * 2).to_le_bytes());
    // Two bytes per sample.
    file.extend(b"\x02\0\x10\0data");
    file.extend(length.to_le_bytes());
    file.extend(samples);
    file
}

/// The duration of an audio file: from the header of a WAV file, otherwise
/// estimated from its size.
pub(crate) fn seconds(file: &[u8]) -> f64 {
    let is_wav = file.starts_with(b"RIFF") && file.get(36..40) == Some(b"data");
    let rate = file.get(28..32).filter(|_| is_wav).and_then(|rate| rate.try_into().ok());
    match rate.map(u32::from_le_bytes) {
        Some(rate) if rate != 0 => file.len().saturating_sub(44) as f64 / f64::from(rate),
        _ => file.len() as f64 / 4_000.0,
    }
}
