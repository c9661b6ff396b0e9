//! Create Image: `POST /images/generations`.
//!
//! [`models`] knows which model takes what.

mod models;
mod properties;

use alloc::string::String;
use alloc::vec::Vec;

pub use self::properties::PROPERTIES;
use super::{Action, Output, parse};
use crate::bindings::exports::workflow::connector::actions::Outcome;
use crate::bindings::workflow::connector::events::{self, Event};
use crate::bindings::workflow::connector::http;
use crate::connection::Settings;
use crate::describe::Table;
use crate::failure::{Failure, Result, item};
use crate::file_entry::FileEntry;
use crate::json::input::{FromJson, members};
use crate::json::{Json, Number, Object, Value, decimal};
use crate::openai::models::has_any;
use crate::openai::request::{post, send};
use crate::openai::stream::{Next, Stream};
use crate::openai::{error, parameters, usage::Usage};
use crate::table::{ControlType, Property, count_sent, sent};

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
    Property::string("revisedPrompt", "Revised Prompt", "The prompt as the model rewrote it."),
];

/// What is sent as it was given.
const SENT: [&str; count_sent(PROPERTIES)] = sent(PROPERTIES);

members! {
    /// What the action makes something of, or looks at.
    pub struct Input<'a> {
        model: &'a str = "model",
        image_messages: Vec<Message<'a>> = "imageMessages",
        size: &'a Value = "size",
        response_format: Option<&'a str> = "responseFormat",
        background: Option<&'a str> = "background",
        output_format: Option<&'a str> = "outputFormat",
        partial_images: Option<u64> = "partialImages",
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
    let given = parse(input)?;
    let input = Input::from_json(&given)?;
    // Previews cost something: without a listener there are none.
    let previews = input.partial_images.filter(|count| 0 < *count && events::streaming());
    let request = post("/images/generations", body(&input, &given, previews)?);
    let aliases = [("prompt", "imageMessages")];
    let blame = |name: &str| parameters::property(name, &Table::of("createImage"), &aliases);
    let answer = send(&request, &blame)?;
    let text = if previews.is_some() && !answer.has_type("application/json") {
        answer.collect(Some(&embedded(&input, &["b64_json"])), &blame, collect)?
    } else {
        answer.json(Some(&embedded(&input, &["data", "*", "b64_json"])))?
    };
    outcome(&input, &text, answer.request_id.as_deref()).map_err(|failure| answer.told(failure))
}

/// The request's body.
fn body(input: &Input, given: &Value, previews: Option<u64>) -> Result<Json> {
    let (prompt, size) = (prompt(&input.image_messages)?, size(input.size)?);
    models::check(input, given, &size, &prompt)?;
    let format = input.response_format.filter(|_| models::takes_format(input.model));
    Ok(Object::new()
        .set_all(&parameters::given(&SENT, given))
        .set("prompt", prompt)
        .set("size", size)
        .set_some("response_format", format)
        .set_some("stream", previews.map(|_| true))
        .set_some("partial_images", previews)
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
            let failure = Failure::invalid_input("weight", message);
            return Err(failure.inside(&item("imageMessages", index)));
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
        return Ok(format!("{}x{}", decimal(*width), decimal(*height)));
    }
    let message = "a size is a text such as \"1024x1024\", or [width, height] in whole pixels";
    Err(Failure::invalid_input("size", message))
}

/// Every image that comes as base64 becomes a file; the text itself is kept
/// only for those who asked for it.
fn embedded(input: &Input, path: &[&str]) -> http::EmbeddedFiles {
    http::EmbeddedFiles {
        path: path.iter().map(|step| (*step).into()).collect(),
        name: "image".into(),
        mime_type: "image/png".into(),
        keep: input.response_format == Some("b64_json"),
    }
}

/// Collects a stream to the answer that would have come in one, and tells of
/// the previews.
fn collect(stream: &mut Stream) -> Result<String> {
    let mut images = Vec::new();
    while let Next::Object(event) = stream.next_event()? {
        match event.text("type") {
            Some("image_generation.partial_image") => {
                if let Some(file) = file(&event) {
                    let file = FileEntry::from_json(file)?.handle();
                    (stream.tell)(Event::File(file))?;
                }
            }
            Some("image_generation.completed") => images.push(event),
            _ => {}
        }
    }
    let created = images.first().and_then(|image| image.get("created_at")).map(Json::of);
    let images: Vec<_> = images.iter().map(Json::of).collect();
    let answer = Object::new().set_some("created", created).set("data", Json::list(&images)).done();
    Ok(answer.text())
}

/// The outcome of an answer, its base64 texts replaced by files.
fn outcome(input: &Input, answer: &str, request_id: Option<&str>) -> Result<Outcome> {
    let value = Value::parse(answer).unwrap_or(Value::Null);
    let images = value.items("data");
    if !images.iter().any(|image| file(image).is_some() || url(image).is_some()) {
        return Err(error::instead("the provider returned no image", answer));
    }
    // An answer in one piece counts its tokens once, a stream image by image.
    let mut usage = Usage::default();
    usage.add(&value);
    for image in images {
        usage.add(image);
    }
    let (mut data, mut files) = (Vec::new(), Vec::new());
    for given in images {
        data.push(image(given));
        if let Some(file) = file(given) {
            files.push(Json::of(file));
        }
    }
    let output = Object::new()
        .set_some("created", value.number("created").and_then(seconds))
        .set("data", Json::list(&data))
        .set("files", Json::list(&files))
        .done();
    let metadata = Object::new()
        .set("model", input.model)
        .set_some("usage", usage.json())
        .set_some("requestId", request_id)
        .done();
    Ok(Outcome { output: output.text(), metadata: metadata.text() })
}

/// Whole seconds: some servers tell fractions of one.
fn seconds(time: &Number) -> Option<Number> {
    let time = time.as_f64();
    (time >= 0.0).then(|| (time as u64).into())
}

/// The stored file of an image. It may have come in place of a link.
fn file(image: &Value) -> Option<&Value> {
    image.at("b64_json/file").or_else(|| image.at("url/file"))
}

/// The provider's link to an image.
fn url(image: &Value) -> Option<&str> {
    image.text("url").filter(|url| !url.is_empty())
}

/// An image of the output. What the provider did not tell is left out.
fn image(image: &Value) -> Json {
    let text = |path: &str| image.text(path).filter(|text| !text.is_empty());
    Object::new()
        .set_some("url", url(image).or_else(|| file(image)?.text("url")))
        .set_some("b64Json", text("b64_json/base64").or_else(|| text("url/base64")))
        .set_some("revisedPrompt", text("revised_prompt"))
        .done()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::drift;
    use crate::failure::FailureKind;
    use crate::json::leaked;
    use crate::openai::stream;

    /// All that is given, with what a test is about.
    fn given(members: serde_json::Value) -> &'static Value {
        let mut input = json!({
            "model": "gpt-image-1.5", "imageMessages": [{ "content": "A cat" }],
            "size": "1024x1024",
        });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        leaked(input)
    }

    fn input(members: serde_json::Value) -> Input<'static> {
        Input::from_json(given(members)).unwrap()
    }

    /// The request of an input.
    fn request(members: serde_json::Value) -> Result<Json> {
        let given = given(members);
        body(&Input::from_json(given)?, given, None)
    }

    #[test]
    fn the_table_and_the_input_agree() {
        drift::check::<Input>(PROPERTIES);
    }

    #[test]
    fn only_what_is_set_is_sent() {
        assert_eq!(
            request(json!({})).unwrap(),
            json!({ "model": "gpt-image-1.5", "prompt": "A cat", "size": "1024x1024" })
        );
    }

    #[test]
    fn everything_that_is_set_is_sent() {
        let members = json!({
            "model": "dall-e-3", "size": [1792, 1024], "n": 1, "responseFormat": "b64_json",
            "quality": "hd", "style": "natural", "user": "u1",
        });
        assert_eq!(
            request(members).unwrap(),
            json!({
                "model": "dall-e-3", "prompt": "A cat", "size": "1792x1024", "n": 1,
                "response_format": "b64_json", "quality": "hd", "style": "natural", "user": "u1",
            })
        );
        let members = json!({
            "background": "opaque", "outputFormat": "webp", "outputCompression": 0,
            "moderation": "low",
        });
        assert_eq!(
            request(members).unwrap(),
            json!({
                "model": "gpt-image-1.5", "prompt": "A cat", "size": "1024x1024",
                "background": "opaque", "output_format": "webp", "output_compression": 0,
                "moderation": "low",
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
            let body = request(json!({ "model": model, "responseFormat": "url" })).unwrap().text();
            assert_eq!(body.contains("response_format"), sent, "{model}");
        }
    }

    #[test]
    fn base64_is_kept_only_on_request() {
        assert!(embedded(&input(json!({ "responseFormat": "b64_json" })), &[]).keep);
        assert!(!embedded(&input(json!({ "responseFormat": "url" })), &[]).keep);
        assert!(!embedded(&input(json!({})), &[]).keep);
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
    fn previews_are_asked_for_in_a_stream() {
        let given = given(json!({ "partialImages": 2 }));
        let request = body(&Input::from_json(given).unwrap(), given, Some(2)).unwrap();
        assert!(request.text().ends_with(r#","stream":true,"partial_images":2}"#));
        assert!(!body(&input(json!({})), given, None).unwrap().text().contains("partial"));
    }

    #[test]
    fn a_stream_is_its_previews_and_then_the_answer() {
        let file = |name: &str| json!({ "extension": "png", "mimeType": "image/png", "name": name, "url": name });
        let event = |type_: &str, name: &str| {
            json!({
                "type": format!("image_generation.{type_}"), "created_at": 7,
                "b64_json": { "file": file(name) }, "usage": { "total_tokens": 2 },
            })
        };
        let events = [
            event("partial_image", "image.png"),
            event("partial_image", "image-2.png"),
            json!({ "type": "image_generation.other" }),
            event("completed", "image-3.png"),
            event("completed", "image-4.png"),
        ];
        let (answer, told) = stream::read(&events, collect);
        let told: Vec<_> = told
            .into_iter()
            .map(|event| match event {
                Event::File(file) => file.name,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, ["image.png", "image-2.png"]);
        let outcome = outcome(&input(json!({})), &answer.unwrap(), None).unwrap();
        assert_eq!(
            Json::raw(outcome.output),
            json!({
                "created": 7,
                "data": [{ "url": "image-3.png" }, { "url": "image-4.png" }],
                "files": [file("image-3.png"), file("image-4.png")],
            })
        );
        assert!(outcome.metadata.contains(r#""usage":{"totalTokens":4}"#));
    }

    #[test]
    fn a_stream_without_the_image_is_a_failure() {
        let (answer, _) = stream::read(&[""; 0], collect);
        let failure = outcome(&input(json!({})), &answer.unwrap(), None).err().unwrap();
        assert_eq!(failure.kind, FailureKind::InvalidOutput);
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
    fn the_time_is_in_whole_seconds() {
        for (created, expected) in [
            ("1700000000", json!(1_700_000_000)),
            ("1700000000.75", json!(1_700_000_000)),
            ("1.7e9", json!(1_700_000_000)),
            ("0", json!(0)),
            ("-1", json!(null)),
            ("\"soon\"", json!(null)),
            ("null", json!(null)),
        ] {
            let answer =
                format!(r#"{{"created":{created},"data":[{{"url":"https://a.example"}}]}}"#);
            let outcome = outcome(&input(json!({})), &answer, None).unwrap();
            let output: serde_json::Value = serde_json::from_str(&outcome.output).unwrap();
            assert_eq!(output["created"], expected, "{created}");
        }
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
                { "url": { "file": file, "base64": "iVBOR" } },
            ],
            "usage": { "total_tokens": 9, "input_tokens_details": { "image_tokens": 0 } },
        });
        let outcome = outcome(&input(json!({})), &answer.to_string(), None).unwrap();
        assert_eq!(
            Json::raw(outcome.output),
            json!({
                "created": 1,
                "data": [
                    { "url": "file:1" },
                    { "url": "file:1", "b64Json": "iVBOR" },
                    { "url": "file:1", "b64Json": "iVBOR" },
                ],
                "files": [file, file, file],
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
