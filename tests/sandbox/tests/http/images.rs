//! `POST /v1/images/generations`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use crate::client;

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
