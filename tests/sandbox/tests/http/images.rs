//! `POST /v1/images/generations` and `POST /v1/images/edits`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openai_sandbox::Sandbox;
use serde_json::Value;
use serde_json::json;

use crate::client;
use crate::client::Answer;
use crate::client::Field;

const PATH: &str = "/v1/images/generations";

fn base(model: &str) -> Value {
    json!({"model": model, "prompt": "a cat"})
}

#[test]
fn enforces_the_rules() {
    let webp = || json!({"output_format": "webp"});
    client::check_rules(
        PATH,
        &base("gpt-image-1"),
        &[
            (json!({"prompt": null}), "missing field `prompt`"),
            (json!({"seed": 1}), "unknown field `seed`"),
            (json!({"size": 1024}), "invalid type"),
            (json!({"response_format": "b64_json"}), "response_format"),
            (json!({"style": "vivid"}), "style"),
            (json!({"output_compression": 50}), "output_compression"),
            (client::patched(&webp(), &json!({"output_compression": 50})), ""),
            (json!({"partial_images": 1}), "partial_images"),
            (json!({"partial_images": 1, "stream": true}), ""),
        ],
    );
    client::check_rules(
        PATH,
        &base("dall-e-2"),
        &[
            (json!({"response_format": "url", "size": "256x256"}), ""),
            (json!({"style": "vivid"}), "style"),
            (json!({"style": "vivid", "model": "dall-e-3"}), ""),
            (webp(), "output_format"),
            (json!({"background": "opaque"}), "background"),
            (json!({"moderation": "low"}), "moderation"),
            (json!({"stream": true}), "stream"),
        ],
    );
}

/// The width and height of a PNG file, which must decode.
fn png_size(file: &[u8]) -> (u32, u32) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width, info.height)
}

fn decoded(image: &Value) -> Vec<u8> {
    STANDARD.decode(image["b64_json"].as_str().unwrap()).unwrap()
}

#[test]
fn gpt_images_are_returned_inline() {
    let sandbox = client::start();
    let body = json!({
        "model": "gpt-image-2", "prompt": "a cat", "n": 2, "size": "64x32", "quality": "low",
        "background": "transparent",
    });
    let answer = client::post(&sandbox, PATH, &body).json();
    let data = answer["data"].as_array().unwrap();
    assert_eq!(data.len(), 2);
    assert_ne!(data[0], data[1]);
    assert!(data.iter().all(|image| png_size(&decoded(image)) == (64, 32)));
    assert_eq!(
        json!([answer["size"], answer["quality"], answer["background"], answer["output_format"]]),
        json!(["64x32", "low", "transparent", "png"])
    );
    for (format, start) in [("jpeg", &b"\xff\xd8\xff"[..]), ("webp", b"RIFF")] {
        let body = client::patched(&base("gpt-image-1"), &json!({"output_format": format}));
        let answer = client::post(&sandbox, PATH, &body).json();
        assert!(decoded(&answer["data"][0]).starts_with(start), "{format}");
    }
}

#[test]
fn dall_e_images_can_be_downloaded() {
    let sandbox = client::start();
    let answer = client::post(&sandbox, PATH, &base("dall-e-3")).json();
    let image = &answer["data"][0];
    assert!(image["revised_prompt"].as_str().unwrap().contains("a cat"));

    let origin = format!("http://{}", client::authority(&sandbox));
    let path = image["url"].as_str().unwrap().strip_prefix(&origin).unwrap();
    // The URL of an image needs no key.
    let request = client::write(&format!("GET {path}"), &[], b"");
    let picture = client::exchange(&client::authority(&sandbox), &request).unwrap();
    assert_eq!(picture.header("content-type"), Some("image/png"));
    assert_eq!(png_size(&picture.body), (1024, 1024));
    assert_eq!(client::get(&sandbox, "/files/other.png").status, 404);

    let inline = json!({"response_format": "b64_json", "size": "256x256"});
    let body = client::patched(&base("dall-e-2"), &inline);
    let image = &client::post(&sandbox, PATH, &body).json()["data"][0];
    assert_eq!(png_size(&decoded(image)), (256, 256));
}

#[test]
fn images_can_be_streamed() {
    let sandbox = client::start();
    let body = client::patched(
        &base("gpt-image-2"),
        &json!({"size": "64x64", "stream": true, "n": 2, "partial_images": 1}),
    );
    let answer = client::post(&sandbox, PATH, &body);
    let events = answer.events();
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let (partial, completed) = ("image_generation.partial_image", "image_generation.completed");
    assert_eq!(types, [partial, completed, partial, completed]);
    let names = answer.text().lines().filter_map(|line| line.strip_prefix("event: "));
    assert_eq!(names.collect::<Vec<_>>(), types, "each event has the name of its data's type");
    for event in &events {
        assert_eq!(png_size(&decoded(event)), (64, 64));
        assert_eq!(event.get("usage").is_some(), event["type"] == completed);
        assert_eq!(event.get("partial_image_index").is_some(), event["type"] == partial);
    }
    assert_ne!(events[0]["b64_json"], events[1]["b64_json"]);
}

const EDITS: &str = "/v1/images/edits";

/// A white image with these dimensions.
fn picture(width: u32, height: u32, color: png::ColorType) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(color);
    let pixels = vec![255; color.samples() * (width * height) as usize];
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    file
}

/// Edits images with these fields in the form.
fn edit(sandbox: &Sandbox, fields: &[Field]) -> Answer {
    let (body, content_type) = client::form(fields);
    client::request(sandbox, &format!("POST {EDITS}"), &[("content-type", &content_type)], &body)
}

#[test]
fn enforces_the_rules_for_edits() {
    let sandbox = client::start();
    let (rgb, rgba) = (png::ColorType::Rgb, png::ColorType::Rgba);
    let (wide, square) = (picture(8, 4, rgb), picture(8, 8, rgb));
    let (mask, square_mask) = (picture(8, 4, rgba), picture(8, 8, rgba));
    let jpeg = include_bytes!("../../samples/picture.jpeg");
    let large = [square.clone(), vec![0; 4 << 20]].concat();
    let file = Some(("a.png", "image/png"));
    let prompt = ("prompt", None, &b"a cat"[..]);
    let image = ("image", file, &wide[..]);
    let dall_e = ("model", None, &b"dall-e-2"[..]);
    let text = |name, text: &'static str| (name, None, text.as_bytes());
    let several = |count| [vec![("image[]", file, &wide[..]); count], vec![prompt]].concat();
    let rows: &[(&[Field], &str)] = &[
        (&[image, prompt], ""),
        (&[image], "missing field `prompt`"),
        (&[prompt], "number of images"),
        (&several(16), ""),
        (&several(17), "number of images"),
        (&[image, image, prompt], "Unrecognized request argument supplied: image"),
        (&[image, prompt, prompt], "Unrecognized request argument supplied: prompt"),
        (&[image, prompt, text("style", "vivid")], "supplied: style"),
        (&[image, prompt, text("moderation", "low")], "supplied: moderation"),
        (&[image, prompt, text("n", "many")], "invalid type"),
        (&[("image", None, b"a"), prompt], "supplied: image"),
        (&[("image", file, b"GIF89a"), prompt], "Invalid image file"),
        (&[("image", file, jpeg), prompt], ""),
        (&[image, prompt, ("mask", file, &mask)], ""),
        (&[image, prompt, ("mask", file, &wide)], "alpha channel"),
        (&[image, prompt, ("mask", file, jpeg)], "must be a PNG"),
        (&[image, prompt, ("mask", file, &square_mask)], "must match the size"),
        (&[image, prompt, text("input_fidelity", "high")], ""),
        (
            &[image, prompt, text("input_fidelity", "high"), text("model", "gpt-image-1-mini")],
            "input_fidelity",
        ),
        (
            &[image, prompt, text("input_fidelity", "high"), text("model", "gpt-image-2")],
            "input_fidelity",
        ),
        (&[("image", file, &square), prompt, dall_e], ""),
        (&[("image", file, &large), prompt, dall_e], "Invalid image file"),
        (&[image, prompt, dall_e], "Invalid image file"),
        (&[("image", file, jpeg), prompt, dall_e], "Invalid image file"),
        (&[image, prompt, text("model", "dall-e-3")], "cannot edit"),
        (&[image, prompt, text("model", "gpt-4o")], "not supported in this endpoint"),
        (
            &[image, prompt, text("background", "transparent"), text("output_format", "jpeg")],
            "JPEG",
        ),
        (&[image, prompt, text("response_format", "url")], "response_format"),
        (&[image, prompt, text("partial_images", "1")], "partial_images"),
    ];
    for (index, (fields, words)) in rows.iter().enumerate() {
        let answer = edit(&sandbox, fields);
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, if words.is_empty() { 200 } else { 400 }, "{index}: {body}");
        assert!(body.contains(words), "{index}: {body}");
    }
}

#[test]
fn edits_in_json_have_embedded_images() {
    let image = picture(8, 4, png::ColorType::Rgba);
    let url = |bytes: &[u8]| format!("data:image/png;base64,{}", STANDARD.encode(bytes));
    let base = json!({"prompt": "a cat", "images": [{"image_url": url(&image)}]});
    client::check_rules(
        EDITS,
        &base,
        &[
            (json!({"moderation": "low", "mask": {"image_url": url(&image)}}), ""),
            (json!({"images": null}), "invalid type: null"),
            (json!({"images": []}), "number of images"),
            (json!({"images": [{"image_url": "https://example.com"}]}), "Invalid image data"),
            (json!({"images": [{"url": url(&image)}]}), "unknown field `url`"),
            (json!({"mask": {"image_url": url(b"GIF89a")}}), "must be a PNG"),
            (json!({"response_format": "url"}), "supplied: response_format"),
            (json!({"image": url(&image)}), "supplied: image"),
        ],
    );
}

#[test]
fn edits_are_returned_like_generated_images() {
    let sandbox = client::start();
    let image = picture(8, 8, png::ColorType::Rgba);
    let file = Some(("a.png", "image/png"));
    let fields: &[Field] = &[
        ("image[]", file, &image),
        ("image[]", file, &image),
        ("prompt", None, b"a cat"),
        ("size", None, b"64x32"),
        ("model", None, b"gpt-image-2"),
    ];
    let answer = edit(&sandbox, fields).json();
    assert_eq!(png_size(&decoded(&answer["data"][0])), (64, 32));
    assert_eq!(answer["usage"]["input_tokens_details"]["image_tokens"], 2 * 1056);

    let streamed = [("stream", None, &b"true"[..]), ("partial_images", None, b"1")];
    let events = edit(&sandbox, &[fields, &streamed].concat()).events();
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["image_edit.partial_image", "image_edit.completed"]);

    let dall_e: &[Field] = &[
        ("image", file, &image),
        ("prompt", None, b"a cat"),
        ("model", None, b"dall-e-2"),
        ("response_format", None, b"url"),
        ("size", None, b"256x256"),
    ];
    let answer = edit(&sandbox, dall_e).json();
    assert!(answer["data"][0]["url"].as_str().unwrap().contains("/files/"));
}
