//! `POST /v1/audio/transcriptions`.

mod answers;
mod files;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openai_sandbox::Sandbox;

use crate::client;
use crate::client::Answer;
use crate::client::Field;

const PATH: &str = "/v1/audio/transcriptions";

fn send(sandbox: &Sandbox, fields: &[Field]) -> Answer {
    let (body, content_type) = client::form(fields);
    client::request(sandbox, &format!("POST {PATH}"), &[("content-type", &content_type)], &body)
}

/// The fields of a form that are text.
type Texts<'a> = &'a [(&'a str, &'a str)];

/// Transcribes two seconds of silence with these texts in the form.
fn transcribe(sandbox: &Sandbox, texts: Texts) -> Answer {
    let audio = client::silence(2.0);
    let mut fields: Vec<Field> = vec![("file", client::WAV, &audio)];
    fields.extend(texts.iter().map(|(name, text)| (*name, None, text.as_bytes())));
    send(sandbox, &fields)
}

#[test]
fn rules() {
    let sandbox = client::start();
    let voice = format!("data:audio/wav;base64,{}", STANDARD.encode(client::silence(3.0)));
    let short = format!("data:audio/wav;base64,{}", STANDARD.encode(client::silence(1.0)));
    let mislabelled = voice.replace("audio/wav", "audio/mpeg");
    let whisper = ("model", "whisper-1");
    let gpt_4o = ("model", "gpt-4o-transcribe");
    let mini = ("model", "gpt-4o-mini-transcribe");
    let diarize = ("model", "gpt-4o-transcribe-diarize");
    let gpt = ("model", "gpt-transcribe");
    let verbose = ("response_format", "verbose_json");
    let words = ("timestamp_granularities[]", "word");
    let name = ("known_speaker_names[]", "Ann");
    let reference = ("known_speaker_references[]", voice.as_str());
    let rows: &[(Texts, Option<&str>)] = &[
        (&[], Some("model")),
        (&[whisper], None),
        (&[whisper, whisper], Some("model")),
        (&[("model", "gpt-4o")], Some("model")),
        (&[("model", "my-own"), ("response_format", "vtt"), ("prompt", "x")], None),
        (&[whisper, ("speed", "1")], Some("speed")),
        (&[whisper, ("language", "de")], None),
        (&[whisper, ("language", "german")], Some("language")),
        (&[whisper, ("language", "DE")], Some("language")),
        (&[whisper, ("language", "xx")], Some("language")),
        (&[whisper, ("prompt", "x")], None),
        (&[gpt_4o, ("prompt", "x")], None),
        (&[diarize, ("prompt", "x")], Some("prompt")),
        (&[whisper, ("temperature", "0.5")], None),
        (&[whisper, ("temperature", "1.1")], Some("temperature")),
        (&[whisper, ("temperature", "-1")], Some("temperature")),
        (&[whisper, ("temperature", "warm")], Some("temperature")),
        (&[whisper, ("response_format", "xml")], Some("response_format")),
        (&[whisper, ("response_format", "json")], None),
        (&[whisper, ("response_format", "text")], None),
        (&[whisper, ("response_format", "srt")], None),
        (&[whisper, ("response_format", "vtt")], None),
        (&[whisper, verbose], None),
        (&[whisper, ("response_format", "diarized_json")], Some("response_format")),
        (&[gpt_4o, ("response_format", "json")], None),
        (&[gpt_4o, ("response_format", "text")], Some("response_format")),
        (&[gpt_4o, ("response_format", "srt")], Some("response_format")),
        (&[mini, verbose], Some("response_format")),
        (&[gpt, verbose], Some("response_format")),
        (&[diarize, ("response_format", "json")], None),
        (&[diarize, ("response_format", "text")], None),
        (&[diarize, ("response_format", "diarized_json")], None),
        (&[diarize, ("response_format", "vtt")], Some("response_format")),
        (&[whisper, verbose, words], None),
        (&[whisper, words], Some("timestamp_granularities")),
        (
            &[whisper, verbose, ("timestamp_granularities[]", "line")],
            Some("timestamp_granularities[0]"),
        ),
        (&[whisper, verbose, ("timestamp_granularities", "word")], Some("timestamp_granularities")),
        (&[whisper, verbose, words, ("timestamp_granularities[]", "segment")], None),
        (
            &[whisper, ("response_format", "srt"), ("timestamp_granularities[]", "segment")],
            Some("timestamp_granularities"),
        ),
        (&[gpt_4o, words], Some("timestamp_granularities")),
        (&[diarize, words], Some("timestamp_granularities")),
        (&[gpt_4o, ("include[]", "logprobs")], None),
        (&[mini, ("include[]", "logprobs")], None),
        (&[gpt_4o, ("include[]", "usage")], Some("include[0]")),
        (&[gpt_4o, ("include", "logprobs")], Some("include")),
        (&[("model", "gpt-4o-mini-transcribe-2025-12-15"), ("include[]", "logprobs")], None),
        (&[whisper, ("include[]", "logprobs")], Some("include")),
        (&[whisper, verbose, ("include[]", "logprobs")], Some("include")),
        (&[diarize, ("include[]", "logprobs")], Some("include")),
        (&[gpt, ("languages[]", "de"), ("languages[]", "en"), ("keywords[]", "x")], None),
        (&[gpt, ("languages[]", "german")], Some("languages[0]")),
        (&[whisper, ("languages[]", "de")], Some("languages")),
        (&[gpt, ("languages", "de")], Some("languages")),
        (&[gpt_4o, ("languages[]", "de")], Some("languages")),
        (&[gpt_4o, ("keywords[]", "x")], Some("keywords")),
        (&[whisper, ("keywords[]", "x")], Some("keywords")),
        (&[diarize, ("keywords[]", "x")], Some("keywords")),
        (&[gpt, ("keywords", "x")], Some("keywords")),
        (&[gpt, ("keywords[]", "")], Some("keywords[0]")),
        (&[gpt, words], Some("timestamp_granularities")),
        (&[gpt, ("include[]", "logprobs")], Some("include")),
        (&[gpt, ("response_format", "text")], Some("response_format")),
        (&[gpt, ("prompt", "x")], None),
        (&[whisper, ("stream", "true")], None),
        (&[whisper, ("stream", "yes")], Some("stream")),
        (&[gpt_4o, ("chunking_strategy", "auto")], None),
        (&[gpt_4o, ("chunking_strategy", "manual")], Some("chunking_strategy")),
        (&[gpt_4o, ("chunking_strategy", r#"{"type":"server_vad","threshold":0.5}"#)], None),
        (
            &[
                gpt_4o,
                ("chunking_strategy[type]", "server_vad"),
                ("chunking_strategy[silence_duration_ms]", "200"),
            ],
            None,
        ),
        (
            &[gpt_4o, ("chunking_strategy", r#"{"type":"server_vad","threshold":2}"#)],
            Some("chunking_strategy.threshold"),
        ),
        (&[gpt_4o, ("chunking_strategy", r#"{"type":"vad"}"#)], Some("chunking_strategy.type")),
        (&[gpt_4o, ("chunking_strategy", r#"{"threshold":0}"#)], Some("chunking_strategy.type")),
        (
            &[gpt_4o, ("chunking_strategy", r#"{"type":"server_vad","pause_ms":1}"#)],
            Some("chunking_strategy.pause_ms"),
        ),
        (
            &[gpt_4o, ("chunking_strategy", r#"{"type":"server_vad","prefix_padding_ms":0.5}"#)],
            Some("chunking_strategy.prefix_padding_ms"),
        ),
        (&[diarize, name, reference], None),
        (&[diarize, name], Some("known_speaker_references")),
        (
            &[diarize, name, ("known_speaker_references[]", &short)],
            Some("known_speaker_references[0]"),
        ),
        (
            &[diarize, name, ("known_speaker_references[]", "https://example.com/a.wav")],
            Some("known_speaker_references[0]"),
        ),
        (&[diarize, name, name, name, name, name], Some("known_speaker_names")),
        (&[diarize, name, name, name, name, reference, reference, reference, reference], None),
        (&[diarize, name, name, reference], Some("known_speaker_references")),
        (&[diarize, reference], Some("known_speaker_references")),
        (
            &[diarize, reference, reference, reference, reference, reference],
            Some("known_speaker_references"),
        ),
        (
            &[diarize, name, ("known_speaker_references[]", &mislabelled)],
            Some("known_speaker_references[0]"),
        ),
        (&[diarize, ("known_speaker_names", "Ann"), reference], Some("known_speaker_names")),
        (&[gpt_4o, name, reference], Some("known_speaker_names")),
        (&[gpt, name, reference], Some("known_speaker_names")),
        (&[whisper, name, reference], Some("known_speaker_names")),
    ];
    for (texts, param) in rows {
        let answer = transcribe(&sandbox, texts);
        if param.is_none() {
            assert_eq!(answer.status, 200, "{texts:?} {}", answer.text());
        } else {
            assert_eq!(answer.blame(), (400, param.map(str::to_owned)), "{texts:?}");
        }
    }
    let missing = transcribe(&sandbox, &[("model", "missing-model")]);
    assert_eq!(missing.blame(), (404, Some("model".to_owned())));
}

#[test]
fn long_conversations_must_be_cut_up() {
    let sandbox = client::start();
    let audio = client::silence(31.0);
    let file: Field = ("file", client::WAV, &audio);
    let model: Field = ("model", None, b"gpt-4o-transcribe-diarize");
    let answer = send(&sandbox, &[file, model]);
    assert_eq!(answer.blame(), (400, Some("chunking_strategy".to_owned())));
    for strategy in ["auto", r#"{"type":"server_vad"}"#] {
        let strategy: Field = ("chunking_strategy", None, strategy.as_bytes());
        assert_eq!(send(&sandbox, &[file, model, strategy]).status, 200);
    }
    // One who speaks alone may do so for long.
    let model: Field = ("model", None, b"gpt-4o-transcribe");
    assert_eq!(send(&sandbox, &[file, model]).status, 200);
}
