//! `POST /v1/audio/transcriptions`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openai_sandbox::Sandbox;
use serde_json::json;

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

fn file<'a>(name: &'a str, content: &'a [u8]) -> Field<'a> {
    ("file", Some(name), content)
}

/// Transcribes two seconds of silence with these texts in the form.
fn transcribe(sandbox: &Sandbox, texts: Texts) -> Answer {
    let audio = client::silence(2.0);
    let mut fields: Vec<Field> = vec![("file", Some("a.wav"), &audio)];
    fields.extend(texts.iter().map(|(name, text)| (*name, None, text.as_bytes())));
    send(sandbox, &fields)
}

#[test]
fn rules() {
    let sandbox = client::start();
    let voice = format!("data:audio/wav;base64,{}", STANDARD.encode(client::silence(3.0)));
    let short = format!("data:audio/wav;base64,{}", STANDARD.encode(client::silence(1.0)));
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
        (&[diarize, words], Some("timestamp_granularities")),
        (&[gpt_4o, ("include[]", "logprobs")], None),
        (&[mini, ("include[]", "logprobs")], None),
        (&[gpt_4o, ("include[]", "usage")], Some("include[0]")),
        (&[whisper, ("include[]", "logprobs")], Some("include")),
        (&[diarize, ("include[]", "logprobs")], Some("include")),
        (&[gpt, ("languages[]", "de"), ("languages[]", "en"), ("keywords[]", "x")], None),
        (&[gpt, ("languages[]", "german")], Some("languages[0]")),
        (&[whisper, ("languages[]", "de")], Some("languages")),
        (&[gpt_4o, ("keywords[]", "x")], Some("keywords")),
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
        (&[gpt_4o, name, reference], Some("known_speaker_names")),
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
fn files() {
    let sandbox = client::start();
    let model: Field = ("model", None, b"whisper-1");
    let wav = client::silence(1.0);
    let mut huge = wav.clone();
    huge.resize(25 * 1024 * 1024, 0);
    let mut too_huge = huge.clone();
    too_huge.push(0);
    let tiny = client::silence(0.05);
    let webm = [0x1a, 0x45, 0xdf, 0xa3].repeat(200);
    let rows: &[(&[Field], u16)] = &[
        (&[model, file("a.wav", &wav)], 200),
        (&[model, file("A.WAV", &wav)], 200),
        (&[model, file("a.mp3", b"\xff\xfb\x90\0")], 400),
        (&[model, file("a.webm", &webm)], 200),
        (&[model, file("a.txt", &wav)], 400),
        (&[model, file("wav", &wav)], 400),
        (&[model, file("a.wav", b"these are only words")], 400),
        (&[model, file("a.wav", b"")], 400),
        (&[model, file("a.wav", &tiny)], 400),
        (&[model, ("file", None, &wav)], 400),
        (&[model, file("a.wav", &wav), file("b.wav", &wav)], 400),
        (&[model], 400),
        (&[model, file("a.wav", &huge)], 200),
        (&[model, file("a.wav", &too_huge)], 413),
    ];
    for (row, (fields, status)) in rows.iter().enumerate() {
        let answer = send(&sandbox, fields);
        let param = (*status != 200).then(|| "file".to_owned());
        assert_eq!(answer.blame(), (*status, param), "row {row}");
    }
    let recorded = sandbox.requests();
    let file = &recorded.last().unwrap().parts()[1];
    assert_eq!((file.bytes.len(), file.len), (1024 * 1024, too_huge.len()));
}

#[test]
fn long_conversations_must_be_cut_up() {
    let sandbox = client::start();
    let audio = client::silence(31.0);
    let file: Field = ("file", Some("a.wav"), &audio);
    let model: Field = ("model", None, b"gpt-4o-transcribe-diarize");
    let strategy: Field = ("chunking_strategy", None, b"auto");
    let answer = send(&sandbox, &[file, model]);
    assert_eq!(answer.blame(), (400, Some("chunking_strategy".to_owned())));
    assert_eq!(send(&sandbox, &[file, model, strategy]).status, 200);
}

#[test]
fn a_form_may_come_in_chunks() {
    let sandbox = client::start();
    let audio = client::silence(1.0);
    let (body, content_type) =
        client::form(&[("model", None, b"whisper-1"), ("file", Some("a.wav"), &audio)]);
    let mut request = format!(
        "POST {PATH} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer k\r\n\
         content-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    .into_bytes();
    for chunk in body.chunks(1000) {
        request.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        request.extend(chunk);
        request.extend(b"\r\n");
    }
    request.extend(b"0\r\n\r\n");
    let answer = client::exchange(&client::authority(&sandbox), &request).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn what_was_spoken_is_heard() {
    let sandbox = client::start();
    for (format, name) in
        [("wav", "a.wav"), ("mp3", "a.mp3"), ("opus", "a.ogg"), ("flac", "a.flac")]
    {
        let text = format!("Good morning from {format}!");
        let body = json!({
            "model": "tts-1", "input": text, "voice": "alloy", "response_format": format,
        });
        let audio = client::post(&sandbox, "/v1/audio/speech", &body).body;
        let answer = send(&sandbox, &[("model", None, b"whisper-1"), ("file", Some(name), &audio)]);
        assert_eq!(answer.json()["text"], text);
    }
    let other = transcribe(&sandbox, &[("model", "whisper-1")]).json();
    assert!(other["text"].as_str().unwrap().contains("sandbox"));
}

/// A sandbox and audio in which it says two sentences: 1.32 s.
fn spoken() -> (Sandbox, Vec<u8>) {
    let sandbox = client::start();
    let body = json!({
        "model": "tts-1", "input": "One two three. Four five!", "voice": "alloy",
        "response_format": "wav", "speed": 1.25,
    });
    let audio = client::post(&sandbox, "/v1/audio/speech", &body).body;
    (sandbox, audio)
}

fn hear(model: &str, texts: Texts) -> Answer {
    let (sandbox, audio) = spoken();
    let mut fields: Vec<Field> =
        vec![("file", Some("a.wav"), &audio), ("model", None, model.as_bytes())];
    fields.extend(texts.iter().map(|(name, text)| (*name, None, text.as_bytes())));
    send(&sandbox, &fields)
}

#[test]
fn plain_formats() {
    let text = hear("whisper-1", &[("response_format", "text")]);
    assert_eq!(text.text(), "One two three. Four five!\n");
    assert_eq!(text.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(
        hear("whisper-1", &[("response_format", "srt")]).text(),
        "1\n00:00:00,000 --> 00:00:00,700\nOne two three.\n\n\
         2\n00:00:00,700 --> 00:00:01,200\nFour five!\n\n"
    );
    assert_eq!(
        hear("whisper-1", &[("response_format", "vtt")]).text(),
        "WEBVTT\n\n00:00:00.000 --> 00:00:00.700\nOne two three.\n\n\
         00:00:00.700 --> 00:00:01.200\nFour five!\n\n"
    );
}

#[test]
fn json_has_usage() {
    let whisper = hear("whisper-1", &[]).json();
    assert_eq!(whisper["usage"], json!({"type": "duration", "seconds": 2}));
    let gpt_4o = hear("gpt-4o-transcribe", &[("include[]", "logprobs"), ("prompt", "abcd")]).json();
    assert_eq!(
        gpt_4o["usage"],
        json!({
            "type": "tokens", "input_tokens": 13,
            "input_token_details": {"text_tokens": 1, "audio_tokens": 12},
            "output_tokens": 7, "total_tokens": 20,
        })
    );
    assert_eq!(gpt_4o["logprobs"].as_array().unwrap().len(), 7);
    let gpt = hear("gpt-transcribe", &[("languages[]", "de")]).json();
    assert_eq!(gpt["languages"], json!([{"code": "de"}]));
}

#[test]
fn verbose_json_has_what_was_asked_for() {
    let verbose = ("response_format", "verbose_json");
    let answer = hear("whisper-1", &[verbose, ("language", "de")]).json();
    assert_eq!(
        json!([answer["task"], answer["language"], answer["duration"]]),
        json!(["transcribe", "german", 1.2])
    );
    assert_eq!(answer["segments"].as_array().unwrap().len(), 2);
    assert_eq!(answer["segments"][1]["text"], " Four five!");
    assert!(answer.get("words").is_none());

    let words = ("timestamp_granularities[]", "word");
    let answer = hear("whisper-1", &[verbose, words]).json();
    assert!(answer.get("segments").is_none());
    assert_eq!(answer["words"][2], json!({"word": "three", "start": 0.343, "end": 0.686}));

    let segments = ("timestamp_granularities[]", "segment");
    let answer = hear("whisper-1", &[verbose, words, segments]).json();
    assert!(answer["segments"].is_array() && answer["words"].is_array());
}

#[test]
fn diarized_json_has_speakers() {
    let format = ("response_format", "diarized_json");
    let model = "gpt-4o-transcribe-diarize";
    let answer = hear(model, &[format]).json();
    let speakers: Vec<_> =
        answer["segments"].as_array().unwrap().iter().map(|segment| &segment["speaker"]).collect();
    assert_eq!(speakers, ["A", "B"]);
    assert_eq!(answer["segments"][0]["id"], "seg_000");
    assert_eq!(answer["duration"], 1.2);

    let voice = format!("data:audio/wav;base64,{}", STANDARD.encode(client::silence(3.0)));
    let known = [("known_speaker_names[]", "Ann"), ("known_speaker_references[]", &voice), format];
    let answer = hear(model, &known).json();
    assert_eq!(answer["segments"][0]["speaker"], "Ann");
}

#[test]
fn transcripts_can_be_watched() {
    let stream = ("stream", "true");
    let events = hear("gpt-4o-transcribe", &[stream]).events();
    let (done, deltas) = events.split_last().unwrap();
    assert_eq!(
        (&done["type"], &done["text"]),
        (&json!("transcript.text.done"), &json!("One two three. Four five!"))
    );
    let text: String = deltas.iter().map(|event| event["delta"].as_str().unwrap()).collect();
    assert_eq!((deltas.len(), text.as_str()), (5, "One two three. Four five!"));

    let model = "gpt-4o-transcribe-diarize";
    let events = hear(model, &[stream, ("response_format", "diarized_json")]).events();
    let segments = events.iter().filter(|event| event["type"] == "transcript.text.segment");
    assert_eq!(segments.count(), 2);

    let whisper = hear("whisper-1", &[stream]);
    assert_eq!(whisper.header("content-type"), Some("application/json"), "it does not stream");
}
