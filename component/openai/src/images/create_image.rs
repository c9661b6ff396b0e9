//! Create Image: `POST /images/generations`.

use connector_sdk::{
    Effects, Example, Options, OptionsRequest, Outcome, Properties, Result, Run, Settings, http,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::{self, Answer, Images};
use super::request::{self, Common, Message};
use crate::batch::action::{Batched, Request, Response};
use crate::models;

/// Generates images from a text description.
#[serde_with::skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct CreateImage {
    /// The image model to use. You can enter any model the server supports.
    #[property(default = "gpt-image-2", live, open_choices(
        "gpt-image-2",
        "gpt-image-1.5": "OpenAI retires it on 2026-12-01.",
        "gpt-image-1-mini": "OpenAI retires it on 2026-12-01.",
        "gpt-image-1": "Retired by OpenAI; other servers still offer it.",
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
    #[serde(flatten)]
    common: Common,
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
        Example {
            title: "Three inexpensive drafts of a wide banner",
            input: r#"{
                "imageMessages": [
                    {"content": "A banner for the autumn sale of a garden center"},
                    {"content": "Warm colors, room for text on the left", "weight": 0.5}
                ],
                "size": "1536x1024",
                "quality": "low",
                "n": 3,
                "outputFormat": "jpeg",
                "outputCompression": 80
            }"#,
        },
    ];

    type Output = Images;

    fn run(self, _: &Settings) -> Result<Outcome<Images>> {
        let mut body = self.parameters()?;
        let is_streamed = self.common.request_previews(&mut body);
        let response = http::post("/images/generations").json(&body).send()?;
        let format = self.response_format.as_deref();
        Answer::of(&response, is_streamed, format)?
            .outcome(Some(&self.model), response.request_id())
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        let is_likely = |id: &str| models::has_any(id, &["image", "dall-e", "flux", "diffusion"]);
        models::options(request, Self::PROPERTIES, is_likely)
    }
}

const ENDPOINT: &str = "/v1/images/generations";

impl Batched for CreateImage {
    const ENDPOINTS: &[&str] = &[ENDPOINT];

    fn request(&self, _: &Settings) -> Result<Request> {
        let request = Request::new(ENDPOINT, &self.parameters()?, [])?;
        Ok(answer::noted(request, self.response_format.as_deref()))
    }

    fn outcome(response: Response) -> Result<Outcome<Images>> {
        answer::in_batch(response)
    }
}

impl CreateImage {
    /// The parameters of a request whose response is in one piece.
    fn parameters(&self) -> Result<Map<String, Value>> {
        request::parameters(self, &self.model, &self.image_messages, Some(&self.size))
    }
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
        assert_eq!(json!(metadata), json!({ "model": "gpt-image-2", "requestId": "req_1" }));
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
