//! The requests of `createSpeech`.

use serde_json::json;

use super::cases::{ANY_TEXT, Case, Smallest, cases};

pub fn smallest() -> Smallest {
    Smallest {
        action: "createSpeech",
        input: json!({ "input": "Hello!", "voice": "alloy" }),
        request: json!({
            "method": "POST",
            "path": "/v1/audio/speech",
            "headers": {
                "accept": "*/*",
                "authorization": "Bearer ****",
                "content-type": "application/json",
            },
            "body": {
                "model": "gpt-4o-mini-tts",
                "input": "Hello!",
                "voice": "alloy",
            },
        }),
    }
}

pub fn all() -> Vec<Case> {
    cases! { smallest();
        "minimal": {} => {};
        "tts-1": { "model": "tts-1" } => { "model": "tts-1" };
        "tts-1-hd": { "model": "tts-1-hd" } => { "model": "tts-1-hd" };
        "model-of-another-server":
            { "model": "kokoro", "voice": "af_sky" }
            => { "model": "kokoro", "voice": "af_sky" };
        "any-text": { "input": ANY_TEXT } => { "input": ANY_TEXT };
        "voice": { "voice": "marin" } => { "voice": "marin" };
        "custom-voice":
            { "voice": { "id": "voice_1234" } }
            => { "voice": { "id": "voice_1234" } };
        "mp3": { "responseFormat": "mp3" } => { "response_format": "mp3" };
        "aac": { "responseFormat": "aac" } => { "response_format": "aac" };
        "flac": { "responseFormat": "flac" } => { "response_format": "flac" };
        "opus": { "responseFormat": "opus" } => { "response_format": "opus" };
        "wav": { "responseFormat": "wav" } => { "response_format": "wav" };
        "pcm": { "responseFormat": "pcm" } => { "response_format": "pcm" };
        "speed": { "speed": 1.0 } => { "speed": 1.0 };
        "speed-lowest": { "speed": 0.25 } => { "speed": 0.25 };
        "speed-highest": { "speed": 4 } => { "speed": 4 };
        "instructions":
            { "instructions": "Calm, with a smile." }
            => { "instructions": "Calm, with a smile." };
        "blanks": { "model": null, "responseFormat": "", "speed": "", "instructions": "" } => {};
        "everything":
            {
                "model": "gpt-4o-mini-tts-2025-12-15", "input": "Hello!", "voice": "nova",
                "responseFormat": "opus", "speed": 1.25, "instructions": "Calm",
            }
            => {
                "model": "gpt-4o-mini-tts-2025-12-15", "voice": "nova",
                "response_format": "opus", "speed": 1.25, "instructions": "Calm",
            };
    }
}
