//! Create Image: `POST /images/generations`.
//!
//! [`rules`] defines what each model supports, and [`answer`] reads the response.

mod answer;
mod rules;

use connector_sdk::http::EmbeddedFiles;
use connector_sdk::{
    Effects, Example, Failure, Options, OptionsRequest, Outcome, Properties, Result, Run, Settings,
    events, http,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use self::answer::{Answer, Images};
use crate::batch::action::{Batched, Request, Response};
use crate::{models, parameters};

/// Generates images from a text description.
#[serde_with::skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct CreateImage {
    /// The image model to use. You can enter any model the server supports.
    #[property(default = "gpt-image-1.5", live, open_choices(
        "gpt-image-1.5",
        "gpt-image-2",
        "gpt-image-1",
        "gpt-image-1-mini",
        "dall-e-3": "Retired by OpenAI; other servers still offer it.",
        "dall-e-2": "Retired by OpenAI; other servers still offer it.",
    ))]
    model: String,
    /// The description of the image. The messages are joined into one prompt, highest weight
    /// first, with a blank line between them.
    #[serde(skip_serializing)]
    #[property(label = "Messages", min_items = 1)]
    image_messages: Vec<Message>,
    /// Width and height in pixels, as "1024x1024" or [1024, 1024]. The supported sizes depend
    /// on the model; newer models also accept "auto".
    #[property(default = "1024x1024", open_choices(
        "256x256" as "Dall-e-2 256x256",
        "512x512" as "Dall-e-2 512x512",
        "1024x1024",
        "1792x1024" as "Dall-e-3 1792x1024",
        "1024x1792" as "Dall-e-3 1024x1792",
        "auto": "The model chooses.",
        "1536x1024",
        "1024x1536",
    ))]
    size: Value,
    /// The number of images to generate. Each image is charged. dall-e-3 supports only one.
    #[property(label = "Number of responses", advanced, group = "Output")]
    #[property(minimum = 1, maximum = 10, provider_default = 1)]
    n: Option<u64>,
    /// Whether the output includes each image's content as base64 in addition to its URL.
    /// Leave empty for the URL only.
    #[property(label = "Response format", advanced, group = "Output", provider_default = "url")]
    #[property(choices(
        "url": "A link to the image.",
        "b64_json": "A link, and the content as base64.",
    ))]
    response_format: Option<String>,
    /// The quality of the image: standard or hd for DALL·E models; low, medium or high for
    /// GPT image models. Leave empty to let the model decide.
    #[property(advanced, group = "Look")]
    #[property(open_choices("standard", "hd", "low", "medium", "high", "auto"))]
    quality: Option<String>,
    /// The style of the image. Only dall-e-3 and servers that imitate it support this; leave
    /// empty for other models.
    #[property(advanced, group = "Look", choices(
        "vivid": "Strong colors and dramatic light.",
        "natural": "Closer to a photograph.",
    ))]
    style: Option<String>,
    /// A random or hashed ID for your end user, which helps OpenAI detect abuse. Never use
    /// a name or an email address.
    #[property(advanced, group = "Safety")]
    user: Option<String>,
    /// The background of the image. GPT image models only.
    #[property(advanced, group = "Look", provider_default = "auto", choices(
        "auto",
        "transparent": "Requires the output format png or webp.",
        "opaque",
    ))]
    background: Option<String>,
    /// The file format of the image. GPT image models only.
    #[property(advanced, group = "Output", provider_default = "png")]
    #[property(choices("png", "jpeg", "webp"))]
    output_format: Option<String>,
    /// How much of the image's quality to keep, in percent. Lower values make smaller files.
    #[property(advanced, group = "Output", when(output_format in ["jpeg", "webp"]))]
    #[property(minimum = 0, maximum = 100, provider_default = 100)]
    output_compression: Option<u64>,
    /// How strictly prompts are filtered. GPT image models only.
    #[property(advanced, group = "Safety", provider_default = "auto")]
    #[property(choices("auto", "low": "Less strict."))]
    moderation: Option<String>,
    /// The number of previews to send while the image is generated, if the run is streamed.
    /// Each preview is charged. GPT image models only.
    #[property(advanced, group = "Output", minimum = 0, maximum = 3, provider_default = 0)]
    partial_images: Option<u64>,
}

#[derive(Deserialize, Properties)]
struct Message {
    /// A part of the description.
    #[property(placeholder = "A lighthouse at dusk")]
    content: String,
    /// The importance of this part: parts with a higher weight come first in the prompt. Must
    /// be greater than 0. Leave empty for 1.
    weight: Option<Number>,
}

impl Run for CreateImage {
    const HELP: &str = include_str!("create_image.md");
    const GROUP: &str = "Images";
    const TEXT_PROPERTY: &str = "imageMessages[0].content";
    const EFFECTS: Effects = Effects::BILLED;
    const EXAMPLES: &[Example] = &[
        Example {
            title: "An image from a description",
            input: r#"{"imageMessages": [{"content": "A lighthouse at dusk, in oil"}]}"#,
        },
        Example {
            title: "A sticker with a transparent background",
            input: r#"{
                "imageMessages": [{"content": "A sticker of a smiling teapot"}],
                "background": "transparent",
                "outputFormat": "webp"
            }"#,
        },
    ];

    type Output = Images;

    fn run(self, _: &Settings) -> Result<Outcome<Images>> {
        let body = self.body()?;
        let is_streamed = body.contains_key("stream");
        let response = http::post("/images/generations").json(&body).send()?;
        let answer = if is_streamed && !response.has_type("application/json") {
            Answer::streamed(response.events_with_files(&self.embedded(&["b64_json"])))
        } else {
            response
                .json_text(Some(&self.embedded(&["data", "*", "b64_json"])))
                .and_then(|json| Answer::read(&json))
        };
        let answer = answer.map_err(|failure| failure.answered_by(&response))?;
        answer.outcome(Some(&self.model), response.request_id())
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        let is_likely = |id: &str| models::has_any(id, &["image", "dall-e", "flux", "diffusion"]);
        models::options(request, Self::PROPERTIES, is_likely)
    }
}

const ENDPOINT: &str = "/v1/images/generations";

/// The note of a request in a batch whose output includes the base64.
const BASE64: &str = "base64";

impl Batched for CreateImage {
    const ENDPOINTS: &[&str] = &[ENDPOINT];

    fn request(&self, _: &Settings) -> Result<Request> {
        let body = self.whole_body()?.into();
        let notes = self.keeps_base64().then_some(BASE64).into_iter().collect();
        Ok(Request { endpoint: ENDPOINT, body, files: Vec::new(), notes })
    }

    fn outcome(mut response: Response) -> Result<Outcome<Images>> {
        let format = response.body.get("output_format").and_then(Value::as_str).unwrap_or("png");
        let mime_type = format!("image/{format}");
        let keep = response.has(BASE64);
        let path = &["data", "*", "b64_json"];
        let files = EmbeddedFiles { path, name: "image", mime_type: &mime_type, keep };
        files.store(&mut response.body)?;
        let answer = Answer::read(&response.body.to_string())?;
        answer.outcome(response.model, response.request_id)
    }
}

impl CreateImage {
    /// The body of the request. Previews are charged, so they are requested only
    /// for a caller that listens.
    fn body(&self) -> Result<Map<String, Value>> {
        let mut body = self.whole_body()?;
        let previews = self.partial_images.filter(|previews| *previews > 0);
        if let Some(previews) = previews.filter(|_| events::streaming()) {
            body.insert("stream".to_owned(), true.into());
            body.insert("partial_images".to_owned(), previews.into());
        }
        Ok(body)
    }

    /// The body of the request for an answer in one piece.
    fn whole_body(&self) -> Result<Map<String, Value>> {
        let (prompt, size) = (prompt(&self.image_messages)?, size(&self.size)?);
        let mut body = parameters::given(self)?;
        body.insert("prompt".to_owned(), prompt.into());
        body.insert("size".to_owned(), size.into());
        rules::check(&self.model, &body)?;
        if !rules::takes_format(&self.model) {
            body.shift_remove("response_format");
        }
        body.shift_remove("partial_images");
        Ok(body)
    }

    /// Stores each base64 image as a file. The base64 itself is kept only if the
    /// input requests it.
    fn embedded<'a>(&self, path: &'a [&'a str]) -> EmbeddedFiles<'a> {
        EmbeddedFiles { path, name: "image", mime_type: "image/png", keep: self.keeps_base64() }
    }

    fn keeps_base64(&self) -> bool {
        self.response_format.as_deref() == Some("b64_json")
    }
}

/// Joins the contents, highest weight first, with a blank line between them.
fn prompt(messages: &[Message]) -> Result<String> {
    let mut parts = Vec::new();
    for (index, Message { content, weight }) in messages.iter().enumerate() {
        let weight = weight.as_ref().and_then(Number::as_f64).unwrap_or(1.0);
        if weight <= 0.0 {
            let message = "`weight` must be greater than 0: the API cannot exclude anything, so \
                           describe in words what the image must not show";
            let place = format!("imageMessages[{index}]");
            return Err(Failure::invalid_input("weight", message).inside(&place));
        }
        parts.push((weight, content.as_str()));
    }
    // The sort is stable: parts with the same weight keep their order.
    parts.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let contents: Vec<_> = parts.into_iter().map(|(_, content)| content).collect();
    Ok(contents.join("\n\n"))
}

/// Converts a string or `[width, height]` to the API's notation for sizes.
fn size(size: &Value) -> Result<String> {
    if let Value::String(text) = size {
        return Ok(text.clone());
    }
    if let Some([width, height]) = size.as_array().map(Vec::as_slice)
        && let (Some(width), Some(height)) = (pixels(width), pixels(height))
    {
        return Ok(format!("{width}x{height}"));
    }
    let message =
        "`size` must be a string such as \"1024x1024\", or [width, height] in whole pixels";
    Err(Failure::invalid_input("size", message))
}

/// Reads a whole number, which may have a decimal point, as in `1024.0`.
fn pixels(value: &Value) -> Option<u64> {
    let number = value.as_f64()?;
    (number >= 0.0 && number.fract() == 0.0).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use connector_sdk::testing::{self, Answer, Host};
    use connector_sdk::{FailureKind, FileEntry};
    use serde_json::json;

    use super::*;
    use crate::CONNECTOR;

    /// The minimal input with these additional members.
    fn input(members: Value) -> Value {
        let mut input = json!({ "imageMessages": [{ "content": "A cat" }] });
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        input
    }

    fn run(members: Value, answer: Value) -> Result<testing::Outcome> {
        let answer = Answer::json(200, answer).header("x-request-id", "req_1");
        Host::new(&CONNECTOR).answer(answer).run("createImage", input(members))
    }

    /// The body of the request for an input.
    fn body(host: Host, members: Value) -> Value {
        let host = host.answer(Answer::json(200, json!({ "data": [{ "url": "https://a" }] })));
        host.run("createImage", input(members)).unwrap();
        host.requests().remove(0).body
    }

    #[test]
    fn sends_the_format_only_to_models_that_support_it() {
        for (model, is_sent) in [
            ("dall-e-2", true),
            ("flux-schnell", true),
            ("gpt-image-1", false),
            ("gpt-image-2-2026-04-21", false),
            ("chatgpt-image-latest", false),
        ] {
            let members = json!({ "model": model, "responseFormat": "url" });
            let body = body(Host::new(&CONNECTOR), members);
            assert_eq!(body.get("response_format").is_some(), is_sent, "{model}");
        }
    }

    #[test]
    fn requests_previews_only_in_a_stream() {
        let streamed = body(Host::new(&CONNECTOR).streaming(), json!({ "partialImages": 2 }));
        assert_eq!((&streamed["stream"], &streamed["partial_images"]), (&json!(true), &json!(2)));
        let whole = body(Host::new(&CONNECTOR), json!({ "partialImages": 2 }));
        assert_eq!((whole.get("stream"), whole.get("partial_images")), (None, None));
    }

    #[test]
    fn rejects_invalid_input_before_the_request() {
        let weights = |weight| json!([{ "content": "a" }, { "content": "b", "weight": weight }]);
        for (members, property) in [
            (json!({ "imageMessages": weights(0) }), "imageMessages[1].weight"),
            (json!({ "imageMessages": weights(-1) }), "imageMessages[1].weight"),
            (json!({ "size": [256] }), "size"),
            (json!({ "size": [1, 2, 3] }), "size"),
            (json!({ "size": [1.5, 2] }), "size"),
            (json!({ "size": [-1, 2] }), "size"),
            (json!({ "size": 256 }), "size"),
        ] {
            let failure = run(members.clone(), json!({})).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{members}");
            assert_eq!(failure.property.as_deref(), Some(property), "{members}");
        }
    }

    #[test]
    fn returns_links_unchanged() {
        let image = json!({
            "url": "https://images.example/1.png", "b64_json": null, "revised_prompt": "A fine cat",
        });
        let testing::Outcome { output, metadata } =
            run(json!({}), json!({ "created": 1_700_000_000, "data": [image] })).unwrap();
        let data =
            json!([{ "url": "https://images.example/1.png", "revisedPrompt": "A fine cat" }]);
        assert_eq!(output, json!({ "created": 1_700_000_000, "data": data, "files": [] }));
        assert_eq!(json!(metadata), json!({ "model": "gpt-image-1.5", "requestId": "req_1" }));
    }

    #[test]
    fn stored_images_have_the_url_of_their_file() {
        let answer = json!({
            "data": [{ "b64_json": "aGk=" }],
            "usage": { "total_tokens": 9, "input_tokens_details": { "image_tokens": 0 } },
        });
        for (format, base64) in [("url", None), ("b64_json", Some("aGk="))] {
            let members = json!({ "responseFormat": format });
            let testing::Outcome { output, metadata } = run(members, answer.clone()).unwrap();
            assert_eq!(output["data"][0]["url"], output["files"][0]["url"]);
            assert_eq!(output["data"][0].get("b64Json").and_then(Value::as_str), base64);
            assert_eq!(metadata["usage"], json!({ "totalTokens": 9, "inputImageTokens": 0 }));
        }
    }

    #[test]
    fn rounds_the_time_down_to_whole_seconds() {
        for (created, expected) in [
            (json!(1_700_000_000.75), json!(1_700_000_000)),
            (json!(1.7e9), json!(1_700_000_000)),
            (json!(0), json!(0)),
            (json!(-1), json!(null)),
            (json!("soon"), json!(null)),
            (json!(null), json!(null)),
        ] {
            let answer = json!({ "created": created, "data": [{ "url": "https://a.example" }] });
            assert_eq!(run(json!({}), answer).unwrap().output["created"], expected, "{created}");
        }
    }

    #[test]
    fn an_answer_without_images_is_a_failure() {
        for answer in [json!({ "created": 1, "data": [] }), json!({}), json!([]), json!(null)] {
            let failure = run(json!({}), answer.clone()).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidOutput, "{answer}");
            assert_eq!(failure.message, "the provider returned no image", "{answer}");
        }
        let error = json!({ "error": { "message": "Slow down", "code": 429 } });
        assert_eq!(run(json!({}), error).unwrap_err().kind, FailureKind::RateLimited);
    }

    #[test]
    fn a_stream_contains_previews_and_then_images() {
        let event = |kind: &str, content: &str| {
            json!({
                "type": format!("image_generation.{kind}"), "created_at": 7,
                "b64_json": content, "usage": { "total_tokens": 2 },
            })
        };
        let events = [
            event("partial_image", "cHJl"),
            json!({ "type": "image_generation.other" }),
            event("completed", "b25l"),
            event("completed", "dHdv"),
        ];
        let host = Host::new(&CONNECTOR).streaming().answer(Answer::events(events));
        let outcome = host.run("createImage", input(json!({ "partialImages": 1 }))).unwrap();
        let content = |file: &Value| {
            let file: FileEntry = serde_json::from_value(file.clone()).unwrap();
            String::from_utf8(host.content(&file).unwrap()).unwrap()
        };
        let previews: Vec<_> = host.events().iter().map(|event| content(&event["file"])).collect();
        assert_eq!(previews, ["pre"]);
        assert_eq!(outcome.output["created"], 7);
        let files = outcome.output["files"].as_array().unwrap();
        assert_eq!(files.iter().map(content).collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(outcome.metadata["usage"], json!({ "totalTokens": 4 }));

        let host = Host::new(&CONNECTOR).streaming().answer(Answer::events([""; 0]));
        let failure = host.run("createImage", input(json!({ "partialImages": 1 }))).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidOutput);
    }
}
