//! What a user fills in.

use crate::table::{Choice, Choices, Comparison, Condition, Known, Limits, Literal, Property};

/// The table.
pub const PROPERTIES: &[Property] = &[
    Property {
        required: true,
        default: Some(&Literal::Text("gpt-image-1.5")),
        sent: true,
        ..Property::string(
            "model",
            "Model",
            "The model that draws. Any name that the server knows can be typed.",
        )
        .select(&Choices::live(Known::Described(&[
            ("gpt-image-1.5", ""),
            ("gpt-image-2", ""),
            ("gpt-image-1", ""),
            ("gpt-image-1-mini", ""),
            ("dall-e-3", RETIRED),
            ("dall-e-2", RETIRED),
        ])))
    },
    Property {
        required: true,
        limits: &Limits::MinItems(1),
        ..Property::array(
            "imageMessages",
            "Messages",
            "What the image shows. The contents become one prompt, the heaviest first, with a \
             blank line between them.",
            &[Property::object("", "", "", MESSAGE)],
        )
    },
    Property {
        required: true,
        default: Some(&Literal::Text("1024x1024")),
        ..Property::any(
            "size",
            "Size",
            "Width and height in pixels, as \"1024x1024\" or [1024, 1024]. Which sizes there are \
             depends on the model; newer models also take \"auto\".",
            &Choices::open(Known::Choices(&[
                Choice::labelled("Dall-e-2 256x256", Literal::Text("256x256")),
                Choice::labelled("Dall-e-2 512x512", Literal::Text("512x512")),
                Choice::text("1024x1024"),
                Choice::labelled("Dall-e-3 1792x1024", Literal::Text("1792x1024")),
                Choice::labelled("Dall-e-3 1024x1792", Literal::Text("1024x1792")),
                Choice::text("auto").described("The model chooses."),
                Choice::text("1536x1024"),
                Choice::text("1024x1536"),
            ])),
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Integer(1)),
        limits: &Limits::Range(1.0, 10.0),
        sent: true,
        ..Property::integer(
            "n",
            "Number of responses",
            "How many images to make. Each is charged. dall-e-3 makes only one.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Text("url")),
        ..Property::string(
            "responseFormat",
            "Response format",
            "Whether the output holds each image's content as base64 text besides its URL. Left \
             empty, it holds the URL only.",
        )
        .select(&Choices::closed(Known::Described(&[
            ("url", "A link to the image."),
            ("b64_json", "Also the content, as base64 text."),
        ])))
    },
    Property {
        advanced: true,
        sent: true,
        ..Property::string(
            "quality",
            "Quality",
            "How much work goes into the image: standard or hd for DALL·E models; low, medium or \
             high for GPT image models. Left empty, the model decides.",
        )
        .select(&Choices::open(Known::Texts(&["standard", "hd", "low", "medium", "high", "auto"])))
    },
    Property {
        advanced: true,
        sent: true,
        ..Property::string(
            "style",
            "Style",
            "The look of the image. Only dall-e-3 and servers that imitate it take one: leave it \
             empty for other models.",
        )
        .select(&Choices::closed(Known::Described(&[
            ("vivid", "Strong colours, dramatic light."),
            ("natural", "Closer to a photograph."),
        ])))
    },
    Property {
        advanced: true,
        sent: true,
        ..Property::string(
            "user",
            "User",
            "An id of the person on whose behalf the image is made, so that OpenAI can trace \
             abuse. Send a random or hashed id, never a name or address.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Text("auto")),
        sent: true,
        ..Property::string(
            "background",
            "Background",
            "What is behind the subject. Only GPT image models take it.",
        )
        .select(&Choices::closed(Known::Described(&[
            ("auto", ""),
            ("transparent", "Nothing. Needs the format png or webp."),
            ("opaque", ""),
        ])))
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Text("png")),
        sent: true,
        ..Property::string(
            "outputFormat",
            "Output Format",
            "The format of the image's file. Only GPT image models take it.",
        )
        .select(&Choices::closed(Known::Texts(&["png", "jpeg", "webp"])))
    },
    Property {
        advanced: true,
        condition: Some(&Condition {
            property: "outputFormat",
            matches: Comparison::OneOf,
            values: &[Literal::Text("jpeg"), Literal::Text("webp")],
        }),
        provider_default: Some(&Literal::Integer(100)),
        limits: &Limits::Range(0.0, 100.0),
        sent: true,
        ..Property::integer(
            "outputCompression",
            "Output Compression",
            "How much of the image's quality is kept, in percent: less makes a smaller file.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Text("auto")),
        sent: true,
        ..Property::string(
            "moderation",
            "Moderation",
            "How strictly prompts are filtered. Only GPT image models take it.",
        )
        .select(&Choices::closed(Known::Described(&[("auto", ""), ("low", "Less strictly.")])))
    },
    Property {
        advanced: true,
        provider_default: Some(&Literal::Integer(0)),
        limits: &Limits::Range(0.0, 3.0),
        ..Property::integer(
            "partialImages",
            "Partial Images",
            "How many previews are shown while the image is made, to a caller that wants the run \
             streamed. Each is charged. Only GPT image models send any.",
        )
    },
];

/// One item of `imageMessages`.
const MESSAGE: &[Property] = &[
    Property {
        required: true,
        placeholder: Some("A lighthouse at dusk"),
        ..Property::string("content", "Content", "A part of the description, in words.")
    },
    Property::number(
        "weight",
        "Weight",
        "How important this part is: heavier parts come first in the prompt. Must be above 0. \
         Left empty, it is 1.",
    ),
];

const RETIRED: &str = "Retired by OpenAI; other servers still offer it.";
