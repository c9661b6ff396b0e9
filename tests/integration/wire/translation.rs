//! The requests of `createTranslation`.

use serde_json::json;

use super::cases::{ANY_TEXT, Case, Smallest, cases};

pub fn smallest() -> Smallest {
    Smallest {
        action: "createTranslation",
        input: json!({ "file": { "url": "speech.wav" } }),
        request: json!({
            "method": "POST",
            "path": "/v1/audio/translations",
            "headers": {
                "accept": "*/*",
                "authorization": "Bearer ****",
                "content-type": "multipart/form-data; boundary=…",
            },
            "body": {
                "file": { "filename": "speech.wav", "type": "audio/wav", "length": 4044 },
                "model": "whisper-1",
                "response_format": "json",
            },
        }),
    }
}

pub fn all() -> Vec<Case> {
    let mut cases = cases! { smallest();
        "minimal": {} => {};
        "json": { "responseFormat": "json" } => {};
        "text": { "responseFormat": "text" } => { "response_format": "text" };
        "srt": { "responseFormat": "srt" } => { "response_format": "srt" };
        "vtt": { "responseFormat": "vtt" } => { "response_format": "vtt" };
        "verbose-json":
            { "responseFormat": "verbose_json" }
            => { "response_format": "verbose_json" };
        "whisper": { "model": "whisper-1" } => {};
        "model-of-another-server":
            { "model": "Systran/faster-whisper", "responseFormat": "srt" }
            => { "model": "Systran/faster-whisper", "response_format": "srt" };
        "file-mp3":
            { "file": { "url": "speech.mp3" } }
            => { "file": { "filename": "speech.mp3", "type": "audio/mpeg", "length": 6816 } };
        "file-ogg":
            { "file": { "url": "speech.ogg" } }
            => { "file": { "filename": "speech.ogg", "type": "audio/ogg", "length": 3313 } };
        "file-with-an-odd-name":
            { "file": { "url": "Größe \"1\"; a=b.wav" } }
            => { "file": { "filename": "Größe %221%22; a=b.wav" } };
        "prompt": { "prompt": "Graz, Linz" } => { "prompt": "Graz, Linz" };
        "any-text": { "prompt": ANY_TEXT } => { "prompt": ANY_TEXT };
        "temperature": { "temperature": 0.4 } => { "temperature": "0.4" };
        "temperature-0": { "temperature": 0 } => { "temperature": "0" };
        "temperature-1": { "temperature": 1.0 } => { "temperature": "1.0" };
        "blanks":
            { "model": "", "prompt": null, "responseFormat": "", "temperature": "" }
            => {};
        "everything":
            {
                "model": "whisper-1", "prompt": "Graz, Linz", "responseFormat": "verbose_json",
                "temperature": 0.2,
            }
            => {
                "prompt": "Graz, Linz", "response_format": "verbose_json", "temperature": "0.2",
            };
    };
    // A translation is never streamed.
    let streamed = cases! { smallest(); "json": {} => {}; };
    cases.extend(streamed.into_iter().map(Case::streamed));
    cases
}
