//! What a user fills in.

use crate::table::{Choices, Comparison, Condition, ControlType, Known, Limits, Literal, Property};

/// The table.
pub const PROPERTIES: &[Property] = &[
    Property {
        required: true,
        limits: &Limits::File(26_214_400, RECORDINGS),
        ..Property::file("file", "File", "The recording.")
    },
    Property {
        required: true,
        default: Some(&Literal::Text("gpt-4o-transcribe")),
        sent: true,
        ..Property::string(
            "model",
            "Model",
            "The model that listens. Any name that the server knows can be typed.",
        )
        .select(&Choices::live(Known::Described(&[
            ("gpt-4o-transcribe", ""),
            ("gpt-4o-mini-transcribe", ""),
            ("gpt-transcribe", ""),
            ("gpt-4o-transcribe-diarize", "Tells the speakers apart."),
            ("whisper-1", "Knows subtitles and time stamps."),
        ])))
    },
    Property::string(
        "language",
        "Language",
        "The language that is spoken, as an ISO 639-1 code such as en; a tag such as en-US and an \
         English name are made one. Naming it makes the transcript better and faster. Left empty \
         or auto, the model finds out.",
    )
    .select(&Choices::open(Known::Labelled(LANGUAGES))),
    Property {
        sent: true,
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
        sent: true,
        ..Property::any(
            "responseFormat",
            "Response format",
            "The shape of the transcript. All but json depend on the model: subtitles and \
             verbose_json need whisper-1, diarized_json a diarize model.",
            &Choices::closed(Known::Described(&[
                ("srt", "SubRip subtitles."),
                ("vtt", "WebVTT subtitles."),
                ("json", "An object with the text."),
                ("text", "The bare text."),
                ("verbose_json", "With language, duration and segments."),
                ("diarized_json", "With segments by speaker."),
            ])),
        )
    },
    Property {
        provider_default: Some(&Literal::Integer(0)),
        limits: &Limits::Range(0.0, 1.0),
        sent: true,
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
        choices: Some(&Choices::closed(Known::Described(&[
            ("segment", "Of each segment."),
            ("word", "Of each word."),
        ]))),
        sent: true,
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
        limits: &Limits::MaxItems(4),
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
            &Choices::open(Known::Described(&[("auto", "At pauses.")])),
        )
    },
    Property {
        advanced: true,
        ..Property::array(
            "languages",
            "Languages",
            "The languages that may be spoken, each as in Language, for a recording in several. \
             Only gpt-transcribe takes them.",
            &[TEXT],
        )
    },
    Property {
        advanced: true,
        sent: true,
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
        limits: &Limits::File(4 << 20, RECORDINGS),
        ..Property::file("recording", "Recording", "2 to 10 seconds of the voice alone.")
    },
];

/// The extensions of the recordings that the API takes.
const RECORDINGS: &[&str] = &["flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"];

/// The languages of the reference page, in its order.
pub const LANGUAGES: &[(&str, &str)] = &[
    ("Afrikaans", "af"),
    ("Arabic", "ar"),
    ("Armenian", "hy"),
    ("Azerbaijani", "az"),
    ("Belarusian", "be"),
    ("Bosnian", "bs"),
    ("Bulgarian", "bg"),
    ("Catalan", "ca"),
    ("Chinese (Simplified)", "zh"),
    ("Croatian", "hr"),
    ("Czech", "cs"),
    ("Danish", "da"),
    ("Dutch", "nl"),
    ("Greek", "el"),
    ("Estonian", "et"),
    ("English", "en"),
    ("Finnish", "fi"),
    ("French", "fr"),
    ("Galician", "gl"),
    ("German", "de"),
    ("Hebrew", "he"),
    ("Hindi", "hi"),
    ("Hungarian", "hu"),
    ("Icelandic", "is"),
    ("Indonesian", "id"),
    ("Italian", "it"),
    ("Japanese", "ja"),
    ("Kazakh", "kk"),
    ("Kannada", "kn"),
    ("Korean", "ko"),
    ("Lithuanian", "lt"),
    ("Latvian", "lv"),
    ("Maori", "mi"),
    ("Macedonian", "mk"),
    ("Marathi", "mr"),
    ("Malay", "ms"),
    ("Nepali", "ne"),
    ("Norwegian", "no"),
    ("Persian", "fa"),
    ("Polish", "pl"),
    ("Portuguese", "pt"),
    ("Romanian", "ro"),
    ("Russian", "ru"),
    ("Slovak", "sk"),
    ("Slovenian", "sl"),
    ("Serbian", "sr"),
    ("Spanish", "es"),
    ("Swedish", "sv"),
    ("Swahili", "sw"),
    ("Tamil", "ta"),
    ("Tagalog", "tl"),
    ("Thai", "th"),
    ("Turkish", "tr"),
    ("Ukrainian", "uk"),
    ("Urdu", "ur"),
    ("Vietnamese", "vi"),
    ("Welsh", "cy"),
];
