//! Edit Image: `POST /images/edits`.

use connector_sdk::{
    Effects, Example, Failure, FileEntry, Options, OptionsRequest, Outcome, Properties, Result,
    Run, Settings, http,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::answer::{self, Answer, Images};
use super::request::{self, Common, Message};
use super::rules::DALL_E_2;
use super::sources::Sources;
use crate::batch::action::{Batched, Request, Response};
use crate::models;
use crate::rules::is_one_of;

/// Edits images, or combines several into one, following a text description.
#[serde_with::skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct EditImage {
    /// The image model to use. You can enter any model the server supports.
    #[property(default = "gpt-image-2", live, open_choices(
        "gpt-image-2",
        "gpt-image-1.5": "OpenAI retires it on 2026-12-01.",
        "gpt-image-1-mini": "OpenAI retires it on 2026-12-01.",
        "chatgpt-image-latest": "OpenAI retires it on 2026-12-01.",
        "gpt-image-1": "Retired by OpenAI; other servers still offer it.",
        "dall-e-2": "Retired by OpenAI; other servers still offer it.",
    ))]
    model: String,
    /// The images to edit or to combine. dall-e-2 accepts only one, which must be a square
    /// PNG of at most 4 MB.
    #[serde(skip_serializing)]
    #[property(min_items = 1, max_items = 16)]
    #[property(item(max_bytes = 50 << 20, accept("png", "jpg", "jpeg", "webp")))]
    images: Vec<FileEntry>,
    /// The description of the result. The messages are joined into one prompt, highest weight
    /// first, with a blank line between them.
    #[serde(skip_serializing)]
    #[property(label = "Messages", min_items = 1)]
    image_messages: Vec<Message>,
    /// An image with the same dimensions as the first one. The model edits that image where
    /// the mask is fully transparent. Leave empty to let the model decide what to change.
    #[serde(skip_serializing)]
    #[property(max_bytes = 4 << 20, accept("png"))]
    mask: Option<FileEntry>,
    /// Width and height of the result in pixels, as "1024x1024" or [1024, 1024]. The supported
    /// sizes depend on the model; newer models also accept "auto".
    #[property(provider_default = "1024x1024", open_choices(
        "1024x1024",
        "1536x1024",
        "1024x1536",
        "auto": "The model chooses.",
        "256x256" as "Dall-e-2 256x256",
        "512x512" as "Dall-e-2 512x512",
    ))]
    size: Option<Value>,
    /// How closely to match the style and features of the images, especially faces. Only
    /// supported by gpt-image-1 and gpt-image-1.5.
    #[property(advanced, group = "Look", provider_default = "low", choices("high", "low"))]
    input_fidelity: Option<String>,
    /// The number of images to generate. Each image is charged.
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
    /// The quality of the image: low, medium or high for GPT image models; standard for
    /// dall-e-2. Leave empty to let the model decide.
    #[property(advanced, group = "Look")]
    #[property(open_choices("standard", "low", "medium", "high", "auto"))]
    quality: Option<String>,
    #[serde(flatten)]
    common: Common,
}

impl Run for EditImage {
    const HELP: &str = include_str!("edit_image.md");
    const GROUP: &str = "Images";
    const TEXT_PROPERTY: &str = "imageMessages[0].content";
    const EFFECTS: Effects = Effects::BILLED;
    const EXAMPLES: &[Example] = &[
        Example {
            title: "A different background",
            input: r#"{
                "images": [{"url": "portrait.jpg"}],
                "imageMessages": [{"content": "Replace the background with a plain gray wall"}]
            }"#,
        },
        Example {
            title: "Several products in one picture",
            input: r#"{
                "images": [{"url": "soap.png"}, {"url": "candle.png"}, {"url": "towel.png"}],
                "imageMessages": [{"content": "A gift basket with these products"}],
                "size": "1536x1024"
            }"#,
        },
        Example {
            title: "A change in one place only",
            input: r#"{
                "images": [{"url": "room.png"}],
                "mask": {"url": "room-mask.png"},
                "imageMessages": [{"content": "A blue armchair next to the window"}]
            }"#,
        },
    ];

    type Output = Images;

    fn run(self, _: &Settings) -> Result<Outcome<Images>> {
        let (mut parameters, sources) = self.parameters()?;
        let is_streamed = self.common.request_previews(&mut parameters);
        let request = http::post("/images/edits");
        // The form has no field for `moderation`, but JSON does.
        let request = if parameters.contains_key("moderation") {
            request.json_with_files(&sources.json(parameters)?, sources.files())
        } else {
            request.multipart(sources.form(parameters))
        };
        let response = request.send()?;
        let format = self.response_format.as_deref();
        Answer::of(&response, is_streamed, format)?
            .outcome(Some(&self.model), response.request_id())
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        let is_likely = |id: &str| models::has_any(id, &["image", "dall-e-2", "flux", "kontext"]);
        models::options(request, Self::PROPERTIES, is_likely)
    }
}

const ENDPOINT: &str = "/v1/images/edits";

impl Batched for EditImage {
    const ENDPOINTS: &[&str] = &[ENDPOINT];

    fn request(&self, _: &Settings) -> Result<Request> {
        let model = &self.model;
        if is_one_of(model, DALL_E_2) {
            let message =
                format!("`model` must not be `{model}` in a batch: choose a GPT image model");
            return Err(Failure::invalid_input("model", message));
        }
        let (parameters, sources) = self.parameters()?;
        let request = Request::new(ENDPOINT, &sources.json(parameters)?, sources.files())?;
        Ok(answer::noted(request, self.response_format.as_deref()))
    }

    fn outcome(response: Response) -> Result<Outcome<Images>> {
        answer::in_batch(response)
    }
}

impl EditImage {
    /// The parameters of a request whose response is in one piece, and its images.
    fn parameters(&self) -> Result<(Map<String, Value>, Sources)> {
        let size = self.size.as_ref();
        let parameters = request::parameters(self, &self.model, &self.image_messages, size)?;
        let sources = Sources::open(&self.images, self.mask.as_ref())?;
        sources.check(&self.model)?;
        Ok((parameters, sources))
    }
}

#[cfg(test)]
mod tests {
    use connector_sdk::testing::{self, Answer, Host};
    use connector_sdk::{FailureKind, FileEntry};
    use serde_json::json;

    use super::*;
    use crate::CONNECTOR;

    /// A PNG up to its pixels. Color type 2 has no alpha channel, 6 has one.
    fn png(width: u32, height: u32, color_type: u8, chunks: &[&[u8]]) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        png.extend([8, color_type, 0, 0, 0]);
        png.extend(b"\0\0\0\0");
        chunks.iter().for_each(|chunk| png.extend(*chunk));
        png.extend(b"\0\0\0\0IDAT\0\0\0\0");
        png
    }

    /// A JPEG up to its dimensions, with metadata of this length before them.
    fn jpeg(width: u16, height: u16, metadata: u16) -> Vec<u8> {
        let mut jpeg = b"\xff\xd8\xff\xe1".to_vec();
        jpeg.extend((metadata + 2).to_be_bytes());
        jpeg.resize(jpeg.len() + usize::from(metadata), 0);
        jpeg.extend(b"\xff\xc0\0\x11\x08");
        jpeg.extend(height.to_be_bytes());
        jpeg.extend(width.to_be_bytes());
        jpeg
    }

    fn host() -> Host {
        let image = json!({ "data": [{ "b64_json": "aGk=" }] });
        let answer = Answer::json(200, image).header("x-request-id", "req_1");
        Host::new(&CONNECTOR).answer(answer)
    }

    /// Runs the action with these files and these additional members.
    fn run(
        host: &Host,
        images: &[FileEntry],
        mask: Option<FileEntry>,
        members: Value,
    ) -> Result<testing::Outcome> {
        let mut input = json!({ "images": images, "imageMessages": [{ "content": "A cat" }] });
        if let Some(mask) = mask {
            input["mask"] = json!(mask);
        }
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        host.run("editImage", input)
    }

    fn image(host: &Host, name: &str) -> FileEntry {
        host.file(name, "image/png", &png(8, 4, 6, &[]))
    }

    #[test]
    fn sends_a_form() {
        let host = host();
        let (one, two) = (image(&host, "one.png"), image(&host, "two.png"));
        let members = json!({
            "imageMessages": [{ "content": "in oil" }, { "content": "A cat", "weight": 2 }],
            "model": "gpt-image-1.5", "size": [1536, 1024], "inputFidelity": "high", "n": 2, "responseFormat": "b64_json",
            "quality": "low", "user": "u", "background": "opaque", "outputFormat": "jpeg",
            "outputCompression": 50, "partialImages": 2,
        });
        run(&host, &[one, two.clone()], Some(two), members).unwrap();
        let request = host.requests().remove(0);
        assert_eq!(request.to_string(), "POST /images/edits");
        let expected = json!([
            ["image[]", "<one.png>"],
            ["image[]", "<two.png>"],
            ["mask", "<two.png>"],
            ["model", "gpt-image-1.5"],
            ["size", "1536x1024"],
            ["input_fidelity", "high"],
            ["n", "2"],
            ["quality", "low"],
            ["user", "u"],
            ["background", "opaque"],
            ["output_format", "jpeg"],
            ["output_compression", "50"],
            ["prompt", "A cat\n\nin oil"],
        ]);
        assert_eq!(request.body, expected);
    }

    #[test]
    fn a_single_image_has_the_field_name_that_every_server_accepts() {
        let host = host();
        let members = json!({ "model": "flux-kontext", "responseFormat": "url" });
        run(&host, &[image(&host, "one.png")], None, members).unwrap();
        let expected = json!([
            ["image", "<one.png>"],
            ["model", "flux-kontext"],
            ["response_format", "url"],
            ["prompt", "A cat"],
        ]);
        assert_eq!(host.requests().remove(0).body, expected);
    }

    #[test]
    fn sends_json_if_the_form_lacks_a_field() {
        let host = host();
        let (one, two) = (image(&host, "one.png"), image(&host, "two.png"));
        let members = json!({ "moderation": "low", "n": 2 });
        run(&host, &[one.clone(), two], Some(one), members).unwrap();
        let url = |name: &str| json!({ "image_url": format!("data:image/png;base64,<{name}>") });
        let expected = json!({
            "model": "gpt-image-2", "prompt": "A cat", "moderation": "low", "n": 2,
            "images": [url("one.png"), url("two.png")], "mask": url("one.png"),
        });
        assert_eq!(host.requests().remove(0).body, expected);
    }

    #[test]
    fn rejects_files_that_the_model_does_not_support() {
        let rgb = png(8, 4, 2, &[]);
        let rgba = png(8, 4, 6, &[]);
        let square = png(8, 8, 6, &[]);
        let transparent = png(8, 4, 3, &[b"\0\0\0\x03PLTEabc....", b"\0\0\0\x01tRNS\0...."]);
        let opaque = png(8, 4, 3, &[b"\0\0\0\x03PLTEabc...."]);
        let photo = jpeg(8, 4, 60_000);
        let large = [square.clone(), vec![0; 4 << 20]].concat();
        let (gpt, dall_e, other) = ("gpt-image-2-2026-04-21", "dall-e-2", "flux-kontext");
        type Row<'a> = (&'a str, &'a [&'a [u8]], Option<&'a [u8]>, &'a str);
        let rows: &[Row] = &[
            (gpt, &[&rgb, &photo], None, ""),
            (gpt, &[&rgb], Some(&rgba), ""),
            (gpt, &[&photo, &square], Some(&rgba), ""),
            (gpt, &[b"not recognized"], Some(&rgba), ""),
            (gpt, &[&rgb], Some(&transparent), ""),
            (gpt, &[&rgb], Some(&opaque), "`mask` must be a PNG with an alpha channel"),
            (gpt, &[&rgb], Some(&rgb), "`mask` must be a PNG with an alpha channel"),
            (gpt, &[&rgb], Some(b"\x89PNG"), "`mask` must be a PNG with an alpha channel"),
            (gpt, &[&rgba], Some(&square), "dimensions as the first image, 8x4 (got 8x8)"),
            (gpt, &[&photo], Some(&square), "dimensions as the first image, 8x4 (got 8x8)"),
            (dall_e, &[&square], Some(&square), ""),
            (dall_e, &[&square, &square], None, "`images` must have only one image (got 2)"),
            (dall_e, &[&rgba], None, "`images[0]` must be a square PNG"),
            (dall_e, &[&photo], None, "(got image/jpeg)"),
            (dall_e, &[&large], None, "at most 4194304 bytes (got 4194349 bytes)"),
            (dall_e, &[&square], Some(&rgba), "dimensions as the first image, 8x8 (got 8x4)"),
            (other, &[&photo, &photo], Some(&rgb), ""),
        ];
        for (index, (model, images, mask, expected)) in rows.iter().enumerate() {
            let host = host();
            let file = |content: &&[u8]| {
                if content.starts_with(b"\xff\xd8") {
                    host.file("a.jpg", "image/jpeg", content)
                } else {
                    host.file("a.png", "image/png", content)
                }
            };
            let images: Vec<_> = images.iter().map(file).collect();
            let outcome = run(&host, &images, mask.as_ref().map(file), json!({ "model": model }));
            let message = outcome.err().map(|failure| {
                let property = failure.property.clone().unwrap();
                assert!(failure.message.contains(&format!("`{property}`")), "{index}: {failure}");
                failure.message.clone()
            });
            let message = message.unwrap_or_default();
            assert_eq!(message.is_empty(), expected.is_empty(), "{index}: {message}");
            assert!(message.contains(expected), "{index}: {message}");
            assert_eq!(host.requests().is_empty(), !expected.is_empty(), "{index}");
        }
    }

    #[test]
    fn rejects_invalid_input_before_the_request() {
        for (members, property) in [
            (json!({ "model": "gpt-image-1-mini", "inputFidelity": "high" }), "inputFidelity"),
            (json!({ "model": "gpt-image-2", "inputFidelity": "high" }), "inputFidelity"),
            (json!({ "model": "dall-e-2", "inputFidelity": "low" }), "inputFidelity"),
            (json!({ "model": "dall-e-2", "moderation": "low" }), "moderation"),
            (json!({ "model": "gpt-image-1.5", "size": "256x256" }), "size"),
            (json!({ "size": [1] }), "size"),
            (json!({ "quality": "standard" }), "quality"),
            (json!({ "background": "transparent", "outputFormat": "jpeg" }), "background"),
            (
                json!({ "imageMessages": [{ "content": "A cat", "weight": 0 }] }),
                "imageMessages[0].weight",
            ),
            (json!({ "imageMessages": [{ "content": "x".repeat(32_001) }] }), "imageMessages"),
        ] {
            let host = host();
            let failure = run(&host, &[image(&host, "a.png")], None, members.clone()).unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidInput, "{members}");
            assert_eq!(failure.property.as_deref(), Some(property), "{members}");
            assert!(host.requests().is_empty());
        }
    }

    #[test]
    fn only_small_files_can_be_part_of_json() {
        let host = host();
        let large = [png(8, 4, 6, &[]), vec![0; 15_700_000]].concat();
        let large = host.file("large.png", "image/png", &large);
        let images = [image(&host, "a.png"), large];
        let failure = run(&host, &images, None, json!({ "moderation": "auto" })).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some("images[1]"));
        assert!(host.requests().is_empty());
        run(&host, &images, None, json!({})).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_named() {
        let host = host();
        let (one, mut gone) = (image(&host, "a.png"), image(&host, "b.png"));
        gone.url = "file:none".to_owned();
        let failure = run(&host, &[one.clone(), gone.clone()], None, json!({})).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some("images[1]"));
        let failure = run(&host, &[one], Some(gone), json!({})).unwrap_err();
        assert_eq!(failure.property.as_deref(), Some("mask"));
    }

    #[test]
    fn stores_the_images() {
        let host = host();
        let outcome = run(&host, &[image(&host, "a.png")], None, json!({})).unwrap();
        let file: FileEntry = serde_json::from_value(outcome.output["files"][0].clone()).unwrap();
        assert_eq!(host.content(&file).unwrap(), b"hi");
        assert_eq!(outcome.output["data"], json!([{ "url": file.url }]));
        let expected = json!({ "model": "gpt-image-2", "requestId": "req_1" });
        assert_eq!(json!(outcome.metadata), expected);
    }

    #[test]
    fn a_stream_contains_previews_and_then_images() {
        let event = |kind: &str, content: &str| json!({ "type": format!("image_edit.{kind}"), "b64_json": content, "created_at": 7 });
        let events = [event("partial_image", "cHJl"), event("completed", "b25l")];
        let host = Host::new(&CONNECTOR).streaming().answer(Answer::events(events));
        let members = json!({ "partialImages": 1 });
        let outcome = run(&host, &[image(&host, "a.png")], None, members).unwrap();
        let fields = host.requests().remove(0).body;
        for field in [json!(["partial_images", "1"]), json!(["stream", "true"])] {
            assert!(fields.as_array().unwrap().contains(&field), "{fields}");
        }
        assert_eq!(host.events().len(), 1);
        assert_eq!(outcome.output["files"].as_array().unwrap().len(), 1);
        assert_eq!(outcome.output["created"], 7);
    }

    #[test]
    fn an_answer_without_images_is_a_failure() {
        for (status, answer, kind) in [
            (200, json!({ "data": [{ "b64_json": null }] }).to_string(), "InvalidOutput"),
            (200, json!({ "data": [{}], "created": "x" }).to_string(), "InvalidOutput"),
            (200, String::new(), "InvalidOutput"),
            (
                200,
                json!({ "error": { "message": "Slow", "code": 429 } }).to_string(),
                "RateLimited",
            ),
            (
                400,
                json!({ "error": { "message": "No", "param": "image[]" } }).to_string(),
                "Refused",
            ),
        ] {
            let content = Answer::content(status, "application/json", answer.clone());
            let host = Host::new(&CONNECTOR).answer(content);
            let failure = run(&host, &[image(&host, "a.png")], None, json!({})).unwrap_err();
            assert!(format!("{:?}", failure.kind).ends_with(kind), "{answer}: {failure:?}");
            let property = (status == 400).then_some("images");
            assert_eq!(failure.property.as_deref(), property, "{answer}");
        }
    }
}
