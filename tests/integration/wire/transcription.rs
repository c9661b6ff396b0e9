//! The requests of `createTranscription`.

use serde_json::json;

use super::cases::{ANY_TEXT, Case, Smallest, base64_of, cases};

pub fn all() -> Vec<Case> {
    [models(), files(), hints(), details(), streamed(), together()].concat()
}

pub fn smallest() -> Smallest {
    Smallest {
        action: "createTranscription",
        input: json!({ "file": { "url": "speech.wav" } }),
        request: json!({
            "method": "POST",
            "path": "/v1/audio/transcriptions",
            "headers": {
                "accept": "*/*",
                "authorization": "Bearer ****",
                "content-type": "multipart/form-data; boundary=…",
            },
            "body": {
                "file": { "filename": "speech.wav", "type": "audio/wav", "length": 4044 },
                "model": "gpt-4o-transcribe",
                "response_format": "json",
            },
        }),
    }
}

/// Each model, and each format with a model that supports it.
fn models() -> Vec<Case> {
    cases! { smallest();
        "minimal": {} => {};
        "gpt-4o-transcribe": { "model": "gpt-4o-transcribe", "responseFormat": "json" } => {};
        "gpt-4o-mini-transcribe":
            { "model": "gpt-4o-mini-transcribe", "responseFormat": "json" }
            => { "model": "gpt-4o-mini-transcribe" };
        "gpt-transcribe":
            { "model": "gpt-transcribe", "responseFormat": "json" }
            => { "model": "gpt-transcribe" };
        "diarize-json":
            { "model": DIARIZE, "responseFormat": "json" }
            => { "model": DIARIZE, "chunking_strategy": "auto" };
        "diarize-text":
            { "model": DIARIZE, "responseFormat": "text" }
            => { "model": DIARIZE, "response_format": "text", "chunking_strategy": "auto" };
        "diarize-diarized-json":
            { "model": DIARIZE, "responseFormat": "diarized_json" }
            => {
                "model": DIARIZE,
                "response_format": "diarized_json",
                "chunking_strategy": "auto",
            };
        "whisper-srt":
            { "model": WHISPER, "responseFormat": "srt" }
            => { "model": WHISPER, "response_format": "srt" };
        "whisper-vtt":
            { "model": WHISPER, "responseFormat": "vtt" }
            => { "model": WHISPER, "response_format": "vtt" };
        "whisper-json":
            { "model": WHISPER, "responseFormat": "json" }
            => { "model": WHISPER };
        "whisper-text":
            { "model": WHISPER, "responseFormat": "text" }
            => { "model": WHISPER, "response_format": "text" };
        "whisper-verbose-json":
            { "model": WHISPER, "responseFormat": "verbose_json" }
            => { "model": WHISPER, "response_format": "verbose_json" };
        "model-of-another-server":
            { "model": "Systran/faster-whisper", "responseFormat": "verbose_json" }
            => { "model": "Systran/faster-whisper", "response_format": "verbose_json" };
    }
}

/// Each type of file.
fn files() -> Vec<Case> {
    cases! { smallest();
        "file-flac":
            { "file": { "url": "speech.flac" } }
            => { "file": { "filename": "speech.flac", "type": "audio/flac", "length": 6469 } };
        "file-m4a":
            { "file": { "url": "speech.m4a" } }
            => { "file": { "filename": "speech.m4a", "type": "audio/mp4", "length": 1012 } };
        "file-mp3":
            { "file": { "url": "speech.mp3" } }
            => { "file": { "filename": "speech.mp3", "type": "audio/mpeg", "length": 6816 } };
        "file-mp4":
            { "file": { "url": "speech.mp4" } }
            => { "file": { "filename": "speech.mp4", "type": "video/mp4", "length": 1012 } };
        "file-mpeg":
            { "file": { "url": "speech.mpeg" } }
            => { "file": { "filename": "speech.mpeg", "type": "video/mpeg", "length": 1004 } };
        "file-mpga":
            { "file": { "url": "speech.mpga" } }
            => { "file": { "filename": "speech.mpga", "type": "audio/mpeg", "length": 6816 } };
        "file-ogg":
            { "file": { "url": "speech.ogg" } }
            => { "file": { "filename": "speech.ogg", "type": "audio/ogg", "length": 3313 } };
        "file-webm":
            { "file": { "url": "speech.webm" } }
            => { "file": { "filename": "speech.webm", "type": "audio/webm", "length": 1004 } };
        "file-with-an-odd-name":
            { "file": { "url": "Größe \"1\"; a=b.wav" } }
            => { "file": { "filename": "Größe %221%22; a=b.wav" } };
        "file-under-another-name":
            { "file": {
                "url": "speech.wav", "name": "call.WAV", "extension": "wav",
                "mimeType": "audio/x-wav",
            }}
            => { "file": { "filename": "call.WAV" } };
    }
}

/// Properties that describe the recording.
fn hints() -> Vec<Case> {
    cases! { smallest();
        "language": { "language": "en" } => { "language": "en" };
        "language-maori": { "language": "mi" } => { "language": "mi" };
        // Older workflows use `ma`, which is not a language code.
        "language-maori-as-ma": { "language": "ma" } => { "language": "mi" };
        "prompt": { "prompt": "Graz, Linz" } => { "prompt": "Graz, Linz" };
        "any-text": { "prompt": ANY_TEXT } => { "prompt": ANY_TEXT };
        "temperature": { "temperature": 0.4 } => { "temperature": "0.4" };
        "temperature-0": { "temperature": 0 } => { "temperature": "0" };
        "temperature-1": { "temperature": 1.0 } => { "temperature": "1.0" };
        "languages":
            { "model": "gpt-transcribe", "languages": ["de", "en"] }
            => { "model": "gpt-transcribe", "languages[]": ["de", "en"] };
        "keywords":
            { "model": "gpt-transcribe", "keywords": ["Graz", "Linz"] }
            => { "model": "gpt-transcribe", "keywords[]": ["Graz", "Linz"] };
    }
}

/// Properties that describe the transcript.
fn details() -> Vec<Case> {
    cases! { smallest();
        "words":
            {
                "model": WHISPER,
                "responseFormat": "verbose_json",
                "timestampGranularities": ["word"],
            }
            => {
                "model": WHISPER,
                "response_format": "verbose_json",
                "timestamp_granularities[]": ["word"],
            };
        "segments":
            {
                "model": WHISPER,
                "responseFormat": "verbose_json",
                "timestampGranularities": ["segment"],
            }
            => {
                "model": WHISPER,
                "response_format": "verbose_json",
                "timestamp_granularities[]": ["segment"],
            };
        "words-and-segments":
            {
                "model": WHISPER,
                "responseFormat": "verbose_json",
                "timestampGranularities": ["word", "segment"],
            }
            => {
                "model": WHISPER,
                "response_format": "verbose_json",
                "timestamp_granularities[]": ["word", "segment"],
            };
        "granularities-with-json": { "timestampGranularities": ["word"] } => {};
        "logprobs": { "includeLogprobs": true } => { "include[]": ["logprobs"] };
        "no-logprobs": { "includeLogprobs": false } => {};
        "known-speakers":
            { "model": DIARIZE, "responseFormat": "diarized_json", "knownSpeakers": [
                { "name": "Ada", "recording": { "url": "voice.wav" } },
                { "name": "Größe", "recording": { "url": "voice.wav" } },
            ]}
            => {
                "model": DIARIZE,
                "response_format": "diarized_json",
                "chunking_strategy": "auto",
                "known_speaker_names[]": ["Ada", "Größe"],
                "known_speaker_references[]": [voice(), voice()],
            };
        "chunking-strategy": { "chunkingStrategy": "auto" } => { "chunking_strategy": "auto" };
        "custom-chunking-strategy":
            { "model": DIARIZE, "chunkingStrategy": { "type": "server_vad" } }
            => { "model": DIARIZE, "chunking_strategy[type]": "server_vad" };
    }
}

/// With streaming, which only some models and formats support.
fn streamed() -> Vec<Case> {
    let cases = cases! { smallest();
        "gpt-4o-transcribe":
            { "model": "gpt-4o-transcribe", "responseFormat": "json" }
            => { "stream": "true" };
        "logprobs":
            { "includeLogprobs": true }
            => { "include[]": ["logprobs"], "stream": "true" };
        "diarize-text":
            { "model": DIARIZE, "responseFormat": "text" }
            => {
                "model": DIARIZE,
                "response_format": "text",
                "chunking_strategy": "auto",
                "stream": "true",
            };
        "diarize-diarized-json":
            { "model": DIARIZE, "responseFormat": "diarized_json" }
            => {
                "model": DIARIZE,
                "response_format": "diarized_json",
                "chunking_strategy": "auto",
                "stream": "true",
            };
        "whisper-json":
            { "model": WHISPER, "responseFormat": "json" }
            => { "model": WHISPER };
        "whisper-srt":
            { "model": WHISPER, "responseFormat": "srt" }
            => { "model": WHISPER, "response_format": "srt" };
        "model-of-another-server":
            { "model": "Systran/faster-whisper", "responseFormat": "json" }
            => { "model": "Systran/faster-whisper" };
    };
    cases.into_iter().map(Case::streamed).collect()
}

/// Combinations, and blank values.
fn together() -> Vec<Case> {
    cases! { smallest();
        "blanks":
            {
                "model": "", "language": "", "prompt": null, "responseFormat": "",
                "temperature": "", "timestampGranularities": [], "includeLogprobs": null,
                "knownSpeakers": [], "chunkingStrategy": "", "languages": [], "keywords": [],
            }
            => {};
        "everything":
            {
                "model": WHISPER, "language": "de", "prompt": "Graz, Linz",
                "responseFormat": "verbose_json", "temperature": 0.2,
                "timestampGranularities": ["segment"], "chunkingStrategy": "auto",
            }
            => {
                "model": WHISPER, "language": "de", "prompt": "Graz, Linz",
                "response_format": "verbose_json", "temperature": "0.2",
                "timestamp_granularities[]": ["segment"], "chunking_strategy": "auto",
            };
    }
}

/// The model that distinguishes speakers.
const DIARIZE: &str = "gpt-4o-transcribe-diarize";

/// The model that produces subtitles and timestamps.
const WHISPER: &str = "whisper-1";

/// The voice of a known speaker.
fn voice() -> String {
    format!("data:audio/wav;base64,{}", base64_of("voice.wav"))
}
