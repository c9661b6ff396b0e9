//! Create Image: `POST /images/generations`.

use super::{Action, Output, parse};
use crate::bindings::exports::workflow::connector::actions::Outcome;
use crate::bindings::workflow::connector::http;
use crate::connection::Settings;
use crate::failure::{Failure, Result};
use crate::json::input::{FromJson, members};
use crate::json::{Json, Number, Object, Value};
use crate::openai::models::has_any;
use crate::openai::request::{post, send};
use crate::openai::{param, usage::Usage};
use crate::table::{Choice, Choices, ControlType, Limits, Literal, Property};

/// The action.
pub const ACTION: Action = Action {
    name: "createImage",
    title: "Create Image",
    description: "Makes images from a description in words.",
    help: include_str!("create_image.md"),
    properties: PROPERTIES,
    output: Output::Fixed(&OUTPUT),
    run,
    suits: |id| has_any(id, &["image", "dall-e", "flux", "diffusion"]),
};

/// What a user fills in.
pub const PROPERTIES: &[Property] = &[
    Property {
        required: true,
        default: Some(Literal::Text("gpt-image-1.5")),
        ..Property::string(
            "model",
            "Model",
            "The model that draws. Any name that the server knows can be typed.",
        )
        .select(Choices::live(&[
            Choice::text("gpt-image-1.5"),
            Choice::text("gpt-image-2"),
            Choice::text("gpt-image-1"),
            Choice::text("gpt-image-1-mini"),
            Choice::text("dall-e-3").described(RETIRED),
            Choice::text("dall-e-2").described(RETIRED),
        ]))
    },
    Property {
        required: true,
        limits: &Limits::NOT_EMPTY,
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
        default: Some(Literal::Text("1024x1024")),
        ..Property::any(
            "size",
            "Size",
            "Width and height in pixels, as \"1024x1024\" or [1024, 1024]. Which sizes there are \
             depends on the model; newer models also take \"auto\".",
            Choices::open(&[
                Choice::labelled("Dall-e-2 256x256", Literal::Text("256x256")),
                Choice::labelled("Dall-e-2 512x512", Literal::Text("512x512")),
                Choice::text("1024x1024"),
                Choice::labelled("Dall-e-3 1792x1024", Literal::Text("1792x1024")),
                Choice::labelled("Dall-e-3 1024x1792", Literal::Text("1024x1792")),
                Choice::text("auto").described("The model chooses."),
                Choice::text("1536x1024"),
                Choice::text("1024x1536"),
            ]),
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Integer(1)),
        limits: &Limits::range(1.0, 10.0),
        ..Property::integer(
            "n",
            "Number of responses",
            "How many images to make. Each is charged. dall-e-3 makes only one.",
        )
    },
    Property {
        advanced: true,
        provider_default: Some(Literal::Text("url")),
        ..Property::string(
            "responseFormat",
            "Response format",
            "Whether the output holds each image's content as base64 text besides its URL. Left \
             empty, it holds the URL only.",
        )
        .select(Choices::closed(&[
            Choice::text("url").described("A link to the image."),
            Choice::text("b64_json").described("Also the content, as base64 text."),
        ]))
    },
    Property {
        advanced: true,
        ..Property::string(
            "quality",
            "Quality",
            "How much work goes into the image: standard or hd for DALL·E models; low, medium or \
             high for GPT image models. Left empty, the model decides.",
        )
        .select(Choices::open(&[
            Choice::text("standard"),
            Choice::text("hd"),
            Choice::text("low"),
            Choice::text("medium"),
            Choice::text("high"),
            Choice::text("auto"),
        ]))
    },
    Property {
        advanced: true,
        ..Property::string(
            "style",
            "Style",
            "The look of the image. Only dall-e-3 and servers that imitate it take one: leave it \
             empty for other models.",
        )
        .select(Choices::closed(&[
            Choice::text("vivid").described("Strong colours, dramatic light."),
            Choice::text("natural").described("Closer to a photograph."),
        ]))
    },
    Property {
        advanced: true,
        ..Property::string(
            "user",
            "User",
            "An id of the person on whose behalf the image is made, so that OpenAI can trace \
             abuse. Send a random or hashed id, never a name or address.",
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

/// The images.
const OUTPUT: Property = Property::object("", "", "", OUTPUT_MEMBERS);

const OUTPUT_MEMBERS: &[Property] = &[
    Property::integer("created", "Created", "When they were made, in seconds since 1970."),
    Property::array(
        "data",
        "Data",
        "The images, in the provider's order.",
        &[Property::object("", "", "", IMAGE)],
    ),
    Property::array("files", "Files", "The stored images.", &[Property::file("", "", "")]),
];

/// One image. What the provider did not tell is absent.
const IMAGE: &[Property] = &[
    Property {
        control: ControlType::Url,
        ..Property::string(
            "url",
            "URL",
            "The provider's link, which ends after an hour at OpenAI, or else the stored file's.",
        )
    },
    Property::string("b64Json", "Base64", "The content, if Response format asks for it."),
    Property::string("revisedPrompt", "Revised prompt", "The prompt as the model rewrote it."),
];

const RETIRED: &str = "Retired by OpenAI; other servers still offer it.";

members! {
    /// The input.
    pub struct Input<'a> {
        model: &'a str = "model",
        image_messages: Vec<Message<'a>> = "imageMessages",
        size: &'a Value = "size",
        n: Option<u64> = "n",
        response_format: Option<&'a str> = "responseFormat",
        quality: Option<&'a str> = "quality",
        style: Option<&'a str> = "style",
        user: Option<&'a str> = "user",
    }
}

members! {
    /// A part of the description.
    pub struct Message<'a> {
        content: &'a str = "content",
        weight: Option<&'a Number> = "weight",
    }
}

fn run(input: &str, _: &Settings) -> Result<Outcome> {
    let input = parse(input)?;
    let input = Input::from_json(&input)?;
    let request = post("/images/generations", body(&input)?);
    let blame = |name: &str| param::property(name, PROPERTIES, &[("prompt", "imageMessages")]);
    let answer = send(&request, &blame)?;
    let text = answer.json(Some(&embedded(&input)))?;
    outcome(&input, &text, answer.request_id.as_deref()).map_err(|failure| answer.told(failure))
}

/// The request's body.
fn body(input: &Input) -> Result<Json> {
    Ok(Object::new()
        .set("model", input.model)
        .set("prompt", prompt(&input.image_messages)?)
        .set("size", size(input.size)?)
        .set_some("n", input.n)
        .set_some("response_format", input.response_format.filter(|_| takes_format(input.model)))
        .set_some("quality", input.quality)
        .set_some("style", input.style)
        .set_some("user", input.user)
        .done())
}

/// The contents, the heaviest first, with a blank line between them.
fn prompt(messages: &[Message]) -> Result<String> {
    let mut sorted: Vec<(f64, &str)> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let weight = message.weight.map_or(1.0, Number::as_f64);
        if weight <= 0.0 {
            let message = "a weight is above 0: the API knows no parts to avoid, say in words \
                           what the image must not show";
            let property = format!("imageMessages[{index}].weight");
            return Err(Failure::invalid_input(property, message));
        }
        // Behind those of the same weight, so that they keep their order.
        let place = sorted.partition_point(|(other, _)| weight <= *other);
        sorted.insert(place, (weight, message.content));
    }
    let contents: Vec<_> = sorted.into_iter().map(|(_, content)| content).collect();
    Ok(contents.join("\n\n"))
}

/// A size as the API spells it, from a text or `[width, height]`.
fn size(size: &Value) -> Result<String> {
    if let Value::Text(text) = size {
        return Ok(text.clone());
    }
    let pixels = |value: &Value| value.as_number()?.as_u64();
    let pair = size.as_array().map(|pair| pair.iter().map(pixels).collect::<Vec<_>>());
    if let Some([Some(width), Some(height)]) = pair.as_deref() {
        return Ok(format!("{width}x{height}"));
    }
    let message = "a size is a text such as \"1024x1024\", or [width, height] in whole pixels";
    Err(Failure::invalid_input("size", message))
}

/// GPT image models always send base64 and refuse `response_format`.
fn takes_format(model: &str) -> bool {
    !["gpt-image-", "chatgpt-image-"].iter().any(|prefix| model.starts_with(prefix))
}

/// Every image that comes as base64 becomes a file; the text itself is kept
/// only for those who asked for it.
fn embedded(input: &Input) -> http::EmbeddedFiles {
    http::EmbeddedFiles {
        path: ["data", "*", "b64_json"].map(Into::into).into(),
        name: "image".into(),
        mime_type: "image/png".into(),
        keep: input.response_format == Some("b64_json"),
    }
}

/// The outcome of an answer, its base64 texts replaced by files.
fn outcome(input: &Input, answer: &str, request_id: Option<&str>) -> Result<Outcome> {
    let value = Value::parse(answer).unwrap_or(Value::Null);
    let images = value.get("data").and_then(Value::as_array).unwrap_or_default();
    if images.is_empty() {
        return Err(Failure::invalid_output("the provider returned no image", answer));
    }
    let files: Vec<_> = images.iter().filter_map(file).map(Json::of).collect();
    let images: Vec<_> = images.iter().map(image).collect();
    let output = Object::new()
        .set_some("created", value.get("created").and_then(Value::as_number))
        .set("data", Json::list(&images))
        .set("files", Json::list(&files))
        .done();
    let metadata = Object::new()
        .set("model", input.model)
        .set_some("usage", value.get("usage").map(Usage::of).and_then(|usage| usage.json()))
        .set_some("requestId", request_id)
        .done();
    Ok(Outcome { output: output.text(), metadata: metadata.text() })
}

/// The stored file of an image.
fn file(image: &Value) -> Option<&Value> {
    image.pointer("/b64_json/file")
}

/// An image of the output. What the provider did not tell is left out.
fn image(image: &Value) -> Json {
    let text = |pointer: &str| image.pointer(pointer)?.as_str().filter(|text| !text.is_empty());
    Object::new()
        .set_some("url", text("/url").or_else(|| text("/b64_json/file/url")))
        .set_some("b64Json", text("/b64_json/base64"))
        .set_some("revisedPrompt", text("/revised_prompt"))
        .done()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drift;
    use crate::failure::FailureKind;
    use crate::json::leaked;

    /// An input with what a test is about.
    fn input(members: serde_json::Value) -> Input<'static> {
        let mut input = json!({
            "model": "gpt-image-1.5", "imageMessages": [{ "content": "A cat" }],
            "size": "1024x1024",
        });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        Input::from_json(leaked(input)).unwrap()
    }

    #[test]
    fn the_table_and_the_input_agree() {
        drift::check::<Input>(PROPERTIES);
    }

    #[test]
    fn only_what_is_set_is_sent() {
        assert_eq!(
            body(&input(json!({}))).unwrap(),
            json!({ "model": "gpt-image-1.5", "prompt": "A cat", "size": "1024x1024" })
        );
    }

    #[test]
    fn everything_that_is_set_is_sent() {
        let input = input(json!({
            "model": "dall-e-3", "size": [1792, 1024], "n": 1, "responseFormat": "b64_json",
            "quality": "hd", "style": "natural", "user": "u1",
        }));
        assert_eq!(
            body(&input).unwrap(),
            json!({
                "model": "dall-e-3", "prompt": "A cat", "size": "1792x1024", "n": 1,
                "response_format": "b64_json", "quality": "hd", "style": "natural", "user": "u1",
            })
        );
    }

    #[test]
    fn the_format_is_sent_only_to_models_that_take_it() {
        for (model, sent) in [
            ("dall-e-2", true),
            ("flux-schnell", true),
            ("gpt-image-1", false),
            ("gpt-image-2-2026-04-21", false),
            ("chatgpt-image-latest", false),
        ] {
            let input = input(json!({ "model": model, "responseFormat": "url" }));
            let body = body(&input).unwrap().text();
            assert_eq!(body.contains("response_format"), sent, "{model}");
        }
    }

    #[test]
    fn base64_is_kept_only_on_request() {
        assert!(embedded(&input(json!({ "responseFormat": "b64_json" }))).keep);
        assert!(!embedded(&input(json!({ "responseFormat": "url" }))).keep);
        assert!(!embedded(&input(json!({}))).keep);
    }

    #[test]
    fn the_heaviest_part_comes_first() {
        let input = input(json!({ "imageMessages": [
            { "content": "light", "weight": 0.5 },
            { "content": "first of two" },
            { "content": "heavy", "weight": 2 },
            { "content": "second of two", "weight": 1 },
        ]}));
        assert_eq!(
            prompt(&input.image_messages).unwrap(),
            "heavy\n\nfirst of two\n\nsecond of two\n\nlight"
        );
    }

    #[test]
    fn there_are_no_parts_to_avoid() {
        for weight in [0.0, -1.0] {
            let input = input(json!({ "imageMessages": [
                { "content": "a" }, { "content": "b", "weight": weight },
            ]}));
            let failure = prompt(&input.image_messages).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput);
            assert_eq!(failure.property.as_deref(), Some("imageMessages[1].weight"));
        }
    }

    #[test]
    fn a_size_is_a_text_or_a_pair() {
        assert_eq!(size(&json!("auto").into()).unwrap(), "auto");
        assert_eq!(size(&json!([256, 256]).into()).unwrap(), "256x256");
        for odd in [json!([256]), json!([1, 2, 3]), json!([1.5, 2]), json!([-1, 2]), json!(256)] {
            assert_eq!(
                size(&odd.clone().into()).unwrap_err().property.as_deref(),
                Some("size"),
                "{odd}"
            );
        }
    }

    #[test]
    fn links_are_passed_on() {
        let answer = r#"{"created":1700000000,"data":[
            {"url":"https://images.example/1.png","b64_json":null,"revised_prompt":"A fine cat"}
        ]}"#;
        let outcome = outcome(&input(json!({})), answer, Some("req_1")).unwrap();
        assert_eq!(
            Json::raw(outcome.output),
            json!({
                "created": 1700000000,
                "data": [{ "url": "https://images.example/1.png", "revisedPrompt": "A fine cat" }],
                "files": [],
            })
        );
        assert_eq!(outcome.metadata, r#"{"model":"gpt-image-1.5","requestId":"req_1"}"#);
    }

    #[test]
    fn stored_images_have_the_url_of_their_file() {
        let file = json!({
            "extension": "png", "mimeType": "image/png", "name": "image.png", "url": "file:1",
        });
        let answer = json!({
            "created": 1,
            "data": [
                { "b64_json": { "file": file } },
                { "b64_json": { "file": file, "base64": "iVBOR" } },
            ],
            "usage": { "total_tokens": 9, "input_tokens_details": { "image_tokens": 0 } },
        });
        let outcome = outcome(&input(json!({})), &answer.to_string(), None).unwrap();
        assert_eq!(
            Json::raw(outcome.output),
            json!({
                "created": 1,
                "data": [{ "url": "file:1" }, { "url": "file:1", "b64Json": "iVBOR" }],
                "files": [file, file],
            })
        );
        assert_eq!(
            outcome.metadata,
            r#"{"model":"gpt-image-1.5","usage":{"totalTokens":9,"inputImageTokens":0}}"#
        );
    }

    #[test]
    fn an_answer_without_images_is_a_failure() {
        for answer in [r#"{"created":1,"data":[]}"#, r#"{"created":1}"#, "[]", "null"] {
            let failure = outcome(&input(json!({})), answer, None).err().unwrap();
            assert_eq!(failure.kind, FailureKind::InvalidOutput, "{answer}");
        }
    }
}
