//! The cases: an input for every kind of request that the connector makes.
//!
//! Each begins with the least that its action asks for ([`least`]) and says
//! what it sets besides.

use serde_json::{Value, json};

/// A use of the connector that makes at least one request.
#[derive(Clone)]
pub struct Case {
    /// The name of its snapshot.
    pub name: String,
    /// What is called.
    pub call: Call,
    /// The properties of the connection besides the token and the base URL.
    pub connection: Value,
    /// Whether the caller wants the answer as it arrives.
    pub streaming: bool,
}

/// A call into the connector.
#[derive(Clone)]
pub enum Call {
    /// Of an action with an input. A file in it has the name of one of the
    /// bench's as its `url`.
    Run { action: &'static str, input: Value },
    /// Of the connection test.
    Test,
    /// For the choices of an action's `model`.
    Models { action: &'static str, search: Option<&'static str> },
}

/// All cases.
pub fn all() -> Vec<Case> {
    [ask(), create_image(), create_speech(), create_transcription(), connection()].concat()
}

fn ask() -> Vec<Case> {
    let case = |name, set| run("ask", name, set);
    let said = |role, content| json!({ "role": role, "content": content });
    vec![
        case("minimal", json!({})),
        case("model", json!({ "model": "gpt-4.1-mini" })),
        case("model-of-another-server", json!({ "model": "meta-llama/Llama-4:8b" })),
        case("any-text", json!({ "messages": [said("user", ANY_TEXT)] })),
        // Each role.
        case("role-system", json!({ "messages": [said("system", "Be brief.")] })),
        case("role-user", json!({ "messages": [said("user", "Hello!")] })),
        case("role-assistant", json!({ "messages": [said("assistant", "Hello!")] })),
        case("role-tool", json!({ "messages": [said("tool", "21 °C")] })),
        case("role-developer", json!({ "messages": [said("developer", "Be brief.")] })),
        case(
            "every-role",
            json!({ "messages": [
                said("system", "You know the weather."),
                said("developer", "Be brief."),
                said("user", "How warm is it in Graz and in Linz?"),
                said("tool", "Graz: 21 °C"),
                said("tool", "Linz: 19 °C"),
                said("assistant", "21 and 19 °C."),
                said("user", "Thanks. Which is warmer?"),
            ]}),
        ),
        // Each response format. A schema counts for Object and List only.
        case("text", json!({ "responseFormat": 0 })),
        case("text-by-default", json!({ "responseSchema": CITY })),
        case("text-drops-the-schema", json!({ "responseFormat": 0, "responseSchema": CITY })),
        case("object", json!({ "responseFormat": 1 })),
        case("object-blank-schema", json!({ "responseFormat": 1, "responseSchema": "" })),
        case(
            "object-behind-instructions",
            json!({ "responseFormat": 1, "messages": [
                said("system", "You know cities."),
                said("developer", "Be brief."),
                said("user", "Which city?"),
                said("system", "Now in German."),
            ]}),
        ),
        case("object-strict", json!({ "responseFormat": 1, "responseSchema": CITY })),
        case("object-loose", json!({ "responseFormat": 1, "responseSchema": OPEN_CITY })),
        case("object-with-definitions", json!({ "responseFormat": 1, "responseSchema": TREE })),
        case("list", json!({ "responseFormat": 2 })),
        case(
            "list-behind-instructions",
            json!({ "responseFormat": 2, "messages": [
                said("developer", "You know cities."),
                said("user", "Which cities?"),
            ]}),
        ),
        case("list-strict", json!({ "responseFormat": 2, "responseSchema": CITY })),
        case("list-loose", json!({ "responseFormat": 2, "responseSchema": OPEN_CITY })),
        case("list-of-texts", json!({ "responseFormat": 2, "responseSchema": TEXTS })),
        case("list-with-definitions", json!({ "responseFormat": 2, "responseSchema": TREE })),
        // Each of the others.
        case("max-tokens", json!({ "maxTokens": 200 })),
        case("n", json!({ "n": 1 })),
        case("n-several", json!({ "n": 3 })),
        case("n-most", json!({ "n": 128 })),
        case("n-several-objects", json!({ "n": 2, "responseFormat": 1, "responseSchema": CITY })),
        case("n-several-lists", json!({ "n": 2, "responseFormat": 2, "responseSchema": CITY })),
        case("temperature", json!({ "temperature": 0.7 })),
        case("temperature-0", json!({ "temperature": 0 })),
        case("temperature-2", json!({ "temperature": 2 })),
        case("top-p", json!({ "topP": 0.1 })),
        case("top-p-0", json!({ "topP": 0 })),
        case("top-p-1", json!({ "topP": 1 })),
        case("frequency-penalty", json!({ "frequencyPenalty": -2 })),
        case("frequency-penalty-0", json!({ "frequencyPenalty": 0 })),
        case("presence-penalty", json!({ "presencePenalty": 2 })),
        case("presence-penalty-0", json!({ "presencePenalty": 0 })),
        case("logit-bias", json!({ "logitBias": { "50256": -100, "1734": 0, "0": 100 } })),
        case("stop", json!({ "stop": ["\n"] })),
        case("stop-four", json!({ "stop": ["END", "###", "\"", "—"] })),
        case("stop-without-blanks", json!({ "stop": ["", "END", null] })),
        case("functions", json!({ "functions": ["weather/v1/today"] })),
        case("functions-two", json!({ "functions": ["weather/v1/today", "weather.today"] })),
        case("functions-that-fail", json!({ "functions": ["closed"] })),
        case(
            "functions-and-object",
            json!({ "functions": ["weather/v1/today"], "responseFormat": 1 }),
        ),
        case("user", json!({ "user": "customer-4711" })),
        case(
            "repair-attempts",
            json!({ "repairAttempts": 0, "responseFormat": 1, "responseSchema": CITY }),
        ),
        case("repair-attempts-of-a-text", json!({ "repairAttempts": 5 })),
        case("reasoning-effort", json!({ "model": "o4-mini", "reasoningEffort": "high" })),
        case("verbosity-low", json!({ "verbosity": "low" })),
        case("verbosity-medium", json!({ "verbosity": "medium" })),
        case("verbosity-high", json!({ "verbosity": "high" })),
        case("seed", json!({ "seed": -4711 })),
        case("service-tier", json!({ "serviceTier": "flex" })),
        case("store", json!({ "store": true })),
        case("store-not", json!({ "store": false })),
        case("metadata", json!({ "store": true, "metadata": { "run": "47\"11", "städte": "" } })),
        case("logprobs", json!({ "logprobs": true })),
        case("logprobs-not", json!({ "logprobs": false, "topLogprobs": 3 })),
        case("top-logprobs", json!({ "logprobs": true, "topLogprobs": 20 })),
        case(
            "parallel-function-calls-not",
            json!({ "functions": ["weather/v1/today"], "parallelFunctionCalls": false }),
        ),
        case("parallel-function-calls-of-none", json!({ "parallelFunctionCalls": true })),
        case(
            "max-function-rounds",
            json!({ "functions": ["weather/v1/today"], "maxFunctionRounds": 2 }),
        ),
        case("safety-identifier", json!({ "safetyIdentifier": "customer-4711" })),
        case("prompt-cache-key", json!({ "promptCacheKey": "instructions-1" })),
        // Each kind of file, each as what it is and not as what it is called.
        case("attached-png", attached(&["picture.png"])),
        case("attached-jpeg", attached(&["picture.jpg"])),
        case("attached-webp", attached(&["picture.webp"])),
        case("attached-gif", attached(&["picture.gif"])),
        case("attached-wav", attached(&["speech.wav"])),
        case("attached-mp3", attached(&["speech.mp3"])),
        case("attached-pdf", attached(&["report.pdf"])),
        case("attached-text", attached(&["Notizen \"1\".md"])),
        case("attached-several", attached(&["picture.png", "report.pdf", "speech.mp3"])),
        case("attached-under-another-name", attached(&["picture.png.txt"])),
        case(
            "attached-to-the-last-message-of-the-user",
            json!({ "attachments": [{ "url": "picture.png" }], "messages": [
                said("user", "Hello!"), said("user", "Look!"), said("assistant", "I see"),
            ]}),
        ),
        case("image-detail-auto", looked_at("auto")),
        case("image-detail-low", looked_at("low")),
        case("image-detail-high", looked_at("high")),
        case("image-detail-of-none", json!({ "imageDetail": "low" })),
        // As the answer arrives.
        case("minimal", json!({})).streamed(),
        case("object-strict", json!({ "responseFormat": 1, "responseSchema": CITY })).streamed(),
        case("functions", json!({ "functions": ["weather/v1/today"] })).streamed(),
        case("attached-png", attached(&["picture.png"])).streamed(),
        // Together.
        case("whole-numbers", json!({ "n": 2.0, "maxTokens": 64.0, "logitBias": { "7": 5.0 } })),
        case("reasoning", json!({ "model": "o4-mini", "maxTokens": 2000, "responseFormat": 1 })),
        case(
            "zeros",
            json!({
                "temperature": 0, "topP": 0.0, "frequencyPenalty": 0.0, "presencePenalty": 0,
                "logitBias": { "7": 0 },
            }),
        ),
        case(
            "blanks",
            json!({
                "model": "", "responseFormat": null, "responseSchema": "", "maxTokens": null,
                "n": "", "temperature": "", "topP": null, "frequencyPenalty": "",
                "presencePenalty": null, "logitBias": {}, "stop": [], "functions": [], "user": "",
                "repairAttempts": null, "reasoningEffort": "", "verbosity": "", "seed": "",
                "serviceTier": "", "store": null, "metadata": {}, "logprobs": null,
                "topLogprobs": "", "parallelFunctionCalls": null, "maxFunctionRounds": null,
                "safetyIdentifier": "", "promptCacheKey": "", "attachments": [],
                "imageDetail": "",
            }),
        ),
        case(
            "everything",
            json!({
                "model": "gpt-4o",
                "messages": [said("system", "Be brief."), said("user", "Which city?")],
                "responseFormat": 1, "responseSchema": CITY, "maxTokens": 500, "n": 1,
                "temperature": 0.2, "topP": 0.9, "frequencyPenalty": 0.5, "presencePenalty": -0.5,
                "logitBias": { "1734": -1 }, "stop": ["END"], "functions": ["weather/v1/today"],
                "user": "customer-4711",
                "repairAttempts": 2, "verbosity": "medium", "seed": 7,
                "serviceTier": "default", "store": true, "metadata": { "run": "1" },
                "logprobs": true, "topLogprobs": 2, "parallelFunctionCalls": true,
                "maxFunctionRounds": 3, "safetyIdentifier": "s-4711", "promptCacheKey": "k-1",
                "attachments": [{ "url": "picture.png" }, { "url": "picture.jpg" }],
                "imageDetail": "low",
            }),
        ),
    ]
}

/// With files.
fn attached(names: &[&str]) -> Value {
    let files: Vec<_> = names.iter().map(|name| json!({ "url": name })).collect();
    json!({ "attachments": files })
}

/// With an image that is looked at so closely.
fn looked_at(detail: &str) -> Value {
    json!({ "attachments": [{ "url": "picture.png" }], "imageDetail": detail })
}

fn create_image() -> Vec<Case> {
    let case = |name, set| run("createImage", name, set);
    let size = |model, size| json!({ "model": model, "size": size });
    vec![
        case("minimal", json!({})),
        // Each family of models, with each form of size.
        case("gpt-image-1", size("gpt-image-1", json!("1024x1024"))),
        case("gpt-image-1-pair", size("gpt-image-1", json!([1536, 1024]))),
        case("gpt-image-1-mini", size("gpt-image-1-mini", json!("1024x1536"))),
        case("gpt-image-1.5-auto", size("gpt-image-1.5", json!("auto"))),
        case("gpt-image-2", size("gpt-image-2", json!("2048x1152"))),
        case("gpt-image-2-pair", size("gpt-image-2", json!([1152, 2048]))),
        case("gpt-image-2-dated", size("gpt-image-2-2026-04-21", json!("auto"))),
        case("dall-e-3", size("dall-e-3", json!("1792x1024"))),
        case("dall-e-3-pair", size("dall-e-3", json!([1024, 1792]))),
        case("dall-e-2", size("dall-e-2", json!("256x256"))),
        case("dall-e-2-pair", size("dall-e-2", json!([512, 512]))),
        case("model-of-another-server", size("flux-schnell", json!([1024.0, 768]))),
        // Messages become one prompt.
        case("any-text", json!({ "imageMessages": [{ "content": ANY_TEXT }] })),
        case(
            "messages",
            json!({ "imageMessages": [
                { "content": "A lighthouse" }, { "content": "at dusk" }, { "content": "in oil" },
            ]}),
        ),
        case(
            "messages-by-weight",
            json!({ "imageMessages": [
                { "content": "a little fog", "weight": 0.25 },
                { "content": "at dusk" },
                { "content": "A lighthouse", "weight": 2 },
                { "content": "in oil", "weight": 1.0 },
            ]}),
        ),
        // Each of the others.
        case("n", json!({ "n": 1 })),
        case("n-most", json!({ "n": 10, "quality": "low" })),
        case("url-dall-e", json!({ "model": "dall-e-3", "responseFormat": "url" })),
        case("b64-json-dall-e", json!({ "model": "dall-e-2", "responseFormat": "b64_json" })),
        case("url-gpt-image", json!({ "responseFormat": "url" })),
        case("b64-json-gpt-image", json!({ "responseFormat": "b64_json" })),
        case(
            "b64-json-another-server",
            json!({ "model": "dall-e-mini", "responseFormat": "b64_json" }),
        ),
        case("quality-standard", json!({ "model": "dall-e-3", "quality": "standard" })),
        case("quality-hd", json!({ "model": "dall-e-3", "quality": "hd" })),
        case("quality-low", json!({ "quality": "low" })),
        case("quality-medium", json!({ "quality": "medium" })),
        case("quality-high", json!({ "quality": "high" })),
        case("quality-auto", json!({ "quality": "auto" })),
        case("style-vivid", json!({ "model": "dall-e-3", "style": "vivid" })),
        case("style-natural", json!({ "model": "dall-e-3", "style": "natural" })),
        case("user", json!({ "user": "customer-4711" })),
        case("background-auto", json!({ "background": "auto" })),
        case("background-opaque", json!({ "background": "opaque" })),
        case(
            "background-transparent",
            json!({ "background": "transparent", "outputFormat": "webp" }),
        ),
        case("png", json!({ "outputFormat": "png", "outputCompression": 50 })),
        case("jpeg", json!({ "outputFormat": "jpeg" })),
        case("webp", json!({ "outputFormat": "webp" })),
        case("compression", json!({ "outputFormat": "jpeg", "outputCompression": 0 })),
        case("compression-least", json!({ "outputFormat": "webp", "outputCompression": 100 })),
        case("moderation-auto", json!({ "moderation": "auto" })),
        case("moderation-low", json!({ "moderation": "low" })),
        case("partial-images", json!({ "partialImages": 2 })),
        case("partial-images", json!({ "partialImages": 2 })).streamed(),
        case("partial-images-of-two", json!({ "partialImages": 1, "n": 2 })).streamed(),
        case("partial-images-none", json!({ "partialImages": 0 })).streamed(),
        case("minimal", json!({})).streamed(),
        // Together.
        case(
            "blanks",
            json!({
                "model": "", "imageMessages": [{ "content": "A lighthouse", "weight": "" }],
                "size": "", "n": null, "responseFormat": "", "quality": null, "style": "",
                "user": null, "background": "", "outputFormat": null, "outputCompression": "",
                "moderation": "", "partialImages": null,
            }),
        ),
        case(
            "everything-gpt-image",
            json!({
                "model": "gpt-image-1", "size": "1536x1024", "n": 2, "responseFormat": "b64_json",
                "quality": "medium", "user": "customer-4711", "background": "opaque",
                "outputFormat": "webp", "outputCompression": 80, "moderation": "low",
                "imageMessages": [{ "content": "A lighthouse", "weight": 1.5 }],
            }),
        ),
        case(
            "everything-dall-e",
            json!({
                "model": "dall-e-3", "size": [1792, 1024], "n": 1, "responseFormat": "url",
                "quality": "hd", "style": "natural", "user": "customer-4711",
                "imageMessages": [{ "content": "A lighthouse", "weight": 1.5 }],
            }),
        ),
    ]
}

fn create_speech() -> Vec<Case> {
    let case = |name, set| run("createSpeech", name, set);
    vec![
        case("minimal", json!({})),
        case("tts-1", json!({ "model": "tts-1" })),
        case("tts-1-hd", json!({ "model": "tts-1-hd" })),
        case("model-of-another-server", json!({ "model": "kokoro", "voice": "af_sky" })),
        case("any-text", json!({ "input": ANY_TEXT })),
        case("voice", json!({ "voice": "marin" })),
        case("voice-of-ones-own", json!({ "voice": { "id": "voice_1234" } })),
        case("mp3", json!({ "responseFormat": "mp3" })),
        case("aac", json!({ "responseFormat": "aac" })),
        case("flac", json!({ "responseFormat": "flac" })),
        case("opus", json!({ "responseFormat": "opus" })),
        case("wav", json!({ "responseFormat": "wav" })),
        case("pcm", json!({ "responseFormat": "pcm" })),
        case("speed", json!({ "speed": 1.0 })),
        case("speed-lowest", json!({ "speed": 0.25 })),
        case("speed-highest", json!({ "speed": 4 })),
        case("instructions", json!({ "instructions": "Calm, with a smile." })),
        case(
            "blanks",
            json!({ "model": null, "responseFormat": "", "speed": "", "instructions": "" }),
        ),
        case(
            "everything",
            json!({
                "model": "gpt-4o-mini-tts-2025-12-15", "input": "Hello!", "voice": "nova",
                "responseFormat": "opus", "speed": 1.25, "instructions": "Calm",
            }),
        ),
    ]
}

fn create_transcription() -> Vec<Case> {
    let case = |name, set| run("createTranscription", name, set);
    let format = |model, format| json!({ "model": model, "responseFormat": format });
    let file = |name| json!({ "file": { "url": name } });
    vec![
        case("minimal", json!({})),
        // Each model, and each format with a model that writes it.
        case("gpt-4o-transcribe", format("gpt-4o-transcribe", "json")),
        case("gpt-4o-mini-transcribe", format("gpt-4o-mini-transcribe", "json")),
        case("gpt-transcribe", format("gpt-transcribe", "json")),
        case("diarize-json", format(DIARIZE, "json")),
        case("diarize-text", format(DIARIZE, "text")),
        case("diarize-diarized-json", format(DIARIZE, "diarized_json")),
        case("whisper-srt", format("whisper-1", "srt")),
        case("whisper-vtt", format("whisper-1", "vtt")),
        case("whisper-json", format("whisper-1", "json")),
        case("whisper-text", format("whisper-1", "text")),
        case("whisper-verbose-json", format("whisper-1", "verbose_json")),
        case("model-of-another-server", format("Systran/faster-whisper", "verbose_json")),
        // Each kind of file.
        case("file-flac", file("speech.flac")),
        case("file-m4a", file("speech.m4a")),
        case("file-mp3", file("speech.mp3")),
        case("file-mp4", file("speech.mp4")),
        case("file-mpeg", file("speech.mpeg")),
        case("file-mpga", file("speech.mpga")),
        case("file-ogg", file("speech.ogg")),
        case("file-webm", file("speech.webm")),
        case("file-with-an-odd-name", file("Größe \"1\"; a=b.wav")),
        case(
            "file-under-another-name",
            json!({ "file": {
                "url": "speech.wav", "name": "call.WAV", "extension": "wav",
                "mimeType": "audio/x-wav",
            }}),
        ),
        // Each of the others. `ma` is what older workflows say for Maori.
        case("language", json!({ "language": "en" })),
        case("language-maori", json!({ "language": "mi" })),
        case("language-maori-as-ma", json!({ "language": "ma" })),
        case("prompt", json!({ "prompt": "Graz, Linz" })),
        case("any-text", json!({ "prompt": ANY_TEXT })),
        case("temperature", json!({ "temperature": 0.4 })),
        case("temperature-0", json!({ "temperature": 0 })),
        case("temperature-1", json!({ "temperature": 1.0 })),
        case("words", granularities(&["word"])),
        case("segments", granularities(&["segment"])),
        case("words-and-segments", granularities(&["word", "segment"])),
        case("granularities-of-json", json!({ "timestampGranularities": ["word"] })),
        case("logprobs", json!({ "includeLogprobs": true })),
        case("logprobs-not", json!({ "includeLogprobs": false })),
        case(
            "known-speakers",
            json!({ "model": DIARIZE, "responseFormat": "diarized_json", "knownSpeakers": [
                { "name": "Ada", "recording": { "url": "voice.wav" } },
                { "name": "Größe", "recording": { "url": "voice.wav" } },
            ]}),
        ),
        case("chunking-strategy", json!({ "chunkingStrategy": "auto" })),
        case(
            "chunking-strategy-of-ones-own",
            json!({ "model": DIARIZE, "chunkingStrategy": { "type": "server_vad" } }),
        ),
        case("languages", json!({ "model": "gpt-transcribe", "languages": ["de", "en"] })),
        case("keywords", json!({ "model": "gpt-transcribe", "keywords": ["Graz", "Linz"] })),
        // As the transcript is written.
        case("gpt-4o-transcribe", format("gpt-4o-transcribe", "json")).streamed(),
        case("logprobs", json!({ "includeLogprobs": true })).streamed(),
        case("diarize-text", format(DIARIZE, "text")).streamed(),
        case("diarize-diarized-json", format(DIARIZE, "diarized_json")).streamed(),
        case("whisper-json", format("whisper-1", "json")).streamed(),
        case("whisper-srt", format("whisper-1", "srt")).streamed(),
        case("model-of-another-server", format("Systran/faster-whisper", "json")).streamed(),
        // Together.
        case(
            "blanks",
            json!({
                "model": "", "language": "", "prompt": null, "responseFormat": "",
                "temperature": "", "timestampGranularities": [], "includeLogprobs": null,
                "knownSpeakers": [], "chunkingStrategy": "", "languages": [], "keywords": [],
            }),
        ),
        case(
            "everything",
            json!({
                "model": "whisper-1", "language": "de", "prompt": "Graz, Linz",
                "responseFormat": "verbose_json", "temperature": 0.2,
                "timestampGranularities": ["segment"], "chunkingStrategy": "auto",
            }),
        ),
    ]
}

/// With these time stamps.
fn granularities(of: &[&str]) -> Value {
    json!({ "model": "whisper-1", "responseFormat": "verbose_json", "timestampGranularities": of })
}

/// The model that tells speakers apart.
const DIARIZE: &str = "gpt-4o-transcribe-diarize";

fn connection() -> Vec<Case> {
    let of = |name: &str, call, connection| Case {
        name: format!("connection-{name}"),
        call,
        connection,
        streaming: false,
    };
    let ask = |input: Value| Call::Run { action: "ask", input: with("ask", input) };
    let with_limit = || ask(json!({ "model": "gpt-4o", "maxTokens": 200 }));
    let models = |action| Call::Models { action, search: None };
    let limit = |name| json!({ "maxTokensParameter": name });
    let account = || json!({ "organization": "org-1234", "project": "proj_5678" });
    vec![
        of("test", Call::Test, json!({})),
        of("models-ask", models("ask"), json!({})),
        of("models-create-image", models("createImage"), json!({})),
        of("models-create-speech", models("createSpeech"), json!({})),
        of("models-create-transcription", models("createTranscription"), json!({})),
        of("models-search", Call::Models { action: "ask", search: Some("gpt") }, json!({})),
        of("organization", ask(json!({})), json!({ "organization": "org-1234" })),
        of("project", ask(json!({})), json!({ "project": "proj_5678" })),
        of("account", ask(json!({})), account()),
        of("account-test", Call::Test, account()),
        of("max-completion-tokens", with_limit(), limit("max_completion_tokens")),
        of("max-tokens", with_limit(), limit("max_tokens")),
        of(
            "blanks",
            with_limit(),
            json!({ "organization": "", "project": null, "maxTokensParameter": "" }),
        ),
    ]
}

/// A run of an action with the least that it asks for and what is set besides.
fn run(action: &'static str, name: &str, set: Value) -> Case {
    Case {
        name: format!("{action}-{name}"),
        call: Call::Run { action, input: with(action, set) },
        connection: json!({}),
        streaming: false,
    }
}

impl Case {
    /// The same, with the answer as it arrives.
    fn streamed(self) -> Self {
        Self { name: format!("{}-streamed", self.name), streaming: true, ..self }
    }
}

fn with(action: &str, set: Value) -> Value {
    let mut input = least(action);
    for (name, value) in set.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

/// The least that an action asks for.
fn least(action: &str) -> Value {
    match action {
        "ask" => json!({ "messages": [{ "role": "user", "content": "Hello!" }] }),
        "createImage" => json!({ "imageMessages": [{ "content": "A lighthouse" }] }),
        "createSpeech" => json!({ "input": "Hello!", "voice": "alloy" }),
        "createTranscription" => json!({ "file": { "url": "speech.wav" } }),
        _ => panic!("there is no action `{action}`"),
    }
}

/// Characters that have a meaning in JSON, forms or HTML, or take several
/// bytes.
const ANY_TEXT: &str = "\"Grüße\", \\ & <b>/</b> {x} %41\r\n\t– 😀";

/// A schema that strict mode takes.
const CITY: &str = r#"{"type":"object","properties":{"city":{"type":"string"},"people":{"type":"integer"}},"required":["city","people"],"additionalProperties":false}"#;

/// One that it does not take: a member is optional.
const OPEN_CITY: &str = r#"{"type":"object","properties":{"city":{"type":"string"},"people":{"type":"integer"}},"required":["city"]}"#;

/// The schema of a list.
const TEXTS: &str = r#"{"type":"array","items":{"type":"string"}}"#;

/// A schema with references, one of them from what it refers to.
const TREE: &str = r##"{"type":"object","properties":{"root":{"$ref":"#/$defs/node"}},"required":["root"],"additionalProperties":false,"$defs":{"node":{"type":"object","properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/node"}}},"required":["name","children"],"additionalProperties":false}}}"##;
