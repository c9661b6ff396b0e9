//! What a user fills in.

use crate::table::{
    Choice, Choices, Comparison, Condition, ControlType, Limits, Literal, Property,
};

/// The table.
pub const PROPERTIES: &[Property] = &[
    Property {
        required: true,
        limits: &Limits { max_bytes: Some(26_214_400), accept: RECORDINGS, ..Limits::NONE },
        ..Property::file("file", "File", "The recording.")
    },
    Property {
        required: true,
        default: Some(&Literal::Text("gpt-4o-transcribe")),
        wire: Some("model"),
        ..Property::string(
            "model",
            "Model",
            "The model that listens. Any name that the server knows can be typed.",
        )
        .select(&Choices::live(&[
            Choice::text("gpt-4o-transcribe"),
            Choice::text("gpt-4o-mini-transcribe"),
            Choice::text("gpt-transcribe"),
            Choice::text("gpt-4o-transcribe-diarize").described("Tells the speakers apart."),
            Choice::text("whisper-1").described("Knows subtitles and time stamps."),
        ]))
    },
    Property::string(
        "language",
        "Language",
        "The language that is spoken, as an ISO 639-1 code such as en. Naming it makes the \
         transcript better and faster. Left empty, the model finds out.",
    )
    .select(&Choices::open(LANGUAGES)),
    Property {
        wire: Some("prompt"),
        ..Property::string(
            "prompt",
            "Prompt",
            "Words and names that occur, or the end of the previous part, in the language of the \
             recording: the transcript follows its spelling and style. Leave it empty for diarize \
             models.",
        )
    },
    Property {
        required: true,
        default: Some(&Literal::Text("json")),
        wire: Some("response_format"),
        ..Property::any(
            "responseFormat",
            "Response format",
            "The shape of the transcript. All but json depend on the model: subtitles and \
             verbose_json need whisper-1, diarized_json a diarize model.",
            &Choices::closed(&[
                Choice::text("srt").described("SubRip subtitles."),
                Choice::text("vtt").described("WebVTT subtitles."),
                Choice::text("json").described("An object with the text."),
                Choice::text("text").described("The bare text."),
                Choice::text("verbose_json").described("With language, duration and segments."),
                Choice::text("diarized_json").described("With segments by speaker."),
            ]),
        )
    },
    Property {
        provider_default: Some(&Literal::Integer(0)),
        limits: &Limits::range(0.0, 1.0),
        wire: Some("temperature"),
        ..Property::number(
            "temperature",
            "Temperature",
            "How freely the model guesses at what is unclear. At 0 it stays with what is most \
             probable.",
        )
    },
    Property {
        advanced: true,
        condition: Some(&VERBOSE),
        control: ControlType::MultiSelect,
        choices: Some(&Choices::closed(&[
            Choice::text("segment").described("Of each segment."),
            Choice::text("word").described("Of each word."),
        ])),
        wire: Some("timestamp_granularities[]"),
        ..Property::array(
            "timestampGranularities",
            "Timestamp Granularities",
            "Of what the start and end are told. Left empty, of segments.",
            &[TEXT],
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Boolean(false)),
        ..Property::boolean(
            "includeLogprobs",
            "Include Logprobs",
            "Whether the output tells how sure the model is of each token. gpt-4o-transcribe and \
             gpt-4o-mini-transcribe can tell.",
        )
    },
    Property {
        advanced: true,
        limits: &Limits { max_items: Some(4), ..Limits::NONE },
        ..Property::array(
            "knownSpeakers",
            "Known Speakers",
            "People whose voices a diarize model is to recognize. Others are called A, B and so \
             on.",
            &[Property::object("", "", "", SPEAKER)],
        )
    },
    Property {
        advanced: true,
        ..Property::any(
            "chunkingStrategy",
            "Chunking Strategy",
            "Where long recordings are cut: \"auto\", or an object with the type server_vad and \
             its settings. Left empty, diarize models cut by themselves.",
            &Choices::open(&[Choice::text("auto").described("At pauses.")]),
        )
    },
    Property {
        advanced: true,
        wire: Some("languages[]"),
        ..Property::array(
            "languages",
            "Languages",
            "The languages that may be spoken, as ISO 639-1 codes, for a recording in several. \
             Only gpt-transcribe takes them.",
            &[TEXT],
        )
    },
    Property {
        advanced: true,
        wire: Some("keywords[]"),
        ..Property::array(
            "keywords",
            "Keywords",
            "Words that are likely to occur. Only gpt-transcribe takes them.",
            &[TEXT],
        )
    },
];

/// Only then there are time stamps.
const VERBOSE: Condition = Condition {
    property: "responseFormat",
    matches: Comparison::OneOf,
    values: &[Literal::Text("verbose_json")],
};

/// A text in a list.
const TEXT: Property = Property::string("", "", "");

/// One item of `knownSpeakers`.
const SPEAKER: &[Property] = &[
    Property { required: true, ..Property::string("name", "Name", "What the speaker is called.") },
    Property {
        required: true,
        limits: &Limits { max_bytes: Some(4 << 20), accept: RECORDINGS, ..Limits::NONE },
        ..Property::file("recording", "Recording", "2 to 10 seconds of the voice alone.")
    },
];

/// The extensions of the recordings that the API takes.
const RECORDINGS: &[&str] = &["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"];

/// The languages of the reference page, in its order.
pub const LANGUAGES: &[Choice] = &[
    language("Afrikaans", "af"),
    language("Arabic", "ar"),
    language("Armenian", "hy"),
    language("Azerbaijani", "az"),
    language("Belarusian", "be"),
    language("Bosnian", "bs"),
    language("Bulgarian", "bg"),
    language("Catalan", "ca"),
    language("Chinese (Simplified)", "zh"),
    language("Croatian", "hr"),
    language("Czech", "cs"),
    language("Danish", "da"),
    language("Dutch", "nl"),
    language("Greek", "el"),
    language("Estonian", "et"),
    language("English", "en"),
    language("Finnish", "fi"),
    language("French", "fr"),
    language("Galician", "gl"),
    language("German", "de"),
    language("Hebrew", "he"),
    language("Hindi", "hi"),
    language("Hungarian", "hu"),
    language("Icelandic", "is"),
    language("Indonesian", "id"),
    language("Italian", "it"),
    language("Japanese", "ja"),
    language("Kazakh", "kk"),
    language("Kannada", "kn"),
    language("Korean", "ko"),
    language("Lithuanian", "lt"),
    language("Latvian", "lv"),
    language("Maori", "mi"),
    language("Macedonian", "mk"),
    language("Marathi", "mr"),
    language("Malay", "ms"),
    language("Nepali", "ne"),
    language("Norwegian", "no"),
    language("Persian", "fa"),
    language("Polish", "pl"),
    language("Portuguese", "pt"),
    language("Romanian", "ro"),
    language("Russian", "ru"),
    language("Slovak", "sk"),
    language("Slovenian", "sl"),
    language("Serbian", "sr"),
    language("Spanish", "es"),
    language("Swedish", "sv"),
    language("Swahili", "sw"),
    language("Tamil", "ta"),
    language("Tagalog", "tl"),
    language("Thai", "th"),
    language("Turkish", "tr"),
    language("Ukrainian", "uk"),
    language("Urdu", "ur"),
    language("Vietnamese", "vi"),
    language("Welsh", "cy"),
];

const fn language(label: &'static str, code: &'static str) -> Choice {
    Choice::labelled(label, Literal::Text(code))
}
