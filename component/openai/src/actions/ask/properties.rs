//! What a user fills in.

use crate::table::{
    Choice, Choices, Comparison, Condition, ControlType, Known, Limits, Literal, Property,
};

/// The table.
pub const PROPERTIES: &[Property] = &[
    Property {
        required: true,
        default: Some(&Literal::Text("gpt-5.4")),
        sent: true,
        ..Property::string(
            "model",
            "Model",
            "The model that answers. Any name that the server knows can be typed.",
        )
        .select(&Choices::live(Known::Texts(&[
            "gpt-5.4",
            "gpt-5.4-mini",
            "gpt-5.4-nano",
            "gpt-5.5",
            "gpt-4.1",
            "gpt-4.1-mini",
            "gpt-4o",
            "gpt-4o-mini",
            "o4-mini",
        ])))
    },
    Property {
        required: true,
        limits: &Limits::MinItems(1),
        ..Property::array(
            "messages",
            "Messages",
            "The conversation so far, the oldest message first. The model answers the last one.",
            &[Property::object("", "", "", MESSAGE)],
        )
    },
    Property {
        default: Some(&Literal::Integer(0)),
        ..Property::integer(
            "responseFormat",
            "Response Format",
            "The shape of the answer. Object and List return parsed JSON instead of text; a \
             Response Schema makes their shape certain.",
        )
        .select(&Choices::closed(Known::Choices(&[
            Choice::labelled("Text", Literal::Integer(0)).described("The answer as it is."),
            Choice::labelled("Object", Literal::Integer(1)).described("A JSON object."),
            Choice::labelled("List", Literal::Integer(2)).described("A JSON array."),
        ])))
    },
    Property {
        control: ControlType::TextArea,
        condition: Some(&NOT_TEXT),
        placeholder: Some("{\"type\": \"object\", …}"),
        media_type: Some("application/schema+json"),
        ..Property::string(
            "responseSchema",
            "Response Schema",
            "A JSON Schema of the object, or of the list's items. Left empty, the model chooses \
             the members itself.",
        )
    },
    Property {
        advanced: true,
        limits: &Limits::Minimum(1.0),
        ..Property::integer(
            "maxTokens",
            "Max Tokens",
            "The most tokens that an answer may take, what the model thinks to itself included. \
             Left empty, only the model's own limit holds.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Integer(1)),
        limits: &Limits::Range(1.0, 128.0),
        sent: true,
        ..Property::integer(
            "n",
            "Number of Chat Completion Choices",
            "How many answers to give. Above 1 the output is a list of them, and each is charged.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Integer(1)),
        limits: &Limits::Range(0.0, 2.0),
        sent: true,
        ..Property::number(
            "temperature",
            "Temperature",
            "How much chance there is in the choice of words: at 0 the answer is nearly always the \
             same. Change this or Top P, not both. Leave it empty for reasoning models, which \
             mostly refuse it.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Integer(1)),
        limits: &Limits::Range(0.0, 1.0),
        sent: true,
        ..Property::number(
            "topP",
            "Top P",
            "From how much of the probability words are chosen: at 0.1 only the most probable \
             tenth counts. Change this or Temperature, not both.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Integer(0)),
        limits: &Limits::Range(-2.0, 2.0),
        sent: true,
        ..Property::number(
            "frequencyPenalty",
            "Frequency Penalty",
            "Above 0, a word becomes less likely each time it occurs, which avoids repeated \
             phrases; below 0, more likely.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Integer(0)),
        limits: &Limits::Range(-2.0, 2.0),
        sent: true,
        ..Property::number(
            "presencePenalty",
            "Presence Penalty",
            "Above 0, a word that has occurred at all becomes less likely, which leads to new \
             topics; below 0, more likely.",
        )
    },
    Property {
        advanced: true,
        limits: &Limits::Keys("[0-9]+"),
        sent: true,
        ..Property::map(
            "logitBias",
            "Logit Bias",
            "Makes single tokens more or less likely: the token's number, and a whole number. The \
             lowest means never, the highest always.",
            &Property { limits: &Limits::Range(-100.0, 100.0), ..Property::integer("", "", "") },
        )
    },
    Property {
        advanced: true,
        limits: &Limits::MaxItems(4),
        sent: true,
        ..Property::array(
            "stop",
            "Stop",
            "Texts at which the answer ends; they do not become part of it. Leave it \
             empty for reasoning models.",
            &[Property::string("", "", "")],
        )
    },
    Property {
        advanced: true,
        ..Property::array(
            "functions",
            "Functions",
            "The names of functions that the model may call before it answers, such as \
             openai/v1/createImage. They run on your side.",
            &[Property::string("", "", "")],
        )
    },
    Property {
        advanced: true,
        sent: true,
        ..Property::string(
            "user",
            "User",
            "An id of the person on whose behalf the model is asked, so that OpenAI can trace \
             abuse. Send a random or hashed id, never a name or address.",
        )
    },
    Property {
        advanced: true,
        condition: Some(&NOT_TEXT),
        provider_default: Some(&Literal::Integer(1)),
        limits: &Limits::Range(0.0, 5.0),
        ..Property::integer(
            "repairAttempts",
            "Repair Attempts",
            "How often the model is asked to correct an answer that does not fit the Response \
             Schema. Each time is charged.",
        )
    },
    Property {
        advanced: true,
        sent: true,
        ..Property::string(
            "reasoningEffort",
            "Reasoning Effort",
            "How much a reasoning model thinks before it answers. Which values there are depends \
             on the model.",
        )
        .select(&Choices::open(Known::Texts(&[
            "none", "minimal", "low", "medium", "high", "xhigh", "max",
        ])))
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Text("medium")),
        sent: true,
        ..Property::string("verbosity", "Verbosity", "How long the answer is to be.")
            .select(&Choices::closed(Known::Texts(&["low", "medium", "high"])))
    },
    Property {
        advanced: true,
        sent: true,
        ..Property::integer(
            "seed",
            "Seed",
            "With the same number, the same request mostly has the same answer.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Text("auto")),
        sent: true,
        ..Property::string(
            "serviceTier",
            "Service Tier",
            "How fast, and at what price, the request is processed.",
        )
        .select(&Choices::open(Known::Texts(&["auto", "default", "flex", "scale", "priority"])))
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Boolean(false)),
        sent: true,
        ..Property::boolean(
            "store",
            "Store",
            "Whether the provider keeps the answer, so that it can be looked at later.",
        )
    },
    Property {
        advanced: true,
        limits: &Limits::MaxItems(16),
        sent: true,
        ..Property::map(
            "metadata",
            "Metadata",
            "Texts of your own that the provider keeps with a stored answer.",
            &Property { limits: &Limits::MaxLength(512), ..Property::string("", "", "") },
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Boolean(false)),
        sent: true,
        ..Property::boolean(
            "logprobs",
            "Log Probabilities",
            "Whether the run's metadata tells how probable each token of the answer was.",
        )
    },
    Property {
        advanced: true,
        condition: Some(&Condition {
            property: "logprobs",
            matches: Comparison::OneOf,
            values: &[Literal::Boolean(true)],
        }),
        limits: &Limits::Range(0.0, 20.0),
        sent: true,
        ..Property::integer(
            "topLogprobs",
            "Top Log Probabilities",
            "For how many of the likeliest tokens at each place it is told.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Boolean(true)),
        ..Property::boolean(
            "parallelFunctionCalls",
            "Parallel Function Calls",
            "Whether the model may ask for several function calls at once.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Integer(ROUNDS)),
        limits: &Limits::Range(1.0, 50.0),
        ..Property::integer(
            "maxFunctionRounds",
            "Max Function Rounds",
            "How often functions are called and the model asked again before the run fails.",
        )
    },
    Property {
        advanced: true,
        limits: &Limits::MaxLength(64),
        sent: true,
        ..Property::string(
            "safetyIdentifier",
            "Safety Identifier",
            "What User is for, under its newer name.",
        )
    },
    Property {
        advanced: true,
        sent: true,
        ..Property::string(
            "promptCacheKey",
            "Prompt Cache Key",
            "A name for requests that begin alike, so that OpenAI can answer them faster and \
             cheaper.",
        )
    },
    Property {
        advanced: true,
        ..Property::array(
            "attachments",
            "Attachments",
            "Files that go with the last message of the role user: images (png, jpeg, webp, gif), \
             recordings (wav, mp3), PDFs and texts.",
            &[Property { limits: &Limits::File(20 << 20, &[]), ..Property::file("", "", "") }],
        )
    },
    Property {
        advanced: true,
        condition: Some(&Condition {
            property: "attachments",
            matches: Comparison::Present,
            values: &[],
        }),
        provider_default: Some(&Literal::Text("auto")),
        ..Property::string(
            "imageDetail",
            "Image Detail",
            "How closely the model looks at attached images. Looking closely takes more tokens.",
        )
        .select(&Choices::closed(Known::Texts(&["auto", "low", "high"])))
    },
];

/// How often functions are called if the user does not say.
pub const ROUNDS: u32 = 10;

/// That the answer is to be JSON.
const NOT_TEXT: Condition = Condition {
    property: "responseFormat",
    matches: Comparison::NoneOf,
    values: &[Literal::Integer(0)],
};

/// One item of `messages`.
const MESSAGE: &[Property] = &[
    // It may be empty, because forms that have a box for instructions send it so.
    Property {
        required: true,
        limits: &Limits::MayBeEmpty,
        placeholder: Some("Why is the sky blue?"),
        ..Property::string(
            "content",
            "Content",
            "What is said. A message of the role system or developer that is empty is left out.",
        )
    },
    Property {
        required: true,
        default: Some(&Literal::Text("user")),
        ..Property::string("role", "Role", "Who says it.").select(&Choices::closed(
            Known::Described(&[
                ("system", "Instructions for the model."),
                ("user", "The person who asks."),
                ("assistant", "The model, in an earlier answer."),
                ("tool", "The result of a function."),
                ("developer", "Instructions for reasoning models."),
            ]),
        ))
    },
];
